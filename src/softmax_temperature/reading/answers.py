"""Tokens and logprobs of one position: from an API's answer, a mapping, or pairs."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, pairwise
from numbers import Integral, Real
from typing import Any, NamedTuple

from ..checks import short
from .candidates import (
    ASK,
    CANDIDATE_PARTS,
    IDS_ALONE,
    LISTED,
    Entry,
    Logprobs,
    check_entries,
    check_logprobs,
    is_candidates,
    is_entry,
    keys_of,
    name_in,
    part_of,
    read_entries,
    read_entry,
    with_drawn,
)
from .parsing import parse, plain

# Where an answer holds its positions: `#` is the choice that is asked for, `*` each item in turn.
# Then the lists beside the last one that hold the token drawn at each position; without them, the
# position itself does. Names are those of Python; JSON can have their camel-case twins. People also
# hand over a part of an answer, so a path may begin at any of its names.
_PATHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("choices.#.logprobs.content", ()),  # Chat Completions
    ("choices.#.logprobs.refusal", ()),
    ("choices.#.logprobs.top_logprobs", ("tokens", "token_logprobs")),  # Completions, Together
    ("choices.#.raw_output.completion_logprobs.content", ()),  # Fireworks
    ("output.*.content.*.logprobs", ()),  # Responses
    ("outputs.#.logprobs", ()),  # vLLM and TensorRT-LLM in Python
    ("outputs.#.logprobs.content", ()),  # DSPy
    ("completion_probabilities", ()),  # llama.cpp
    ("logprobs", ()),  # Ollama
    ("candidates.#.logprobs_result.top_candidates", ("chosen_candidates",)),  # Gemini
    ("details.top_tokens", ("tokens",)),  # TGI
    ("meta_info.output_top_logprobs", ("output_token_logprobs",)),  # SGLang
    ("meta_info.input_top_logprobs", ("input_token_logprobs",)),
    ("choices.#.prompt_logprobs", ()),  # vLLM
    ("outputs.#.prompt_logprobs", ()),
    ("prompt_logprobs", ()),
    # LangChain, whose messages keep what OpenAI, Gemini and Ollama answered.
    ("generations.#.message.response_metadata.logprobs.content", ()),
    ("generations.#.message.response_metadata.logprobs_result", ()),
    ("generations.#.message.response_metadata.logprobs", ()),
    ("generations.#.generation_info.logprobs.content", ()),
    ("generations.#.generation_info.logprobs_result", ()),
    ("generations.#.generation_info.logprobs", ()),
    (
        "generations.#.generation_info.logprobs.top_logprobs",
        ("tokens", "token_logprobs"),
    ),
)
_STARTS = {path.partition(".")[0] for path, _ in _PATHS}
# An answer within what another package makes of it, a line of a Batch, or an event of Responses.
_WRAPPINGS = ("response", "body", "part", "item", "raw", "kwargs")
_PARTS = (
    {step for path, beside in _PATHS for step in (*path.split("."), *beside) if step not in "#*"}
    | {*LISTED, *CANDIDATE_PARTS, *_WRAPPINGS}
    | {"type", "request_id", "response_id", "custom_id", "error", "detail"}
)
_ENDS = ("response.completed", "response.incomplete")


class _Position(NamedTuple):
    place: str
    listed: Any
    drawn: Any


class Read(NamedTuple):
    """The candidates of a position, which of them was drawn, and how many are listed.

    A drawn token that is not listed comes last.
    """

    place: str
    entries: list[Entry]
    drawn: int | None
    listed: int


class _Found(NamedTuple):
    """The positions of an answer, or how far the best path to them led and what it lacks."""

    positions: list[_Position]
    reach: float = 0
    problem: str = ""

    @property
    def is_unreadable(self) -> bool:
        """Whether there are positions, but without candidates."""
        return self.reach == math.inf


def read_logprobs(logprobs: Any, position: Any = 0, choice: Any = 0) -> Logprobs:
    """Return tokens, their logprobs and the unseen mass, or say what is wrong with them."""
    position, choice = _whole_number(position, "position"), _whole_number(choice, "choice")
    whole = _whole(logprobs)
    if not _is_set(whole):
        place, entries, *_ = _read_position(_at(_positions(whole, choice), position))
    else:
        for name, value in (("position", position), ("choice", choice)):
            if value != 0:
                raise ValueError(
                    f"{name} is for answers of an API, got {short(value)}: leave it out"
                )
        in_entries = (
            is_candidates(whole) if isinstance(whole, Mapping) else any(map(is_entry, whole))
        )
        if not in_entries:
            pairs = whole.items() if isinstance(whole, Mapping) else map(_pair, whole, count())
            return check_logprobs(list(pairs))
        place, entries = "logprobs", _read_set(whole)
    if any(entry.is_id for entry in entries):
        warnings.warn(IDS_ALONE, stacklevel=3)
    return check_entries(entries, place)


def read_positions(logprobs: Any, choice: Any = 0) -> list[Read]:
    """Return all positions of an answer that have candidates, or say what is wrong with them."""
    choice, whole = _whole_number(choice, "choice"), _whole(logprobs)
    if _is_set(whole):
        raise ValueError(
            f"answer must have a list over positions, got {short(logprobs)}: for one distribution "
            "use TemperatureExplorer(TokenTable.from_logprobs(answer))"
        )
    # The first token of a prompt has none.
    positions = [
        _read_position(position, alone=True)
        for position in _positions(whole, choice)
        if position.listed is not None
    ]
    if any(entry.is_id for position in positions for entry in position.entries):
        warnings.warn(IDS_ALONE, stacklevel=4)
    return positions


def _whole(logprobs: Any) -> Any:
    """Return what was handed over as dicts and lists."""
    if isinstance(logprobs, (str, bytes, bytearray)):
        logprobs = parse(logprobs)
    whole = _plain(logprobs)
    if isinstance(whole, os.PathLike):
        raise TypeError(f"logprobs must be no path, got {short(whole)}: give its read_text()")
    if hasattr(type(logprobs), "columns"):
        kind = type(logprobs).__name__
        raise TypeError(f"logprobs must be no table, got a {kind}: use TokenTable.from_frame")
    if isinstance(whole, (str, bytes)) or not isinstance(whole, Iterable):
        raise TypeError(
            f"logprobs must be a mapping, pairs or an API's answer, got {short(logprobs)}"
        )
    if not isinstance(whole, Mapping):
        whole = [_plain(item) for item in whole]
    return whole


def _read_set(whole: Any) -> list[Entry]:
    entries = read_entries(whole, "logprobs")
    # The token that was drawn can stand first. The others of one position are in order.
    if any(later.logprob > entry.logprob for entry, later in pairwise(entries[1:])):
        raise ValueError(
            "logprobs must have the largest first, as one position of an answer has: this looks "
            "like a list over positions. Give the top_logprobs of one, or pairs (token, logprob)"
        )
    return entries


def _plain(value: Any) -> Any:
    try:
        return plain(value, _PARTS)
    except RecursionError:
        raise ValueError(
            f"logprobs must be a mapping, pairs or an API's answer, got a {type(value).__name__} "
            "without an end to its parts: give its logprobs alone"
        ) from None


def _whole_number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {short(value)}")
    return int(value)


def _pair(item: Any, number: int) -> tuple[Any, Any]:
    if not isinstance(item, Iterable) or isinstance(item, (str, bytes, Mapping)):
        advice = ": for logprobs of all tokens in their order use TokenTable(tokens, logprobs)"
        raise TypeError(
            f"logprobs must be pairs (token, logprob), got {short(item)} at {number}"
            + (advice if isinstance(item, Real) else "")
        )
    pair = tuple(item)
    if len(pair) != 2:
        raise ValueError(f"logprobs must be pairs (token, logprob), got {short(item)} at {number}")
    return pair


def _is_set(whole: Any) -> bool:
    """Tell whether this is one distribution, and no answer or list over positions."""
    values = _values(whole)
    if not isinstance(whole, Mapping):
        return not any(
            _is_position(item) or (isinstance(item, Mapping) and not is_entry(item))
            for item in values
        )
    if _server_error(whole):
        return False
    if is_candidates(whole):
        return True  # vLLM gives a mapping of ids to logprobs with their tokens
    # An answer can lack all that it could hold. A token may be named as a part of it is.
    lacks = any(isinstance(whole.get(name, 0), (str, type(None))) for name in _STARTS)
    parts = any(isinstance(value, (Mapping, list, tuple)) for value in values)
    return not lacks and not parts and not any(map(_is_words, values))


def _is_words(value: Any) -> bool:
    """Tell whether this is text that nobody takes for a number."""
    try:
        return isinstance(value, str) and not math.isfinite(float(value))
    except ValueError:
        return True


def _is_position(item: Any) -> bool:
    """Tell whether this is a whole position rather than one of its candidates."""
    if not isinstance(item, Mapping):
        return is_candidates(item)
    listed = name_in(item, LISTED)
    if listed == "candidates":
        # Gemini also calls its choices so.
        return isinstance(item[listed], list) and all(map(is_entry, item[listed]))
    # Some answers repeat how many candidates were asked for, beside all that they hold.
    if listed is not None and ("token" in item or not isinstance(item[listed], Real)):
        return "token_logprobs" not in item  # in Completions, the list is one over positions
    numbers = all(isinstance(x, Real) and not isinstance(x, bool) for x in item.values())
    numbers = numbers and "logprob" not in item  # but a candidate that lacks its token
    return bool(item) and (numbers or is_candidates(item))


def _values(whole: Any) -> list[Any]:
    return list(whole.values() if isinstance(whole, Mapping) else whole)


def _server_error(whole: Any) -> str | None:
    """Return the message of a server that answered with an error."""
    if not isinstance(whole, Mapping):
        return None
    error = whole.get("error") or whole.get("detail")
    error = error if isinstance(error, Mapping) else {"message": error}
    message = error.get("message")
    if not message and whole.get("object") == "error":
        message = whole.get("message")
    return None if not message or isinstance(message, Real) else str(message)


def _positions(whole: Any, choice: int) -> list[_Position]:
    """Return the positions of an answer, of the chunks of one, or of a part of one."""
    if not isinstance(whole, Mapping) and any(map(_is_position, whole)):
        if len(whole) > 1 and all(isinstance(item, Mapping) and len(item) == 1 for item in whole):
            raise ValueError(
                f"logprobs must be one mapping, got {len(whole)} with one token each, which could "
                "also be as many positions: put them into one, or give the one that you want"
            )
        whole = {"logprobs": whole}
    if isinstance(whole, Mapping):
        _refuse_other_numbers(whole)
    ways = [[whole]] if isinstance(whole, Mapping) else _ways(whole)
    found = [_find_in_chunks(chunks, choice) for chunks in ways]
    best = next((way for way in found if way.positions), found[0])
    if not best.positions:
        raise ValueError(best.problem)
    return best.positions


def _refuse_other_numbers(whole: Mapping[Any, Any]) -> None:
    """Name probabilities and logits that servers give for every token, or for some."""
    for name in ("logits", "probabilities"):
        numbers = whole.get(name)
        values = list(numbers.values()) if isinstance(numbers, Mapping) else []
        if not values or not all(isinstance(value, Real) for value in values):
            continue
        if min(values) >= 0 and math.fsum(values) <= 1.005:
            # text-generation-webui calls them logits.
            raise ValueError(
                f"{name} of the answer are probabilities, got {short(numbers)}: give their "
                "logarithms, {token: math.log(p)}, as logprobs"
            )
        raise ValueError(
            f"{name} of the answer are no logprobs, got {short(numbers)}: use "
            "TokenTable(tokens, logits)"
        )


def _find_in_chunks(chunks: Sequence[Mapping[Any, Any]], choice: int) -> _Found:
    """Return the positions of all chunks, or what the best of them lacks."""
    positions: list[_Position] = []
    failures = []
    for chunk in map(_unwrapped, chunks):
        _refuse_errors(chunk, choice)
        found = _find(chunk, choice)
        if found.is_unreadable:
            return found  # left out, it would move the later positions up
        positions += found.positions
        failures.append(found)
    return _Found(positions) if positions else _furthest(failures)


def _refuse_errors(chunk: Mapping[Any, Any], choice: int) -> None:
    """Show the error of a server, which can also stand in a choice."""
    choices = chunk.get("choices")
    chosen = _chosen(choices, choice, "choices") if isinstance(choices, list) else None
    inside = [choices[chosen.place]] if choices and chosen and not chosen.problem else []
    for part in (chunk, *inside):
        if message := _server_error(part):
            message = message if len(message) <= 200 else f"{message[:200]}..."
            raise ValueError(f"logprobs must be an answer, got the server's error: {message}")


def _unwrapped(whole: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Take an answer out of what wraps it, and the one of LangChain out of its list of prompts."""
    for name in _WRAPPINGS:
        # LangChain writes arguments so. Others keep those of a request under that name.
        if isinstance(whole.get(name), Mapping) and (name != "kwargs" or "lc" in whole):
            whole = whole[name]
    generations = whole.get("generations")
    if not isinstance(generations, list) or not all(isinstance(x, list) for x in generations):
        return whole
    if len(generations) > 1:
        raise ValueError(_several(generations))
    return {**whole, "generations": [part for prompt in generations for part in prompt]}


