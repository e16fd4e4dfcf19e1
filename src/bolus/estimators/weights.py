"""Weights in files: tensors, the configuration that fits them, and where they come from."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from bolus.base.tensors import read_tensors, write_tensors
from bolus.data import InputError, WeightsError
from bolus.data.brief import brief

FORMAT = "bolus-weights"
VERSION = "1"
KINDS = ("phae", "phae-paper", "spinned")
"""Kinds whose weights come with the package."""
SMOKE = "smoke_test"
"""What the provenance of weights says that come from a smoke test."""
SURROGATES = ("temporal", "gan", "talebi")
"""Kinds that are trained on one's own patients, by the maps of another method; none are shipped."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A trained network as data.

    ``kind`` is the method it belongs to, ``tensors`` (name → float32 array) its parameters,
    ``config`` all that is needed to rebuild it and ``provenance`` how it was made; both hold only
    what JSON can say, and no patient's identity. ``file`` and ``sha256`` are the name and the
    SHA-256 of the file they were read from, empty where there is none.
    """

    __repr__ = brief

    kind: str
    tensors: Mapping[str, np.ndarray]
    config: Mapping[str, object]
    provenance: Mapping[str, object]
    file: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        known = (*KINDS, *SURROGATES)
        if self.kind not in known:
            raise WeightsError(f"weights are of {', '.join(known)}, found '{self.kind}'")

    @property
    def smoke(self) -> bool:
        """Whether they come from a smoke test, and so from no training."""
        return bool(self.provenance.get(SMOKE, False))

    @property
    def checksum(self) -> str:
        """SHA-256 of the tensors and the configuration, in hexadecimal."""
        digest = hashlib.sha256(json.dumps(dict(self.config), sort_keys=True).encode())
        for name in sorted(self.tensors):
            digest.update(name.encode() + np.ascontiguousarray(self.tensors[name]).tobytes())
        return digest.hexdigest()

    def check_shapes(self, expected: Mapping[str, tuple[int, ...]]) -> None:
        """Raise WeightsError unless the tensors are exactly ``expected`` (name → shape)."""
        found = {name: tuple(value.shape) for name, value in self.tensors.items()}
        wrong = sorted(
            name for name in {*found, *expected} if found.get(name) != expected.get(name)
        )
        if wrong:
            name = wrong[0]
            raise WeightsError(
                f"weights of '{self.kind}' do not fit their configuration: {name} is "
                f"{found.get(name, 'missing')}, expected {expected.get(name, 'no such tensor')}"
                + (f" ({len(wrong)} tensors differ)" if len(wrong) > 1 else "")
            )


def read_weights(path: str | os.PathLike[str]) -> Weights:
    """Weights from a safetensors file written by ``write_weights``.

    Raises WeightsError for a file that is missing, damaged, or holds something else, and for
    weights of a smoke test.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path}: no such file of weights")
    try:
        tensors, told = read_tensors(path)
    except InputError as error:
        raise WeightsError(str(error)) from error
    found = _weights(Path(path), told, tensors)
    if found.smoke:
        raise WeightsError(
            f"{path}: made by a smoke test (bolus train --smoke), which trains nothing; train "
            "without --smoke"
        )
    return replace(found, file=Path(path).name, sha256=_digest(Path(path)))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _weights(path: Path, told: Mapping[str, str], tensors: dict[str, np.ndarray]) -> Weights:
    label = (told.get("format"), told.get("version"))
    if label != (FORMAT, VERSION):
        raise WeightsError(
            f"{path}: expected {FORMAT} version {VERSION}, found "
            + (f"{label[0]} version {label[1]}" if label[0] else "a safetensors file without label")
        )
    other = sorted({str(v.dtype) for v in tensors.values()} - {"float32"})
    if other:
        raise WeightsError(f"{path}: weights are float32, found {', '.join(other)}")
    try:
        config, provenance = json.loads(told["config"]), json.loads(told["provenance"])
        if not (isinstance(config, dict) and isinstance(provenance, dict)):
            raise ValueError("config and provenance are JSON objects")
        return Weights(told["kind"], tensors, config, provenance)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path}: its header is damaged ({error})") from error
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def write_weights(path: str | os.PathLike[str], weights: Weights) -> None:
    """Write weights as safetensors in one go, the same bytes for the same weights.

    Raises OutputError when the place cannot be written.
    """
    told = {
        "format": FORMAT,
        "version": VERSION,
        "kind": weights.kind,
        "config": json.dumps(dict(weights.config), sort_keys=True),
        "provenance": json.dumps(dict(weights.provenance), sort_keys=True),
    }
    tensors = {name: values.astype(np.float32) for name, values in weights.tensors.items()}
    write_tensors(path, tensors, told)


@cache
def shipped_weights(name: str) -> Weights:
    """Weights that come with the package: 'phae', 'phae-paper' or 'spinned'.

    Raises WeightsError for another name.
    """
    if name not in KINDS:
        raise WeightsError(f"weights are shipped for {', '.join(KINDS)}, found '{name}'")
    with as_file(files("bolus.estimators") / "shipped" / f"{name}.safetensors") as path:
        return read_weights(path)


def hidden_widths(weights: Weights) -> tuple[int, ...]:
    """Hidden units of every layer; WeightsError when the configuration does not tell."""
    widths = weights.config.get("widths")
    if not isinstance(widths, list) or not all(isinstance(w, int) and w > 0 for w in widths):
        raise WeightsError(f"widths are a list of whole numbers, found {widths!r}")
    return tuple(widths)
