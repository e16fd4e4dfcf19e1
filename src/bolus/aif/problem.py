"""The least-squares problem of an arterial input in voxels that hold tissue too."""

import numpy as np
from jaxtyping import Float
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import OptimizeResult, least_squares, nnls

from bolus.aif.mixture import ArterialPart, BloodPart
from bolus.aif.venous import FULL, THEIRS, VEIN, share_residual, venous_curve
from bolus.aif.venous import MODEL as VENOUS_MODEL
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
STEP = 1e-4


class Problem:
    """The residuals of a description q: of the arterial input, by PRIOR and BENDS, and a vein."""

    def __init__(self, seen: ArterialPart, vein: BloodPart | None = None) -> None:
        self.seen, self.vein = seen, vein
        told = [*PRIOR.values(), *((0.0, BEND) for _ in BENDS)]
        self.own = len(told)
        self.mean, self.sd = np.array([*told, *((FULL, *VEIN.values()) if vein else ())]).T
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
        bend = np.exp(np.interp(after, BENDS, q[len(PRIOR) : self.own]))
        return np.asarray(np.exp(q[0]) / self.seen.te * bolus_height(after, *np.exp(q[2:9])) * bend)

    def bolus(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " t"]:
        """The bolus at every frame."""
        return self.fine(q)[:: self.parts]

    def off(self, q: Float[np.ndarray, " q"]) -> float:
        """Log of what the area of a vein makes of that of the bolus; 0 without a vein."""
        return 0.0 if self.vein is None else float(THEIRS * q[-1])

    def log_area(self, q: Float[np.ndarray, " q"]) -> float:
        """Log of the area of the arterial input, over the time between frames."""
        return float(np.log(self.bolus(q).sum()) + self.off(q))

    def scale(self, q: Float[np.ndarray, " q"]) -> float:
        """The factor of the arterial part."""
        return float(self.least * np.exp(q[9]))

    def residuals(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " m"]:
        """Of the arterial part, the mean tissue curve, the prior, and shares above 1."""
        fine = self.fine(q)
        above = max(0.0, float(np.log(self.seen.most * self.scale(q))))
        return np.concatenate(
            [
                self._of_arteries(q, fine),
                self._tissue_left_once(fine) / MODEL,
                self.of_prior(q),
                [above / BEYOND],
                self.of_vein(q, fine),
            ]
        )

    def misfit(self, q: Float[np.ndarray, " q"]) -> float:
        """Root mean square of the residuals that are not the description's own."""
        fine = self.fine(q)
        left = [self._of_arteries(q, fine), self._tissue_left_once(fine) / MODEL]
        return float(np.sqrt(np.mean(np.concatenate([*left, self.of_vein(q, fine)]) ** 2)))

    def _of_arteries(
        self, q: Float[np.ndarray, " q"], fine: Float[np.ndarray, " fine"]
    ) -> Float[np.ndarray, " t"]:
        blood = self.blood(q, fine) - self.seen.tissue
        return np.asarray((self.seen.part - self.scale(q) * blood) / self.noise)

    def of_prior(self, q: Float[np.ndarray, " q"]) -> Float[np.ndarray, " q"]:
        """Residuals of the description itself."""
        found = (q - self.mean) / self.sd
        if self.vein is not None:
            found[self.own] = share_residual(float(q[self.own]))
        return np.asarray(found)

    def of_vein(
        self, q: Float[np.ndarray, " q"], fine: Float[np.ndarray, " fine"]
    ) -> Float[np.ndarray, " v"]:
        """Residuals of the venous part; none without a vein."""
        vein = self.vein
        if vein is None:
            return np.empty(0)
        share, own = q[self.own], q[self.own + 1 :]
        step = self.seen.dt / self.parts
        curve = venous_curve(fine, step, own, self.length)[:: self.parts]
        blood = np.exp(-self.seen.te * curve) - self.seen.tissue
        left = vein.part - np.exp(share) / vein.most * blood
        return np.asarray(left / np.hypot(vein.noise, VENOUS_MODEL))

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

        return least_squares(residuals, q, diff_step=[STEP], max_nfev=40)

    def solved(self) -> OptimizeResult:
        """The best description."""
        return least_squares(self.residuals, self.mean, diff_step=[STEP], max_nfev=40)
