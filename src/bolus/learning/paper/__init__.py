"""Training of the published network."""
