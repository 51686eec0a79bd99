"""Every token of GPT-2, and many draws from all of them."""

import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import draws_chart, load_example, softmax
from softmax_temperature.drawing.bars import Bars, glyphs, name_bars
from softmax_temperature.sampling import gumbel_draws, temper
from softmax_temperature.words import token_labels
from tests.drawing.test_draws_chart import SIX, axes, parts


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
