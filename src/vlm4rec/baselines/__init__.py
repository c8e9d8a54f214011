"""Methods to compare with: what shops and papers do without, or beside, grounding."""
