"""Texts that a chat model has written, for readers who do not have it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Floats, as_count, as_temperature, as_temperatures, short
from ..reading.replies import Place, Reply
from ..sampling import temper
from .language import LanguageModel, SamplingStep, Step
from .scoring import Openness
from .transformer import Ints

_DATA = files("softmax_temperature") / "data" / "smollm2"
_NAMES = ("wonderful",)
# So many of the likeliest tokens are recorded at each place.
_LISTED = 20


def load_text_example(name: str) -> RecordedModel:
    """Load texts that the chat model has written at 41 temperatures with the same dice.

    Parameters
    ----------
    name : str
        ``"wonderful"``: how SmolLM2-135M-Instruct goes on from "It was a wonderful", by 20 tokens,
        at temperatures from 0 to 2 in steps of 0.05. Of the seeds 0 to 7 it is the one whose texts
        read best, 4; the others' are neither shorter nor of another kind.

    Returns
    -------
    RecordedModel
        What writes these texts, and no others.

    Raises
    ------
    ValueError
        If there is no such example.

    Examples
    --------
    >>> example = load_text_example("wonderful")
    >>> example
    RecordedModel('It was a wonderful', 20 tokens, 41 temperatures)
    >>> example.write(example.prompt, [0.5, 1.2], length=7, seed=example.seed)
    ['It was a wonderful day at the beach with my friends',
     'It was a wonderful panoramic pitch beneath a dam where the']
    """
    if not isinstance(name, str) or name not in _NAMES:
        raise ValueError(f"name must be one of {', '.join(_NAMES)}, got {short(name)}")
    tokens, recorded = (
        json.loads((_DATA / f"{part}.json").read_text(encoding="utf-8"))
        for part in ("vocabulary", name)
    )
    return RecordedModel(tokens, recorded)


class ChatOpenness(NamedTuple):
    """Hold how open the choices of a chat model are, for readers who do not have it.

    Attributes
    ----------
    temperatures : ndarray, shape (n_temperatures,)
        From 0 to 2 in steps of 0.05.
    after : dict of str to ndarray, shape (n_temperatures,)
        Of each of GPT-2's three prompts (`load_example`), among how many equally likely tokens the
        chat model's choice of the next one would be as open at each temperature.
    along : dict of str to Openness
        The same at each token of a text, at temperature 1: ``"wonderful"`` is that of
        `load_text_example` at T = 1, with its prompt; ``"capital"`` is the whole answer at T = 0 to
        "What is the capital of France?".
    """

    temperatures: Floats
    after: dict[str, Floats]
    along: dict[str, Openness]


def load_openness() -> ChatOpenness:
    """Load how open the choices of SmolLM2-135M-Instruct are: after prompts, and along texts.

    Examples
    --------
    >>> along = load_openness().along["capital"]
    >>> "".join(along.pieces)
    'The capital of France is Paris.'
    >>> [round(count, 1) for count in along.choices]
    [36.1, 1.2, 1.1, 1.1, 1.2, 1.5, 2.1]
    """
    recorded = json.loads((_DATA / "openness.json").read_text(encoding="utf-8"))
    return ChatOpenness(
        np.array(recorded["temperatures"]),
        {prompt: np.array(curve) for prompt, curve in recorded["after"].items()},
        {
            name: Openness(tuple(pieces), tuple(math.nan if n is None else n for n in choices))
            for name, (pieces, choices) in recorded["along"].items()
        },
    )


class RecordedModel(LanguageModel):
    """Write again what a chat model has written: one prompt, one seed, some temperatures.

    It takes the place of the model in whatever draws or shows texts. Of each place it has the
    surprise of the likeliest tokens and of those that were drawn, no logits: the last of its
    `tokens` stands for all others.

    Attributes
    ----------
    prompt : str
        How all texts begin.
    seed : int
        The seed of the dice.
    temperatures : tuple of float
        Those that texts were written at.
    length : int
        How many tokens a text has.
    """

    def __init__(self, tokens: Sequence[str], recorded: Any) -> None:
        self.prompt, self.seed = recorded["prompt"], recorded["seed"]
        self.temperatures: tuple[float, ...] = tuple(recorded["temperatures"])
        self._steps, self._ids = recorded["steps"], recorded["ids"]
        self.length = len(self._steps)
        names = _Names((*tokens, "all other tokens"), self.prompt, self._ids)
        context = len(self._ids) + self.length
        super().__init__(_Nothing(), names, None, recorded["end"], context)

    def __repr__(self) -> str:
        """Show what is recorded."""
        return (
            f"{type(self).__name__}({self.prompt!r}, {self.length} tokens, "
            f"{len(self.temperatures)} temperatures)"
        )

    def notice(self) -> str:
        """Return what has to go along with a copy of the texts."""
        return (_DATA / "LICENSE").read_text(encoding="utf-8")

    def grow(
        self,
        ids: ArrayLike,
        temperatures: ArrayLike,
        length: int,
        seeds: Sequence[int],
        step: SamplingStep = temper,
        taken: Sequence[int] = (),
    ) -> Iterator[Step]:
        """Write again, as `LanguageModel.grow` says, what is recorded.

        The logits that it gives are logarithms of probabilities at temperature 1.

        Raises
        ------
        TypeError, ValueError
            If it is asked for anything else: the error says what is recorded.
        """
        stops = [float(stop) for stop in as_temperatures(temperatures)]
        positions = {round(stop, 9): place for place, stop in enumerate(self.temperatures)}
        missing = [stop for stop in stops if round(stop, 9) not in positions]
        if missing:
            whole = f"{self.temperatures[0]:g} to {self.temperatures[-1]:g}"
            raise self._unlike("temperatures", whole, missing[0])
        if list(seeds) != [self.seed]:
            raise self._unlike("seeds", [self.seed], seeds)
        if step is not temper or len(taken):
            raise self._unlike("step and taken", "temperature alone", step)
        if list(np.asarray(ids)) != self._ids:
            raise self._unlike("ids", self._ids, ids)
        count = as_count(length, "length", 1)
        if count > self.length:
            raise self._unlike("length", f"at most {self.length}", length)
        return self._again([positions[round(stop, 9)] for stop in stops], count)

    def reply(self, temperature: float = 1.0) -> Reply:
        """Return the text of one temperature with what else could stand at each of its places.

        Parameters
        ----------
        temperature : float, default 1.0
            One of those that were recorded.

        Returns
        -------
        Reply
            What `AnswerExplorer` shows: the new tokens, each with the recorded candidates of its
            place. The rank of a token that is none of the 20 likeliest is not known.

        Raises
        ------
        TypeError, ValueError
            If `temperature` is none of those.

        Examples
        --------
        >>> reply = load_text_example("wonderful").reply()
        >>> [(place.text, place.rank) for place in reply.places[:4]]
        [(' day', 2), (' at', 5), (' the', 1), (' beach', 2)]
        """
        places = []
        stops = [as_temperature(temperature)]
        for step in self.grow(self._ids, stops, self.length, [self.seed]):
            at = step.places[0, 0]
            if at < 0:
                break
            row, own = step.logits[step.contexts[at]], int(step.tokens[at])
            known = np.flatnonzero(np.isfinite(row[:-1]))
            listed = known[np.argsort(-row[known], kind="stable")].tolist()
            drawn = listed.index(own)
            places.append(
                Place(
                    self.pieces([own])[0],
                    tuple(self.tokens[token] for token in listed),
                    tuple(row[listed].tolist()),
                    drawn,
                    # Beyond the likeliest only drawn tokens are recorded.
                    drawn + 1 if drawn < _LISTED else None,
                    len(row) - 1,
                    float(np.exp(row[-1])),
                )
            )
        return Reply(tuple(places))

    def shares(self, position: int, temperature: float, logits: Floats) -> Floats:
        """Return the probabilities of recorded tokens at a temperature, of all that there were.

        Parameters
        ----------
        position : int
            How many tokens the text has before.
        temperature : float
            One of those that were recorded.
        logits : ndarray
            A row of what `grow` gives after that text.
        """
        if temperature == 0:
            leads: Floats = np.where(logits == logits[:-1].max(), 1.0, 0.0)
            return leads
        column = int(np.argmin(np.abs(np.array(self.temperatures) - temperature)))
        # Recorded as the logarithm of a sum of powers.
        total = self._steps[position]["totals"][column]
        powers: Floats = np.exp(logits / temperature - total)
        return powers

    def _unlike(self, name: str, recorded: object, got: object) -> ValueError:
        return ValueError(
            f"{name} must be those of the recording, {recorded}, got {short(got)}: with "
            "load_chat_model() you can have others"
        )

    def _again(self, columns: list[int], length: int) -> Iterator[Step]:
        """Yield the recorded steps, of the temperatures that are wanted."""
        # The place here of each recorded place of the step before.
        living = {0: 0}
        for recorded in self._steps[:length]:
            places = [recorded["places"][column] for column in columns]
            kept = sorted({place for place in places if place >= 0})
            if not kept:
                return
            contexts, rows = np.unique(
                [recorded["contexts"][place] for place in kept], return_inverse=True
            )
            logits = np.full((len(contexts), len(self.tokens)), -np.inf)
            for row, context in zip(logits, contexts, strict=True):
                tokens, bits = recorded["listed"][context]
                row[tokens] = -np.log(2) * np.array(bits)
                # Recorded to four digits, they can add up to a little more than 1.
                row[-1] = np.log(max(1e-9, 1 - np.exp(row[tokens]).sum()))
            yield Step(
                logits,
                np.array([recorded["tokens"][place] for place in kept]),
                rows,
                np.array([living[recorded["parents"][place]] for place in kept]),
                np.array([[kept.index(place) if place >= 0 else -1 for place in places]]),
            )
            living = {place: here for here, place in enumerate(kept)}


class _Names:
    """Name tokens whose texts are known, and cut one prompt."""

    def __init__(self, tokens: tuple[str, ...], prompt: str, ids: Sequence[int]) -> None:
        self.tokens, self._prompt, self._ids = tokens, prompt, ids

    def encode(self, text: str) -> list[int]:
        if text != self._prompt:
            raise ValueError(
                f"prompt must be that of the recording, {self._prompt!r}, got {short(text)}: "
                "load_chat_model() goes on from any"
            )
        return list(self._ids)

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.pieces(ids))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.tokens[token] for token in ids]


class _Nothing:
    """Take the place of a network that is not there."""

    size, heads, dtype = 0, 1, np.dtype(np.float64)

    def new_cache(self, texts: int, positions: int) -> None:
        raise ValueError(
            "a recording has no logits but those of its own texts: load_chat_model() has all"
        )

    def forward(self, ids: Ints, cache: None, start: int = 0) -> Floats:
        raise NotImplementedError

    def logits(self, x: Floats) -> Floats:
        raise NotImplementedError

    def branch(self, cache: None, sources: Ints, positions: int) -> tuple[None, Ints]:
        raise NotImplementedError
