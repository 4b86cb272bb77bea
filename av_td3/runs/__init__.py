"""The files in the folder of a run. Each module writes and reads one. Imports neither torch nor carla."""