def _several(answers: list[Any]) -> str:
    return f"logprobs must be one answer, got {len(answers)} of them: give the one that you want"


def _ways(items: list[Any]) -> list[list[Mapping[Any, Any]]]:
    """Return the ways to put an answer together that was streamed, or refuse several answers."""
    for number, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise ValueError(f"logprobs must be one answer, got {short(item)} at {number}")
    events = [item for item in items if str(item.get("type")).startswith("response.")]
    if events:
        # The last event repeats what came before it, and so do those that end a part, or else
        # they leave the logprobs out.
        kinds = {item["type"]: None for item in events if item["type"].endswith(".done")}
        ways = [
            [item for item in events if item["type"] in _ENDS],
            [item for item in events if item["type"] not in kinds and item["type"] not in _ENDS],
            *([item for item in events if item["type"] == kind] for kind in kinds),
        ]
        return [way for way in ways if way]
    names = [item.get(name_in(item, ("custom_id", "id", "response_id")) or "id") for item in items]
    # LangChain marks chunks by their type. They can lack a name.
    chunks = all(str(item.get("type")).endswith("Chunk") for item in items)
    same = (names[:1] != [None] or chunks) and names.count(names[0]) == len(names)
    # Ollama and llama.cpp mark the last chunk instead.
    running = all(item.get("done") is False or item.get("stop") is False for item in items[:-1])
    if not same and not running:
        raise ValueError(_several(items))
    return [items]


