"""Texts of many temperatures and dice, as the tokens that they are and how surprising each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Floats
from .language import LanguageModel, SamplingStep


class Text(NamedTuple):
    """A text after its prompt."""

    tokens: list[int]
    # The surprise of each token at temperature 1, if nothing is cut.
    bits: list[float]


def texts_of(
    model: LanguageModel,
    ids: Sequence[int],
    temperatures: ArrayLike,
    length: int,
    seeds: Sequence[int],
    step: SamplingStep,
    taken: Sequence[int] = (),
) -> list[list[Text]]:
    """Write texts, a list for each seed with one for each temperature: see `LanguageModel.grow`.

    They go on with the tokens that a reader has `taken`, which count as new.
    """
    stops = len(np.asarray(temperatures))
    begun = list(taken[:length])
    bits: list[float] = []
    if begun:
        rows = surprises(model.logits_along([*ids, *begun])[len(ids) - 1 : -1])
        bits = rows[np.arange(len(begun)), begun].tolist()
    texts = [[Text([*begun], [*bits]) for _ in range(stops)] for _ in seeds]
    if len(begun) == length or begun[-1:] == [model.end]:
        return texts
    for grown in model.grow(ids, temperatures, length, seeds, step, begun):
        found = surprises(grown.logits)[grown.contexts, grown.tokens]
        for row, places in zip(texts, grown.places.tolist(), strict=True):
            for text, place in zip(row, places, strict=True):
                if place >= 0:
                    text.tokens.append(int(grown.tokens[place]))
                    text.bits.append(float(found[place]))
    return texts


def surprises(logits: Floats) -> Floats:
    """Return the surprise of each token of rows of logits, in bits at temperature 1."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    totals = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    bits: Floats = np.maximum((totals - shifted) / np.log(2), 0.0)
    return bits
