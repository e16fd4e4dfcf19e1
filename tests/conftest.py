"""Shape annotations are checked at run time here, and only here; shared fixtures."""

import gc
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import jaxtyping
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

from browser import chromium, chromium_page  # noqa: F401  (fixtures)
from shapes import jaxtyped

UNCHECKED = ("assets", "base", "cli", "io", "network", "report", "viewer")
"""Rooms of files and pages, which make so many calls that checking each took a third of the time of
their tests."""
WHOLE = (
    *(*UNCHECKED, "whole", "test_bench_brain", "test_bench_run"),
    *("test_study_finding", "test_study_qin", "test_study_run"),
)
"""Rooms, or files, of tests that run the whole program: there no shapes are checked, as those of
each function are in the tests of its own room."""
jaxtyping.jaxtyped = jaxtyped
_bolus = find_spec("bolus")
_rooms = {room.name for room in iter_modules(_bolus.submodule_search_locations) if room.ispkg}
_hook = install_import_hook([f"bolus.{n}" for n in _rooms.difference(UNCHECKED)], "shapes.check")

settings.register_profile("bolus", deadline=None)  # no stopwatch decides a test
settings.load_profile("bolus")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

HEAVY = ("whole", "study", "learning", "viewer", "bench", "preprocess", "estimators")
"""Rooms whose files take longest: they begin first, lest one worker end long after the other."""


def pytest_collection_modifyitems(items):
    """Heavy rooms first; within a room the order stays, for what a file's tests share."""
    places = {room: place for place, room in enumerate(HEAVY)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(HEAVY)))


def pytest_collectstart():
    """Before the first file; not in a process that only hands out tests to others.

    What a module under the hook is the first to import is compiled anew, so the large packages come
    before. What is imported stays, and is not searched for garbage.
    """
    for name in ("beartype.door", "scipy.stats", "scipy.signal", "torch"):
        import_module(name)
    gc.disable()


def pytest_collection_finish():
    """Only what tests make is searched for garbage."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before fixtures are made: shapes are checked, or not, as the room of the test has it."""
    whole = item.path.parent.name in WHOLE or item.path.stem in WHOLE
    jaxtyping.config.update("jaxtyping_disable", whole)


@pytest.fixture(scope="module")
def undrawn():
    """In this module no overview is drawn, for tests that are not about it."""
    from altered import undraw  # after the hook

    with pytest.MonkeyPatch.context() as patch:
        undraw(patch)
        yield


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real development data beside the checkout; absent for everyone outside."""
    if not SHARED.is_dir():
        pytest.skip("the development data set is not beside this checkout")
    return SHARED
