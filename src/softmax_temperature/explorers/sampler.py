"""What a sampler cuts: bars that follow two sliders, temperature and one knob of truncation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from ..chain import SamplerChain, masked_logits
from ..checks import real_number, short
from ..core import Sweep, TokenTable, entropies, softmax, sweep
from ..drawing.bars import Bars
from ..drawing.picture import layout
from ..drawing.plan import Plan
from ..words import CUT, in_text, temperature_texts, what_is_kept
from .base import Explorer, as_stops
from .temperature import LONGEST_PROMPT, Chart, coded, with_still

if TYPE_CHECKING:
    import pandas as pd

# The sliders stand below one another.
_LABEL_WIDTH = "7em"
_TITLE = "Probabilities at T = "
_STOPS = np.arange(41) / 20
_SHARES = [i / 20 for i in range(1, 20)]
_SMALL = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1]
_ORDERS = {"first": "temperature first", "last": "temperature last"}


class _Knob(NamedTuple):
    name: str
    # None is off, and stands at the end where least is cut.
    stops: list[float | None]
    usual: float


_KNOBS = {
    "top_p": _Knob("top-p", [*_SHARES, None], 0.9),
    "top_k": _Knob(
        "top-k",
        [1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 40, 50, 75, 100, 300, 1000, 3000, 10000, None],
        40,
    ),
    "min_p": _Knob("min-p", [None, 0.01, 0.02, *_SHARES[:-1]], 0.1),
    "typical_p": _Knob("typical-p", [*_SHARES, None], 0.9),
    "top_n_sigma": _Knob(
        "top-nσ", [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 8, None], 1
    ),
    "epsilon_cutoff": _Knob("epsilon", [None, *_SMALL], 3e-4),
    "eta_cutoff": _Knob("eta", [None, *_SMALL], 3e-4),
}


class _Cut(NamedTuple):
    """Know what is cut from which table, how, and at which stops of a knob."""

    bars: Bars
    method: str
    order: str
    knobs: list[float | None]

    @classmethod
    def of(cls, bars: Bars, method: str, order: str) -> _Cut:
        """Return it with all stops at which something can be cut."""
        stops = _KNOBS[method].stops
        if method == "top_k":
            stops = [stop for stop in stops if stop is None or stop < len(bars.logits)]
        return cls(bars, method, order, stops)

    @property
    def name(self) -> str:
        """The name of the knob."""
        return _KNOBS[self.method].name

    @property
    def texts(self) -> list[str]:
        """What the knob reads at its stops."""
        return ["off" if knob is None else f"{knob:g}" for knob in self.knobs]

    def position_of(self, knob: float | None) -> int:
        """Return which stop a setting is, or refuse it."""
        near = self.nearest_to(knob)
        stop = self.knobs[near]
        if stop != knob:
            stops = ", ".join(text for text in self.texts if text != "off")
            raise ValueError(
                f"knob must be one of the stops of {self.name}, got {short(knob)}: use "
                f"{stops}, or None to cut nothing"
            )
        return near

    def nearest_to(self, knob: Any) -> int:
        """Return the stop that is nearest to a setting."""
        if knob is None:
            return self.knobs.index(None)
        number = real_number(knob, "knob")
        far = [np.inf if stop is None else abs(stop - number) for stop in self.knobs]
        return int(np.argmin(far))

    def chain(self, knob: float | None, temperature: float) -> SamplerChain:
        """Return the steps of a sampler, in their order."""
        cut: list[tuple[str, float]] = [] if knob is None else [(self.method, knob)]
        temper = [("temperature", temperature)]
        return SamplerChain(temper + cut if self.order == "first" else cut + temper)


class SamplerExplorer(Explorer):
    """Show what a sampler cuts, as bars that follow temperature and one knob of truncation at once.

    Bars are what the sampler draws from; outlines are what it would draw from if nothing were cut.
    All stops of both sliders are computed beforehand.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    method : {"top_p", "top_k", "min_p", "typical_p", "top_n_sigma", "epsilon_cutoff", \
"eta_cutoff"}
        What cuts tokens; the functions of these names say how.
    knob : float, optional
        How much is cut, one of the method's stops; by default nothing is.
    order : {"first", "last"}
        Whether temperature comes before the cut, or after it.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.05.
    value : float, default 1.0
        The first temperature.
    top : int, optional
        Draw this many tokens, the likeliest first, and all others together as one hatched bar. A
        table of more than 100 tokens needs it.
    orient : {"v", "h"}, optional
        Upright or lying bars; chosen by the number of bars and their names by default.

    Attributes
    ----------
    table : TokenTable
        What is shown. It can be set, as can all that follow.
    temperature : float
        The stop at which the first slider is.
    method, order : str
        As above.
    knob : float or None
        The stop at which the second slider is; None is off.
    chain : SamplerChain
        The two steps of the sampler, as they are set.
    probabilities : DataFrame
        Tokens, logits, probabilities, and whether each token is kept.
    slider, knob_slider : ipywidgets.FloatSlider, ipywidgets.SelectionSlider
        The sliders themselves, for linking them to other widgets.

    Raises
    ------
    TypeError
        If `table` is not a TokenTable, or a temperature is not a real number.
    ValueError
        If `method`, `knob` or `order` is none of those there are; if `temperatures` are fewer than
        two, not finite, negative or not evenly spaced; if `value` or, later, `temperature` lies
        outside them; if there are too many bars.

    Examples
    --------
    >>> from softmax_temperature import load_example
    >>> explorer = SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8)
    >>> explorer
    SamplerExplorer(6 tokens, temperature=1.00, top-p=0.8, temperature first)
    >>> explorer.probabilities.query("kept")["tokens"].tolist()
    ['day', 'experience']
    >>> explorer.order = "last"
    >>> explorer.chain
    SamplerChain([('top_p', 0.8), ('temperature', 1.0)])
    """

    _view = Chart
    # Whether the sliders wait for their other stops.
    _state: ClassVar[dict[str, Any]] = {"busy": False}
    _heading = "What a sampler cuts"
    _note = (
        "Drag the sliders or use the arrow keys. Outlines are the probabilities without the cut. "
        "The address of this page keeps both sliders: copy it to share what you see."
    )

    def __init__(
        self,
        table: TokenTable,
        method: str = "top_p",
        knob: float | None = None,
        order: str = "first",
        temperatures: ArrayLike = _STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
    ) -> None:
        self._stops = as_stops(temperatures)
        self._options: dict[str, Any] = {"top": top, "orient": orient}
        _check_among(method, "method", _KNOBS)
        _check_among(order, "order", _ORDERS)
        self._cut = _Cut.of(Bars(table, **self._options), method, order)
        position = self._cut.position_of(knob)
        self._plan = _plan(self._cut, self._stops.tolist())
        self._layouts: list[dict[str, Any]] = []
        self.method_menu, self.order_menu = (
            ipywidgets.Dropdown(
                options=[(text, name) for name, text in names.items()],
                value=value,
                description=description,
                style={"description_width": "initial"},
                layout={"width": "auto"},
            )
            for description, names, value in (
                ("Method", {name: knob.name for name, knob in _KNOBS.items()}, method),
                ("Order", _ORDERS, order),
            )
        )
        self.knob_slider = ipywidgets.SelectionSlider(
            options=self._cut.texts,
            index=position,
            description=self._cut.name,
            style={"description_width": _LABEL_WIDTH},
            layout={"width": "auto"},
        )
        menus = ipywidgets.HBox([self.method_menu, self.order_menu], layout={"flex_flow": "wrap"})
        super().__init__(value, 800, [menus], [self.knob_slider])
        self.slider.style.description_width = _LABEL_WIDTH
        for menu in (self.method_menu, self.order_menu):
            menu.observe(self._follow_menus, "value")

    @property
    def table(self) -> TokenTable:
        """The tokens and logits that are shown."""
        return self._cut.bars.table

    @table.setter
    def table(self, table: TokenTable) -> None:
        cut = _Cut.of(Bars(table, **self._options), self.method, self.order)
        self._show(cut, cut.nearest_to(self.knob))

    @property
    def method(self) -> str:
        """What cuts tokens. A new method begins with a usual setting of its knob."""
        return self._cut.method

    @method.setter
    def method(self, method: str) -> None:
        self.method_menu.value = _check_among(method, "method", _KNOBS)

    @property
    def order(self) -> str:
        """Whether temperature comes before the cut, or after it."""
        return self._cut.order

    @order.setter
    def order(self, order: str) -> None:
        self.order_menu.value = _check_among(order, "order", _ORDERS)

    @property
    def knob(self) -> float | None:
        """How much is cut; None is off."""
        position: int = self.knob_slider.index
        return self._cut.knobs[position]

    @knob.setter
    def knob(self, knob: float | None) -> None:
        self.knob_slider.index = self._cut.position_of(knob)

    @property
    def chain(self) -> SamplerChain:
        """The two steps of the sampler, as they are set."""
        return self._cut.chain(self.knob, self.temperature)

    @property
    def probabilities(self) -> pd.DataFrame:
        """Tokens, logits, probabilities, and whether each token is kept."""
        masked = masked_logits(self.chain, self.table)
        return self.table.to_frame().assign(probabilities=softmax(masked), kept=masked > -np.inf)

    def __repr__(self) -> str:
        """Give the number of tokens and what is set."""
        return (
            f"SamplerExplorer({len(self.table.tokens):,} tokens, "
            f"temperature={self._texts[self._position]}, "
            f"{self._cut.name}={self._cut.texts[self.knob_slider.index]}, {_ORDERS[self.order]})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a still picture, for pages that show a saved notebook without a kernel."""
        knob = f"{self._cut.name} = {self._cut.texts[self.knob_slider.index]}"
        text = f"{_TITLE}{self._texts[self._position]}, {knob}"
        return with_still(super()._repr_mimebundle_(**kwargs), self._plan, self._row, text)

    def _follow_menus(self, _: Any = None) -> None:
        method, order = self.method_menu.value, self.order_menu.value
        if (method, order) != (self.method, self.order):
            cut = _Cut.of(self._cut.bars, method, order)
            same = method == self.method
            self._show(cut, cut.nearest_to(self.knob if same else _KNOBS[method].usual))

    def _show(self, cut: _Cut, position: int) -> None:
        """Show what another cut makes of this stop, and then, with the sliders held, of all."""
        after = self._cut, self._plan, self.knob_slider.index, self._layouts
        layouts = self._layouts if cut.bars is self._cut.bars else []
        self.slider.disabled = self.knob_slider.disabled = True
        self._body.state = {"busy": True}
        try:
            plan = _plan(cut._replace(knobs=[cut.knobs[position]]), [self.temperature])
            self._draw(cut, plan, position, layouts)
            after = cut, _plan(cut, self._stops.tolist()), position, self._layouts
        finally:
            self._draw(*after)
            self._body.state = self._state
            self.slider.disabled = self.knob_slider.disabled = False

    def _draw(self, cut: _Cut, plan: Plan, position: int, layouts: list[dict[str, Any]]) -> None:
        self._cut, self._plan, self._layouts = cut, plan, layouts
        self._body.data = self._with_sliders(self._data_of(plan, position, self._body.narrow))
        self.knob_slider.options = cut.texts
        self.knob_slider.index = position
        self.knob_slider.description = cut.name
        self.method_menu.value, self.order_menu.value = cut.method, cut.order

    def _title(self) -> str:
        prompt = in_text(self.table.prompt).strip()
        return f": {prompt} ..." if prompt else ""

    @property
    def _row(self) -> int:
        return self._position * len(self._cut.knobs) + int(self.knob_slider.index)

    def _caption(self) -> str:
        return self._plan.sentences[self._row]

    def _exported(self) -> dict[str, Any]:
        start = [self._position, self.knob_slider.index]
        menus = [
            {"name": menu.description, "text": menu.label}
            for menu in (self.method_menu, self.order_menu)
        ]
        return super()._exported() | {"start": start, "menus": menus}

    def _data(self, narrow: bool = False) -> dict[str, Any]:
        return self._data_of(self._plan, self.knob_slider.index, narrow)

    def _data_of(self, plan: Plan, position: int, narrow: bool) -> dict[str, Any]:
        bars, cut, count = plan.bars, self._cut, len(plan.stops)
        if not self._layouts:
            self._layouts = [layout(plan)]
        if narrow and len(self._layouts) == 1:
            # There is less room for upright bars.
            options = self._options | {"orient": None if bars.upright else "h"}
            lean = Bars(bars.table, **options, narrow=True)
            self._layouts.append(layout(replace(plan, bars=lean)))
        whole = len(plan.sentences) == count * len(cut.texts)
        texts = cut.texts if whole else [cut.texts[position]]
        knob = {
            "name": cut.name,
            "key": cut.name,
            "title": f", {cut.name} = ",
            "first": 0,
            "step": 1,
            "texts": texts,
        }
        outlines: Any = plan.outlines
        return {
            "kind": "chart",
            "title": _TITLE,
            "prompt": in_text(bars.table.prompt, LONGEST_PROMPT),
            "names": bars.names(),
            "sentences": plan.sentences,
            **coded(plan.labels),
            "shares": plan.rows.shares.astype("<f4").tobytes(),
            "outlines": outlines[:: len(texts)].astype("<f4").tobytes(),
            "layouts": self._layouts[: 1 + narrow],
            "texts": temperature_texts(plan.stops),
            "knobs": [knob],
        }


