"""What one viewer holds and changes: the view, the regions, the arterial input, the maps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.base.json import read_json, write_json
from bolus.base.progress import Reporter
from bolus.data import AIF, InputError, PerfusionMaps, is_sd
from bolus.estimators import Estimator
from bolus.patient import Beside, estimate, measure_prepared
from bolus.report.page import write_page
from bolus.viewer.arteries import (
    Marks,
    marked_input,
    save_arteries,
    save_vein,
    unmixed_input,
)
from bolus.viewer.background import WRITING, BusyError, Job
from bolus.viewer.load import SUMMARY, result_of
from bolus.viewer.regions import regions_to_find, save_regions, with_regions
from bolus.viewer.reproduce import check_reproducible
from bolus.viewer.view import TUMOR_OF_MAPS, Result, View

PAGE = "report.html"
LABEL = 200
"""Characters of a label."""
STALE = ("dicom", TUMOR_OF_MAPS)
"""What an earlier result may hold beside its maps that would contradict the new ones."""


@dataclass
class Session:
    """A view of the result in ``folder``, made by the estimator ``chosen``, called ``method``.

    ``before`` is the result that the last computation replaced; ``proven`` says that the present
    one is known to follow from the kept series. ``desk``: the page that makes further maps is there
    too; ``locked``: the result is part of a BIDS dataset, and only looked at; ``reason``
    says why there are no maps, where they were asked for.
    """

    folder: Path
    view: View
    chosen: Estimator
    method: str
    before: Result | None = None
    proven: bool = False
    desk: bool = False
    locked: bool = False
    reason: str = ""
    job: Job = field(default_factory=Job)

    def save_arteries(self, marks: Marks, vein: Marks | None = None) -> list[str]:
        """Keep the marked voxels and their curve, and a vein, beside the maps; the files' names."""
        self._check_free()
        self._check_folder()
        with_vein = vein is not None and vein.any()
        written = []
        if marks.any() or not with_vein:
            written += save_arteries(self.view, marked_input(self.view, marks), self.folder)
        if vein is not None and with_vein:
            written += save_vein(self.view, vein, self.folder)
        return written

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

    def set_label(self, label: str) -> None:
        """Keep the user's own label of the result on its page, and in its summary.

        Raises InputError for one longer than LABEL characters or without maps.
        """
        self._check_free()
        self._check_folder()
        if len(label) > LABEL:
            raise InputError(f"a label has {LABEL} characters at the most, found {len(label)}")
        result = self.view.result
        if result is None:
            raise InputError("there are no maps yet to label")
        maps = replace(result.maps, label=label)
        told = read_json(self.folder / SUMMARY) | {"label": label}
        self.view = replace(self.view, result=replace(result, maps=maps))
        write_page(maps, self.folder / PAGE)
        write_json(self.folder / SUMMARY, told)

    def recompute(self, marks: Marks, vein: Marks | None = None) -> None:
        """Begin to make all maps anew, and the folder with them, from marked arterial voxels.

        They are held against a marked ``vein``; where that alone is marked, it is the arteries of
        the present maps that are.
        A stored result that its own series does not give is not replaced (``check_reproducible``).
        """
        if self.locked:
            self._check_folder()
        artery = marked_input(self.view, marks, vein)
        self.job.start(lambda reporter: self._make_by_hand(artery, marks, vein, reporter))

    def go_back(self) -> None:
        """Begin to make the maps with the arterial input before the last computation."""
        if self.before is None:
            raise InputError("no maps have been replaced since this viewer was started")
        artery = self.before.aif
        self.job.start(lambda reporter: self._make(artery, reporter))

    def _make_by_hand(
        self, artery: AIF, marks: Marks, vein: Marks | None, reporter: Reporter
    ) -> None:
        view = self.view
        found = unmixed_input(view, artery, vein)
        self._make(found, reporter)
        if marks.any():
            save_arteries(view, found, self.folder)
        if vein is not None and vein.any():
            save_vein(view, vein, self.folder)

    def _make(self, artery: AIF, reporter: Reporter) -> None:
        view = self.view
        if view.result is not None and not self.proven:
            check_reproducible(view.result, self.chosen, self.method, self.folder, reporter)
            self.proven = True
        measured = measure_prepared(
            view.series,
            artery,
            regions=Beside(regions=regions_to_find(view), anatomy=view.anatomies),
            preparation=view.preparation,
            reporter=reporter,
        )
        maps = estimate(measured, self.chosen, name=self.method, reporter=reporter)
        maps = replace(maps, label="" if view.maps is None else view.maps.label)
        reporter.step("preparing the curves")
        result = result_of(measured, maps, self.chosen)
        reporter.step(WRITING)
        maps.save(self.folder, overwrite=True, keep=self._others())
        self.before, self.proven = view.result, True
        self.view = View(
            series=measured.series,
            curves=measured.curves,
            result=result,
            regions=dict(maps.rois),
            preparation=view.preparation,
            version=view.version + 1,
            anatomies=view.anatomies,
        )

    def _others(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return [path.name for path in self.folder.iterdir() if path.name not in STALE]

    def _check_free(self) -> None:
        if self.job.state == "running":
            raise BusyError("the maps are being made anew; save when that has ended")

    def _check_folder(self) -> None:
        if self.locked:
            raise InputError(
                "this result is part of a BIDS dataset, in which the viewer changes nothing: keep "
                "what was drawn as a file of this computer, and make new maps with bolus maps"
            )
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
