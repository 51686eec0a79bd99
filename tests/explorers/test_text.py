"""The explorer of texts, without a browser."""

import html
import json
import math
import re

import ipywidgets
import numpy as np
import pytest
import traitlets

from softmax_temperature import SamplerChain, TextExplorer, load_story_model, softmax
from softmax_temperature.words import first_of_words

MODEL = load_story_model()
STOPS = (0, 0.5, 1, 1.5, 2)


def explorer_of(prompt="", **options):
    options = {"temperatures": STOPS, "length": 30, "seeds": (0, 3)} | options
    return TextExplorer(MODEL, prompt, **options)


@pytest.fixture(scope="module")
def explorer():
    """Write a few texts, for tests that only move what is shown."""
    return explorer_of()


def tokens_of(explorer):
    return explorer._written().new


def test_the_texts_are_those_that_the_model_writes(explorer):
    for seed in (0, 3, 10**30):
        for temperature in (*STOPS, 0.37, 2.5, math.inf):
            explorer.seed, explorer.temperature = seed, temperature
            assert [explorer.text] == MODEL.write("", [temperature], 30, seed)
            assert MODEL.decode([1, *tokens_of(explorer)]) == explorer.text


def test_the_texts_of_a_prompt_begin_with_it():
    explorer = explorer_of("The dragon", seeds=[7])
    explorer.temperature = 0.5
    assert [explorer.text] == MODEL.write("The dragon", [0.5], 30, 7)
    assert explorer.text.startswith("The dragon")


def test_surprise_is_the_models_own_at_1(explorer):
    explorer.seed = 3
    for temperature in STOPS:
        explorer.temperature = temperature
        tokens, bits = tokens_of(explorer), explorer._written().bits
        logits = MODEL.logits_along([1, *tokens])[:-1]
        for token, seen, row in zip(tokens, bits, logits, strict=True):
            weights = [math.exp(x - row.max()) for x in row]
            probability = weights[token] / math.fsum(weights)
            assert seen == pytest.approx(-math.log2(probability), abs=1e-9)


def test_the_fork_is_where_the_text_leaves_that_of_temperature_1(explorer):
    for seed in (0, 3):
        explorer.seed, explorer.temperature = seed, 1
        at_1 = tokens_of(explorer)
        for temperature in (*STOPS, math.inf):
            explorer.temperature = temperature
            same = [a == b for a, b in zip(tokens_of(explorer), at_1, strict=False)]
            common = same.index(False) if False in same else len(same)
            assert explorer._written().fork == common


def test_the_comparison_with_1_needs_no_stop_there():
    explorer = explorer_of(temperatures=[0.2, 0.4], value=0.2)
    (cold,), (warm,) = (MODEL.write("", [T], 30, 0) for T in (0.2, 1))
    fork = explorer._written().fork
    a, b = MODEL.encode(cold), MODEL.encode(warm)
    assert explorer.text == cold
    assert a[1 : fork + 1] == b[1 : fork + 1]
    assert f"for {fork} of 30 tokens" in explorer._caption()


def test_the_sentence_says_how_far_it_goes_with_1_and_how_surprising_it_is(explorer):
    explorer.seed = 0
    for temperature in STOPS:
        explorer.temperature = temperature
        (mean,) = re.findall(r"surprise of ([\d.]+) bits on average", explorer._caption())
        assert float(mean) == pytest.approx(np.mean(explorer._written().bits), abs=0.051)
        if temperature == 1:
            assert "that those at other temperatures are compared with" in explorer._caption()
        else:
            fork = explorer._written().fork
            assert f"the text of T = 1 for {fork} of 30 tokens" in explorer._caption()


def test_the_sentences_of_texts_that_are_the_same_or_part_at_once():
    explorer = explorer_of(temperatures=[0.99, 1.0], value=0.99, length=2)
    assert explorer._caption().startswith("This is the text of T = 1.\n")
    apart = explorer_of(temperatures=[1, 3, 5], value=5, seeds=[2], length=4)
    told = "It differs from the text of T = 1 from its first token on.\n"
    assert apart._caption().startswith(told)


def test_the_same_texts_whatever_else_is_written(explorer):
    alone = explorer_of(seeds=[3])
    explorer.seed = 3
    for temperature in STOPS:
        explorer.temperature = alone.temperature = temperature
        assert explorer.text == alone.text


def test_a_chain_cuts_before_a_token_is_drawn():
    chain = SamplerChain([("temperature", 1), ("top_k", 1)])
    explorer = explorer_of(value=1.5, chain=chain)
    assert explorer.chain == SamplerChain([("temperature", 1.5), ("top_k", 1)])
    assert [explorer.text] == MODEL.write("", [0], 30, 0)
    explorer.chain = None
    assert explorer.chain is None
    assert [explorer.text] == MODEL.write("", [1.5], 30, 0)
    explorer.chain = SamplerChain([("min_p", 0.1), ("temperature", 1)])
    tokens = tokens_of(explorer)
    shares = np.exp(MODEL.logits_along([1, *tokens])[:-1])
    assert all(row[token] >= 0.1 * row.max() for row, token in zip(shares, tokens, strict=True))
    assert [*explorer.chain] == [("min_p", 0.1), ("temperature", 1.5)]


