"""Figures that notebook 05 says in prose and that none of its cells prints."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from softmax_temperature import (
    TokenTable,
    estimate_temperature,
    load_answer_example,
    load_example,
    softmax,
)

REPLY = load_answer_example("smollm2-moon")
ANSWER = load_example("gpt-4o-mini-tv-show-is")


def at(position):
    return TokenTable.from_logprobs(REPLY, position=position)


def test_neil_was_the_likeliest_and_jacques_one_in_450():
    place = at(7)
    shares = dict(zip(place.tokens, np.exp(place.logits), strict=True))
    assert max(shares, key=shares.get) == " Neil"
    assert round(shares[" Neil"], 2) == 0.23
    assert round(1 / shares[" Jacques"], -1) == 450


def test_the_year_is_no_surprise():
    assert at(32).tokens[0] == "1"
    assert np.exp(at(32).logits[0]) > 0.9


def test_the_bar_of_my_ends_above_what_the_answer_says():
    assert round(float(ANSWER.probabilities()[0]), 2) == 0.73
    assert round(float(np.exp(ANSWER.logits[0])), 2) == 0.62
    assert round(float(ANSWER.probabilities(0.5)[0]), 2) == 0.92


def test_no_fewer_than_three_tokens_can_share_what_is_not_listed():
    least = np.exp(ANSWER.logits.min())
    assert ANSWER.unseen_mass / 3 < least < ANSWER.unseen_mass / 2


@pytest.mark.parametrize(
    ("count", "share"), [(3, 0.3731), (100, 0.1475), (10_000, 0.0195), (200_000, 0.0045)]
)
def test_the_share_of_my_in_a_world(count, share):
    unlisted = np.full(count, np.log(ANSWER.unseen_mass / count))
    assert round(softmax([*ANSWER.logits, *unlisted], 2)[0], 4) == share


def told_apart(count, runs=400):
    """Return how often the interval of draws at 0.7 leaves out 1."""
    dice = np.random.default_rng(0)
    drawn = dice.choice(3, (runs, count), p=ANSWER.probabilities(0.7))
    return np.mean([estimate_temperature(ANSWER.logits, row).interval[1] < 1 for row in drawn])


def test_the_chance_is_even_with_67_draws_and_near_1_with_four_times_as_many():
    assert 0.4 < told_apart(67) < 0.6
    assert told_apart(4 * 67) > 0.95


def test_numpys_random_float32_has_24_bits():
    drawn = np.random.default_rng(0).random(1000, dtype=np.float32).astype(float) * 2**24
    assert (drawn == drawn.astype(int)).all()


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("gpt2-spaceship", 17_403),
        ("gpt2-deserted-planet", 18_803),
        ("gpt2-artificial-intelligence", 22_257),
    ],
)
def test_tokens_that_24_bits_never_draw(name, never):
    """Count in whole numbers: each token begins where the one before it ends."""
    logits = np.sort(load_example(name).logits.astype(float))[::-1]
    with mpmath.workprec(140):
        top = mpmath.mpf(logits[0])
        weights = [int(mpmath.exp(mpmath.mpf(x) - top) * 2**120) for x in logits.tolist()]
    total, before, missed = sum(weights), 0, 0
    for weight in weights:
        # A number k / 2**24 falls on a token if it is at its beginning or before its end.
        first = -((-before << 24) // total)
        before += weight
        missed += -((-before << 24) // total) == first
    assert missed == never


def test_the_two_leaders_tie_in_bfloat16_and_not_before():
    # From 8 to 16 a number of 8 bits has steps of 1/16.
    neil, named = Fraction("10.108433"), Fraction("10.100584")
    assert round(neil * 16) == round(named * 16) == 162
    assert round(float(neil - named), 4) == 0.0078
    place = at(7)
    gap = place.logits[place.tokens.index(" Neil")] - place.logits[place.tokens.index(" named")]
    assert gap == pytest.approx(float(neil - named), abs=2e-4)


def test_gpt2s_logits_are_mostly_different():
    assert len(np.unique(load_example("gpt2-spaceship").logits)) == 49_523
    smallest = np.finfo(np.float32).smallest_subnormal
    assert smallest < np.exp(-100.9) < 20 * smallest
