"""How open a sampler leaves the choice, beside temperature alone at the same average surprise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from ..chain import SamplerChain, masked_logits
from ..checks import Floats
from ..core import TokenTable, check_table, perplexity, softmax
from ..model.texts import surprises
from ..phrases import phrase, rounded
from .bars import BAR, LEADING_BAR, as_axes, style_axes
from .funnels import check_chains

_POINTS = 80
_COLDEST, _HOTTEST = 0.01, 100.0
# How far the curve goes beyond the points, as a share of their distance, and at least in bits.
_BEYOND, _LEAST = 0.25, 1.0


def surprise_chart(
    table: TokenTable, chains: Mapping[str, SamplerChain], ax: Axes | None = None
) -> Axes:
    r"""Draw how open chains leave a choice against how much their draws surprise on average.

    The curve is temperature alone, the most open of all ways to draw a token that surprises so
    much: each chain hangs below it, with what it keeps of the curve's openness.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    chains : mapping of str to SamplerChain
        What is to be compared, by its name.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        As for `funnel_chart`.

    Notes
    -----
    The surprise of a token is :math:`-\log_2 p` at temperature 1, if nothing is cut, and the
    openness of shares q is two to the power of their entropy: the perplexity. At equal average
    surprise, Gibbs' inequality makes that of temperature alone the largest.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_example
    >>> cut = SamplerChain([("temperature", 1.5), ("min_p", 0.1)])
    >>> table = load_example("gpt2-spaceship")
    >>> ax = surprise_chart(table, {"min-p 0.1": cut}, ax=Figure().subplots())
    >>> ax.texts[0].get_text()
    'min-p 0.1: 61 % as open'
    """
    check_table(table)
    check_chains(chains)
    ax = as_axes(ax)
    logits = table.logits.astype(np.float64)
    bits = np.where(logits > -np.inf, surprises(logits), 0.0)

    def point(shares: Floats) -> tuple[float, float]:
        return float((shares * bits).sum()), float(perplexity(shares))

    points = {name: point(softmax(masked_logits(chain, table))) for name, chain in chains.items()}
    places = [place for place, _ in points.values()]
    margin = max(_BEYOND * (max(places) - min(places)), _LEAST)
    coldest = _temperature_of(logits, bits, min(places) - margin)
    hottest = _temperature_of(logits, bits, max(places) + margin)
    stops = np.geomspace(coldest, hottest, _POINTS).tolist()
    curve = [point(softmax(logits, temperature)) for temperature in stops]
    ax.plot(*zip(*curve, strict=True), color=BAR)
    for name, (place, openness) in points.items():
        _, top = point(softmax(logits, _temperature_of(logits, bits, place)))
        ax.plot([place, place], [openness, top], color=LEADING_BAR, linewidth=3)
        ax.plot([place], [openness], "o", color="black")
        text = phrase("as_open", name=name, share=rounded(100 * openness / top, 0, True))
        ax.annotate(text, (place, openness), (6, -4), textcoords="offset points", va="top")
    ax.set(yscale="log", xlabel=phrase("surprise_axis"), ylabel=phrase("open_among_axis"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda size, _: rounded(size, 0, True)))
    ax.yaxis.set_minor_formatter(NullFormatter())
    style_axes(ax)
    return ax


def _temperature_of(logits: Floats, bits: Floats, surprise: float) -> float:
    """Return the temperature whose draws surprise by so much, to 9 digits."""
    low, high = _COLDEST, _HOTTEST
    for _ in range(40):
        middle = float(np.sqrt(low * high))
        if (softmax(logits, middle) * bits).sum() < surprise:
            low = middle
        else:
            high = middle
    return low
