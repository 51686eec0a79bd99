"""The picture of an explorer, as SVG whose parts can be moved, and as PNG at one temperature.

Each output is drawn on a figure of its own, so that none depends on what was drawn before it.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..phrases import phrase
from .bars import LEAST, NUMBER_HALO, add_halo, glyphs, label_room, name_bars
from .colours import PALETTE, colour_of, ink_on, line_of
from .maps import LINE, name_lengths
from .parts import (
    add_marks,
    avoid_overlaps,
    draw_bars,
    draw_curves,
    draw_strip,
    draw_the_line,
    draw_the_map,
    names_of,
    texts_of,
    width_of,
)
from .plan import Layout, Moment, Plan, places
from .sticks import DEPTH, TOP, sticks_of

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    # Where a title stands anyway: without it, each drawing measures all ticks to find out.
    "axes.titley": 1.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "softmax-temperature",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
}
# matplotlib's settings belong to the whole process: two threads in a context of settings would
# leave those of one behind.
_LOCK = threading.Lock()


def layout(plan: Plan) -> Layout:
    """Return the picture as SVG with every part at its end, and what it takes to move them."""
    bars = plan.bars
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure, axes = _draw(plan, _at_its_end(plan))
        add_marks(axes["bars"], bars, np.ones(bars.count))
        figure.patch.set_visible(False)
        for ax in axes.values():
            ax.patch.set_facecolor("none")
        # Measured before the SVG's own canvas is there, which would draw for each text.
        for patch in axes["bars"].patches:
            patch.set_linestyle("-")  # The styles of the page have the dashes, once.
        edges: dict[str, Any] = {name: edges_of(ax) for name, ax in axes.items()}
        key = key_box(axes["bars"])
        scale = 72 / figure.dpi
        if "strip" in axes:
            edges["strip"]["names"] = [
                width_of(name) * scale + 6 for name in names_of(axes, "strip")
            ]
        if "logits" in axes:
            edges["logits"] |= _of_line(plan, edges["logits"])
        if "map" in axes:
            edges["map"] |= _of_map(plan)
        if "curves" in axes:
            ax = axes["curves"]
            boxes = [text.get_window_extent() for text in texts_of(ax, "peakname")]
            edges["curves"] |= {
                "columns": plan.curves,
                "first": float(plan.stops[0]),
                "last": float(plan.stops[-1]),
                "line": LINE,
                "lengths": [width_of(name) * scale for name in names_of(axes, "curves")],
                "peaks": [
                    [box.x0 * scale, box.x1 * scale, (figure.bbox.height - box.y1) * scale]
                    for box in boxes
                ],
            }
        # The browser has the fonts for every script, where a still picture has escapes.
        name_bars(axes["bars"], bars, bars.names())
        names = bars.short_names()
        for name, columns in (("strip", range(bars.count)), ("curves", plan.curves)):
            for text, column in zip(names_of(axes, name), columns, strict=False):
                text.set_text(names[column])
        svg = svg_of(figure)
    return {
        "svg": svg,
        "width": 96 * plan.size[0],
        "bars": {
            "upright": bars.upright,
            "foot": edges["bars"]["bottom" if bars.upright else "left"],
            "least": LEAST if bars.percent else None,
            "end": edges["bars"]["top" if bars.upright else "right"],
            "key": key,
            "room": round(label_room(axes["bars"], bars, plan.label_size), 4),
        },
        "strip": edges.get("strip"),
        "logits": edges.get("logits"),
        "map": edges.get("map"),
        "curves": edges.get("curves"),
    }


def still(plan: Plan, moment: Moment, add: Callable[[Axes], None] | None = None) -> bytes:
    """Return the picture at one temperature as PNG of 96 dots an inch.

    What else stands on the bars `add` draws.
    """
    with house_style():
        figure, axes = _draw(plan, moment)
        lengths = np.asarray(moment.shares)
        avoid_overlaps(axes, lengths)
        # The browser has a halo of its own. Here it would turn texts into paths.
        add_halo(axes["bars"].texts, NUMBER_HALO)
        add_halo(axes["curves"].texts if "curves" in axes else ())
        if moment.marks is not None:
            add_marks(axes["bars"], plan.bars, moment.marks)
        if add:
            add(axes["bars"])
        return png_of(figure)


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG, without what a browser does not need."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # The canvas itself, since savefig would draw everything once more before.
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(buffer, metadata=nothing)
    svg = buffer.getvalue()
    return _compact(svg[svg.index("<svg") :])


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG of 96 dots an inch."""
    figure.set_dpi(96)
    buffer = io.BytesIO()
    canvas: Any = figure.canvas
    canvas.print_png(buffer, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def _at_its_end(plan: Plan) -> Moment:
    """Return what is drawn where every part is to be moved: each bar is full."""
    bars = plan.bars
    return Moment(
        temperature=plan.stops[0] if plan.stops else 1.0,
        title=phrase("panel_title", temperature="1.00"),
        shares=np.ones(bars.count),
        labels=["100.00 %" if bars.percent else "1.00"] * bars.count,
        outlines=np.ones(bars.count),
        number=1.0,
        apart=False,
    )


def _draw(plan: Plan, moment: Moment) -> tuple[Figure, dict[str, Axes]]:
    """Draw the picture at one temperature."""
    bars = plan.bars
    figure = Figure(figsize=plan.size)
    FigureCanvasAgg(figure)  # Measures texts.
    axes = {
        name: figure.add_axes(place, gid=f"axes-{name}") for name, place in places(plan).items()
    }
    draw_bars(axes["bars"], plan, moment)
    if not bars.upright:
        # However long the names of lying bars are, the title stands in the middle of all.
        box = axes["bars"].get_position()
        middle = 0.27 if plan.side_by_side else 0.5
        axes["bars"].title.set_x((middle - box.x0) / box.width)
    if "strip" in axes:
        draw_strip(axes["strip"], bars, moment)
    if "logits" in axes:
        draw_the_line(axes["logits"], plan, moment)
    if "map" in axes:
        draw_the_map(axes["map"], plan, moment)
    if "curves" in axes:
        draw_curves(axes["curves"], plan, moment)
    for ax in axes.values():
        for artist in (*ax.patches, *ax.lines):
            artist.set_clip_on(False)  # Nothing is outside, and the SVG is smaller.
    return figure, axes


def _of_line(plan: Plan, edges: dict[str, float]) -> dict[str, Any]:
    """Return what it takes to draw logits on a line."""
    sticks = sticks_of(plan.bars.table)
    height = (edges["bottom"] - edges["top"]) / (TOP + DEPTH)
    return {
        "low": sticks.low,
        "high": sticks.high,
        "leader": sticks.leader,
        "ticks": sticks.ticks,
        # Where heights begin, and where the largest one ends.
        "foot": edges["bottom"] - DEPTH * height,
        "full": edges["top"] + (TOP - 1) * height,
        "line": LINE,
        "colours": [line_of(colour_of(rank)) for rank in range(len(sticks.logits))],
    }


def _of_map(plan: Plan) -> dict[str, Any]:
    """Return what it takes to draw the areas of a map."""
    areas = plan.areas
    assert areas is not None
    return {
        "first": float(plan.stops[0]),
        "last": float(plan.stops[-1]),
        "line": LINE,
        "names": areas.names(),
        "lengths": name_lengths(areas.names(glyphs())),
        "colours": PALETTE,
        "inks": [ink_on(colour) for colour in PALETTE],
    }


def edges_of(ax: Axes) -> dict[str, float]:
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


def key_box(ax: Axes) -> list[float] | None:
    """Return where the key of the axes is, in points from the figure's upper left corner."""
    key, figure = ax.get_legend(), ax.figure
    if key is None:
        return None
    box, scale = key.get_window_extent(), 72 / figure.dpi
    height = figure.bbox.height
    return [box.x0 * scale, (height - box.y1) * scale, box.x1 * scale, (height - box.y0) * scale]


def _compact(svg: str) -> str:
    """Leave out what a browser does not need: comments, line breaks, digits beyond a pixel's."""
    svg = re.sub(r"<!--.*?-->|\n\s*", " ", svg, flags=re.DOTALL)
    numbers = re.compile(r"-?\d+\.\d+")

    def shorter(match: re.Match[str]) -> str:
        return numbers.sub(
            lambda number: f"{float(number[0]):.3f}".rstrip("0").rstrip("."), match[0]
        )

    svg = svg.replace("font-family: 'DejaVu Sans'; ", "").replace("; stroke-linejoin: miter", "")
    # No turn, ids that nothing asks for, and blanks around the letters of a path.
    svg = re.sub(r' transform="rotate\(-0 [^"]*"| id="(?:line2d|text)_\d+"', "", svg)
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(" *([A-Za-z]) *", r"\1", path[0]), svg)
    return re.sub(r' (?:d|x|y|transform)="[^"]*"', shorter, svg.replace("> <", "><"))


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with this module's settings, whatever the user's are."""
    with _LOCK, style.context(["default", _STYLE]):
        yield
