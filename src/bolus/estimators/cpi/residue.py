"""The residue of control points: values that fall, and the interpolant between them.

Between control points lies the monotone cubic Hermite interpolant of Fritsch and Butland (PCHIP),
which FABBER's ``dsc_cpi`` uses: its slope at a point is the weighted harmonic mean of those beside.
It is linear in values and slopes, so that a tissue curve is a sum of a few curves made beforehand.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

TIMES = np.array([0.0, 1.5, 4.0, 8.0, 16.0, 32.0, 70.0])
"""Control points in s after arrival; R is 1 at the first and 0 at the last."""
WIDTHS = np.diff(TIMES)
POINTS = TIMES.size
FREE = POINTS - 2
"""Control points whose values are free."""


@dataclass(frozen=True)
class HermiteBasis:
    """One basis function of the interpolant as a 'residue': the value, or slope, of a point is 1.

    It has the call and ``edge`` that ``ForwardModel`` asks for; ``mtt`` has no part in it.
    """

    point: int
    slope: bool

    def __call__(self, t: Float[np.ndarray, "..."], mtt: object) -> Float[np.ndarray, "..."]:
        """Its value at ``t`` ≥ 0 s."""
        total = np.zeros_like(t)
        for side in (-1, 1):
            other = self.point + side
            if not 0 <= other < POINTS:
                continue
            away = side * (t - TIMES[self.point])
            width = side * (TIMES[other] - TIMES[self.point])
            x = away / width
            inside = ((x > 0) if side < 0 else (x >= 0)) & (x < 1)
            part = side * away * (1 - x) ** 2 if self.slope else (1 + 2 * x) * (1 - x) ** 2
            total = total + np.where(inside, part, 0)
        return total

    def edge(self, mtt: object) -> None:
        """Smooth."""


def coefficients(
    log_rate: Float[np.ndarray, "n free"],
) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes of all points, (n, 2·POINTS), and their derivatives (n, free, 2·POINTS).

    ``log_rate`` are logarithms of the rates, in 1/s, at which R falls from point to point.
    """
    fall = np.exp(log_rate) * WIDTHS[:FREE]
    n = len(fall)
    value = np.zeros((n, POINTS))
    value[:, 0] = 1
    value[:, 1:-1] = np.exp(-np.cumsum(fall, axis=1))
    earlier = np.tri(FREE).T
    d_value = np.zeros((n, FREE, POINTS))
    d_value[:, :, 1:-1] = -earlier * fall[:, :, None] * value[:, None, 1:-1]
    slope, by_before, by_after = _slopes(np.diff(value, axis=1) / WIDTHS)
    d_secant = np.diff(d_value, axis=2) / WIDTHS
    d_slope = (
        by_before[:, None] * d_secant[..., _BEFORE] + by_after[:, None] * d_secant[..., _AFTER]
    )
    return np.concatenate([value, slope], axis=1), np.concatenate([d_value, d_slope], axis=2)


_BEFORE = np.array([0, *range(POINTS - 2), POINTS - 2])
_AFTER = np.array([1, *range(1, POINTS - 1), POINTS - 3])
"""Of every point the two secants that its slope is made of; of an end the nearest comes first."""


def _slopes(secant: Float[np.ndarray, "n spans"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PCHIP's slope at every point, (n, POINTS), and its derivatives by the two secants."""
    before, after = secant[:, _BEFORE], secant[:, _AFTER]
    slope, by_before, by_after = (np.empty_like(before) for _ in range(3))
    inner = slice(1, -1)
    near, far = 2 * WIDTHS[1:] + WIDTHS[:-1], WIDTHS[1:] + 2 * WIDTHS[:-1]
    a, b = before[:, inner], after[:, inner]
    under = near * b + far * a
    some = under < 0
    under = np.where(some, under, -1.0)
    slope[:, inner] = np.where(some, (near + far) * a * b / under, 0)
    by_before[:, inner] = np.where(some, (near + far) * near * np.square(b / under), 0)
    by_after[:, inner] = np.where(some, (near + far) * far * np.square(a / under), 0)
    for end, (first, second) in ((0, WIDTHS[:2]), (-1, WIDTHS[-1:-3:-1])):
        one, two = (2 * first + second) / (first + second), -first / (first + second)
        free = one * before[:, end] + two * after[:, end]
        falls = free < 0
        slope[:, end] = np.where(falls, free, 0)
        by_before[:, end], by_after[:, end] = one * falls, two * falls
    return slope, by_before, by_after


AREAS = np.concatenate([
    np.convolve(WIDTHS, [0.5, 0.5]),
    np.convolve(np.square(WIDTHS), [1 / 12, -1 / 12]),
])  # fmt: skip
"""∫ of every basis function in s: the area of R is their sum by the coefficients."""


def residue(t: Float[np.ndarray, " l"], log_rate: Float[np.ndarray, " free"]) -> np.ndarray:
    """R (l,) at ``t`` ≥ 0 s."""
    weights = coefficients(log_rate[None])[0][0]
    total = np.zeros_like(t)
    for number, weight in enumerate(weights):
        total = total + weight * HermiteBasis(number % POINTS, number >= POINTS)(t, None)
    return total
