"""A bar chart as SVG with bars that can be moved, and as PNG at one temperature.

Each output is drawn on a figure of its own, so that none depends on what was drawn before it.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text

from .bars import (
    BAR,
    REFERENCE,
    WIDTH,
    Bars,
    add_halo,
    add_title_and_key,
    finish_bars,
    name_bars,
)
from .words import TITLE

_STYLE: Any = {
    "axes.edgecolor": REFERENCE,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "softmax-temperature",
    "xtick.color": REFERENCE,
    "xtick.labelcolor": "black",
    "ytick.color": REFERENCE,
    "ytick.labelcolor": "black",
}
Box = tuple[float, float, float, float]
# matplotlib's settings belong to the whole process: two threads in a context of settings would
# leave those of one behind.
_LOCK = threading.Lock()


def layout(bars: Bars) -> dict[str, Any]:
    """Return the chart as SVG with every bar at probability 1, and what it takes to move them."""
    full = ["100.00 %" if bars.percent else "1.00"] * bars.count
    with _settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        chart = _draw(bars, [1.0] * bars.count, full, "1.00")
        chart.title.set_gid("title")
        for position, (patch, label) in enumerate(zip(chart.patches, chart.labels, strict=True)):
            patch.set_gid(f"bar-{position}")
            label.set_gid(f"label-{position}")
        # The browser has the fonts for every script, where a still picture has escapes.
        name_bars(chart.ax, bars, bars.names())
        chart.figure.patch.set_visible(False)
        chart.ax.patch.set_facecolor("none")
        buffer = io.StringIO()
        # The canvas itself, since savefig would draw everything once more before.
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas: Any = FigureCanvasSVG(chart.figure)
        canvas.print_svg(buffer, metadata=nothing)
    svg = buffer.getvalue()
    # Where probabilities 0 and 1 are, in the picture's points from its left and upper edges.
    corners = chart.ax.transAxes.transform([(0, 0), (1, 1)]) * 72 / chart.figure.dpi
    (x0, y0), (x1, y1) = corners
    foot, end = (72 * bars.size[1] - y for y in (y0, y1)) if bars.upright else (x0, x1)
    return {
        "svg": svg[svg.index("<svg") :],
        "orient": bars.orient,
        "foot": float(foot),
        "length": float(end - foot),
        "box": chart.ax.get_position().bounds,
    }


def still(bars: Bars, temperature: float, text: str, box: Box) -> bytes:
    """Return the chart at one temperature, which has that text, as PNG of 96 dots an inch.

    The box of the axes is that of the layout, so that the two look alike.
    """
    rows = bars.sweep([temperature])
    with _settings():
        chart = _draw(bars, rows.shares[0], bars.labels(rows)[0], text, box)
        add_halo(chart.labels)
        chart.figure.set_dpi(96)
        buffer = io.BytesIO()
        canvas: Any = chart.figure.canvas
        canvas.print_png(buffer, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


class _Chart(NamedTuple):
    """The artists of a chart."""

    figure: Figure
    ax: Axes
    patches: list[Rectangle]
    labels: list[Annotation]
    title: Text


def _draw(
    bars: Bars,
    lengths: Sequence[float],
    labels: Sequence[str],
    text: str,
    box: Box | None = None,
) -> _Chart:
    figure = Figure(figsize=bars.size)
    FigureCanvasAgg(figure)  # Measures texts for the layout.
    ax = figure.subplots()
    draw: Any = ax.bar if bars.upright else ax.barh
    patches = list(draw(range(bars.count), lengths, WIDTH, color=BAR, linewidth=0))
    annotations = finish_bars(ax, bars, patches, labels)
    title, key = add_title_and_key(ax, bars, TITLE + text)
    if box:
        ax.set_position(box)
    else:
        ConstrainedLayoutEngine().execute(figure)
    # Title and key belong in the middle of the picture, however long the names beside lying bars.
    left, _, width, _ = ax.get_position().bounds
    middle = (0.5 - left) / width
    title.set_x(middle)
    key.set_bbox_to_anchor((middle, 1), ax.transAxes)
    return _Chart(figure, ax, patches, annotations, title)


@contextmanager
def _settings() -> Iterator[None]:
    """Draw with this module's settings, whatever the user's are."""
    with _LOCK, style.context(["default", _STYLE]):
        yield
