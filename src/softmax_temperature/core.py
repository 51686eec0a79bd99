"""Softmax with temperature, entropy and perplexity, and a table of tokens and logits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import lazy_loader
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import (
    Floats,
    as_temperature,
    as_temperatures,
    as_top,
    distributions,
    real_array,
    real_number,
    short,
)
from .phrases import phrase, rounded
from .reading.answers import read_logprobs
from .reading.files import read_csv, read_frame

# So many logits and their weights fit into a processor's cache.
_BLOCK = 32_768
# pandas is imported where a DataFrame is asked for: the slider starts sooner without it.
if TYPE_CHECKING:
    import pandas as pd

# What has moved is still found here: on first use, since it imports this module.
__getattr__, _, _ = lazy_loader.attach(__package__, submod_attrs={"peaks": ["peak_temperature"]})


def softmax(logits: ArrayLike, temperature: float = 1.0, *, axis: int = -1) -> Floats:
    r"""Turn logits into probabilities, sharpened or flattened by a temperature.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        Scores before normalisation, in natural-log units. ``-inf`` masks a token.
    temperature : float, default 1.0
        From 0 to infinity. Below 1 sharpens, above 1 flattens. 0 and ``inf`` are exact limits:
        uniform over all tokens tied for the largest logit, and uniform over all unmasked tokens.
    axis : int, default -1
        The axis along which the probabilities sum to 1.

    Returns
    -------
    ndarray
        Probabilities in [0, 1], of the shape of `logits`: float32 for float32 logits, otherwise
        float64. Masked tokens get exactly 0.

    Raises
    ------
    TypeError
        If `logits` are not real numbers, `temperature` is not one real number, or `axis` is not one
        whole number.
    ValueError
        If `logits` are empty, contain NaN or ``+inf``, mask every token, or span more than a float
        can hold; if `temperature` is negative or NaN; if there is no such `axis`.

    Notes
    -----
    .. math:: p_i = \frac{e^{(x_i - m) / T}}{\sum_j e^{(x_j - m) / T}}, \qquad m = \max_j x_j

    The shift by :math:`m` cancels in exact arithmetic, and keeps every exponential at most 1 [1]_.
    It comes before the division, which would overflow first when T is tiny.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA J. Numer. Anal. 41(4), 2021. doi:10.1093/imanum/draa038
    .. [2] G. Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural network",
       2015, equation 1 (with the temperature). arXiv:1503.02531

    Examples
    --------
    >>> softmax([5.0, 4.5, 3.0], temperature=2.0).round(3)
    array([0.466, 0.363, 0.171])
    >>> softmax([5.0, 4.5, 5.0], temperature=0)
    array([0.5, 0. , 0.5])
    """
    shifted = shift(real_array(logits, "logits", axis))
    weights = _weights(shifted, as_temperature(temperature), out=shifted)
    weights /= weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.moveaxis(weights, -1, axis)


def entropy(probabilities: ArrayLike, *, base: float = 2.0, axis: int = -1) -> Any:
    r"""Measure how open a choice is: the mean surprise of a draw, in bits.

    Parameters
    ----------
    probabilities : array_like, shape (..., n_tokens)
        Values in [0, 1] that sum to 1 along `axis`, up to a rounding of 0.001.
    base : float, default 2.0
        Base of the logarithm, above 1: 2 for bits, ``math.e`` for nats.
    axis : int, default -1
        The axis along which the probabilities sum to 1.

    Returns
    -------
    float or ndarray
        From 0 (one token is certain) to ``log(n_tokens, base)`` (all are equally likely).

    Raises
    ------
    TypeError, ValueError
        If `probabilities` are not real numbers, are empty or negative, or do not sum to 1.

    Notes
    -----
    .. math:: H = -\sum_i p_i \log p_i, \qquad 0 \log 0 = 0

    C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27,
    1948. doi:10.1002/j.1538-7305.1948.tb01338.x

    Examples
    --------
    >>> float(entropy([0.5, 0.25, 0.25]))
    1.5
    """
    values = distributions(probabilities, axis)
    base = real_number(base, "base")
    if not 1 < base < np.inf:
        raise ValueError(f"base must be a finite number above 1, got {base}: 2 is for bits")
    logarithms = np.log(np.where(values > 0, values, 1))
    # Subtracted from 0, since a bare minus would print the entropy of a certain choice as -0.0.
    return 0.0 - (values * logarithms).sum(axis=-1) / np.log(base)


def perplexity(probabilities: ArrayLike, *, axis: int = -1) -> Any:
    r"""Count the effective choices: how many equally likely tokens would be as open.

    Parameters, errors and shapes are those of `entropy`. The result is :math:`2^H` of the entropy
    H in bits, from 1 to n_tokens.

    Notes
    -----
    F. Jelinek, R. L. Mercer, L. R. Bahl and J. K. Baker, "Perplexity: a measure of the difficulty
    of speech recognition tasks", JASA 62(S1), 1977. doi:10.1121/1.2016299

    Examples
    --------
    >>> float(perplexity([0.25, 0.25, 0.25, 0.25]))
    4.0
    """
    return np.exp2(entropy(probabilities, axis=axis))


class TokenTable:
    """Hold candidate next tokens and their logits, unchangeable and in the given order.

    Parameters
    ----------
    tokens : sequence of str, length n_tokens
        The candidates, each a different string.
    logits : array_like, shape (n_tokens,)
        One logit a token, natural log; ``-inf`` masks a token. Kept as float32 or float64.
    prompt : str, default ""
        The text before the gap, joined with a token to the letter: a space between them belongs to
        the one or to the other. A DataFrame does not keep it.
    unseen_mass : float, default 0.0
        The probability at temperature 1 of tokens that are not in the table, where it is known:
        see `from_logprobs`. A DataFrame does not keep it.

    Attributes
    ----------
    tokens : tuple of str
    logits : ndarray
    prompt : str
    unseen_mass : float

    Raises
    ------
    TypeError
        If `tokens` are not an ordered collection of strings, `logits` not real numbers, or `prompt`
        not a string.
    ValueError
        If there are no tokens, a token is given twice, the lengths differ, or `logits` are such
        that `softmax` refuses them; if `unseen_mass` is not from 0 to below 1.

    Examples
    --------
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> table.to_frame(temperature=2.0).round(3)
        tokens  logits  probabilities
    0      day     5.0          0.731
    1  problem     3.0          0.269
    """

    __slots__ = ("logits", "prompt", "tokens", "unseen_mass")
    tokens: tuple[str, ...]
    logits: Floats
    prompt: str
    unseen_mass: float

    def __init__(
        self,
        tokens: Sequence[str],
        logits: ArrayLike,
        prompt: str = "",
        *,
        unseen_mass: float = 0.0,
    ) -> None:
        # A string, a set or a mapping holds strings too, but not in the order of the logits.
        if isinstance(tokens, (str, bytes, Set, Mapping)) or not isinstance(tokens, Iterable):
            raise TypeError(f"tokens must be a list of strings, got {short(tokens)}")
        names = list(tokens)
        seen: set[str] = set()
        for position, name in enumerate(names):
            if not isinstance(name, str):
                raise TypeError(f"tokens must be strings, got {short(name)} at {position}")
            if name in seen:
                raise ValueError(
                    f"tokens must differ, got {short(name)} at {names.index(name)} and {position}"
                )
            seen.add(name)
        values = real_array(logits, "logits")
        if values.ndim != 1 or len(values) != len(names):
            raise ValueError(
                f"logits must be one number a token, got {len(names)} tokens and logits of shape "
                f"{values.shape}"
            )
        shift(values)
        if not isinstance(prompt, str):
            raise TypeError(f"prompt must be a string, got {short(prompt)}")
        unseen = real_number(unseen_mass, "unseen_mass")
        if not 0 <= unseen < 1:
            raise ValueError(f"unseen_mass must be from 0 to below 1, got {unseen}")
        # An array over bytes can't be made writeable again.
        fixed = np.frombuffer(values.tobytes(), values.dtype)
        parts = {"tokens": tuple(str(name) for name in names), "logits": fixed}
        for name, part in (parts | {"prompt": str(prompt), "unseen_mass": unseen}).items():
            object.__setattr__(self, name, part)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, prompt: str = "") -> TokenTable:
        """Read the columns ``tokens`` and ``logits`` of a DataFrame.

        A name can be in the singular and in any case. Instead of logits there can be ``logprobs``,
        which are read as `from_logprobs` does.

        Raises
        ------
        TypeError, ValueError
            If `frame` is not a DataFrame, a column is missing, a logit is not a number, or a token
            is not a string or is there twice: the message names column and row, counted from 0.
        """
        tokens, logits, unseen = read_frame(frame)
        return cls(tokens, logits, prompt, unseen_mass=unseen)

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str], prompt: str = "") -> TokenTable:
        """Read a CSV file with the columns ``tokens`` and ``logits``, named as in `from_frame`.

        Tokens are taken to the letter: spaces count, and ``NA`` or ``null`` are tokens like others.
        Spreadsheets' own ways are read too: semicolons or tabs between the fields, then also
        decimal commas, and the "Unicode text" of Excel.

        Raises
        ------
        TypeError, ValueError, OSError
            As for `from_frame`, or if `path` is not a path, the file is not CSV in UTF-8 or UTF-16,
            a row has more or fewer fields than the header, or a comma can separate decimals as well
            as thousands. Rows are counted from 0, below the header and without blank lines.
        """
        tokens, logits, unseen = read_csv(path)
        return cls(tokens, logits, prompt, unseen_mass=unseen)

    @classmethod
    def from_logprobs(
        cls, logprobs: Any, position: int = 0, *, choice: int = 0, prompt: str = ""
    ) -> TokenTable:
        r"""Read the log-probabilities that a model or an API gives for one next token.

        Natural logarithms of probabilities are logits as good as any: they differ from the model's
        own by a constant, which the softmax cancels. A set that lists every token is thus complete.
        A set of the likeliest only, as an API gives it, keeps its `unseen_mass`, and all that is
        computed from it is conditional on the listed tokens. How the others would share that mass
        at another temperature cannot be known from it.

        Parameters
        ----------
        logprobs : mapping, iterable of pairs, answer of an API, str or bytes
            Tokens and their logprobs, each at most 0; or an answer, a part of it, or its chunks, as
            objects or as the text that was received. Answers of Chat Completions, Completions,
            Responses, llama.cpp, Ollama, Gemini, TGI, SGLang, vLLM, TensorRT-LLM and Fireworks are
            known, and what LangChain and DSPy make of them. Of an answer, one position is read: the
            tokens listed there, and the one that was drawn. Tokens of the same text are told apart
            by their bytes or by a number. Where an answer has ids but no texts, as vLLM without a
            tokenizer has, each id stands for its token. OpenAI's flag -9999.0 for "very unlikely"
            [1]_ leaves a token out; llama.cpp's flag, the lowest float32, masks it.
        position : int, default 0
            Which position of an answer, counted from 0.
        choice : int, default 0
            Which choice of an answer that has several.
        prompt : str, optional
            As for the table itself.

        Raises
        ------
        TypeError, ValueError
            If the input has another shape, the answer lacks a part (the message names it) or is a
            server's error, a logprob is above 0, or the probabilities sum to more than 1.005.

        Warns
        -----
        UserWarning
            If ids stand for tokens.

        Notes
        -----
        The slider starts from the model's own distribution only if the logprobs are those before
        the temperature; ``notebooks/05-your-model.ipynb`` says how to find out.

        Logprobs from after a temperature :math:`T_0` are logits divided by :math:`T_0`, up to a
        constant. Multiply them by :math:`T_0` and use ``TokenTable(tokens, logits)``. What a
        truncated set has not seen cannot be brought back in that way.

        An unseen mass below 1e-5 counts as the rounding of float32 over a whole vocabulary. A whole
        vocabulary in a coarser format, such as bfloat16, can seem to miss a little more.

        References
        ----------
        .. [1] OpenAI API reference, Chat Completions, ``ChatCompletionTokenLogprob``.

        Examples
        --------
        >>> table = TokenTable.from_logprobs({"show": -0.5766, "My": -0.8266, " show": -8.2016})
        >>> table.probabilities().round(4)
        array([5.620e-01, 4.377e-01, 3.000e-04])
        >>> round(table.unseen_mass, 4)
        0.0004
        """
        tokens, logits, unseen = read_logprobs(logprobs, position, choice)
        return cls(tokens, logits, prompt, unseen_mass=unseen)

    def probabilities(self, temperature: float = 1.0) -> Floats:
        """Return the softmax of the logits, shape (n_tokens,), in the order of the tokens."""
        return softmax(self.logits, temperature)

    def to_frame(self, temperature: float = 1.0) -> pd.DataFrame:
        """Return the columns ``tokens``, ``logits`` and ``probabilities``, a row a token."""
        import pandas as pd

        return pd.DataFrame(
            {
                "tokens": list(self.tokens),
                "logits": self.logits,
                "probabilities": self.probabilities(temperature),
            }
        )

    def sweep(self, temperatures: ArrayLike, top: int | None = None) -> pd.DataFrame:
        """Return the probabilities at many temperatures.

        Parameters
        ----------
        temperatures : array_like, shape (n_temperatures,)
            As for `softmax`.
        top : int, optional
            Keep this many tokens, the likeliest first and tied ones in their order, and sum up all
            others in a last column. By default all tokens, in their order.

        Returns
        -------
        DataFrame, shape (n_temperatures, n_columns)
            A row a temperature, a column a token; every row sums to 1.

        Examples
        --------
        >>> table = TokenTable(["day", "problem", "lava"], [5.0, 3.0, 2.0])
        >>> table.sweep([0, 1, 2], top=1).round(3)
                       day  all other 2 tokens
        temperature
        0.0          1.000               0.000
        1.0          0.844               0.156
        2.0          0.629               0.371
        """
        import pandas as pd

        stops = as_temperatures(temperatures)
        shown = likeliest(self.logits, as_top(top))
        columns = [self.tokens[position] for position in shown]
        if len(shown) < len(self.tokens):
            name = name_of_others(self, len(self.tokens) - len(shown))
            while name in columns:
                name += "*"
            columns.append(name)
        return pd.DataFrame(
            sweep(self.logits, stops.tolist(), shown).shares,
            index=pd.Index(stops, name="temperature"),
            columns=columns,
        )

    def __setattr__(self, name: str, *value: Any) -> NoReturn:
        """Refuse any change."""
        raise AttributeError(f"a TokenTable cannot be changed: make a new one to set {name}")

    __delattr__: Any = __setattr__

    def __eq__(self, other: object) -> bool:
        """Compare tokens, logits, prompt and unseen mass."""
        if not isinstance(other, TokenTable):
            return NotImplemented
        return (
            self.tokens == other.tokens
            and np.array_equal(self.logits, other.logits)
            and self.prompt == other.prompt
            and self.unseen_mass == other.unseen_mass
        )

    def __hash__(self) -> int:
        """Give equal tables one hash."""
        return hash(self.tokens)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what the table was made of."""
        return _rebuild, (self.tokens, self.logits, self.prompt, self.unseen_mass)

    def __repr__(self) -> str:
        """Count the tokens and show the first ones."""
        shown = ", ".join(short(token) for token in self.tokens[:3])
        more = ", ..." if len(self.tokens) > 3 else ""
        return f"TokenTable({len(self.tokens)} tokens: {shown}{more})"


