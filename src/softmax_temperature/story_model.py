"""A real language model of one megabyte, in numpy: read it, and let it write.

The forward pass is that of Llama 2, small enough to be read: `StoryModel._forward` and the three
functions that follow it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import as_count, as_positions, as_temperatures, short
from .core import TokenTable, softmax
from .sampling import temper

Reals = NDArray[np.float64]
Ints = NDArray[np.intp]
SamplingStep = Callable[[Reals, Reals], Reals]

_DATA = files(__package__) / "data" / "stories260k"
_WEIGHTS = (
    "stories260K.bin",
    1_056_540,
    "b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696",
)
_TOKENS = ("tok512.bin", 6_227, "037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312")
_EPSILON = 1e-5
_BLOCK = 128
_PRODUCT = 2**18


class Layer(NamedTuple):
    """Hold the weights of one of the model's layers; matrices multiply from the right."""

    attention_norm: Reals
    queries: Reals
    keys: Reals
    values: Reals
    output: Reals
    feed_forward_norm: Reals
    gate: Reals
    up: Reals
    down: Reals


class Step(NamedTuple):
    """Hold one position of all texts that `StoryModel.grow` writes."""

    logits: Reals
    tokens: Ints
    contexts: Ints
    parents: Ints
    places: Ints


@cache
def load_story_model() -> StoryModel:
    """Load the model that comes with the package."""
    return StoryModel()


