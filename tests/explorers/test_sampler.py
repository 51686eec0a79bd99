"""The explorer of what a sampler cuts, without a browser."""

import json
import math
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


def moment(explorer):
    """Return what a picture shows now."""
    return explorer._moment(explorer._bars())


def set_in_browser(explorer, **changes):
    """Do what the browser does when a change has come to rest."""
    explorer._body.set_state({"state": explorer._body.state | changes})


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
def test_bars_are_the_nucleus_by_its_definition_at_any_temperature_and_setting(order):
    explorer = sampler("top_p", order=order)
    for temperature in (0.05, 0.5, 0.777, 1, 2, 9.5):
        explorer.temperature = temperature
        hot = softmax(RANKED, temperature)
        for p in (0.05, 0.3, 0.512, 0.83, 0.92, 0.95):
            explorer.knob = p
            if order == "first":
                expected = nucleus(hot, p)
            else:
                kept = np.array(nucleus(softmax(RANKED, 1), p)) > 0
                expected = np.where(kept, hot, 0)
                expected = expected / expected.sum()
            np.testing.assert_allclose(moment(explorer).shares, expected, rtol=1e-9)
        explorer.knob = None
        np.testing.assert_allclose(moment(explorer).shares, hot, rtol=1e-9)


def perplexity(shares):
    return math.exp(-math.fsum(p * math.log(p) for p in shares if p))


AT_1 = "of the probability at T = 1, where the cut is made."
# Steps, the temperature, which of the six tokens they keep by hand, the temperature of the
# probabilities that the first cut goes by, and the sentence.
CAPTIONS = [
    (
        # At T = 1.5: 0.384, 0.275, 0.101, 0.083, ...
        [("temperature", None), ("top_p", 0.8)],
        1.5,
        4,
        1.5,
        "Kept: 4 of 6 tokens, which had 88.34 % of the probability before the cut.",
    ),
    (
        # At T = 1: 0.512, 0.311, ...
        [("top_p", 0.8), ("temperature", None)],
        1.5,
        2,
        1,
        f"Kept: 2 of 6 tokens, which had 82.27 % {AT_1}",
    ),
    (
        # The third at T = 2 has e^-1 of the first, the second e^-0.25.
        [("top_k", 3), ("temperature", None), ("min_p", 0.5)],
        2,
        2,
        1,
        f"Kept: 2 of 6 tokens, which had 82.27 % {AT_1}",
    ),
    (
        # The last is off: what cuts comes before the temperature.
        [("top_k", 3), ("temperature", None), ("min_p", None)],
        2,
        3,
        1,
        f"Kept: 3 of 6 tokens, which had 89.20 % {AT_1}",
    ),
    (
        # The first is off: what cuts comes after the temperature.
        [("top_k", None), ("temperature", None), ("top_k", 4), ("top_k", 3)],
        2,
        3,
        2,
        "Kept: 3 of 6 tokens, which had 73.19 % of the probability before the cut.",
    ),
    (
        [("top_p", None), ("temperature", None)],
        0.5,
        6,
        1,
        "Nothing is cut: all 6 tokens are kept.",
    ),
    ([("temperature", None)], 0.5, 6, 1, "Nothing is cut: all 6 tokens are kept."),
    (
        [("top_k", 3), ("temperature", None)],
        math.inf,
        3,
        1,
        f"Kept: 3 of 6 tokens, which had 89.20 % {AT_1}",
    ),
]


