"""Tables from logprobs: mappings, pairs, and answers in the Chat Completions shape."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import TokenTable, bar_chart, describe, load_example, softmax

# The shape of a Chat Completions answer with two tokens; the second was drawn from the tail.
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hi you"},
            "logprobs": {
                "content": [
                    {
                        "token": "Hi",
                        "logprob": math.log(0.5),
                        "bytes": [72, 105],
                        "top_logprobs": [
                            {"token": "Hi", "logprob": math.log(0.5), "bytes": [72, 105]},
                            {"token": "Hello", "logprob": math.log(0.25), "bytes": None},
                        ],
                    },
                    {
                        "token": " you",
                        "logprob": math.log(0.125),
                        "bytes": None,
                        "top_logprobs": [
                            {"token": " there", "logprob": math.log(0.5), "bytes": None},
                            {"token": "!", "logprob": -9999.0, "bytes": None},
                        ],
                    },
                ]
            },
            "finish_reason": "stop",
        }
    ],
}


def changed(path, value):
    """Return the answer with one part replaced, or left out."""
    answer = json.loads(json.dumps(ANSWER))
    part = answer
    for step in path[:-1]:
        part = part[step]
    if value is MISSING:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return answer


MISSING = object()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.floats(0.05, 20))
def test_a_full_set_is_as_good_as_the_logits(logits, temperature):
    tokens = [str(i) for i in range(len(logits))]
    table = TokenTable.from_logprobs(dict(zip(tokens, np.log(softmax(logits)))))
    assert table.tokens == tuple(tokens)
    assert table.unseen_mass == 0
    np.testing.assert_allclose(
        table.probabilities(temperature), softmax(logits, temperature), rtol=1e-9, atol=1e-300
    )


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=20), st.data())
def test_a_truncated_set_keeps_the_mass_it_has_not_seen(weights, data):
    probabilities = [w / math.fsum(weights) for w in weights]
    kept = data.draw(st.integers(1, len(weights) - 1))
    pairs = [(str(i), math.log(p)) for i, p in enumerate(probabilities[:kept])]
    table = TokenTable.from_logprobs(pairs)
    assert table.unseen_mass == pytest.approx(math.fsum(probabilities[kept:]), abs=1e-12)
    held = math.fsum(probabilities[:kept])
    assert table.probabilities() == pytest.approx([p / held for p in probabilities[:kept]])


def test_float32_logprobs_of_a_whole_vocabulary_are_a_full_set():
    logits = load_example("gpt2-spaceship").logits
    shifted = logits - logits.max()
    logprobs = shifted - np.log(np.exp(shifted).sum(dtype=np.float32))
    assert logprobs.dtype == np.float32
    table = TokenTable.from_logprobs(zip(map(str, range(len(logits))), logprobs))
    assert table.unseen_mass == 0


@pytest.mark.parametrize("form", [ANSWER, json.dumps(ANSWER), json.dumps(ANSWER).encode()])
def test_an_answer_is_read_as_dict_or_json(form):
    table = TokenTable.from_logprobs(form)
    assert table.tokens == ("Hi", "Hello")
    assert table.unseen_mass == pytest.approx(0.25)


def test_any_position_of_an_answer_is_read_with_the_token_that_was_drawn():
    table = TokenTable.from_logprobs(ANSWER, position=1)
    # Not "!": the flag -9999 says no more than "very unlikely".
    assert table.tokens == (" there", " you")
    assert table.unseen_mass == pytest.approx(0.375)


CONTENT = ("choices", 0, "logprobs", "content")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (changed(["choices"], MISSING), "choices of the answer is missing.*logprobs=True"),
        (changed(["choices"], None), "choices of the answer is null"),
        (changed(["choices"], []), "choices of the answer is empty"),
        (changed(["choices"], {"0": 1}), "choices of the answer has the wrong type"),
        (changed(["choices", 0], "text"), r"choices\[0\] of the answer must be an object"),
        (changed(["choices", 0, "logprobs"], None), r"choices\[0\].logprobs of the answer is null"),
        (
            changed(["choices", 0, "logprobs"], MISSING),
            r"choices\[0\].logprobs of the answer is missing: ask the API for logprobs=True",
        ),
        (changed(CONTENT, None), r"choices\[0\].logprobs.content of the answer is null"),
        (
            changed([*CONTENT, 0, "top_logprobs"], MISSING),
            r"content\[0\].top_logprobs of the answer is missing: ask",
        ),
        (changed([*CONTENT, 0, "top_logprobs"], []), r"content\[0\].top_logprobs .* is empty: ask"),
        (
            changed([*CONTENT, 0, "top_logprobs", 1], 7),
            r"content\[0\].top_logprobs\[1\] of the answer must be an object, got 7",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "token"], None),
            r"top_logprobs\[1\].token of the answer is null",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], "-1.5"),
            r"top_logprobs\[1\].logprob of the answer has the wrong type, got '-1.5'",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], True),
            "has the wrong type, got True",
        ),
        (changed([*CONTENT, 0, "top_logprobs", 1, "token"], "Hi"), "tokens must differ, got 'Hi'"),
        (changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], 0.5), "'Hello' must be at most 0"),
        (json.dumps(ANSWER)[:-40], r"logprobs must be whole JSON, got .*paste the answer"),
        ("day", "logprobs must be whole JSON, got 'day'"),
        ({"error": {"message": "no"}}, "choices of the answer is missing, got {'error'"),
    ],
)
def test_a_malformed_answer_names_the_part(answer, words):
    with pytest.raises(ValueError, match=words):
        TokenTable.from_logprobs(answer)


@pytest.mark.parametrize("position", [-1, 2, 99])
def test_a_position_beyond_the_answer_is_refused(position):
    with pytest.raises(ValueError, match=f"position must be from 0 to 1, got {position}"):
        TokenTable.from_logprobs(ANSWER, position)


@pytest.mark.parametrize(
    ("logprobs", "error", "words"),
    [
        (
            {"a": 0.1},
            ValueError,
            r"the logprob of 'a' must be at most 0, got 0\.1.* For logits use",
        ),
        ({"a": math.nan}, ValueError, "the logprob of 'a' must be at most 0, got nan"),
        ({"a": math.inf}, ValueError, "the logprob of 'a' must be at most 0, got inf"),
        ({"a": -0.1, "b": -0.1}, ValueError, r"logprobs must not sum to more than 1 .*1\.80967"),
        ({"a": None, "b": -1.0}, TypeError, "the logprob of 'a' must be one real number, got None"),
        ({"a": "-1", "b": -1.0}, TypeError, "the logprob of 'a' must be one real number, got '-1'"),
        ({"a": -math.inf}, ValueError, "logits must not all be -inf"),
        ({5: -1.0}, TypeError, "tokens must be strings, got 5"),
        ([("a", -1.0), ("a", -2.0)], ValueError, "tokens must differ, got 'a' at 0 and 1"),
        ([("a", -1.0), "b"], TypeError, r"pairs \(token, logprob\), got 'b' at 1"),
        ([("a", -1.0, 3)], ValueError, r"pairs \(token, logprob\), got \('a', -1.0, 3\) at 0"),
        ([], ValueError, "logprobs must not be empty"),
        ({}, ValueError, "logprobs must not be empty"),
        (None, TypeError, "logprobs must be a mapping, pairs or an API's answer, got None"),
        (-0.5, TypeError, "logprobs must be a mapping"),
    ],
)
def test_bad_logprobs_are_refused(logprobs, error, words):
    with pytest.raises(error, match=words):
        TokenTable.from_logprobs(logprobs)


def test_a_position_is_for_answers_only():
    with pytest.raises(ValueError, match="position is for answers of an API, got 1"):
        TokenTable.from_logprobs({"a": -1.0}, position=1)
    with pytest.raises(TypeError, match="position must be a whole number, got '0'"):
        TokenTable.from_logprobs(ANSWER, position="0")


def test_rounded_logprobs_may_sum_to_a_little_more_than_1():
    assert TokenTable.from_logprobs({"a": 0.0, "b": -9.0}).unseen_mass == 0
    assert TokenTable.from_logprobs({"a": 1e-7}).unseen_mass == 0


def test_charts_and_captions_say_what_a_truncated_set_can_not_show():
    table = load_example("gpt-4o-mini-tv-show-is")
    sentence = describe(table)
    assert "among the 3 listed tokens only: others held 15.23 % of the probability" in sentence
    assert "cannot be known from this table" in sentence
    assert "listed" not in describe(load_example("wonderful-day"))
    from matplotlib.figure import Figure

    ax = bar_chart(table, ax=Figure().subplots())
    assert ax.get_ylabel() == "Probability among the listed tokens"
    ax = bar_chart(table, ax=Figure().subplots(), orient="h")
    assert ax.get_xlabel() == "Probability among the listed tokens"
