"""Every token of GPT-2, as many of others, and many draws from all of them."""

import base64
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
from importlib.resources import files

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import (
    SamplerExplorer,
    TemperatureExplorer,
    TokenTable,
    bar_chart,
    draws_chart,
    estimate_temperature,
    load_example,
    softmax,
)
from softmax_temperature.core import entropies
from softmax_temperature.drawing.bars import Bars, glyphs, name_bars
from softmax_temperature.sampling import gumbel_draws, temper
from softmax_temperature.words import token_labels
from tests.drawing.test_charts import bars_by_likelihood
from tests.drawing.test_draws_chart import SIX, axes, parts
from tests.explorers.test_page import Reader
from tests.test_thermometer import GPT2


def test_all_of_gpt2s_tokens_can_be_drawn():
    tokens = load_example("gpt2-spaceship").tokens
    labels = token_labels(tokens)
    assert len(set(labels)) == len(tokens) == 50_257
    known = glyphs()
    plain = token_labels(tokens, known)
    assert len(set(plain)) == len(tokens)
    assert all(ord(character) in known for label in plain for character in label)
    # Those that are more than letters and digits, as text in well-formed SVG.
    signs = [label for label in plain if not re.fullmatch("·?[0-9A-Za-z]+", label)]
    assert len(signs) > 1_000
    ax = Figure(figsize=(4, 4)).subplots()
    many = Bars(load_example("wonderful-day"), orient="h")
    many.places = np.arange(len(signs))
    name_bars(ax, many, signs)
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        ax.figure.savefig(buffer, format="svg")
    buffer.seek(0)
    texts = {e.text for e in ET.parse(buffer).iter("{http://www.w3.org/2000/svg}text")}
    assert set(signs) <= texts
    assert not any(label.get_parse_math() for label in ax.get_yticklabels())


def test_the_same_noise_draws_mostly_the_same_token():
    logits = load_example("gpt2-spaceship").logits
    rows = np.array([temper(logits, 1), temper(logits, 0.9)])
    at_1, at_09 = gumbel_draws(rows, 2_000, seed=1)
    other = gumbel_draws(rows[1], 2_000, seed=2)
    p, q = softmax(rows.astype(np.float64))
    # The probability to agree on token i is 1 / sum(max(p_j / p_i, q_j / q_i)): the second of the
    # two is larger for each j of a larger q_j / p_j.
    p, q = (each[np.argsort(q / p)] for each in (p, q))
    same = (1 / (p.cumsum() / p + (q.sum() - q.cumsum()) / q)).sum()
    assert same == pytest.approx(0.83, abs=0.005)
    assert (at_1 == at_09).mean() == pytest.approx(0.83, abs=0.01)
    assert (at_1 == other).mean() == pytest.approx(0.03, abs=0.005)
    assert (p * q).sum() == pytest.approx(0.03, abs=0.005)
    assert np.array_equal(gumbel_draws(rows, 5, seed=1)[0], at_1[:5])


def test_about_19_of_20_bars_end_in_their_bands():
    inside = []
    for seed in range(60):
        ax = draws_chart(SIX, 1_000, seed=seed, ax=axes())
        bars, bands, _ = parts(ax)
        inside += [low <= end <= high for (_, end), (low, high) in zip(bars, bands, strict=True)]
    assert 0.92 < np.mean(inside) < 0.98


@pytest.mark.parametrize(
    "name", ["gpt2-spaceship", "gpt2-deserted-planet", "gpt2-artificial-intelligence"]
)
def test_every_number_of_gpt2s_sentences_is_right_to_the_last_digit(name):
    """Sums of float32 once printed 15,331.24 choices, where there are 15,331.25."""
    table = load_example(name)
    stops = np.arange(1, 201) / 100
    exact = np.sort(table.logits.astype(np.longdouble))
    bars = Bars(table, top=20)
    tops = bars.leading_shares(bars.sweep(stops.tolist()))
    openness = entropies(bars.logits, stops.tolist())
    for stop, top, bits in zip(stops, tops, openness, strict=True):
        gaps = (exact - exact[-1]) / np.longdouble(stop)
        weights = np.exp(gaps)
        total = weights.sum()
        nats = np.log(total) - (weights * gaps).sum() / total
        assert bits == pytest.approx(float(nats / np.log(np.longdouble(2))), rel=1e-12, abs=1e-15)
        assert top == pytest.approx(float(1 / total), rel=1e-12)
    if name == "gpt2-spaceship":
        assert f"{2 ** openness[-1]:,.2f}" == "15,331.25"


