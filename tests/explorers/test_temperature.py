"""The explorer without a browser: set a trait and look at the effect."""

import base64
import gzip
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
from softmax_temperature.drawing.picture import layout, still
from softmax_temperature.words import luck
from tests.helpers import (
    ALL_BUT_MAP,
    ARTICLE,
    AT_HALF,
    LOGITS,
    ODD_TOKENS,
    RANKED,
    gpt2_shares,
    heading,
    six,
    softmax,
)

NAMES = ["day", "experience", "problem", "challenge", "space", "furniture"]


def chart(explorer):
    return explorer.children[2]


def picture(explorer):
    return chart(explorer).data


def layouts(explorer):
    (table,) = picture(explorer)["tables"]
    return table["layouts"]


def unpack(packed):
    """Read numbers or words as the browser does."""
    data = gzip.decompress(packed["bytes"]) if packed["gzip"] else packed["bytes"]
    if packed["type"] == "text":
        return data.decode().split("\n")
    return np.frombuffer(data, f"<{packed['type']}")


def moment(explorer):
    """Return what a picture shows now."""
    return explorer._moment(explorer._bars())


def set_in_browser(explorer, **changes):
    """Do what the browser does when a change has come to rest."""
    chart(explorer).set_state({"state": chart(explorer).state | changes})


@pytest.fixture
def messages(monkeypatch):
    """List what Python sends to the browser: a widget and the traits that changed."""
    sent, send = [], ipywidgets.Widget._send

    def listed(self, message, *arguments, **options):
        if message.get("method") == "update":
            sent.append((self, message["state"]))
        return send(self, message, *arguments, **options)

    monkeypatch.setattr(ipywidgets.Widget, "_send", listed)
    return sent


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
    stops = {"first": 0.0, "step": pytest.approx(0.01, abs=1e-15), "count": 201}
    assert picture(explorer)["stops"] == stops


def test_it_is_as_wide_as_its_picture_can_be_read():
    widths = [six(parts=parts).layout.max_width for parts in (("bars",), ("bars", "curves"))]
    assert widths == ["800px", "1080px"]


@pytest.mark.parametrize("parts", [("bars",), ("dice", "bars"), ["curves", "bars", "bars"]])
def test_only_the_parts_that_are_asked_for_are_there(parts):
    (drawn,) = layouts(six(parts=parts))
    assert (drawn["strip"] is not None) == ("dice" in parts)
    assert (drawn["curves"] is not None) == ("curves" in parts)


def test_head_and_chart_follow_this_slider():
    explorer = six()
    head, slider, body = explorer.children
    assert body.slider is slider
    assert body.get_state("slider") == {"slider": f"IPY_MODEL_{slider.model_id}"}
    assert head.get_state("body") == {"body": f"IPY_MODEL_{body.model_id}"}
    assert head.key == body.key != six().children[0].key


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


@pytest.mark.parametrize(
    ("temperature", "stop", "text"),
    [
        (0.123, 0.12, "0.123"),
        (1.3751, 1.38, "1.3751"),
        (7.5, 2, "7.50"),
        (1e300, 2, "1e+300"),
        (math.inf, 2, "∞"),
        (1e-4, 0, "0.0001"),
        (5e-324, 0, "5e-324"),
    ],
)
def test_any_temperature_is_shown_while_the_slider_stands_at_the_nearest_stop(
    temperature, stop, text
):
    explorer = six()
    explorer.temperature = temperature
    assert explorer.slider.value == pytest.approx(stop, abs=1e-15)
    # The slider that has followed in the browser says so.
    explorer.slider.set_state({"value": stop})
    assert explorer.temperature == temperature
    assert chart(explorer).state["T"] == (temperature if temperature < math.inf else "inf")
    assert repr(explorer) == f"TemperatureExplorer(6 tokens, temperature={text})"
    expected = softmax(LOGITS, temperature)
    np.testing.assert_allclose(explorer.probabilities["probabilities"], expected, rtol=1e-12)
    assert moment(explorer).title == heading(temperature, text)
    assert six(value=temperature).slider.value == explorer.slider.value


