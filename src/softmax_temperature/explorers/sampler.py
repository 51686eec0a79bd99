"""What a sampler cuts from the bars, following a temperature slider and the knobs of its cuts."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..chain import SamplerChain, masked_logits
from ..checks import Floats, as_temperature, short
from ..core import TokenTable, entropies, possible, softmax, sweep
from ..drawing.bars import Bars
from ..drawing.picture import layout, still
from ..drawing.plan import Layout, Moment, Plan
from ..drawing.ranks import RANKS_SIZE, RankLayout, rank_layout, rank_still
from ..drawing.ruled import draw_bar_rules
from ..drawing.rules import cuts_of, title_of
from ..phrases import phrase
from ..words import what_is_kept
from .bars import BarsExplorer, Pictures, as_tables
from .base import View, as_stops, script, styles
from .data import Data, State, Table
from .steps import KNOBS, TEMPERATURE, Steps, chain_of, knobs_below, steps_of

if TYPE_CHECKING:
    import pandas as pd

_STOPS = np.arange(41) / 20
_ORDERS = {"first": "temperature_first", "last": "temperature_last"}
_METHOD = "top_p"
# Of so many bars at most, each token has its own, and cuts are lines across them.
_MOST_RULED = 30


class _Sampler(View):
    """The picture, or the steps above it."""

    _esm = script("sampler")
    _css = styles("sampler")


class SamplerExplorer(BarsExplorer):
    """Show what a sampler cuts, with each cut as a line that follows its knob or is dragged.

    Bars are what the sampler draws from; outlines are what it would draw from if nothing were cut.
    Of more than 30 tokens, or where some have no bar of their own, the cuts stand in a chart of
    probability against rank, as `rank_chart` draws it, beside the bars of the likeliest. A reader
    can take other steps, in any order, or those of an engine. Below them, under "Settings of an
    engine", stands what `write_config` gives for the steps, to be copied, and what is pasted there
    becomes the steps that `read_config` makes of it.

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
        pictures = _Pictures(as_tables(table), {"top": top, "orient": orient}, _plan)
        wide = any(map(_is_large, pictures.bars))
        super().__init__(_Sampler, pictures, _more, state, stops, value, 1080 if wide else 800)

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
    def _steps_on(self) -> Steps:
        return [step for step in self._steps if step[0] == TEMPERATURE or step[1] is not None]

    def _kept(self) -> NDArray[np.bool_]:
        """Tell for each token whether it is kept by all cuts."""
        on = self._steps_on
        cuts = [place for place, (name, _) in enumerate(on) if name != TEMPERATURE]
        # A temperature after the last cut cuts nothing.
        last = cuts[-1] + 1 if cuts else 0
        kept: NDArray[np.bool_] = (
            masked_logits(chain_of(on[:last], self.temperature), self.table) > -np.inf
        )
        return kept

    def _shares(self) -> Floats:
        return softmax(masked_logits(self.chain, self.table))

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
        return Moment(
            self.temperature,
            title_of(cuts_of(self.chain, bars.table), self._temperature_text),
            left.shares[0],
            [phrase("cut") if gone else text for gone, text in zip(was_cut, texts, strict=True)],
            plain.shares[0],
        )

    def _still(self, bars: Bars) -> tuple[bytes, tuple[float, float]]:
        moment, cuts = self._moment(bars), cuts_of(self.chain, bars.table)
        if not _is_large(bars):
            plan = self._pictures.plan(bars)
            picture = still(plan, moment, lambda ax: draw_bar_rules(ax, bars, cuts, moment))
            return picture, plan.size
        ranks = rank_still(bars.table, cuts, moment.title)
        plan = _plan(_small(bars, self._pictures.options))
        both = _side_by_side(ranks, still(plan, replace(moment, title=phrase("after_all_steps"))))
        return both, (RANKS_SIZE[0] + plan.size[0], max(RANKS_SIZE[1], plan.size[1]))

    def _caption(self) -> str:
        """Say what the cuts keep, of the probabilities that the first of them goes by."""
        bars, temperature = self._bars(), self.temperature
        logits, kept = bars.logits, self._kept()
        on = self._steps_on
        at_1 = on[0][0] != TEMPERATURE or len(on) == 1
        mass = float(softmax(logits, 1.0 if at_1 else temperature)[kept].sum())
        bits = float(entropies(masked_logits(self.chain, bars.table), [1.0])[0])
        before = float(entropies(logits, [temperature])[0])
        count, total = int(kept.sum()), int(possible(logits, np.inf).sum())
        whole = not at_1 and count == possible(logits, temperature).sum()
        return what_is_kept(count, total, mass, at_1, bits, before, whole)


class _Pictures(Pictures):
    """Pictures of bars, and of a large table those of a rank chart beside a few small bars."""

    def sent(self, narrow: bool) -> list[Table]:
        tables = super().sent(narrow)
        for place, bars in enumerate(self.bars):
            if _is_large(bars):
                widths = (self._frames, self._narrow_frames) if narrow else (self._frames,)
                tables[place]["ranks"] = [frames[place] for frames in widths]
                # Small bars are narrow already.
                tables[place]["layouts"] = tables[place]["layouts"][:1]
        return tables

    @cached_property
    def _frames(self) -> dict[int, RankLayout]:
        return self._framed(narrow=False)

    @cached_property
    def _narrow_frames(self) -> dict[int, RankLayout]:
        return self._framed(narrow=True)

    def _framed(self, narrow: bool) -> dict[int, RankLayout]:
        large = [(place, bars) for place, bars in enumerate(self.bars) if _is_large(bars)]
        return {place: rank_layout(bars.table, narrow) for place, bars in large}

    @cached_property
    def _wide(self) -> list[Layout]:
        small = [_small(bars, self.options) if _is_large(bars) else bars for bars in self.bars]
        return [layout(self.plan(bars)) for bars in small]


def _is_large(bars: Bars) -> bool:
    """Tell whether the cuts are lines in a rank chart: there is no bar for each of few tokens."""
    return bars.n_others > 0 or bars.count > _MOST_RULED


def _small(bars: Bars, options: dict[str, Any]) -> Bars:
    orient = {"orient": None if bars.upright else "h"}
    return Bars(bars.table, **options | orient, narrow=True)


def _side_by_side(left: bytes, right: bytes) -> bytes:
    """Put two pictures into one."""
    from PIL import Image

    pictures = [Image.open(io.BytesIO(picture)) for picture in (left, right)]
    size = sum(picture.width for picture in pictures), max(one.height for one in pictures)
    both = Image.new("RGB", size, "white")
    for picture, place in zip(pictures, (0, pictures[0].width), strict=True):
        both.paste(picture, (place, 0))
    buffer = io.BytesIO()
    both.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


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
