"""The explorer without a browser: set a trait and look at the effect."""

import base64
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from softmax_temperature import TemperatureExplorer, TokenTable, load_example
from tests.helpers import ARTICLE, AT_HALF, ODD_TOKENS, RANKED, gpt2_shares, six, softmax


def chart(explorer):
    return explorer.children[2]


def picture(explorer):
    return chart(explorer).data


def labels_of(explorer):
    """Decode the labels, a row a stop."""
    drawn = picture(explorer)
    codes = np.frombuffer(drawn["labels"], "<u2").reshape(-1, len(drawn["names"]))
    return np.array(drawn["labelTexts"])[codes].tolist()


def test_it_starts_at_1_on_a_slider_from_0_to_2():
    explorer = six()
    slider = explorer.slider
    assert (slider.value, slider.min, slider.max, slider.step) == (1, 0, 2, 0.01)
    assert (explorer.temperature, slider.description) == (1.0, "Temperature")
    assert explorer.children[1] is slider
    assert repr(explorer) == "TemperatureExplorer(6 tokens, temperature=1.00)"


def test_the_slider_has_its_whole_name_and_all_the_width():
    explorer = six()
    slider = explorer.slider
    assert (slider.style.description_width, slider.layout.width) == ("initial", "auto")
    assert slider.readout_format == ".2f"
    assert explorer._dom_classes == ("softmax-temperature-explorer",)
    shown = picture(explorer)["sliders"]
    assert [(s["name"], s["key"], s["first"], s["step"]) for s in shown] == [
        ("Temperature", "T", 0.0, pytest.approx(0.01, abs=1e-15))
    ]
    assert shown[0]["title"] == "Softmax Probabilities at Temperature = "


def test_it_is_as_wide_as_its_picture_can_be_read():
    widths = [six(parts=parts).layout.max_width for parts in (("bars",), ("bars", "curves"))]
    assert widths == ["800px", "1080px"]


@pytest.mark.parametrize("parts", [("bars",), ("dice", "bars"), ["curves", "bars", "bars"]])
def test_only_the_parts_that_are_asked_for_are_there(parts):
    (drawn,) = picture(six(parts=parts))["layouts"]
    assert (drawn["strip"] is not None) == ("dice" in parts)
    assert (drawn["curves"] is not None) == ("curves" in parts)


def test_the_chart_follows_this_slider():
    explorer = six()
    assert chart(explorer).sliders == [explorer.slider]
    (model,) = chart(explorer).get_state("sliders")["sliders"]
    assert model == f"IPY_MODEL_{explorer.slider.model_id}"


def test_setting_the_temperature_moves_the_slider():
    explorer = six()
    explorer.temperature = 0.5
    assert explorer.slider.value == 0.5
    assert explorer.probabilities["probabilities"].round(6).tolist() == AT_HALF


def test_moving_the_slider_sets_the_temperature():
    explorer = six(value=0.5)
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]), "temperature")
    explorer.slider.value = 1.0
    assert (explorer.temperature, seen) == (1.0, [1.0])
    assert explorer.probabilities["probabilities"].round(6).tolist() == ARTICLE


def test_a_temperature_between_stops_goes_to_the_nearest():
    explorer = six()
    explorer.temperature = 1.377
    assert explorer.temperature == explorer.slider.value == 1.38
    explorer.slider.value = 1.3801
    assert explorer.temperature == explorer.slider.value == 1.38


def test_a_slider_that_is_off_by_a_rounding_error_is_left_alone():
    explorer = six()
    explorer.slider.value = 0.1 + 0.2
    assert explorer.temperature == 0.3
    assert explorer.slider.value == 0.1 + 0.2


@pytest.mark.parametrize("bad", [2.01, -0.01, 5, math.inf, math.nan, None, "1", [1], True])
def test_a_bad_temperature_is_refused_and_changes_nothing(bad):
    explorer = six()
    with pytest.raises((ValueError, TypeError), match="temperature must"):
        explorer.temperature = bad
    assert explorer.temperature == explorer.slider.value == 1.0
    with pytest.raises((ValueError, TypeError), match="value must"):
        six(value=bad)


