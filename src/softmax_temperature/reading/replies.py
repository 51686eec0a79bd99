"""A whole reply: its tokens, each with the candidates of its place."""

from __future__ import annotations

import codecs
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from .answers import Read, read_positions
from .candidates import Entry, check_logprobs, names_of

# Servers that show a vocabulary's own pieces write spaces and line breaks so.
_SIGNS = str.maketrans({"\u2581": " ", "\u0120": " ", "\u010a": "\n"})


class Place(NamedTuple):
    """A token of a reply, and what it was drawn from.

    Attributes
    ----------
    text : str
        What it adds to the reply. A character of several tokens is the first's.
    tokens : tuple of str
        The candidates that are listed, each different, the likeliest first.
    logprobs : tuple of float
        The logarithms of their probabilities.
    drawn : int or None
        Which of them was drawn; None where the reply has no logprob of it.
    rank : int or None
        Its rank among all tokens, from 1, where it is known.
    total : int or None
        How many tokens there are, where it is known.
    unseen : float
        The probability of all that are not listed.
    """

    text: str
    tokens: tuple[str, ...]
    logprobs: tuple[float, ...]
    drawn: int | None
    rank: int | None
    total: int | None
    unseen: float

    @property
    def bits(self) -> float:
        """The surprise of the token at temperature 1; NaN where it has no logprob."""
        if self.drawn is None:
            return math.nan
        return max(0.0, -self.logprobs[self.drawn] / math.log(2))


class Reply(NamedTuple):
    """A reply, or a text that a model has scored, token by token."""

    places: tuple[Place, ...]

    def __repr__(self) -> str:
        """Show its beginning and count its tokens."""
        text = "".join(place.text for place in self.places)
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        return f"Reply({shown!r}, {len(self.places)} tokens)"


def read_reply(answer: Any, choice: Any = 0) -> Reply:
    """Return the tokens of an answer, or say what is wrong with it."""
    positions = read_positions(answer, choice)
    for place, _, drawn, _ in positions:
        if drawn is None:
            raise ValueError(
                f"{place} of the answer does not say which token was drawn: give the whole answer"
            )
    texts = _texts([entries[drawn or 0] for _, entries, drawn, _ in positions])
    return Reply(tuple(map(_place, positions, texts)))


def _place(position: Read, text: str) -> Place:
    named = names_of(position.entries)
    tokens, logprobs, unseen = check_logprobs(
        [(name, entry.logprob) for name, entry in named], source=position.place
    )
    ranked = sorted(
        (pair for pair in zip(tokens, logprobs) if pair[1] > -math.inf), key=lambda pair: -pair[1]
    )
    own = position.entries[position.drawn or 0]
    name = next((name for name, entry in named if entry == own), None)
    drawn = next((i for i, (token, _) in enumerate(ranked) if token == name), None)
    # A token that is not listed can have any rank behind those that are.
    is_behind = position.drawn == position.listed and drawn == len(ranked) - 1 and unseen > 0
    rank = own.rank or (None if drawn is None or is_behind else drawn + 1)
    return Place(
        text, tuple(x for x, _ in ranked), tuple(x for _, x in ranked), drawn, rank, None, unseen
    )


def _texts(drawn: Sequence[Entry]) -> list[str]:
    """Return what each token adds to the text."""
    pieces = [entry.token for entry in drawn]
    if not any(" " in piece for piece in pieces):
        pieces = [piece.translate(_SIGNS) for piece in pieces]
    if any(entry.is_id for entry in drawn):
        pieces = [f" {piece}" for piece in pieces]
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    texts, begun = [""] * len(pieces), 0
    for place, (piece, entry) in enumerate(zip(pieces, drawn)):
        if not decoder.getstate()[0]:
            begun = place
        raw = entry.raw or piece.encode("utf-8", "surrogatepass")
        texts[begun] += decoder.decode(raw, final=place == len(pieces) - 1)
    return texts