def test_a_slider_moved_to_a_stop_that_is_not_on_show_sets_it():
    explorer = six()
    explorer.temperature = math.inf
    explorer.slider.value = 1.99
    assert explorer.temperature == 1.99
    explorer.temperature = 1.377
    # Between two stops, as only code can put it.
    explorer.slider.value = 1.3801
    assert explorer.temperature == 1.377
    assert explorer.slider.value == 1.38


def test_a_slider_that_is_off_by_a_rounding_error_is_left_alone():
    explorer = six()
    explorer.slider.value = 0.1 + 0.2
    assert explorer.temperature == 0.3
    assert explorer.slider.value == 0.1 + 0.2


@pytest.mark.parametrize("bad", [-0.01, -math.inf, math.nan, None, "1", [1], True, 1j])
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
    assert picture(explorer)["stops"] == {"first": 0.5, "step": 0.125, "count": 9}
    assert repr(explorer) == "TemperatureExplorer(6 tokens, temperature=1.25)"


TEMPERATURES = [0, 0.01, 0.5, 1, 1.37, 2, 17, math.inf]


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_bars_are_the_probabilities_at_any_temperature(temperature):
    now = moment(six(value=temperature))
    np.testing.assert_allclose(now.shares, softmax(RANKED, temperature), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(now.outlines, softmax(RANKED, 1), rtol=1e-12)
    assert (now.temperature, now.number, now.marks) == (temperature, None, None)


def test_labels_at_some_temperatures():
    labels = {temperature: moment(six(value=temperature)).labels for temperature in (0, 0.01, 1)}
    assert labels[1] == ["0.51", "0.31", "0.07", "0.05", "0.03", "0.03"]
    assert labels[0] == ["1.00", "0.00", "0.00", "0.00", "0.00", "0.00"]
    assert labels[0.01] == [">0.99", "<0.01", "<0.01", "<0.01", "<0.01", "<0.01"]


def perplexity(shares):
    return math.exp(-math.fsum(p * math.log(p) for p in shares if p))


@pytest.mark.parametrize(
    ("temperature", "draws", "choices"),
    [
        (0, "Every draw would be “day”.", "1 token"),
        (0.5, "Of 100 draws about 71 would be “day” (51 at T = 1).", "2.0 tokens"),
        (1, "Of 100 draws about 51 would be “day”.", "3.5 tokens"),
        (1.377, "Of 100 draws about 42 would be “day” (51 at T = 1).", "4.3 tokens"),
        (5, "Of 100 draws about 23 would be “day” (51 at T = 1).", "5.8 tokens"),
        (math.inf, "Of 100 draws about 17 would go to each of the 6 tokens.", "6.0 tokens"),
    ],
)
def test_the_caption_says_what_100_draws_would_give_and_how_open_the_choice_is(
    temperature, draws, choices
):
    shares = softmax(LOGITS, temperature)
    assert float(choices.split()[0]) == pytest.approx(perplexity(shares), abs=0.05)
    assert temperature == 0 or f" {100 * shares[0]:.0f} would" in draws
    beside = "" if temperature == 1 else "; 3.5 at T = 1"
    choice = f"The choice is as uncertain as a fair one among {choices} (perplexity{beside})."
    assert six(value=temperature)._caption() == f"{draws}\n{choice}"
    assert six(value=temperature, parts=("bars", "dice"))._caption() == draws


def test_only_large_data_are_sent_in_gzip():
    for count, packed in ((2_499, False), (2_500, True)):
        logits = np.arange(count) / 7
        table = TokenTable([f"{i}" for i in range(count)], logits)
        (sent,) = picture(TemperatureExplorer(table, top=5, parts=("bars",)))["tables"]
        assert sent["logits"]["gzip"] == packed
        assert np.array_equal(unpack(sent["logits"]), logits)
        # Of 2,499 words, with their line breaks, there are 11,384 bytes.
        assert not sent["words"]["gzip"]
        assert unpack(sent["words"]) == list(table.tokens)


def test_gpt2_is_sent_in_gzip_with_its_licence_and_to_the_bit():
    table = load_example("gpt2-spaceship")
    (sent,) = picture(gpt2())["tables"]
    assert sent["words"]["gzip"]
    assert sent["logits"]["gzip"]
    assert table.logits.dtype == np.float32
    assert np.array_equal(unpack(sent["logits"]), table.logits)
    words = unpack(sent["words"])
    assert len(words) == 50_257
    assert words[table.tokens.index(" planet")] == " planet"
    assert "MIT licence" in sent["notice"]
    assert "tokens" not in sent
    assert "notice" not in picture(six())["tables"][0]


@pytest.mark.parametrize(
    ("table", "options", "editable"),
    [
        (TokenTable([f"{i}" for i in range(30)], np.arange(30)), {}, True),
        (TokenTable([f"{i}" for i in range(31)], np.arange(31)), {}, False),
        (TokenTable(list("abc"), [1, 2, 3]), {"top": 2}, False),
        (load_example("gpt-4o-mini-tv-show-is"), {}, False),
    ],
)
def test_a_table_can_be_edited_where_all_of_it_is_on_show(table, options, editable):
    (sent,) = picture(TemperatureExplorer(table, parts=("bars",), **options))["tables"]
    assert sent.get("tokens") == (list(table.tokens) if editable else None)


SVG = "{http://www.w3.org/2000/svg}"


def numbers_of(part):
    """Return the numbers of a part's path: across and down by turns."""
    return [float(text) for text in re.findall(r"-?[\d.]+", part.find(f"{SVG}path").get("d"))]


def test_the_picture_has_every_bar_at_probability_1_and_real_text():
    (drawn,) = layouts(six())
    root = ET.fromstring(drawn["svg"])
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    foot, top = drawn["bars"]["foot"], drawn["bars"]["end"]
    for position in range(6):
        ys = sorted(set(numbers_of(named[f"bar-{position}"])[1::2]))
        assert ys == pytest.approx(sorted([foot, top]), abs=1e-3)
        assert named[f"label-{position}"].find(f".//{SVG}text").text == "1.00"
    assert named["title"].find(f".//{SVG}text").text == "T = 1.00"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"day", "experience", "Probability", "Temperature", "0.0", "1.0"} <= set(texts)


