"""Probabilities against ranks, on logarithmic scales, with each cut of a sampler as it acts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypedDict

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from ..chain import SamplerChain
from ..checks import Floats, as_temperature, short
from ..core import TokenTable, check_table
from ..phrases import phrase, rounded
from ..words import temperature_texts
from .bars import REFERENCE, add_halo, as_axes, style_axes
from .labels import Box, Note, box_of, in_points, write_notes
from .picture import edges_of, house_style, png_of, svg_of
from .rules import COLOURS, DASHES, Cuts, Rule, cuts_of, log_shares, title_of

# So many first ranks are drawn as steps, and so many of the others as points a pixel apart.
_STEPS, _POINTS = 40, 300
# In so many columns labels keep clear of what is below the curves.
_COLUMNS = 40
# The lowest probability that is shown, and room above 1 for names, in decades.
_LOWEST, _HEADROOM = -9, 0.5
# The width and height of the picture, and of the one for narrow screens, in inches.
RANKS_SIZE, _NARROW = (6.8, 4.3), (3.7, 4.0)
# What is between the axes and the figure's edges: left, right, bottom and top, in inches.
_MARGINS = (0.66, 0.12, 0.5, 0.36)


class RankLayout(TypedDict):
    """The frame of a rank chart as SVG, its width in pixels, and what it takes to draw in it."""

    svg: str
    width: float
    # The edges of the axes in points, and what they stand for: ranks, and powers of ten.
    edges: dict[str, float]
    ranks: list[float]
    powers: list[float]
    # The ranks at which the curve is drawn.
    stations: list[int]


def rank_chart(
    table: TokenTable,
    chain: SamplerChain,
    temperature: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw probabilities against ranks, with each cut of a chain as what it is.

    Both axes are logarithmic, so that one picture has the likeliest token and the tail of a whole
    vocabulary. Top-k is an upright line, top-p the edge of a filled area, min-p, top-nσ, epsilon
    and eta are level lines, and typical is a band. Each line has the setting and how many tokens
    it keeps of those that come to it, where it meets the curve.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    chain : SamplerChain
        The cuts, in their order, and a temperature among them where there is one.
    temperature : float, default 1.0
        As for `softmax`, before the first step of the chain.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is not a TokenTable, `chain` not a SamplerChain or one with a temperature for
        each row, `temperature` negative or no number, or `ax` not one Axes.

    Notes
    -----
    A cut stands on the curve of its own step: before a temperature other than 1 that is a thin one
    beside the curve of the last temperature. Both curves are those of all tokens. So the level of
    a cut that goes by probabilities is lower than its setting by what earlier steps have cut:
    epsilon after a top-k that leaves 0.8 of the probability stands at 0.8 epsilon.

    A token has the step from half a rank before it to half a rank behind it. So each line crosses
    the curve between the last token that it keeps and the first that it cuts.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_example
    >>> chain = SamplerChain([("min_p", 0.05)])
    >>> ax = rank_chart(load_example("gpt2-spaceship"), chain, ax=Figure().subplots())
    >>> ax.get_title()
    'T = 1.00: 14 of 50,257 tokens are kept'
    """
    check_table(table)
    if not isinstance(chain, SamplerChain):
        raise TypeError(
            f"chain must be a SamplerChain, got {short(chain)}: make one with SamplerChain(steps)"
        )
    if any(isinstance(value, tuple) for _, value in chain):
        raise ValueError(f"chain must have one temperature a step, got {short(chain, 200)}")
    temperature = as_temperature(temperature)
    ax = as_axes(ax)
    cuts = cuts_of(SamplerChain([("temperature", temperature), *chain]), table)
    (text,) = temperature_texts([cuts.temperature])
    _draw(ax, table, cuts, title_of(cuts, text))
    return ax


def rank_layout(table: TokenTable, narrow: bool) -> RankLayout:
    """Return the frame of the picture, in which the browser draws all that moves."""
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure, ax = _figure(narrow)
        _set_axes(ax, table)
        ax.set_title(" ", fontsize="medium").set_gid("title")
        figure.patch.set_visible(False)
        ax.patch.set_facecolor("none")
        edges = edges_of(ax)
        ranks, powers = ax.get_xlim(), np.log10(ax.get_ylim()).round(6)
        svg = svg_of(figure)
    return {
        "svg": svg,
        "width": 96 * figure.get_size_inches()[0],
        "edges": edges,
        "ranks": list(ranks),
        "powers": powers.tolist(),
        "stations": _stations(len(_ranked(table))).tolist(),
    }


