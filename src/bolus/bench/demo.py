"""The demonstration: one digital patient, every method, compared with the truth."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bolus.base.about import software
from bolus.base.json import write_json
from bolus.base.progress import QUIET, Reporter
from bolus.bench.score import FLOOR, held_ratio
from bolus.data import PerfusionMaps
from bolus.data.options import UNCORRECTED
from bolus.estimators import METHODS
from bolus.io import output_folder
from bolus.patient import Measured, estimate, measure
from bolus.phantom import DigitalPatient, simulate_patient, write_patient
from bolus.report import save_comparison

if TYPE_CHECKING:
    from rich.table import Table

SEED = 3


class Score(NamedTuple):
    """Error against truth in every voxel of pure grey and white matter.

    A value that is missing, or under FLOOR of the true one, counts as FLOOR of it: no method gains
    by giving none. ``cbf_error`` is the mean of |ln(CBF/true)|, ``*_ratio`` the median of estimate
    over truth, ``mtt_error`` the mean of |MTT − true| in s, ``with_mtt`` the share of voxels that
    have an MTT, ``correlation`` that of ln CBF with the truth's, ``contrast`` grey over white CBF;
    ``seconds`` are those of the deconvolution.
    """

    method: str
    cbf_error: float
    cbf_ratio: float
    cbv_ratio: float
    mtt_error: float
    with_mtt: float
    correlation: float
    contrast: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Scores of every method, the true grey-to-white contrast, and the area found over the true.

    ``arterial_area`` below 1 (partial volume, saturation) raises CBV by its inverse.
    """

    scores: tuple[Score, ...]
    contrast: float
    arterial_area: float


def run_demo(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, int, int] = (64, 64, 12),
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> Demo:
    """Simulate a patient with a high-grade tumour, map it by every method, score and picture it.

    ``shape`` is the patient's matrix; arteries and brain are found once for all methods. The
    tumour and the white matter opposite it are held against each other on every method's page.
    Writes ``patient/``, a folder for each method, ``comparison.png`` and ``summary.json`` into
    ``folder``. Raises OutputError.
    """
    with output_folder(folder, overwrite) as partial:
        reporter.step("simulating a patient")
        patient = simulate_patient(seed=SEED, tumor="high", shape=shape)
        _written(partial / "patient", patient)
        regions = {"tumor": patient.masks.tumor, "reference": patient.masks.nawm}
        measured = measure(
            patient.series, regions=regions, preparation=UNCORRECTED, reporter=reporter
        )
        results: dict[str, PerfusionMaps] = {}
        scores: list[Score] = []
        for method in METHODS:
            reporter.step(f"mapping with {method}")
            found = estimate(measured, method)
            found.save(partial / method)
            results[method] = found
            scores.append(score(method, found, patient, found.seconds["deconvolving"]))
        demo = Demo(
            scores=tuple(scores),
            contrast=_contrast(patient.truth.cbf, patient),
            arterial_area=_arterial_area(measured, patient),
        )
        reporter.step("drawing")
        save_comparison(patient.truth, results, partial / "comparison.png")
        write_json(
            partial / "summary.json",
            {
                "software": software(),
                "seed": SEED,
                "true_contrast": demo.contrast,
                "arterial_area": demo.arterial_area,
                "scores": [s._asdict() for s in scores],
            },
        )
    return demo


def score(method: str, maps: PerfusionMaps, patient: DigitalPatient, seconds: float) -> Score:
    """Error of one method's maps against the patient's truth."""
    truth, where = patient.truth, patient.masks.grey | patient.masks.white
    cbf, cbv, mtt = (
        held_ratio(found[where], true[where])
        for found, true in ((maps.cbf, truth.cbf), (maps.cbv, truth.cbv), (maps.mtt, truth.mtt))
    )
    flow, true_flow = np.log(cbf), np.log(truth.cbf[where])
    return Score(
        method=method,
        cbf_error=float(np.abs(flow).mean()),
        cbf_ratio=float(np.exp(np.median(flow))),
        cbv_ratio=float(np.median(cbv)),
        mtt_error=float((np.abs(mtt - 1) * truth.mtt[where]).mean()),
        with_mtt=float(np.isfinite(maps.mtt[where]).mean()),
        correlation=float(np.corrcoef(flow + true_flow, true_flow)[0, 1]),
        contrast=_contrast(maps.cbf, patient),
        seconds=seconds,
    )


def render(demo: Demo) -> "Table":
    """The scores as a table for the console."""
    from rich.table import Table

    table = Table(
        title=f"One digital patient; true grey/white CBF {demo.contrast:.2f}",
        caption="CBF error: mean |ln(CBF/true)| over grey and white matter; ratios are medians.\n"
        f"All voxels count: what is missing counts as {FLOOR:g} of the true value.\n"
        f"Arteries found automatically; their area is {demo.arterial_area:.2f} of the true one, "
        "which multiplies CBV and CBF by the inverse.",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("method", no_wrap=True)
    for heading in (
        "CBF error",
        "CBF/true",
        "CBV/true",
        "MTT error, s",
        "with MTT",
        "corr.",
        "grey/white",
        "s",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for s in demo.scores:
        table.add_row(s.method, *(f"{v:.2f}" for v in s[1:]))
    return table


def _contrast(cbf: np.ndarray, patient: DigitalPatient) -> float:
    grey, white = cbf[patient.masks.grey], cbf[patient.masks.white]
    return float(np.nanmedian(grey) / np.nanmedian(white))


def _arterial_area(measured: Measured, patient: DigitalPatient) -> float:
    true = patient.aif[measured.series.frames.used]
    return float(measured.aif.curve.sum() / true.sum())


def _written(folder: Path, patient: DigitalPatient) -> None:
    folder.mkdir()
    write_patient(patient, folder)
