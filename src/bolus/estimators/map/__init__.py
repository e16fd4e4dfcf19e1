"""Maximum a posteriori estimates of all voxels at once, and what is left uncertain."""
