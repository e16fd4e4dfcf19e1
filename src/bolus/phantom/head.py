"""One head's tissue at any place in the scanner, however fine: from the MNI152 maps, at 1 mm."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float32, UInt8

from bolus.phantom.anatomy import TEMPLATE_ORIGIN, Placement, templates
from bolus.phantom.tumor import Blob
from bolus.phantom.vessels import SINUSES

_BONE, _SKIN = (2.0, 8.0), (8.0, 14.0)
"""mm outside the brain between which skull and scalp lie."""
_SINUS = 3.0
"""Radius of a dural sinus in mm."""
_MOST = 32.0
"""mm: no distance in the template is told beyond."""

Shares = dict[str, Float32[np.ndarray, "*n"]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A head as it lies in the scanner, and the ``tumor`` in it, None without."""

    placement: Placement
    tumor: Blob | None

    def shares(self, places: Float[np.ndarray, "axis ..."]) -> Shares:
        """Volume fractions at places in the scanner, mm (RAS), by class.

        'grey', 'white', 'fluid', 'solid', 'core', 'oedema', 'sinus', 'bone' and 'scalp'; what is
        left is air.
        """
        from scipy.ndimage import map_coordinates

        mni = self.placement.at(places)
        where = mni - TEMPLATE_ORIGIN.reshape(3, *[1] * (mni.ndim - 1))

        def read(volume: np.ndarray) -> np.ndarray:
            found = map_coordinates(volume, where, output=np.float32, order=1, mode="constant")
            return np.asarray(found)

        grey, white, inside = (read(part) / np.float32(255) for part in templates())
        outside, sinus = (read(part) * np.float32(_MOST / 255) for part in _distances())
        last = np.array(templates()[0].shape).reshape(-1, *[1] * (mni.ndim - 1)) - 1
        beyond = ((where < 0) | (where > last)).any(axis=0)
        outside[beyond], sinus[beyond] = _MOST, _MOST
        found = {"grey": grey, "white": white, "fluid": np.maximum(inside - grey - white, 0)}
        if self.tumor is not None:
            found = self._grown(self.tumor, found, mni, places)
        rest = 1 - inside
        vein = np.clip(_SINUS - sinus + 0.5, 0, 1)
        return {name: part * (1 - vein) for name, part in found.items()} | {
            "sinus": vein,
            "bone": _within(outside, *_BONE) * rest * (1 - vein),
            "scalp": _within(outside, *_SKIN) * rest * (1 - vein),
        }

    def _grown(self, tumor: Blob, healthy: Shares, mni: np.ndarray, places: np.ndarray) -> Shares:
        """The tissue with the tumour in it."""
        from scipy.ndimage import map_coordinates

        back = np.linalg.inv(self.placement.grid.affine)
        beside = (3, *[1] * (places.ndim - 1))
        index = np.tensordot(back[:3, :3], places, axes=1) + back[:3, 3].reshape(beside)
        outline = map_coordinates(tumor.outline, index, order=1, mode="nearest")
        whole, core, wider = tumor.shares(np.moveaxis(mni, 0, -1), outline)
        matter = healthy["grey"] + healthy["white"]
        solid = (whole - core) * matter
        swollen = 0.5 * np.clip(wider - whole, 0, 1) * healthy["white"]
        spared = {name: part * (1 - whole) for name, part in healthy.items() if name != "fluid"}
        return {
            "fluid": healthy["fluid"],
            "grey": spared["grey"],
            "white": spared["white"] - swollen * (1 - whole),
            "solid": solid,
            "core": core * matter,
            "oedema": swollen * (1 - whole),
        }


def _within(distance: np.ndarray, inner: float, outer: float) -> np.ndarray:
    """1 where a distance lies between two, with an edge of 1 mm."""
    return np.clip(distance - inner + 0.5, 0, 1) * np.clip(outer - distance + 0.5, 0, 1)


@lru_cache(maxsize=1)
def _distances() -> tuple[UInt8[np.ndarray, "i j k"], UInt8[np.ndarray, "i j k"]]:
    """Distances on the template's grid to the brain and to the dural sinuses, 255 for _MOST mm."""
    from scipy.ndimage import distance_transform_edt

    inside = templates()[2] > 127
    lines = np.ones(inside.shape, dtype=bool)
    for line in SINUSES:
        for start, end in pairwise(line):
            share = np.linspace(0, 1, 200)[:, None]
            mm = np.array(start) * (1 - share) + np.array(end) * share
            lines[tuple(np.rint(mm - TEMPLATE_ORIGIN).astype(int).T)] = False
    brain, sinus = (
        np.rint(255 / _MOST * np.minimum(distance_transform_edt(away), _MOST)).astype(np.uint8)
        for away in (~inside, lines)
    )
    return brain, sinus
