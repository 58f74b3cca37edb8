"""The customer's screens of cases and diagnostic access."""
