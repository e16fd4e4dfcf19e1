"""The result folder of a study."""

import csv
import io
import math
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bolus.base.about import NOTICE, software
from bolus.base.files import write_bytes
from bolus.base.json import plain, write_json
from bolus.grading.cutoff import map_name
from bolus.io import read_map, read_mask
from bolus.io.cohort import Participant
from bolus.io.timing import read_sidecar
from bolus.report.text.layout import Layout, as_markdown
from bolus.study.agreement import agreement_table
from bolus.study.comparison import Ran, contradictions, deviations, trained_weights
from bolus.study.figures import (
    Example,
    grading_figure,
    maps_figure,
    noise_figure,
    roc_figure,
    save_figure,
)
from bolus.study.layouts import first_table, noise_table, pair_table
from bolus.study.page import methods_paragraph, study_page
from bolus.study.patient import SHOWN, Row, map_path
from bolus.study.residues import residue_table, residue_tests
from bolus.study.result import Study
from bolus.study.settings import NO_NOISE
from bolus.study.subgroup import subgroup_table
from bolus.study.table import TRUTH

PACKAGES = ("bolus", "numpy", "scipy", "nibabel", "matplotlib")


def write_results(study: Study, maps: Path, folder: Path) -> None:
    """Write everything into an existing folder; ``maps`` holds the patients' maps.

    ``patients.csv``, ``table1.csv`` and ``.md``, the figures as PNG and SVG, ``report.html``,
    ``results.json``, ``summary.json``, the maps, and the weights that were trained.
    """
    layouts = _layouts(study)
    write_bytes(folder / "patients.csv", patients_csv(study.rows).encode())
    write_bytes(folder / "table1.csv", _table_csv(study).encode())
    pages = [f"## {one.title}\n\n{as_markdown(one)}" for one in layouts]
    write_bytes(folder / "table1.md", ("\n".join(pages) + f"\n{NOTICE}\n").encode())
    shutil.copytree(maps, folder / "maps")
    for method, path in study.weights.items():
        shutil.copy(path, folder / f"{method}.safetensors")
    examples = _examples(study, maps)
    if examples:
        save_figure(maps_figure(examples), folder / "figure-maps.png")
    if any(row.snr == NO_NOISE and row.roc for row in study.table):
        save_figure(grading_figure(study.rows, study.table), folder / "figure-grading.png")
        save_figure(roc_figure(study.table), folder / "figure-roc.png")
    if len(study.settings.snrs) > 1:
        save_figure(noise_figure(study.table), folder / "figure-noise.png")
    write_json(folder / "results.json", results(study))
    write_json(folder / "summary.json", {"software": software(), "study": study.cohort.name})
    write_bytes(folder / "report.html", _page(study, layouts, folder).encode())


def patients_csv(rows: Sequence[Row]) -> str:
    """A line a patient, method and SNR; empty where there is no number."""
    names = [f.name for f in fields(Row) if f.name != "note"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "seconds", "note"])
    for row in rows:
        writer.writerow([*(_cell(getattr(row, n)) for n in names), _cell(row.seconds), row.note])
    return text.getvalue()


def results(study: Study) -> dict[str, object]:
    """Everything for machines; None for what does not exist."""
    told: dict[str, object] = {
        "software": software(),
        "notice": NOTICE,
        "versions": _versions(),
        "cohort": study.cohort.name,
        "settings": study.settings.as_json(),
        "participants": {p.name: p.grade for p in study.participants},
        "trained": study.trained,
        "failed": [
            {"participant_id": one.participant_id, "snr": one.snr, "reason": one.error}
            for one in study.failed
        ],
        "table": [row.as_json() for row in study.table if row.method != TRUTH],
        "truth": [row.as_json() for row in study.table if row.method == TRUTH],
        "delong": [asdict(pair) for pair in study.pairs],
        "residues": [asdict(one) for one in residue_tests(study.rows, study.pairs)],
    }
    return {key: plain(value, nan_as_none=True) for key, value in told.items()}


def _layouts(study: Study) -> list[Layout]:
    found = [first_table(study.table)]
    if len(study.settings.snrs) > 1:
        found.append(noise_table([row for row in study.table if row.method != TRUTH]))
    if study.pairs:
        found.append(pair_table(study.pairs))
    residues = residue_tests(study.rows, study.pairs)
    further = (
        subgroup_table(study.rows, study.table),
        residue_table(residues),
        agreement_table(study.rows, study.table, study.pairs, residues),
    )
    found += [one for one in further if one is not None]
    if study.settings.published:
        found += [deviations(_ran(study)), contradictions()]
    return found


