"""Windows, colours, zoom, and several pictures at once, as in viewers that people know."""

import csv

import numpy as np
from matplotlib.image import imread
from viewer_pages import WAIT, shown, some, until

from bolus.io import read_mask
from bolus.report.page.numbers import number_lines
from bolus.report.rims import RIMS
from bolus.viewer.voxel import voxel


def window(page):
    return tuple(float(page.page.locator(name).input_value()) for name in ("#low", "#high"))


def drag(page, start, by, button):
    mouse = page.page.mouse
    mouse.move(*start)
    mouse.down(button=button)
    mouse.move(start[0] + by[0], start[1] + by[1], steps=3)
    mouse.up(button=button)


def middle(page, canvas):
    box = page.page.locator("#panes canvas").nth(canvas).bounding_box()
    return box["x"] + 0.5 * box["width"] + 20, box["y"] + 0.5 * box["height"] + 10


def test_the_window_is_dragged_and_the_picture_moved(opened):
    page = opened()
    low, high = window(page)
    place = page.chosen()
    drag(page, middle(page, 0), (160, 0), "right")
    wider = until(lambda: (told := window(page)) != (low, high) and told)
    assert np.isclose(wider[1] - wider[0], 1.5 * (high - low), rtol=0.02)
    drag(page, middle(page, 0), (0, -80), "right")  # upwards: brighter
    until(lambda: window(page)[1] < wider[1])
    assert page.chosen() == place

    page.page.keyboard.down("Control")
    page.page.mouse.wheel(0, -500)
    page.page.keyboard.up("Control")
    page.page.locator("#zoom", has_text="4×").wait_for(timeout=WAIT)
    zoomed = page.shot()
    drag(page, middle(page, 0), (60, 40), "middle")
    until(lambda: page.shot() != zoomed)
    assert page.chosen() == place
    page.page.keyboard.press("f")
    page.page.locator("#zoom", has_text="1×").wait_for(timeout=WAIT)
    level = page.shown_slice()
    page.page.mouse.wheel(0, 100)
    until(lambda: page.shown_slice() == level + 1)


def vivid(pixels):
    """Share of pixels that are clearly blue, which no map's own colours are."""
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return np.mean((blue > 200) & (red < 100) & (green < 200))


def test_colours_maps_side_by_side_and_three_planes(opened):
    page = opened()
    assert vivid(page.visit.pixels("#slice")) < 0.005
    page.page.locator("#colours").select_option(label="Rainbow (clinical)")
    until(lambda: vivid(page.visit.pixels("#slice")) > 0.02)
    page.page.locator("#colours").select_option(label="Grey")
    until(lambda: np.ptp(page.visit.pixels("#ramp"), axis=-1).max() < 9)

    page.page.locator("#layout").select_option(label="Four maps")
    canvases = page.page.locator("#panes canvas")
    until(lambda: canvases.count() == 4)
    place = page.chosen()
    page.page.mouse.click(*middle(page, 3))
    now = until(lambda: (told := page.chosen()) != place and told)
    assert now.split(",")[2] == place.split(",")[2]
    page.page.wait_for_selector('body[data-map="tmax"]', timeout=WAIT)
    page.page.keyboard.press("6")  # another map in the active picture alone
    page.page.wait_for_selector('body[data-map="ttp"]', timeout=WAIT)
    page.page.mouse.click(*middle(page, 0))
    page.page.wait_for_selector('body[data-map="cbf"]', timeout=WAIT)

    page.page.keyboard.press("l")
    until(lambda: canvases.count() == 3)
    for canvas, axis in ((1, 0), (2, 1)):  # sagittal, coronal
        before = until(lambda: page.chosen()).split(",")
        page.page.mouse.click(*middle(page, canvas))
        after = until(lambda old=before: (new := page.chosen().split(",")) != old and new)
        assert after[axis] == before[axis]
        page.page.keyboard.press("PageUp")  # the active picture's own slices
        stepped = until(lambda old=after: (new := page.chosen().split(",")) != old and new)
        assert int(stepped[axis]) == int(after[axis]) + 1
        assert [n for k, n in enumerate(stepped) if k != axis] == [
            n for k, n in enumerate(after) if k != axis
        ]


