"""The page in a real Chromium, with the session behind it."""

import shutil
import time

import numpy as np
import pytest
from viewer_cases import running

from bolus.viewer.facts import space

WAIT = 20_000
MARGIN = 3


class Page:
    """A viewer's page with the session behind it."""

    def __init__(self, visit, app, folder):
        self.visit, self.page, self.folder = visit, visit.page, folder
        self.session = app.state.session
        self.space = space(self.session.view.series.grid, self.session.view.brain)
        self.page.wait_for_selector("body[data-ready]", timeout=WAIT)
        self.page.wait_for_selector("body[data-voxel][data-map]", timeout=WAIT)
        until(lambda: self.shot() == self.shot())

    def at(self, index):
        """Where a voxel (i, j, k) of the shown slice lies in the window."""
        box, told = self.page.locator("#slice").bounding_box(), self.space
        turned = self.turned(index)
        across, up = (axis for axis in range(3) if axis != told["through"])
        spans = [
            (max(0, first - MARGIN), min(size - 1, last + MARGIN))
            for (first, last), size in zip(told["box"], told["sizes"], strict=True)
        ]
        columns, rows = (spans[axis][1] - spans[axis][0] + 1 for axis in (across, up))
        wide = min(box["width"] / columns, box["height"] / (rows * told["aspect"]))
        tall = wide * told["aspect"]
        column, row = (spans[axis][1] - turned[axis] for axis in (across, up))
        x = box["x"] + (box["width"] - wide * columns) / 2 + (column + 0.5) * wide
        y = box["y"] + (box["height"] - tall * rows) / 2 + (row + 0.5) * tall
        return x, y

    def turned(self, index):
        """Indices along right, anterior and superior."""
        grid = self.session.view.series.grid
        numbers = grid.to_ras(np.arange(np.prod(grid.shape)).reshape(grid.shape))
        return np.argwhere(numbers == np.ravel_multi_index(index, grid.shape))[0]

    def to_slice(self, index):
        level = int(self.turned(index)[self.space["through"]])
        self.page.locator("#slider").fill(str(level))

    def click(self, index):
        """Click a voxel of whichever slice; back when its curve is there."""
        self.to_slice(index)
        self.page.mouse.click(*self.at(index))
        self.settle(index)

    def settle(self, index):
        told = ",".join(str(int(n)) for n in index)
        self.page.wait_for_selector(f'body[data-voxel="{told}"]', timeout=WAIT)

    def shot(self):
        return self.page.locator("#slice").screenshot()

    def shown_slice(self):
        return int(self.page.locator("#slider").input_value())

    def chosen(self):
        return self.page.evaluate("() => document.body.dataset.voxel")

    def cell(self, table, name, column):
        return self.page.locator(f'{table} tr[data-map="{name}"] > *').nth(column).inner_text()


@pytest.fixture
def opened(kept, tmp_path, chromium_page):
    """Open a copy of a result; at the end, nothing went wrong and nothing left this machine."""
    open_pages = []

    def begin(name="phae", **options):
        shutil.copytree(kept.root / name, tmp_path / "OUT")
        served = running(tmp_path / "OUT")
        app, address = served.__enter__()
        visit = chromium_page(address, width=1400, height=900, **options)
        open_pages.append((served, visit, address))
        return Page(visit, app, tmp_path / "OUT")

    yield begin
    for served, visit, address in open_pages:
        errors, foreign = list(visit.errors), visit.foreign(address.split("?")[0])
        visit.page.close(run_before_unload=False)
        served.__exit__(None, None, None)
        assert errors == []
        assert foreign == []


def until(question):
    """Wait for a question to be answered by yes; its answer."""
    for _ in range(WAIT // 50):
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def shown(value, digits=3):
    """A number as the page writes it."""
    if value is None or not np.isfinite(value):
        return "–"
    text = f"{value:.0f}" if abs(value) >= 10**digits else f"{value:#.{digits}g}"
    return text.rstrip(".").replace("-", "−")


def some(mask, count=3, seed=0):
    rng = np.random.default_rng(seed)
    found = np.argwhere(mask)
    return [tuple(int(n) for n in row) for row in found[rng.permutation(len(found))[:count]]]
