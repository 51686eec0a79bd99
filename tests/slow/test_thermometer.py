"""Temperatures that are read off draws, over many of them."""

import numpy as np
import pytest

from softmax_temperature import estimate_temperature
from tests.test_thermometer import SIX, drawn_at


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1, 1.5])
def test_the_estimate_of_1000_draws_has_no_bias(temperature):
    generator = np.random.default_rng(7)
    found = [
        estimate_temperature(SIX, drawn_at(SIX, temperature, 1000, generator)) for _ in range(250)
    ]
    estimates, errors = np.array([row[:2] for row in found]).T
    assert abs(estimates.mean() - temperature) <= 0.01
    assert errors.mean() == pytest.approx(estimates.std(), rel=0.15)


@pytest.mark.parametrize(("n", "repeats"), [(50, 300), (200, 150), (1000, 300)])
def test_the_interval_holds_the_temperature_in_95_of_100_cases(n, repeats):
    generator = np.random.default_rng(n)
    held = []
    for stop in (0.3, 0.7, 1, 1.5):
        for _ in range(repeats):
            low, high = estimate_temperature(SIX, drawn_at(SIX, stop, n, generator)).interval
            held.append(low <= stop <= high)
    assert 0.93 <= np.mean(held) <= 0.97
