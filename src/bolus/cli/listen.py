"""The commands ``bolus listen`` and ``bolus queue``."""

import logging
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import Quiet

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.network import Door, Job, Timing

_PATHS = ("output", "tls-cert", "tls-key", "tls-ca", "log")
"""Options that name files: in a rule file, beside it."""
_NO_DEFAULTS = ("rules", "help", "h", "o", "q")


def _defaults(context: typer.Context, path: Path) -> Path:
    """The options that a rule file has in ``[listen]`` are the defaults of the command."""
    from bolus.data import InputError
    from bolus.network import read_rules

    if context.resilient_parsing:
        return path
    told = read_rules(path).listen
    known = {
        option.lstrip("-"): param.name for param in context.command.params for option in param.opts
    }
    made: dict[str, Any] = {}
    for key, value in told.items():
        name = key.replace("_", "-")
        if name not in known or name in _NO_DEFAULTS:
            raise InputError(f"{path}: [listen] has no option '{key}'")
        is_path = name in _PATHS and isinstance(value, str)
        made[str(known[name])] = path.parent / value if is_path else value
    context.default_map = {**(context.default_map or {}), **made}
    return path


@contextmanager
def _logging(quiet: bool, path: Path | None) -> Iterator[None]:
    """Lines of the log on stderr, and in a file where one is named. Raises OutputError."""
    from bolus.data import OutputError

    logger = logging.getLogger("bolus.network")
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    try:
        handlers += [] if path is None else [logging.FileHandler(path, encoding="utf-8")]
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


@dataclass(frozen=True, kw_only=True)
class Listening:
    """The door."""

    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port; 11112 is DICOM's own.")
    ] = 11112
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen at: of this machine only, unless you say another; that needs "
            "--caller.",
        ),
    ] = "127.0.0.1"
    ae: Annotated[str, typer.Option("--ae", metavar="TITLE", help="AE title of the listener.")] = (
        "BOLUS"
    )
    caller: Annotated[
        list[str] | None,
        typer.Option("--caller", metavar="TITLE", help="An AE title that may call; once for each."),
    ] = None
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="PEM", help="Certificate: nothing is taken but by TLS."),
    ] = None
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="PEM", help="Its key, without password.")
    ] = None
    tls_ca: Annotated[
        Path | None,
        typer.Option("--tls-ca", metavar="PEM", help="Callers must show a certificate of these."),
    ] = None
    max_instance: Annotated[
        float, typer.Option("--max-instance", metavar="MB", help="Largest object that is taken.")
    ] = 512.0
    max_spool: Annotated[
        float, typer.Option("--max-spool", metavar="GB", help="Most that may wait on disk.")
    ] = 50.0
    max_rate: Annotated[
        float | None,
        typer.Option("--max-rate", metavar="MB/S", help="Senders wait past it; else no limit."),
    ] = None
    associations: Annotated[
        int, typer.Option("--associations", metavar="N", help="Most associations at a time.")
    ] = 10

    def door(self) -> "Door":
        """As the package takes it. Raises InputError."""
        from bolus.network import Door, Limits

        return Door(
            port=self.port,
            host=self.host,
            ae=self.ae,
            callers=tuple(self.caller or ()),
            tls_cert=self.tls_cert,
            tls_key=self.tls_key,
            tls_ca=self.tls_ca,
            limits=Limits(
                instance=self.max_instance,
                spool=self.max_spool,
                rate=self.max_rate,
                associations=self.associations,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Waits and limits of time."""

    quiet_time: Annotated[
        float,
        typer.Option(
            "--quiet-time", metavar="S", help="A study is complete so long after its last image."
        ),
    ] = 3.0
    patience: Annotated[
        float,
        typer.Option(
            "--patience", metavar="S", help="The same where its sender, or bolus, was cut off."
        ),
    ] = 60.0
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Most that one series may take.")
    ] = 3600.0
    retry: Annotated[
        float,
        typer.Option(
            "--retry", metavar="S", help="Longest wait between attempts to send results on."
        ),
    ] = 300.0

    def timing(self) -> "Timing":
        """As the package takes it. Raises InputError."""
        from bolus.network import Backoff, Timing

        return Timing(
            quiet=self.quiet_time,
            patience=self.patience,
            maps=self.timeout,
            backoff=Backoff(first=min(1.0, self.retry), most=self.retry),
        )


@grouped
def listen(
    rules: Annotated[
        Path,
        typer.Option(
            "--rules",
            metavar="TOML",
            is_eager=True,
            callback=_defaults,
            help="Which series, with which options of bolus maps, and where results go. Its "
            "table listen has defaults of the options below.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Folder of images, jobs and results; made."
        ),
    ],
    listening: Listening,
    waiting: Waiting,
    keep: Annotated[bool, typer.Option("--keep", help="Keep images whose maps are made.")] = False,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="Write the log here, too.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Receive series over the network (C-STORE), make their maps, send the results on.

    Runs until it is stopped by Ctrl-C or SIGTERM, and goes on with what was not finished when it
    is started again. Nothing is lost where it is killed. Needs the extra
    'network' of bolus.

    Example: bolus listen --port 11112 --rules rules.toml -o station
    """
    from bolus.network import listen as listens
    from bolus.network import read_rules

    warnings.simplefilter("ignore")  # those of DICOM libraries quote what may be a patient's
    stop = Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    with _logging(quiet, log):
        listens(
            out,
            read_rules(rules),
            listening.door(),
            timing=waiting.timing(),
            keep=keep,
            until=stop,
        )


def queue(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of bolus listen.")],
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Only what failed or waits.")
    ] = False,
) -> None:
    """What became of the series that bolus listen received; names no patient.

    Example: bolus queue station
    """
    from bolus.cli.options import show
    from bolus.network import State, read_jobs

    jobs = [
        job
        for job in read_jobs(folder)
        if not (unfinished and (job.settled or job.state is State.LEFT))
    ]
    show(_table(jobs))


def _table(jobs: "list[Job]") -> "Table":
    from rich.table import Table

    table = Table("job", "received", "state", "images", "destinations", "reason")
    for job in jobs:
        when = datetime.fromtimestamp(job.received).astimezone()
        sent = ", ".join(f"{name}: {one.state}" for name, one in job.destinations.items())
        reasons = [job.reason, *(one.reason for one in job.destinations.values())]
        why = "; ".join(reason for reason in reasons if reason)
        images = f"{len(job.images)}"
        table.add_row(job.name, f"{when:%Y-%m-%d %H:%M}", job.state, images, sent, why)
    return table
