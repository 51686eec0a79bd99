"""The slider and the chart that follows it in the browser."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from .bars import Bars
from .checks import as_count, as_temperature, as_temperatures, short
from .core import Sweep, TokenTable, likeliest
from .page import page, read_static, replace_file, to_base64
from .picture import PARTS, Plan, layout, peaks_of_curves, still
from .sampling import dice, landings
from .words import TITLE, in_text, sentences, temperature_texts

if TYPE_CHECKING:
    import pandas as pd

_STOPS = np.arange(201) / 100
# The first number of this seed is 0.78. So many numbers, and so many hundreds of them, are there
# before the first ones come again.
_SEED, _NUMBERS, _HUNDREDS = 21, 20, 3
_LONGEST_PROMPT = 240


class TemperatureExplorer(ipywidgets.VBox):
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

    temperature: Any = traitlets.TraitType(1.0)
    # The widgets that an explorer is made of: none yet where its arguments are refused.
    _parts: tuple[ipywidgets.Widget, ...] = ()

    def __init__(
        self,
        table: TokenTable,
        temperatures: ArrayLike = _STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
        parts: Sequence[str] = PARTS,
        seed: int = _SEED,
    ) -> None:
        self._stops = _check_stops(temperatures)
        self._texts = temperature_texts(self._stops.tolist())
        value = self._nearest_stop(value, "value")
        self._shown_parts = _check_parts(parts)
        self._seed = as_count(seed, "seed", 0)
        self._options: dict[str, Any] = {"top": top, "orient": orient}
        self._plan = self._plan_of(Bars(table, **self._options))
        decimals = max(len(text.partition(".")[2]) for text in self._texts)
        first, last = self._stops[[0, -1]].tolist()
        self.slider = ipywidgets.FloatSlider(
            value=value,
            min=first,
            max=last,
            step=self._step,
            description="Temperature",
            readout_format=f".{decimals}f" if decimals else ".6g",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        self._chart = _Chart(slider=self.slider, picture=self._picture(self._plan))
        self._head = _Chart(chart=self._chart)
        super().__init__(
            children=[self._head, self.slider, self._chart],
            temperature=value,
            layout={"max_width": "1080px" if "curves" in self._shown_parts else "800px"},
            _dom_classes=("softmax-temperature-explorer",),
        )
        parts_of_all = (self._head, self.slider, self._chart)
        self._parts = (
            self.slider.style,
            *(widget.layout for widget in (*parts_of_all, self)),
            *parts_of_all,
        )
        self.slider.observe(self._follow_slider, "value")
        self._chart.observe(self._draw_again, "narrow")

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
            How many, at least 1.

        Returns
        -------
        list of str
            The tokens, in the order of the draws.
        """
        n = as_count(n, "n", 1)
        chart = self._chart
        if n == 1:
            chart.dice = (chart.dice + 1) % _NUMBERS
            numbers = dice(self._seed, _NUMBERS)[[chart.dice]]
        else:
            again = chart.draws.get("n") == n
            batch = (chart.draws["batch"] + 1) % _HUNDREDS if again else 0
            draws: dict[str, Any] = {"n": n, "batch": batch}
            numbers = dice(self._seed, n, batch + 1)
            if n != 100:
                everywhere = landings(self._plan.bars.logits, self._plan.stops, numbers)
                draws["sample"] = _counts(self._plan, everywhere)
            chart.draws = draws
        logits = self.table.logits
        ranks = landings(logits, [self.temperature], numbers)[0]
        order = likeliest(logits, len(logits))
        return [self.table.tokens[position] for position in order[ranks]]

    def clear(self) -> None:
        """Take all draws back, and begin with the first random number again."""
        self._chart.dice = -1
        self._chart.draws = {}

    @property
    def probabilities(self) -> pd.DataFrame:
        """Tokens, logits and probabilities at the current temperature."""
        return self.table.to_frame(self.temperature)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | None:
        r"""Write the explorer as one HTML page that needs no Jupyter, no Python and no network.

        The page starts at the current temperature, or at the one in its address (``#T=0.7``).

        Parameters
        ----------
        path : str or path, optional
            The file to write. One that is there is replaced whole, or stays as it is.

        Returns
        -------
        str or None
            The page's text, if no `path` is given.

        Raises
        ------
        TypeError
            If `path` is not a path.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> explorer = TemperatureExplorer(TokenTable(["day", "problem"], [5.0, 3.0]))
        >>> explorer.to_html()[:32]
        '<!doctype html>\n<html lang="en">'
        """
        text = page(self._picture(self._plan, narrow=True), self._position)
        if path is None:
            return text
        replace_file(path, text)
        return None

    def close(self) -> None:
        """Take the explorer off the page and free it, with its slider and its chart.

        Its numbers and `to_html` still work, and it can be set to other temperatures and tables.
        Shown again, it is a line of text.
        """
        for part in self._parts:
            part.close()
        super().close()

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
        chart, stop, marks = self._chart, self._position, None
        number = dice(self._seed, _NUMBERS)[chart.dice] if chart.dice >= 0 else None
        if chart.draws:
            n = chart.draws["n"]
            numbers = dice(self._seed, n, chart.draws["batch"] + 1)
            ranks = landings(self._plan.bars.logits, [self.temperature], numbers)
            marks = _landed(self._plan, ranks)[0] / n
        picture = still(self._plan, stop, self._texts[stop], number, marks)
        data["image/png"] = to_base64(picture)
        width, height = (round(96 * inches) for inches in self._plan.size)
        return data, {"image/png": {"width": width, "height": height}}

    @traitlets.validate("temperature")
    def _validate_temperature(self, proposal: Any) -> float:
        return self._nearest_stop(proposal["value"], "temperature")

    @traitlets.observe("temperature")
    def _move_slider(self, _: Any = None) -> None:
        # A slider that is dragged is there already, but for a rounding error: sending the value
        # back would disturb the drag.
        if abs(self.slider.value - self.temperature) > 1e-9:
            self.slider.value = self.temperature

    def _follow_slider(self, change: Any) -> None:
        # The ends of the slider can be moved from code: no stop is there.
        self.temperature = np.clip(change["new"], *self._stops[[0, -1]])
        self._move_slider()

    def _draw_again(self, _: Any = None) -> None:
        self._chart.picture = self._picture(self._plan, self._chart.narrow)

    def _show(self, plan: Plan) -> None:
        picture = self._picture(plan, self._chart.narrow)
        # First, since counts for other bars do not fit the new picture.
        self.clear()
        self._chart.picture = picture
        self._plan = plan

    def _plan_of(self, bars: Bars) -> Plan:
        stops = self._stops.tolist()
        curves = "curves" in self._shown_parts
        # The last row is that of temperature 1, which the sentences name beside each stop.
        rows = bars.sweep([*stops, 1.0], with_entropy=curves)
        said = sentences(bars.table, stops, bars.leading_shares(rows), rows.entropy)
        rows = Sweep(rows.shares[:-1], rows.possible[:-1], None)
        peaks = peaks_of_curves(bars, stops[0], stops[-1]) if curves else []
        return Plan(bars, self._shown_parts, stops, rows, said, peaks)

    def _picture(self, plan: Plan, narrow: bool = False) -> dict[str, Any]:
        """Return a picture for the browser, and what each stop makes of it."""
        bars, stops, rows = plan.bars, plan.stops, plan.rows
        layouts = [layout(plan)]
        if narrow:
            # There is less room for upright bars.
            options = self._options | {"orient": None if bars.upright else "h"}
            layouts.append(layout(replace(plan, bars=Bars(bars.table, **options, narrow=True))))
        throws = [dice(self._seed, 100, batch + 1) for batch in range(_HUNDREDS)]
        numbers = dice(self._seed, _NUMBERS)
        ranks = landings(bars.logits, stops, np.concatenate([numbers, *throws]))
        order = likeliest(bars.logits, len(bars.logits))
        met, words = np.unique(ranks[:, :_NUMBERS], return_inverse=True)
        hundreds = np.split(ranks[:, _NUMBERS:], _HUNDREDS, axis=1)
        return {
            "prompt": in_text(bars.table.prompt, _LONGEST_PROMPT),
            "title": TITLE,
            "names": bars.names(),
            "temperatures": self._texts,
            "sentences": plan.sentences,
            "labels": bars.labels(rows),
            "shares": rows.shares.astype("<f4").tobytes(),
            "first": stops[0],
            "step": self._step,
            "numbers": [f"{number:.2f}" for number in numbers],
            "dice": numbers.tolist(),
            "words": [in_text(bars.table.tokens[order[rank]]) for rank in met],
            "landings": words.astype("<u1" if len(met) < 256 else "<u2").tobytes(),
            "hundreds": [_counts(plan, ranks) for ranks in hundreds],
            "leader": f"“{bars.names()[0]}”",
            "layouts": layouts,
        }

    @property
    def _step(self) -> float:
        first, last = self._stops[[0, -1]]
        return float((last - first) / (len(self._stops) - 1))

    @property
    def _position(self) -> int:
        return self._position_near(self.temperature)

    def _position_near(self, temperature: float) -> int:
        return int(np.abs(self._stops - temperature).argmin())

    def _nearest_stop(self, value: Any, name: str) -> float:
        number = as_temperature(value, name)
        first, last = self._stops[0], self._stops[-1]
        if not first - 1e-9 <= number <= last + 1e-9:
            raise ValueError(
                f"{name} must lie between {first:g} and {last:g}, the ends of the slider, "
                f"got {number:g}: give other temperatures= to go further"
            )
        return float(self._stops[self._position_near(number)])


