"""The list of maps, and how each is shown."""

import numpy as np
import pytest

from bolus.data import QUANTITIES, InputError, quantity_of
from bolus.data.display import Fixed, FromZero, Percentiles, Symmetric, rounded
from bolus.data.quantities import display_of


def test_every_name_is_that_of_its_entry_and_text_fits_its_place():
    for name, quantity in QUANTITIES.items():
        assert quantity.name == name
        assert len(quantity.meaning) <= 64, "DICOM's LO"
        assert len(quantity.code.meaning) <= 64
    assert len({q.title for q in QUANTITIES.values()}) == len(QUANTITIES)


def test_an_unknown_map_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"one of cbf, .*found 'flow_sd'"):
        quantity_of("flow_sd")


def test_relative_units_and_codes():
    cbf, mtt = QUANTITIES["cbf"], QUANTITIES["mtt"]
    assert (cbf.unit_of(False).written, cbf.unit_of(True).written) == ("mL/100g/min", "relative")
    assert cbf.code_of(True).value == "126397"
    assert mtt.unit_of(True) == mtt.unit_of(False)
    assert mtt.code_of(True) == mtt.code_of(False)


def test_vessels_do_not_stretch_the_range_of_flow():
    brain = np.r_[np.full(900, 40.0), np.full(100, 900.0), np.nan]
    assert display_of("cbf").range(brain) == (0.0, 120.0)
    assert display_of("cbf_sd").range(brain / 10) == pytest.approx((0.0, 12.0))


def test_rules_of_the_range():
    values = np.linspace(-1.0, 3.0, 401)
    assert FromZero(2)(values) == (0.0, 2.0)
    assert Percentiles()(values) == pytest.approx((-1.0, 3.0))
    assert Symmetric()(values) == pytest.approx((-3.0, 3.0))
    assert Fixed(0.0, 4.0)(values) == (0.0, 4.0)


@pytest.mark.parametrize("values", [np.full(5, np.nan), np.zeros(5), np.full(5, -2.0)])
@pytest.mark.parametrize("name", QUANTITIES)
def test_a_range_is_never_empty(name, values):
    low, high = display_of(name).range(values)
    assert np.isfinite([low, high]).all()
    assert high > low


def test_ends_are_moved_outwards_to_figures_that_can_be_read():
    assert rounded(0.0, 138.6) == (0.0, 140.0)
    low, high = rounded(-1.234, 4.567)
    assert (low, high) == pytest.approx((-1.3, 4.6))
