"""Inputs in the shapes that people have: each file of `cases/` is read as expected, or refused."""

import math
from pathlib import Path

import pytest

from softmax_temperature import TokenTable

CASES = Path(__file__).parent / "cases"

# The first position of nearly all answers: day 0.6, time 0.25 and trip 0.10 leave 0.05 unseen.
DAY = {"day": 0.6316, "time": 0.2632, "trip": 0.1053}
DAY_TIME = {"day": 0.7059, "time": 0.2941}

ANSWERS = {
    "A-azure-ok.json": (DAY, 0.05),
    "A-batch-line.json": (DAY, 0.05),
    "A-bf16-two-tokens.json": ({"yes": 0.5, "no": 0.5}, 0),
    "A-bytes-only-on-drawn.json": (DAY, 0.05),
    "A-chat-ok.json": (DAY, 0.05),
    "A-choice-object.json": (DAY, 0.05),
    "A-chunk-ok.json": (DAY, 0.05),
    "A-chunks-list.json": (DAY, 0.05),
    "A-content-item.json": (DAY, 0.05),
    "A-content-list-one.json": (DAY, 0.05),
    "A-content-list.json": (DAY, 0.05),
    "A-emoji-pieces.json": ({"\\xf0\\x9f": 0.625, " 😀": 0.375}, 0.2),
    "A-fenced.txt": (DAY, 0.05),
    "A-fireworks-raw-output-alone.json": (DAY, 0.05),
    "A-gemini-candidates-list.json": (DAY, 0.05),
    "A-gemini.json": (DAY, 0.05),
    "A-koboldcpp-both.json": (DAY, 0.05),
    "A-langchain-AIMessage-dict.json": (DAY, 0.05),
    "A-langchain-google-metadata.json": (DAY, 0.05),
    "A-langchain-metadata.json": (DAY, 0.05),
    "A-legacy-bytes-token-dict.json": ({"bytes:\\xe2\\x80": 0.6667, "day": 0.3333}, 0.1),
    "A-legacy-logprobs-object.json": (DAY, 0.05),
    "A-legacy-top-dict-ok.json": (DAY, 0.05),
    "A-legacy.json": (DAY, 0.05),
    "A-list-of-one-answer.json": (DAY, 0.05),
    "A-llamacpp-float-lowest.json": (DAY | {"zzz": 0}, 0.05),
    "A-llamacpp-new-list.json": (DAY, 0.05),
    "A-llamacpp-new.json": (DAY, 0.05),
    "A-llamacpp-old-probs.json": (DAY_TIME, 0.15),
    "A-llamacpp-old.json": (DAY_TIME, 0.15),
    "A-llamacpp-post-sampling.json": (DAY_TIME, 0.15),
    "A-logprobs-object.json": (DAY, 0.05),
    "A-n=2.json": (DAY, 0.05),
    "A-no-bytes-at-all.json": (DAY, 0.05),
    "A-ollama-generate.json": (DAY, 0.05),
    "A-ollama-ndjson.jsonl": (DAY, 0.05),
    "A-refusal-logprobs.json": (DAY, 0.05),
    "A-responses-stream-final-null.json": (DAY, 0.05),
    "A-responses-stream-final-output-empty.json": (DAY, 0.05),
    "A-responses.json": (DAY, 0.05),
    "A-sglang-one-position.json": (DAY, 0.05),
    "A-sglang.json": (DAY, 0.05),
    "A-silent-positions.json": ({"blue": 0.5714, "red": 0.4286}, 0.3),
    "A-simonw-llm.json": (DAY, 0.05),
    "A-special-null-bytes-both.json": ({"<|end|>": 0.7778, "day": 0.2222}, 0.1),
    "A-sse-line.txt": (DAY, 0.05),
    "A-sse.txt": (DAY, 0.05),
    # Listed without its space, the drawn token is still one of those that are listed.
    "A-tgi-chat-stripped-top.json": ({" day": 0.6316, "day": 0.2632, "trip": 0.1053}, 0.05),
    "A-tgi-object.json": (DAY, 0.05),
    "A-together-chat.json": (DAY, 0.05),
    "A-top-list-ok.json": (DAY, 0.05),
    "A-vllm-chat-ok.json": (DAY, 0.05),
    "A-vllm-clamped-9999.json": (DAY, 0.05),
    "A-vllm-completions-prompt-logprobs.json": (DAY, 0.05),
    "A-vllm-empty-tokens.json": ({"#0": 1.0, "#1": 0.0, "#2": 0.0}, 0.0001),
    "A-vllm-prompt-logprobs-one.json": (DAY_TIME, 0.15),
    "A-vllm-sampled-twice.json": (DAY_TIME, 0.15),
    "A-vllm-spm-collision.json": ({"true #0": 0.6316, "false": 0.3158, "true #1": 0.0526}, 0.05),
    "A-vllm-token-id-form.json": ({"token_id:11": 0.7059, "token_id:12": 0.2941}, 0.15),
}
NO_ANSWERS = {
    "A-ai21-j2.json": r"must be an answer that has them, got the keys \['completions'\]",
    "A-azure-first-chunk-no-choices.json": "choices of the answer is empty",
    "A-batch.jsonl": "must be one answer, got 2 of them: give the one that you want",
    "A-cohere-v2.json": r"logprobs\[0\].top_logprobs of the answer is missing, .*: ask the API",
    "A-curl-i.txt": "leave out the HTTP header",
    "A-error-object.json": "error: You are not allowed to request logprobs from this model",
    "A-lmstudio-responses-empty.json": r"^output\[0\].content\[0\].logprobs .* is empty: ask the",
    "A-logprobs-null.json": r"choices\[0\].logprobs of the answer is null: ask the API",
    "A-null-logprob.json": r"top_logprobs\[1\].logprob of the answer is null",
    "A-ooba-internal-logits.json": "logits of the answer are probabilities, .* their logarithms",
    "A-openrouter-error-in-choice.json": "the server's error: Provider returned error: overloaded",
    "A-positive-noise.json": "the logprob of 'day' must be at most 0, got 0.03125",
    "A-probs-mapping.json": "look like probabilities: give their logarithms",
    "A-sglang-input-top.json": r"input_top_logprobs\[0\] of the answer is null, .* position",
    "A-string-logprob.json": r"top_logprobs\[0\].logprob .* wrong type, got '-0.51'",
    "A-together-no-top.json": r"choices\[0\].logprobs.content of the answer is missing, .*: ask",
    "A-top-empty.json": r"content\[0\].top_logprobs of the answer is empty: ask the API",
    "A-vllm-prompt-logprobs-list.json": r"logprobs\[0\] of the answer is null, .* another position",
}
FILES = {
    "D-Tokens-Logits-case.csv": {"day": 5},
    "D-bom-crlf.csv": {"day": 5, "time": 4.5},
    "D-bpe.csv": {"Ġday": 5, "Ċ": 4, "âĢĻs": 3, "day": 2},
    "D-cr-token.csv": {"\r": 3, "a": 1},
    "D-excel-date-mangled.csv": {"Mar-01": 5, "1-Mar": 4},
    "D-fullwidth-digits.csv": {"a": 5, "b": 2},
    "D-index-column.csv": {"day": 5, "time": 4.5},
    "D-mac-cr.csv": {"day": 5, "time": 4.5},
    "D-nonfinite.csv": {"a": 5, "b": -math.inf, "c": -math.inf},
    "D-nul-bytes.csv": {"day": 5, "\0": 4},
    "D-numbers-dates.csv": {
        "1": 5,
        "01": 4,
        "1.0": 3,
        "2024-01-01": 2,
        "1e5": 1,
        "TRUE": 0,
        "nan": -1,
    },
    "D-quotes-in-token.csv": {'"': 5, "\n": 4, "\t": 3, " ": 2, "": 1},
    "D-rt.csv": {"nan": 1, " day": 2, "\n": 3, "1": 4, "": 5},
    "D-rt2.csv": {"\r": 1, "\r\n": 2, "\n": 3},
    "D-semicolon-decimal-comma.csv": {"day": 5, "time": 4.5},
    "D-semicolon.csv": {"day": 5, "time": 4.5},
    "D-sentencepiece.csv": {"▁day": 5, "<0x0A>": 4, "▁": 3, "</s>": 2},
    "D-sep-hint.csv": {"day": 5},
    "D-space-after-comma-header.csv": {"day": 5},
    "D-space-after-comma-values.csv": {"day": 5, "time": 4.5},
    "D-tab.csv": {"day": 5},
    "D-token-logit.csv": {"day": 5},
    "D-token-logprob.csv": {"day": -0.51, "time": -1.39},
    "D-trailing-comma.csv": {"day": 5, "time": 4.5},
    "D-trailing-space-token.csv": {" day": 5, "day ": 4.5, "day": 3},
    "D-unicode-minus.csv": {"a": -1.5, "b": 2},
    "D-utf16-comma.csv": {"day": 5},
    "D-utf16-excel-unicode-text.txt": {"day": 5},
}
NO_FILES = {
    "D-blank-and-empty-rows.csv": "column 'logits', row 1: must be a number or -inf, got ''",
    "D-book.xlsx": "an Excel workbook: save it as 'CSV UTF-8', or read it with pandas",
    "D-comma-sep-decimal-comma-bare.csv": r"row 0: must have 2 fields, got \['day', '5', '0'\]",
    "D-comma-sep-decimal-comma-quoted.csv": "row 0: .* got '5,0': write a decimal point instead",
    "D-comment-line.csv": r"columns \['# GPT-2', ' 2024'\]: name the columns tokens and logits",
    "D-cp1252.csv": "path must be UTF-8, .*: save it as UTF-8",
    "D-duplicate-after-strip.csv": "column 'tokens', row 1: 'day' is in row 0 already",
    "D-excel-empty-tail.csv": "column 'logits', row 1: must be a number or -inf, got ''",
    "D-header-missing.csv": r"got columns \['day', '5.0'\]: name the columns tokens and logits",
    "D-jsonl.jsonl": "must be a CSV file, got JSON, .*: use from_logprobs",
    "D-lone-quote-token.csv": "row 0, line 2 of the file: must be CSV, .* double each quotation",
    "D-percent.csv": "column 'logits', row 0: .* got '60%': of probabilities take the logarithm",
    "D-space-before-quote.csv": "row 0: must have 2 fields",
    "D-thousands.csv": "column 'logits', row 0: must be a number or -inf, got '1,234.5'",
    "D-token-prob.csv": r"columns \['token', 'prob'\]: of probabilities take the logarithm",
    "D-token-score.csv": r"columns \['token', 'score'\]: name the columns tokens and logits",
    "D-trailing-comma-rows-only.csv": "row 0: must have 2 fields",
    "D-underscore.csv": "column 'logits', row 0: must be a number or -inf, got '1_000'",
    "D-x.csv.gz": "which is compressed: unpack it first, or read it with pandas",
}