def test_a_chosen_token_gives_what_it_was_drawn_from():
    explorer = explorer_of("The cat", value=1.5)
    before = explorer.children
    for position in (4, 2, 0, 29):
        table = explorer.choose(position)
        ids = [*MODEL.encode("The cat"), *tokens_of(explorer)[:position]]
        assert explorer._body.state["chosen"] == position
        assert table.prompt == MODEL.decode(ids)
        np.testing.assert_array_equal(table.logits, MODEL.logits(ids))
    assert explorer.children == before


def test_a_readers_own_widgets_stay_where_they_are():
    explorer = explorer_of()
    box = ipywidgets.Text()
    explorer.children = [box, *explorer.children]
    explorer.choose(2)
    explorer.prompt = "Once"
    assert explorer.children[0] is box
    assert len(explorer.children) == 4


def test_other_dice_and_other_prompts_drop_what_was_chosen():
    explorer = explorer_of(value=1.5)
    explorer.choose(3)
    explorer.seed = 3
    assert (explorer.seed, explorer._body.state["chosen"]) == (3, -1)
    explorer.choose(3)
    explorer.prompt = "Once"
    assert (explorer.seed, explorer._body.state["chosen"]) == (3, -1)
    assert explorer.text.startswith("Once")
    explorer.choose(3)
    explorer.temperature = 0
    assert explorer.text == MODEL.write("Once", [0], 30, 3)[0]


def test_a_token_beyond_a_shorter_text_cannot_be_chosen():
    prompt = "Once upon a time, there was a cat. The end."
    explorer = explorer_of(prompt, value=0, length=200, seeds=[0])
    count = len(tokens_of(explorer))
    assert count < 200
    explorer.choose(count - 1)
    with pytest.raises(ValueError, match=f"position must be below {count}"):
        explorer.choose(count)
    assert explorer._body.state["chosen"] == count - 1


def test_what_is_set_is_told_once_and_nothing_large_is_sent_again():
    explorer = explorer_of(length=3)
    seen = []
    explorer._body.observe(lambda change: seen.append(change["name"]), ["state", "data", "shared"])
    explorer.prompt = "Once"
    assert seen == ["state"]
    with pytest.raises(ValueError, match="prompt"):
        explorer.prompt = "word " * 600
    assert seen == ["state"]
    explorer.seed, explorer.length, explorer.temperature = 7, 5, 0.5
    assert seen == ["state"] * 4


def test_what_the_browser_tells_is_what_python_has():
    explorer = explorer_of(length=20)
    told = {"T": 0.25, "seed": f"{10**29}", "prompt": "The 🦊", "length": 9, "chosen": 3}
    told["steps"] = [["temperature", None], ["min_p", 0.05], ["top_k", None]]
    explorer._body.set_state({"state": explorer._body.state | told | {"told": 1}})
    assert (explorer.temperature, explorer.seed, explorer.prompt) == (0.25, 10**29, "The 🦊")
    chain = SamplerChain([("temperature", 0.25), ("min_p", 0.05)])
    assert (explorer.length, explorer.chain) == (9, chain)
    assert len(tokens_of(explorer)) == 9
    # What a reader has set stays, whatever else is set from here.
    explorer.temperature = 2
    assert (explorer.prompt, explorer.seed, explorer.length) == ("The 🦊", 10**29, 9)


def test_the_explorers_of_a_notebook_have_one_copy_of_the_model():
    one, other = explorer_of(), explorer_of("The cat")
    assert one._body.shared is other._body.shared
    assert "weights" not in one._body.data
    one.close()
    assert other._body.shared.comm is not None
    # As it is after Widget.close_all().
    other._body.shared.close()
    third = explorer_of()
    assert third._body.shared.comm is not None
    assert third._body.shared.data["weights"]["bytes"]


def test_a_closed_explorer_still_writes():
    explorer = explorer_of("The dragon", length=8)
    explorer.close()
    explorer.temperature, explorer.seed, explorer.prompt = 0, 5, "The cat"
    assert [explorer.text] == MODEL.write("The cat", [0], 8, 5)
    assert '"prompt":"The cat"' in explorer.to_html()


def test_the_end_of_a_story_is_marked():
    prompt = "Once upon a time, there was a cat. The end."
    explorer = explorer_of(prompt, temperatures=[0, 1], value=0, length=200, seeds=[0])
    assert tokens_of(explorer)[-1] == MODEL.end
    assert MODEL.end not in tokens_of(explorer)[:-1]
    assert "■ end of the story" in explorer._repr_mimebundle_()["text/html"]
    assert not explorer.text.endswith("story")


