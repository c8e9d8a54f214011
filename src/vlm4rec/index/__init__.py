"""Finding the nearest items."""
