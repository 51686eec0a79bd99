"""Bar charts of next-token probabilities and of draws, on an Axes or as small panels."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from ..chain import SamplerChain, masked_logits
from ..checks import Floats, as_temperature, as_temperatures, as_top
from ..core import TokenTable, check_table, possible
from ..phrases import phrase, rounded
from ..words import temperature_texts
from .bars import (
    BAR,
    LEADING_BAR,
    NUMBER_HALO,
    REFERENCE,
    WIDTH,
    Bars,
    add_halo,
    add_label,
    add_title_and_key,
    as_axes,
    colour_bars,
    finish_bars,
    glyphs,
    key_of,
    name_bars,
    set_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Bars of draws are thinner than their bands, so that both can be seen.
_THIN = 0.5
_BAND: dict[str, Any] = {"facecolor": "#dddddd", "edgecolor": REFERENCE, "linewidth": 1}
_EXACT: dict[str, Any] = {"color": "black", "linewidth": 1.5}


def bar_chart(
    table: TokenTable,
    temperature: float = 1.0,
    *,
    top: int | None = None,
    orient: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of each token at one temperature as an annotated bar.

    The axis runs from 0 to 1 at every temperature. Dashed outlines show the bars at temperature 1,
    a dotted line the uniform level 1/n where all tokens are drawn. Tables of more than 100 tokens
    are labelled in percent, since most of their probabilities are below 0.01, and their axis is
    logarithmic, from 0.01 to 100 %: bars can be told apart at high temperatures, too. There equal
    distances are equal ratios, and the ends of two bars lie apart as their logits do, over T.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperature : float, default 1.0
        As for `softmax`.
    top : int, optional
        Draw this many tokens, the likeliest first and tied ones in their order, and all others
        together as one hatched bar. A table of more than 100 tokens needs it.
    orient : {"v", "h"}, optional
        Upright or lying bars; by default upright, but lying where tokens are left out, names are
        long, or there are too many bars for their labels.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = bar_chart(table, temperature=2.0, ax=Figure().subplots())
    >>> ax.get_title()
    'Softmax Probabilities at Temperature = 2.00'
    """
    bars = Bars(table, top, orient, ranked=False)
    temperature = as_temperature(temperature)
    ax = as_axes(ax)
    rows = bars.sweep([temperature])
    patches = _draw_bars(ax, bars, rows.shares[0])
    add_halo(finish_bars(ax, bars, patches, bars.labels(rows)[0]), NUMBER_HALO)
    (text,) = temperature_texts([temperature])
    add_title_and_key(ax, bars, phrase("temperature_title", temperature=text), key_of(bars))
    return ax


