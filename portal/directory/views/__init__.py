"""The SCIM endpoint, and the screens of the directory."""
