"""Deconvolution by a spectral filter: the whole of a method is how it filters.

Every estimator here is frozen data with ``bind(aif, dt, like=...)``; what it returns is called for
curves (voxels, t). CBV = ∫C/∫AIF, CBF = the maximum of the impulse response k(t) = CBF·R(t − d),
MTT = CBV/CBF, Tmax = the time of that maximum; no delay.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, InputError
from bolus.data.codes import Concept
from bolus.estimators.papers import CALAMANTE, OSTERGAARD, PWS, WU
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.spectral.lcurve import corner
from bolus.estimators.spectral.problem import Circulant, Toeplitz
from bolus.estimators.spectral.solve import (
    Bank,
    Curves,
    Solved,
    Spectral,
    by_choice,
    by_rising_threshold,
    by_the_first,
)

AIFCurve = Float[np.ndarray, " t"]

AREAS = "; CBV was the ratio of the areas of tissue curve and arterial input, and MTT = CBV/CBF"
PWS_AREAS = AREAS + ", both from the frame on at which the arterial input passes 1 % of its maximum"
SVD_CODE = Concept("126311", "DCM", "Singular Value Decomposition (SVD) deconvolution")
CAUSAL = Capabilities(response="samples", linear=True, area=True, timeless=True)
CIRCULAR = replace(CAUSAL, delay_invariant=True)
"""What methods on the causal and on the padded circulant matrix can do."""
OF_PWS = replace(CAUSAL, area=False)
ARRIVED = 0.01
"""Share of its maximum at which PWS takes the arterial input to begin."""

THRESHOLDS = (0.02, 0.04, 0.07, *(round(0.05 * i, 2) for i in range(2, 20)))


def truncation(s: np.ndarray, threshold: np.ndarray | float, taper: float = 0.0) -> np.ndarray:
    """Filter of the SVD methods for normalised singular values: 1 from the threshold on, else 0.

    With a taper it rises linearly over threshold·(1 ± taper/2).
    """
    if taper == 0:
        return (s >= threshold).astype(float)
    return np.clip((s / threshold - 1) / taper + 0.5, 0, 1)


def damping(s: np.ndarray, strength: np.ndarray | float) -> np.ndarray:
    """Filter of Tikhonov's methods for normalised singular values: s²/(s² + λ²), λ over σmax."""
    return s**2 / (s**2 + strength**2)


def pws_problem(aif: AIFCurve, dt: float) -> Toeplitz:
    """The problem of PWS: rectangle sums; all before the artery's arrival is cut off.

    PWS cuts these frames off arterial input and tissue. To set them to 0 in the arterial input
    gives the same responses, for a causal matrix of such an input is that of what is left.
    """
    first = int(np.argmax(aif > ARRIVED * aif.max()))
    own = np.where(np.arange(aif.size) < first, 0, aif)
    return Toeplitz(own, dt, volterra=False, first=first)


@dataclass(frozen=True)
class SVD:
    """Standard SVD (sSVD): causal matrix, singular values under ``threshold``·σmax dropped.

    Sensitive to delay by construction. Østergaard et al., Magn Reson Med 1996;36:715.
    """

    threshold: float = 0.2

    capabilities: ClassVar[Capabilities] = CAUSAL
    description: ClassVar[Description] = Description(
        sentence="singular value decomposition of the causal convolution matrix [svd]{chosen}"
        + AREAS,
        citations={"svd": OSTERGAARD},
        code=SVD_CODE,
    )

    def __post_init__(self) -> None:
        _fraction("threshold", self.threshold)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values (bins,); see ``truncation``."""
        return truncation(s, self.threshold)

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = Toeplitz(aif, dt)
        bank = Bank.of(problem, self.filter(problem.s)[None], like.dtype)
        return Spectral(problem, bank, by_the_first)


@dataclass(frozen=True)
class CSVD:
    """Block-circulant SVD: frequencies with ``|FFT(AIF)|`` under ``threshold``·max dropped.

    Not moved by delay. ``taper`` is the width over which the cut goes from 0 to 1, relative to the
    threshold; 0 is the published hard cut, which moves CBF by up to 9 % when the end of an arterial
    tail leaves the window and one frequency changes sides (2 % with the taper, measured).
    Wu et al., Magn Reson Med 2003;50:164.
    """

    threshold: float = 0.1
    taper: float = 0.4

    capabilities: ClassVar[Capabilities] = CIRCULAR
    description: ClassVar[Description] = Description(
        sentence="truncated singular value decomposition of the block-circulant convolution matrix "
        "[circulant]{chosen}, which a delay does not move" + AREAS,
        citations={"circulant": WU},
        code=SVD_CODE,
    )

    def __post_init__(self) -> None:
        _fraction("threshold", self.threshold)
        if not 0 <= self.taper <= 2:
            raise InputError(f"taper is a width between 0 and 2 thresholds, found {self.taper}")

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values (bins,); see ``truncation``."""
        return truncation(s, self.threshold, self.taper)

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = Circulant(aif, dt)
        bank = Bank.of(problem, self.filter(problem.s)[None], like.dtype)
        return Spectral(problem, bank, by_the_first)


