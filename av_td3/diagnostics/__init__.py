"""Diagnosis and gate of a run, from its logs. Imports neither torch nor carla."""
