"""Tokens and logits from a DataFrame, a CSV file, logprobs, or an answer of an API."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import real_number, short

# OpenAI's flag for a token that is not among its 20 likeliest: no number.
_VERY_UNLIKELY = -9999.0
_ASK = "ask the API for logprobs=True, top_logprobs=20"


def read_frame(frame: Any) -> tuple[list[str], NDArray[Any]]:
    """Return the columns ``tokens`` and ``logits``, or name the row and column that is wrong."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"frame must be a pandas DataFrame, got {type(frame).__name__}")
    columns = list(frame.columns)
    for name in ("tokens", "logits"):
        if columns.count(name) != 1:
            raise ValueError(f"column {name!r} must be there once, got columns {columns}")
    column = frame["logits"]
    if column.dtype.kind in "bcmM":
        raise TypeError(f"column 'logits' must be numbers, got {column.dtype}")
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
    logits = column.to_numpy() if plain else np.array([_float_or_nan(x) for x in column])
    for row in np.flatnonzero(np.isnan(logits) | np.isposinf(logits)):
        value = short(column.iloc[row])
        raise ValueError(f"column 'logits', row {row}: must be a number or -inf, got {value}")
    names = frame["tokens"].tolist()
    first: dict[str, int] = {}
    for position, name in enumerate(names):
        place = f"column 'tokens', row {position}"
        if not isinstance(name, str):
            raise TypeError(f"{place}: must be a string, got {short(name)}")
        if name in first:
            raise ValueError(f"{place}: {short(name)} is in row {first[name]} already")
        first[name] = position
    return names, logits


def read_csv(path: Any) -> tuple[list[str], NDArray[Any]]:
    """Return the columns ``tokens`` and ``logits`` of a file, to the letter."""
    import pandas as pd

    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {short(path)}")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except UnicodeDecodeError as error:
        raise ValueError(f"path must be a UTF-8 file, got {short(path)} ({error})") from None
    except csv.Error as error:
        raise ValueError(f"path must be a CSV file, got {short(path)} ({error})") from None
    header = rows.pop(0) if rows else []
    width = len(header)
    for number, row in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"row {number}: must have {width} fields, got {short(row)}")
    return read_frame(pd.DataFrame(rows, columns=header))


def read_logprobs(logprobs: Any, position: Any = 0) -> tuple[list[str], list[float]]:
    """Return tokens and their logprobs, or say what is wrong with them."""
    if isinstance(position, bool) or not isinstance(position, Integral):
        raise TypeError(f"position must be a whole number, got {short(position)}")
    if isinstance(logprobs, (str, bytes, bytearray)):
        logprobs = _parse(logprobs)
    elif hasattr(logprobs, "model_dump"):
        # An object of the openai package, or another of pydantic's.
        logprobs = logprobs.model_dump()
    if isinstance(logprobs, Mapping):
        if not isinstance(logprobs.get("choices", 0), Real):
            return _check(_answer(logprobs, int(position)))
        if any(isinstance(value, (Mapping, list)) for value in logprobs.values()):
            raise ValueError(
                f"choices of the answer is missing, got {_keys(logprobs)}: give an answer in the "
                "shape of Chat Completions, or a mapping of tokens to logprobs"
            )
    if position != 0:
        raise ValueError(f"position is for answers of an API, got {position}: leave it out")
    pairs = logprobs.items() if hasattr(logprobs, "items") else logprobs
    if not isinstance(pairs, Iterable):
        raise TypeError(
            f"logprobs must be a mapping, pairs or an API's answer, got {short(logprobs)}"
        )
    return _check([_pair(item, number) for number, item in enumerate(pairs)])


def _float_or_nan(value: Any) -> float:
    try:
        return np.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _parse(text: str | bytes | bytearray) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                raise ValueError(f"{short(key)} is there {count} times in one object")
        return dict(pairs)

    try:
        if isinstance(text, str):
            text = text.removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"logprobs must be whole JSON, got {short(text)} ({error}): "
            "paste the answer from its first bracket to its last"
        ) from None


def _pair(item: Any, number: int) -> tuple[Any, Any]:
    if isinstance(item, Mapping):
        return _entry(item, f"logprobs[{number}]")[:2]
    if isinstance(item, (str, bytes)) or not isinstance(item, Iterable):
        raise TypeError(f"logprobs must be pairs (token, logprob), got {short(item)} at {number}")
    pair = tuple(item)
    if len(pair) != 2:
        raise ValueError(f"logprobs must be pairs (token, logprob), got {short(item)} at {number}")
    return pair


def _check(pairs: Sequence[tuple[Any, Any]]) -> tuple[list[str], list[float]]:
    tokens, values = [], []
    for token, logprob in pairs:
        value = real_number(logprob, f"the logprob of {short(token)}")
        if not value <= 1e-3:
            raise ValueError(
                f"the logprob of {short(token)} must be at most 0, got {value:g}: it is the "
                "logarithm of a probability"
                + (". For logits use TokenTable(tokens, logits)" if value > 0 else "")
            )
        if value != _VERY_UNLIKELY:
            tokens.append(token)
            values.append(value)
    if not values:
        raise ValueError(f"logprobs must not be empty: {_ASK}")
    return tokens, values


def _answer(answer: Mapping[str, Any], position: int) -> list[tuple[Any, Any]]:
    choices = _part(answer, "choices", list, "")
    if not choices:
        raise ValueError("choices of the answer is empty: give an answer that has a choice")
    logprobs = _part(choices[0], "logprobs", Mapping, "choices[0]")
    content = _part(logprobs, "content", list, "choices[0].logprobs")
    if not content:
        raise ValueError("choices[0].logprobs.content of the answer is empty: it has no token")
    if not 0 <= position < len(content):
        raise ValueError(
            f"position must be from 0 to {len(content) - 1}, got {position}: "
            f"choices[0].logprobs.content has {len(content)} tokens"
        )
    path = f"choices[0].logprobs.content[{position}]"
    listed = _part(content[position], "top_logprobs", list, path)
    if not listed:
        raise ValueError(f"{path}.top_logprobs of the answer is empty: {_ASK}")
    entries = [_entry(item, f"{path}.top_logprobs[{row}]") for row, item in enumerate(listed)]
    # The token that was drawn can be one that is not listed.
    token, logprob, spelling = _entry(content[position], path)
    if (token, spelling) not in [(name, letters) for name, _, letters in entries]:
        entries.append((token, logprob, spelling))
    # Pieces of characters have the same text, a replacement sign, but bytes of their own.
    counts = Counter(token for token, _, _ in entries)
    return [
        (spelling if spelling and counts[token] > 1 else token, logprob)
        for token, logprob, spelling in entries
    ]


def _entry(item: Any, path: str) -> tuple[str, Real, str | None]:
    """Return the text of a token, its logprob, and its bytes with escapes."""
    token = _part(item, "token", str, path)
    logprob = _part(item, "logprob", Real, path)
    try:
        spelling = bytes(item["bytes"]).decode("utf-8", "backslashreplace")
    except (KeyError, TypeError, ValueError):
        spelling = None
    return token, logprob, spelling


def _part(whole: Any, name: str, kind: Any, path: str) -> Any:
    """Return a part of the answer, or name the one that is missing or wrong."""
    if not isinstance(whole, Mapping):
        raise ValueError(f"{path} of the answer must be an object, got {short(whole)}")
    full = f"{path}.{name}".removeprefix(".")
    advice = _ASK if "logprobs" in name else "give an answer in the shape of Chat Completions"
    if name not in whole:
        raise ValueError(f"{full} of the answer is missing, got {_keys(whole)}: {advice}")
    if whole[name] is None:
        raise ValueError(f"{full} of the answer is null: {advice}")
    if isinstance(whole[name], bool) or not isinstance(whole[name], kind):
        raise ValueError(f"{full} of the answer has the wrong type, got {short(whole[name])}")
    return whole[name]


def _keys(whole: Mapping[Any, Any]) -> str:
    return f"the keys {short(list(whole))}"