def test_every_case_has_its_expectation():
    expected = [*ANSWERS, *NO_ANSWERS, *FILES, *NO_FILES]
    assert sorted(expected) == sorted(path.name for path in CASES.glob("[!.]*"))


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("form", ["text", "bytes"])
def test_an_answer_is_read(name, form):
    path = CASES / name
    given = path.read_bytes() if form == "bytes" else path.read_text(encoding="utf-8")
    table = TokenTable.from_logprobs(given)
    probabilities, unseen = ANSWERS[name]
    assert list(table.tokens) == list(probabilities)
    assert table.probabilities() == pytest.approx(list(probabilities.values()), abs=6e-5)
    assert table.unseen_mass == pytest.approx(unseen, abs=2e-5)


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_what_is_no_answer_is_refused(name):
    with pytest.raises(ValueError, match=NO_ANSWERS[name]) as caught:
        TokenTable.from_logprobs((CASES / name).read_bytes())
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read(name):
    table = TokenTable.from_csv(CASES / name)
    assert list(table.tokens) == list(FILES[name])
    assert table.logits.tolist() == list(FILES[name].values())


@pytest.mark.parametrize("name", NO_FILES)
def test_what_can_be_read_in_two_ways_is_refused(name):
    with pytest.raises(ValueError, match=NO_FILES[name]) as caught:
        TokenTable.from_csv(CASES / name)
    assert len(str(caught.value).replace(str(CASES), "")) <= 300


