"""Tables from files and DataFrames, and from logprobs: mappings, pairs, and an API's answers."""

import json
import math

import numpy as np
import pandas as pd
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


def test_a_frame_of_float32_stays_float32():
    frame = TokenTable(["a", "b"], np.float32([1, 2])).to_frame()
    assert TokenTable.from_frame(frame).logits.dtype == np.float32
    text = pd.DataFrame({"tokens": ["a", "b"], "logits": ["1.5", "-inf"]})
    assert TokenTable.from_frame(text).logits.tolist() == [1.5, -math.inf]


def test_a_frame_makes_the_table_it_came_from():
    table = load_example("wonderful-day")
    again = TokenTable.from_frame(table.to_frame())
    assert again.tokens == table.tokens
    np.testing.assert_array_equal(again.logits, table.logits)


def test_a_csv_is_read_to_the_letter(tmp_path):
    path = tmp_path / "tokens.csv"
    tokens = [" day", "NA", "null", "a,b", 'say "hi"', "line\nbreak", "", "日本", "😀"]
    pd.DataFrame({"tokens": tokens, "logits": range(9)}).to_csv(path, index=False)
    table = TokenTable.from_csv(path)
    assert list(table.tokens) == tokens
    assert table.logits.tolist() == list(range(9))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tokens,scores\na,1\n", "column 'logits' must be there once"),
        ("a,1\nb,2\n", "column 'tokens' must be there once"),
        (
            "tokens,logits\na,1\nb,high\n",
            "column 'logits', row 1: must be a number or -inf, got 'high'",
        ),
        ("tokens,logits\na,1\nb,\n", "column 'logits', row 1: must be a number or -inf, got ''"),
        ("tokens,logits\na,1\na,2\n", "column 'tokens', row 1: 'a' is in row 0 already"),
        ("tokens,logits\na,1\nb,inf\n", "column 'logits', row 1: must be a number or -inf"),
        ("tokens,logits\na,1,2\nb,2,3\n", r"row 0: must have 2 fields, got \['a', '1', '2'\]"),
        ("tokens,logits\na,1\nb\n", "row 1: must have 2 fields"),
        ("tokens,logits,logits\na,1,2\n", "column 'logits' must be there once"),
        ("tokens;logits\na;1\n", r"column 'tokens' must be there once, got columns \['tokens;log"),
        ("", "column 'tokens' must be there once"),
        ("tokens,logits\n", "logits must not be empty"),
    ],
)
def test_a_bad_csv_is_refused(tmp_path, text, words):
    path = tmp_path / "tokens.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        TokenTable.from_csv(path)


def test_a_csv_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "tokens.csv"
    path.write_text("\ufefftokens,logits\na,1\nb,-inf\n", encoding="utf-8")
    assert TokenTable.from_csv(path).probabilities().tolist() == [1, 0]


def test_a_frame_with_a_bad_token_is_refused():
    with pytest.raises(TypeError, match="column 'tokens', row 1: must be a string, got 5"):
        TokenTable.from_frame(pd.DataFrame({"tokens": ["a", 5], "logits": [1, 2]}))


@pytest.mark.parametrize(
    ("logits", "error", "words"),
    [
        (
            pd.to_datetime(["2020-01-01", "2020-01-02"]),
            TypeError,
            "'logits' must be numbers, got da",
        ),
        (pd.to_timedelta([1, 2]), TypeError, "'logits' must be numbers, got timedelta"),
        ([True, False], TypeError, "'logits' must be numbers, got bool"),
        ([1j, 2j], TypeError, "'logits' must be numbers, got complex"),
        ([2.0, True], ValueError, "row 1: must be a number or -inf, got True"),
        ([2.0, None], ValueError, r"row 1: must be a number or -inf, got .*nan"),
        ([2.0, 10**400], ValueError, "row 1: must be a number or -inf, got 1000"),
        ([2.0, [1]], ValueError, r"row 1: must be a number or -inf, got \[1\]"),
    ],
)
def test_a_frame_with_bad_logits_is_refused(logits, error, words):
    with pytest.raises(error, match=words):
        TokenTable.from_frame(pd.DataFrame({"tokens": ["a", "b"], "logits": logits}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("tokens,logits\nñ,1\n".encode("latin-1"), "path must be a UTF-8 file, got"),
        ("tokens,logits\na,1\n".encode("utf-16"), "path must be a UTF-8 file, got"),
        (b'tokens,logits\n"a,1\n', "path must be a CSV file, got"),
        (b'tokens,logits\n"a"b,1\n', "path must be a CSV file, got"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, words):
    path = tmp_path / "tokens.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        TokenTable.from_csv(path)


@pytest.mark.parametrize("path", [12345, None, b"tokens.csv", ["tokens.csv"]])
def test_a_path_must_be_a_path(path):
    with pytest.raises(TypeError, match="path must be a path, got"):
        TokenTable.from_csv(path)


def test_a_frame_must_be_a_frame():
    with pytest.raises(TypeError, match="frame must be a pandas DataFrame, got dict"):
        TokenTable.from_frame({"tokens": ["a"], "logits": [1]})


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


class Answer:
    """Stand in for an object of the openai package."""

    def model_dump(self):
        return ANSWER

    def __iter__(self):
        return iter(ANSWER.items())


LISTED = ANSWER["choices"][0]["logprobs"]["content"][0]["top_logprobs"]


@pytest.mark.parametrize(
    "form",
    [
        Answer(),
        "\ufeff" + json.dumps(ANSWER),
        LISTED,
        json.dumps(LISTED),
        pd.Series({"Hi": math.log(0.5), "Hello": math.log(0.25)}),
        {"Hi": np.log(np.float32(0.5)), "Hello": np.log(np.float32(0.25))},
        {"Hi": math.log(0.5), "Hello": math.log(0.25), "!": -9999.0},
        ((name, value) for name, value in [("Hi", math.log(0.5)), ("Hello", math.log(0.25))]),
    ],
)
def test_other_forms_that_readers_have_at_hand(form):
    table = TokenTable.from_logprobs(form)
    assert table.tokens == ("Hi", "Hello")
    assert table.unseen_mass == pytest.approx(0.25, abs=1e-6)
    assert TokenTable.from_logprobs(ANSWER, position=np.int64(0)).tokens == table.tokens


def test_pieces_of_characters_are_told_apart_by_their_bytes():
    sign = "\ufffd"
    listed = [
        {"token": sign, "logprob": -1.0, "bytes": [240, 159]},
        {"token": sign, "logprob": -2.0, "bytes": [226]},
        {"token": "a", "logprob": -3.0, "bytes": [97]},
    ]
    drawn = {"token": sign, "logprob": -4.0, "bytes": [227], "top_logprobs": listed}
    table = TokenTable.from_logprobs(changed([*CONTENT, 0], drawn))
    assert table.tokens == ("\\xf0\\x9f", "\\xe2", "a", "\\xe3")


def test_a_masked_token_of_an_answer_stays_masked():
    answer = changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], -math.inf)
    assert TokenTable.from_logprobs(answer).probabilities(math.inf).tolist() == [1, 0]


