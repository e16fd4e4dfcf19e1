"""Arrays in safetensors files come back as they were, however they lay in memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bolus.base.tensors import open_tensors, read_tensors, write_tensors
from bolus.data import InputError, OutputError

KINDS = [np.uint8, np.int64, np.float32, np.float64]


def layouts(values):
    """The same values in every memory layout that numpy makes of them."""
    strided = np.repeat(values[..., None], 2, axis=-1)[..., 0]
    swapped = values.astype(values.dtype.newbyteorder(">"))
    turned = np.flip(np.flip(values).copy())
    return {
        "c": np.ascontiguousarray(values) if values.ndim else values,
        "fortran": np.asfortranarray(values) if values.ndim else values,
        "transposed": values.T.copy().T,
        "strided": strided,
        "negative strides": turned,
        "other byte order": swapped,
    }


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=0, max_dims=4, max_side=5))
    )
)
def test_every_layout_comes_back(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("tensors") / "x.safetensors"
    given_arrays = layouts(values)
    write_tensors(path, given_arrays, {"format": "test"})
    found, facts = read_tensors(path)
    assert facts == {"format": "test"}
    for name in given_arrays:
        np.testing.assert_array_equal(found[name], values, err_msg=name, strict=True)


def test_layout_does_not_change_the_bytes(tmp_path):
    values = np.arange(24.0).reshape(2, 3, 4)
    for name, array in layouts(values).items():
        write_tensors(tmp_path / name, {"b": array, "a": array[0]}, {"z": "1", "y": "2"})
    assert len({(tmp_path / name).read_bytes() for name in layouts(values)}) == 1


def test_parts_are_read_alone(tmp_path):
    path = tmp_path / "x.safetensors"
    values = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    write_tensors(path, {"x": values}, {})
    with open_tensors(path) as file:
        assert (file.names, file.length("x")) == (("x",), 4)
        np.testing.assert_array_equal(file.rows("x", 1, 3), values[1:3])
        with pytest.raises(KeyError):
            file["y"]


@pytest.mark.parametrize("content", [b"", b"12345678", b"\xff" * 64])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_tensors(path)


def test_a_type_that_numpy_lacks_is_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    header = b'{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    for read in (lambda file: file["x"], lambda file: file.rows("x", 0, 1)):
        with open_tensors(path) as file, pytest.raises(InputError, match=r"x\.safe.*'x'.*BF16"):
            read(file)


def test_an_error_of_the_reader_stays_its_own(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"x": np.arange(3.0)}, {})
    with pytest.raises(OutputError, match="disk is full"), open_tensors(path):
        raise OutputError("disk is full")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_tensors(tmp_path / "x.safetensors")