def _find(whole: Mapping[Any, Any], choice: int) -> _Found:
    """Follow each path, and return what the first to end at positions found, or the furthest."""
    failures = [
        _Found([], 0, f"logprobs must be an answer that has them, got {keys_of(whole)}: {ASK}")
    ]
    for path, beside in _PATHS:
        steps = path.split(".")
        for start in range(len(steps)):
            if steps[start] not in "#*":
                found = _follow(whole, steps[start:], beside, choice, at_start=start == 0)
                if found.positions:
                    return found
                failures.append(found)
    if choice == 0 and _is_position(whole):
        return _Found([_Position("logprobs", whole, None)])
    return _furthest(failures)


def _furthest(failures: list[_Found]) -> _Found:
    return max(failures, key=lambda failure: failure.reach)


def _follow(
    whole: Mapping[Any, Any],
    steps: list[str],
    beside: tuple[str, ...],
    choice: int,
    at_start: bool,
) -> _Found:
    """Return the positions at the end of a path, or how far it leads and what is missing."""
    if choice != 0 and "#" not in steps:
        problem = f"choice is for answers that have choices, got {short(choice)}: leave it out"
        return _Found([], 1, problem)
    parts: list[tuple[str, Any]] = [("", whole)]
    parents: list[Any] = []
    for depth, step in enumerate(steps):
        if step == "*":
            if not any(items for _, items in parts):
                return _Found([], 2 * depth, f"{parts[0][0]} of the answer is empty: {ASK}")
            parts = [
                (f"{place}[{number}]", item)
                for place, items in parts
                for number, item in enumerate(items)
            ]
        elif step == "#":
            place, items = parts[0]
            chosen = _chosen(items, choice, place)
            if chosen.problem:
                return _Found([], 2 * depth, chosen.problem)
            parts = [(f"{place}[{chosen.place}]", items[chosen.place])]
        else:
            kind = list if steps[depth + 1 : depth + 2] in ([], ["#"], ["*"]) else Mapping
            reached, problems, present = [], [], False
            for place, part in parts:
                name = name_in(part, [step]) if isinstance(part, Mapping) else None
                present = present or name is not None
                try:
                    value = part_of(part, name or step, kind, place)
                    reached.append((f"{place}.{name}".removeprefix("."), value, part))
                except ValueError as error:
                    problems.append(str(error))
            if not reached:
                # A part that is null or wrong says more than one that is not there, but not where
                # another kind of answer has a part of that name.
                present = present and (depth > 0 or at_start or "logprobs" in step)
                return _Found([], 2 * depth + (1 if present else 0), problems[0])
            parts = [(place, value) for place, value, _ in reached]
            parents = [parent for _, _, parent in reached]
    positions = [
        _Position(f"{place}[{number}]", item, drawn)
        for (place, items), parent in zip(parts, parents)
        for number, (item, drawn) in enumerate(zip(items, _drawn(parent, beside, items)))
    ]
    if not positions:
        return _Found([], 2 * len(steps), f"{parts[0][0]} of the answer is empty: {ASK}")
    if not any(_is_position(position.listed) for position in positions):
        return _Found([], math.inf, _no_candidates(positions[0]))
    return _Found(positions)


