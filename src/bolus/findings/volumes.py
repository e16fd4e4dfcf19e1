"""Volumes beyond a threshold, with what the noise of voxels does to them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.findings.errors import Alike, errors
from bolus.findings.extent import DRAWN, Extent, Mask

DRAWS = 100
"""Maps that are drawn from the voxels' posteriors."""
ALIKE = Alike(shared=0.06, length=2.6)
"""How far errors of a stroke's voxels are alike.

In 33 simulated strokes (seeds 1500 and on), mapped by ``joint``, errors of neighbours 4.6 mm apart
were correlated by 0.45. The share that is common to all, and the three below, are so that intervals
of 120 others (seeds 1300 and on) hold about 90 % of all volumes.
"""
PULL = 0.2
"""SD, relative, of how far late tissue is drawn to normal brain (``Extent.drawn``), a stroke's own.
"""
APART = 1.2
"""SD of a second pull, of tissue twice as late as MIDDLE; minus that of tissue without delay.

What is 6 and what is 10 s late is not drawn by the same share.
"""
MIDDLE = 6.0
"""s: where APART is 0."""
FORM = 0.1
"""SD of the logarithm of what the flow of all late tissue is off by against that of normal brain.

The form of the residue and what is expected of a population are not the same in both: beside what
all strokes have in common (``extent.LOST``) it was off with an SD of 0.05 to 0.12 over those 120
strokes where tissue was 4 to 10 s late, and of 0.12 to 0.2 beyond. With this their intervals held
91 to 94 % of the volumes of low flow; with 0.07 those of 200 others (seeds 2200 to 2399) held 80 to
89 %.
"""
SCALE = 0.02
"""SD of the logarithm of what diffusion is off by against its threshold, in all voxels alike.

The noise of voxels alone hardly moves a volume: with it one true core in ten was held, with 0.01 27
of 36 others, with 0.015 33.
"""
MEDIAN_TO_SD = 1.4826
"""SD of a normal distribution over its median absolute deviation."""
TAILS = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume, or what is computed of several: the ``value`` in the maps, and in drawn ones (d,).

    What was drawn is moved so that its mean is the count: noise that is drawn comes on top of the
    noise that the maps have, so it shows how far a count moves, and not whereto.
    """

    value: float
    drawn: Float[np.ndarray, " d"] | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The central 90 % interval, which holds the value; None without SDs."""
        if self.drawn is None or math.isnan(self.value):
            return None
        known = self.drawn[~np.isnan(self.drawn)]
        if not known.size:
            return None
        low, high = np.quantile(known, TAILS, method="inverted_cdf")
        return min(float(low), self.value), max(float(high), self.value)

    def less(self, other: "Volume") -> "Volume":
        """The difference to another."""
        return _together(self, other, np.subtract)

    def over(self, other: "Volume") -> "Volume":
        """The ratio to another; infinite over none, and not a number of none over none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return _together(self, other, np.divide)


def _together(one: Volume, other: Volume, how: np.ufunc) -> Volume:
    value = float(how(np.float64(one.value), np.float64(other.value)))
    known = one.drawn is not None and other.drawn is not None
    return Volume(value, how(one.drawn, other.drawn) if known else None)


@dataclass(frozen=True, eq=False)
class Volumes:
    """Volumes by threshold: ``late`` in s, ``low_flow`` in %, and of the ``core`` by diffusion."""

    late: Mapping[float, Volume]
    low_flow: Mapping[float, Volume]
    core: Volume | None


def volumes_of(made: Extent, *, times: bool = True) -> Volumes:
    """All volumes of a stroke, counted and in maps drawn from the posteriors of their voxels.

    Times and the logarithm of flow are taken as normally distributed. Without posteriors there is
    only the count; without ``times`` nothing is drawn of them.
    """
    late, low = _counts(made, made.late), _counts(made, made.low_flow)
    drawn = [(_counts(made, a), _counts(made, b)) for a, b in _drawn(made)] if times else []
    return Volumes(
        late={s: _volume(n, [one[s] for one, _ in drawn]) for s, n in late.items()},
        low_flow={p: _volume(n, [one[p] for _, one in drawn]) for p, n in low.items()},
        core=_core(made),
    )


def _counts(made: Extent, regions: Mapping[float, Mask]) -> dict[float, float]:
    return {at: made.millilitres(region) for at, region in regions.items()}


def _volume(counted: float, drawn: list[float]) -> Volume:
    if not drawn:
        return Volume(counted)
    found = np.array(drawn)
    return Volume(counted, np.maximum(found - found.mean() + counted, 0.0))


def _drawn(made: Extent) -> Iterator[tuple[dict[float, Mask], dict[float, Mask]]]:
    """Regions of late tissue and of low flow in drawn maps; none without posteriors.

    Each has its own errors of voxels (ALIKE), and of all late tissue alike (PULL, FORM). None, too,
    of methods that are not in DRAWN: of simulated strokes the intervals of ``phae`` held
    hardly any volume.
    """
    maps = made.maps
    sd, flow_sd = made.sd, maps.own_sd("cbf")
    if maps.method not in DRAWN or sd is None or flow_sd is None or not made.counted.any():
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        log_sd = made.tissue(np.nan_to_num(flow_sd / maps.cbf, posinf=0.0, neginf=0.0))
    sd = np.nan_to_num(sd)
    pairs = (errors(made.counted, maps.grid, ALIKE, seed=seed, draws=DRAWS) for seed in (0, 1))
    whole = np.random.default_rng(3).standard_normal((DRAWS, 3)) * [PULL, APART, FORM]
    beyond = np.where(np.isfinite(made.times), made.times / MIDDLE - 1, 0.0) * made.drawn
    for later, slower, (pull, apart, form) in zip(*pairs, whole, strict=True):
        times = made.times + pull * made.drawn + apart * beyond + sd * later
        flow = made.flow * np.exp(log_sd * slower + form)
        yield made.late_at(times), made.low_flow_at(times, flow)


def _core(made: Extent) -> Volume | None:
    """The core by diffusion, moved about its count by the map's noise and scale; None without."""
    core, adc = made.core, made.maps.volumes.get("adc")
    if core is None or adc is None:
        return None
    counted, sd = made.millilitres(core), noise_of(adc, made.maps.mask)
    rng = np.random.default_rng(2)
    scales = np.exp(SCALE * rng.standard_normal(DRAWS))
    noisy = (scale * (adc + sd * rng.standard_normal(adc.shape)) for scale in scales)
    return _volume(counted, [made.millilitres(made.core_at(one)) for one in noisy])


def noise_of(adc: Float[np.ndarray, "x y z"], brain: Mask) -> float:
    """SD of a voxel's noise in a map (x, y, z), in its unit.

    Neighbours along x differ by √2 of it where tissue is the same, as most of it is: the median of
    the difference.
    """
    both = brain[1:] & brain[:-1] & (adc[1:] > 0) & (adc[:-1] > 0)
    apart = np.abs(np.diff(adc, axis=0)[both])
    return float(MEDIAN_TO_SD * np.median(apart) / math.sqrt(2)) if apart.size else 0.0
