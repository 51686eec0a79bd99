"""What a bar chart shows, and how it is drawn, with upright or with lying bars."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cached_property, lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedFormatter, FixedLocator, PercentFormatter
from numpy.typing import NDArray

from ..checks import Floats, as_top, short
from ..core import Sweep, TokenTable, check_table, likeliest, name_of_others, possible, sweep
from ..phrases import phrase, rounded
from ..words import columns, in_percent, is_certain, probability_text, token_labels

# Blue and vermilion of seaborn's palette "colorblind", and a grey that stays readable on white.
BAR, LEADING_BAR, REFERENCE = "#0173b2", "#d55e00", "#767676"
OTHERS = "#949494"
WIDTH = 0.8
# The grounds of numbers and of names that cross lines, in points.
NUMBER_HALO, NAME_HALO = 5.0, 3.0
_ROOM_FOR_TOKENS = 100
# Where a logarithmic axis of probabilities begins: less reads "<0.01 %", and has no bar.
LEAST = 1e-4
_DECADES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
# Half the length of a sign of counted draws, in points.
SIGN = 3.5
# Dashed, so that nobody takes an outline for the bar. `chart.css` has the dashes, too.
_OUTLINE: dict[str, Any] = {
    "fill": False,
    "edgecolor": REFERENCE,
    "linewidth": 1,
    "linestyle": (0, (3.0, 2.0)),
}
_UNIFORM: dict[str, Any] = {"color": REFERENCE, "linestyle": ":", "linewidth": 1}


class Bars:
    """What a chart of a table shows: all tokens, or the likeliest and all others together."""

    def __init__(
        self,
        table: TokenTable,
        top: int | None = None,
        orient: str | None = None,
        narrow: bool = False,
        ranked: bool = True,
        uniform: bool = True,
        hues: Sequence[int] | None = None,
    ) -> None:
        check_table(table)
        self.table = table
        # In float64, since the digits of float32 do not suffice for what is printed.
        self.logits = table.logits.astype(np.float64)
        # The likeliest first, or in the table's order.
        self.shown = likeliest(self.logits, as_top(top) or (len(table.tokens) if ranked else None))
        self.n_others = len(table.tokens) - len(self.shown)
        self.count = len(self.shown) + bool(self.n_others)
        # The ranks that give tokens their colours: earlier ones, where logits have been changed.
        self.hues = range(len(self.shown)) if hues is None else hues
        if len(self.shown) > _ROOM_FOR_TOKENS:
            raise ValueError(
                f"a chart has room for {_ROOM_FOR_TOKENS} tokens, got {len(self.shown):,}: "
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
        # Where bars stand. That of all others comes last in each row of numbers, but stands first,
        # beside the likeliest token, or farther from it where its name has two lines.
        self.places = np.arange(self.count, dtype=float)
        if self.n_others:
            self.places += 1
            self.places[-1] = 0 if self.upright or not narrow else -0.5
        self.axis_label = phrase("probability_of_listed" if table.unseen_mass else "probability")
        # Of a whole vocabulary each token has little: bars would all be slivers at high
        # temperatures on an axis from 0 to 1.
        if self.percent:
            self.axis_label = phrase("logarithmic", name=self.axis_label)
        # The limit of high temperatures is uniform. Its level is of no use beside a bar of many.
        self.n_unmasked = int(possible(self.logits, np.inf).sum())
        self.level = 1 / self.n_unmasked if uniform and not self.n_others else 0.0
        # The height of a chart in inches, and the room above the axis for the label of a full bar,
        # in heights of the font.
        self.height = 3.0 if self.upright else max(3.0, 1.19 + 0.19 * np.ptp(self.places))
        # What a key takes below the axis, where long bars leave it no room beside them.
        self.key_below = 0.2 if self.percent and not self.upright else 0.0
        self.room = 1.8 if self.upright else 0.6

    @cached_property
    def outline(self) -> list[float]:
        """The share of each bar at T = 1."""
        shares: list[float] = self.sweep([1.0]).shares[0].tolist()
        return shares

    def sweep(self, temperatures: Sequence[float]) -> Sweep:
        """Return the share of each bar, a row a temperature."""
        return sweep(self.logits, temperatures, self.shown)

    def along(self, share: float) -> float:
        """Return where a probability is on the axis, as a share of its length."""
        return float(1 - _logarithm(share) / np.log10(LEAST)) if self.percent else share

    def at(self, part: float) -> float:
        """Return which probability is there on the axis."""
        return float(LEAST ** (1 - part)) if self.percent else part

    def names(self, known: Set[int] | None = None) -> list[str]:
        """Return the name of each bar, with escapes for what is not among the known code points."""
        tokens = [self.table.tokens[position] for position in self.shown]
        names = token_labels(tokens, known, longest=14 if self.narrow else 24)
        if self.n_others:
            names.append(name_of_others(self.table, self.n_others, self.narrow))
        return names

    def short_names(self, known: Set[int] | None = None) -> list[str]:
        """Return names of a few letters, for where there is little room."""
        tokens = [self.table.tokens[position] for position in self.shown]
        labels = token_labels(tokens, known, longest=10)
        return [*labels, phrase("others_short")] if self.n_others else labels

    def level_names(self, inches: float) -> bool:
        """Return whether small names fit below upright bars that have so much room."""
        longest = max(map(name_length, self.names(glyphs())))
        return 0.833 * longest + 0.04 < inches / (self.count + 0.2)

    def leads(self) -> NDArray[np.bool_]:
        """Return which bars are those of the likeliest tokens."""
        return possible(self.logits, 0)[self.shown]

    def leading_shares(self, rows: Sweep) -> Floats:
        """Return the largest share of a token, a number a temperature."""
        largest: Floats = rows.shares[:, : len(self.shown)].max(axis=1)
        return largest

    def labels(self, rows: Sweep) -> list[list[str]]:
        """Return the label of each bar, a row a temperature."""
        return [
            [
                probability_text(
                    share, percent=self.percent, can_be_zero=not may, can_be_one=is_certain(chances)
                )
                for share, may in zip(shares, chances, strict=True)
            ]
            for shares, chances in zip(rows.shares.tolist(), rows.possible.tolist(), strict=True)
        ]


def as_axes(ax: Axes | None) -> Axes:
    """Return the Axes to draw on: the current one, if none is given."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")
    return ax


