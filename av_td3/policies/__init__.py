"""Trained policies outside of a run: loading, export, model card."""
