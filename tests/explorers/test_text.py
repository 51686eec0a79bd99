"""The explorer of texts, without a browser."""

import html
import json
import math
import re

import ipywidgets
import numpy as np
import pytest

from softmax_temperature import SamplerChain, TextExplorer, load_story_model
from softmax_temperature.words import token_labels

MODEL = load_story_model()
STOPS = (0, 0.5, 1, 1.5, 2)


def explorer_of(prompt="", **options):
    options = {"temperatures": STOPS, "length": 30, "seeds": (0, 3)} | options
    return TextExplorer(MODEL, prompt, **options)


@pytest.fixture(scope="module")
def explorer():
    """Write a few texts, for tests that only move what is shown."""
    return explorer_of()


def choose_in_browser(explorer, position):
    explorer._body.set_state({"state": explorer._body.state | {"chosen": position}})


def data_of(explorer):
    return explorer._body.data


def decoded(explorer):
    """Read the tree as the browser does."""
    data = data_of(explorer)
    types = {"tokens": "u2", "parents": "u2", "ends": "u2", "forks": "u2", "said": "u2"}
    types |= {"bits": "u2", "own": "u1", "likeliest": "u2", "chances": "u1"}
    return {name: np.frombuffer(data[name], f"<{kind}") for name, kind in types.items()}


def tokens_of(explorer, seed, stop):
    tree = decoded(explorer)
    end = tree["ends"][seed * len(STOPS) + stop]
    path = []
    while end:
        path.insert(0, end)
        end = tree["parents"][end]
    return path, [int(tree["tokens"][place]) for place in path]


def test_the_tree_holds_the_texts_that_the_model_writes_one_by_one(explorer):
    for i, seed in enumerate((0, 3)):
        for stop, temperature in enumerate(STOPS):
            (text,) = MODEL.write("", [temperature], 30, seed)
            _, tokens = tokens_of(explorer, i, stop)
            assert MODEL.decode([1, *tokens]) == text
            explorer.seed, explorer.temperature = seed, temperature
            assert explorer.text == text


def test_the_texts_of_a_prompt_begin_with_it():
    explorer = explorer_of("The dragon", seeds=[7])
    explorer.temperature = 0.5
    assert [explorer.text] == MODEL.write("The dragon", [0.5], 30, 7)
    assert explorer.text.startswith("The dragon")


def test_surprise_and_the_likeliest_are_the_models_own_at_1(explorer):
    tree, data = decoded(explorer), data_of(explorer)
    for stop in range(len(STOPS)):
        path, tokens = tokens_of(explorer, 1, stop)
        logits = MODEL.logits_along([1, *tokens])[:-1]
        for place, token, row in zip(path, tokens, logits, strict=True):
            weights = [math.exp(x - row.max()) for x in row]
            probability = weights[token] / math.fsum(weights)
            assert tree["bits"][place] == pytest.approx(-10 * math.log2(probability), abs=0.51)
            label = data["labels"][tree["own"][place]]
            if label not in ("<0.01", ">0.99"):
                assert float(label) == pytest.approx(probability, abs=0.00501)
            parent = tree["parents"][place]
            five = tree["likeliest"].reshape(-1, 5)[parent].tolist()
            assert five == sorted(range(512), key=lambda i: -weights[i])[:5]
            chances = tree["chances"].reshape(-1, 5)[parent]
            expected = [100 * weights[i] / math.fsum(weights) for i in five]
            np.testing.assert_allclose(chances, expected, atol=0.51)


def test_the_fork_is_where_the_text_leaves_that_of_temperature_1(explorer):
    forks = decoded(explorer)["forks"].reshape(2, len(STOPS))
    for seed in (0, 1):
        _, at_1 = tokens_of(explorer, seed, 2)
        for stop in range(len(STOPS)):
            _, tokens = tokens_of(explorer, seed, stop)
            same = [a == b for a, b in zip(tokens, at_1, strict=False)]
            common = same.index(False) if False in same else len(same)
            assert forks[seed, stop] == common


