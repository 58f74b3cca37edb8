"""Screens of downstream systems, and the door through which they acknowledge."""
