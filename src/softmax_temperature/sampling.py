"""Steps from logits to masked logits: temperature and truncation.

The engines' own are in huggingface/transformers, ``generation/logits_process.py``, in
ggml-org/llama.cpp, ``src/llama-sampling.cpp``, and in vllm-project/vllm, below ``vllm``. When they
were read, ``data/claims.csv`` says.

================  =========================  ==================================  ==================
step              Hugging Face               llama.cpp                           vLLM
================  =========================  ==================================  ==================
`temper`          TemperatureLogitsWarper    llama_sampler_temp_impl             sampling_params.py
`top_k`           TopKLogitsWarper           llama_sampler_top_k_impl            [1]_
`top_p`           TopPLogitsWarper           llama_sampler_top_p_apply           [1]_
`min_p`           MinPLogitsWarper           llama_sampler_min_p_apply           [2]_
`typical_p`       TypicalLogitsWarper        llama_sampler_typical_apply
`top_n_sigma`                                llama_sampler_top_n_sigma_apply
`epsilon_cutoff`  EpsilonLogitsWarper
`eta_cutoff`      EtaLogitsWarper
================  =========================  ==================================  ==================

.. [1] ``v1/sample/ops/topk_topp_sampler.py``
.. [2] ``v1/sample/logits_processor/builtin.py``
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import lazy_loader
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Floats, as_count, as_temperature, real_array, real_number
from .core import shift

# What has moved is still found here: on first use, since it imports this module.
__getattr__, _, _ = lazy_loader.attach(
    __package__, submod_attrs={"draws": ["dice", "gumbel_draws", "landings"]}
)

Mask = NDArray[np.bool_]
# What misses a boundary by no more than the rounding of a logarithm has reached it: the nucleus of
# 0.4, 0.3, 0.2 and 0.1 at p = 0.7 is the first two, however their logarithms were rounded. Two
# float32 logits below 16 differ by up to 9.6e-7 more or less than what they were rounded from.
_SLACKS = {"float32": 1e-6, "float64": 1e-12}
# So many logits and what is worked out from them fit into a processor's cache.
_BLOCK = 16_384
_BINS = 4_096


def temper(logits: ArrayLike, temperature: ArrayLike) -> Floats:
    r"""Divide logits by a temperature, so that their softmax is that of the temperature.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        Scores before normalisation, in natural-log units. ``-inf`` masks a token.
    temperature : float or array_like, shape (...,)
        From 0 to infinity, one for all rows of logits or one for each.

    Returns
    -------
    ndarray, of the shape of `logits`
        0 for the largest logit, below it for the others: float32 for float32 logits, otherwise
        float64. At temperature 0 all but the leaders are masked, at ``inf`` unmasked tokens get 0.

    Raises
    ------
    TypeError, ValueError
        If `softmax` would refuse `logits` or a temperature, or if there is not one temperature for
        each row.

    Warns
    -----
    UserWarning
        If a row of `logits` looks like probabilities: none is negative, three or more lie between 0
        and 1, and they sum to 1.

    Notes
    -----
    .. math:: x_i \mapsto \frac{x_i - m}{T}, \qquad m = \max_j x_j

    The engines do not shift: softmax makes no difference of it, and neither does any truncation.
    What is too far below the largest logit for a float becomes ``-inf``. At temperature 0 llama.cpp
    and vLLM keep one of tied leaders, and Hugging Face refuses it. vLLM raises what lies between 0
    and 0.01 to 0.01, and refuses more than 2 since June 2026.

    References
    ----------
    .. [1] D. H. Ackley, G. E. Hinton and T. J. Sejnowski, "A learning algorithm for Boltzmann
       machines", Cognitive Science 9(1), 1985. doi:10.1207/s15516709cog0901_7

    Examples
    --------
    >>> temper([5.0, 4.5, 3.0], 2.0)
    array([ 0.  , -0.25, -1.  ])
    >>> temper([[5.0, 4.5, 3.0], [5.0, 4.5, 3.0]], [0, 0.5])
    array([[  0., -inf, -inf],
           [  0.,  -1.,  -4.]])
    """
    stops = as_row_temperatures(temperature, "temperature")
    values = shift(checked(logits))
    scale(values, stops)
    return values


def scale(values: Floats, temperature: ArrayLike) -> None:
    """Shift logits so that their largest is 0, and divide them by a temperature, in place.

    There is one temperature, or one for each row.
    """
    stops = np.asarray(temperature, np.float64)
    if stops.ndim and stops.shape != values.shape[:-1]:
        raise ValueError(
            f"temperature must be one number or one a row, got shape {stops.shape} for logits of "
            f"shape {values.shape}"
        )
    stops = stops[..., np.newaxis]
    values -= values.max(axis=-1, keepdims=True)
    limits = np.finfo(values.dtype)
    with np.errstate(all="ignore"):
        if limits.tiny <= 1 / stops.max() and 1 / stops.min() <= limits.max:
            # As softmax does it, to the last bit.
            values *= (1 / stops).astype(values.dtype)
            return
        # What would be 0 / 0 or inf / inf stays. A sum with 0 makes -0.0 a 0.
        moves = (values < 0) & (values > -np.inf)
        options: dict[str, Any] = {"dtype": np.float64, "casting": "same_kind"}
        np.divide(values, stops, out=values, where=moves, **options)
        values += 0


def top_k(logits: ArrayLike, k: int) -> Floats:
    r"""Keep the k largest logits and mask all others.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        Scores before normalisation, in natural-log units. ``-inf`` masks a token.
    k : int
        At least 1. Where there are no more tokens, all are kept.

    Returns
    -------
    ndarray, of the shape of `logits`
        The logits that are kept, as they were, and ``-inf`` for what is cut: float32 for float32
        logits, otherwise float64.

    Raises
    ------
    TypeError, ValueError
        If `softmax` would refuse `logits`, or if `k` is not a whole number of at least 1.

    Warns
    -----
    UserWarning
        As for `temper`.

    Notes
    -----
    Kept is :math:`x_i \ge x_{(k)}`, the k-th largest logit: all tokens that are tied for it, as in
    Hugging Face and vLLM. llama.cpp keeps exactly k.

    References
    ----------
    .. [1] A. Fan, M. Lewis and Y. Dauphin, "Hierarchical neural story generation", ACL 2018.
       doi:10.18653/v1/P18-1082

    Examples
    --------
    >>> top_k([5.0, 2.2, 4.5, 3.0], 2)
    array([ 5. , -inf,  4.5, -inf])
    """
    return _cut(checked(logits), "top_k", k, "k")


def _as_k(value: Any, name: str) -> int:
    return as_count(value, name, 1, ": leave the step out to keep all tokens")


def _keeps_top_k(rows: Floats, k: int, _slack: float) -> Mask:
    if k >= rows.shape[-1]:
        return np.ones(rows.shape, bool)
    some = rows
    if len(rows) == 1 and k < rows.size // 64:
        # Each of so many groups has a value of at least this, so that the k largest are among some.
        groups = rows[0, : rows.size // 64 * 64].reshape(64, -1).max(axis=0)
        some = rows[rows >= np.partition(groups, -k)[-k]][np.newaxis]
    kept: Mask = rows >= np.partition(some, -k, axis=-1)[:, [-k]]
    return kept


def top_p(logits: ArrayLike, p: float) -> Floats:
    r"""Keep the nucleus: the fewest likeliest tokens whose probabilities add up to at least p.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    p : float
        Above 0 and at most 1: a share of the probability, not of the tokens. 1 keeps all.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    Kept are the n likeliest tokens with the smallest n such that

    .. math:: p_{(1)} + \dots + p_{(n)} \ge p,

    up to a relative rounding: 1e-6 for float32 logits, otherwise 1e-12. float16 logits are widened,
    as the engines do it, and then taken as the exact numbers that they are: they miss by up to 1e-3
    what they were rounded from. Of tokens that are tied at the cut, the first in their order are
    kept. The engines have the same rule: Hugging Face and vLLM sort from below and cut while
    the sum is at most 1 - p, llama.cpp sorts from above. Which of tied tokens they cut their sort
    decides.

    References
    ----------
    .. [1] A. Holtzman, J. Buys, L. Du, M. Forbes and Y. Choi, "The curious case of neural text
       degeneration", ICLR 2020. arXiv:1904.09751

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> softmax(top_p(np.log([0.1, 0.2, 0.3, 0.4]), 0.7)).round(3)
    array([0.   , 0.   , 0.429, 0.571])
    """
    return _cut(checked(logits), "top_p", p, "p")


def _keeps_top_p(rows: Floats, p: float, slack: float) -> Mask:
    if p == 1:
        return np.ones(rows.shape, bool)
    some, top, total = rows, rows.max(axis=-1, keepdims=True), _total(rows)
    if len(rows) == 1:
        # All tokens that lie lower than this have a mass of less than 1 - p together.
        some = rows[_at_least(rows, np.log((1 - p) * total / rows.size), slack)][np.newaxis]
    falling = -np.sort(-some, axis=-1)
    last = _reach(falling - top, p * total, slack)
    lowest = np.take_along_axis(falling, last, axis=-1)
    kept: Mask = rows >= lowest
    surplus = kept.sum(axis=-1, keepdims=True) - (last + 1)
    if surplus.any():
        tied = rows == lowest
        kept &= ~tied | (tied.cumsum(axis=-1) <= tied.sum(axis=-1, keepdims=True) - surplus)
    return kept


def min_p(logits: ArrayLike, p: float) -> Floats:
    r"""Keep the tokens that are at least p times as likely as the likeliest.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    p : float
        Above 0 and at most 1, which keeps the leaders alone.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    Kept is :math:`p_i \ge p \cdot p_\mathrm{max}`, which is :math:`x_i \ge x_\mathrm{max} + \ln p`,
    up to the rounding that `top_p` names: no sum over all tokens is needed. The engines have the
    same rule; llama.cpp compares logits, Hugging Face and vLLM probabilities. Whether min-p makes
    better texts than top-p is disputed [2]_.

    References
    ----------
    .. [1] N. N. Minh and others, "Turning up the heat: min-p sampling for creative and coherent LLM
       outputs", ICLR 2025. arXiv:2407.01082
    .. [2] R. Schaeffer, J. Kazdan and Y. Denisov-Blanch, "Min-p, max exaggeration: a critical
       analysis of min-p sampling in language models", 2025. arXiv:2506.13681

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> softmax(min_p(np.log([0.1, 0.2, 0.3, 0.4]), 0.51)).round(3)
    array([0.   , 0.   , 0.429, 0.571])
    """
    return _cut(checked(logits), "min_p", p, "p")


def _keeps_min_p(rows: Floats, p: float, slack: float) -> Mask:
    return _at_least(rows, np.log(p), slack)


def typical_p(logits: ArrayLike, p: float) -> Floats:
    r"""Keep the tokens whose surprise is closest to the expected one, with a mass of at least p.

    Where the likeliest token surprises much less than one expects, it is cut.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    p : float
        Above 0 and at most 1: a share of the probability. 1 keeps all.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    In order of the distance between a token's surprise and the entropy,

    .. math:: \left| -\ln p_i - H \right|, \qquad H = -\sum_j p_j \ln p_j,

    kept are all tokens through the one with which their mass reaches p, and those at the same
    distance, both up to the rounding that `top_p` names. So does Hugging Face; llama.cpp asks for
    more than p, and cuts between tokens at the same distance.

    References
    ----------
    .. [1] C. Meister, T. Pimentel, G. Wiher and R. Cotterell, "Locally typical sampling", TACL 11,
       2023. doi:10.1162/tacl_a_00536

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> softmax(typical_p(np.log([0.4, 0.2, 0.2, 0.2]), 0.5)).round(3)
    array([0.   , 0.333, 0.333, 0.333])
    """
    return _cut(checked(logits), "typical_p", p, "p")


def _keeps_typical_p(rows: Floats, p: float, slack: float) -> Mask:
    if p == 1:
        return np.ones(rows.shape, bool)
    shifted, total = rows - rows.max(axis=-1, keepdims=True), _total(rows)
    distances = abs(np.log(total) - _entropy(rows, total) - shifted)
    if len(rows) == 1:
        furthest = _reach_in_bins(shifted[0], distances[0], p * total[0], slack)
    else:
        order = np.argsort(distances, axis=-1)
        last = _reach(np.take_along_axis(shifted, order, axis=-1), p * total, slack)
        furthest = np.take_along_axis(distances, np.take_along_axis(order, last, axis=-1), axis=-1)
    kept: Mask = distances <= furthest + slack
    return kept


def top_n_sigma(logits: ArrayLike, n: float) -> Floats:
    r"""Keep the logits within n standard deviations of the largest, the same at any temperature.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    n : float
        Above 0 and finite.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    Kept is :math:`x_i \ge x_\mathrm{max} - n \sigma`, up to the rounding that `top_p` names, with
    the population's standard deviation :math:`\sigma` of all unmasked logits. A temperature scales
    both sides. Of the three engines llama.cpp alone has it.

    References
    ----------
    .. [1] C. Tang, J. Liu, H. Xu and L. Huang, "Top-nσ: not all logits are you need", 2024.
       arXiv:2411.07641

    Examples
    --------
    >>> top_n_sigma([5.0, 2.2, 4.5, 3.0], 1.0)
    array([ 5. , -inf,  4.5, -inf])
    """
    return _cut(checked(logits), "top_n_sigma", n, "n")


def _keeps_top_n_sigma(rows: Floats, n: float, slack: float) -> Mask:
    unmasked = rows > -np.inf
    count = unmasked.sum(axis=-1, keepdims=True)
    gaps = np.where(unmasked, rows - rows.max(axis=-1, keepdims=True), 0).astype(np.float64)
    # Scaled, so that no square overflows.
    widest = np.maximum(-gaps.min(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
    gaps /= widest
    gaps -= gaps.sum(axis=-1, keepdims=True) / count
    gaps *= unmasked
    deviation = widest * np.sqrt((gaps**2).sum(axis=-1, keepdims=True) / count)
    return _at_least(rows, -n * deviation, slack)


def epsilon_cutoff(logits: ArrayLike, epsilon: float) -> Floats:
    r"""Cut the tokens that are less likely than epsilon, but never the likeliest.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    epsilon : float
        Above 0 and at most 1: a probability. The paper suggests 3e-4 to 9e-4.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    Cut is :math:`p_i < \epsilon`, up to the rounding that `top_p` names. Where no token passes all
    leaders stay, as in Hugging Face; llama.cpp and vLLM do not have it.

    References
    ----------
    .. [1] J. Hewitt, C. D. Manning and P. Liang, "Truncation sampling as language model
       desmoothing", Findings of EMNLP 2022. arXiv:2210.15191

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> softmax(epsilon_cutoff(np.log([0.1, 0.2, 0.3, 0.4]), 0.25)).round(3)
    array([0.   , 0.   , 0.429, 0.571])
    """
    return _cut(checked(logits), "epsilon_cutoff", epsilon, "epsilon")


def _keeps_epsilon_cutoff(rows: Floats, epsilon: float, slack: float) -> Mask:
    return _at_least(rows, np.log(epsilon) + np.log(_total(rows)), slack)


def eta_cutoff(logits: ArrayLike, eta: float) -> Floats:
    r"""Cut the tokens below a probability that falls with the entropy, but never the likeliest.

    Parameters
    ----------
    logits : array_like, shape (..., n_tokens)
        As for `top_k`.
    eta : float
        Above 0 and at most 1: the highest such probability. The paper calls it epsilon, and
        suggests 3e-4 to 2e-3.

    Result, errors and warning are those of `top_k`.

    Notes
    -----
    Cut is

    .. math:: p_i < \min\left(\eta, \sqrt{\eta} \, e^{-H}\right), \qquad H = -\sum_j p_j \ln p_j,

    up to the rounding that `top_p` names. Where no token passes all leaders stay, as in Hugging
    Face; llama.cpp and vLLM do not have it.

    References
    ----------
    .. [1] J. Hewitt, C. D. Manning and P. Liang, "Truncation sampling as language model
       desmoothing", Findings of EMNLP 2022. arXiv:2210.15191

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> softmax(eta_cutoff(np.log([0.1, 0.2, 0.3, 0.4]), 0.5)).round(3)
    array([0.   , 0.222, 0.333, 0.444])
    """
    return _cut(checked(logits), "eta_cutoff", eta, "eta")


def _keeps_eta_cutoff(rows: Floats, eta: float, slack: float) -> Mask:
    total = _total(rows)
    log_share = np.minimum(np.log(eta), np.log(eta) / 2 - _entropy(rows, total))
    return _at_least(rows, log_share + np.log(total), slack)


def checked(logits: ArrayLike) -> Floats:
    """Return logits as floats, and warn its caller's caller where they look like probabilities."""
    values = real_array(logits, "logits")
    if values.min() >= 0:
        between = ((values > 0) & (values < 1)).sum(axis=-1)
        if ((between >= 3) & (abs(values.sum(axis=-1) - 1) <= 1e-3)).any():
            warnings.warn(
                "logits look like probabilities, since they sum to 1: "
                "give logits, such as np.log(probabilities)",
                stacklevel=3,
            )
    return values


