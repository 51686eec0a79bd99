"""The forward pass of a Llama model, from tokens to logits, in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import Floats

Ints = NDArray[np.intp]

# BLAS shares a larger product (rows times columns times depth) among threads, which on a busy
# machine wait for one another ten times as long as they work.
_LARGEST_PRODUCT = 2**18
# With a larger matrix rows cost less the more of them there are, whoever shares them.
_LARGEST_MATRIX = 2**16


class Layer(NamedTuple):
    """Hold the weights of one layer; matrices stand to the right of a product."""

    attention_norm: Floats
    queries: Floats
    keys: Floats
    values: Floats
    output: Floats
    feed_forward_norm: Floats
    gate: Floats
    up: Floats
    down: Floats


class Transformer:
    """Turn tokens into logits of the tokens that follow them, as Llama 2 does.

    It computes with the precision of its weights.

    H. Touvron and others, "Llama 2: open foundation and fine-tuned chat models", 2023.
    arXiv:2307.09288

    Parameters
    ----------
    layers : sequence of Layer
        The weights of all layers.
    norm : ndarray, shape (dim,)
        The weights of the last norm.
    embedding : ndarray, shape (n_tokens, dim)
        What stands for each token at the beginning.
    unembedding : ndarray, shape (dim, n_tokens)
        What each token looks for at the end: often the embedding once more.
    heads, kv_heads : int
        How many heads the queries have, and how many the keys and values.
    context : int
        The largest number of tokens.
    rope_base : float, default 10,000
        The slowest pair of numbers turns about so many times slower than the fastest.
    epsilon : float, default 1e-5
        What keeps the norms from dividing by 0.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        norm: Floats,
        embedding: Floats,
        unembedding: Floats,
        heads: int,
        kv_heads: int,
        context: int,
        rope_base: float = 10_000.0,
        epsilon: float = 1e-5,
    ) -> None:
        self.layers, self.norm = layers, norm
        self.embedding, self.unembedding = embedding, unembedding
        self.heads, self.kv_heads = heads, kv_heads
        self.head_size = layers[0].queries.shape[1] // heads
        self.epsilon, self.dtype = epsilon, norm.dtype
        self.attend: Callable[[Floats, Floats, Floats], Floats] = attention
        frequencies = rope_base ** -(np.arange(0, self.head_size, 2) / self.head_size)
        turns = np.exp(1j * np.outer(np.arange(context), frequencies))
        self.turns = turns.astype(np.result_type(self.dtype, np.complex64))
        shared = np.shares_memory(embedding, unembedding)
        own = [norm, embedding] if shared else [norm, embedding, unembedding]
        self.size = sum(part.size for part in (*own, *(part for layer in layers for part in layer)))

    def new_cache(self, texts: int, positions: int) -> Floats:
        """Return room for keys and values, by layer, text, head, number and position."""
        shape = (len(self.layers), 2, texts, self.kv_heads, self.head_size, positions)
        return np.empty(shape, self.dtype)

    def forward(self, ids: Ints, cache: Floats, start: int = 0) -> Floats:
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
        ndarray, shape (n_texts, n_new, dim)
            What the layers have made of each new token, for `logits`.
        """
        shape = (*ids.shape, -1, self.head_size)
        turns = self.turns[start : start + ids.shape[1]]
        x = self.embedding[ids.ravel()]
        for layer, cached in zip(self.layers, cache, strict=True):
            seen = cached[:, : len(ids), ..., : start + ids.shape[1]]
            y = rms_norm(x, layer.attention_norm, self.epsilon)
            queries = rotate(product(y, layer.queries).reshape(shape), turns)
            keys = rotate(product(y, layer.keys).reshape(shape), turns)
            values = product(y, layer.values).reshape(shape)
            seen[0, ..., start:] = keys.transpose(0, 2, 3, 1)
            seen[1, ..., start:] = values.transpose(0, 2, 3, 1)
            mixed = self.attend(queries, *seen).reshape(len(x), -1)
            x = x + product(mixed, layer.output)
            y = rms_norm(x, layer.feed_forward_norm, self.epsilon)
            x = x + product(swiglu(product(y, layer.gate), product(y, layer.up)), layer.down)
        return rms_norm(x, self.norm, self.epsilon).reshape(*ids.shape, -1)

    def scores(self, ids: Ints) -> Floats:
        """Return how well each token's query fits each key so far, before any softmax.

        Parameters
        ----------
        ids : ndarray of int, shape (n_ids,)
            The tokens of one text.

        Returns
        -------
        ndarray, shape (n_layers, n_heads, n_ids, n_ids)
            Products of a query, a row, and a key, a column, not yet divided by the root of the
            head's size; ``-inf`` ahead.
        """
        found: list[Floats] = []

        def attend(queries: Floats, keys: Floats, values: Floats) -> Floats:
            shared = keys[0].repeat(self.heads // self.kv_heads, axis=0)
            found.append(queries[0].swapaxes(0, 1) @ shared)
            return attention(queries, keys, values)

        watched = copy(self)
        watched.attend = attend
        watched.forward(ids[np.newaxis], self.new_cache(1, len(ids)))
        scores = np.array(found)
        scores[..., ~np.tri(len(ids), dtype=bool)] = -np.inf
        return scores

    def branch(self, cache: Floats, sources: Ints, positions: int) -> tuple[Floats, Ints]:
        """Give each context a row of the cache: the first from a row keeps it, others get a copy.

        Parameters
        ----------
        cache : ndarray
            From `new_cache`.
        sources : ndarray of int, shape (n_contexts,)
            The row from which each context goes on.
        positions : int
            How many positions have been filled.

        Returns
        -------
        cache : ndarray
            The same, or a larger one.
        rows : ndarray of int, shape (n_contexts,)
            The row of each context: the first ones, in any order.
        """
        count = len(sources)
        if count > cache.shape[2]:
            shape = (*cache.shape[:2], 2 * count, *cache.shape[3:])
            larger = np.empty(shape, cache.dtype)
            larger[:, :, : cache.shape[2], ..., :positions] = cache[..., :positions]
            cache = larger
        keeps = np.zeros(count, bool)
        keeps[np.unique(sources, return_index=True)[1]] = True
        # The rows in use are the first ones, without a gap.
        keeps &= sources < count
        if keeps.all():
            return cache, sources
        rows = np.where(keeps, sources, -1)
        rows[~keeps] = np.setdiff1d(np.arange(count), rows)
        cache[:, :, rows[~keeps], ..., :positions] = cache[:, :, sources[~keeps], ..., :positions]
        return cache, rows

    def logits(self, x: Floats) -> Floats:
        """Return how well each token's embedding fits what the layers have made of the last."""
        return product(x, self.unembedding)


