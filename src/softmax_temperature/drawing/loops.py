"""Texts that go round in circles: what of them stood there before, at each temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from ..checks import as_count, as_temperatures
from ..model.language import LanguageModel
from ..model.texts import texts_of
from ..phrases import phrase
from ..sampling import temper
from ..words import in_text, temperature_texts
from .bars import OTHERS, in_percent_of, name_length, style_axes
from .colours import WORDS
from .stories import check_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# So many words in a row, the same as before in the same text, are no accident.
_RUN = 4
_STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SIZE = (7.8, 3.9)
# In inches: the text on the left, and the axes on the right with their margins.
_TEXT = (0.05, 0.15, 4.3, 3.35)
_AXES = (5.05, 0.6, 2.6, 2.75)
# In points: the size of its letters, the space between words, and from line to line.
_LETTERS, _SPACE, _LINE = 10, 3.2, 18.0
_AGAIN = "#ffd28a"


def loop_chart(
    model: LanguageModel,
    prompt: str = "",
    temperatures: ArrayLike = _STOPS,
    n: int = 12,
    *,
    length: int = 200,
) -> Figure:
    """Draw how much of its texts a model has written before in the same text.

    On the left stands the text of the lowest temperature. Each word that belongs to four in a row
    which stood in it before is marked. On the right stands, for each temperature, which share of
    the runs of four words did so: a dot is a text with dice of its own, the line their mean.

    Parameters
    ----------
    model : LanguageModel
        The model.
    prompt : str, default ""
        How all texts begin.
    temperatures : array_like, shape (n_temperatures,), optional
        By default 0 to 1 in steps of a quarter.
    n : int, default 12
        The number of texts at each temperature, by the dice 0 to n - 1.
    length : int, default 200
        The largest number of new tokens.

    Returns
    -------
    matplotlib Figure
        A pyplot figure.

    Raises
    ------
    TypeError, ValueError
        If `model` is no language model, or another argument is refused as by `LanguageModel.grow`.

    Examples
    --------
    >>> from softmax_temperature import load_story_model
    >>> figure = loop_chart(load_story_model(), "The dragon", [0, 1], n=2, length=60)
    >>> figure.axes[0].get_title(loc="left")
    'T = 0.00: marked is what stood there before'
    """
    import matplotlib.pyplot as plt

    check_model(model)
    count, columns = as_count(n, "n", 1), as_count(length, "length", 1)
    stops = as_temperatures(temperatures).astype(np.float64)
    ids = model.encode_prompt(prompt, columns)
    grown = texts_of(model, ids, stops, columns, range(count), temper)
    written = [[_words(model, [*ids, *text.tokens]) for text in row] for row in grown]
    shares = np.array([[repeated_share(words) for words in row] for row in written])
    figure = plt.figure(figsize=_SIZE)
    left, right = (
        figure.add_axes((x / _SIZE[0], y / _SIZE[1], width / _SIZE[0], height / _SIZE[1]))
        for x, y, width, height in (_TEXT, _AXES)
    )
    lowest = int(stops.argmin())
    _draw_text(left, written[0][lowest])
    title = phrase("panel_title", temperature=temperature_texts([stops[lowest]])[0])
    told = f"{title}: marked is what stood there before"
    left.set_title(told, loc="left", fontsize="small", parse_math=False)
    # Texts with the same share stand side by side, by their dice.
    aside = np.linspace(-0.04, 0.04, count) if count > 1 else np.zeros(1)
    for stop, column in zip(stops, shares.T, strict=True):
        right.plot(stop + aside, column, "o", color=OTHERS, markersize=3.5, alpha=0.7)
    order = np.argsort(stops)
    right.plot(stops[order], shares.mean(axis=0)[order], "o-", color=WORDS[0], linewidth=2)
    right.set(xlabel=phrase("temperature"), ylim=(-0.02, max(0.1, 1.1 * float(shares.max()))))
    in_percent_of(right.yaxis)
    name = f" after “{in_text(prompt)}”" if prompt else ""
    right.set_title(f"Runs of four that stood there before:\n{count} texts{name}")
    right.title.set(fontsize="small", parse_math=False)
    style_axes(right)
    return figure


def repeated_share(words: Sequence[str]) -> float:
    """Return which share of a text's runs of four words stood in it before.

    Examples
    --------
    >>> repeated_share("I can see you . I can see you .".split())
    0.2857142857142857
    """
    runs = _runs(words)
    return (len(runs) - len(set(runs))) / max(len(runs), 1)


def repeated_words(words: Sequence[str]) -> list[bool]:
    """Tell of each word whether it belongs to a run of four that stood there before.

    Examples
    --------
    >>> repeated_words("a b c d a b c d e".split())
    [False, False, False, False, True, True, True, True, False]
    """
    again, seen = [False] * len(words), set()
    for start, run in enumerate(_runs(words)):
        if run in seen:
            again[start : start + _RUN] = [True] * _RUN
        seen.add(run)
    return again


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]


def _words(model: LanguageModel, ids: Sequence[int]) -> list[str]:
    kept = ids[:-1] if ids[-1] == model.end else ids
    return model.decode(kept).split()


def _draw_text(ax: Axes, words: Sequence[str]) -> None:
    """Write words in lines, as many as there is room for, those that stood before marked."""
    width, height = (72 * inches for inches in _TEXT[2:])
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    x, y, before = 0.0, float(_LETTERS), False
    for word, is_again in zip(words, repeated_words(words), strict=True):
        length = 72 * name_length(word)
        if x + length > width:
            x, y, before = 0.0, y + _LINE, False
        if y > height:
            return
        if is_again:
            # Without a gap to the word before, if that is marked, too.
            start = x - _SPACE if before else x - 1
            mark = Rectangle((start, y - 1.05 * _LETTERS), x + length + 1 - start, 1.4 * _LETTERS)
            mark.set(facecolor=_AGAIN, edgecolor="none")
            ax.add_patch(mark)
        ax.text(x, y, word, fontsize=_LETTERS, va="baseline", parse_math=False)
        x, before = x + length + _SPACE, is_again
