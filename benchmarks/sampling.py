"""Measure samplers beside the bare temperature softmax over the same 262,144 logits.

Run by hand, for about ten seconds: ``python -m benchmarks.sampling``
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from softmax_temperature import SamplerChain, softmax

REPEATS = 50
STEPS: dict[str, Any] = {
    "top_k": 50,
    "min_p": 0.05,
    "top_p": 0.9,
    "top_n_sigma": 1,
    "epsilon_cutoff": 3e-4,
    "eta_cutoff": 3e-4,
    "typical_p": 0.9,
}


def main() -> None:
    print("| logits | dtype | steps | ms | softmax, ms | times the softmax |")
    print("|---|---|---|--:|--:|--:|")
    generator = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        # About as far apart as GPT-2's, and as those of a small model for many texts at once.
        one = generator.normal(-100, 4, 262_144).astype(dtype)
        many = generator.normal(0, 3, (1_000, 512)).astype(dtype)
        for name in STEPS:
            compare("262,144", name, one, 1.0)
        for name in STEPS:
            compare("1,000 × 512, a temperature each", name, many, np.linspace(0.1, 2, 1_000))


def compare(label: str, name: str, logits: np.ndarray, temperature: Any) -> None:
    """Take turns, so that what else the machine does slows down both."""
    chain = SamplerChain([("temperature", 1.0), (name, STEPS[name])])
    ours, bare = fastest(
        lambda: chain.at(temperature).probabilities(logits), lambda: softmax(logits, 1.0)
    )
    print(
        f"| {label} | {logits.dtype} | temperature, {name} {STEPS[name]} | {1e3 * ours:.3g} "
        f"| {1e3 * bare:.3g} | {ours / bare:.2f} |"
    )


def fastest(*ways: Callable[[], object]) -> list[float]:
    """Return the seconds of the fastest of several calls of each way, in turns."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(REPEATS):
        for way, taken in zip(ways, times, strict=True):
            start = time.perf_counter()
            way()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


if __name__ == "__main__":
    main()
