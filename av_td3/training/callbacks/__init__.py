"""What happens around the training loop, one callback a file. ``conf/callbacks/`` lists those of a run."""
