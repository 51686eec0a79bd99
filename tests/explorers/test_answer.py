"""The explorer of whole answers, without a browser."""

import html
import math
import re
from pathlib import Path

import numpy as np
import pytest

from softmax_temperature import AnswerExplorer, TokenTable, load_story_model
from tests.helpers import softmax
from tests.reading.test_replies import chat

MODEL = load_story_model()
CASES = Path(__file__).parents[1] / "reading" / "cases"
TOP = [(" Canberra", 0.8), (" Sydney", 0.1), (" <b>", 0.05)]
CAPITAL = [
    ("It", 0.5, [("It", 0.5), ("The", 0.5)], None),
    (" is", 1, [(" is", 1)], None),
    (" Sydney", 0.1, TOP, None),
    (".", 0.004, [("!", 0.5), (",", 0.25)], None),
]


@pytest.fixture
def explorer():
    return AnswerExplorer(chat(*CAPITAL), prompt="Where? ")


def test_an_answer_has_its_text_surprise_and_perplexity(explorer):
    assert explorer.text == "It is Sydney."
    bits = [1, 0, -math.log2(0.1), -math.log2(0.004)]
    assert explorer.bits == pytest.approx(bits)
    assert explorer.perplexity == pytest.approx((0.5 * 0.1 * 0.004) ** (-1 / 4))
    assert repr(explorer) == "AnswerExplorer('It is Sydney.', 4 tokens, temperature=1.00)"


def test_a_chosen_token_gives_the_candidates_of_its_place(explorer):
    table = explorer.choose(2)
    assert table == TokenTable(
        [token for token, _ in TOP],
        np.log([p for _, p in TOP]),
        "Where? It is",
        unseen_mass=table.unseen_mass,
    )
    assert table.unseen_mass == pytest.approx(0.05)
    assert explorer._state["chosen"] == 2
    for position, error in ((4, ValueError), (-1, ValueError), (1.0, TypeError)):
        with pytest.raises(error, match="position must be"):
            explorer.choose(position)


@pytest.mark.parametrize("temperature", [0, 0.3, 1, 2, math.inf])
def test_the_sentence_says_how_many_tokens_would_come_again(explorer, temperature):
    explorer.temperature = temperature
    lists = [[q for _, q in rivals] for _, _, rivals, _ in CAPITAL]
    # The last one is not among those that are listed.
    lists[-1] = [*lists[-1], 0.004]
    places = [0, 0, 1, 2]
    if temperature == math.inf:
        again = sum(1 / len(chances) for chances in lists)
    else:
        again = sum(softmax(np.log(q), temperature)[i] for q, i in zip(lists, places))
    said = explorer._caption()
    assert "a surprise of 3.1 bits on average" in said
    assert "fair choice among 8.4 tokens" in said
    assert "2 of 4 tokens were not the likeliest" in said
    assert f"listed tokens alone, about {again:.0f} of these 4" in said


def test_a_token_without_a_logprob_is_left_out_and_said_to_be():
    answer = chat(*CAPITAL)
    answer["choices"][0]["logprobs"]["content"][3]["logprob"] = -9999.0
    explorer = AnswerExplorer(answer)
    assert explorer.perplexity == pytest.approx((0.5 * 0.1) ** (-1 / 3))
    assert "1 of 3 tokens was not the likeliest of its place. 1 token has no" in explorer._caption()
    assert explorer.choose(3).tokens == ("!", ",")


def test_files_of_servers_are_shown_and_any_choice_of_them():
    for name in ("A-sse.txt", "A-ollama-ndjson.jsonl", "A-gemini.json", "A-responses.json"):
        assert AnswerExplorer((CASES / name).read_bytes()).text == "day out"
    two = chat(*CAPITAL)
    two["choices"].append(chat(*CAPITAL[:2])["choices"][0] | {"index": 1})
    assert AnswerExplorer(two, choice=1).text == "It is"


def test_a_scored_text_has_the_models_own_surprise_and_ranks():
    text = "Lily ate the moon. 🌙"
    ids = MODEL.encode(text)
    rows = MODEL.logits_along(ids)[:-1]
    reply = MODEL.score(text, top=5)
    explorer = AnswerExplorer(reply)
    assert explorer.text == text
    assert len(reply.places) == len(ids) - 1
    for place, own, row in zip(reply.places, ids[1:], rows, strict=True):
        chances = np.array(softmax(row.tolist(), 1))
        assert place.bits == pytest.approx(-math.log2(chances[own]), abs=1e-9)
        assert place.rank == 1 + (row > row[own]).sum()
        assert place.total == 510
        assert place.tokens[place.drawn] == MODEL.tokens[own]
        assert len(place.tokens) == (5 if place.rank <= 5 else 6)
        listed = [MODEL.tokens.index(token) for token in place.tokens]
        assert np.exp(place.logprobs) == pytest.approx(chances[listed])
        assert place.unseen == pytest.approx(1 - chances[listed].sum(), abs=1e-12)
    whole = MODEL.score(text, top=10_000).places[0]
    assert len(whole.tokens) == 510
    assert whole.unseen == 0


@pytest.mark.parametrize(
    ("text", "top", "error", "words"),
    [
        ("", 20, ValueError, "text must have a token that can be scored, got ''"),
        ("a " * 600, 20, ValueError, "at most 512"),
        (3, 20, TypeError, "text must be a string, got 3"),
        ("a", 0, ValueError, "top must be at least 1, got 0"),
        ("a", 2.0, TypeError, r"top must be a whole number, got 2\.0"),
    ],
)
def test_what_cannot_be_scored_is_refused(text, top, error, words):
    with pytest.raises(error, match=words):
        MODEL.score(text, top)


def test_a_saved_notebook_has_the_text_with_what_surprised(explorer):
    still = explorer._repr_mimebundle_()["text/html"]
    assert "<b>Where? </b>It is Sydney<u>.</u>" in still
    assert "<b>Sydney" not in AnswerExplorer(chat((TOP[2][0], 1, [], None)))._still()
    assert html.escape("<b>") in AnswerExplorer(chat((" <b>", 1, [], None)))._still()


def test_a_page_has_the_answer_and_its_caption(explorer):
    page = explorer.to_html()
    assert "<title>How sure a model was of its answer: Where? ...</title>" in page
    assert re.search(r'<meta name="description" content="A token came as a surprise of 3.1', page)
    explorer.close()
    assert explorer.to_html() == page


@pytest.mark.parametrize(
    ("answer", "options", "error", "words"),
    [
        ({"yes": -0.1}, {}, ValueError, "answer must have a list over positions"),
        ({"choices": [{"logprobs": None}]}, {}, ValueError, "is null: ask the API for"),
        (chat(*CAPITAL), {"choice": 1}, ValueError, "choice must be one of"),
        (chat(*CAPITAL), {"prompt": 3}, TypeError, "prompt must be a string, got 3"),
        (chat(*CAPITAL), {"value": -1}, ValueError, "value must not be negative"),
        (chat(*CAPITAL), {"temperatures": [1]}, ValueError, "two or more finite numbers"),
        (3, {}, TypeError, "an API's answer, got 3"),
    ],
)
def test_bad_answers_tell_what_to_do(answer, options, error, words):
    with pytest.raises(error, match=words):
        AnswerExplorer(answer, **options)
