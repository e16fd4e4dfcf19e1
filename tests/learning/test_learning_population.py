"""The population that unlabelled curves come from."""

import numpy as np
import pytest

from bolus.learning.phae.population import (
    GRID,
    Likelihood,
    broad_population,
    learn_population,
)


def test_a_population_is_as_wide_as_its_tissue():
    """With a floor added at every round 0.26 for 0.20 in log MTT, and 0.56 s for 0.50 of delay."""
    rng = np.random.default_rng(4)
    n, own, late_sd = 800, 0.5, 0.8
    edges, late = np.log(GRID.mtt_edges), GRID.delay_edges
    mtt, delay = (edges[1:] + edges[:-1]) / 2, (late[1:] + late[:-1]) / 2
    seen = rng.normal(np.log(5.0), np.hypot(0.2, own), n)
    when = rng.normal(1.0, np.hypot(0.5, late_sd), n)
    log_weight = -0.5 * ((mtt - seen[:, None]) / own)[:, :, None] ** 2
    log_weight = log_weight - 0.5 * ((delay - when[:, None]) / late_sd)[:, None, :] ** 2
    every = np.broadcast_to(log_weight[:, None], (n, *GRID.shape)).reshape(n, -1)
    curves = Likelihood(every.astype(np.float32), np.full(every.shape, -3.0, np.float32))
    found = learn_population([curves], broad_population(20_000)).summary()
    assert found["log_mtt"]["sd"] == pytest.approx(0.2, abs=0.04)
    assert found["delay"]["sd"] == pytest.approx(0.5, abs=0.03)
