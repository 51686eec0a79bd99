"""Text and objects of other packages, as dicts and lists."""

from __future__ import annotations

import codecs
import dataclasses
import json
import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from numbers import Number
from typing import Any

from ..checks import short


def plain(value: Any, parts: Collection[str] = ()) -> Any:
    """Turn objects of other packages into dicts and lists.

    Of an object that offers no better way only the attributes are taken that have a name of
    the `parts`.
    """
    if isinstance(value, (str, bytes, bytearray, Number, os.PathLike, type, type(None))):
        return value
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    elif dataclasses.is_dataclass(value) and not isinstance(value, Sequence):
        value = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    if callable(getattr(type(value), "items", None)):
        pairs = [(key, plain(part, parts)) for key, part in value.items()]
        whole = dict(pairs)
        # A pandas Series can have one key more than once.
        return _unflattened(whole) if len(whole) == len(pairs) else pairs
    if isinstance(value, Sequence):
        plainly = [plain(part, parts) for part in value]
        return tuple(plainly) if isinstance(value, tuple) else plainly
    attributes = {name: getattr(value, name, None) for name in parts}
    present = {name: part for name, part in attributes.items() if part is not None}
    if not any(map(callable, present.values())) and present:
        return plain(present, parts)
    return value


def _unflattened(whole: dict[Any, Any]) -> Any:
    """Turn the columns of vLLM's FlatLogprobs into positions."""
    names = ("start_indices", "end_indices", "token_ids", "logprobs", "decoded_tokens")
    if not all(isinstance(whole.get(name), list) for name in names):
        return whole
    starts, ends, *columns = (whole[name] for name in names)
    tokens = [
        (number, {"logprob": logprob, "decoded_token": text})
        for number, logprob, text in zip(*columns)
    ]
    return [dict(tokens[start:end]) or None for start, end in zip(starts, ends)]


def parse(text: str | bytes | bytearray) -> Any:
    """Return what JSON text holds: one answer, or a list of the lines of a stream."""
    shown = text
    text = text if isinstance(text, str) else decode(text, "logprobs", text)
    text = text.removeprefix("\ufeff").strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].removesuffix("```")
    try:
        return _json(text)
    except (ValueError, RecursionError) as error:
        problem = error
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    data = [line[5:].strip() for line in lines if line.startswith("data:")]
    data = [line for line in data if line != "[DONE]"]
    if not data and all(line.startswith("{") for line in lines):
        data = lines
    try:
        if data:
            return [_json(line) for line in data]
    except (ValueError, RecursionError) as error:
        problem = error
    raise ValueError(
        f"logprobs must be whole JSON, got {short(shown)} ({problem}): {_advice(text)}"
    )


def decode(data: bytes | bytearray, name: str, shown: Any) -> str:
    """Return the text of UTF-8, or of UTF-16 that says so, without a byte order mark."""
    wide = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} must be UTF-8, got {short(shown)} ({error}): save it as UTF-8"
        ) from None


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, times in Counter(key for key, _ in pairs).items():
            if times > 1:
                raise ValueError(f"{short(key)} is there {times} times in one object")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def _advice(text: str) -> str:
    """Say what to do about text that is no JSON."""
    if text.startswith("HTTP/"):
        return "leave out the HTTP header, from the first line to the empty one"
    if re.match(r"\[?[A-Za-z_][\w.]*\(", text):
        return "this is how Python shows an object: give the object, or its model_dump_json()"
    if re.match(r"[\[{(]+\s*'", text):
        return "this is how Python shows a dict: give the dict itself, or json.dumps of it"
    if re.fullmatch(r"[^\n<>{}\[\]]*([/\\]|\.\w{2,5}$)[^\n<>{}\[\]]*", text[:1000]):
        return "for a file give its text, pathlib.Path(path).read_text(encoding='utf-8')"
    return "paste the answer from its first bracket to its last"
