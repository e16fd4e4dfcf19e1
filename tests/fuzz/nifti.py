"""Mutations of NIfTI files: header fields, sizes, compression, geometry and intensities."""

import gzip
import json
import struct
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np

from fuzz.case import Rng, Written, one_of
from fuzz.small_head import DT, TE, small_head

_ODD = (0, 1, -1, 2, 7, 255, 32767, -32768, np.nan, np.inf, -np.inf, 1e-20, 1e20, 1e38, -1e38, 0.5)
_FIELDS = ("datatype", "bitpix", "vox_offset", "scl_slope", "scl_inter", "xyzt_units", "cal_max",
           "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x",
           "sizeof_hdr", "intent_code", "slice_code", "toffset", "slice_duration")  # fmt: skip
_CODES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304, 99)


def write(folder: Path, rng: Rng, *, version: int = 1, packed: bool = False) -> tuple[Path, bytes]:
    """The path of a series with its sidecar, and its bytes, not yet compressed."""
    head = small_head()
    kind = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = kind(head.signal.astype(np.int16), head.grid.affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = DT
    sidecar = {"EchoTime": TE, "RepetitionTime": DT}
    (folder / "dsc.json").write_text(json.dumps(sidecar))
    return folder / ("dsc.nii.gz" if packed else "dsc.nii"), image.to_bytes()


def _start(folder: Path, rng: Rng) -> tuple[Path, bytearray, type]:
    version, packed = int(rng.integers(1, 3)), bool(rng.integers(2))
    path, content = write(folder, rng, version=version, packed=packed)
    return path, bytearray(content), nib.Nifti1Header if version == 1 else nib.Nifti2Header


def _keep(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else bytes(content))


def _with_header(content: bytearray, kind: type, change: object) -> bytes:
    size = kind.template_dtype.itemsize
    header = kind(bytes(content[:size]), check=False)
    with np.errstate(all="ignore"):
        change(header)
    return header.binaryblock + bytes(content[size:])


def field(folder: Path, rng: Rng) -> Written:
    """One header field has an odd value."""
    path, content, kind = _start(folder, rng)
    name, value = str(one_of(rng, _FIELDS)), one_of(rng, _ODD)
    told = f"{name} = {value}"

    def change(header: nib.Nifti1Header) -> None:
        dtype = header[name].dtype
        if dtype.kind in "iu":
            low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
            whole = int(value) if np.isfinite(value) else high
            header[name] = min(max(whole, low), high)
        else:
            header[name] = value

    _keep(path, _with_header(content, kind, change))
    return Written(path, told)


def datatype(folder: Path, rng: Rng) -> Written:
    """Another datatype code, known or not, over the same bytes."""
    path, content, kind = _start(folder, rng)
    code = int(one_of(rng, _CODES))
    _keep(path, _with_header(content, kind, lambda h: h.__setitem__("datatype", code)))
    return Written(path, f"datatype {code}")


def dimensions(folder: Path, rng: Rng) -> Written:
    """Dimensions that are not the file's: larger, smaller, negative, none, more of them."""
    path, content, kind = _start(folder, rng)
    axis = int(rng.integers(0, 8))
    value = int(one_of(rng, (0, 1, -1, -5, 3, 5, 31, 33, 64, 1000, 32767)))

    def change(header: nib.Nifti1Header) -> None:
        header["dim"][axis] = value
        if rng.integers(3) == 0:
            header["dim"][1:5] = 32767

    _keep(path, _with_header(content, kind, change))
    return Written(path, f"dim[{axis}] = {value}")


def units(folder: Path, rng: Rng) -> Written:
    """Any code of the units of space and time, with a step of any size."""
    path, content, kind = _start(folder, rng)
    code, step = int(rng.integers(256)), float(one_of(rng, (0, 1, 1.5, 1500, 1.5e6, np.nan, -1)))
    sidecar = bool(rng.integers(2))

    def change(header: nib.Nifti1Header) -> None:
        header["xyzt_units"] = code
        header["pixdim"][4] = step

    _keep(path, _with_header(content, kind, change))
    if not sidecar:
        path.with_name("dsc.json").unlink()
    return Written(path, f"units {code}, step {step:g}, {'a' if sidecar else 'no'} sidecar")


def cut(folder: Path, rng: Rng) -> Written:
    """Cut short, or with more behind it; plain or compressed."""
    path, content, _ = _start(folder, rng)
    _keep(path, bytes(content))
    whole = path.read_bytes()
    keep = int(rng.integers(0, len(whole)))
    more = rng.integers(4) == 0
    path.write_bytes(whole + bytes(keep) if more else whole[:keep])
    return Written(path, f"{'longer' if more else 'cut'}, {keep} bytes of {len(whole)}")


def flips(folder: Path, rng: Rng) -> Written:
    """Some bytes are others, of the header or of the compressed stream."""
    path, content, _ = _start(folder, rng)
    if path.suffix == ".gz" and rng.integers(2):
        _keep(path, bytes(content))
        stored = bytearray(path.read_bytes())
        for at in rng.integers(0, len(stored), 4):
            stored[at] ^= int(rng.integers(1, 256))
        path.write_bytes(stored)
        return Written(path, "bytes of the compressed stream flipped")
    for at in rng.integers(0, 348, int(rng.integers(1, 5))):
        content[at] = int(rng.integers(256))
    _keep(path, bytes(content))
    return Written(path, "bytes of the header flipped")


def mark(folder: Path, rng: Rng) -> Written:
    """Another mark, a name that does not fit, another order of bytes."""
    path, content, _ = _start(folder, rng)
    way = int(rng.integers(4))
    if way == 0:
        marks = (b"ni1\0", b"n+1\0", b"n+2\0", b"\0\0\0\0", b"n+3\0")
        content[344:348] = bytes(one_of(rng, marks))
        _keep(path, bytes(content))
    elif way == 1:  # plain under the name of a compressed file, or the other way round
        packed = path.suffix == ".gz"
        path.write_bytes(bytes(content) if packed else gzip.compress(bytes(content), 1))
    elif way == 2:
        content[:4] = struct.pack(">i", 348)
        _keep(path, bytes(content))
    else:
        path.write_bytes(rng.bytes(int(rng.integers(0, 4000))))
    return Written(path, ("mark", "name", "order of bytes", "noise")[way])


def geometry(folder: Path, rng: Rng) -> Written:
    """An affine that is tiny, huge, far away, skewed, flat or no number."""
    path, content, kind = _start(folder, rng)
    affine = small_head().grid.affine.copy()
    way, told, nonsense = int(rng.integers(6)), "", ""
    if way in (0, 1):
        scale = 10.0 ** float(rng.uniform(-22, 22)) if way else float(rng.uniform(0.005, 50.0))
        affine[:3, :3] *= scale
        edge, volume = 5 * scale, 4.5 * scale**3 * 28
        told = f"voxels of {edge:.3g} mm"
        if edge < 0.19 or edge > 51 or volume < 0.2 or volume > 9000:
            nonsense = "a brain of no size"
    elif way == 2:
        affine[:3, 3] = 10.0 ** rng.uniform(0, 30, 3)
        told = f"origin {affine[0, 3]:.3g} mm"
    elif way == 3:
        shear = float(one_of(rng, (0.3, 1.0, 3.0, 30.0, 1e6)))
        affine[0, 1] = shear * affine[0, 0]
        told = f"sheared by {shear:g}"
    elif way == 4:
        row, column = rng.integers(0, 3, 2)
        affine[row, column] = float(one_of(rng, (0.0, np.nan, np.inf, 1e-30)))
        told = f"affine[{row}, {column}] = {affine[row, column]:g}"
    else:
        axis = int(rng.integers(3))
        affine[:3, axis] *= float(one_of(rng, (1e-3, 0.03, 20.0, 1e3)))
        told = f"axis {axis} of {np.linalg.norm(affine[:3, axis]):.3g} mm"

    def change(header: nib.Nifti1Header) -> None:
        header["sform_code"], header["qform_code"] = 1, int(rng.integers(3))
        for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
            header[name] = affine[row]

    _keep(path, _with_header(content, kind, change))
    return Written(path, told, nonsense, moving=bool(rng.integers(3) == 0))


def _write_signal(folder: Path, rng: Rng, signal: np.ndarray, scale: float = 1.0) -> Path:
    path = folder / str(one_of(rng, ("dsc.nii", "dsc.nii.gz")))
    image = nib.Nifti1Image(signal, small_head().grid.affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = DT
    nib.save(image, path)
    (folder / "dsc.json").write_text(json.dumps({"EchoTime": TE * scale, "RepetitionTime": DT}))
    return path


def intensities(folder: Path, rng: Rng) -> Written:
    """Values that are huge, tiny, alike, negative, few, or no numbers."""
    signal = small_head().signal.astype(np.float64)
    way = int(rng.integers(9))
    levels = int(one_of(rng, (1, 2, 3, 4)))
    ceiling = signal.max()
    told, changed, nonsense = (
        ("times 10^x", signal * 10.0 ** float(rng.uniform(-38, 34)), ""),
        ("on a large offset", signal + 10.0 ** float(rng.uniform(5, 30)), ""),
        ("on a small offset", signal - float(rng.uniform(100, 2000)), ""),
        ("turned over", ceiling - signal, ""),
        (f"of {levels} values", np.floor(signal / ceiling * levels * 0.999) * 100, "few values"),
        ("constant", np.full_like(signal, float(one_of(rng, (0, 7, -3, 1e20)))), "constant"),
        ("with NaN", np.where(rng.random(signal.shape) < 0.3, np.nan, signal), ""),
        ("all NaN", np.full_like(signal, np.nan), "no number"),
        ("with infinity", np.where(rng.random(signal.shape) < 0.001, np.inf, signal), ""),
    )[way]
    kind = str(one_of(rng, ("f4", "f8")))
    with np.errstate(all="ignore"):
        stored = changed.astype(kind)
    return Written(_write_signal(folder, rng, stored), f"signal {told}", nonsense)


def frames(folder: Path, rng: Rng) -> Written:
    """Frames reversed, shuffled, repeated, missing, empty, or of another bolus."""
    signal = small_head().signal.astype(np.int16)
    n = signal.shape[3]
    way = int(rng.integers(7))
    told, changed, nonsense = (
        ("reversed", signal[..., ::-1], "reversed in time"),
        ("shuffled", signal[..., rng.permutation(n)], ""),
        ("before the bolus only", np.tile(signal[..., :7], 5), "no bolus"),
        ("cut", signal[..., : int(rng.integers(1, n))], ""),
        ("from the middle", signal[..., int(rng.integers(1, n)) :], ""),
        ("with an empty one", signal * (np.arange(n) != rng.integers(n)), ""),
        ("one of them everywhere", np.repeat(signal[..., :1], n, axis=3), "no bolus"),
    )[way]
    path = _write_signal(folder, rng, np.ascontiguousarray(changed.astype(np.int16)))
    return Written(path, f"frames {told}", nonsense)


def one_slice(folder: Path, rng: Rng) -> Written:
    """Fewer slices, rows or columns; a series of very few voxels."""
    signal = small_head().signal.astype(np.int16)
    axis, size = int(rng.integers(3)), int(one_of(rng, (1, 1, 2, 3)))
    path = _write_signal(folder, rng, np.take(signal, range(12, 12 + size) if axis < 2
                                              else range(min(size, 3)), axis=axis))  # fmt: skip
    return replace(Written(path, f"{size} along axis {axis}"), moving=bool(rng.integers(2)))


NIFTI = (field, field, datatype, dimensions, dimensions, units, cut, flips, flips, mark, geometry,
         geometry, geometry, intensities, intensities, frames, one_slice)  # fmt: skip
