"""Visual TD3 experiments in CARLA."""