def test_the_same_table_gives_the_same_picture():
    assert picture(six()) == picture(six(value=0))


def test_any_token_can_be_explored():
    explorer = TemperatureExplorer(TokenTable(ODD_TOKENS, np.arange(len(ODD_TOKENS))))
    texts = [
        element.text for element in ET.fromstring(layouts(explorer)[0]["svg"]).iter(f"{SVG}text")
    ]
    assert {"$x^2$", "<b>", "&amp;", "\"'", "a↵b", "😀", "שלום", "日本", "\\x00"} <= set(texts)
    assert "image/png" in explorer._repr_mimebundle_()[0]


@pytest.fixture
def drawn(monkeypatch):
    """List the formats and figures of the pictures that are drawn, all of them anew."""
    pictures = []
    for function in (layout, still):
        monkeypatch.setattr(f"softmax_temperature.explorers.bars.{function.__name__}", function)

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
    (ax,) = [ax for ax in figure.axes if ax.get_title().startswith("T = ")]
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
    assert ax.get_title() == heading(0.5)
    explorer.temperature = 1.0
    explorer._repr_mimebundle_()
    assert [round(bar.get_height(), 6) for bar in axes_of_bars(drawn[-1]).patches[:6]] == sorted(
        ARTICLE
    )[::-1]


