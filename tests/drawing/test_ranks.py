"""The rank chart: its curve, lines, areas and counts against numpy, and its labels."""

import io
import itertools
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from softmax_temperature import SamplerChain, TokenTable, load_example, rank_chart
from softmax_temperature.drawing.labels import Label, overlap, place_labels
from softmax_temperature.drawing.ranks import _stations, rank_layout, rank_still
from softmax_temperature.drawing.rules import COLOURS, cuts_of, title_of
from tests.helpers import gpt2_logits

TABLE = load_example("gpt2-spaceship")
N = 50_257


def shares(temperature):
    """Return GPT-2's probabilities by the softmax's definition, the largest first."""
    weights = np.exp((gpt2_logits() - gpt2_logits()[0]) / temperature)
    return weights / weights.sum()


def draw(steps, temperature=1.0, size=(8, 5)):
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    return rank_chart(TABLE, SamplerChain(steps), temperature, figure.subplots())


def lines_of(ax, name):
    return [line for line in ax.lines if line.get_gid() == f"rule-{name}"]


def notes(ax):
    return [text.get_text() for text in ax.texts if text.get_gid() == "note"]


def level(ax, name):
    (line,) = lines_of(ax, name)
    return line.get_ydata()[0]


AT_1, AT_2 = shares(1.0), shares(2.0)
SURPRISE = -(AT_1 * np.log(AT_1)).sum()
# Steps, which probabilities the cut goes by, the rule's level, and how many tokens reach it.
LEVELS = [
    ("min_p", 0.05, 0.05 * AT_1[0], 14),
    ("epsilon_cutoff", 3e-4, 3e-4, 391),
    ("top_n_sigma", 1.0, AT_1[0] * math.exp(-gpt2_logits().std()), 33),
    ("eta_cutoff", 3e-4, min(3e-4, math.sqrt(3e-4) * math.exp(-SURPRISE)), None),
]


@pytest.mark.parametrize(("name", "value", "expected", "count"), LEVELS)
def test_a_rule_of_probability_is_a_level_line_that_meets_the_curve_between_two_tokens(
    name, value, expected, count
):
    kept = int((expected <= AT_1).sum())
    assert count in (None, kept)
    ax = draw([(name, value)])
    assert level(ax, name) == pytest.approx(expected, rel=1e-9)
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert dot.get_xdata()[0] == kept + 0.5
    assert dot.get_ydata()[0] == pytest.approx(expected, rel=1e-9)
    assert AT_1[kept] < expected <= AT_1[kept - 1]
    assert ax.get_title() == f"T = 1.00: {kept:,} of 50,257 tokens are kept"
    (note,) = notes(ax)
    assert note.endswith(f" {value:g} keeps {kept:,} of 50,257")


def test_top_k_is_an_upright_line_and_top_p_the_edge_of_an_area():
    ax = draw([("temperature", 2.0), ("top_k", 40)])
    (line,) = lines_of(ax, "top_k")
    assert list(line.get_xdata()) == [40.5, 40.5]
    ax = draw([("temperature", 2.0), ("top_p", 0.9)])
    (line,) = lines_of(ax, "top_p")
    kept = int((AT_2.cumsum() < 0.9).sum()) + 1
    assert kept == 18_378
    assert set(line.get_xdata()) == {kept + 0.5}
    (area,) = ax.collections
    corners = area.get_paths()[0].vertices
    assert (corners[:, 0].min(), corners[:, 0].max()) == (0.5, kept + 0.5)
    assert notes(ax) == ["top-p 0.9 keeps 18,378 of 50,257 (90.00 %)"]


