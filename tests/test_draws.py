"""Where random numbers land among the shares of tokens, by hand-worked cuts."""

import math

import numpy as np
import pytest

from softmax_temperature import SamplerChain, TemperatureExplorer, gumbel_draws, load_example
from softmax_temperature.draws import landed
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


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_numbers_are_counted_where_each_alone_lands(count):
    logits = np.array([0.0, 3.0, 3.0, -math.inf, 1.0, -2.0])
    stops = [0, 0.5, 1, math.inf]
    batches = [np.random.default_rng(seed).random(1000) for seed in (0, 1)]
    # On the cuts of T = infinity, too.
    batches.append(np.arange(10) / 10)
    for numbers, counts in zip(batches, landed(logits, stops, batches, count), strict=True):
        for ranks, row in zip(landings(logits, stops, numbers), counts, strict=True):
            ranks = np.minimum(ranks, count - 1)
            assert row.tolist() == [(ranks == rank).sum() for rank in range(count)]


def test_more_draws_than_there_is_room_for_are_refused():
    table = load_example("wonderful-day")
    # The browser works the draws of an explorer out at each temperature.
    for draw, most in (
        (TemperatureExplorer(table).draw, 100_000),
        (lambda n: SamplerChain([]).draw(table, n), 10_000_000),
        (lambda n: gumbel_draws(table.logits, n), 10_000_000),
    ):
        with pytest.raises(ValueError, match=f"n must be at most {most:,}, got {most + 1:,}"):
            draw(most + 1)
