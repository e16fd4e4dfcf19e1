"""Training on a cohort, from Python."""
