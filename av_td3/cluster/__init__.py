"""Clusters: preemption, the digest of the code of a sweep, SLURM's queue, and batch scripts."""
