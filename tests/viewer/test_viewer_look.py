"""Windows, colours, zoom, and several pictures at once, as in viewers that people know."""

import numpy as np
from viewer_pages import WAIT, until


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
