"""Classes of tissue: vessels are none of the matter."""

import numpy as np

from bolus.tissue.classes import CLASSES, _fitted
from bolus.tissue.features import Features

MEANS = {
    "white": (-0.45, -0.04, 1.6, 1.3, 2.35),
    "grey": (0.05, 0.02, 1.6, 1.15, 2.6),
    "fluid": (-2.0, -0.2, 1.6, 1.2, 2.5),
    "vessel": (0.85, 0.03, 1.62, 0.0, 3.0),
}
"""Log CBV, baseline, log MTT, delay and log width of the first pass, as a simulated head has."""
SPREADS = {
    "white": (0.12, 0.06, 0.1, 0.6, 0.3),
    "grey": (0.18, 0.06, 0.1, 0.7, 0.3),
    "fluid": (0.3, 0.05, 0.1, 0.5, 0.3),
    "vessel": (0.25, 0.1, 0.15, 0.6, 0.2),
}


def brain(vessels):
    """Features of 40 × 40 × 6 voxels, a band of white matter within grey, and what each is."""
    rng, shape = np.random.default_rng(0), (40, 40, 6)
    kind = np.full(shape, CLASSES.index("grey"))
    kind[:, 12:28] = CLASSES.index("white")
    kind[28:30, 18:22] = CLASSES.index("fluid")
    kind[rng.random(shape) < vessels] = CLASSES.index("vessel")
    means, spreads = (np.array([of[name] for name in CLASSES])[kind.ravel()]
                      for of in (MEANS, SPREADS))  # fmt: skip
    values = means + spreads * rng.standard_normal(means.shape)
    return Features(values, np.ones(shape, dtype=bool)), kind.ravel()


def test_many_vessels_are_not_taken_for_grey_matter():
    """Without a class of their own all matter was white where so many voxels are vessels."""
    found, kind = brain(vessels=0.13)
    share = _fitted(found, (4.0, 4.0, 6.0))
    for name in CLASSES[:2]:
        own = kind == CLASSES.index(name)
        assert share[own, CLASSES.index(name)].mean() > 0.9
    assert share[kind == CLASSES.index("vessel"), 0].mean() < 0.05
