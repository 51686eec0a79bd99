"""Seeded draws, against cumulated sums worked out here and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import TemperatureExplorer, TokenTable, load_example
from softmax_temperature.sampling import dice, landings
from tests.helpers import RANKED, six, softmax

STOPS = [0, 0.1, 0.5, 1, 1.5, 2, 100, math.inf]


@given(
    st.lists(st.one_of(st.floats(-50, 50), st.just(-math.inf)), min_size=1, max_size=30),
    st.floats(0, 1, exclude_max=True),
)
def test_a_number_that_stays_never_goes_back_to_a_likelier_token(logits, number):
    if max(logits) == -math.inf:
        return
    ranks = landings(np.array(logits), STOPS, np.array([number]))[:, 0]
    ordered = sorted(logits, reverse=True)
    for temperature, rank in zip(STOPS, ranks, strict=True):
        # No draw lands on what is impossible.
        assert ordered[rank] == ordered[0] if temperature == 0 else ordered[rank] > -math.inf
    # Rounding may take a number that lies on a cut to either side.
    ends = [np.cumsum(softmax(ordered, temperature)) for temperature in (0.5, 1, 1.5, 2, 100)]
    if all(abs(row - number).min() > 1e-12 for row in ends):
        assert (np.diff(ranks[2:7]) >= 0).all()


def test_the_first_number_is_78_hundredths():
    assert round(dice(21, 20)[0], 2) == 0.78
    assert landings(np.array(RANKED), [0.5, 1, 2], dice(21, 1)).T.tolist() == [[1, 1, 3]]


def test_a_number_of_almost_1_lands_on_the_last_token_that_is_possible():
    logits = np.array([0.0, -1.0, -math.inf])
    almost = np.nextafter(1, 0)
    assert landings(logits, [0, 1, math.inf], np.array([almost])).tolist() == [[0], [1], [1]]


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_a_hundred_thousand_draws_pass_a_chi_square_test(temperature):
    drawn = six(value=temperature).draw(100_000)
    tokens = ["day", "experience", "problem", "challenge", "space", "furniture"]
    expected = [100_000 * p for p in softmax(RANKED, temperature)]
    counts = [drawn.count(token) for token in tokens]
    assert sum(counts) == 100_000
    statistic = sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
    # The 99.9th percentile of chi-square with 5 degrees of freedom.
    assert statistic < 20.515


def test_draws_go_on_and_begin_again_with_the_same_seed():
    explorer, other = six(), six()
    first = [explorer.draw() for _ in range(20)]
    assert first[0] == ["experience"]
    assert [explorer.draw() for _ in range(20)] == first
    explorer.clear()
    assert explorer.draw() == first[0]
    hundreds = [tuple(explorer.draw(100)) for _ in range(6)]
    assert len(set(hundreds)) > 2
    assert hundreds[:3] == hundreds[3:]
    assert tuple(other.draw(100)) == hundreds[0]
    other.seed = 3
    assert other.seed == 3
    assert tuple(other.draw(100)) != hundreds[0]
    assert tuple(six(seed=3).draw(100)) == tuple(six(seed=3).draw(100))


def test_the_same_dice_land_on_rarer_tokens_at_a_higher_temperature():
    explorer = six(value=0)
    words = []
    for temperature in (0, 0.5, 2):
        explorer.temperature = temperature
        explorer.clear()
        words += explorer.draw()
    assert words == ["day", "experience", "challenge"]


def test_the_tail_of_a_vocabulary_is_met_by_name():
    explorer = TemperatureExplorer(load_example("gpt2-spaceship"), top=10, value=2)
    names = {name for _ in range(12) for name in explorer.draw()}
    assert len(names) > 8
    assert names <= set(explorer.table.tokens)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda explorer: explorer.draw(0), ValueError, "n must be at least 1, got 0"),
        (lambda explorer: explorer.draw(2.0), TypeError, "n must be a whole number, got 2.0"),
        (lambda explorer: explorer.draw(True), TypeError, "n must be a whole number, got True"),
        (lambda explorer: six(seed=1.5), TypeError, "seed must be a whole number, got 1.5"),
        (lambda explorer: six(seed=-1), ValueError, "seed must be at least 0, got -1"),
        (
            lambda explorer: setattr(explorer, "seed", "a"),
            TypeError,
            "seed must be a whole number",
        ),
        (lambda explorer: six(parts="bars"), TypeError, "parts must be a tuple of names, got 'ba"),
        (lambda explorer: six(parts=("dice",)), ValueError, 'parts must have "bars", got'),
        (
            lambda explorer: six(parts=("bars", "pie")),
            ValueError,
            "parts must be among bars, dice, curves, got 'pie'",
        ),
        (
            lambda explorer: TokenTable(["a"], [1], prompt=3),
            TypeError,
            "prompt must be a string, got 3",
        ),
    ],
)
def test_bad_draws_seeds_parts_and_prompts_are_refused(change, error, words):
    explorer = six()
    explorer.draw()
    with pytest.raises(error, match=words):
        change(explorer)
    other = six()
    other.draw()
    assert explorer.draw() == other.draw()
    assert (explorer.seed, explorer.temperature) == (21, 1.0)