def test_the_still_text_marks_fork_and_surprising_words():
    explorer = explorer_of(value=1.5, length=200)
    still = explorer._repr_mimebundle_()["text/html"]
    written = explorer._written()
    plain = html.unescape(re.sub("<.*?>", "", still))
    before = MODEL.decode([1, *written.new[: written.fork]])
    assert f"{before}[≠ T = 1]" in plain
    bits = {}
    for place, own in zip(first_of_words(MODEL.pieces(written.new)), written.bits, strict=True):
        bits[place] = bits.get(place, 0) + own
    surprising = [place for place in bits if bits[place] >= 4]
    assert still.count("<u>") == len(surprising) > 0
    # A word whose pieces are harmless each, and together are not.
    assert any(written.bits[place] < 4 for place in surprising)
    assert "Temperature 1.50, dice 0" in plain


def test_a_short_text_stands_for_it(explorer):
    explorer.temperature = 0.5
    assert repr(explorer_of("It's")) == 'TextExplorer("It\'s", 30 tokens, temperature=1.00)'
    assert explorer._repr_mimebundle_()["text/plain"] == repr(explorer)


def test_markup_and_formulas_in_a_prompt_are_text():
    explorer = explorer_of("<b>$x$</b>", length=3)
    still = explorer._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;<span>$</span>x<span>$</span>&lt;/b&gt;" in still
    shown = re.sub("<script.*?</script>", "", explorer.to_html(), flags=re.DOTALL)
    assert "<b>" not in shown
    assert "&lt;b&gt;$x$" in shown


@pytest.mark.parametrize("prompt", ["Ein schöner Tag", "日本", "🦊 said", "a\tb\n\nc"])
def test_prompts_beyond_the_vocabulary_survive(prompt):
    explorer = explorer_of(prompt, length=5)
    assert explorer.text.startswith(prompt)
    assert explorer._body.state["prompt"] == prompt


def test_the_page_keeps_what_is_set_and_is_small():
    explorer = TextExplorer(MODEL)
    explorer.seed, explorer.temperature, explorer.prompt = 2, 0.7, "The dragon"
    explorer.chain = SamplerChain([("temperature", 1), ("top_p", 0.9)])
    page = explorer.to_html()
    (data,) = re.findall(r'<script type="application/json">(.*?)</script></div>', page)
    assert json.loads(data)["state"] == {
        **{"T": 0.7, "seed": "2", "prompt": "The dragon", "length": 80, "chosen": -1},
        "steps": [["temperature", None], ["top_p", 0.9]],
        "taken": [],
        "beside": None,
    }
    # With the model's licence in it.
    assert page.count("stories260K by Andrej Karpathy (karpathy/tinyllamas)") == 1
    assert len(page.encode()) <= 1_700_000


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: TextExplorer("model"), TypeError, r"load_story_model\(\) gives one"),
        (lambda: explorer_of(3), TypeError, "prompt must be a string, got 3"),
        (lambda: explorer_of("word " * 600), ValueError, "prompt must have at most 482 tokens"),
        (lambda: explorer_of(length=0), ValueError, "length must be"),
        (lambda: explorer_of(length=512), ValueError, "prompt must have at most 0 tokens"),
        (lambda: explorer_of(seeds=[]), ValueError, "seeds must be one or more"),
        (lambda: explorer_of(seeds=[1, 1]), ValueError, "seeds must be one or more, and different"),
        (lambda: explorer_of(seeds=[-1]), ValueError, "seed"),
        (lambda: explorer_of(seeds="01"), TypeError, "seeds must be whole numbers"),
        (lambda: explorer_of(temperatures=[1]), ValueError, "temperatures must be two or more"),
        (lambda: explorer_of(value=-1), ValueError, "value must not be negative"),
        (lambda: explorer_of("a\x00b"), ValueError, r"control characters, got '\\x00' at 1"),
        (lambda: explorer_of("a\ud83d"), ValueError, "one half of a surrogate pair"),
        (lambda: explorer_of(chain="min_p"), TypeError, "chain must be a SamplerChain"),
        (
            lambda: explorer_of(chain=SamplerChain([("min_p", 0.1)])),
            ValueError,
            "chain must have one temperature",
        ),
    ],
)
def test_bad_input_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_prompt_and_text_may_fill_the_context():
    assert len(MODEL.encode("a")) == 2
    explorer = explorer_of("a", length=510)
    assert explorer.text.startswith("a")


