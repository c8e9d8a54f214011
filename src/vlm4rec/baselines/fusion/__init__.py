"""Fusions of text and image: untrained ones, and ones that learn from interactions."""
