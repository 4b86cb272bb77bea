"""The loop around learner and environment, and what it writes."""
