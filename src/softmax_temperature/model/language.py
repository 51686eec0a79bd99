"""What all language models have in common: text to tokens, tokens to logits, and writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Floats, as_count, as_positions, as_temperatures, short
from ..core import TokenTable
from ..reading.replies import Reply
from ..sampling import temper
from .scoring import Openness, openness_along, score_text
from .transformer import Ints

SamplingStep = Callable[[Floats, Floats], Floats]

# About so many numbers are computed at once for texts side by side.
_NUMBERS = 2**22
# So many logits stay in a processor's cache while tokens are drawn from them.
_DRAWN = 2**14


class Step(NamedTuple):
    """Hold the next token of all texts that `LanguageModel.grow` writes.

    Texts that are the same so far are one context, and go on from one row of logits. A place is a
    context and one of the tokens with which it goes on: texts that still are the same share it.

    Attributes
    ----------
    logits : ndarray, shape (n_contexts, n_tokens)
        A row for each context that goes on.
    tokens : ndarray of int, shape (n_places,)
        The token of each place. The model's `end` ends its text.
    contexts : ndarray of int, shape (n_places,)
        The row of `logits` from which the token was drawn. It never falls from place to place.
    parents : ndarray of int, shape (n_places,)
        The place of the step before that this one follows; 0, the prompt, in the first step.
    places : ndarray of int, shape (n_seeds, n_temperatures)
        The place of each text, or -1 where the text has ended before.
    """

    logits: Floats
    tokens: Ints
    contexts: Ints
    parents: Ints
    places: Ints


class Vocabulary(Protocol):
    """What cuts texts into tokens, and joins tokens to texts."""

    tokens: tuple[str, ...]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, with the one that begins it where there is one."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text, with escapes for what is not UTF-8."""
        ...

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return what each token adds to a text."""
        ...


class Network(Protocol):
    """What turns tokens into logits, as `Transformer` does."""

    size: int
    heads: int
    dtype: Any

    def new_cache(self, texts: int, positions: int) -> Any:
        """Return room for what is remembered of so many texts."""
        ...

    def forward(self, ids: Ints, cache: Any, start: int = 0) -> Any:
        """Pass tokens through the layers, and add to the cache what is remembered of them."""
        ...

    def logits(self, x: Any) -> Floats:
        """Return the logits of the tokens that follow."""
        ...

    def branch(self, cache: Any, sources: Ints, positions: int) -> tuple[Any, Ints]:
        """Give each context a row of the cache."""
        ...


class LanguageModel:
    r"""Give the logits of the next token of a text, and write texts.

    The story model, the chat model, the models of other files and those of `transformers` all are
    such models: what takes one takes each. `load_story_model`, `load_chat_model`, `load_gguf` and
    `from_transformers` give them.

    Attributes
    ----------
    tokens : tuple of str, length n_tokens
        The vocabulary as readers see it, each different.
    start : int or None
        The id of the token that begins every text; None where a model has none, and a prompt must
        not be empty.
    end : int
        The id of the token that ends a text.
    context : int
        The largest number of tokens that the model can see.
    """

    start: int | None
    end: int
    context: int

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        start: int | None,
        end: int,
        context: int,
    ) -> None:
        self._network, self._vocabulary = network, vocabulary
        self.tokens = vocabulary.tokens
        self.start, self.end, self.context = start, end, context

    def __repr__(self) -> str:
        """Show how large the model is."""
        return f"{type(self).__name__}({self._network.size:,} weights, {len(self.tokens):,} tokens)"

    def encode(self, text: str) -> list[int]:
        r"""Cut a text into tokens, and return their ids.

        Parameters
        ----------
        text : str
            Any text: bytes in UTF-8 stand for characters that the vocabulary lacks.

        Returns
        -------
        list of int
            Those of the text, behind the one that begins every text, where there is one. The story
            model puts a space in front of the text.

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
        >>> from softmax_temperature import load_story_model
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
            As `encode` gives them, `context` - `length` at most.

        Raises
        ------
        TypeError, ValueError
            If `prompt` is not such a text: the error says how much of it fits.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> load_story_model().encode_prompt("The cat", 80)
        [1, 291, 280, 294]
        """
        ids = self._encode(prompt, "prompt")
        if not ids:
            raise ValueError(
                "prompt must not be empty, got '': no token of this model begins a text"
            )
        most = self.context - length
        if len(ids) > most:
            # A shorter text can be cut into other tokens: those before the cut decide only about
            # how much fits.
            about = len(self.decode(ids[: max(most, 0)])) + max(map(len, self.tokens))
            fitting = next(
                (
                    count
                    for count in range(min(about, len(prompt)), -1, -1)
                    if len(self._vocabulary.encode(prompt[:count])) <= most
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
            From 0 to n_tokens - 1. Signs that no reader has typed, such as ``<|im_end|>``, are
            text. Those of the story model, tokens 0 to 2, are not, and if the first is token 1, the
            space that `encode` puts in front is taken off again.

        Returns
        -------
        str
            Bytes that are not UTF-8 become escapes such as ``\xf0``.

        Raises
        ------
        TypeError, ValueError
            If `ids` are not a row of whole numbers from 0 to n_tokens - 1.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> model = load_story_model()
        >>> model.decode(model.encode("Good night, 🌙!"))
        'Good night, 🌙!'
        """
        return self._vocabulary.decode(self._as_ids(ids).tolist())

    def pieces(self, ids: ArrayLike) -> list[str]:
        r"""Return what each token adds to a text.

        A character of several bytes is the first's, and the others add nothing.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,)
            From 0 to n_tokens - 1.

        Returns
        -------
        list of str, length n_tokens
            Together the text of `decode`, of the story model with the space in front of it.

        Raises
        ------
        TypeError, ValueError
            As for `decode`.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> model = load_story_model()
        >>> model.pieces(model.encode("a crème"))
        ['', ' a', ' c', 'r', 'è', '', 'm', 'e']
        """
        return self._vocabulary.pieces(self._as_ids(ids).tolist())

    def logits(self, ids: Any) -> Floats:
        """Return the logits of the token that follows a text, or each of several texts.

        Parameters
        ----------
        ids : array_like of int, shape (n_tokens,), or sequence of such
            The tokens of a text, as `encode` gives them; or several texts of any lengths. Each has
            at most `context` tokens.

        Returns
        -------
        ndarray, shape (n_tokens,) or (n_texts, n_tokens)
            In natural-log units, in the order of `tokens`; ``-inf`` for tokens that no text has.

        Raises
        ------
        TypeError, ValueError
            If `ids` are not such tokens, or are too many.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> model = load_story_model()
        >>> logits = model.logits(model.encode("Once upon a"))
        >>> model.tokens[logits.argmax()]
        ' time'
        """
        several = isinstance(ids, Sequence | np.ndarray) and len(ids) > 0 and np.ndim(ids[0]) > 0
        texts = [self._as_context(text) for text in (ids if several else [ids])]
        lengths = np.array([len(text) for text in texts])
        logits = np.empty((len(texts), len(self.tokens)), self._network.dtype)
        # Side by side, the shorter with any tokens behind their own: none looks ahead.
        left = np.argsort(-lengths, kind="stable")
        while len(left):
            longest = lengths[left[0]]
            each = longest * max(longest * self._network.heads, len(self.tokens))
            block, left = np.split(left, [max(1, _NUMBERS // each)])
            padded = np.zeros((len(block), longest), np.intp)
            for row, text in zip(padded, block, strict=True):
                row[: lengths[text]] = texts[text]
            x = self._forward(padded, self._network.new_cache(*padded.shape))
            logits[block] = self._logits(x[np.arange(len(block)), lengths[block] - 1])
        return logits if several else logits[0]

    def logits_along(self, ids: ArrayLike) -> Floats:
        """Return the logits after each token of a text, all from one pass.

        Row i holds the logits of the token that follows ``ids[: i + 1]``, of which the text has
        ``ids[i + 1]``.

        Parameters
        ----------
        ids : array_like of int, shape (n_ids,)
            As for `logits`.

        Returns
        -------
        ndarray, shape (n_ids, n_tokens)

        Raises
        ------
        TypeError, ValueError
            As for `logits`.

        Examples
        --------
        >>> import numpy as np
        >>> from softmax_temperature import softmax
        >>> from softmax_temperature import load_story_model
        >>> model = load_story_model()
        >>> ids = model.encode("Once upon a time")
        >>> probabilities = softmax(model.logits_along(ids)[:-1])
        >>> probabilities[np.arange(len(ids) - 1), ids[1:]].round(2)
        array([0.78, 0.98, 0.99, 1.  ])
        """
        text = self._as_context(ids)[np.newaxis]
        x = self._forward(text, self._network.new_cache(*text.shape))
        return self._logits(x[0])

    def score(self, text: str, top: int = 20) -> Reply:
        """Score a text, token by token: how surprising each is, and what else could stand there.

        Parameters
        ----------
        text : str
            Any text that the model can see as a whole.
        top : int, default 20
            How many of the likeliest tokens are listed at each place, beside its own.

        Returns
        -------
        Reply
            What `AnswerExplorer` shows.

        Raises
        ------
        TypeError, ValueError
            If `text` is no such text, or has no token that another stands before; if `top` is not a
            whole number of at least 1.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> reply = load_story_model().score("Lily ate the moon")
        >>> [(place.text, place.rank, round(place.bits, 1)) for place in reply.places[:3]]
        [('Lily', 4, 6.5), (' a', 8, 5.1), ('t', 2, 2.3)]
        """
        return score_text(self, text, top)

    def openness(self, text: str, prompt: str = "") -> Openness:
        """Tell how open the model's choice is at each token of a text, at temperature 1.

        Parameters
        ----------
        text : str
            What comes after the prompt, any text that adds a token.
        prompt : str, default ""
            What the model has read before, such as ``model.chat("Name a colour.")``. Its own tokens
            are left out.

        Returns
        -------
        Openness
            The pieces of the text, and among how many equally likely tokens each choice would be as
            open. `openness_chart` draws it.

        Raises
        ------
        TypeError, ValueError
            If `text` or `prompt` is no such text, or the text changes the prompt's last token.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> along = load_story_model().openness(" and the dog", "The cat")
        >>> along.pieces
        (' and', ' the', ' do', 'g')
        >>> [round(count, 1) for count in along.choices]
        [11.0, 10.2, 22.2, 1.5]
        """
        return openness_along(self, text, prompt)

    def table(self, prompt: str = "") -> TokenTable:
        """Return all tokens with their logits after a prompt, for any chart or explorer.

        Parameters
        ----------
        prompt : str, default ""
            Any text of at most `context` tokens.

        Raises
        ------
        TypeError, ValueError
            If `prompt` is not such a text.

        Examples
        --------
        >>> from softmax_temperature import describe, load_story_model
        >>> print(describe(load_story_model().table("She was very")))
        At temperature 1.00, of 100 draws about 20 would be “·a”.
        The choice is as uncertain as a fair one among 23 tokens (perplexity).
        """
        return TokenTable(self.tokens, self.logits(self.encode_prompt(prompt)), prompt)

    def write(
        self,
        prompt: str = "",
        temperatures: ArrayLike = (1.0,),
        length: int = 100,
        seed: int = 0,
        taken: Sequence[int] = (),
    ) -> list[str]:
        """Write a text at each of some temperatures, all with the same dice.

        Parameters
        ----------
        prompt : str, default ""
            How the texts begin.
        temperatures : float or array_like, shape (n_temperatures,)
            As for `softmax`. One number gives a list of one text.
        length : int, default 100
            The largest number of new tokens: a text that ends by itself is shorter. With those of
            the prompt they are at most `context`.
        seed : int, default 0
            Other numbers give other dice.
        taken : sequence of int, default ()
            As for `grow`.

        Returns
        -------
        list of str
            A text a temperature, the prompt included, without the token that ends it.

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
        >>> from softmax_temperature import load_story_model
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
        begun = self._as_ids(taken, "taken").tolist()
        texts = [[*ids, *begun] for _ in stops]
        for step in self.grow(ids, stops, length, [as_count(seed, "seed", 0)], taken=begun):
            for text, place in zip(texts, step.places[0].tolist(), strict=True):
                if place >= 0 and step.tokens[place] != self.end:
                    text.append(int(step.tokens[place]))
        return [self.decode(text) for text in texts]

    def grow(
        self,
        ids: ArrayLike,
        temperatures: ArrayLike,
        length: int,
        seeds: Sequence[int],
        step: SamplingStep = temper,
        taken: Sequence[int] = (),
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
            The largest number of new tokens. With those of the prompt they are at most `context`.
        seeds : sequence of int, length n_seeds
            A number for each set of dice.
        step : callable, optional
            What turns logits, shape (n, n_tokens), and temperatures, shape (n,), into those logits
            from which the next tokens are drawn; by default `temper`.
        taken : sequence of int, default ()
            The ids of new tokens that are not drawn: all texts go on with them, and draw from there
            on, each position with the dice that it has anyway. They count in `length`, are fewer,
            and none ends a text.

        Yields
        ------
        Step
            At most once for each token that is not taken, and no more when all texts have ended.

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
        >>> from softmax_temperature import load_story_model
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
        begun = self._as_ids(taken, "taken")
        if len(begun) >= count or self.end in begun:
            raise ValueError(
                f"taken must be fewer than length, {count}, without the token that ends a text, "
                f"{self.end}, got {short(begun.tolist())}"
            )
        if isinstance(seeds, str | bytes) or not isinstance(seeds, Sequence | np.ndarray):
            raise TypeError(f"seeds must be a list of whole numbers, got {short(seeds)}")
        if not len(seeds):
            raise ValueError("seeds must not be empty")
        dice = [
            np.random.default_rng(as_count(seed, f"seeds[{position}]", 0))
            for position, seed in enumerate(seeds)
        ]
        for generator in dice:
            generator.gumbel(size=(len(begun), len(self.tokens)))
        context = np.concatenate((context, begun))
        return self._grow(context, stops, count - len(begun), dice, step)

    def _grow(
        self,
        ids: Ints,
        stops: Floats,
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
        cache = self._network.new_cache(1, len(ids) + length)
        x = self._forward(ids[np.newaxis], cache)[:, -1]
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
            cache, rows = self._network.branch(cache, rows[contexts[living]], position)
            in_rows = np.empty_like(living)
            in_rows[rows] = tokens[living]
            x = self._network.forward(in_rows[:, np.newaxis], cache, position)[rows, 0]

    def _forward(self, ids: Ints, cache: Any) -> Any:
        """Pass whole texts through the layers, so many tokens at once as memory should hold."""
        texts, length = ids.shape
        at_once = max(1, _NUMBERS // (texts * length * self._network.heads))
        parts = [
            self._network.forward(ids[:, start : start + at_once], cache, start)
            for start in range(0, length, at_once)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _logits(self, x: Any) -> Floats:
        return self._network.logits(x)

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
        return self._vocabulary.encode(text)

    def _as_ids(self, ids: Any, name: str = "ids") -> Ints:
        if isinstance(ids, str):
            raise TypeError(f"{name} must be whole numbers, got {short(ids)}: use encode(text)")
        if isinstance(ids, Sequence | np.ndarray) and not len(ids):
            return np.zeros(0, np.intp)
        positions = as_positions(ids, len(self.tokens), name)
        if positions.ndim != 1:
            raise ValueError(f"{name} must be one-dimensional, got shape {positions.shape}")
        return positions

    def _as_context(self, ids: Any) -> Ints:
        positions = self._as_ids(ids)
        if self.start is not None and positions[:1].tolist() != [self.start]:
            raise ValueError(
                f"ids must begin with token {self.start}, got {short(ids)}: encode(text) does so"
            )
        if not len(positions):
            raise ValueError(
                "ids must not be empty, got []: no token of this model begins a text, so give a "
                "prompt"
            )
        if len(positions) > self.context:
            raise ValueError(
                f"ids must be at most {self.context}, got {len(positions)}: the model sees no more"
            )
        return positions


def _draw(
    logits: Floats,
    contexts: Ints,
    temperatures: Floats,
    noise: Floats,
    seeds: Ints,
    step: SamplingStep,
) -> Ints:
    """Return the next token of each text, which has a context, a temperature and a seed."""
    drawn = np.empty_like(contexts)
    rows_at_once = max(1, _DRAWN // logits.shape[1])
    for start in range(0, len(contexts), rows_at_once):
        part = slice(start, start + rows_at_once)
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
