"""Options of maps as one frozen object: flags, an options file and Python say the same."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bolus.base.options import options_from, options_text, read_options
from bolus.base.progress import QUIET, Reporter
from bolus.options.estimation import Estimation
from bolus.options.given import Given
from bolus.options.layout import Layout
from bolus.options.preparing import Motion, Prepared
from bolus.options.reading import Reading
from bolus.options.strokes import Strokes

if TYPE_CHECKING:
    from bolus.data import DSCSeries, Preparation
    from bolus.patient import PatientMaps

__all__ = ["Estimation", "Given", "Layout", "MapOptions", "Motion", "Prepared", "Reading",
           "Strokes"]  # fmt: skip

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """Everything that maps depend on besides the input: what ``bolus maps`` has flags for.

    Every group is a frozen object of its own; ``MapOptions()`` is what is usual.
    """

    estimation: Estimation = Estimation()
    """By what method."""
    given: Given = Given()
    """Masks, arterial input, anatomy, haematocrit."""
    strokes: Strokes = Strokes()
    """Volumes of an acute stroke."""
    prepared: Prepared = Prepared()
    """What is corrected before deconvolution."""
    layout: Layout = Layout()
    """How the maps are laid out; what ``run`` returns does not depend on it."""
    reading: Reading = Reading()
    """What the files do not say."""

    @classmethod
    def from_mapping(
        cls, table: Mapping[str, Any], where: str, folder: PathLike = "."
    ) -> "MapOptions":
        """Options of a table with the names of flags as keys ('motion-limit'), as TOML has them.

        ``where`` is what errors call the table (a file, 'rules.toml, rule 2'); paths in it are
        taken from ``folder``. Raises InputError for a key that is no option of maps, or a value of
        the wrong type, by name and ``where``.
        """
        return options_from(cls, table, where, folder)

    @classmethod
    def read(cls, path: PathLike) -> "MapOptions":
        """Options of a TOML file, paths in it taken from its folder. Raises InputError."""
        return read_options(cls, path)

    def as_toml(self, about: str = "") -> str:
        """A file that ``read`` makes the same options of, below ``about`` as a comment."""
        return options_text(self, about)

    def preparation(self) -> "Preparation":
        """What is done to the series, and known of the blood. Raises InputError."""
        blood, burden = self.given.known()
        stroke = self.strokes.thresholds()
        return replace(self.prepared.preparation(), blood=blood, burden=burden, stroke=stroke)

    def run(self, source: PathLike, reporter: Reporter = QUIET) -> "PatientMaps":
        """The maps of a file or folder. Raises InputError and its kind, as ``perfusion_maps``."""
        chosen = self.estimation.chosen()
        self.preparation()  # what is wrong in it is said before anything is read
        return self.run_on(self.reading.read(Path(source)), chosen, reporter)

    def run_on(
        self, series: "DSCSeries", chosen: Any = None, reporter: Reporter = QUIET
    ) -> "PatientMaps":
        """The maps of a series that is read already, by the method ``chosen`` or the options'."""
        from bolus.patient import perfusion_maps

        return perfusion_maps(
            series,
            self.estimation.chosen() if chosen is None else chosen,
            None if self.given.aif == "auto" else self.given.aif,
            self.given.mask,
            regions=self.given.beside(self.strokes),
            preparation=self.preparation(),
            reporter=reporter,
        )
