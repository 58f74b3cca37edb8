"""SCIM 2.0 as a protocol: reading, patching, filtering and showing resources."""
