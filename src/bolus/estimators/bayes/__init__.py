"""The reference posterior: a sum over residue family, MTT and delay."""
