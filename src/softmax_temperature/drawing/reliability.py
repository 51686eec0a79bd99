"""The reliability diagram: whether what is given 0.6 comes in six of ten cases."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from ..checks import as_count, as_positions, as_temperature
from ..core import softmax
from ..phrases import phrase
from ..words import temperature_texts
from .bars import REFERENCE, as_axes, style_axes
from .colours import WORDS

# Of a normal distribution, 95 % lie within so many standard deviations.
_DEVIATIONS = 1.959964


def reliability_chart(
    logits: ArrayLike,
    tokens: ArrayLike,
    temperature: float = 1.0,
    *,
    bins: int = 6,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw how often the likeliest token comes, against how likely it was said to be.

    The places are put in order of what their likeliest token has, and cut into bins of as many
    places each. A dot is a bin, and the bar through it holds the share of all such places in 95 of
    100 cases. On the diagonal a model is calibrated.

    Parameters
    ----------
    logits : array_like, shape (n, n_tokens)
        The model's own, a row a place.
    tokens : array_like of int, shape (n,)
        Which token came there.
    temperature : float, default 1.0
        By which the logits are divided.
    bins : int, default 6
        How many bins, `n` at most.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `softmax` refuses `logits` or `temperature`, `tokens` are not one position a row, or
        `bins` is no such number.

    Notes
    -----
    The bars are Wilson's score intervals [1]_: of k among m they are centred at
    :math:`(k + z^2/2) / (m + z^2)`, and stay between 0 and 1.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22, 1927. doi:10.1080/01621459.1927.10502953
    .. [2] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017. arXiv:1706.04599

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> logits = np.log([[0.6, 0.4], [0.2, 0.8], [0.9, 0.1], [0.7, 0.3]])
    >>> ax = reliability_chart(logits, [0, 0, 0, 1], bins=2, ax=Figure().subplots())
    >>> ax.get_title()
    'T = 1.00: 0.750 sure, 0.500 right'
    """
    shares = softmax(logits, as_temperature(temperature))
    if shares.ndim != 2:
        raise ValueError(f"logits must have a row a place, got shape {shares.shape}")
    came = as_positions(tokens, shares.shape[1], "tokens")
    if came.shape != shares.shape[:1]:
        raise ValueError(f"tokens must be {len(shares)}, one a row, got shape {came.shape}")
    count = as_count(bins, "bins", 1)
    if count > len(shares):
        raise ValueError(f"bins must be at most {len(shares)}, the number of places, got {count}")
    ax = as_axes(ax)
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == came
    ax.plot([0, 1], [0, 1], "--", color=REFERENCE, linewidth=1)
    for part in np.array_split(np.argsort(sure, kind="stable"), count):
        share = right[part].mean()
        low, high = wilson(int(right[part].sum()), len(part))
        ax.plot([sure[part].mean()] * 2, [low, high], color=WORDS[1], linewidth=2)
        ax.plot([sure[part].mean()], [share], "o", color=WORDS[1], markersize=7)
    ax.set(xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    ax.set(xlabel="Probability of the likeliest token", ylabel="How often it comes")
    title = phrase("panel_title", temperature=temperature_texts([temperature])[0])
    ax.set_title(f"{title}: {sure.mean():.3f} sure, {right.mean():.3f} right", fontsize="medium")
    style_axes(ax)
    return ax


def wilson(count: int, of: int) -> tuple[float, float]:
    """Return the bounds of a share, of which `count` among so many are known.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    square = _DEVIATIONS**2
    middle = (count + square / 2) / (of + square)
    reach = _DEVIATIONS * (count * (of - count) / of + square / 4) ** 0.5 / (of + square)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)
