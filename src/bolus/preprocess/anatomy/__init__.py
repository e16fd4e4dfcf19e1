"""Rigid registration of a series to an anatomical image of the same patient."""
