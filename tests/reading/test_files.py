"""Tables from files and DataFrames, and from logprobs: mappings, pairs, and an API's answers."""

import csv
import dataclasses
import json
import math
import os
import zipfile

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
HUGE = "long" * 250_000


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
        ("tokens|logits\na|1\n", r"column 'tokens' must be there once, got columns \['tokens.log"),
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
        # pandas 2.2 cannot infer an object column from such a list.
        (
            pd.Series([2.0, 10**400], dtype=object),
            ValueError,
            "row 1: must be a number or -inf, got 1000",
        ),
        ([2.0, [1]], ValueError, r"row 1: must be a number or -inf, got \[1\]"),
    ],
)
def test_a_frame_with_bad_logits_is_refused(logits, error, words):
    with pytest.raises(error, match=words):
        TokenTable.from_frame(pd.DataFrame({"tokens": ["a", "b"], "logits": logits}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("tokens,logits\nñ,1\n".encode("latin-1"), "path must be UTF-8, got .* save it as UTF-8"),
        (b'tokens,logits\nb,2\n"a,1\n', "row 1, line 3 of the file: must be CSV, got '.*\"a,1"),
        (b'tokens,logits\n"a"b,1\n', "row 0, line 2 of the file: must be CSV, got"),
        (b'"tokens,logits\na,1\n', "the header must be CSV, got '\"tokens,logits"),
        (b"PK\x03\x04...", "is a zip archive: unpack it first, or"),
        (b"\xd0\xcf\x11\xe0...", "is an old Excel workbook: save it as 'CSV UTF-8', or"),
        (b"\x1f\x8b...", "is compressed: unpack it first"),
        (b"PAR1...", "is a Parquet file: read it with pandas"),
        (b'{"token": "a", "logprob": -1}\n', "got JSON, .*: use from_logprobs"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, words):
    path = tmp_path / "tokens.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        TokenTable.from_csv(path)


LETTERS = ["\r", "a\r", "\rb", "\r\n", "\n", "c\rd", "e\n\rf", "\ue000", ",", ";", "\t", '"', "g"]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"lineterminator": "\n"},
        {"lineterminator": "\r\n", "quoting": csv.QUOTE_NONNUMERIC},
        {"quoting": csv.QUOTE_ALL},
        {"sep": ";", "decimal": ","},
        {"sep": "\t"},
        {"encoding": "utf-16"},
        {"encoding": "utf-8-sig"},
    ],
)
def test_what_pandas_writes_is_read_to_the_letter(tmp_path, how):
    path = tmp_path / "tokens.csv"
    table = TokenTable(LETTERS, np.arange(len(LETTERS)) / 8)
    table.to_frame().to_csv(path, index=False, **how)
    again = TokenTable.from_csv(path)
    assert list(again.tokens) == LETTERS
    assert again.logits.tolist() == table.logits.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # Here the token can be "day" or, as pandas may write it, "day\\r".
        ("logits,tokens\n1,time\n2,day\r\n", "row 1: must end as the header does, .* after 'day'"),
        ("tokens,logits\r\na,1\r\n\r,2\r\n", "row 1, line 3 of the file: must be CSV"),
        ("tokens,logits\r\na,1\r\nb\rc,2\r\n", "row 1, line 3 of the file: must be CSV"),
    ],
)
def test_a_carriage_return_that_ends_no_row_is_never_lost(tmp_path, text, words):
    path = tmp_path / "tokens.csv"
    path.write_bytes(text.encode())
    with pytest.raises(ValueError, match=words):
        TokenTable.from_csv(path)


@pytest.mark.parametrize(
    "text",
    [
        "tokens,logits\nday,5.5\ntime,-4.25\n",
        "tokens,logits\nday,5.5\r\ntime,-4.25\r\n",
        "tokens,logits\rday,5.5\rtime,-4.25\r",
        "\r\n\r\ntokens,logits\r\n\r\nday,5.5\r\n\r\ntime,-4.25",
        "Token; LOGIT \nday;5,5\ntime;-4,25\n",
        "token\tlogits\nday\t5,5\ntime\t\u22124,25\n",
        "token\tlogits\nday\t5.5\ntime\t-4.25\n",
        "sep=;\ntokens;logits\nday;5,5\ntime;-4,25\n",
        '"sep=,"\r\ntokens,logits\r\nday,5.5\r\ntime,-4.25\r\n',
        "logits,more,tokens\n5.5,1,day\n-4.25,2,time\n",
        "tokens,logits,logprobs\nday,5.5,-1\ntime,-4.25,-2\n",
        "tokens,logits\nday, 5.5 \ntime,\u22124.25\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheets_csv_is_read(tmp_path, text, encoding):
    path = tmp_path / "tokens.csv"
    path.write_bytes(text.encode(encoding))
    table = TokenTable.from_csv(path)
    assert table.tokens == ("day", "time")
    assert table.logits.tolist() == [5.5, -4.25]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tokens;logits\na;1,234\nb;2,500\n", "'logits', row 0: must be certain, got '1,234'"),
        ("tokens\tlogit\na\t1\nb\t-2,500\n", "'logit', row 1: must be certain, got '-2,500'"),
        (
            "tokens;logits\na;1,5\nb;2.5\n",
            "row 0: must be a number .* '1,5': write a decimal point",
        ),
        ("tokens;logits\na;1,234,567\nb;0,5\n", "row 0: must be a number .* got '1,234,567'"),
        ('tokens,logits\na,"1,5"\n', "row 0: must be a number .* '1,5': write a decimal point"),
        ("tokens,logits\na,1_000\n", "row 0: must be a number or -inf, got '1_000'"),
        ("tokens,logits\na,60%\n", "row 0: .* got '60%': of probabilities take the logarithm"),
        ("token,prob\na,0.6\n", r"got columns \['token', 'prob'\]: of probabilities take the log"),
        ("token,score\na,0.6\n", r"got columns \['token', 'score'\]: name the columns tokens and"),
        ("token,Token,logits\na,b,1\n", "column 'token' must be there once"),
        ("tokens,logits\na,1,5\n", "row 0: must have 2 fields, .* with a decimal point"),
        ("token,logprob\na,0.6\nb,0.3\n", "the logprob of 'a' must be at most 0, got 0.6"),
        ("token,logprob\na,-0.1\nb,-0.1\n", "logprobs must not sum to more than 1"),
    ],
)
def test_a_csv_that_can_be_read_in_two_ways_is_refused(tmp_path, text, words):
    path = tmp_path / "tokens.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        TokenTable.from_csv(path)


