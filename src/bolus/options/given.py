"""What is given of a patient besides the series."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.data import Blood, Burden
    from bolus.options.strokes import Strokes
    from bolus.patient import Beside


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given besides the series."""

    panel: ClassVar[str] = "Given besides the series"

    aif: str = option(
        "auto",
        "--aif",
        metavar="auto|FILE",
        help="Arterial input: found automatically, averaged over a MASK, or read from a "
        "TSV table (columns time_s, from the first used frame, and delta_r2star_per_s).",
    )
    vein: str | None = option(
        None,
        "--vein",
        metavar="MASK|I,J,K",
        help="Vein that the arterial input is held against when tissue is taken off it: a "
        "mask, or the numbers of one voxel, from 0. Found automatically otherwise.",
    )
    mask: Path | None = option(
        None, "--mask", metavar="MASK", help="Brain mask: NIfTI on the series' grid, or DICOM."
    )
    tumor: Path | None = option(
        None,
        "--tumor",
        metavar="MASK",
        help="Tumour mask: a NIfTI file on the grid of the series or of an anatomy, a DICOM "
        "SEG file (of several segments: FILE#NUMBER or FILE#LABEL), or a folder with a DICOM "
        "mask series. Corrects leakage, too.",
    )
    reference: str | None = option(
        None,
        "--reference",
        metavar="auto|mirror|none|MASK",
        help="Normal tissue to which the tumour is compared: white matter that is found "
        "(auto; as usual with a tumour), the tumour's mirror region, none, or a MASK.",
    )
    burden: str = option(
        "1.0,1.75",
        "--burden",
        metavar="LOW,HIGH",
        listed=True,
        help="Normalised rCBV between the classes of the fractional tumour burden; 1.0 and "
        "1.75 by Iv et al., AJNR 2019.",
    )
    anatomy: tuple[Path, ...] = option(
        (),
        "--anatomy",
        metavar="FILE",
        help="An anatomical image of the patient, of any contrast (T1 after contrast agent, "
        "FLAIR): NIfTI, a folder with one DICOM series, or FOLDER#NUMBER of several. The "
        "series is registered to it, or refused; maps are written on its grid, too, and masks "
        "may lie on it. May be given again: of further images only the place is written.",
    )
    hematocrit: float | None = option(
        None,
        "--hematocrit",
        metavar="SHARE",
        help="Haematocrit of the patient, e.g. 0.38, by which absolute CBF and CBV are scaled; "
        "else the usual 0.45.",
    )

    def known(self) -> "tuple[Blood, Burden]":
        """Options of the preparation. Raises InputError."""
        from bolus.data import Blood

        return Blood(hematocrit=self.hematocrit), burden_of(self.burden)

    def beside(self, strokes: "Strokes") -> "Beside":
        """Regions, a map of diffusion and an anatomical image."""
        from bolus.patient import Beside

        vein = None if self.vein is None else voxel_or_path(self.vein)
        regions = {"tumor": self.tumor, "reference": self.reference, "vein": vein}
        regions |= {"adc": strokes.adc, "dwi": strokes.dwi}
        return Beside(regions=regions, anatomy=self.anatomy)


def voxel_or_path(told: str) -> tuple[int, int, int] | Path:
    """The numbers of a voxel, where ``told`` is three of them with commas between; else a path."""
    parts = told.split(",")
    if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
        i, j, k = (int(part) for part in parts)
        return i, j, k
    return Path(told)


def burden_of(text: str) -> "Burden":
    """Thresholds of the tumour burden from text like 1.0,1.75. Raises InputError."""
    from bolus.data import Burden, InputError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"--burden takes two numbers like 1.0,1.75, found '{text}'") from error
    usual = Burden()
    return usual if (low, high) == (usual.low, usual.high) else (
        Burden(low=low, high=high, source="given"))  # fmt: skip