def _plan(cut: _Cut, temperatures: list[float]) -> Plan:
    """Work out what is drawn at each temperature and stop of the knob, and what is said of it."""
    bars, total = cut.bars, cut.bars.n_unmasked
    plain, bits = bars.sweep(temperatures), entropies(bars.logits, temperatures)
    last = cut.order == "last"
    # What a cut goes by that comes before the temperature, and what it keeps.
    at_1 = softmax(bars.logits)
    cut_at_1 = (
        [masked_logits(cut.chain(knob, 1.0), bars.table) for knob in cut.knobs] if last else []
    )
    rows, labels, said, outlines = [], [], [], []
    for stop, temperature in enumerate(temperatures):
        here = at_1 if last else softmax(bars.logits, temperature)
        for position, knob in enumerate(cut.knobs):
            masked = masked_logits(cut.chain(knob, temperature), bars.table)
            row = sweep(masked, [1.0], bars.shown)
            (texts,) = bars.labels(row)
            was_cut = plain.possible[stop] & ~row.possible[0]
            labels.append(
                [CUT if gone else text for gone, text in zip(was_cut, texts, strict=True)]
            )
            openness = entropies(masked, [1.0])[0], bits[stop]
            kept = (cut_at_1[position] if last else masked) > -np.inf
            mass = float(here[kept].sum())
            said.append(what_is_kept(int(kept.sum()), total, mass, last, *openness))
            rows.append(row)
            outlines.append(plain.shares[stop])
    shares, chances = map(np.concatenate, zip(*rows, strict=True))
    return Plan(
        bars,
        ("bars",),
        temperatures,
        Sweep(shares, chances),
        labels,
        said,
        outlines=np.stack(outlines),
        outline_name="nothing cut",
    )


def _check_among(value: Any, name: str, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {short(value)}")
    return value