def test_decimal_commas_that_cannot_be_thousands_are_read(tmp_path):
    path = tmp_path / "tokens.csv"
    path.write_text("tokens;logits\na;1,234\nb;0,500\nc;-inf\n")
    assert TokenTable.from_csv(path).logits.tolist() == [1.234, 0.5, -math.inf]


def test_a_column_of_logprobs_keeps_the_unseen_mass(tmp_path):
    path = tmp_path / "tokens.csv"
    frame = pd.DataFrame({"Token": ["a", "b"], "Logprob": np.log([0.5, 0.25])})
    frame.to_csv(path, index=False)
    for table in (TokenTable.from_frame(frame), TokenTable.from_csv(path)):
        assert table.unseen_mass == pytest.approx(0.25)
        assert table.probabilities() == pytest.approx([2 / 3, 1 / 3])


def test_the_text_of_a_csv_is_no_path():
    with pytest.raises(ValueError, match="path must be a path, got text, 'tokens,log"):
        TokenTable.from_csv("tokens,logits\na,1\n")


@pytest.mark.parametrize(
    "text",
    [
        f"{HUGE},logits\na,1\n",
        f"tokens,logits\n{HUGE},{HUGE}\n",
        "tokens,logits\n" + "a," * 10**5,
        f'tokens,logits\n"{HUGE}\n',
        f"tokens,logits\n{'a' * 10**5},1\n{'a' * 10**5},1\n",
        f"tokens,logits\na,{HUGE[: 10**5]}%\n",
        f"token,logprob\n{'a' * 10**5},1\n",
        "{" + HUGE,
    ],
    ids=lambda text: text[:20],
)
def test_messages_about_a_csv_stay_short(tmp_path, text):
    path = tmp_path / "tokens.csv"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        TokenTable.from_csv(path)
    assert len(str(caught.value)) <= 300


def test_a_frame_of_another_package_is_sent_to_pandas():
    class DataFrame:
        __module__ = "polars.dataframe.frame"

        def to_pandas(self):
            raise AssertionError

    with pytest.raises(TypeError, match=r"got polars.DataFrame: use frame.to_pandas\(\)"):
        TokenTable.from_frame(DataFrame())


def test_columns_of_extension_types_are_read():
    frame = pd.DataFrame({"tokens": ["a", "b"], "logits": [1.5, -math.inf]})
    frame = frame.astype({"tokens": "string", "logits": "Float64"})
    assert TokenTable.from_frame(frame).logits.tolist() == [1.5, -math.inf]
    frame.loc[1, "logits"] = pd.NA
    with pytest.raises(ValueError, match="'logits', row 1: must be a number or -inf, got <NA>"):
        TokenTable.from_frame(frame)
    with pytest.raises(TypeError, match="'logits' must be numbers, got boolean"):
        TokenTable.from_frame(frame.assign(logits=pd.array([True, False], "boolean")))


@pytest.mark.parametrize("path", [12345, None, b"tokens.csv", ["tokens.csv"]])
def test_a_path_must_be_a_path(path):
    with pytest.raises(TypeError, match="path must be a path, got"):
        TokenTable.from_csv(path)


def test_a_frame_must_be_a_frame():
    with pytest.raises(
        TypeError, match=r"must be a pandas DataFrame, got dict: use pandas.DataFrame\(\.\.\.\)$"
    ):
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
            changed(["choices"], MISSING) | {"more": []},
            "must be an answer that has them, got the keys .*'more'.*: ask the API",
        ),
        (changed(["choices"], MISSING) | {"output": []}, "output of the answer is empty: ask"),
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
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], math.nan),
            "the logprob of 'Hello' must be at most 0, got nan",
        ),
        (changed(CONTENT, []), r"choices\[0\].logprobs.content of the answer is empty"),
        (
            changed(CONTENT[:-1], {"tokens": ["a"], "token_logprobs": [-1]}),
            r"logprobs.content of the answer is missing, got the keys \['tokens', 'token_l.*: ask",
        ),
        ('{"a": -1, "a": -2}', "'a' is there 2 times in one object"),
        ("[" * 100_000, "logprobs must be whole JSON"),
        (changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], 0.5), "'Hello' must be at most 0"),
        (json.dumps(ANSWER)[:-40], r"logprobs must be whole JSON, got .*paste the answer"),
        ("day", "logprobs must be whole JSON, got 'day'"),
        ({"error": {"message": "no"}}, "got the server's error: no"),
        ('{"error": "no logprobs here"}', "got the server's error: no logprobs here"),
        ({"object": "error", "message": "no"}, "got the server's error: no"),
        ({"detail": "Not Found"}, "got the server's error: Not Found"),
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
            {"a": 1.1},
            ValueError,
            r"the logprob of 'a' must be at most 0, got 1\.1.* For logits use",
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
    assert "among the 3 listed tokens: others have 15.23 % of the probability at T = 1" in sentence
    assert "How much they have elsewhere depends on how many they are" in sentence
    assert "among the one listed token:" in describe(TokenTable.from_logprobs({"a": -0.5}))
    assert "listed" not in describe(load_example("wonderful-day"))
    from matplotlib.figure import Figure

    ax = bar_chart(table, ax=Figure().subplots())
    assert ax.get_ylabel() == "Probability among the listed tokens"
    ax = bar_chart(table, ax=Figure().subplots(), orient="h")
    assert ax.get_xlabel() == "Probability among the listed tokens"


