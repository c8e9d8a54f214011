"""What models cost, what a run will cost, and keeping it within a budget."""