@pytest.mark.parametrize(("steps", "temperature", "kept", "goes_by", "first"), CAPTIONS)
def test_the_caption_counts_what_is_kept_wherever_the_temperature_stands(
    steps, temperature, kept, goes_by, first
):
    explorer = sampler(value=temperature)
    set_in_browser(explorer, steps=[list(step) for step in steps])
    left = softmax(RANKED[:kept], temperature)
    np.testing.assert_allclose(moment(explorer).shares, [*left, *[0] * (6 - kept)], rtol=1e-9)
    if kept < 6:
        (mass,) = re.findall(r"([\d.]+) %", first)
        assert float(mass) == pytest.approx(100 * sum(softmax(RANKED, goes_by)[:kept]), abs=0.005)
    line, choice = explorer._caption().split("\n")
    assert line == first
    pattern = r"The choice is as uncertain as a fair one among (.*) tokens \(perplexity; (.*) if "
    now, uncut = map(float, re.match(pattern + r"nothing is cut\)\.$", choice).groups())
    assert now == pytest.approx(perplexity(left), abs=0.005 if now < 2 else 0.05)
    before = perplexity(softmax(RANKED, temperature))
    assert uncut == pytest.approx(before, abs=0.005 if uncut < 2 else 0.05)


@pytest.mark.parametrize(("order", "kept", "mass"), [("first", 4, "88.34"), ("last", 2, "82.27")])
def test_the_sentence_counts_what_is_kept(order, kept, mass):
    text = sampler("top_p", 0.8, order, value=1.5)._caption()
    assert text.startswith(f"Kept: {kept} of 6 tokens, which had {mass} % of the probability")


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_bar_is_certain_where_all_others_are_cut_and_nowhere_else(order):
    table = load_example("gpt2-spaceship")
    explorer = SamplerExplorer(table, "typical_p", 0.5, order, temperatures=[0.5, 1], top=3)
    labels = []
    for temperature in (0.5, 1):
        explorer.temperature = temperature
        for stop in explorer._body.data["knobs"]["typical_p"]["stops"]:
            explorer.knob = stop
            labels.append(moment(explorer).labels)
            assert ("100.00 %" in labels[-1]) == (labels[-1].count("cut") == 3)
    # The three likeliest surprise too little to be typical.
    assert "100.00 %" in [row[3] for row in labels]
    explorer.knob = 0.5
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
    assert "among 10,430 tokens" in explorer._caption()
    explorer.order = "last"
    assert "Kept: 2,323 of 50,257" in explorer._caption()
    explorer.method = "min_p"
    explorer.knob = 0.05
    assert "Kept: 14 of 50,257" in explorer._caption()
    explorer.order = "first"
    assert "Kept: 361 of 50,257" in explorer._caption()


def test_a_cut_token_has_a_word_and_others_keep_their_numbers():
    explorer = sampler("top_k", 2)
    assert moment(explorer).labels == ["0.62", "0.38", "cut", "cut", "cut", "cut"]
    explorer.knob = None
    assert moment(explorer).labels == ["0.51", "0.31", "0.07", "0.05", "0.03", "0.03"]
    # At T = 0 temperature leaves one token: the others are not cut, but have no probability.
    explorer.knob, explorer.temperature = 2, 0
    assert moment(explorer).labels == ["1.00", "0.00", "0.00", "0.00", "0.00", "0.00"]


@pytest.mark.parametrize("temperature", [0.05, 1, 1.234, 40, math.inf])
def test_outlines_are_the_probabilities_if_nothing_is_cut(temperature):
    outlines = moment(sampler("min_p", 0.5, value=temperature)).outlines
    np.testing.assert_allclose(outlines, softmax(RANKED, temperature), rtol=1e-9)


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
    ranked = sorted(frame["probabilities"], reverse=True)
    np.testing.assert_allclose(moment(explorer).shares, ranked, rtol=1e-9)


METHODS = [
    "top_p",
    "top_k",
    "min_p",
    "typical_p",
    "top_n_sigma",
    "epsilon_cutoff",
    "eta_cutoff",
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ["first", "last"])
def test_every_method_sums_to_1_and_is_off_at_one_end(method, order):
    explorer = sampler(method, order=order)
    stops = explorer._body.data["knobs"][method]["stops"]
    assert [i for i, stop in enumerate(stops) if stop is None] in ([0], [len(stops) - 1])
    for stop in stops:
        explorer.knob = stop
        assert explorer.knob == stop
        for temperature in (0.05, 1, 2):
            explorer.temperature = temperature
            shares = moment(explorer).shares
            assert shares.sum() == pytest.approx(1, rel=1e-12)
            if stop is None:
                np.testing.assert_allclose(shares, softmax(RANKED, temperature), rtol=1e-9)


