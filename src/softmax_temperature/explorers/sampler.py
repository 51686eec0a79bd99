"""What a sampler cuts from the bars, following a temperature slider and the knobs of its cuts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..chain import SamplerChain, masked_logits
from ..checks import as_temperature, short
from ..core import TokenTable, entropies, possible, softmax, sweep
from ..drawing.bars import Bars
from ..drawing.plan import Moment, Plan
from ..phrases import phrase
from ..words import what_is_kept
from .bars import BarsExplorer, Pictures, as_tables
from .base import View, as_stops, script, styles
from .data import Data, State
from .steps import KNOBS, TEMPERATURE, Steps, chain_of, knobs_below, steps_of

if TYPE_CHECKING:
    import pandas as pd

_STOPS = np.arange(41) / 20
_ORDERS = {"first": "temperature_first", "last": "temperature_last"}
_METHOD = "top_p"


class _Sampler(View):
    """The picture, or the steps above it."""

    _esm = script("sampler")
    _css = styles("sampler")


class SamplerExplorer(BarsExplorer):
    """Show what a sampler cuts, as bars that follow temperature and the knobs of its cuts at once.

    Bars are what the sampler draws from; outlines are what it would draw from if nothing were cut.
    A reader can take other steps, in any order, or those of an engine.

    Parameters
    ----------
    table : TokenTable or sequence of TokenTable
        The tokens and their logits. Of several tables one is shown, and a menu has their prompts.
    method : {"top_p", "top_k", "min_p", "typical_p", "top_n_sigma", "epsilon_cutoff", \
"eta_cutoff"}
        What cuts tokens; the functions of these names say how.
    knob : float, optional
        How much is cut, any value that the method takes; by default nothing is.
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
        From 0 to infinity.
    method, order : str
        The first cut, and whether the temperature comes before it.
    knob : float or None
        How much the first cut cuts; None is off.
    chain : SamplerChain
        All steps that are on. It can have several cuts, and must have one temperature.
    probabilities : DataFrame
        Tokens, logits, probabilities, and whether each token is kept.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError
        If `table` is neither a TokenTable nor several, or a number is none.
    ValueError
        If `method` or `order` is none of those there are; if the method refuses `knob`; if
        `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value` or,
        later, `temperature` is negative; if there are too many bars.

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

    _heading = "sampler_heading"
    _note = "sampler_note"

    def __init__(
        self,
        table: TokenTable | Sequence[TokenTable],
        method: str = _METHOD,
        knob: float | None = None,
        order: str = "first",
        temperatures: ArrayLike = _STOPS,
        value: float = 1.0,
        *,
        top: int | None = None,
        orient: str | None = None,
    ) -> None:
        stops = as_stops(temperatures)
        value = as_temperature(value, "value")
        _check_among(method, "method", KNOBS)
        _check_among(order, "order", _ORDERS)
        cut, here = (method, _as_knob(method, knob)), (TEMPERATURE, None)
        state: State = {"steps": [here, cut] if order == "first" else [cut, here]}
        pictures = Pictures(as_tables(table), {"top": top, "orient": orient}, _plan)
        super().__init__(_Sampler, pictures, _more, state, stops, value)

    @property
    def method(self) -> str:
        """What cuts tokens first. A new method begins with a usual setting of its knob."""
        return self._cut[0]

    @method.setter
    def method(self, method: str) -> None:
        _check_among(method, "method", KNOBS)
        if method != self.method:
            self._change((method, KNOBS[method]["usual"]))

    @property
    def order(self) -> str:
        """Whether temperature comes before the first cut, or after it."""
        return "first" if self._steps[0][0] == TEMPERATURE else "last"

    @order.setter
    def order(self, order: str) -> None:
        _check_among(order, "order", _ORDERS)
        steps = self._cuts
        steps.insert(0 if order == "first" else len(steps), (TEMPERATURE, None))
        self._set(steps=steps)

    @property
    def knob(self) -> float | None:
        """How much the first cut cuts; None is off."""
        return self._cut[1]

    @knob.setter
    def knob(self, knob: float | None) -> None:
        self._change((self.method, _as_knob(self.method, knob)))

    @property
    def chain(self) -> SamplerChain:
        """All steps that are on, in their order."""
        return chain_of(self._steps, self.temperature)

    @chain.setter
    def chain(self, chain: SamplerChain) -> None:
        steps, temperature = steps_of(chain)
        self._set(steps=steps)
        self.temperature = temperature

    @property
    def probabilities(self) -> pd.DataFrame:
        """Tokens, logits, probabilities, and whether each token is kept."""
        masked = masked_logits(self.chain, self.table)
        return self.table.to_frame().assign(probabilities=softmax(masked), kept=masked > -np.inf)

    def __repr__(self) -> str:
        """Give the number of tokens and what is set."""
        cuts = [f"{phrase(name)}={_knob_text(knob)}" for name, knob in self._cuts]
        shown = [f"temperature={self._temperature_text}", *cuts, phrase(_ORDERS[self.order])]
        return f"SamplerExplorer({len(self.table.tokens):,} tokens, {', '.join(shown)})"

    @property
    def _steps(self) -> Steps:
        """All steps. Where a reader has taken all cuts away there is still one to set."""
        steps = [(name, value) for name, value in self._state["steps"]]
        return steps if len(steps) > 1 else [*steps, (_METHOD, None)]

    @property
    def _cuts(self) -> Steps:
        return [step for step in self._steps if step[0] != TEMPERATURE]

    @property
    def _cut(self) -> tuple[str, float | None]:
        """The first cut."""
        return self._cuts[0]

    def _change(self, cut: tuple[str, float | None]) -> None:
        steps = self._steps
        steps[steps.index(self._cut)] = cut
        self._set(steps=steps)

    def _moment(self, bars: Bars) -> Moment:
        plain = bars.sweep([self.temperature])
        left = sweep(masked_logits(self.chain, bars.table), [1.0], bars.shown)
        (texts,) = bars.labels(left)
        was_cut = plain.possible[0] & ~left.possible[0]
        settings = [
            phrase("setting", knob=phrase(name), value=_knob_text(knob))
            for name, knob in self._state["steps"]
            if name != TEMPERATURE
        ]
        if len(settings) > 1:
            # They would not fit: the list of steps has them.
            settings = [phrase("several_cuts", n=f"{len(settings)}")]
        return Moment(
            self.temperature,
            phrase("sampler_title", temperature=self._temperature_text) + "".join(settings),
            left.shares[0],
            [phrase("cut") if gone else text for gone, text in zip(was_cut, texts, strict=True)],
            plain.shares[0],
        )

    def _caption(self) -> str:
        """Say what the cuts keep, of the probabilities that the first of them goes by."""
        bars, temperature = self._bars(), self.temperature
        logits = bars.logits
        on = [step for step in self._steps if step[0] == TEMPERATURE or step[1] is not None]
        cuts = [place for place, (name, _) in enumerate(on) if name != TEMPERATURE]
        # A temperature after the last cut cuts nothing.
        last = cuts[-1] + 1 if cuts else 0
        kept = masked_logits(chain_of(on[:last], temperature), bars.table) > -np.inf
        at_1 = not cuts or cuts[0] == 0
        mass = float(softmax(logits, 1.0 if at_1 else temperature)[kept].sum())
        bits = float(entropies(masked_logits(self.chain, bars.table), [1.0])[0])
        before = float(entropies(logits, [temperature])[0])
        count, total = int(kept.sum()), int(possible(logits, np.inf).sum())
        whole = not at_1 and count == possible(logits, temperature).sum()
        return what_is_kept(count, total, mass, at_1, bits, before, whole)


def _plan(bars: Bars) -> Plan:
    return Plan(bars, ("bars",), outline_name="uncut")


def _more(tables: Sequence[TokenTable]) -> Data:
    """Return what the browser needs beside tables: knobs with the stops that can cut something."""
    most = max(len(table.tokens) for table in tables)
    return {"kind": "sampler", "parts": ["bars"], "knobs": knobs_below(most)}


def _as_knob(method: str, knob: float | None) -> float | None:
    """Check the setting of a knob as its function does."""
    if knob is None:
        return None
    ((_, value),) = SamplerChain([(method, knob)]).steps
    return float(value) if method != "top_k" else int(value)


def _knob_text(knob: float | None) -> str:
    return phrase("off") if knob is None else f"{knob:g}"


def _check_among(value: Any, name: str, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {short(value)}")
    return value
