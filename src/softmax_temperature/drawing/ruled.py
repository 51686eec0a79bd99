"""The cuts of a sampler on bars, where each token has one: lines across them, and a running sum."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..checks import Floats
from ..phrases import phrase
from ..words import temperature_texts
from .bars import REFERENCE, WIDTH, Bars
from .labels import Box, Note, box_of, in_points, write_notes
from .parts import texts_of
from .plan import Moment
from .rules import COLOURS, DASHES, Cuts, Rule, log_shares

# Beyond the bars there is room for the number of a full one, in points.
_ABOVE, _BESIDE = 14.0, 24.0


def draw_bar_rules(ax: Axes, bars: Bars, cuts: Cuts, moment: Moment) -> None:
    """Draw cuts across bars: rules of probability as levels, top-k between two bars.

    Top-p is a level of the running sum. Where a cut comes before the temperature, each bar has a
    mark at the probability by which it goes.
    """
    upright = bars.upright
    # In the order of likelihood, where possible tokens come first.
    ranked = np.sort(bars.logits[bars.logits > -np.inf])[::-1]
    notes: list[Note] = []
    sums: list[Note] = []
    lines: list[Box] = []
    ends = np.maximum(moment.shares, moment.outlines)
    shares = {rule.temperature: np.exp(log_shares(ranked, rule.temperature)) for rule in cuts.rules}
    scale = 72 / ax.figure.dpi
    width, height = ax.bbox.width * scale, ax.bbox.height * scale

    def line(across: bool, place: float, style: dict[str, Any]) -> None:
        (ax.axhline if across else ax.axvline)(place, **style)
        ((x, y),) = in_points(ax, [place], [place])
        lines.append((0.0, y, width, y) if across else (x, 0.0, x, height))

    def point(edge: float, share: float) -> tuple[float, float]:
        """Return where the place below a rank stands, and a share."""
        return (edge - 0.5, share) if upright else (share, edge - 0.5)

    for rule in cuts.rules:
        style: dict[str, Any] = {"color": COLOURS[rule.name], "linewidth": 1.6, "zorder": 4}
        if DASHES[rule.name]:
            style |= {"dashes": DASHES[rule.name]}
        levels = [min(float(np.exp(min(level, 1))), 1.0) for level in rule.levels]
        if rule.name == "top_p":
            levels = [rule.value]
            steps = _draw_sum(ax, rule, shares[rule.temperature], point)
            sums.append(Note(phrase("running_sum"), *steps[-1], COLOURS["top_p"], True))
            places = in_points(ax, *np.transpose(steps)).tolist()
            lines += [
                (x0, min(y0, y1), x1, max(y0, y1))
                for (x0, y0), (x1, y1) in zip(places[::2], places[1::2], strict=True)
            ]
        if len(levels) == 2:
            span = ax.axhspan if upright else ax.axvspan
            span(*levels, color=COLOURS[rule.name], alpha=0.16, linewidth=0)
        for level in levels:
            line(upright, level, style)
        if not levels:
            line(not upright, rule.cross - 0.5, style)
        at = levels[0] if levels else float(shares[rule.temperature][rule.cross - 1])
        x, y = point(rule.end if rule.name == "top_p" else rule.cross, at)
        ax.plot([x], [y], "o", color=COLOURS[rule.name], markeredgecolor="w", zorder=5)
        notes.append(Note(rule.text, x, y, COLOURS[rule.name]))
    others = sorted(shares.keys() - {cuts.temperature})
    for temperature, text in zip(others, temperature_texts(others), strict=True):
        before = shares[temperature]
        for rank, share in enumerate(before):
            side = rank - WIDTH / 2
            box = (side, share, WIDTH, 0) if upright else (share, side, 0, WIDTH)
            ax.add_patch(Rectangle(box[:2], *box[2:], edgecolor=REFERENCE, linewidth=2))
        x, y = point(WIDTH / 2 + 0.5, float(before[0]))
        notes.insert(0, Note(phrase("panel_title", temperature=text), x, y, REFERENCE))
        ends[: len(before)] = np.maximum(ends[: len(before)], before)
    beyond = (_ABOVE, 0.0) if upright else (0.0, _BESIDE)
    write_notes(ax, notes + sums, _solids(ax, bars, ends), lines, "small", beyond)


def _draw_sum(ax: Axes, rule: Rule, shares: Floats, point: Any) -> list[tuple[float, float]]:
    """Draw the running sum of what a rule is given, a step a bar, and return its corners."""
    start, end = rule.given
    sums = np.cumsum(shares[start:end] / shares[start:end].sum()).tolist()
    steps = [
        point(start + rank + more, share) for rank, share in enumerate(sums) for more in (0, 1)
    ]
    ax.plot(*np.transpose(steps), color=COLOURS[rule.name], linewidth=1, zorder=3)
    return steps


def _solids(ax: Axes, bars: Bars, ends: Floats) -> list[Box]:
    """Return where bars and their numbers are, and the key, which stays before all lines."""
    solids = [box_of(ax, text) for text in texts_of(ax, "label")]
    sides = np.arange(len(ends)) - WIDTH / 2
    for side, end in zip(sides.tolist(), ends.tolist(), strict=True):
        across, along = [side, side + WIDTH], [end, 0.0]
        (x0, y0), (x1, y1) = in_points(ax, *((across, along) if bars.upright else (along, across)))
        solids.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    key = ax.get_legend()
    if key is not None:
        key.set(zorder=6, frame_on=True)
        key.get_frame().set(facecolor="white", edgecolor="none", alpha=1)
        solids.append(box_of(ax, key))
    return solids
