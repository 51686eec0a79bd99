"""The charts' artists, against figures worked out elsewhere."""

import math
import warnings
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import seaborn as sns
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from softmax_temperature import TokenTable, bar_chart, describe, load_example, temperature_panels
from softmax_temperature.drawing.bars import Bars, name_length, number_end
from softmax_temperature.words import (
    columns,
)
from tests.helpers import ARTICLE, AT_HALF, ODD_TOKENS, contrast


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def bar_labels(table, temperature, **options):
    bars = Bars(table, ranked=False, **options)
    (labels,) = bars.labels(bars.sweep([temperature]))
    return labels


def axes():
    return Figure(figsize=(7, 4), layout="constrained").subplots()


def bars(ax):
    return [bar for bar in ax.patches if bar.get_fill()]


def bars_by_likelihood(ax):
    """Return the bars as they stand, but for that of all others, which comes last."""
    others, *shown = bars(ax)
    return [*shown, others]


def outlines(ax):
    return [bar for bar in ax.patches if not bar.get_fill()]


@pytest.mark.parametrize(("temperature", "figures"), [(1, ARTICLE), (0.5, AT_HALF)])
def test_bars_labels_and_names_are_those_of_the_table(temperature, figures):
    ax = bar_chart(load_example("wonderful-day"), temperature, ax=axes())
    assert [round(bar.get_height(), 6) for bar in bars(ax)] == figures
    assert [round(bar.get_height(), 6) for bar in outlines(ax)] == ARTICLE
    labels = [text.get_text() for text in ax.texts]
    expected = {1: "0.51 0.03 0.03 0.31 0.07 0.05", 0.5: "0.71 <0.01 <0.01 0.26 0.01 0.01"}
    assert labels == expected[temperature].split()
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["day", "space", "furniture", "experience", "problem", "challenge"]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in bars(ax)]
    np.testing.assert_allclose(centres, ax.get_xticks())
    assert {text.get_rotation() for text in ax.get_xticklabels()} == {0}
    assert ax.get_title() == f"Softmax Probabilities at Temperature = {temperature:.2f}"


SPACESHIP = [0.1293, 0.0346, 0.0273, 0.0263]


def test_names_are_level_where_they_fit_and_slanted_where_they_do_not():
    for width, slant in ((7, 0), (3, 45)):
        ax = Figure(figsize=(width, 4), layout="constrained").subplots()
        bar_chart(load_example("wonderful-day"), ax=ax)
        assert {text.get_rotation() for text in ax.get_xticklabels()} == {slant}
        ax.figure.draw_without_rendering()
        if not slant:
            boxes = [text.get_window_extent() for text in ax.get_xticklabels()]
            assert not any(one.overlaps(other) for one, other in pairwise(boxes))


def test_the_likeliest_tokens_lie_below_one_hatched_bar_for_all_others():
    table = load_example("gpt2-spaceship")
    ax = bar_chart(table, top=4, ax=axes())
    *shown, others = bars_by_likelihood(ax)
    assert [round(bar.get_width(), 4) for bar in shown] == SPACESHIP
    assert others.get_width() == pytest.approx(0.7825, abs=0.00006)
    assert [bool(bar.get_hatch()) for bar in bars(ax)] == [True] + [False] * 4
    names = dict(zip(ax.get_yticks(), [text.get_text() for text in ax.get_yticklabels()]))
    expected = ["all other 50,253 tokens", "·planet", "·surface", "·station", "·moon"]
    assert [names[place] for place in range(5)] == expected
    assert [round(bar.get_y() + bar.get_height() / 2) for bar in bars(ax)] == [0, 1, 2, 3, 4]
    labels = [text.get_text() for text in ax.texts]
    assert labels == ["12.93 %", "3.46 %", "2.73 %", "2.63 %", "78.25 %"]
    assert {(bar.get_y(), bar.get_width()) for bar in outlines(ax)} == {
        (bar.get_y(), bar.get_width()) for bar in bars(ax)
    }
    assert ax.get_xlim() == (0, 1)
    assert ax.yaxis_inverted()
    assert ":" not in [line.get_linestyle() for line in ax.lines]


