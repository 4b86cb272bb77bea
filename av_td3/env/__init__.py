"""The CARLA client as a Gymnasium environment, in a process of its own."""
