"""An engine's sampler: truncation and temperature in order, and seeded draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from .checks import Floats, as_count, as_temperature, as_temperatures, short
from .core import TokenTable, likeliest, softmax
from .sampling import (
    as_k,
    as_n,
    as_row_temperatures,
    as_share,
    checked,
    cut_epsilon,
    cut_eta,
    dice,
    keep_k,
    keep_min_p,
    keep_n_sigma,
    keep_p,
    keep_typical,
    landings,
    tempered,
)

Step = tuple[str, Any]


class _Kind(NamedTuple):
    check: Callable[[Any, str], Any]
    act: Callable[[Floats, Any], Floats]
    # What engines write for a step that is off, besides None.
    off: float | None


def _as_temperatures(value: Any, name: str) -> float | tuple[float, ...]:
    if np.ndim(value) == 0:
        return as_temperature(value, name)
    return tuple(as_temperatures(value).tolist())


def _temper(values: Floats, temperature: float | tuple[float, ...]) -> Floats:
    return tempered(values, as_row_temperatures(temperature, values.shape[:-1]))


_KINDS = {
    "temperature": _Kind(_as_temperatures, _temper, None),
    "top_k": _Kind(lambda value, name: as_k(value), keep_k, 0),
    "top_p": _Kind(as_share, keep_p, None),
    "min_p": _Kind(as_share, keep_min_p, 0),
    "typical_p": _Kind(as_share, keep_typical, None),
    "top_n_sigma": _Kind(lambda value, name: as_n(value), keep_n_sigma, 0),
    "epsilon_cutoff": _Kind(as_share, cut_epsilon, 0),
    "eta_cutoff": _Kind(as_share, cut_eta, 0),
}
_PRESETS: dict[str, dict[str, float | None]] = {
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


class SamplerChain:
    """Hold the steps from logits to the distribution that is drawn from, in their order."""

    __slots__ = ("steps",)
    steps: tuple[Step, ...]

    def __init__(self, steps: Iterable[Step]) -> None:
        object.__setattr__(self, "steps", tuple(_as_step(step) for step in steps))

    @classmethod
    def preset(cls, name: str, **values: Any) -> SamplerChain:
        if name not in _PRESETS:
            raise ValueError(f"name must be one of {', '.join(_PRESETS)}, got {short(name)}")
        steps = dict(_PRESETS[name])
        for key, value in values.items():
            if key not in steps:
                raise ValueError(f"{name} has the steps {', '.join(steps)}, got {short(key)}")
            off = _KINDS[key].off
            steps[key] = None if value is None or (off is not None and value == off) else value
        return cls((key, value) for key, value in steps.items() if value is not None)

    def __call__(self, logits: ArrayLike) -> Floats:
        values = checked(logits)
        for name, value in self.steps:
            values = _KINDS[name].act(values, value)
        return values

    def probabilities(self, logits: ArrayLike) -> Floats:
        return softmax(self(logits))

    def after_each(self, logits: ArrayLike) -> list[tuple[Step, Floats]]:
        values = checked(logits)
        result = []
        for name, value in self.steps:
            values = _KINDS[name].act(values, value)
            result.append(((name, value), softmax(values)))
        return result

    def at(self, temperature: ArrayLike) -> SamplerChain:
        return self.replace("temperature", temperature)

    def replace(self, name: str, value: Any) -> SamplerChain:
        places = [place for place, step in enumerate(self.steps) if step[0] == name]
        if len(places) != 1:
            raise ValueError(f"the chain must have one step {short(name)}, it has {len(places)}")
        steps = list(self.steps)
        steps[places[0] : places[0] + 1] = [] if value is None else [(name, value)]
        return SamplerChain(steps)

    def draw(self, table: TokenTable, n: int = 1, seed: int = 21) -> list[str]:
        logits = self(table.logits.astype(np.float64))
        numbers = dice(as_count(seed, "seed", 0), as_count(n, "n", 1))
        order = likeliest(logits, len(logits))
        return [table.tokens[position] for position in order[landings(logits, [1.0], numbers)[0]]]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a SamplerChain cannot be changed: make a new one to set {name}")

    __delattr__: Any = __setattr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SamplerChain):
            return NotImplemented
        return self.steps == other.steps

    def __hash__(self) -> int:
        return hash(self.steps)

    def __reduce__(self) -> tuple[Any, ...]:
        return SamplerChain, (self.steps,)

    def __repr__(self) -> str:
        return f"SamplerChain({list(self.steps)})"


def _as_step(step: Any) -> Step:
    try:
        name, value = step
    except (TypeError, ValueError):
        raise TypeError(f"a step must be a pair of name and value, got {short(step)}") from None
    if name not in _KINDS:
        raise ValueError(f"a step must be one of {', '.join(_KINDS)}, got {short(name)}")
    return name, _KINDS[name].check(value, name)
