"""Softmax as physics draws it: odds against 1/T, how fast choices open, and what cools slowly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..checks import Floats, short
from ..core import TokenTable, check_table, likeliest, perplexity, softmax
from ..heat import heat_capacity
from ..words import in_text, token_labels
from .bars import REFERENCE, as_axes, glyphs, style_axes
from .colours import WORDS, colour_of, line_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More lines would have no room for their names.
_MOST_LINES = 10
_STOPS = (2, 1, 0.5, 1 / 3, 0.25)
_HEATS = np.linspace(0.3, 3, 55)
# A hilly line of places, the deepest of which is not the one that most ways lead down to.
_PLACES = np.linspace(0, 1, 21)
VALLEYS: Floats = 20 * (_PLACES - 0.7) ** 2 + 1.2 * np.cos(10 * np.pi * _PLACES)
_HOT, _COLD = 4.0, 0.05
_PACES = (10, 100, 1000, 10_000)


def odds_chart(table: TokenTable, *, ax: Axes | None = None) -> Axes:
    r"""Draw the odds of each token against the likeliest as a line over 1/T.

    The axis of odds is logarithmic, and every line is straight: it begins at even odds, where T is
    infinite, and falls as steeply as the token's energy above the likeliest, its gap, is large.

    Parameters
    ----------
    table : TokenTable
        Up to 10 tokens.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is no TokenTable, or has more tokens.

    Notes
    -----
    :math:`\ln (p_i / p_j) = (x_i - x_j) / T`: what else there is to choose plays no part.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = odds_chart(table, ax=Figure().subplots())
    >>> float(ax.lines[1].get_ydata()[-1].round(6))
    0.000335
    """
    check_table(table)
    if len(table.tokens) > _MOST_LINES:
        raise ValueError(
            f"a chart of odds has room for {_MOST_LINES} tokens, got {len(table.tokens):,}: "
            "use a TokenTable of the likeliest"
        )
    ax = as_axes(ax)
    logits = table.logits.astype(np.float64)
    order = [token for token in likeliest(logits, len(logits)) if logits[token] > -np.inf]
    names = token_labels([table.tokens[token] for token in order], glyphs(), longest=12)
    ends = np.array([0, 1 / _STOPS[-1]])
    for rank, (token, name) in enumerate(zip(order, names, strict=True)):
        odds = np.exp((logits[token] - logits[order[0]]) * ends)
        colour = line_of(colour_of(rank))
        ax.plot(ends, odds, color=colour, linewidth=2)
        note: Any = {"textcoords": "offset points", "va": "center", "color": colour}
        ax.annotate(name, (ends[1], odds[1]), (6, 0), **note, parse_math=False)
    ax.set(yscale="log", xlim=(0, ends[1]), ylabel="Probability ÷ that of the likeliest")
    ax.set_xlabel("1/T: from hot to cold")
    ax.set_xticks(
        [0, *(1 / stop for stop in _STOPS)],
        ["T = ∞", *(f"T = {name}" for name in ("2", "1", "½", "⅓", "¼"))],
    )
    ax.grid(axis="x", color="#dddddd")
    style_axes(ax)
    return ax


def heat_chart(tables: Sequence[TokenTable]) -> Figure:
    """Draw how open choices are at each temperature, and beside it how fast they open.

    On the left are the effective choices, on a logarithmic axis: `perplexity`. On the right is
    `heat_capacity`, by how many percent they grow for each percent of temperature; a dot marks
    where it is largest.

    Parameters
    ----------
    tables : sequence of TokenTable
        One to four of them, named by the ends of their prompts.

    Returns
    -------
    matplotlib Figure
        A pyplot figure with two panels.

    Raises
    ------
    TypeError, ValueError
        If `tables` are no such sequence.

    Examples
    --------
    >>> figure = heat_chart([TokenTable(["day", "problem"], [5.0, 3.0], "a fine")])
    >>> [ax.get_title() for ax in figure.axes]
    ['Effective choices', 'Percent more of them for each percent of T']
    """
    import matplotlib.pyplot as plt

    if not isinstance(tables, Sequence) or not 1 <= len(tables) <= 4:
        raise ValueError(f"tables must be one to four TokenTables, got {short(tables)}")
    for table in tables:
        check_table(table)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    for rank, table in enumerate(tables):
        logits, colour = table.logits.astype(np.float64), line_of(WORDS[rank])
        choices = [float(perplexity(softmax(logits, stop))) for stop in _HEATS.tolist()]
        speeds = [heat_capacity(logits, stop) for stop in _HEATS.tolist()]
        name = " ".join(["…", *in_text(" ".join(table.prompt.split()[-3:])).split()])
        left.plot(_HEATS, choices, color=colour, label=name)
        right.plot(_HEATS, speeds, color=colour)
        top = hottest(logits)
        key = f"most at T = {top:.2f}"
        right.plot(top, heat_capacity(logits, top), "o", color=colour, label=key)
    left.set(yscale="log", title="Effective choices")
    right.set(title="Percent more of them for each percent of T", ylim=(0, None))
    left.legend(frameon=False, loc="lower right")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.set_xlabel("Temperature")
        ax.grid(axis="x", color="#dddddd")
        style_axes(ax)
    return figure


def hottest(logits: Floats) -> float:
    """Return where the heat capacity is largest between 0.3 and 3, to two decimals.

    Examples
    --------
    >>> hottest(np.array([5.0, 2.2, 2.0, 4.5, 3.0, 2.7]))
    0.8
    """
    top: float = max(_HEATS.tolist(), key=partial(heat_capacity, logits))
    near = [round(top + step / 100, 2) for step in range(-5, 6)]
    return max(near, key=partial(heat_capacity, logits))


def anneal(energies: Floats, temperatures: Floats) -> Floats:
    r"""Return where a walker is that has taken a step at each of these temperatures.

    It begins at any place alike. Each step tries one neighbour, on the left or on the right, and
    goes there always if the energy is lower, and otherwise with the probability
    :math:`e^{-\Delta E / T}` (N. Metropolis and others, 1953). At one temperature for ever, it is
    in the end at each place as often as the softmax of minus the energies says.

    Parameters
    ----------
    energies : ndarray, shape (n_places,)
        In a row.
    temperatures : ndarray, shape (n_steps,)
        Each above 0.

    Returns
    -------
    ndarray, shape (n_places,)
        The probability of each place.

    Examples
    --------
    >>> anneal(np.array([0.0, 1.0]), np.full(100, 1.0)).round(4)
    array([0.7311, 0.2689])
    """
    rises = np.diff(energies)
    there = np.full(len(energies), 1 / len(energies))
    for temperature in temperatures.tolist():
        right = there[:-1] * np.exp(-rises.clip(min=0) / temperature) / 2
        left = there[1:] * np.exp(-(-rises).clip(min=0) / temperature) / 2
        there[:-1] += left - right
        there[1:] += right - left
    return there


def annealing_chart() -> Figure:
    """Draw hills and valleys, and where a walker ends that cools in few steps or in many.

    The walker takes steps at temperatures that fall from 4 to 0.05 by the same factor each time.
    Nothing is drawn by lot: `anneal` has the probabilities.

    Returns
    -------
    matplotlib Figure
        A pyplot figure with two panels.

    Examples
    --------
    >>> [ax.get_title() for ax in annealing_chart().axes]
    ['Energy of each place', 'Chance to end in the deepest valley']
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
    left.plot(VALLEYS, color=REFERENCE)
    inside = deepest_valley(VALLEYS)
    left.plot(inside, VALLEYS[inside], color=line_of(WORDS[0]), linewidth=4)
    left.set(title="Energy of each place", xlabel="Place")
    left.set_xticks(range(0, len(VALLEYS), 5), range(1, len(VALLEYS) + 1, 5))
    chances = [
        float(anneal(VALLEYS, np.geomspace(_HOT, _COLD, count))[inside].sum()) for count in _PACES
    ]
    right.bar([f"{count:,}" for count in _PACES], chances, color=line_of(WORDS[0]), width=0.6)
    right.bar_label(right.containers[0], fmt="%.2f")
    right.set(title="Chance to end in the deepest valley", ylim=(0, 1))
    right.set_xlabel("Steps of cooling from T = 4 to T = 0.05")
    for ax in (left, right):
        style_axes(ax)
    return figure


def deepest_valley(energies: Floats) -> NDArray[np.intp]:
    """Return the places from which every way down ends at the lowest.

    Examples
    --------
    >>> deepest_valley(np.array([3.0, 1.0, 2.0, 0.0, 4.0]))
    array([2, 3, 4])
    """
    first = last = int(np.argmin(energies))
    while first > 0 and energies[first - 1] > energies[first]:
        first -= 1
    while last + 1 < len(energies) and energies[last + 1] > energies[last]:
        last += 1
    return np.arange(first, last + 1)
