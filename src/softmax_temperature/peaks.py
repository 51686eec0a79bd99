"""Where a token is likeliest: the temperature at which its probability has its peak."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checks import Floats, as_positions, real_array
from .core import shift


def peak_temperature(logits: ArrayLike, positions: ArrayLike | None = None) -> Any:
    r"""Find the temperature at which a token is as probable as it can be.

    Parameters
    ----------
    logits : array_like, shape (n_tokens,)
        As for `softmax`.
    positions : int or array_like of int, optional
        The tokens that are asked for, counted from 0; by default all. Each takes some
        milliseconds among 50,000 tokens.

    Returns
    -------
    float64 or ndarray, of the shape of `positions`
        From 0 to infinity, in the units of the logits, to a relative 1e-9: 0 for the tokens tied
        for the largest logit, ``inf`` at or below the mean of the unmasked logits, NaN for a masked
        token, whose probability is 0 at every temperature.

    Raises
    ------
    TypeError
        If `logits` are not real numbers, or `positions` not whole numbers.
    ValueError
        If `logits` are not one-dimensional or `softmax` refuses them, or if there is no such
        position.

    Notes
    -----
    From the definition of the softmax follows

    .. math:: \frac{dp_i}{dT} = \frac{p_i}{T^2} \left(E_T[x] - x_i\right),
        \qquad E_T[x] = \sum_j p_j x_j.

    The mean logit :math:`E_T[x]` falls steadily from the largest logit at :math:`T = 0` to the
    plain mean at infinity. So a token between the two gains with T until the mean logit has come
    down to its own, :math:`E_T[x] = x_i`, and loses from there on. That root is found by Newton's
    method in :math:`\beta = 1/T` within a bracket.

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> logits = [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]
    >>> peak_temperature(logits).round(3)
    array([0.   ,   inf,   inf, 0.904,   inf,   inf])
    >>> float(softmax(logits, peak_temperature(logits, 3))[3].round(6))
    0.311826
    """
    values = real_array(logits, "logits").astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"logits must be one-dimensional, got shape {values.shape}")
    shifted = shift(values)
    places = np.arange(len(values)) if positions is None else as_positions(positions, len(values))
    unmasked = shifted > -np.inf
    owns, places = np.unique(values[places], return_inverse=True)
    # Scaled by a power of 2, which rounds nothing, so that no sum overflows.
    exponent = np.frexp(shifted[unmasked].min())[1]
    with np.errstate(all="ignore"):
        rising = np.ldexp(np.sort(values[unmasked]), -exponent)
        peaks = np.array([_peak(rising, own) for own in np.ldexp(owns, -exponent)])
        return np.ldexp(peaks, exponent)[places]


def _peak(logits: Floats, own: float) -> float:
    """Return the T at which the mean of rising logits, which span at most 1, is one of them."""
    if own in (logits[-1], -np.inf):
        return 0.0 if own > -np.inf else np.nan
    gaps = logits - own
    lost = _rounded_off(logits, own, gaps)
    pull = _total(gaps, lost)
    # At or below the mean of all logits, which is the mean at an infinite T.
    return np.inf if pull >= 0 else 1 / _root(gaps, lost, pull)


def _rounded_off(logits: Floats, own: float, gaps: Floats) -> Floats:
    """Return what the subtraction ``gaps = logits - own`` has rounded off, exactly (TwoSum)."""
    back = gaps - logits
    return (logits - (gaps - back)) - (own + back)


def _root(gaps: Floats, lost: Floats, pull: float) -> float:
    """Return the root in beta of the sum of exp(beta * gaps) * gaps, by Newton within a bracket.

    The sum rises with beta, from `pull`, which is below 0, at 0.
    """
    # Here is where its tangent at 0 has a root.
    beta, low, high = -pull / float(np.square(gaps).sum()), 0.0, np.inf
    while True:
        # Terms of either sign are summed up apart, so that their logarithms' difference is close to
        # a line in beta. Of a term near 0 only exp - 1 is taken, since the rest cancels exactly.
        exponents = beta * gaps
        first, last = np.searchsorted(exponents, (-1, 1))
        pull = _total(gaps[first:last], lost[first:last])
        terms = np.exp(exponents)
        slopes = terms * gaps * gaps
        terms[first:last] = np.expm1(exponents[first:last])
        terms *= gaps
        up = terms[first:].sum() + max(pull, 0)
        down = max(-pull, 0) - terms[:first].sum()
        slope = slopes[first:].sum() / up + slopes[:first].sum() / down
        step = np.log(up / down) / slope
        low, high = (beta, high) if up < down else (low, beta)
        if min(high - low, abs(step)) <= 1e-11 * beta:
            return beta
        if low < beta - step < high:
            beta -= float(step)
        else:
            beta = 2 * low if high == np.inf else (low + high) / 2


def _total(values: Floats, lost: Floats) -> float:
    """Sum up values, and exactly, with what they lost, where little would be left of them."""
    rough = float(values.sum())
    if abs(rough) > 1e-4 * float(abs(values).sum()):
        return rough
    return math.fsum([*values.tolist(), *lost.tolist()])