POSITIONS = ANSWER["choices"][0]["logprobs"]["content"]


@pytest.mark.parametrize(
    "form",
    [
        POSITIONS,
        json.dumps(POSITIONS),
        {"logprobs": POSITIONS},
        {"content": POSITIONS},
        POSITIONS[:1],
    ],
)
def test_a_list_over_positions_is_never_one_distribution(form):
    table = TokenTable.from_logprobs(form)
    assert table.tokens == ("Hi", "Hello")
    assert table.unseen_mass == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["top_logprobs", "topLogprobs", "top_probs", "topTokens"])
def test_a_position_that_lists_nothing_is_still_a_position(name):
    items = [{"token": "a", "logprob": -1.0, name: []}, {"token": "b", "logprob": -2.0, name: []}]
    with pytest.raises(ValueError, match=rf"logprobs\[0\]\.{name} of the answer is empty: ask"):
        TokenTable.from_logprobs(items)


def test_a_list_of_candidates_that_is_none_is_named_with_its_value():
    with pytest.raises(ValueError, match=r"top_logprobs of the answer is no list of .*, got -0\.7"):
        TokenTable.from_logprobs([{"token": "a", "logprob": -1.0, "top_logprobs": -0.7}])


def test_drawn_tokens_in_a_row_are_not_one_distribution():
    drawn = [{"token": str(i), "logprob": x} for i, x in enumerate([-2.0, -3.0, -1.5])]
    with pytest.raises(ValueError, match=r"largest first, .* like a list over positions"):
        TokenTable.from_logprobs(drawn)
    # Of one position, only the token that was drawn stands before a likelier one.
    assert len(TokenTable.from_logprobs(drawn[1:]).tokens) == 2
    with pytest.raises(ValueError, match="one mapping, got 2 with one token each"):
        TokenTable.from_logprobs([{"day": -0.5}, {"time": -1.4}])


def entries(*rows):
    """Return entries of an answer, from texts, logprobs and bytes."""
    return [{"token": t, "logprob": x, "bytes": b and list(b)} for t, x, b in rows]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([("", -1.0, b""), ("", -2.0, b""), ("", -3.0, b"")], ("#0", "#1", "#2")),
        (
            [("true", -1.0, b"true"), ("no", -2.0, b"no"), ("true", -3.0, b"true")],
            ("true #0", "no", "true #1"),
        ),
        # A name that a token has already is not given again.
        (
            [("a", -1.0, None), ("a #0", -2.0, None), ("a", -3.0, None), ("a #2", -4.0, None)],
            ("a #1", "a #0", "a #3", "a #2"),
        ),
        (
            [("?", -1.0, b"\xf0"), ("?", -2.0, b"\xe2"), ("\\xe2", -3.0, None)],
            ("\\xf0", "\\xe2 #0", "\\xe2 #1"),
        ),
        # The token that was drawn is listed twice, with its bytes on one side only, or on none.
        ([("a", -1.0, b"a"), ("a", -1.0, b"a"), ("b", -2.0, b"b")], ("a", "b")),
        ([("a", -1.0, b"a"), ("a", -1.0, None), ("b", -2.0, b"b")], ("a", "b")),
        ([("a", -1.0, None), ("b", -2.0, b"b"), ("a", -1.0, b"a")], ("a", "b")),
    ],
)
def test_tokens_of_the_same_text_are_told_apart(rows, names):
    listed = entries(*rows)
    drawn = listed[0] | {"top_logprobs": listed}
    table = TokenTable.from_logprobs([drawn])
    assert table.tokens == names
    held = sum({(text, logprob): math.exp(logprob) for text, logprob, _ in rows}.values())
    assert table.unseen_mass == pytest.approx(1 - held)


def test_copies_that_the_answer_numbers_are_tokens_of_their_own():
    for name in ("id", "token_id", "tokenId"):
        listed = [{"text": "a", "logprob": -1.0, name: number} for number in (1, 2, 2)]
        assert TokenTable.from_logprobs(listed).tokens == ("a #0", "a #1")
    by_id = {number: {"logprob": -1.0, "decoded_token": "a"} for number in (1, 2)}
    assert TokenTable.from_logprobs(by_id).tokens == ("a #0", "a #1")


def test_the_drawn_token_joins_the_one_that_is_listed_with_other_bytes_unsaid():
    position = {"token": "a", "logprob": -1.0, "bytes": [97]}
    listed = [{"token": "b", "logprob": -0.9}, {"token": "a", "logprob": -1.0}]
    assert TokenTable.from_logprobs(position | {"top_logprobs": listed}).tokens == ("b", "a")


@pytest.mark.parametrize(("total", "fits"), [(1.0049, True), (1.006, False), (1.05, False)])
def test_half_precision_may_sum_to_a_little_more_than_1(total, fits):
    logprobs = {"yes": math.log(total / 2), "no": math.log(total / 2)}
    if fits:
        table = TokenTable.from_logprobs(logprobs)
        assert table.probabilities().tolist() == [0.5, 0.5]
        assert table.unseen_mass == 0
    else:
        with pytest.raises(ValueError, match="logprobs must not sum to more than 1"):
            TokenTable.from_logprobs(logprobs)


