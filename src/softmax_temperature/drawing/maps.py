"""The map of draws: on which token each random number lands, at every temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from ..checks import Floats, as_temperatures, short
from ..core import TokenTable, check_table, likeliest, softmax
from ..phrases import phrase, rounded
from ..words import token_labels
from .bars import as_axes, glyphs, name_length, style_axes
from .colours import PALETTE, ink_on

# So many tokens have an area each; of more the first ten, and the others by powers of ten.
_MOST_AREAS = 12
_STOPS = np.arange(201) / 100
# Between which levels tied names stand, and how far from the edge of their area, in points.
_TOP_NAME, _LAST_NAME, _FROM_EDGE = 0.87, 0.2, 6.0
# The height of a line of small text in points.
LINE = 11.0


@dataclass(frozen=True)
class Areas:
    """The tokens of a table, or ranges of their ranks, as areas one above another."""

    table: TokenTable
    # A token that is masked has no area.
    order: NDArray[np.intp]
    # The ranks that give tokens their colours.
    hues: Sequence[int] | None = None

    @cached_property
    def edges(self) -> list[int]:
        """The ranks at which areas begin, and at which the last one ends."""
        count = len(self.order)
        if count <= _MOST_AREAS:
            return list(range(count + 1))
        powers = [10**power for power in range(2, 9) if 10**power < count]
        return [*range(11), *powers, count]

    @property
    def count(self) -> int:
        """The number of areas."""
        return len(self.edges) - 1

    @property
    def colours(self) -> list[str]:
        """The colour of each area."""
        # Ranges of ranks have greys, which follow the colours of single tokens.
        hues = [
            i if self.hues is None or last - first > 1 else self.hues[i]
            for i, (first, last) in enumerate(zip(self.edges, self.edges[1:]))
        ]
        return [PALETTE[min(hue, len(PALETTE) - 1)] for hue in hues]

    def names(self, known: Any = None) -> list[str]:
        """Return the name of each area: a token, or a range of ranks."""
        singles = [
            self.table.tokens[self.order[first]]
            for first, last in zip(self.edges, self.edges[1:])
            if last - first == 1
        ]
        labels = token_labels(singles, known, longest=14)
        ranges = [
            phrase("ranks", first=rounded(first + 1, 0, True), last=rounded(last, 0, True))
            for first, last in zip(self.edges, self.edges[1:])
            if last - first > 1
        ]
        return [*labels, *ranges]

    def ends(self, temperatures: Sequence[float]) -> Floats:
        """Return where areas begin and end, from 0 to 1, a row a temperature."""
        logits = self.table.logits.astype(np.float64)[self.order]
        rows = np.zeros((len(temperatures), self.count + 1))
        for row, temperature in zip(rows, temperatures, strict=True):
            shares = np.add.reduceat(softmax(logits, temperature), self.edges[:-1])
            row[1:] = shares.cumsum() / shares.sum()
        return rows


def areas_of(table: TokenTable, hues: Sequence[int] | None = None) -> Areas:
    """Return the areas of a table."""
    order = likeliest(table.logits, len(table.logits))
    return Areas(table, order[table.logits[order] > -np.inf], hues)


def draw_map(
    table: TokenTable, temperatures: ArrayLike = _STOPS, *, ax: Axes | None = None
) -> Axes:
    r"""Draw which token each random number from 0 to 1 lands on, at every temperature.

    An area is a token: its thickness at a temperature is its probability there. Tokens lie one
    above another in order of likelihood. A level line is one random number: as the temperature
    rises it never comes to a likelier token. Of more than 12 tokens the ten likeliest have areas of
    their own, and all others share areas by their ranks.

    Parameters
    ----------
    table : TokenTable
        The tokens.
    temperatures : array_like, shape (n_temperatures,), optional
        Two or more finite temperatures that rise; by default 0 to 2 in steps of 0.01.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is no TokenTable, or `temperatures` are no such numbers.

    Notes
    -----
    The token of a random number :math:`u` is the first, in order of likelihood, whose sum
    :math:`F_k(T) = p_1(T) + \dots + p_k(T)` is above it. No sum of the k likeliest grows with T,
    since :math:`\mathrm{d} F_k / \mathrm{d} T = -\mathrm{Cov}(x, [\text{rank} \le k]) / T^2`,
    and a token among the likeliest has, on average, the larger logit. So each border falls as the
    temperature rises, and a level line crosses borders upwards only.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = draw_map(table, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['day', 'problem']
    """
    check_table(table)
    stops = as_temperatures(temperatures).astype(np.float64)
    if len(stops) < 2 or not np.isfinite(stops).all() or (np.diff(stops) <= 0).any():
        raise ValueError(
            "temperatures must be two or more finite numbers that rise, got "
            f"{short(stops.tolist())}"
        )
    ax = as_axes(ax)
    draw_areas(ax, areas_of(table), stops.tolist())
    return ax


def draw_areas(ax: Axes, areas: Areas, stops: Sequence[float]) -> None:
    """Draw areas with their names, and the axes around them."""
    ends = areas.ends(stops)
    for number, colour in enumerate(areas.colours):
        lows, highs = ends[:, number], ends[:, number + 1]
        ax.fill_between(stops, lows, highs, color=colour, linewidth=0)
        if number:
            ax.plot(stops, lows, color="white", linewidth=0.6)
    set_map_axes(ax, stops[0], stops[-1])
    across, up = (length * 72 / ax.figure.dpi for length in (ax.bbox.width, ax.bbox.height))
    names = areas.names(glyphs())
    lengths = name_lengths(names)
    places = name_places(ends, lengths, across, up)
    width = stops[-1] - stops[0]
    for number, host, end, level, reach in tied_names(ends, lengths, places, across, up):
        ground = areas.colours[host]
        ink = ink_on(ground)
        start, stop = (stops[0] + width * share for share in (end, reach))
        text = ax.text(start, level, names[number], color=ink, ha="right", va="center")
        halo = [withStroke(linewidth=3, foreground=ground)]
        text.set(parse_math=False, fontsize="small", zorder=3, path_effects=halo)
        ax.plot([start + 2 * width / across, stop], [level, level], color=ink, linewidth=0.8)
        ax.plot([stop], [level], "o", color=ink, markersize=2.5)
    for name, colour, place in zip(names, areas.colours, places, strict=True):
        if place is not None:
            at, level = place
            x = stops[0] + (stops[-1] - stops[0]) * at
            text = ax.text(
                x, level, name, color=ink_on(colour), ha="center", va="center", fontsize="small"
            )
            text.set_parse_math(False)
            # Lines that cross it make room for it.
            text.set(path_effects=[withStroke(linewidth=3, foreground=colour)], zorder=3)


def set_map_axes(ax: Axes, first: float, last: float) -> None:
    """Let T run across and the random number upwards."""
    ax.set(
        xlim=(first, last),
        ylim=(0, 1),
        xlabel=phrase("temperature"),
        ylabel=phrase("random_number"),
    )
    style_axes(ax)


def name_places(
    ends: Floats, lengths: Sequence[float], across: float, up: float
) -> list[tuple[float, float] | None]:
    """Return where the name of each area has the most room, as shares of both axes, if it fits.

    `ends` has a row for each of evenly spaced temperatures; `lengths` of names and the axes'
    lengths, `across` and `up`, are in points. The twin of `namePlaces` in `views/map.js`.
    """
    last = len(ends) - 1
    places: list[tuple[float, float] | None] = []
    for number, length in enumerate(lengths):
        reach = int(np.ceil((length / 2 + 2) / (across / last)))
        best, place = LINE, None
        # From the middle outwards: there is the place of a name that has much room.
        for middle in sorted(range(reach, last - reach + 1), key=lambda i: abs(2 * i - last)):
            part = slice(middle - reach, middle + reach + 1)
            low, high = ends[part, number].max(), ends[part, number + 1].min()
            room = min((high - low) * up, 3 * LINE)
            if room > best + 1e-9:
                best, place = room, (middle / last, float(low + high) / 2)
        places.append(place)
    return places


def tied_names(
    ends: Floats,
    lengths: Sequence[float],
    places: Sequence[tuple[float, float] | None],
    across: float,
    up: float,
) -> list[tuple[int, int, float, float, float]]:
    """Return names of narrow areas that stand in the one before them, and are tied to their own.

    Each has the number of its area, that in which it stands, where its name ends, its level, and
    where its tie ends, as shares of the axes. The likeliest is the highest. The twin of
    `tiedNames` in `views/map.js`.
    """
    last = len(ends) - 1
    missing = [number for number, place in enumerate(places) if number and place is None]
    missing = missing[: int((_TOP_NAME - _LAST_NAME) * up / LINE) + 1]
    host = missing[0] - 1 if missing else 0
    half = 0.5 * LINE / up
    tied = []
    for row, number in enumerate(missing):
        level = _TOP_NAME - (_TOP_NAME - _LAST_NAME) * row / max(len(missing) - 1, 1)
        # Where the level line is within the area, and up to where the one before has room.
        inside = np.flatnonzero((ends[:, number] <= level) & (level < ends[:, number + 1]))
        roomy = int((ends[:, host + 1] >= level + half).sum()) - 1
        start = roomy * across / last - _FROM_EDGE - lengths[number] - 2
        end = roomy / last - _FROM_EDGE / across
        # No name of another area is there.
        free = all(
            place is None
            or abs(place[1] - level) * up >= LINE
            or (place[0] - end) * across >= length / 2
            or start >= place[0] * across + length / 2
            for place, length in zip(places, lengths, strict=True)
        )
        fits = start >= 0 and ends[int(start / across * last), host] <= level - half
        if len(inside) and fits and free:
            tied.append((number, host, end, level, inside.mean() / last))
    return tied


def name_lengths(names: Sequence[str]) -> list[float]:
    """Return how long small names are, in points."""
    return [0.833 * 72 * name_length(name) for name in names]
