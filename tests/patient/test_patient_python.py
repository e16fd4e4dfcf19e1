"""A result in Python: one map, tables, plots, and what a notebook shows."""

import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from matplotlib.figure import Figure

import bolus
from altered import BARE
from bolus.base import extras
from bolus.data import InputError
from bolus.estimators.weights import shipped_weights
from bolus.io import write_series
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


@pytest.mark.parametrize("name", ["to_dataframe", "numbers_to_dataframe"])
def test_without_pandas_it_says_what_to_install(maps, name, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda library: None)
    with pytest.raises(InputError, match=r"needs pandas, .* pip install 'bolus\[pandas\]'"):
        getattr(maps, name)()


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
    assert repr(maps).startswith("<PatientMaps by bayes, 28 × 28 × 5 voxels: cbf, cbv, mtt")
    assert max(map(len, repr(maps).splitlines())) < 80


def test_a_map_as_an_image_of_nibabel(maps, tmp_path):
    image = maps.to_nibabel("mtt")
    np.testing.assert_array_equal(np.asarray(image.dataobj), maps.mtt)
    np.testing.assert_allclose(image.affine, maps.grid.affine)
    np.testing.assert_array_equal(np.asarray(maps.to_nibabel("cbf_sd").dataobj), maps.sd["cbf"])
    with pytest.raises(InputError, match="no map 'flow'"):
        maps.to_nibabel("flow")


def test_maps_as_labelled_arrays(maps):
    pytest.importorskip("xarray")
    found = maps.to_xarray()
    np.testing.assert_array_equal(found["cbf"].values, maps.cbf)
    assert found["cbf"].attrs["units"] == maps.units["cbf"]
    assert found["cbf_sd"].dims == ("i", "j", "k")
    assert found["in_tumor"].values.sum() == maps.rois["tumor"].sum()
    np.testing.assert_allclose(np.reshape(found.attrs["affine"], (4, 4)), maps.grid.affine)


def test_without_xarray_it_says_what_to_install(maps, monkeypatch):
    monkeypatch.setattr("bolus.base.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'bolus\[xarray\]'"):
        maps.to_xarray()


def test_maps_of_a_path_and_of_an_array_are_those_of_the_series(tmp_path):
    series = simulate_patient(seed=3, shape=(24, 24, 4), frames=36).series
    write_series(tmp_path / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te)
    affine = series.grid.affine
    usual = perfusion_maps(series, "osvd", preparation=BARE)
    path = perfusion_maps(tmp_path / "dsc.nii.gz", "osvd", preparation=BARE)
    array = perfusion_maps(
        series.signal, "osvd", preparation=BARE, tr=series.dt, te=series.te, affine=affine
    )
    np.testing.assert_array_equal(array.cbf, usual.cbf)
    np.testing.assert_array_equal(path.cbf, usual.cbf)
    told = perfusion_maps(tmp_path / "dsc.nii.gz", "osvd", preparation=BARE, te=0.04)
    assert told.series.te == 0.04
    for wrong, words in (
        ({"tr": 1.5}, "affine="),
        ({"affine": affine}, "tr="),
        ({"tr": 1.5, "affine": np.eye(3)}, "4 × 4"),
    ):
        with pytest.raises(InputError, match=words):
            perfusion_maps(series.signal, "osvd", **wrong)
    with pytest.raises(InputError, match="te= cannot be given here: a DSCSeries has its own"):
        perfusion_maps(series, te=0.03)
    with pytest.raises(InputError, match="affine= cannot be given here"):
        perfusion_maps(tmp_path / "dsc.nii.gz", affine=affine)
    with pytest.raises(InputError, match=r"\(x, y, z, t\), found ndarray of shape \(3, 3\)"):
        perfusion_maps(np.zeros((3, 3)))


def test_help_names_only_what_can_be_imported():
    for name in bolus.__all__:
        one = getattr(bolus, name)
        texts = [one.__doc__] if callable(one) else []
        if isinstance(one, type):
            texts += [method.__doc__ for method in vars(one).values() if callable(method)]
        for told in re.findall(r"``(bolus(?:\.\w+)+)``", "\n".join(filter(None, texts))):
            module, _, attribute = told.rpartition(".")
            assert hasattr(import_module(module), attribute), f"{name}: {told}"
    assert "``bolus.METHODS``" in bolus.perfusion_maps.__doc__


def test_what_holds_arrays_is_printed_as_wide_as_a_screen(maps):
    things = [maps, maps["cbf"], maps.aif, maps.series, maps.series.series, maps.grid]
    things += [maps.regions["brain"], shipped_weights("phae")]
    for one in things:
        lines = repr(one).splitlines()
        assert len(lines) <= 8
        assert max(map(len, lines)) < 80
    assert repr(maps["cbf"]).startswith(
        "Map(name='cbf', values=float32 28×28×5, sd=float32 28×28×5"
    )
