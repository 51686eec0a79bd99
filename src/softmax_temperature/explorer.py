"""The slider and the chart that follows it in the browser."""

from __future__ import annotations

import base64
import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib import style
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from .charts import (
    BAR,
    REFERENCE,
    TITLE,
    WIDTH,
    Bars,
    add_halo,
    add_title_and_key,
    describe,
    finish_bars,
    name_bars,
    temperature_text,
    title,
)
from .checks import as_temperature, as_temperatures
from .core import TokenTable
from .page import page, replace_file

if TYPE_CHECKING:
    import pandas as pd

_STOPS = np.arange(201) / 100
_STYLE: Any = {
    "axes.edgecolor": REFERENCE,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "softmax-temperature",
    "xtick.color": REFERENCE,
    "xtick.labelcolor": "black",
    "ytick.color": REFERENCE,
    "ytick.labelcolor": "black",
}


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

    def __init__(
        self,
        table: TokenTable,
        temperatures: ArrayLike = _STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
    ) -> None:
        bars = Bars(table, top, orient)
        stops = _check_stops(as_temperatures(temperatures).astype(np.float64))
        self._stops = stops
        self._options: dict[str, Any] = {"top": top, "orient": orient}
        value = self._nearest_stop(value, "value")
        decimals = max(len(temperature_text(stop).partition(".")[2]) for stop in stops)
        self.slider = ipywidgets.FloatSlider(
            value=value,
            min=stops[0],
            max=stops[-1],
            step=stops[1] - stops[0],
            description="Temperature",
            readout_format=f".{decimals}f",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        self._picture = _Picture(bars)
        self._chart = _Chart(slider=self.slider, picture=self._frames(self._picture))
        super().__init__(
            children=[self.slider, self._chart],
            temperature=value,
            layout={"max_width": "800px"},
            _dom_classes=("softmax-temperature-explorer",),
        )
        self.slider.observe(self._follow_slider, "value")
        self._chart.observe(self._draw_again, "narrow")

    @property
    def table(self) -> TokenTable:
        """The tokens and logits that are shown."""
        return self._picture.bars.table

    @table.setter
    def table(self, table: TokenTable) -> None:
        picture = _Picture(Bars(table, **self._options))
        self._chart.picture = self._frames(picture, self._chart.narrow)
        self._picture = picture

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
        stops = self._stops.tolist()
        text = page(self._frames(self._picture, narrow=True), stops.index(self.temperature), stops)
        if path is None:
            return text
        replace_file(path, text)
        return None

    def __repr__(self) -> str:
        """Give the number of tokens and the current temperature."""
        bars = self._picture.bars
        shown = f"top {bars.count - 1:,} of " if bars.n_others else ""
        return (
            f"TemperatureExplorer({shown}{len(bars.table.tokens):,} tokens, "
            f"temperature={temperature_text(self.temperature)})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a still picture, for pages that show a saved notebook without a kernel."""
        data = super()._repr_mimebundle_(**kwargs)
        data["image/png"] = base64.b64encode(self._picture.still(self.temperature)).decode()
        width, height = (round(96 * inches) for inches in self._picture.bars.size)
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
        self.temperature = change["new"]
        self._move_slider()

    def _draw_again(self, _: Any = None) -> None:
        self._chart.picture = self._frames(self._picture, self._chart.narrow)

    def _frames(self, picture: _Picture, narrow: bool = False) -> dict[str, Any]:
        """Return a picture for the browser, and what each stop makes of it."""
        bars, stops = picture.bars, self._stops.tolist()
        rows = bars.shares(stops)
        layouts = [picture.layout()]
        if narrow:
            # There is less room for upright bars.
            orient = "h" if bars.orient == "h" else None
            options = self._options | {"orient": orient}
            layouts.append(_Picture(Bars(bars.table, **options, narrow=True)).layout())
        return {
            "title": TITLE,
            "names": bars.names(),
            "texts": [
                [temperature_text(t), describe(bars.table, t), *bars.labels(t, row)]
                for t, row in zip(stops, rows, strict=True)
            ],
            "shares": rows.astype("<f4").tobytes(),
            "first": stops[0],
            "step": stops[1] - stops[0],
            "layouts": layouts,
        }

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

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")
    picture: Any = traitlets.Dict().tag(sync=True)
    # Set by the browser where the chart is shown on a narrow screen.
    narrow = traitlets.Bool(False).tag(sync=True)
    slider = traitlets.Instance(ipywidgets.FloatSlider).tag(
        sync=True, **ipywidgets.widget_serialization
    )


def _check_stops(stops: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.diff(stops)
    if len(stops) < 2 or not np.isfinite(stops).all():
        raise ValueError(f"temperatures must be two or more finite numbers, got {stops}")
    if steps[0] <= 0 or np.ptp(steps) > 1e-6 * steps[0]:
        raise ValueError(
            f"temperatures must rise in even steps, got steps from {steps.min():g} to "
            f"{steps.max():g}: use numpy.linspace(first, last, count)"
        )
    return stops


class _Picture:
    """The chart, laid out once: as SVG with every bar at probability 1, and as PNG at any T."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        upright = bars.orient == "v"
        with style.context(["default", _STYLE]):
            self._figure = Figure(figsize=bars.size, layout="constrained")
            self._ax = self._figure.subplots()
            draw: Any = self._ax.bar if upright else self._ax.barh
            drawn = draw(range(bars.count), 1.0, WIDTH, color=BAR, linewidth=0)
            self._patches = list(drawn)
            full = "100.00 %" if bars.percent else "1.00"
            self._labels = finish_bars(self._ax, bars, self._patches, [full] * bars.count)
            ticks = self._ax.get_xticklabels() if upright else self._ax.get_yticklabels()
            self._names = [text.get_text() for text in ticks]
            self._title, key = add_title_and_key(self._ax, bars, title(1.0))
            self._figure.draw_without_rendering()
        self._figure.set_layout_engine("none")
        # Title and key belong in the middle of the picture, however long the names beside lying
        # bars are.
        box = self._ax.get_position()
        middle = (0.5 - box.x0) / box.width
        self._title.set_x(middle)
        key.set_bbox_to_anchor((middle, 1), self._ax.transAxes)
        self._title.set_gid("title")
        for position, (patch, label) in enumerate(zip(self._patches, self._labels, strict=True)):
            patch.set_gid(f"bar-{position}")
            label.set_gid(f"label-{position}")

    def layout(self) -> dict[str, Any]:
        """Return the picture for the browser, and what it needs to move the bars."""
        bars = self.bars
        # The browser has the fonts for every script, where the still picture has escapes.
        name_bars(self._ax, bars, bars.names())
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with style.context(["default", _STYLE]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self._figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
        name_bars(self._ax, bars, self._names)
        svg = buffer.getvalue()
        # Where probabilities 0 and 1 are, in the picture's points from its left and upper edges.
        (x0, y0), (x1, y1) = self._ax.transAxes.transform([(0, 0), (1, 1)]) * 72 / self._figure.dpi
        foot, end = (x0, x1) if bars.orient == "h" else (72 * bars.size[1] - y for y in (y0, y1))
        return {
            "svg": svg[svg.index("<svg") :],
            "orient": bars.orient,
            "foot": float(foot),
            "length": float(end - foot),
        }

    def still(self, temperature: float) -> bytes:
        """Return the picture at one temperature as PNG."""
        (row,) = self.bars.shares([temperature])
        words = self.bars.labels(temperature, row)
        for patch, label, share, word in zip(self._patches, self._labels, row, words, strict=True):
            if self.bars.orient == "v":
                patch.set_height(share)
                label.xy = (label.xy[0], share)
            else:
                patch.set_width(share)
                label.xy = (share, label.xy[1])
            label.set_text(word)
        self._title.set_text(title(temperature))
        add_halo(self._labels)
        buffer = io.BytesIO()
        with style.context(["default", _STYLE]):
            self._figure.savefig(buffer, format="png", dpi=96, pil_kwargs={"compress_level": 3})
        return buffer.getvalue()