def check_table(table: Any) -> None:
    """Refuse anything that is not a TokenTable."""
    if not isinstance(table, TokenTable):
        raise TypeError(
            f"table must be a TokenTable, got {type(table).__name__}: "
            "make one with TokenTable(tokens, logits)"
        )


def likeliest(logits: Floats, top: int | None) -> NDArray[np.intp]:
    """Return the positions of the `top` largest logits, largest first, tied ones in their order.

    Without `top`, all positions in the order of the table.
    """
    if top is None:
        return np.arange(len(logits))
    lowest = np.partition(logits, -top)[-top] if top < len(logits) else -np.inf
    candidates = np.flatnonzero(logits >= lowest)
    return candidates[np.argsort(-logits[candidates], kind="stable")][:top]


class Sweep(NamedTuple):
    """The shares of some tokens and of all others together, a row a temperature."""

    shares: Floats
    # Which shares are above 0 in exact arithmetic: the nearest float can be 0.
    possible: NDArray[np.bool_]


def sweep(logits: Floats, temperatures: Sequence[float], shown: NDArray[np.intp]) -> Sweep:
    """Return the probabilities of the tokens `shown`, and of all others in a last column.

    The others are summed up directly, since 1 minus the rest would lose the digits of a small sum.
    """
    some_left_out = len(shown) < len(logits)
    at_0, above_0 = (
        [*chance[shown], *([np.delete(chance, shown).any()] if some_left_out else [])]
        for chance in (possible(logits, 0), possible(logits, 1))
    )
    shifted = shift(logits)
    first, others = shifted[shown], np.delete(shifted, shown)
    del shifted
    rows = np.zeros((len(temperatures), len(at_0)), logits.dtype)
    for row, temperature in zip(rows, temperatures, strict=True):
        _weights(first, temperature, out=row[: len(first)])
    if some_left_out:
        sums = np.zeros(len(temperatures))
        for stop, _, weights in _blocks(others, temperatures):
            sums[stop] += weights.sum()
        rows[:, -1] = sums
    rows /= rows.sum(axis=1, dtype=np.float64)[:, np.newaxis]
    chances = np.array([above_0 if temperature else at_0 for temperature in temperatures])
    return Sweep(rows, chances)