def test_typical_is_a_band_around_the_entropy():
    ax = draw([("typical_p", 0.5)])
    low, high = (line.get_ydata()[0] for line in lines_of(ax, "typical_p"))
    far = abs(-np.log(AT_1) - SURPRISE)
    order = np.argsort(far)
    count = int((AT_1[order].cumsum() < 0.5).sum()) + 1
    furthest = far[order[count - 1]]
    assert (low, high) == pytest.approx(
        (math.exp(-SURPRISE - furthest), math.exp(-SURPRISE + furthest))
    )
    assert notes(ax) == [f"typical-p 0.5 keeps {count:,} of 50,257"]
    kept = (low * (1 - 1e-6) <= AT_1) & (high * (1 + 1e-6) >= AT_1)
    assert kept.sum() == count
    (curve,) = [line for line in ax.lines if line.get_gid() == "kept"]
    ranks = np.flatnonzero(kept)
    assert (curve.get_xdata()[0], curve.get_xdata()[-1]) == (ranks[0] + 0.5, ranks[-1] + 1.5)


def test_a_cut_before_the_temperature_stands_on_a_thin_curve_of_its_own():
    ax = draw([("top_p", 0.9), ("temperature", 2.0), ("min_p", 0.05)])
    curves = {line.get_gid(): line for line in ax.lines}
    for name, expected in (("curve", AT_2), ("curve-before", AT_1)):
        ranks, drawn = curves[name].get_data()
        whole = ranks == np.round(ranks)
        np.testing.assert_allclose(drawn[whole], expected[ranks[whole].astype(int) - 1], rtol=1e-9)
    assert lines_of(ax, "top_p")[0].get_xdata()[0] == 2323.5
    assert level(ax, "min_p") == pytest.approx(0.05 * AT_2[0], rel=1e-9)
    # 361 tokens reach it, of all and of the 2,323.
    assert notes(ax)[1] == "min-p 0.05 keeps 361 of 2,323"
    names = [text.get_text() for text in ax.texts if text.get_gid() == "curve-name"]
    assert names == ["T = 1.00", "T = 2.00"]
    assert ax.get_title() == "T = 2.00: 361 of 50,257 tokens are kept"


def test_what_is_cut_before_lowers_the_level_of_a_probability():
    """Of what top-k leaves each has more, so that fewer of all are below epsilon."""
    left = AT_1[:100].sum()
    ax = draw([("top_k", 100), ("epsilon_cutoff", 3e-3)])
    assert level(ax, "epsilon_cutoff") == pytest.approx(3e-3 * left, rel=1e-9)
    kept = int((AT_1[:100] / left >= 3e-3).sum())
    assert notes(ax)[1] == f"epsilon 0.003 keeps {kept} of 100"


def test_a_rule_that_cuts_nothing_has_its_line_where_it_would_begin_to():
    ax = draw([("top_k", 10), ("min_p", 0.05)])
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert dots == [10.5, 14.5]
    assert notes(ax)[1] == "min-p 0.05 keeps 10 of 10"


def test_temperatures_multiply_and_limits_are_exact():
    ax = rank_chart(TABLE, SamplerChain([("temperature", 4.0)]), 0.5, Figure().subplots())
    assert ax.get_title() == "T = 2.00: all 50,257 tokens are kept"
    ax = draw([("top_k", 3)], 0)
    (curve,) = [line for line in ax.lines if line.get_gid() == "curve"]
    assert set(curve.get_ydata()) == {1.0}
    ax = draw([("top_p", 0.5)], math.inf)
    (curve,) = [line for line in ax.lines if line.get_gid() == "curve"]
    np.testing.assert_allclose(curve.get_ydata(), 1 / N, rtol=1e-9)
    assert notes(ax) == ["top-p 0.5 keeps 25,129 of 50,257 (50.00 %)"]


def test_the_curve_has_few_points_and_misses_by_less_than_a_pixel():
    stations = _stations(N)
    assert len(stations) + 40 <= 400
    assert list(stations[:40]) == list(range(1, 41))
    assert stations[-1] == N
    # Of an axis as wide as the picture at 1.3 times its size.
    pixels = np.log(stations[40:]) * 760 / math.log(1.25 * N / 0.5)
    assert np.diff(pixels).max() < 3


def extent(text):
    """Return where a text is, without the line that ties it to its point."""
    return Text.get_window_extent(text)


