"""Steps from logits to masked logits, and seeded draws of tokens with the same dice."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Floats, as_count, as_temperature, real_array, real_number, short
from .core import _shifted, likeliest, possible, softmax

# What misses a boundary by no more than the rounding of a logarithm has reached it: 0.4 + 0.3 is
# a mass of 0.7, whichever way their logits were rounded.
_SLACK = 1e-12


def temper(logits: ArrayLike, temperature: ArrayLike) -> Floats:
    values = checked(logits)
    return tempered(values, as_row_temperatures(temperature, values.shape[:-1]))


def top_k(logits: ArrayLike, k: int) -> Floats:
    return keep_k(checked(logits), as_k(k))


def top_p(logits: ArrayLike, p: float) -> Floats:
    return keep_p(checked(logits), as_share(p, "p"))


def min_p(logits: ArrayLike, p: float) -> Floats:
    return keep_min_p(checked(logits), as_share(p, "p"))


def typical_p(logits: ArrayLike, p: float) -> Floats:
    return keep_typical(checked(logits), as_share(p, "p"))


def top_n_sigma(logits: ArrayLike, n: float) -> Floats:
    return keep_n_sigma(checked(logits), as_n(n))


def epsilon_cutoff(logits: ArrayLike, epsilon: float) -> Floats:
    return cut_epsilon(checked(logits), as_share(epsilon, "epsilon"))


def eta_cutoff(logits: ArrayLike, eta: float) -> Floats:
    return cut_eta(checked(logits), as_share(eta, "eta"))


def gumbel_draws(logits: ArrayLike, n: int, seed: int) -> NDArray[np.intp]:
    values = checked(logits)
    _shifted(values)
    n, generator = as_count(n, "n", 1), np.random.default_rng(as_count(seed, "seed", 0))
    drawn = np.empty((*values.shape[:-1], n), np.intp)
    for number in range(n):
        drawn[..., number] = (values + generator.gumbel(size=values.shape[-1])).argmax(axis=-1)
    return drawn


def checked(logits: ArrayLike) -> Floats:
    values = real_array(logits, "logits")
    if values.min() >= 0:
        between = ((values > 0) & (values < 1)).sum(axis=-1)
        if ((between >= 3) & (abs(values.sum(axis=-1) - 1) <= 1e-3)).any():
            warnings.warn(
                "logits sum to 1 like probabilities: give logits, such as np.log(probabilities)",
                stacklevel=3,
            )
    return values


def as_row_temperatures(temperature: ArrayLike, shape: tuple[int, ...]) -> Floats:
    if np.ndim(temperature) == 0:
        return np.array([as_temperature(temperature)])
    stops = real_array(temperature, "temperature").astype(np.float64)
    for stop in stops[~(stops >= 0)]:
        as_temperature(stop)
    if stops.shape != shape:
        raise ValueError(
            f"temperature must be one number, or one for each row of logits, got shape "
            f"{stops.shape} for rows of shape {shape}"
        )
    return abs(stops)[..., np.newaxis]


def as_k(k: Any) -> int:
    return as_count(k, "k", 1, ": leave the step out to keep all tokens")


def as_share(value: Any, name: str) -> float:
    number = real_number(value, name)
    if not 0 < number <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {number}")
    return number


def as_n(n: Any) -> float:
    number = real_number(n, "n")
    if not 0 < number < np.inf:
        raise ValueError(f"n must be a finite number above 0, got {number}")
    return number


def tempered(values: Floats, temperatures: Floats) -> Floats:
    shifted = _shifted(values)
    limits = np.finfo(shifted.dtype)
    least = max(limits.tiny, 1 / limits.max)
    with np.errstate(all="ignore"):
        if least <= temperatures.min() and temperatures.max() <= 1 / limits.tiny:
            shifted *= (1 / temperatures).astype(shifted.dtype)
            return shifted
        result = np.divide(shifted, temperatures, dtype=np.float64).astype(shifted.dtype)
    np.copyto(result, shifted, where=(shifted == 0) | (shifted == -np.inf))
    return result + shifted.dtype.type(0)


def keep_k(values: Floats, k: int) -> Floats:
    _shifted(values)
    if k >= values.shape[-1]:
        return values.copy()
    lowest = np.partition(values, -k, axis=-1)[..., [-k]]
    return _keep(values, values >= lowest)


def keep_p(values: Floats, p: float) -> Floats:
    shifted = _shifted(values)
    if p == 1:
        return values.copy()
    falling = -np.sort(-shifted, axis=-1)
    masses = np.exp(falling).cumsum(axis=-1, dtype=np.float64)
    goal = masses[..., -1:] * p * (1 - _SLACK)
    last = (masses < goal).sum(axis=-1, keepdims=True)
    lowest = np.take_along_axis(falling, last, axis=-1)
    kept = shifted > lowest
    tied = shifted == lowest
    room = last + 1 - kept.sum(axis=-1, keepdims=True)
    return _keep(values, kept | (tied & (tied.cumsum(axis=-1) <= room)))


def keep_min_p(values: Floats, p: float) -> Floats:
    return _keep(values, _shifted(values) >= np.log(p) - _SLACK)


def keep_typical(values: Floats, p: float) -> Floats:
    shifted = _shifted(values)
    if p == 1:
        return values.copy()
    weights, log_total, entropy = _nats(shifted)
    distances = abs(log_total - shifted - entropy)
    order = np.argsort(distances, axis=-1, kind="stable")
    masses = np.take_along_axis(weights, order, axis=-1).cumsum(axis=-1, dtype=np.float64)
    goal = masses[..., -1:] * p * (1 - _SLACK)
    last = (masses < goal).sum(axis=-1, keepdims=True)
    furthest = np.take_along_axis(distances, np.take_along_axis(order, last, axis=-1), axis=-1)
    return _keep(values, distances <= furthest)


def keep_n_sigma(values: Floats, n: float) -> Floats:
    shifted = _shifted(values).astype(np.float64)
    deviation = np.std(shifted, axis=-1, keepdims=True, where=shifted > -np.inf)
    return _keep(values, shifted >= -n * deviation * (1 + _SLACK))


def cut_epsilon(values: Floats, epsilon: float) -> Floats:
    shifted = _shifted(values)
    total = np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64)
    return _keep(values, shifted >= np.minimum(np.log(epsilon * total) - _SLACK, 0))


def cut_eta(values: Floats, eta: float) -> Floats:
    shifted = _shifted(values)
    _, log_total, entropy = _nats(shifted)
    lowest = np.minimum(np.log(eta), np.log(eta) / 2 - entropy) + log_total - _SLACK
    return _keep(values, shifted >= np.minimum(lowest, 0))


def _nats(shifted: Floats) -> tuple[Floats, Floats, Floats]:
    weights = np.exp(shifted)
    total = weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    gaps = np.where(weights > 0, weights * np.maximum(shifted, np.finfo(shifted.dtype).min), 0)
    log_total = np.log(total)
    return weights, log_total, log_total - gaps.sum(axis=-1, keepdims=True, dtype=np.float64) / total


def _keep(values: Floats, kept: NDArray[np.bool_]) -> Floats:
    return np.where(kept, values, values.dtype.type(-np.inf))


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