def entropies(logits: Floats, temperatures: Sequence[float]) -> NDArray[np.float64]:
    """Return the entropy of the softmax in bits, a number a temperature."""
    shifted = shift(logits).astype(np.float64, copy=False)
    # No weight times its gap (m - x) / T is above T / e, but a sum of them might overflow. Scaled
    # by no more than that takes, since beside a huge gap a small one would be lost.
    scale = 2.0**64 if shifted.min(initial=0, where=shifted > -np.inf) < -1e280 else 1.0
    sums, gaps = np.zeros((2, len(temperatures)))
    for stop, block, weights in _blocks(shifted[shifted < 0], temperatures):
        sums[stop] += weights.sum()
        if temperature := temperatures[stop]:
            weights *= block if scale == 1 else block / scale
            gaps[stop] -= weights.sum() / temperature * scale
    # The leaders' weights are 1 each: apart, they do not swallow the digits of the others' sum.
    # ln Z and the mean gap are both at least 0, so that their sum loses no digits either.
    leaders = np.count_nonzero(shifted == 0)
    nats = np.log(leaders) + np.log1p(sums / leaders) + gaps / (leaders + sums)
    result: NDArray[np.float64] = nats / np.log(2)
    return result


def possible(logits: Floats, temperature: float) -> NDArray[np.bool_]:
    """Return which tokens have a probability above 0 in exact arithmetic."""
    result: NDArray[np.bool_] = logits == logits.max() if temperature == 0 else logits > -np.inf
    return result


