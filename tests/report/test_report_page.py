"""The page as text: small, the same every time, sealed, and silent about the patient."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from page_cases import TAGS, contents, cut, frame_of, large, policy, sha256, volumes

from altered import altered
from bolus.assets import NAMES, asset_bytes, asset_text
from bolus.base.about import NOTICE
from bolus.data import ArterialScore, Criterion, Identity, Quality
from bolus.grading import Shared
from bolus.report.page import LIMIT, page, write_page
from bolus.report.page.regions import region_table
from bolus.report.page.shown import shown_maps
from bolus.report.page.volumes import FINENESS, packed

EVIL = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>@@volumes@@"
ANYONE = Identity(
    name="DOE^JANE",
    patient_id="ID-4711",
    birth_date="19500102",
    accession="ACC-0815",
    series_description="ep2d perf",
)


def test_a_page_is_small_and_the_same_every_time(mapped, tmp_path):
    first, again = page(mapped), page(mapped)
    assert first == again
    assert len(first.encode()) < LIMIT // 2
    write_page(mapped, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == first


def test_a_large_grid_of_noise_stays_under_five_megabytes(mapped):
    assert LIMIT == 5_000_000
    html = page(large(mapped))
    assert len(html.encode()) < LIMIT
    told = volumes(html)
    assert [m["name"] for m in told["maps"]][:2] == ["cbf", "cbv"]
    window = told["maps"][0]["high"] - told["maps"][0]["low"]
    assert told["maps"][0]["step"] <= window / 200


def test_less_room_means_coarser_then_fewer_then_no_volumes(mapped):
    shown, kept, room = shown_maps(mapped), [], 10**9
    while (text := packed(mapped, shown, room)) is not None:
        assert len(text) <= room
        kept.append(json.loads(text))
        room = len(text) - 1
    steps = [told["maps"][0]["step"] for told in kept]
    assert steps == sorted(steps)
    assert len(kept) == len(FINENESS)
    assert [told["left"] for told in kept[:3]] == ["", "", ""]
    assert kept[-2]["left"] == "uncertainties"
    titles = "TTP, Normalised rCBV, Standardised rCBV, K2, PSR, Misfit, uncertainties"
    assert kept[-1]["left"] == titles
    assert [m["name"] for m in kept[-1]["maps"]] == ["cbf", "cbv", "cbv_corrected", "mtt", "delay"]


def test_the_page_is_whole_where_the_volumes_find_no_room(mapped, monkeypatch):
    monkeypatch.setattr("bolus.report.page.build.LIMIT", 1_000_000)
    html = page(mapped)
    assert volumes(html) is None
    assert "All maps" in html


def test_the_policy_lets_in_what_the_page_holds_and_nothing_else(mapped):
    html = page(mapped)
    allowed = policy(html)
    assert allowed["default-src"] == ["'none'"]
    assert allowed["img-src"] == ["data:"]
    assert "unsafe" not in str(allowed)
    assert "connect-src" not in allowed
    for tag, directive in TAGS.items():
        assert [sha256(text) for text in contents(html, tag)] == allowed[directive]


def test_nothing_is_loaded_and_nothing_is_styled_or_run_inline(mapped):
    html = frame_of(page(mapped, ANYONE))
    assert set(re.findall(r'(?:src|href|srcset|action|data)="([^"]*)"', html)) <= {""}
    assert not re.search(r"<[^>]*\s(style|on\w+)=", html)
    assert "@import" not in html
    assert "url(" not in html


def test_no_script_that_others_made_could_end_its_element():
    for name in NAMES:
        text = asset_text(name).lower()
        assert not re.search(r"</style" if name.endswith(".css") else r"</script|<!--", text), name


def test_licences_travel_with_the_scripts(mapped):
    html = page(mapped)
    assert "Copyright (c) 2021, Niivue" in html
    assert "Copyright (c) 2015 RII-UTHSCSA" in html
    assert b"Leon Sorokin" in asset_bytes("uPlot.iife.min.js")
    with pytest.raises(KeyError, match="no asset"):
        asset_bytes("../__init__.py")


def test_nobody_is_named_unless_asked_for(mapped):
    silent, told = page(mapped), page(mapped, ANYONE)
    for text in vars(ANYONE).values():
        assert text not in silent
        assert text in told
    assert page(mapped, Identity()) == silent


def test_text_that_tries_to_be_markup_stays_text(mapped):
    named = page(mapped, replace(ANYONE, name=EVIL, series_description=EVIL))
    source = replace(mapped.series.source, format=EVIL)
    doubt = Criterion("height", 0.4, EVIL, concern=True, explanation=EVIL)
    score = ArterialScore(value=0.4, criteria=(doubt,))
    aif = replace(mapped.aif, notes=(EVIL,), score=score)
    series = altered(mapped.series, source=source)
    made = page(replace(mapped, method=EVIL, parameters={EVIL: EVIL}, aif=aif, series=series))
    for html in (named, made):
        assert "<img src=x" not in html
        assert "alert(2)</script>" not in html
        assert "&lt;img src=x onerror=alert(1)&gt;" in html
        assert volumes(html)["shape"] == list(mapped.grid.shape)


def test_the_notice_stands_once(mapped):
    assert page(mapped).count(NOTICE) == 1


def test_units_and_verdicts_are_told(mapped):
    html = frame_of(page(mapped))
    for text in ("mL/100 g/min", "Baseline SNR", "Can these maps be trusted?", "not judged"):
        assert text in html


def test_relative_maps_say_so(mapped):
    relative = replace(mapped, series=altered(mapped.series, te=None))
    html = frame_of(page(relative))
    assert "relative, echo time unknown" in html
    assert "mL/100" not in html


def test_regions_are_told_where_they_are_given(mapped, plain):
    assert "h-regions" not in page(plain)
    html = frame_of(page(mapped))
    assert "Tumour over reference" in html
    assert f"Tumour, {int(mapped.rois['tumor'].sum())} voxels" in html
    alone = frame_of(page(replace(mapped, rois={"tumor": mapped.rois["tumor"]})))
    assert "h-regions" in alone
    assert "Tumour over reference" not in alone


def test_the_interval_of_a_ratio_knows_that_voxels_err_alike(mapped, monkeypatch):
    def width(shared):
        monkeypatch.setattr("bolus.grading.voxels.shared_by", lambda method, name: Shared(shared))
        (row,) = (
            r for r in region_table(mapped, shown_maps(mapped)).rows if r[0].startswith("CBF")
        )
        low, high = row[-2].split(" to ")
        return np.log(float(high) / float(low))

    assert width(0.5) > 2 * width(0.01)


def test_regions_that_have_no_ratio_say_why(mapped):
    tumor = mapped.rois["tumor"]
    html = frame_of(page(replace(mapped, rois={"tumor": tumor, "reference": tumor})))
    assert "No ratio of CBF: tumour and reference overlap" in html


def test_maps_without_a_value_are_not_shown(mapped):
    nothing = np.full_like(mapped.delay, np.nan)
    names = [
        s.name for s in shown_maps(replace(mapped, volumes={**mapped.volumes, "delay": nothing}))
    ]
    assert "delay" not in names
    assert "tmax" in names
    assert "tmax" not in [s.name for s in shown_maps(mapped)]  # phae: the same as the delay


def test_a_page_of_nothing_but_missing_values_is_a_page(mapped):
    nothing = np.full_like(mapped.cbf, np.nan)
    empty = replace(
        mapped,
        volumes=dict.fromkeys(mapped.volumes, nothing),
        sd={},
        leakage_model=None,
        quality=np.where(mapped.mask, np.uint8(Quality.NON_FINITE), np.uint8(1)),
    )
    html = frame_of(page(empty))
    assert "no voxel has a fit" in html
    assert "not finite 100.0 %" in html
    assert "Do not rely on these maps" in html


def test_one_slice_and_one_voxel_are_pages(mapped):
    assert "1 slices" not in (html := frame_of(page(cut(mapped, slice(4, 5)))))
    assert "one slice" in html
    alone = np.zeros_like(mapped.mask)
    alone[24, 24, 4] = True
    assert "All maps" in page(replace(mapped, mask=alone, rois={}))


def test_motion_is_told_and_drawn(moving):
    html = frame_of(page(moving([20, 21], by=1.4)))
    assert "Head motion from frame to frame" in html
    assert "1.40 mm at most, 2 of" in html
    assert "framewise displacement" in html


def test_no_path_is_told(mapped, tmp_path):
    secret = tmp_path / "Doe_Jane" / "dsc.nii.gz"
    series = altered(mapped.series, source=replace(mapped.series.source, files=(secret,)))
    assert "Doe_Jane" not in page(replace(mapped, series=series))
