"""Chains as funnels: how many tokens come through each step of a sampler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..chain import SamplerChain, Step, masked_logits
from ..checks import short
from ..core import TokenTable, check_table
from ..phrases import phrase, rounded
from .bars import REFERENCE, as_axes
from .rules import COLOURS

# Of the way from one step to the next this much is level, and the rest is the step.
_LEVEL = 0.62
# How high one token is, and how much higher all are; rows are 1 apart.
_LEAST, _MORE = 0.06, 0.28
_PIPE = "#c8c8c8"


def funnel_chart(
    table: TokenTable, chains: Mapping[str, SamplerChain], ax: Axes | None = None
) -> Axes:
    """Draw how many tokens of a table are left after each step of some chains, a row a chain.

    A row narrows from left to right where a step cuts, with the number of tokens below it. Its
    height is logarithmic, so that one token and a whole vocabulary have room in one picture.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    chains : mapping of str to SamplerChain
        What is to be drawn, by its name; the first stands at the top.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `table` is not a TokenTable, `chains` are none or no chains by name, or one has a
        temperature for each row, or `ax` is not one Axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_example
    >>> engines = {name: SamplerChain.preset(name) for name in ("llama.cpp", "vllm")}
    >>> ax = funnel_chart(load_example("gpt2-spaceship"), engines, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts][:4]
    ['50,257', '40', 'top-k 40', '32']
    """
    check_table(table)
    check_chains(chains)
    ax = as_axes(ax)
    total = int((table.logits > -np.inf).sum())
    for row, chain in enumerate(chains.values()):
        _draw_row(ax, -row, counts_of(chain, table), total)
    longest = max(len(chain) for chain in chains.values())
    ax.set(xlim=(-0.05, longest + _LEVEL + 0.1), ylim=(0.4 - len(chains), 0.5))
    ax.set_yticks([-row for row in range(len(chains))], list(chains))
    ax.tick_params(left=False)
    ax.set_xticks([])
    ax.spines[:].set_visible(False)
    return ax


def counts_of(chain: SamplerChain, table: TokenTable) -> list[tuple[Step | None, int]]:
    """Return how many tokens there are, and then each step with how many are left after it."""
    ends = range(len(chain) + 1)
    logits = [masked_logits(SamplerChain(chain.steps[:end]), table) for end in ends]
    counts = [int((row > -np.inf).sum()) for row in logits]
    return list(zip([None, *chain.steps], counts, strict=True))


def _draw_row(ax: Axes, y: float, counts: list[tuple[Step | None, int]], total: int) -> None:
    heights = [_LEAST + _MORE * np.log(count) / np.log(max(total, 2)) for _, count in counts]
    small: dict[str, Any] = {"ha": "center", "fontsize": "small", "parse_math": False}
    for place, ((step, count), height) in enumerate(zip(counts, heights, strict=True)):
        ends = [place, place + _LEVEL]
        ax.fill_between(ends, y - height, y + height, color=_PIPE, linewidth=0)
        text = rounded(count, 0, True)
        ax.text(place + _LEVEL / 2, y - height - 0.03, text, va="top", weight="bold", **small)
        if step is None:
            continue
        before = heights[place - 1]
        ends, tops = [place - 1 + _LEVEL, place], np.array([before, height])
        colour = COLOURS.get(step[0], REFERENCE)
        ax.fill_between(ends, y - tops, y + tops, color=colour, linewidth=0)
        name = "T =" if step[0] == "temperature" else phrase(step[0])
        ax.text(sum(ends) / 2, y + before + 0.03, f"{name} {step[1]:g}", va="bottom", **small)


def check_chains(chains: Mapping[str, SamplerChain]) -> None:
    """Check that there are chains by name, each with one temperature a step."""
    if not isinstance(chains, Mapping) or not chains:
        raise TypeError(
            f"chains must map names to chains, got {short(chains)}: use a dict such as "
            '{"top-k 40": SamplerChain([("top_k", 40)])}'
        )
    for name, chain in chains.items():
        if not isinstance(chain, SamplerChain):
            raise TypeError(f"chains must map names to chains, got {short(chain)} for {name!r}")
        if any(isinstance(value, tuple) for _, value in chain):
            raise ValueError(f"a chain must have one temperature, got {short(chain, 200)}")
