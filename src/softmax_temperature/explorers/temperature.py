"""The bars that follow a temperature slider, with the dice and the curves beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import as_count, short
from ..core import TokenTable, entropies, likeliest
from ..drawing.bars import Bars
from ..drawing.picture import layout, still
from ..drawing.plan import PARTS, Plan, peaks_of_curves
from ..draws import as_draws, dice, landed, landings
from ..words import TITLE, in_text, sentences
from .base import STOPS, Explorer, View, as_stops, script
from .page import read_static, to_base64

if TYPE_CHECKING:
    import pandas as pd

# The first number of this seed is 0.78. So many numbers, and so many hundreds of them, are there
# before the first ones come again.
_SEED, _NUMBERS, _HUNDREDS = 21, 20, 3
LONGEST_PROMPT = 240


class Chart(View):
    """The picture, or the sentence above it."""

    _esm = script("chart")
    _css = read_static("explorer.css") + read_static("chart.css")


class TemperatureExplorer(Explorer):
    """Show next-token probabilities as bars that follow a temperature slider at once.

    Every temperature is computed and drawn into one picture beforehand, so that the browser only
    moves the bars and no message has to go to Python and back.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.01.
    value : float, default 1.0
        The first temperature.
    top : int, optional
        Draw this many tokens, the likeliest first and tied ones in their order, and all others
        together as one hatched bar. A table of more than 100 tokens needs it.
    orient : {"v", "h"}, optional
        Upright or lying bars; by default upright, but lying where tokens are left out, names are
        long, or there are too many bars for their labels.
    parts : sequence of {"bars", "dice", "curves"}, optional
        What is on show, by default all three: ``"bars"`` are always there, with the prompt's
        sentence and its buttons; ``"dice"`` adds a strip of the tokens' shares with a random number
        on it; ``"curves"`` adds the shares at every temperature, and says how open the choice is.
    seed : int, default 21
        Seed of the random numbers that draw tokens.

    Attributes
    ----------
    table : TokenTable
        What is shown. Set it to another table to draw that at the same temperature.
    seed : int
        Set it for other random numbers.
    temperature : float
        The stop at which the slider is. Setting it moves slider and chart, to the nearest stop;
        it can be observed like any trait.
    probabilities : DataFrame
        Tokens, logits and probabilities at that temperature.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError
        If `table` is not a TokenTable, a temperature is not a real number, or `seed` is not a whole
        number.
    ValueError
        If `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value`
        or, later, `temperature` lies outside them; if there are too many bars; if `parts` are not
        among those there are; if `seed` is negative.

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

    _view = Chart
    # Which random number lies on the strip, and which draws are marked beside the bars.
    _state: ClassVar[dict[str, Any]] = {"dice": -1, "draws": {}}
    _heading = "How temperature reshapes next-token probabilities"
    _note = (
        "Drag the slider, use the arrow keys, or click the curves. Draw tokens, and see where the "
        "same dice land at other temperatures. The outlines stay at temperature 1. The address of "
        "this page keeps the temperature: copy it to share what you see."
    )

    def __init__(
        self,
        table: TokenTable,
        temperatures: ArrayLike = STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
        parts: Sequence[str] = PARTS,
        seed: int = _SEED,
    ) -> None:
        self._stops = as_stops(temperatures)
        self._shown_parts = _check_parts(parts)
        self._seed = as_count(seed, "seed", 0)
        self._options: dict[str, Any] = {"top": top, "orient": orient}
        self._plan = self._plan_of(Bars(table, **self._options))
        super().__init__(value, 1080 if "curves" in self._shown_parts else 800)

    @property
    def table(self) -> TokenTable:
        """The tokens and logits that are shown."""
        return self._plan.bars.table

    @table.setter
    def table(self, table: TokenTable) -> None:
        self._show(self._plan_of(Bars(table, **self._options)))

    @property
    def seed(self) -> int:
        """The seed of the random numbers that draw tokens."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = as_count(seed, "seed", 0)
        self._show(self._plan)

    def draw(self, n: int = 1) -> list[str]:
        """Draw tokens at the current temperature, show them, and return them.

        One draw takes the next random number, and fills the gap of the prompt. Of more draws the
        counts are marked beside the bars. The numbers stay while the temperature moves: the same
        ones land on other tokens then.

        Parameters
        ----------
        n : int, default 1
            How many, from 1 to 10,000,000.

        Returns
        -------
        list of str
            The tokens, in the order of the draws.
        """
        n = as_draws(n)
        state = self._body.state
        if n == 1:
            number = (state["dice"] + 1) % _NUMBERS
            self._body.state = state | {"dice": number}
            numbers = dice(self._seed, _NUMBERS)[[number]]
        else:
            again = state["draws"].get("n") == n
            batch = (state["draws"]["batch"] + 1) % _HUNDREDS if again else 0
            draws: dict[str, Any] = {"n": n, "batch": batch}
            numbers = dice(self._seed, n, batch + 1)
            if n != 100:
                bars = self._plan.bars
                (counts,) = landed(bars.logits, self._plan.stops, [numbers], bars.count)
                draws["sample"] = _counts(self._plan, counts)
            self._body.state = state | {"draws": draws}
        logits = self.table.logits
        ranks = landings(logits, [self.temperature], numbers)[0]
        order = likeliest(logits, len(logits))
        return [self.table.tokens[position] for position in order[ranks]]

    def clear(self) -> None:
        """Take all draws back, and begin with the first random number again."""
        self._body.state = self._state

    @property
    def probabilities(self) -> pd.DataFrame:
        """Tokens, logits and probabilities at the current temperature."""
        return self.table.to_frame(self.temperature)

    def __repr__(self) -> str:
        """Give the number of tokens and the current temperature."""
        bars = self._plan.bars
        shown = f"top {bars.count - 1:,} of " if bars.n_others else ""
        return (
            f"TemperatureExplorer({shown}{len(self.table.tokens):,} tokens, "
            f"temperature={self._texts[self._position]})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a still picture, for pages that show a saved notebook without a kernel."""
        data = super()._repr_mimebundle_(**kwargs)
        state, stop, marks = self._body.state, self._position, None
        number = dice(self._seed, _NUMBERS)[state["dice"]] if state["dice"] >= 0 else None
        if draws := state["draws"]:
            n = draws["n"]
            numbers = dice(self._seed, n, draws["batch"] + 1)
            bars = self._plan.bars
            marks = landed(bars.logits, [self.temperature], [numbers], bars.count)[0, 0] / n
        return with_still(data, self._plan, stop, TITLE + self._texts[stop], number, marks)

    def _show(self, plan: Plan) -> None:
        data = self._with_sliders(self._data_of(plan, self._body.narrow))
        # First, since counts for other bars do not fit the new picture.
        self.clear()
        self._body.data = data
        self._plan = plan

    def _title(self) -> str:
        prompt = in_text(self.table.prompt, LONGEST_PROMPT).strip()
        return f": {prompt} ..." if prompt else ""

    def _caption(self) -> str:
        return self._plan.sentences[self._position]

    def _plan_of(self, bars: Bars) -> Plan:
        stops = self._stops.tolist()
        curves = "curves" in self._shown_parts
        rows = bars.sweep(stops)
        bits = entropies(bars.logits, stops) if curves else None
        at_1 = max(bars.outline[: len(bars.shown)]), float(entropies(bars.logits, [1.0])[0])
        said = sentences(bars.table, stops, bars.leading_shares(rows), bits, at_1=at_1)
        peaks = peaks_of_curves(bars, stops[0], stops[-1]) if curves else []
        return Plan(bars, self._shown_parts, stops, rows, bars.labels(rows), said, peaks)

    def _data(self, narrow: bool = False) -> dict[str, Any]:
        return self._data_of(self._plan, narrow)

    def _data_of(self, plan: Plan, narrow: bool) -> dict[str, Any]:
        bars, stops, rows = plan.bars, plan.stops, plan.rows
        layouts = [layout(plan)]
        if narrow:
            # There is less room for upright bars.
            options = self._options | {"orient": None if bars.upright else "h"}
            layouts.append(layout(replace(plan, bars=Bars(bars.table, **options, narrow=True))))
        throws = [dice(self._seed, 100, batch + 1) for batch in range(_HUNDREDS)]
        numbers = dice(self._seed, _NUMBERS)
        order = likeliest(bars.logits, len(bars.logits))
        met, words = np.unique(landings(bars.logits, stops, numbers), return_inverse=True)
        hundreds = landed(bars.logits, stops, throws, bars.count)
        return {
            "kind": "chart",
            "prompt": in_text(bars.table.prompt, LONGEST_PROMPT),
            "title": TITLE,
            "names": bars.names(),
            "sentences": plan.sentences,
            **coded(plan.labels),
            "shares": rows.shares.astype("<f4").tobytes(),
            "numbers": [f"{number:.2f}" for number in numbers],
            "dice": numbers.tolist(),
            "words": [in_text(bars.table.tokens[order[rank]]) for rank in met],
            "landings": words.astype("<u1" if len(met) < 256 else "<u2").tobytes(),
            "hundreds": [_counts(plan, counts) for counts in hundreds],
            "leader": f"“{bars.names()[0]}”",
            "layouts": layouts,
        }


