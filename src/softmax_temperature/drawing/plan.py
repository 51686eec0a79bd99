"""What a picture shows, and where its parts stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from ..checks import Floats
from ..peaks import peak_temperature
from .bars import Bars, glyphs, name_length
from .maps import Areas

PARTS = ("bars", "dice", "logits", "map", "curves")
# What stands beside the bars or below them.
_PANELS = ("logits", "map", "curves")
_MOST_CURVES, _MOST_CURVES_BESIDE_OTHERS = 12, 5
# The height of the strip, of what stands below the bars, and of bars beside it, in inches.
_STRIP, _BELOW, _BESIDE = 0.62, 3.0, 3.6
# What an axis with its labels takes below bars, in inches.
FOOT = 0.52
# The width of two columns of narrow parts.
_MIDDLE = 7.3


class Layout(TypedDict):
    """A picture as SVG, how wide it is at least in pixels, and where its parts are in points."""

    svg: str
    width: float
    bars: dict[str, Any]
    strip: dict[str, Any] | None
    logits: dict[str, Any] | None
    map: dict[str, Any] | None
    curves: dict[str, Any] | None


@dataclass(frozen=True)
class Moment:
    """What a picture shows at one temperature: a share, a number and an outline for each bar."""

    temperature: float
    title: str
    shares: Floats
    labels: Sequence[str]
    outlines: Sequence[float] | Floats
    # A random number on the strip, and what shares of counted draws each bar got.
    number: float | None = None
    marks: Floats | None = None
    # Random numbers that are on show at once, on the map.
    dots: Sequence[float] = ()
    # Whether shares lie side by side on the strip, or all over one another.
    apart: bool = True


@dataclass(frozen=True)
class Plan:
    """What of a picture stays: bars, the parts beside them, and shares against temperature."""

    bars: Bars
    parts: Sequence[str]
    # The temperatures of the curves, a row of shares for each, and where they are highest.
    stops: Sequence[float] = ()
    rows: Floats | None = None
    peaks: Sequence[tuple[float, float]] = ()
    areas: Areas | None = None
    # Two columns of narrow parts, for screens between wide and narrow ones.
    middle: bool = False
    # The name of the outlines' phrase.
    outline_name: str = "at_1"

    @property
    def curves(self) -> list[int]:
        """The columns of the shares that are drawn against T."""
        return columns_of_curves(self.bars)

    @property
    def label_size(self) -> str:
        """The size of the numbers: lying bars are low."""
        return "medium" if self.bars.upright else "small"

    @property
    def panels(self) -> list[str]:
        """What stands beside the bars or below them."""
        return [part for part in _PANELS if part in self.parts]

    @property
    def side_by_side(self) -> bool:
        """Whether the first of these stands beside the bars, and not below them."""
        return bool(self.panels) and (self.middle or not self.bars.narrow)

    @property
    def size(self) -> tuple[float, float]:
        """The figure's width and height in inches."""
        width = 3.7 if self.bars.narrow else 10.6 if self.side_by_side else 7.6
        if self.middle:
            width = _MIDDLE
        height = self.bars.height + self.bars.key_below
        if self.side_by_side and self.panels[0] != "curves":
            height = max(height, _BESIDE)
        below = _BELOW * (len(self.panels) - self.side_by_side)
        return width, height + below + (_STRIP if "dice" in self.parts else 0)


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


def places(plan: Plan) -> dict[str, Any]:
    """Return where the axes are: left, bottom, width and height, as shares of the figure."""
    bars, (width, height) = plan.bars, plan.size
    lengths = [name_length(name) for name in bars.names(glyphs())]
    foot = FOOT + bars.key_below
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
    below = list(plan.panels)
    bottom = _BELOW * (len(below) - plan.side_by_side)
    if plan.side_by_side:
        right = width - 0.35
        between = 0.45 if bars.upright and below[0] == "curves" else 0.7
        half = (right - between - beside - left) / 2
        inches["bars"] = (left, foot + bottom, half, top - bottom - head - foot)
        inches[below.pop(0)] = (right - half, foot + bottom, half, top - bottom - head - foot)
    else:
        across = width - left - beside - 0.2
        inches["bars"] = (left, foot + bottom, across, top - bottom - head - foot)
    for panel in below:
        bottom -= _BELOW
        inches[panel] = (0.65, bottom + 0.5, width - 0.9, _BELOW - 0.95)
    return {
        name: (x / width, y / height, across / width, up / height)
        for name, (x, y, across, up) in inches.items()
    }