def test_a_refused_setting_changes_nothing(explorer):
    before = explorer._body.data, explorer._body.state, explorer.text
    wrong = [("prompt", "word " * 600), ("prompt", 3), ("prompt", "\x7f"), ("prompt", "\udc00")]
    wrong += [("seed", -1), ("seed", 1.5), ("chain", 1), ("length", 0), ("length", 512)]
    wrong += [("chain", SamplerChain([("top_k", 3)])), ("temperature", -1)]
    for name, value in wrong:
        with pytest.raises((TypeError, ValueError, traitlets.TraitError)):
            setattr(explorer, name, value)
    with pytest.raises(ValueError, match="position must be below 30"):
        explorer.choose(30)
    assert (explorer._body.data, explorer._body.state, explorer.text) == before


def test_a_text_goes_on_with_what_is_taken_and_with_the_same_dice():
    explorer = explorer_of("The dragon", length=20)
    drawn = tokens_of(explorer)
    # What the dice have drawn anyway changes nothing.
    explorer.take(5, drawn[5])
    assert tokens_of(explorer) == drawn
    assert explorer.taken == [(5, MODEL.tokens[drawn[5]])]
    explorer.take(2, " little")
    assert explorer.taken == [(2, " little")]
    little = MODEL.tokens.index(" little")
    begun = [*drawn[:2], little]
    for temperature in (0, 1, 2):
        explorer.temperature = temperature
        assert tokens_of(explorer)[:3] == begun
        assert [explorer.text] == MODEL.write("The dragon", [temperature], 20, taken=begun)
    # One taken after another, at another temperature.
    before = tokens_of(explorer)[:9]
    explorer.take(9, ".")
    assert explorer.taken == [(2, " little"), (9, ".")]
    assert tokens_of(explorer)[:10] == [*before, MODEL.tokens.index(".")]
    explorer.rewind(9)
    assert explorer.taken == [(2, " little")]
    explorer.take(0, 1)
    assert explorer.taken == [(0, "<s>")]
    assert tokens_of(explorer) == [1]
    explorer.rewind()
    explorer.temperature = 1
    assert tokens_of(explorer) == drawn
    explorer.take(3, " a")
    explorer.prompt = "Lily"
    assert explorer.taken == []


def test_a_text_that_is_held_beside_is_what_the_sentence_compares_with():
    explorer = explorer_of("The dragon", length=20)
    own = tokens_of(explorer)
    explorer.beside = (1.0, None)
    assert explorer.beside == (1.0, None)
    assert explorer._caption().startswith("A and B are the same text.")
    chain = SamplerChain([("temperature", 1), ("top_k", 1)])
    explorer.beside = (2, chain)
    assert explorer.beside == (2.0, SamplerChain([("temperature", 2.0), ("top_k", 1)]))
    # The likeliest tokens alone are those of T = 0.
    (greedy,) = MODEL.write("The dragon", [0], 20)
    ids = MODEL.encode(greedy)[len(MODEL.encode("The dragon")) :]
    assert explorer._text_beside() == ids
    fork = next(i for i in range(20) if own[i] != ids[i])
    count = sum(one != other for one, other in zip(own, ids, strict=True))
    assert explorer._caption().startswith(
        f"A and B part at token {fork + 1}, and differ in {count} of 20 places."
    )
    explorer.beside = None
    assert explorer.beside is None
    for wrong, error in [(1.0, TypeError), ((1, "min_p"), TypeError), ((-1, None), ValueError)]:
        with pytest.raises(error, match=r"beside|chain"):
            explorer.beside = wrong


def test_the_surprise_of_a_taken_token_is_the_models_own():
    explorer = explorer_of("The dragon", length=6)
    table = explorer.choose(2)
    explorer.take(2, " little")
    shares = softmax(table.logits)
    own = shares[MODEL.tokens.index(" little")]
    assert explorer._written().bits[2] == pytest.approx(-np.log2(own), abs=1e-9)
    explorer.length = 2
    assert len(tokens_of(explorer)) == 2


@pytest.mark.parametrize(
    ("position", "token", "words"),
    [
        (0, "little", "token must be one of the model's, got 'little': a word begins with a space"),
        (0, 600, "token must be one that can stand there, got 600"),
        (0, 0, "token must be one that can stand there, got 0"),
        (30, 5, "position must be below 20"),
    ],
)
def test_a_token_that_cannot_stand_there_is_not_taken(position, token, words):
    explorer = explorer_of("The dragon", length=20)
    text = explorer.text
    with pytest.raises(ValueError, match=words):
        explorer.take(position, token)
    assert explorer.text == text


def test_a_text_that_was_interrupted_is_written_anew(explorer, monkeypatch):
    explorer.prompt = "Once"
    with monkeypatch.context() as patch:
        patch.setattr("softmax_temperature.explorers.text.texts_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            explorer.text  # noqa: B018
    assert [explorer.text] == MODEL.write("Once", [explorer.temperature], 30, explorer.seed)
    explorer.prompt = ""