def rms_norm(x: Floats, weight: Floats, epsilon: float = 1e-5) -> Floats:
    """Scale each vector to a root mean square of 1, then each of its numbers by a weight.

    B. Zhang and R. Sennrich, "Root mean square layer normalization", 2019. arXiv:1910.07467
    """
    mean_squares: Floats = np.vecdot(x, x)[..., np.newaxis] / x.shape[-1]
    scaled: Floats = x / np.sqrt(mean_squares + epsilon)
    return scaled * weight


def rotate(x: Floats, turns: NDArray[np.complexfloating[Any]]) -> Floats:
    """Turn pairs of numbers by angles that grow with the position: the rotary embedding.

    A product of two such vectors depends on how far they are apart, and not on where they are. `x`
    has shape (n_texts, n_new, n_heads, head_size), `turns` (n_new, head_size / 2).

    J. Su and others, "RoFormer: enhanced transformer with rotary position embedding", 2021.
    arXiv:2104.09864
    """
    turned: Floats = (x.view(turns.dtype) * turns[:, np.newaxis]).view(x.dtype)
    return turned


def attention(queries: Floats, keys: Floats, values: Floats) -> Floats:
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
    grouped = (queries / math.sqrt(size)).swapaxes(1, 2).reshape(texts, kv_heads, -1, size)
    scores = product(grouped, keys)
    if new > 1:
        ahead = ~np.tri(new, positions, positions - new, dtype=bool)
        scores.reshape(texts, heads, new, positions)[..., ahead] = -np.inf
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores, out=scores)
    mixed = product(weights, values.swapaxes(2, 3)) / weights.sum(axis=-1, keepdims=True)
    mixed_by_head: Floats = mixed.reshape(texts, heads, new, size)
    return mixed_by_head.swapaxes(1, 2)


def swiglu(gate: Floats, up: Floats) -> Floats:
    """Let each number through as far as its gate is open.

    N. Shazeer, "GLU variants improve transformer", 2020. arXiv:2002.05202
    """
    # Of a gate that is shut fast nothing is left, in float32 below -88.
    with np.errstate(over="ignore"):
        opened: Floats = gate / (1 + np.exp(-gate))
    return opened * up


def product(x: Floats, matrices: Floats) -> Floats:
    """Multiply rows by matrices: small ones with so few rows at once that one thread does it."""
    rows, size = x.shape[-2], matrices.shape[-2] * matrices.shape[-1]
    most = max(1, _LARGEST_PRODUCT // size)
    if rows <= most or size > _LARGEST_MATRIX:
        whole: Floats = x @ matrices
        return whole
    result = np.empty((*x.shape[:-1], matrices.shape[-1]), x.dtype)
    for start in range(0, rows, most):
        part = slice(start, start + most)
        np.matmul(x[..., part, :], matrices, out=result[..., part, :])
    return result
