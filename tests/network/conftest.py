"""A listener's world without network, and the ways of disks that take no time."""

import os

import pytest
from network_cases import World
from orthanc import orthanc  # noqa: F401  (a fixture)

from bolus.network import station


@pytest.fixture
def no_sync(monkeypatch):
    """Nothing waits for the disk; what is tested is the order of changes."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def world(tmp_path, monkeypatch, no_sync):
    """A listener whose series are all dynamic; started."""
    monkeypatch.setattr(station, "why_not_dynamic", lambda images: None)
    made = World(tmp_path / "station")
    made.start()
    return made
