"""Forms about people, by what they are about."""
