"""Odds, heat and annealing by their artists, and the walker against other ways to walk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure

from softmax_temperature import (
    TokenTable,
    annealing_chart,
    heat_chart,
    load_example,
    odds_chart,
    perplexity,
    softmax,
)
from softmax_temperature.drawing.heat import VALLEYS, anneal, deepest_valley, hottest

SIX = load_example("wonderful-day")
energies = hnp.arrays(float, st.integers(1, 8), elements=st.floats(-3, 3))


def test_lines_of_odds_are_those_of_the_softmax():
    ax = odds_chart(SIX, ax=Figure().subplots())
    order = np.argsort(-SIX.logits)
    assert len(ax.lines) == 6
    for line, token in zip(ax.lines, order, strict=True):
        across, odds = line.get_data()
        for x, value in zip(across[1:], odds[1:], strict=True):
            shares = SIX.probabilities(1 / x)
            assert value == pytest.approx(shares[token] / shares[order[0]], rel=1e-9)
        assert odds[0] == 1
    assert [text.get_text() for text in ax.texts] == [SIX.tokens[token] for token in order]
    assert ax.get_yscale() == "log"


def test_a_masked_token_has_no_line():
    table = TokenTable(["a", "b", "c"], [1.0, -np.inf, 0.0])
    assert len(odds_chart(table, ax=Figure().subplots()).lines) == 2


def test_no_name_of_a_line_covers_another():
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    ax = odds_chart(SIX, ax=figure.subplots())
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_xticklabels())]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i]), i
        assert box.x1 <= figure.bbox.width


def test_the_chart_of_heat_has_choices_and_their_growth():
    tables = [load_example("wonderful-day"), load_example("wonderful-day-large")]
    left, right = heat_chart(tables).axes
    for table, line in zip(tables, left.lines, strict=True):
        stops, choices = line.get_data()
        for stop, value in zip(stops[::9], choices[::9], strict=True):
            assert value == pytest.approx(perplexity(softmax(table.logits, stop)))
    curves, dots = right.lines[::2], right.lines[1::2]
    for line, dot in zip(curves, dots, strict=True):
        # It is on the curve, and nothing of it is higher.
        (top,), (height,) = dot.get_data()
        assert height >= line.get_ydata().max() - 1e-12
        assert dot.get_label() == f"most at T = {top:.2f}"


def test_the_hottest_place_is_that_of_a_fine_grid():
    assert hottest(np.array([1.0, 0.0]) * 2) == pytest.approx(0.83, abs=0.011)


@given(energies, st.lists(st.floats(0.05, 5), max_size=6))
def test_a_walker_is_where_the_matrix_of_steps_says(landscape, temperatures):
    count = len(landscape)
    expected = np.full(count, 1 / count)
    for temperature in temperatures:
        matrix = np.zeros((count, count))
        for here in range(count):
            for there in (here - 1, here + 1):
                if 0 <= there < count:
                    rise = max(0.0, landscape[there] - landscape[here])
                    matrix[here, there] = 0.5 * np.exp(-rise / temperature)
            matrix[here, here] = 1 - matrix[here].sum()
        expected = expected @ matrix
    found = anneal(landscape, np.array(temperatures))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(1)


@given(energies)
def test_every_way_down_from_the_deepest_valley_ends_at_the_lowest_place(landscape):
    inside = set(deepest_valley(landscape).tolist())
    lowest = int(np.argmin(landscape))
    for start in range(len(landscape)):
        walks, seen = {start}, set()
        while walks:
            here = walks.pop()
            seen.add(here)
            near = [p for p in (here - 1, here + 1) if 0 <= p < len(landscape)]
            walks |= {p for p in near if landscape[p] < landscape[here]} - seen
        if start in inside:
            assert lowest in seen


def test_bars_of_annealing_are_the_walkers_chances_and_rise():
    left, right = annealing_chart().axes
    heights = [bar.get_height() for bar in right.patches]
    assert heights == sorted(heights)
    for height, count in zip(heights, (10, 100, 1000, 10_000), strict=True):
        chances = anneal(VALLEYS, np.geomspace(4, 0.05, count))
        assert height == pytest.approx(chances[deepest_valley(VALLEYS)].sum())
    assert [text.get_text() for text in right.texts] == ["0.20", "0.34", "0.66", "0.82"]
    np.testing.assert_array_equal(left.lines[0].get_ydata(), VALLEYS)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: odds_chart(3), "table must be"),
        (lambda: odds_chart(TokenTable([*"abcdefghijk"], range(11))), "room for 10 tokens, got 11"),
        (lambda: odds_chart(SIX, ax=3), "ax must be one"),
        (lambda: heat_chart([]), "one to four TokenTables"),
        (lambda: heat_chart(SIX), "one to four TokenTables"),
        (lambda: heat_chart([3]), "table must be"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