def temperature_panels(
    table: TokenTable,
    temperatures: ArrayLike,
    *,
    top: int | None = None,
    orient: str | None = None,
) -> Figure:
    """Draw one small bar chart a temperature, side by side on the same axis.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperatures : array_like, shape (n_temperatures,)
        As for `softmax`.
    top, orient
        As for `bar_chart`.

    Returns
    -------
    matplotlib Figure
        A pyplot figure, 2.6 inches wide a panel, with lying bars higher the more there are.

    Examples
    --------
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> figure = temperature_panels(table, [0.1, 1.0, 2.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['T = 0.10', 'T = 1.00', 'T = 2.00']
    """
    import matplotlib.pyplot as plt

    bars = Bars(table, top, orient, narrow=True)
    stops = as_temperatures(temperatures).tolist()
    figure, axes = plt.subplots(
        1,
        len(stops),
        figsize=(2.6 * len(stops), bars.height),
        sharex=not bars.upright,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    rows = bars.sweep(stops)
    for ax, text, row, labels in zip(
        axes[0], temperature_texts(stops), rows.shares, bars.labels(rows), strict=True
    ):
        patches = _draw_bars(ax, bars, row)
        add_halo(finish_bars(ax, bars, patches, labels, fontsize="small"), NUMBER_HALO)
        ax.set_title(
            phrase("panel_title", temperature=text), pad=bars.room * mpl.rcParams["font.size"]
        )
        ax.label_outer()
        if not bars.upright:
            ax.set_xlabel("")
    if not bars.upright:
        figure.supxlabel(bars.axis_label, fontsize="medium")
    return figure


def draws_chart(
    table: TokenTable,
    n: int,
    chain: SamplerChain | None = None,
    *,
    seed: int = 21,
    top: int | None = None,
    orient: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw tokens, and chart how often each came beside how often it should come.

    A bar is the share of the draws that a token got, its number their count. A band runs two
    standard deviations to either side of the exact probability: about 19 of 20 bars end in theirs,
    however many draws there are, and the more there are the narrower it is.

    Parameters
    ----------
    table : TokenTable
        The tokens, charted in their order.
    n : int
        How many draws.
    chain : SamplerChain, optional
        What is drawn from; by default the softmax at temperature 1. What it cuts is so labelled.
    seed : int, default 21
        Seed of the draws, as for `SamplerChain.draw`.
    top, orient, ax
        As for `bar_chart`. Of tokens that are cut, `top` shows none alone.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Notes
    -----
    The count of a token of probability p is binomial, so that its share of n draws has the standard
    deviation :math:`\sqrt{p (1 - p) / n}`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = draws_chart(table, 1000, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['882', '118']
    """
    check_table(table)
    chain = SamplerChain([]) if chain is None else chain
    if not isinstance(chain, SamplerChain):
        raise TypeError(
            f"chain must be a SamplerChain, got {type(chain).__name__}: "
            "make one with SamplerChain(steps)"
        )
    counts = Counter(chain.draw(table, n, seed))
    masked = masked_logits(chain, table)
    most = as_top(top)
    if most is not None:
        most = min(most, int(possible(masked, np.inf).sum()))
    drawn = TokenTable(table.tokens, masked, table.prompt, unseen_mass=table.unseen_mass)
    bars = Bars(drawn, most, orient, ranked=False)
    ax = as_axes(ax)
    came = [counts[table.tokens[place]] for place in bars.shown]
    if bars.n_others:
        came.append(n - sum(came))
    rows = bars.sweep([1.0])
    p = rows.shares[0]
    reach = 2 * np.sqrt(p * (1 - p) / n)
    shares, lows, highs = np.array(came) / n, (p - reach).clip(min=0), (p + reach).clip(max=1)
    colour_bars(bars, _draw_bars(ax, bars, shares, _THIN))
    may_come = rows.possible[0]
    _draw_bands(ax, bars, *(numbers[may_come] for numbers in (bars.places, lows, p, highs)))
    labels = [
        add_label(ax, bars, place, rounded(count, 0, True) if may else phrase("cut"), end, "medium")
        for place, count, may, end in zip(
            bars.places.tolist(), came, may_come, np.maximum(shares, highs), strict=True
        )
    ]
    set_axes(ax, bars)
    label = phrase("share_of_draws_of_listed" if table.unseen_mass else "share_of_draws")
    label = phrase("logarithmic", name=label) if bars.percent else label
    (ax.set_ylabel if bars.upright else ax.set_xlabel)(label)
    name_bars(ax, bars, bars.names(glyphs()))
    add_halo(labels)
    leader, band = (Rectangle((0, 0), 1, 1, **s) for s in ({"color": LEADING_BAR}, _BAND))
    names = [phrase(name) for name in ("likeliest", "exact", "band")]
    key = [leader, Line2D([], [], **_EXACT), band], names
    add_title_and_key(ax, bars, phrase("draws_title", n=rounded(n, 0, True)), key)
    return ax


def _draw_bands(
    ax: Axes, bars: Bars, places: Floats, lows: Floats, middles: Floats, highs: Floats
) -> None:
    sides = places - WIDTH / 2
    for side, low, length in zip(sides, lows, highs - lows, strict=True):
        box = (side, low, WIDTH, length) if bars.upright else (low, side, length, WIDTH)
        # Behind the bars.
        ax.add_patch(Rectangle(box[:2], *box[2:], **_BAND, zorder=0.5))
    (ax.hlines if bars.upright else ax.vlines)(middles, sides, sides + WIDTH, **_EXACT, zorder=2)


def _draw_bars(ax: Axes, bars: Bars, lengths: Floats, width: float = WIDTH) -> list[Rectangle]:
    # Imported here, since the explorer does without it and starts sooner.
    import seaborn as sns

    first = len(ax.patches)
    across, along = "xy" if bars.upright else "yx"
    data = {across: bars.places, along: lengths}
    style = {"color": BAR, "saturation": 1, "width": width, "linewidth": 0}
    sns.barplot(**data, **style, orient=bars.orient, native_scale=True, ax=ax)
    # seaborn draws from place to place.
    drawn = [patch for patch in ax.patches[first:] if isinstance(patch, Rectangle)]
    return [drawn[place] for place in bars.places.argsort().argsort()]
