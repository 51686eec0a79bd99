"""Which temperature is advised, and for what: one axis, and a line for each who says it."""

from __future__ import annotations

import csv
from importlib.resources import files

from matplotlib.axes import Axes

from .bars import as_axes
from .colours import WORDS

_DATA = files("softmax_temperature") / "data" / "advice.csv"
_COLOURS = {"advised": WORDS[1], "measured": WORDS[0]}
_MARKS = {"advised": "o", "measured": "D"}
_LETTERS = 9


def advice_chart(*, ax: Axes | None = None) -> Axes:
    """Draw on one axis which temperatures makers advise, and which were measured to be best.

    A line belongs to one who says it, a point to one use, and a bar to a range. What each says in
    words, with its source, stands in ``data/claims.csv``.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = advice_chart(ax=Figure(figsize=(9, 5)).subplots())
    >>> ax.get_xlabel()
    'Temperature'
    """
    ax = as_axes(ax)
    rows = list(csv.DictReader(_DATA.read_text(encoding="utf-8").splitlines()))
    sayers = list(dict.fromkeys((row["who"], row["year"]) for row in rows))
    for kind in _MARKS:
        ax.scatter([], [], marker=_MARKS[kind], color=_COLOURS[kind], label=kind)
    before: dict[int, float] = {}
    for row in rows:
        line = sayers.index((row["who"], row["year"]))
        low, high, kind = float(row["low"]), float(row["high"]), row["kind"]
        if low < high:
            ax.plot([low, high], [line, line], color=_COLOURS[kind], linewidth=5, alpha=0.5)
        # Close behind another point's name, a name stands below its own.
        below = low - before.get(line, -1) < 0.35
        before[line] = -1 if below else low
        ends = (low, high) if low < high else (low,)
        ax.scatter(ends, [line] * len(ends), marker=_MARKS[kind], color=_COLOURS[kind], zorder=3)
        ax.annotate(
            row["what for"],
            ((low + high) / 2, line),
            (0, -16 if below else 7),
            textcoords="offset points",
            # At the left edge a centred text would leave the chart.
            ha="center" if low + high > 0.3 else "left",
            fontsize=_LETTERS,
            # No line of the grid goes through a word.
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    ax.set_yticks(range(len(sayers)), [f"{who}, {year}" for who, year in sayers])
    ax.set(xlim=(-0.04, 2.04), ylim=(len(sayers) - 0.5, -0.75), xlabel="Temperature")
    ax.set_xticks([0, 0.5, 1, 1.5, 2])
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.legend(loc="lower right", frameon=False)
    return ax
