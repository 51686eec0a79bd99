"""What all explorers share: a slider, a head and a body that follow it, and a page."""

from __future__ import annotations

import os
from html import escape
from typing import Any, ClassVar
from uuid import uuid4

import anywidget
import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from ..checks import as_temperature, as_temperatures, short
from ..phrases import phrase
from ..words import temperature_text, temperature_texts
from .data import State, held, nearest_stop, stops_of
from .page import KINDS, page, replace_file
from .scripts import join_scripts, read_browser

STOPS = np.arange(201) / 100
# Where the environment has this, explorers have a layout for narrow screens from the start: pages
# without a kernel cannot ask for it.
NARROW = "SOFTMAX_TEMPERATURE_NARROW"


def script(kind: str) -> str:
    """Return the module of a kind of explorer in a notebook, as text.

    A path would be watched, and would keep each widget alive for good.
    """
    file, name, _ = KINDS[kind]
    return join_scripts(
        f'import {{ widget }} from "./widget.js";\nimport {{ {name} }} from "./{file}";\n'
        f"export default widget({name});\n"
    )


def styles(kind: str) -> str:
    """Return the styles of a kind of explorer."""
    return "".join(read_browser(name) for name in KINDS[kind][2])


class View(anywidget.AnyWidget):
    """What stands above or below the slider."""

    # What is sent once, and what is set: `data.py` types both.
    data: Any = traitlets.Dict().tag(sync=True)
    state: Any = traitlets.Dict().tag(sync=True)
    # Set by the browser where it is shown on a narrow screen.
    narrow = traitlets.Bool().tag(sync=True)
    # Of what stands above the slider: what stands below, which has data and state for both. In the
    # browser they find one another by their key.
    body = traitlets.Instance(ipywidgets.DOMWidget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    key = traitlets.Unicode().tag(sync=True)
    slider = traitlets.Instance(ipywidgets.FloatSlider, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    # Data that several explorers have in common, and that are sent once.
    shared = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    @traitlets.default("narrow")
    def _narrow_at_first(self) -> bool:
        return NARROW in os.environ


class Explorer(ipywidgets.VBox):
    """A temperature slider between a head and a body that follow it without a word to Python.

    A subclass hands its data and its first state to `__init__`, and can say what a page needs.
    """

    temperature: Any = traitlets.TraitType(1.0)
    # Names of phrases: the heading of a page, and a note below it.
    _heading: ClassVar[str]
    _note: str
    # The widgets that an explorer is made of: none yet where its arguments are refused.
    _parts: tuple[ipywidgets.Widget, ...] = ()

    def __init__(
        self,
        view: type[View],
        data: Any,
        state: State,
        stops: NDArray[np.float64],
        value: float,
        width: int,
        shared: ipywidgets.Widget | None = None,
    ) -> None:
        self._stops = stops
        texts = temperature_texts(stops.tolist())
        decimals = max(len(text.partition(".")[2]) for text in texts)
        first, last = stops[[0, -1]].tolist()
        self.slider = ipywidgets.FloatSlider(
            value=self._nearest_stop(value),
            min=first,
            max=last,
            step=stops_of(stops)["step"],
            description=phrase("temperature"),
            readout_format=f".{decimals}f" if decimals else ".6g",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        shown = state | {"T": held(value)}
        key = uuid4().hex
        self._body = view(slider=self.slider, data=data, state=shown, key=key, shared=shared)
        self._head = view(body=self._body, key=key)
        super().__init__(
            children=[self._head, self.slider, self._body],
            temperature=value,
            layout={"max_width": f"{width}px"},
            _dom_classes=("softmax-temperature-explorer",),
        )
        made = (self._head, self.slider, self._body)
        self._parts = (self.slider.style, *(part.layout for part in (*made, self)), *made)
        self.slider.observe(self._follow_slider, "value")
        self._body.observe(self._follow_state, "state")
        self._body.observe(self._draw_again, "narrow")

    def _data(self, narrow: bool) -> Any:
        """Return what the browser needs, with a layout for narrow screens or without."""
        raise NotImplementedError

    def _page_data(self) -> Any:
        """Return all that a page needs, with what is set now."""
        data = self._data(True) | {"state": self._state}
        return data if self._body.shared is None else data | {"model": self._body.shared.data}

    def _prompt(self) -> str:
        """Return the prompt that a page's title names, or an empty text."""
        raise NotImplementedError

    def _caption(self) -> str:
        """Return in words what is shown now."""
        raise NotImplementedError

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | None:
        r"""Write the explorer as one HTML page that needs no Jupyter, no Python and no network.

        The page starts with what is set now, or with what its address says (``#T=0.7``).

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
        data = self._page_data()
        prompt = self._prompt().strip()
        title = phrase("heading_of_prompt", prompt=prompt) if prompt else ""
        text = page(data, phrase(self._heading), title, phrase(self._note), self._caption())
        if path is None:
            return text
        replace_file(path, text)
        return None

    def _mime_(self) -> tuple[str, str]:
        """Show the explorer's page in marimo, which takes no box of ipywidgets."""
        name = escape(phrase(self._heading))
        return "text/html", (
            f'<iframe srcdoc="{escape(self.to_html() or "")}" title="{name}" '
            'style="width: 100%; height: 700px; border: 0"></iframe>'
        )

    def close(self) -> None:
        """Take the explorer off the page and free it, with its slider and all that follows it.

        Its numbers and `to_html` still work, and what it shows can still be set. Shown again, it is
        a line of text.
        """
        for part in self._parts:
            part.close()
        super().close()

    @property
    def _state(self) -> Any:
        """What is set. A slider that is dragged has told its own temperature only."""
        return self._body.state | {"T": held(self.temperature)}

    def _set(self, **changes: Any) -> None:
        self._body.state = self._state | changes

    def _draw_again(self, _: Any = None) -> None:
        self._body.data = self._data(self._body.narrow)

    @traitlets.validate("temperature")
    def _validate_temperature(self, proposal: Any) -> float:
        return as_temperature(proposal["value"])

    @traitlets.observe("temperature")
    def _show_temperature(self, _: Any = None) -> None:
        # What the browser has told is there already: sent back, it would disturb a drag.
        if not self._parts or self.temperature == self._heard:
            return
        self._set()
        self._move_slider()

    def _move_slider(self) -> None:
        value = self._nearest_stop(self.temperature)
        if abs(self.slider.value - value) > 1e-9:
            self.slider.value = value

    _heard: float | None = None

    def _hear(self, temperature: float) -> None:
        self._heard = temperature
        try:
            self.temperature = temperature
        finally:
            self._heard = None

    def _follow_slider(self, change: Any) -> None:
        # The ends of the slider can be moved from code: no stop is there.
        stop = self._nearest_stop(change["new"])
        if stop != self._nearest_stop(self.temperature):
            self._hear(stop)
        self._move_slider()

    def _follow_state(self, change: Any) -> None:
        # The browser has moved its slider, too, and tells of it: moved from here as well, it would
        # be pulled back where it has been dragged on meanwhile.
        temperature = float(change["new"]["T"])
        if temperature != self.temperature:
            self._hear(temperature)

    def _nearest_stop(self, temperature: float) -> float:
        return float(self._stops[nearest_stop(stops_of(self._stops), temperature)])

    @property
    def _temperature_text(self) -> str:
        return temperature_text(self.temperature, stops_of(self._stops)["step"])


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