def as_row_temperatures(value: ArrayLike, name: str) -> Any:
    """Check that a value is a temperature or an array of them, and return a float or an array."""
    if not isinstance(value, (list, tuple)) and np.ndim(value) == 0:
        return as_temperature(value, name)
    stops = real_array(value, name).astype(np.float64)
    for stop in stops[~(stops >= 0)][:1]:
        as_temperature(stop, name)
    return abs(stops)


def _as_decimal(value: Any, name: str) -> float:
    """Return a number; a float32 stands for the decimal number that it is written as."""
    number = real_number(value, name)
    return float(str(value)) if isinstance(value, (np.float32, np.float16)) else number


def _as_share(value: Any, name: str) -> float:
    number = _as_decimal(value, name)
    if not 0 < number <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {number}")
    return number


def _as_n(value: Any, name: str) -> float:
    number = _as_decimal(value, name)
    if not 0 < number < np.inf:
        raise ValueError(f"{name} must be above 0 and finite, got {number}")
    return number


class Truncation(NamedTuple):
    """Which values a truncation takes, and which logits of some rows it keeps, up to a slack."""

    check: Callable[[Any, str], Any]
    keeps: Callable[[Floats, Any, float], Mask]


TRUNCATIONS = {
    "top_k": Truncation(_as_k, _keeps_top_k),
    "top_p": Truncation(_as_share, _keeps_top_p),
    "min_p": Truncation(_as_share, _keeps_min_p),
    "typical_p": Truncation(_as_share, _keeps_typical_p),
    "top_n_sigma": Truncation(_as_n, _keeps_top_n_sigma),
    "epsilon_cutoff": Truncation(_as_share, _keeps_epsilon_cutoff),
    "eta_cutoff": Truncation(_as_share, _keeps_eta_cutoff),
}


