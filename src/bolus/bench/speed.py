"""What is timed, and what came out."""

from dataclasses import dataclass

from bolus.data import InputError

OSVD_NAME = "osvd"
"""The method whose time is the unit of the others'."""


@dataclass(frozen=True, kw_only=True)
class TimingSettings:
    """``voxels`` float32 curves of ``frames`` frames, every call ``repeats`` times.

    Raises InputError for less than 60 voxels, 40 frames or one repeat.
    """

    voxels: int = 41_000
    frames: int = 60
    repeats: int = 9

    def __post_init__(self) -> None:
        if self.voxels < 60 or self.frames < 40 or self.repeats < 1:
            raise InputError(
                "timing needs at least 60 voxels, 40 frames and one repeat, found "
                f"{self.voxels}, {self.frames} and {self.repeats}"
            )


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """Seconds for all voxels, ``median`` and ``fastest`` of ``repeats``; µs of the median a voxel.

    ``to_floor`` is the ratio of medians to the FFT floor, ``fastest_to_floor`` that of the fastest
    calls, which other work on the machine disturbs less; ``to_osvd`` the ratio of medians to that
    of OSVD_NAME (NaN without it). Where ``scaled``, only
    ``measured_voxels`` were timed and their time multiplied up, its fixed cost with it.
    ``peak_bytes`` is the most memory of a call on the measured voxels beyond its input.
    """

    method: str
    measured_voxels: int
    scaled: bool
    repeats: int
    median: float
    fastest: float
    us_per_voxel: float
    to_floor: float
    fastest_to_floor: float
    to_osvd: float
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Speed of all methods in one run, (``voxels``, ``frames``) float32.

    The FFT floor in s: a forward and an inverse real FFT of the batch already padded to
    ``length``, by scipy.fft with one or two threads (``floor_workers``, the faster), taken before
    every call of a method.
    """

    voxels: int
    frames: int
    length: int
    floor_median: float
    floor_fastest: float
    floor_workers: int
    rows: tuple[SpeedRow, ...]
