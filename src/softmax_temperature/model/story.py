"""A real language model of one megabyte, which writes small children's stories."""

from __future__ import annotations

import math
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np

from ..checks import Floats
from .language import LanguageModel
from .tokenizer import START, Tokenizer
from .transformer import Layer, Transformer

_DATA = files("softmax_temperature") / "data" / "stories260k"
_WEIGHTS = (
    "stories260K.bin",
    1_056_540,
    "b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696",
)
_VOCABULARY = (
    "tok512.bin",
    6_227,
    "037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312",
)


@cache
def load_story_model() -> StoryModel:
    """Load the language model that comes with the package, in about 10 ms.

    Returns
    -------
    StoryModel
        The same object each time.

    Raises
    ------
    ValueError
        If a file of the model is truncated or altered.

    Examples
    --------
    >>> model = load_story_model()
    >>> model
    StoryModel(260,032 weights, 512 tokens)
    >>> model.write("The dragon", temperatures=[0, 1], length=10, seed=7)
    ['The dragon was very small. He had a big', 'The dragon was on the wish cat wh']
    """
    return StoryModel()


class StoryModel(LanguageModel):
    r"""Give the logits of the next token of a story, and write stories.

    Andrej Karpathy's stories260K [1]_ has the architecture of Llama 2 [2]_ and has learned from
    TinyStories [3]_, made-up stories in words that small children know. It computes in float64.

    Of its 512 tokens a piece of text is itself, with the space in front of it; a byte that is ASCII
    is its character, any other is written ``<0xE4>``. Token 1, ``<s>``, begins and ends a text. The
    model can see 512 tokens.

    Notes
    -----
    Tokens 0 and 2 (``<unk>``, ``</s>``) are in the files and in no text that the model has learned
    from. Their logits are always ``-inf``, so that no reader is offered them.

    References
    ----------
    .. [1] A. Karpathy, karpathy/llama2.c, ``doc/stories260K.md``, 2023 (``data/README.md``).
    .. [2] H. Touvron and others, "Llama 2: open foundation and fine-tuned chat models", 2023.
       arXiv:2307.09288
    .. [3] R. Eldan and Y. Li, "TinyStories: how small can language models be and still speak
       coherent English?", 2023. arXiv:2305.07759
    """

    def __init__(self) -> None:
        self._transformer, context = _transformer(_read(*_WEIGHTS))
        super().__init__(self._transformer, Tokenizer(_read(*_VOCABULARY)), START, START, context)

    def files(self) -> tuple[bytes, bytes]:
        """Return the weights and the tokens, as the files of karpathy/llama2.c have them."""
        return _read(*_WEIGHTS), _read(*_VOCABULARY)

    def notice(self) -> str:
        """Return what has to go along with a copy of the model."""
        return (_DATA / "LICENSE").read_text(encoding="utf-8")

    def attention_scores(self, text: str) -> Floats:
        """Return what each attention head's softmax is taken of, along a text.

        Parameters
        ----------
        text : str
            Any text that the model can see as a whole.

        Returns
        -------
        ndarray, shape (n_layers, n_heads, n_tokens, n_tokens)
            Products of the query of a token, a row, and the key of one before it or its own, a
            column; ``-inf`` for those behind it. The model divides them by the root of 8, since
            its queries have 8 numbers, and its softmax along each row says how much is looked at.

        Raises
        ------
        TypeError, ValueError
            If `text` is no such text.

        Examples
        --------
        >>> scores = load_story_model().attention_scores("The cat sat")
        >>> scores.shape
        (5, 8, 6, 6)
        """
        return self._transformer.scores(np.array(self.encode_prompt(text)))

    def _logits(self, x: Any) -> Floats:
        logits = super()._logits(x)
        logits[..., [0, 2]] = -np.inf
        return logits


def _transformer(data: bytes) -> tuple[Transformer, int]:
    """Return the model of a file of karpathy/llama2.c, and how many tokens it can see.

    The file has seven sizes, then all weights in float32, which are worth computing in float64.
    """
    dim, hidden, layers, heads, kv_heads, tokens, context = np.frombuffer(data, "<i4", 7).tolist()
    numbers = np.frombuffer(data, "<f4", offset=28).astype(np.float64)

    def vectors(*shape: int) -> Floats:
        nonlocal numbers
        values, numbers = np.split(numbers, [math.prod(shape)])
        return values.reshape(shape)

    def matrices(rows: int, columns: int) -> Floats:
        return np.ascontiguousarray(vectors(layers, rows, columns).swapaxes(1, 2))

    narrow = kv_heads * (dim // heads)
    unembedding = np.ascontiguousarray(vectors(tokens, dim).T)
    attention_norm = vectors(layers, dim)
    queries, keys, values = matrices(dim, dim), matrices(narrow, dim), matrices(narrow, dim)
    output = matrices(dim, dim)
    feed_forward_norm = vectors(layers, dim)
    gate, down, up = matrices(hidden, dim), matrices(dim, hidden), matrices(hidden, dim)
    norm = vectors(dim)
    # The file ends with the cosines and sines of its angles, in float32.
    parts = (attention_norm, queries, keys, values, output, feed_forward_norm, gate, up, down)
    every = [Layer(*weights) for weights in zip(*parts, strict=True)]
    return Transformer(every, norm, unembedding.T, unembedding, heads, kv_heads, context), context


def _read(name: str, size: int, digest: str) -> bytes:
    data = (_DATA / name).read_bytes()
    if len(data) != size:
        raise ValueError(f"{name} must have {size:,} bytes, got {len(data):,}: install it again")
    found = sha256(data).hexdigest()
    if found != digest:
        raise ValueError(f"{name} must have the SHA-256 {digest}, got {found}: install it again")
    return data
