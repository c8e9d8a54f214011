"""Rules by which interactions are split into what is learned from and what is predicted."""
