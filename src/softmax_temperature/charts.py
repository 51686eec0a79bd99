"""Bar charts of next-token probabilities, and the sentence that says what they show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import bidirectional, east_asian_width

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from .checks import Floats, as_temperature, as_temperatures, as_top
from .core import TokenTable, entropy, likeliest, name_of_others, shares

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Annotation, Text

# Blue and vermilion of seaborn's palette "colorblind", and a grey that stays readable on white.
BAR, _TOP_BAR, REFERENCE = "#0173b2", "#d55e00", "#767676"
_OTHERS: dict[str, Any] = {"facecolor": "#949494", "edgecolor": "white", "hatch": "///"}
WIDTH = 0.8
TITLE = "Softmax Probabilities at Temperature = "
_MOST_BARS = 100
_UNIFORM: dict[str, Any] = {"color": REFERENCE, "linestyle": ":", "linewidth": 1}
_JOINER = re.compile(r"(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])")
_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥"}


def bar_chart(
    table: TokenTable,
    temperature: float = 1.0,
    *,
    top: int | None = None,
    orient: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of each token at one temperature as an annotated bar.

    The axis runs from 0 to 1 at every temperature. Grey outlines show the bars at temperature 1,
    a dotted line the uniform level 1/n where all tokens are drawn. Tables of more than 100 tokens
    are labelled in percent, since most of their probabilities are below 0.01.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperature : float, default 1.0
        As for `softmax`.
    top : int, optional
        Draw this many tokens, the likeliest first and tied ones in their order, and all others
        together as one hatched bar. A table of more than 100 tokens needs it.
    orient : {"v", "h"}, optional
        Upright or lying bars; by default upright, but lying where tokens are left out, names are
        long, or there are too many bars for their labels.
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
    bars = Bars(table, top, orient)
    temperature = as_temperature(temperature)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be one matplotlib Axes, got {type(ax).__name__}")
    (row,) = bars.shares([temperature])
    add_halo(finish_bars(ax, bars, _draw_bars(ax, row, bars.orient), bars.labels(temperature, row)))
    add_title_and_key(ax, bars, title(temperature))
    return ax


def temperature_panels(
    table: TokenTable,
    temperatures: ArrayLike,
    *,
    top: int | None = None,
    orient: str | None = None,
) -> Figure:
    """Draw one small bar chart a temperature, side by side on the same axis.

    Parameters
    ----------
    table : TokenTable
        The tokens, drawn in their order.
    temperatures : array_like, shape (n_temperatures,)
        As for `softmax`.
    top, orient
        As for `bar_chart`.

    Returns
    -------
    matplotlib Figure
        A pyplot figure, 2.6 inches wide a panel, with lying bars higher the more there are.

    Examples
    --------
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> figure = temperature_panels(table, [0.1, 1.0, 2.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['T = 0.10', 'T = 1.00', 'T = 2.00']
    """
    import matplotlib.pyplot as plt

    bars = Bars(table, top, orient, narrow=True)
    stops = as_temperatures(temperatures).tolist()
    upright = bars.orient == "v"
    figure, axes = plt.subplots(
        1,
        len(stops),
        figsize=(2.6 * len(stops), 3.4 if upright else bars.size[1]),
        sharex=not upright,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, stop, row in zip(axes[0], stops, bars.shares(stops), strict=True):
        patches = _draw_bars(ax, row, bars.orient)
        add_halo(finish_bars(ax, bars, patches, bars.labels(stop, row), fontsize="small"))
        ax.set_title(f"T = {temperature_text(stop)}", pad=bars.room * mpl.rcParams["font.size"])
        ax.label_outer()
        if not upright:
            ax.set_xlabel("")
    if not upright:
        figure.supxlabel(bars.kind, fontsize="medium")
    return figure


def describe(table: TokenTable, temperature: float = 1.0) -> str:
    """Say what the chart shows: the top token, its probability, and how open the choice is.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    temperature : float, default 1.0
        As for `softmax`.

    Returns
    -------
    str
        Two sentences, a line each, with the entropy in bits and the effective number of choices
        (perplexity). Where a table has an `unseen_mass`, two more say what that means.

    Examples
    --------
    >>> print(describe(TokenTable(["day", "problem"], [5.0, 3.0])))
    At temperature 1.00, “day” is the likeliest next token, with probability 0.88.
    Entropy: 0.53 bits, as open as an even choice among 1.44 tokens.
    """
    check_table(table)
    temperature = as_temperature(temperature)
    probabilities = table.probabilities(temperature)
    rivals = _possible(table, temperature).sum() > 1
    top = np.flatnonzero(probabilities == probabilities.max())
    percent = len(table.tokens) > _MOST_BARS
    label = _decimals(float(probabilities.max()), percent=percent, can_be_one=not rivals)
    names = [_isolate(name) for name in token_labels([table.tokens[i] for i in top[:3]])]
    if len(top) == 1:
        lead = f"“{names[0]}” is the likeliest next token, with probability {label}"
    elif len(top) == len(table.tokens):
        lead = f"all {len(top):,} tokens are equally likely, with probability {label} each"
    else:
        listed = ", ".join(f"“{name}”" for name in names) + (", ..." if len(top) > 3 else "")
        lead = f"{len(top):,} tokens share the lead, with probability {label} each: {listed}"
    bits = float(entropy(probabilities))
    sentences = (
        f"At temperature {temperature_text(temperature)}, {lead}.\n"
        f"Entropy: {'<0.01' if rivals and bits < 0.005 else f'{bits:.2f}'} bits, "
        f"as open as an even choice among {2**bits:,.2f} tokens."
    )
    if table.unseen_mass:
        count = len(table.tokens)
        listed = f"{count:,} listed tokens" if count > 1 else "one listed token"
        sentences += (
            f"\nAll this is among the {listed} only: at temperature 1, "
            f"others have {_decimals(table.unseen_mass, percent=True)} of the probability.\n"
            "What they have at other temperatures depends on how many they are, which is unknown."
        )
    return sentences


class Bars:
    """Know what a chart of a table shows: all tokens, or the likeliest and all others together."""

    def __init__(
        self,
        table: TokenTable,
        top: int | None = None,
        orient: str | None = None,
        narrow: bool = False,
    ) -> None:
        check_table(table)
        self.table = table
        self._shown = likeliest(table.logits, as_top(top))
        self.n_others = len(table.tokens) - len(self._shown)
        self.count = len(self._shown) + bool(self.n_others)
        if len(self._shown) > _MOST_BARS:
            raise ValueError(
                f"a chart has room for {_MOST_BARS} tokens, got {len(self._shown):,}: use top=20 "
                "for the 20 likeliest and one bar for all others"
            )
        # A narrow chart is for telephones and panels.
        self.narrow = narrow
        self.percent = len(table.tokens) > _MOST_BARS
        most_upright = (6 if narrow else 12) - (3 if self.percent else 0)
        if orient is not None and not (isinstance(orient, str) and orient in ("v", "h")):
            raise ValueError(f"orient must be 'v' or 'h', got {orient!r}: leave it out to choose")
        if orient == "v" and self.count > most_upright:
            raise ValueError(
                f"orient must be 'h' for so many bars, got 'v' for {self.count}: upright ones have "
                f"room for the labels of {most_upright}"
            )
        wordy = any(_columns(name) > 16 for name in self.names())
        lying = self.n_others > 0 or self.count > most_upright or wordy
        self.orient = orient or ("h" if lying else "v")
        self.kind = "Probability" + (" among the listed tokens" if table.unseen_mass else "")
        # Uniform over the tokens that are not masked, which is the limit of high temperatures.
        self.uniform = int(np.isfinite(table.logits).sum())
        # The size of a figure in inches, and the room above the axis for the label of a full bar,
        # in heights of the font.
        self.size = (3.6 if narrow else 7.6, 4.4 if self.orient == "v" else 1.3 + 0.24 * self.count)
        self.room = 1.8 if self.orient == "v" else 0.6

    def shares(self, temperatures: Sequence[float]) -> Floats:
        """Return the length of each bar, a row a temperature."""
        return shares(self.table.logits, temperatures, self._shown)

    def names(self, glyphs: Set[int] | None = None) -> list[str]:
        """Return the name of each bar."""
        tokens = [self.table.tokens[position] for position in self._shown]
        names = token_labels(tokens, glyphs, longest=14 if self.narrow else 24)
        if self.n_others:
            name = name_of_others(self.table, self.n_others)
            names.append(name.replace("other ", "other\n") if self.narrow else name)
        return names

    def leads(self) -> NDArray[np.bool_]:
        """Return which bars are those of the likeliest tokens."""
        leads: NDArray[np.bool_] = self.table.logits[self._shown] == self.table.logits.max()
        return leads

    def labels(self, temperature: float, row: Floats) -> list[str]:
        """Return the label of each bar, in which only 0 is 0.00 and only 1 is 1.00.

        At any temperature but 0, an unmasked token has a probability above 0, also where the
        nearest float is 0, and one that has a rival a probability below 1.
        """
        possible = _possible(self.table, temperature)
        bars = possible[self._shown].tolist()
        if self.n_others:
            bars.append(bool(np.delete(possible, self._shown).any()))
        rivals = sum(bars) > 1
        return [
            _decimals(p, percent=self.percent, can_be_zero=not may, can_be_one=not rivals)
            for p, may in zip(row.tolist(), bars, strict=True)
        ]


def check_table(table: Any) -> None:
    """Refuse anything that is not a TokenTable."""
    if not isinstance(table, TokenTable):
        raise TypeError(
            f"table must be a TokenTable, got {type(table).__name__}: "
            "make one with TokenTable(tokens, logits)"
        )


def title(temperature: float) -> str:
    """Return the title of a chart at a temperature."""
    return TITLE + temperature_text(temperature)


def temperature_text(temperature: float) -> str:
    """Return a temperature with two decimals, or with as many more as it needs."""
    if temperature == np.inf:
        return "∞"
    rounded = round(temperature, 2)
    if abs(temperature - rounded) <= 1e-12 * temperature:
        return f"{temperature:.2f}" if temperature < 1e6 else f"{temperature:g}"
    return f"{temperature:.6g}"


def token_labels(
    tokens: Sequence[str], glyphs: Set[int] | None = None, longest: int = 24
) -> list[str]:
    r"""Return a label for each token that shows white space and keeps different tokens different.

    A space becomes ·, a newline ↵, a tab ⇥; other invisible characters, and those that are not
    among the `glyphs` (code points), an escape such as ``\x00``. Labels that take more
    than `longest` columns lose their middle.
    Where two labels would be the same, the position is added.

    Examples
    --------
    >>> token_labels([" planet", "\n", "·planet", "planet", ""])
    ['·planet #0', '↵', '·planet #2', 'planet', '(empty)']
    """
    labels = [_visible(token, glyphs, longest) for token in tokens]
    counts = Counter(labels)
    return [
        f"{label} #{position}" if counts[label] > 1 else label
        for position, label in enumerate(labels)
    ]


def finish_bars(
    ax: Axes,
    bars: Bars,
    patches: Sequence[Rectangle],
    labels: Sequence[str],
    fontsize: str = "medium",
) -> list[Annotation]:
    """Add labels, outlines at T = 1, the uniform level and names to bars, and return the labels."""
    upright = bars.orient == "v"
    for patch, leads in zip(patches, bars.leads(), strict=False):
        if leads:
            patch.set_facecolor(_TOP_BAR)
    if bars.n_others:
        patches[-1].set(**_OTHERS)
    texts: list[Annotation] = []
    for position, (patch, label) in enumerate(zip(patches, labels, strict=True)):
        end = (position, patch.get_height()) if upright else (patch.get_width(), position)
        texts.append(
            ax.annotate(
                label,
                end,
                (0, 3) if upright else (3, 0),
                textcoords="offset points",
                ha="center" if upright else "left",
                va="bottom" if upright else "center_baseline",
                fontsize=fontsize,
            )
        )
    for position, share in enumerate(bars.shares([1.0])[0]):
        side = position - WIDTH / 2
        ax.add_patch(_outline(*((side, 0, WIDTH, share) if upright else (0, side, share, WIDTH))))
    if not bars.n_others:
        (ax.axhline if upright else ax.axvline)(1 / bars.uniform, **_UNIFORM)
    ends = (-0.6, bars.count - 0.4)
    if upright:
        ax.set(ylim=(0, 1), xlim=ends, xlabel="Token", ylabel=bars.kind)
    else:
        ax.set(xlim=(0, 1), ylim=ends[::-1], xlabel=bars.kind, ylabel="")
    if bars.percent:
        (ax.yaxis if upright else ax.xaxis).set_major_formatter(PercentFormatter(1, 0, " %"))
    name_bars(ax, bars, bars.names(_glyphs()))
    return texts


def name_bars(ax: Axes, bars: Bars, names: Sequence[str]) -> None:
    """Put names beside the bars."""
    if bars.orient == "v":
        slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(names)), names, parse_math=False, **slanted)
    else:
        ax.set_yticks(range(len(names)), names, parse_math=False)


def add_title_and_key(ax: Axes, bars: Bars, text: str) -> tuple[Text, Legend]:
    """Put title and key above the Axes, clear of the label of a bar at 1, and return the two."""
    signs: list[Any] = [_outline(0, 0, 1, 1)]
    names = ["outline: T = 1"]
    if not bars.n_others:
        signs.append(Line2D([], [], **_UNIFORM))
        names.append(f"dotted: uniform, 1/{bars.uniform}")
    key = ax.legend(
        signs,
        names,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=bars.room + 0.3,
        ncols=2,
        frameon=False,
        fontsize="small",
    )
    size = "medium" if bars.narrow else None
    pad = (bars.room + 2.4) * mpl.rcParams["font.size"]
    return ax.set_title(text, pad=pad, fontsize=size), key


def add_halo(labels: Sequence[Text]) -> None:
    """Keep labels readable where they cross an outline or the uniform level."""
    for label in labels:
        background = to_hex(label.axes.get_facecolor()) if label.axes else "white"
        label.set_path_effects([withStroke(linewidth=3, foreground=background)])


def _draw_bars(ax: Axes, lengths: ArrayLike, orient: str) -> list[Rectangle]:
    # Imported here, since the explorer does without it and starts sooner.
    import seaborn as sns

    first = len(ax.patches)
    across, along = "xy" if orient == "v" else "yx"
    data = {across: np.arange(np.size(lengths)), along: lengths}
    sns.barplot(**data, color=BAR, saturation=1, width=WIDTH, linewidth=0, orient=orient, ax=ax)
    return [patch for patch in ax.patches[first:] if isinstance(patch, Rectangle)]


def _outline(left: float, bottom: float, width: float, height: float) -> Rectangle:
    return Rectangle((left, bottom), width, height, fill=False, edgecolor=REFERENCE)


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


def _decimals(
    value: float, *, percent: bool = False, can_be_zero: bool = False, can_be_one: bool = False
) -> str:
    text, unit = (f"{100 * value:.2f}", " %") if percent else (f"{value:.2f}", "")
    if text == "0.00" and not can_be_zero:
        return f"<0.01{unit}"
    if text in ("1.00", "100.00") and value > 0.5 and not can_be_one:
        return f">99.99{unit}" if percent else ">0.99"
    return text + unit


def _visible(token: str, glyphs: Set[int] | None, longest: int) -> str:
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
    if _columns(label) > longest:
        end = longest // 3
        label = f"{_cut(label, longest - end - 1)}…{_cut(label[::-1], end)[::-1]}"
    return label or "(empty)"


def _columns(text: str) -> int:
    """Count the columns that a text takes: Chinese characters and emoji take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _cut(text: str, columns: int) -> str:
    while _columns(text) > columns:
        text = text[:-1]
    return text


def _isolate(name: str) -> str:
    """Keep a name that is written from right to left from changing the order of a sentence."""
    if any(bidirectional(character) in ("R", "AL", "AN") for character in name):
        return f"\u2068{name}\u2069"
    return name
