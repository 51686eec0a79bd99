"""The temperature at which tokens were drawn, read off the tokens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import as_positions, real_array, short
from .core import TokenTable, shift

# Of a normal distribution, 95 % lie within so many standard deviations.
_DEVIATIONS = 1.959964
# Where only leaders were drawn: any T at which that had this probability or more is possible.
_LEAST_CHANCE = 0.05


class TemperatureEstimate(NamedTuple):
    """A temperature, its standard error, and an interval that holds the true one 95 times of 100.

    Printed, it is a sentence.
    """

    temperature: float
    error: float
    interval: tuple[float, float]

    def __str__(self) -> str:
        """Say what is known, which can be one bound or nothing."""
        low, high = self.interval
        if low == 0 and high == math.inf:
            return "These draws cannot tell the temperature."
        if self.temperature == 0:
            return f"The temperature is at most {high:.3g}: only the likeliest token was drawn."
        if high == math.inf:
            return f"The temperature is at least {low:.3g}."
        return f"The temperature is about {self.temperature:.3g}, from {low:.3g} to {high:.3g}."


def estimate_temperature(
    logits: ArrayLike | TokenTable, drawn: ArrayLike | Sequence[str]
) -> TemperatureEstimate:
    r"""Estimate the temperature at which tokens were drawn from known distributions.

    Did a setting arrive? Ask for the same one-token answer many times, with logprobs, and compare.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens), or TokenTable
        The model's own, before any temperature: one distribution, or a row for each of several.
    drawn : array_like of int, shape (...) or (..., n_draws), or sequence of str
        The positions of the drawn tokens, as `gumbel_draws` returns them: one or more for each
        distribution. For a table, the tokens themselves.

    Returns
    -------
    TemperatureEstimate
        A named tuple (temperature, error, interval): the T at which these draws are likeliest, its
        standard error, and the bounds of T. Printed, it is a sentence.

        Where only leading tokens were drawn, T is 0 and has an upper bound only; where the drawn
        tokens have no larger logits than a fair choice among all would have, T is infinite and has
        a lower bound only. Then the error is NaN. Where each distribution is uniform over its
        unmasked tokens, all T are alike: T is NaN, between 0 and infinity.

    Raises
    ------
    TypeError
        If `logits` are not real numbers, or `drawn` not whole numbers, or for a table not strings.
    ValueError
        If `softmax` refuses `logits`, if nothing is drawn, the shapes don't fit, a drawn token is
        masked, there is no such position, or a table lacks a token.

    Notes
    -----
    In :math:`\beta = 1/T` the log-likelihood :math:`\sum (\beta x_d - \ln Z(\beta))` over all draws
    d is concave, and at its top the drawn logits sum up to what is expected of them,

    .. math:: \sum x_d = \sum E_\beta[x].

    Its curvature is the Fisher information :math:`I = \sum \mathrm{Var}_\beta[x]`. The interval is
    :math:`\beta \pm 1.96 / \sqrt{I}`, turned into temperatures: built in T it would cover too
    little. The error of T is :math:`T^2 / \sqrt{I}`. Where only leaders were drawn, the bound is
    the T at which that had a probability of 0.05.

    What misleads it: a cut, such as top-p, looks like a lower temperature, and so do penalties of
    rare tokens. Logprobs that a server takes after the temperature are divided by it already: the
    estimate is then near 1, whatever T is. Draws must be independent: the answers of a cache or of
    one seed are a single draw. Of a truncated table only draws among its tokens count. Leave the
    others out; the estimate is then conditional, and right.

    References
    ----------
    .. [1] E. L. Lehmann and G. Casella, "Theory of point estimation", 2nd edition, 1998, section
       6.3: maximum likelihood and its information, of which exponential families are the simplest
       case. doi:10.1007/b98854

    Examples
    --------
    >>> from softmax_temperature import gumbel_draws
    >>> logits = np.array([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])
    >>> drawn = gumbel_draws(logits / 0.7, 1000)
    >>> temperature, error, (low, high) = estimate_temperature(logits, drawn)
    >>> round(temperature, 3), round(error, 3), round(low, 3), round(high, 3)
    (0.698, 0.025, 0.653, 0.75)
    >>> print(estimate_temperature(TokenTable(["day", "night"], [5.0, 3.0]), ["day"] * 20))
    The temperature is at most 1.1: only the likeliest token was drawn.
    """
    gaps, is_masked, counts = _checked(logits, drawn)
    if not gaps.any():
        return TemperatureEstimate(math.nan, math.nan, (0.0, math.inf))
    # In units of the widest gap, a power of 2, which rounds nothing, so that no sum overflows.
    exponent = int(np.frexp(gaps.max())[1])
    draws = _Draws(np.ldexp(gaps, -exponent), is_masked, counts)
    with np.errstate(under="ignore", over="ignore"):
        rate, error, rates = draws.fit()
        scaled = [1 / beta if beta > 0 else math.inf for beta in (rate, *rates[::-1])]
        estimate, low, high, error = np.ldexp([*scaled, error], exponent).tolist()
    return TemperatureEstimate(estimate, error, (low, high))


def _checked(
    logits: Any, drawn: Any
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.intp]]:
    """Return each token's gap below its leader, whether it is masked, and its number of draws."""
    if isinstance(logits, TokenTable):
        logits, drawn = logits.logits, _places(logits, drawn)
    values = real_array(logits, "logits").astype(np.float64, copy=False)
    if np.size(drawn) == 0:
        raise ValueError(f"drawn must not be empty, got {short(drawn)}: give one token or more")
    places = as_positions(drawn, values.shape[-1], "drawn")
    rows = values.shape[:-1]
    if places.shape[: len(rows)] != rows:
        raise ValueError(
            f"drawn must have one row for each of logits, got the shapes {places.shape} and "
            f"{values.shape}"
        )
    gaps = -shift(values).reshape(-1, values.shape[-1])
    places = places.reshape(len(gaps), -1)
    is_masked = np.isinf(gaps)
    masked = places[np.take_along_axis(is_masked, places, axis=1)]
    if masked.size:
        raise ValueError(
            f"drawn must not be masked, got {masked[0]}, whose logit is -inf: at no temperature is "
            "it drawn"
        )
    counts = np.zeros(gaps.shape, np.intp)
    np.add.at(counts, (np.arange(len(gaps))[:, np.newaxis], places), 1)
    return np.where(is_masked, 0.0, gaps), is_masked, counts


