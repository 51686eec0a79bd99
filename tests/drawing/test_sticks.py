"""Logits on a line: sticks, elastics, heights and names against numpy."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from softmax_temperature import TemperatureExplorer, TokenTable, load_example, logit_line
from tests.helpers import RANKED, RANKED_TOKENS, softmax

GAPS = np.array(RANKED) - RANKED[0]


def drawn(table, temperature=1.0, size=(6, 4)):
    return logit_line(table, temperature, ax=Figure(figsize=size).subplots())


def lines_of(ax):
    """Return sticks, elastics and knobs, the likeliest first, as arrays of points."""
    found = [
        [line.get_xydata() for line in ax.lines if kind(line)]
        for kind in (
            lambda line: line.get_linewidth() == 2.4,
            lambda line: line.get_linewidth() == 0.9,
            lambda line: line.get_marker() == "o",
        )
    ]
    return [np.array(lines)[::-1] for lines in found]


@pytest.mark.parametrize("temperature", [0.5, 0.9, 1, 2, 30, np.inf])
def test_a_height_over_the_sum_of_heights_is_the_probability(temperature):
    sticks, elastics, knobs = lines_of(drawn(load_example("wonderful-day"), temperature))
    heights = sticks[:, 1, 1]
    np.testing.assert_allclose(heights / heights.sum(), softmax(RANKED, temperature), rtol=1e-12)
    np.testing.assert_allclose(knobs[:, 0, 0], GAPS, atol=1e-12)
    np.testing.assert_allclose(elastics[:, 0, 0], GAPS, atol=1e-12)
    np.testing.assert_allclose(elastics[:, 1, 0], GAPS / temperature, atol=1e-12)
    np.testing.assert_allclose(sticks[:, :, 0], elastics[:, [1, 1], 0], atol=1e-12)


def test_what_leaves_the_picture_stands_at_its_edge():
    ax = drawn(load_example("wonderful-day"), 0)
    sticks, _, knobs = lines_of(ax)
    assert sticks[:, 1, 1].tolist() == [1, 0, 0, 0, 0, 0]
    assert sticks[1:, 0, 0].tolist() == [ax.get_xlim()[0]] * 5
    np.testing.assert_allclose(knobs[:, 0, 0], GAPS, atol=1e-12)
    texts = sorted(text.get_text() for text in ax.texts)
    assert texts == sorted(["day 1.00", *(f"◂ {name} 0.00" for name in RANKED_TOKENS[1:])])


def test_a_number_on_every_logit_moves_nothing_but_the_ticks():
    table = load_example("wonderful-day")
    pushed = TokenTable(table.tokens, table.logits + 100)
    one, other = drawn(table, 0.7), drawn(pushed, 0.7)
    for a, b in zip(lines_of(one), lines_of(other), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    ticks = [[float(label.get_text()) for label in ax.get_xticklabels()] for ax in (one, other)]
    np.testing.assert_allclose(np.array(ticks[1]) - ticks[0], 100)
    assert one.get_title() == other.get_title()


def test_masked_tokens_have_no_stick_and_dollar_signs_are_text():
    ax = drawn(TokenTable(["$x$", "b", "c"], [1.0, -np.inf, 0.0]))
    assert [text.get_text() for text in ax.texts] == ["c 0.37", "$x$ 1.00"]
    assert len(lines_of(ax)[0]) == 2


def test_what_is_pulled_keeps_its_colour():
    explorer = TemperatureExplorer(load_example("wonderful-day"), parts=("bars", "logits", "map"))
    logits = [5.0, 2.2, 2.0, 4.5, 3.0, 6.0]
    explorer._set(tokens=list(explorer.table.tokens), logits=logits)
    bars = explorer._bars()
    assert bars.names()[:2] == ["challenge", "day"]
    assert list(bars.hues) == [3, 0, 1, 2, 4, 5]
    plan = explorer._pictures.plan(bars)
    assert [to_hex(colour) for colour in plan.areas.colours[:2]] == ["#029e73", "#d55e00"]
    assert explorer._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: logit_line([1, 2]), TypeError, "table must be a TokenTable"),
        (lambda: drawn(load_example("wonderful-day"), -1), ValueError, "temperature must"),
        (lambda: drawn(load_example("wonderful-day"), "warm"), TypeError, "temperature must"),
        (
            lambda: drawn(load_example("gpt2-spaceship")),
            ValueError,
            "a line of logits has room for 30 tokens, got 50,257: use",
        ),
        (
            lambda: TemperatureExplorer(
                load_example("gpt2-spaceship"), top=10, parts=("bars", "logits")
            ),
            ValueError,
            "a line of logits has room for 30 tokens",
        ),
        (
            lambda: logit_line(load_example("wonderful-day"), ax="here"),
            TypeError,
            "ax must be one matplotlib Axes",
        ),
    ],
)
def test_bad_input_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
