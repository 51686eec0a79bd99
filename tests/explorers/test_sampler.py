"""The explorer of what a sampler cuts, without a browser."""

import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from softmax_temperature import (
    SamplerChain,
    SamplerExplorer,
    TokenTable,
    load_example,
)
from tests.helpers import RANKED, softmax


def sampler(*args, **options):
    return SamplerExplorer(load_example("wonderful-day"), *args, **options)


def rows_of(explorer):
    """Return the shares that the browser gets, by temperature, knob and bar."""
    data = explorer._body.data
    shape = [len(slider["texts"]) for slider in data["sliders"]]
    return np.frombuffer(data["shares"], "<f4").reshape(*shape, len(data["names"]))


def labels_of(explorer):
    data = explorer._body.data
    shape = [len(slider["texts"]) for slider in data["sliders"]]
    codes = np.frombuffer(data["labels"], "<u2").reshape(*shape, len(data["names"]))
    return np.array(data["labelTexts"])[codes]


def nucleus(probabilities, p):
    """Keep the smallest set of tokens that has the mass p, by going through them in order."""
    kept, mass = [], 0.0
    for position, q in sorted(enumerate(probabilities), key=lambda pair: -pair[1]):
        if mass >= p - 1e-12:
            break
        kept.append(position)
        mass += q
    return [q / mass if i in kept else 0.0 for i, q in enumerate(probabilities)]


