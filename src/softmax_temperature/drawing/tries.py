"""Which temperature answers best: chances to be right against T, for one try and for many."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..checks import as_positions
from ..quiz import Quiz
from .bars import as_axes, style_axes
from .colours import WORDS, line_of

_STOPS = np.linspace(0, 2, 81)
_TRIES = (1, 5, 20, 100)
# An odd number, so that of two answers one has more votes.
_VOTERS = 21


def tries_chart(quiz: Quiz, question: int | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw how often a model is right, against the temperature, by how many tries it has.

    A line belongs to so many draws of which one has to be right, and its dot to where it is
    highest. Of all questions together there is the vote of 21 draws, too.

    Parameters
    ----------
    quiz : Quiz
        The questions, as `load_quiz` has them.
    question : int, optional
        The position of one of them; by default all are drawn, as a mean.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If there is no such question, or `ax` is not one Axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_quiz
    >>> ax = tries_chart(load_quiz(), 0, ax=Figure().subplots())
    >>> ax.get_title()
    'The capital of France is … Paris'
    """
    chosen = slice(None)
    title = f"All {len(quiz.questions)} questions"
    if question is not None:
        place = int(as_positions(question, len(quiz.questions), "question"))
        asked = quiz.questions[place]
        chosen, title = slice(place, place + 1), f"{asked.prompt.strip()} … {asked.answer.strip()}"
    ax = as_axes(ax)
    for count, colour in zip(_TRIES, map(line_of, WORDS), strict=False):
        chances = [float(quiz.once(stop, count)[chosen].mean()) for stop in _STOPS.tolist()]
        name = f"one of {count} tries" if count > 1 else "one try"
        ax.plot(_STOPS, chances, color=colour, label=name)
        top = int(np.argmax(chances))
        ax.plot(_STOPS[top], chances[top], "o", color=colour, clip_on=False)
    if question is None:
        # A vote takes longer than tries.
        stops = _STOPS[::4]
        votes = [float(quiz.vote(stop, _VOTERS).mean()) for stop in stops.tolist()]
        ax.plot(stops, votes, "--", color="black", label=f"vote of {_VOTERS}")
    ax.set(xlim=(0, 2), ylim=(0, 1.02), xlabel="Temperature", ylabel="Right")
    ax.set_title(title, parse_math=False)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    ax.grid(axis="x", color="#dddddd")
    style_axes(ax)
    return ax