class _Choice(NamedTuple):
    """Where a choice stands, or what is wrong with it."""

    place: int
    problem: str = ""


def _chosen(items: list[Any], choice: int, place: str) -> _Choice:
    if not items:
        return _Choice(0, f"{place} of the answer is empty: give an answer that has a choice")
    numbers = [
        item.get("index", number) if isinstance(item, Mapping) else number
        for number, item in enumerate(items)
    ]
    # In a stream the choices come one by one, each with its index.
    if not all(isinstance(number, int) for number in numbers) or len(set(numbers)) < len(items):
        numbers = list(range(len(items)))
    if choice not in numbers:
        listed, count = short(numbers), len(items)
        return _Choice(
            0, f"choice must be one of {listed}, got {short(choice)}: {place} has {count}"
        )
    return _Choice(numbers.index(choice))


def _drawn(parent: Mapping[Any, Any], names: tuple[str, ...], items: list[Any]) -> list[Any]:
    """Return the tokens that were drawn, one a position, from the lists beside the positions."""
    spelled = [name_in(parent, [name]) for name in names]
    columns = [parent[name] for name in spelled if name and isinstance(parent[name], list)]
    if not columns or len(columns) < len(names):
        return [None] * len(items)
    for name, column in zip(spelled, columns):
        if len(column) != len(items):
            raise ValueError(
                f"{name} of the answer must have one token a position, got {len(column)} for "
                f"{len(items)} positions: give pairs (token, logprob) of one position instead"
            )
    if len(columns) > 1:
        return [{"token": token, "logprob": logprob} for token, logprob in zip(*columns)]
    return list(columns[0])


