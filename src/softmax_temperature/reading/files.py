"""Tokens and logits from a DataFrame or a CSV file, as people and spreadsheets write them."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import short
from .candidates import check_logprobs
from .parsing import decode

Columns = tuple[list[str], NDArray[Any], float]

_TOKENS = ("tokens", "token")
_LOGITS = ("logits", "logit", "logprobs", "logprob")
_BY_PANDAS = "read it with pandas, and use TokenTable.from_frame"
# What tells archives apart that hold the table of a spreadsheet: the name of a file in them.
_WORKBOOKS = {
    "xl/workbook.xml": f"an Excel workbook: save it as 'CSV UTF-8', or {_BY_PANDAS}",
    "xl/workbook.bin": f"an Excel workbook: save it as 'CSV UTF-8', or {_BY_PANDAS}",
    "content.xml": f"an OpenDocument file: save it as CSV in UTF-8, or {_BY_PANDAS}",
    "Index/Document.iwa": "a document of Numbers: export it as CSV in UTF-8",
}
# How files begin that are opened as CSV by mistake.
_OTHER_KINDS = (
    (b"PK\x03\x04", f"a zip archive: unpack it first, or {_BY_PANDAS}"),
    (b"\xd0\xcf\x11\xe0", f"an old Excel workbook: save it as 'CSV UTF-8', or {_BY_PANDAS}"),
    (b"\x1f\x8b", f"compressed: unpack it first, or {_BY_PANDAS}"),
    (b"PAR1", f"a Parquet file: {_BY_PANDAS}"),
)


def read_frame(frame: Any) -> Columns:
    """Return tokens, logits and unseen mass, or name the row and column that is wrong."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        other = "frame.to_pandas()" if hasattr(frame, "to_pandas") else "pandas.DataFrame(...)"
        kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
        kind = kind.removeprefix("builtins.")[:60]
        raise TypeError(f"frame must be a pandas DataFrame, got {kind}: use {other}")
    token, logit = _find_columns(list(frame.columns))
    name, column = frame.columns[logit], frame.iloc[:, logit]
    if column.dtype.kind in "bcmM":
        raise TypeError(f"column {short(name)} must be numbers, got {str(column.dtype)[:40]}")
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
    logits = column.to_numpy() if plain else np.array([_number(x) for x in column])
    names = [frame.columns[token], name]
    return _checked(names, frame.iloc[:, token].tolist(), logits, column.tolist())


