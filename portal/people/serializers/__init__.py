"""What the API about people takes and gives, by what it is about."""
