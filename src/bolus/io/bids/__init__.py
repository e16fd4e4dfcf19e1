"""BIDS derivatives datasets: how files are called in them, and what they say of themselves."""
