"""The bars that follow a temperature slider, with the dice and the curves beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Floats, as_count, as_temperature, short
from ..core import TokenTable, entropies, likeliest, softmax
from ..drawing.bars import Bars, glyphs
from ..drawing.maps import areas_of
from ..drawing.plan import PARTS, Moment, Plan, peaks_of_curves
from ..drawing.sticks import check_room
from ..draws import dice, landed, landings
from ..words import heading, leaders, luck, sentences
from .bars import BarsExplorer, Pictures, as_tables
from .base import STOPS, View, as_stops, script, styles
from .data import Data, State

if TYPE_CHECKING:
    import pandas as pd

# The first number of this seed is 0.78.
_SEED = 21
_CONSTANT = "constant"
_SHOWN = ("bars", "map")
# The browser draws them, too, anew at each temperature.
_MOST_DRAWS = 100_000
# So many of them are on the map.
_MOST_DOTS = 500


class _Temperature(View):
    """The picture, or the sentence above it."""

    _esm = script("temperature")
    _css = styles("temperature")


class TemperatureExplorer(BarsExplorer):
    """Show next-token probabilities as bars that follow a temperature slider at once.

    The browser gets the logits and computes what it shows, so that no message has to go to Python
    and back, and everything works in a page without Python.

    Parameters
    ----------
    table : TokenTable or sequence of TokenTable
        The tokens and their logits. Of several tables one is shown, and a menu has their prompts.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.01.
    value : float, default 1.0
        The first temperature.
    top : int, optional
        Draw this many tokens, the likeliest first and tied ones in their order, and all others
        together as one hatched bar. A table of more than 100 tokens needs it; its bars stand on a
        logarithmic axis from 0.01 to 100 %, so that they can be told apart at every temperature.
    orient : {"v", "h"}, optional
        Upright or lying bars; by default upright, but lying where tokens are left out, names are
        long, or there are too many bars for their labels.
    parts : sequence of {"bars", "map", "dice", "logits", "curves", "constant"}, optional
        What is on show, by default the first two: ``"bars"`` are always there, with the prompt's
        sentence and its buttons; ``"map"`` adds the map of draws (see `draw_map`), on which the
        temperature and the dice are one point that can be dragged; ``"dice"`` adds a strip of the
        tokens' shares with a random number on it, which can be dragged; ``"logits"`` adds up to
        30 tokens' logits on a line (see `logit_line`), where each can be pulled; ``"curves"`` adds
        the shares at every temperature; ``"constant"`` adds a slider for a number that is added to
        every logit. With a map or curves a sentence says how open the choice is.
    seed : int, default 21
        Seed of the random numbers that draw tokens.

    Attributes
    ----------
    table : TokenTable
        What is shown, with the words and logits that a reader has typed. Set it to another table to
        draw that at the same temperature.
    seed : int
        Set it for other random numbers.
    temperature : float
        From 0 to infinity. Setting it moves the chart, and the slider to its nearest stop; it can
        be observed like any trait.
    probabilities : DataFrame
        Tokens, logits and probabilities at that temperature.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError
        If `table` is neither a TokenTable nor several, a temperature is not a real number, or
        `seed` is not a whole number.
    ValueError
        If `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value`
        or, later, `temperature` is negative; if there are too many bars; if `parts` are not among
        those there are; if `seed` is negative.

    Examples
    --------
    >>> explorer = TemperatureExplorer(TokenTable(["day", "problem"], [5.0, 3.0]))
    >>> explorer.temperature = 2.0
    >>> explorer
    TemperatureExplorer(2 tokens, temperature=2.00)
    >>> explorer.probabilities.round(3)
        tokens  logits  probabilities
    0      day     5.0          0.731
    1  problem     3.0          0.269
    >>> explorer.draw(), explorer.draw(3)
    (['problem'], ['day', 'day', 'day'])
    """

    _heading = "temperature_heading"
    _note = "temperature_note"

    def __init__(
        self,
        table: TokenTable | Sequence[TokenTable],
        temperatures: ArrayLike = STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
        parts: Sequence[str] = _SHOWN,
        seed: int = _SEED,
    ) -> None:
        stops = as_stops(temperatures)
        value = as_temperature(value, "value")
        shown = _check_parts(parts)
        self._parts_shown = shown
        state: State = {
            "seed": f"{as_count(seed, 'seed', 0)}",
            "dice": -1,
            "place": None,
            "draws": 0,
            "batch": 0,
        }
        if _CONSTANT in shown or "logits" in shown:
            state["constant"] = 0
        drawn = [part for part in shown if part in PARTS]
        tables = as_tables(table)
        if "logits" in shown:
            for one in tables:
                check_room(one)
        pictures = Pictures(
            tables,
            {"top": top, "orient": orient},
            partial(_plan, parts=drawn, stops=stops.tolist()),
        )
        more: Data = {
            "kind": "temperature",
            "parts": list(shown),
            "withOpenness": _is_whole(shown),
        }
        # What stands beside the bars needs its room.
        width = 1080 if {*shown} - {"bars", "dice", _CONSTANT} else 800
        super().__init__(_Temperature, pictures, lambda _: more, state, stops, value, width)

    @property
    def seed(self) -> int:
        """The seed of the random numbers that draw tokens."""
        return int(self._state["seed"])

    @seed.setter
    def seed(self, seed: int) -> None:
        self._set(seed=f"{as_count(seed, 'seed', 0)}", dice=-1, place=None, draws=0, batch=0)

    def draw(self, n: int = 1) -> list[str]:
        """Draw tokens at the current temperature, show them, and return them.

        One draw takes the next random number, and fills the gap of the prompt. Of more draws the
        counts are marked beside the bars. The numbers stay while the temperature moves: the same
        ones land on other tokens then.

        Parameters
        ----------
        n : int, default 1
            How many, from 1 to 100,000.

        Returns
        -------
        list of str
            The tokens, in the order of the draws.
        """
        n = as_count(n, "n", 1)
        if n > _MOST_DRAWS:
            raise ValueError(
                f"n must be at most {_MOST_DRAWS:,}, got {n:,}: SamplerChain([...]).draw takes more"
            )
        state = self._state
        if n == 1:
            self._set(dice=state["dice"] + 1, place=None, draws=0, batch=0)
        else:
            batch = state["batch"] + 1 if state["draws"] == n else 0
            self._set(draws=n, batch=batch)
        return self._drawn()

    def clear(self) -> None:
        """Take all draws back, and begin with the first random number again."""
        self._set(dice=-1, place=None, draws=0, batch=0)

    @property
    def probabilities(self) -> pd.DataFrame:
        """Tokens, logits and probabilities at the current temperature."""
        return self.table.to_frame(self.temperature)

    def __repr__(self) -> str:
        """Give the number of tokens and the current temperature."""
        bars = self._bars()
        shown = f"top {bars.count - 1:,} of " if bars.n_others else ""
        return (
            f"TemperatureExplorer({shown}{len(self.table.tokens):,} tokens, "
            f"temperature={self._temperature_text})"
        )

    def _shares(self) -> Floats:
        return softmax(self.table.logits.astype(np.float64), self.temperature)

    def _drawn(self) -> list[str]:
        """Return the tokens on which the random numbers on show land."""
        table = self.table
        if not len(numbers := self._numbers()):
            return []
        ranks = landings(table.logits, [self.temperature], numbers)[0]
        order = likeliest(table.logits, len(table.logits))
        return [table.tokens[position] for position in order[ranks]]

    def _numbers(self) -> Any:
        """Return the random numbers that are on show, or none."""
        state = self._state
        if n := state["draws"]:
            return dice(self.seed, n, state["batch"] + 1)
        if state["place"] is not None:
            return np.array([state["place"]])
        return dice(self.seed, state["dice"] + 1)[state["dice"] :] if state["dice"] >= 0 else []

    def _moment(self, bars: Bars) -> Moment:
        rows = bars.sweep([self.temperature])
        numbers, marks = self._numbers(), None
        if self._state["draws"]:
            marks = self._counts(bars) / len(numbers)
        texts = bars.labels(rows)[0]
        number, word = self._temperature_text, bars.short_names(glyphs())[0]
        return Moment(
            self.temperature,
            heading(leaders(bars.table), self.temperature, number, word, texts[0]),
            rows.shares[0],
            texts,
            bars.outline,
            numbers[0] if len(numbers) and marks is None else None,
            marks,
            () if marks is None else numbers[:_MOST_DOTS],
        )

    def _counts(self, bars: Bars) -> Any:
        """Count the draws on show that land on each bar: tokens that have none share the last."""
        return landed(bars.logits, [self.temperature], [self._numbers()], bars.count)[0, 0]

    def _caption(self) -> str:
        bars, stops = self._bars(), [self.temperature]
        share, at_1 = bars.leading_shares(bars.sweep([*stops, 1.0])).tolist()
        bits = entropies(bars.logits, [*stops, 1.0])
        openness = bits[:1] if _is_whole(self._parts_shown) else None
        (text,) = sentences(
            bars.table, stops, np.array([share]), openness, at_1=(at_1, float(bits[1]))
        )
        if n := self._state["draws"]:
            text += "\n" + luck(n, int(self._counts(bars)[0]), share, bars.names()[0])
        return text


def _plan(bars: Bars, parts: Sequence[str], stops: Sequence[float]) -> Plan:
    """Return what of a picture stays: with curves, the shares at all stops."""
    areas = areas_of(bars.table, bars.hues) if "map" in parts else None
    if "curves" not in parts:
        return Plan(bars, parts, stops, areas=areas)
    peaks = peaks_of_curves(bars, stops[0], stops[-1])
    return Plan(bars, parts, stops, bars.sweep(stops).shares, peaks, areas)


def _is_whole(parts: Sequence[str]) -> bool:
    """Return whether all temperatures are on show, and not one alone."""
    return bool({"map", "curves"} & set(parts))


def _check_parts(parts: Any) -> tuple[str, ...]:
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        raise TypeError(f'parts must be a tuple of names, got {short(parts)}: use ("bars",)')
    known, names = (*PARTS, _CONSTANT), list(parts)
    for name in names:
        if name not in known:
            raise ValueError(f"parts must be among {', '.join(known)}, got {short(name)}")
    if "bars" not in names:
        raise ValueError(f'parts must have "bars", got {short(names)}')
    return tuple(name for name in known if name in names)
