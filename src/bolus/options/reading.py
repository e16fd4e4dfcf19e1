"""What the files of a series do not say, or say wrongly."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.data import DSCSeries


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the files do not say, or say wrongly."""

    panel: ClassVar[str] = "Reading the series"

    te: float | None = option(None, "--te", metavar="S", help="Echo time in seconds, e.g. 0.03.")
    tr: float | None = option(
        None, "--tr", metavar="S", help="Time between frames in seconds, e.g. 1.5."
    )
    series: int | None = option(
        None, "--series", metavar="N", help="Series number, in a DICOM folder of several."
    )
    echo: Path | None = option(
        None,
        "--echo",
        metavar="FILE",
        help="The second echo of INPUT: the ratio of both is free of T1. Taken from beside an "
        "INPUT called …_echo-1_…, or from a DICOM series of two echo times, otherwise.",
    )

    def read(self, source: Path) -> "DSCSeries":
        """The series of a file or folder, or that of two echoes. Raises InputError."""
        from bolus.patient.source import read_source

        return read_source(source, te=self.te, tr=self.tr, series=self.series, echo=self.echo)