class _Chart(anywidget.AnyWidget):
    """The picture, or the sentence above it, and what explorer.js needs to move its parts."""

    # As text: a path would be watched, and would keep each chart alive for good.
    _esm = read_static("explorer.js")
    _css = read_static("explorer.css")
    picture: Any = traitlets.Dict().tag(sync=True)
    # Which random number lies on the strip, and which draws are marked beside the bars.
    dice = traitlets.Int(-1).tag(sync=True)
    draws: Any = traitlets.Dict().tag(sync=True)
    # Set by the browser where the chart is shown on a narrow screen.
    narrow = traitlets.Bool(False).tag(sync=True)
    slider = traitlets.Instance(ipywidgets.FloatSlider, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    # The chart whose sentence this is.
    chart = traitlets.Instance(ipywidgets.DOMWidget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )


def _counts(plan: Plan, ranks: NDArray[np.intp]) -> dict[str, Any]:
    """Return how many draws land on each bar, and what of that is luck, a row a stop."""
    n = ranks.shape[1]
    counts = _landed(plan, ranks)
    share = plan.rows.shares[:, 0]
    spread = np.sqrt(n * share * (1 - share))
    luck = np.zeros_like(spread)
    np.divide(counts[:, 0] - n * share, spread, out=luck, where=spread > 0)
    return {
        "n": n,
        "counts": counts.astype("<u1" if n < 256 else "<u4").tobytes(),
        "deviations": luck.round(1).tolist(),
    }


def _landed(plan: Plan, ranks: NDArray[np.intp]) -> NDArray[np.intp]:
    """Count the draws that land on each bar: tokens that have none share the last."""
    count = plan.bars.count
    bars = np.minimum(ranks, count - 1)
    return np.stack([(bars == bar).sum(axis=1) for bar in range(count)], axis=1)


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


def _check_stops(temperatures: ArrayLike) -> NDArray[np.float64]:
    """Return the stops of a slider, evenly spaced but for the rounding of their numbers."""
    given = as_temperatures(temperatures)
    if len(given) < 2 or not np.isfinite(given).all():
        raise ValueError(
            f"temperatures must be two or more finite numbers, got {short(given.tolist())}"
        )
    # A float32 stands for the decimal number that it is written as: 0.1, not 0.10000000149.
    stops = np.array([float(str(stop)) for stop in given])
    steps = np.diff(stops)
    rounding = 4 * np.finfo(given.dtype).eps * stops.max()
    if steps.min() <= 0 or np.ptp(steps) > 1e-6 * steps[0] + rounding:
        raise ValueError(
            f"temperatures must rise in even steps, got steps from {steps.min():g} to "
            f"{steps.max():g}: use numpy.linspace(first, last, count)"
        )
    return stops
