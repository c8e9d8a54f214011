"""From a history to ranked items with reasons."""