def rank_still(table: TokenTable, cuts: Cuts, title: str) -> bytes:
    """Return the picture as PNG of 96 dots an inch."""
    with house_style():
        figure, ax = _figure(narrow=False)
        _draw(ax, table, cuts, title, "small")
        return png_of(figure)


def _figure(narrow: bool) -> tuple[Figure, Axes]:
    width, height = _NARROW if narrow else RANKS_SIZE
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)  # Measures texts.
    left, right, bottom, top = _MARGINS
    place = left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height
    return figure, figure.add_axes(place, gid="axes-ranks")


def _ranked(table: TokenTable) -> Floats:
    """Return the logits of a table that are not masked, the largest first."""
    ranked: Floats = np.sort(table.logits[table.logits > -np.inf].astype(np.float64))[::-1]
    return ranked


def _stations(count: int) -> NDArray[np.int_]:
    """Return the ranks, from 1, at which a curve of so many tokens is drawn."""
    few = np.arange(1, min(_STEPS, count) + 1)
    many = np.geomspace(_STEPS + 1, count, _POINTS) if count > _STEPS else np.empty(0)
    return np.unique(np.concatenate((few, many.round().astype(int))))


def _set_axes(ax: Axes, table: TokenTable) -> None:
    logits = _ranked(table)
    lowest = np.floor(log_shares(logits, 1.0)[-1] / np.log(10))
    low = min(max(lowest, _LOWEST), -2)
    count = len(logits)
    ax.set(xscale="log", yscale="log", xlim=(0.5, 1.25 * count), ylim=(10**low, 10**_HEADROOM))
    ax.set_xlabel(phrase("rank"))
    ax.set_ylabel(phrase("probability_of_listed" if table.unseen_mass else "probability"))
    decades = np.arange(int(np.log10(count)) + 1)
    ax.xaxis.set_major_locator(FixedLocator((10.0**decades).tolist()))
    ax.yaxis.set_major_locator(FixedLocator((10.0 ** np.arange(low, 1)).tolist()))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda rank, _: rounded(rank, 0, True)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: _power_text(share)))
    style_axes(ax)


def _power_text(share: float) -> str:
    power = round(np.log10(share))
    if power >= -2:
        return f"{share:g}"
    return "10⁻" + f"{-power}".translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _points(shares: Floats, stations: Any, first: int, end: int) -> tuple[Floats, Floats]:
    """Return the curve from one rank to below another: steps, and then a line."""
    inside = stations[(stations > first) & (stations <= end)]
    inside = np.unique(np.append(inside, end))
    steps = inside[inside <= _STEPS]
    rest = inside[inside > _STEPS]
    ranks = np.concatenate(
        ([first + 0.5], np.repeat(steps, 2) + np.tile([-0.5, 0.5], len(steps)), rest, [end + 0.5])
    )
    at = np.concatenate(([first + 1], np.repeat(steps, 2), rest, [end]))
    return ranks, shares[at - 1]


def _draw(ax: Axes, table: TokenTable, cuts: Cuts, title: str, fontsize: Any = "small") -> None:
    """Draw the frame, the curves, the rules on them, and labels that cover nothing."""
    _set_axes(ax, table)
    size = mpl.rcParams["axes.titlesize"] if fontsize != "small" else "medium"
    ax.set_title(title, fontsize=size)
    ranked = _ranked(table)
    stations = _stations(len(ranked))
    temperatures = [cuts.temperature]
    temperatures += sorted({rule.temperature for rule in cuts.rules} - {cuts.temperature})
    curves = {temperature: np.exp(log_shares(ranked, temperature)) for temperature in temperatures}
    style: dict[str, Any] = {"color": "black", "solid_capstyle": "butt"}
    for temperature, shares in curves.items():
        last = temperature == cuts.temperature
        points = _points(shares, stations, 0, int((shares > 0).sum()))
        (curve,) = ax.plot(*points, **style | {"color": "black" if last else REFERENCE})
        curve.set(linewidth=1.2, gid="curve" if last else "curve-before", zorder=3)
    left = _points(curves[cuts.temperature], stations, *cuts.left)
    (kept,) = ax.plot(*left, linewidth=3, **style)
    kept.set(gid="kept", zorder=3)
    low, high = ax.get_ylim()
    anchors: list[tuple[float, float]] = []
    for rule in cuts.rules:
        shares = curves[rule.temperature]
        anchors.append(_draw_rule(ax, rule, shares, stations, low, high))
    _write(ax, cuts, curves, anchors, fontsize)


