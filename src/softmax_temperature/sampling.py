"""Seeded draws of tokens, with the same dice at every temperature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Floats
from .core import likeliest, possible, softmax


def dice(seed: int, count: int, batch: int = 0) -> NDArray[np.float64]:
    """Return seeded random numbers from 0 to below 1: of a few, or of one of several batches.

    Examples
    --------
    >>> dice(21, 3).round(3)
    array([0.781, 0.606, 0.71 ])
    """
    seeds = [seed, count, batch] if batch else seed
    return np.random.default_rng(seeds).random(count)


def landings(
    logits: Floats, temperatures: Sequence[float], numbers: NDArray[np.float64]
) -> NDArray[np.intp]:
    r"""Return the rank of the token that each number from 0 to 1 lands on, a row a temperature.

    The tokens lie side by side from 0 to 1 in order of likelihood, each as wide as its probability.
    That order is the same at every temperature, and as the temperature rises every cut between two
    tokens moves towards 0: a number that stays goes to rarer tokens, never to likelier ones.

    Notes
    -----
    The rank of number :math:`u` is the smallest :math:`k` with :math:`u < p_0 + \dots + p_k`.

    Examples
    --------
    >>> landings(np.array([5.0, 2.2, 2.0, 4.5, 3.0, 2.7]), [0.1, 1, 2], np.array([0.78]))
    array([[0],
           [1],
           [3]])
    """
    ordered = logits[likeliest(logits, len(logits))].astype(np.float64)
    rows = np.empty((len(temperatures), len(numbers)), np.intp)
    for row, temperature in zip(rows, temperatures, strict=True):
        ends = softmax(ordered, temperature).cumsum()
        # A sum that is rounded to a little below 1 leaves numbers beyond the last token.
        last = int(possible(ordered, temperature).sum()) - 1
        row[:] = np.searchsorted(ends, numbers, side="right").clip(max=last)
    return rows


def temper(logits: ArrayLike, temperature: ArrayLike) -> Floats:
    """Divide logits by a temperature, from the largest, or each row by its own.

    At temperature 0 all but the leaders are masked, at infinity all unmasked tokens get 0.
    """
    values: Floats = np.asarray(logits)
    stops = np.asarray(temperature, np.float64)[..., np.newaxis]
    shifted = values - values.max(axis=-1, keepdims=True)
    # At the limits 0 / 0 or inf / inf; and what is too far below for a float is -inf.
    with np.errstate(all="ignore"):
        scaled = shifted / stops
    at_limit = (stops == 0) | (stops == np.inf)
    if at_limit.any():
        kept = np.where(stops == 0, shifted == 0, shifted > -np.inf)
        scaled = np.where(at_limit, np.where(kept, 0.0, -np.inf), scaled)
    result: Floats = scaled.astype(values.dtype, copy=False)
    return result
