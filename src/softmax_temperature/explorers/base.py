"""What all explorers share: a slider with its stops, what follows it in the browser, and a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import anywidget
import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from ..checks import as_temperature, as_temperatures, short
from ..words import temperature_texts
from .page import page, read_static, replace_file

STOPS = np.arange(201) / 100
# Where the environment has this, explorers have a layout for narrow screens from the start: pages
# without a kernel cannot ask for it.
NARROW = "SOFTMAX_TEMPERATURE_NARROW"


def script(kind: str) -> str:
    """Return the module of a kind of explorer, as text.

    A path would be watched, and would keep each widget alive for good.
    """
    files = "".join(read_static(name) for name in ("explorer.js", f"{kind}.js", "widget.js"))
    return f"{files}\nexport default widget(KINDS.{kind});\n"


class View(anywidget.AnyWidget):
    """What stands above or below the sliders, and what explorer.js needs to make it follow them."""

    data: Any = traitlets.Dict().tag(sync=True)
    # What is shown beside the sliders' stops: what was drawn or chosen.
    state: Any = traitlets.Dict().tag(sync=True)
    # Set by the browser where it is shown on a narrow screen.
    narrow = traitlets.Bool().tag(sync=True)
    sliders: Any = traitlets.List().tag(sync=True, **ipywidgets.widget_serialization)
    # Of what stands above the sliders: what stands below, which has data and state for both.
    body = traitlets.Instance(ipywidgets.DOMWidget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    @traitlets.default("narrow")
    def _narrow_at_first(self) -> bool:
        return NARROW in os.environ


class Explorer(ipywidgets.VBox):
    """A temperature slider between a head and a body that follow it without a word to Python.

    A subclass has a View (`_view`), what a new one shows (`_state`), a heading and a note for its
    page, and `_data`: what its JavaScript needs, a row for each stop.
    """

    temperature: Any = traitlets.TraitType(1.0)
    _view: type[View]
    _state: ClassVar[dict[str, Any]]
    _heading: str
    _note: str
    # The widgets that an explorer is made of: none yet where its arguments are refused.
    _parts: tuple[ipywidgets.Widget, ...] = ()

    # A subclass checks these first.
    _stops: NDArray[np.float64]

    def __init__(
        self,
        value: float,
        width: int,
        menus: Sequence[ipywidgets.Widget] = (),
        knobs: Sequence[ipywidgets.Widget] = (),
    ) -> None:
        self._texts = temperature_texts(self._stops.tolist())
        value = self._nearest_stop(value, "value")
        data = self._with_sliders(self._data(NARROW in os.environ))
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
        sliders = [self.slider, *knobs]
        self._body = self._view(sliders=sliders, data=data, state=self._state)
        self._head = self._view(body=self._body)
        super().__init__(
            children=[self._head, *menus, *sliders, self._body],
            temperature=value,
            layout={"max_width": f"{width}px"},
            _dom_classes=("softmax-temperature-explorer",),
        )
        made = [self._head, *menus, *(part for menu in menus for part in menu.children), *sliders]
        made.append(self._body)
        styles = [widget.style for widget in made if hasattr(widget, "style")]
        self._parts = (*styles, *(widget.layout for widget in (*made, self)), *made)
        self.slider.observe(self._follow_slider, "value")
        self._body.observe(self._draw_again, "narrow")

    def _data(self, narrow: bool = False) -> dict[str, Any]:
        """Return what the browser needs, a row for each stop."""
        raise NotImplementedError

    def _title(self) -> str:
        """Return what a page's title adds to its heading."""
        raise NotImplementedError

    def _caption(self) -> str:
        """Return in words what is shown now."""
        raise NotImplementedError

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
        >>> from softmax_temperature import TemperatureExplorer, TokenTable
        >>> explorer = TemperatureExplorer(TokenTable(["day", "problem"], [5.0, 3.0]))
        >>> explorer.to_html()[:32]
        '<!doctype html>\n<html lang="en">'
        """
        text = page(self._exported(), self._heading, self._title(), self._note, self._caption())
        if path is None:
            return text
        replace_file(path, text)
        return None

    def close(self) -> None:
        """Take the explorer off the page and free it, with its slider and all that follows it.

        Its numbers and `to_html` still work, and what it shows can still be set. Shown again, it is
        a line of text.
        """
        for part in self._parts:
            part.close()
        super().close()

    def _exported(self) -> dict[str, Any]:
        """Return the data of a page, which is for wide and narrow screens, and its first state."""
        start = {"start": [self._position], "state": self._state}
        return self._with_sliders(self._data(narrow=True)) | start

    def _with_sliders(self, data: dict[str, Any]) -> dict[str, Any]:
        slider = {
            "name": "Temperature",
            "key": "T",
            "title": data.pop("title"),
            "first": float(self._stops[0]),
            "step": self._step,
            "texts": data.pop("texts", self._texts),
        }
        return data | {"sliders": [slider, *data.pop("knobs", [])]}

    def _draw_again(self, _: Any = None) -> None:
        self._body.data = self._with_sliders(self._data(self._body.narrow))

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


def as_stops(temperatures: ArrayLike) -> NDArray[np.float64]:
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
