"""The contract with the scripts: what an explorer sends to the browser, and what its state is."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from ..checks import Floats
from ..drawing.bars import Bars
from ..drawing.plan import Layout
from ..drawing.ranks import RankLayout
from ..examples import notice_of
from ..model.story import StoryModel
from ..sampling import TRUNCATIONS
from ..words import Facts, in_text, leaders

# Smaller data are not worth the time that it takes to unpack them.
_LEAST_GZIPPED = 20_000
# So many words can be changed by a reader.
_MOST_EDITABLE = 30
LONGEST_PROMPT = 240


class Packed(TypedDict):
    """Numbers as little-endian floats, or lines of text in UTF-8, in gzip or not."""

    bytes: bytes
    type: str
    gzip: bool


class Stops(TypedDict):
    """The stops of a temperature slider."""

    first: float
    step: float
    count: int


class Table(TypedDict, total=False):
    """A table of tokens and logits with the pictures that can show it."""

    prompt: str
    logits: Packed
    # Each token as it stands in a sentence, or which earlier table has the same.
    words: list[str] | Packed
    wordsOf: int
    # The tokens themselves, where a reader can change them.
    tokens: list[str]
    # Of each bar, the likeliest first; all others together come last.
    names: list[str]
    shortNames: list[str]
    others: bool
    percent: bool
    facts: Facts
    layouts: list[Layout]
    # Of a table that is too large for bars alone, also the frames of a rank chart.
    ranks: list[RankLayout]
    # What has to go along with a copy of these data.
    notice: str


class Knob(TypedDict):
    """The stops of a sampler's knob, None where it is off, and a usual setting."""

    stops: list[float | None]
    usual: float


class Beside(TypedDict):
    """The setting of a text that is held beside the current one."""

    T: float | str
    steps: list[tuple[str, float | None]]


class State(TypedDict, total=False):
    """What is set in an explorer: the address of a page can name all of it.

    Infinity is ``"inf"``, and minus infinity ``"-inf"``, since JSON has neither.
    """

    T: float | str
    # A large number is no number to a script.
    seed: str
    # Which random number of the seed is on show, from 0, or -1; or where a reader has put it.
    dice: int
    place: float | None
    # How many draws are on show at once, and which batch of so many.
    draws: int
    batch: int
    # Which of several tables, what is added to every logit, and what a reader has typed.
    table: int
    constant: int
    tokens: list[str] | None
    logits: list[float | str] | None
    # A sampler's steps in their order; the value of the temperature is T, None is off.
    steps: list[tuple[str, float | None]]
    # How a text begins, how many tokens are written at most, and which of them is chosen, or -1.
    prompt: str
    length: int
    chosen: int
    # The tokens with which the text goes on from its prompt: a list for each that a reader has
    # taken, which is its last, behind those that the dice drew before.
    taken: list[list[int]]
    # The temperature and the steps of a text that is held beside it, or None.
    beside: Beside | None
    # In a notebook, of how many of the browser's messages Python has heard.
    told: int


class Goal(TypedDict, total=False):
    """What an explorer is to be moved to."""

    text: str
    # How it is reached, for teachers: in words, or from which to which temperature.
    solution: str
    stops: list[float]
    name: str
    # Tokens, each as it stands in a sentence, and where each table has them, or -1.
    tokens: list[str]
    words: list[str]
    places: list[list[int]]
    # Between which bounds a probability is to be, how many tokens are to be kept, and what a text
    # is to have.
    low: float
    high: float
    kept: int
    letters: str


class Data(TypedDict, total=False):
    """All that an explorer of tables sends."""

    kind: str
    parts: list[str]
    stops: Stops
    tables: list[Table]
    withOpenness: bool
    knobs: dict[str, Knob]


class ModelData(TypedDict):
    """A language model, as a page or a notebook has it once."""

    weights: Packed
    vocabulary: Packed
    # What has to go along with a copy of it.
    notice: str


class Context(TypedDict):
    """What can follow a text: the likeliest tokens, and those that were drawn at any temperature.

    Beside their numbers and ranks stand their shares at temperature 1, if nothing is cut.
    """

    tokens: list[int]
    ranks: list[int]
    shares: list[float]
    # How many tokens there are.
    total: int


class Row(TypedDict):
    """The text of a temperature, so far."""

    T: float | str
    tokens: list[int]
    pieces: list[str]
    # The surprise of each token at temperature 1, if nothing is cut.
    bits: list[float]
    # What each was drawn from: the number of its context, and the shares of what that lists.
    contexts: list[int]
    shares: list[list[float]]
    done: bool


class Told(TypedDict):
    """What Python has written: the twin of what `told.js` reads."""

    # What it was asked for, as the state has it.
    asked: dict[str, Any]
    rows: list[Row]
    contexts: list[Context]
    # Of the listed tokens, how they are called beside bars and in sentences.
    names: dict[str, list[str]]
    # How many of how many tokens are there at all temperatures.
    count: int
    total: int
    # Why nothing is written, or that a reader has stopped it.
    problem: str
    stopped: bool
    # The text that is held beside the current one, with its temperature and cuts.
    beside: dict[str, Any] | None


