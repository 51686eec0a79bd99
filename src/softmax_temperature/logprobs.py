"""Tokens and logprobs from a mapping, from pairs, or from an answer of a Chat Completions API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .checks import real_number, short

# OpenAI's flag for a token that is not among its 20 likeliest.
_VERY_UNLIKELY = -9999.0
_ASK = "ask the API for logprobs=True, top_logprobs=20"


def read_logprobs(logprobs: Any, position: int = 0) -> tuple[list[str], list[float]]:
    """Return tokens and their logprobs, or say what is wrong with them."""
    if isinstance(logprobs, (str, bytes, bytearray)):
        try:
            logprobs = json.loads(logprobs)
        except ValueError as error:
            raise ValueError(
                f"logprobs must be whole JSON, got {short(logprobs)} ({error}): "
                "paste the answer from its first bracket to its last"
            ) from None
    if isinstance(position, bool) or not isinstance(position, int):
        raise TypeError(f"position must be a whole number, got {short(position)}")
    if isinstance(logprobs, Mapping) and logprobs:
        if not isinstance(logprobs.get("choices", 0), (int, float)):
            return _check(_answer(logprobs, position))
        if not any(isinstance(value, (int, float)) for value in logprobs.values()):
            raise ValueError(
                f"choices of the answer is missing, got {short(dict(logprobs))}: {_ASK}, or give "
                "a mapping of tokens to logprobs"
            )
    if position != 0:
        raise ValueError(f"position is for answers of an API, got {position}: leave it out")
    pairs = logprobs.items() if isinstance(logprobs, Mapping) else logprobs
    if not isinstance(pairs, Iterable):
        raise TypeError(
            f"logprobs must be a mapping, pairs or an API's answer, got {short(logprobs)}: of an "
            "object of the openai package, give its model_dump()"
        )
    return _check([_pair(item, number) for number, item in enumerate(pairs)])


def _pair(item: Any, number: int) -> tuple[Any, Any]:
    if isinstance(item, (str, bytes, Mapping)) or not isinstance(item, Iterable):
        raise TypeError(f"logprobs must be pairs (token, logprob), got {short(item)} at {number}")
    pair = tuple(item)
    if len(pair) != 2:
        raise ValueError(f"logprobs must be pairs (token, logprob), got {short(item)} at {number}")
    return pair


def _check(pairs: list[tuple[Any, Any]]) -> tuple[list[str], list[float]]:
    values = []
    for token, logprob in pairs:
        value = real_number(logprob, f"the logprob of {short(token)}")
        if not value <= 1e-3:
            raise ValueError(
                f"the logprob of {short(token)} must be at most 0, got {value:g}: it is the "
                "logarithm of a probability. For logits use TokenTable(tokens, logits)"
            )
        values.append(value)
    if not pairs:
        raise ValueError(f"logprobs must not be empty: {_ASK}")
    return [token for token, _ in pairs], values


def _answer(answer: Mapping[str, Any], position: int) -> list[tuple[Any, Any]]:
    choices = _part(answer, "choices", list, "")
    if not choices:
        raise ValueError("choices of the answer is empty: the API returned no text")
    logprobs = _part(choices[0], "logprobs", Mapping, "choices[0]")
    content = _part(logprobs, "content", list, "choices[0].logprobs")
    if not 0 <= position < len(content):
        raise ValueError(
            f"position must be from 0 to {len(content) - 1}, got {position}: "
            f"choices[0].logprobs.content has {len(content)} tokens"
        )
    path = f"choices[0].logprobs.content[{position}]"
    listed = _part(content[position], "top_logprobs", list, path)
    if not listed:
        raise ValueError(f"{path}.top_logprobs of the answer is empty: {_ASK}")
    pairs = [_entry(item, f"{path}.top_logprobs[{row}]") for row, item in enumerate(listed)]
    # The token that was drawn can be one that is not listed.
    drawn = _entry(content[position], path)
    if drawn[0] not in [token for token, _ in pairs]:
        pairs.append(drawn)
    return [(token, logprob) for token, logprob in pairs if logprob > _VERY_UNLIKELY]


def _entry(item: Any, path: str) -> tuple[str, float]:
    return _part(item, "token", str, path), _part(item, "logprob", (int, float), path)


def _part(whole: Any, name: str, kind: Any, path: str) -> Any:
    """Return a part of the answer, or name the one that is missing or wrong."""
    if not isinstance(whole, Mapping):
        raise ValueError(f"{path} of the answer must be an object, got {short(whole)}")
    full = f"{path}.{name}".removeprefix(".")
    if whole.get(name) is None:
        state = "null" if name in whole else "missing"
        raise ValueError(f"{full} of the answer is {state}: {_ASK}")
    if isinstance(whole[name], bool) or not isinstance(whole[name], kind):
        raise ValueError(f"{full} of the answer has the wrong type, got {short(whole[name])}")
    return whole[name]
