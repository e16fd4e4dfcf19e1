"""Training of surrogate networks on the maps that another method makes of a cohort."""
