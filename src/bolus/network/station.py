"""What becomes of series: received, queued, done, sent. Each step can be done again.

A kill between any two changes on disk leaves a state that ``recover`` goes on from: a folder is
moved in one go, a record is written in one go, and what was done already is found done.
"""

import logging
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from threading import RLock

from bolus.data import InputError, OutputError
from bolus.network import durable
from bolus.network.arrivals import Arrivals
from bolus.network.header import Header, key_of, names_in, without
from bolus.network.intake import Intake
from bolus.network.records import Job, State, read_job
from bolus.network.rules import Rules
from bolus.network.spool import Spool, images_in
from bolus.network.work import Maps, StoppedError, why_not_dynamic

LOG = logging.getLogger("bolus.network")
ATTEMPT = "attempt"


class Station:
    """Series from their arrival until their maps are made.

    ``keep`` leaves the images of series whose maps are made, or that are left alone, on disk.
    ``finished`` are jobs whose maps are made, for who sends them.
    """

    def __init__(
        self, spool: Spool, rules: Rules, arrivals: Arrivals, *, maps: Maps, keep: bool = False
    ) -> None:
        self.spool, self.arrivals = spool, arrivals
        self._intake, self._maps, self._keep = Intake(spool, rules), maps, keep
        self._lock = RLock()
        self._queue: deque[str] = deque()
        self._running: str | None = None
        self.finished: deque[str] = deque()

    def recover(self) -> None:
        """Go on from what an earlier process left. Raises OutputError."""
        self.spool.prepare()
        found = [job for folder in self.spool.jobs.iterdir() if (job := self._recovered(folder))]
        for job in sorted(found, key=lambda one: (one.received, one.name)):
            if job.state is State.QUEUED:
                self._queue.append(job.name)
            elif job.state is State.DONE and not job.settled:
                self.finished.append(job.name)
        for study in self.spool.incoming.iterdir():
            self.arrivals.came(study.name)

    def _recovered(self, folder: Path) -> Job | None:
        name = folder.name
        if not self.spool.known(name) and not images_in(self.spool.images(name)):
            durable.remove(folder)
            return None
        try:
            job = read_job(folder) if self.spool.known(name) else self._intake.register(name)
        except InputError as error:
            LOG.error("job %s: its record cannot be read, so it is left as it is (%s)", name, error)
            return None
        if job.state in (State.DONE, State.LEFT):
            self._free(name)
        return job

    def receive(self, header: Header, content: bytes, sender: int) -> None:
        """An image; on disk when this returns. Raises SpoolFullError, OutputError."""
        self.spool.take(header, content)
        self.arrivals.came(key_of(header.study), sender)

    def settle(self) -> None:
        """Make jobs of the series of studies that are complete. Raises OutputError."""
        for study in self.arrivals.claim():
            folder = self.spool.incoming / study
            try:
                for series in sorted(folder.iterdir()) if folder.is_dir() else ():
                    self._admit(f"{study[:8]}-{series.name[:12]}", series)
                with self.spool.moving:
                    if folder.is_dir() and not any(folder.iterdir()):
                        folder.rmdir()
            finally:
                if folder.is_dir():
                    self.arrivals.later(study)

    def _admit(self, name: str, series: Path) -> None:
        with self._lock, self.spool.moving:
            if name == self._running:
                return
            job = self._intake.admit(name, series)
        if job is not None:
            self._enter(job)

    def _enter(self, job: Job) -> None:
        if job.state is State.QUEUED:
            with self._lock:
                if job.name not in self._queue:
                    self._queue.append(job.name)
            LOG.info("job %s: queued, %d images, rule '%s'", job.name, len(job.images), job.rule)
        elif job.state is State.LEFT:
            LOG.info("job %s: left alone: %s", job.name, job.reason)
            self._free(job.name)

    def _free(self, name: str) -> None:
        """Images that nothing waits for any more go."""
        if not self._keep and self.spool.images(name).exists():
            self.spool.drop(self.spool.images(name))
        durable.remove(self.spool.job(name) / ATTEMPT)

    def work(self) -> bool:
        """Make the maps of the next job; False where none waits.

        Raises OutputError where the disk does not take them, and StoppedError: the job waits on.
        """
        with self._lock:
            if not self._queue:
                return False
            name = self._running = self._queue[0]
        try:
            done = self._worked(name)
            with self._lock:
                self._queue.popleft()
                if done is not None and done.state is State.DONE:
                    self.finished.append(name)
        finally:
            with self._lock:
                self._running = None
        return True

    def _worked(self, name: str) -> Job | None:
        began = time.monotonic()
        try:
            job = read_job(self.spool.job(name))
        except InputError as error:
            LOG.error("job %s: its record cannot be read, so it is left as it is (%s)", name, error)
            return None
        try:
            reason = self._made(job)
            state = State.DONE if reason is None else State.LEFT
        except (OutputError, StoppedError):
            raise
        except Exception as error:  # one bad series never stops the next: its failure is recorded
            state, reason = State.FAILED, self._told(job, error)
        done = replace(job, state=state, reason=reason)
        done.save(self.spool.job(name))
        level = logging.ERROR if state is State.FAILED else logging.INFO
        why, seconds = "" if reason is None else f": {reason}", time.monotonic() - began
        LOG.log(level, "job %s: %s after %.1f s%s", name, state.value, seconds, why)
        if state is not State.FAILED:
            self._free(name)
        return done

    def _made(self, job: Job) -> str | None:
        """Make the maps unless they are there; why the series is left alone, if it is."""
        folder, result = self.spool.job(job.name), self.spool.result(job.name)
        if result.exists():
            return None
        images = self.spool.images(job.name)
        why = why_not_dynamic(images)
        if why is not None:
            return why
        attempt = folder / ATTEMPT
        durable.remove(attempt)
        self._maps(images, attempt, job.options)
        durable.sync_tree(attempt)
        durable.move(attempt, result)
        return None

    def _told(self, job: Job, error: Exception) -> str:
        """Why a job failed, without what names the patient; of other errors only their kind."""
        if not isinstance(error, InputError):
            return type(error).__name__
        try:
            names = names_in(images_in(self.spool.images(job.name))[0])
        except (InputError, IndexError):
            return type(error).__name__
        return without(" ".join(str(error).split()), names)
