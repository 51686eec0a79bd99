"""A real language model of one megabyte, which writes small children's stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Floats, as_count, as_positions, as_temperatures, short
from ..core import TokenTable
from ..sampling import temper
from .tokenizer import START, Tokenizer
from .transformer import Ints, Reals, Transformer

SamplingStep = Callable[[Reals, Reals], Floats]

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
# About so many numbers are computed at once for texts side by side.
_NUMBERS = 2**22
# So many rows of logits stay in a processor's cache while tokens are drawn from them.
_ROWS = 32


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


class Step(NamedTuple):
    """Hold the next token of all texts that `StoryModel.grow` writes.

    Texts that are the same so far are one context, and go on from one row of logits. A place is a
    context and one of the tokens with which it goes on: texts that still are the same share it.

    Attributes
    ----------
    logits : ndarray, shape (n_contexts, 512)
        A row for each context that goes on.
    tokens : ndarray of int, shape (n_places,)
        The token of each place. Token 1 ends its text.
    contexts : ndarray of int, shape (n_places,)
        The row of `logits` from which the token was drawn. It never falls from place to place.
    parents : ndarray of int, shape (n_places,)
        The place of the step before that this one follows; 0, the prompt, in the first step.
    places : ndarray of int, shape (n_seeds, n_temperatures)
        The place of each text, or -1 where the text has ended before.
    """

    logits: Reals
    tokens: Ints
    contexts: Ints
    parents: Ints
    places: Ints


class StoryModel:
    r"""Give the logits of the next token of a story, and write stories.

    Andrej Karpathy's stories260K [1]_ has the architecture of Llama 2 [2]_ and has learned from
    TinyStories [3]_, made-up stories in words that small children know. It computes in float64.

    Attributes
    ----------
    tokens : tuple of str, length 512
        The vocabulary as readers see it, each different. A piece of text is itself, with the space
        in front of it; a byte that is ASCII is its character, any other is written ``<0xE4>``.
        Token 1, ``<s>``, begins and ends a text.
    end : int
        The id of the token that ends a text, 1.
    context : int
        The number of tokens that the model can see, 512.

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

    end = START
    context = 512

    def __init__(self) -> None:
        self._transformer = Transformer(_read(*_WEIGHTS))
        self._tokenizer = Tokenizer(_read(*_VOCABULARY))
        self.tokens = self._tokenizer.tokens

    def __repr__(self) -> str:
        """Show how small the model is."""
        return (
            f"{type(self).__name__}({self._transformer.size:,} weights, {len(self.tokens)} tokens)"
        )

    def files(self) -> tuple[bytes, bytes]:
        """Return the weights and the tokens, as the files of karpathy/llama2.c have them."""
        return _read(*_WEIGHTS), _read(*_VOCABULARY)

    def notice(self) -> str:
        """Return what has to go along with a copy of the model."""
        return (_DATA / "LICENSE").read_text(encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        r"""Cut a text into tokens, and return their ids.

        Parameters
        ----------
        text : str
            Any text: bytes in UTF-8 stand for characters that the vocabulary lacks.

        Returns
        -------
        list of int
            Token 1, which begins every text, and those of the text with a space in front.

        Raises
        ------
        TypeError, ValueError
            If `text` is not a string, or holds one half of a surrogate pair.

        Notes
        -----
        Byte-pair encoding: of all neighbours whose union is a token, those are joined first whose
        token was learned first, the leftmost of several, until no union is a token.

        R. Sennrich, B. Haddow and A. Birch, "Neural machine translation of rare words with subword
        units", 2016. arXiv:1508.07909

        Examples
        --------
        >>> model = load_story_model()
        >>> [model.tokens[token] for token in model.encode("Lily’s crème")]
        ['<s>', ' Lily', '’', 's', ' c', 'r', '<0xC3>', '<0xA8>', 'm', 'e']
        """
        return self._encode(text, "text")

    def encode_prompt(self, prompt: str, length: int = 0) -> list[int]:
        """Cut a prompt into tokens, if the model can see them and so many more.

        Parameters
        ----------
        prompt : str
            Any text.
        length : int, default 0
            How many tokens are to follow.

        Returns
        -------
        list of int
            As `encode` gives them, 512 - `length` at most.

        Raises
        ------
        TypeError, ValueError
            If `prompt` is not such a text: the error says how much of it fits.

        Examples
        --------
        >>> load_story_model().encode_prompt("The cat", 80)
        [1, 291, 280, 294]
        """
        ids = self._encode(prompt, "prompt")
        most = self.context - length
        if len(ids) > most:
            # A shorter text can be cut into other tokens: those before the cut decide only about
            # how much fits.
            about = len(self.decode(ids[: max(most, 0)])) + max(map(len, self.tokens))
            fitting = next(
                (
                    count
                    for count in range(min(about, len(prompt)), -1, -1)
                    if len(self._tokenizer.encode(prompt[:count])) <= most
                ),
                0,
            )
            behind = f", so that {length} more fit" if length else ""
            raise ValueError(
                f"prompt must have at most {most} tokens{behind}, got {len(ids)}: of this text the "
                f"first {fitting:,} characters fit"
            )
        return ids

    def decode(self, ids: ArrayLike) -> str:
        r"""Join tokens to a text: the inverse of `encode`.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,)
            From 0 to 511. If the first is token 1, the space that `encode` puts in front is taken
            off again. Tokens 0 to 2 add nothing to a text.

        Returns
        -------
        str
            Bytes that are not UTF-8 become escapes such as ``\xf0``.

        Raises
        ------
        TypeError, ValueError
            If `ids` are not a row of whole numbers from 0 to 511.

        Examples
        --------
        >>> model = load_story_model()
        >>> model.decode(model.encode("Good night, 🌙!"))
        'Good night, 🌙!'
        """
        return self._tokenizer.decode(self._as_ids(ids).tolist())

    def pieces(self, ids: ArrayLike) -> list[str]:
        r"""Return what each token adds to a text.

        A character of several bytes is the first's, and the others add nothing.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,)
            From 0 to 511.

        Returns
        -------
        list of str, length n_tokens
            Together the text of `decode`, with the space in front of it.

        Raises
        ------
        TypeError, ValueError
            As for `decode`.

        Examples
        --------
        >>> model = load_story_model()
        >>> model.pieces(model.encode("a crème"))
        ['', ' a', ' c', 'r', 'è', '', 'm', 'e']
        """
        return self._tokenizer.pieces(self._as_ids(ids).tolist())

    def logits(self, ids: Any) -> Reals:
        """Return the logits of the token that follows a text, or each of several texts.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,), or sequence of such
            The tokens of a text, beginning with token 1, as `encode` gives them; or several texts
            of any lengths. Each has at most 512 tokens.

        Returns
        -------
        ndarray, shape (512,) or (n_texts, 512)
            In natural-log units, in the order of `tokens`; ``-inf`` for tokens 0 and 2.

        Raises
        ------
        TypeError, ValueError
            If `ids` are not such tokens, or are too many.

        Examples
        --------
        >>> model = load_story_model()
        >>> logits = model.logits(model.encode("Once upon a"))
        >>> model.tokens[logits.argmax()]
        ' time'
        """
        several = isinstance(ids, Sequence | np.ndarray) and len(ids) > 0 and np.ndim(ids[0]) > 0
        texts = [self._as_context(text) for text in (ids if several else [ids])]
        lengths = np.array([len(text) for text in texts])
        logits = np.empty((len(texts), len(self.tokens)))
        # Side by side, the shorter with any tokens behind their own: none looks ahead.
        left = np.argsort(-lengths, kind="stable")
        while len(left):
            longest = lengths[left[0]]
            each = longest * max(longest * self._transformer.heads, len(self.tokens))
            block, left = np.split(left, [max(1, _NUMBERS // each)])
            padded = np.zeros((len(block), longest), np.intp)
            for row, text in zip(padded, block, strict=True):
                row[: lengths[text]] = texts[text]
            x = self._transformer.forward(padded, self._transformer.new_cache(*padded.shape))
            logits[block] = self._logits(x[np.arange(len(block)), lengths[block] - 1])
        return logits if several else logits[0]

    def logits_along(self, ids: ArrayLike) -> Reals:
        """Return the logits after each token of a text, all from one pass.

        Row i holds the logits of the token that follows ``ids[: i + 1]``, of which the text has
        ``ids[i + 1]``.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,)
            As for `logits`.

        Returns
        -------
        ndarray, shape (n_tokens, 512)

        Raises
        ------
        TypeError, ValueError
            As for `logits`.

        Examples
        --------
        >>> import numpy as np
        >>> from softmax_temperature import softmax
        >>> model = load_story_model()
        >>> ids = model.encode("Once upon a time")
        >>> probabilities = softmax(model.logits_along(ids)[:-1])
        >>> probabilities[np.arange(len(ids) - 1), ids[1:]].round(2)
        array([0.78, 0.98, 0.99, 1.  ])
        """
        text = self._as_context(ids)[np.newaxis]
        x = self._transformer.forward(text, self._transformer.new_cache(*text.shape))
        return self._logits(x[0])

    def table(self, prompt: str = "") -> TokenTable:
        """Return all 512 tokens with their logits after a prompt, for any chart or explorer.

        Parameters
        ----------
        prompt : str, default ""
            Any text of at most 512 tokens, of which the first begins the text.

        Raises
        ------
        TypeError, ValueError
            If `prompt` is not such a text.

        Examples
        --------
        >>> from softmax_temperature import describe
        >>> print(describe(load_story_model().table("She was very")))
        At temperature 1.00, of 100 draws about 20 would be “·a”.
        The choice is as uncertain as a fair one among 23 words (perplexity).
        """
        return TokenTable(self.tokens, self.logits(self.encode_prompt(prompt)), prompt)

    def write(
        self,
        prompt: str = "",
        temperatures: ArrayLike = (1.0,),
        length: int = 100,
        seed: int = 0,
    ) -> list[str]:
        """Write a text at each of some temperatures, all with the same dice.

        Parameters
        ----------
        prompt : str, default ""
            How the texts begin.
        temperatures : float or array_like, shape (n_temperatures,)
            As for `softmax`. One number gives a list of one text.
        length : int, default 100
            The largest number of new tokens: a story that ends by itself is shorter. With the
            prompt and the token that begins it they are at most 512.
        seed : int, default 0
            Other numbers give other dice.

        Returns
        -------
        list of str
            A text a temperature, the prompt included.

        Raises
        ------
        TypeError, ValueError
            If an argument is not such a value.

        Notes
        -----
        See `grow` for the dice. A text is the same whatever other texts are written with it, and
        begins the same whatever its `length`.

        Examples
        --------
        >>> model = load_story_model()
        >>> cold, warm = model.write("The cat", temperatures=[0, 1], length=14, seed=6)
        >>> cold
        'The cat and a boy were playing in the park'
        >>> warm
        'The cat went to the ocean with her mom, "Lily'
        """
        ids = self.encode_prompt(prompt)
        several: Any = [temperatures] if np.isscalar(temperatures) else temperatures
        stops = as_temperatures(several)
        texts = [list(ids) for _ in stops]
        for step in self.grow(ids, stops, length, [as_count(seed, "seed", 0)]):
            for text, place in zip(texts, step.places[0].tolist(), strict=True):
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
        r"""Write a text for each seed and temperature, all at once, token by token.

        Texts begin the same, and are a tree as long as many still share a context: that is computed
        once for all of them.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,)
            The tokens of the prompt, as for `logits`.
        temperatures : array_like, shape (n_temperatures,)
            As for `softmax`.
        length : int
            The largest number of new tokens. With those of the prompt they are at most 512.
        seeds : sequence of int, length n_seeds
            A number for each set of dice.
        step : callable, optional
            What turns logits, shape (n, 512), and temperatures, shape (n,), into those logits
            from which the next tokens are drawn; by default `temper`.

        Yields
        ------
        Step
            At most `length` times, and no more when all texts have ended.

        Raises
        ------
        TypeError, ValueError
            If an argument is not such a value, at once; if `step` does not return logits of this
            shape, or masks all tokens of a row, as soon as it does.

        Notes
        -----
        The dice of a seed are one Gumbel noise :math:`g_i` for each position and token. The token

        .. math:: \operatorname{arg\,max}_i \left(\frac{x_i}{T} + g_i\right), \qquad
            g_i = -\ln(-\ln u_i), \qquad u_i \text{ uniform from 0 to 1}

        has the distribution of the softmax at T [1]_. All temperatures share the noise, so that
        what differs between two texts is due to temperature alone. At T = 0 the noise decides among
        tied leaders only, at ``inf`` it decides alone.

        References
        ----------
        .. [1] C. J. Maddison, D. Tarlow and T. Minka, "A* sampling", 2014, section 2 (the
           Gumbel-max trick). arXiv:1411.0030

        Examples
        --------
        >>> model = load_story_model()
        >>> for step in model.grow(model.encode("Lily"), [0, 1, 2], 3, [3]):
        ...     print([model.tokens[token] for token in step.tokens], step.places[0])
        [' and', ' had'] [0 0 1]
        [' T', ' Lily', ' s'] [0 1 2]
        ['om', ' li', 'p'] [0 1 2]
        """
        context = self._as_context(ids)
        stops = as_temperatures(temperatures).astype(np.float64)
        count = as_count(length, "length", 1)
        if len(context) + count > self.context:
            raise ValueError(
                f"length must be at most {self.context - len(context)}, got {count}: the model "
                f"sees {self.context} tokens, and the prompt has {len(context)}"
            )
        if isinstance(seeds, str | bytes) or not isinstance(seeds, Sequence | np.ndarray):
            raise TypeError(f"seeds must be a list of whole numbers, got {short(seeds)}")
        if not len(seeds):
            raise ValueError("seeds must not be empty")
        dice = [
            np.random.default_rng(as_count(seed, f"seeds[{position}]", 0))
            for position, seed in enumerate(seeds)
        ]
        return self._grow(context, stops, count, dice, step)

    def _grow(
        self,
        ids: Ints,
        stops: Reals,
        length: int,
        dice: list[np.random.Generator],
        step: SamplingStep,
    ) -> Iterator[Step]:
        """Write without checks. Of the texts, only those that go on have an element below."""
        texts = np.arange(len(dice) * len(stops))
        seeds, temperatures = texts // len(stops), np.tile(stops, len(dice))
        contexts_of_texts = np.zeros_like(texts)
        # The place, in the step before, and the row, in the cache, of each context.
        living = rows = np.zeros(1, np.intp)
        cache = self._transformer.new_cache(1, len(ids) + length)
        x = self._transformer.forward(ids[np.newaxis], cache)[:, -1]
        for position in range(len(ids), len(ids) + length):
            logits = self._logits(x)
            noise = np.array([generator.gumbel(size=len(self.tokens)) for generator in dice])
            drawn = _draw(logits, contexts_of_texts, temperatures, noise, seeds, step)
            pairs, places_of_texts = np.unique(
                contexts_of_texts * len(self.tokens) + drawn, return_inverse=True
            )
            contexts, tokens = np.divmod(pairs, len(self.tokens))
            places = np.full((len(dice), len(stops)), -1)
            places.flat[texts] = places_of_texts
            yield Step(logits, tokens, contexts, living[contexts], places)
            living = np.flatnonzero(tokens != self.end)
            if not len(living) or position + 1 == len(ids) + length:
                return
            goes_on = tokens[places_of_texts] != self.end
            texts, seeds, temperatures = texts[goes_on], seeds[goes_on], temperatures[goes_on]
            contexts_of_texts = np.searchsorted(living, places_of_texts[goes_on])
            cache, rows = _branch(cache, rows[contexts[living]], position)
            in_rows = np.empty_like(living)
            in_rows[rows] = tokens[living]
            x = self._transformer.forward(in_rows[:, np.newaxis], cache, position)[rows, 0]

    def _logits(self, x: Reals) -> Reals:
        logits = self._transformer.logits(x)
        logits[..., [0, 2]] = -np.inf
        return logits

    def _encode(self, text: str, name: str) -> list[int]:
        if not isinstance(text, str):
            raise TypeError(f"{name} must be a string, got {short(text)}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{name} must be Unicode text, got {text[error.start]!r} at {error.start}, one "
                "half of a surrogate pair: write the whole character"
            ) from None
        return self._tokenizer.encode(text)

    def _as_ids(self, ids: Any) -> Ints:
        if isinstance(ids, str):
            raise TypeError(f"ids must be whole numbers, got {short(ids)}: use encode(text)")
        if isinstance(ids, Sequence | np.ndarray) and not len(ids):
            return np.zeros(0, np.intp)
        positions = as_positions(ids, len(self.tokens), "ids")
        if positions.ndim != 1:
            raise ValueError(f"ids must be one-dimensional, got shape {positions.shape}")
        return positions

    def _as_context(self, ids: Any) -> Ints:
        positions = self._as_ids(ids)
        if not len(positions) or positions[0] != START:
            raise ValueError(
                f"ids must begin with token {START}, got {short(ids)}: encode(text) does so"
            )
        if len(positions) > self.context:
            raise ValueError(
                f"ids must be at most {self.context}, got {len(positions)}: the model sees no more"
            )
        return positions


def _draw(
    logits: Reals,
    contexts: Ints,
    temperatures: Reals,
    noise: Reals,
    seeds: Ints,
    step: SamplingStep,
) -> Ints:
    """Return the next token of each text, which has a context, a temperature and a seed."""
    drawn = np.empty_like(contexts)
    for start in range(0, len(contexts), _ROWS):
        part = slice(start, start + _ROWS)
        rows = logits[contexts[part]]
        stepped = step(rows, temperatures[part])
        if np.shape(stepped) != rows.shape:
            raise ValueError(
                f"step must return logits of shape {rows.shape}, got {np.shape(stepped)}"
            )
        scores = stepped + noise[seeds[part]]
        drawn[part] = scores.argmax(axis=1)
        best = scores[np.arange(len(scores)), drawn[part]]
        if not np.isfinite(best).all():
            raise ValueError(
                "step must leave at least one token unmasked, and neither NaN nor +inf"
            )
    return drawn


def _branch(cache: Reals, sources: Ints, positions: int) -> tuple[Reals, Ints]:
    """Give each context a row of the cache: the first from a row keeps it, others get a copy."""
    count = len(sources)
    if count > cache.shape[2]:
        larger = np.empty((*cache.shape[:2], 2 * count, *cache.shape[3:]))
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


def _read(name: str, size: int, digest: str) -> bytes:
    data = (_DATA / name).read_bytes()
    if len(data) != size:
        raise ValueError(f"{name} must have {size:,} bytes, got {len(data):,}: install it again")
    found = sha256(data).hexdigest()
    if found != digest:
        raise ValueError(f"{name} must have the SHA-256 {digest}, got {found}: install it again")
    return data
