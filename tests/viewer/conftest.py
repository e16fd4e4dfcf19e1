"""A small patient with a tumour, mapped once; every test that writes has a copy of its own."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from viewer_cases import JUMPS, let_in
from viewer_pages import opened  # noqa: F401  (a fixture)

import bolus
from altered import MIXED, leaking
from bolus.data import Motion, StrokeThresholds
from bolus.findings import with_numbers
from bolus.patient import estimate, measure_prepared
from bolus.phantom import simulate_patient
from bolus.preprocess import censor_moved, prepare
from bolus.viewer import viewer_app

EARLY = StrokeThresholds(late=(2.0, 3.5), critical=2.0, severe=3.5, normal=1.8)


@pytest.fixture(scope="module", autouse=True)
def _undrawn(undrawn):
    """The viewer shows maps itself, not their overview."""


@pytest.fixture(scope="session")
def patient():
    return simulate_patient(seed=5, shape=(48, 48, 6), snr=60, tumor="high")


@pytest.fixture(scope="session")
def kept(patient, tmp_path_factory):
    """Results that tests only read: 'phae', and 'leak', by osvd with the leakage corrected.

    'stroke' is 'phae' with so early a threshold that tissue is late without a stroke.
    """
    root = tmp_path_factory.mktemp("results")
    regions = {"tumor": patient.masks.tumor, "reference": patient.masks.nawm}
    plain = bolus.perfusion_maps(
        patient.series, "phae", regions=regions, preparation=leaking(False)
    )
    plain.save(root / "phae")
    asked = replace(plain.preparation, stroke=EARLY)
    stroke = with_numbers(replace(plain, preparation=asked))
    stroke.save(root / "stroke")
    leak = bolus.perfusion_maps(
        patient.series, "osvd", regions=regions, preparation=leaking(model="bsw", unmix=False)
    )
    leak.save(root / "leak")
    flagged = np.isin(np.arange(patient.series.n_frames), JUMPS)
    motion = Motion(
        pose=np.zeros((flagged.size, 6)), displacement=2.0 * flagged, flagged=flagged, limit=1.0
    )
    series = censor_moved(prepare(patient.series, motion=motion))
    jumping = estimate(measure_prepared(series, preparation=MIXED), "phae")
    jumping.save(root / "jumping")
    return SimpleNamespace(root=root, phae=plain, leak=leak, stroke=stroke)


@pytest.fixture
def folder(kept, tmp_path):
    """A copy of the result by phae, to write into."""
    shutil.copytree(kept.root / "phae", tmp_path / "OUT")
    return tmp_path / "OUT"


@pytest.fixture(scope="session")
def reading(kept):
    """A client of the result by phae, for what changes nothing, and its application."""
    app = viewer_app(kept.root / "phae")
    return SimpleNamespace(client=let_in(app), app=app, session=app.state.session)


@pytest.fixture
def writing(folder):
    """A client of the copy, and its application."""
    app = viewer_app(folder)
    yield SimpleNamespace(client=let_in(app), app=app, session=app.state.session, folder=folder)
    app.state.session.job.wait(30)
