"""The page in a browser: it opens sealed, shows the maps as they are, and does what it is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from page_cases import LPS, cut, on_grid, volumes, with_flow

from bolus.data import Identity, Quality
from bolus.report.page import page, write_page
from browser import colours, open_page

READY = "html[data-viewer=ready]"
CANVAS = "#v-canvas"


@pytest.fixture(scope="module")
def visit(chromium, mapped, tmp_path_factory):
    """One page for all tests that leave it as they found it."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(mapped, path)
    seen = ready(open_page(chromium, path))
    yield seen
    assert_clean(seen, path)
    seen.page.context.close()


@pytest.fixture
def opened(chromium_page, tmp_path):
    """Write a page of maps, open it and wait for its viewer; at the end it must have been clean."""
    visits = []

    def open_maps(maps, identity=None, **options):
        path = tmp_path / f"report-{len(visits)}.html"
        write_page(maps, path, identity)
        visits.append((ready(chromium_page(path, **options)), path))
        return visits[-1][0]

    yield open_maps
    for seen, path in visits:
        assert_clean(seen, path)


def ready(seen):
    seen.page.wait_for_selector(READY, timeout=60_000)
    return seen


def assert_clean(seen, path):
    """No error, no warning, and nothing asked for but the file itself."""
    assert seen.errors == []
    assert seen.warnings == []
    assert seen.foreign() == [path.resolve().as_uri()]


def go_to(page, voxel):
    for axis, n in zip("ijk", voxel, strict=True):
        page.fill(f"#v-{axis}", str(n))
        page.dispatch_event(f"#v-{axis}", "change")


def voxel_of(page):
    return tuple(int(page.input_value(f"#v-{axis}")) for axis in "ijk")


def values_of(page):
    """Map → (value, SD or None) as the table at the crosshair tells them."""
    told = page.evaluate("""() => [...document.querySelectorAll('#v-values tr')].map((row) =>
      [row.dataset.map, ...[...row.cells[1].childNodes].map((part) => part.textContent)])""")

    def number(text):
        return float(text.strip(" ±≥≤")) if any(c.isdigit() for c in text) else None

    return {name: (number(value), number(sd)) for name, value, sd in told}


def choose(page, name):
    page.locator("#v-maps label", has_text=name).first.click()


def set_slider(page, selector, value):
    page.evaluate("""([selector, value]) => { const input = document.querySelector(selector);
      input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }""",
      [selector, value])  # fmt: skip


def test_the_page_opens_alone_and_shows_a_map(visit):
    assert_clean(visit, Path(visit.page.url.removeprefix("file://")))
    assert visit.page.is_visible("#viewer")
    assert not visit.page.is_visible("#viewer-note")
    flow = visit.pixels(CANVAS)
    assert colours(flow) > 100
    choose(visit.page, "MTT")
    transit = visit.pixels(CANVAS)
    assert (flow != transit).any(axis=2).mean() > 0.1
    assert visit.page.locator("tr.chosen").get_attribute("data-map") == "mtt"
    assert visit.page.inner_text("#v-unit") == "s"
    choose(visit.page, "CBF")
    assert (visit.pixels(CANVAS) == flow).all()


def test_the_crosshair_tells_what_the_maps_hold(visit, mapped):
    steps = {m["name"]: (m["step"], m["digits"]) for m in volumes(page(mapped))["maps"]}
    inside = np.argwhere(mapped.mask)
    for voxel in inside[np.random.default_rng(0).choice(len(inside), 12, replace=False)]:
        go_to(visit.page, voxel)
        assert voxel_of(visit.page) == tuple(voxel)
        for name, (value, sd) in values_of(visit.page).items():
            step, digits = steps[name]
            slack = step / 2 + 0.5 * 10.0**-digits + 1e-9
            true = mapped.volume(name)[tuple(voxel)]
            if not np.isfinite(true):
                assert value is None
            elif abs(true) < 30_000 * step:
                assert value == pytest.approx(true, abs=slack)
            if sd is not None:
                assert sd == pytest.approx(mapped.sd[name][tuple(voxel)], abs=slack)


def test_words_at_the_crosshair(opened, mapped):
    quality = mapped.quality.copy()
    silent = tuple(np.argwhere(mapped.rois["tumor"])[0])
    quality[silent] = Quality.NO_BOLUS
    visit = opened(replace(mapped, quality=quality))
    go_to(visit.page, silent)
    assert visit.page.inner_text("#v-told") == "Quality: no bolus, in the tumour."
    go_to(visit.page, (0, 0, 0))
    assert visit.page.inner_text("#v-told") == "Outside the brain mask."
    assert values_of(visit.page)["cbf"] == (None, None)


def test_opacity_window_and_rims_change_the_picture(visit, mapped):
    go_to(visit.page, np.argwhere(mapped.rois["tumor"])[0])
    before = visit.pixels(CANVAS)
    visit.page.uncheck("#v-rois")
    bare = visit.pixels(CANVAS)
    assert 0.001 < (before != bare).any(axis=2).mean() < 0.1
    set_slider(visit.page, "#v-opacity", 0)
    grey = visit.pixels(CANVAS)
    assert (np.ptp(bare.astype(int), axis=2) > 3).mean() > 0.2
    assert (np.ptp(grey.astype(int), axis=2) > 3).mean() < 0.01  # the crosshair alone
    set_slider(visit.page, "#v-opacity", 100)
    visit.page.fill("#v-high", "20")
    visit.page.dispatch_event("#v-high", "change")
    bright = visit.pixels(CANVAS)
    assert bright.mean() > bare.mean() + 10
    visit.page.click("#v-reset")
    assert (visit.pixels(CANVAS) == bare).all()
    visit.page.fill("#v-low", "1000")  # above the upper end: not taken
    visit.page.dispatch_event("#v-low", "change")
    assert float(visit.page.input_value("#v-low")) == 0
    visit.page.check("#v-rois")
    assert (visit.pixels(CANVAS) == before).all()


