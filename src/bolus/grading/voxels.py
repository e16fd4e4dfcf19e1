"""A map as its regions are summarised: what voxels err by, alike and not, and say on their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from bolus.data.quantities import ALONE, MTT_ALONE


class Shared(NamedTuple):
    """What the voxels of a region err by alike.

    ``noise`` is the share of a voxel's error variance that they have in common (arterial input,
    noise of neighbours), ``form`` the SD, relative, by which their mean is off at any noise: the
    residue is not what the method takes it for.
    """

    noise: float
    form: float = 0.0


SHARED = Shared(0.03)
"""That of most methods.

Chosen on 64 simulated patients at four levels of noise: with it the 90 % intervals of the CBF
ratio by ``phae`` held the true one in 92 %. docs/study.md has other patients.
"""
SHARED_BY = {"joint": Shared(0.3)}
"""That of methods whose voxels err alike, for they are estimated with what their neighbours say."""
_VOLUME = Shared(0.02, 0.02)
SHARED_OF = {
    ("joint", "cbf"): Shared(0.01, 0.06),
    ("joint", "cbv"): _VOLUME,
    ("joint", "cbv_corrected"): _VOLUME,
    ("joint", "nrcbv"): _VOLUME,
    ("joint", "mtt"): Shared(0.03, 0.06),
}
"""That of single maps of a method; of those of CBF, CBV and MTT as their ``alone`` has them.

By maximum likelihood. CBF and MTT: 28 simulated patients with a glioma (seed 1030) without added
noise and at SNR 20 and 10, where intervals of the CBF ratio then hold 89, 89 and 93 %. CBV: 140
others (seeds 1300 and on), of whose ratios they hold 90 %.
"""
DRAWN = ("cbf", "cbv", "cbv_corrected", "nrcbv", "mtt")
"""Maps that are drawn to neighbours as their blood volume is: flow is volume over transit time, and
transit time goes along with volume."""
BESIDE = ("cbv", "cbv_corrected", "mtt", ALONE, MTT_ALONE)
"""Maps by which ``alone_of`` knows them."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """A map (x, y, z) to summarise regions of.

    ``sd`` are the SDs of its voxels, apart from what all of them have in common as a scale, and
    ``shared`` is what a region's voxels err by alike. ``alone`` is what each voxel would have
    without the others, in the map's unit: noisier, and not drawn to anything.
    """

    volume: Float[np.ndarray, "x y z"]
    sd: Float[np.ndarray, "x y z"] | None = None
    alone: Float[np.ndarray, "x y z"] | None = None
    shared: Shared = SHARED


@runtime_checkable
class Mapped(Protocol):
    """Maps of one examination."""

    @property
    def method(self) -> str:
        """What made them."""

    @property
    def volumes(self) -> Mapping[str, Float[np.ndarray, "x y z"]]:
        """Maps by name."""

    def own_sd(self, name: str) -> Float[np.ndarray, "x y z"] | None:
        """SDs of a map apart from what its voxels share."""


def shared_by(method: str, map: str) -> Shared:
    """What voxels of a method's map of that name err by alike."""
    return SHARED_OF.get((method, map), SHARED_BY.get(method, SHARED))


def voxels_of(maps: Mapped, name: str) -> Voxels:
    """A map of an examination, by its name in QUANTITIES."""
    return Voxels(
        maps.volumes[name],
        maps.own_sd(name),
        alone_of(maps.volumes, name),
        shared_by(maps.method, name),
    )


def alone_of(
    volumes: Mapping[str, Float[np.ndarray, "x y z"]], name: str
) -> Float[np.ndarray, "x y z"] | None:
    """A map with what each voxel's own curve says in place of what it is drawn to; None without.

    Blood volume alone is of the curves that are corrected for leakage, where any are; the volume
    before that has as much less of it alone as in the map. Flow is volume over transit time, both
    alone.
    """
    if name not in DRAWN or ALONE not in volumes:
        return None
    if name == "mtt":
        return volumes.get(MTT_ALONE)
    drawn = volumes.get("cbv_corrected", volumes.get("cbv"))
    if drawn is None:
        return None
    if name in ("cbv", "cbv_corrected"):
        return volumes[name] + (volumes[ALONE] - drawn)
    found = _times(volumes[name], volumes[ALONE], drawn)
    if name == "cbf" and "mtt" in volumes and MTT_ALONE in volumes:
        return _times(found, volumes["mtt"], volumes[MTT_ALONE])
    return found


def _times(
    values: Float[np.ndarray, "x y z"],
    over: Float[np.ndarray, "x y z"],
    under: Float[np.ndarray, "x y z"],
) -> Float[np.ndarray, "x y z"]:
    """values·over/under, NaN where what is divided by is not above 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(under > 0, values * (over / under), np.nan)
