"""Many symmetric matrices of three rows: inverses and determinants in closed form."""

import numpy as np
from jaxtyping import Float


def inverse(
    matrix: Float[np.ndarray, "*n three three"],
) -> tuple[Float[np.ndarray, "*n three three"], Float[np.ndarray, "*n"]]:
    """Inverse, by cofactors, and log of the determinant of positive definite symmetric matrices.

    In double precision; some ten times faster than LAPACK on matrices one by one.
    """
    m = matrix.astype(float)
    a, b, c = m[..., 0, 0], m[..., 0, 1], m[..., 0, 2]
    d, e, f = m[..., 1, 1], m[..., 1, 2], m[..., 2, 2]
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    determinant = a * first + b * second + c * third
    out = np.empty_like(m)
    out[..., 0, 0] = first
    out[..., 0, 1] = out[..., 1, 0] = second
    out[..., 0, 2] = out[..., 2, 0] = third
    out[..., 1, 1] = a * f - c * c
    out[..., 1, 2] = out[..., 2, 1] = b * c - a * e
    out[..., 2, 2] = a * d - b * b
    out /= determinant[..., None, None]
    return out, np.log(determinant)
