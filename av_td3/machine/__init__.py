"""What a run takes of its machine: cores, memory, processes, places that others must not take."""