def share_of(pixels, colour):
    """Share of pixels of a colour."""
    return np.mean(np.abs(pixels.astype(int) - colour).max(axis=-1) < 12)


def test_rims_of_late_tissue_are_shown_and_hidden(opened, kept):
    late = kept.stroke.found["hypoperfused"]
    page = opened("stroke")
    most = np.argmax(page.session.view.series.grid.to_ras(late).sum(axis=(0, 1)))
    page.page.locator("#slider").fill(str(most))
    green = np.array(RIMS["hypoperfused"].colour)
    assert until(lambda: share_of(page.visit.pixels("#slice"), green) > 0.001)
    size = shown(late.sum() * kept.stroke.grid.voxel_ml)
    told = page.page.locator("#rims-words [data-rim=hypoperfused]").inner_text()
    assert told == f"late tissue {size} mL"
    number = next(n for n in kept.stroke.measurements if n.measure == "late_volume")
    assert size == shown(number.value)
    page.page.keyboard.press("r")
    rows = page.page.locator("#numbers tbody tr:has(th)")
    lines = number_lines(kept.stroke.measurements)
    assert len(lines) > 5
    assert rows.count() == len(lines)
    for row, line in zip(rows.all(), lines, strict=True):
        told = [*row.locator("th").all_inner_texts(), *row.locator("td").all_inner_texts()]
        assert told == [line.title, line.region, line.value, line.interval]
    page.page.keyboard.press("h")
    until(lambda: share_of(page.visit.pixels("#slice"), green) == 0)
    assert not page.page.locator("#rims").is_checked()
    page.page.locator("#rims").click()
    until(lambda: share_of(page.visit.pixels("#slice"), green) > 0.001)


def saved(page, button, folder):
    with page.page.expect_download() as told:
        page.page.locator(button).click()
    told.value.save_as(folder / told.value.suggested_filename)
    return folder / told.value.suggested_filename


def test_files_leave_the_page_and_a_region_comes_back(opened, kept, tmp_path):
    page = opened()
    view = page.session.view
    index = some(view.maps.quality == 0)[0]
    page.click(index)
    known = voxel(view, index)
    table = read_csv(saved(page, "#voxel-curve", tmp_path))
    np.testing.assert_allclose(table["measured"].astype(float), known["curve"], rtol=1e-6)
    np.testing.assert_allclose(table["time_s"].astype(float), view.curves.time)
    values = read_csv(saved(page, "#voxel-values", tmp_path))
    assert values["map"].tolist() == [row["name"] for row in known["values"]]
    page.page.locator("#label").fill("Case 12")
    page.page.locator("#label").press("Enter")
    until(lambda: "Case 12" in (page.folder / "report.html").read_text())
    assert imread(saved(page, "#save-picture", tmp_path)).shape[0] > 300

    page.page.keyboard.press("r")
    count = page.page.locator("#count-tumor")
    tumor = int(kept.phae.rois["tumor"].sum())
    count.get_by_text(f"{tumor} voxels").wait_for(timeout=WAIT)
    file = saved(page, "#region-nifti", tmp_path)
    assert np.array_equal(read_mask(file, kept.phae.grid), kept.phae.rois["tumor"])
    page.page.get_by_role("button", name="Clear all").click()
    count.get_by_text("0 voxels").wait_for(timeout=WAIT)
    with page.page.expect_file_chooser() as chooser:
        page.page.locator("#region-load").click()
    chooser.value.set_files(file)
    count.get_by_text(f"{tumor} voxels").wait_for(timeout=WAIT)
    for key, voxels in (("Control+z", 0), ("Control+y", tumor)):
        page.page.keyboard.press(key)
        count.get_by_text(f"{voxels} voxels", exact=False).wait_for(timeout=WAIT)
    curves = read_csv(saved(page, "#region-curves", tmp_path))
    rows = view.rows[kept.phae.rois["tumor"]]
    mean = view.curves.curves[rows].mean(axis=0)
    np.testing.assert_allclose(curves["tumor"].astype(float), mean, rtol=1e-5, atol=1e-6)


def read_csv(path):
    head, *rows = csv.reader(path.read_text().splitlines())
    return dict(zip(head, np.array(rows).T, strict=True))
