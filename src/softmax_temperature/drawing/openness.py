"""How open each choice of a text was, token by token."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from ..model.scoring import Openness
from ..phrases import phrase, rounded
from ..words import in_text, token_labels
from .bars import as_axes, glyphs, style_axes
from .colours import WORDS

# Room above the highest bar for its number, as a factor.
_ROOM = 2.5
# A short text leaves the room of a longer one empty: its bars are no wider.
_PLACES = 12


def openness_chart(along: Openness, *, ax: Axes | None = None) -> Axes:
    """Draw how open the choice was from which each token of a text came, at temperature 1.

    A bar stands over each token, on a logarithmic axis: its height is the number of equally likely
    tokens that would leave the choice as open (the perplexity). Where next to nothing was open the
    bar ends at 1, and a token before which nothing stands has none.

    Parameters
    ----------
    along : Openness
        What `LanguageModel.openness` or `load_openness` gives.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError
        If `along` is no Openness.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_story_model
    >>> along = load_story_model().openness(" and the dog", "The cat")
    >>> ax = openness_chart(along, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['11', '10', '22', '1.5']
    """
    if not isinstance(along, Openness):
        raise TypeError(
            f"along must be an Openness, got {type(along).__name__}: make one with "
            "model.openness(text)"
        )
    ax = as_axes(ax)
    choices = np.array(along.choices)
    places = np.arange(len(choices))
    known = np.isfinite(choices)
    # From 1 upwards: that is where nothing is open.
    ax.bar(places[known], choices[known] - 1, 0.75, 1, color=WORDS[1])
    for place, count in zip(places[known].tolist(), choices[known].tolist(), strict=True):
        text = rounded(count, 1 if count < 9.95 else 0, True)
        ax.text(place, count * 1.08, text, ha="center", va="bottom", fontsize="small")
    ax.set_yscale("log")
    ax.set_xlim(-0.6, max(len(places), _PLACES) - 0.4)
    ax.set_ylim(1, max(10, choices[known].max(initial=1)) * _ROOM)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: rounded(count, 0, True)))
    ax.yaxis.set_minor_locator(NullLocator())
    # A word can come twice, and each piece has a place of its own.
    names = [in_text(piece).strip() or token_labels([piece], glyphs())[0] for piece in along.pieces]
    slant: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(places, names, parse_math=False, fontsize="small", **slant)
    ax.set_ylabel(phrase("openness_axis"))
    style_axes(ax)
    ax.tick_params(axis="x", length=0)
    return ax