def finish_bars(
    ax: Axes,
    bars: Bars,
    patches: Sequence[Rectangle],
    labels: Sequence[str],
    fontsize: str = "medium",
    outlines: Sequence[float] | Floats | None = None,
    marks: Floats | None = None,
) -> list[Annotation]:
    """Give plain bars all that belongs to a chart of probabilities, and return their labels.

    Outlines stand where the bars are at T = 1, or where they are said to. A number stands at its
    bar, or beyond the sign of what was drawn, where that is in its way.
    """
    outlines = bars.outline if outlines is None else outlines
    colour_bars(bars, patches)
    shares = [patch.get_height() if bars.upright else patch.get_width() for patch in patches]
    room, sign = label_room(ax, bars, fontsize), points_of(ax, bars, SIGN)
    ends = list(map(bars.along, shares))
    if marks is not None:
        ends = [
            number_end(end, bars.along(mark), room, sign)
            for end, mark in zip(ends, marks.tolist(), strict=True)
        ]
    texts = [
        add_label(ax, bars, place, label, bars.at(end), fontsize)
        for place, end, label in zip(bars.places.tolist(), ends, labels, strict=True)
    ]
    draw_references(ax, bars, outlines, [(end, end + room) for end in ends])
    set_axes(ax, bars)
    name_bars(ax, bars, bars.names(glyphs()))
    return texts


def add_label(
    ax: Axes, bars: Bars, place: float, label: str, end: float, fontsize: str
) -> Annotation:
    """Write a bar's label where it ends."""
    return ax.annotate(
        label,
        (place, end) if bars.upright else (end, place),
        (0, 3) if bars.upright else (3, 0),
        textcoords="offset points",
        ha="center" if bars.upright else "left",
        va="bottom" if bars.upright else "center_baseline",
        fontsize=fontsize,
    )


def number_end(share: float, mark: float, room: float, sign: float) -> float:
    """Return where a number stands: at its bar, or beyond the sign of draws that is in its way."""
    return mark + sign if share - sign < mark < share + room + sign else share


def label_room(ax: Axes, bars: Bars, fontsize: str = "medium") -> float:
    """Return what a label takes of the axis of probabilities, as a share of it."""
    size = FontProperties(size=fontsize).get_size_in_points()
    letters = 1.2 if bars.upright else 5 if bars.percent else 3
    return points_of(ax, bars, 3 + size * letters)


def points_of(ax: Axes, bars: Bars, points: float) -> float:
    """Return what so many points are of the axis of probabilities, as a share of it."""
    _, _, width, height = ax.get_position().bounds
    box = ax.figure.bbox
    length = (height * box.height if bars.upright else width * box.width) * 72 / ax.figure.dpi
    return float(points / length)


def colour_bars(bars: Bars, patches: Sequence[Rectangle], hatch: bool = True) -> None:
    """Let the leaders stand out, and the bar of all others differ from those of tokens."""
    for patch, leads in zip(patches, bars.leads(), strict=False):
        if leads:
            patch.set_facecolor(LEADING_BAR)
    if bars.n_others:
        patches[-1].set_facecolor(OTHERS)
        if hatch:
            patches[-1].set(edgecolor="white", hatch="///")


