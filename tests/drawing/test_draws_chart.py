"""The chart of draws, against draws counted here and the binomial distribution."""

import math
from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from softmax_temperature import SamplerChain, TokenTable, draws_chart, load_example
from tests.helpers import ARTICLE, contrast

SIX = load_example("wonderful-day")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def axes(width=7, height=4):
    return Figure(figsize=(width, height), layout="constrained").subplots()


def parts(ax):
    """Return bars and bands as they stand: where they begin and end along the axis of shares."""
    upright = not ax.yaxis_inverted()
    boxes = {True: [], False: []}
    for patch in ax.patches:
        low, length = (
            (patch.get_y(), patch.get_height()) if upright else (patch.get_x(), patch.get_width())
        )
        boxes[patch.get_zorder() >= 1].append((low, low + length))
    (lines,) = ax.collections
    along = 1 if upright else 0
    return boxes[True], boxes[False], [path.vertices[0, along] for path in lines.get_paths()]


def labels(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("orient", ["v", "h"])
@pytest.mark.parametrize("n", [100, 1_000, 100_000])
def test_bars_are_counted_draws_and_bands_two_standard_deviations(n, orient):
    ax = draws_chart(SIX, n, seed=5, orient=orient, ax=axes())
    counts = Counter(SamplerChain([("temperature", 1)]).draw(SIX, n, seed=5))
    bars, bands, lines = parts(ax)
    assert [end for _, end in bars] == pytest.approx([counts[token] / n for token in SIX.tokens])
    assert labels(ax) == [f"{counts[token]:,}" for token in SIX.tokens]
    np.testing.assert_allclose(lines, ARTICLE, atol=1e-6)
    for (low, high), p in zip(bands, lines, strict=True):
        spread = 2 * math.sqrt(p * (1 - p) / n)
        assert low == pytest.approx(max(p - spread, 0))
        assert high == pytest.approx(min(p + spread, 1))
    assert {"v": ax.get_ylim, "h": ax.get_xlim}[orient]() == (0, 1)
    assert ax.get_title() == f"{n:,} draws beside their probabilities"


def test_what_a_chain_cuts_is_named_so_and_has_no_band():
    chain = SamplerChain([("temperature", 1.5), ("top_p", 0.8)])
    ax = draws_chart(SIX, 1_000, chain, ax=axes())
    assert [label == "cut" for label in labels(ax)] == [False, True, True, False, False, False]
    bars, bands, lines = parts(ax)
    assert (len(bars), len(bands), len(lines)) == (6, 4, 4)
    assert sum(lines) == pytest.approx(1)
    assert sum(int(label.replace(",", "")) for label in labels(ax) if label != "cut") == 1_000


def test_a_token_that_could_come_but_did_not_has_a_0():
    table = TokenTable(["a", "b", "c"], [10, 0, -math.inf])
    ax = draws_chart(table, 10, ax=axes())
    assert labels(ax) == ["10", "0", "cut"]


def test_all_other_tokens_are_counted_together():
    table = load_example("gpt2-spaceship")
    ax = draws_chart(table, 1_000, seed=3, top=4, ax=axes())
    counts = Counter(SamplerChain([]).draw(table, 1_000, seed=3))
    shown = [" planet", " surface", " station", " moon"]
    each = [counts[token] for token in shown]
    assert labels(ax) == [str(count) for count in [*each, 1_000 - sum(each)]]
    names = dict(zip(ax.get_yticks(), [text.get_text() for text in ax.get_yticklabels()]))
    assert [names[place] for place in range(2)] == ["all other 50,253 tokens", "·planet"]
    bars, bands, _ = parts(ax)
    for (_, end), (low, high) in zip(sorted(bars)[-3:], sorted(bands)[-3:], strict=True):
        assert low - 0.05 < end < high + 0.05
    # Of the tokens that are cut none is shown alone.
    ax = draws_chart(table, 100, SamplerChain.preset("llama.cpp"), top=20, ax=axes())
    assert len(ax.texts) == 15
    assert labels(ax).count("cut") == 1


def test_the_axis_says_where_shares_are_conditional():
    ax = draws_chart(load_example("gpt-4o-mini-tv"), 100, ax=axes())
    assert ax.get_ylabel() == "Share of the draws among the listed tokens"
    assert draws_chart(SIX, 100, orient="h", ax=axes()).get_xlabel() == "Share of the draws"


@pytest.mark.parametrize("options", [{}, {"orient": "h"}])
@pytest.mark.parametrize("n", [10, 100_000])
@pytest.mark.parametrize("temperature", [0, 1, math.inf])
def test_nothing_overlaps(options, n, temperature):
    ax = draws_chart(SIX, n, SamplerChain([("temperature", temperature)]), ax=axes(), **options)
    figure = ax.figure
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))
    key, title = ax.get_legend().get_window_extent(), ax.title.get_window_extent()
    assert not any(box.overlaps(key) for box in boxes)
    assert key.y1 < title.y0
    assert title.y1 <= figure.bbox.y1
    # A number stands beyond its bar and band.
    along, end = (1, "y0") if not options else (0, "x0")
    for text, box in zip(ax.texts, boxes, strict=True):
        ends = [p.get_window_extent() for p in ax.patches]
        middle = (box.x0 + box.x1) / 2 if along else (box.y0 + box.y1) / 2
        below = [
            e.y1 if along else e.x1
            for e in ends
            if (e.x0 < middle < e.x1 if along else e.y0 < middle < e.y1)
        ]
        assert getattr(box, end) >= max(below), text


