"""The forest: many texts side by side, a row each, for settings that are to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.patches import Patch

from ..chain import SamplerChain
from ..checks import Floats, as_count, as_temperature, short
from ..model.language import LanguageModel
from ..model.texts import texts_of
from ..phrases import phrase, rounded
from ..words import in_text, temperature_text
from .bars import REFERENCE, style_axes
from .colours import SURPRISE, TINTS
from .stories import check_model, step_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class _Setting(NamedTuple):
    """A temperature, and the chain that has it where something is cut."""

    temperature: float
    chain: SamplerChain | None

    @property
    def title(self) -> str:
        """What is set, the steps in their order."""
        parts = []
        for name, value in self.chain or [("temperature", self.temperature)]:
            if name == "temperature":
                text = temperature_text(float(value), np.inf)
                parts.append(phrase("panel_title", temperature=text))
            else:
                parts.append(f"{phrase(name)} {value:.6g}")
        return ", ".join(parts)


def forest_chart(
    model: LanguageModel,
    prompt: str,
    settings: Sequence[float | SamplerChain],
    n: int = 24,
    *,
    length: int = 80,
    seed: int = 0,
) -> Figure:
    r"""Draw many texts for each of some settings: a row a text, a cell a token, blue a surprise.

    Of one text an average says how surprising its tokens are. Many texts show what a reader risks:
    how often one strays, how early, and for how long. Row for row all settings have the same dice.

    Parameters
    ----------
    model : LanguageModel
        The model.
    prompt : str
        How all texts begin.
    settings : sequence of float or SamplerChain
        One or more temperatures, or chains with one temperature each.
    n : int, default 24
        The number of texts for each setting.
    length : int, default 80
        The largest number of new tokens. A text that ends has no cells behind its end.
    seed : int, default 0
        The seed of the first text's dice; the others have the next ones.

    Returns
    -------
    matplotlib Figure
        A pyplot figure, with one panel a setting. The bluer a cell, the more surprising is its
        token at temperature 1, if nothing is cut.

    Raises
    ------
    TypeError, ValueError
        If `model` is no language model, `settings` are none or no such values, or another argument
        is refused as by `LanguageModel.grow`.

    Examples
    --------
    >>> from softmax_temperature import load_story_model
    >>> cut = SamplerChain([("temperature", 1.5), ("min_p", 0.1)])
    >>> figure = forest_chart(load_story_model(), "The cat", [0.7, cut], n=3, length=5)
    >>> [ax.get_title() for ax in figure.axes]
    ['T = 0.70\n1.8 bits a token', 'T = 1.50, min-p 0.1\n2.7 bits a token']
    """
    import matplotlib.pyplot as plt

    check_model(model)
    rows, columns = as_count(n, "n", 1), as_count(length, "length", 1)
    first = as_count(seed, "seed", 0)
    checked = _check_settings(settings)
    ids = model.encode_prompt(prompt, columns)
    seeds = range(first, first + rows)
    panels = [_bits(model, ids, setting, columns, seeds) for setting in checked]
    figure, axes = plt.subplots(
        1,
        len(checked),
        figsize=(max(2.7 * len(checked), 4.0), 3.4),
        squeeze=False,
        layout="constrained",
    )
    for ax, bits, setting in zip(axes[0], panels, checked, strict=True):
        _draw(ax, bits, setting.title)
    axes[0, 0].set_ylabel(phrase("texts_by_dice", first=f"{first}", last=f"{first + rows - 1}"))
    shown = in_text(prompt)
    label = phrase("token_after", prompt=shown) if shown else phrase("token_of_text")
    axes[0, 0].set_xlabel(label, loc="left", parse_math=False)
    keys = [
        Patch(facecolor=tint, edgecolor=REFERENCE, linewidth=0.4, label=phrase(f"level_{level}"))
        for level, tint in enumerate(TINTS)
    ]
    title = phrase("surprise_key")
    figure.legend(handles=keys, title=title, loc="outside lower center", ncols=5, frameon=False)
    return figure


def _draw(ax: Axes, bits: Floats, title: str) -> None:
    """Draw the cells of one setting; where a text has ended there is nothing."""
    rows, columns = bits.shape
    cells = to_rgba_array(TINTS)[np.searchsorted(SURPRISE, bits, "right") % len(TINTS)]
    cells[np.isnan(bits)] = 0
    extent = (0.5, columns + 0.5, rows + 0.5, 0.5)
    ax.imshow(cells, aspect="auto", interpolation="none", extent=extent)
    ax.hlines(np.arange(1, rows) + 0.5, *extent[:2], color="white", linewidth=0.6)
    ax.set_title(f"{title}\n{phrase('mean_bits', bits=rounded(float(np.nanmean(bits)), 1))}")
    ax.title.set_fontsize("medium")
    ax.set_yticks([])
    style_axes(ax)


def _bits(
    model: LanguageModel, ids: Sequence[int], setting: _Setting, length: int, seeds: range
) -> Floats:
    """Return the surprise of each token, a row a text; what is behind an end is no number."""
    step = step_of(setting.chain)
    texts = texts_of(model, ids, [setting.temperature], length, [*seeds], step)
    bits = np.full((len(seeds), length), np.nan)
    for row, (text,) in zip(bits, texts, strict=True):
        row[: len(text.bits)] = text.bits
    return bits


def _check_settings(settings: Sequence[float | SamplerChain]) -> list[_Setting]:
    if isinstance(settings, str | SamplerChain) or not isinstance(settings, Sequence | np.ndarray):
        raise TypeError(
            f"settings must be a list of temperatures or chains, got {short(settings)}: put one in "
            "a list"
        )
    if not len(settings):
        raise ValueError("settings must be one or more, got none")
    return [_as_setting(setting, place) for place, setting in enumerate(settings)]


def _as_setting(setting: float | SamplerChain, place: int) -> _Setting:
    if not isinstance(setting, SamplerChain):
        return _Setting(as_temperature(setting, f"settings[{place}]"), None)
    temperatures = [value for name, value in setting if name == "temperature"]
    if len(temperatures) != 1 or isinstance(temperatures[0], tuple):
        raise ValueError(f"settings[{place}] must have one temperature, got {short(setting, 200)}")
    return _Setting(float(temperatures[0]), setting)
