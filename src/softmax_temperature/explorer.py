"""The slider and the chart that follows it in the browser."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from .bars import Bars
from .checks import as_temperature, as_temperatures, short
from .core import TokenTable
from .page import page, read_static, replace_file
from .picture import layout, still
from .words import TITLE, sentences, temperature_texts

if TYPE_CHECKING:
    import pandas as pd

_STOPS = np.arange(201) / 100


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

    Attributes
    ----------
    table : TokenTable
        What is shown. Set it to another table to draw that at the same temperature.
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
        If `table` is not a TokenTable, or a temperature is not a real number.
    ValueError
        If `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value`
        or, later, `temperature` lies outside them; if there are too many bars.

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
    ) -> None:
        self._stops = _check_stops(temperatures)
        self._texts = temperature_texts(self._stops.tolist())
        value = self._nearest_stop(value, "value")
        self._options: dict[str, Any] = {"top": top, "orient": orient}
        self._bars = Bars(table, **self._options)
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
        self._chart = _Chart(slider=self.slider, picture=self._picture(self._bars))
        super().__init__(
            children=[self.slider, self._chart],
            temperature=value,
            layout={"max_width": "800px"},
            _dom_classes=("softmax-temperature-explorer",),
        )
        slider, chart = self.slider, self._chart
        self._parts = (slider.style, slider.layout, slider, chart.layout, chart, self.layout)
        self.slider.observe(self._follow_slider, "value")
        self._chart.observe(self._draw_again, "narrow")

    @property
    def table(self) -> TokenTable:
        """The tokens and logits that are shown."""
        return self._bars.table

    @table.setter
    def table(self, table: TokenTable) -> None:
        bars = Bars(table, **self._options)
        self._chart.picture = self._picture(bars, self._chart.narrow)
        self._bars = bars

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
        text = page(self._picture(self._bars, narrow=True), self._position)
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
        shown = f"top {self._bars.count - 1:,} of " if self._bars.n_others else ""
        return (
            f"TemperatureExplorer({shown}{len(self.table.tokens):,} tokens, "
            f"temperature={self._texts[self._position]})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a still picture, for pages that show a saved notebook without a kernel."""
        data = super()._repr_mimebundle_(**kwargs)
        box = self._chart.picture["layouts"][0]["box"]
        picture = still(self._bars, self.temperature, self._texts[self._position], box)
        data["image/png"] = base64.b64encode(picture).decode()
        width, height = (round(96 * inches) for inches in self._bars.size)
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
        self._chart.picture = self._picture(self._bars, self._chart.narrow)

    def _picture(self, bars: Bars, narrow: bool = False) -> dict[str, Any]:
        """Return a picture for the browser, and what each stop makes of it."""
        stops = self._stops.tolist()
        rows = bars.sweep(stops, with_entropy=True)
        leading = bars.leading_shares(rows)
        layouts = [layout(bars)]
        if narrow:
            # There is less room for upright bars.
            options = self._options | {"orient": None if bars.upright else "h"}
            layouts.append(layout(Bars(bars.table, **options, narrow=True)))
        return {
            "title": TITLE,
            "names": bars.names(),
            "temperatures": self._texts,
            "sentences": sentences(bars.table, stops, self._texts, leading, rows.entropy),
            "labels": bars.labels(rows),
            "shares": rows.shares.astype("<f4").tobytes(),
            "first": stops[0],
            "step": self._step,
            "layouts": layouts,
        }

    @property
    def _step(self) -> float:
        first, last = self._stops[[0, -1]]
        return float((last - first) / (len(self._stops) - 1))

    @property
    def _position(self) -> int:
        return int(np.abs(self._stops - self.temperature).argmin())

    def _nearest_stop(self, value: Any, name: str) -> float:
        number = as_temperature(value, name)
        first, last = self._stops[0], self._stops[-1]
        if not first - 1e-9 <= number <= last + 1e-9:
            raise ValueError(
                f"{name} must lie between {first:g} and {last:g}, the ends of the slider, "
                f"got {number:g}: give other temperatures= to go further"
            )
        return float(self._stops[np.abs(self._stops - number).argmin()])


class _Chart(anywidget.AnyWidget):
    """The picture, and what explorer.js needs to move its bars."""

    # As text: a path would be watched, and would keep each chart alive for good.
    _esm = read_static("explorer.js")
    _css = read_static("explorer.css")
    picture: Any = traitlets.Dict().tag(sync=True)
    # Set by the browser where the chart is shown on a narrow screen.
    narrow = traitlets.Bool(False).tag(sync=True)
    slider = traitlets.Instance(ipywidgets.FloatSlider).tag(
        sync=True, **ipywidgets.widget_serialization
    )


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