def test_a_new_method_begins_with_a_usual_setting_and_keeps_the_temperature():
    explorer = sampler("top_p", 0.8, value=1.5)
    before = explorer._body.data
    explorer.method = "min_p"
    assert repr(explorer) == (
        "SamplerExplorer(6 tokens, temperature=1.50, min-p=0.1, temperature first)"
    )
    explorer.order = "last"
    assert (explorer.order, explorer.knob, explorer.temperature) == ("last", 0.1, 1.5)
    # The browser has all it needs.
    assert explorer._body.data is before
    fresh = sampler("min_p", 0.1, "last", value=1.5)
    assert explorer._body.data == fresh._body.data
    assert explorer._state == fresh._state


@pytest.mark.parametrize(
    ("method", "knobs"),
    [
        ("top_p", [0.92, 1e-9, 1]),
        ("top_k", [1, 7, 12_345]),
        ("min_p", [0.07, 1]),
        ("typical_p", [0.123]),
        ("top_n_sigma", [0.1, 2.345, 100]),
        ("epsilon_cutoff", [0.02]),
        ("eta_cutoff", [0.02]),
    ],
)
def test_a_knob_takes_any_value_that_its_method_takes(method, knobs):
    explorer = sampler()
    explorer.method = method
    for knob in knobs:
        explorer.knob = np.float64(knob) if method != "top_k" else np.int64(knob)
        assert (explorer.knob, type(explorer.knob)) == (knob, int if method == "top_k" else float)
        assert explorer.chain == SamplerChain([("temperature", 1.0), (method, knob)])
        assert sampler(method, knob).knob == knob


STEPS = [
    [("temperature", 0.7), ("top_k", 4), ("top_p", 0.92)],
    [("top_k", 4), ("temperature", 3.3), ("min_p", 0.4)],
    [("top_n_sigma", 1.0), ("typical_p", 0.9), ("top_k", 5), ("temperature", math.inf)],
    [("top_k", 5), ("top_k", 3), ("temperature", 1.0), ("top_k", 2)],
    list(SamplerChain.preset("huggingface")),
    list(SamplerChain.preset("llama.cpp", temperature=2.0)),
]


@pytest.mark.parametrize("steps", STEPS)
def test_a_chain_can_have_cuts_in_any_order(steps):
    explorer = sampler("min_p", 0.5)
    explorer.chain = SamplerChain(steps)
    assert explorer.chain == SamplerChain(steps)
    (temperature,) = (value for name, value in steps if name == "temperature")
    assert explorer.temperature == temperature
    assert explorer.slider.value == min(2, round(temperature * 20) / 20 if temperature < 2 else 2)
    held = [(name, None if name == "temperature" else value) for name, value in steps]
    assert [tuple(step) for step in explorer._body.state["steps"]] == held
    names = [name for name, _ in steps]
    first = next(i for i, name in enumerate(names) if name != "temperature")
    assert (explorer.method, explorer.knob) == steps[first]
    assert explorer.order == ("first" if names.index("temperature") < first else "last")
    logits = load_example("wonderful-day").logits
    for step in steps:
        logits = SamplerChain([step])(logits)
    expected = np.exp(logits - logits.max())
    np.testing.assert_allclose(
        explorer.probabilities["probabilities"], expected / expected.sum(), rtol=1e-9
    )
    explorer.knob = None
    assert explorer.chain == SamplerChain([*steps[:first], *steps[first + 1 :]])
    explorer.method = "epsilon_cutoff"
    assert explorer.chain == SamplerChain(
        [*steps[:first], ("epsilon_cutoff", 3e-4), *steps[first + 1 :]]
    )
    explorer.order = "last"
    assert list(explorer.chain)[-1][0] == "temperature"


