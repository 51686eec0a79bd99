"""Which temperature answers best? Chances to be right, each exactly: one draw, several, a vote."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import as_count, as_positions, as_temperature, distributions

_DATA = files(__package__) / "data" / "smollm2"
# Rivals with so much probability are taken one by one, all others by their power sums.
_LARGE = 0.01
_MOST_VOTERS = 100

Reals = NDArray[np.float64]


def vote_chance(probabilities: ArrayLike, right: int, n: int) -> float:
    r"""Return the chance that one token wins a vote of several draws.

    Parameters
    ----------
    probabilities : array_like, shape (n_tokens,)
        Those from which each of the draws is made.
    right : int
        The position of the token that is to win.
    n : int
        How many draws vote, from 1 to 100. Whichever token is drawn most often wins, and a tie is
        decided by lot.

    Returns
    -------
    float
        From 0 to 1. For 50,000 tokens it takes some milliseconds.

    Raises
    ------
    TypeError, ValueError
        If `probabilities` do not sum to 1 or are no row of numbers, there is no such position, or
        `n` is not such a number.

    Notes
    -----
    Let the token have the probability p and its rivals :math:`p_i`. It wins with m draws if no
    rival has more, and with k that have as many it wins the lot once in k + 1 times. Summed over
    all ways to draw the other n - m, that is a coefficient of a product,

    .. math:: P = \sum_m \frac{n!\,p^m}{m!} \int_0^1 [z^{n-m}] \prod_i
        \left(\sum_{j<m} \frac{(p_i z)^j}{j!} + y \frac{(p_i z)^m}{m!}\right) dy,

    since :math:`\int_0^1 y^k dy = 1/(k+1)`. The integral is one over a polynomial, and Gauss's
    nodes give it exactly. Rivals above 0.01 are multiplied one by one. The logarithm of all other
    factors is a power series in z whose coefficients are those of one factor times the sums
    :math:`\sum_i p_i^k`, and only the first n of them matter.

    References
    ----------
    .. [1] X. Wang and others, "Self-consistency improves chain of thought reasoning in language
       models", 2022: a vote of draws. arXiv:2203.11171

    Examples
    --------
    >>> vote_chance([0.5, 0.3, 0.2], 0, 1)
    0.5
    >>> round(vote_chance([0.5, 0.3, 0.2], 0, 21), 4)
    0.8312
    """
    chances = distributions(probabilities, -1)
    if chances.ndim != 1:
        raise ValueError(f"probabilities must be one-dimensional, got shape {chances.shape}")
    place = int(as_positions(right, len(chances), "right"))
    n = _as_voters(n)
    rivals = np.delete(chances, place)
    large = rivals[rivals >= _LARGE][np.newaxis]
    small = rivals[rivals < _LARGE]
    sums = np.array([[(small**power).sum() for power in range(1, n + 1)]])
    return float(_votes(chances[[place]], large, sums, n)[0])


class QuizQuestion(NamedTuple):
    """A question, what kind it is of, and the token with which its right answer begins."""

    kind: str
    prompt: str
    answer: str


class Quiz:
    r"""Give the chances that a real model answers questions rightly, at any temperature.

    An answer counts as right if its first token is. That is known before anything is drawn, from
    the logits of SmolLM2-135M-Instruct [1]_ after each question. So nothing here is simulated.

    Attributes
    ----------
    questions : tuple of QuizQuestion
        Each with its kind, its prompt and its answer.

    Notes
    -----
    Of each question the logits of the right token and of its 100 strongest rivals are kept as they
    are. The other 49,051 are kept as 24 nodes and weights of Gauss's quadrature of their
    distribution: sums of :math:`e^{x/T}` and of its powers come out to 13 digits, at every T from
    0.1 to infinity, and below 0.1 the others have nothing.

    References
    ----------
    .. [1] L. B. Allal and others, "SmolLM2: when smol goes big", 2025. arXiv:2502.02737
    .. [2] M. Chen and others, "Evaluating large language models trained on code", 2021: the more
       tries, the warmer the best temperature. arXiv:2107.03374
    """

    def __init__(
        self,
        questions: tuple[QuizQuestion, ...],
        right: ArrayLike,
        rivals: ArrayLike,
        nodes: ArrayLike,
        weights: ArrayLike,
    ) -> None:
        self.questions = questions
        self._right, self._rivals, self._nodes, self._weights = (
            np.asarray(part, np.float64) for part in (right, rivals, nodes, weights)
        )

    def __repr__(self) -> str:
        """Count the questions of each kind."""
        kinds = [question.kind for question in self.questions]
        counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
        return f"Quiz({len(kinds)} questions: {counted})"

    def once(self, temperature: float, draws: int = 1) -> Reals:
        """Return the chance of each question that at least one of so many draws is right.

        Parameters
        ----------
        temperature : float
            As for `softmax`.
        draws : int, default 1
            How many tries there are.

        Returns
        -------
        ndarray, shape (n_questions,)
            One minus the chance that all draws are wrong: known as pass@k [2]_.

        Raises
        ------
        TypeError, ValueError
            If `temperature` is none, or `draws` not a whole number of at least 1.

        Examples
        --------
        >>> quiz = load_quiz()
        >>> [round(float(quiz.once(T, 20).mean()), 3) for T in (0.1, 0.5, 1, 2)]
        [0.562, 0.804, 0.853, 0.408]
        """
        draws = as_count(draws, "draws", 1)
        right, rivals, sums, _ = self._shares(temperature, 1)
        wrong = rivals.sum(axis=1) + sums[:, 0]
        with np.errstate(divide="ignore"):
            # Of a small chance no digits are lost so, nor of one near 1.
            log_wrong = np.where(right < 0.5, np.log1p(-right), np.log(wrong))
        found: Reals = -np.expm1(draws * log_wrong)
        return found

    def vote(self, temperature: float, n: int) -> Reals:
        """Return the chance of each question that the right token wins a vote of n draws.

        Parameters, errors and the mathematics are those of `vote_chance`.

        Returns
        -------
        ndarray, shape (n_questions,)

        Examples
        --------
        >>> quiz = load_quiz()
        >>> round(float(quiz.vote(1, 21).mean()), 3), round(float(quiz.once(1).mean()), 3)
        (0.499, 0.293)
        """
        n = _as_voters(n)
        right, rivals, sums, _ = self._shares(temperature, n)
        return _votes(right, rivals, sums, n)

    def leading(self, temperature: float) -> Reals:
        """Return the probability of the likeliest answer to each question, right or wrong.

        It is how sure the model is, which can be held against how often it is right.

        Parameters
        ----------
        temperature : float
            As for `softmax`.

        Returns
        -------
        ndarray, shape (n_questions,)

        Raises
        ------
        TypeError, ValueError
            If `temperature` is none.

        Examples
        --------
        >>> quiz = load_quiz()
        >>> round(float(quiz.leading(1).mean()), 3), round(float(quiz.once(0).mean()), 3)
        (0.377, 0.515)
        """
        return self._shares(temperature, 0)[3]

    def _shares(self, temperature: float, n: int) -> tuple[Reals, Reals, Reals, Reals]:
        """Return the shares of right tokens and of large rivals, power sums of all others.

        The last is the share of the likeliest token.
        """
        temperature = as_temperature(temperature)
        top = np.maximum(self._right, self._rivals.max(axis=1))[:, np.newaxis]

        def weigh(logits: Reals, power: int = 1) -> Reals:
            if temperature == 0:
                return np.where(logits == top, 1.0, 0.0)
            with np.errstate(under="ignore"):
                weights: Reals = np.exp(power * (logits - top) / temperature)
                return weights

        right, rivals = weigh(self._right[:, np.newaxis]), weigh(self._rivals)
        rest = (self._weights * weigh(self._nodes)).sum(axis=1, keepdims=True)
        total = right + rivals.sum(axis=1, keepdims=True) + rest
        rivals /= total
        is_large = rivals >= _LARGE
        small = np.where(is_large, 0, rivals)
        sums = [
            (small**power).sum(axis=1)
            + (self._weights * weigh(self._nodes, power)).sum(axis=1) / total[:, 0] ** power
            for power in range(1, n + 1)
        ]
        # The likeliest weighs 1.
        own, leading = (right / total)[:, 0], (1 / total)[:, 0]
        return own, np.where(is_large, rivals, 0), np.transpose(sums), leading


@cache
def load_quiz() -> Quiz:
    """Load the questions that a chat model of 135 million weights was asked, with its logits.

    Capitals, opposites, sums and facts: each is a beginning, and its right answer goes on with one
    known token. The model itself is not needed.

    Returns
    -------
    Quiz
        The same object each time.

    Examples
    --------
    >>> quiz = load_quiz()
    >>> quiz
    Quiz(130 questions: 40 capitals, 30 opposites, 30 sums, 30 facts)
    >>> quiz.questions[0]
    QuizQuestion(kind='capitals', prompt='The capital of France is', answer=' Paris')
    """
    asked = json.loads((_DATA / "quiz.json").read_text(encoding="utf-8"))
    with (_DATA / "quiz.npz").open("rb") as file, np.load(file) as recorded:
        return Quiz(tuple(QuizQuestion(*question) for question in asked), **recorded)


def _as_voters(n: int) -> int:
    count = as_count(n, "n", 1)
    if count > _MOST_VOTERS:
        raise ValueError(f"n must be at most {_MOST_VOTERS}, got {count:,}")
    return count


def _votes(right: Reals, large: Reals, sums: Reals, n: int) -> Reals:
    """Return the chance to win a vote, a number a question.

    Given are the right tokens' probabilities, those of large rivals, with zeros where a question
    has fewer, and power sums of all others from the first on.
    """
    large = large[:, large.any(axis=0)]
    wrong = large.sum(axis=1) + sums[:, 0]
    won = np.zeros(len(right))
    for m in range(1, n + 1):
        left = n - m
        if left < m:
            # The majority: whoever has the others.
            won += math.comb(n, m) * right**m * wrong**left
            continue
        # As many nodes as give the integral over y exactly: at most left / m rivals tie.
        nodes, weights = np.polynomial.legendre.leggauss(left // m // 2 + 1)
        factors = [1 / math.factorial(j) for j in range(m)]
        factor = np.tile([*factors, 1 / math.factorial(m)], (len(nodes), 1))
        factor[:, m] *= (nodes + 1) / 2
        series = _exp(sums[:, np.newaxis, :left] * _log(factor, left)[:, 1:])
        for rival in large.T:
            powers = rival[:, np.newaxis] ** np.arange(m + 1)
            series = _product(series, powers[:, np.newaxis] * factor)
        chances = series[..., left] @ (weights / 2)
        won += math.perm(n, left) * right**m * chances
    return won.clip(0, 1)


def _log(factor: Reals, degree: int) -> Reals:
    """Return the logarithm of power series that begin with 1, up to a degree."""
    given = np.zeros((len(factor), degree + 1))
    given[:, : factor.shape[1]] = factor[:, : degree + 1]
    result = np.zeros_like(given)
    for k in range(1, degree + 1):
        inner = sum(j * result[:, j] * given[:, k - j] for j in range(1, k))
        result[:, k] = given[:, k] - inner / k
    return result


def _exp(series: Reals) -> Reals:
    """Return the exponential of power series without a constant, up to their degree."""
    degree = series.shape[-1]
    result = np.zeros((*series.shape[:-1], degree + 1))
    result[..., 0] = 1
    rates = series * np.arange(1, degree + 1)
    for k in range(1, degree + 1):
        result[..., k] = (rates[..., :k] * result[..., k - 1 :: -1][..., :k]).sum(axis=-1) / k
    return result


def _product(series: Reals, factor: Reals) -> Reals:
    """Return the product of power series and polynomials, up to the series' degree."""
    result = series * factor[..., :1]
    for j in range(1, min(factor.shape[-1], series.shape[-1])):
        result[..., j:] += series[..., :-j] * factor[..., j : j + 1]
    return result
