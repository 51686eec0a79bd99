"""Measure a sweep over 201 temperatures beside scipy's softmax and beside numpy's bare exp.

Run by hand, for about a minute, where scipy is installed: ``python -m benchmarks.sweep``
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from softmax_temperature import TokenTable

# 0 is beyond scipy's caller, who has to divide by it.
TEMPERATURES = (np.arange(1, 202) / 100).tolist()
COUNTS = (6, 1_000, 50_257, 262_144)
REPEATS, TOP = 7, 20


def main() -> None:
    """Give each way a process of its own, since one leaves memory that another would profit by."""
    print(
        "| logits | number | ours, ms | scipy, ms | exp, ms | scipy / ours | ours / exp "
        "| ours, ns a logit | peak memory / logits |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    context = get_context("spawn")
    for dtype in ("float32", "float64"):
        for count in COUNTS:
            best = []
            for way in (ours, scipy, exp, memory):
                with ProcessPoolExecutor(1, mp_context=context) as process:
                    best.append(process.submit(way, dtype, count).result())
            times = " | ".join(f"{1e3 * value:.3g}" for value in best[:3])
            each = 1e9 * best[0] / len(TEMPERATURES) / count
            print(
                f"| {dtype} | {count:,} | {times} | {best[1] / best[0]:.3g} "
                f"| {best[0] / best[2]:.3g} | {each:.3g} | {best[3]:.3g} |"
            )


def ours(dtype: str, count: int) -> float:
    """Sweep, with the likeliest tokens and all others together."""
    table = TokenTable([str(number) for number in range(count)], made_up(dtype, count))
    return fastest(lambda: table.sweep(TEMPERATURES, top=TOP))


def scipy(dtype: str, count: int) -> float:
    """Call scipy's softmax for each temperature, and keep nothing."""
    from scipy.special import softmax

    logits = made_up(dtype, count)
    return fastest(lambda: [softmax(logits / stop)[0] for stop in TEMPERATURES])


def exp(dtype: str, count: int) -> float:
    """Do no more than one exponential a logit and temperature, in place."""
    logits = made_up(dtype, count)
    buffer = np.empty_like(logits)
    return fastest(lambda: [np.exp(logits, out=buffer)[0] for _ in TEMPERATURES])


def memory(dtype: str, count: int) -> float:
    """Return the peak of what a sweep allocates, as a multiple of the logits."""
    logits = made_up(dtype, count)
    table = TokenTable([str(number) for number in range(count)], logits)
    table.sweep([1.0], top=TOP)
    tracemalloc.start()
    table.sweep(TEMPERATURES, top=TOP)
    return tracemalloc.get_traced_memory()[1] / logits.nbytes


def made_up(dtype: str, count: int) -> np.ndarray:
    """Return logits that lie about as far apart as GPT-2's."""
    return np.random.default_rng(0).normal(-100, 4, count).astype(dtype)


def fastest(way: Callable[[], object]) -> float:
    """Return the seconds of the fastest of several calls."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        way()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
