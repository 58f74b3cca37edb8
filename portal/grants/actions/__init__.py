"""The verbs of cases and diagnostic access."""
