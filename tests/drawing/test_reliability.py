"""The reliability diagram: dots, their bars, and the numbers above."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import reliability_chart
from softmax_temperature.drawing.reliability import wilson


@pytest.mark.parametrize(
    ("count", "of", "bounds"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    # Medicine 17, 1998, table I, method 3.
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_the_bars_are_wilsons(count, of, bounds):
    assert wilson(count, of) == pytest.approx(bounds, abs=0.00005)
    # What did not come mirrors what came.
    low, high = wilson(of - count, of)
    assert (1 - high, 1 - low) == pytest.approx(bounds, abs=0.00005)


def test_a_dot_is_a_group_of_places():
    sure = np.array([0.9, 0.6, 0.8, 0.7, 0.55, 0.95])
    logits = np.log(np.stack([sure, 1 - sure], axis=1))
    came = [0, 1, 0, 0, 1, 0]
    ax = reliability_chart(logits, came, bins=3, ax=Figure().subplots())
    _, *lines = ax.lines
    dots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines[1::2]]
    assert dots == [
        pytest.approx(pair) for pair in [((0.55 + 0.6) / 2, 0), (0.75, 1), ((0.9 + 0.95) / 2, 1)]
    ]
    assert tuple(lines[0].get_ydata()) == pytest.approx(wilson(0, 2))
    assert ax.get_title() == "T = 1.00: 0.750 sure, 0.667 right"
    hot = reliability_chart(logits, came, np.inf, bins=1, ax=Figure().subplots())
    assert hot.get_title().startswith("T = ∞: 0.500 sure")


def test_calibrated_draws_lie_on_the_diagonal():
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(6000, 5)) * 2
    came = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    ax = reliability_chart(logits, came, ax=Figure().subplots())
    _, *lines = ax.lines
    for bar, dot in zip(lines[::2], lines[1::2], strict=True):
        low, high = bar.get_ydata()
        assert low < dot.get_xdata()[0] < high


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (([1.0, 2.0], [0]), {}, "a row a place"),
        (([[1.0, 2.0]], [0, 1]), {}, "tokens must be 1"),
        (([[1.0, 2.0]], [2]), {}, "tokens"),
        (([[1.0, 2.0]], [0], -1), {"bins": 1}, "temperature"),
        (([[1.0, 2.0]], [0]), {"bins": 2}, "bins must be at most 1"),
        (([[1.0, 2.0]], [0]), {"bins": 0}, "bins must be"),
    ],
)
def test_bad_input_is_refused(arguments, options, error):
    with pytest.raises((TypeError, ValueError), match=error):
        reliability_chart(*arguments, **options)
