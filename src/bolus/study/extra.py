"""What only a study trains: the published network with its other residues."""

RESIDUES = {"phae-paper-exponential": "exponential", "phae-paper-gamma": "gamma"}
"""Name in a study → residue that ``phae-paper`` is trained with in place of the Lorentzian; the
published study found no significant change."""