@pytest.mark.parametrize("orient", ["v", "h"])
def test_labels_have_a_halo_and_probabilities_a_line_across_their_bands(orient):
    ax = draws_chart(SIX, 100, orient=orient, ax=axes())
    for text in ax.texts:
        (halo,) = text.get_path_effects()
        assert halo._gc["foreground"] == "#ffffff"
    (lines,) = ax.collections
    assert to_rgb(lines.get_color()[0]) == to_rgb("black")
    assert lines.get_linewidth() == pytest.approx([1.5])
    (sign,) = (line for line in ax.get_legend().legend_handles if hasattr(line, "get_xdata"))
    assert sign.get_linewidth() == 1.5
    bands = [patch for patch in ax.patches if patch.get_zorder() < 1]
    for band, path, p in zip(bands, lines.get_paths(), ARTICLE, strict=True):
        low, high = path.vertices[0], path.vertices[1]
        side, width = (band.get_x(), band.get_width())
        if orient == "h":
            low, high = low[::-1], high[::-1]
            side, width = band.get_y(), band.get_height()
        assert low == pytest.approx((side, p), abs=1e-6)
        assert high == pytest.approx((side + width, p), abs=1e-6)


def test_bands_can_be_seen_and_the_key_names_them():
    ax = draws_chart(SIX, 100, ax=axes())
    key = ax.get_legend()
    signs = dict(zip([text.get_text() for text in key.get_texts()], key.legend_handles))
    assert list(signs) == ["likeliest", "probability", "± 2 standard deviations"]
    band = next(patch for patch in ax.patches if patch.get_zorder() < 1)
    sign = signs["± 2 standard deviations"]
    assert sign.get_facecolor() == band.get_facecolor()
    assert sign.get_edgecolor() == band.get_edgecolor()
    assert contrast(to_rgb(band.get_edgecolor()), to_rgb("white")) >= 3
    # A band is wider than its bar, and stays visible on either side of it.
    bar = next(patch for patch in ax.patches if patch.get_zorder() >= 1)
    assert band.get_x() < bar.get_x()
    assert bar.get_x() + bar.get_width() < band.get_x() + band.get_width()
    leader = max(
        (patch for patch in ax.patches if patch.get_zorder() >= 1), key=lambda p: p.get_height()
    )
    assert signs["likeliest"].get_facecolor() == leader.get_facecolor()


def test_the_same_seed_gives_the_same_chart():
    one, same, other = (draws_chart(SIX, 500, seed=seed, ax=axes()) for seed in (1, 1, 2))
    assert labels(one) == labels(same) != labels(other)
    _, ax = plt.subplots()
    assert draws_chart(SIX, 10) is ax


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((["a"], 10), TypeError, "table must be a TokenTable, got list"),
        ((SIX, 0), ValueError, "n must be at least 1, got 0"),
        ((SIX, 1e3), TypeError, "n must be a whole number, got 1000.0"),
        ((SIX, 10, [("top_k", 3)]), TypeError, "chain must be a SamplerChain, got list"),
        ((load_example("gpt2-spaceship"), 10), ValueError, "room for 100 tokens, got 50,257"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_drawn(arguments, error, words):
    with pytest.raises(error, match=words):
        draws_chart(*arguments)
    for options, words in (
        ({"seed": -1}, "seed must be at least 0"),
        ({"top": 0}, "top must be at least 1"),
        ({"orient": "x"}, "orient must be 'v' or 'h'"),
    ):
        with pytest.raises(ValueError, match=words):
            draws_chart(SIX, 10, **options)
    assert plt.get_fignums() == []
    with pytest.raises(TypeError, match="ax must be one matplotlib Axes, got Figure"):
        draws_chart(SIX, 10, ax=Figure())
