"""A map as its regions are summarised: what voxels err by, alike and not, and say on their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from bolus.data.quantities import ALONE

SHARED = 0.03
"""Share of a voxel's error variance that the voxels of a region have in common.

Chosen on 64 simulated patients at four levels of noise: with it the 90 % intervals of the CBF
ratio by ``phae`` held the true one in 92 %. docs/study.md has other patients.
"""
SHARED_BY = {"joint": 0.3}
"""That of methods whose voxels err alike, for they are estimated with what their neighbours say.

Chosen on 20 simulated patients without added noise and at SNR 20: with it the 90 % intervals held
the true ratio of CBF in 90 and 100 %, that of CBV in 80 and 95 %; with SHARED in 40 and 80, 55 and
45 %.
"""
SHARED_OF = dict.fromkeys([("joint", name) for name in ("cbv_corrected", "nrcbv")], 0.1)
"""That of single maps of a method: the SD of corrected CBV holds what is not known of a voxel's
leakage, which is mostly its own.

Chosen on 140 simulated patients with a glioma (seeds 1300 and on): the 90 % intervals of the
tumour's ratio held the true one in 93 %, with 0.3 in 99 % and with 0.03 in 84 %.
"""
DRAWN = ("cbf", "cbv", "cbv_corrected", "nrcbv")
"""Maps that are drawn to neighbours as their blood volume is: flow is volume over transit time."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """A map (x, y, z) to summarise regions of.

    ``sd`` are the SDs of its voxels, apart from what all of them have in common as a scale, and
    ``shared`` is the share of their variance that a region's voxels have in common. ``alone`` is
    what each voxel would have without the others, in the map's unit: noisier, and not drawn to
    anything.
    """

    volume: Float[np.ndarray, "x y z"]
    sd: Float[np.ndarray, "x y z"] | None = None
    alone: Float[np.ndarray, "x y z"] | None = None
    shared: float = SHARED


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


def shared_by(method: str, map: str) -> float:
    """SHARED of a method's map of that name."""
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
    """A map with the blood volume of each voxel's own curve in place of the map's; None without.

    Both are of the curves that are corrected for leakage, where any are; the volume before that has
    as much less of it alone as in the map.
    """
    if name not in DRAWN or ALONE not in volumes:
        return None
    drawn = volumes.get("cbv_corrected", volumes.get("cbv"))
    if drawn is None:
        return None
    if name in ("cbv", "cbv_corrected"):
        return volumes[name] + (volumes[ALONE] - drawn)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(drawn > 0, volumes[name] * (volumes[ALONE] / drawn), np.nan)
