"""How fast a choice opens as the temperature rises: its heat capacity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .checks import as_temperature, real_array
from .core import shift


def heat_capacity(logits: ArrayLike, temperature: float = 1.0) -> float:
    r"""Return by how many percent the effective choices grow for each percent of temperature.

    Parameters
    ----------
    logits : array_like, shape (n_tokens,)
        As for `softmax`: each is minus an energy, in the units in which temperature is measured.
    temperature : float, default 1.0
        From 0 to infinity. At both ends nothing grows, and the result is 0.

    Returns
    -------
    float
        At least 0, without a unit.

    Raises
    ------
    TypeError, ValueError
        If `logits` are not one row of numbers, or `softmax` refuses them or `temperature`.

    Notes
    -----
    Of the mean logit :math:`\langle x \rangle`, its variance at that temperature, the entropy H in
    nats, and the perplexity :math:`e^H`:

    .. math:: -\frac{d\langle x \rangle}{dT} = \frac{\mathrm{Var}_T(x)}{T^2} = C, \qquad
        \frac{dH}{dT} = \frac{C}{T}, \qquad \frac{d \ln e^H}{d \ln T} = C

    With minus the logit as energy, the first of them is what physics calls a heat capacity.

    Examples
    --------
    >>> round(heat_capacity([5.0, 2.2, 2.0, 4.5, 3.0, 2.7]), 4)
    0.7687
    """
    values = real_array(logits, "logits").astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"logits must be one-dimensional, got shape {values.shape}")
    shifted, temperature = shift(values), as_temperature(temperature)
    if temperature in (0, math.inf):
        return 0.0
    # Divided first: with a tiny temperature the square of a gap would be too large.
    with np.errstate(over="ignore", under="ignore"):
        gaps = shifted / temperature
        weights = np.exp(gaps)
    # What is not visited has no part in the mean, however far away it is.
    gaps = np.where(weights > 0, gaps, 0.0)
    # Sums, not inner products: those of a vocabulary would wait for threads, and take much longer.
    total = float(weights.sum())
    mean = float((weights * gaps).sum()) / total
    return float((weights * (gaps - mean) ** 2).sum()) / total