def draw_references(
    ax: Axes,
    bars: Bars,
    outlines: Sequence[float] | Floats,
    numbers: Sequence[tuple[float, float]],
) -> None:
    """Draw outlines of bars, without an end where that would be in a number, and the level."""
    for i, (place, share, (start, end)) in enumerate(
        zip(bars.places, outlines, numbers, strict=True)
    ):
        side = place - WIDTH / 2
        box = (side, 0, WIDTH, share) if bars.upright else (0, side, share, WIDTH)
        ax.add_patch(Rectangle(box[:2], *box[2:], **_OUTLINE)).set_gid(f"outline-{i}")
        if start < bars.along(share) < end:
            hide: Any = ax.hlines if bars.upright else ax.vlines
            hide(share, side, side + WIDTH, color=ax.get_facecolor(), linewidth=2)
    if bars.level:
        draw: Any = ax.axhline if bars.upright else ax.axvline
        draw(bars.level, **_UNIFORM).set_gid("level")


def set_axes(ax: Axes, bars: Bars) -> None:
    """Let the axis of probabilities run from 0 to 1, for large tables logarithmic, in percent."""
    ends = bars.places.min() - 0.6, bars.places.max() + 0.6
    if bars.upright:
        ax.set(ylim=(0, 1), xlim=ends, xlabel="", ylabel=bars.axis_label)
    else:
        ax.set(xlim=(0, 1), ylim=ends[::-1], xlabel=bars.axis_label, ylabel="")
    style_axes(ax)
    if bars.percent:
        (ax.set_yscale if bars.upright else ax.set_xscale)("function", functions=_LOGARITHMIC)
        axis = ax.yaxis if bars.upright else ax.xaxis
        # Every second label, where there is no room for all.
        step = 2 if bars.narrow else 1
        texts = ["" if i % step else f"{100 * share:g} %" for i, share in enumerate(_DECADES)]
        axis.set_major_locator(FixedLocator(_DECADES))
        axis.set_major_formatter(FixedFormatter(texts))


def style_axes(ax: Axes) -> None:
    """Draw no more of the frame than the two axes, in grey."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color(REFERENCE)
    ax.tick_params(color=REFERENCE)


def in_percent_of(axis: Axis) -> None:
    """Label an axis of probabilities in percent."""
    axis.set_major_formatter(PercentFormatter(1, 0, " %"))


def name_bars(ax: Axes, bars: Bars, names: Sequence[str]) -> None:
    """Put names beside the bars, level where they fit."""
    if not bars.upright:
        ax.set_yticks(bars.places, names, parse_math=False)
        return
    inches = ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi
    slant: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    level: dict[str, Any] = {"rotation": 0, "ha": "center", "rotation_mode": "default"}
    place = level if bars.level_names(inches) else slant
    ax.set_xticks(bars.places, names, parse_math=False, fontsize="small", **place)


def key_of(bars: Bars, outlines: str = "at_1") -> tuple[list[Any], list[str]]:
    """Return the signs of a chart's key, and what they stand for: outlines, by a phrase's name."""
    signs: list[Any] = [
        Rectangle((0, 0), 1, 1, color=LEADING_BAR),
        Rectangle((0, 0), 1, 1, **_OUTLINE),
    ]
    names = [phrase("likeliest"), phrase("outline", of=phrase(outlines))]
    if bars.level:
        signs.append(Line2D([], [], **_UNIFORM))
        names.append(phrase("uniform", count=rounded(bars.n_unmasked, 0)))
    return signs, names


def add_title_and_key(ax: Axes, bars: Bars, text: str, key: tuple[list[Any], list[str]]) -> None:
    """Put title and key above the Axes, clear of the label of a bar at 1."""
    ax.legend(
        *key,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=bars.room + 0.3,
        ncols=3,
        columnspacing=1,
        frameon=False,
        fontsize="small",
    )
    ax.set_title(text, pad=(bars.room + 2.4) * mpl.rcParams["font.size"])


def add_halo(labels: Sequence[Text], width: float = NAME_HALO) -> None:
    """Keep labels readable where they cross an outline or the uniform level.

    That of numbers is wide enough for no line to be seen between their digits.
    """
    for label in labels:
        background = to_hex(label.axes.get_facecolor()) if label.axes else "white"
        label.set_path_effects([withStroke(linewidth=width, foreground=background)])


def name_length(name: str) -> float:
    """Return how long the lines of a name are in inches, in the user's font at ten points."""
    measure, font = text_to_path.get_text_width_height_descent, FontProperties(size=10)
    return max(float(measure(line, font, ismath=False)[0]) for line in name.splitlines()) / 72


def glyphs() -> set[int]:
    """Return the code points that the fonts of the user's settings can draw."""
    families = mpl.rcParams["font.family"]
    fonts = {font_manager.findfont(FontProperties(family=[family])) for family in families}
    return set().union(*map(_charmap, fonts))


def _logarithm(shares: Any) -> Any:
    return np.log10(np.maximum(shares, LEAST))


def _from_logarithm(powers: Any) -> Any:
    return 10.0 ** np.asarray(powers)


# Nothing stands at the beginning of the axis, which a logarithm alone does not have.
_LOGARITHMIC = (_logarithm, _from_logarithm)


@lru_cache
def _charmap(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())
