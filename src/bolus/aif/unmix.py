"""The arterial input of voxels that hold tissue too, with how sure its scale is."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import OptimizeResult, least_squares, nnls
from scipy.special import expit

from bolus.aif.mixture import ArterialPart, arterial_part
from bolus.data import AIF, PreparedSeries, TissueCurves
from bolus.physics.bolus import bolus_height

PRIOR = {
    "depth": (np.log(3.0), 0.7),
    "onset": (-3.0, 3.0),
    "r": (np.log(3.0), 0.35),
    "b": (np.log(1.8), 0.35),
    "recirculation": (np.log(0.14), 0.5),
    "return_time": (np.log(9.0), 0.3),
    "dispersion": (np.log(1.6), 0.25),
    "tail": (np.log(0.05), 0.6),
    "washout": (np.log(180.0), 1.0),
    "scale": (0.05, 0.3),
    "spread": (np.log(0.5), 0.5),
}
"""Mean and SD of what describes an arterial input, logarithms but for the onset, which is in s from
where the arterial part is half as deep as its deepest. Of a bolus of 5 to 10 s at a usual dose:
depth is TE·ΔR2* at the peak; spread the SD in s of the blood's arrival in the voxels; scale the
factor of ``ArterialPart``, over what it is where the blood of the deepest sample has no signal
left."""
BENDS, BEND = np.array([0.0, 3.0, 6.0, 9.0, 13.0, 18.0, 25.0, 35.0, 50.0]), 0.2
"""s after the onset between which a bolus may be so much (SD of the log) unlike that model."""
MODEL = 0.01
"""SD of what the model leaves of the arterial part, and of the mean tissue curve over its peak."""
BEYOND = 0.05
"""SD by which the most arterial voxel may seem to hold more than blood."""
PURE = 0.03
"""SD of the log share of blood in voxels that are full of it."""
TRANSITS, DELAYS = np.geomspace(1.0, 40.0, 10), (-1.0, 0.0, 1.0, 2.0, 4.0)
"""MTT and delay in s of the tissue whose sum the mean tissue curve is."""
FINE = 0.5
"""s between samples of convolutions, at most."""
LONGEST = np.log(3.0)
"""Log of the longest spread in s that is looked at."""
POOR = 2.0
"""Misfit from which the model explains nothing."""
STAYS = "tissue in these voxels could not be taken off"
DEVIATION, LEVEL = 0.15, 0.01
"""SD of an arterial input about the model: relative, and of its peak."""
UNSURE = 0.13
"""SD of the log area that the model is off by beyond what the fit says (docs/arteries.md)."""
_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Unmixed:
    """An arterial input ``curve`` (t,) in 1/s without tissue, and the SD of the log of its area.

    ``blood`` is the share of blood in the most arterial voxel; ``misfit`` what the model leaves of
    signal and tissue, over what it should.
    """

    curve: Float[np.ndarray, " t"]
    scale_sd: float
    blood: float
    misfit: float


def without_tissue(aif: AIF, curves: TissueCurves, series: PreparedSeries) -> AIF:
    """An arterial input without the tissue that its voxels hold; see ``unmixed``.

    Where that cannot be told it stays as it is, and a note says why.
    """
    seen = arterial_part(curves, series, aif)
    if seen is None:
        return replace(aif, notes=(*aif.notes, f"{STAYS}: too few voxels follow one curve"))
    found = unmixed(seen)
    if found.misfit > POOR:
        told = f"{STAYS}: signal and tissue fit no bolus ({found.misfit:.1f} times their noise)"
        return replace(aif, notes=(*aif.notes, told))
    note = (
        f"tissue taken off: {100 * found.blood:.0f} % of the most arterial of {seen.voxels} voxels "
        f"is blood; the scale of CBF and CBV is known to {100 * found.scale_sd:.0f} % (SD)"
    )
    return replace(
        aif,
        curve=found.curve,
        mixed=aif.curve,
        scale_sd=found.scale_sd,
        notes=(*aif.notes, note),
    )


def unmixed(seen: ArterialPart) -> Unmixed:
    """The arterial input under which the signals of arterial voxels and tissue are explained.

    The signal of blood falls as exp(−TE·C), that of a voxel half full of it as half of that and
    half of tissue: its curve is not the arterial one times a factor, but the lower the higher that
    is. So where the bolus is deep, the arterial part of the signal shows its factor. The tissue
    shows it too, for its mean curve is the arterial input convolved with falling residues: an input
    that lost of its peak, and kept its tail, makes no such curve. Both are fitted at once by least
    squares, with a bolus of a first pass, a second and a tail; ``curve`` is between that bolus and
    what the signal says sample by sample, as sure as each is. That the most arterial voxels are
    full of blood is fitted apart; both answers are averaged by how well they fit.
    Where a factor alone goes wrong: Hansen et al., Proc ISMRM 2009, abstract 1468.
    """
    problem = _Problem(seen)
    free = problem.solved()
    full = problem.filled(free.x)
    weight = float(expit(free.cost - full.cost))
    two = [(weight, full.x, full.jac), (1 - weight, free.x, free.jac)]
    curve = sum(w * _curve(problem, q) for w, q, _ in two)
    apart = np.log(np.divide(*(problem.bolus(q).sum() for _, q, _ in two)))
    own = sum(w * _log_area_variance(problem, q, jac) for w, q, jac in two)
    blood = sum(w * min(seen.most * problem.scale(q), 1.0) for w, q, _ in two)
    return Unmixed(
        curve=np.asarray(curve),
        scale_sd=float(np.sqrt(own + weight * (1 - weight) * apart**2 + UNSURE**2)),
        blood=float(blood),
        misfit=float(np.sqrt(free.cost / seen.part.size)),
    )


class _Problem:
    """The residuals of a description q of the arterial input, in the order of PRIOR."""

    def __init__(self, seen: ArterialPart) -> None:
        self.seen = seen
        self.mean, self.sd = np.array([*PRIOR.values(), *((0.0, BEND) for _ in BENDS)]).T
        frames = seen.part.size
        self.parts = int(np.ceil(seen.dt / FINE))
        self.time = np.arange(frames * self.parts) * seen.dt / self.parts
        self.half = float(np.flatnonzero(seen.part < -0.5)[0] * seen.dt)
        self.noise = float(np.hypot(seen.noise, MODEL))
        self.least = 1 / float(seen.tissue[int(np.argmin(seen.part))])
        self.length = next_fast_len(2 * self.time.size)
        self.residues = rfft(np.exp(-self.time / TRANSITS[:, None]), self.length, axis=1)
        self.target = seen.curve / seen.curve.max()
        late = np.array([[round(s * self.parts / seen.dt)] for s in DELAYS])
        at = np.arange(0, self.time.size, self.parts) - late
        self.before, self.at = at < 0, np.clip(at, 0, self.time.size - 1)
        self.known: dict[bytes, Float[np.ndarray, " t"]] = {}

    def fine(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " fine"]:
        """The bolus, ΔR2* in 1/s, on parts of frames."""
        after = self.time - self.half - q[1]
        bend = np.exp(np.interp(after, BENDS, q[len(PRIOR) :]))
        return np.asarray(np.exp(q[0]) / self.seen.te * bolus_height(after, *np.exp(q[2:9])) * bend)

    def bolus(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " t"]:
        """The bolus at every frame."""
        return self.fine(q)[:: self.parts]

    def scale(self, q: Float[np.ndarray, " q"]) -> float:
        """The factor of the arterial part."""
        return float(self.least * np.exp(q[9]))

    def residuals(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " m"]:
        """Of the arterial part, the mean tissue curve, the prior, and shares above 1."""
        seen, fine = self.seen, self.fine(q)
        blood = self.blood(q, fine) - seen.tissue
        above = max(0.0, float(np.log(seen.most * self.scale(q))))
        return np.concatenate(
            [
                (seen.part - self.scale(q) * blood) / self.noise,
                self._tissue_left_once(fine) / MODEL,
                (q - self.mean) / self.sd,
                [above / BEYOND],
            ]
        )

    def blood(
        self, q: Float[np.ndarray, " q"], fine: Float[np.ndarray, " fine"]
    ) -> Float[np.ndarray, " t"]:
        """Signal of blood that comes to some voxels earlier than to others, at every frame."""
        spread = float(np.exp(min(q[10], LONGEST))) * self.parts / self.seen.dt
        own = gaussian_filter1d(np.exp(-self.seen.te * fine), spread, mode="nearest")
        return np.asarray(own[:: self.parts])

    def _tissue_left_once(self, fine: Float[np.ndarray, " fine"]) -> Float[np.ndarray, " t"]:
        """The same as ``_tissue_left``, worked out once of every bolus that is asked for again."""
        key = fine.tobytes()
        if key not in self.known:
            self.known[key] = self._tissue_left(fine)
        return self.known[key]

    def _tissue_left(self, fine: Float[np.ndarray, " fine"]) -> Float[np.ndarray, " t"]:
        """What no sum of falling residues explains of the mean tissue curve, over its peak."""
        whole = irfft(rfft(fine, self.length) * self.residues, self.length, axis=1)
        curves = np.where(self.before, 0.0, whole[:, self.at]).reshape(-1, self.target.size).T
        curves = curves / curves.max(axis=0)
        weight, _ = nnls(curves, self.target)
        return np.asarray(curves @ weight - self.target)

    def filled(self, q: Float[np.ndarray, " q"]) -> OptimizeResult:
        """The best description with the most arterial voxels full of blood, begun at another."""

        def residuals(q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " m"]:
            return np.append(self.residuals(q), np.log(self.seen.most * self.scale(q)) / PURE)

        return least_squares(residuals, q, diff_step=[_STEP], max_nfev=40)

    def solved(self) -> OptimizeResult:
        """The best description."""
        return least_squares(self.residuals, self.mean, diff_step=[_STEP], max_nfev=40)


def _log_area_variance(
    problem: _Problem, q: Float[np.ndarray, " q"], slopes: Float[np.ndarray, "m q"]
) -> float:
    """Variance of the log area by the curvature of the fit, whose residuals have ``slopes``."""
    slope = np.empty(q.size)
    for place in range(q.size):
        step = np.zeros(q.size)
        step[place] = _STEP
        two = (np.log(problem.bolus(q + sign * step).sum()) for sign in (1, -1))
        slope[place] = np.subtract(*two) / (2 * _STEP)
    return float(slope @ np.linalg.solve(slopes.T @ slopes, slope))


def _curve(problem: _Problem, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " t"]:
    """Between the model and what the signal says, each as sure as it is."""
    seen, model, scale = problem.seen, problem.bolus(q), problem.scale(q)
    blood = problem.blood(q, problem.fine(q))
    left = np.maximum(seen.tissue + seen.part / scale, 1e-3)
    off = -np.log(left / blood) / seen.te
    said_var = np.square(seen.noise / (scale * blood * seen.te))
    model_var = np.square(DEVIATION * model) + np.square(LEVEL * model.max())
    return np.asarray(model + off * model_var / (model_var + said_var))
