"""Judging methods honestly: the same cases, candidates and masks for all."""