def read_csv(path: Any) -> Columns:
    """Return tokens, logits and unseen mass of a file, the tokens to the letter."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {short(path)}")
    if "\n" in os.fsdecode(path):
        raise ValueError(f"path must be a path, got text, {short(path)}: save it to a file first")
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        # A pipe or a device may never end.
        raise ValueError(f"path must be a file, got {short(path)}: save what it gives to one first")
    with open(path, "rb") as file:
        data = file.read()
    for start, kind in _OTHER_KINDS:
        if data.startswith(start):
            kind = _workbook(data) or kind
            raise ValueError(f"path must be a CSV file, got {short(path)}, which is {kind}")
    return read_csv_text(decode(data, "path", path))


def _workbook(data: bytes) -> str | None:
    """Return what spreadsheet an archive is, if it is one."""
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return None
    return next((kind for name, kind in _WORKBOOKS.items() if name in names), None)


def read_csv_text(text: str) -> Columns:
    """Return tokens, logits and unseen mass of the text of a CSV file, the tokens to the letter.

    Rows are separated as the header is from the first of them, so that a carriage return within a
    file of plain line feeds is a letter: pandas writes such a token without quotes.
    """
    # Excel takes the separator from a first line of its own.
    text = re.sub(r'\A\s*"?sep=."?\s*?(\r\n|\r|\n)', "", text).lstrip("\r\n")
    end = "\n" if "\n" in text else "\r"
    header = text.partition(end)[0]
    stand_in = ""
    if end == "\n" and not header.endswith("\r"):
        stand_in = next(sign for sign in map(chr, range(0xE000, 0x110000)) if sign not in text)
        text = re.sub(r"\r(?!\n)", stand_in, text)
    lines = [line for line in re.split(f"(?<={end})", text) if line]
    separator, names, token, logit = _read_header(lines[:1])
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = 1
    try:
        for row in reader:
            place = f"row {len(rows) - 1}"
            line = reader.line_num + 1
            if not row:
                continue
            if len(row) != len(names):
                raise ValueError(
                    f"{place}: must have {len(names)} fields, got {short(row)}: put a token that "
                    f"holds {separator!r} in quotes, and write numbers with a decimal point"
                )
            if stand_in and token == len(row) - 1 and lines[line - 2].endswith("\r\n") and rows:
                raise ValueError(
                    f"{place}: must end as the header does, got a carriage return after "
                    f"{short(row[token])}: put that token in quotes, or save the file anew"
                )
            rows.append([field.replace(stand_in, "\r") for field in row] if stand_in else row)
    except csv.Error as error:
        raise ValueError(
            f"row {len(rows) - 1}, line {line} of the file: must be CSV, got "
            f"{short(lines[line - 1])} ({error}): put the token in quotes, and double each "
            "quotation mark in it"
        ) from None
    fields = [row[logit] for row in rows[1:]]
    if separator != ",":
        fields = _with_points(fields, names[logit])
    logits = np.array([_number(field) for field in fields])
    shown = [names[token], names[logit]]
    return _checked(shown, [row[token] for row in rows[1:]], logits, fields)


def _read_header(lines: list[str]) -> tuple[str, list[str], int, int]:
    """Return the separator, the names, and where tokens and logits stand."""
    problem = ValueError()
    for separator in ",;\t":
        try:
            names = next(csv.reader(lines, delimiter=separator, strict=True), [])
            return separator, names, *_find_columns(names)
        except csv.Error as error:
            problem = ValueError(f"the header must be CSV, got {short(lines[0])} ({error})")
        except ValueError as error:
            problem = error if separator == "," else problem
    if lines and lines[0].lstrip()[:1] in ("{", "["):
        raise ValueError(f"path must be a CSV file, got JSON, {short(lines[0])}: use from_logprobs")
    raise problem


def _find_columns(names: Sequence[Any]) -> tuple[int, int]:
    """Return where tokens and logits stand, by names of any case, in singular or plural."""
    folded = [str(name).strip().lower() for name in names]
    places = []
    for wanted in (_TOKENS, _LOGITS):
        name = next((name for name in wanted if name in folded), wanted[0])
        if folded.count(name) != 1:
            advice = f"name the columns {_TOKENS[0]} and {_LOGITS[0]} in the first line"
            if any(re.match(r"p$|prob(?!lem)|share", other) for other in folded):
                advice = "of probabilities take the logarithm, and name the column logprobs"
            raise ValueError(
                f"column {name!r} must be there once, got columns {short(list(names))}: {advice}"
            )
        places.append(folded.index(name))
    return places[0], places[1]


def _checked(
    names: list[Any], tokens: list[Any], logits: NDArray[Any], shown: list[Any]
) -> Columns:
    """Check the columns, row by row; logprobs also have to be those of one position."""
    for row in np.flatnonzero(np.isnan(logits) | np.isposinf(logits)).tolist():
        raise ValueError(
            f"column {short(names[1])}, row {row}: must be a number or -inf, got "
            f"{short(shown[row])}{_advice(shown[row])}"
        )
    first: dict[str, int] = {}
    for row, token in enumerate(tokens):
        place = f"column {short(names[0])}, row {row}"
        if not isinstance(token, str):
            raise TypeError(f"{place}: must be a string, got {short(token)}: use astype(str)")
        if token in first:
            raise ValueError(
                f"{place}: {short(token)} is in row {first[token]} already: leave one of them out"
            )
        first[token] = row
    if not str(names[1]).strip().lower().startswith("logprob") or not len(logits):
        return tokens, logits, 0.0
    tokens, logprobs, unseen = check_logprobs(list(zip(tokens, logits)))
    return tokens, np.array(logprobs), unseen


def _number(value: Any) -> float:
    """Return a number, or NaN for what is none to a spreadsheet."""
    try:
        if isinstance(value, str):
            # Python reads 1_000. Typesetting makes a minus of a hyphen.
            value = "" if "_" in value else value.replace("\u2212", "-")
        return np.nan if isinstance(value, (bool, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _with_points(fields: list[str], name: str) -> list[str]:
    """Turn decimal commas into points, unless they can separate thousands."""
    commas = [field for field in fields if "," in field]
    if not commas or any("." in field for field in fields):
        return fields
    if all(re.fullmatch(r"\s*[-+\u2212]?[1-9]\d{0,2},\d{3}\s*", field) for field in commas):
        row = fields.index(commas[0])
        raise ValueError(
            f"column {short(name)}, row {row}: must be certain, got {short(commas[0])}, a decimal "
            "comma or one of thousands: write it with a decimal point"
        )
    return [field.replace(",", ".") if field.count(",") == 1 else field for field in fields]


def _advice(value: Any) -> str:
    """Say what to do about a field that is no number."""
    if not isinstance(value, str):
        return ""
    if "%" in value:
        return ": of probabilities take the logarithm, and name the column logprobs"
    if "," in value:
        return ": write a decimal point instead of a decimal comma, and no thousands"
    return ": mask a token with -inf, or leave its row out"
