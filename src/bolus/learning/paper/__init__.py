"""Training of the published network and of its supervised twin."""