def _ran(study: Study) -> Ran:
    """What is held beside the published study."""
    achieved = {
        "none added" if row.snr == NO_NOISE else row.snr: row.achieved[0]
        for row in study.table
        if row.method != TRUTH
    }
    return Ran(
        participants=study.participants,
        trained=study.series_trained,
        provenance=trained_weights(study.weights.get("phae-paper")),
        achieved=achieved,
    )


def _table_csv(study: Study) -> str:
    """Table 1 at every SNR, a number a cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["auc", "cutoff", "sensitivity", "specificity", "accuracy"]
    lows = [f"{h}_{end}" for h in heads for end in ("low", "high")]
    left = [f"left_out_{h}" for h in heads[2:]]
    more = ["mann_whitney_p", "seconds", "ratio_error", "ratio_bias", "intervals_hold"]
    writer.writerow(["method", "snr", "n", "missing", *heads, *lows, *left, *more])
    for row in study.table:
        last = [row.seconds, row.error, row.bias, row.held]
        if row.roc is None:
            cells: list[float] = [math.nan] * (len(heads) + len(lows) + len(left) + 1)
        else:
            roc, at = row.roc, row.roc.apparent
            ends = (roc.auc_ci, roc.cutoff_ci, at.sensitivity_ci, at.specificity_ci, at.accuracy_ci)
            out = roc.left_out
            cells = [roc.auc, roc.cutoff, at.sensitivity, at.specificity, at.accuracy]
            cells += [end for pair in ends for end in pair]
            cells += [out.sensitivity, out.specificity, out.accuracy, roc.p]
        writer.writerow([row.method, row.snr, row.n, row.missing, *map(_cell, [*cells, *last])])
    return text.getvalue()


def _examples(study: Study, maps: Path) -> list[Example]:
    """The patient of each grade whose ratio by the first method is the median."""
    first = study.settings.methods[0]
    own = [r for r in study.rows if r.method == first and r.snr == NO_NOISE]
    found = []
    for grade in ("LGG", "HGG"):
        known = sorted(
            (r.ratio, r.participant_id) for r in own if r.grade == grade and math.isfinite(r.ratio)
        )
        if known:
            name = known[len(known) // 2][1]
            patient = next(p for p in study.participants if p.name == name)
            found.append(_example(patient, grade, study.settings.methods, maps))
    return found


def _example(patient: Participant, grade: str, methods: Sequence[str], maps: Path) -> Example:
    volumes: dict[str, Mapping[str, np.ndarray]] = {}
    first, grid = read_map(map_path(maps, patient.name, methods[0], SHOWN[0]))
    if set(SHOWN) <= set(patient.truth):
        inside = np.isfinite(first)
        truth = {name: read_map(patient.truth[name], grid)[0] for name in SHOWN}
        volumes["truth"] = {name: np.where(inside, own, np.nan) for name, own in truth.items()}
    for method in methods:
        volumes[method] = {n: read_map(map_path(maps, patient.name, method, n))[0] for n in SHOWN}
    tumor = read_mask(patient.masks["tumor"], grid)
    return Example(
        title=f"{patient.name}, {grade}",
        grid=grid,
        tumor=tumor,
        maps=volumes,
        relative="EchoTime" not in read_sidecar(patient.series),
    )


def _page(study: Study, layouts: Sequence[Layout], folder: Path) -> str:
    grades = [p.grade for p in study.participants]
    lead = (
        f"{len(grades)} patients, {grades.count('LGG')} with a low-grade and "
        f"{grades.count('HGG')} with a high-grade glioma; {len(study.settings.methods)} methods; "
        f"{len(study.settings.snrs)} levels of noise. Time from file to maps is that of one core."
    )
    if any(row.method == TRUTH for row in study.table):
        lead += (
            " The patients are simulated: their true ratio is known, and its row says how well "
            "the grades can be told apart at all."
        )
    skipped = [f"{f.participant_id} at SNR {f.snr}: {f.error}" for f in study.failed]
    skipped += [
        f"{r.participant_id} at SNR {r.snr}, {r.method}: {r.note}" for r in study.rows if r.note
    ]
    preparation = study.settings.preparation
    facts = {
        **{name: v for name, v in _versions().items()},
        "seed": str(study.settings.seed),
        "map": map_name(study.settings.map),
        "bootstrap resamples": str(study.settings.resamples),
        "leakage model": preparation.leakage.name if study.settings.leakage_corrected else "none",
        "head motion": "left in" if preparation.motion is None else "corrected",
        "training": study.trained or "none; weights as shipped",
    }
    return study_page(
        cohort=study.cohort.name,
        lead=lead,
        skipped=skipped,
        tables=layouts,
        folder=folder,
        methods=methods_paragraph(study.settings, study.trained),
        facts=facts,
    )


def _versions() -> dict[str, str]:
    return {**{name: version(name) for name in PACKAGES}, "python": platform.python_version()}


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return value
