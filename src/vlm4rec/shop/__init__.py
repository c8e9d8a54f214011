"""The shop folder: a catalog and all that is derived from it."""
