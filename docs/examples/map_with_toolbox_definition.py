r"""Map one object of the external benchmark as the DSC-MRI-toolbox of Padova defines its methods.

    bolus bench --external bench --name "DSC-MRI-toolbox oSVD" \
        --origin "re-run from its public definition" \
        --command "python map_with_toolbox_definition.py {series} {mask} {aif} {output} oSVD"

Written anew after the toolbox's description and options (Castellaro, Peruzzo, MIT licence, MATLAB;
github.com/FAIR-Unipd/dsc-mri-toolbox), of which no code is here: the arterial matrix weighs three
samples by 1, 4 and 1; SVD drops singular values under 20 % of the largest, cSVD (block-circulant)
under 10 %; oSVD raises its limit by 5 % until second differences give an oscillation index under
0.035. CBF is the largest (absolute, but for oSVD) value of the response over TR, CBV the ratio of
areas, MTT = CBV/CBF. Where the object has a tumour the volume is corrected by K2 times the double
integral of the mean curve that does not enhance, if K2 is known better than to 100 %. Its oSVD does
not divide by TR; here it does, or its CBF would be a value per frame.
"""

import argparse
import json
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.linalg import toeplitz

LIMIT = {"SVD": 0.2, "cSVD": 0.1}
OSCILLATION = 0.035


def matrix(aif: np.ndarray, circulant: bool) -> np.ndarray:
    """The convolution matrix of arterial samples, smoothed by (1, 4, 1)/6."""
    n = aif.size
    smooth = np.zeros(2 * n)
    smooth[0] = aif[0]
    smooth[1 : n - 1] = (aif[:-2] + 4 * aif[1:-1] + aif[2:]) / 6
    if not circulant:
        smooth[n - 1] = aif[-1]
        return toeplitz(smooth[:n], np.r_[smooth[0], np.zeros(n - 1)])
    smooth[n - 1] = (aif[-2] + 4 * aif[-1]) / 6
    smooth[n] = aif[-1] / 6
    return toeplitz(smooth, np.r_[smooth[0], smooth[:0:-1]])


def responses(curves: np.ndarray, aif: np.ndarray, dt: float, method: str) -> np.ndarray:
    """Impulse responses (n, frames or twice as many) in 1/s."""
    a = matrix(aif, method != "SVD")
    u, s, vt = np.linalg.svd(a)
    padded = np.zeros((len(curves), len(a)))
    padded[:, : curves.shape[1]] = curves
    along = padded @ u

    def solved(limit: float, rows: np.ndarray) -> np.ndarray:
        inverse = np.where(s >= limit * s[0], 1 / s, 0)
        return (along[rows] * inverse) @ vt / dt

    everyone = np.arange(len(curves))
    if method in LIMIT:
        return solved(LIMIT[method], everyone)
    found, left = np.empty_like(padded), everyone
    for percent in range(5, 100, 5):
        tried = solved(percent / 100, left)
        found[left] = tried
        rough = np.abs(np.diff(tried, n=2, axis=1)).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            smooth = rough / tried.max(axis=1) / tried.shape[1] < OSCILLATION
        left = left[~smooth]
    return found


def added_by_leakage(curves: np.ndarray, before: int, dt: float) -> np.ndarray:
    """Area (n,) that leakage took off the curves, by two coefficients of the reference curve."""
    spread = curves[:, :before].std(axis=1, ddof=1)
    calm = np.abs(np.median(curves[:, -11:], axis=1)) <= 2 * spread
    reference = curves[calm].mean(axis=0)
    integral = cumulative_trapezoid(reference, dx=dt, initial=0)
    design = np.stack([-integral, reference], axis=1)
    k2 = np.linalg.lstsq(design, curves.T, rcond=None)[0][0]
    sd = spread * np.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    return np.where(sd < np.abs(k2), k2, 0) * np.trapezoid(integral, dx=dt)


def main() -> None:
    """Read the object, map it, write the maps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("series", "mask", "aif", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("method", choices=("SVD", "cSVD", "oSVD"))
    parser.add_argument("--tumor", default="")
    given = parser.parse_args()
    sidecar = json.loads(given.series.with_name("dsc.json").read_text())
    dt, before = sidecar["RepetitionTime"], sidecar["BaselineFrames"]
    image = nib.load(given.series)
    mask = np.asarray(nib.load(given.mask).dataobj) > 0
    aif = np.loadtxt(given.aif, skiprows=1)[:, 1]
    signal = image.get_fdata()[mask]
    s0 = signal[:, :before].mean(axis=1, keepdims=True)
    curves = -np.log(np.maximum(signal, 1e-6 * s0) / s0) / sidecar["EchoTime"]
    response = responses(curves, aif, dt, given.method)
    cbf = (response if given.method == "oSVD" else np.abs(response)).max(axis=1)
    area = np.trapezoid(curves, dx=dt, axis=1)
    cbv = area / np.trapezoid(aif, dx=dt)
    maps = {"cbf": 6000 * cbf, "cbv": 100 * cbv, "mtt": cbv / cbf}
    if given.method != "SVD":
        step = response.argmax(axis=1)
        maps["tmax"] = dt * np.where(step < aif.size, step, step - 2 * aif.size)
    if given.tumor:
        corrected = area + added_by_leakage(curves, before, dt)
        maps["cbv_corrected"] = 100 * corrected / np.trapezoid(aif, dx=dt)
    for name, values in maps.items():
        volume = np.full(mask.shape, np.nan, dtype=np.float32)
        volume[mask] = values
        nib.save(nib.Nifti1Image(volume, image.affine), given.output / f"{name}.nii.gz")


if __name__ == "__main__":
    main()
