"""How the maps of one patient are laid out: a folder of their own, or a BIDS dataset."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.estimators import Estimator
    from bolus.io.bids.dataset import BidsNames
    from bolus.patient import PatientMaps


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the maps are laid out."""

    panel: ClassVar[str] = "Output"

    dicom: bool = option(
        False,
        "--dicom",
        help="Also write the maps as DICOM parametric maps and as colour pictures, the regions as "
        "a segmentation and numbers as a report, under the study (and the patient's name) of the "
        "input.",
    )
    anonymize: bool = option(
        True,
        "--anonymize/--no-anonymize",
        help="Keep name, id, birth date and accession number of the patient off the page.",
    )
    bids: bool = option(
        False,
        "--bids",
        help="Make OUT a BIDS derivatives dataset, or add to one: maps of further subjects, "
        "sessions and methods.",
    )
    subject: str | None = option(
        None,
        "--subject",
        metavar="LABEL",
        help="With --bids: the subject, e.g. 01. Taken from an INPUT called sub-…_… otherwise.",
    )
    session: str | None = option(
        None,
        "--session",
        metavar="LABEL",
        help="With --bids: the session, if any. Taken from an INPUT called sub-…_ses-…_… too.",
    )

    def check(
        self, source: Path, out: Path, method: "str | Estimator", overwrite: bool
    ) -> "BidsNames | None":
        """Raise now what writing would; names in a BIDS dataset, None for a folder."""
        from bolus.io import check_output
        from bolus.io.bids.dataset import check_dataset
        from bolus.options.bids import bids_names, check_only_with_bids

        if self.bids:
            named = self.dicom or not self.anonymize
            names = bids_names(source, self.subject, self.session, method, named=named)
            check_dataset(out, names, overwrite)
            return names
        check_only_with_bids(self.subject, self.session)
        check_output(out, overwrite)
        return None

    def write(
        self,
        result: "PatientMaps",
        out: Path,
        names: "BidsNames | None",
        *,
        source: Path,
        overwrite: bool,
    ) -> Path:
        """The maps as a folder, or in a BIDS dataset; returns the path of their page."""
        from bolus.report import save_bids

        if names is None:
            result.save(out, overwrite=overwrite, dicom=self.dicom, anonymize=self.anonymize)
            return out / "report.html"
        save_bids(result, out, names, source=source, overwrite=overwrite)
        return out / names.path("report.html")
