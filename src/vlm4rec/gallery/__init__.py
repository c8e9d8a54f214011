"""A page of photos: histories, recommendations and reasons."""

from vlm4rec.gallery.page import Gallery, write_gallery

__all__ = ["Gallery", "write_gallery"]