@dataclass(frozen=True)
class OSVD:
    """Oscillation-index SVD: each voxel takes the lowest threshold with a smooth response.

    Oscillation index OI = Σⱼ|k[j+1] − 2k[j] + k[j−1]| / (L·max k); the threshold rises through
    ``thresholds`` until OI < ``oi``, and stays at the last where none does. 0.035 is the habit of
    the literature, 0.095 measured better at clinical noise (see docs/methods.md).
    Wu et al., Magn Reson Med 2003;50:164.
    """

    oi: float = 0.095
    thresholds: tuple[float, ...] = THRESHOLDS

    capabilities: ClassVar[Capabilities] = CIRCULAR
    description: ClassVar[Description] = Description(
        sentence="singular value decomposition of the block-circulant convolution matrix "
        "[circulant], its threshold raised in each voxel until the oscillation index of the "
        "response fell below the limit{chosen}" + AREAS,
        citations={"circulant": WU},
        code=SVD_CODE,
    )

    def __post_init__(self) -> None:
        if not self.oi > 0:
            raise InputError(
                f"oi, the limit of the oscillation index, is positive, found {self.oi}"
            )
        if list(self.thresholds) != sorted(self.thresholds) or not self.thresholds:
            raise InputError(f"thresholds must rise, found {self.thresholds}")
        for threshold in self.thresholds:
            _fraction("threshold", threshold)

    def filters(self, s: np.ndarray) -> np.ndarray:
        """Candidate filters (candidates, bins), the least smoothing first, no duplicates."""
        rows = truncation(s, np.array(self.thresholds)[:, None])
        return rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])]

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = Circulant(aif, dt)
        bank = Bank.of(problem, self.filters(problem.s), like.dtype)
        return Spectral(problem, bank, partial(by_rising_threshold, oi=self.oi))


@dataclass(frozen=True)
class Tikhonov:
    """Tikhonov regularisation with each voxel's own λ, at the corner of its L-curve.

    Filter s²/(s²+λ²) on the block-circulant problem; λ/σmax is looked for between ``lowest`` and
    ``highest``, from the large side (see ``lcurve.corner``). Calamante et al., Magn Reson Med
    2003;50:1237.
    """

    lowest: float = 0.01
    highest: float = 1.0
    steps: int = 24

    capabilities: ClassVar[Capabilities] = CIRCULAR
    description: ClassVar[Description] = Description(
        sentence="Tikhonov regularisation of the padded convolution, its strength in each voxel "
        "at the corner of the L-curve [tikhonov]{chosen}" + AREAS,
        citations={"tikhonov": CALAMANTE},
    )

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest or self.steps < 3:
            raise InputError(
                f"λ/σmax runs over at least 3 steps between two rising positive numbers, found "
                f"{self.steps} steps from {self.lowest} to {self.highest}"
            )

    @property
    def lambdas(self) -> np.ndarray:
        """Candidates for λ/σmax, (steps,), rising."""
        return np.geomspace(self.lowest, self.highest, self.steps)

    def filters(self, s: np.ndarray) -> np.ndarray:
        """Candidate filters (steps, bins)."""
        return damping(s, self.lambdas[:, None])

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = Circulant(aif, dt)

        def at_the_corner(curves: Curves, bank: Bank) -> Solved:
            return by_choice(curves, bank, corner(problem.power(curves), problem.s, self.lambdas))

        bank = Bank.of(problem, self.filters(problem.s), like.dtype)
        return Spectral(problem, bank, at_the_corner)


@dataclass(frozen=True)
class PlainSVD:
    """Truncated SVD of the plain causal matrix, its sums of rectangles: what PWS computes.

    Singular values under ``threshold``·σmax are dropped. A compatibility preset for the program of
    the PHAE paper, which has it in place of oSVD; ``SVD`` weighs the arterial samples, as
    Østergaard did. Moved by delay like that. What comes before the arterial input is above ARRIVED
    of its maximum is cut off (``pws_problem``). Fernández-Rodicio et al., Front Neuroinform
    2023;17:1202156; the program is Perfusion-NOBEL of MRI-NOBEL.
    """

    threshold: float = 0.2

    capabilities: ClassVar[Capabilities] = OF_PWS
    description: ClassVar[Description] = Description(
        sentence="truncated singular value decomposition of the causal convolution matrix of "
        "rectangle sums [svd], as the program PWS computes it [pws]{chosen}" + PWS_AREAS,
        citations={"svd": OSTERGAARD, "pws": PWS},
        code=SVD_CODE,
    )

    def __post_init__(self) -> None:
        _fraction("threshold", self.threshold)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values (bins,); see ``truncation``."""
        return truncation(s, self.threshold)

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = pws_problem(aif, dt)
        bank = Bank.of(problem, self.filter(problem.s)[None], like.dtype)
        return Spectral(problem, bank, by_the_first)


@dataclass(frozen=True)
class TikhonovFixed:
    """Tikhonov with one λ = ``strength``·σmax on the plain causal matrix: what PWS computes.

    A compatibility preset for the program of the PHAE paper; moved by delay like ``SVD``.
    Fernández-Rodicio et al., Front Neuroinform 2023;17:1202156.
    """

    strength: float = 0.2

    capabilities: ClassVar[Capabilities] = OF_PWS
    description: ClassVar[Description] = Description(
        sentence="Tikhonov regularisation of the causal convolution matrix with one strength "
        "for all voxels [tikhonov], as the program PWS computes it [pws]{chosen}" + PWS_AREAS,
        citations={"tikhonov": CALAMANTE, "pws": PWS},
    )

    def __post_init__(self) -> None:
        _fraction("strength", self.strength)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values (bins,); see ``damping``."""
        return damping(s, self.strength)

    def bind(self, aif: AIFCurve, dt: float, *, like: CurveScale) -> Spectral:
        """Its matrices for one arterial input, in the precision of ``like``."""
        problem = pws_problem(aif, dt)
        bank = Bank.of(problem, self.filter(problem.s)[None], like.dtype)
        return Spectral(problem, bank, by_the_first)


def _fraction(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise InputError(f"{name} is a fraction of the largest singular value, found {value}")
