"""JSON: what is said in it, and what is believed of a file from elsewhere."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from bolus.base.json import DEEPEST, LARGEST, from_text, plain, read_json, to_text, write_json
from bolus.data import InputError, SeriesError


class Way(Enum):
    UP = "up"
    THREE = 3


@dataclass(frozen=True)
class Options:
    limit: float
    ways: tuple[Way, ...]


def test_python_and_numpy_values_become_json():
    told = {
        Way.UP: np.arange(4, dtype=np.int16).reshape(2, 2),
        "number": np.float32(0.5),
        "flag": np.bool_(True),
        "path": Path("a/b"),
        "way": [Way.THREE, (1, 2), range(2)],
        "set": {3, 1},
        "options": Options(limit=1.5, ways=(Way.UP,)),
        7: None,
    }
    expected = {
        "up": [[0, 1], [2, 3]],
        "number": 0.5,
        "flag": True,
        "path": "a/b",
        "way": [3, [1, 2], [0, 1]],
        "set": [1, 3],
        "options": {"limit": 1.5, "ways": ["up"]},
        "7": None,
    }
    assert plain(told) == expected
    assert json.loads(to_text(told)) == expected
    assert type(plain(np.float64(2))) is float


def test_numbers_that_are_not_finite():
    told = {"a": np.array([1.0, np.nan]), "b": float("inf")}
    assert plain(told, nan_as_none=True) == {"a": [1.0, None], "b": None}
    assert to_text(told, compact=True, nan_as_none=True) == '{"a":[1.0,null],"b":null}'
    with pytest.raises(InputError, match="JSON"):
        to_text(told)


@pytest.mark.parametrize("value", [object(), 1 + 2j, b"bytes", lambda: 0])
def test_other_objects_are_refused(value):
    with pytest.raises(TypeError):
        plain([value])
    with pytest.raises(InputError, match="cannot be said"):
        to_text([value])


def test_what_is_written_is_read(tmp_path):
    told = {"κ": [1, 2.5, None, True], "n": {"x": "y"}}
    write_json(tmp_path / "a.json", told)
    assert read_json(tmp_path / "a.json") == told
    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "a.json").read_bytes())
    assert read_json(tmp_path / "b.json") == told


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("text", [nested(DEEPEST + 1), nested(900), '{"a":' + "[" * 200_000])
def test_nesting_without_end(text):
    with pytest.raises(SeriesError, match=r"x\.json.*nested deeper"):
        from_text(text, "x.json", SeriesError)


def test_usual_nesting_is_read():
    assert from_text(nested(DEEPEST - 1), "x")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{broken", "readable JSON"),
        (b"[1, 2]", "object is expected, found list"),
        (b'{"a": "\xff"}', "readable JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "readable JSON"),
        (b"", "readable JSON"),
    ],
)
def test_files_that_hold_no_object(tmp_path, content, words):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(SeriesError, match=rf"a\.json.*{words}"):
        read_json(path, SeriesError)


def test_file_that_is_missing_or_a_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_json(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_json(tmp_path)


def test_file_too_large(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="16 MB"):
        read_json(path)
