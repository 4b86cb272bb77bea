"""Clusters: preemption, and the digest of the code of a sweep."""