def _draw_rule(
    ax: Axes, rule: Rule, shares: Floats, stations: Any, low: float, high: float
) -> tuple[float, float]:
    """Draw a rule, and return where it meets its curve."""
    line: dict[str, Any] = {"color": COLOURS[rule.name], "linewidth": 1.6, "zorder": 4}
    if DASHES[rule.name]:
        line |= {"dashes": DASHES[rule.name]}
    levels = _heights(rule, low, high)
    x = rule.cross + 0.5
    if rule.name == "top_p":
        area = _points(shares, stations, rule.first, rule.end)
        ax.fill_between(*area, low, color=COLOURS["top_p"], alpha=0.15, linewidth=0)
    if len(levels) == 2:
        ax.axhspan(*levels, color=COLOURS[rule.name], alpha=0.2, linewidth=0)
    if not levels:
        ax.axvline(x, **line).set_gid(f"rule-{rule.name}")
    for level in levels:
        ax.axhline(level, **line).set_gid(f"rule-{rule.name}")
    y = levels[0] if levels else max(float(shares[rule.cross - 1]), low)
    (dot,) = ax.plot([x], [y], "o", color=COLOURS[rule.name], markeredgecolor="w", markersize=7)
    dot.set(zorder=5, clip_on=False)
    return x, y


def _heights(rule: Rule, low: float, high: float) -> list[float]:
    """Return the probabilities at which a rule has level lines, within the picture."""
    return [min(max(float(np.exp(min(level, 1))), low), high) for level in rule.levels]


def _write(
    ax: Axes,
    cuts: Cuts,
    curves: dict[float, Floats],
    anchors: Sequence[tuple[float, float]],
    fontsize: Any,
) -> None:
    """Write the settings where rules meet their curves, and the curves' temperatures."""
    names = _name_curves(ax, curves, fontsize)
    solids = [box_of(ax, name) for name in names]
    # No label stands below a curve.
    low = ax.get_ylim()[0]
    count = len(next(iter(curves.values())))
    ends = np.geomspace(0.5, count + 0.5, _COLUMNS + 1)
    ranks = np.clip(ends[:-1] + 0.5, 1, count).astype(int)
    tops = np.max([shares[ranks - 1] for shares in curves.values()], axis=0)
    starts = in_points(ax, ends[:-1], np.maximum(tops, low)).tolist()
    feet = in_points(ax, ends[1:], np.full(_COLUMNS, low)).tolist()
    solids += [(*start, *foot) for start, foot in zip(starts, feet, strict=True)]
    scale = 72 / ax.figure.dpi
    across, down = ax.bbox.width * scale, ax.bbox.height * scale
    lines: list[Box] = []
    for rule, (x, y) in zip(cuts.rules, anchors, strict=True):
        levels = _heights(rule, *ax.get_ylim()) or [y]
        for at_x, at_y in in_points(ax, [x] * len(levels), levels).tolist():
            lines.append((0, at_y, across, at_y) if rule.levels else (at_x, 0, at_x, down))
    notes = [
        Note(rule.text, x, y, COLOURS[rule.name])
        for rule, (x, y) in zip(cuts.rules, anchors, strict=True)
    ]
    write_notes(ax, notes, solids, lines, fontsize)
    add_halo(names)


def _name_curves(ax: Axes, curves: dict[float, Floats], fontsize: Any) -> list[Any]:
    """Name the highest curve above its first step, and the others below theirs."""
    ranked = sorted(curves, key=lambda temperature: -curves[temperature][0])
    names = []
    for number, (temperature, text) in enumerate(
        zip(ranked, temperature_texts(ranked), strict=True)
    ):
        above = number == 0
        name = ax.annotate(
            phrase("panel_title", temperature=text),
            (0.5, max(float(curves[temperature][0]), ax.get_ylim()[0])),
            (4, 3 if above else -3),
            textcoords="offset points",
            va="bottom" if above else "top",
            fontsize=fontsize,
            zorder=6,
        )
        name.set_gid("curve-name")
        names.append(name)
    return names
