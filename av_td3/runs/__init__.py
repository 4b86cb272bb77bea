"""The folder of a run: each file, its writer beside its reader. Neither torch nor carla is needed."""
