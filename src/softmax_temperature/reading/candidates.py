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
_ID = ("id", "token_id")
# What an answer can call the parts of a candidate.
CANDIDATE_PARTS = (*_TEXT, *_VALUE, *_ID, "bytes")

# OpenAI's flag for a token that is not among its 20 likeliest: no number.
_VERY_UNLIKELY = -9999.0
# llama.cpp's flag for a token that was filtered out.
_FILTERED = float(np.finfo(np.float32).min)

ASK = "ask the API for logprobs=True, top_logprobs=20"
_PAIRS = "give pairs (token, logprob) of that position instead"
IDS_ALONE = (
    "the answer has ids without texts: each id stands for its token, and the tokenizer of the "
    "model can tell its text"
)
# What stands for a space in a tokenizer's vocabulary, and a space itself.
_SPACES = " \u2581\u0120"

Logprobs = tuple[list[Any], list[float], float]


class Entry(NamedTuple):
    """A token as an answer lists it: with its bytes, escaped where they are no text, and its id."""

    token: str
    logprob: float
    spelling: str | None = None
    number: str | None = None
    # Whether the id stands for a text that the answer does not have.
    is_id: bool = False
    # Its bytes as they are, and its rank among all tokens from 1, where the answer has them.
    raw: bytes | None = None
    rank: int | None = None


