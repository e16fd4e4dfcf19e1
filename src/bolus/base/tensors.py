"""Named arrays in one safetensors file: the one place that writes and reads the format.

safetensors copies an array's memory as it lies. An array that is not C-contiguous (a transposed
one, or what nibabel reads) would come back scrambled, with the right shape and no error.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bolus.base.files import write_bytes
from bolus.data import InputError


def write_tensors(
    path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], facts: Mapping[str, str]
) -> None:
    """Write arrays of any shape, memory order and byte order, with ``facts`` as the metadata.

    The file appears whole or not at all; the same input gives the same bytes. Raises OutputError.
    """
    from safetensors.numpy import save

    plain = {name: _plain(np.asarray(tensors[name])) for name in sorted(tensors)}
    write_bytes(path, _sorted_header(save(plain, dict(facts))))


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All arrays of a file, and its facts. Raises InputError for a file that is not whole."""
    with open_tensors(path) as file:
        return {name: file[name] for name in file.names}, file.facts


class TensorFile:
    """An open file, of which only what is asked for is read."""

    def __init__(self, handle: Any, path: str | os.PathLike[str]) -> None:
        self._handle, self._path = handle, path
        self.facts: dict[str, str] = handle.metadata() or {}
        self.names: tuple[str, ...] = tuple(handle.keys())

    def __getitem__(self, name: str) -> np.ndarray:
        """A whole array.

        KeyError where there is none of that name, InputError for one of a type that numpy lacks.
        """
        with self._reading(name):
            return np.asarray(self._handle.get_tensor(name))

    def length(self, name: str) -> int:
        """Size of an array's first axis; KeyError where there is none of that name."""
        with self._reading(name):
            return int(self._handle.get_slice(name).get_shape()[0])

    def rows(self, name: str, start: int, stop: int) -> np.ndarray:
        """Entries ``start`` to ``stop`` along the first axis; KeyError, InputError as above."""
        with self._reading(name):
            return np.asarray(self._handle.get_slice(name)[start:stop])

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        from safetensors import SafetensorError

        if name not in self.names:
            raise KeyError(name)
        try:
            yield
        except (SafetensorError, TypeError, ValueError, OSError) as error:
            kind = self._handle.get_slice(name).get_dtype()
            raise InputError(
                f"{self._path}: '{name}' cannot be read as an array of numpy; its type is {kind} "
                f"({error})"
            ) from error


@contextmanager
def open_tensors(path: str | os.PathLike[str]) -> Iterator[TensorFile]:
    """A file open for reading in parts. Raises InputError for a file that is not whole."""
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        opened = safe_open(str(path), framework="numpy")
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error})") from error
    with opened as handle:
        yield TensorFile(handle, path)


def _plain(values: np.ndarray) -> np.ndarray:
    """The same values as they are to lie in the file: C order, the machine's own byte order."""
    return values.astype(values.dtype.newbyteorder("="), order="C", copy=False)


def _sorted_header(content: bytes) -> bytes:
    """The same bytes with the header's keys in order; safetensors does not fix their order."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
