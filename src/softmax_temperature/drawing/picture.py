"""The picture of an explorer, as SVG whose parts can be moved, and as PNG at one temperature.

Each output is drawn on a figure of its own, so that none depends on what was drawn before it.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..checks import Floats
from ..core import Sweep
from ..peaks import peak_temperature
from ..words import CURVES_TITLE, TITLE
from .bars import (
    BAR,
    LEADING_BAR,
    OTHERS,
    REFERENCE,
    WIDTH,
    Bars,
    add_halo,
    colour_bars,
    finish_bars,
    glyphs,
    in_percent_of,
    key_of,
    label_room,
    name_bars,
    name_length,
    style_axes,
)

PARTS = ("bars", "dice", "curves")
_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "softmax-temperature",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
}
_MOST_CURVES, _MOST_CURVES_BESIDE_OTHERS = 12, 5
# The height of a line of small text in points.
_LINE = 11.0
# The height of the strip, and of curves below bars, in inches.
_STRIP, _CURVES_BELOW = 0.62, 3.0
# matplotlib's settings belong to the whole process: two threads in a context of settings would
# leave those of one behind.
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Plan:
    """What a picture shows: bars, the parts beside them, shares and a sentence at every stop."""

    bars: Bars
    parts: Sequence[str]
    stops: Sequence[float]
    rows: Sweep
    labels: Sequence[Sequence[str]]
    sentences: Sequence[str]
    peaks: Sequence[tuple[float, float]] = ()
    # Where the outlines of the bars are at each stop, if not always at T = 1, and their name.
    outlines: Floats | None = None
    outline_name: str = "T = 1"

    @property
    def curves(self) -> list[int]:
        """The columns of the shares that are drawn against T."""
        return columns_of_curves(self.bars)

    @property
    def label_size(self) -> str:
        """The size of the numbers: lying bars are low."""
        return "medium" if self.bars.upright else "small"

    @property
    def side_by_side(self) -> bool:
        """Whether the curves stand beside the bars, and not below them."""
        return "curves" in self.parts and not self.bars.narrow

    @property
    def size(self) -> tuple[float, float]:
        """The figure's width and height in inches."""
        bars, curves = self.bars, "curves" in self.parts
        width = 3.7 if bars.narrow else 10.6 if self.side_by_side else 7.6
        below = _CURVES_BELOW if bars.narrow and curves else 0
        return width, bars.height + below + (_STRIP if "dice" in self.parts else 0)


def columns_of_curves(bars: Bars) -> list[int]:
    """Return the columns of the shares that are drawn against T: of many, the first."""
    if bars.n_others:
        return [*range(min(bars.count - 1, _MOST_CURVES_BESIDE_OTHERS)), bars.count - 1]
    return list(range(min(bars.count, _MOST_CURVES)))


def peaks_of_curves(bars: Bars, first: float, last: float) -> list[tuple[float, float]]:
    """Return where curves are highest between two temperatures: T and the share there."""
    columns = [column for column in columns_of_curves(bars) if column < len(bars.shown)]
    peaks = peak_temperature(bars.logits, bars.shown[columns])
    return [
        (float(peak), float(bars.sweep([peak]).shares[0, column]))
        for column, peak in zip(columns, peaks, strict=True)
        if first < peak < last
    ]


def layout(plan: Plan) -> dict[str, Any]:
    """Return the picture as SVG with every part at its end, and what it takes to move them."""
    bars = plan.bars
    with _settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure, axes = _draw(plan)
        _add_marks(axes["bars"], bars, np.ones(bars.count))
        figure.patch.set_visible(False)
        for ax in axes.values():
            ax.patch.set_facecolor("none")
        # Measured before the SVG's own canvas is there, which would draw for each text.
        places: dict[str, Any] = {name: _edges(ax) for name, ax in axes.items()}
        room = label_room(axes["bars"], bars, plan.label_size)
        if "strip" in axes:
            widths = [_width(name) * 72 / figure.dpi + 6 for name in _names(axes, "strip")]
            places["strip"]["names"] = widths
        if "curves" in axes:
            places["curves"] |= _names_and_peaks(axes["curves"], plan)
        # The browser has the fonts for every script, where a still picture has escapes.
        name_bars(axes["bars"], bars, bars.names())
        names = bars.short_names()
        for name, columns in (("strip", range(bars.count)), ("curves", plan.curves)):
            for text, column in zip(_names(axes, name), columns, strict=False):
                text.set_text(names[column])
        # The canvas itself, since savefig would draw everything once more before.
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata=nothing)
    svg = buffer.getvalue()
    edges = places["bars"]
    return {
        "svg": _compact(svg[svg.index("<svg") :]),
        "width": 96 * plan.size[0],
        "bars": {
            "upright": bars.upright,
            "foot": edges["bottom" if bars.upright else "left"],
            "end": edges["top" if bars.upright else "right"],
            "outline": bars.outline,
            "level": bars.level,
            "room": room,
        },
        "strip": places.get("strip"),
        "curves": places.get("curves"),
    }