class TextData(TypedDict, total=False):
    """All that an explorer of texts sends beside its model."""

    kind: str
    stops: Stops
    knobs: dict[str, Knob]
    # The dice that a button goes through first.
    seeds: list[str]
    # What the first state shows: a page whose model is damaged has nothing else.
    text: str
    # Where Python writes, since the model is not in the page: how many tokens it has, which of them
    # ends a text, and in a page what it has written.
    isTold: bool
    tokens: int
    end: int
    told: Told
    notice: str


class PlaceData(TypedDict):
    """A token of an answer, and the candidates of its place, the likeliest first."""

    # What it adds to the text, and what it is called in a sentence.
    text: str
    word: str
    names: list[str]
    logprobs: list[float]
    # Which of them was drawn, or -1; its rank among so many tokens: 0 where that is not known.
    drawn: int
    rank: int
    total: int
    # The probability of all that are not listed, at temperature 1.
    unseen: float


class AnswerData(TypedDict):
    """All that an explorer of answers sends."""

    kind: str
    stops: Stops
    prompt: str
    places: list[PlaceData]


def stops_of(stops: NDArray[np.float64]) -> Stops:
    """Return the stops of a slider by their first, their distance and their number."""
    first, last = stops[[0, -1]].tolist()
    return {"first": first, "step": (last - first) / (len(stops) - 1), "count": len(stops)}


def nearest_stop(stops: Stops, temperature: float) -> int:
    """Return the position of the stop nearest to a temperature.

    Halfway between two it is the upper one, as in the scripts: else the slider of one side would
    move that of the other, and the temperature with it.
    """
    place = (temperature - stops["first"]) / stops["step"]
    place = min(max(place, 0.0), stops["count"] - 1.0)
    return int(place) + (place % 1 >= 0.5)


def tables_of(bars: Sequence[Bars], layouts: Sequence[list[Layout]]) -> list[Table]:
    """Return tables, each with the pictures of its bars; the words of several are sent once."""
    tables: list[Table] = []
    for number, (shown, pictures) in enumerate(zip(bars, layouts, strict=True)):
        source = shown.table
        table: Table = {
            "prompt": in_text(source.prompt, LONGEST_PROMPT),
            "logits": pack(source.logits),
            "names": shown.names(),
            "shortNames": shown.short_names(),
            "others": shown.n_others > 0,
            "percent": shown.percent,
            "facts": leaders(source),
            "layouts": pictures,
        }
        same = [i for i, other in enumerate(bars[:number]) if other.table.tokens == source.tokens]
        if same:
            table["wordsOf"] = same[0]
        else:
            table["words"] = _words_of(source.tokens)
            if notice := notice_of(source):
                table["notice"] = notice
        if len(source.tokens) <= _MOST_EDITABLE and not shown.n_others and not source.unseen_mass:
            table["tokens"] = list(source.tokens)
        tables.append(table)
    return tables


def pack(values: Floats) -> Packed:
    """Return numbers as bytes, as exact as they are."""
    kind = "f4" if values.dtype == np.float32 else "f8"
    return _packed(values.astype(f"<{kind}").tobytes(), kind)


def model_data(model: StoryModel) -> ModelData:
    """Return a model as the scripts read it."""
    weights, vocabulary = model.files()
    return {
        # In gzip, of any size: it has a checksum.
        "weights": _gzipped(_by_place(weights), "bytes"),
        "vocabulary": _gzipped(vocabulary, "bytes"),
        "notice": model.notice(),
    }


def _by_place(data: bytes) -> bytes:
    """Put the first bytes of all words of 32 bits before the second ones, and so on.

    The last bytes of floats are much alike, and together they pack better: 0.89 MB, not 0.98.
    """
    return np.frombuffer(data, np.uint8).reshape(-1, 4).T.tobytes()


def _words_of(tokens: tuple[str, ...]) -> list[str] | Packed:
    return [*map(in_text, tokens)] if len(tokens) <= _MOST_EDITABLE else _lines_of(tokens)


# Those of a whole vocabulary take as long as a picture, and many explorers have the same.
@lru_cache(maxsize=8)
def _lines_of(tokens: tuple[str, ...]) -> Packed:
    # A line break within a word is a sign already.
    lines = "\n".join(map(in_text, tokens))
    return _packed(lines.encode("utf-8", "surrogatepass"), "text")


def _packed(data: bytes, kind: str) -> Packed:
    if len(data) < _LEAST_GZIPPED:
        return {"bytes": data, "type": kind, "gzip": False}
    return _gzipped(data, kind)


def _gzipped(data: bytes, kind: str) -> Packed:
    return {"bytes": gzip.compress(data, 6, mtime=0), "type": kind, "gzip": True}


def held(temperature: float) -> float | str:
    """Return a temperature or logit as a state has it."""
    return temperature if np.isfinite(temperature) else f"{temperature}"


# By which names the address of a page has the entries of a state; those of steps are their own.
_IN_ADDRESSES = {
    "T": ["T"],
    "seed": ["seed"],
    "dice": ["dice"],
    "place": ["place"],
    "draws": ["draws"],
    "table": ["prompt"],
    "constant": ["constant"],
    "tokens": ["words", "logits"],
    "steps": ["cuts", *(name.replace("_", "-") for name in TRUNCATIONS)],
    "prompt": ["prompt", "dice"],
    "length": ["length"],
    "chosen": ["token"],
    "taken": ["taken"],
    "beside": ["beside"],
}


def names_in_addresses(state: State) -> list[str]:
    """Return the names that the address of a page can have for a state."""
    return [name for key in state for name in _IN_ADDRESSES.get(key, [])]