@pytest.mark.parametrize(("missing", "unseen"), [(1.1e-5, 1.1e-5), (0.9e-5, 0)])
def test_the_rounding_of_a_whole_vocabulary_is_no_unseen_mass(missing, unseen):
    table = TokenTable.from_logprobs({"a": math.log1p(-missing)})
    assert table.unseen_mass == pytest.approx(unseen, abs=1e-12)


@pytest.mark.parametrize(
    ("logprobs", "words"),
    [
        ({"day": 0.6, "time": 0.25}, "look like probabilities: give their logarithms"),
        ({"day": 0.001, "time": 0.0005}, "look like probabilities: give their logarithms"),
        ([("day", -0.1), ("day", -0.1)], "more than 1 .* each token of it once"),
        ([{"token": "a", "logprob": -0.1}, {"token": "b", "logprob": -0.1}], "Give one position"),
        (changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], -0.1), "Give one position"),
    ],
)
def test_only_what_can_be_logits_is_sent_to_the_table(logprobs, words):
    with pytest.raises(ValueError, match=words) as caught:
        TokenTable.from_logprobs(logprobs)
    assert "TokenTable" not in str(caught.value)


class Dumped:
    """Stand in for an object of pydantic's, which holds plain data."""

    def __init__(self, data):
        self.data = data

    def model_dump(self):
        return self.data


@dataclasses.dataclass
class Logprob:
    """Stand in for an object of vLLM's."""

    logprob: float
    decoded_token: str


CHOICE = ANSWER["choices"][0]


@pytest.mark.parametrize(
    "form",
    [
        [Dumped(entry) for entry in LISTED],
        tuple(map(Dumped, LISTED)),
        map(Dumped, LISTED),
        [Dumped({"token": e["token"], "logprob": e["logprob"]}) for e in LISTED],
        Dumped(CHOICE),
        Dumped(CHOICE["logprobs"]),
        [Dumped(position) for position in POSITIONS],
        Dumped(POSITIONS[0]),
        [Dumped(ANSWER)],
        {"choices": [Dumped(CHOICE)]},
        {1: Logprob(math.log(0.5), "Hi"), 2: Logprob(math.log(0.25), "Hello")},
    ],
)
def test_objects_and_the_objects_between_are_read(form):
    table = TokenTable.from_logprobs(form)
    assert table.tokens == ("Hi", "Hello")
    assert table.unseen_mass == pytest.approx(0.25)


@pytest.mark.parametrize("flag", [-3.4028234663852886e38, -3.41e38, -math.inf])
def test_the_lowest_float32_masks_a_token(flag):
    table = TokenTable.from_logprobs({"day": math.log(0.5), "zzz": flag})
    assert table.logits.tolist() == [math.log(0.5), -math.inf]
    assert table.unseen_mass == pytest.approx(0.5)


def test_a_merely_tiny_logprob_is_no_mask():
    assert TokenTable.from_logprobs({"a": -0.1, "b": -3.39e38}).logits.tolist() == [-0.1, -3.39e38]


@pytest.mark.parametrize(
    "form",
    [
        HUGE,
        HUGE.encode(),
        "{'" + HUGE,
        "HTTP/2 200 " + HUGE,
        {HUGE: 1.5},
        {HUGE: HUGE},
        {HUGE: {}},
        [{HUGE: {}}],
        [HUGE],
        [("a", -1.0), HUGE],
        {"error": {"message": HUGE}},
        {"choices": [{"index": i, "logprobs": None} for i in range(100_000)]},
        {"choices": HUGE},
        {"logprobs": [{"token": HUGE, "logprob": HUGE, "top_logprobs": [{"token": HUGE}]}]},
        {"logprobs": [{HUGE: HUGE}]},
        '{"' + HUGE + '": -1, "' + HUGE + '": -1}',
        {i: {"decoded_token": HUGE, "logprob": 1.0} for i in range(10)},
    ],
    ids=lambda form: type(form).__name__,
)
def test_messages_stay_short(form):
    with pytest.raises((TypeError, ValueError)) as caught:
        TokenTable.from_logprobs(form)
    assert len(str(caught.value)) <= 300


def position(*pairs):
    """Return a position of an answer, the first token of it drawn."""
    listed = [{"token": token, "logprob": math.log(p)} for token, p in pairs]
    return listed[0] | {"top_logprobs": listed}


ONE = position((" a", 0.5), (" b", 0.25))
TWO = position((" c", 0.25), (" d", 0.125))


def chunk(number, *positions, **more):
    """Return a chunk of a stream of Chat Completions."""
    choice = {"index": number, "delta": {}, "logprobs": {"content": list(positions)}}
    return {"id": "one", "object": "chat.completion.chunk", "choices": [choice], **more}


CANDIDATES = [{"token": e["token"], "log_probability": e["logprob"]} for e in ONE["top_logprobs"]]


