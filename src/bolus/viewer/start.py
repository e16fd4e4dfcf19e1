"""From a folder to maps without the command line: what ``bolus app`` does before there are any."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bolus.base.progress import Reporter
from bolus.data import ArterialInputError, InputError, OutputError
from bolus.estimators import METHODS
from bolus.io import check_output
from bolus.io.bids.opened import result_folder
from bolus.io.listing import list_series
from bolus.io.nifti import is_nifti_name
from bolus.options import MapOptions
from bolus.viewer.background import WRITING, BusyError, Job
from bolus.viewer.begin import session_of_series
from bolus.viewer.dropped import Dropped
from bolus.viewer.load import holds_maps, read_view
from bolus.viewer.session import Session

SHOWN = 500
"""Entries of a folder that are listed."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which maps are to be made: of the series ``number`` in ``source``, into the folder ``out``.

    ``te`` in s goes before what the files say; ``tumor`` and ``anatomy`` are files as
    ``bolus maps`` takes them.
    """

    source: Path
    out: Path
    number: int | None = None
    method: str | None = None
    te: float | None = None
    tumor: Path | None = None
    anatomy: Path | None = None

    @classmethod
    def of(cls, told: dict[str, object]) -> "Order":
        """What the page sends. Raises InputError for what is missing or of another kind."""
        number, te = told.get("number"), told.get("te")
        method = told.get("method") or None
        if number is not None and type(number) is not int:
            raise InputError(f"a series has a whole number, found {number!r}")
        if te is not None and not isinstance(te, int | float):
            raise InputError(f"an echo time is a number of seconds, found {te!r}")
        if method is not None and method not in METHODS:
            raise InputError(f"the methods are {', '.join(METHODS)}, found {method!r}")
        return cls(
            source=path_of(told, "source"),
            out=path_of(told, "out"),
            number=number,
            method=None if method is None else str(method),
            te=te,
            tumor=path_of(told, "tumor") if told.get("tumor") else None,
            anatomy=path_of(told, "anatomy") if told.get("anatomy") else None,
        )

    def options(self) -> MapOptions:
        """The same as options of ``bolus maps``. Raises InputError."""
        told = {
            "te": self.te,
            "series": self.number,
            "method": self.method,
            "tumor": None if self.tumor is None else str(self.tumor),
            "anatomy": None if self.anatomy is None else str(self.anatomy),
        }
        given = {name: value for name, value in told.items() if value is not None}
        return MapOptions.from_mapping(given, "the order")


def path_of(told: dict[str, object], name: str) -> Path:
    """A path of this machine, as it was typed, pasted or dropped. Raises InputError."""
    given = told.get(name)
    if not isinstance(given, str) or not given.strip() or "\0" in given:
        raise InputError(f"{name}: a path is expected, found {given!r}")
    plain = given.strip().strip("\"'")
    where = urlsplit(plain)
    return Path(unquote(where.path) if where.scheme == "file" else plain).expanduser().absolute()


@dataclass
class Desk:
    """Finds series, makes maps in the background, and holds the session of the viewer of them."""

    session: Session | None = None
    job: Job = field(default_factory=Job)
    dropped: Dropped = field(default_factory=Dropped)

    def browse(self, told: dict[str, object]) -> dict[str, object]:
        """Folders and NIfTI files in a folder of this machine, hidden ones left out.

        Raises InputError for one that cannot be read.
        """
        folder = path_of(told, "path") if told.get("path") else Path.home()
        try:
            entries = sorted(folder.iterdir(), key=lambda path: path.name.lower())
        except OSError as error:
            raise InputError(f"{folder}: this folder cannot be read ({error.strerror})") from error
        seen = [path for path in entries if not path.name.startswith(".")]
        return {
            "path": str(folder),
            "parent": str(folder.parent),
            "folders": [path.name for path in seen if path.is_dir()][:SHOWN],
            "files": [path.name for path in seen if is_nifti_name(path)][:SHOWN],
            "result": holds_maps(folder),
        }

    def find(self, told: dict[str, object]) -> dict[str, object]:
        """The series in a folder or file, and where maps of it would go."""
        source = path_of(told, "path")
        if holds_maps(source):
            return {"path": str(source), "result": True, "series": [], "out": ""}
        found = list_series(source)
        series = [
            {
                "source": str(one.path),
                "number": one.number,
                "title": one.title,
                "problem": one.problem,
            }
            for one in found
        ]
        return {
            "path": str(source),
            "result": False,
            "series": series,
            "out": str(_beside(self._lasting(source))),
        }

    def clear(self, told: dict[str, object]) -> dict[str, object]:
        """Forget what was dropped before, unless maps are being made of it."""
        if self.job.state == "running":
            raise BusyError("maps are being made; wait until that has ended")
        self.dropped.clear()
        return {}

    def _lasting(self, source: Path) -> Path:
        """A name for results of an input: that itself, or what was dropped in the home folder."""
        if not self.dropped.holds(source):
            return source
        entries = list(self.dropped.folder.iterdir())
        name = entries[0].name if len(entries) == 1 else "dropped"
        return Path.home() / name

    def make(self, told: dict[str, object]) -> dict[str, object]:
        """Begin to make maps. Raises at once what is wrong with the order."""
        order = Order.of(told)
        for path in (order.source, order.tumor, order.anatomy):
            _check_apart(path, order.out)
        check_output(order.out)
        self.job.start(lambda reporter: self._make(order, reporter))
        return self.job.told()

    def open(self, told: dict[str, object]) -> dict[str, object]:
        """Show maps that were made before. Raises InputError where there are none."""
        folder = path_of(told, "path")
        self.job.start(lambda reporter: self._open(folder, reporter))
        return self.job.told()

    def _make(self, order: Order, reporter: Reporter) -> None:
        reporter.step("reading")
        options = order.options()
        series = options.reading.read(order.source)
        try:
            maps = options.run_on(series, reporter=reporter)
        except ArterialInputError as error:
            if order.tumor is not None or order.anatomy is not None:
                raise
            reporter.step("no arterial input: preparing the curves to mark one by hand")
            session = session_of_series(
                order.out, series, options.estimation.chosen(), reporter=reporter
            )
            self.session = replace(session, desk=True, reason=str(error))
            return
        reporter.step(WRITING)
        maps.save(order.out)
        self._open(order.out, reporter)

    def _open(self, folder: Path, reporter: Reporter) -> None:
        reporter.step("opening the result")
        with result_folder(folder) as plain:
            view, chosen = read_view(plain, reporter=reporter)
        name = "" if view.maps is None else view.maps.method
        locked = plain != folder
        self.session = Session(folder, view, chosen, name, desk=True, locked=locked)


def _beside(source: Path) -> Path:
    """A folder beside the input that is not there yet."""
    name = source.name.removesuffix(".gz").removesuffix(".nii")
    made = source.with_name(f"{name}-maps")
    count = 2
    while made.exists():
        made, count = source.with_name(f"{name}-maps-{count}"), count + 1
    return made


def _check_apart(source: Path | None, out: Path) -> None:
    """Raise OutputError for an input that lies in the folder of its own result."""
    if source is None:
        return
    inside, folder = source.resolve(), out.resolve()
    if folder == inside or folder in inside.parents:
        raise OutputError(f"{out}: the input {source} lies in it; choose another folder")
