"""Pages about access, and the two steps of a form that changes it."""