class _Copies:
    """The bytes and ids of tokens that have one text and one logprob."""

    def __init__(self) -> None:
        self._both: set[tuple[str | None, str | None]] = set()
        self._spellings: set[str | None] = set()
        self._numbers: set[str | None] = set()

    def add(self, entry: Entry) -> bool:
        """Add an entry, unless one before can be the same token, and tell whether it was added.

        What one of the two does not say, bytes or ids, does not tell them apart.
        """
        spelling, number = entry.spelling, entry.number
        if spelling is None:
            known = bool(self._numbers) if number is None else bool({number, None} & self._numbers)
        elif number is None:
            known = bool({spelling, None} & self._spellings)
        else:
            alike = {(one, other) for one in (spelling, None) for other in (number, None)}
            known = bool(alike & self._both)
        if not known:
            self._both.add((spelling, number))
            self._spellings.add(spelling)
            self._numbers.add(number)
        return not known


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
    looks_like_probabilities = min(values) >= 0 and 0 < math.fsum(values) <= 1.005
    if looks_like_probabilities:
        advice = ". These look like probabilities: give their logarithms"
    elif source or len(set(map(str, tokens))) < len(tokens):
        advice = ". Give one position, each token of it once"
    else:
        advice = ". For logits use TokenTable(tokens, logits)"
    for token, value in zip(tokens, values):
        if not value <= 1e-3:
            raise ValueError(
                f"the logprob of {short(token)} must be at most 0, got {value:g}: it is the "
                "logarithm of a probability"
                + (advice if value > 0 and (looks_like_probabilities or not source) else "")
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
    named = [(name, entry.logprob) for name, entry in names_of(entries)]
    return check_logprobs(named, source=place)


def names_of(entries: list[Entry]) -> list[tuple[str, Entry]]:
    """Give each token a name of its own, and leave out what is there twice."""
    # A token that was drawn can be listed twice: as such, and among the likeliest.
    copies: defaultdict[tuple[str, float], _Copies] = defaultdict(_Copies)
    kept = [entry for entry in entries if copies[entry.token, entry.logprob].add(entry)]
    times = Counter(entry.token for entry in kept)
    # Pieces of characters have the same text, a replacement sign, but bytes of their own.
    names = [
        entry.spelling if entry.spelling and times[entry.token] > 1 else entry.token
        for entry in kept
    ]
    return list(zip(_numbered(names), kept))


def read_entries(listed: Any, place: str) -> list[Entry]:
    """Return the candidates of one position."""
    if not isinstance(listed, Mapping):
        if all(map(is_pair, listed)):
            listed = [{"token": token, "logprob": logprob} for token, logprob in listed]
        return [read_entry(item, f"{place}[{number}]") for number, item in enumerate(listed)]
    if any(isinstance(value, Mapping) for value in listed.values()):
        return [read_entry(item, f"{place}[{short(key)}]", key) for key, item in listed.items()]
    return [
        Entry(
            str(token) if _is_id(token) else token,
            real_number(logprob, f"the logprob of {short(token)}"),
            is_id=not isinstance(token, str),
        )
        for token, logprob in listed.items()
    ]


def read_entry(item: Any, place: str, number: Any = None) -> Entry:
    """Return one candidate, or name the part of it that is missing or wrong.

    Its id is the number, where its place has one.
    """
    if not isinstance(item, Mapping) and is_entry(item):
        item = {"logprob": item[0], "id": item[1], "text": item[2]}
    if not isinstance(item, Mapping):
        raise ValueError(f"{place} of the answer must be an object, got {short(item)}: {_PAIRS}")
    text = name_in(item, _TEXT)
    if number is None and (name := name_in(item, _ID)):
        number = item[name]
    if text and not isinstance(item[text], str) and _is_id(item[text]):
        number = item[text] if number is None else number
        text = None
    has_text = text is not None and item[text] is not None
    is_id = not has_text and _is_id(number)
    token = str(number) if is_id else part_of(item, text or "token", str, place)
    name = name_in(item, _VALUE) or "logprob"
    value = real_number(part_of(item, name, Real, place), f"{place}.{name}")
    if name == "prob":
        if not 0 <= value <= 1:
            raise ValueError(f"{place}.prob must be from 0 to 1, got {value:g}: {_PAIRS}")
        value = math.log(value) if value else -math.inf
    try:
        # Of a number, `bytes` would make so many zeros.
        raw = bytes(list(item["bytes"]))
    except (KeyError, TypeError, ValueError):
        raw = b""
    rank = item.get("rank")
    return Entry(
        token,
        value,
        raw.decode("utf-8", "backslashreplace") or None,
        None if number is None else str(number),
        is_id,
        raw or None,
        int(rank) if isinstance(rank, Integral) and int(rank) > 0 else None,
    )


def with_drawn(entries: list[Entry], drawn: Entry) -> tuple[list[Entry], int]:
    """Return the candidates with the token that was drawn, and which of them it is.

    It comes last where it was not among them.
    """
    for place, entry in enumerate(entries):
        numbered = None not in (drawn.number, entry.number)
        if numbered and drawn.number == entry.number:
            return entries, place
        if _same_text(drawn, entry) and (not numbered or entry.logprob == drawn.logprob):
            return entries, place
    # TGI's chat leaves out the spaces of those that it lists.
    for place, entry in enumerate(entries):
        unsaid = None in (drawn.number, entry.number) and not (drawn.spelling or entry.spelling)
        alike = entry.token.strip(_SPACES) == drawn.token.strip(_SPACES)
        if unsaid and alike and entry.logprob == drawn.logprob:
            text = max(drawn.token, entry.token, key=len)
            return [*entries[:place], entry._replace(token=text), *entries[place + 1 :]], place
    return [*entries, drawn], len(entries)


def is_candidates(listed: Any) -> bool:
    """Tell whether these are the candidates of one position, each with its logprob."""
    if isinstance(listed, Mapping):
        by_id = all(map(_is_id, listed)) and all(map(_has_value, listed.values()))
        return bool(listed) and (by_id or all(map(is_entry, listed.values())))
    if not isinstance(listed, (list, tuple)) or not listed:
        return False
    return all(map(is_entry, listed)) or all(map(is_pair, listed))


def is_pair(item: Any) -> bool:
    """Tell whether this is a text or an id, and a logprob."""
    return (
        isinstance(item, (list, tuple))
        and len(item) == 2
        and isinstance(item[0], (str, Integral))
        and isinstance(item[1], Real)
        and not any(isinstance(part, bool) for part in item)
    )


def is_entry(item: Any) -> bool:
    """Tell whether this is one token with its logprob or probability."""
    if isinstance(item, Mapping):
        return name_in(item, (*_TEXT, *_ID)) is not None and _has_value(item)
    # SGLang gives a logprob, an id, and a text or null.
    return (
        isinstance(item, (list, tuple))
        and len(item) == 3
        and isinstance(item[0], Real)
        and isinstance(item[1], Integral)
        and isinstance(item[2], (str, type(None)))
    )


def _has_value(item: Any) -> bool:
    listed = isinstance(item, Mapping) and name_in(item, LISTED) is not None
    return isinstance(item, Mapping) and name_in(item, _VALUE) is not None and not listed


def _is_id(value: Any) -> bool:
    """Tell whether this is the number of a token, or how JSON writes it as a key."""
    if isinstance(value, str):
        return value.isdecimal()
    return isinstance(value, Integral) and not isinstance(value, bool)


def _same_text(one: Entry, other: Entry) -> bool:
    """Tell whether two entries have the same text, and the same bytes where both say them."""
    spelled = one.spelling is None or other.spelling is None or one.spelling == other.spelling
    return one.token == other.token and spelled


def part_of(whole: Any, name: str, kind: Any, path: str) -> Any:
    """Return a part of the answer, or name the one that is missing or wrong."""
    if not isinstance(whole, Mapping):
        raise ValueError(f"{path} of the answer must be an object, got {short(whole)}: {_PAIRS}")
    full = f"{path}.{name}".removeprefix(".")
    advice = ASK if kind in (list, Mapping) else _PAIRS
    if name not in whole:
        raise ValueError(f"{full} of the answer is missing, got {keys_of(whole)}: {advice}")
    if whole[name] is None:
        raise ValueError(f"{full} of the answer is null: {advice}")
    if hasattr(whole[name], "dtype"):
        raise ValueError(
            f"{full} of the answer has no tokens, got {short(whole[name])}: use "
            "TokenTable(tokens, logprobs), with a token for each"
        )
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
