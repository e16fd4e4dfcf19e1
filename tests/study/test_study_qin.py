"""From a folder like the collection's to graded patients, DICOM all the way."""

import math
from dataclasses import replace

import numpy as np
import pytest
from qin_tree import Head, Place, write_images, write_roi, write_table

from altered import MIXED
from bolus.io.qin import import_qin
from bolus.patient import perfusion_maps
from bolus.phantom import TumorPerfusion, simulate_patient
from bolus.study import StudySettings, run_study

RATIOS = {"low": ((1.1, 1.0), (1.3, 1.2)), "high": ((2.6, 2.2), (3.6, 3.0))}
"""CBV and CBF of the tumours over white matter."""


def lps(volume):
    """Axes from right to left, front to back: as the rows and columns of an image run."""
    return np.ascontiguousarray(volume[::-1, ::-1])


def write(root, patient, name):
    grid = patient.series.grid
    edge, _, gap = grid.voxel_size
    last = grid.affine @ [grid.shape[0] - 1, grid.shape[1] - 1, 0, 1]
    place = Place(grid.shape, (-last[0], -last[1], last[2]), (edge, edge, gap))
    head = Head(patient=name, tr=patient.series.dt, te=patient.series.te)
    study = root / name / "02-03-2001-MR BRAIN PERFUSION-48213"
    signal = np.rint(lps(patient.series.signal)).astype(np.uint16)
    write_images(study / "5.000000-AX DSC PERFUSION-70112", signal, place, head)
    for number, (told, mask) in enumerate(
        (("AIFx3", "aif"), ("Mask_Brain", "brain"), ("Mask NAWM", "nawm"), ("MaskTumor", "tumor"))
    ):
        roi = replace(head, number=11 + number, description=told)
        write_roi(study, lps(getattr(patient.masks, mask)), place, roi)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root, patients = tmp_path_factory.mktemp("qin"), {}
    for grade, ratios in RATIOS.items():
        for cbv, cbf in ratios:
            name = f"QIN-BRAIN-DSC-01-{len(patients) + 1:02d}"
            patient = simulate_patient(
                seed=len(patients),
                snr=100,
                tr=1.5,
                frames=32,
                tumor=grade,
                shape=(28, 28, 4),
                ratios=TumorPerfusion(cbv=cbv, cbf=cbf),
            )
            write(root / "collection", patient, name)
            patients[name] = patient
    table = write_table(
        root / "grades.tsv",
        *(f"{n} {'HGG' if p.settings.tumor == 'high' else 'LGG'}" for n, p in patients.items()),
    )
    imported = import_qin(root / "collection", root / "cohort", table)
    assert imported.skipped == ()
    return root, patients


@pytest.mark.usefixtures("unrendered")
def test_from_dicom_to_grades(made, tmp_path):
    root, patients = made
    settings = StudySettings(methods=("osvd",), snrs=(math.inf,), resamples=100, preparation=MIXED)
    study = run_study(root / "cohort", tmp_path / "results", settings=settings, jobs=1)
    assert study.failed == ()
    (row,) = study.table
    assert row.roc.auc == 1
    assert (tmp_path / "results" / "report.html").exists()
    for one, patient in zip(study.rows, patients.values(), strict=True):
        masks = patient.masks
        given = (masks.aif, masks.brain)  # a study leaves motion in
        maps = perfusion_maps(
            patient.series, "osvd", *given, regions={"tumor": masks.tumor}, preparation=MIXED
        )
        ratio = np.nanmean(maps.cbf[masks.tumor]) / np.nanmean(maps.cbf[masks.nawm])
        assert one.ratio == pytest.approx(float(ratio), rel=0.02)  # whole numbers in the files