class StoryModel:
    """Write small children's stories, as a Llama model of 260,000 parameters does."""

    context = 512
    end = 1
    # The file has these two tokens, but no text that the model has learned from.
    never = (0, 2)

    def __init__(self) -> None:
        weights = _read(*_WEIGHTS)
        dim, hidden, layers, heads, kv_heads, vocabulary, context = np.frombuffer(weights, "<i4", 7)
        self._heads, self._kv_heads, self._head_size = int(heads), int(kv_heads), int(dim // heads)
        numbers = np.frombuffer(weights, "<f4", offset=28).astype(np.float64)
        kv = self._kv_heads * self._head_size
        shapes = [
            (vocabulary, dim),
            (layers, dim),
            (layers, dim, dim),
            (layers, kv, dim),
            (layers, kv, dim),
            (layers, dim, dim),
            (layers, dim),
            (layers, hidden, dim),
            (layers, dim, hidden),
            (layers, hidden, dim),
            (dim,),
        ]
        parts, start = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            parts.append(numbers[start : start + size].reshape(shape))
            start += size
        self.embedding, an, wq, wk, wv, wo, fn, w1, w2, w3, self.norm = parts
        self.layers = [
            Layer(an[i], wq[i].T, wk[i].T, wv[i].T, wo[i].T, fn[i], w1[i].T, w3[i].T, w2[i].T)
            for i in range(layers)
        ]
        frequencies = 10_000.0 ** -(np.arange(0, self._head_size, 2) / self._head_size)
        self._turns = np.exp(1j * np.outer(np.arange(context), frequencies))
        self._pieces = _pieces(_read(*_TOKENS))
        ids = {piece: i for i, piece in enumerate(self._pieces) if i > 258}
        self._ids = {piece.decode(): i for piece, i in ids.items() if len(piece.decode()) == 1}
        self._merges = {
            (ids[piece[:cut]], ids[piece[cut:]]): i
            for piece, i in ids.items()
            for cut in range(1, len(piece))
            if piece[:cut] in ids and piece[cut:] in ids
        }
        names = [piece.decode() for piece in self._pieces[259:]]
        raw = [chr(b) if b < 128 and chr(b) not in names else f"<0x{b:02X}>" for b in range(256)]
        self.tokens = ("<unk>", "<s>", "</s>", *raw, *names)
        self._pieces[:3] = [b"", b"", b""]
        self._pieces[3:259] = [bytes([b]) for b in range(256)]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, which begin with token 1."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a string, got {short(text)}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"text must be Unicode, got {text[error.start]!r} at {error.start}, half of a pair"
            ) from None
        ids = [1]
        for word in re.findall(" ?[^ ]*", f" {text}" if text else ""):
            ids += self._encode_word(word)
        return ids

    def _encode_word(self, word: str) -> list[int]:
        ids: list[int] = []
        for character in word:
            if character in self._ids:
                ids.append(self._ids[character])
            else:
                ids += [3 + byte for byte in character.encode()]
        while True:
            pairs = [self._merges.get(pair, 512) for pair in zip(ids, ids[1:])]
            best = min(pairs, default=512)
            if best == 512:
                return ids
            at = pairs.index(best)
            ids[at : at + 2] = [best]

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of tokens."""
        found = _as_ids(ids)
        text = b"".join(self._pieces[i] for i in found)
        if len(found) and found[0] == 1:
            text = text.removeprefix(b" ")
        return text.decode("utf-8", "backslashreplace")

    def logits(self, ids: Any) -> Reals:
        """Return the logits of the token after `ids`."""
        several = len(ids) > 0 and np.ndim(ids[0]) > 0
        contexts = [self._as_context(i) for i in (ids if several else [ids])]
        rows = np.array([self.logits_along(context)[-1] for context in contexts])
        return rows if several else rows[0]

    def logits_along(self, ids: ArrayLike) -> Reals:
        """Return the logits after each token of `ids`, shape (len(ids), 512)."""
        context = self._as_context(ids)
        return self._read_out(self._forward(context[None], self._cache(1, len(context)), 0)[0])

    def table(self, prompt: str = "") -> TokenTable:
        """Return a table of all 512 tokens and their logits after a prompt."""
        return TokenTable(self.tokens, self.logits(self.encode(prompt)), prompt)

    def write(
        self, prompt: str = "", temperatures: ArrayLike = (1.0,), length: int = 100, seed: int = 0
    ) -> list[str]:
        """Write a text at each temperature."""
        ids = self.encode(prompt)
        stops = as_temperatures(np.atleast_1d(temperatures))
        texts = [list(ids) for _ in stops]
        for step in self.grow(ids, stops, length, [seed]):
            for text, place in zip(texts, step.places[0]):
                if place >= 0:
                    text.append(int(step.tokens[place]))
        return [self.decode(text) for text in texts]

    def grow(
        self,
        ids: ArrayLike,
        temperatures: ArrayLike,
        length: int,
        seeds: Sequence[int],
        step: SamplingStep = temper,
    ) -> Iterator[Step]:
        """Write texts at all temperatures and with all seeds, as a tree."""
        context = self._as_context(ids)
        stops = as_temperatures(temperatures).astype(np.float64)
        length = as_count(length, "length", 1)
        if len(context) + length > self.context:
            raise ValueError(
                f"length must be at most {self.context - len(context)} after {len(context)} tokens"
            )
        numbers = [as_count(seed, "seed", 0) for seed in seeds]
        return self._grow(context, stops, length, numbers, step)

    def _grow(
        self, ids: Ints, stops: Reals, length: int, seeds: list[int], step: SamplingStep
    ) -> Iterator[Step]:
        dice = [np.random.default_rng(seed) for seed in seeds]
        alive = np.arange(len(seeds) * len(stops))
        seed_of, stop_of = np.divmod(alive, len(stops))
        context_of = np.zeros_like(alive)
        cache = self._cache(1, len(ids) + length)
        rows = living = np.zeros(1, np.intp)
        hidden = self._forward(ids[None], cache, 0)[:, -1]
        for position in range(len(ids), len(ids) + length):
            logits = self._read_out(hidden)
            noise = np.array([generator.gumbel(size=512) for generator in dice])
            chosen = np.empty_like(alive)
            for start in range(0, len(alive), _BLOCK):
                block = alive[start : start + _BLOCK]
                scores = step(logits[context_of[start : start + _BLOCK]], stops[stop_of[block]])
                chosen[start : start + _BLOCK] = (scores + noise[seed_of[block]]).argmax(axis=1)
            pairs, place_of = np.unique(context_of * 512 + chosen, return_inverse=True)
            contexts, tokens = np.divmod(pairs, 512)
            places = np.full(len(seed_of), -1)
            places[alive] = place_of
            yield Step(logits, tokens, contexts, living[contexts], places.reshape(len(seeds), -1))
            living = np.flatnonzero(tokens != self.end)
            if not len(living):
                return
            goes_on = tokens[place_of] != self.end
            alive = alive[goes_on]
            context_of = np.searchsorted(living, place_of[goes_on])
            cache, rows = _split(cache, rows[contexts[living]], position)
            fed = np.empty_like(living)
            fed[rows] = tokens[living]
            if position < len(ids) + length - 1:
                hidden = self._forward(fed[:, None], cache, position)[rows, 0]

    def _cache(self, texts: int, positions: int) -> Reals:
        shape = (2, len(self.layers), texts, self._kv_heads, positions, self._head_size)
        return np.empty(shape)

    def _read_out(self, hidden: Reals) -> Reals:
        logits = times(hidden, self.embedding.T)
        logits[..., self.never] = -np.inf
        return logits

    def _forward(self, ids: Ints, cache: Reals, start: int) -> Reals:
        """Return what the model makes of each token, and add to the cache what it attends to."""
        texts, count = ids.shape
        turns = self._turns[np.tile(np.arange(start, start + count), texts)]
        x = self.embedding[ids.ravel()]
        for layer, keys, values in zip(self.layers, *cache[:, :, :texts, :, : start + count]):
            y = rms_norm(x, layer.attention_norm)
            q = rotate((times(y, layer.queries)).reshape(len(x), self._heads, -1), turns)
            k = rotate((times(y, layer.keys)).reshape(len(x), self._kv_heads, -1), turns)
            v = (times(y, layer.values)).reshape(len(x), self._kv_heads, -1)
            keys[:, :, start:] = k.reshape(texts, count, *k.shape[1:]).swapaxes(1, 2)
            values[:, :, start:] = v.reshape(texts, count, *v.shape[1:]).swapaxes(1, 2)
            q = q.reshape(texts, count, self._kv_heads, -1, self._head_size).swapaxes(1, 2)
            x = x + times(attention(q, keys, values).swapaxes(1, 2).reshape(len(x), -1), layer.output)
            y = rms_norm(x, layer.feed_forward_norm)
            x = x + times(swiglu(times(y, layer.gate), times(y, layer.up)), layer.down)
        return rms_norm(x, self.norm).reshape(texts, count, -1)

    def _as_context(self, ids: ArrayLike) -> Ints:
        found = _as_ids(ids)
        if not len(found) or found[0] != 1:
            raise ValueError(f"ids must begin with token 1, got {short(ids)}: use encode")
        if len(found) > self.context:
            raise ValueError(
                f"a text must have at most {self.context} tokens, got {len(found)}: the model sees "
                "no more"
            )
        return found


def rms_norm(x: Reals, weight: Reals) -> Reals:
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + _EPSILON) * weight


def rotate(x: Reals, turns: NDArray[np.complex128]) -> Reals:
    return (x.view(np.complex128) * turns[:, None]).view(np.float64)


def attention(q: Reals, keys: Reals, values: Reals) -> Reals:
    texts, kv_heads, count, shared, size = q.shape
    scores = q.reshape(texts, kv_heads, count * shared, size) @ keys.swapaxes(2, 3) / np.sqrt(size)
    if count > 1:
        seen = np.tri(count, keys.shape[2], keys.shape[2] - count, dtype=bool)
        scores[..., ~seen.repeat(shared, axis=0)] = -np.inf
    return (softmax(scores) @ values).reshape(q.shape)


def times(x: Reals, matrix: Reals) -> Reals:
    """Multiply by a matrix, a few rows at a time."""
    rows = _PRODUCT // matrix.size
    if len(x) <= rows:
        return x @ matrix
    result = np.empty((len(x), matrix.shape[1]))
    for start in range(0, len(x), rows):
        np.matmul(x[start : start + rows], matrix, out=result[start : start + rows])
    return result


def swiglu(gate: Reals, up: Reals) -> Reals:
    return gate / (1 + np.exp(-gate)) * up


def _split(cache: Reals, sources: Ints, position: int) -> tuple[Reals, Ints]:
    """Copy the rows of contexts that split, and return the row of each."""
    count = len(sources)
    if count > cache.shape[2]:
        larger = np.empty((*cache.shape[:2], 2 * count, *cache.shape[3:]))
        larger[:, :, : cache.shape[2], :, :position] = cache[..., :position, :]
        cache = larger
    first = np.zeros(count, bool)
    first[np.unique(sources, return_index=True)[1]] = True
    stays = first & (sources < count)
    rows = sources.copy()
    rows[~stays] = np.setdiff1d(np.arange(count), sources[stays])
    cache[:, :, rows[~stays], :, :position] = cache[:, :, sources[~stays], :, :position]
    return cache, rows


def _read(name: str, size: int, digest: str) -> bytes:
    data = (_DATA / name).read_bytes()
    if len(data) != size or sha256(data).hexdigest() != digest:
        raise ValueError(f"{name} must have {size} bytes, got {len(data)}: install again")
    return data


def _pieces(data: bytes) -> list[bytes]:
    pieces, start = [], 4
    while start < len(data):
        end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
        pieces.append(data[start + 8 : end])
        start = end
    return pieces


def _as_ids(ids: ArrayLike) -> Ints:
    return as_positions(ids, 512)
