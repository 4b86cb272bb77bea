"""How cars move."""
