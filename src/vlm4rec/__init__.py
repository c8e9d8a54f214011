"""Recommend things that have pictures."""
