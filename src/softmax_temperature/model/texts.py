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
) -> list[list[Text]]:
    """Write texts, a list for each seed with one for each temperature: see `LanguageModel.grow`."""
    count = len(np.asarray(temperatures))
    texts = [[Text([], []) for _ in range(count)] for _ in seeds]
    for grown in model.grow(ids, temperatures, length, seeds, step):
        bits = surprises(grown.logits)[grown.contexts, grown.tokens]
        for row, places in zip(texts, grown.places.tolist(), strict=True):
            for text, place in zip(row, places, strict=True):
                if place >= 0:
                    text.tokens.append(int(grown.tokens[place]))
                    text.bits.append(float(bits[place]))
    return texts


def surprises(logits: Floats) -> Floats:
    """Return the surprise of each token of rows of logits, in bits at temperature 1."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    totals = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    bits: Floats = np.maximum((totals - shifted) / np.log(2), 0.0)
    return bits
