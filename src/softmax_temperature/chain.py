"""A sampler as an engine runs it: temperature and truncation in an order, and seeded draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from .checks import Floats, as_count, short
from .core import TokenTable, check_table, likeliest, shift
from .draws import as_draws, dice, landings
from .sampling import TRUNCATIONS, as_row_temperatures, checked, keeps, scale, slack_of

Step = tuple[str, Any]
# The steps of each engine in its order. Those without a value are off.
PRESETS: dict[str, dict[str, Any]] = {
    "huggingface": {
        "temperature": 1.0,
        "top_k": 50,
        "top_p": None,
        "min_p": None,
        "typical_p": None,
        "epsilon_cutoff": None,
        "eta_cutoff": None,
    },
    "llama.cpp": {
        "top_n_sigma": None,
        "top_k": 40,
        "typical_p": None,
        "top_p": 0.95,
        "min_p": 0.05,
        "temperature": 0.8,
    },
    "vllm": {"temperature": 1.0, "min_p": None, "top_k": None, "top_p": None},
}
_CHECKS = {"temperature": as_row_temperatures} | {
    name: truncation.check for name, truncation in TRUNCATIONS.items()
}
# What the engines write for a step that is off.
OFF = {
    "top_k": (0, -1),
    "top_p": (1,),
    "min_p": (0,),
    "typical_p": (1,),
    "top_n_sigma": (0, -1),
    "epsilon_cutoff": (0,),
    "eta_cutoff": (0,),
}


class SamplerChain:
    """Hold the steps from logits to the distribution that is drawn from, unchangeable, in order.

    Each step takes logits and returns masked logits, so that the order matters: a temperature
    before top-p changes which tokens are kept, one after it does not.

    Parameters
    ----------
    steps : iterable of (str, value)
        Names and values, the first step first: ``"temperature"`` (see `temper`), or a function that
        truncates, `top_k`, `top_p`, `min_p`, `typical_p`, `top_n_sigma`, `epsilon_cutoff` or
        `eta_cutoff`, each with the value it takes. A temperature can also be a sequence with one
        for each row of logits. A step may come twice: two temperatures in a row act like their
        product. Leave out a step that is off.

    Attributes
    ----------
    steps : tuple of (str, value)

    Raises
    ------
    TypeError, ValueError
        If a step is not such a pair, is not known, or has a value that its function refuses.

    Examples
    --------
    >>> logits = [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]
    >>> first = SamplerChain([("temperature", 1.5), ("top_p", 0.8)])
    >>> last = SamplerChain([("top_p", 0.8), ("temperature", 1.5)])
    >>> first.probabilities(logits).round(3)
    array([0.455, 0.   , 0.   , 0.326, 0.12 , 0.098])
    >>> last.probabilities(logits).round(3)
    array([0.583, 0.   , 0.   , 0.417, 0.   , 0.   ])
    """

    __slots__ = ("steps",)
    steps: tuple[Step, ...]

    def __init__(self, steps: Iterable[Step]) -> None:
        if not isinstance(steps, Iterable):
            raise TypeError(f"steps must be pairs of a name and a value, got {short(steps)}")
        object.__setattr__(self, "steps", tuple(_as_step(step) for step in steps))

    @classmethod
    def preset(cls, name: str, **values: Any) -> SamplerChain:
        """Return the steps of an engine in its order, with its defaults or with other values.

        Parameters
        ----------
        name : {"huggingface", "llama.cpp", "vllm"}
            See the notes.
        **values
            Values of some steps, such as ``temperature=2.0``. None switches a step off, and so does
            what the engines write for it: 0 or -1 for `top_k` and `top_n_sigma`, 1 for `top_p` and
            `typical_p`, 0 for `min_p`, `epsilon_cutoff` and `eta_cutoff`. A `temperature` of 0 is
            not off, but greedy.

        Raises
        ------
        TypeError, ValueError
            If there is no such engine, if it has no such step, or if a value is refused.

        Notes
        -----
        ``"huggingface"``: temperature 1 → top-k 50 → top-p → min-p → typical → epsilon → eta [1]_.
        Even plain sampling at temperature 1 is truncated there. Its ``generate`` samples only with
        ``do_sample=True``, and is greedy otherwise.

        ``"llama.cpp"``: top-nσ → top-k 40 → typical → top-p 0.95 → min-p 0.05 → temperature 0.8
        [2]_. The temperature comes last and changes nothing of what is kept.

        ``"vllm"``: temperature 1 → min-p → top-k → top-p [3]_. It raises a temperature between 0
        and 0.01 to 0.01 and, since June 2026, refuses one above 2; here both stay as they are
        written. Only 0 is greedy.

        What else they have (top-h, penalties, DRY, XTC, adaptive-p) is off by default. A model's
        own settings change the defaults: its ``generation_config.json`` in the first and the last,
        ``general.sampling`` of its file in llama.cpp [4]_. Not every engine has one order: Ollama's
        is llama.cpp's for GGUF files and another for MLX, and SGLang applies top-k and top-p
        jointly.

        References
        ----------
        .. [1] huggingface/transformers, ``GenerationMixin._get_logits_processor`` in
           ``generation/utils.py`` and ``generation/configuration_utils.py``, 5.24 of November 2026.
        .. [2] ggml-org/llama.cpp, ``common_params_sampling`` in ``common/common.h`` at 001d906.
        .. [3] vllm-project/vllm, ``vllm/v1/sample/sampler.py`` and ``vllm/sampling_params.py``,
           0.24 of mid-2026; pull request 44965.
        .. [4] ggml-org/llama.cpp, pull request 17120, 2025.

        Examples
        --------
        >>> SamplerChain.preset("llama.cpp", temperature=2.0, min_p=None)
        SamplerChain([('top_k', 40), ('top_p', 0.95), ('temperature', 2.0)])
        """
        if not isinstance(name, str) or name not in PRESETS:
            raise ValueError(f"name must be one of {', '.join(PRESETS)}, got {short(name)}")
        steps = dict(PRESETS[name])
        for key in values:
            if key not in steps:
                raise ValueError(f"{name} has no step {short(key)}, but {', '.join(steps)}")
        return cls(item for item in (steps | values).items() if not _is_off(*item))

    def __call__(self, logits: ArrayLike) -> Floats:
        """Return logits after all steps, with ``-inf`` for what is cut.

        Shapes, dtypes, errors and warning are those of `top_k`.

        Examples
        --------
        >>> SamplerChain([("top_k", 2), ("temperature", 0.5)])([5.0, 4.5, 3.0])
        array([  0.,  -1., -inf])
        """
        return self._run(checked(logits))

    def probabilities(self, logits: ArrayLike) -> Floats:
        """Return the distribution that is drawn from: the softmax of the logits after all steps."""
        return _softmax(self._run(checked(logits)))

    def after_each(self, logits: ArrayLike) -> list[tuple[Step, Floats]]:
        """Return each step with the distribution after it.

        Examples
        --------
        >>> chain = SamplerChain([("top_k", 2), ("temperature", 2.0)])
        >>> for step, probabilities in chain.after_each([5.0, 4.5, 3.0]):
        ...     print(step, probabilities.round(3))
        ('top_k', 2) [0.622 0.378 0.   ]
        ('temperature', 2.0) [0.562 0.438 0.   ]
        """
        masked = checked(logits)
        rows = []
        for step in self.steps:
            masked = SamplerChain([step])._run(masked)
            rows.append((step, _softmax(masked.copy())))
        return rows

    def at(self, temperature: ArrayLike) -> SamplerChain:
        """Return the same chain at another temperature, or with one temperature for each row.

        Raises
        ------
        TypeError, ValueError
            If the chain has no temperature or more than one, since where it acts matters, or if
            `temperature` is refused.

        Examples
        --------
        >>> SamplerChain([("top_p", 0.9), ("temperature", 1.0)]).at(2.0)
        SamplerChain([('top_p', 0.9), ('temperature', 2.0)])
        """
        return self.replace("temperature", temperature)

    def replace(self, name: str, value: Any) -> SamplerChain:
        """Return the same chain with another value of one step, or without it for None.

        Other values that switch a step off, and errors, are those of `preset` and `at`.

        Examples
        --------
        >>> chain = SamplerChain([("temperature", 0.8), ("top_k", 40)])
        >>> chain.replace("top_k", 10)
        SamplerChain([('temperature', 0.8), ('top_k', 10)])
        >>> chain.replace("top_k", None)
        SamplerChain([('temperature', 0.8)])
        """
        names = [step[0] for step in self.steps]
        if names.count(name) != 1:
            raise ValueError(
                f"a chain must have one step {short(name)} for another value of it, got "
                f"{names.count(name)} in {short(self, 200)}: make a new chain"
            )
        place = names.index(name)
        new = [] if _is_off(name, value) else [(name, value)]
        return SamplerChain([*self.steps[:place], *new, *self.steps[place + 1 :]])

    def draw(self, table: TokenTable, n: int = 1, seed: int = 21) -> list[str]:
        """Draw n tokens of a table, by numpy's default generator.

        The tokens lie side by side in order of likelihood, and the same seed throws the same dice
        on them whatever the chain.

        Raises
        ------
        TypeError, ValueError
            If `table` is not a TokenTable, `n` not a whole number from 1 to 10,000,000, or `seed`
            not one of at least 0; if a step has a temperature for each row.

        Examples
        --------
        >>> table = TokenTable(["day", "problem", "lava"], [5.0, 3.0, 2.0])
        >>> SamplerChain([("temperature", 2.0), ("top_k", 2)]).draw(table, 5)
        ['problem', 'day', 'day', 'day', 'day']
        """
        check_table(table)
        numbers = dice(as_count(seed, "seed", 0), as_draws(n))
        checked(table.logits)
        logits = masked_logits(self, table)
        order = likeliest(logits, len(logits))
        return [table.tokens[place] for place in order[landings(logits, [1.0], numbers)[0]]]

    def _run(self, logits: Floats, slack: float | None = None) -> Floats:
        # Only to refuse what softmax refuses.
        shift(logits)
        slack = slack_of(logits) if slack is None else slack
        values = logits.copy()
        for name, value in self.steps:
            if name == "temperature":
                scale(values, value)
            else:
                np.copyto(values, -np.inf, where=~keeps(values, name, value, slack))
        return values

    def __iter__(self) -> Iterator[Step]:
        """Go through the steps."""
        return iter(self.steps)

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.steps)

    def __setattr__(self, name: str, *value: Any) -> NoReturn:
        """Refuse any change."""
        raise AttributeError(f"a SamplerChain cannot be changed: make a new one to set {name}")

    __delattr__: Any = __setattr__

    def __eq__(self, other: object) -> bool:
        """Compare names and values of the steps, in order."""
        return self.steps == other.steps if isinstance(other, SamplerChain) else NotImplemented

    def __hash__(self) -> int:
        """Give equal chains one hash."""
        return hash(self.steps)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the steps."""
        return SamplerChain, (self.steps,)

    def __repr__(self) -> str:
        """Show the steps as they are written."""
        text = ", ".join(f"({name!r}, {_text(value)})" for name, value in self.steps)
        return f"SamplerChain([{text}])"


