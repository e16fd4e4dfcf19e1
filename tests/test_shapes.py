"""Shapes are checked while tests run, those of parameters and that of the result."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError

from bolus.grading import Voxels, roi_ratio
from shapes import check, jaxtyped


@jaxtyped(typechecker=check)
def answered(
    curves: Float[np.ndarray, "n t"], answer: np.ndarray | None
) -> Float[np.ndarray, " n"] | None:
    return answer


def scaled_by(factor, deeper=None):
    """A nested function, which may call another of its kind."""

    @jaxtyped(typechecker=check)
    def scaled(curves: Float[np.ndarray, "n t"], cut: int = 0) -> Float[np.ndarray, "n t"]:
        found = curves if deeper is None else deeper(curves)
        return factor * found[cut:]

    return scaled


def test_functions_of_the_package_refuse_a_wrong_shape():
    whole, part = np.ones((4, 4, 4), bool), np.ones((4, 4, 3), bool)
    with pytest.raises(TypeCheckError, match="parameter 'reference'"):
        roi_ratio(Voxels(np.ones((4, 4, 4))), part, whole)


def test_a_result_is_held_against_the_parameters():
    curves = np.zeros((3, 5))
    assert answered(curves, np.zeros(3)).shape == (3,)
    assert answered(curves, None) is None
    for wrong in (np.zeros(5), np.zeros((3, 1)), np.zeros(3, bool)):
        with pytest.raises(TypeCheckError, match="return value"):
            answered(curves, wrong)
    with pytest.raises(TypeCheckError, match="parameter 'curves'"):
        answered(np.zeros(3), np.zeros(3))


def test_a_nested_function_is_itself_and_checked():
    curves, double = np.ones((3, 5)), scaled_by(2)
    triple = scaled_by(3, deeper=double)
    assert [own(curves)[0, 0] for own in (double, triple, scaled_by(5))] == [2, 6, 5]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: scaled_by(n)(curves)[0, 0], range(50)))
    assert found == [*range(50)]
    with pytest.raises(TypeCheckError, match="parameter 'curves'"):
        double(np.ones(3))
    with pytest.raises(TypeCheckError, match="return value"):
        triple(curves, cut=1)
    with pytest.raises(TypeCheckError, match="return value"):
        scaled_by(1.0, deeper=np.ravel)(curves)
    assert double(curves)[0, 0] == 2
