"""A job: one series that was received, what is to become of it, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from bolus.base.json import read_json, to_text
from bolus.data import InputError
from bolus.network import durable

RECORD = "job.json"


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    """It waits for its maps, or they are being made."""
    DONE = "done"
    """Its maps are made; destinations may still wait for them."""
    FAILED = "failed"
    """No maps, for a reason."""
    LEFT = "left"
    """No series that maps are made of, for a reason."""


class Arrival(StrEnum):
    """Where a destination stands."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of the results at one destination; ``reason`` is that of the last attempt."""

    state: Arrival = Arrival.WAITING
    attempts: int = 0
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """The record of a job; ``name`` is made of UIDs and says nothing of the patient.

    ``images`` are the names of its files, ``received`` seconds since 1970. ``rule``, its
    ``options`` (TOML) and the destinations are those of the rule that matched when the series was
    complete.
    """

    name: str
    study: str
    series: str
    received: float
    images: tuple[str, ...]
    state: State = State.QUEUED
    reason: str | None = None
    rule: str | None = None
    options: str = ""
    destinations: Mapping[str, Delivery] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether its maps are made, and no destination waits for them."""
        waiting = any(one.state is Arrival.WAITING for one in self.destinations.values())
        return self.state is State.DONE and not waiting

    def with_delivery(self, name: str, delivery: Delivery) -> "Job":
        """The same with another state of one destination."""
        return replace(self, destinations={**self.destinations, name: delivery})

    def save(self, folder: Path) -> None:
        """Write the record, in one go. Raises OutputError."""
        durable.write(folder / RECORD, (to_text(self) + "\n").encode())


def read_job(folder: Path) -> Job:
    """The record of the job in a folder. Raises InputError for one that is none."""
    told: dict[str, Any] = read_json(folder / RECORD)
    try:
        told["state"] = State(told["state"])
        told["images"] = tuple(told["images"])
        told["destinations"] = {
            name: Delivery(**{**one, "state": Arrival(one["state"])})
            for name, one in told["destinations"].items()
        }
        return Job(**told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder / RECORD}: this is no record of a job ({error})") from error


def read_jobs(folder: Path) -> list[Job]:
    """The jobs of a listener's folder, the oldest first; whether it runs or not.

    Raises InputError for a folder that is none, or a record that cannot be read.
    """
    jobs = Path(folder) / "jobs"
    if not jobs.is_dir():
        raise InputError(f"{folder}: no listener has written here (it has no folder 'jobs')")
    found = [read_job(one) for one in jobs.iterdir() if (one / RECORD).exists()]
    return sorted(found, key=lambda job: (job.received, job.name))
