"""One module for each format that a catalog may come in."""
