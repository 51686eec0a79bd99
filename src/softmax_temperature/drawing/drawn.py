"""The frame in which a reader draws a probability against T, and what stands in it before."""

from __future__ import annotations

import warnings
from textwrap import wrap
from typing import TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..phrases import phrase, rounded
from .bars import add_halo, style_axes
from .picture import edges_of, house_style, png_of, svg_of

# In inches: the frame, and that on a narrow screen.
_SIZES = ((6.6, 3.6), (3.5, 3.0))
_MARGINS = 0.65, 0.2, 0.55
_COLUMNS = 80


class DrawnLayout(TypedDict):
    """A frame as SVG, its width in pixels, and where its axes are in points."""

    svg: str
    width: float
    edges: dict[str, float]


def drawn_layouts(label: str, ends: tuple[float, float], given: float | None) -> list[DrawnLayout]:
    """Return the frame for wide screens and for narrow ones."""
    layouts: list[DrawnLayout] = []
    for size in _SIZES:
        with house_style(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure, ax = _frame(size, label, ends, given)
            figure.patch.set_visible(False)
            ax.patch.set_facecolor("none")
            edges = edges_of(ax)
            layouts.append({"svg": svg_of(figure), "width": 96 * size[0], "edges": edges})
    return layouts


def drawn_still(text: str, label: str, ends: tuple[float, float], given: float | None) -> bytes:
    """Return the empty frame below what is asked, as PNG of 96 dots an inch."""
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure, ax = _frame(_SIZES[0], label, ends, given, top=0.6)
        add_halo(ax.texts)
        title = "\n".join(wrap(text, _COLUMNS))
        ax.set_title(title, fontsize="medium", parse_math=False)
        return png_of(figure)


def _frame(
    size: tuple[float, float],
    label: str,
    ends: tuple[float, float],
    given: float | None,
    top: float = 0.15,
) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)  # Measures texts.
    (width, height), (left, right, bottom) = size, _MARGINS
    place = left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height
    ax = figure.add_axes(place, gid="axes-drawn")
    ax.set(xlim=ends, ylim=(0, 1), xlabel=phrase("temperature"), ylabel=label)
    ax.yaxis.label.set_parse_math(False)
    ax.set_yticks(np.arange(6) / 5)
    style_axes(ax)
    if given is not None:
        (dot,) = ax.plot([1], [given], "o", color="black", markersize=8, clip_on=False)
        dot.set_gid("given")
        above = given < 0.8
        text = ax.annotate(
            phrase("given_at_1", share=rounded(given, 2)),
            (1, given),
            (0, 9 if above else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize="small",
        )
        text.set_gid("given-label-0")
    return figure, ax
