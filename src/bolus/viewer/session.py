"""What one viewer holds and changes: the view, the regions, the arterial input, the maps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.aif import without_tissue
from bolus.base.progress import Reporter
from bolus.data import AIF, InputError, PerfusionMaps, is_sd
from bolus.estimators import Estimator
from bolus.patient import Beside, estimate, measure_prepared
from bolus.report.page import write_page
from bolus.viewer.arteries import marked_input, save_arteries
from bolus.viewer.background import WRITING, BusyError, Job
from bolus.viewer.load import result_of
from bolus.viewer.regions import regions_to_find, save_regions, with_regions
from bolus.viewer.reproduce import check_reproducible
from bolus.viewer.view import TUMOR_OF_MAPS, Result, View

PAGE = "report.html"
STALE = ("dicom", TUMOR_OF_MAPS)
"""What an earlier result may hold beside its maps that would contradict the new ones."""


@dataclass
class Session:
    """A view of the result in ``folder``, made by the estimator ``chosen``, called ``method``.

    ``before`` is the result that the last computation replaced; ``proven`` says that the present
    one is known to follow from the kept series.
    """

    folder: Path
    view: View
    chosen: Estimator
    method: str
    before: Result | None = None
    proven: bool = False
    job: Job = field(default_factory=Job)

    def save_arteries(self, marks: Bool[np.ndarray, "x y z"]) -> list[str]:
        """Keep the marked voxels and their curve beside the maps; names of the files."""
        self._check_free()
        self._check_folder()
        return save_arteries(self.view, marked_input(self.view, marks), self.folder)

    def save_regions(self, masks: Mapping[str, Bool[np.ndarray, "x y z"]]) -> list[str]:
        """Keep the drawn regions beside the maps, and tell of them on the page of the result.

        Names of the files of the regions.
        """
        self._check_free()
        self._check_folder()
        written = save_regions(self.view, masks, self.folder)
        self.view = with_regions(self.view, masks)
        if self.view.maps is not None:
            write_page(self.view.maps, self.folder / PAGE)
        return written

    def recompute(self, marks: Bool[np.ndarray, "x y z"]) -> None:
        """Begin to make all maps anew, and the folder with them, from marked arterial voxels.

        A stored result that its own series does not give is not replaced (``check_reproducible``).
        """
        artery = marked_input(self.view, marks)
        self.job.start(lambda reporter: self._make(artery, reporter, by_hand=True))

    def go_back(self) -> None:
        """Begin to make the maps with the arterial input before the last computation."""
        if self.before is None:
            raise InputError("no maps have been replaced since this viewer was started")
        artery = self.before.aif
        self.job.start(lambda reporter: self._make(artery, reporter, by_hand=False))

    def _make(self, artery: AIF, reporter: Reporter, *, by_hand: bool) -> None:
        view = self.view
        if view.result is not None and not self.proven:
            check_reproducible(view.result, self.chosen, self.method, self.folder, reporter)
            self.proven = True
        if by_hand and view.preparation.unmixing.use:
            artery = without_tissue(artery, view.curves, view.series)
        measured = measure_prepared(
            view.series,
            artery,
            regions=Beside(regions=regions_to_find(view), anatomy=view.anatomy),
            preparation=view.preparation,
            reporter=reporter,
        )
        maps = estimate(measured, self.chosen, name=self.method, reporter=reporter)
        reporter.step("preparing the curves")
        result = result_of(measured, maps, self.chosen)
        reporter.step(WRITING)
        maps.save(self.folder, overwrite=True, keep=self._others())
        if by_hand:
            save_arteries(view, artery, self.folder)
        self.before, self.proven = view.result, True
        self.view = View(
            series=measured.series,
            curves=measured.curves,
            result=result,
            regions=dict(maps.rois),
            preparation=view.preparation,
            version=view.version + 1,
            anatomy=view.anatomy,
        )

    def _others(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return [path.name for path in self.folder.iterdir() if path.name not in STALE]

    def _check_free(self) -> None:
        if self.job.state == "running":
            raise BusyError("the maps are being made anew; save when that has ended")

    def _check_folder(self) -> None:
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: there is no result yet to keep this beside")


def medians(maps: PerfusionMaps) -> dict[str, float]:
    """Median over the brain of every map without its SDs, in its own unit."""
    plain = (name for name in maps.units if not is_sd(name))
    found = {name: maps.volume(name) for name in plain}
    return {
        name: float(np.nanmedian(volume))
        for name, volume in found.items()
        if np.isfinite(volume).any()
    }