@pytest.mark.parametrize(
    "form",
    [
        # Chat Completions, with chunks that hold no token, and with the choices taking turns.
        [{"id": "one", "choices": []}, chunk(1, TWO), chunk(0, ONE), chunk(1, ONE), chunk(0, TWO)],
        # Responses repeats in later events what it said before.
        [
            {"type": "response.created", "response": {"output": []}},
            {"type": "response.output_text.delta", "logprobs": [ONE]},
            {"type": "response.output_text.delta", "logprobs": [TWO]},
            {"type": "response.output_text.done", "logprobs": [ONE, TWO]},
        ],
        [
            {"type": "response.output_text.delta", "logprobs": [TWO]},
            {
                "type": "response.completed",
                "response": {
                    "output": [
                        {"type": "reasoning", "summary": []},
                        {"content": [{"logprobs": [ONE]}, {"text": "", "logprobs": [TWO]}]},
                    ],
                    "error": None,
                },
            },
        ],
        # Ollama and llama.cpp say which chunk is the last.
        [{"done": False, "logprobs": [ONE]}, {"done": True, "logprobs": [TWO]}],
        [
            {"stop": False, "completion_probabilities": [ONE]},
            {"stop": False, "completion_probabilities": [TWO]},
            {"stop": True},
        ],
        # TGI sends a position an event.
        [
            {"index": 1, "token": {"text": p["token"], "logprob": p["logprob"]}}
            | {"top_tokens": [{"text": e["token"], "logprob": e["logprob"]} for e in listed]}
            for p, listed in ((ONE, ONE["top_logprobs"]), (TWO, TWO["top_logprobs"]))
        ],
        [{"custom_id": "r", "response": {"body": {"logprobs": [ONE, TWO]}}, "error": None}],
    ],
)
def test_the_chunks_of_a_stream_are_one_answer(form):
    for number, tokens, unseen in ((0, (" a", " b"), 0.25), (1, (" c", " d"), 0.625)):
        lines = form if isinstance(form, list) else [form]
        events = "".join(f"event: e\ndata: {json.dumps(line)}\n\n" for line in lines)
        for text_or_chunks in (form, events, "\n".join(map(json.dumps, lines)), iter(lines)):
            table = TokenTable.from_logprobs(text_or_chunks, number)
            assert table.tokens == tokens
            assert table.unseen_mass == pytest.approx(unseen)


def test_a_chunk_without_candidates_does_not_move_the_later_ones_up():
    alone = {"token": " x", "logprob": -1.0}
    with pytest.raises(ValueError, match=r"content\[0\].top_logprobs of the answer is missing"):
        TokenTable.from_logprobs([chunk(0, ONE), chunk(0, alone), chunk(0, TWO)], position=1)
    with pytest.raises(ValueError, match=r"logprobs\[1\].top_logprobs of the answer is missing"):
        TokenTable.from_logprobs([ONE, alone, TWO], position=1)


def test_an_error_within_a_stream_is_shown():
    with pytest.raises(ValueError, match="got the server's error: overloaded"):
        TokenTable.from_logprobs([chunk(0, ONE), {"error": {"message": "overloaded"}, "id": "one"}])


@pytest.mark.parametrize("result", ["logprobs_result", "logprobsResult"])
def test_names_are_those_of_python_or_of_json(result):
    answer = {"candidates": [{result: {"top_candidates": [{"candidates": CANDIDATES}]}}]}
    assert TokenTable.from_logprobs(answer).tokens == (" a", " b")
    answer["candidates"][0][result]["chosen_candidates"] = [
        {"token": " z", "logProbability": math.log(0.125)}
    ]
    table = TokenTable.from_logprobs(answer)
    assert table.tokens == (" a", " b", " z")
    assert table.unseen_mass == pytest.approx(0.125)


def test_the_drawn_token_is_found_beside_the_positions():
    listed = {" a": math.log(0.5), " b": math.log(0.25)}
    parts = {"tokens": [" z"], "token_logprobs": [math.log(0.125)], "top_logprobs": [listed]}
    assert TokenTable.from_logprobs(parts).tokens == (" a", " b", " z")
    assert TokenTable.from_logprobs(parts | {"tokens": None}).tokens == (" a", " b")
    with pytest.raises(ValueError, match=r"tokens of the answer .* got 2 for 1 positions"):
        TokenTable.from_logprobs(parts | {"tokens": [" z", " y"]})


@pytest.mark.parametrize(
    "answer",
    [
        {
            "details": {
                "tokens": [{"id": 3, "text": " z", "logprob": math.log(0.125)}],
                "top_tokens": [[{"id": 1, "text": " a", "logprob": math.log(0.5)}]],
            }
        },
        {
            "meta_info": {
                "output_token_logprobs": [[math.log(0.125), 3, " z"]],
                "output_top_logprobs": [[[math.log(0.5), 1, " a"]]],
            }
        },
        {
            "candidates": [
                {
                    "logprobsResult": {
                        "chosenCandidates": [{"token": " z", "logProbability": math.log(0.125)}],
                        "topCandidates": [
                            {"candidates": [{"token": " a", "logProbability": math.log(0.5)}]}
                        ],
                    }
                }
            ]
        },
        {"index": 1, "token": {"text": " z", "logprob": math.log(0.125)}}
        | {"top_tokens": [{"text": " a", "logprob": math.log(0.5)}]},
        {"token": " z", "prob": 0.125, "top_probs": [{"token": " a", "prob": 0.5}]},
    ],
)
def test_the_drawn_token_joins_the_listed_ones_in_every_format(answer):
    for form in (answer, [answer]):
        table = TokenTable.from_logprobs(form)
        assert table.tokens == (" a", " z")
        assert table.unseen_mass == pytest.approx(0.375)


def test_each_choice_is_read():
    choices = [{"index": 0, "logprobs": {"content": [ONE]}}, {"logprobs": {"content": [TWO]}}]
    for second in (choices[1] | {"index": 1}, choices[1]):
        answer = {"choices": [choices[0], second]}
        assert TokenTable.from_logprobs(answer).tokens == (" a", " b")
        assert TokenTable.from_logprobs(answer, choice=1).tokens == (" c", " d")
    # Some servers do not count.
    answer = {"choices": [choices[0], choices[1] | {"index": 0}]}
    assert TokenTable.from_logprobs(answer, choice=1).tokens == (" c", " d")
    for wrong in (2, -1):
        with pytest.raises(ValueError, match=rf"one of \[0, 1\], got {wrong}: choices has 2"):
            TokenTable.from_logprobs(answer, choice=wrong)
    with pytest.raises(TypeError, match="choice must be a whole number, got True"):
        TokenTable.from_logprobs(answer, choice=True)


