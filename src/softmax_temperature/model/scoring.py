"""A text as a model sees it come: each token with its rank and the likeliest rivals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..checks import as_count, short
from ..core import likeliest, perplexity, softmax
from ..reading.replies import Place, Reply


class Scoring(Protocol):
    """What scores a text: a language model."""

    tokens: tuple[str, ...]
    start: int | None

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        ...

    def pieces(self, ids: Any) -> list[str]:
        """Return what each token adds to a text."""
        ...

    def logits_along(self, ids: Any) -> Any:
        """Return the logits after each token."""
        ...


class Openness(NamedTuple):
    """Hold how open the choice was from which each token of a text came.

    Attributes
    ----------
    pieces : tuple of str
        What each token adds to the text.
    choices : tuple of float
        Among how many equally likely tokens a choice would be as open, at temperature 1 (the
        perplexity); NaN for a token before which nothing stands.
    """

    pieces: tuple[str, ...]
    choices: tuple[float, ...]


def score_text(model: Scoring, text: str, top: int) -> Reply:
    """Return a text's tokens with the `top` likeliest of each place, as an answer lists them."""
    top = as_count(top, "top", 1)
    ids = model.encode(text)
    first = ids[:1] == [model.start]
    if len(ids) < 2:
        raise ValueError(f"text must have a token that can be scored, got {text!r}")
    pieces = model.pieces(ids)
    rows = model.logits_along(ids)[:-1]
    scored = [
        _place(model.tokens, piece, own, row.astype(np.float64), top)
        for piece, own, row in zip(pieces[1:], ids[1:], rows)
    ]
    if not first:
        # Of a token before which nothing stands a model says nothing.
        scored.insert(0, Place(pieces[0], (), (), None, None, None, 0.0))
    elif not text.startswith(" "):
        # The space in front of a first word belongs to no text.
        scored[0] = scored[0]._replace(text=scored[0].text.removeprefix(" "))
    return Reply(tuple(scored))


def openness_along(model: Scoring, text: str, prompt: str) -> Openness:
    """Return how open each choice of a text was that goes on from a prompt."""
    before, ids = model.encode(prompt), model.encode(prompt + text)
    if ids[: len(before)] != before or len(ids) == len(before):
        raise ValueError(
            f"text must add tokens to the prompt and leave its own as they are, got {short(text)}: "
            "move the end of the prompt to the end of a word, or give all as text"
        )
    rows = model.logits_along(ids)[:-1].astype(np.float64)
    # A row says what follows its token.
    choices = [math.nan, *(float(perplexity(softmax(row))) for row in rows)]
    pieces = model.pieces(ids)
    return Openness(tuple(pieces[len(before) :]), tuple(choices[len(before) :]))


def _place(tokens: Sequence[str], piece: str, own: int, logits: Any, top: int) -> Place:
    logprobs = logits - logits.max()
    logprobs -= np.log(np.exp(logprobs).sum())
    total = int(np.isfinite(logits).sum())
    listed = likeliest(logits, min(top, total)).tolist()
    # Tied tokens are in their order, as those that are listed are.
    before = np.count_nonzero(logits > logits[own]) + np.count_nonzero(logits[:own] == logits[own])
    if own not in listed:
        listed.append(own)
    others = np.delete(logprobs, listed)
    if logits[own] == -np.inf:
        # It is masked: no temperature brings it.
        listed.remove(own)
    return Place(
        piece,
        tuple(tokens[token] for token in listed),
        tuple(logprobs[listed].tolist()),
        listed.index(own) if own in listed else None,
        int(before) + 1,
        total,
        float(np.exp(others).sum()) if len(listed) < total else 0.0,
    )
