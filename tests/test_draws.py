"""Where random numbers land among the shares of tokens, by hand-worked cuts."""

import math

import numpy as np
import pytest

from softmax_temperature.sampling import landings


def test_a_number_on_a_cut_belongs_to_the_token_that_begins_there():
    numbers = np.array([0, np.nextafter(0.5, 0), 0.5, np.nextafter(1, 0)])
    for logits in ([3.0, 3.0], [3.0, -math.inf, 3.0]):
        rows = landings(np.array(logits), [0, 1, math.inf], numbers)
        assert rows.tolist() == [[0, 0, 1, 1]] * 3


@pytest.mark.parametrize("masked", [0, 3])
def test_no_number_lands_beyond_the_last_token_that_is_possible(masked):
    logits = np.array([0.0] * 10 + [-math.inf] * masked)
    almost = np.nextafter(1, 0)
    # Summed up one after the other, ten tenths are less than 1.
    assert sum([0.1] * 10) <= almost
    assert landings(logits, [0, 1, math.inf], np.array([almost])).tolist() == [[9]] * 3
