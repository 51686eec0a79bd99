"""Logits on a number line: temperature stretches their gaps, and e to a gap is a height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from ..checks import Floats, as_temperature
from ..core import TokenTable, check_table, likeliest
from ..phrases import phrase, rounded
from ..words import temperature_texts, token_labels
from .bars import REFERENCE, as_axes, glyphs, style_axes
from .colours import colour_of, line_of
from .labels import spread
from .maps import LINE, name_lengths

# A line of more would have no room for their names.
MOST_STICKS = 30
# How far below the line of gaps that of the logits lies, and where the picture ends, if the largest
# height is 1.
DEPTH, TOP = 0.5, 1.06
_ASIDE = 6.0


@dataclass(frozen=True)
class Sticks:
    """The tokens of a table on a line, the likeliest first, with the part of it that is shown."""

    logits: Floats
    # The ends of the line, counted from the likeliest token.
    low: float
    high: float

    @property
    def leader(self) -> float:
        """The largest logit."""
        return float(self.logits[0])

    @property
    def ticks(self) -> list[float]:
        """Round numbers on the line of logits."""
        ends = self.leader + self.low, self.leader + self.high
        ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(*ends)
        return [float(tick) for tick in ticks if ends[0] <= tick <= ends[1]]

    def gaps(self, temperature: float) -> Floats:
        """Return the gaps to the likeliest token, divided by T."""
        gaps = self.logits - self.leader
        if temperature == 0:
            return np.where(gaps < 0, -np.inf, 0.0)
        with np.errstate(over="ignore"):
            divided: Floats = gaps / temperature
        return divided


def sticks_of(table: TokenTable) -> Sticks:
    """Return the tokens of a table on a line, but for those that are masked."""
    logits = table.logits.astype(np.float64)
    logits = logits[likeliest(logits, len(logits))]
    logits = logits[logits > -np.inf]
    low = -max(7.0, 1.1 * (logits[0] - logits[-1]))
    return Sticks(logits, low, -low / 7)


def logit_line(table: TokenTable, temperature: float = 1.0, *, ax: Axes | None = None) -> Axes:
    r"""Draw logits on a number line, and above it what temperature and softmax make of them.

    Below, each token's logit is a knob on a number line. From it an elastic leads up to a second
    line, on which the gaps to the likeliest token are divided by the temperature: above 1 it draws
    the tokens together, below 1 it pulls them apart. There each token is a stick as high as
    :math:`e` to its divided gap, up to a curve that never changes. Its height over the sum of all
    heights is its probability.

    Parameters
    ----------
    table : TokenTable
        Up to 30 tokens. One that is masked has no stick.
    temperature : float, default 1.0
        From 0 to infinity. A stick that leaves the picture on the left stands at its edge.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is no TokenTable or has more tokens, or `temperature` is no such number.

    Notes
    -----
    :math:`p_i = e^{(x_i - m) / T} / \sum_j e^{(x_j - m) / T}` with the largest logit :math:`m`. Of
    a number that is added to every logit nothing is left in the gaps :math:`x_i - m`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = logit_line(table, 2, ax=Figure().subplots())
    >>> ax.get_title()
    'T = 2.00: probability = height ÷ sum, 1.37'
    >>> sorted(text.get_text() for text in ax.texts)
    ['day 1.00', 'problem 0.37']
    """
    check_table(table)
    check_room(table)
    temperature = as_temperature(temperature)
    ax = as_axes(ax)
    sticks = sticks_of(table)
    order = likeliest(table.logits, len(sticks.logits))
    names = token_labels([table.tokens[position] for position in order], glyphs(), longest=10)
    set_line_axes(ax, sticks)
    draw_sticks(ax, sticks, names, range(len(names)), temperature)
    return ax


def check_room(table: TokenTable) -> None:
    """Refuse a table of more tokens than a line has room for."""
    if len(table.tokens) > MOST_STICKS:
        raise ValueError(
            f"a line of logits has room for {MOST_STICKS} tokens, got {len(table.tokens):,}: "
            "use a TokenTable of the likeliest, or draw_map(table) for all"
        )


def set_line_axes(ax: Axes, sticks: Sticks) -> None:
    """Let logits run across below, and heights upwards above them."""
    leader = sticks.leader
    ax.set(xlim=(sticks.low, sticks.high), ylim=(-DEPTH, TOP), xlabel=phrase("logit_column"))
    ax.set_xticks(
        [tick - leader for tick in sticks.ticks], [f"{tick:.6g}" for tick in sticks.ticks]
    )
    heights = [0, 0.5, 1]
    ax.set_yticks([-DEPTH / 2, *heights], [phrase("divided"), *(f"{y:g}" for y in heights)])
    ax.set_ylabel(phrase("stick_height"), y=(DEPTH + 0.5) / (TOP + DEPTH))
    style_axes(ax)
    ax.spines["left"].set_bounds(0, 1)
    ax.yaxis.get_major_ticks()[0].tick1line.set_visible(False)
    ax.axhline(0, color=REFERENCE, linewidth=0.8, zorder=1)
    falling = np.linspace(sticks.low, 0, 200)
    ax.plot(falling, np.exp(falling), color=REFERENCE, linewidth=0.8, zorder=1)


def draw_sticks(
    ax: Axes, sticks: Sticks, names: Sequence[str], hues: Sequence[int], temperature: float
) -> None:
    """Draw sticks with their elastics and names, in the colours of so many words."""
    gaps = sticks.gaps(temperature)
    heights = np.exp(gaps)
    total = rounded(float(heights.sum()), 2)
    title = phrase("sticks_title", temperature=temperature_texts([temperature])[0], total=total)
    ax.set_title(title, fontsize="medium")
    across, up = (length * 72 / ax.figure.dpi for length in (ax.bbox.width, ax.bbox.height))
    point, line = (sticks.high - sticks.low) / across, LINE * (TOP + DEPTH) / up
    texts = stick_texts(names, gaps, sticks.low)
    lengths = name_lengths(texts)
    levels = name_levels(heights.tolist(), line)
    # Those of the likeliest lie above.
    for i in reversed(range(len(heights))):
        height, place = float(heights[i]), max(float(gaps[i]), sticks.low)
        below = max(float(sticks.logits[i] - sticks.leader), sticks.low)
        stick: Any = {"color": line_of(colour_of(hues[i])), "clip_on": False, "zorder": 2}
        ax.plot([below, place], [-DEPTH, 0], linewidth=0.9, **stick)
        ax.plot([place, place], [0, height], linewidth=2.4, **stick)
        ax.plot([below], [-DEPTH], "o", markersize=7, markeredgecolor="white", **stick)
        if i >= len(levels):
            continue
        beside = place - (_ASIDE + lengths[i]) * point > sticks.low
        shift = (-_ASIDE if beside else 3) / 72
        moved: Any = ScaledTranslation
        label = ax.text(place if beside else sticks.low, levels[i], texts[i], fontsize="small")
        label.set(va="center", ha="right" if beside else "left", parse_math=False, zorder=4)
        label.set_transform(ax.transData + moved(shift, 0, ax.figure.dpi_scale_trans))
        label.set_path_effects([withStroke(linewidth=3, foreground="white")])
        if abs(levels[i] - height) > line / 4 and gaps[i] >= sticks.low:
            end = place - (_ASIDE - 1) * point
            if not beside:
                end = sticks.low + (4 + lengths[i]) * point
            ax.plot([end, place], [levels[i], height], color=REFERENCE, linewidth=0.8, zorder=3)


def stick_texts(names: Sequence[str], gaps: Floats, low: float) -> list[str]:
    """Return what stands at each stick: a name and a height, and where it is off, an arrow."""
    return [
        f"{'' if gap >= low else '◂ '}{name} {height_text(float(np.exp(gap)))}"
        for name, gap in zip(names, gaps.tolist(), strict=True)
    ]


def name_levels(heights: Sequence[float], line: float) -> list[float]:
    """Return the levels of names at falling heights up to 1: of as many as have room there."""
    count = min(len(heights), int(1 / line))
    least = 0.6 * line
    levels = spread([max(height - least, 0.0) for height in heights[:count]], line)
    # Those that are as high as the first one stand below it.
    return [min(level + least, 1 - i * line) for i, level in enumerate(levels)]


def height_text(height: float) -> str:
    """Return a height with two decimals, of which only 0 is 0.00."""
    text = rounded(height, 2)
    return "<0.01" if text == "0.00" and height > 0 else text