def test_the_still_picture_shows_one_draw_or_many(drawn):
    explorer = six()
    explorer._repr_mimebundle_()
    assert marks_of(drawn[-1]) == []
    assert not any("dice" in text for text in texts_of(drawn[-1]))
    tokens = explorer.draw(100)
    explorer._repr_mimebundle_()
    assert marks_of(drawn[-1]) == [tokens.count(name) / 100 for name in NAMES]
    assert not any("dice" in text for text in texts_of(drawn[-1]))
    explorer.draw()
    explorer._repr_mimebundle_()
    assert marks_of(drawn[-1]) == []
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
    cleared = {"T": 1.0, "seed": "21", "dice": -1, "place": None, "draws": 0, "batch": 0}
    assert chart(explorer).state == cleared | {"table": 0, "tokens": None, "logits": None}


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
    explorer = six(parts=("bars",), temperatures=stops, value=float(stops[0]))
    shown = []
    for stop in stops[:200]:
        explorer.slider.value = float(stop)
        assert explorer.temperature == pytest.approx(stop, rel=1e-7)
        shown += re.findall(r"temperature=(.*)\)", repr(explorer))
    assert shown[:3] == texts
    assert len(set(shown)) == len(shown) == len(stops[:200])
    assert [float(text) for text in shown] == pytest.approx(stops[:200], rel=1e-7, abs=1e-300)


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
    # An example in a docstring may have left a figure of pyplot's before.
    before, figures = dict(mpl.rcParams), plt.get_fignums()
    explorer = six()
    explorer._repr_mimebundle_()
    assert plt.get_fignums() == figures
    assert dict(mpl.rcParams) == before


def test_the_users_settings_do_not_change_the_picture():
    plain = picture(six())
    with mpl.rc_context({"font.size": 30, "figure.dpi": 50, "axes.grid": True, "savefig.dpi": 300}):
        other = picture(six())
    assert plain == other


def test_a_drag_is_heard_without_an_answer(messages):
    explorer = six()
    messages.clear()
    explorer.slider.set_state({"value": 0.3})
    assert explorer.temperature == 0.3
    # The browser moves its slider, too, and tells of it before or after.
    set_in_browser(explorer, T=0.777, dice=4)
    assert explorer.temperature == 0.777
    explorer.slider.set_state({"value": 0.78})
    assert (explorer.temperature, explorer.slider.value) == (0.777, 0.78)
    explorer.slider.set_state({"value": 2})
    set_in_browser(explorer, T="inf")
    assert (explorer.temperature, explorer.slider.value) == (math.inf, 2)
    assert messages == []


def test_what_code_sets_is_sent_in_one_small_message(messages):
    explorer = six()
    explorer.slider.set_state({"value": 0.3})
    messages.clear()
    explorer.temperature = 0.402
    body = [state for widget, state in messages if widget is chart(explorer)]
    assert [(list(state), state["state"]["T"]) for state in body] == [(["state"], 0.402)]
    assert {widget for widget, _ in messages} == {chart(explorer), explorer.slider}
    messages.clear()
    explorer.draw()
    ((widget, state),) = messages
    assert (widget, state["state"]["dice"], state["state"]["T"]) == (chart(explorer), 0, 0.402)


def test_what_an_observer_sets_in_reply_to_the_browser_is_sent(messages):
    """A limit that a user's own code sets, say."""
    explorer = six()
    explorer.observe(lambda change: setattr(explorer, "temperature", 0.625), "temperature")
    for move in (
        lambda: explorer.slider.set_state({"value": 1.5}),
        lambda: set_in_browser(explorer, T=1.7),
    ):
        messages.clear()
        move()
        assert explorer.temperature == 0.625
        states = [state["state"] for widget, state in messages if widget is chart(explorer)]
        assert [state["T"] for state in states] == [0.625]
        set_in_browser(explorer, T=0.625)


