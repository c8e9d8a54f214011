"""From groundings to documents to vectors."""
