"""Files of language models in the format GGUF: their header, and their weights as float32.

ggml-org/ggml, ``docs/gguf.md``, describes the format.
"""

from __future__ import annotations

import math
import mmap
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from ..checks import Floats

# The types of single values, by their numbers in a file. 8 is a text, and 9 a row of values.
_SINGLE = {
    **{0: "u1", 1: "i1", 2: "u2", 3: "i2", 4: "u4", 5: "i4"},
    **{6: "f4", 7: "?", 10: "u8", 11: "i8", 12: "f8"},
}
_TEXT, _ROW = 8, 9


class Tensor(NamedTuple):
    """Say where a tensor is, and how it is written.

    Attributes
    ----------
    shape : tuple of int
        Rows first, as in numpy.
    kind : int
        The number of its quantisation.
    start : int
        Its first byte, counted from the first of all tensors.
    """

    shape: tuple[int, ...]
    kind: int
    start: int


class GGUFFile:
    """Read the header of a file at once, and its tensors when they are asked for.

    The package ``gguf`` has a reader, too, which takes forty times as long for it.

    Parameters
    ----------
    path : str
        The file.

    Attributes
    ----------
    fields : dict
        What the header says, by its names.
    tensors : dict of str to Tensor
        All tensors, by their names.
    """

    def __init__(self, path: str) -> None:
        self._path, self._place = path, 4
        with open(path, "rb") as file:
            begins = file.read(4)
            if begins != b"GGUF":
                raise ValueError(
                    f"path must be a GGUF file, got {path}, which begins with {begins!r}"
                )
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        format_version = self._single("u4")
        if format_version not in (2, 3):
            raise ValueError(
                f"path must be a GGUF file of version 2 or 3, little-endian, got {path} of version "
                f"{format_version}"
            )
        n_tensors, n_fields = self._single("u8"), self._single("u8")
        self.fields: dict[str, Any] = {}
        for _ in range(n_fields):
            name = self._text()
            self.fields[name] = self._value(self._single("u4"))
        self.tensors: dict[str, Tensor] = {}
        for _ in range(n_tensors):
            name = self._text()
            shape = tuple(self._row("u8", self._single("u4"))[::-1])
            self.tensors[name] = Tensor(shape, self._single("u4"), self._single("u8"))
        alignment = self.fields.get("general.alignment", 32)
        self._first = -self._place % alignment + self._place

    def weights(self, name: str) -> Floats:
        """Return a tensor as float32: the numbers for which its quantised ones stand."""
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize

        shape, number, start = self.tensors[name]
        try:
            kind = GGMLQuantizationType(number)
            numbers, size = GGML_QUANT_SIZES[kind]
        except (ValueError, KeyError):
            raise self._unknown(name, f"{number}") from None
        self._place = self._first + start
        data = np.frombuffer(self._take(math.prod(shape) // numbers * size), np.uint8)
        try:
            weights = dequantize(data.reshape(*shape[:-1], shape[-1] // numbers * size), kind)
        except (ValueError, NotImplementedError):
            raise self._unknown(name, kind.name) from None
        return np.asarray(weights, np.float32)

    def _unknown(self, name: str, kind: str) -> ValueError:
        return ValueError(
            f"path must be a file whose tensors are F32, F16, BF16 or quantised in a way that the "
            f"package gguf {version('gguf')} undoes, such as Q4_1, Q8_0 or Q4_K, got {self._path}, "
            f"whose {name} is {kind}"
        )

    def _take(self, size: int) -> bytes:
        """Return the next bytes, if the file has so many."""
        end = self._place + size
        if end > len(self._data):
            raise ValueError(
                f"path must be a whole GGUF file, got {self._path}, which is cut short: it has "
                f"{len(self._data):,} bytes, and names at least {end:,}. Download it again"
            )
        data = self._data[self._place : end]
        self._place = end
        return data

    def _row(self, kind: str, count: int) -> list[Any]:
        whole = np.dtype(kind).newbyteorder("<")
        values: list[Any] = np.frombuffer(self._take(count * whole.itemsize), whole).tolist()
        return values

    def _single(self, kind: str) -> Any:
        return self._row(kind, 1)[0]

    def _text(self) -> str:
        # The vocabulary has a hundred thousand of them.
        size = int.from_bytes(self._take(8), "little")
        return self._take(size).decode("utf-8", "backslashreplace")

    def _value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind in _SINGLE:
            return self._single(_SINGLE[kind])
        if kind != _ROW:
            raise ValueError(
                f"path must be a whole GGUF file, got {self._path}, which is damaged: it has a "
                f"value of type {kind} at byte {self._place:,}. Download it again"
            )
        inner, count = self._single("u4"), self._single("u8")
        if inner in _SINGLE:
            return self._row(_SINGLE[inner], count)
        return [self._value(inner) for _ in range(count)]