@pytest.mark.parametrize(
    ("chain", "error", "words"),
    [
        ([("temperature", 1), ("top_k", 2)], TypeError, "chain must be a SamplerChain, got"),
        (None, TypeError, r"chain must be a SamplerChain, got None: make one with"),
        (SamplerChain([("top_k", 2)]), ValueError, "chain must have one temperature, got Sampler"),
        (SamplerChain([]), ValueError, "chain must have one temperature, got"),
        (
            SamplerChain([("temperature", 1), ("top_k", 2), ("temperature", 2)]),
            ValueError,
            "chain must have one temperature, got",
        ),
        (
            SamplerChain([("temperature", [1.0, 2.0]), ("top_k", 2)]),
            ValueError,
            "chain must have one temperature, got",
        ),
    ],
)
def test_a_chain_that_cannot_be_shown_is_refused(chain, error, words):
    explorer = sampler("top_p", 0.8, value=1.5)
    with pytest.raises(error, match=words):
        explorer.chain = chain
    assert explorer.chain == SamplerChain([("temperature", 1.5), ("top_p", 0.8)])


def test_a_chain_without_a_cut_leaves_one_to_set():
    explorer = sampler("min_p", 0.5)
    explorer.chain = SamplerChain([("temperature", 2)])
    assert explorer.chain == SamplerChain([("temperature", 2)])
    assert explorer._body.state["steps"] == [("temperature", None)]
    # As after a reader has taken all cuts away.
    assert (explorer.method, explorer.knob, explorer.order) == ("top_p", None, "first")
    assert repr(explorer) == (
        "SamplerExplorer(6 tokens, temperature=2.00, top-p=off, temperature first)"
    )
    assert moment(explorer).title == "T = 2.00: all 6 tokens are kept"
    assert "image/png" in explorer._repr_mimebundle_()[0]
    explorer.knob = 0.5
    assert explorer.chain == SamplerChain([("temperature", 2), ("top_p", 0.5)])
    explorer.chain = SamplerChain([("temperature", 2)])
    explorer.order = "last"
    explorer.method = "top_k"
    assert explorer.chain == SamplerChain([("top_k", 40), ("temperature", 2)])


def test_steps_that_a_reader_sets_reach_python():
    explorer = sampler("top_p", 0.8)
    set_in_browser(explorer, T=2, steps=[["top_k", 4], ["temperature", None], ["min_p", 0.5]])
    assert explorer.temperature == 2
    assert explorer.chain == SamplerChain([("top_k", 4), ("temperature", 2), ("min_p", 0.5)])
    assert explorer.probabilities["kept"].tolist() == [True, False, False, True, False, False]
    assert moment(explorer).title == "T = 2.00: 2 of 6 tokens are kept"
    assert (explorer.method, explorer.knob, explorer.order) == ("top_k", 4, "last")
    assert repr(explorer) == (
        "SamplerExplorer(6 tokens, temperature=2.00, top-k=4, min-p=0.5, temperature last)"
    )
    typed = {"tokens": ["a", "b", "c"], "logits": [1, "-inf", 2]}
    set_in_browser(explorer, **typed)
    assert explorer.table == TokenTable(["a", "b", "c"], [1, -math.inf, 2], "It was a wonderful ")
    assert explorer.probabilities["kept"].tolist() == [True, False, True]
    assert "of 2 tokens" not in explorer._caption()
    assert explorer._caption().startswith("Nothing is cut: all 2 tokens are kept.")


def test_one_of_several_tables_is_shown():
    tables = [load_example("wonderful-day"), TokenTable(["a", "b"], [1.0, 2.0], "Then ")]
    explorer = SamplerExplorer(tables, "top_k", 1)
    set_in_browser(explorer, table=1)
    assert explorer.table is tables[1]
    assert explorer.probabilities["kept"].tolist() == [False, True]
    assert explorer._caption().startswith("Kept: 1 of 2 tokens, which had 73.11 %")
    explorer.table = tables[0]
    assert explorer._body.state["table"] == 0
    assert [table["prompt"] for table in explorer._body.data["tables"]] == [
        "It was a wonderful ",
        "Then ",
    ]


