"""Bar charts of next-token probabilities, on an Axes or as small panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from .bars import BAR, WIDTH, Bars, add_halo, add_title_and_key, finish_bars
from .checks import Floats, as_temperature, as_temperatures
from .core import TokenTable
from .words import TITLE, temperature_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def bar_chart(
    table: TokenTable,
    temperature: float = 1.0,
    *,
    top: int | None = None,
    orient: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of each token at one temperature as an annotated bar.

    The axis runs from 0 to 1 at every temperature. Grey outlines show the bars at temperature 1,
    a dotted line the uniform level 1/n where all tokens are drawn. Tables of more than 100 tokens
    are labelled in percent, since most of their probabilities are below 0.01.

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
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")
    rows = bars.sweep([temperature])
    patches = _draw_bars(ax, bars, rows.shares[0])
    add_halo(finish_bars(ax, bars, patches, bars.labels(rows)[0]))
    add_title_and_key(ax, bars, TITLE + temperature_texts([temperature])[0])
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
        add_halo(finish_bars(ax, bars, patches, labels, fontsize="small"))
        ax.set_title(f"T = {text}", pad=bars.room * mpl.rcParams["font.size"])
        ax.label_outer()
        if not bars.upright:
            ax.set_xlabel("")
    if not bars.upright:
        figure.supxlabel(bars.axis_label, fontsize="medium")
    return figure


def _draw_bars(ax: Axes, bars: Bars, lengths: Floats) -> list[Rectangle]:
    # Imported here, since the explorer does without it and starts sooner.
    import seaborn as sns

    first = len(ax.patches)
    across, along = "xy" if bars.upright else "yx"
    data = {across: bars.places, along: lengths}
    style = {"color": BAR, "saturation": 1, "width": WIDTH, "linewidth": 0}
    sns.barplot(**data, **style, orient=bars.orient, ax=ax)
    # seaborn draws from place to place.
    drawn = [patch for patch in ax.patches[first:] if isinstance(patch, Rectangle)]
    return [drawn[place] for place in bars.places]
