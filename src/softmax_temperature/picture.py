"""A bar chart as SVG with bars that can be moved, and as PNG at one temperature.

Each output is drawn on a figure of its own, so that none depends on what was drawn before it.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
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
# matplotlib's settings belong to the whole process: two threads in a context of settings would
# leave those of one behind.
_LOCK = threading.Lock()


def layout(bars: Bars) -> dict[str, Any]:
    """Return the chart as SVG with every bar at probability 1, and what it takes to move them."""
    with _settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        full = ["100.00 %" if bars.percent else "1.00"] * bars.count
        chart = _draw(bars, [1.0] * bars.count, full, "1.00")
        chart.title.set_gid("title")
        for position, (patch, label) in enumerate(zip(chart.patches, chart.labels, strict=True)):
            patch.set_gid(f"bar-{position}")
            label.set_gid(f"label-{position}")
        # The browser has the fonts for every script, where a still picture has escapes.
        name_bars(chart.ax, bars, bars.names())
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        chart.figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
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
    }


def still(bars: Bars, temperature: float, text: str) -> bytes:
    """Return the chart at one temperature, which has that text, as PNG of 96 dots an inch."""
    rows = bars.sweep([temperature])
    with _settings():
        chart = _draw(bars, rows.shares[0], bars.labels(rows)[0], text)
        add_halo(chart.labels)
        buffer = io.BytesIO()
        chart.figure.savefig(buffer, format="png", dpi=96, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


@dataclass(frozen=True)
class _Chart:
    """The artists of a chart."""

    figure: Figure
    ax: Axes
    patches: list[Rectangle]
    labels: list[Annotation]
    title: Text


def _draw(bars: Bars, lengths: Sequence[float], labels: Sequence[str], text: str) -> _Chart:
    figure = Figure(figsize=bars.size, layout="constrained")
    ax = figure.subplots()
    draw: Any = ax.bar if bars.upright else ax.barh
    patches = list(draw(range(bars.count), lengths, WIDTH, color=BAR, linewidth=0))
    annotations = finish_bars(ax, bars, patches, labels)
    title, key = add_title_and_key(ax, bars, TITLE + text)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    # Title and key belong in the middle of the picture, however long the names beside lying bars.
    box = ax.get_position()
    middle = (0.5 - box.x0) / box.width
    title.set_x(middle)
    key.set_bbox_to_anchor((middle, 1), ax.transAxes)
    return _Chart(figure, ax, patches, annotations, title)


@contextmanager
def _settings() -> Iterator[None]:
    """Draw with this module's settings, whatever the user's are."""
    with _LOCK, style.context(["default", _STYLE]):
        yield