def test_another_table_keeps_what_is_set():
    explorer = sampler("top_k", 2, "last", value=0.5)
    explorer.table = TokenTable(["a", "b", "c", "d"], [1.0, 4.0, 3.0, 2.0])
    fresh = SamplerExplorer(explorer.table, "top_k", 2, "last", value=0.5)
    assert explorer._body.data == fresh._body.data
    assert explorer._state == fresh._state
    assert repr(explorer) == repr(fresh)


def test_top_k_has_no_stop_that_cuts_nothing_but_off():
    assert sampler()._body.data["knobs"]["top_k"]["stops"] == [1, 2, 3, 4, 5, None]
    # Of several tables, the largest counts.
    tables = [TokenTable(["a", "b"], [1.0, 2.0]), load_example("wonderful-day")]
    stops = SamplerExplorer(tables)._body.data["knobs"]["top_k"]["stops"]
    assert stops == [1, 2, 3, 4, 5, None]


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
    knob = explorer._body.data["knobs"][method]
    texts = ["off" if stop is None else f"{stop:g}" for stop in knob["stops"]]
    assert texts == stops.split()
    assert explorer.knob == knob["usual"] == usual
    assert f"temperature=1.00, {name}={usual:g}, " in repr(explorer)
    kept = np.isfinite(explorer.chain(explorer.table.logits)).sum()
    assert moment(explorer).title == f"T = 1.00: {kept:,} of 50,257 tokens are kept"


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


def test_the_page_keeps_what_is_set_and_is_small():
    explorer = sampler("top_p", 0.8, value=1.5)
    explorer.chain = SamplerChain([("top_k", 4), ("temperature", 2.2), ("min_p", 0.5)])
    page = explorer.to_html()
    (data,) = re.findall(r'<script type="application/json">(.*?)</script></div>', page)
    data = json.loads(data)
    steps = [["top_k", 4], ["temperature", None], ["min_p", 0.5]]
    assert (data["state"]["T"], data["state"]["steps"]) == (2.2, steps)
    assert data["knobs"].keys() == set(METHODS)
    assert len(data["tables"][0]["layouts"]) == 2
    assert explorer._caption().replace("\n", " ") in page
    assert len(page.encode()) <= 180_000


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: sampler("nucleus"), ValueError, "method must be one of top_p, top_k, .*'nucleus'"),
        (lambda: sampler(3), ValueError, "method must be one of"),
        (lambda: sampler(order="before"), ValueError, "order must be one of first, last, got"),
        (lambda: sampler("top_p", 1.1), ValueError, "top_p must be above 0 and at most 1, got 1.1"),
        (lambda: sampler("top_p", 0), ValueError, "top_p must be above 0 and at most 1, got 0"),
        (lambda: sampler("min_p", math.nan), ValueError, "min_p must be"),
        (lambda: sampler("top_k", 0), ValueError, "top_k must be at least 1, got 0"),
        (lambda: sampler("top_k", 2.5), TypeError, "top_k must be a whole number, got 2.5"),
        (lambda: sampler("top_n_sigma", math.inf), ValueError, "top_n_sigma must be above 0 and"),
        (lambda: sampler("top_p", "off"), TypeError, "top_p must be one real number"),
        (lambda: sampler("top_p", True), TypeError, "top_p must be"),
        (lambda: sampler(value=-3), ValueError, "value must not be negative, got -3"),
        (lambda: SamplerExplorer([]), ValueError, r"table must be one TokenTable or several, got"),
        (lambda: SamplerExplorer([3]), TypeError, "table must be a TokenTable, got int"),
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
    before, state = explorer._body.data, explorer._body.state
    wrong = [("method", "x"), ("order", "x"), ("knob", 1.81), ("table", None), ("chain", 1)]
    for name, value in wrong:
        with pytest.raises((TypeError, ValueError)):
            setattr(explorer, name, value)
    assert explorer._body.data is before
    assert explorer._body.state == state
    assert re.search("top-p=0.8,", repr(explorer))
