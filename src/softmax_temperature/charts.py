"""Bar charts of next-token probabilities, and the sentence that says what they show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from .checks import as_temperature
from .core import TokenTable, entropy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation, Text

# Blue and vermilion of seaborn's palette "colorblind", and a grey that stays readable on white.
BAR, _TOP_BAR, _REFERENCE = "#0173b2", "#d55e00", "#767676"
WIDTH = 0.8
_UNIFORM: dict[str, Any] = {"color": _REFERENCE, "linestyle": ":", "linewidth": 1}
_LONGEST_LABEL = 24
_JOINER = re.compile(r"(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])")
_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥"}


def bar_chart(table: TokenTable, temperature: float = 1.0, *, ax: Axes | None = None) -> Axes:
    """Draw the probability of each token at one temperature as an annotated bar.

    The axis runs from 0 to 1 at every temperature. Grey outlines show the bars at temperature 1,
    a dotted line the uniform level 1/n.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperature : float, default 1.0
        As for `softmax`.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> ax = bar_chart(table, temperature=2.0, ax=Figure().subplots())
    >>> ax.get_title()
    'Softmax Probabilities at Temperature = 2.00'
    """
    check_table(table)
    temperature = as_temperature(temperature)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
    bars = _draw_bars(ax, table.probabilities(temperature))
    add_halo(finish_bars(ax, table, bars, bar_labels(table, temperature)))
    add_title_and_key(ax, title(temperature), len(bars))
    return ax


def temperature_panels(table: TokenTable, temperatures: ArrayLike) -> Figure:
    """Draw one small bar chart a temperature, side by side on the same axis.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperatures : array_like, shape (n_temperatures,)
        As for `softmax`.

    Returns
    -------
    matplotlib Figure
        A pyplot figure, 2.6 inches wide a panel.

    Examples
    --------
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> figure = temperature_panels(table, [0.1, 1.0, 2.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['T = 0.10', 'T = 1.00', 'T = 2.00']
    """
    import matplotlib.pyplot as plt

    check_table(table)
    rows = table.sweep(temperatures)
    figure, axes = plt.subplots(
        1,
        len(rows),
        figsize=(2.6 * len(rows), 3.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, stop, row in zip(axes[0], rows.index, rows.to_numpy(), strict=True):
        bars = _draw_bars(ax, row)
        labels = bar_labels(table, stop)
        add_halo(finish_bars(ax, table, bars, labels, fontsize="small"))
        ax.set_title(f"T = {temperature_text(stop)}", pad=1.8 * mpl.rcParams["font.size"])
        ax.label_outer()
    return figure


def describe(table: TokenTable, temperature: float = 1.0) -> str:
    r"""Say what the chart shows: the top token, its probability, and how open the choice is.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    temperature : float, default 1.0
        As for `softmax`.

    Returns
    -------
    str
        Two sentences, with the entropy in bits and the effective number of choices (perplexity).

    Examples
    --------
    >>> print(describe(TokenTable(["day", "problem"], [5.0, 3.0])).replace(". ", ".\n"))
    At temperature 1.00, “day” is the likeliest next token, with probability 0.88.
    Entropy: 0.53 bits, as open as an even choice among 1.44 tokens.
    """
    check_table(table)
    temperature = as_temperature(temperature)
    probabilities = table.probabilities(temperature)
    rivals = _possible(table, temperature).sum() > 1
    top = np.flatnonzero(probabilities == probabilities.max())
    label = _decimals(float(probabilities.max()), can_be_one=not rivals)
    names = token_labels([table.tokens[position] for position in top[:3]])
    if len(top) == 1:
        lead = f"“{names[0]}” is the likeliest next token, with probability {label}"
    elif len(top) == len(table.tokens):
        lead = f"all {len(top)} tokens are equally likely, with probability {label} each"
    else:
        listed = ", ".join(f"“{name}”" for name in names) + (", ..." if len(top) > 3 else "")
        lead = f"{len(top)} tokens share the lead, with probability {label} each: {listed}"
    bits = float(entropy(probabilities))
    return (
        f"At temperature {temperature_text(temperature)}, {lead}. "
        f"Entropy: {'<0.01' if rivals and bits < 0.005 else f'{bits:.2f}'} bits, "
        f"as open as an even choice among {2**bits:.2f} tokens."
    )


def check_table(table: Any) -> None:
    """Refuse anything that is not a TokenTable."""
    if not isinstance(table, TokenTable):
        raise TypeError(
            f"table must be a TokenTable, got {type(table).__name__}: "
            "make one with TokenTable(tokens, logits)"
        )


def title(temperature: float) -> str:
    """Return the title of a chart at a temperature."""
    return f"Softmax Probabilities at Temperature = {temperature_text(temperature)}"


def temperature_text(temperature: float) -> str:
    """Return a temperature with two decimals, or with as many more as it needs."""
    if temperature == np.inf:
        return "∞"
    rounded = round(temperature, 2)
    if abs(temperature - rounded) <= 1e-12 * temperature:
        return f"{temperature:.2f}" if temperature < 1e6 else f"{temperature:g}"
    return f"{temperature:.6g}"


def bar_labels(table: TokenTable, temperature: float) -> list[str]:
    """Return the label of each bar, in which only 0 is 0.00 and only 1 is 1.00.

    At any temperature but 0, an unmasked token has a probability above 0, also where the nearest
    float is 0, and one that has a rival a probability below 1.
    """
    possible = _possible(table, temperature)
    rivals = possible.sum() > 1
    return [
        _decimals(p, can_be_zero=not may, can_be_one=not rivals)
        for p, may in zip(table.probabilities(temperature).tolist(), possible, strict=True)
    ]


def token_labels(tokens: Sequence[str], glyphs: Set[int] | None = None) -> list[str]:
    r"""Return a label for each token that shows white space and keeps different tokens different.

    A space becomes ·, a newline ↵, a tab ⇥; other invisible characters, and those that are not
    among the `glyphs` (code points), an escape such as ``\x00``. Long tokens lose their middle.
    Where two labels would be the same, the position is added.

    Examples
    --------
    >>> token_labels([" planet", "\n", "·planet", "planet", ""])
    ['·planet #0', '↵', '·planet #2', 'planet', '(empty)']
    """
    labels = [_visible(token, glyphs) for token in tokens]
    counts = Counter(labels)
    return [
        f"{label} #{position}" if counts[label] > 1 else label
        for position, label in enumerate(labels)
    ]


def finish_bars(
    ax: Axes,
    table: TokenTable,
    bars: Sequence[Rectangle],
    labels: Sequence[str],
    fontsize: str = "medium",
) -> list[Annotation]:
    """Add labels, outlines at T = 1, the uniform level and names to bars, and return the labels."""
    positions = np.arange(len(bars))
    texts: list[Annotation] = []
    for position, bar, label in zip(positions, bars, labels, strict=True):
        if table.logits[position] == table.logits.max():
            bar.set_facecolor(_TOP_BAR)
        texts.append(
            ax.annotate(
                label,
                (position, bar.get_height()),
                (0, 3),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=fontsize,
            )
        )
    for position, height in zip(positions, table.probabilities(1.0), strict=True):
        ax.add_patch(_outline(position - WIDTH / 2, height))
    ax.axhline(1 / len(bars), **_UNIFORM)
    ax.set(ylim=(0, 1), xlabel="Token", ylabel="Probability")
    name_bars(ax, token_labels(table.tokens, _glyphs()))
    return texts


def name_bars(ax: Axes, names: Sequence[str]) -> None:
    """Put names below the bars."""
    ax.set_xticks(
        range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor", parse_math=False
    )


def add_title_and_key(ax: Axes, text: str, n_tokens: int) -> Text:
    """Put title and key above the Axes, clear of the label of a bar at 1, and return the title."""
    ax.legend(
        [_outline(0, 1), Line2D([], [], **_UNIFORM)],
        ["outline: T = 1", f"dotted: uniform, 1/{n_tokens}"],
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=2.1,
        ncols=2,
        frameon=False,
        fontsize="small",
    )
    return ax.set_title(text, pad=4.2 * mpl.rcParams["font.size"])


def add_halo(labels: Sequence[Text]) -> None:
    """Keep labels readable where they cross an outline or the uniform level."""
    for label in labels:
        background = to_hex(label.axes.get_facecolor()) if label.axes else "white"
        label.set_path_effects([withStroke(linewidth=3, foreground=background)])


def _draw_bars(ax: Axes, heights: ArrayLike) -> list[Rectangle]:
    # Imported here, since the explorer does without it and starts sooner.
    import seaborn as sns

    first = len(ax.patches)
    positions = np.arange(np.size(heights))
    sns.barplot(x=positions, y=heights, color=BAR, saturation=1, width=WIDTH, linewidth=0, ax=ax)
    return [bar for bar in ax.patches[first:] if isinstance(bar, Rectangle)]


def _outline(left: float, height: float) -> Rectangle:
    return Rectangle((left, 0), WIDTH, height, fill=False, edgecolor=_REFERENCE)


def _possible(table: TokenTable, temperature: float) -> NDArray[np.bool_]:
    """Return which tokens have a probability above 0 in exact arithmetic."""
    lowest = table.logits.max() if temperature == 0 else np.finfo(table.logits.dtype).min
    return table.logits >= lowest


def _glyphs() -> set[int]:
    """Return the code points that the fonts of the user's settings can draw."""
    families = mpl.rcParams["font.family"]
    fonts = {font_manager.findfont(FontProperties(family=[family])) for family in families}
    return set().union(*map(_charmap, fonts))


@lru_cache
def _charmap(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())


def _decimals(value: float, *, can_be_zero: bool = False, can_be_one: bool = False) -> str:
    text = f"{value:.2f}"
    if text == "0.00" and not can_be_zero:
        return "<0.01"
    if text == "1.00" and not can_be_one:
        return ">0.99"
    return text


def _visible(token: str, glyphs: Set[int] | None) -> str:
    def sign(match: re.Match[str]) -> str:
        character = match[0]
        if character in _SIGNS:
            return _SIGNS[character]
        # Joiners between other characters than ASCII shape them, as in many emoji.
        visible = character.isprintable() or _JOINER.match(token, match.start())
        if visible and (glyphs is None or ord(character) in glyphs):
            return character
        return character.encode("unicode_escape").decode()

    label = re.sub("(?s:.)", sign, token)
    if len(label) > _LONGEST_LABEL:
        label = f"{label[: _LONGEST_LABEL - 9]}…{label[-8:]}"
    return label or "(empty)"
