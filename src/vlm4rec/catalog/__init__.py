"""Items, their photos, and the readers that bring them in."""