@pytest.mark.parametrize("form", [{"a": -1.0}, {"logprobs": [ONE]}, [ONE, TWO], ONE])
def test_a_choice_is_for_answers_that_have_some(form):
    with pytest.raises(ValueError, match=r"choice is for answers .*, got 1: leave it out"):
        TokenTable.from_logprobs(form, choice=1)


@pytest.mark.parametrize(
    "answers",
    [
        [{"id": "one", "logprobs": [ONE]}, {"id": "two", "logprobs": [TWO]}],
        [{"logprobs": [ONE]}, {"logprobs": [TWO]}],
        [{"done": True, "logprobs": [ONE]}, {"done": True, "logprobs": [TWO]}],
    ],
)
def test_one_of_several_answers_is_not_guessed(answers):
    with pytest.raises(ValueError, match="must be one answer, got 2 of them"):
        TokenTable.from_logprobs(answers)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_probability_of_an_answer_is_one(share):
    with pytest.raises(ValueError, match=r"probs\[0\].prob must be from 0 to 1"):
        TokenTable.from_logprobs({"content": "a", "probs": [{"tok_str": "a", "prob": share}]})


def test_a_probability_of_0_masks():
    listed = [{"tok_str": "a", "prob": 1}, {"tok_str": "b", "prob": 0}]
    assert TokenTable.from_logprobs(listed).logits.tolist() == [0, -math.inf]


OBJECT = "this is how Python shows an object: give the object, or its model_dump_json()"
DICT = "this is how Python shows a dict: give the dict itself, or json.dumps of it"
FILE = "for a file give its text, pathlib.Path(path).read_text(encoding='utf-8')"
HTTP = "leave out the HTTP header, from the first line to the empty one"
PASTE = "paste the answer from its first bracket to its last"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ChatCompletion(id='a', choices=[])", OBJECT),
        ("[TopLogprob(token='a', logprob=-1.0)]", OBJECT),
        ("HTTPException(502)", OBJECT),
        ("{'choices': None}", DICT),
        ("[{'token': 'a'}]", DICT),
        ("answer.json", FILE),
        ("/home/me/the answer", FILE),
        (r"C:\me\answer.json", FILE),
        ("HTTP/1.1 200 OK\r\n\r\n{}", HTTP),
        ("<html><p>502</p></html>", PASTE),
        ('{"a": -1}\n{"a":', PASTE),
        ('``{"a": -1}``', PASTE),
        ("data: {\n", PASTE),
        ("", PASTE),
    ],
)
def test_text_that_is_no_json_gets_advice_that_works(text, advice):
    with pytest.raises(ValueError, match="logprobs must be whole JSON, got") as caught:
        TokenTable.from_logprobs(text)
    assert str(caught.value).endswith(f"): {advice}")


def test_a_path_is_sent_to_its_text(tmp_path):
    with pytest.raises(TypeError, match=r"must be no path, .* give its read_text\(\)"):
        TokenTable.from_logprobs(tmp_path)


def test_text_in_utf_16_is_read():
    assert TokenTable.from_logprobs(json.dumps(ANSWER).encode("utf-16")).tokens == ("Hi", "Hello")
    with pytest.raises(ValueError, match=r"logprobs must be UTF-8, got .*: save it as UTF-8"):
        TokenTable.from_logprobs(b"\xff")


def test_bytes_that_are_none_are_ignored():
    for wrong in (10**9, 10**400, "abc", [300], [], {}):
        listed = [{"token": "a", "logprob": -1.0, "bytes": wrong}]
        table = TokenTable.from_logprobs([*listed, {"token": "a", "logprob": -2.0}])
        assert table.tokens == ("a #0", "a #1")


def test_a_candidate_without_its_token_is_no_position():
    listed = [{"token": "a", "logprob": -1.0}, {"logprob": -2.0}]
    with pytest.raises(ValueError, match="logprobs must be one answer, got 2"):
        TokenTable.from_logprobs(listed, position=1)


@pytest.mark.parametrize(
    "name",
    [
        "choices",
        "output",
        "completion_probabilities",
        "logprobs",
        "candidates",
        "details",
        "meta_info",
        "prompt_logprobs",
        "error",
        "detail",
        "object",
        "message",
        "content",
        "token",
        "id",
    ],
)
def test_a_token_may_have_the_name_of_a_part_of_an_answer(name):
    given = {name: math.log(0.5), "day": math.log(0.25)}
    for form in (given, json.dumps(given), list(given.items())):
        table = TokenTable.from_logprobs(form)
        assert table.tokens == (name, "day")
        assert table.unseen_mass == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["position", "choice"])
@pytest.mark.parametrize("wrong", [True, np.True_, 0.0, "0", None])
def test_positions_and_choices_are_whole_numbers(name, wrong):
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got {wrong!r}$"):
        TokenTable.from_logprobs(ANSWER, **{name: wrong})


def test_a_bytearray_is_read_as_bytes_are():
    for data in (json.dumps(ANSWER).encode(), json.dumps(ANSWER).encode("utf-16")):
        assert TokenTable.from_logprobs(bytearray(data)).tokens == ("Hi", "Hello")


@pytest.mark.parametrize("missing", ["nan", "", "NaN", "high"])
def test_what_is_no_number_gets_advice_that_works(tmp_path, missing):
    path = tmp_path / "tokens.csv"
    path.write_text(f"tokens,logits\na,1\nb,{missing}\n")
    with pytest.raises(
        ValueError, match=r"got '.*': mask a token with -inf, or leave its row out$"
    ):
        TokenTable.from_csv(path)
    path.write_text("tokens,logits\na,1\nb,-inf\n")
    assert TokenTable.from_csv(path).logits.tolist() == [1, -math.inf]


