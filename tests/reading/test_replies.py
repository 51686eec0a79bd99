"""Whole replies: every shape that a table's reader knows, and which token was drawn."""

import json
import math
from pathlib import Path

import pytest

from softmax_temperature import TokenTable
from softmax_temperature.reading.replies import read_reply
from tests.reading.test_cases import ANSWERS, NO_ANSWERS

CASES = Path(__file__).parent / "cases"
# One distribution, of which no token was drawn.
NO_REPLIES = {
    "A-bf16-two-tokens.json",
    "A-gemini-candidates-list.json",
    "A-legacy-bytes-token-dict.json",
    "A-legacy-top-dict-ok.json",
    "A-llamacpp-old-probs.json",
    "A-sglang-one-position.json",
    "A-top-list-ok.json",
    "A-vllm-prompt-logprobs-one.json",
}
# What has no table at its first position, but tokens that were drawn.
ALONE = {"A-top-empty.json", "A-sglang-input-top.json", "A-vllm-prompt-logprobs-list.json"}


def case(name):
    return (CASES / name).read_bytes()


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - NO_REPLIES))
@pytest.mark.filterwarnings("ignore:the answer has ids")
def test_each_place_of_a_reply_is_the_table_of_its_position(name):
    places = read_reply(case(name)).places
    for position, place in enumerate(places):
        table = TokenTable.from_logprobs(case(name), position)
        assert dict(zip(place.tokens, place.logprobs)) == {
            token: logit for token, logit in zip(table.tokens, table.logits) if logit > -math.inf
        }
        assert list(place.logprobs) == sorted(place.logprobs, reverse=True)
        assert place.unseen == table.unseen_mass
    # Each case begins with the likeliest token, but one that was drawn by luck.
    assert places[0].drawn == (1 if name == "A-silent-positions.json" else 0)
    with pytest.raises(ValueError, match=f"the answer has {len(places)} position"):
        TokenTable.from_logprobs(case(name), len(places))


@pytest.mark.parametrize("name", sorted(NO_REPLIES))
def test_one_distribution_is_no_reply(name):
    with pytest.raises(ValueError, match="answer must have a list over positions, got"):
        read_reply(case(name))


@pytest.mark.parametrize("name", sorted(set(NO_ANSWERS) - ALONE - {"A-probs-mapping.json"}))
def test_what_is_no_answer_is_no_reply_either(name):
    with pytest.raises(ValueError, match=NO_ANSWERS[name]):
        read_reply(case(name))


def test_a_token_without_candidates_is_a_place_too():
    first, second = read_reply(case("A-top-empty.json")).places
    assert (first.text, first.tokens, first.drawn, first.rank) == ("day", ("day",), 0, 1)
    assert (first.bits, first.unseen) == pytest.approx((-math.log2(0.6), 0.4), abs=1e-4)
    assert second.text == " out"
    # The first token of a prompt has no logprob.
    assert [place.text for place in read_reply(case("A-sglang-input-top.json")).places] == ["day"]


def chat(*tokens):
    """Make a Chat Completions answer of tokens, probabilities, and their rivals."""
    content = [
        {
            "token": token,
            "logprob": math.log(p),
            "bytes": list(raw) if raw is not None else None,
            "top_logprobs": [{"token": x, "logprob": math.log(q)} for x, q in rivals],
        }
        for token, p, rivals, raw in tokens
    ]
    return {"choices": [{"index": 0, "logprobs": {"content": content}}]}


def test_ranks_are_known_where_the_list_tells_them():
    top = [("a", 0.5), ("b", 0.25)]
    reply = read_reply(
        chat(
            ("b", 0.25, top, None),
            ("c", 0.01, top, None),
            ("c", 0.2, top, None),
            ("d", 0.4, [("a", 0.2)], None),
        )
    )
    assert [place.rank for place in reply.places] == [2, None, None, 1]
    assert [place.drawn for place in reply.places] == [1, 2, 2, 0]
    # vLLM says it, and puts the drawn token first.
    listed = {"7": {"logprob": -6.0, "rank": 212, "decoded_token": " z"}} | {
        "3": {"logprob": -0.1, "rank": 1, "decoded_token": " a"}
    }
    (place,) = read_reply({"outputs": [{"logprobs": [listed]}]}).places
    assert (place.text, place.rank, place.drawn) == (" z", 212, 1)


def test_characters_of_several_tokens_are_the_firsts():
    moon = "🌙".encode()
    pieces = [moon[:1], moon[1:3], moon[3:], "é".encode()]
    shown = [piece.decode("utf-8", "backslashreplace") for piece in pieces]
    reply = read_reply(chat(*((text, 0.5, [], raw) for text, raw in zip(shown, pieces))))
    assert [place.text for place in reply.places] == ["🌙", "", "", "é"]
    cut = read_reply(chat(*((text, 0.5, [], raw) for text, raw in zip(shown[:2], pieces))))
    assert [place.text for place in cut.places] == [r"\xf0\x9f\x8c", ""]


def test_signs_of_a_vocabulary_become_spaces_where_there_are_none():
    raw = chat(("▁It", 0.5, [], None), ("Ġwas", 0.5, [], None), ("Ċ", 0.5, [], None))
    assert "".join(place.text for place in read_reply(raw).places) == " It was\n"
    plain = chat(("Ġgira", 0.5, [], None), (" x", 0.5, [], None))
    assert [place.text for place in read_reply(plain).places] == ["Ġgira", " x"]


def test_a_token_flagged_as_very_unlikely_has_no_surprise():
    answer = chat(("day", 0.5, [("day", 0.5), ("x", 0.2)], None))
    answer["choices"][0]["logprobs"]["content"][0] |= {"token": "zebra", "logprob": -9999.0}
    (place,) = read_reply(answer).places
    assert (place.text, place.tokens, place.drawn) == ("zebra", ("day", "x"), None)
    assert math.isnan(place.bits)
    old = json.loads(case("A-llamacpp-old.json"))
    old["completion_probabilities"][0]["content"] = "zebra"
    (place,) = read_reply(old).places
    assert (place.text, place.tokens, place.drawn) == ("zebra", ("day", "time"), None)


def test_an_answer_that_does_not_say_what_was_drawn_is_refused():
    positions = [{"a": -0.1, "b": -3.0}, {"c": -0.2, "d": -2.0}]
    with pytest.raises(ValueError, match=r"does not say which token was drawn: give the whole"):
        read_reply({"top_logprobs": positions})
    whole = {"tokens": ["a", "d"], "token_logprobs": [-0.1, -2.0], "top_logprobs": positions}
    assert [place.rank for place in read_reply(whole).places] == [1, 2]


def test_a_reply_shows_its_beginning():
    assert repr(read_reply(case("A-chat-ok.json"))) == "Reply('day out', 2 tokens)"
