"""Leakage correction with any vascular curve, and leaks that wash out and saturate."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Citation, LeakageEstimate, LeakageProblem
from bolus.data.codes import PRIVATE, Concept
from bolus.estimators.blocks import one_blas_thread
from bolus.patient.leakage.boxerman import BOXERMAN
from bolus.patient.leakage.neighbours import averaged_with_neighbours
from bolus.patient.leakage.population import (
    ELSEWHERE,
    TUMOR,
    Among,
    Expected,
    among,
    learn_leaks,
    sample,
)
from bolus.patient.leakage.traces import Traces, linear, saturating
from bolus.patient.leakage.vascular import Vascular
from bolus.physics import area

LEU = Citation(
    "Leu K, Boxerman JL, Cloughesy TF, et al. Improved leakage correction for single-echo dynamic "
    "susceptibility contrast perfusion MRI estimates of relative cerebral blood volume in "
    "high-grade gliomas by accounting for bidirectional contrast agent exchange. AJNR Am J "
    "Neuroradiol 2016;37:1440–1446.",
    "AJNR 2016;37:1440",
)


@dataclass(frozen=True)
class Free:
    """Posterior means over all vascular curves, leak or none, and kinds of leaks, by region.

    A vascular curve of any transit time, delay and shape stands in the place of K1·m, and the leak
    washes out (``traces.linear``); in a tumour its T1 effect saturates while that on T2* does not
    (``traces.saturating``). Source: Boxerman et al., AJNR 2006;27:859; washout after Leu et al.,
    AJNR 2016;37:1440.
    """

    name: ClassVar[str] = "free"
    sentence: ClassVar[str] = (
        "after Boxerman, Schmainda and Weisskoff [boxerman], with a vascular curve of any transit "
        "time and delay and a leak that may wash out [washout] and whose T1 effect saturates in a "
        "tumour, fitted to the mean signal of a voxel and its neighbours and expected to be like "
        "the leaks of its region"
    )
    citations: ClassVar[dict[str, Citation]] = {"boxerman": BOXERMAN, "washout": LEU}
    code: ClassVar[Concept] = Concept(
        "leakage-free", PRIVATE, "Leakage correction, any vascular curve, washout"
    )

    def fit(self, problem: LeakageProblem) -> LeakageEstimate:
        """Mean K2 of every curve, the mean of its leak's trace, and the SD of that's area.

        They are fitted to the mean signal of a voxel and its neighbours, and expected to be like
        the leaks of the tumour, or of what is no tumour.
        """
        tissue, noise_sd = problem.tissue.astype(float), problem.noise_sd
        tumor = np.ones(len(tissue), dtype=bool)
        if problem.places is not None:
            tumor = problem.places.tumor
            tissue, noise_sd = averaged_with_neighbours(
                tissue, noise_sd, problem.te, problem.places
            )
        vascular, k2, taken = Vascular.of(problem), np.zeros(len(tissue)), np.zeros(tissue.shape)
        area_sd = np.zeros(len(tissue))
        with one_blas_thread():
            for region, expected, kinds in (
                (tumor, TUMOR, saturating),
                (~tumor, ELSEWHERE, linear),
            ):
                if not region.any():
                    continue
                rows = tissue[region], noise_sd[region]
                k2[region], taken[region], area_sd[region] = _region(
                    vascular, rows, problem, kinds(problem), expected
                )
        return LeakageEstimate(k2, taken, area_sd)


def _region(
    vascular: Vascular,
    rows: tuple[Float[np.ndarray, "n t"], Float[np.ndarray, " n"]],
    problem: LeakageProblem,
    traces: Traces,
    expected: Expected,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n t"], Float[np.ndarray, " n"]]:
    """Mean K2 and mean trace of the leaks of a region's curves, and the SD of the trace's area.

    All kinds are tried on some of its voxels, those that it has on the others. ``rows`` are the
    curves and their noise.
    """
    tissue, noise_sd = rows
    some, te, dt = sample(len(tissue)), problem.te, problem.dt
    seen = vascular.evidence(tissue[some], noise_sd[some], te, traces)
    leaks = learn_leaks(seen, expected)
    kept = leaks.common()
    leaks, traces = leaks.only(kept), traces.only(kept)
    found = among(vascular.evidence(tissue, noise_sd, te, traces), leaks)
    leaking = found.probability[:, 1:]
    strength = leaking * found.mean
    k2 = leaking @ traces.fixed_k2 - strength @ traces.varied_k2
    taken = leaking @ traces.fixed - strength @ traces.varied
    return k2, taken, _spread(found, area(traces.fixed, dt), area(traces.varied, dt))


def _spread(
    found: Among, fixed: Float[np.ndarray, " w"], varied: Float[np.ndarray, " w"]
) -> Float[np.ndarray, " n"]:
    """SD (n,) of f − κ·v over kinds of leaks and their strength κ; 0 where there is no leak."""
    leaking, each = found.probability[:, 1:], fixed - found.mean * varied
    mean = np.einsum("nw,nw->n", leaking, each)
    square = np.einsum("nw,nw->n", leaking, each**2 + found.variance * varied**2)
    return np.sqrt(np.maximum(square - mean**2, 0))
