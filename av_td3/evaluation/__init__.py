"""Evaluation of drivers on fixed routes."""
