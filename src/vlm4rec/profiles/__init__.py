"""From a history to a query vector."""
