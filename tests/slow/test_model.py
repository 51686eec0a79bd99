"""The story model over many draws and whole texts: what was measured, and what luck allows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_temperature import softmax
from softmax_temperature.drawing.heat import anneal
from softmax_temperature.sampling import temper
from tests.drawing.test_heat import energies
from tests.model.test_story import MODEL, STOPS, UNSEEN, chi_square, grown, log_softmax, surprises


@pytest.mark.parametrize("text", UNSEEN, ids=["castle", "moon"])
def test_unseen_stories_are_told_best_at_a_temperature_near_1(text):
    assert 80 <= len(text.split()) <= 100
    ids = MODEL.encode(text)
    temperatures = [stop / 100 for stop in range(50, 205, 5)]
    nats = [surprises(ids, stop).mean() for stop in temperatures]
    assert 1.2 <= nats[temperatures.index(1)] <= 1.8
    assert 0.9 <= temperatures[int(np.argmin(nats))] <= 1.3


def test_surprise_grows_with_temperature_as_it_was_measured():
    texts, _ = grown([1], [0, 1, 2], 120, range(16))
    bits = [
        np.concatenate([surprises(row[column]) for row in texts]).mean() / math.log(2)
        for column in range(3)
    ]
    np.testing.assert_allclose(bits, [0.7, 1.7, 6], rtol=0.1)
    assert len({tuple(row[0]) for row in texts}) == 1
    assert len({tuple(row[1]) for row in texts}) == 16


@pytest.mark.parametrize("temperature", [0.5, 1, 2, math.inf])
def test_first_tokens_pass_a_chi_square_test_against_the_softmax(temperature):
    ids = MODEL.encode("She was very")
    (step,) = MODEL.grow(ids, [temperature], 1, range(5000))
    drawn = np.bincount(step.tokens[step.places[:, 0]], minlength=512)
    logits = MODEL.logits(ids)
    expected = 5000 * np.exp(log_softmax(logits, min(temperature, 1e300)))
    order = np.argsort(-expected, kind="stable")
    # The 9 likeliest tokens, or 9 times 51 equally likely ones, and all others.
    first = np.arange(0, 460, 51) if temperature == math.inf else np.arange(10)
    counts, means = (np.add.reduceat(values[order], first) for values in (drawn, expected))
    assert sum(counts) == 5000
    # The 99.9th percentile of chi-square with 9 degrees of freedom.
    assert chi_square(counts, means) < 27.877
    assert not drawn[[0, 2]].any()


def test_rounding_decides_fewer_than_one_token_in_a_hundred_billion():
    # Products of other sizes round differently. That matters where the best score leads the second
    # by less than the error of two logits, which a temperature below 1 magnifies.
    texts, steps = grown([1], STOPS, 100, [0])
    rows = {tuple(text): MODEL.logits_along(text) for text in texts[0]}
    dice = np.random.default_rng(0)
    error, margins = 0.0, []
    for number, step in enumerate(steps):
        noise = dice.gumbel(size=512)
        for place in range(len(step.tokens)):
            drawn_by = np.flatnonzero(step.places[0] == place)
            logits = step.logits[step.contexts[place]]
            alone = rows[tuple(texts[0][drawn_by[0]])][number]
            error = max(error, abs(logits[3:] - alone[3:]).max())
            # In units of the logits; at T = 0 the noise does not count.
            scores = logits + STOPS[drawn_by, np.newaxis] * noise
            second, best = np.partition(scores, -2, axis=1)[:, -2:].T
            margins += (best - second).tolist()
    assert 0 < error < 1e-12
    # A token can tip where the margin is below twice the error. Of the smallest margins, those
    # below a bound are in proportion to it.
    bound = 0.01
    chance = np.mean(np.array(margins) < bound) * 2 * error / bound
    assert min(margins) > 1e6 * error
    assert chance < 1e-11


@settings(max_examples=10)
@given(energies, st.floats(1, 5))
def test_a_walker_that_walks_for_ever_ends_at_the_softmax(landscape, temperature):
    # No hill is so high that 5,000 steps would not be for ever.
    landscape = landscape / 3
    found = anneal(landscape, np.full(5000, temperature))
    np.testing.assert_allclose(found, softmax(-landscape, temperature), atol=1e-6)


def test_later_tokens_pass_a_chi_square_test_and_do_not_depend_on_those_before():
    # A step that forgets the text draws from one distribution at each position.
    logits = np.full(512, -np.inf)
    logits[300:306] = [5, 2.2, 2, 4.5, 3, 2.7]

    def step(rows, temperatures):
        return temper(np.broadcast_to(logits, rows.shape), temperatures)

    texts, _ = grown([1], [1], 41, range(100), step=step)
    drawn = np.array([row[0][1:] for row in texts]) - 300
    expected = np.exp(log_softmax(logits[300:306]))
    # The 99.9th percentiles of chi-square with 5 and with 35 degrees of freedom.
    assert chi_square(np.bincount(drawn[:, 0::2].ravel()), 2100 * expected) < 20.515
    pairs = np.bincount((6 * drawn[:, :-1:2] + drawn[:, 1::2]).ravel(), minlength=36)
    assert chi_square(pairs, 2000 * np.outer(expected, expected).ravel()) < 66.619