def test_everything_works_from_the_keyboard(visit, mapped):
    start = (20, 20, 4)
    go_to(visit.page, start)
    visit.page.focus(CANVAS)
    steps = {"ArrowLeft": (1, 0, 0), "ArrowDown": (0, -1, 0), "PageDown": (0, 0, -1)}
    for key, step in steps.items():
        here = voxel_of(visit.page)
        visit.page.keyboard.press(key)
        assert tuple(np.subtract(voxel_of(visit.page), here)) == step
    visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("ArrowUp")
    visit.page.keyboard.press("PageUp")
    assert voxel_of(visit.page) == start
    visit.page.keyboard.press("4")
    assert visit.page.locator("tr.chosen").get_attribute("data-map") == "mtt"
    for _ in range(20):
        visit.page.keyboard.press("PageUp")
    assert voxel_of(visit.page)[2] == mapped.mask.shape[2] - 1
    assert visit.page.inner_text("#v-slice-told") == "8 of 8"
    visit.page.keyboard.press("/")  # niivue's own keys would open an alert
    visit.page.keyboard.press("c")


def test_mouse_and_slider_move_through_the_volume(visit):
    set_slider(visit.page, "#v-slice", 3)
    assert voxel_of(visit.page)[2] == 2
    box = visit.page.locator(CANVAS).bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert np.abs(np.subtract(voxel_of(visit.page), (23.5, 23.5, 2))).max() <= 1
    visit.page.mouse.wheel(0, -100)
    assert voxel_of(visit.page)[2] != 2
    visit.page.select_option("#v-planes", "three")
    assert colours(visit.pixels(CANVAS)) > 100
    visit.page.select_option("#v-planes", "one")


def test_the_wheel_scrolls_the_page_until_the_picture_is_clicked(visit):
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.locator(CANVAS).scroll_into_view_if_needed()
    here, top = voxel_of(visit.page), visit.page.evaluate("scrollY")
    box = visit.page.locator(CANVAS).bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    visit.page.mouse.wheel(0, 200)
    assert voxel_of(visit.page) == here
    for _ in range(50):  # not wait_for_function: it needs eval, which the page forbids
        if visit.page.evaluate("scrollY") != top:
            break
        visit.page.wait_for_timeout(100)
    assert visit.page.evaluate("scrollY") != top


@pytest.mark.parametrize("flip", [np.eye(4), LPS], ids=["RAS", "LPS"])
def test_the_patients_right_is_on_the_left(opened, mapped, flip):
    affine = mapped.grid.affine @ flip
    x = np.tensordot(affine[0, :3], np.indices(mapped.mask.shape), axes=1)
    side = x > np.median(x)
    flow = np.where(mapped.mask, np.where(side, 100.0, 1.0), np.nan)
    maps = replace(with_flow(mapped, flow), rois={})
    visit = opened(on_grid(maps, affine))
    bright = visit.pixels(CANVAS).mean(axis=2)
    half = bright.shape[1] // 2
    assert bright[:, :half].mean() > 2 * bright[:, half:].mean()


def test_an_oblique_volume_keeps_its_voxels(opened, mapped):
    turn = np.radians(20)
    tilt = np.eye(4)
    tilt[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    visit = opened(on_grid(mapped, tilt @ mapped.grid.affine @ LPS))
    for voxel in np.argwhere(mapped.mask)[::1500]:
        go_to(visit.page, voxel)
        assert voxel_of(visit.page) == tuple(voxel)
        assert values_of(visit.page)["cbf"][0] == pytest.approx(
            mapped.cbf[tuple(voxel)], abs=0.2, rel=0.01
        )


def test_one_slice_and_missing_values_are_shown(opened, mapped):
    few = np.arange(mapped.cbf.size).reshape(mapped.cbf.shape) % 7 == 0
    holes = np.where(few, mapped.cbf, np.nan)
    visit = opened(cut(with_flow(mapped, holes), slice(4, 5)))
    assert visit.page.inner_text("#v-slice-told") == "1 of 1"
    assert visit.page.is_disabled("#v-slice")
    assert colours(visit.pixels(CANVAS)) > 50


def test_a_hostile_name_is_read_and_not_run(opened, mapped):
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    visit = opened(mapped, Identity(name=name))
    assert name in visit.page.inner_text(".identity")
    assert visit.page.locator(".identity img").count() == 0


def test_without_webgl2_the_page_says_so_and_keeps_its_pictures(chromium_page, mapped, tmp_path):
    write_page(mapped, tmp_path / "report.html")
    blind = "HTMLCanvasElement.prototype.getContext = () => null;"
    for options in ({"before": blind}, {"java_script_enabled": False}):
        visit = chromium_page(tmp_path / "report.html", **options)
        assert "needs JavaScript and WebGL2" in visit.page.inner_text("#viewer-note")
        assert not visit.page.is_visible("#viewer")
        assert visit.errors == []
        assert colours(visit.pixels(".film >> nth=0")) > 50


def test_the_paragraph_can_be_taken(visit):
    visit.page.click("#copy")
    visit.page.wait_for_selector("#copied:not(:empty)")
    selected = visit.page.evaluate("String(getSelection())")
    assert selected.startswith("Perfusion maps were computed")
    assert "Østergaard" in selected


def test_the_page_fits_a_telephone(opened, mapped):
    visit = opened(mapped, width=420, height=900)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 420
    assert colours(visit.pixels(CANVAS)) > 100