def _places(table: TokenTable, drawn: Any) -> list[int]:
    """Return the positions of a table's tokens."""
    is_list = isinstance(drawn, Iterable) and not isinstance(drawn, str)
    if not is_list or not all(isinstance(token, str) for token in drawn):
        raise TypeError(f"drawn must be a list of the table's tokens, got {short(drawn)}")
    positions = {token: place for place, token in enumerate(table.tokens)}
    for token in drawn:
        if token not in positions:
            raise ValueError(
                f"drawn must be tokens of the table, got {short(token)}: leave such draws out, and "
                "the estimate is one among those that are listed"
            )
    return [positions[token] for token in drawn]


class _Draws:
    """Draws from distributions, given by the gaps below their leaders, of at most 1."""

    def __init__(
        self, gaps: NDArray[np.float64], is_masked: NDArray[np.bool_], counts: NDArray[np.intp]
    ) -> None:
        self.gaps, self.is_masked = gaps, is_masked
        self.times = counts.sum(axis=1)
        self.leaders = ((gaps == 0) & ~is_masked).sum(axis=1)
        self.drawn = math.fsum((counts * gaps).ravel().tolist())

    def fit(self) -> tuple[float, float, tuple[float, float]]:
        """Return 1/T, the error of T, and the bounds of 1/T."""
        if self.drawn == 0:
            low = _root(self.surprise_of_leaders, -math.log(_LEAST_CHANCE))
            return math.inf, math.nan, (low, math.inf)
        beta = _root(self.expected, self.drawn)
        expected, deviation = self.expected(beta)
        width = _DEVIATIONS / deviation
        # Below 0, where no temperature is, one step of Newton's is near enough.
        middle = beta if beta else (expected - self.drawn) / deviation / deviation
        error = 1 / beta / (beta * deviation) if beta else math.nan
        return beta, error, (middle - width, middle + width)

    def expected(self, beta: float) -> tuple[float, float]:
        """Return what the drawn gaps are expected to sum up to, and the deviation of the sum."""
        weights = self._weights(beta)
        weights /= weights.sum(axis=1, keepdims=True)
        means = (weights * self.gaps).sum(axis=1)
        parts = np.sqrt(weights * self.times[:, np.newaxis]) * (self.gaps - means[:, np.newaxis])
        # Squares of what is small could be 0.
        largest = np.abs(parts).max()
        deviation = largest * np.sqrt(np.square(parts / largest).sum()) if largest else 0.0
        return float(self.times @ means), float(deviation)

    def surprise_of_leaders(self, beta: float) -> tuple[float, float]:
        """Return minus the logarithm of the chance of leaders alone, and the root of its fall."""
        others = np.where(self.gaps > 0, self._weights(beta), 0).sum(axis=1) / self.leaders
        return float(self.times @ np.log1p(others)), math.sqrt(self.expected(beta)[0])

    def _weights(self, beta: float) -> NDArray[np.float64]:
        weights = np.exp(-beta * self.gaps)
        weights[self.is_masked] = 0
        return weights


def _root(falling: Callable[[float], tuple[float, float]], target: float) -> float:
    """Return the beta at which a falling function reaches a target, or 0 if it starts lower.

    The function returns its value and the square root of minus its slope. Newton's method within
    a bracket: the function's logarithm is nearly a line.
    """
    beta, low, high = 0.0, 0.0, math.inf
    # Some ten are needed. Near 0 rounding alone can keep them going.
    for _ in range(100):
        value, root = falling(beta)
        if beta == 0 and value <= target:
            return 0.0
        low, high = (beta, high) if value > target else (low, beta)
        step = math.inf
        if value > 0 and root > 0:
            step = (math.log(value) - math.log(target)) * (value / root) / root
        if abs(step) <= 1e-13 * beta or high - low <= 1e-13 * beta:
            break
        if low < beta + step < high:
            beta += step
        else:
            beta = (2 * low or 1.0) if high == math.inf else (low + high) / 2
    return beta
