"""What every room above the types needs: JSON, and files that are there and whole."""
