"""What a run needs on a cluster: handing its node back, and an account of every job."""
