import json
from dataclasses import replace

import numpy as np
import pytest
from findings_cases import maps_with

from bolus.data import InputError
from bolus.data.measures import MEASURES, Measurement
from bolus.findings import with_numbers
from bolus.report import write_report


def test_ratio_is_that_of_the_regions():
    maps = with_numbers(maps_with(tumor=6.0, reference=2.0))
    (ratio,) = [n for n in maps.measurements if n.measure == "cbv_ratio"]
    assert ratio.value == pytest.approx(3.0)
    assert ratio.interval[0] < 3.0 < ratio.interval[1]


def test_no_region_no_number():
    assert with_numbers(replace(maps_with(tumor=6.0, reference=2.0), rois={})).measurements == ()


def test_an_unknown_measure_is_refused():
    with pytest.raises(InputError, match="a number is one of"):
        Measurement(measure="nothing", region="tumor", value=1.0)


def test_an_interval_upside_down_is_refused():
    with pytest.raises(InputError, match="an interval goes up"):
        Measurement(measure="cbv_ratio", region="tumor", value=1.0, interval=(2.0, 1.0))


def test_every_measure_says_what_it_is():
    for name, about in MEASURES.items():
        assert name == about.name
        assert all((about.definition, about.source, about.code.meaning))


def test_outputs_agree_to_the_last_digit(tmp_path):
    maps = with_numbers(maps_with(tumor=np.pi, reference=np.e / 3))
    write_report(maps, tmp_path, None)
    told = json.loads((tmp_path / "summary.json").read_text())["measurements"]
    head, *lines = (tmp_path / "numbers.tsv").read_text().splitlines()
    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert [n["value"] for n in told] == [float(row["value"]) for row in rows]
    assert [n["interval_90"][0] for n in told] == [float(row["low_90"]) for row in rows]
    assert "Numbers" in (tmp_path / "report.html").read_text()
