"""A goal that a reader reaches in an explorer, judged by what the explorer shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from ..checks import as_count, real_number, short
from ..core import softmax
from ..words import in_text
from .bars import BarsExplorer
from .base import Explorer
from .data import Goal
from .page import as_html
from .question import Asking, check_text
from .sampler import SamplerExplorer
from .scripts import join_scripts, read_browser
from .temperature import TemperatureExplorer
from .text import TextExplorer

# Which goals the state of an explorer can reach.
_GOALS: dict[type[Explorer], tuple[str, ...]] = {
    TemperatureExplorer: ("lands_on", "beats", "probability"),
    SamplerExplorer: ("kept", "beats", "probability"),
    TextExplorer: ("writes",),
}


class Challenge(Asking):
    """Set a goal that a reader reaches by moving an explorer, and judge by what it shows.

    The browser evaluates the goal with its own numbers while the reader drags, with a kernel or
    without. The explorer is shown on its own, best right below.

    Parameters
    ----------
    text : str
        What is to be found or done.
    explorer : TemperatureExplorer, SamplerExplorer or TextExplorer
        What is to be moved.
    lands_on : str, optional
        The goal that the dice land on this token. It is for a TemperatureExplorer.
    beats : pair of str, optional
        The goal that the first token beats the second: more of the draws on show are it, or, where
        not many are on show, its probability is larger, after all cuts. It is for tables.
    probability : tuple of str, float and float, optional
        The goal that a token's probability, after all cuts, is between two bounds, which count. It
        is for tables.
    kept : int, optional
        The goal that exactly so many tokens are kept. It is for a SamplerExplorer.
    writes : str, optional
        The goal that the new part of a text has these letters. It is for a TextExplorer.
    solution : str, optional
        How it is reached: for the page for teachers, and never shown beside the goal.

    Attributes
    ----------
    reached : bool
        Whether the explorer is at the goal now.

    Raises
    ------
    TypeError
        If `text` or `solution` is not a string, `explorer` is none, or a goal is of another type.
    ValueError
        If there is not exactly one goal, or it is none of this explorer's; if it cannot be reached,
        since there is no such token, or no such probability at any stop of the slider; if it is
        reached already.

    Examples
    --------
    >>> from softmax_temperature import SamplerExplorer, load_example
    >>> explorer = SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8)
    >>> challenge = Challenge("Keep exactly four words.", explorer, kept=4)
    >>> challenge
    Challenge: Keep exactly four words.
    >>> challenge.reached
    False
    >>> explorer.knob = 0.9
    >>> challenge.reached
    True
    """

    # As text: a path would be watched, and would keep each challenge alive for good.
    _esm = join_scripts('import { challenge } from "./challenge.js";\nexport default challenge;\n')
    _css = read_browser("question.css")
    _goal: Any = traitlets.Dict().tag(sync=True)
    # What has the state of the explorer.
    _body = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self,
        text: str,
        explorer: TemperatureExplorer | SamplerExplorer | TextExplorer,
        *,
        lands_on: str | None = None,
        beats: tuple[str, str] | None = None,
        probability: tuple[str, float, float] | None = None,
        kept: int | None = None,
        writes: str | None = None,
        solution: str | None = None,
    ) -> None:
        check_text(text, "text")
        if solution is not None:
            check_text(solution, "solution")
        kinds = [goals for kind, goals in _GOALS.items() if isinstance(explorer, kind)]
        if not kinds:
            raise TypeError(
                f"explorer must be an explorer, got {short(explorer)}: make one with "
                "TemperatureExplorer(table)"
            )
        asked = {
            "lands_on": lands_on,
            "beats": beats,
            "probability": probability,
            "kept": kept,
            "writes": writes,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        if len(given) != 1 or not given.keys() <= set(kinds[0]):
            raise ValueError(
                f"a challenge for a {type(explorer).__name__} must have one goal among "
                f"{', '.join(kinds[0])}, got {', '.join(given) or 'none'}"
            )
        goal = _goal_of(explorer, *next(iter(given.items())))
        if _is_reached(explorer, goal):
            raise ValueError(
                f"the goal must not be reached already, got {next(iter(given))}="
                f"{short(next(iter(given.values())))}: begin elsewhere, or ask for something else"
            )
        # Not before all is checked: a widget that is refused would stay for good.
        told = {"text": text} | ({} if solution is None else {"solution": solution})
        super().__init__(_goal=told | goal, _body=explorer._body)
        self._moved = explorer
        # Other tables have their tokens in other places.
        self._body.observe(self._find_again, "data")

    def close(self) -> None:
        """Take it off the page and free it. The explorer stays."""
        if self.comm is not None:
            self._body.unobserve(self._find_again, "data")
        super().close()

    @property
    def reached(self) -> bool:
        """Whether the explorer is at the goal now."""
        return _is_reached(self._moved, self._goal)

    def _find_again(self, _: Any) -> None:
        if "tokens" in self._goal:
            places = _places_of(self._moved, self._goal["tokens"])
            self._goal = self._goal | {"places": places}

    def __repr__(self) -> str:
        """Give the text."""
        return f"Challenge: {self._goal['text']}"

    def _still(self) -> dict[str, str]:
        return {"text/html": f"<p>{as_html(self._goal['text'])}</p>"}


def _goal_of(explorer: Any, name: str, value: Any) -> Goal:
    """Check a goal, and return it as the scripts read it."""
    if name == "writes":
        check_text(value, name)
        return {"name": name, "letters": value}
    if name == "kept":
        count = as_count(value, name, 1)
        most = max(len(table.tokens) for table in explorer._pictures.tables)
        if count > most:
            raise ValueError(f"kept must be at most {most:,}, the number of tokens, got {count:,}")
        return {"name": name, "kept": count}
    if name == "lands_on":
        return _with_places(explorer, [value], name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{name} must be a tuple, got {short(value)}")
    if name == "beats":
        if len(value) != 2 or value[0] == value[1]:
            raise ValueError(f"beats must be two tokens, got {short(value)}")
        return _with_places(explorer, value, name)
    if len(value) != 3:
        raise ValueError(f"probability must be a token and two bounds, got {short(value)}")
    low, high = (real_number(bound, "a bound of probability") for bound in value[1:])
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"probability must have bounds that rise from 0 to 1, got {short(value)}: "
            'use ("day", 0.4, 0.5)'
        )
    goal = _with_places(explorer, value[:1], name) | {"low": low, "high": high}
    if isinstance(explorer, TemperatureExplorer):
        if not (stops := _met_between(explorer, goal)):
            raise ValueError(
                "probability must be one that a temperature of the slider gives, got "
                f"{short(value)}"
            )
        goal["stops"] = stops
    return goal


def _with_places(explorer: BarsExplorer, tokens: Sequence[Any], name: str) -> Goal:
    """Return a goal with where each table of an explorer has these tokens."""
    tables = explorer._pictures.tables
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"{name} must name tokens, got {short(token)}")
        having = [table for table in tables if token in table.tokens]
        logits = [table.logits[table.tokens.index(token)] for table in having]
        if not logits:
            raise ValueError(
                f"{name} must name tokens of the explorer, got {short(token)}: use one of "
                f"{short(list(tables[0].tokens))}"
            )
        if max(logits) == -np.inf:
            raise ValueError(f"{name} must name tokens that can be drawn, got {short(token)}")
    return {
        "name": name,
        "tokens": list(tokens),
        "words": [in_text(token).strip() or token for token in tokens],
        "places": _places_of(explorer, tokens),
    }


def _places_of(explorer: BarsExplorer, tokens: Sequence[str]) -> list[list[int]]:
    return [
        [table.tokens.index(token) if token in table.tokens else -1 for token in tokens]
        for table in explorer._pictures.tables
    ]


def _met_between(explorer: TemperatureExplorer, goal: Goal) -> list[float]:
    """Return from which stop of the slider to which a token has a probability between two bounds.

    That is where it first has one, or nothing.
    """
    stops = explorer._stops.tolist()
    for table, (place,) in zip(explorer._pictures.tables, goal["places"], strict=True):
        if place >= 0:
            shares = [softmax(table.logits.astype(np.float64), T)[place] for T in stops]
            met = [goal["low"] <= share <= goal["high"] for share in shares]
            if any(met):
                begin = met.index(True)
                return [stops[begin], stops[[*met, False].index(False, begin) - 1]]
            # It runs through all values between two stops.
            for pair, ends in zip(pairwise(shares), pairwise(stops), strict=True):
                if min(pair) <= goal["high"] and max(pair) >= goal["low"]:
                    return list(ends)
    return []


def _is_reached(explorer: Any, goal: Goal) -> bool:
    """Tell whether an explorer is at a goal. The twin of `verdictOf` in `browser/challenge.js`."""
    name = goal["name"]
    if name == "writes":
        return goal["letters"] in "".join(explorer._pieces(explorer._written()))
    if name == "kept":
        return int(explorer._kept().sum()) == goal["kept"]
    tokens = explorer.table.tokens
    if not set(goal["tokens"]) <= set(tokens):
        return False
    drawn = explorer._drawn() if isinstance(explorer, TemperatureExplorer) else []
    if name == "lands_on":
        return bool(drawn == goal["tokens"] and not explorer._state["draws"])
    if name == "beats" and len(drawn) > 1:
        counts = Counter(drawn)
        one, other = (counts[token] for token in goal["tokens"])
        return one > other
    shares = explorer._shares()
    p = [float(shares[tokens.index(token)]) for token in goal["tokens"]]
    return p[0] > p[1] if name == "beats" else goal["low"] <= p[0] <= goal["high"]