@pytest.mark.parametrize(("orient", "length"), [("v", "get_height"), ("h", "get_width")])
def test_bars_stand_or_lie(orient, length):
    ax = bar_chart(load_example("wonderful-day"), 0.5, orient=orient, ax=axes())
    assert [round(getattr(bar, length)(), 6) for bar in bars(ax)] == AT_HALF
    assert [round(getattr(bar, length)(), 6) for bar in outlines(ax)] == ARTICLE
    # The numbers stand at their bars, however high the outlines are.
    for text, value in zip(ax.texts, AT_HALF, strict=True):
        assert text.xy["vh".index(orient) - 1] == pytest.approx(value, abs=1e-6)
    limits = {"v": ax.get_ylim, "h": ax.get_xlim}[orient]
    assert limits() == (0, 1)


@pytest.mark.parametrize("orient", ["x", "", 1, "horizontal", np.array(["v", "h"])])
def test_a_bad_orient_is_refused(orient):
    with pytest.raises(ValueError, match="orient must be 'v' or 'h', got"):
        bar_chart(load_example("wonderful-day"), orient=orient)


def test_upright_bars_need_room_for_their_labels():
    table = TokenTable([str(i) for i in range(13)], range(13))
    with pytest.raises(ValueError, match="orient must be 'h' for so many bars, got 'v' for 13"):
        bar_chart(table, orient="v", ax=axes())
    with pytest.raises(
        ValueError, match="got 'v' for 10: upright ones have room for the labels of 9"
    ):
        bar_chart(load_example("gpt2-spaceship"), top=9, orient="v", ax=axes())
    with pytest.raises(ValueError, match="room for the labels of 6"):
        temperature_panels(table, [1], top=6, orient="v")
    assert plt.get_fignums() == []
    assert Bars(table).orient == Bars(TokenTable(["a", "b" * 20], [0, 1])).orient == "h"
    assert Bars(TokenTable(table.tokens[:12], range(12))).orient == "v"


def labels_overlap(ax):
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    return any(one.overlaps(other) for one, other in pairwise(boxes))


def test_lying_panels_share_one_name_for_their_axes():
    figure = temperature_panels(load_example("gpt-4o-mini-tv"), [0.5, 1, 2], top=1)
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", ""]
    assert figure.get_supxlabel() == "Probability among the listed tokens"


