"""Objects of other packages, by stand-ins with their fields: read as what they hold, or refused."""

import dataclasses
import json
import math
from collections.abc import MutableSequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from softmax_temperature import TokenTable

CASES = Path(__file__).parent / "cases"
MESSAGE = json.loads((CASES / "A-langchain-AIMessage-dict.json").read_text())
CONTENT = MESSAGE["response_metadata"]["logprobs"]["content"]
# Two positions of 0.6, 0.25, 0.10 and of 0.9, 0.05.
NUMBERS = [
    {11: -0.5108256, 12: -1.3862944, 13: -2.3025851},
    {4: -0.1053605, 5: -2.9957323},
]
TEXTS = {11: "day", 12: "time", 13: "trip", 4: "!", 5: "."}
SHARES = [([0.6316, 0.2632, 0.1053], 0.05), ([0.9474, 0.0526], 0.05)]


@dataclasses.dataclass
class Logprob:
    """Of vLLM; the one of TensorRT-LLM has no text."""

    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


@dataclasses.dataclass
class BareLogprob:
    """Of TensorRT-LLM."""

    logprob: float
    rank: int | None = None


@dataclasses.dataclass
class FlatLogprobs(MutableSequence):
    """Of vLLM: all positions in columns, and a sequence of positions."""

    start_indices: list
    end_indices: list
    token_ids: list
    logprobs: list
    ranks: list
    decoded_tokens: list

    def __len__(self):
        return len(self.start_indices)

    def __getitem__(self, position):
        return {
            self.token_ids[i]: Logprob(self.logprobs[i], self.ranks[i], self.decoded_tokens[i])
            for i in range(self.start_indices[position], self.end_indices[position])
        }

    def __setitem__(self, position, value):
        raise TypeError

    def __delitem__(self, position):
        raise TypeError

    def insert(self, position, value):
        raise TypeError


@dataclasses.dataclass
class CompletionOutput:
    index: int
    logprobs: Any
    text: str = "day!"
    prompt_logprobs: Any = None


class RequestOutput:
    """Of vLLM: a class with attributes, and nothing else."""

    def __init__(self, *outputs, name="1", prompt_logprobs=None):
        self.request_id = name
        self.prompt_logprobs = prompt_logprobs
        self.outputs = list(outputs)
        self.metrics = Mock()

    def add(self, other):
        raise NotImplementedError


class Prediction:
    """Of DSPy: it has items, and is no mapping."""

    def __init__(self, **fields):
        self._store = fields

    def items(self):
        return list(self._store.items())

    def __iter__(self):
        return iter(self._store)


class Pair(NamedTuple):
    logprob: float
    rank: int
    decoded_token: str | None


@dataclasses.dataclass
class GenerationResponse:
    """Of mlx-lm."""

    text: str
    token: int
    logprobs: Any


def positions(kind, texts=True):
    return [
        {i: kind(x, 1, *([TEXTS[i] if texts else None] * (kind is not BareLogprob))) for i, x in p}
        for p in (numbers.items() for numbers in NUMBERS)
    ]


def flat():
    numbers = {number: x for position in NUMBERS for number, x in position.items()}
    texts = [TEXTS[number] for number in numbers]
    return FlatLogprobs([0, 3], [3, 5], list(numbers), list(numbers.values()), [1] * 5, texts)


def check(given, names=("day", "time", "trip", "!", "."), choice=0):
    for position, (shares, unseen) in enumerate(SHARES):
        table = TokenTable.from_logprobs(given, position, choice=choice)
        assert table.tokens == (names[:3], names[3:])[position]
        assert table.probabilities() == pytest.approx(shares, abs=6e-5)
        assert table.unseen_mass == pytest.approx(unseen, abs=2e-5)


@pytest.mark.parametrize(
    "given",
    [
        flat(),
        dataclasses.asdict(flat()),
        json.dumps(dataclasses.asdict(flat())),
        CompletionOutput(0, flat()),
        RequestOutput(CompletionOutput(0, flat())),
        RequestOutput(CompletionOutput(0, positions(Logprob))),
        [RequestOutput(CompletionOutput(0, positions(Logprob)))],
        RequestOutput(CompletionOutput(0, None), prompt_logprobs=positions(Logprob)),
        positions(Pair),
        Prediction(answer="day!", logprobs={"content": CONTENT}),
        Prediction(answer="day!", logprobs=Prediction(content=CONTENT, refusal=None)),
        {"prompt": "x", "outputs": [{"text": "day!", "logprobs": {"content": CONTENT}}]},
        {"generations": [{"message": MESSAGE, "text": "day!"}]},
        {"generations": [[{"message": MESSAGE, "text": "day!"}]], "llm_output": {}},
        {"generations": [{"text": "day!", "generation_info": {"logprobs": {"content": CONTENT}}}]},
        {"raw": MESSAGE, "parsed": None, "parsing_error": None},
        {"lc": 1, "type": "constructor", "id": ["AIMessage"], "kwargs": MESSAGE},
        MESSAGE | {"response_metadata": {"logprobs": CONTENT}},
        [
            MESSAGE
            | {"type": "AIMessageChunk", "response_metadata": {"logprobs": {"content": [item]}}}
            for item in CONTENT
        ],
        {"choices": [{"raw_output": {"completion_logprobs": {"content": CONTENT}}}]},
    ],
)
def test_an_object_is_read(given):
    check(given)


