"""Heat capacity: against central differences, by its limits, and what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmax_temperature import entropy, heat_capacity, load_example, perplexity, softmax

LOGITS = [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]
rows = hnp.arrays(float, st.integers(1, 12), elements=st.floats(-20, 20))
# To these a whole number can be added without rounding.
quarters = hnp.arrays(float, st.integers(1, 12), elements=st.integers(-80, 80).map(lambda n: n / 4))
temperatures = st.floats(0.2, 20)


def slope(function, at):
    """Return a derivative by central differences, whose errors of fourth order cancel."""
    step = 1e-3 * at
    near, far = ((function(at + d) - function(at - d)) / (2 * d) for d in (step, 2 * step))
    return (4 * near - far) / 3


def mean_logit(logits, temperature):
    return float(softmax(logits, temperature) @ logits)


@given(rows, temperatures)
def test_it_is_minus_the_slope_of_the_mean_logit(logits, temperature):
    found = slope(lambda t: mean_logit(logits, t), temperature)
    assert heat_capacity(logits, temperature) == pytest.approx(-found, abs=1e-6, rel=1e-6)


@given(rows, temperatures)
def test_entropy_in_nats_rises_by_it_over_the_temperature(logits, temperature):
    found = slope(lambda t: float(entropy(softmax(logits, t), base=math.e)), temperature)
    expected = heat_capacity(logits, temperature) / temperature
    assert expected == pytest.approx(found, abs=1e-6, rel=1e-6)


@given(rows, temperatures)
def test_it_is_the_percentage_of_choices_for_a_percent_of_temperature(logits, temperature):
    found = temperature * slope(lambda t: math.log(perplexity(softmax(logits, t))), temperature)
    assert heat_capacity(logits, temperature) == pytest.approx(found, abs=1e-6, rel=1e-6)


@given(quarters, st.floats(0, 1e6))
def test_it_is_never_negative_and_adding_to_all_logits_changes_nothing(logits, temperature):
    found = heat_capacity(logits, temperature)
    assert found >= 0
    assert heat_capacity(logits + 7, temperature) == pytest.approx(found, rel=1e-12)


@given(rows, temperatures, st.floats(0.5, 4))
def test_stretched_logits_have_it_at_a_stretched_temperature(logits, temperature, factor):
    stretched = heat_capacity(logits * factor, temperature * factor)
    assert stretched == pytest.approx(heat_capacity(logits, temperature), rel=1e-9, abs=1e-12)


@given(rows, temperatures, temperatures)
def test_a_hotter_choice_is_never_less_open(logits, one, other):
    cold, hot = sorted((one, other))
    assert entropy(softmax(logits, cold)) <= entropy(softmax(logits, hot)) + 1e-9


@given(rows, temperatures, temperatures)
def test_log_odds_are_straight_lines_over_one_by_t(logits, one, other):
    shares = [softmax(logits, T) for T in (one, other)]
    sure = (shares[0] > 1e-300) & (shares[1] > 1e-300)
    gaps = [T * (np.log(p[sure]) - np.log(p.max())) for T, p in zip((one, other), shares)]
    np.testing.assert_allclose(*gaps, atol=1e-8)


def test_two_states_have_the_hump_of_physics():
    """Schottky's formula: (d/T)² e^(d/T) / (1 + e^(d/T))², whose top is at 0.4168 d."""
    for gap, temperature in ((1, 0.3), (2.5, 1), (0.1, 4)):
        x = gap / temperature
        expected = x**2 * math.exp(x) / (1 + math.exp(x)) ** 2
        assert heat_capacity([gap, 0], temperature) == pytest.approx(expected, rel=1e-12)
    stops = np.arange(0.4, 0.44, 1e-4)
    top = stops[np.argmax([heat_capacity([1.0, 0.0], stop) for stop in stops.tolist()])]
    assert top == pytest.approx(0.4168, abs=1e-4)


def test_the_ends_and_masked_tokens():
    assert heat_capacity(LOGITS, 0) == heat_capacity(LOGITS, math.inf) == 0
    assert heat_capacity([5, 5, -math.inf], 1) == 0
    masked = heat_capacity([*LOGITS, -math.inf])
    assert masked == pytest.approx(heat_capacity(LOGITS), rel=1e-12)
    assert heat_capacity(LOGITS, 1e-300) == 0
    assert heat_capacity([1e300, 0, -1e300], 1e-300) == 0


def test_a_vocabulary_in_float32_is_summed_in_float64():
    logits = load_example("gpt2-spaceship").logits
    assert heat_capacity(logits) == pytest.approx(heat_capacity(np.float64(logits)), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([[1.0, 2.0]],), ValueError, "one-dimensional"),
        (([],), ValueError, "empty"),
        ((["a"],), TypeError, "logits"),
        (([1.0], -1), ValueError, "temperature must not be negative"),
        (([1.0], math.nan), ValueError, "NaN"),
    ],
)
def test_bad_input_tells_what_to_do(arguments, error, words):
    with pytest.raises(error, match=words):
        heat_capacity(*arguments)
