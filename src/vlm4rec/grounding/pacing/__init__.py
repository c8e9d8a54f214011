"""How fast a model's server is asked: how many calls at a time, how many a minute, and when not."""
