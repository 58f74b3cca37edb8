"""An identity provider for the demo: it signs really, with a key of its own, on this machine."""