def test_what_a_reader_sets_in_the_browser_reaches_python():
    explorer = six()
    set_in_browser(explorer, T=0.5, dice=3)
    assert explorer.probabilities["probabilities"].round(6).tolist() == AT_HALF
    numbers = np.random.default_rng(21).random(5)
    assert moment(explorer).number == numbers[3]
    # The next one follows that which a reader has drawn.
    assert explorer.draw() == [landed(RANKED, 0.5, numbers[4], NAMES)]
    set_in_browser(explorer, place=0.999)
    assert moment(explorer).number == 0.999
    set_in_browser(explorer, place=None, draws=30, batch=2)
    drawn = np.random.default_rng([21, 30, 3]).random(30)
    counts = [[landed(RANKED, 0.5, u, NAMES) for u in drawn].count(name) for name in NAMES]
    assert (moment(explorer).marks * 30).round(9).tolist() == counts
    assert explorer._caption().endswith(luck(30, counts[0], AT_HALF[0], "day"))
    set_in_browser(explorer, seed=f"{10**30}", dice=0, draws=0)
    assert explorer.seed == 10**30
    assert moment(explorer).number == np.random.default_rng(10**30).random()


def landed(logits, temperature, number, names):
    """Return the token that a number lands on: the first whose running sum of shares is above."""
    ends = np.cumsum(softmax(logits, temperature))
    return names[int(np.argmax(ends > number))]


@pytest.mark.parametrize("seed", [0, 7, 2**32, 2**64 + 3, 10**40])
def test_dice_are_the_numbers_of_numpys_generator_without_an_end(seed):
    explorer = six(seed=seed)
    assert (explorer.seed, chart(explorer).state["seed"]) == (seed, f"{seed}")
    numbers = np.random.default_rng(seed).random(40)
    for number in numbers:
        assert explorer.draw() == [landed(RANKED, 1, number, NAMES)]
        assert moment(explorer).number == number
    for batch in (1, 2, 3):
        numbers = np.random.default_rng([seed, 12, batch]).random(12)
        assert explorer.draw(12) == [landed(RANKED, 1, number, NAMES) for number in numbers]
        assert chart(explorer).state["batch"] == batch - 1
    # Many draws do not use up single ones.
    assert explorer.draw() == [landed(RANKED, 1, np.random.default_rng(seed).random(41)[40], NAMES)]
    explorer.seed = 3
    assert explorer.draw(2) == [
        landed(RANKED, 1, number, NAMES) for number in np.random.default_rng([3, 2, 1]).random(2)
    ]


def three(**options):
    logits = [[1.0, 2.0, 3.0], [3.0, 2.5, 1.0]]
    tables = [TokenTable(list("abc"), row, f"prompt {i} ") for i, row in enumerate(logits)]
    return TemperatureExplorer([*tables, TokenTable(list("xy"), [0.0, 1.0])], **options)


def test_one_of_several_tables_is_shown():
    explorer = three(value=0.5)
    tables = [explorer.table]
    for number, (tokens, logits) in enumerate(
        [("abc", [1, 2, 3]), ("abc", [3, 2.5, 1]), ("xy", [0, 1])]
    ):
        set_in_browser(explorer, table=number)
        tables.append(explorer.table)
        assert explorer.table.tokens == tuple(tokens)
        np.testing.assert_allclose(
            explorer.probabilities["probabilities"], softmax(logits, 0.5), rtol=1e-12
        )
        np.testing.assert_allclose(
            moment(explorer).shares, softmax(sorted(logits)[::-1], 0.5), rtol=1e-12
        )
        assert "image/png" in explorer._repr_mimebundle_()[0]
    assert repr(explorer) == "TemperatureExplorer(2 tokens, temperature=0.50)"
    # Set to one that is there, it is shown and nothing is sent anew.
    before = picture(explorer)
    explorer.draw()
    explorer.table = tables[2]
    assert (chart(explorer).state["table"], chart(explorer).state["dice"]) == (1, -1)
    assert picture(explorer) is before
    assert f"{explorer.table.prompt}..." in explorer.to_html()
    # Another one takes the place of all.
    explorer.table = TokenTable(list("pq"), [1.0, 1.0])
    assert chart(explorer).state["table"] == 0
    assert picture(explorer) == picture(TemperatureExplorer(TokenTable(list("pq"), [1.0, 1.0])))