def name_of_others(table: TokenTable, count: int, narrow: bool = False) -> str:
    """Name the tokens that are left out, for a column or a bar, in two lines if narrow."""
    one, many = "others_one", "others_many"
    if table.unseen_mass:
        one, many = "listed_others_one", "listed_others_many"
    name = phrase(many if count > 1 else one, count=rounded(count, 0, True))
    return name if narrow else name.replace("\n", " ")


def shift(logits: Floats) -> Floats:
    """Return logits minus their largest, along the last axis, in a new contiguous array."""
    top = logits.max(axis=-1, keepdims=True)
    for wrong, advice in (
        (np.isnan(top), "must not contain NaN: drop the token or use -inf to mask it"),
        (top == np.inf, "must not contain +inf: use temperature=0 for a certain choice"),
        (top == -np.inf, "must not all be -inf: leave at least one token unmasked"),
    ):
        if wrong.any():
            raise ValueError(f"logits {advice}")
    try:
        with np.errstate(over="raise"):
            shifted: Floats = np.subtract(logits, top, order="C")
    except FloatingPointError:
        raise ValueError(
            f"logits must not span more than {np.finfo(logits.dtype).max:.3g}, got a largest of "
            f"{top.max():.3g}: use -inf to mask a token"
        ) from None
    return shifted


