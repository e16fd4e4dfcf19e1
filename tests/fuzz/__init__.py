"""Seeded campaigns of broken and absurd input: what outsiders' files do to ``bolus maps``."""
