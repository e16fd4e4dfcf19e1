"""Mutations of the BIDS sidecar, and of the times given on the command line."""

import json
from pathlib import Path

from fuzz.case import Rng, Written, one_of
from fuzz.nifti import _keep, write
from fuzz.small_head import DT, TE

_VALUES = (None, True, "0.03", "", [], [0.03], {}, {"a": 1}, 10**25, 10**400, -(10**30), 1e-30,
           1e300, -0.03, 0, 0.03, 1.5, 30, 1500, float("nan"), float("inf"))  # fmt: skip
_FIELDS = ("EchoTime", "RepetitionTime", "SliceTiming", "SliceEncodingDirection")
_LOW, _HIGH = 0.003, 0.15


def _written(folder: Path, rng: Rng, text: bytes) -> Path:
    path, content = write(folder, rng, packed=bool(rng.integers(2)))
    _keep(path, content)
    (folder / "dsc.json").write_bytes(text)
    return path


def value(folder: Path, rng: Rng) -> Written:
    """A field of another type or size."""
    name, found = str(one_of(rng, _FIELDS)), one_of(rng, _VALUES)
    told = {"EchoTime": TE, "RepetitionTime": DT, name: found}
    path = _written(folder, rng, json.dumps(told).encode())
    return Written(path, f"{name} = {repr(found)[:30]}")


def echo_time(folder: Path, rng: Rng) -> Written:
    """An echo time between 1e-6 s and 1 s, in the sidecar or given."""
    te = float(10 ** rng.uniform(-6, 0))
    given = bool(rng.integers(2))
    told = {"RepetitionTime": DT} if given else {"RepetitionTime": DT, "EchoTime": te}
    path = _written(folder, rng, json.dumps(told).encode())
    nonsense = "" if _LOW <= te <= _HIGH else "an echo time that no scanner has"
    options = {"te": te} if given else None
    return Written(path, f"TE {te:.3g} s{' given' if given else ''}", nonsense, options=options)


def repetition_time(folder: Path, rng: Rng) -> Written:
    """A time between frames of 1 ms to 1000 s, in the sidecar or given."""
    tr = float(10 ** rng.uniform(-3, 3))
    path = _written(folder, rng, json.dumps({"EchoTime": TE}).encode())
    nonsense = "" if 0.1 <= tr <= 5 else "a time between frames that no scanner has"
    return Written(path, f"TR {tr:.3g} s given", nonsense, options={"tr": tr})


def text(folder: Path, rng: Rng) -> Written:
    """What is no JSON object: nested without end, cut, other bytes, large."""
    usual = json.dumps({"EchoTime": TE, "RepetitionTime": DT})
    depth = int(10 ** rng.uniform(1, 5.5))
    content = one_of(rng, (
        b'{"a":' * depth + b"1" + b"}" * depth,
        b'{"a":' + b"[" * depth,
        usual.encode()[: int(rng.integers(len(usual)))],
        usual.encode("utf-16"),
        b"\xef\xbb\xbf" + usual.encode(),
        b"[" + usual.encode() + b"]",
        b'{"EchoTime": 1' + b"0" * depth + b"}",
        usual.encode()[:-1] + b', "x": "' + b"y" * 10 * depth + b'"}',
        usual.encode()[:-1] + b', "EchoTime": 0.03, "n": null}',
        rng.bytes(int(rng.integers(0, 300))),
    ))  # fmt: skip
    return Written(_written(folder, rng, bytes(content)), f"text of {len(bytes(content))} bytes")


def slice_timing(folder: Path, rng: Rng) -> Written:
    """Slice times: right, too many, negative, in milliseconds."""
    count, scale = int(rng.integers(1, 6)), float(one_of(rng, (1, 1, 1000, -1)))
    times = (rng.random(count) * DT * scale).tolist()
    told = {"EchoTime": TE, "RepetitionTime": DT, "SliceTiming": times,
            "SliceEncodingDirection": one_of(rng, ("k", "k-", "j", "", 3, "kk"))}  # fmt: skip
    return Written(_written(folder, rng, json.dumps(told).encode()), f"{count} slice times")


SIDECAR = (value, value, echo_time, echo_time, repetition_time, text, slice_timing)
