"""Training of ``spinned``: deconvolution learned from simulation."""
