"""A sampler's steps as the state of an explorer has them, and the knobs of its cuts."""

from __future__ import annotations

from typing import Any

from ..chain import SamplerChain
from ..checks import short
from .data import Knob

_SHARES: list[float | None] = [i / 20 for i in range(1, 20)]
_SMALL: list[float | None] = [None, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1]
_SIGMAS: list[float | None] = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 8, None]
_COUNTS = [1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 40, 50, 75, 100, 300, 1000, 3000, 10000]
# Where a knob is off it stands at the end where least is cut.
KNOBS: dict[str, Knob] = {
    "top_p": {"stops": [*_SHARES, None], "usual": 0.9},
    "top_k": {"stops": [*_COUNTS, None], "usual": 40},
    "min_p": {"stops": [None, 0.01, 0.02, *_SHARES[:-1]], "usual": 0.1},
    "typical_p": {"stops": [*_SHARES, None], "usual": 0.9},
    "top_n_sigma": {"stops": _SIGMAS, "usual": 1},
    "epsilon_cutoff": {"stops": _SMALL, "usual": 3e-4},
    "eta_cutoff": {"stops": _SMALL, "usual": 3e-4},
}
TEMPERATURE = "temperature"
Steps = list[tuple[str, float | None]]


def knobs_below(count: int) -> dict[str, Knob]:
    """Return the knobs with the stops that can cut something of so many tokens."""
    top_k = KNOBS["top_k"]
    stops = [stop for stop in top_k["stops"] if stop is None or stop < count]
    return KNOBS | {"top_k": {"stops": stops, "usual": top_k["usual"]}}


def chain_of(steps: Steps, temperature: float) -> SamplerChain:
    """Return the steps that are on, at a temperature."""
    values = [(name, temperature if name == TEMPERATURE else value) for name, value in steps]
    return SamplerChain((name, value) for name, value in values if value is not None)


def steps_of(chain: Any) -> tuple[Steps, float]:
    """Return the steps of a chain, and its temperature, of which it must have one."""
    if not isinstance(chain, SamplerChain):
        raise TypeError(
            f"chain must be a SamplerChain, got {short(chain)}: make one with SamplerChain(steps)"
        )
    temperatures = [value for name, value in chain if name == TEMPERATURE]
    if len(temperatures) != 1 or isinstance(temperatures[0], tuple):
        raise ValueError(f"chain must have one temperature, got {short(chain, 200)}")
    steps = [(name, None if name == TEMPERATURE else value) for name, value in chain]
    return steps, temperatures[0]