def test_words_and_logits_that_a_reader_types_are_a_table():
    explorer = six(value=0.5)
    set_in_browser(explorer, tokens=list("abcdef"), logits=[1, 2, "-inf", 3, 2.5, 0])
    typed = [1, 2, -math.inf, 3, 2.5, 0]
    assert explorer.table.tokens == tuple("abcdef")
    assert explorer.table.logits.tolist() == typed
    assert explorer.table.prompt == "It was a wonderful "
    finite = [x for x in typed if x > -math.inf]
    shares = softmax(sorted(finite)[::-1], 0.5)
    np.testing.assert_allclose(moment(explorer).shares, [*shares, 0], rtol=1e-12)
    assert moment(explorer).labels[-1] == "0.00"
    assert explorer._caption().startswith(f"Of 100 draws about {100 * shares[0]:.0f} would be “d”")
    assert set(explorer.draw(50)) <= set("abdef")
    assert "image/png" in explorer._repr_mimebundle_()[0]
    set_in_browser(explorer, tokens=None, logits=None, draws=0)
    assert explorer.probabilities["probabilities"].round(6).tolist() == AT_HALF
    # A table that was typed can be set to be that of the explorer.
    set_in_browser(explorer, tokens=list("abcdef"), logits=[*typed[:2], 0, *typed[3:]])
    explorer.table = explorer.table
    assert (chart(explorer).state["tokens"], explorer.table.tokens) == (None, tuple("abcdef"))
    assert picture(explorer)["tables"][0]["names"] == list("debacf")


def test_a_constant_is_added_to_every_logit_and_changes_no_probability():
    explorer = six(parts=("bars", "constant"), value=0.5)
    assert picture(explorer)["parts"] == ["bars", "constant"]
    assert chart(explorer).state["constant"] == 0
    assert "constant" not in chart(six()).state
    before = explorer._caption()
    set_in_browser(explorer, constant=100)
    assert explorer.table.logits.tolist() == [x + 100 for x in LOGITS]
    np.testing.assert_allclose(
        explorer.probabilities["probabilities"], softmax(LOGITS, 0.5), rtol=1e-12
    )
    assert explorer._caption() == before
    explorer.table = TokenTable(list("ab"), [1.0, 2.0])
    assert chart(explorer).state["constant"] == 0
    assert explorer.table.logits.tolist() == [1, 2]


def gpt2(**options):
    return TemperatureExplorer(load_example("gpt2-spaceship"), top=20, **options)


def test_the_likeliest_of_a_whole_vocabulary_and_the_rest():
    explorer = gpt2(value=0.5)
    assert repr(explorer) == "TemperatureExplorer(top 20 of 50,257 tokens, temperature=0.50)"
    labels = {}
    for temperature in (0, 0.01, 0.05, 0.5, 1, 2):
        explorer.temperature = temperature
        now = moment(explorer)
        labels[temperature] = now.labels
        np.testing.assert_allclose(now.shares.sum(), 1, rtol=1e-6)
        np.testing.assert_allclose(now.shares, gpt2_shares(temperature), rtol=1e-4, atol=1e-37)
    assert labels[1][:3] == ["12.93 %", "3.46 %", "2.73 %"]
    assert labels[1][-1] == "59.07 %"
    assert labels[0][:2] == ["100.00 %", "0.00 %"]
    assert labels[0.05][:2] == [">99.99 %", "<0.01 %"]


def test_lying_bars_are_full_in_the_picture():
    (drawn,) = layouts(gpt2())
    root = ET.fromstring(drawn["svg"])
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    left, right = drawn["bars"]["foot"], drawn["bars"]["end"]
    assert right > left
    for position in range(21):
        xs = sorted(set(numbers_of(named[f"bar-{position}"])[::2]))
        assert xs == pytest.approx([left, right], abs=1e-3)
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
    assert picture(explorer) == picture(TemperatureExplorer(explorer.table, parts=ALL_BUT_MAP))
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
    wide, narrow = layouts(explorer)
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
    new = TemperatureExplorer(table, **options, parts=ALL_BUT_MAP)
    if narrow:
        ask_for_a_narrow_chart(explorer)
        ask_for_a_narrow_chart(new)
    explorer.table = table
    assert len(layouts(explorer)) == 1 + narrow
    assert picture(explorer) == picture(new)