def masked_logits(chain: SamplerChain, table: TokenTable) -> Floats:
    """Return a table's logits after all steps in float64, cut with the slack of their own dtype."""
    return chain._run(table.logits.astype(np.float64), slack_of(table.logits))


def _as_step(step: Any) -> Step:
    try:
        name, value = step
    except (TypeError, ValueError):
        raise TypeError(
            f"a step must be a pair such as ('top_p', 0.9), got {short(step)}"
        ) from None
    if not isinstance(name, str) or name not in _CHECKS:
        raise ValueError(f"a step must be one of {', '.join(_CHECKS)}, got {short(name)}")
    value = _CHECKS[name](value, name)
    if isinstance(value, np.ndarray):
        if value.ndim > 1:
            raise ValueError(f"{name} must be one number or a row, got shape {value.shape}")
        value = tuple(value.tolist())
    return name, value


def _is_off(name: str, value: Any) -> bool:
    # False and True are no numbers here, though they equal 0 and 1.
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return value is None or (number and value in OFF.get(name, ()))


def _softmax(masked: Floats) -> Floats:
    """Turn logits into probabilities, in place."""
    masked -= masked.max(axis=-1, keepdims=True)
    kept = masked > -np.inf
    with np.errstate(under="ignore"):
        if masked.ndim > 1 or np.count_nonzero(kept) > len(masked) / 4:
            np.exp(masked, out=masked)
            masked /= masked.sum(axis=-1, keepdims=True, dtype=np.float64)
            return masked
        # Where much is masked, to pick out the rest is faster than exponentials of infinity.
        places = np.flatnonzero(kept)
        weights = np.exp(masked[places])
        masked.fill(0)
        masked[places] = weights / weights.sum(dtype=np.float64)
    return masked


def _text(value: Any) -> str:
    """Return the code of a value. The name inf alone would need an import."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
    return "float('inf')" if value == np.inf else repr(value)