def test_rows_are_counted_without_blank_lines(tmp_path):
    path = tmp_path / "tokens.csv"
    for text in (
        "\n\ntokens,logits\n\na,1\n\n\nb,high\n",
        "tokens,logits\r\n\r\na,1\r\nb,high\r\n",
    ):
        path.write_bytes(text.encode())
        with pytest.raises(ValueError, match=r"'logits', row 1: must be a number .* got 'high'"):
            TokenTable.from_csv(path)


@pytest.mark.parametrize(
    "text",
    [
        "data:{0}\n\ndata:{1}\n\ndata:[DONE]\n\n",
        "data: {0}\r\n\r\ndata: {1}\r\n\r\ndata: [DONE]\r\n",
        # Comments keep a connection alive, and a name without a colon has no value.
        ": ping\n\ndata: {0}\n\ndata\n\ndata: {1}\n\n",
        "{0}\n\n  {1}\n\n",
        "\n{0}\r\n{1}",
    ],
)
def test_streams_are_read_however_their_lines_are_spaced(text):
    lines = [json.dumps(chunk(0, ONE)), json.dumps(chunk(0, TWO))]
    text = text.replace("{0}", lines[0]).replace("{1}", lines[1])
    assert TokenTable.from_logprobs(text).tokens == (" a", " b")
    assert TokenTable.from_logprobs(text, 1).tokens == (" c", " d")


def test_an_error_of_whole_json_names_its_line():
    for text, place in (('{\n "a": -1,\n "b":', "line 3 column 6"), ('{"a": -1,\n2', "line 2 col")):
        with pytest.raises(ValueError, match=f"must be whole JSON, got .*{place}"):
            TokenTable.from_logprobs(text)


def test_only_a_set_that_sums_to_1_looks_like_probabilities():
    for values, advice in (
        ((0.9, 0.1), "These look like probabilities"),
        ((0.5, 0.5046), "These look like probabilities"),
        ((1.0, 0.005), "These look like probabilities"),
        ((0.9, 0.11), "For logits use TokenTable"),
        ((0.9, 0.9), "For logits use TokenTable"),
        ((0.9, -0.1), "For logits use TokenTable"),
    ):
        with pytest.raises(ValueError, match=f"must be at most 0, got {values[0]:g}: .*{advice}"):
            TokenTable.from_logprobs({"a": values[0], "b": values[1]})


def test_a_logprob_may_be_rounded_to_a_thousandth_above_0():
    assert TokenTable.from_logprobs({"a": 0.001}).unseen_mass == 0
    with pytest.raises(ValueError, match=r"'a' must be at most 0, got 0\.0011"):
        TokenTable.from_logprobs({"a": 0.0011})


@pytest.mark.parametrize("answer", [{"a": -9999.0}, {"choices": [{"logprobs": None}]}, []])
def test_what_lacks_logprobs_says_how_to_ask_for_them(answer):
    with pytest.raises(ValueError, match=r": ask the API for logprobs=True, top_logprobs=20$"):
        TokenTable.from_logprobs(answer)


PAIRS = "give pairs (token, logprob) of that position instead"
ASK = "ask the API for logprobs=True, top_logprobs=20"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {1: {"decoded_token": "a", "logprob": "-1"}},
            f"logprobs[1].logprob of the answer has the wrong type, got '-1': {PAIRS}",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "token"], MISSING),
            "choices[0].logprobs.content[0].top_logprobs[1].token of the answer is missing, got "
            f"the keys ['logprob', 'bytes']: {PAIRS}",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs", 1, "logprob"], None),
            "choices[0].logprobs.content[0].top_logprobs[1].logprob of the answer is null: "
            f"{PAIRS}",
        ),
        ({"choices": None}, f"choices of the answer is null: {ASK}"),
        ({"choices": ""}, f"choices of the answer has the wrong type, got '': {ASK}"),
        ({"logprobs": None}, f"logprobs of the answer is null: {ASK}"),
        (
            {"choices": [{"logprobs": True}]},
            f"choices[0].logprobs of the answer has the wrong type, got True: {ASK}",
        ),
        (
            [(-1.0, 3, "a"), ("b", -2.0)],
            f"logprobs[1] of the answer must be an object, got ('b', -2.0): {PAIRS}",
        ),
        (
            {"choices": None, "output": [{"content": []}]},
            f"output[0].content of the answer is empty: {ASK}",
        ),
        (
            {"output": [{"content": [{"logprobs": None}]}]},
            f"output[0].content[0].logprobs of the answer is null: {ASK}",
        ),
        (
            changed([*CONTENT, 0, "top_logprobs"], None),
            f"choices[0].logprobs.content[0].top_logprobs of the answer is null: {ASK}",
        ),
        ([("a", 3, "b")], "logprobs must be pairs (token, logprob), got ('a', 3, 'b') at 0"),
        ({"error": {"message": "x" * 200}}, "ERROR" + "x" * 200),
        ({"error": {"message": "x" * 201}}, "ERROR" + "x" * 200 + "..."),
    ],
)
def test_a_message_tells_the_place_and_what_to_do(answer, message):
    with pytest.raises(ValueError, match=r"answer|pairs") as caught:
        TokenTable.from_logprobs(answer)
    start = "logprobs must be an answer, got the server's error: "
    assert str(caught.value) == message.replace("ERROR", start)


def test_tokens_of_one_text_are_told_apart_by_their_ids_in_triples():
    assert TokenTable.from_logprobs([(-1.0, 5, "a"), (-1.0, 6, "a")]).tokens == ("a #0", "a #1")
    assert TokenTable.from_logprobs([(-1.0, 5, "a"), (-1.0, 5, "a")]).tokens == ("a",)


