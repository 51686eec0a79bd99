"""The figures that lesson 02 states in prose, worked out in float64 from the logits."""

import math
import re

import nbformat
import numpy as np
import pytest

import softmax_temperature as st
from tests.helpers import NOTEBOOKS

NOTEBOOK = nbformat.read(NOTEBOOKS["02-real-model"], as_version=4)
PROSE = " ".join(
    " ".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown").split()
)
SPACESHIP, DESERTED, TRANSFORMING = (
    st.load_example(f"gpt2-{name}")
    for name in ("spaceship", "deserted-planet", "artificial-intelligence")
)
CHAT = st.load_openness()


def falling(table, temperature):
    """Return all probabilities, the likeliest first, by the formula itself."""
    logits = np.sort(table.logits.astype(np.float64))[::-1]
    weights = np.exp((logits - logits[0]) / temperature)
    return weights / math.fsum(weights)


def open_among(table, temperature):
    p = falling(table, temperature)
    return 2 ** -math.fsum(p[p > 0] * np.log2(p[p > 0]))


def says(sentence):
    assert " ".join(sentence.split()) in PROSE


def test_how_many_tokens_there_are():
    assert len(SPACESHIP.tokens) == 50_257
    says("It scores all the 50,257 tokens that it knows")
    says("the hatched bar above them holds the other 50,247 together")
    says('At $T = 1$ the crowd has 66 % and "planet" 13 %: five times as much')
    p = falling(SPACESHIP, 1)
    assert (round(100 * p[10:].sum()), round(100 * p[0])) == (66, 13)
    assert round(p[10:].sum() / p[0]) == 5
    says("from $T = 0.77$ on the crowd has more than it")
    for temperature, more in ((0.76, False), (0.77, True)):
        p = falling(SPACESHIP, temperature)
        assert (p[10:].sum() > p[0]) == more


def test_where_the_twelve_numbers_land():
    # The seed, how many, and the first batch of so many.
    dice = np.random.default_rng([577, 12, 1]).random(12)
    order = np.argsort(-SPACESHIP.logits, kind="stable")
    places, words = {}, {}
    for temperature in (0.5, 1, 2):
        sums = falling(SPACESHIP, temperature).cumsum()
        places[temperature] = [int((sums <= number).sum()) for number in dice]
        tokens = [SPACESHIP.tokens[order[place]] for place in places[temperature]]
        # The explorer and the table below it show the same twelve.
        explorer = st.TemperatureExplorer(SPACESHIP, value=temperature, top=10, seed=577)
        assert explorer.draw(12) == tokens
        words[temperature] = [token.strip() for token in tokens]
    assert words[0.5].count("planet") == 10
    assert {"station", "city", "war"} <= {*words[1]}
    assert {"transmitter", "womb", "bourgeois"} <= {*words[2]}
    assert "planet" not in words[2]
    assert (np.diff([places[T] for T in (0.5, 1, 2)], axis=0) >= 0).all()
    at = dice.round(2).tolist().index(0.92)
    assert [places[T][at] + 1 for T in (0.5, 1, 2)] == [8, 2_970, 20_184]
    assert min(places[2]) + 1 > 100
    says('At $T = 0.5$ ten of the twelve are "planet"')
    says("0.92 goes from rank 8 to rank 2,970, and on to rank 20,184")
    says("at $T = 2$ all twelve come from beyond rank 100")


def test_how_heavy_the_tail_is():
    nucleus, top_50 = {}, {}
    for temperature in (0.5, 1, 2):
        sums = falling(SPACESHIP, temperature).cumsum()
        nucleus[temperature], top_50[temperature] = int((sums < 0.9).sum()) + 1, sums[49]
    assert nucleus == {0.5: 7, 1: 2_323, 2: 18_378}
    assert nucleus[2] > len(SPACESHIP.tokens) / 3
    assert top_50[1] == pytest.approx(0.49, abs=0.005)
    assert top_50[2] == pytest.approx(0.0575, abs=0.00005)
    says("7 tokens are enough")
    says("At $T = 1$ it takes 2,323 tokens, and at $T = 2$ it takes 18,378, more than a third")
    says("hold 49 % at $T = 1$ and only 6 % at $T = 2$, where on average 94 of 100 draws")
    says("held less than half of the probability at $T = 1$, and 6 % at $T = 2$")


@pytest.mark.parametrize("temperature", [0.3, 0.5, 1, 2, 5])
def test_cut_first_or_last_the_50_have_the_same_shares(temperature):
    p = falling(SPACESHIP, temperature)
    cut = st.TokenTable.from_frame(SPACESHIP.to_frame().nlargest(50, "probabilities"))
    np.testing.assert_allclose(cut.probabilities(temperature), p[:50] / p[:50].sum(), rtol=1e-4)