# The second position of the cases that have one, worked by hand from its probabilities.
OUT_OFF = ({" out": 0.625, " off": 0.375}, 0.2)
MARK_STOP = ({"!": 0.9474, ".": 0.0526}, 0.05)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A-chat-ok.json", OUT_OFF),
        ("A-content-list.json", OUT_OFF),
        ("A-chunks-list.json", OUT_OFF),
        ("A-sse.txt", OUT_OFF),
        ("A-gemini.json", OUT_OFF),
        ("A-legacy.json", OUT_OFF),
        ("A-llamacpp-new.json", OUT_OFF),
        ("A-ollama-generate.json", OUT_OFF),
        ("A-ollama-ndjson.jsonl", OUT_OFF),
        ("A-responses.json", OUT_OFF),
        ("A-sglang.json", OUT_OFF),
        ("A-tgi-object.json", OUT_OFF),
        ("A-refusal-logprobs.json", OUT_OFF),
        ("A-vllm-prompt-logprobs-list.json", (DAY_TIME, 0.15)),
        ("A-sglang-input-top.json", (DAY, 0.05)),
        ("A-langchain-AIMessage-dict.json", MARK_STOP),
        ("A-langchain-google-metadata.json", MARK_STOP),
        ("A-responses-stream-final-null.json", MARK_STOP),
        ("A-responses-stream-final-output-empty.json", MARK_STOP),
        ("A-silent-positions.json", ({" car": 0.6667, " bus": 0.3333}, 0.4)),
    ],
)
def test_the_second_position_is_another_distribution(name, expected):
    table = TokenTable.from_logprobs((CASES / name).read_bytes(), position=1)
    probabilities, unseen = expected
    assert dict(zip(table.tokens, table.probabilities())) == pytest.approx(probabilities, abs=6e-5)
    assert table.unseen_mass == pytest.approx(unseen, abs=2e-5)


@pytest.mark.parametrize("name", ["A-sse.txt", "A-chat-ok.json", "A-tgi-object.json"])
def test_an_error_about_a_position_counts_them(name):
    with pytest.raises(ValueError, match="from 0 to 1, got 2: the answer has 2 positions"):
        TokenTable.from_logprobs((CASES / name).read_bytes(), position=2)
