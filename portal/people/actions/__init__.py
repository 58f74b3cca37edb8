"""Verbs about people that need to know of requests and of what is connected."""
