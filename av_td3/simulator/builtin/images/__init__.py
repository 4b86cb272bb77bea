"""What cameras show."""
