"""How a law says that it does not hold."""

import numpy as np


class LawError(AssertionError):
    """An object does not hold to a law: what was found, and what was expected."""


def hold(truth: object, found: str) -> None:
    """Raise LawError with what was found where a law does not hold."""
    if not truth:
        raise LawError(found)


def close(
    found: np.ndarray, expected: np.ndarray, what: str, *, rtol: float = 0.0, atol: float = 0.0
) -> None:
    """Raise LawError where two arrays are not as close as ``rtol`` and ``atol`` say."""
    try:
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)
    except AssertionError as error:
        raise LawError(f"{what}: {error}") from error


def read_only(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Copies that nobody may write to."""
    copies = tuple(np.array(array) for array in arrays)
    for array in copies:
        array.setflags(write=False)
    return copies