def slack_of(logits: Floats) -> float:
    """Return by how much, in relation, logits may miss a boundary that they have reached."""
    return _SLACKS[logits.dtype.name]


def keeps(values: Floats, truncation: str, knob: Any, slack: float) -> Mask:
    """Return which logits a truncation keeps, where softmax accepts them.

    Some rows at a time: what fits into the processor's cache is not fetched again.
    """
    rows = values.reshape(-1, values.shape[-1])
    size = max(_BLOCK // rows.shape[-1], 1)
    with np.errstate(over="ignore", under="ignore"):
        masks = [
            TRUNCATIONS[truncation].keeps(rows[start : start + size], knob, slack)
            for start in range(0, len(rows), size)
        ]
    return np.concatenate(masks).reshape(values.shape)


def _cut(values: Floats, truncation: str, knob: Any, name: str) -> Floats:
    knob = TRUNCATIONS[truncation].check(knob, name)
    shift(values)
    kept = keeps(values, truncation, knob, slack_of(values))
    return np.where(kept, values, values.dtype.type(-np.inf))


def _at_least(rows: Floats, lowest: Any, slack: float) -> Mask:
    """Return which logits are at most so far below the largest, up to a slack.

    The distance is 0 or negative: the largest is always among them.
    """
    lowest = np.minimum(lowest - slack * np.maximum(abs(lowest), 1), 0)
    return np.concatenate([block >= lowest for block in _shifted_blocks(rows)], axis=-1)


def _total(rows: Floats) -> NDArray[np.float64]:
    """Return the sum of all weights, a row each."""
    total = np.zeros((len(rows), 1))
    for block in _shifted_blocks(rows):
        total += np.exp(block, dtype=np.float64).sum(axis=-1, keepdims=True)
    return total


def _entropy(rows: Floats, total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy in natural logarithms, a row each."""
    gaps = np.zeros((len(rows), 1))
    for block in _shifted_blocks(rows):
        # Of a masked token 0 times a finite number, not 0 times infinity.
        finite = np.maximum(block, np.finfo(block.dtype).min)
        gaps -= (np.exp(block, dtype=np.float64) * finite).sum(axis=-1, keepdims=True)
    entropy: NDArray[np.float64] = np.log(total) + gaps / total
    return entropy


def _shifted_blocks(rows: Floats) -> Iterator[Floats]:
    """Go through logits minus the largest of their row, some columns at a time."""
    top = rows.max(axis=-1, keepdims=True)
    for start in range(0, rows.shape[-1], _BLOCK):
        yield rows[:, start : start + _BLOCK] - top


def _reach(rows: Floats, goal: NDArray[np.float64], slack: float) -> NDArray[np.intp]:
    """Return the first position up to which weights sum to a goal, up to a slack, a row each."""
    masses = np.exp(rows, dtype=np.float64).cumsum(axis=-1)
    before = (masses < goal * (1 - slack)).sum(axis=-1, keepdims=True)
    last: NDArray[np.intp] = np.minimum(before, rows.shape[-1] - 1)
    return last


def _reach_in_bins(row: Floats, distances: Floats, goal: NDArray[np.float64], slack: float) -> Any:
    """Return the distance up to which weights sum to a goal, up to a slack, and sort only a few.

    The distances' order matters only in that of many bins in which the goal is reached.
    """
    widest = distances.max(initial=0, where=distances < np.inf) or 1
    bins = np.minimum(distances / widest * _BINS, _BINS).astype(np.intp)
    masses = np.bincount(bins, np.exp(row, dtype=np.float64)).cumsum()
    edge = min(int(np.searchsorted(masses, goal[0] * (1 - slack))), len(masses) - 1)
    inside = np.flatnonzero(bins == edge)
    inside = inside[np.argsort(distances[inside])]
    last = _reach(row[np.newaxis, inside], goal - (masses[edge - 1] if edge else 0), slack)
    return distances[inside[last[0, 0]]]