def test_a_table_that_cannot_be_drawn_changes_nothing(monkeypatch):
    explorer = six()
    explorer.draw()
    before, page = picture(explorer), explorer.to_html()
    for wrong in ({"a": 1.0}, load_example("gpt2-spaceship")):
        with pytest.raises((TypeError, ValueError)):
            explorer.table = wrong
    monkeypatch.setattr("softmax_temperature.explorers.bars.layout", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.table = TokenTable(["a", "b"], [1.0, 2.0])
    monkeypatch.undo()
    assert picture(explorer) is before
    assert len(explorer.table.tokens) == 6
    assert explorer.to_html() == page


def test_a_constant_on_every_logit_changes_nothing():
    explorer = gpt2()
    table, before = explorer.table, moment(explorer)
    caption, (drawn,) = explorer._caption(), layouts(explorer)
    explorer.table = TokenTable(table.tokens, table.logits + 100, table.prompt)
    np.testing.assert_allclose(moment(explorer).shares, before.shares, rtol=1e-5)
    assert moment(explorer).labels == before.labels
    assert explorer._caption() == caption
    names = [
        re.findall(r"<text.*?</text>", layout["svg"]) for layout in (drawn, *layouts(explorer))
    ]
    assert names[0] == names[1]


def test_a_truncated_answer_is_shown_as_conditional():
    explorer = TemperatureExplorer(load_example("gpt-4o-mini-tv-show-is"))
    texts = [e.text for e in ET.fromstring(layouts(explorer)[0]["svg"]).iter(f"{SVG}text")]
    assert "Probability among the listed tokens" in texts
    for temperature in (0, 0.5, 1, 2, math.inf):
        explorer.temperature = temperature
        assert "3 listed tokens:" in explorer._caption()
    assert "3 listed tokens:" in picture(explorer)["tables"][0]["facts"]["unseen"]


def test_what_stands_beside_the_bars_has_room_in_a_notebook():
    for part in ("logits", "map", "curves"):
        explorer = six(parts=("bars", part))
        (layout,) = explorer._body.data["tables"][0]["layouts"]
        assert int(explorer.layout.max_width.removesuffix("px")) > layout["width"], part


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_logits_are_sent_as_they_are_to_the_bit(kind):
    logits = np.random.default_rng(1).normal(0, 1000, 90).astype(kind)
    logits[3] = -math.inf
    table = TokenTable([f"word {i}" for i in range(90)], logits)
    (sent,) = picture(TemperatureExplorer(table))["tables"]
    assert sent["logits"]["type"] == kind
    assert unpack(sent["logits"]).tobytes() == table.logits.astype(f"<{kind}").tobytes()
    assert sent["names"] == [f"word·{i}" for i in np.argsort(-logits)]
    assert unpack(sent["words"]) == [f"word {i}" for i in range(90)]


def test_words_of_several_tables_are_sent_once():
    logits = np.random.default_rng(2).normal(size=(3, 4))
    tables = [TokenTable(list("abcd"), row, f"prompt {i}") for i, row in enumerate(logits)]
    tables.insert(1, TokenTable(list("wxyz"), [1, 2, 3, 4]))
    sent = picture(TemperatureExplorer(tables))["tables"]
    assert [table.get("words") for table in sent] == [list("abcd"), list("wxyz"), None, None]
    assert [table.get("wordsOf") for table in sent] == [None, None, 0, 0]
    assert [table["prompt"] for table in sent] == ["prompt 0", "", "prompt 1", "prompt 2"]
    for table, own in zip(sent, tables, strict=True):
        assert np.array_equal(unpack(table["logits"]), own.logits)
