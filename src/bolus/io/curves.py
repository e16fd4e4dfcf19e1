"""Arterial input functions as tables: tab-separated, with a header line."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.files import write_bytes
from bolus.data import AIF, ArterialInputError

_TIME = ("time_s", "time")
_ABSOLUTE, _RELATIVE = "delta_r2star_per_s", "te_delta_r2star"
_CURVE = ("aif", _ABSOLUTE, _RELATIVE, "concentration")


def write_aif(path: str | os.PathLike[str], aif: AIF, relative: bool = False) -> None:
    """Write an arterial input as a table of time in s and ΔR2* in 1/s (``relative``: TE·ΔR2*).

    Every number has all its digits: ``read_aif`` gives the same curve back. Raises OutputError.
    """
    lines = [f"time_s\t{_RELATIVE if relative else _ABSOLUTE}"]
    lines += [f"{k * aif.dt!r}\t{float(value)!r}" for k, value in enumerate(aif.curve)]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


@dataclass(frozen=True, kw_only=True, eq=False)
class ArterialTable:
    """An arterial input as a table holds it, before the used frames of the series are known.

    ``times`` (n,) in s from the first used frame, increasing; ``values`` (n,) of concentration.
    """

    path: Path
    times: Float[np.ndarray, " n"]
    values: Float[np.ndarray, " n"]

    def onto(self, n_frames: int, dt: float) -> AIF:
        """The arterial input of ``n_frames`` used frames that are ``dt`` s apart.

        Other time steps are interpolated linearly onto k·dt; up to one frame missing at an end
        repeats the nearest value. Raises ArterialInputError where the table covers less.
        """
        wanted = np.arange(n_frames) * dt
        self.check_covers(wanted[-1], dt)
        same = len(self.times) >= n_frames and np.allclose(
            self.times[:n_frames], wanted, rtol=0, atol=1e-3 * dt
        )
        if same:
            return AIF(curve=self.values[:n_frames], dt=dt, origin="file")
        step = float(np.median(np.diff(self.times)))
        note = f"resampled from a step of {step:g} s onto the frames"
        curve = np.interp(wanted, self.times, self.values)
        return AIF(curve=curve, dt=dt, origin="file", notes=(note,))

    def check_covers(self, last: float, dt: float) -> None:
        """Raise ArterialInputError unless the table covers 0 to ``last`` s, but for a frame."""
        if self.times[0] > dt * 1.001 or self.times[-1] < last - dt * 1.001:
            raise ArterialInputError(
                f"{self.path}: covers {self.times[0]:g} to {self.times[-1]:g} s, "
                f"the series' used frames 0 to {last:g} s"
            )


def read_arterial_table(
    path: str | os.PathLike[str], dt: float, relative: bool | None = None
) -> ArterialTable:
    """Read an arterial input from a table, for a series whose frames are ``dt`` s apart.

    The table has a column ``time_s`` (or ``time``) in seconds from the first used frame, and one
    of concentration in the unit of the tissue curves; of several, the one called ``aif``,
    ``delta_r2star_per_s``, ``te_delta_r2star`` or ``concentration``. ``relative`` says whether the
    tissue curves are TE·ΔR2*, so that a column that names the other unit is refused.

    Raises ArterialInputError.
    """
    path = Path(path)
    header, rows = _table(path)
    time_column, column = _columns(header, path)
    _check_unit(header[column], relative, path)
    times, values = _numbers(rows, (time_column, column), path)
    _check_times(times, dt, path)
    if not values.max() > 0:
        raise ArterialInputError(f"{path}: the arterial input is nowhere positive")
    return ArterialTable(path=path, times=times, values=values)


def read_aif(
    path: str | os.PathLike[str], n_frames: int, dt: float, relative: bool | None = None
) -> AIF:
    """Read an arterial input for ``n_frames`` used frames that are ``dt`` s apart.

    As ``read_arterial_table`` reads it and ``ArterialTable.onto`` lays it onto the frames. Raises
    ArterialInputError.
    """
    return read_arterial_table(path, dt, relative).onto(n_frames, dt)


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    if not path.is_file():
        raise ArterialInputError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise ArterialInputError(f"{path}: this is not a readable text file") from error
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter="\t")]
    rows = [row for row in rows if any(row)]
    if len(rows) < 3:
        raise ArterialInputError(
            f"{path}: a header line and at least two lines of numbers are expected, "
            f"found {len(rows)} lines"
        )
    return [name.lower() for name in rows[0]], rows[1:]


def _columns(header: list[str], path: Path) -> tuple[int, int]:
    """Where time and concentration stand."""
    found = f"found {', '.join(header)}"
    times = [n for n, name in enumerate(header) if name in _TIME]
    if len(times) != 1:
        raise ArterialInputError(
            f"{path}: one column 'time_s' (or 'time') is expected in the header line of a "
            f"tab-separated table, {found}"
        )
    others = [n for n in range(len(header)) if n != times[0]]
    if len(others) > 1:
        others = [n for n in others if header[n] in _CURVE]
    if len(others) != 1:
        raise ArterialInputError(
            f"{path}: one column of concentration is expected, or one called {' or '.join(_CURVE)};"
            f" {found}"
        )
    return times[0], others[0]


def _check_unit(name: str, relative: bool | None, path: Path) -> None:
    if relative is None or name not in (_ABSOLUTE, _RELATIVE) or (name == _RELATIVE) == relative:
        return
    expected = _RELATIVE if relative else _ABSOLUTE
    raise ArterialInputError(
        f"{path}: the column is {name}, the tissue curves are {expected}; "
        f"the echo time must be {'unknown' if not relative else 'known'} for this file"
    )


def _numbers(
    rows: list[list[str]], columns: tuple[int, int], path: Path
) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    table = np.empty((len(rows), 2))
    for n, row in enumerate(rows):
        try:
            table[n] = [float(row[column]) for column in columns]
        except (ValueError, IndexError) as error:
            raise ArterialInputError(
                f"{path}: line {n + 2} holds no number where one is expected: {row}"
            ) from error
    if not np.isfinite(table).all():
        raise ArterialInputError(
            f"{path}: {int((~np.isfinite(table)).sum())} values are not finite"
        )
    return table[:, 0].copy(), table[:, 1].copy()


def _check_times(times: Float[np.ndarray, " n"], dt: float, path: Path) -> None:
    steps = np.diff(times)
    if not (steps > 0).all():
        n = int(np.argmin(steps > 0))
        raise ArterialInputError(
            f"{path}: time must increase, found {times[n]:g} and then {times[n + 1]:g} s"
        )
    if np.median(steps) > 10 * dt:
        raise ArterialInputError(
            f"{path}: its time step is {np.median(steps):g}, the series' is {dt:g} s; "
            "seconds are expected (are these milliseconds?)"
        )
