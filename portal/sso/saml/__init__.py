"""Validating a SAML response: guard, judge, profile, in this order."""
