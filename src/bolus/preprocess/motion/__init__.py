"""Head motion: found by rigid registration of every frame, and corrected."""