@pytest.mark.parametrize(
    ("temperatures", "error", "words"),
    [
        ([], ValueError, "temperatures must not be empty"),
        ([1], ValueError, "temperatures must be two or more finite numbers"),
        ([0, 1, 3], ValueError, "temperatures must rise in even steps, got steps from 1 to 2"),
        ([2, 1, 0], ValueError, "temperatures must rise in even steps"),
        ([1, 1], ValueError, "temperatures must rise in even steps"),
        ([0, math.inf], ValueError, "temperatures must be two or more finite numbers"),
        ([-1, 0, 1], ValueError, r"temperatures\[0\] must not be negative, got -1"),
        ([[0, 1]], ValueError, "temperatures must be one-dimensional"),
        (["0", "1"], TypeError, "temperatures must be real numbers"),
        (2.0, ValueError, "temperatures must have at least one dimension"),
    ],
)
def test_bad_temperatures_are_refused(temperatures, error, words):
    with pytest.raises(error, match=words):
        six(temperatures=temperatures)


def test_only_tables_are_explored():
    with pytest.raises(TypeError, match="table must be a TokenTable, got dict"):
        TemperatureExplorer({"day": 5.0})


def test_other_stops():
    explorer = six(temperatures=np.linspace(0.5, 1.5, 9), value=1.25)
    assert explorer.slider.readout_format == ".3f"
    huge = six(temperatures=[1e20, 2e20], value=2e20).slider
    assert (huge.value, huge.readout_format) == (2e20, ".6g")
    assert (explorer.slider.min, explorer.slider.max, explorer.slider.step) == (0.5, 1.5, 0.125)
    assert picture(explorer)["sliders"][0]["texts"][1] == "0.625"
    assert repr(explorer) == "TemperatureExplorer(6 tokens, temperature=1.25)"


def test_heights_are_the_probabilities_at_every_stop():
    heights = np.frombuffer(picture(six())["shares"], np.float32).reshape(201, 6)
    for stop, row in enumerate(heights):
        np.testing.assert_allclose(row, softmax(RANKED, stop / 100), rtol=1e-6, atol=1e-37)


def test_words_at_every_stop():
    drawn = picture(six())
    temperatures = drawn["sliders"][0]["texts"]
    sentences, labels = drawn["sentences"], labels_of(six())
    assert len(temperatures) == len(sentences) == len(labels) == 201
    assert temperatures[137] == "1.37"
    assert sentences[137].startswith(
        "Of 100 draws about 42 would be “day” (51 at T = 1).\nThe choice"
    )
    assert labels[100] == ["0.51", "0.31", "0.07", "0.05", "0.03", "0.03"]
    assert labels[0] == ["1.00", "0.00", "0.00", "0.00", "0.00", "0.00"]
    assert labels[1] == [">0.99", "<0.01", "<0.01", "<0.01", "<0.01", "<0.01"]


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_every_bar_at_probability_1_and_real_text():
    (drawn,) = picture(six())["layouts"]
    root = ET.fromstring(drawn["svg"])
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    foot, top = drawn["bars"]["foot"], drawn["bars"]["end"]
    for position in range(6):
        path = named[f"bar-{position}"].find(f"{SVG}path").get("d").split()
        ys = sorted({float(y) for y in path[2::3]})
        assert ys == pytest.approx(sorted([foot, top]), abs=1e-3)
        assert named[f"label-{position}"].find(f".//{SVG}text").text == "1.00"
    assert (
        named["title"].find(f".//{SVG}text").text == "Softmax Probabilities at Temperature = 1.00"
    )
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"day", "experience", "Probability", "Temperature", "0.0", "1.0"} <= set(texts)


def test_the_same_table_gives_the_same_picture():
    assert picture(six()) == picture(six(value=0))


def test_any_token_can_be_explored():
    explorer = TemperatureExplorer(TokenTable(ODD_TOKENS, np.arange(len(ODD_TOKENS))))
    texts = [
        element.text
        for element in ET.fromstring(picture(explorer)["layouts"][0]["svg"]).iter(f"{SVG}text")
    ]
    assert {"$x^2$", "<b>", "&amp;", "\"'", "a↵b", "😀", "שלום", "日本", "\\x00"} <= set(texts)
    assert "image/png" in explorer._repr_mimebundle_()[0]


@pytest.fixture
def drawn(monkeypatch):
    """List the formats and figures of the pictures that are drawn."""
    pictures = []

    def watch(canvas, name):
        draw = getattr(canvas, name)

        def listed(self, *arguments, **options):
            pictures.append((name, self.figure))
            return draw(self, *arguments, **options)

        monkeypatch.setattr(canvas, name, listed)

    watch(FigureCanvasSVG, "print_svg")
    watch(FigureCanvasAgg, "print_png")
    return pictures


