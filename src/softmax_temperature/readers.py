"""Tokens and logits from a DataFrame or a CSV file."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import short


def read_frame(frame: Any) -> tuple[list[str], NDArray[Any]]:
    """Return the columns ``tokens`` and ``logits``, or name the row and column that is wrong."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"frame must be a pandas DataFrame, got {type(frame).__name__}")
    columns = list(frame.columns)
    for name in ("tokens", "logits"):
        if columns.count(name) != 1:
            raise ValueError(f"column {name!r} must be there once, got columns {columns}")
    column = frame["logits"]
    if column.dtype.kind in "bcmM":
        raise TypeError(f"column 'logits' must be numbers, got {column.dtype}")
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
    logits = column.to_numpy() if plain else np.array([_float_or_nan(x) for x in column])
    for row in np.flatnonzero(np.isnan(logits) | np.isposinf(logits)):
        value = short(column.iloc[row])
        raise ValueError(f"column 'logits', row {row}: must be a number or -inf, got {value}")
    names = frame["tokens"].tolist()
    first: dict[str, int] = {}
    for position, name in enumerate(names):
        place = f"column 'tokens', row {position}"
        if not isinstance(name, str):
            raise TypeError(f"{place}: must be a string, got {short(name)}")
        if name in first:
            raise ValueError(f"{place}: {short(name)} is in row {first[name]} already")
        first[name] = position
    return names, logits


def read_csv(path: Any) -> tuple[list[str], NDArray[Any]]:
    """Return the columns ``tokens`` and ``logits`` of a file, to the letter."""
    import pandas as pd

    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {short(path)}")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except UnicodeDecodeError as error:
        raise ValueError(f"path must be a UTF-8 file, got {short(path)} ({error})") from None
    except csv.Error as error:
        raise ValueError(f"path must be a CSV file, got {short(path)} ({error})") from None
    header = rows.pop(0) if rows else []
    width = len(header)
    for number, row in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"row {number}: must have {width} fields, got {short(row)}")
    return read_frame(pd.DataFrame(rows, columns=header))


def _float_or_nan(value: Any) -> float:
    try:
        return np.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan
