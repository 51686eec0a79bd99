"""The candidates of one position: their tokens told apart, their logprobs checked."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from ..checks import real_number, short

# What a position calls its candidates, and what these call their text and their value.
LISTED = ("top_logprobs", "top_probs", "probs", "top_tokens", "candidates")
_TEXT = ("token", "text", "tok_str", "decoded_token")
_VALUE = ("logprob", "log_probability", "prob")

# OpenAI's flag for a token that is not among its 20 likeliest: no number.
_VERY_UNLIKELY = -9999.0
# llama.cpp's flag for a token that was filtered out.
_FILTERED = float(np.finfo(np.float32).min)

ASK = "ask the API for logprobs=True, top_logprobs=20"
_WHOLE = "give the answer as it came"

Logprobs = tuple[list[Any], list[float], float]


class Entry(NamedTuple):
    """A token as an answer lists it: with its bytes, escaped where they are no text, and its id."""

    token: str
    logprob: float
    spelling: str | None = None
    number: Any = None


def check_logprobs(pairs: Sequence[tuple[Any, Any]], source: str = "") -> Logprobs:
    """Return tokens, logprobs and the mass that they leave to others, or refuse them.

    The `source` is the place in an answer. Without it, pairs are a person's own, and may be logits.
    """
    tokens: list[Any] = []
    values: list[float] = []
    for token, logprob in pairs:
        value = real_number(logprob, f"the logprob of {short(token)}")
        if value != _VERY_UNLIKELY:
            tokens.append(token)
            values.append(-math.inf if value <= _FILTERED else value)
    if not values:
        raise ValueError(f"logprobs must not be empty: {ASK}")
    if min(values) >= 0 and 0 < math.fsum(values) <= 1.005:
        advice = ". These look like probabilities: give their logarithms"
    elif source or len(set(map(str, tokens))) < len(tokens):
        advice = ". Give one position, each token of it once"
    else:
        advice = ". For logits use TokenTable(tokens, logits)"
    for token, value in zip(tokens, values):
        if not value <= 1e-3:
            raise ValueError(
                f"the logprob of {short(token)} must be at most 0, got {value:g}: it is the "
                "logarithm of a probability" + (advice if value > 0 and not source else "")
            )
    # Half precision rounds a logprob near -0.7 by up to 0.002, and with it each probability.
    total = math.fsum(math.exp(value) for value in values)
    if total > 1.005:
        raise ValueError(
            f"{source or 'logprobs'} must not sum to more than 1 as probabilities, got {total:.6g}"
            + advice
        )
    # Less than 1e-5 is the rounding of float32 over a whole vocabulary.
    return tokens, values, 1 - total if total < 1 - 1e-5 else 0.0


def check_entries(entries: list[Entry], place: str) -> Logprobs:
    """Tell tokens of the same text apart, by their bytes or by a number, and check all."""
    alike: defaultdict[tuple[str, float], list[Entry]] = defaultdict(list)
    kept = []
    for entry in entries:
        # A token that was drawn can be listed twice: as such, and among the likeliest.
        same = alike[entry.token, entry.logprob]
        if not any(
            same_text(entry, other)
            and (entry.number == other.number or None in (entry.number, other.number))
            for other in same
        ):
            same.append(entry)
            kept.append(entry)
    times = Counter(entry.token for entry in kept)
    # Pieces of characters have the same text, a replacement sign, but bytes of their own.
    names = [
        entry.spelling if entry.spelling and times[entry.token] > 1 else entry.token
        for entry in kept
    ]
    logprobs = [entry.logprob for entry in kept]
    return check_logprobs(list(zip(_numbered(names), logprobs)), source=place)


def read_entries(listed: Any, place: str) -> list[Entry]:
    """Return the candidates of one position."""
    if not isinstance(listed, Mapping):
        return [read_entry(item, f"{place}[{number}]") for number, item in enumerate(listed)]
    if any(isinstance(value, Mapping) for value in listed.values()):
        return [
            read_entry(item, f"{place}[{short(key)}]")._replace(number=key)
            for key, item in listed.items()
        ]
    return [
        Entry(token, real_number(logprob, f"the logprob of {short(token)}"))
        for token, logprob in listed.items()
    ]


def read_entry(item: Any, place: str) -> Entry:
    """Return one candidate, or name the part of it that is missing or wrong."""
    if not isinstance(item, Mapping) and is_entry(item):
        item = {"logprob": item[0], "id": item[1], "text": item[2]}
    if not isinstance(item, Mapping):
        raise ValueError(f"{place} of the answer must be an object, got {short(item)}: {_WHOLE}")
    token = part_of(item, name_in(item, _TEXT) or "token", str, place)
    name = name_in(item, _VALUE) or "logprob"
    value = real_number(part_of(item, name, Real, place), f"{place}.{name}")
    if name == "prob":
        if not 0 <= value <= 1:
            raise ValueError(f"{place}.prob must be from 0 to 1, got {value:g}: {_WHOLE}")
        value = math.log(value) if value else -math.inf
    try:
        # Of a number, `bytes` would make so many zeros.
        spelling = bytes(list(item["bytes"])).decode("utf-8", "backslashreplace")
    except (KeyError, TypeError, ValueError):
        spelling = ""
    number = name_in(item, ("id", "token_id"))
    return Entry(token, value, spelling or None, item[number] if number else None)


def is_entry(item: Any) -> bool:
    """Tell whether this is one token with its logprob or probability."""
    if isinstance(item, Mapping):
        named = name_in(item, _TEXT) is not None and name_in(item, _VALUE) is not None
        return named and name_in(item, LISTED) is None
    # SGLang gives a logprob, an id, and a text or null.
    return (
        isinstance(item, (list, tuple))
        and len(item) == 3
        and isinstance(item[0], Real)
        and isinstance(item[1], Integral)
        and isinstance(item[2], (str, type(None)))
    )


def same_text(one: Entry, other: Entry) -> bool:
    """Tell whether two entries have the same text, and the same bytes where both say them."""
    spelled = one.spelling is None or other.spelling is None or one.spelling == other.spelling
    return one.token == other.token and spelled


def part_of(whole: Any, name: str, kind: Any, path: str) -> Any:
    """Return a part of the answer, or name the one that is missing or wrong."""
    if not isinstance(whole, Mapping):
        raise ValueError(f"{path} of the answer must be an object, got {short(whole)}: {_WHOLE}")
    full = f"{path}.{name}".removeprefix(".")
    advice = ASK if "logprobs" in full and kind in (list, Mapping) else _WHOLE
    if name not in whole:
        raise ValueError(f"{full} of the answer is missing, got {keys_of(whole)}: {advice}")
    if whole[name] is None:
        raise ValueError(f"{full} of the answer is null: {advice}")
    if isinstance(whole[name], bool) or not isinstance(whole[name], kind):
        raise ValueError(
            f"{full} of the answer has the wrong type, got {short(whole[name])}: {advice}"
        )
    return whole[name]


def name_in(whole: Mapping[Any, Any], names: Iterable[str]) -> str | None:
    """Return the first of the names, or of their camel-case twins, that a mapping has."""
    for name in names:
        first, *others = name.split("_")
        for spelled in (name, first + "".join(map(str.title, others))):
            if spelled in whole:
                return spelled
    return None


def keys_of(whole: Mapping[Any, Any]) -> str:
    """Show the keys of a part, for an error about another one."""
    return f"the keys {short(list(whole))}"


def _numbered(names: list[str]) -> list[str]:
    """Add a number to each name that is there more than once."""
    times = Counter(names)
    numbers = {name: itertools.count() for name in times}
    numbered = []
    for name in names:
        text = name
        while times[name] > 1 and text in times:
            text = f"{name} #{next(numbers[name])}" if name else f"#{next(numbers[name])}"
        numbered.append(text)
    return numbered
