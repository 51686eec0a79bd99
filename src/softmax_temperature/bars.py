"""What a bar chart shows, and how it is drawn, with upright or with lying bars."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from .checks import Floats, as_top, short
from .core import Sweep, TokenTable, likeliest, name_of_others, possible, sweep
from .words import (
    PROBABILITY,
    PROBABILITY_OF_LISTED,
    check_table,
    columns,
    in_percent,
    probability_text,
    token_labels,
)

# Blue and vermilion of seaborn's palette "colorblind", and a grey that stays readable on white.
BAR, _LEADING_BAR, REFERENCE = "#0173b2", "#d55e00", "#767676"
_OTHERS: dict[str, Any] = {"facecolor": "#949494", "edgecolor": "white", "hatch": "///"}
WIDTH = 0.8
_ROOM_FOR_TOKENS = 100
_UNIFORM: dict[str, Any] = {"color": REFERENCE, "linestyle": ":", "linewidth": 1}


class Bars:
    """Know what a chart of a table shows: all tokens, or the likeliest and all others together."""

    def __init__(
        self,
        table: TokenTable,
        top: int | None = None,
        orient: str | None = None,
        narrow: bool = False,
    ) -> None:
        check_table(table)
        self.table = table
        # In float64, since the digits of float32 do not suffice for what is printed.
        self._logits = table.logits.astype(np.float64)
        self._shown = likeliest(self._logits, as_top(top))
        self.n_others = len(table.tokens) - len(self._shown)
        self.count = len(self._shown) + bool(self.n_others)
        if len(self._shown) > _ROOM_FOR_TOKENS:
            raise ValueError(
                f"a chart has room for {_ROOM_FOR_TOKENS} tokens, got {len(self._shown):,}: "
                "use top=20 for the 20 likeliest and one bar for all others"
            )
        # A narrow chart is for telephones and panels.
        self.narrow = narrow
        self.percent = in_percent(table)
        most_upright = (6 if narrow else 12) - (3 if self.percent else 0)
        if orient is not None and not (isinstance(orient, str) and orient in ("v", "h")):
            raise ValueError(
                f"orient must be 'v' or 'h', got {short(orient)}: leave it out to choose"
            )
        if orient == "v" and self.count > most_upright:
            raise ValueError(
                f"orient must be 'h' for so many bars, got 'v' for {self.count}: upright ones have "
                f"room for the labels of {most_upright}"
            )
        wordy = any(columns(name) > 16 for name in self.names())
        lying = self.n_others > 0 or self.count > most_upright or wordy
        self.orient = orient or ("h" if lying else "v")
        self.upright = self.orient == "v"
        self.axis_label = PROBABILITY_OF_LISTED if table.unseen_mass else PROBABILITY
        # The uniform level, the limit of high temperatures, is 1 / n_unmasked.
        self.n_unmasked = int(possible(self._logits, np.inf).sum())
        # The size of a figure in inches, and the room above the axis for the label of a full bar,
        # in heights of the font.
        self.size = (3.6 if narrow else 7.6, 4.4 if self.upright else 1.3 + 0.24 * self.count)
        self.room = 1.8 if self.upright else 0.6

    def sweep(self, temperatures: Sequence[float], with_entropy: bool = False) -> Sweep:
        """Return the share of each bar, a row a temperature."""
        return sweep(self._logits, temperatures, self._shown, with_entropy)

    def names(self, glyphs: Set[int] | None = None) -> list[str]:
        """Return the name of each bar."""
        tokens = [self.table.tokens[position] for position in self._shown]
        names = token_labels(tokens, glyphs, longest=14 if self.narrow else 24)
        if self.n_others:
            name = name_of_others(self.table, self.n_others)
            names.append(name.replace("other ", "other\n") if self.narrow else name)
        return names

    def leads(self) -> NDArray[np.bool_]:
        """Return which bars are those of the likeliest tokens."""
        return possible(self._logits, 0)[self._shown]

    def leading_shares(self, rows: Sweep) -> Floats:
        """Return the largest share of a token, a number a temperature."""
        largest: Floats = rows.shares[:, : len(self._shown)].max(axis=1)
        return largest

    def labels(self, rows: Sweep) -> list[list[str]]:
        """Return the label of each bar, a row a temperature."""
        return [
            [
                probability_text(
                    share, percent=self.percent, can_be_zero=not may, can_be_one=sum(chances) == 1
                )
                for share, may in zip(shares, chances, strict=True)
            ]
            for shares, chances in zip(rows.shares.tolist(), rows.possible.tolist(), strict=True)
        ]


def finish_bars(
    ax: Axes,
    bars: Bars,
    patches: Sequence[Rectangle],
    labels: Sequence[str],
    fontsize: str = "medium",
) -> list[Annotation]:
    """Give plain bars all that belongs to a chart of probabilities, and return their labels."""
    colour_bars(bars, patches)
    texts = [
        _label(ax, bars, position, patch, label, fontsize)
        for position, (patch, label) in enumerate(zip(patches, labels, strict=True))
    ]
    draw_references(ax, bars)
    set_axes(ax, bars)
    name_bars(ax, bars, bars.names(_glyphs()))
    return texts


def colour_bars(bars: Bars, patches: Sequence[Rectangle]) -> None:
    """Let the leaders stand out, and the bar of all others differ from those of tokens."""
    for patch, leads in zip(patches, bars.leads(), strict=False):
        if leads:
            patch.set_facecolor(_LEADING_BAR)
    if bars.n_others:
        patches[-1].set(**_OTHERS)


def draw_references(ax: Axes, bars: Bars) -> None:
    """Draw outlines of the bars at T = 1, and the uniform level."""
    for position, share in enumerate(bars.sweep([1.0]).shares[0]):
        side = position - WIDTH / 2
        place = (side, 0, WIDTH, share) if bars.upright else (0, side, share, WIDTH)
        ax.add_patch(_outline(*place))
    if not bars.n_others:
        (ax.axhline if bars.upright else ax.axvline)(1 / bars.n_unmasked, **_UNIFORM)


def set_axes(ax: Axes, bars: Bars) -> None:
    """Let the axis of probabilities run from 0 to 1, in percent for large tables."""
    ends = (-0.6, bars.count - 0.4)
    if bars.upright:
        ax.set(ylim=(0, 1), xlim=ends, xlabel="Token", ylabel=bars.axis_label)
    else:
        ax.set(xlim=(0, 1), ylim=ends[::-1], xlabel=bars.axis_label, ylabel="")
    if bars.percent:
        (ax.yaxis if bars.upright else ax.xaxis).set_major_formatter(PercentFormatter(1, 0, " %"))


def name_bars(ax: Axes, bars: Bars, names: Sequence[str]) -> None:
    """Put names beside the bars."""
    if bars.upright:
        slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(names)), names, parse_math=False, **slanted)
    else:
        ax.set_yticks(range(len(names)), names, parse_math=False)


def add_title_and_key(ax: Axes, bars: Bars, text: str) -> tuple[Text, Legend]:
    """Put title and key above the Axes, clear of the label of a bar at 1, and return the two."""
    signs: list[Any] = [_outline(0, 0, 1, 1)]
    names = ["outline: T = 1"]
    if not bars.n_others:
        signs.append(Line2D([], [], **_UNIFORM))
        names.append(f"dotted: uniform, 1/{bars.n_unmasked}")
    key = ax.legend(
        signs,
        names,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=bars.room + 0.3,
        ncols=2,
        frameon=False,
        fontsize="small",
    )
    size = "medium" if bars.narrow else None
    pad = (bars.room + 2.4) * mpl.rcParams["font.size"]
    return ax.set_title(text, pad=pad, fontsize=size), key


def add_halo(labels: Sequence[Text]) -> None:
    """Keep labels readable where they cross an outline or the uniform level."""
    for label in labels:
        background = to_hex(label.axes.get_facecolor()) if label.axes else "white"
        label.set_path_effects([withStroke(linewidth=3, foreground=background)])


def _label(
    ax: Axes, bars: Bars, position: int, patch: Rectangle, label: str, fontsize: str
) -> Annotation:
    """Put a label at the end of a bar."""
    upright = bars.upright
    return ax.annotate(
        label,
        (position, patch.get_height()) if upright else (patch.get_width(), position),
        (0, 3) if upright else (3, 0),
        textcoords="offset points",
        ha="center" if upright else "left",
        va="bottom" if upright else "center_baseline",
        fontsize=fontsize,
    )


def _outline(left: float, bottom: float, width: float, height: float) -> Rectangle:
    return Rectangle((left, bottom), width, height, fill=False, edgecolor=REFERENCE)


def _glyphs() -> set[int]:
    """Return the code points that the fonts of the user's settings can draw."""
    families = mpl.rcParams["font.family"]
    fonts = {font_manager.findfont(FontProperties(family=[family])) for family in families}
    return set().union(*map(_charmap, fonts))


@lru_cache
def _charmap(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())
