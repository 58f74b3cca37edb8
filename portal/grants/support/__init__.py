"""The staff's side of the API."""
