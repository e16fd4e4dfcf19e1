"""From what a surrogate network says to perfusion, and what is said of it."""

import numpy as np
from jaxtyping import Float

from bolus.data import Description, Perfusion
from bolus.estimators.negative import not_negative
from bolus.estimators.papers import HO, KOSSEN, TALEBI
from bolus.estimators.surrogate.config import SurrogateConfig

PAPERS = {"temporal": ("ho", HO), "gan": ("kossen", KOSSEN), "talebi": ("talebi", TALEBI)}
SENTENCES = {
    "temporal": "a convolutional network on the curve and the arterial input after [ho]",
    "gan": "an adversarial image-to-image network with a temporal part after [kossen]",
    "talebi": "a convolutional network over time and a U-Net over the slice after [talebi]",
}


def perfusion(
    said: Float[np.ndarray, "n maps"], config: SurrogateConfig, dtype: np.dtype
) -> Perfusion:
    """Maps in their units, with MTT = CBV/CBF; there is no delay, and no curve to hold it to.

    A map is its cap times the square of what the network says, which is clamped to 0 or more.
    """
    caps = np.asarray(config.caps, dtype=np.float32)
    values = (caps * np.square(np.maximum(said, 0))).astype(dtype)
    found = dict(zip(config.quantities, values.T, strict=True))
    nothing = np.full(len(said), np.nan, dtype=dtype)
    cbv = np.ascontiguousarray(found["cbv"])
    with np.errstate(divide="ignore", invalid="ignore"):
        transit = cbv / found["cbf"]
    cbf, mtt = not_negative(cbv, found["cbf"], transit)
    tmax = np.ascontiguousarray(found["tmax"]) if "tmax" in found else nothing
    return Perfusion(cbv=cbv, cbf=cbf, mtt=mtt, tmax=tmax, delay=nothing, residual=nothing)


def described(kind: str, config: SurrogateConfig) -> Description:
    """What a surrogate says of itself: its publication and its teacher."""
    key, citation = PAPERS[kind]
    return Description(
        sentence=f"{SENTENCES[kind]}{{chosen}}, trained to give the maps of the method "
        f"{config.target}, whose errors it inherits",
        citations={key: citation},
    )


def taught(
    targets: Float[np.ndarray, "n maps"], caps: tuple[float, ...]
) -> Float[np.ndarray, "n maps"]:
    """What a network is to say of a teacher's maps: √(map/cap), cut off at 0 and 1; float32.

    The root keeps a few vessels from ruling the mean absolute error. What that is lowest for is
    the median of what was taught, which any rising scale leaves the median.
    """
    share = np.clip(targets / np.asarray(caps, dtype=np.float32), 0, 1)
    return np.sqrt(share).astype(np.float32)
