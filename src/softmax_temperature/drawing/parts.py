"""The parts of a picture: bars, strip and curves, each with the ids by which it is moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from ..phrases import phrase, rounded
from .bars import (
    OTHERS,
    REFERENCE,
    WIDTH,
    Bars,
    finish_bars,
    glyphs,
    in_percent_of,
    key_of,
    style_axes,
)
from .colours import colour_of, edge_of, ink_on
from .labels import spread
from .maps import LINE, draw_areas, set_map_axes
from .plan import FOOT, Moment, Plan
from .sticks import draw_sticks, set_line_axes, sticks_of

# Room for a line between a dot and its name.
_TIE = 6


def draw_bars(ax: Axes, plan: Plan, moment: Moment) -> None:
    """Draw bars with their numbers, outlines and key, under a title."""
    bars = plan.bars
    draw: Any = ax.bar if bars.upright else ax.barh
    patches = list(draw(bars.places, moment.shares, WIDTH, linewidth=0.8))
    texts = finish_bars(
        ax, bars, patches, moment.labels, plan.label_size, moment.outlines, moment.marks
    )
    paint(bars, patches)
    for patch in patches[: len(bars.shown)]:
        patch.set_edgecolor(edge_of(to_hex(patch.get_facecolor())))
    ax.set_title(moment.title, fontsize="medium", pad=bars.room * 10).set_gid("title")
    # Lying bars of tokens are short, and so are the last ones of upright bars. Of a narrow chart
    # the room for the labels of full bars is needed, too.
    beside = 1.35 if bars.narrow and not (bars.upright or plan.middle) else 1
    # Colours are told by the names below the bars.
    signs, names = key_of(bars, plan.outline_name)
    below = 0.0
    if bars.key_below:
        below = (FOOT + bars.key_below) / (ax.get_position().height * plan.size[1])
    ax.legend(
        signs[1:],
        names[1:],
        loc="upper right" if bars.upright else "lower right",
        bbox_to_anchor=(0, -below, beside, 1 + below),
        frameon=False,
        fontsize="small",
    )
    for position, (patch, text) in enumerate(zip(patches, texts, strict=True)):
        patch.set_gid(f"bar-{position}")
        text.set_gid(f"label-{position}")


def add_marks(ax: Axes, bars: Bars, shares: Any) -> None:
    """Draw signs for counted draws on their bars, or where these would end."""
    for position, (place, share) in enumerate(zip(bars.places, shares, strict=True)):
        end = (place, share) if bars.upright else (share, place)
        size = 5 if bars.upright else 4
        (mark,) = ax.plot(*end, "D", color="white", markeredgecolor=REFERENCE, markersize=size)
        mark.set(gid=f"mark-{position}", clip_on=False, zorder=5)


def draw_strip(ax: Axes, bars: Bars, moment: Moment) -> None:
    """Draw the tokens' shares side by side from 0 to 1, and a random number on them."""
    shares, number = np.asarray(moment.shares), moment.number
    starts = shares.cumsum() - shares if moment.apart else np.zeros(bars.count)
    patches = list(ax.barh(np.zeros(bars.count), shares, 1, starts, edgecolor="w"))
    paint(bars, patches)
    for position, (patch, name) in enumerate(zip(patches, bars.short_names(glyphs()), strict=True)):
        patch.set_gid(f"segment-{position}")
        ink = ink_on(to_hex(patch.get_facecolor()))
        middle = starts[position] + shares[position] / 2
        label = ax.text(middle, 0, name, color=ink, ha="center", va="center")
        label.set(gid=f"name-{position}", parse_math=False, fontsize="small")
    ax.set(xlim=(0, 1), ylim=(-0.5, 0.5), yticks=[], xticks=np.arange(11) / 10)
    ax.tick_params(labelsize="small", color=REFERENCE, length=2)
    ax.spines[:].set_visible(False)
    if number is not None:
        (mark,) = ax.plot([number], [0.75], "v", color="black")
        mark.set_gid("dice-mark")
        text = ax.text(
            number, 0.96, phrase("dice", number=rounded(number, 2)), ha="center", va="bottom"
        )
        text.set(gid="dice-text", fontsize="small")


def paint(bars: Bars, patches: Sequence[Rectangle]) -> None:
    """Give each word its colour, and all others together a grey."""
    for rank, patch in enumerate(patches):
        patch.set_facecolor(OTHERS if rank == len(bars.shown) else colour_of(bars.hues[rank]))


def draw_the_map(ax: Axes, plan: Plan, moment: Moment) -> None:
    """Draw on which token each random number lands at every temperature, and where the dice are.

    Where its parts are to be moved, the browser draws all but the axes.
    """
    stops, temperature = plan.stops, moment.temperature
    ax.set_title(phrase("map_title"), fontsize="medium", pad=plan.bars.room * 10)
    if not moment.apart:
        set_map_axes(ax, stops[0], stops[-1])
        return
    assert plan.areas is not None
    draw_areas(ax, plan.areas, stops)
    if not stops[0] <= temperature <= stops[-1]:
        return
    ax.axvline(temperature, color="black", linewidth=1.2)
    if moment.number is not None:
        ax.axhline(moment.number, color="black", linewidth=1.2, linestyle="--")
        ax.plot([temperature], [moment.number], "o", color="white", markeredgecolor="black")
    dots = [temperature] * len(moment.dots)
    ax.plot(dots, moment.dots, "o", color="white", markeredgecolor="black", markersize=3.5)