def test_other_tokens_of_a_truncated_set_are_other_listed_ones():
    table = load_example("gpt-4o-mini-tv")
    assert table.sweep([1], top=1).columns[-1] == "all other 2 listed tokens"
    assert table.sweep([1], top=2).columns[-1] == "the other listed token"


CONTENT = ("choices", 0, "logprobs", "content")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            changed(["choices"], MISSING) | {"output": []},
            "choices of the answer is missing, got the keys .*'output'.*shape of Chat Completions",
        ),
        (changed(["choices"], None), "choices of the answer is null"),
        (changed(["choices"], []), "choices of the answer is empty"),
        (changed(["choices"], {"0": 1}), "choices of the answer has the wrong type"),
        (changed(["choices", 0], "text"), r"choices\[0\] of the answer must be an object"),
        (changed(["choices", 0, "logprobs"], None), r"choices\[0\].logprobs of the answer is null"),
        (
            changed(["choices", 0, "logprobs"], MISSING),
            r"choices\[0\].logprobs of the answer is missing, .*: ask the API for logprobs=True",
        ),
        (changed(CONTENT, None), r"choices\[0\].logprobs.content of the answer is null"),
        (
            changed([*CONTENT, 0, "top_logprobs"], MISSING),
            r"content\[0\].top_logprobs of the answer is missing, got the keys .*: ask",
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
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], math.nan),
            "the logprob of 'Hello' must be at most 0, got nan",
        ),
        (changed(CONTENT, []), r"choices\[0\].logprobs.content of the answer is empty"),
        (
            changed(CONTENT[:-1], {"tokens": ["a"], "top_logprobs": [{"a": -1}]}),
            r"logprobs.content of the answer is missing, got the keys \['tokens', 'top_logprobs'\]",
        ),
        ('{"a": -1, "a": -2}', "'a' is there 2 times in one object"),
        ("[" * 100_000, "logprobs must be whole JSON"),
        (changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], 0.5), "'Hello' must be at most 0"),
        (json.dumps(ANSWER)[:-40], r"logprobs must be whole JSON, got .*paste the answer"),
        ("day", "logprobs must be whole JSON, got 'day'"),
        ({"error": {"message": "no"}}, r"choices of the answer is missing, got the keys \['error'"),
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
        ({"a": None}, TypeError, "the logprob of 'a' must be one real number, got None"),
        ({"a": -9999.0}, ValueError, "logprobs must not be empty"),
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


def test_only_the_rounding_of_logprobs_may_bring_their_sum_above_1():
    for total in (1.006, 1.01, 1.05):
        pairs = {"a": math.log(0.5), "b": math.log(total - 0.5)}
        with pytest.raises(ValueError, match=f"sum to more than 1 .*{total}"):
            TokenTable.from_logprobs(pairs)


def test_the_first_of_several_choices_is_read():
    other = changed([*CONTENT, 0, "top_logprobs", 1, "token"], "Goodbye")["choices"]
    table = TokenTable.from_logprobs(ANSWER | {"choices": [*ANSWER["choices"], *other]})
    assert table.tokens == ("Hi", "Hello")


def test_charts_and_captions_say_what_a_truncated_set_can_not_show():
    table = load_example("gpt-4o-mini-tv-show-is")
    sentence = describe(table)
    assert "3 listed tokens only: at temperature 1, others have 15.23 % of the prob" in sentence
    assert "What they have at other temperatures depends on how many they are" in sentence
    assert "the one listed token only" in describe(TokenTable.from_logprobs({"a": -0.5}))
    assert "listed" not in describe(load_example("wonderful-day"))
    from matplotlib.figure import Figure

    ax = bar_chart(table, ax=Figure().subplots())
    assert ax.get_ylabel() == "Probability among the listed tokens"
    ax = bar_chart(table, ax=Figure().subplots(), orient="h")
    assert ax.get_xlabel() == "Probability among the listed tokens"
