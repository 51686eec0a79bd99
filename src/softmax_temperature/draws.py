"""Seeded draws: dice on a strip of tokens in order of likelihood, and Gumbel noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Floats, as_count
from .core import likeliest, possible, shift, softmax
from .sampling import checked

# So many numbers, and what they land on, take some hundred megabytes.
_MOST_DRAWS = 10_000_000


def gumbel_draws(logits: ArrayLike, n: int, seed: int = 21) -> NDArray[np.intp]:
    r"""Draw tokens by the Gumbel-max trick, with the same noise for each row of logits.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`: a row a temperature or a sampler, say.
    n : int
        How many draws, each with fresh noise: at most 10,000,000.
    seed : int, default 21
        Seed of the noise.

    Returns
    -------
    ndarray of int, shape (..., n)
        The positions of the tokens that are drawn.

    Raises
    ------
    TypeError, ValueError
        If `softmax` would refuse `logits`, or if `n` or `seed` is not a whole number of at least 1
        or 0, or `n` is too large.

    Warns
    -----
    UserWarning
        As for `temper`.

    Notes
    -----
    Drawn is :math:`\operatorname{argmax}_i (x_i + g_i)` with independent noise :math:`g_i` from the
    standard Gumbel distribution: a draw from the softmax of x [1]_. With the same noise, two
    distributions p and q agree on token i with the probability
    :math:`1 / \sum_j \max(p_j / p_i, q_j / q_i)`.

    References
    ----------
    .. [1] I. A. M. Huijben, W. Kool, M. B. Paulus and R. J. G. van Sloun, "A review of the
       Gumbel-max trick and its extensions", IEEE TPAMI 45(2), 2023. arXiv:2110.01515

    Examples
    --------
    >>> logits = np.array([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
    >>> at_1, at_2 = gumbel_draws([logits, logits / 2], 1000)
    >>> float((at_1 == at_2).mean())
    0.781
    """
    shifted = shift(checked(logits).astype(np.float64, copy=False))
    n, generator = as_draws(n), np.random.default_rng(as_count(seed, "seed", 0))
    drawn = np.empty((*shifted.shape[:-1], n), np.intp)
    for draw in range(n):
        drawn[..., draw] = (shifted + generator.gumbel(size=shifted.shape[-1])).argmax(axis=-1)
    return drawn


def handovers(logits: Floats, luck: Floats) -> list[tuple[int, float]]:
    r"""Return the tokens that score and luck choose from T = 0 upwards, and where each takes over.

    The first takes over at 0. A token that has been overtaken never comes back, since each has one
    interval of T, and who comes later has a smaller logit and more luck.

    Notes
    -----
    The sums :math:`x_i / T + g_i` are straight lines in :math:`1/T`, and the largest of lines is
    convex: each line is on top on one interval. Token i overtakes j at
    :math:`T^* = (x_i - x_j) / (g_j - g_i)`.

    Examples
    --------
    >>> handovers(np.array([2.0, 1.0, 0.0]), np.array([0.0, 0.5, 2.0]))
    [(0, 0.0), (2, 1.0)]
    """
    there = np.flatnonzero(np.isfinite(logits))
    leaders = there[logits[there] == logits[there].max()]
    now = int(leaders[luck[leaders].argmax()])
    found = [(now, 0.0)]
    while len(rivals := there[luck[there] > luck[now]]):
        ends = (logits[now] - logits[rivals]) / (luck[rivals] - luck[now])
        first = rivals[ends == ends.min()]
        # Of several that take over at once, the luckiest stays on top.
        now = int(first[luck[first].argmax()])
        found.append((now, float(ends.min())))
    return found


def as_draws(n: Any) -> int:
    """Check that a value is a number of draws that there is room for."""
    count = as_count(n, "n", 1)
    if count > _MOST_DRAWS:
        raise ValueError(
            f"n must be at most {_MOST_DRAWS:,}, got {count:,}: more draws come closer to the "
            "probabilities than is ever seen, so use these"
        )
    return count


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


def landed(
    logits: Floats,
    temperatures: Sequence[float],
    batches: Sequence[NDArray[np.float64]],
    count: int,
) -> NDArray[np.intp]:
    """Count the numbers that land on each of the likeliest tokens, as `landings` places them.

    The result has a block a batch, and in it a row a temperature, with so many counts: the last is
    that of all tokens that have none of their own.

    Examples
    --------
    >>> landed(np.array([5.0, 2.2, 2.0, 4.5]), [0.1, 2], [np.array([0.1, 0.7, 0.95])], 3)
    array([[[3, 0, 0],
            [1, 1, 1]]])
    """
    ordered = logits[likeliest(logits, len(logits))].astype(np.float64)
    rising = [np.sort(numbers) for numbers in batches]
    counts = np.empty((len(batches), len(temperatures), count), np.intp)
    for place, temperature in enumerate(temperatures):
        ends = softmax(ordered, temperature).cumsum()[: count - 1]
        last = int(possible(ordered, temperature).sum()) - 1
        for batch, numbers in zip(counts, rising, strict=True):
            below = np.searchsorted(numbers, ends)
            below[last:] = len(numbers)
            batch[place] = np.diff(below, prepend=0, append=len(numbers))
    return counts
