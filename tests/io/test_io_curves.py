"""Arterial tables: what is written comes back, other steps are interpolated, no nonsense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bolus.data import AIF, ArterialInputError
from bolus.io import read_aif, write_aif

DT, N = 1.5, 24


def curve(t):
    return np.where(t > 9, (t - 9) * np.exp(-(t - 9) / 3), 0.0) + 0.01


def table(path, times, *columns, header="time_s\taif"):
    rows = zip(times, *columns, strict=True)
    path.write_text("\n".join([header, *("\t".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "aif.tsv"


@pytest.mark.parametrize("relative", [False, True])
def test_round_trip(file, relative):
    aif = AIF(curve=np.random.default_rng(3).random(40), dt=1.2345678901, origin="automatic")
    write_aif(file, aif, relative=relative)
    back = read_aif(file, 40, aif.dt, relative=relative)
    np.testing.assert_array_equal(back.curve, aif.curve)
    assert (back.dt, back.origin, back.mask, back.notes) == (aif.dt, "file", None, ())
    name = "te_delta_r2star" if relative else "delta_r2star_per_s"
    assert file.read_text().splitlines()[0] == f"time_s\t{name}"


@given(
    values=st.lists(st.floats(-50, 50), min_size=2, max_size=30), dt=st.floats(0.2, 5)
)  # fmt: skip
def test_every_digit_comes_back(tmp_path_factory, values, dt):
    file = tmp_path_factory.mktemp("aif") / "aif.tsv"
    aif = AIF(curve=np.array([*values, 1.0]), dt=dt, origin="given")
    write_aif(file, aif)
    np.testing.assert_array_equal(read_aif(file, len(values) + 1, dt).curve, aif.curve)


def test_other_steps_are_interpolated(file):
    fine = np.arange(0, 40, 0.1)
    back = read_aif(table(file, fine, curve(fine)), N, DT)
    np.testing.assert_allclose(back.curve, np.interp(np.arange(N) * DT, fine, curve(fine)))
    assert len(back.curve) == N
    assert "0.1 s" in back.notes[0]


def test_a_line_stays_a_line(file):
    times = np.array([0, 1.3, 2.0, 7.1, 20.0, 36.0])
    back = read_aif(table(file, times, 2 * times + 1), N, DT)
    np.testing.assert_allclose(back.curve, 2 * np.arange(N) * DT + 1)


def test_more_frames_than_used(file):
    times = np.arange(N + 9) * DT
    np.testing.assert_array_equal(
        read_aif(table(file, times, curve(times)), N, DT).curve, curve(times)[:N]
    )


def test_one_frame_may_be_missing_but_not_two(file):
    times = np.arange(N) * DT
    back = read_aif(table(file, times[:-1], curve(times[:-1])), N, DT)
    assert back.curve[-1] == curve(times)[-2]
    with pytest.raises(ArterialInputError, match=r"covers 0 to 31\.5 s.*34\.5 s"):
        read_aif(table(file, times[:-2], curve(times[:-2])), N, DT)
    with pytest.raises(ArterialInputError, match="covers 3 to"):
        read_aif(table(file, times[2:], curve(times[2:])), N, DT)


@pytest.mark.parametrize("header", ["time\taif\tsd", "sd\ttime_s\tAIF", "time_s\tconcentration\tn"])
def test_named_column_among_several(file, header):
    names = header.lower().split("\t")
    times = np.arange(N) * DT
    columns = {"aif": curve(times), "concentration": curve(times), "sd": times * 0 + 9}
    columns |= {"n": columns["sd"], "time": times, "time_s": times}
    table(file, *(columns[name] for name in names), header=header)
    np.testing.assert_array_equal(read_aif(file, N, DT).curve, curve(times))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("time_s\tleft\tright", "left, right"),
        ("time_s\taif\tconcentration", "one column of concentration"),
        ("seconds\tleft\tright", "time_s"),
        ("time_s\ttime\taif", "one column 'time_s'"),
        ("0.0\t1.0\t2.0", "header"),
    ],
)
def test_columns_that_leave_a_doubt(file, header, words):
    times = np.arange(N) * DT
    with pytest.raises(ArterialInputError, match=words):
        read_aif(table(file, times, curve(times), curve(times), header=header), N, DT)


@pytest.mark.parametrize("cell", ["n/a", "abc", "nan", "inf", ""])
def test_cells_that_are_no_numbers(file, cell):
    values = [f"{v}" for v in curve(np.arange(N) * DT)]
    values[5] = cell
    with pytest.raises(ArterialInputError, match=r"no number|not finite"):
        read_aif(table(file, np.arange(N) * DT, values), N, DT)


def test_time_must_increase(file):
    times = np.arange(N) * DT
    times[7] = times[6]
    with pytest.raises(ArterialInputError, match="increase, found 9 and then 9 s"):
        read_aif(table(file, times, curve(times)), N, DT)


def test_milliseconds_are_noticed(file):
    times = np.arange(N) * DT
    with pytest.raises(ArterialInputError, match="milliseconds"):
        read_aif(table(file, times * 1000, curve(times)), N, DT)


def test_a_curve_that_is_nowhere_positive(file):
    with pytest.raises(ArterialInputError, match="nowhere positive"):
        read_aif(table(file, np.arange(N) * DT, np.zeros(N)), N, DT)


def test_the_other_unit_is_refused(file):
    aif = AIF(curve=np.ones(N), dt=DT, origin="given")
    write_aif(file, aif, relative=True)
    with pytest.raises(ArterialInputError, match="te_delta_r2star"):
        read_aif(file, N, DT, relative=False)
    write_aif(file, aif)
    with pytest.raises(ArterialInputError, match="delta_r2star_per_s"):
        read_aif(file, N, DT, relative=True)


def test_files_that_are_no_tables(file):
    with pytest.raises(ArterialInputError, match="no such file"):
        read_aif(file, N, DT)
    file.write_text("time_s\taif\n")
    with pytest.raises(ArterialInputError, match="at least two lines"):
        read_aif(file, N, DT)
    file.write_bytes(b"\xff\xfe\x00\x81" * 40)
    with pytest.raises(ArterialInputError, match="text file"):
        read_aif(file, N, DT)


def test_windows_line_ends_and_byte_order_mark(file):
    times = np.arange(N) * DT
    text = table(file, times, curve(times)).read_text()
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    np.testing.assert_array_equal(read_aif(file, N, DT).curve, curve(times))