def axes_of_bars(picture):
    """Return the Axes of the bars in a figure that was drawn."""
    _, figure = picture
    (ax,) = [ax for ax in figure.axes if ax.get_title().startswith("Softmax")]
    return ax


def test_the_output_has_a_still_picture_and_a_short_text(drawn):
    explorer = six()
    explorer.temperature = 0.5
    assert [name for name, _ in drawn] == ["print_svg"]
    data, metadata = explorer._repr_mimebundle_()
    assert [name for name, _ in drawn] == ["print_svg", "print_png"]
    assert "image/svg+xml" not in data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["width"] == 1018
    assert data["text/plain"] == "TemperatureExplorer(6 tokens, temperature=0.50)"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_still_picture_shows_the_temperature(drawn):
    explorer = six()
    explorer.temperature = 0.5
    explorer._repr_mimebundle_()
    ax = axes_of_bars(drawn[-1])
    assert [round(bar.get_height(), 6) for bar in ax.patches[:6]] == sorted(AT_HALF)[::-1]
    labels = [label.get_text() for label in ax.texts]
    assert labels == ["0.71", "0.26", "0.01", "0.01", "<0.01", "<0.01"]
    assert ax.get_title() == "Softmax Probabilities at Temperature = 0.50"
    explorer.temperature = 1.0
    explorer._repr_mimebundle_()
    assert [round(bar.get_height(), 6) for bar in axes_of_bars(drawn[-1]).patches[:6]] == sorted(
        ARTICLE
    )[::-1]


def test_the_still_picture_shows_what_was_drawn(drawn):
    explorer = six()
    explorer._repr_mimebundle_()
    assert marks_of(drawn[-1]) == []
    assert not any("dice" in text for text in texts_of(drawn[-1]))
    tokens = explorer.draw(100)
    explorer.draw()
    explorer._repr_mimebundle_()
    names = ["day", "experience", "problem", "challenge", "space", "furniture"]
    assert marks_of(drawn[-1]) == [tokens.count(name) / 100 for name in names]
    assert "dice: 0.78" in texts_of(drawn[-1])
    explorer.clear()
    explorer._repr_mimebundle_()
    assert marks_of(drawn[-1]) == []
    assert not any("dice" in text for text in texts_of(drawn[-1]))


def texts_of(picture):
    return [text.get_text() for ax in picture[1].axes for text in ax.texts]


def marks_of(picture):
    marks = [line for line in axes_of_bars(picture).lines if line.get_marker() == "D"]
    return [mark.get_ydata()[0] for mark in marks]


def test_draws_are_taken_back_before_another_table_is_shown():
    """Counts for six bars do not fit a picture of two."""
    explorer = six()
    explorer.draw(7)
    seen = []
    chart(explorer).observe(lambda change: seen.append(change["name"]), ["state", "data"])
    explorer.table = TokenTable(["a", "b"], [1.0, 2.0])
    assert seen == ["state", "data"]
    assert chart(explorer).state == {"dice": -1, "draws": {}}