def with_still(
    data: dict[str, Any], plan: Plan, *shown: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Add a still picture to what a widget gives a notebook."""
    width, height = (round(96 * inches) for inches in plan.size)
    size = {"image/png": {"width": width, "height": height}}
    return data | {"image/png": to_base64(still(plan, *shown))}, size


def coded(labels: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return rows of labels as codes: few of them differ."""
    texts, codes = np.unique(np.array(labels), return_inverse=True)
    return {"labelTexts": texts.tolist(), "labels": codes.astype("<u2").tobytes()}


def _counts(plan: Plan, counts: NDArray[np.intp]) -> dict[str, Any]:
    """Return how many draws land on each bar, and what of that is luck, a row a stop."""
    n = int(counts[0].sum())
    share = plan.rows.shares[:, 0]
    spread = np.sqrt(n * share * (1 - share))
    luck = np.zeros_like(spread)
    np.divide(counts[:, 0] - n * share, spread, out=luck, where=spread > 0)
    return {
        "n": n,
        "counts": counts.astype("<u1" if n < 256 else "<u4").tobytes(),
        "deviations": luck.round(1).tolist(),
    }


def _check_parts(parts: Any) -> tuple[str, ...]:
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        raise TypeError(f'parts must be a tuple of names, got {short(parts)}: use ("bars",)')
    names = list(parts)
    for name in names:
        if name not in PARTS:
            raise ValueError(f"parts must be among {', '.join(PARTS)}, got {short(name)}")
    if "bars" not in names:
        raise ValueError(f'parts must have "bars", got {short(names)}')
    return tuple(name for name in PARTS if name in names)