@pytest.mark.parametrize(
    "given",
    [
        positions(Logprob, texts=False),
        positions(BareLogprob),
        RequestOutput(CompletionOutput(0, positions(BareLogprob))),
        json.dumps([{i: {"logprob": x} for i, x in p.items()} for p in NUMBERS]),
        [[[x, i, None] for i, x in p.items()] for p in NUMBERS],
        [[{"token_id": i, "logprob": x} for i, x in p.items()] for p in NUMBERS],
        NUMBERS,
        # The server of mlx-lm.
        {
            "choices": [
                {
                    "logprobs": {
                        "tokens": [11, 4],
                        "token_logprobs": [-0.5108256, -0.1053605],
                        "top_logprobs": [list(map(list, p.items())) for p in NUMBERS],
                    }
                }
            ]
        },
    ],
)
def test_where_an_answer_has_no_texts_ids_stand_for_them_and_it_is_said(given):
    with pytest.warns(UserWarning, match="ids without texts: each id stands for its token"):
        check(given, tuple(map(str, TEXTS)))


def test_several_outputs_are_choices_of_one_answer_but_several_requests_are_not():
    first = CompletionOutput(0, positions(Logprob)[1:])
    second = CompletionOutput(1, positions(Logprob))
    check(RequestOutput(first, second), choice=1)
    with pytest.raises(ValueError, match="must be one answer, got 2 of them"):
        TokenTable.from_logprobs([RequestOutput(second), RequestOutput(second, name="2")])
    with pytest.raises(ValueError, match="must be one answer, got 2 of them"):
        TokenTable.from_logprobs({"generations": [[{"message": MESSAGE}]] * 2})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (RequestOutput(CompletionOutput(0, None)), r"outputs\[0\].logprobs of the answer is null"),
        (Prediction(answer="day!"), r"an answer that has them, got the keys \['answer'\]: ask"),
        (Prediction(answer="day!", logprobs=None), "logprobs of the answer is null: ask"),
        ({"role": "assistant", "content": "day!"}, r"got the keys \['role', 'content'\]: ask"),
        ({"role": "assistant", "content": None}, r"got the keys \['role', 'content'\]: ask"),
        (MESSAGE | {"response_metadata": {}}, "response_metadata.logprobs .* is missing, .*: ask"),
        (np.array([-0.5, -1.5]), r"pairs .* at 0: .* use TokenTable\(tokens, logprobs\)"),
        (
            GenerationResponse("day", 11, np.array([-0.5, -1.5])),
            r"logprobs of the answer has no tokens, .*: use TokenTable\(tokens, logprobs\)",
        ),
        (
            pd.DataFrame({"tokens": ["a"], "logprobs": [-1.0]}),
            "no table, got a DataFrame: use TokenTable.from_frame",
        ),
        ({"logits": {"a": 5.0, "b": 3.0}}, r"no logprobs, .*: use TokenTable\(tokens, logits\)"),
        ({"probabilities": {"a": 0.5, "b": 0.3}}, "are probabilities, .*: give their logarithms"),
        ({"probs": {"a": 0.5, "b": 0.3}}, "look like probabilities: give their logarithms"),
        ({"choices": [{"error": "busy"}]}, "the server's error: busy"),
        (
            [{"id": 1, "choices": [{"index": 0, "error": {"message": "busy"}}]}] * 2,
            "the server's error: busy",
        ),
        (Mock(), "must be a mapping, pairs or an API's answer"),
    ],
)
def test_what_is_said_of_an_object_is_true(given, words):
    with pytest.raises((ValueError, TypeError), match=words):
        TokenTable.from_logprobs(given)


def test_an_object_without_an_end_is_refused():
    endless = RequestOutput()
    endless.outputs = [endless]
    with pytest.raises(ValueError, match="got a RequestOutput without an end to its parts"):
        TokenTable.from_logprobs(endless)


@pytest.mark.parametrize("kind", ["text.delta", "text.done", "part.done", "item.done"])
def test_the_logprobs_of_a_stream_are_found_where_one_kind_of_event_has_them(kind):
    types = {
        "text.delta": [("response.output_text.delta", {"logprobs": [item]}) for item in CONTENT],
        "text.done": [("response.output_text.done", {"logprobs": CONTENT})],
        "part.done": [("response.content_part.done", {"part": {"logprobs": CONTENT}})],
        "item.done": [
            ("response.output_item.done", {"item": {"content": [{"logprobs": CONTENT}]}})
        ],
    }
    events = [
        {"type": name, **(parts if kind == here else {})}
        for here, several in types.items()
        for name, parts in several
    ]
    check([*events, {"type": "response.completed", "response": {"output": []}}])


def of(token, logprob, **more):
    return {"token": token, "logprob": math.log(logprob), "bytes": None} | more


LISTED = [of("day", 0.6), of("time", 0.2)]
NUMBERED = [of("day", 0.6, token_id=1), of("time", 0.2, token_id=2)]


@pytest.mark.parametrize(
    ("drawn", "listed", "names"),
    [
        # The same token without its space: the text of the drawn one is the whole one.
        (of(" day", 0.6), LISTED, [" day", "time"]),
        (of("\u2581day", 0.6), LISTED, ["\u2581day", "time"]),
        (of("day ", 0.6), LISTED, ["day ", "time"]),
        # Another probability is another token, and so is another line.
        (of(" day", 0.1), LISTED, ["day", "time", " day"]),
        (of("day\n", 0.6), LISTED[1:], ["time", "day\n"]),
        # Ids decide where both have them.
        (of(" day", 0.1, token_id=1), NUMBERED, ["day", "time"]),
        (of("day", 0.1, token_id=9), NUMBERED, ["day #0", "time", "day #1"]),
    ],
)
def test_a_drawn_token_and_its_twin_are_one(drawn, listed, names):
    table = TokenTable.from_logprobs([drawn | {"top_logprobs": listed}])
    assert list(table.tokens) == names
