"""Weights in files: whole, exact, and refused when they are anything else."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from bolus.data import OutputError, WeightsError
from bolus.estimators.phae import (
    Phae,
    PhaePaper,
    Weights,
    from_weights,
    read_weights,
    shipped_weights,
    write_weights,
)

KINDS = {"phae": Phae, "phae-paper": PhaePaper}


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    tensors = {f"layer{n}": rng.standard_normal((3, n + 1)).astype(np.float32) for n in range(4)}
    return Weights("phae", tensors, {"widths": [3, 4]}, {"seed": 1, "loss": [0.5, 0.25]})


def relabelled(path, weights, **change):
    """The same file with other words in its header; None takes one out."""
    told = {
        "format": "bolus-weights",
        "version": "1",
        "kind": weights.kind,
        "config": json.dumps(weights.config),
        "provenance": "{}",
        **change,
    }
    kept = {name: value for name, value in told.items() if value is not None}
    save_file(dict(weights.tensors), path, kept)
    return path


def test_round_trip(weights, tmp_path):
    write_weights(tmp_path / "w.safetensors", weights)
    found = read_weights(tmp_path / "w.safetensors")
    assert (found.kind, found.config, found.provenance) == ("phae", {"widths": [3, 4]}, {
        "seed": 1, "loss": [0.5, 0.25]})  # fmt: skip
    assert found.tensors.keys() == weights.tensors.keys()
    for name, value in weights.tensors.items():
        np.testing.assert_array_equal(found.tensors[name], value)
    assert found.checksum == weights.checksum
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_the_same_weights_are_the_same_bytes(weights, tmp_path):
    turned = replace(weights, tensors=dict(reversed(weights.tensors.items())))
    for name, one in (("a", weights), ("b", turned)):
        write_weights(tmp_path / name, one)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_checksum_sees_every_number(weights):
    for name, value in weights.tensors.items():
        changed = value.copy()
        changed[0, 0] = np.nextafter(changed[0, 0], 9)
        other = replace(weights, tensors={**weights.tensors, name: changed})
        assert other.checksum != weights.checksum
    assert replace(weights, config={"widths": [3, 5]}).checksum != weights.checksum


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not weights at all", "not a whole"), (b"", "not a whole"), (b"\xff" * 64, "not a whole")],
)
def test_what_is_no_safetensors_file(tmp_path, content, said):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=said) as caught:
        read_weights(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("cut", [4, 200, -4])
def test_a_truncated_file(weights, tmp_path, cut):
    path = tmp_path / "w.safetensors"
    write_weights(path, weights)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"w\.safetensors: not a whole"):
        read_weights(path)


def test_a_missing_file_or_a_folder(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(WeightsError, match="no such file"):
            read_weights(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": None}, "without label"),
        ({"format": "pt"}, "found pt"),
        ({"version": "2"}, "version 1, found bolus-weights version 2"),
        ({"kind": "other"}, "found 'other'"),
        ({"kind": None}, "header is damaged"),
        ({"config": "{"}, "header is damaged"),
        ({"config": "[1]"}, "header is damaged"),
        ({"provenance": None}, "header is damaged"),
    ],
)
def test_another_label(weights, tmp_path, change, said):
    path = relabelled(tmp_path / "w.safetensors", weights, **change)
    with pytest.raises(WeightsError, match=said) as caught:
        read_weights(path)
    assert str(path) in str(caught.value)


def test_other_numbers(weights, tmp_path):
    double = replace(weights, tensors={k: v.astype(float) for k, v in weights.tensors.items()})
    with pytest.raises(WeightsError, match="float32, found float64"):
        read_weights(relabelled(tmp_path / "w", double))


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_weights_fit(kind):
    weights = shipped_weights(kind)
    assert isinstance(from_weights(weights), KINDS[kind])
    assert shipped_weights(kind) is weights
    assert "/" not in json.dumps(weights.provenance)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["missing", "extra", "shape"])
def test_tensors_that_do_not_fit(kind, fault, tmp_path):
    weights = shipped_weights(kind)
    tensors = dict(weights.tensors)
    name = sorted(tensors)[0]
    if fault == "missing":
        del tensors[name]
    elif fault == "extra":
        tensors["more"] = np.zeros(3, np.float32)
    else:
        tensors[name] = tensors[name].reshape(-1)[:-1]
    write_weights(tmp_path / "w", replace(weights, tensors=tensors))
    with pytest.raises(WeightsError, match="more" if fault == "extra" else name):
        from_weights(read_weights(tmp_path / "w"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_that_is_not_there(kind):
    with pytest.raises(WeightsError):
        from_weights(replace(shipped_weights(kind), config={}))


def test_unknown_names():
    with pytest.raises(WeightsError, match="found 'better'"):
        shipped_weights("better")
    with pytest.raises(WeightsError, match="found 'better'"):
        Weights("better", {}, {}, {})


def test_a_place_that_cannot_be_written(weights, tmp_path):
    with pytest.raises(OutputError):
        write_weights(tmp_path / "no" / "folder" / "w", weights)
