"""The result of one patient: maps that can be saved."""

import os
import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bolus.data import PerfusionMaps
from bolus.io import KEPT, nifti_image, output_folder, read_identity, write_dicom, write_kept
from bolus.io.bids.dataset import BidsNames
from bolus.report import save_bids, write_report
from bolus.report.figures.capture import capture
from bolus.report.figures.plots import plot_map
from bolus.report.frames import number_frame, voxel_dataset, voxel_frame
from bolus.report.notebook import notebook_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from nibabel import Nifti1Image
    from pandas import DataFrame
    from xarray import Dataset

PathLike = str | os.PathLike[str]
SCREEN = 79
"""Columns of a screen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientMaps(PerfusionMaps):
    """Maps of one patient that can be saved, plotted and put into a table.

    ``maps["cbf"]`` is one of them with its SD, unit and affine; a notebook shows all.
    """

    def __repr__(self) -> str:
        shape = " × ".join(str(n) for n in self.grid.shape)
        told = f"{', '.join(self.volumes)}; SD of {', '.join(self.sd) or 'none'}"
        return textwrap.fill(f"<PatientMaps by {self.method}, {shape} voxels: {told}>", SCREEN)

    def _repr_html_(self) -> str:
        """What a notebook shows: verdict, checks and picture."""
        return notebook_html(self)

    def to_dataframe(self) -> "DataFrame":
        """Voxels of the brain mask as rows, maps, SDs, quality and regions as columns.

        Raises InputError where pandas is not installed (``pip install 'bolus[pandas]'``).
        """
        return voxel_frame(self)

    def numbers_to_dataframe(self) -> "DataFrame":
        """The numbers of its regions as rows. Raises InputError as ``to_dataframe``."""
        return number_frame(self)

    def to_nibabel(self, name: str = "cbf") -> "Nifti1Image":
        """A map, or the SD of one ('cbf_sd'), as a nibabel image. Raises InputError as ``[]``."""
        return nifti_image(self[name].values, self.grid)

    def to_xarray(self) -> "Dataset":
        """Maps, SDs, quality and regions as an xarray.Dataset, with units and affine.

        Raises InputError where xarray is not installed (``pip install 'bolus[xarray]'``).
        """
        return voxel_dataset(self)

    def plot(self, name: str = "cbf", axes: "Axes | None" = None) -> "Axes":
        """A map as a mosaic, in ``axes`` or a new figure. Raises InputError for one not there."""
        return plot_map(self, name, axes)

    def save(
        self,
        folder: PathLike,
        *,
        overwrite: bool = False,
        dicom: bool = False,
        anonymize: bool = True,
        keep: Collection[str] = (),
    ) -> Path:
        """Write maps, masks, arterial input, sidecars, summary, picture and page into a new folder.

        ``dicom`` adds a folder ``dicom`` with the maps as parametric maps and as colour pictures,
        the regions as segmentations and the numbers of regions as a structured report, under the
        study that the series came from; these name the patient as the source does. Nothing else
        does, unless ``anonymize`` is False: then the page does.

        ``keep`` names files of an overwritten result that stay where the new one has none such.

        The folder appears complete or not at all. Raises OutputError when it exists (and is not an
        earlier result to overwrite) or cannot be written, SeriesError where DICOM output is asked
        of a series that did not come as DICOM.
        """
        with output_folder(folder, overwrite, keep) as partial:
            write_report(self, partial, None if anonymize else read_identity(self.series.source))
            write_kept(self.series, partial / KEPT)
            if dicom:
                write_dicom(self, partial / "dicom", capture)
        return Path(folder)

    def save_bids(
        self,
        dataset: PathLike,
        *,
        subject: str,
        session: str | None = None,
        source: PathLike | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Add maps, masks, arterial input, sidecars, picture and page to a BIDS dataset.

        ``dataset`` is one of derivatives; it is made where there is none. ``subject`` and
        ``session`` are labels, with or without 'sub-' and 'ses-'; no file names the patient
        otherwise. ``source`` is the input: where it lies in a raw BIDS dataset, that is noted.

        The files appear together or not at all. Raises InputError for labels that BIDS does not
        allow, OutputError where maps of that subject, session and method exist (and are not to be
        overwritten), for a folder that is no derivatives dataset of bolus, or one that cannot be
        written to.
        """
        names = BidsNames.of(subject, session, self.method)
        save_bids(self, dataset, names, source=source, overwrite=overwrite)
        return Path(dataset)
