"""Every method's result opens again, and explains what its maps say."""

from dataclasses import replace

import numpy as np
import pytest

import bolus
from altered import MIXED
from bolus.estimators import METHODS, capabilities
from bolus.viewer.load import read_view
from bolus.viewer.voxel import voxel


@pytest.fixture(scope="module")
def few(kept):
    """A brain of a few voxels, so that slow methods are quick."""
    mask = np.zeros_like(kept.phae.mask)
    inside = np.flatnonzero(kept.phae.quality == 0)
    mask.ravel()[inside[:: inside.size // 150]] = True
    return mask


CASES = [*((name, False) for name in METHODS), ("phae", True), ("osvd", True)]


@pytest.mark.parametrize(("name", "relative"), CASES)
def test_what_is_explained_is_what_was_mapped(name, relative, patient, kept, few, tmp_path):
    series, aif = patient.series, kept.phae.aif
    if relative:
        series = replace(series, te=None)
        aif = replace(aif, curve=aif.curve * patient.series.te)
    maps = bolus.perfusion_maps(series, name, aif=aif, mask=few, preparation=MIXED)
    maps.save(tmp_path / "OUT")
    view, chosen = read_view(tmp_path / "OUT")
    assert chosen == METHODS[name]()
    for where in np.argwhere(few)[::40]:
        index = tuple(int(n) for n in where)
        told = voxel(view, index)
        values = {row["name"]: row for row in told["values"]}
        for key in ("cbf", "cbv", "mtt", "tmax"):
            assert values[key]["value"] == pytest.approx(float(maps.volume(key)[index]), rel=1e-5)
        height, cbf = max(told["response"]["value"]), values["cbf"]["value"]
        # of a grid, response and curve are those of the best cell
        assert height == pytest.approx(cbf, rel=1.0 if name in ("joint", "bayes") else 2e-3)
        left = np.subtract(told["curve"], told["reconstruction"])
        noise = view.curves.noise_sd[view.rows[index]]
        assert np.sqrt(np.mean(left**2)) / noise == pytest.approx(
            values["misfit"]["value"], rel=0.15
        )
        assert (values["cbf"]["quantiles"] is not None) == capabilities(chosen).posterior
        if relative:
            assert values["cbf"]["unit"] == "1/s, relative"
