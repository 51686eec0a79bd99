"""The thermometer: how well each temperature predicts tokens, and which one does it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..checks import short
from ..core import softmax
from ..model.language import LanguageModel
from ..thermometer import estimate_temperature
from .bars import as_axes, style_axes
from .colours import WORDS, line_of
from .stories import check_model

_STOPS = np.arange(4, 51) / 20


def thermometer_chart(
    model: LanguageModel,
    texts: Mapping[str, Sequence[Sequence[int]]],
    *,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw against T how well a model predicts the tokens of texts, and where it does so best.

    The loss is the natural logarithm of one over a token's probability at T, on average. It is
    lowest at the T that `estimate_temperature` reads off the tokens: a dot with its interval.

    Parameters
    ----------
    model : LanguageModel
        The model.
    texts : mapping of str to sequences of tokens
        Names, and for each one or more texts as `LanguageModel.encode` gives them.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `model` is no language model, or `texts` are no such mapping or none.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_story_model
    >>> model = load_story_model()
    >>> ids = model.encode("Once upon a time, there was a cat. The cat saw a big dog.")
    >>> ax = thermometer_chart(model, {"the cat": [ids]}, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['the cat: 1.00']
    """
    check_model(model)
    if not isinstance(texts, Mapping) or not texts:
        raise TypeError(f"texts must map names to texts, got {short(texts)}: use a dict")
    ax = as_axes(ax)
    for number, (name, several) in enumerate(texts.items()):
        logits = np.concatenate([model.logits_along(ids)[:-1] for ids in several])
        tokens = np.concatenate([ids[1:] for ids in several])
        places = np.arange(len(tokens))
        losses = [-np.log(softmax(logits, T)[places, tokens]).mean() for T in _STOPS]
        found = estimate_temperature(logits, tokens)
        at_best = -np.log(softmax(logits, found.temperature)[places, tokens]).mean()
        colour = line_of(WORDS[number % len(WORDS)])
        ax.plot(_STOPS, losses, color=colour, linewidth=1.5)
        ax.plot(found.interval, [at_best] * 2, color=colour, linewidth=4)
        ax.plot([found.temperature], [at_best], "o", color=colour, markersize=7)
        ax.annotate(
            f"{name}: {found.temperature:.2f}",
            (found.temperature, at_best),
            (0, -9),
            textcoords="offset points",
            ha="center",
            va="top",
            color=colour,
            fontweight="bold",
            parse_math=False,
        )
    ax.set(xlabel="Temperature", ylabel="Loss, in nats a token", xlim=(0.1, 2.5))
    ax.set_ylim(0, 3.5)
    style_axes(ax)
    return ax
