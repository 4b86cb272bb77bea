"""Where the world comes from: our own headless server, or CARLA."""