def test_bars_of_a_whole_vocabulary_can_be_told_apart_at_every_temperature():
    """On an axis from 0 to 1 those of GPT-2 were slivers; tied logits excepted."""
    table = load_example("gpt2-spaceship")
    logits = np.sort(table.logits.astype(float))[::-1][:10]
    for temperature in (0.7, 1, 2):
        ax = bar_chart(table, temperature, top=10, ax=axes())
        ax.figure.canvas.draw()
        foot, end = ax.bbox.x0, ax.bbox.x1
        ends = np.array([bar.get_window_extent().x1 for bar in bars_by_likelihood(ax)[:10]])
        assert ends.min() - foot > 0.25 * (end - foot)
        # The gap of two bars is that of their logits, over T.
        decade = (end - foot) / 4
        gaps = -np.diff(logits) / temperature / np.log(10) * decade
        assert -np.diff(ends) == pytest.approx(gaps, abs=0.01)
    # What has nothing has no bar, and nothing leaves the axis.
    cold = bars_by_likelihood(bar_chart(table, 0, top=10, ax=axes()))
    boxes = [bar.get_window_extent() for bar in cold]
    assert [box.width for box in boxes[1:]] == [0] * 10
    assert boxes[0].width == pytest.approx(cold[0].axes.bbox.width)


def test_a_whole_vocabulary_comes_back_from_a_csv(tmp_path):
    table = load_example("gpt2-spaceship")
    assert "\r" in table.tokens
    table.to_frame().to_csv(tmp_path / "gpt2.csv", index=False)
    again = TokenTable.from_csv(tmp_path / "gpt2.csv")
    assert again.tokens == table.tokens
    np.testing.assert_array_equal(again.logits.astype(np.float32), table.logits)


def test_float32_logprobs_of_a_whole_vocabulary_are_a_full_set():
    logits = load_example("gpt2-spaceship").logits
    shifted = logits - logits.max()
    logprobs = shifted - np.log(np.exp(shifted).sum(dtype=np.float32))
    assert logprobs.dtype == np.float32
    table = TokenTable.from_logprobs(zip(map(str, range(len(logits))), logprobs))
    assert table.unseen_mass == 0


def test_many_tokens_of_the_same_text_take_no_time():
    listed = [{"token": "?", "logprob": -20 - i / 100} for i in range(20_000)]
    assert len(TokenTable.from_logprobs(listed).tokens) == 20_000


def test_many_tokens_of_one_text_and_one_logprob_take_no_time():
    # Each has bytes of its own. Compared in pairs they would take minutes.
    listed = [
        {"token": "\ufffd", "logprob": -12.0, "bytes": [0xF0, 0x9F, *divmod(i, 200)]}
        for i in range(20_000)
    ]
    drawn = {"token": "a", "logprob": -1.0}
    assert len(TokenTable.from_logprobs([drawn | {"top_logprobs": listed}]).tokens) == 20_001


def test_the_interval_holds_with_the_logits_of_gpt2():
    generator = np.random.default_rng(2)
    held = []
    for logits in (load_example(name).logits for name in GPT2):
        for stop in (0.3, 0.7, 1, 1.5):
            ends = softmax(np.float64(logits), stop).cumsum()
            for _ in range(15):
                drawn = np.searchsorted(ends, generator.random(50) * ends[-1], side="right")
                low, high = estimate_temperature(logits, drawn).interval
                held.append(low <= stop <= high)
    assert 0.93 <= np.mean(held) <= 0.97


def test_the_page_of_a_whole_vocabulary_is_small_and_has_its_licence():
    page = TemperatureExplorer(load_example("gpt2-spaceship"), top=20).to_html()
    assert len(page.encode()) <= 700_000
    (table,) = json.loads(Reader(page).scripts[0])["tables"]
    logits = gzip.decompress(base64.b64decode(table["logits"]["bytes"]))
    assert np.array_equal(np.frombuffer(logits, "<f4"), load_example("gpt2-spaceship").logits)
    licence = (files("softmax_temperature") / "data" / "gpt2" / "LICENSE").read_text("utf-8")
    assert table["notice"] == licence
    assert "OpenAI" in licence


def test_the_page_of_a_whole_vocabulary_stays_small():
    page = SamplerExplorer(load_example("gpt2-spaceship"), top=20).to_html()
    assert len(page.encode()) <= 700_000
