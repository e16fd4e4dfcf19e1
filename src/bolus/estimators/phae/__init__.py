"""The physics-informed autoencoders: the published one, and one near the Bayes limit."""
