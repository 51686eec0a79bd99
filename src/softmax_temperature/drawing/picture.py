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
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..words import TITLE
from .bars import add_halo, label_room, name_bars
from .parts import (
    LINE,
    add_marks,
    avoid_overlaps,
    draw_bars,
    draw_curves,
    draw_strip,
    names_of,
    spread,
    texts_of,
    width_of,
)
from .plan import Plan, places

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "softmax-temperature",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
}
# matplotlib's settings belong to the whole process: two threads in a context of settings would
# leave those of one behind.
_LOCK = threading.Lock()


def layout(plan: Plan) -> dict[str, Any]:
    """Return the picture as SVG with every part at its end, and what it takes to move them."""
    bars = plan.bars
    with _settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure, axes = _draw(plan)
        add_marks(axes["bars"], bars, np.ones(bars.count))
        figure.patch.set_visible(False)
        for ax in axes.values():
            ax.patch.set_facecolor("none")
        # Measured before the SVG's own canvas is there, which would draw for each text.
        edges_of: dict[str, Any] = {name: _edges(ax) for name, ax in axes.items()}
        room = label_room(axes["bars"], bars, plan.label_size)
        if "strip" in axes:
            widths = [width_of(name) * 72 / figure.dpi + 6 for name in names_of(axes, "strip")]
            edges_of["strip"]["names"] = widths
        if "curves" in axes:
            edges_of["curves"] |= _names_and_peaks(axes["curves"], plan)
        # The browser has the fonts for every script, where a still picture has escapes.
        name_bars(axes["bars"], bars, bars.names())
        names = bars.short_names()
        for name, columns in (("strip", range(bars.count)), ("curves", plan.curves)):
            for text, column in zip(names_of(axes, name), columns, strict=False):
                text.set_text(names[column])
        # The canvas itself, since savefig would draw everything once more before.
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata=nothing)
    svg = buffer.getvalue()
    edges = edges_of["bars"]
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
        "strip": edges_of.get("strip"),
        "curves": edges_of.get("curves"),
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
            add_marks(axes["bars"], plan.bars, marks)
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
        name: figure.add_axes(place, gid=f"axes-{name}") for name, place in places(plan).items()
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
    draw_bars(axes["bars"], plan, lengths, labels, outlines, title)
    if not bars.upright:
        # However long the names of lying bars are, the title stands in the middle of all.
        box = axes["bars"].get_position()
        middle = 0.27 if plan.side_by_side else 0.5
        axes["bars"].title.set_x((middle - box.x0) / box.width)
    if "strip" in axes:
        draw_strip(axes["strip"], bars, starts, ends, 1.0 if stop is None else number)
    if "curves" in axes:
        draw_curves(axes["curves"], plan, plan.stops[stop or 0], lengths[plan.curves])
    for ax in axes.values():
        for artist in (*ax.patches, *ax.lines):
            artist.set_clip_on(False)  # Nothing is outside, and the SVG is smaller.
    if stop is not None:
        avoid_overlaps(axes, lengths)
        # The browser has a halo of its own. Here it would turn texts into paths.
        add_halo([text for name in axes if name != "strip" for text in axes[name].texts])
    return figure, axes


def _names_and_peaks(ax: Axes, plan: Plan) -> dict[str, Any]:
    """Return where the names beside the dots stand at every stop, and where peaks are named."""
    scale = 72 / ax.figure.dpi
    line = LINE / (ax.bbox.height * scale)
    levels = np.array([spread(row, line) for row in plan.rows.shares[:, plan.curves]])
    boxes = [text.get_window_extent() for text in texts_of(ax, "peakname")]
    return {
        "columns": plan.curves,
        "line": LINE,
        "lengths": [width_of(name) * scale for name in texts_of(ax, "dotname")],
        # In 255ths of the axis, which is finer than a pixel.
        "levels": (levels.clip(0, 1) * 255).round().astype("u1").tobytes(),
        "peaks": [
            [box.x0 * scale, box.x1 * scale, (ax.figure.bbox.height - box.y1) * scale]
            for box in boxes
        ],
    }


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
