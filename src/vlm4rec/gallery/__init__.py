"""A page of photos: histories, recommendations and reasons."""
