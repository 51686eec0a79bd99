"""The forward pass of a Llama model, from tokens to logits, in numpy and in float64."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.intp]

# BLAS shares a larger product (rows times columns times depth) among threads, which on a busy
# machine wait for one another ten times as long as they work.
_LARGEST_PRODUCT = 2**18


class Layer(NamedTuple):
    """Hold the weights of one layer; matrices stand to the right of a product."""

    attention_norm: Reals
    queries: Reals
    keys: Reals
    values: Reals
    output: Reals
    feed_forward_norm: Reals
    gate: Reals
    up: Reals
    down: Reals


class Transformer:
    """Turn tokens into logits of the tokens that follow them, as Llama 2 does.

    H. Touvron and others, "Llama 2: open foundation and fine-tuned chat models", 2023.
    arXiv:2307.09288

    Parameters
    ----------
    data : bytes
        Seven sizes and all weights, as in the files of karpathy/llama2.c.
    """

    def __init__(self, data: bytes) -> None:
        dim, hidden, layers, heads, kv_heads, tokens, context = np.frombuffer(
            data, "<i4", 7
        ).tolist()
        numbers = np.frombuffer(data, "<f4", offset=28).astype(np.float64)

        def vectors(*shape: int) -> Reals:
            nonlocal numbers
            values, numbers = np.split(numbers, [math.prod(shape)])
            return values.reshape(shape)

        def matrices(rows: int, columns: int) -> Reals:
            return np.ascontiguousarray(vectors(layers, rows, columns).swapaxes(1, 2))

        self.heads, self.kv_heads, self.head_size = heads, kv_heads, dim // heads
        narrow = kv_heads * self.head_size
        self.embedding = vectors(tokens, dim)
        self.unembedding = np.ascontiguousarray(self.embedding.T)
        attention_norm = vectors(layers, dim)
        queries, keys, values = matrices(dim, dim), matrices(narrow, dim), matrices(narrow, dim)
        output = matrices(dim, dim)
        feed_forward_norm = vectors(layers, dim)
        gate, down, up = matrices(hidden, dim), matrices(dim, hidden), matrices(hidden, dim)
        self.norm = vectors(dim)
        parts = (attention_norm, queries, keys, values, output, feed_forward_norm, gate, up, down)
        self.layers = [Layer(*weights) for weights in zip(*parts, strict=True)]
        # The file ends with cosines and sines of these angles, in float32.
        frequencies = 10_000.0 ** -(np.arange(0, self.head_size, 2) / self.head_size)
        self.turns = np.exp(1j * np.outer(np.arange(context), frequencies))

    @property
    def size(self) -> int:
        """The number of weights."""
        shared = self.embedding.size + self.norm.size
        return shared + sum(part.size for layer in self.layers for part in layer)

    def new_cache(self, texts: int, positions: int) -> Reals:
        """Return room for keys and values, by layer, text, head, number and position."""
        shape = (len(self.layers), 2, texts, self.kv_heads, self.head_size, positions)
        return np.empty(shape)

    def forward(self, ids: Ints, cache: Reals, start: int = 0) -> Reals:
        """Pass tokens through the layers, and add their keys and values to the cache.

        Parameters
        ----------
        ids : ndarray of int, shape (n_texts, n_new)
            The new tokens of each text.
        cache : ndarray
            From `new_cache`, for at least so many texts and positions.
        start : int, default 0
            The number of tokens before the new ones, which the cache holds already.

        Returns
        -------
        ndarray, shape (n_texts, n_new, 64)
            What the layers have made of each new token, for `logits`.
        """
        shape = (*ids.shape, -1, self.head_size)
        turns = self.turns[start : start + ids.shape[1]]
        x = self.embedding[ids.ravel()]
        for layer, cached in zip(self.layers, cache, strict=True):
            seen = cached[:, : len(ids), ..., : start + ids.shape[1]]
            y = rms_norm(x, layer.attention_norm)
            queries = rotate(product(y, layer.queries).reshape(shape), turns)
            keys = rotate(product(y, layer.keys).reshape(shape), turns)
            values = product(y, layer.values).reshape(shape)
            seen[0, ..., start:] = keys.transpose(0, 2, 3, 1)
            seen[1, ..., start:] = values.transpose(0, 2, 3, 1)
            x = x + product(attention(queries, *seen).reshape(x.shape), layer.output)
            y = rms_norm(x, layer.feed_forward_norm)
            x = x + product(swiglu(product(y, layer.gate), product(y, layer.up)), layer.down)
        return rms_norm(x, self.norm).reshape(*ids.shape, -1)

    def logits(self, x: Reals) -> Reals:
        """Return how well each token's embedding fits what the layers have made of the last."""
        return product(x, self.unembedding)