def _at(positions: list[_Position], position: int) -> _Position:
    if not 0 <= position < len(positions):
        raise ValueError(
            f"position must be from 0 to {len(positions) - 1}, got {short(position)}: the answer "
            f"has {len(positions)} position{'s' if len(positions) > 1 else ''}"
        )
    return positions[position]


def _read_position(position: _Position, alone: bool = False) -> Read:
    """Return a position's place and candidates, with the token that was drawn.

    That can be `alone`, or has to have others.
    """
    place, listed, drawn = position
    whole = listed
    if listed is None:
        raise ValueError(
            f"{place} of the answer is null, as the first token of a prompt is: choose another "
            "position"
        )
    name = name_in(listed, LISTED) if isinstance(listed, Mapping) else None
    # vLLM's mapping of ids begins with the token that was drawn.
    first = None if name or not isinstance(listed, Mapping) else 0
    if name:
        # A stream of TGI holds the drawn token in a part of its own.
        own = listed.get("token")
        drawn = own if isinstance(own, Mapping) else listed if own is not None else drawn
        listed = listed[name]
        # The llm package wraps a mapping of tokens into a list.
        if isinstance(listed, list) and len(listed) == 1 and _is_position(listed[0]):
            listed = listed[0]
        if not listed and alone and drawn is not None:
            listed = [drawn]
        if not isinstance(listed, (list, Mapping)) or not listed:
            state = "null" if listed is None else f"no list of candidates, got {short(listed)}"
            state = "empty" if listed in ([], {}, "") else state
            raise ValueError(f"{place}.{name} of the answer is {state}: {ASK}")
        entries = read_entries(listed, f"{place}.{name}")
    elif _is_position(listed):
        entries = read_entries(listed, place)
        first = first if all(map(is_entry, _values(listed))) else None
    else:
        raise ValueError(_no_candidates(position))
    if drawn is not None:
        return Read(place, *with_drawn(entries, read_entry(drawn, place)), len(entries))
    # The llm package and old servers of llama.cpp say the drawn token's text alone.
    texts = [whole.get(part) for part in ("text", "content")] if name else []
    count = len(entries)
    for text in [text for text in texts if isinstance(text, str)][:1]:
        first = next((i for i, entry in enumerate(entries) if entry.token == text), count)
        if alone and first == count:
            entries = [*entries, Entry(text, -math.inf)]
    return Read(place, entries, first, count)


def _no_candidates(position: _Position) -> str:
    if position.listed is None:
        return f"{position.place} of the answer is null: {ASK}"
    if not isinstance(position.listed, Mapping):
        shown = short(position.listed)
        return f"{position.place} of the answer must be an object, got {shown}: {ASK}"
    keys = keys_of(position.listed)
    return f"{position.place}.top_logprobs of the answer is missing, got {keys}: {ASK}"