def test_the_uniform_level_is_that_of_the_tokens_that_are_not_masked():
    table = TokenTable(list("abcd"), [-math.inf, 2, -math.inf, 1])
    ax = bar_chart(table, math.inf, ax=axes())
    (line,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(line.get_ydata(), 0.5)
    assert [bar.get_height() for bar in bars(ax)] == [0, 0.5, 0, 0.5]
    assert "dotted: uniform, 1/2" in [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("ax", [3, Figure(), [Figure().subplots()]])
def test_only_axes_are_drawn_on(ax):
    with pytest.raises(TypeError, match="ax must be one matplotlib Axes, got"):
        bar_chart(load_example("wonderful-day"), ax=ax)


@pytest.mark.parametrize("top", [None, 101, 50_257])
def test_too_many_bars_are_refused_before_anything_is_drawn(top):
    table = load_example("gpt2-spaceship")
    for function in (bar_chart, lambda t, top: temperature_panels(t, [1], top=top)):
        with pytest.raises(ValueError, match=r"room for 100 tokens, got [0-9,]+: use top=20"):
            function(table, top=top)
    assert plt.get_fignums() == []


def test_panels_lie_where_there_are_many_bars():
    figure = temperature_panels(load_example("gpt2-spaceship"), [1.0, 2.0], top=20)
    widths = [
        [round(bar.get_width(), 4) for bar in bars_by_likelihood(ax)][:4] for ax in figure.axes
    ]
    assert widths[0] == SPACESHIP
    assert widths[1][0] == 0.005
    assert len(bars(figure.axes[1])) == 21


def test_the_uniform_level_is_one_nth():
    ax = bar_chart(load_example("wonderful-day"), ax=axes())
    (line,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(line.get_ydata(), 1 / 6)


@pytest.mark.parametrize("temperature", [0, 0.1, 1, 2, 1e6, math.inf])
def test_the_axis_never_rescales(temperature):
    ax = bar_chart(load_example("wonderful-day"), temperature, ax=axes())
    assert ax.get_ylim() == (0, 1)


def test_the_top_tokens_stand_out():
    ax = bar_chart(TokenTable(["a", "b", "c"], [2, 1, 2]), ax=axes())
    first, second, third = (bar.get_facecolor() for bar in bars(ax))
    assert first == third != second


@pytest.mark.parametrize("size", [6, 10, 14])
def test_nothing_overlaps_at_probability_1(size):
    with mpl.rc_context({"font.size": size}):
        ax = bar_chart(load_example("wonderful-day"), 0, ax=axes())
    figure = ax.figure
    figure.draw_without_rendering()
    label = ax.texts[0].get_window_extent()
    key = ax.get_legend().get_window_extent()
    title = ax.title.get_window_extent()
    assert label.y0 > ax.get_window_extent().y1
    assert label.y1 < key.y0 < key.y1 < title.y0
    assert title.y1 <= figure.bbox.y1


def test_the_colours_are_seaborns_palette_for_the_colour_blind():
    colours = sns.color_palette("colorblind").as_hex()
    ax = bar_chart(load_example("wonderful-day"), ax=axes())
    assert [to_hex(bar.get_facecolor()) for bar in bars(ax)] == [colours[3], *[colours[0]] * 5]


@pytest.mark.parametrize("options", [{}, {"orient": "h"}, {"top": 3}])
def test_outlines_and_the_uniform_level_can_be_seen(options):
    ax = bar_chart(load_example("wonderful-day"), 0.5, ax=axes(), **options)
    paper = to_rgb(ax.get_facecolor())
    assert len(outlines(ax)) == len(bars(ax))
    for outline in outlines(ax):
        assert contrast(to_rgb(outline.get_edgecolor()), paper) >= 3
        assert outline.get_linewidth() >= 1
    for line in ax.lines:
        assert contrast(to_rgb(line.get_color()), paper) >= 3


def area(bar):
    return bar.get_width() * bar.get_height()


@pytest.mark.parametrize("options", [{}, {"orient": "h"}, {"top": 3}, {"top": 3, "orient": "v"}])
def test_the_key_names_what_is_drawn_and_nothing_else(options):
    ax = bar_chart(load_example("wonderful-day"), 0.5, ax=axes(), **options)
    key = ax.get_legend()
    signs = dict(zip([text.get_text() for text in key.get_texts()], key.legend_handles))
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert len(dotted) == (0 if "top" in options else 1)
    expected = ["likeliest", "outline: T = 1", "dotted: uniform, 1/6"]
    assert list(signs) == expected[: 2 + len(dotted)]
    leader = max(bars_by_likelihood(ax)[:-1] if "top" in options else bars(ax), key=area)
    assert signs["likeliest"].get_facecolor() == leader.get_facecolor()
    outline = signs["outline: T = 1"]
    assert outline.get_edgecolor() == outlines(ax)[0].get_edgecolor()
    assert not outline.get_fill()
    for line in dotted:
        sign = signs["dotted: uniform, 1/6"]
        assert (sign.get_linestyle(), sign.get_color()) == (":", line.get_color())


def test_other_artists_on_the_axes_stay_as_they_are():
    ax = axes()
    (bar,) = ax.bar([0], [0.9], color="red")
    note = ax.text(0, 0.5, "note")
    bar_chart(load_example("wonderful-day"), ax=ax)
    assert bar.get_height() == 0.9
    assert note.get_text() == "note"


def test_the_current_axes_are_the_default():
    _, ax = plt.subplots()
    assert bar_chart(load_example("wonderful-day")) is ax


def test_settings_are_the_same_before_and_after():
    before = dict(mpl.rcParams)
    bar_chart(load_example("wonderful-day"))
    temperature_panels(load_example("wonderful-day"), [0, 1])
    assert dict(mpl.rcParams) == before


def test_panels_show_a_temperature_each():
    figure = temperature_panels(load_example("wonderful-day"), [0.5, 1.0])
    heights = [[round(bar.get_height(), 6) for bar in bars(ax)] for ax in figure.axes]
    # In order of likelihood, which no temperature changes.
    assert heights == [sorted(AT_HALF)[::-1], sorted(ARTICLE)[::-1]]
    names = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert names == ["day", "experience", "problem", "challenge", "space", "furniture"]
    assert [ax.get_title() for ax in figure.axes] == ["T = 0.50", "T = 1.00"]
    assert figure.axes[1].get_ylabel() == ""


def test_any_token_can_be_drawn():
    table = TokenTable(ODD_TOKENS, np.arange(len(ODD_TOKENS)))
    ax = bar_chart(table, ax=axes(), orient="v")
    ax.figure.savefig("/dev/null", format="png")
    texts = [text.get_text() for text in ax.get_xticklabels()]
    assert texts[:5] == ["$x^2$", "<b>", "&amp;", "\"'", "a↵b"]
    assert len(set(texts)) == len(texts)
    assert not any(text.get_parse_math() for text in ax.get_xticklabels())


def test_a_glyph_that_the_font_lacks_is_escaped_in_a_static_chart():
    ax = bar_chart(TokenTable(["日", "本"], [0, 1]), ax=axes())
    assert [text.get_text() for text in ax.get_xticklabels()] == ["\\u65e5", "\\u672c"]


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=10),
    st.one_of(st.floats(0, 2), st.floats(0, 1e6)),
)
def test_labels_never_lie(logits, temperature):
    table = TokenTable([str(i) for i in range(len(logits))], logits)
    for logit, label in zip(logits, bar_labels(table, temperature), strict=True):
        # In exact arithmetic only T = 0 makes a probability 0, and only it or a lack of rivals 1.
        assert (label == "0.00") == (temperature == 0 and logit < max(logits))
        certain = len(logits) == 1 or (temperature == 0 and logits.count(max(logits)) == 1)
        assert (label == "1.00") == (certain and logit == max(logits))


@given(st.lists(st.floats(-40, 0), min_size=101, max_size=130), st.integers(1, 20), st.floats(0, 2))
def test_labels_in_percent_never_lie(logits, top, temperature):
    table = TokenTable([str(i) for i in range(len(logits))], logits)
    bars = Bars(table, top=top)
    rows = bars.sweep([temperature])
    for p, label in zip(rows.shares[0], bars.labels(rows)[0], strict=True):
        if label == "<0.01 %":
            assert p < 0.00005
        elif label == ">99.99 %":
            assert p > 0.99995
        else:
            assert float(label.removesuffix(" %")) == pytest.approx(100 * p, abs=0.00501)
            assert label != "0.00 %" or temperature == 0


def hundred_even_tokens():
    """Return a large table in which each token but a masked one has 1 % at any temperature."""
    return TokenTable([str(i) for i in range(101)], [*np.zeros(100), -math.inf])


@pytest.mark.parametrize("orient", ["v", "h"])
def test_a_percent_is_a_percent_on_label_and_axis(orient):
    ax = bar_chart(hundred_even_tokens(), top=3, orient=orient, ax=axes())
    assert [text.get_text() for text in ax.texts] == ["1.00 %"] * 3 + ["97.00 %"]
    ax.figure.draw_without_rendering()
    ticks = ax.get_yticklabels() if orient == "v" else ax.get_xticklabels()
    expected = ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    assert [text.get_text() for text in ticks] == expected
    places = ax.get_yticks() if orient == "v" else ax.get_xticks()
    np.testing.assert_allclose(places, [0.0001, 0.001, 0.01, 0.1, 1], rtol=1e-12)


def test_masked_tokens_are_labelled_0():
    table = TokenTable(["a", "b"], [1, -math.inf])
    assert bar_labels(table, 1.0) == ["1.00", "0.00"]
    assert bar_labels(table, math.inf) == ["1.00", "0.00"]


def test_logits_decide_who_leads_where_floats_cannot_tell():
    """Rounded probabilities once named two leaders beside one coloured bar."""
    for logits, temperature in (([1e-17, 0, -1], 1), ([5, 4], 1e17), ([3, 3 - 1e-15], 1e9)):
        table = TokenTable(["a", "b", "c"][: len(logits)], logits)
        assert "would be “a”" in describe(table, temperature)
        colours = {to_hex(bar.get_facecolor()) for bar in bars(bar_chart(table, ax=axes()))[1:]}
        assert to_hex(bars(bar_chart(table, ax=axes()))[0].get_facecolor()) not in colours
    assert "to each of the 2 tokens" in describe(TokenTable(["a", "b"], [5, 4]), math.inf)
    assert "to each of 2 leading tokens" in describe(
        TokenTable(["a", "b", "c"], [5, 4, -math.inf]), math.inf
    )


def test_negative_zero_is_shown_as_zero():
    table = load_example("wonderful-day")
    assert bar_chart(table, -0.0, ax=axes()).get_title().endswith("= 0.00")
    assert describe(table, -0.0).startswith("At temperature 0.00,")


@pytest.mark.parametrize("table", [None, {"a": 1}, [("a", 1)], "a"])
def test_only_tables_are_drawn_or_described(table):
    for function in (bar_chart, describe, lambda t: temperature_panels(t, [1])):
        with pytest.raises(TypeError, match="table must be a TokenTable, got"):
            function(table)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("temperature", [-1, math.nan])
def test_bad_temperatures_are_refused_before_anything_is_drawn(temperature):
    table = load_example("wonderful-day")
    for function in (bar_chart, describe, lambda t, x: temperature_panels(t, [x])):
        with pytest.raises(ValueError, match=r"temperature(s\[0\])? must not be"):
            function(table, temperature)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("options", [{}, {"orient": "h"}, {"top": 3}])
def test_labels_have_a_halo_in_the_colour_of_the_paper(options):
    ax = axes()
    ax.set_facecolor("#fdf6e3")
    bar_chart(load_example("wonderful-day"), ax=ax, **options)
    panel = temperature_panels(load_example("wonderful-day"), [1.0], **options).axes[0]
    for chart, paper in ((ax, "#fdf6e3"), (panel, "#ffffff")):
        for label in chart.texts:
            (stroke,) = label.get_path_effects()
            assert isinstance(stroke, withStroke)
            assert stroke._gc == {"linewidth": 5, "foreground": paper}


def test_bars_and_labels_keep_their_measures():
    gpt2, six = load_example("gpt2-spaceship"), load_example("wonderful-day")
    assert Bars(six).height == Bars(gpt2, 5).height == 3
    # Each lying bar has 0.19 inches, so that names in letters of 10 points stand apart.
    assert Bars(gpt2, 20).height == pytest.approx(1 + 0.19 * 21)
    assert Bars(gpt2, 20, narrow=True).height == pytest.approx(1 + 0.19 * 21.5)
    upright, lying = bar_chart(six, ax=axes()), bar_chart(gpt2, top=4, ax=axes())
    assert upright.get_xlim() == pytest.approx((-0.6, 5.6))
    assert lying.get_ylim() == pytest.approx((4.6, -0.6))
    assert {text.xyann for text in upright.texts} == {(0, 3)}
    assert {text.xyann for text in lying.texts} == {(3, 0)}
    others, leader, *rest = bars(lying)
    assert [others.get_hatch(), to_hex(others.get_edgecolor())] == ["///", "#ffffff"]
    assert to_hex(others.get_facecolor()) == "#949494"
    assert {to_hex(bar.get_facecolor()) for bar in rest} == {"#0173b2"}
    assert {bar.get_hatch() for bar in (leader, *rest)} == {None}


@pytest.mark.parametrize(("narrow", "longest"), [(True, 14), (False, 24)])
def test_long_names_are_cut_in_the_middle_of_what_there_is_room_for(narrow, longest):
    table = TokenTable(["abcdefghijklm" * 4, "n"], [1, 0])
    name, other = Bars(table, narrow=narrow).names()
    assert (columns(name), other) == (longest, "n")
    assert name.startswith("abcdefg")
    assert name.endswith("jklm")


@pytest.mark.parametrize(
    ("mark", "end"),
    [
        (0.125, 0.5),
        (0.375, 0.5),
        # A sign that reaches into the number, which is 0.25 long.
        (0.4375, 0.5625),
        (0.5, 0.625),
        (0.75, 0.875),
        (0.8125, 0.9375),
        (0.875, 0.5),
        (1.0, 0.5),
    ],
)
def test_a_number_stands_at_its_bar_or_beyond_a_sign_that_is_in_its_way(mark, end):
    assert number_end(0.5, mark, room=0.25, sign=0.125) == end


@pytest.mark.parametrize("orient", ["v", "h"])
def test_no_end_of_an_outline_goes_through_a_number(orient):
    """Readers took the outline for the bar, and stubs beside a number for a minus."""
    table = load_example("wonderful-day")
    ax = bar_chart(table, 0.5, orient=orient, ax=axes())
    hidden = [line.get_segments()[0] for line in ax.collections]
    numbers = [text.get_window_extent() for text in ax.texts]
    crossed = 0
    for outline, number in zip(outlines(ax), numbers, strict=True):
        corner = ax.transData.transform(outline.get_bbox().p1)
        if orient == "v":
            is_crossed = number.y0 < corner[1] < number.y1
        else:
            is_crossed = number.x0 < corner[0] < number.x1
        crossed += is_crossed
        end = outline.get_height() if orient == "v" else outline.get_width()
        places = [segment[0, "hv".index(orient)] for segment in hidden]
        assert not is_crossed or any(abs(place - end) < 1e-12 for place in places)
    assert crossed == 5


def test_a_chart_has_room_for_100_tokens_and_no_more():
    hundred = TokenTable([str(i) for i in range(100)], np.zeros(100))
    ax = bar_chart(hundred, ax=axes())
    assert len(bars(ax)) == 100
    # A hundred tokens are not told in percent, a hundred and one are.
    assert {text.get_text() for text in ax.texts} == {"0.01"}
    more = hundred_even_tokens()
    with pytest.raises(ValueError, match="a chart has room for 100 tokens, got 101: use top=20"):
        bar_chart(more, ax=axes())
    assert len(bars(bar_chart(more, top=100, ax=axes()))) == 101


def test_a_glyph_may_come_from_any_font_of_the_settings():
    names = {}
    for fonts in ("cmr10", "DejaVu Sans"), ("cmr10",):
        settings = {"font.family": list(fonts), "axes.formatter.use_mathtext": True}
        with mpl.rc_context(settings):
            ax = bar_chart(TokenTable(["Я", "b"], [0, 1]), ax=axes())
            names[len(fonts)] = [text.get_text() for text in ax.get_xticklabels()]
    assert names == {2: ["Я", "b"], 1: ["\\u042f", "b"]}


@pytest.mark.parametrize("orient", ["v", "h"])
def test_names_are_measured_in_the_users_font(orient):
    # DejaVu Sans lacks this letter, and matplotlib would warn of it.
    token = next(chr(point) for point in charmap("STIXGeneral") - charmap("DejaVu Sans"))
    widths = {}
    for family in ("STIXGeneral", "DejaVu Sans Mono"):
        with mpl.rc_context({"font.family": [family]}), warnings.catch_warnings():
            warnings.simplefilter("error")
            ax = bar_chart(TokenTable([token, "iii"], [0, 1]), ax=axes(), orient=orient)
            ax.figure.canvas.draw()
            widths[family] = name_length("iii")
        names = [text.get_text() for text in (ax.get_xticklabels() + ax.get_yticklabels())]
        assert (token in names) == (family == "STIXGeneral")
    # All letters of a typewriter are as wide as its widest.
    assert widths["DejaVu Sans Mono"] > 1.5 * widths["STIXGeneral"]


def charmap(family):
    return set(font_manager.get_font(font_manager.findfont(family)).get_charmap())


def test_the_bar_of_all_others_has_two_lines_in_a_panel():
    figure = temperature_panels(load_example("gpt2-spaceship"), [1.0], top=3)
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "all other\n50,254 tokens"
    ax = bar_chart(load_example("gpt2-spaceship"), top=3, ax=axes())
    assert ax.get_yticklabels()[-1].get_text() == "all other 50,254 tokens"


@pytest.mark.parametrize(("orient", "other"), [("v", "h"), ("h", "v")])
def test_the_axis_of_probabilities_has_a_name_and_the_other_none(orient, other):
    ax = bar_chart(load_example("wonderful-day"), orient=orient, ax=axes())
    names = {"v": ax.get_ylabel(), "h": ax.get_xlabel()}
    assert (names[orient], names[other]) == ("Probability", "")
    ax = bar_chart(load_example("gpt-4o-mini-tv"), orient=orient, ax=axes())
    names = {"v": ax.get_ylabel(), "h": ax.get_xlabel()}
    assert (names[orient], names[other]) == ("Probability among the listed tokens", "")