def still(
    plan: Plan,
    stop: int,
    title: str,
    number: float | None = None,
    marks: Sequence[float] | None = None,
) -> bytes:
    """Return the picture at one stop, under a title, as PNG of 96 dots an inch.

    A number is shown on the strip, and what shares of counted draws each bar got as marks.
    """
    with _settings():
        figure, axes = _draw(plan, stop, title, number)
        if marks is not None:
            _add_marks(axes["bars"], plan.bars, marks)
        figure.set_dpi(96)
        buffer = io.BytesIO()
        canvas: Any = figure.canvas
        canvas.print_png(buffer, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def _draw(
    plan: Plan,
    stop: int | None = None,
    title: str = f"{TITLE}1.00",
    number: float | None = None,
) -> tuple[Figure, dict[str, Axes]]:
    """Draw the picture at one stop, or with every part at its end, from where it can be moved."""
    bars = plan.bars
    figure = Figure(figsize=plan.size)
    FigureCanvasAgg(figure)  # Measures texts.
    axes = {
        name: figure.add_axes(place, gid=f"axes-{name}") for name, place in _places(plan).items()
    }
    if stop is None:
        lengths: Any = np.ones(bars.count)
        labels = ["100.00 %" if bars.percent else "1.00"] * bars.count
        starts, ends = np.zeros(bars.count), np.ones(bars.count)
    else:
        lengths = plan.rows.shares[stop]
        labels = list(plan.labels[stop])
        ends = lengths.cumsum()
        starts = ends - lengths
    outlines = (
        bars.outline if plan.outlines is None else lengths if stop is None else plan.outlines[stop]
    )
    _draw_bars(axes["bars"], plan, lengths, labels, outlines, title)
    if not bars.upright:
        # However long the names of lying bars are, the title stands in the middle of all.
        box = axes["bars"].get_position()
        middle = 0.27 if plan.side_by_side else 0.5
        axes["bars"].title.set_x((middle - box.x0) / box.width)
    if "strip" in axes:
        _draw_strip(axes["strip"], bars, starts, ends, 1.0 if stop is None else number)
    if "curves" in axes:
        _draw_curves(axes["curves"], plan, plan.stops[stop or 0], lengths[plan.curves])
    for ax in axes.values():
        for artist in (*ax.patches, *ax.lines):
            artist.set_clip_on(False)  # Nothing is outside, and the SVG is smaller.
    if stop is not None:
        _avoid_overlaps(axes, lengths)
        # The browser has a halo of its own. Here it would turn texts into paths.
        add_halo([text for name in axes if name != "strip" for text in axes[name].texts])
    return figure, axes


def _places(plan: Plan) -> dict[str, Any]:
    """Return where the axes are: left, bottom, width and height, as shares of the figure."""
    bars, (width, height) = plan.bars, plan.size
    lengths = [name_length(name) for name in bars.names(glyphs())]
    foot = 0.52
    if bars.upright:
        left, head = 0.65, 0.55
        room = (width / 2 if plan.side_by_side else width) - left - 0.2
        if not bars.level_names(room):
            # Slanted small names take room below the bars, and the first one beside them.
            foot, left = 0.3 + 0.6 * max(lengths), max(left, 0.6 * lengths[0])
    else:
        left, head = 0.2 + max(lengths), 0.36
    inches = {}
    top = height
    if "dice" in plan.parts:
        inches["strip"] = (0.2, top - 0.45, width - 0.4, 0.22)
        top -= _STRIP
    # Labels stand to the right of lying bars, even of one that is full.
    beside = 0.0 if bars.upright else 0.7 if bars.percent else 0.4
    if plan.side_by_side:
        right = width - 0.35
        between = 0.45 if bars.upright else 0.55
        half = (right - between - beside - left) / 2
        inches["bars"] = (left, foot, half, top - head - foot)
        inches["curves"] = (right - half, foot, half, top - head - foot)
    else:
        below = _CURVES_BELOW if "curves" in plan.parts else 0
        across = width - left - beside - 0.2
        inches["bars"] = (left, foot + below, across, bars.height - head - foot)
        if below:
            inches["curves"] = (0.65, 0.5, width - 0.9, below - 0.95)
    return {
        name: (x / width, y / height, across / width, up / height)
        for name, (x, y, across, up) in inches.items()
    }


def _draw_bars(
    ax: Axes, plan: Plan, lengths: Any, labels: Sequence[str], outlines: Any, title: str
) -> None:
    bars = plan.bars
    draw: Any = ax.bar if bars.upright else ax.barh
    patches = list(draw(bars.places, lengths, WIDTH, color=BAR, linewidth=0))
    texts = finish_bars(ax, bars, patches, labels, plan.label_size, outlines)
    ax.set_title(title, fontsize="medium", pad=bars.room * 10).set_gid("title")
    # Lying bars of tokens are short, and so are the last ones of upright bars. Of a narrow chart
    # the room for the labels of full bars is needed, too.
    beside = 1.35 if bars.narrow and not bars.upright else 1
    ax.legend(
        *key_of(bars, plan.outline_name),
        loc="upper right" if bars.upright else "lower right",
        bbox_to_anchor=(0, 0, beside, 1),
        frameon=False,
        fontsize="small",
    )
    for position, (patch, text) in enumerate(zip(patches, texts, strict=True)):
        patch.set_gid(f"bar-{position}")
        text.set_gid(f"label-{position}")


def _add_marks(ax: Axes, bars: Bars, shares: Any) -> None:
    """Draw signs for counted draws, between the bars, where they cover no label."""
    for position, (place, share) in enumerate(zip(bars.places, shares, strict=True)):
        end = (place + 0.5, share) if bars.upright else (share, place + 0.5)
        size = 5 if bars.upright else 4
        (mark,) = ax.plot(*end, "D", color="white", markeredgecolor=REFERENCE, markersize=size)
        mark.set(gid=f"mark-{position}", clip_on=False, zorder=5)


def _draw_strip(ax: Axes, bars: Bars, starts: Any, ends: Any, number: float | None) -> None:
    """Draw the tokens' shares side by side from 0 to 1, and a random number on them."""
    patches = list(ax.barh([0] * bars.count, ends - starts, 1, starts, color=BAR, edgecolor="w"))
    colour_bars(bars, patches, hatch=False)
    leads = [*bars.leads(), *[True] * bool(bars.n_others)]
    for position, (patch, name) in enumerate(zip(patches, bars.short_names(glyphs()), strict=True)):
        patch.set_gid(f"segment-{position}")
        # Black and white that stay so on a dark page, too: #010101 is written out.
        ink = "#010101" if leads[position] else "white"
        middle = (starts[position] + ends[position]) / 2
        label = ax.text(middle, 0, name, color=ink, ha="center", va="center")
        label.set(gid=f"name-{position}", parse_math=False, fontsize="small")
    ax.set(xlim=(0, 1), ylim=(-0.5, 0.5), yticks=[], xticks=np.arange(11) / 10)
    ax.tick_params(labelsize="small", color=REFERENCE, length=2)
    ax.spines[:].set_visible(False)
    if number is not None:
        (mark,) = ax.plot([number], [0.75], "v", color="black")
        mark.set_gid("dice-mark")
        text = ax.text(number, 1.0, f"dice: {number:.2f}", ha="center", va="bottom")
        text.set(gid="dice-text", fontsize="small")


def _avoid_overlaps(axes: dict[str, Axes], lengths: Any) -> None:
    """Do what the browser does: hide names that do not fit, and keep names beside dots apart."""
    if "strip" in axes:
        ax = axes["strip"]
        for name, length in zip(ax.texts, lengths, strict=False):
            name.set_visible(_width(name) < length * ax.bbox.width - 6)
    if "curves" in axes:
        ax = axes["curves"]
        names, peaks = (_texts(ax, name) for name in ("dotname", "peakname"))
        points = ax.bbox.height * 72 / ax.figure.dpi
        heights = [name.xy[1] for name in names]
        for name, height, level in zip(names, heights, _spread(heights, _LINE / points)):
            name.set_position((7, (level - height) * points))
        for peak in peaks:
            box = peak.get_window_extent()
            peak.set_visible(not any(box.overlaps(name.get_window_extent()) for name in names))


def _names_and_peaks(ax: Axes, plan: Plan) -> dict[str, Any]:
    """Return where the names beside the dots stand at every stop, and where peaks are named."""
    scale = 72 / ax.figure.dpi
    line = _LINE / (ax.bbox.height * scale)
    levels = np.array([_spread(row, line) for row in plan.rows.shares[:, plan.curves]])
    boxes = [text.get_window_extent() for text in _texts(ax, "peakname")]
    return {
        "columns": plan.curves,
        "line": _LINE,
        "lengths": [_width(name) * scale for name in _texts(ax, "dotname")],
        # In 255ths of the axis, which is finer than a pixel.
        "levels": (levels.clip(0, 1) * 255).round().astype("u1").tobytes(),
        "peaks": [
            [box.x0 * scale, box.x1 * scale, (ax.figure.bbox.height - box.y1) * scale]
            for box in boxes
        ],
    }


def _names(axes: dict[str, Axes], name: str) -> list[Any]:
    """Return the names on the strip or beside the dots."""
    return _texts(axes[name], {"strip": "name", "curves": "dotname"}[name]) if name in axes else []


def _texts(ax: Axes, name: str) -> list[Any]:
    return [text for text in ax.texts if (text.get_gid() or "").startswith(name)]


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return levels near to heights, in the same order, not below 0, and a gap apart.

    Heights that are too close to one another join a group, which stands around their middle.
    """
    order = sorted(range(len(heights)), key=lambda i: (heights[i], -i))
    groups: list[tuple[float, int]] = []
    for i in order:
        start, count = max(float(heights[i]), 0.0), 1
        while groups and start < groups[-1][0] + groups[-1][1] * gap:
            before, more = groups.pop()
            start = max((before * more + (start - more * gap) * count) / (more + count), 0.0)
            count += more
        groups.append((start, count))
    levels = [start + k * gap for start, count in groups for k in range(count)]
    return [level for _, level in sorted(zip(order, levels, strict=True))]


def _width(text: Text) -> float:
    return float(text.get_window_extent().width)


def _draw_curves(ax: Axes, plan: Plan, temperature: float, heights: Any) -> None:
    """Draw the shares against T, with a cursor at one temperature."""
    bars, stops = plan.bars, plan.stops
    leads = bars.leads()
    for position, column in enumerate(plan.curves):
        others = column == len(leads)
        colour = OTHERS if others else LEADING_BAR if leads[column] else BAR
        dashes = "--" if others else "-"
        ax.plot(stops, plan.rows.shares[:, column], dashes, color=colour)
        point = (temperature, heights[position])
        (dot,) = ax.plot(*point, "o", color=colour, markersize=6, markeredgecolor="w", zorder=4)
        dot.set_gid(f"dot-{position}")
    ax.axvline(temperature, color=REFERENCE, zorder=3).set_gid("cursor")
    ax.set(xlim=(stops[0], stops[-1]), ylim=(0, 1), xlabel="Temperature")
    ax.set_title(CURVES_TITLE, fontsize="medium", pad=bars.room * 10)
    style_axes(ax)
    if bars.upright and not bars.narrow:
        ax.tick_params(labelleft=False)  # It is the bars' own axis.
    if bars.percent:
        in_percent_of(ax.yaxis)
    names = bars.short_names(glyphs())
    for position, column in enumerate(plan.curves):
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
        if all(abs(share - other) * points > _LINE for other in labelled):
            below = share * points > 5 * _LINE
            text = ax.annotate(
                f"peak at T = {peak:.2f}",
                (peak, share),
                (0, -7 if below else 6),
                textcoords="offset points",
                ha="center",
                va="top" if below else "bottom",
                fontsize="small",
            )
            text.set_gid(f"peakname-{len(labelled)}")
            labelled.append(share)


def _edges(ax: Axes) -> dict[str, float]:
    """Return where the edges of the axes are, in points from the figure's upper left corner."""
    figure = ax.figure
    box = ax.bbox
    scale = 72 / figure.dpi
    return {
        "left": box.x0 * scale,
        "right": box.x1 * scale,
        "top": (figure.bbox.height - box.y1) * scale,
        "bottom": (figure.bbox.height - box.y0) * scale,
    }


def _compact(svg: str) -> str:
    """Leave out what a browser does not need: comments, line breaks, digits beyond a pixel's."""
    svg = re.sub(r"<!--.*?-->|\n\s*", " ", svg, flags=re.DOTALL)
    numbers = re.compile(r"-?\d+\.\d+")

    def shorter(match: re.Match[str]) -> str:
        return numbers.sub(
            lambda number: f"{float(number[0]):.3f}".rstrip("0").rstrip("."), match[0]
        )

    svg = svg.replace("font-family: 'DejaVu Sans'; ", "")
    return re.sub(r' (?:d|x|y|transform)="[^"]*"', shorter, svg)


@contextmanager
def _settings() -> Iterator[None]:
    """Draw with this module's settings, whatever the user's are."""
    with _LOCK, style.context(["default", _STYLE]):
        yield
