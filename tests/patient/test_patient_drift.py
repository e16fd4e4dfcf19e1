"""Signal drift: what is put in is found, and nothing else is taken for it."""

from dataclasses import replace

import numpy as np
import pytest

from bolus.aif import find_aif
from bolus.data import AIF, DriftCorrection, Preparation, Unmixing
from bolus.patient import measure, measure_prepared
from bolus.patient.drift import correct_drift
from bolus.phantom import Leak, Realism, simulate_patient
from bolus.preprocess import prepare, tissue_curves

PLAIN = Preparation(motion=None, unmixing=Unmixing(use=False))


@pytest.fixture(scope="module")
def head():
    """A head with a tumour that leaks, T2*-dominant: its late curve rises as if it drifted."""
    leak = Leak(ktrans=0.15, relaxivity=60.0, preload=1.5)
    return simulate_patient(
        seed=1300, snr=50, tumor="high", shape=(48, 48, 3), realism=Realism(leak=leak)
    )


def drifting(series, change):
    """The series whose signal changes by so large a part, (x, y, z), over its frames, linearly."""
    time = np.arange(series.n_frames) / series.n_frames
    drifted = series.signal * (1 + np.asarray(change)[..., None] * time)
    return replace(series, signal=drifted.astype(np.float32))


def corrected(series, tumor):
    """Drift that is found in a series, and the brain."""
    ready = prepare(series)
    curves = tissue_curves(ready)
    out = correct_drift(ready, curves, find_aif(curves, ready), tumor)
    return ready, out


def test_a_signal_that_holds_its_level_stays_the_same(head):
    ready, out = corrected(head.series, head.masks.tumor)
    assert out.signal is ready.signal
    assert out.drift is not None
    assert not out.drift.found


@pytest.mark.parametrize("tilt", [0.0, 0.04])
def test_a_drift_of_the_scanner_is_found_and_removed_and_a_leak_is_not(head, tilt):
    across = np.linspace(-1, 1, 48)[:, None, None] * np.ones(head.series.grid.shape)
    true = -0.05 + tilt * across
    ready, out = corrected(drifting(head.series, true), head.masks.tumor)
    left = (out.drift.change - np.log1p(true))[ready.mask]
    assert np.abs(left).mean() < 0.012
    assert np.abs(left[head.masks.tumor[ready.mask]]).mean() < 0.012
    # removed is what was put in, so that curves are those of the head without drift
    plain = tissue_curves(prepare(head.series, ready.mask, frames=ready.frames)).mean
    before, after = (tissue_curves(one).mean for one in (ready, out))
    assert np.abs(after - plain).max() < 0.35 * np.abs(before - plain).max()


def test_what_voxels_drift_on_their_own_is_shrunk_and_not_looked_for_in_a_tumour(head):
    rng = np.random.default_rng(0)
    true = 0.03 * rng.standard_normal(head.series.grid.shape)
    ready, out = corrected(drifting(head.series, true), head.masks.tumor)
    found, inside = out.drift.change[ready.mask], head.masks.tumor[ready.mask]
    own = found[~inside]
    assert np.corrcoef(own, true[ready.mask][~inside])[0, 1] > 0.75
    assert own.std() < 0.032
    assert np.ptp(found[inside]) < 0.01


def test_where_it_is_looked_for_and_what_is_recorded(head):
    drifted = drifting(head.series, np.full(head.series.grid.shape, -0.05))
    off = measure(drifted, preparation=replace(PLAIN, drift=DriftCorrection(use=False)))
    assert off.series.drift is None
    on = measure(drifted, preparation=PLAIN)
    assert on.series.drift.found
    tail = slice(-10, None)
    assert on.curves.mean[tail].mean() < off.curves.mean[tail].mean() - 1.0
    again = measure_prepared(on.series, on.aif, preparation=PLAIN)
    assert again.series is on.series


def test_too_few_voxels_teach_nothing(head):
    ready = prepare(drifting(head.series, np.full(head.series.grid.shape, -0.05)))
    few = np.zeros_like(ready.mask)
    few[tuple(np.argwhere(ready.mask)[:300].T)] = True
    ready = replace(ready, mask=few)
    curves = tissue_curves(ready)
    artery = head.aif[ready.frames.used]
    out = correct_drift(ready, curves, AIF(curve=artery, dt=ready.dt, origin="given"))
    assert not out.drift.found
