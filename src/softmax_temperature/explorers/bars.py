"""What explorers of tables share: bars of one of several tables, and what a reader types there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import Floats, short
from ..core import TokenTable, check_table, likeliest
from ..drawing.bars import Bars
from ..drawing.picture import layout, still
from ..drawing.plan import Layout, Moment, Plan
from .base import NARROW, Explorer, View
from .data import Data, State, Table, stops_of, tables_of
from .page import to_base64


@dataclass(frozen=True)
class Pictures:
    """Tables, how their bars are drawn, and what else a picture of some bars has."""

    tables: Sequence[TokenTable]
    options: dict[str, Any]
    plan: Callable[[Bars], Plan]

    @cached_property
    def bars(self) -> list[Bars]:
        """The bars of each table."""
        return [self.bars_of(table) for table in self.tables]

    def bars_of(self, table: TokenTable, **options: Any) -> Bars:
        """Return the bars of a table."""
        return Bars(table, **(self.options | options), uniform=False)

    def sent(self, narrow: bool) -> list[Table]:
        """Return the tables as the browser gets them, with pictures for narrow screens or not."""
        widths = (self._wide, self._middle, self._narrow) if narrow else (self._wide,)
        layouts = [list(filter(None, own)) for own in zip(*widths, strict=True)]
        return tables_of(self.bars, layouts)

    # What is drawn once serves the widget and every page.
    @cached_property
    def _wide(self) -> list[Layout]:
        return [layout(self.plan(bars)) for bars in self.bars]

    @cached_property
    def _middle(self) -> list[Layout | None]:
        plans = [self.plan(bars) for bars in self._narrow_bars]
        # Curves are long, and would be in a page three times.
        return [
            layout(replace(plan, middle=True))
            if {"logits", "map"} >= set(plan.panels) > set()
            else None
            for plan in plans
        ]

    @cached_property
    def _narrow(self) -> list[Layout]:
        return [layout(self.plan(bars)) for bars in self._narrow_bars]

    @cached_property
    def _narrow_bars(self) -> list[Bars]:
        # There is less room for upright bars.
        return [
            self.bars_of(bars.table, orient=None if bars.upright else "h", narrow=True)
            for bars in self.bars
        ]


class BarsExplorer(Explorer):
    """Bars of a table, or of one of several, that follow a temperature slider.

    A subclass hands in its pictures, and what else the browser needs for some tables. It says what
    a picture shows at a moment.
    """

    def __init__(
        self,
        view: type[View],
        pictures: Pictures,
        more: Callable[[Sequence[TokenTable]], Data],
        state: State,
        stops: NDArray[np.float64],
        value: float,
        width: int = 800,
    ) -> None:
        self._pictures = pictures
        self._more, self._stops = more, stops
        state |= {"table": 0, "tokens": None, "logits": None}
        data = self._data_of(pictures, NARROW in os.environ)
        super().__init__(view, data, state, stops, value, width)

    @property
    def table(self) -> TokenTable:
        """The tokens and logits that are shown."""
        state = self._state
        own: TokenTable = self._pictures.tables[state["table"]]
        if state["tokens"] is None and not state.get("constant"):
            return own
        tokens = own.tokens if state["tokens"] is None else state["tokens"]
        logits = own.logits if state["logits"] is None else [float(x) for x in state["logits"]]
        logits = np.asarray(logits, np.float64) + state.get("constant", 0)
        return TokenTable(tokens, logits, own.prompt, unseen_mass=own.unseen_mass)

    @table.setter
    def table(self, table: TokenTable) -> None:
        check_table(table)
        known = [own is table for own in self._pictures.tables]
        cleared = {"dice": -1, "place": None, "draws": 0, "batch": 0, "constant": 0}
        changes: dict[str, Any] = {name: cleared[name] for name in cleared if name in self._state}
        changes |= {"tokens": None, "logits": None, "table": known.index(True) if any(known) else 0}
        if any(known):
            self._set(**changes)
            return
        pictures = replace(self._pictures, tables=[table])
        data = self._data_of(pictures, self._body.narrow)
        self._pictures = pictures
        # First, since counts for other bars do not fit the new picture.
        self._set(**changes)
        self._body.data = data

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a still picture, for pages that show a saved notebook without a kernel."""
        data: Any = super()._repr_mimebundle_(**kwargs)
        bars = self._bars()
        picture, size = self._still(bars)
        width, height = (round(96 * inches) for inches in size)
        shown = {"width": width, "height": height, "alt": self._caption()}
        return data | {"image/png": to_base64(picture)}, {"image/png": shown}

    def _still(self, bars: Bars) -> tuple[bytes, tuple[float, float]]:
        """Return what is shown now as PNG, and its size in inches."""
        plan = self._pictures.plan(bars)
        return still(plan, self._moment(bars)), plan.size

    def _bars(self) -> Bars:
        """Return what is drawn of the table that is shown."""
        state = self._state
        if state["tokens"] is None and not state.get("constant"):
            bars: Bars = self._pictures.bars[state["table"]]
            return bars
        if state["tokens"] is None:
            return self._pictures.bars_of(self.table)
        table, own = self.table, self._pictures.tables[state["table"]]
        # Each word keeps the colour that its rank has given it at first.
        first, now = (likeliest(one.logits, len(one.logits)) for one in (own, table))
        return self._pictures.bars_of(table, hues=np.argsort(first)[now].tolist())

    def _moment(self, bars: Bars) -> Moment:
        """Return what a picture shows now."""
        raise NotImplementedError

    def _shares(self) -> Floats:
        """Return the probability of each token, in the order of the table."""
        raise NotImplementedError

    def _data(self, narrow: bool) -> Data:
        return self._data_of(self._pictures, narrow)

    def _data_of(self, pictures: Pictures, narrow: bool) -> Data:
        always: Data = {"stops": stops_of(self._stops), "tables": pictures.sent(narrow)}
        return self._more(pictures.tables) | always

    def _prompt(self) -> str:
        return str(self._body.data["tables"][self._state["table"]]["prompt"])


def as_tables(table: Any) -> list[TokenTable]:
    """Check that this is a table or several, and return a list of them."""
    if isinstance(table, TokenTable) or not isinstance(table, (list, tuple)):
        check_table(table)
        return [table]
    if not table:
        raise ValueError(f"table must be one TokenTable or several, got {short(table)}")
    for one in table:
        check_table(one)
    return list(table)
