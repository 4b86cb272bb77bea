"""Reports of runs: on a terminal, as a page, as JSON. Imports neither torch nor carla."""
