"""Shapes are checked while tests run, those of parameters and that of the result."""

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped

from bolus.grading import Voxels, roi_ratio
from shapes import check


@jaxtyped(typechecker=check)
def answered(
    curves: Float[np.ndarray, "n t"], answer: np.ndarray | None
) -> Float[np.ndarray, " n"] | None:
    return answer


def test_functions_of_the_package_refuse_a_wrong_shape():
    whole, part = np.ones((4, 4, 4), bool), np.ones((4, 4, 3), bool)
    with pytest.raises(TypeCheckError, match="parameter 'tumor'"):
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