def test_the_cut_makes_planet_17_times_as_likely():
    ratios = [1 / falling(SPACESHIP, temperature)[:50].sum() for temperature in (0.5, 1, 2)]
    assert ratios == pytest.approx([1.01, 2.03, 17.4], rel=0.005)
    says("At $T = 1$ it doubles the share")
    says("more than 17 times as likely as the model does")


def test_how_open_the_prompts_leave_both_models():
    gpt2 = [open_among(table, 1) for table in (TRANSFORMING, SPACESHIP, DESERTED)]
    assert [round(count) for count in gpt2] == [105, 548, 893]
    assert open_among(DESERTED, 0.71) == pytest.approx(105, abs=1.5)
    curves = [CHAT.after[table.prompt] for table in (TRANSFORMING, SPACESHIP, DESERTED)]
    chat = [curve[CHAT.temperatures == 1].item() for curve in curves]
    assert [round(count) for count in chat] == [13, 76, 269]
    times = [ours / theirs for ours, theirs in zip(gpt2, chat, strict=True)]
    assert (round(min(times)), round(max(times))) == (3, 8)
    # Between two recorded stops the logarithm is taken as straight.
    heats = [
        np.interp(np.log(count), np.log(curve), CHAT.temperatures)
        for count, curve in zip(gpt2, curves, strict=True)
    ]
    assert [round(heat, 2) for heat in heats] == [1.21, 1.28, 1.24]
    says("at $T = 1$, 548 tokens with equal shares would be just as hard to guess")
    says("the perplexity is 105 after the first prompt, 548 after the second, and 893 after the")
    says("3 to 8 times less open: 13, 76 and 269 where GPT-2 has 105, 548 and 893")
    says("a temperature of about 1.21, 1.28 and 1.24: about a quarter more")
    assert len(st.load_example("smollm2-wonderful").tokens) == 49_152
    says("a vocabulary of its own, of 49,152 tokens")


def test_neighbours_in_a_text_differ_a_hundredfold():
    choices = np.array(CHAT.along["wonderful"].choices[1:])
    assert 100 < (choices[1:] / choices[:-1]).max() < 110
    says("neighbours differ by up to a hundredfold")
    along = CHAT.along["wonderful"]
    of = [(piece, round(count, 1)) for piece, count in zip(along.pieces, along.choices)]
    assert of[3] == (" wonderful", 1_405.0)
    assert choices.max() == along.choices[3]
    says('most of all "wonderful", with 1,405')
    assert {(" beach", 256.6), ("M", 429.3)} < {*of}
    says('"beach" (257) and "M" (429)')
    assert [count for piece, count in of if piece == " the"] == [2.4, 7.6, 149.8]
    says('the first "the" (2.4; the last one has 150,')


def test_the_quoted_texts_are_those_of_the_recording():
    text, along = st.load_text_example("wonderful"), CHAT.along
    warm, cold = ("".join(along[name].pieces) for name in ("wonderful", "capital"))
    says(f'"What is the capital of France?", which is "{cold}"')
    (quoted,) = re.findall(r'Two texts can tell: "([^"]*)", and so on', PROSE)
    assert warm.startswith(quoted)
    places = text.reply(1.0).places
    assert warm == text.prompt + "".join(place.text for place in places)
    (ten,) = re.findall(r'at \$T = 1\$ it is "([^"]*)"', PROSE)
    assert ten == "".join(place.text for place in places[:10]).strip()
    assert len(text.temperatures) == 41
    says("with the same dice at 41 temperatures")
    surprises = [-place.logprobs[place.drawn] / math.log(2) for place in places]
    assert math.fsum(surprises) / len(surprises) == pytest.approx(3.5, abs=0.05)
    says("the 3.5 bits above the text are the average of those that came")


def test_the_recipe_for_your_own_words_runs(monkeypatch):
    """The story model takes the chat model's place, which need not be installed."""
    model = st.load_story_model()
    monkeypatch.setattr(st, "load_chat_model", lambda: model)
    monkeypatch.setattr(type(model), "chat", lambda _, message: message, raising=False)
    blocks = [
        block
        for cell in NOTEBOOK.cells
        if cell.cell_type == "markdown"
        for block in re.findall(r"```python\n(.*?)```", cell.source, re.S)
    ]
    assert len(blocks) == 2
    names = {"st": st}
    for block in blocks:
        *lines, last = block.strip().splitlines()
        exec("\n".join(lines), names)
        shown = eval(last, names)
        assert isinstance(shown, st.TemperatureExplorer) or shown.patches
