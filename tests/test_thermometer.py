"""Temperatures read off drawn tokens: against mpmath, exact chances, and the T of known draws."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softmax_temperature import TokenTable, estimate_temperature, load_example, softmax

SIX = load_example("wonderful-day").logits
GPT2 = ("gpt2-spaceship", "gpt2-deserted-planet", "gpt2-artificial-intelligence")


def drawn_at(logits, temperature, n, generator):
    return generator.choice(len(logits), n, p=softmax(np.float64(logits), temperature))


def pull(logits, drawn, beta):
    """Return, in long numbers, the slope of the log-likelihood in beta, and its curvature."""
    with mpmath.workdps(40):
        numbers = [mpmath.mpf(float(x)) for x in logits if x > -math.inf]
        weights = [mpmath.exp(beta * (x - max(numbers))) for x in numbers]
        mean = mpmath.fdot(weights, numbers) / mpmath.fsum(weights)
        spread = mpmath.fsum(w * (x - mean) ** 2 for w, x in zip(weights, numbers))
        slope = mpmath.fsum(mpmath.mpf(float(logits[i])) - mean for i in drawn)
        return slope, len(drawn) * spread / mpmath.fsum(weights)


@given(st.data(), st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=12))
@example(None, [5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
@example(None, [0.0, -1e-9, -1e4])
@example(None, [1e4, 1e4 - 1e-6, 0.0])
# Gaps of which one is nothing beside another.
@example(None, [0.0, 2.2e-313, -1.0])
@example(None, [0.0, 2.2e-313, -1.2e-38, -1.7e-243])
@example(None, [-2.9e-246, 0.0, -1.0])
def test_the_estimate_is_a_root_to_9_digits(data, logits):
    drawn = (
        data.draw(st.lists(st.integers(0, len(logits) - 1), min_size=1, max_size=8))
        if data
        else [0, 0, 0, 1]
    )
    temperature, error, (low, high) = estimate_temperature(logits, drawn)
    assert low <= temperature <= high or math.isnan(temperature)
    if all(logits[i] == max(logits) for i in drawn):
        assert temperature == 0 or (math.isnan(temperature) and len(set(logits)) == 1)
    elif temperature == math.inf:
        assert pull(logits, drawn, 0)[0] <= 1e-9 * max(map(abs, logits))
    else:
        beta = 1 / mpmath.mpf(temperature)
        shortest = mpmath.mpf(10) ** -9
        before, curvature = pull(logits, drawn, beta * (1 - shortest))
        # Near an infinite T the digits of the logits themselves decide.
        rounding = 1e-14 * len(drawn) * max(map(abs, logits))
        assert before > -rounding
        assert pull(logits, drawn, beta * (1 + shortest))[0] < rounding
        if curvature > 1e-280 and curvature * beta**2 > 1e-12:
            assert error == pytest.approx(float(1 / (beta**2 * curvature**0.5)), rel=1e-6)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=8))
def test_the_unit_of_the_logits_is_that_of_the_estimate(logits):
    found = estimate_temperature(logits, [0, 1, 1])
    scaled = estimate_temperature(np.ldexp(logits, 40), [0, 1, 1])
    for one, other in zip((found[0], *found.interval), (scaled[0], *scaled.interval)):
        assert other == pytest.approx(math.ldexp(one, 40), rel=1e-12, nan_ok=True)


def test_a_constant_in_the_logits_changes_nothing():
    drawn = [0, 0, 1, 3, 0]
    found, shifted = (estimate_temperature(x, drawn) for x in (SIX, SIX + 64))
    assert found.temperature == pytest.approx(shifted.temperature, rel=1e-12)
    assert found.interval == pytest.approx(shifted.interval, rel=1e-12)


def test_rows_and_repeats_are_the_same_draws():
    rows = np.array([[3.0, 1, 0], [0, 2, 5]])
    once = estimate_temperature(rows, [[0, 1, 0], [2, 1, 2]])
    repeated = estimate_temperature(np.repeat(rows, 3, axis=0), [0, 1, 0, 2, 1, 2])
    assert once == pytest.approx((*repeated[:2], pytest.approx(repeated.interval)))
    alone = estimate_temperature([3, 1, 0, -np.inf], [0, 1, 0])
    assert alone == estimate_temperature(rows[0], [0, 1, 0])
    assert alone == estimate_temperature(rows[:1], [[0, 1, 0]])
    table = TokenTable(["a", "b", "c"], rows[0])
    assert alone == estimate_temperature(table, ["a", "b", "a"])


def test_leaders_alone_have_a_bound_that_is_exact():
    temperature, error, (low, high) = estimate_temperature(SIX, [0] * 100)
    assert (temperature, low) == (0, 0)
    assert math.isnan(error)
    assert softmax(SIX, high)[0] ** 100 == pytest.approx(0.05)
    # Of two tokens it can be solved by hand: (1 + exp(-2/T))^-n = 0.05.
    high = estimate_temperature([5, 3], [0] * 20).interval[1]
    assert high == pytest.approx(-2 / math.log(0.05 ** (-1 / 20) - 1))


def test_draws_below_the_mean_logit_have_a_bound_below_only():
    temperature, error, (low, high) = estimate_temperature([0, 1], [0, 1, 0])
    assert (temperature, high) == (math.inf, math.inf)
    assert math.isnan(error)
    # The mean drawn logit is 1/3, the variance 1/4: so many draws are -2/3 +- 1.96 / sqrt(3/4).
    assert low == pytest.approx(1 / (-2 / 3 + 1.959964 / math.sqrt(0.75)))
    assert estimate_temperature([0, 1], [0] * 100).interval == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("logits", "drawn", "sentence"),
    [
        ([1, 1, -np.inf], [0, 1], "These draws cannot tell the temperature."),
        (SIX, [0], "These draws cannot tell the temperature."),
        (SIX, [0] * 100, "is at most 0.143: only the likeliest token was drawn."),
        ([0, 1], [0, 1, 0], "is at least 0.626."),
        ([0, 1], [1, 1, 0] * 100, "is about 1.44, from 1.07 to 2.21."),
    ],
)
def test_an_estimate_is_a_sentence(logits, drawn, sentence):
    assert str(estimate_temperature(logits, drawn)).endswith(sentence)


def test_tied_logits_tell_nothing():
    temperature, error, interval = estimate_temperature([[1, 1], [2, 2]], [0, 1])
    assert math.isnan(temperature)
    assert math.isnan(error)
    assert interval == (0, math.inf)


@pytest.mark.parametrize(
    ("logits", "drawn", "error", "words"),
    [
        ([1, 2], [], ValueError, r"drawn must not be empty, got \[\]"),
        ([1, 2], [2], ValueError, "drawn must be from 0 to 1, got 2"),
        ([1, 2], [-1], ValueError, "drawn must be from 0 to 1, got -1"),
        ([1, 2], [0.5], TypeError, r"drawn must be whole numbers, got \[0\.5\]"),
        ([1, 2], ["a"], TypeError, "drawn must be whole numbers"),
        ([1, -np.inf], [0, 1], ValueError, "drawn must not be masked, got 1, whose logit is -inf"),
        ([[1, 2], [3, 4]], [0, 1, 1], ValueError, r"one row for each of logits, got .*\(3,\)"),
        ([[1, 2], [3, 4]], 0, ValueError, "one row for each of logits"),
        ([1, np.nan], [0], ValueError, "logits must not contain NaN"),
        ([], [0], ValueError, "logits must not be empty"),
        (TokenTable(["a", "b"], [1, 2]), ["a", "c"], ValueError, "got 'c': leave such draws out"),
        (TokenTable(["a", "b"], [1, 2]), "ab", TypeError, "a list of the table's tokens, got 'ab'"),
        (
            TokenTable(["a", "b"], [1, 2]),
            [0],
            TypeError,
            r"a list of the table's tokens, got \[0\]",
        ),
        (TokenTable(["a", "b"], [1, 2]), 0, TypeError, "a list of the table's tokens, got 0"),
    ],
)
def test_bad_draws_tell_what_to_do(logits, drawn, error, words):
    with pytest.raises(error, match=words):
        estimate_temperature(logits, drawn)
