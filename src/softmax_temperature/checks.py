"""Checks of arguments, with errors that name the argument, show the value and say what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]


def as_temperature(value: Any, name: str = "temperature") -> float:
    """Check that a value is a temperature, from 0 to infinity, and return it as a float."""
    number = real_number(value, name)
    if np.isnan(number):
        raise ValueError(f"{name} must not be NaN: use a number from 0 to infinity")
    if number < 0:
        raise ValueError(
            f"{name} must not be negative, got {number}: it would reverse the ranking of the "
            "tokens. For greedy decoding, use 0"
        )
    return abs(number)  # -0.0 is 0


def as_temperatures(values: ArrayLike) -> Floats:
    """Check that values are a row of temperatures, and return them as an array."""
    stops = real_array(values, "temperatures")
    if stops.ndim != 1:
        raise ValueError(f"temperatures must be one-dimensional, got shape {stops.shape}")
    for position, stop in enumerate(stops):
        as_temperature(stop, f"temperatures[{position}]")
    return abs(stops)


def as_top(top: Any) -> int | None:
    """Check that a value is a number of tokens, at least 1, or None for all."""
    if top is None:
        return None
    return as_count(top, "top", 1, ": leave it out to keep all tokens")


def as_count(value: Any, name: str, least: int, advice: str = "") -> int:
    """Check that a value is a whole number, at least so large."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {short(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}{advice}")
    return int(value)


def as_positions(values: ArrayLike, count: int, name: str = "positions") -> NDArray[np.intp]:
    """Check that values are positions in a row of `count` tokens, and return them as an array."""
    try:
        positions = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be rectangular, got {short(values)}") from None
    if positions.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {short(values)}")
    outside = positions[(positions < 0) | (positions >= count)]
    if outside.size:
        raise ValueError(f"{name} must be from 0 to {count - 1}, got {outside[0]}")
    return positions.astype(np.intp)


def real_number(value: Any, name: str) -> float:
    """Return a single real number as a float."""
    try:
        if isinstance(value, (bool, np.bool_, np.complexfloating, str, bytes)) or np.ndim(value):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must be one real number, got {short(value)}") from None


def real_array(values: ArrayLike, name: str, axis: int = -1) -> Floats:
    """Return values as float32 or float64, not empty, with `axis` moved to the end."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a numpy masked array: use -inf for masked tokens")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be rectangular, got {short(values)}") from None
    except TypeError as error:
        # PyTorch's bfloat16, and tensors on another device.
        raise TypeError(
            f"{name} must be real numbers, got {type(values).__name__} ({error}): "
            "use tensor.float().cpu()"
        ) from None
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real numbers, got {short(values)} ({array.dtype})")
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one dimension, got {short(values)}")
    if isinstance(axis, (bool, np.bool_)) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be one whole number, got {short(axis)}: reshape the {name}")
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(
            f"axis must be from {-array.ndim} to {array.ndim - 1} for {name} of shape "
            f"{array.shape}, got {axis}"
        )
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    with np.errstate(over="ignore"):
        floats: Floats = array.astype(dtype, copy=False)
    if array.dtype.itemsize > floats.dtype.itemsize:
        # A long double reaches further than a float64.
        for beyond in array[np.isinf(floats) & np.isfinite(array)][:1]:
            raise ValueError(
                f"{name} must fit into float64, got {beyond!s}: scale them, or use -inf to mask a "
                "token"
            )
    return np.moveaxis(floats, axis, -1)


def distributions(values: ArrayLike, axis: int) -> NDArray[np.float64]:
    """Check that values are probabilities that sum to 1 along `axis`, and move it to the end."""
    probabilities = real_array(values, "probabilities", axis).astype(np.float64, copy=False)
    if probabilities.min() < 0:
        raise ValueError(f"probabilities must not be negative, got {probabilities.min()}")
    totals = probabilities.sum(axis=-1)
    # Not a number is not near 1 either.
    wrong = totals[~(abs(totals - 1) <= 1e-3)]
    if wrong.size:
        raise ValueError(f"probabilities must sum to 1, got {wrong[0]:.6g}: use softmax first")
    return probabilities


def short(value: Any, longest: int = 60) -> str:
    """Show a value in an error message, at most `longest` characters of it and the dots."""
    text = repr(value)
    end = longest // 6
    return text if len(text) <= longest else f"{text[: longest - end]}...{text[-end:]}"
