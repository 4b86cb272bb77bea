"""Each rule looks for one thing that goes wrong, and says what to change. Their names are fixed."""
