"""From images to jobs: each series of a study that is complete becomes one, with its record."""

import logging
import time
from dataclasses import replace
from pathlib import Path

from bolus.network import durable
from bolus.network.header import read_header
from bolus.network.records import Delivery, Job, State, read_job
from bolus.network.rules import Rules
from bolus.network.spool import Spool, images_in

LOG = logging.getLogger("bolus.network")
LATE = "-late"
"""Ends the name of a job of images that came after the maps of their series had been made."""


class Intake:
    """Makes jobs of series, and adds to them what comes later.

    The caller sees that one at a time does so, and that nobody works on the job.
    """

    def __init__(self, spool: Spool, rules: Rules) -> None:
        self._spool, self._rules = spool, rules

    def admit(self, name: str, series: Path) -> Job | None:
        """Take a series from what came in; the job that has to be looked at again, if any.

        Raises OutputError, InputError for a record that cannot be read.
        """
        if not self._spool.known(name):
            durable.make(self._spool.job(name))
            self._merge(series, name)
            return self.register(name)
        job = read_job(self._spool.job(name))
        if job.state in (State.QUEUED, State.FAILED):
            return self._again(job, series)
        self._repeated(job, series)
        return None

    def _merge(self, series: Path, name: str) -> None:
        """Move images of a series to those that its job has."""
        target = self._spool.images(name)
        if not target.exists():
            durable.move(series, target)
            return
        for image in images_in(series):
            durable.move(image, target / image.name)
        series.rmdir()

    def _again(self, job: Job, series: Path) -> Job:
        """More images of a series without maps: it is queued, with what it has, once more.

        The record comes first: a kill after it makes maps again in vain, and loses nothing.
        """
        names = {image.name for image in images_in(series)} | set(job.images)
        more = replace(job, state=State.QUEUED, reason=None, images=tuple(sorted(names)))
        more.save(self._spool.job(job.name))
        self._merge(series, job.name)
        return more

    def _repeated(self, job: Job, series: Path) -> None:
        """Images of a series that is settled: what it has is dropped, what is new is recorded."""
        late = {image.name for image in images_in(series)} - set(job.images)
        if late and job.state is State.DONE:
            name = job.name + LATE
            durable.make(self._spool.images(name))
            for one in sorted(late):
                durable.move(series / one, self._spool.images(name) / one)
            reason = self.register(name).reason
            LOG.error("job %s: failed: %s", name, reason)
        for image in images_in(series):
            self._spool.drop(image)
        series.rmdir()
        LOG.info("job %s: images that were received before are passed over", job.name)

    def register(self, name: str) -> Job:
        """Write the record of a job whose images are in place, by the rule that matches them."""
        images = images_in(self._spool.images(name))
        header = read_header(images[0])
        rule = self._rules.first(header)
        job = Job(
            name=name,
            study=header.study,
            series=header.series,
            received=time.time(),
            images=tuple(image.name for image in images),
        )
        if name.endswith(LATE):
            reason = f"{len(images)} images came after the maps of their series had been made"
            job = replace(job, state=State.FAILED, reason=reason)
        elif rule is None:
            kind = header.modality if header.modality.isalnum() else "unknown"
            reason = f"no rule for modality {kind} with this description"
            job = replace(job, state=State.LEFT, reason=reason)
        else:
            waiting = {one: Delivery() for one in rule.send}
            job = replace(job, rule=rule.name, options=rule.options.as_toml(), destinations=waiting)
        job.save(self._spool.job(name))
        return job
