"""A reference region that was found, or why there is none."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bolus.data.errors import InputError

FOUND_SD = 0.03
"""SD of the log of the mean CBV of a reference that bolus finds, against that of all normal white
matter opposite the lesion: on 20 simulated tumour patients (development seeds, docs/tumor.md)."""


@dataclass(frozen=True, kw_only=True)
class FoundReference:
    """Where a reference region lies that bolus found.

    ``how`` is 'auto' or 'mirror', ``what`` the tissue, ``slices`` the first and last, counted from
    0, and ``distance`` the mm from the lesion to its nearest voxel, None without one. ``refusal``
    says why none was found: then nothing else is known.
    """

    how: str
    what: str = ""
    hemisphere: str = ""
    slices: tuple[int, int] = (0, 0)
    voxels: int = 0
    distance: float | None = None
    refusal: str = ""

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        if self.refusal:
            return f"No reference region: {self.refusal}."
        where = "both hemispheres" if self.hemisphere == "both" else f"{self.hemisphere} hemisphere"
        first, last = self.slices
        far = "" if self.distance is None else f", {self.distance:.0f} mm or more from the lesion"
        return (
            f"Reference: {self.what}; {where}, slices {first} to {last} (counted from 0), "
            f"{self.voxels} voxels{far}."
        )

    def as_json(self) -> dict[str, object]:
        """For the summary."""
        return {**asdict(self), "slices": list(self.slices)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "FoundReference":
        """What ``as_json`` wrote. Raises InputError."""
        try:
            first, last = found["slices"]
            return cls(**{**found, "slices": (first, last)})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is no found reference: {dict(found)} ({error})") from error