def draw_the_line(ax: Axes, plan: Plan, moment: Moment) -> None:
    """Draw the logits on a line, and what temperature makes of them.

    Where its parts are to be moved, the browser draws all but the axes.
    """
    bars = plan.bars
    sticks = sticks_of(bars.table)
    set_line_axes(ax, sticks)
    if moment.apart:
        names = bars.short_names(glyphs())[: len(sticks.logits)]
        draw_sticks(ax, sticks, names, bars.hues, moment.temperature)
    title = ax.set_title(ax.get_title() or "-", fontsize="medium", pad=bars.room * 10)
    title.set_gid("sticks-title")


def draw_curves(ax: Axes, plan: Plan, moment: Moment) -> None:
    """Draw the shares against T, with a cursor at one temperature, where it is among them."""
    bars, stops, temperature = plan.bars, plan.stops, moment.temperature
    heights = np.asarray(moment.shares)[plan.curves]
    is_there = stops[0] <= temperature <= stops[-1]
    assert plan.rows is not None
    for position, column in enumerate(plan.curves):
        others = column == len(bars.shown)
        colour = OTHERS if others else colour_of(bars.hues[column])
        dashes = "--" if others else "-"
        (curve,) = ax.plot(stops, plan.rows[:, column], dashes, color=colour)
        curve.set_gid(f"curve-{position}")
        if is_there:
            point = (temperature, heights[position])
            (dot,) = ax.plot(*point, "o", color=colour, markersize=6, markeredgecolor="w", zorder=4)
            dot.set_gid(f"dot-{position}")
    if is_there:
        ax.axvline(temperature, color=REFERENCE, zorder=3).set_gid("cursor")
    ax.set(xlim=(stops[0], stops[-1]), ylim=(0, 1), xlabel=phrase("temperature"))
    ax.set_title(phrase("curves_title"), fontsize="medium", pad=bars.room * 10)
    style_axes(ax)
    if bars.upright and plan.side_by_side and plan.panels[0] == "curves":
        ax.tick_params(labelleft=False)  # It is the bars' own axis.
    if bars.percent:
        in_percent_of(ax.yaxis)
    names = bars.short_names(glyphs())
    for position, column in enumerate(plan.curves if is_there else ()):
        text = ax.annotate(
            names[column],
            (temperature, heights[position]),
            (7, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )
        text.set(gid=f"dotname-{position}", parse_math=False)
    _mark_peaks(ax, plan)


def _mark_peaks(ax: Axes, plan: Plan) -> None:
    """Mark where a token's probability is largest, with its T where there is room for it."""
    labelled: list[float] = []
    for position, (peak, share) in enumerate(plan.peaks):
        (mark,) = ax.plot(peak, share, "v", color=REFERENCE, markersize=6, zorder=4)
        mark.set_gid(f"peak-{position}")
        points = ax.bbox.height * 72 / ax.figure.dpi
        if all(abs(share - other) * points > LINE for other in labelled):
            below = share * points > 5 * LINE
            text = ax.annotate(
                phrase("peak", temperature=rounded(peak, 2)),
                (peak, share),
                (0, -7 if below else 6),
                textcoords="offset points",
                ha="center",
                va="top" if below else "bottom",
                fontsize="small",
            )
            text.set_gid(f"peakname-{len(labelled)}")
            labelled.append(share)


def avoid_overlaps(axes: dict[str, Axes], lengths: Any) -> None:
    """Do what the browser does: hide names that do not fit, and keep names beside dots apart."""
    if "strip" in axes:
        ax = axes["strip"]
        for name, length in zip(ax.texts, lengths, strict=False):
            name.set_visible(width_of(name) < length * ax.bbox.width - 6)
    if "curves" in axes:
        ax = axes["curves"]
        names, peaks = (texts_of(ax, name) for name in ("dotname", "peakname"))
        points = ax.bbox.height * 72 / ax.figure.dpi
        heights = [name.xy[1] for name in names]
        first, last = ax.get_xlim()
        for name, height, level in zip(names, heights, spread(heights, LINE / points)):
            # In the right half names stand on the left.
            way = -1 if (name.xy[0] - first) / (last - first) > 0.5 else 1
            name.set(ha="right" if way < 0 else "left")
            # However many they are, they stay below the title.
            up = (min(level, 1.0) - height) * points
            name.set_position((way * (7 + _TIE), up))
            if abs(up) > LINE / 4:
                # It has no room at its dot, and is tied to it.
                across = np.array([3, 8, 11]) * way / 72
                move: Any = ScaledTranslation
                shift = move(*name.xy, ax.transData)
                line = Line2D(across, np.array([0, up, up]) / 72, color=REFERENCE, linewidth=0.8)
                line.set_transform(ax.figure.dpi_scale_trans + shift)
                line.set_clip_on(False)
                ax.add_artist(line)
        for peak in peaks:
            box = peak.get_window_extent()
            peak.set_visible(not any(box.overlaps(name.get_window_extent()) for name in names))


def names_of(axes: dict[str, Axes], name: str) -> list[Any]:
    """Return the names on the strip or beside the dots."""
    names = {"strip": "name", "curves": "dotname"}
    return texts_of(axes[name], names[name]) if name in axes else []


def texts_of(ax: Axes, name: str) -> list[Any]:
    """Return the texts whose ids begin with a name."""
    return [text for text in ax.texts if (text.get_gid() or "").startswith(name)]


def width_of(text: Text) -> float:
    """Return how wide a text is on its figure."""
    return float(text.get_window_extent().width)