def test_the_slider_does_not_wait_for_seaborn_or_pyplot():
    code = """if True:
        import sys
        import softmax_temperature as st
        st.TemperatureExplorer(st.load_example("wonderful-day"))._repr_mimebundle_()
        assert not {"seaborn", "matplotlib.pyplot", "pandas"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_closed_explorer_still_knows_its_numbers_and_can_be_exported():
    explorer, other = six(), six()
    page = explorer.to_html()
    explorer.close()
    explorer.close()
    assert explorer.to_html() == page
    explorer.temperature = 0.5
    assert explorer.probabilities["probabilities"].round(6).tolist() == AT_HALF
    shown, _ = DisplayFormatter().format(explorer)
    assert shown == {"text/plain": "TemperatureExplorer(6 tokens, temperature=0.50)"}
    explorer.table = TokenTable(["a", "b"], [1.0, 2.0])
    assert len(explorer.probabilities) == 2
    assert other.comm is not None
    assert chart(other).comm is not None


@pytest.mark.parametrize(
    ("stops", "texts"),
    [
        (np.linspace(0, 2, 201, dtype="f4"), ["0.00", "0.01", "0.02"]),
        (np.linspace(1e6, 1e6 + 1, 10_001), ["1000000.00", "1000000.0001", "1000000.0002"]),
        (np.linspace(0, 9e-5, 10), ["0.00", "0.00001", "0.00002"]),
        (1 + 1e-7 * np.arange(5), ["1.00", "1.0000001", "1.0000002"]),
        (1e9 + np.arange(3), ["1e+09", "1000000001", "1000000002"]),
        (1e-12 * np.arange(3), ["0.00", "1e-12", "2e-12"]),
        (1 + 1e-13 * np.arange(5), ["1.00", "1.0000000000001", "1.0000000000002"]),
    ],
)
def test_stops_that_lie_close_together_are_told_apart(stops, texts):
    explorer = six(temperatures=stops, value=float(stops[0]))
    shown = picture(explorer)["sliders"][0]["texts"]
    assert shown[:3] == texts
    assert len(set(shown)) == len(stops)
    assert [float(text) for text in shown] == pytest.approx(stops, rel=1e-7, abs=1e-300)
    explorer.slider.value = stops[1]
    assert repr(explorer) == f"TemperatureExplorer(6 tokens, temperature={texts[1]})"
    assert explorer.temperature == pytest.approx(stops[1], rel=1e-7)


def test_stops_in_float32_are_the_decimal_numbers_they_stand_for():
    single = six(temperatures=np.linspace(0, 2, 201, dtype="f4"))
    assert picture(single) == picture(six())
    assert single.slider.step == six().slider.step


@pytest.mark.parametrize("stops", [[0, 1, 2.01], np.append(np.arange(200) / 100, 2.0001)])
def test_stops_that_are_uneven_by_a_hundredth_are_refused(stops):
    with pytest.raises(ValueError, match="temperatures must rise in even steps, got steps from"):
        six(temperatures=stops)


@pytest.mark.parametrize(("moved", "value"), [(3, 2), (-1, 0), (1.3, 1.3)])
def test_a_slider_whose_ends_were_moved_stays_with_the_temperature(moved, value):
    explorer = six()
    explorer.slider.max, explorer.slider.min = 5, -5
    explorer.slider.value = moved
    assert explorer.temperature == explorer.slider.value == value


def test_messages_stay_short():
    long = "x" * 200_000
    for make in (
        lambda: six(temperatures=[math.inf] * 100_000),
        lambda: six(orient=long),
        lambda: six(value=long),
        lambda: six().to_html(long),
        lambda: load_example(long),
        lambda: TokenTable([long, long], [1, 2]),
    ):
        with pytest.raises((ValueError, TypeError, OSError)) as error:
            make()
        assert len(str(error.value)) < 500


def test_nothing_stays_behind():
    before = dict(mpl.rcParams)
    explorer = six()
    explorer._repr_mimebundle_()
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_the_users_settings_do_not_change_the_picture():
    plain = picture(six())
    with mpl.rc_context({"font.size": 30, "figure.dpi": 50, "axes.grid": True, "savefig.dpi": 300}):
        other = picture(six())
    assert plain == other


def test_a_move_sends_no_message_but_the_sliders_own(monkeypatch):
    sent = []
    send = ipywidgets.Widget._send
    explorer = six()
    monkeypatch.setattr(
        ipywidgets.Widget, "_send", lambda self, *a, **k: sent.append(self) or send(self, *a, **k)
    )
    explorer.slider.set_state({"value": 0.3})
    assert explorer.temperature == 0.3
    assert all(widget is explorer.slider for widget in sent)
    explorer.temperature = 0.4
    assert all(widget is explorer.slider for widget in sent)


def gpt2(**options):
    return TemperatureExplorer(load_example("gpt2-spaceship"), top=20, **options)


def test_the_likeliest_of_a_whole_vocabulary_and_the_rest():
    explorer = gpt2(value=0.5)
    assert repr(explorer) == "TemperatureExplorer(top 20 of 50,257 tokens, temperature=0.50)"
    shares = np.frombuffer(picture(explorer)["shares"], np.float32).reshape(201, 21)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    for stop in (1, 50, 100, 200):
        np.testing.assert_allclose(shares[stop], gpt2_shares(stop / 100), rtol=1e-4, atol=1e-37)
    labels = labels_of(explorer)
    assert labels[100][:3] == ["12.93 %", "3.46 %", "2.73 %"]
    assert labels[100][-1] == "59.07 %"
    assert labels[0][:2] == ["100.00 %", "0.00 %"]
    assert labels[5][:2] == [">99.99 %", "<0.01 %"]


def test_lying_bars_are_full_in_the_picture():
    (drawn,) = picture(gpt2())["layouts"]
    root = ET.fromstring(drawn["svg"])
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    left, right = drawn["bars"]["foot"], drawn["bars"]["end"]
    assert right > left
    for position in range(21):
        path = named[f"bar-{position}"].find(f"{SVG}path").get("d").split()
        assert sorted({float(x) for x in path[1::3]}) == pytest.approx([left, right], abs=1e-3)
        assert named[f"label-{position}"].find(f".//{SVG}text").text == "100.00 %"
    assert len(list(root.iter(f"{SVG}pattern"))) == 1
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"·planet", "all other 50,237 tokens"} <= set(texts)


def test_the_still_picture_of_lying_bars_shows_the_temperature(drawn):
    explorer = gpt2(value=2)
    assert "image/png" in explorer._repr_mimebundle_()[0]
    widths = [patch.get_width() for patch in axes_of_bars(drawn[-1]).patches[:21]]
    exact = explorer.probabilities["probabilities"].nlargest(20)
    np.testing.assert_allclose(widths[:20], exact, rtol=1e-5)


def test_too_many_bars_are_refused():
    with pytest.raises(ValueError, match="room for 100 tokens, got 50,257: use top=20"):
        TemperatureExplorer(load_example("gpt2-spaceship"))


def test_another_table_is_drawn_at_the_same_temperature():
    explorer = six(value=0.5)
    explorer.table = TokenTable(["a", "b"], [1.0, 2.0])
    assert explorer.temperature == explorer.slider.value == 0.5
    assert repr(explorer) == "TemperatureExplorer(2 tokens, temperature=0.50)"
    assert picture(explorer) == picture(TemperatureExplorer(explorer.table))
    np.testing.assert_allclose(
        explorer.probabilities["probabilities"], [0.119203, 0.880797], atol=1e-6
    )
    with pytest.raises(TypeError, match="table must be a TokenTable, got dict"):
        explorer.table = {"a": 1.0}
    assert explorer.table.tokens == ("a", "b")


def bars_of(layout):
    return re.findall(r'id="(bar-\d+)"', layout["svg"])


def ask_for_a_narrow_chart(explorer):
    """Do what the browser does on a narrow screen."""
    chart(explorer).set_state({"narrow": True})


@pytest.mark.parametrize("options", [{}, {"orient": "h"}, {"top": 2}, {"top": 2, "orient": "v"}])
def test_the_narrow_chart_shows_the_same_bars(options):
    explorer = six(**options)
    ask_for_a_narrow_chart(explorer)
    wide, narrow = picture(explorer)["layouts"]
    assert (
        bars_of(narrow)
        == bars_of(wide)
        == [f"bar-{i}" for i in range(3 if "top" in options else 6)]
    )
    if options.get("orient") == "h":
        assert not narrow["bars"]["upright"]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("options", [{}, {"orient": "h"}, {"top": 2}, {"top": 2, "orient": "v"}])
def test_another_table_is_drawn_as_the_first_one_was(options, narrow):
    table = TokenTable(["a", "b", "c", "d"], [1.0, 4.0, 3.0, 2.0])
    explorer = six(**options)
    new = TemperatureExplorer(table, **options)
    if narrow:
        ask_for_a_narrow_chart(explorer)
        ask_for_a_narrow_chart(new)
    explorer.table = table
    assert len(picture(explorer)["layouts"]) == 1 + narrow
    assert picture(explorer) == picture(new)


def test_a_table_that_cannot_be_drawn_changes_nothing(monkeypatch):
    explorer = six()
    before = picture(explorer)
    for wrong in ({"a": 1.0}, load_example("gpt2-spaceship")):
        with pytest.raises((TypeError, ValueError)):
            explorer.table = wrong
    monkeypatch.setattr(
        "softmax_temperature.explorers.temperature.sentences", lambda *_, **__: 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        explorer.table = TokenTable(["a", "b"], [1.0, 2.0])
    assert picture(explorer) == before
    assert len(explorer.table.tokens) == 6


def test_a_constant_on_every_logit_changes_nothing():
    explorer = gpt2()
    before = picture(explorer)
    table = explorer.table
    explorer.table = TokenTable(table.tokens, table.logits + 100, table.prompt)
    assert picture(explorer) == before


def test_a_truncated_answer_is_shown_as_conditional():
    explorer = TemperatureExplorer(load_example("gpt-4o-mini-tv-show-is"))
    texts = [
        e.text for e in ET.fromstring(picture(explorer)["layouts"][0]["svg"]).iter(f"{SVG}text")
    ]
    assert "Probability among the listed tokens" in texts
    assert all("3 listed tokens:" in text for text in picture(explorer)["sentences"])
