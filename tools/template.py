"""Tissue maps of the digital patient, from the ICBM 152 template: src/bolus/assets/mni152_*.nii.gz.

    python tools/template.py FOLDER

FOLDER holds mni_icbm152_{gm,wm,t1}_tal_nlin_sym_09a_converted.nii.gz, as nilearn ships them in
``nilearn/datasets/data`` (nilearn 0.14.1). Run once; the results are in the repository.
"""

import gzip
import sys
from pathlib import Path

import nibabel
import numpy as np

ASSETS = Path(__file__).resolve().parent.parent / "src" / "bolus" / "assets"


def template(folder: Path, kind: str) -> np.ndarray:
    """One map, 0 to 1."""
    path = folder / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
    values = np.asarray(nibabel.load(path).dataobj, dtype=np.float32)
    return values / values.max()


def parts(folder: Path) -> dict[str, np.ndarray]:
    """Grey matter, white matter and whole brain, 0 to 255.

    The maps are averages over many heads; squaring and renormalising the class shares gives back
    the crisp ribbon of a single one.
    """
    grey, white, head = (template(folder, kind) for kind in ("gm", "wm", "t1"))
    inside = (head > 0.05) | (grey + white > 0.2)
    fluid = np.maximum(1 - grey - white, 0)
    total = grey**2 + white**2 + fluid**2
    scale = 255 * inside / np.maximum(total, 1e-6)
    found = {"grey": grey**2 * scale, "white": white**2 * scale, "brain": 255 * inside}
    return {name: np.rint(part).astype(np.uint8) for name, part in found.items()}


def main() -> None:
    """Write the three files, the same bytes every time."""
    affine = np.eye(4)
    affine[:3, 3] = -98.0, -134.0, -72.0
    for name, part in parts(Path(sys.argv[1])).items():
        image = nibabel.Nifti1Image(part, affine)
        image.header["descrip"] = b"(C) 1993-2009 Louis Collins, McGill; derived"
        image.header.set_xyzt_units("mm")
        packed = gzip.compress(image.to_bytes(), 9, mtime=0)
        (ASSETS / f"mni152_{name}.nii.gz").write_bytes(packed)
        print(f"mni152_{name}.nii.gz: {len(packed)} bytes")


if __name__ == "__main__":
    main()