def overlapping(ax):
    # Only then annotations have their places.
    ax.figure.canvas.draw()
    boxes = [extent(text) for text in [*ax.texts, ax.title]]
    return [(one, other) for one, other in itertools.combinations(boxes, 2) if one.overlaps(other)]


def test_labels_keep_clear_of_solids_and_of_one_another():
    rng = np.random.default_rng(22)
    room = (0.0, 0.0, 400.0, 200.0)
    for _ in range(100):
        labels = [
            Label(*rng.uniform((0, 0, 30, 10), (400, 200, 120, 12))) for _ in range(rng.integers(7))
        ]
        solids = [(x, y, x + 60, y + 40) for x, y in rng.uniform(0, 300, (3, 2)).tolist()]
        corners = place_labels(labels, room, solids, [])
        boxes = [
            (x, y, x + label.width, y + label.height)
            for label, (x, y) in zip(labels, corners, strict=True)
        ]
        for one, other in itertools.combinations(boxes, 2):
            assert not overlap(one, other)
        assert not any(overlap(box, solid) for box in boxes for solid in solids)
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= 400 + 1e-9
            assert 0 <= y0 < y1 <= 200 + 1e-9
    # A lone label stands at its point.
    assert place_labels([Label(100, 100, 50, 10)], room, [], []) == [(106, 87)]
    # Where there is no room for it at all, it has no place.
    assert place_labels([Label(5, 5, 3, 30)], (0, 0, 20, 20), [], []) == [None]


def test_the_still_shows_the_picture_in_its_colours():
    cuts = cuts_of(SamplerChain([("top_p", 0.9), ("min_p", 0.05)]), TABLE)
    picture = Image.open(io.BytesIO(rank_still(TABLE, cuts, title_of(cuts, "1.00"))))
    layout = rank_layout(TABLE, narrow=False)
    assert picture.width == int(layout["width"])
    scale = 96 / 72
    edges, (low, high) = layout["edges"], layout["powers"]
    x = round((edges["right"] - 20) * scale)
    part = (math.log10(0.05 * AT_1[0]) - low) / (high - low)
    y = (edges["bottom"] - part * (edges["bottom"] - edges["top"])) * scale
    rgb = tuple(int(COLOURS["min_p"][i : i + 2], 16) for i in (1, 3, 5))
    column = np.array(picture.convert("RGB"))[:, x].astype(int)
    at = np.flatnonzero(abs(column - rgb).sum(axis=1) < 12)
    assert abs(at.mean() + 0.5 - y) <= 1.5


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3, SamplerChain([])), TypeError, "table must be a TokenTable, got int"),
        ((TABLE, [("top_k", 3)]), TypeError, "chain must be a SamplerChain, got"),
        ((TABLE, None), TypeError, "chain must be a SamplerChain, got None: make one with"),
        (
            (TABLE, SamplerChain([("temperature", [1.0, 2.0])])),
            ValueError,
            "chain must have one temperature a step, got",
        ),
        ((TABLE, SamplerChain([]), -1), ValueError, "temperature must not be negative, got -1"),
        ((TABLE, SamplerChain([]), math.nan), ValueError, "temperature must not be NaN"),
        ((TABLE, SamplerChain([]), 1.0, "ax"), TypeError, "ax must be one matplotlib Axes, got"),
    ],
)
def test_bad_input_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        rank_chart(*arguments)


def test_masked_tokens_have_no_rank_and_a_lone_token_a_chart():
    table = TokenTable(["a", "b", "c"], [1.0, -math.inf, 0.0])
    ax = rank_chart(table, SamplerChain([("top_k", 1)]), ax=Figure().subplots())
    assert ax.get_title() == "T = 1.00: 1 of 2 tokens is kept"
    lone = TokenTable(["a"], [1.0])
    ax = rank_chart(lone, SamplerChain([("top_p", 0.5)]), ax=Figure().subplots())
    assert ax.get_title() == "T = 1.00: all 1 tokens are kept"
