"""Texts of models that are not in the page: Python writes them, and tells as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from threading import Lock, Thread
from typing import Any

import numpy as np

from ..checks import Floats
from ..core import softmax
from ..drawing.stories import pieces_of, step_of
from ..model.language import LanguageModel, SamplingStep, Step
from ..model.recorded import RecordedModel
from ..words import in_text, token_labels
from .data import Context, Row, State, Told, held
from .steps import Steps, chain_of

# So many of the likeliest tokens are listed beside a token of a text.
LISTED = 8
# What decides about texts, beside their temperature.
ASKED = ("prompt", "seed", "length", "steps", "taken")


class Teller:
    """Write the text of one temperature at once, and those of all stops after it.

    Parameters
    ----------
    model : LanguageModel
        What writes.
    stops : sequence of float
        The temperatures of the slider.
    check : callable
        What raises an error if the model cannot go on from a prompt for so many tokens.
    tell : callable
        What sends on what is written.
    """

    def __init__(
        self,
        model: LanguageModel,
        stops: Sequence[float],
        check: Callable[[LanguageModel, Any, int], None],
        tell: Callable[[Told], None],
    ) -> None:
        self._model, self._stops = model, [float(stop) for stop in stops]
        self._check, self._tell = check, tell
        self._job: _Job | None = None
        self._lock = Lock()
        # A browser that shows more slowly than Python writes gets no queue of what is old.
        self._is_heard = True

    def told(self, state: State) -> Told:
        """Return the texts of all stops and of the current temperature, written here and now."""
        job = self._begin(state)
        for _ in job.write(_temperature(state), state["beside"]):
            pass
        return job.copy()

    def ask(self, state: State) -> None:
        """Write in a thread of its own, unless that is what is being written."""
        temperature, asked = _temperature(state), _asked(state)
        if self._job is not None and self._job.told["asked"] != asked:
            self._job.is_wanted = False
        with self._lock:
            job = self._job
            if job is None or job.told["asked"] != asked or job.told["stopped"]:
                try:
                    job = self._begin(state)
                except (TypeError, ValueError) as error:
                    self._tell(_nothing(asked, f"{error}"))
                    return
            elif job.has(temperature) and job.has_beside(state["beside"]):
                return
        Thread(target=self._run, args=(job, temperature, state["beside"]), daemon=True).start()

    def stop(self) -> None:
        """Write no more of what is being written."""
        job = self._job
        if job is None or not job.is_wanted:
            return
        # Before there is the lock, which a thread that writes takes again and again.
        job.is_wanted = False
        with self._lock:
            job.told["stopped"] = True
            self._tell(job.copy())

    def heard(self) -> None:
        """Tell on, as what was told last is shown."""
        self._is_heard = True

    def _begin(self, state: State) -> _Job:
        if self._job is not None:
            self._job.is_wanted = False
        self._check(self._model, state["prompt"], state["length"])
        self._job = _Job(self._model, self._stops, state)
        self._is_heard = True
        return self._job

    def _run(self, job: _Job, temperature: float, beside: Any) -> None:
        is_told = True
        try:
            for _ in job.write(temperature, beside):
                with self._lock:
                    if not job.is_wanted:
                        return
                    is_told = self._is_heard
                    if is_told:
                        self._is_heard = False
                        self._tell(job.copy())
            with self._lock:
                if job.is_wanted and not is_told:
                    self._tell(job.copy())
        except (TypeError, ValueError) as error:
            # A recording has nothing else, and a reader's cuts can leave nothing.
            job.told["problem"] = f"{error}"
            self._tell(job.copy())


class _Job:
    """Texts of one prompt, seed, length and cuts."""

    def __init__(self, model: LanguageModel, stops: Sequence[float], state: Any) -> None:
        asked = _asked(state)
        self._model, self._stops = model, stops
        self.is_wanted = True
        # Whether the texts of all stops are written, or are being written.
        self._is_whole = False
        self.told = _nothing(asked, "")
        self.told["total"] = asked["length"]
        self._numbers: dict[tuple[int, ...], int] = {}
        self._contexts: list[Context] = []
        self._names: dict[str, list[str]] = {}
        steps: Steps = [(name, value) for name, value in asked["steps"]]
        chain = chain_of(steps, 1.0)
        self._step: SamplingStep = step_of(chain if len(chain) > 1 else None)
        self._begun = [token for run in asked["taken"] for token in run]

    def copy(self) -> Told:
        """Return what is told now: it stays as it is while more is written."""
        told = self.told.copy()
        told["rows"] = [row.copy() for row in told["rows"]]
        if told["beside"] is not None:
            told["beside"] = told["beside"] | {"row": told["beside"]["row"].copy()}
        return told

    def has(self, temperature: float) -> bool:
        """Tell whether a temperature is written, or will be."""
        written = [float(row["T"]) for row in self.told["rows"]]
        return any(
            stop == temperature or abs(stop - temperature) < 1e-9
            for stop in (*self._stops, *written)
        )

    def has_beside(self, setting: Any) -> bool:
        """Tell whether a text that is to be held beside another is there."""
        own = self.told["beside"]
        return setting is None or (own is not None and own["held"] == setting)

    def write(self, temperature: float, beside: Any) -> Iterator[None]:
        """Write, and stop for a moment after each token."""
        told = self.told
        written = told["rows"]
        if not self._is_written(temperature):
            missing = [stop for stop in {temperature, 1.0} if not self._is_written(stop)]
            for rows in self._grow(sorted(missing, key=lambda stop: stop != temperature)):
                told["rows"] = [*written, *self._shown(rows)]
                yield
        if not self.has_beside(beside):
            other = _Job(self._model, [], {**self.told["asked"], "steps": beside["steps"]})
            for (row,) in other._grow([float(beside["T"])]):
                other._shown([row])
                told["names"] = told["names"] | other.told["names"]
                told["beside"] = {"held": beside, "row": row}
                yield
        if self._is_whole:
            return
        self._is_whole = True
        for position, rows in zip(count(1), self._grow(self._stops)):
            told["count"] = position
            if all(row["done"] for row in rows):
                stops = {row["T"] for row in rows}
                told["count"] = told["total"]
                told["rows"] = [
                    *self._shown(rows),
                    *(row for row in told["rows"] if row["T"] not in stops),
                ]
            yield

    def _is_written(self, temperature: float) -> bool:
        return any(row["T"] == held(temperature) for row in self.told["rows"])

    def _grow(self, temperatures: Sequence[float]) -> Iterator[list[Row]]:
        """Write side by side, and yield the texts after each token."""
        asked, model = self.told["asked"], self._model
        ids = model.encode_prompt(asked["prompt"], asked["length"])
        rows = [
            Row(T=held(stop), tokens=[], pieces=[], bits=[], contexts=[], shares=[], done=False)
            for stop in temperatures
        ]
        for grown in self._steps(ids, temperatures):
            # New ones: those that are told now stay whole while another thread tells of them.
            rows = [row.copy() for row in rows]
            self._add(rows, temperatures, grown)
            for row in rows:
                row["done"] = row["done"] or len(row["tokens"]) == asked["length"]
            yield rows

    def _shown(self, rows: list[Row]) -> list[Row]:
        """Return rows with all that is needed to show them: what is not shown yet is not sent."""
        for row in rows:
            row["pieces"] = pieces_of(self._model, row["tokens"], self.told["asked"]["prompt"])
        self.told["contexts"] = [*self._contexts]
        self.told["names"] = {**self._names}
        return rows

    def _steps(self, ids: list[int], temperatures: Sequence[float]) -> Iterator[Step]:
        asked = self.told["asked"]
        options = (temperatures, asked["length"], [int(asked["seed"])], self._step)
        # What a reader has taken is there already, drawn from what the model says there.
        for place, token in enumerate(self._begun[: asked["length"]]):
            logits = self._model.logits([*ids, *self._begun[:place]])[np.newaxis]
            zero = np.zeros(1, np.intp)
            places = np.zeros((1, len(temperatures)), np.intp)
            yield Step(logits, np.array([token]), zero, zero, places)
        if len(self._begun) < asked["length"] and self._begun[-1:] != [self._model.end]:
            yield from self._model.grow(ids, *options, self._begun)

    def _add(self, rows: list[Row], temperatures: Sequence[float], grown: Step) -> None:
        """Add a token to each text, with what it was drawn from."""
        for row, place in zip(rows, grown.places[0]):
            row["done"] = row["done"] or bool(place < 0)
        going = [
            (row, stop, int(grown.tokens[place]), int(grown.contexts[place]))
            for row, stop, place in zip(rows, temperatures, grown.places[0])
            if place >= 0
        ]
        at_1 = [softmax(logits.astype(np.float64)) for logits in grown.logits]
        numbers: dict[int, int] = {}
        for row, _, _, context in going:
            if context not in numbers:
                drawn = {int(token) for token in grown.tokens[grown.contexts == context]}
                numbers[context] = self._listed(tuple(row["tokens"]), at_1[context], drawn)
        for row, stop, token, context in going:
            tokens = self._contexts[numbers[context]]["tokens"]
            if isinstance(self._model, RecordedModel):
                shares = self._model.shares(len(row["tokens"]), stop, grown.logits[context])[tokens]
            else:
                stepped = self._step(grown.logits[context][np.newaxis], np.array([stop]))
                shares = softmax(stepped[0].astype(np.float64))[tokens]
            row["tokens"] = [*row["tokens"], token]
            row["bits"] = [*row["bits"], max(0.0, float(-np.log2(at_1[context][token])))]
            row["contexts"] = [*row["contexts"], numbers[context]]
            row["shares"] = [*row["shares"], [float(f"{share:.6g}") for share in shares]]
            row["done"] = bool(token == self._model.end)

    def _listed(self, before: tuple[int, ...], shares: Floats, drawn: set[int]) -> int:
        """Return the number of a context, which lists its likeliest tokens and the drawn ones."""
        if isinstance(self._model, RecordedModel):
            # The last stands for all that are not recorded.
            shares, total = shares[:-1], len(shares) - 1
        else:
            total = int((shares > 0).sum())
        likeliest = np.argpartition(-shares, LISTED)[:LISTED].tolist()
        known = self._numbers.get(before)
        if known is not None:
            drawn |= set(self._contexts[known]["tokens"])
        tokens = sorted({*likeliest, *drawn}, key=lambda token: (-shares[token], token))
        new: Context = {
            "tokens": tokens,
            "ranks": [int((shares > shares[token]).sum()) + 1 for token in tokens],
            "shares": [float(f"{shares[token]:.6g}") for token in tokens],
            "total": total,
        }
        names = [self._model.tokens[token] for token in tokens]
        for token, name, label in zip(tokens, names, token_labels(names)):
            self._names[f"{token}"] = [label, in_text(name)]
        if known is not None and new["tokens"] == self._contexts[known]["tokens"]:
            return known
        self._contexts.append(new)
        self._numbers[before] = len(self._contexts) - 1
        return self._numbers[before]


def _asked(state: Any) -> dict[str, Any]:
    # As a browser has it: its lists are no tuples.
    return {name: state[name] for name in ASKED} | {"steps": [[*step] for step in state["steps"]]}


def _temperature(state: State) -> float:
    return float(state["T"])


def _nothing(asked: dict[str, Any], problem: str) -> Told:
    """Return what is told before anything is written."""
    return Told(
        asked=asked,
        rows=[],
        contexts=[],
        names={},
        count=0,
        total=1,
        problem=problem,
        stopped=False,
        beside=None,
    )
