"""The series kept beside maps that were made of files, and what the viewer makes of it.

Arrays read from a file lie in memory otherwise than simulated ones do.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

import bolus
from altered import MIXED
from bolus.base.tensors import read_tensors, write_tensors
from bolus.data import SeriesError
from bolus.io import KEPT, read_kept, read_map, read_series, write_dicom_series, write_kept
from bolus.viewer import viewer_app

SOURCES = ("nifti", "dicom")

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def sources(patient, tmp_path_factory):
    """The same patient as a NIfTI file and as a DICOM folder."""
    folder = tmp_path_factory.mktemp("sources")
    write_dicom_series(folder / "dicom", patient.series)
    return {"nifti": patient.path, "dicom": folder / "dicom"}


@pytest.fixture(scope="module", params=[(s, m) for s in SOURCES for m in ("found", "given")])
def result(request, sources, patient, tmp_path_factory):
    """Maps in a folder: of either source, with the brain found or given by a file."""
    source, mask = request.param
    folder = tmp_path_factory.mktemp("kept") / "OUT"
    brain = patient.folder / "brain.nii.gz" if mask == "given" else None
    maps = bolus.perfusion_maps(read_series(sources[source]), "osvd", mask=brain, preparation=MIXED)
    maps.save(folder)
    return maps, folder


def test_the_kept_series_is_the_one_that_was_mapped(result):
    maps, folder = result
    found = read_kept(folder / KEPT)
    signal, brain = np.asarray(maps.series.signal), maps.mask
    np.testing.assert_array_equal(found.mask, brain)
    np.testing.assert_allclose(found.signal[brain], signal[brain], rtol=1e-6)
    mean = signal[..., maps.series.frames.baseline].mean(axis=3)
    np.testing.assert_allclose(found.signal[~brain], np.repeat(
        mean[~brain][:, None], found.n_frames, axis=1), rtol=1e-4)  # fmt: skip
    np.testing.assert_array_equal(found.grid.affine, maps.grid.affine)


def test_the_viewer_makes_the_same_maps_of_it(result):
    maps, folder = result
    session = viewer_app(folder).state.session
    marks = maps.aif.mask
    session.recompute(marks)
    session.job.wait(60)
    assert session.job.state == "done", session.job.problem
    for name in ("cbf", "cbv", "mtt", "tmax"):
        found, _ = read_map(folder / f"{name}.nii.gz", maps.grid)
        np.testing.assert_allclose(found, maps.volume(name), rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_does_not_matter(patient, tmp_path, order):
    maps = bolus.perfusion_maps(patient.series, "osvd", preparation=MIXED)
    signal = np.array(maps.series.signal, order=order)
    series = replace(maps.series.with_signal(signal), mask=np.array(maps.mask, order=order))
    write_kept(series, tmp_path / KEPT)
    found = read_kept(tmp_path / KEPT)
    np.testing.assert_array_equal(found.mask, maps.mask)
    np.testing.assert_allclose(found.signal[maps.mask], signal[maps.mask], rtol=1e-6)


def test_a_series_kept_by_the_version_that_scrambled_is_refused(patient, tmp_path):
    maps = bolus.perfusion_maps(patient.series, "osvd", preparation=MIXED)
    maps.save(tmp_path / "OUT")
    path = tmp_path / "OUT" / KEPT
    tensors, facts = read_tensors(path)
    told = {**json.loads(facts["told"]), "format": "bolus-series-1"}
    write_tensors(path, tensors, {"told": json.dumps(told)})
    with pytest.raises(SeriesError, match=r"scrambled.*bolus maps"):
        read_kept(path)
