"""Which curves are estimated: seeded, and the same for every method."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from bolus.data import InputError
from bolus.phantom import CurvePrior, SimulatedCurves, random_arterial_inputs, simulate_curves
from bolus.physics import RESIDUES

MAX_INPUTS = 16
CURVES_AN_INPUT = 24


@dataclass(frozen=True, kw_only=True)
class Design:
    """Every repetition time crossed with every SNR: a cell, of ``curves_per_cell`` curves at least.

    ``dts`` and ``duration`` are s, ``te`` s. A repetition time has ``inputs`` random arterial
    inputs, each known to the methods without noise and sampled once a frame, with its equal share
    of the curves. The SNRs of a repetition time share parameters and the pattern of the noise, so
    that only its size differs between them. ``prior`` is where the curves come from; give it other
    families to hold shapes out. ``onset`` is the range in s in which the arterial bolus begins.

    Raises InputError for counts or times that are not positive.
    """

    seed: int = 0
    curves_per_cell: int = 960
    dts: tuple[float, ...] = (1.0, 1.5, 2.0)
    snrs: tuple[float, ...] = (50.0, 20.0, 10.0)
    duration: float = 90.0
    te: float = 0.03
    onset: tuple[float, float] = (10.0, 35.0)
    prior: CurvePrior = field(default_factory=CurvePrior)

    def __post_init__(self) -> None:
        if self.curves_per_cell < 1:
            raise InputError(f"a cell needs at least one curve, found {self.curves_per_cell}")
        if self.seed < 0:
            raise InputError(f"the seed is 0 or a positive whole number, found {self.seed}")
        for name, values in {"dts": self.dts, "snrs": self.snrs}.items():
            if not values or min(values) <= 0:
                raise InputError(f"{name} must be positive numbers, found {values}")

    @property
    def inputs(self) -> int:
        """Arterial inputs a repetition time, 2 to 16."""
        return int(np.clip(-(-self.curves_per_cell // CURVES_AN_INPUT), 2, MAX_INPUTS))

    @property
    def curves_per_input(self) -> int:
        """Curves that share an arterial input and an SNR."""
        return -(-self.curves_per_cell // self.inputs)

    def batches(self) -> Iterator["CurveBatch"]:
        """All curves, one arterial input at a time."""
        for place in range(len(self.dts)):
            for number in range(self.inputs):
                yield _batch(self, place, number)

    def arterial_input(
        self, place: int, number: int, shift: float = 0.0
    ) -> Float[np.ndarray, " t"]:
        """The AIF (t,) in 1/s of a repetition time, by its place, arriving ``shift`` s later."""
        dt = self.dts[place]
        time = dt * np.arange(round(self.duration / dt))
        rng = np.random.default_rng([self.seed, place, number, 0])
        return random_arterial_inputs(rng, 1, time - shift, self.onset)[0]


@dataclass(frozen=True, eq=False)
class CurveBatch:
    """Curves (n, t) in 1/s of one arterial input (t,), all SNRs below each other.

    ``noise_sd`` (n, t) in 1/s is the true noise of every sample, ``baseline_sd`` (n,) what a
    measurement knows of it: the SD (n−1) of a curve's own frames before the bolus. The truth:
    ``cbv`` a ratio, ``cbf`` 1/s, ``mtt`` and ``delay`` s, all (n,). ``snr`` (n,); ``dt`` s.
    """

    dt: float
    aif: Float[np.ndarray, " t"]
    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n t"]
    baseline_sd: Float[np.ndarray, " n"]
    snr: Float[np.ndarray, " n"]
    cbv: Float[np.ndarray, " n"]
    cbf: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]
    residue: Int[np.ndarray, " n"]


def held_out_prior() -> CurvePrior:
    """Residues that no method is trained on, next to the gamma of shape 3 that some are."""
    shapes = (1.7, 6.0)
    return CurvePrior(families={f"gamma {a:g}": (RESIDUES["gamma"], a) for a in shapes})


def _batch(design: Design, place: int, number: int) -> CurveBatch:
    dt, key = design.dts[place], (design.seed, place, number)
    aif = design.arterial_input(place, number)
    frames = baseline_frames(aif, dt, design.prior)
    count = design.curves_per_input

    def at(snr: float) -> SimulatedCurves:
        rng = np.random.default_rng([*key, 1])
        return simulate_curves(
            rng, design.prior, count, aif, dt, snr=snr, te=design.te, baseline=frames
        )

    return join(dt, aif, frames, {snr: at(snr) for snr in design.snrs})


def join(
    dt: float, aif: Float[np.ndarray, " t"], frames: int, levels: dict[float, SimulatedCurves]
) -> CurveBatch:
    """Curves of several SNRs as one batch; ``frames`` of them before the bolus."""
    curves = list(levels.values())
    tissue = np.concatenate([c.tissue for c in curves])
    truth = {
        name: np.concatenate([getattr(c.truth, name) for c in curves])
        for name in ("cbv", "cbf", "mtt", "delay", "residue")
    }
    return CurveBatch(
        dt=dt,
        aif=aif,
        tissue=tissue,
        noise_sd=np.concatenate([c.noise_sd for c in curves]),
        baseline_sd=tissue[:, :frames].std(axis=1, ddof=1),
        snr=np.repeat(np.array(list(levels), dtype=float), [len(c.tissue) for c in curves]),
        **truth,
    )


def baseline_frames(aif: Float[np.ndarray, " t"], dt: float, prior: CurvePrior) -> int:
    """Frames before the artery is at 1 % of its peak, or before the prior's earliest curve is."""
    arrival = int(np.argmax(aif > 0.01 * aif.max()))
    return arrival - int(np.ceil(max(0.0, -prior.delay[0]) / dt))
