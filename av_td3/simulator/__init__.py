"""Simulators: the built-in headless server, or CARLA."""
