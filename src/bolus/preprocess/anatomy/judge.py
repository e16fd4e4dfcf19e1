"""Whether a registration fits: how sharp its mutual information is, and part by part."""

import numpy as np
from jaxtyping import Float

from bolus.data import RegistrationError, RegistrationScore
from bolus.preprocess.anatomy.images import Fixed, Moving
from bolus.preprocess.anatomy.information import Compared
from bolus.preprocess.anatomy.search import LAST

SHIFT = 4.0
"""mm by which the image is shifted to see how much of the mutual information is left."""
LARGEST = 0.93
"""Misfit above which a registration is refused: half way between the highest of 22 simulated series
with their own image (0.88) and the lowest of 15 with one of another head or upside down (0.98)."""
PLACES, PLACES_A_PART, FEWEST_A_PART = 30_000, 2500, 400
PARTS = 3
"""Parts of the brain along x and along y."""
STEPS = (3.0, 1.5, 0.75)
FARTHEST = 10.0
"""mm: steps by which a part is shifted, and how far at most."""
SIX = np.concatenate([np.eye(3), -np.eye(3)])


def scored(fixed: Fixed, seen: Moving, travel: float) -> RegistrationScore:
    """The score of a registration.

    ``seen`` is the anatomy in the place of the series, as its voxels see it, smooth by LAST;
    ``travel`` is how far the brain is from where the headers put it.
    """
    compared = fixed.compared(fixed.smoothing(LAST.smoothing), seen, PLACES)
    here = compared.at(np.eye(4))
    around = float(np.mean([compared.at(_shift(SHIFT * step)) for step in SIX]))
    kept = around / here if here > 0 else 1.0
    away = [_better(part) for part in _parts(fixed, compared)]
    apart = float(np.sqrt(np.mean(np.square(away)))) if away else np.inf
    return RegistrationScore(kept=float(kept), apart=apart, travel=travel)


def check_score(score: RegistrationScore, name: str) -> None:
    """Raise RegistrationError for a registration that does not fit."""
    if score.misfit <= LARGEST:
        return
    raise RegistrationError(
        f"{name}: the series could not be registered to this image: {100 * score.kept:.0f} % of "
        f"the mutual information are left {SHIFT:g} mm off, and parts of the brain lie "
        f"{score.apart:.1f} mm off: a misfit of {score.misfit:.2f}, at most {LARGEST:g} is "
        "expected. Is it an image of the head of the same patient?",
        score,
    )


def _parts(fixed: Fixed, compared: Compared) -> list[Compared]:
    """The places in PARTS × PARTS columns of the brain, those that have enough."""
    brain = fixed.places(fixed.brain)
    inside = [
        np.quantile(brain[:, axis], np.arange(1, PARTS) / PARTS).searchsorted(
            compared.places[:, axis]
        )
        for axis in (0, 1)
    ]
    found = []
    for number in range(PARTS * PARTS):
        which = np.flatnonzero(inside[0] * PARTS + inside[1] == number)
        if which.size >= FEWEST_A_PART:
            found.append(compared.part(which[:: which.size // PLACES_A_PART + 1]))
    return found


def _better(part: Compared) -> float:
    """How far in mm a part would rather be shifted, climbing by ever shorter steps."""
    at, value = np.zeros(3), part.at(np.eye(4))
    for step in STEPS:
        while np.abs(at).max() < FARTHEST:
            places = [at + step * way for way in SIX]
            values = [part.at(_shift(place)) for place in places]
            best = int(np.argmax(values))
            if values[best] <= value:
                break
            at, value = places[best], values[best]
    return float(np.linalg.norm(at))


def _shift(by: Float[np.ndarray, "3"]) -> Float[np.ndarray, "4 4"]:
    out = np.eye(4)
    out[:3, 3] = by
    return out
