"""A file format of one's own: one function that reads it, and one entry."""

import tempfile
from pathlib import Path

import numpy as np

import bolus
from bolus.data import DSCSeries, Grid, SeriesError, Source
from bolus.io import FORMATS, Format, checksum


def read_npz(path, te, tr):
    """A series from a numpy archive: signal (x, y, z, t), affine to mm (RAS+), times in s."""
    try:
        with np.load(path, allow_pickle=False) as file:
            signal, affine = file["signal"].astype(np.float32), file["affine"]
            stated = {name: float(file[name]) for name in ("te", "tr") if name in file}
            dt = stated["tr"] if tr is None else tr
    except (OSError, ValueError, KeyError) as error:
        raise SeriesError(f"{path}: this is no archive of a series ({error})") from error
    return DSCSeries(
        signal=signal,
        grid=Grid(shape=signal.shape[:3], affine=affine),
        dt=dt,
        te=stated.get("te") if te is None else te,
        source=Source(format="npz", checksum=checksum(path)),
    )


# In the package: an entry in io/series.py.
FORMATS["numpy archive"] = Format(lambda path: path.suffix == ".npz", read_npz)

patient = bolus.simulate_patient(seed=1, shape=(32, 32, 4)).series
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "dsc.npz")
    np.savez(file, signal=patient.signal, affine=patient.grid.affine, te=patient.te, tr=patient.dt)
    series = bolus.read_series(file)  # and so ``bolus maps dsc.npz``

    # What no scanner makes is refused, whatever format it comes in.
    try:
        bolus.read_series(file, te=30)
    except SeriesError as error:
        refused = str(error)

print(series.signal.shape, "every", series.dt, "s;", refused)