def test_the_comparison_with_1_needs_no_stop_there():
    explorer = explorer_of(temperatures=[0.2, 0.4], value=0.2)
    (cold,), (warm,) = (MODEL.write("", [T], 30, 0) for T in (0.2, 1))
    fork = int(np.frombuffer(data_of(explorer)["forks"], "<u2")[0])
    a, b = MODEL.encode(cold), MODEL.encode(warm)
    assert explorer.text == cold
    assert a[1 : fork + 1] == b[1 : fork + 1]
    assert f"for {fork} of 30 tokens" in explorer._caption()


def test_the_sentence_says_how_far_it_goes_with_1_and_how_surprising_it_is(explorer):
    explorer.seed = 0
    tree = decoded(explorer)
    for stop, temperature in enumerate(STOPS):
        explorer.temperature = temperature
        path, _ = tokens_of(explorer, 0, stop)
        (mean,) = re.findall(r"surprise of ([\d.]+) bits on average", explorer._caption())
        assert float(mean) == pytest.approx(np.mean(tree["bits"][path]) / 10, abs=0.11)
        fork = tree["forks"][stop]
        if temperature == 1:
            assert "that those at other temperatures are compared with" in explorer._caption()
        else:
            assert f"the text of T = 1 for {fork} of 30 tokens" in explorer._caption()


def test_the_sentences_of_texts_that_are_the_same_or_part_at_once():
    explorer = explorer_of(temperatures=[0.99, 1.0], value=0.99, length=2)
    assert explorer._caption().startswith("This is the text of T = 1.\n")
    apart = explorer_of(temperatures=[1, 3, 5], value=5, seeds=[2], length=4)
    assert apart._caption().startswith("Its first token is another one than at T = 1 already.\n")


def test_the_same_texts_whatever_else_is_written(explorer):
    alone = explorer_of(seeds=[3])
    explorer.seed = 3
    for temperature in STOPS:
        explorer.temperature = alone.temperature = temperature
        assert explorer.text == alone.text


def test_a_chain_cuts_before_a_token_is_drawn():
    explorer = explorer_of(value=1.5, chain=SamplerChain([("temperature", 1), ("top_k", 1)]))
    assert [explorer.text] == MODEL.write("", [0], 30, 0)
    explorer.chain = None
    assert [explorer.text] == MODEL.write("", [1.5], 30, 0)
    explorer.chain = SamplerChain([("min_p", 0.1), ("temperature", 1)])
    _, tokens = tokens_of(explorer, 0, 3)
    shares = np.exp(MODEL.logits_along([1, *tokens])[:-1])
    assert all(row[token] >= 0.1 * row.max() for row, token in zip(shares, tokens, strict=True))


def test_a_chosen_token_shows_what_it_was_drawn_from():
    explorer = explorer_of(value=1.5)
    table = explorer.choose(4)
    _, tokens = tokens_of(explorer, 0, 3)
    assert table.prompt == MODEL.decode([1, *tokens[:4]])
    np.testing.assert_array_equal(table.logits, MODEL.logits([1, *tokens[:4]]))
    below = explorer.children[-1]
    assert below.table == table
    assert below.temperature == 1.5
    choose_in_browser(explorer, 2)
    assert explorer.children[-1] is below
    assert below.table == MODEL.table(MODEL.decode([1, *tokens[:2]]))
    choose_in_browser(explorer, 0)
    assert below.table == MODEL.table(MODEL.decode([1]))
    choose_in_browser(explorer, -1)
    assert explorer.children[-1] is below
    assert below.layout.display == "none"
    choose_in_browser(explorer, 2)
    assert below.layout.display is None
    explorer.close()
    assert below.comm is None


def test_a_chosen_token_leaves_a_readers_own_widgets_where_they_are():
    explorer = explorer_of()
    box = ipywidgets.Text()
    explorer.children = [box, *explorer.children]
    explorer.choose(2)
    assert explorer.children[0] is box
    assert len(explorer.children) == 5


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


def test_a_token_beyond_a_shorter_text_is_not_chosen():
    explorer = explorer_of()
    choose_in_browser(explorer, 99)
    assert len(explorer.children) == 3


