"""Pictures: maps as mosaics, overview, comparison with the truth, losses."""