@pytest.mark.parametrize("order", ["first", "last"])
def test_bars_are_the_nucleus_by_its_definition_at_every_stop(order):
    rows = rows_of(sampler("top_p", order=order))
    assert rows.shape == (41, 20, 6)
    for i in range(1, 41):
        for j in range(19):
            p, hot = (j + 1) / 20, softmax(RANKED, i / 20)
            if order == "first":
                expected = nucleus(hot, p)
            else:
                kept = np.array(nucleus(softmax(RANKED, 1), p)) > 0
                expected = np.where(kept, hot, 0)
                expected = expected / expected.sum()
            np.testing.assert_allclose(rows[i, j], expected, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(rows[i, 19], softmax(RANKED, i / 20), rtol=1e-5)


@pytest.mark.parametrize(("order", "kept", "mass"), [("first", 4, "88.34"), ("last", 2, "82.27")])
def test_the_sentence_counts_what_is_kept(order, kept, mass):
    text = sampler("top_p", 0.8, order, value=1.5)._caption()
    assert text.startswith(f"Kept: {kept} of 6 tokens, which had {mass} % of the probability")


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_bar_is_certain_where_all_others_are_cut_and_nowhere_else(order):
    table = load_example("gpt2-spaceship")
    explorer = SamplerExplorer(table, "typical_p", 0.5, order, temperatures=[0.5, 1], top=3)
    labels = labels_of(explorer).reshape(-1, 4)
    for row in labels.tolist():
        assert ("100.00 %" in row) == (row.count("cut") == 3)
    # The three likeliest surprise too little to be typical.
    assert (labels[:, 3] == "100.00 %").any()
    kept = np.isfinite(explorer.chain(table.logits))
    assert kept.sum() > 600
    assert not kept[np.argsort(table.logits)[-3:]].any()


def test_a_sentence_says_that_nothing_is_cut():
    explorer = SamplerExplorer(load_example("gpt2-spaceship"), temperatures=[1, 2], value=1, top=3)
    assert explorer._caption().startswith("Nothing is cut: all 50,257 tokens are kept.\n")


def test_published_counts_of_gpt2():
    """18,378 and 2,323 tokens at T = 2, where top-p comes after temperature and before it."""
    table = load_example("gpt2-spaceship")
    explorer = SamplerExplorer(table, "top_p", 0.9, temperatures=[1, 2], value=2, top=5)
    assert "Kept: 18,378 of 50,257" in explorer._caption()
    assert "among 10,430 words" in explorer._caption()
    explorer.order = "last"
    assert "Kept: 2,323 of 50,257" in explorer._caption()
    explorer.method = "min_p"
    explorer.knob = 0.05
    assert "Kept: 14 of 50,257" in explorer._caption()
    explorer.order = "first"
    assert "Kept: 361 of 50,257" in explorer._caption()


def test_a_cut_token_has_a_word_and_others_keep_their_numbers():
    labels = labels_of(sampler("top_k"))
    assert labels[20, 1].tolist() == ["0.62", "0.38", "cut", "cut", "cut", "cut"]
    # At T = 0 temperature leaves one token: the others are not cut, but have no probability.
    assert labels[0, 1].tolist() == ["1.00", "0.00", "0.00", "0.00", "0.00", "0.00"]
    assert labels[20, -1].tolist() == ["0.51", "0.31", "0.07", "0.05", "0.03", "0.03"]


def test_outlines_are_the_probabilities_if_nothing_is_cut():
    data = sampler("min_p")._body.data
    outlines = np.frombuffer(data["outlines"], "<f4").reshape(41, 6)
    for stop in (1, 20, 30, 40):
        np.testing.assert_allclose(outlines[stop], softmax(RANKED, stop / 20), rtol=1e-5)


def test_bars_are_what_the_chain_draws_from():
    explorer = sampler("min_p", 0.25, value=1.5)
    assert explorer.chain == SamplerChain([("temperature", 1.5), ("min_p", 0.25)])
    explorer.order = "last"
    assert explorer.chain == SamplerChain([("min_p", 0.25), ("temperature", 1.5)])
    explorer.knob = None
    assert explorer.chain == SamplerChain([("temperature", 1.5)])
    explorer.knob = 0.5
    frame = explorer.probabilities
    assert frame["kept"].tolist() == [True, False, False, True, False, False]
    shown = rows_of(explorer)[30, explorer.knob_slider.index]
    ranked = sorted(frame["probabilities"], reverse=True)
    np.testing.assert_allclose(shown, ranked, rtol=1e-6)


@pytest.mark.parametrize(
    "method",
    ["top_p", "top_k", "min_p", "typical_p", "top_n_sigma", "epsilon_cutoff", "eta_cutoff"],
)
@pytest.mark.parametrize("order", ["first", "last"])
def test_every_method_sums_to_1_and_is_off_at_one_end(method, order):
    explorer = sampler(method, order=order)
    rows = rows_of(explorer)
    np.testing.assert_allclose(rows.sum(axis=2), 1, rtol=1e-6)
    off = explorer.knob_slider.index
    assert off in (0, rows.shape[1] - 1)
    assert explorer.knob_slider.options[off] == "off"
    for stop in (1, 20, 40):
        np.testing.assert_allclose(rows[stop, off], softmax(RANKED, stop / 20), rtol=1e-5)


def test_a_new_method_begins_with_a_usual_setting_and_keeps_the_temperature():
    explorer = sampler("top_p", 0.8, value=1.5)
    explorer.method = "min_p"
    assert repr(explorer) == (
        "SamplerExplorer(6 tokens, temperature=1.50, min-p=0.1, temperature first)"
    )
    assert explorer.method_menu.value == "min_p"
    assert explorer._body.data["sliders"][1]["texts"] == list(explorer.knob_slider.options)
    explorer.order_menu.value = "last"
    assert (explorer.order, explorer.knob, explorer.temperature) == ("last", 0.1, 1.5)
    fresh = sampler("min_p", 0.1, "last", value=1.5)
    assert explorer._body.data == fresh._body.data


def test_another_method_shows_this_stop_first_while_the_sliders_wait():
    explorer = sampler("top_p", 0.8, value=1.5)
    seen = []

    def look(change):
        sliders = change["new"]["sliders"]
        waits = explorer.slider.disabled and explorer.knob_slider.disabled
        seen.append(([slider["texts"] for slider in sliders], waits))

    explorer._body.observe(look, "data")
    explorer.method = "top_k"
    assert [texts for texts, _ in seen[:1]] == [[["1.50"], ["5"]]]
    assert [len(texts[0]) for texts, _ in seen] == [1, 41]
    assert all(waits for _, waits in seen)
    assert not explorer.slider.disabled
    assert not explorer.knob_slider.disabled


def test_an_interrupted_change_leaves_everything_as_it_was(monkeypatch):
    explorer = sampler("top_p", 0.8)
    before = explorer._body.data
    plan, calls = explorer.__class__.__init__.__globals__["_plan"], []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plan(*args)

    monkeypatch.setattr("softmax_temperature.explorers.sampler._plan", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explorer.method = "min_p"
    assert (explorer.method, explorer.method_menu.value, explorer.knob) == ("top_p", "top_p", 0.8)
    assert explorer._body.data == before
    assert not explorer.slider.disabled


def test_another_table_keeps_what_is_set():
    explorer = sampler("top_k", 2, "last", value=0.5)
    explorer.table = TokenTable(["a", "b", "c", "d"], [1.0, 4.0, 3.0, 2.0])
    fresh = SamplerExplorer(explorer.table, "top_k", 2, "last", value=0.5)
    assert explorer._body.data == fresh._body.data
    assert repr(explorer) == repr(fresh)


def test_top_k_has_no_stop_that_cuts_nothing_but_off():
    assert sampler("top_k").knob_slider.options == ("1", "2", "3", "4", "5", "off")


SHARES = " ".join(f"{i / 20:g}" for i in range(1, 20))
COUNTS = "1 2 3 4 5 8 10 15 20 30 40 50 75 100 300 1000 3000 10000 off"
SIGMAS = "0.25 0.5 0.75 1 1.25 1.5 1.75 2 2.5 3 4 5 6 8 off"
SMALL = "off 0.0001 0.0003 0.001 0.003 0.01 0.03 0.1"


@pytest.mark.parametrize(
    ("method", "name", "stops", "usual"),
    [
        ("top_p", "top-p", f"{SHARES} off", 0.9),
        ("typical_p", "typical-p", f"{SHARES} off", 0.9),
        ("min_p", "min-p", f"off 0.01 0.02 {SHARES}".removesuffix(" 0.95"), 0.1),
        ("top_k", "top-k", COUNTS, 40),
        ("top_n_sigma", "top-nσ", SIGMAS, 1),
        ("epsilon_cutoff", "epsilon", SMALL, 3e-4),
        ("eta_cutoff", "eta", SMALL, 3e-4),
    ],
)
def test_each_method_has_its_name_stops_and_usual_setting(method, name, stops, usual):
    other = "top_k" if method == "top_p" else "top_p"
    explorer = SamplerExplorer(
        load_example("gpt2-spaceship"), other, temperatures=[1, 2], value=1, top=3
    )
    explorer.method = method
    _, knob = explorer._body.data["sliders"]
    assert (knob["name"], knob["title"]) == (name, f", {name} = ")
    assert knob["texts"] == list(explorer.knob_slider.options) == stops.split()
    assert explorer.knob == usual


def test_the_still_picture_is_that_of_the_set_stop():
    explorer = sampler("top_p", 0.5)
    first = explorer._repr_mimebundle_()[0]["image/png"]
    explorer.knob = 0.9
    assert explorer._repr_mimebundle_()[0]["image/png"] != first
    explorer.knob = 0.5
    assert explorer._repr_mimebundle_()[0]["image/png"] == first


def test_the_outlines_of_the_still_picture_are_the_bars_if_nothing_is_cut(monkeypatch):
    figures, draw = [], FigureCanvasAgg.print_png

    def listed(self, *arguments, **options):
        figures.append(self.figure)
        return draw(self, *arguments, **options)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", listed)
    sampler("top_p", 0.5, value=2)._repr_mimebundle_()
    (ax,) = figures[-1].axes
    outlines = [patch.get_height() for patch in ax.patches if not patch.get_fill()]
    assert outlines == pytest.approx(softmax(RANKED, 2), abs=1e-6)


def test_the_page_keeps_both_sliders_and_names_its_menus():
    explorer = sampler("top_p", 0.8, value=1.5)
    exported = explorer._exported()
    assert exported["start"] == [30, 15]
    assert [slider["key"] for slider in exported["sliders"]] == ["T", "top-p"]
    assert exported["menus"] == [
        {"name": "Method", "text": "top-p"},
        {"name": "Order", "text": "temperature first"},
    ]
    assert len(exported["layouts"]) == 2
    assert len(explorer.to_html()) < 250_000


def test_data_of_a_whole_vocabulary_stays_small():
    page = SamplerExplorer(load_example("gpt2-spaceship"), top=20).to_html()
    assert len(page) < 1_000_000


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: sampler("nucleus"), ValueError, "method must be one of top_p, top_k, .*'nucleus'"),
        (lambda: sampler(3), ValueError, "method must be one of"),
        (lambda: sampler(order="before"), ValueError, "order must be one of first, last, got"),
        (lambda: sampler("top_p", 0.83), ValueError, "knob must be one of the stops of top-p"),
        (lambda: sampler("top_p", "off"), TypeError, "knob must be one real number"),
        (lambda: sampler(value=3), ValueError, "value must lie between 0 and 2"),
        (lambda: sampler(temperatures=[1]), ValueError, "temperatures must be two or more"),
        (lambda: SamplerExplorer({"a": 1}), TypeError, "table must be a TokenTable"),
        (lambda: SamplerExplorer(load_example("gpt2-spaceship")), ValueError, "use top=20"),
    ],
)
def test_bad_input_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_refused_setting_changes_nothing():
    explorer = sampler("top_p", 0.8)
    before = explorer._body.data
    for name, value in [("method", "x"), ("order", "x"), ("knob", 0.81), ("table", None)]:
        with pytest.raises((TypeError, ValueError)):
            setattr(explorer, name, value)
    assert explorer._body.data is before
    assert re.search("top-p=0.8,", repr(explorer))
