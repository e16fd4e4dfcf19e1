"""Every output has every map of the list: a new entry is enough, and a forgotten table is red."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from altered import MIXED
from bolus.data import QUANTITIES, is_sd, quantity_of
from bolus.data.quantities import Ratio
from bolus.io.bids.dataset import SUFFIXES, BidsNames
from bolus.patient import estimate, measure
from bolus.phantom import simulate_patient
from bolus.report import summary, write_bids, write_report
from bolus.report.page.regions import region_table
from bolus.report.page.shown import shown_maps
from bolus.viewer.panels import shown
from bolus.viewer.regions import ratios
from bolus.viewer.view import Result, View

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def result():
    """Maps of every quantity, by the two methods that have them, corrected for leakage."""
    made = simulate_patient(seed=1, tumor="high", shape=(32, 32, 4))
    regions = {"tumor": made.masks.tumor, "reference": made.masks.nawm, "adc": made.adc}
    measured = measure(made.series, preparation=MIXED, regions=regions)
    maps = estimate(measured, "vascular")
    volumes = {**estimate(measured, "joint").volumes, **maps.volumes}
    assert set(volumes) == set(QUANTITIES), "a line in quantify is missing"
    maps = replace(maps, volumes={**volumes, "tmax": maps.tmax + np.float32(0.5)})
    return Result(measured=measured, maps=maps, explain=None)


@pytest.fixture(scope="module")
def maps(result):
    return result.maps


def test_summary_and_units(maps):
    told = json.loads(json.dumps(summary(maps)))
    assert set(told["units"]) == set(told["median"]) == set(maps.units)
    assert {name for name in maps.units if not is_sd(name)} == set(QUANTITIES)


def test_the_result_folder(maps, tmp_path):
    write_report(maps, tmp_path)
    for name in maps.units:
        assert (tmp_path / f"{name}.nii.gz").is_file()
        sidecar = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert sidecar["Units"] == maps.unit(name).written
        assert quantity_of(name).described in sidecar["Description"]


def test_a_bids_dataset(maps, tmp_path):
    names = BidsNames.of("01", None, "vascular")
    write_bids(maps, tmp_path, names)
    for name in maps.units:
        path = tmp_path / names.path(f"{name}.nii.gz")
        assert path.is_file()
        assert path.name.removesuffix(".nii.gz").rsplit("_", 1)[1] in SUFFIXES


def test_page_and_table_of_regions(maps):
    found = shown_maps(maps)
    assert [s.name for s in found] == list(QUANTITIES)
    assert [(s.low, s.high) for s in found] == [maps.display_range(s.name) for s in found]
    table = region_table(maps, found)
    assert any("CBV alone" in note for note in table.notes)
    rows = {row[0].split(",")[0]: row for row in table.rows}
    assert set(rows) == {q.title for q in QUANTITIES.values()}
    for quantity in QUANTITIES.values():
        compared = quantity.ratio is not Ratio.NONE
        assert (rows[quantity.title][-3] != "–") == compared
    assert float(rows["PSR"][-3]) == pytest.approx(log_ratio(maps, "psr"), abs=0.005)


def test_the_viewer(result, maps):
    curves = result.measured.curves
    view = View(
        series=maps.series,
        curves=curves,
        result=result,
        regions=maps.rois,
        preparation=maps.preparation,
    )
    found = {volume["name"]: volume for volume in shown(view)}
    assert list(found)[:-2] == list(QUANTITIES)
    for name in QUANTITIES:
        assert found[name]["window"] == maps.display_range(name)
        assert (found[name]["spread"] is not None) == (name in maps.sd)
    rows = {row["name"]: row for row in ratios(view, maps.rois)["rows"]}
    assert set(rows) == {n for n, q in QUANTITIES.items() if q.ratio is not Ratio.NONE}
    assert rows["psr"]["mean"] == pytest.approx(log_ratio(maps, "psr"))
    assert rows["psr"]["title"] == "PSR, ln of ratios"


def test_the_documents():
    text = (DOCS / "output.md").read_text(encoding="utf-8")
    table, dicom = text.split("## Units")[0], text.split("| quantity (DCM")[1]
    for name, quantity in QUANTITIES.items():
        assert f"`{name}.nii.gz`" in table
        row = re.search(rf"^\|[^|]*`{name}`.*$", dicom, flags=re.MULTILINE)
        assert row, f"no DICOM code of {name}"
        assert quantity.code.value in row.group()
        assert quantity.unit.code.value in row.group()


def log_ratio(maps, name):
    tumor, reference = (maps.volumes[name][maps.rois[n]] for n in ("tumor", "reference"))
    return float(np.log(np.nanmean(tumor) / np.nanmean(reference)))
