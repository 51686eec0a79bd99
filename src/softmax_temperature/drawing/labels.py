"""Where labels of points stand so that none covers another: scripts place them by the same rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .bars import add_halo

Box = tuple[float, float, float, float]
# How far a label stands from its point across and along, and from other labels, in points.
ASIDE, ABOVE, APART = 6.0, 3.0, 1.0
# What it costs, in points of distance, to stand not on the right, to be crossed by a line, and to
# cover a solid, where there is no other place.
_NOT_RIGHT, _CROSSED, _COVERS = 3.0, 60.0, 200.0
# Farther to the right there are so many places, so far apart.
_FARTHER, _STRIDE = 6, 24.0


class Note(NamedTuple):
    """A text for a point of an Axes, and the colour of the line that ties it there."""

    text: str
    x: float
    y: float
    colour: str
    optional: bool = False


class Label(NamedTuple):
    """A point, with the width and the height of its text."""

    x: float
    y: float
    width: float
    height: float
    # Left out where it would cover a solid.
    optional: bool = False


def write_notes(
    ax: Axes,
    notes: Sequence[Note],
    solids: Sequence[Box],
    lines: Sequence[Box],
    fontsize: Any,
    beyond: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Write texts near their points, each tied to it where it stands farther off.

    Boxes are in points from the upper left corner of the Axes, above and beside which there can be
    more room.
    """
    figure: Any = ax.figure
    scale = 72 / figure.dpi
    labels = []
    for note in notes:
        text = ax.text(0, 0, note.text, fontsize=fontsize)
        extent = text.get_window_extent()
        text.remove()
        ((x, y),) = in_points(ax, [note.x], [note.y])
        labels.append(Label(x, y, extent.width * scale, extent.height * scale, note.optional))
    above, beside = beyond
    room = 0.0, -above, ax.bbox.width * scale + beside, ax.bbox.height * scale
    corners = place_labels(labels, room, solids, lines)
    written = []
    for note, label, corner in zip(notes, labels, corners, strict=True):
        if corner is None:
            continue
        x, y = corner
        far = max(y - label.y, label.y - y - label.height) > 2 * ABOVE
        # From the point of the label that is nearest.
        across = min(max((label.x - x) / label.width, 0.0), 1.0)
        tie = {
            "arrowstyle": "-",
            "color": note.colour,
            "relpos": (across, 0 if y < label.y else 1),
            "shrinkA": 0,
            "shrinkB": 3,
        }
        text = ax.annotate(
            note.text,
            (note.x, note.y),
            (x - label.x, label.y - y - label.height),
            textcoords="offset points",
            fontsize=fontsize,
            va="bottom",
            zorder=8,
            arrowprops=tie if far else None,
            annotation_clip=False,
        )
        text.set_gid("note")
        written.append(text)
    add_halo(written)


def in_points(ax: Axes, x: Any, y: Any) -> Any:
    """Return where points of the data are, from the upper left corner of the Axes."""
    box = ax.bbox
    pixels = ax.transData.transform(np.column_stack((x, y)))
    return (pixels - [box.x0, box.y1]) * [1, -1] * 72 / ax.figure.dpi


def box_of(ax: Axes, artist: Any) -> Box:
    """Return where a text or a key is, in points from the upper left corner of the Axes."""
    x, y, scale = ax.bbox.x0, ax.bbox.y1, 72 / ax.figure.dpi
    box = artist.get_window_extent()
    return (
        (box.x0 - x) * scale,
        (y - box.y1) * scale,
        (box.x1 - x) * scale,
        (y - box.y0) * scale,
    )


def place_labels(
    labels: Sequence[Label], room: Box, solids: Sequence[Box], lines: Sequence[Box]
) -> list[tuple[float, float] | None]:
    """Return the upper left corner of each label, as near to its point as it can be.

    A label covers no label that comes before it, and no solid where it can be avoided, and rather
    no line. Where there is no such place it has none. Boxes are left, top, right and bottom, with
    y downwards.
    """
    placed: list[Box] = []
    corners: list[tuple[float, float] | None] = []
    for label in labels:
        best = _best(label, room, [*solids, *placed], (), lines)
        if not label.optional:
            best = best or _best(label, room, placed, solids, lines)
        corners.append(best and (best[1], best[2]))
        if best:
            _, x, y = best
            placed.append((x, y, x + label.width, y + label.height))
    return corners


def _best(
    label: Label,
    room: Box,
    obstacles: Sequence[Box],
    solids: Sequence[Box],
    lines: Sequence[Box],
) -> tuple[float, float, float] | None:
    """Return the least cost and the corner that has it."""
    best = None
    x, y, width, height, _ = label
    left, top, right, bottom = room
    starts = [x + ASIDE, x - width / 2, x - width - ASIDE, right]
    starts += [x + ASIDE + _STRIDE * (k + 1) for k in range(_FARTHER)]
    for k, start in enumerate(starts):
        at = max(min(start, right - width), left)
        for step in range(int(2 * (bottom - top) / height)):
            if best and ABOVE + height * step / 2 >= best[0]:
                break
            for level in (y - ABOVE - height * (1 + step / 2), y + ABOVE + height * step / 2):
                if level < top or level + height > bottom:
                    continue
                far = max(at - x - ASIDE, x - at - width - ASIDE, 0)
                far += max(level - y, y - level - height, 0)
                cost = far + min(k, 3) * _NOT_RIGHT
                if best and cost >= best[0]:
                    continue
                box = (at, level, at + width, level + height)
                if any(overlap(box, other) for other in obstacles):
                    continue
                cost += _CROSSED * sum(overlap(box, line) for line in lines)
                cost += _COVERS * sum(overlap(box, solid) for solid in solids)
                if not best or cost < best[0]:
                    best = (cost, at, level)
    return best


def spread(heights: Sequence[float], gap: float) -> list[float]:
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


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes are less than a point apart."""
    return (
        one[0] < other[2] + APART
        and other[0] < one[2] + APART
        and one[1] < other[3] + APART
        and other[1] < one[3] + APART
    )
