"""A headless Chromium for the tests of pages.

Skips where there is none, unless BOLUS_REQUIRE_BROWSER=1 asks for failure instead.
"""

import os
import shutil
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Visit:
    """An open page and all it said and asked for.

    ``errors`` are console errors (breaches of the content policy are among them) and exceptions,
    ``warnings`` console warnings, ``requests`` every URL asked for, the page's own first.
    """

    page: object
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def foreign(self, *allowed):
        """Requests that start with none of ``allowed`` and hold no data themselves."""
        known = ("data:", "blob:", *allowed)
        return [url for url in self.requests if not url.startswith(known)]

    def pixels(self, selector):
        """Screenshot (rows, columns, 3) of the element, as uint8."""
        from matplotlib.image import imread

        shot = self.page.locator(selector).screenshot()
        return (imread(BytesIO(shot))[..., :3] * 255).round().astype(np.uint8)


def colours(pixels):
    """Number of distinct colours in an image (rows, columns, 3)."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    return len(np.unique(packed))


@pytest.fixture(scope="module")
def chromium():
    """The browser itself; of a module, for the event loop of playwright must not outlive it."""
    sync_api = _playwright()
    program = next((found for name in CANDIDATES if (found := shutil.which(name))), None)
    with sync_api.sync_playwright() as playwright:
        if program is None and not Path(playwright.chromium.executable_path).exists():
            _absent("no Chromium is installed")
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def chromium_page(chromium):
    """Open a page as ``open_page`` does; all are closed after the test."""
    visits = []

    def visit(where, **options):
        visits.append(open_page(chromium, where, **options))
        return visits[-1]

    yield visit
    for seen in visits:
        seen.page.context.close()


def open_page(browser, where, width=1400, height=1000, before="", **options):
    """A Visit to a file's path or a URL in a context of its own.

    ``before`` is a script that runs before the page's own, ``options`` are the context's.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    if before:
        context.add_init_script(before)
    seen = Visit(page=context.new_page())
    _listen(seen)
    seen.page.goto(where.resolve().as_uri() if isinstance(where, Path) else str(where))
    return seen


def _listen(visit):
    kept = {"error": visit.errors, "warning": visit.warnings}
    visit.page.on("console", lambda m: kept.get(m.type, []).append(m.text))
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.on("request", lambda request: visit.requests.append(request.url))


def _playwright():
    try:
        from playwright import sync_api
    except ImportError:
        _absent("playwright is not installed")
    return sync_api


def _absent(reason):
    if os.environ.get("BOLUS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and BOLUS_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(f"{reason}: the page was not opened")
