"""A result in Python: one map, tables, plots, and what a notebook shows."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from altered import BARE
from bolus.data import InputError
from bolus.patient import perfusion_maps
from bolus.phantom import simulate_patient
from bolus.report import plot_curves


@pytest.fixture(scope="module")
def maps():
    made = simulate_patient(seed=3, tumor="high", shape=(28, 28, 5), frames=36)
    regions = {"tumor": made.masks.tumor, "reference": made.masks.nawm}
    return perfusion_maps(made.series, "bayes", preparation=BARE, regions=regions)


def test_a_map_by_its_name(maps):
    one = maps["cbf"]
    assert one.values is maps.volumes["cbf"]
    assert one.sd is maps.sd["cbf"]
    assert (one.unit.printed, one.affine is maps.grid.affine) == ("mL/100 g/min", True)
    assert maps["cbf_sd"].values is maps.sd["cbf"]
    assert maps["ttp"].sd is None
    with pytest.raises(InputError, match="no map 'flow'; there are cbf, cbv"):
        maps["flow"]


def test_voxels_as_rows(maps):
    frame = maps.to_dataframe()
    assert len(frame) == maps.mask.sum()
    row = frame.iloc[100]
    place = int(row.i), int(row.j), int(row.k)
    for name in maps.units:
        assert row[name] == pytest.approx(float(maps.volume(name)[place]), nan_ok=True)
    np.testing.assert_allclose(
        row[["x", "y", "z"]].astype(float), (maps.grid.affine @ [*place, 1])[:3]
    )
    assert frame.in_tumor.sum() == (maps.rois["tumor"] & maps.mask).sum()
    assert frame.attrs["units"] == maps.units


def test_numbers_as_rows(maps):
    frame = maps.numbers_to_dataframe()
    assert list(frame.value) == [number.value for number in maps.measurements]
    assert len(replace(maps, measurements=()).numbers_to_dataframe()) == 0


def test_plots_are_the_user_s(maps, capsys):
    axes = Figure().subplots()
    assert maps.plot("mtt", axes) is axes
    assert axes.get_title() == "Mean transit time"
    shown = axes.images[0].get_array()
    assert np.nanmax(shown) == pytest.approx(np.nanmax(maps.mtt[maps.mask]))
    assert plot_curves(maps, Figure().subplots()).get_xlabel() == "time, s"
    assert capsys.readouterr() == ("", "")


def test_a_notebook_shows_verdict_and_picture(maps):
    html = maps._repr_html_()
    assert "not a medical device" in html
    assert "data:image/png;base64," in html
    assert "<script" not in html
    odd = replace(maps, method="<b>odd</b>")
    assert "<b>odd" not in odd._repr_html_()
    assert repr(maps).startswith("<PatientMaps by bayes: cbf, cbv, mtt")
