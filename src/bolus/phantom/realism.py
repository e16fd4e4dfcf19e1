"""What a scan of a patient has beyond the plain digital one."""

import math
from dataclasses import dataclass

from bolus.data import InputError
from bolus.phantom.arterial import ONE_DOSE, Number, Range
from bolus.phantom.lesions import Ball, Ischaemia, LateSide
from bolus.phantom.pieces import RIM, WHOLE, Pieces
from bolus.phantom.populations import ADULT, Population
from bolus.physics import RESIDUES

SHAPED = ("weibull", "fermi")
"""Residues whose shape can vary over the brain."""
SHAPES = {"weibull": (1.25, 0.15, 1.0, 1.8), "fermi": (1.0, 1.2, -2.0, 4.0)}
"""Of each: centre, spread (Weibull: relative), lowest and highest shape of a voxel."""


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Contrast agent that leaves the vessels of a tumour, after Tofts.

    ``ktrans`` in 1/min and ``ve`` (fraction) are means over the tumour. ``relaxivity`` is r2* of
    agent outside the vessels in 1/s/mM; ``preload`` mM of it already there shorten T1, so that
    more of it changes the signal less. A small relaxivity without preload makes the signal rise
    (T1-dominant), a large one with preload makes it fall (T2*-dominant).
    """

    ktrans: float
    ve: float = 0.3
    relaxivity: float = 5.0
    preload: float = 0.0

    def __post_init__(self) -> None:
        if self.ktrans < 0 or not 0 < self.ve <= 1 or self.relaxivity < 0 or self.preload < 0:
            raise InputError(f"a leak has no negative part and ve in (0, 1], found {self}")


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How far a tumour has grown: its radius times ``size``, and whether in both hemispheres.

    One in ``both`` has its mirror image opposite: a butterfly glioma.
    """

    size: float = 1.0
    both: bool = False

    def __post_init__(self) -> None:
        if not 0.3 <= self.size <= 3:
            raise InputError(f"a tumour has 0.3 to 3 times the usual radius, found {self.size}")


@dataclass(frozen=True, kw_only=True)
class Realism:
    """How a patient differs from the plain digital one; the default is no difference.

    Arterial ``dispersion`` in s varies over the brain within its range, by an exponential vascular
    transport function; the tissue's ``residue`` is one of SHAPED; ``motion`` is the SD of the
    head's drift in mm and in degrees; ``leak`` is that of the tumour. Voxels are simulated whole,
    or as so many ``pieces`` along x, y and z that the scanner samples through k-space, which takes
    as many times longer: for heads that move by a good part of a voxel, and for arteries in voxels
    that they do not fill. ``window`` is the weight of the rim of k-space, 1 for no window and 0.08
    for Hamming's; ``trunk`` the diameter in mm of carotid and middle cerebral arteries, None for
    two voxels. ``doses`` are the injections, of each the time in s after the first and the dose
    relative to a full one. ``poses`` are three shifts in mm and three turns in degrees of every
    frame, for the head to take instead of drawn ones; they bring a frame back
    (``bolus.preprocess.correct_motion``).
    ``slice_times`` are the seconds from the start of a frame to the acquisition of each slice; None
    acquires all at its start. ``balls`` are lesions, ``late_side`` is a hemisphere that is late,
    ``ischaemia`` a stroke or an occluded carotid artery; ``population`` is that of the tissue.
    ``visit`` is the number of the examination: the same patient at another one has the same brain
    and tumour, and another arterial input, leak, and noise.
    ``growth`` is that of the tumour.
    """

    dispersion: Range = (0.0, 0.0)
    residue: str = "weibull"
    motion: float = 0.0
    leak: Leak | None = None
    pieces: Pieces = WHOLE
    window: float = RIM
    trunk: float | None = None
    doses: tuple[tuple[Number, Number], ...] = ONE_DOSE
    slice_times: tuple[Number, ...] | None = None
    balls: tuple[Ball, ...] = ()
    late_side: LateSide | None = None
    ischaemia: Ischaemia | None = None
    population: Population = ADULT
    poses: tuple[tuple[Number, ...], ...] | None = None
    visit: int = 0
    growth: Growth = Growth()

    def __post_init__(self) -> None:
        if min(self.pieces) < 1:
            raise InputError(f"a voxel has at least one piece along each axis, found {self.pieces}")
        if not 0 <= self.window <= 1 or not (self.trunk is None or self.trunk > 0):
            raise InputError(
                f"a window from 0 to 1 and a diameter above 0 mm are expected, found "
                f"{self.window} and {self.trunk}"
            )
        if not 0 <= self.dispersion[0] <= self.dispersion[1]:
            raise InputError(f"dispersion is a rising range from 0 s, found {self.dispersion}")
        if self.residue not in SHAPED or self.residue not in RESIDUES:
            raise InputError(f"the residue is {' or '.join(SHAPED)}, found '{self.residue}'")
        if self.motion < 0:
            raise InputError(f"motion is 0 mm or more, found {self.motion}")
        if self.poses is not None:
            self._check_poses(self.poses)

    def _check_poses(self, poses: tuple[tuple[Number, ...], ...]) -> None:
        if not all(len(one) == 6 and all(map(math.isfinite, one)) for one in poses):
            raise InputError("a pose is six finite numbers: shifts in mm, turns in degrees")
        if self.motion > 0:
            raise InputError("poses are either given or drawn (motion above 0), not both")


PLAIN = Realism()