def rms_norm(x: Reals, weight: Reals) -> Reals:
    """Scale each vector to a root mean square of 1, then each of its numbers by a weight.

    B. Zhang and R. Sennrich, "Root mean square layer normalization", 2019. arXiv:1910.07467
    """
    mean_squares: Reals = np.vecdot(x, x)[..., np.newaxis] / x.shape[-1]
    return x / np.sqrt(mean_squares + 1e-5) * weight


def rotate(x: Reals, turns: NDArray[np.complex128]) -> Reals:
    """Turn pairs of numbers by angles that grow with the position: the rotary embedding.

    A product of two such vectors depends on how far they are apart, and not on where they are. `x`
    has shape (n_texts, n_new, n_heads, head_size), `turns` (n_new, head_size / 2).

    J. Su and others, "RoFormer: enhanced transformer with rotary position embedding", 2021.
    arXiv:2104.09864
    """
    return (x.view(np.complex128) * turns[:, np.newaxis]).view(np.float64)


def attention(queries: Reals, keys: Reals, values: Reals) -> Reals:
    """Look back, from each new token, at the tokens so far, most at those whose keys fit best.

    Each head returns the mean of the values, weighted by a softmax of the products of queries and
    keys. Several heads of the queries share one of keys and values.

    J. Ainslie and others, "GQA: training generalized multi-query transformer models from multi-head
    checkpoints", 2023. arXiv:2305.13245

    Parameters
    ----------
    queries : ndarray, shape (n_texts, n_new, n_heads, head_size)
    keys, values : ndarray, shape (n_texts, n_kv_heads, head_size, n_positions)
        The last `n_new` positions are those of the queries.

    Returns
    -------
    ndarray, of the shape of `queries`
    """
    texts, new, heads, size = queries.shape
    kv_heads, positions = keys.shape[1], keys.shape[3]
    grouped = (queries / np.sqrt(size)).swapaxes(1, 2).reshape(texts, kv_heads, -1, size)
    scores = product(grouped, keys)
    if new > 1:
        ahead = ~np.tri(new, positions, positions - new, dtype=bool)
        scores.reshape(texts, heads, new, positions)[..., ahead] = -np.inf
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores, out=scores)
    mixed = product(weights, values.swapaxes(2, 3)) / weights.sum(axis=-1, keepdims=True)
    mixed_by_head: Reals = mixed.reshape(texts, heads, new, size)
    return mixed_by_head.swapaxes(1, 2)


def swiglu(gate: Reals, up: Reals) -> Reals:
    """Let each number through as far as its gate is open.

    N. Shazeer, "GLU variants improve transformer", 2020. arXiv:2002.05202
    """
    opened: Reals = gate / (1 + np.exp(-gate))
    return opened * up


def product(x: Reals, matrices: Reals) -> Reals:
    """Multiply rows by matrices, so few rows at once that BLAS keeps to one thread."""
    rows = x.shape[-2]
    most = max(1, _LARGEST_PRODUCT // (matrices.shape[-2] * matrices.shape[-1]))
    if rows <= most:
        return x @ matrices
    result = np.empty((*x.shape[:-1], matrices.shape[-1]))
    for start in range(0, rows, most):
        part = slice(start, start + most)
        np.matmul(x[..., part, :], matrices, out=result[..., part, :])
    return result