def _blocks(shifted: Floats, temperatures: Sequence[float]) -> Iterator[tuple[int, Floats, Floats]]:
    """Go through unmasked logits some at a time, with their weights at each of the temperatures.

    What fits into the processor's cache is not fetched again for each temperature.
    """
    shifted = shifted[shifted > -np.inf]
    buffer = np.empty_like(shifted[:_BLOCK])
    for start in range(0, len(shifted), _BLOCK):
        block = shifted[start : start + _BLOCK]
        for stop, temperature in enumerate(temperatures):
            yield stop, block, _weights(block, temperature, out=buffer[: len(block)])


def _weights(shifted: Floats, temperature: float, out: Floats) -> Floats:
    """Write the softmax's numerators, each from 0 to 1, into `out`."""
    if temperature == 0:
        np.equal(shifted, 0, out=out)
    elif temperature == np.inf:
        np.greater(shifted, -np.inf, out=out)
    else:
        with np.errstate(over="ignore", under="ignore"):
            # Multiplying is faster than dividing, where 1 / T is an ordinary number. A float32 has
            # no room for that of temperatures such as 1e-45 or 1e39: divide in float64 then.
            limits = np.finfo(shifted.dtype)
            if limits.tiny <= 1 / temperature <= limits.max:
                np.multiply(shifted, 1 / temperature, out=out)
            else:
                np.divide(shifted, temperature, out=out, dtype=np.float64)
            np.exp(out, out=out)
    return out


def _rebuild(
    tokens: tuple[str, ...], logits: Floats, prompt: str, unseen_mass: float
) -> TokenTable:
    return TokenTable(tokens, logits, prompt, unseen_mass=unseen_mass)
