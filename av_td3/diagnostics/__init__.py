"""What a run's numbers say. Imports neither torch nor carla."""