def test_long_names_may_be_written_as_json_does():
    listed = [[math.log(0.5), 1, " a"]]
    for name in ("output_top_logprobs", "outputTopLogprobs"):
        assert TokenTable.from_logprobs({"meta_info": {name: [listed]}}).tokens == (" a",)


def test_prompt_logprobs_are_those_of_a_choice():
    positions = [[None, {1: {"decoded_token": t, "logprob": -1.0}}] for t in ("a", "b")]
    answer = {"choices": [{"prompt_logprobs": position} for position in positions]}
    for choice, token in enumerate("ab"):
        assert TokenTable.from_logprobs(answer, 1, choice=choice).tokens == (token,)


def test_an_event_that_repeats_others_is_read_only_where_they_are_not():
    delta, done = "response.output_text.delta", "response.output_text.done"
    cut_off = [
        {"type": delta, "logprobs": [ONE]},
        {"type": done, "logprobs": [ONE]},
        {"type": delta, "logprobs": [TWO]},
    ]
    assert TokenTable.from_logprobs(cut_off, 1).tokens == (" c", " d")
    with pytest.raises(ValueError, match="the answer has 2 positions"):
        TokenTable.from_logprobs(cut_off, 2)
    assert TokenTable.from_logprobs([cut_off[1]]).tokens == (" a", " b")


def test_one_position_is_one():
    with pytest.raises(ValueError, match=r"from 0 to 0, got 1: the answer has 1 position$"):
        TokenTable.from_logprobs([ONE], position=1)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "a zip archive: unpack it first, or "),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as 'CSV UTF-8', or "),
        (b"\x1f\x8b", "compressed: unpack it first, or "),
        (b"PAR1", "a Parquet file: "),
    ],
)
def test_a_file_of_another_kind_can_be_read_with_pandas(tmp_path, start, kind):
    path = tmp_path / "tokens.csv"
    path.write_bytes(start)
    with pytest.raises(ValueError, match=r"must be a CSV file") as caught:
        TokenTable.from_csv(path)
    advice = "read it with pandas, and use TokenTable.from_frame"
    assert str(caught.value).endswith(f", which is {kind}{advice}")


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("tokens.csv", "a zip archive: unpack it first"),
        ("xl/workbook.xml", "an Excel workbook"),
        ("content.xml", "an OpenDocument file"),
        ("Index/Document.iwa", "a document of Numbers"),
    ],
)
def test_an_archive_is_named_by_what_is_in_it(tmp_path, inside, kind):
    path = tmp_path / "tokens.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inside, "tokens,logits\nday,5\n")
    with pytest.raises(ValueError, match=f"must be a CSV file, got .*, which is {kind}"):
        TokenTable.from_csv(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_a_path_that_need_not_end_is_refused(tmp_path):
    # Opened, it would wait for somebody to write.
    pipe = tmp_path / "tokens.csv"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero"):
        with pytest.raises(ValueError, match=r"path must be a file, got .*: save what it"):
            TokenTable.from_csv(path)
    with pytest.raises(IsADirectoryError):
        TokenTable.from_csv(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_letter_stays(tmp_path, end):
    path = tmp_path / "tokens.csv"
    tokens = [chr(code) for code in range(33, 127) if chr(code) not in '",']
    lines = ["tokens,logits", *(f"{token},{i}" for i, token in enumerate(tokens))]
    path.write_bytes(end.join(lines).encode())
    assert list(TokenTable.from_csv(path).tokens) == tokens


NAME = "name the columns tokens and logits in the first line"
TAKE = "of probabilities take the logarithm, and name the column logprobs"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"tokens,logits\na",1\n', "CSV, got '\"tokens,logits\\n' (unexpected end of data)"),
        ("token,score\na,1\n", f"column 'logits' must be there once, .*: {NAME}"),
        ("token,sharpness\na,1\n", f"column 'logits' must be there once, .*: {NAME}"),
        ("token,problem\na,1\n", f"column 'logits' must be there once, .*: {NAME}"),
        ("token,pp\na,1\n", f"column 'logits' must be there once, .*: {NAME}"),
        ("token,P\na,1\n", f"column 'logits' must be there once, .*: {TAKE}"),
        ("token,probs\na,1\n", f"column 'logits' must be there once, .*: {TAKE}"),
        ("token,share\na,1\n", f"column 'logits' must be there once, .*: {TAKE}"),
        ("tokens,logits\na,60%\n", f"got '60%': {TAKE}"),
        (
            "tokens,logits\na,1.234,5\n",
            "put a token that holds ',' in quotes, and write numbers with a decimal point",
        ),
        (
            'tokens,logits\na,"1.234,5"\n',
            "got '1.234,5': write a decimal point instead of a decimal comma, and no thousands",
        ),
        (
            "tokens;logits\na;1,234\n",
            "got '1,234', a decimal comma or one of thousands: write it with a decimal point",
        ),
        ("tokens,logits\na,1\na,2\n", "'a' is in row 0 already: leave one of them out"),
        (
            'tokens,logits\n"a"b,1\n',
            "put the token in quotes, and double each quotation mark in it",
        ),
        (
            "logits,tokens\n2,day\r\n",
            "put that token in quotes, or save the file anew",
        ),
    ],
)
def test_a_message_about_a_csv_says_what_to_do(tmp_path, text, message):
    path = tmp_path / "tokens.csv"
    path.write_bytes(text.encode())
    with pytest.raises(ValueError, match=r"must|row") as caught:
        TokenTable.from_csv(path)
    start, _, end = message.partition(".*")
    assert start in str(caught.value)
    assert str(caught.value).endswith(end or start)
