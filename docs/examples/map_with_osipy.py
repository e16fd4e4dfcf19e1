r"""Map one object of the external benchmark with osipy, which is not part of this project.

    bolus bench --external bench --name "osipy 0.1.4 oSVD" --origin "installed from PyPI" \
        --command "python map_with_osipy.py {series} {mask} {aif} {output} oSVD --tumor={tumor}"

Run by a Python in which osipy (Apache-2.0) is installed. The method is sSVD, cSVD or oSVD. Its own
conversion of signal, its own maps, all at their defaults but for κ = 1 and a density of 1, which
are the units of the benchmark; its own leakage correction where the object has a tumour.
"""

import argparse
import json
from pathlib import Path

import nibabel as nib
import numpy as np
from osipy.dsc import compute_perfusion_maps, correct_leakage, signal_to_delta_r2


def main() -> None:
    """Read the object, map it, write the maps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("series", "mask", "aif", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("method")
    parser.add_argument("--tumor", default="")
    given = parser.parse_args()
    sidecar = json.loads(given.series.with_name("dsc.json").read_text())
    image = nib.load(given.series)
    mask = np.asarray(nib.load(given.mask).dataobj) > 0
    time, aif = np.loadtxt(given.aif, skiprows=1).T
    curves = signal_to_delta_r2(
        image.get_fdata(), 1000 * sidecar["EchoTime"], baseline_frames=sidecar["BaselineFrames"]
    )
    if given.tumor:
        curves = correct_leakage(curves, aif, time, mask).corrected_delta_r2
    maps = compute_perfusion_maps(
        curves,
        aif,
        time,
        mask,
        deconvolution_method=given.method,
        density=1.0,
        hematocrit_ratio=1.0,
    )
    for name in ("cbf", "cbv", "mtt", "tmax"):
        values = np.where(mask, getattr(maps, name).values, np.nan).astype(np.float32)
        nib.save(nib.Nifti1Image(values, image.affine), given.output / f"{name}.nii.gz")


if __name__ == "__main__":
    main()
