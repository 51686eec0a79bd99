"""Score and luck: why a draw is this word, and at which temperature another one overtakes it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes

from ..checks import Floats, as_count, as_temperature
from ..core import TokenTable, check_table, likeliest
from ..draws import handovers
from ..phrases import phrase, rounded
from ..sampling import temper
from ..words import temperature_texts, token_labels, which_word
from .bars import OTHERS, as_axes, glyphs, style_axes
from .colours import WORDS

# So many of the likeliest have a row, beside all that ever are the word, and so many at most.
_LIKELIEST, _MOST = 6, 10
# Who becomes the word only beyond this temperature needs no row.
_FURTHEST = 2
# The least score on the axis.
_LOW = -8.0
# The longest line of a sentence below it.
_LINE = 80


def luck_chart(
    table: TokenTable, temperature: float = 1.0, *, seed: int = 0, ax: Axes | None = None
) -> Axes:
    r"""Draw each token's score with its luck at the end, of which the largest sum is the word.

    The score is the logit, counted from the largest and divided by the temperature. The luck is a
    number from the standard Gumbel distribution, the same at every temperature: heat makes scores
    more alike, so that luck counts for more. It is how `LanguageModel.write` draws: of
    ``model.table(prompt)`` this is the first token that it writes with the same seed.

    Parameters
    ----------
    table : TokenTable
        Any number of tokens: the likeliest have a row, and those that are the word at some
        temperature.
    temperature : float, default 1.0
        From 0 to infinity.
    seed : int, default 0
        Of the dice.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is no TokenTable, or `temperature` or `seed` is no such number.

    Notes
    -----
    With independent :math:`g_i = -\ln(-\ln u_i)`, the token :math:`\operatorname{argmax}_i
    (x_i / T + g_i)` is a draw from the softmax at T. Token i overtakes j at
    :math:`T^* = (x_i - x_j) / (g_j - g_i)`.

    References
    ----------
    .. [1] C. J. Maddison, D. Tarlow and T. Minka, "A* sampling", 2014, section 2.
       arXiv:1411.0030

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "space", "problem"], [5.0, 2.2, 3.0])
    >>> ax = luck_chart(table, 2, seed=4, ax=Figure().subplots())
    >>> ax.get_title()
    'T = 2.00: score + luck'
    """
    check_table(table)
    temperature, ax = as_temperature(temperature), as_axes(ax)
    logits = table.logits.astype(np.float64)
    luck = np.random.default_rng(as_count(seed, "seed", 0)).gumbel(size=len(logits))
    scores = temper(logits, temperature)
    sums = scores + luck
    chosen, ways = int(sums.argmax()), handovers(logits, luck)
    rows = rows_of(logits, [chosen, *(token for token, start in ways if start <= _FURTHEST)])
    known = glyphs()
    names = token_labels([table.tokens[token] for token in rows], known, longest=14)
    high = max(2.0, luck[rows].max(), sums[rows].max()) + 0.5
    for line, token in enumerate(rows):
        score, total = scores[token], sums[token]
        colour = WORDS[1] if token == chosen else OTHERS
        ax.barh(line, max(score, _LOW) - _LOW, 0.5, _LOW, color=colour, alpha=0.45)
        if max(score, total) > _LOW:
            way = {"arrowstyle": "-|>", "color": WORDS[0], "linewidth": 1.8}
            way |= {"shrinkA": 0, "shrinkB": 0}
            tip, tail = (max(total, _LOW), line), (max(score, _LOW), line)
            ax.annotate("", tip, tail, arrowprops=way)
        text = "−∞" if total == -np.inf else rounded(float(total), 1).replace("-", "−")
        ax.text(1.01, line, text, transform=ax.get_yaxis_transform(), va="center", fontsize="small")
    ax.axvline(sums[chosen], color="black", linestyle="--", linewidth=1)
    ax.set_yticks(range(len(rows)), names, parse_math=False)
    ax.get_yticklabels()[rows.index(chosen)].set_fontweight("bold")
    ways_names = token_labels([table.tokens[token] for token, _ in ways], known, longest=14)
    told = fill(which_word(ways_names, [start for _, start in ways]), _LINE)
    ax.set_xlabel(f"{phrase('luck_axis')}\n{told}", parse_math=False)
    ax.set(xlim=(_LOW, high), ylim=(len(rows) - 0.5, -0.5))
    ax.set_title(phrase("luck_title", temperature=temperature_texts([temperature])[0]))
    style_axes(ax)
    return ax


def rows_of(logits: Floats, words: Sequence[int]) -> list[int]:
    """Return the tokens that have a row, in order of likelihood: all that ever are the word, too.

    Examples
    --------
    >>> rows_of(np.array([3.0, 2, 1, 0, -1, -2, -3, -4]), [7, 0])
    [0, 1, 2, 3, 4, 5, 7]
    """
    order = [int(token) for token in likeliest(logits, len(logits)) if np.isfinite(logits[token])]
    kept = set(words[:_MOST])
    for token in order[:_LIKELIEST]:
        if len(kept) < _MOST:
            kept.add(token)
    return [token for token in order if token in kept]