def test_a_chosen_token_that_leaves_the_text_is_no_longer_chosen(explorer):
    explorer.seed, explorer.temperature = 0, 1
    fork = int(decoded(explorer)["forks"][4])
    explorer.choose(fork - 1)
    explorer.temperature = 2
    assert explorer._body.state["chosen"] == fork - 1
    explorer.choose(fork)
    explorer.temperature = 1
    assert explorer._body.state["chosen"] == -1
    assert explorer.children[-1].layout.display == "none"


def test_new_texts_are_said_to_be_written():
    explorer = explorer_of(length=3)
    seen = []
    explorer._body.observe(lambda change: seen.append(change["new"]["busy"]), "state")
    explorer._body.observe(lambda change: seen.append("data"), "data")
    explorer.prompt = "Once"
    assert seen == [True, "data", False]
    with pytest.raises(ValueError, match="prompt"):
        explorer.prompt = "word " * 600
    assert seen[3:] == [True, False]


def test_the_end_of_a_story_is_marked():
    prompt = "Once upon a time, there was a cat. The end."
    explorer = explorer_of(prompt, temperatures=[0, 1], value=0, length=200, seeds=[0])
    ends = explorer._path()
    assert explorer._written.tokens[ends[-1]] == MODEL.end
    assert data_of(explorer)["pieces"][MODEL.end] == "<s>"
    assert data_of(explorer)["end"] == MODEL.end
    assert "■ end of the story" in explorer._repr_mimebundle_()["text/html"]
    assert not explorer.text.endswith("story")


def test_the_still_text_marks_fork_and_surprise(explorer):
    explorer.seed, explorer.temperature = 0, 2
    still = explorer._repr_mimebundle_()["text/html"]
    fork = decoded(explorer)["forks"][4]
    plain = html.unescape(re.sub("<.*?>", "", still))
    before = MODEL.decode([1, *tokens_of(explorer, 0, 4)[1][:fork]])
    assert f"{before}[≠ T = 1]" in plain
    path, _ = tokens_of(explorer, 0, 4)
    surprising = sum(decoded(explorer)["bits"][path] >= 40)
    assert still.count("<u>") == surprising > 0
    assert "Temperature 2.00, seed 0" in plain


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
    assert data_of(explorer)["prompt"] == prompt


def test_bytes_that_are_no_text_are_escapes_and_others_are_characters():
    names = MODEL.tokens
    data = data_of(explorer_of(length=1))
    assert data["pieces"][names.index("<0xE4>")] == "\\xe4"
    assert data["pieces"][names.index("\n")] == "\n"
    assert data["pieces"][3 + ord("a")] == "a"
    assert data["names"] == token_labels(names)


def test_the_page_keeps_dice_and_temperature_and_is_small():
    explorer = TextExplorer(MODEL)
    explorer.seed, explorer.temperature = 2, 0.7
    page = explorer.to_html()
    (data,) = re.findall(r'<script type="application/json">(.*?)</script></div>', page)
    state = {"T": 0.7, "dice": 2, "chosen": -1, "busy": False}
    assert json.loads(data)["state"] == state
    assert len(page) <= 500_000


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
        (lambda: explorer_of(value=3), ValueError, "value must lie between 0 and 2"),
        (lambda: explorer_of(chain="min_p"), TypeError, "chain must be a SamplerChain"),
        (
            lambda: explorer_of(chain=SamplerChain([("min_p", 0.1)])),
            ValueError,
            "chain must have a temperature",
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
    before = data_of(explorer), explorer._body.state, explorer.text
    wrong = [("prompt", "word " * 600), ("prompt", 3), ("seed", 1), ("chain", 1), ("length", 9)]
    for name, value in wrong[:4]:
        with pytest.raises((TypeError, ValueError)):
            setattr(explorer, name, value)
    with pytest.raises(ValueError, match="position must be below 30"):
        explorer.choose(30)
    assert (data_of(explorer), explorer._body.state, explorer.text) == before


def test_an_interrupted_prompt_changes_nothing(explorer, monkeypatch):
    before = data_of(explorer), explorer.prompt
    monkeypatch.setattr("softmax_temperature.explorers.tree.softmax", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.prompt = "Once"
    assert (data_of(explorer), explorer.prompt) == before
