"""Peaks of probabilities, against mpmath with 60 digits, a bracketing root finder and figures."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmax_temperature import load_example, peak_temperature, softmax
from softmax_temperature import peaks as module
from softmax_temperature.core import likeliest

mpmath.mp.dps = 60


def test_settings_of_numpy_for_errors_do_not_matter_to_peaks():
    with np.errstate(all="raise"):
        assert peak_temperature([0, -1e-300, -1], 1) == pytest.approx(1 / math.log(1e300))
        assert peak_temperature([1.6e308, 0.8000001e308, 0], 1) == np.inf


def pull(logits, own, beta):
    """Sum up, in long numbers, what is 0 where a token of logit `own` is at its peak."""
    gaps = [mpmath.mpf(x) - mpmath.mpf(own) for x in logits if x != -math.inf]
    return mpmath.fsum(gap * mpmath.exp(beta * gap) for gap in gaps)


@given(
    st.lists(st.one_of(st.floats(-1e4, 1e4), st.just(-math.inf)), min_size=1, max_size=40).filter(
        lambda logits: max(logits) > -math.inf
    )
)
@example([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
@example([40.0, 4.0, 2.0, 35.0, 25.0, 15.0])
@example([0.1, 0.2, 0.3])
@example([0.0, 1.0, 0.5 + 2.0**-40])
@example([-40.2, -15.8, -93.4, -49.8 + 2.0**-30])
@example([1e4, 1e4 - 1e-9, -1e4])
@example([0.0, -1e-9, -2e-9, -1e4])
@example([0.0, -1.0, -1e-12, -1.0, -1.0])
def test_a_peak_is_a_root_to_9_digits(logits):
    shortest = mpmath.mpf(10) ** -9
    for x, peak in zip(logits, peak_temperature(logits), strict=True):
        if x == -math.inf:
            assert math.isnan(peak)
        elif x == max(logits):
            assert peak == 0
        elif pull(logits, x, 0) >= 0:
            assert peak == math.inf
        elif min(abs(x - y) for y in logits if x != y) > 1e-150:
            beta = 1 / mpmath.mpf(float(peak))
            low, high = (pull(logits, x, beta * (1 + sign * shortest)) for sign in (-1, 1))
            assert low < 0 < high


@given(hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(-50, 50)))
def test_no_temperature_nearby_beats_the_peak(logits):
    for position, peak in enumerate(peak_temperature(logits)):
        if 1e-9 < peak < 1e9:
            best = softmax(logits, peak)[position]
            for factor in (0.5, 1 - 1e-3, 1 + 1e-3, 2):
                assert best >= softmax(logits, peak * factor)[position] * (1 - 1e-12)


@pytest.mark.parametrize(
    ("name", "token", "figure"),
    [("wonderful-day", "experience", 0.904057), ("wonderful-day-large", "problem", 42.334)],
)
def test_peaks_equal_a_bracketing_root_finders(name, token, figure):
    table = load_example(name)
    position = table.tokens.index(token)
    peak = peak_temperature(table.logits, position)
    assert peak == pytest.approx(figure, rel=1e-5)
    own = table.logits[position]
    with mpmath.workdps(30):
        bracket = (0.5 / peak, 2 / peak)
        root = mpmath.findroot(lambda b: pull(table.logits, own, b), bracket, solver="anderson")
        assert peak == pytest.approx(float(1 / root), rel=1e-9)


def test_the_peak_of_experience():
    table = load_example("wonderful-day")
    peak = peak_temperature(table.logits, 3)
    assert table.probabilities(peak)[3].round(6) == 0.311826


def test_peaks_at_the_ends():
    assert peak_temperature([3.0]) == [0]
    assert peak_temperature([2, 2, 2]).tolist() == [0, 0, 0]
    # 2 is the mean of the unmasked logits.
    peaks = peak_temperature([3, -np.inf, 3, 2, 0])
    np.testing.assert_array_equal(peaks, [0, np.nan, 0, np.inf, np.inf])
    assert np.isfinite(peak_temperature([3, 3, np.nextafter(2, 3), 0])).tolist()[2]


def test_peaks_have_the_shape_of_the_positions_and_are_float64():
    logits = np.float32([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
    peaks = peak_temperature(logits)
    assert (peaks.shape, peaks.dtype) == ((6,), np.float64)
    assert peak_temperature(logits, 3) == peaks[3]
    assert peak_temperature(logits, np.uint8(3)).shape == ()
    assert peak_temperature(logits, [[3, 0], [0, 3]]).tolist() == peaks[[[3, 0], [0, 3]]].tolist()
    assert peak_temperature(logits, np.array([], int)).shape == (0,)


def test_the_size_of_the_logits_is_the_unit_of_the_peaks():
    peaks = peak_temperature([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
    for exponent in (-900, -30, 30, 1020):
        scaled = np.ldexp([5.0, 2.2, 2.0, 4.5, 3.0, 2.7], exponent)
        with np.errstate(all="raise"):
            found = peak_temperature(scaled)
        assert found.tolist() == np.ldexp(peaks, exponent).tolist()
        assert peak_temperature(-scaled).argmin() == 2


def test_peaks_among_50257_tokens():
    logits = load_example("gpt2-spaceship").logits
    positions = likeliest(logits, 5)
    peaks = peak_temperature(logits, positions)
    assert peaks.round(4).tolist() == [0, 0.655, 0.6887, 0.6941, 0.6958]
    wide = logits.astype(np.float64)
    for position, peak in zip(positions[1:], peaks[1:], strict=True):
        for factor, sign in ((1 - 1e-9, 1), (1 + 1e-9, -1)):
            # The mean logit falls with T.
            gaps = wide - wide[position]
            assert np.sign(math.fsum(gaps * np.exp(gaps / (peak * factor)))) == sign


def test_a_peak_takes_few_passes_over_the_logits(monkeypatch):
    """Halving a bracket would take 36 of them for as many digits."""
    passes = []
    total = module._total
    monkeypatch.setattr(module, "_total", lambda *values: passes.append(1) or total(*values))
    for name in ("wonderful-day", "gpt2-spaceship", "gpt2-deserted-planet"):
        logits = load_example(name).logits
        for position in likeliest(logits, 6):
            passes.clear()
            peak_temperature(logits, position)
            assert len(passes) <= 12


@pytest.mark.parametrize(
    ("logits", "positions", "error", "words"),
    [
        ([[1, 2], [3, 4]], None, ValueError, r"logits must be one-dimensional, got shape \(2, 2\)"),
        ([1, np.nan], None, ValueError, "logits must not contain NaN"),
        ([], None, ValueError, "logits must not be empty"),
        (["a"], None, TypeError, "logits must be real numbers"),
        ([1, 2], 2, ValueError, "positions must be from 0 to 1, got 2"),
        ([1, 2], [0, -1], ValueError, "positions must be from 0 to 1, got -1"),
        ([1, 2], 0.0, TypeError, r"positions must be whole numbers, got 0\.0"),
        ([1, 2], [True], TypeError, r"positions must be whole numbers, got \[True\]"),
        ([1, 2], "0", TypeError, "positions must be whole numbers, got '0'"),
        ([1, 2], [[0], [0, 1]], ValueError, "positions must be rectangular"),
    ],
)
def test_bad_input_has_no_peak(logits, positions, error, words):
    with pytest.raises(error, match=words):
        peak_temperature(logits, positions)
