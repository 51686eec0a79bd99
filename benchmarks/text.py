"""Measure how fast the story model writes, beside the matrix products that it cannot do without.

Run by hand, for about half a minute: ``python -m benchmarks.text``
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from softmax_temperature.model.story import load_story_model
from softmax_temperature.model.transformer import product

STOPS = np.arange(201) / 100
# What is written, the seeds, the temperatures, the tokens of a text, and the most seconds.
CASES = (
    ("one text", range(1), [1.0], 256, 0.6e-3 * 256),
    ("201 temperatures", range(1), STOPS, 100, 1.8),
    ("48 seeds × 3 temperatures", range(48), [0.5, 1.0, 1.5], 120, 1.6),
    ("5 seeds × 201 temperatures", range(5), STOPS, 100, 2.0),
)
REPEATS = 5


def main() -> None:
    """Measure each case and the products of each in turn, so that both meet the same machine."""
    print(
        "| | texts | tokens of a text | places | time, s | processor, s | at most, s "
        "| processor, ms a token | a place | products, processor, s | processor / products |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for name, seeds, stops, length, most in CASES:
        contexts = [len(step.logits) for step in grow(seeds, stops, length)]
        places = sum(len(step.tokens) for step in grow(seeds, stops, length))
        (elapsed, ours), (_, bare) = fastest(
            lambda seeds=seeds, stops=stops, length=length: list(grow(seeds, stops, length)),
            lambda contexts=contexts: products(contexts),
        )
        texts = len(seeds) * len(stops)
        print(
            f"| {name} | {texts:,} | {length} | {places:,} | {elapsed:.3g} | {ours:.3g} "
            f"| {most:.3g} | {1e3 * ours / texts / length:.3g} | {1e3 * ours / places:.3g} "
            f"| {bare:.3g} | {ours / bare:.3g} |"
        )


def grow(seeds: range, stops: Iterable[float], length: int) -> Iterable:
    """Write from the beginning of a text."""
    return load_story_model().grow([1], stops, length, seeds)


def products(contexts: list[int]) -> None:
    """Multiply what has the shapes of as many contexts at each step, and do nothing else."""
    model = load_story_model()._network
    layers = range(len(model.layers))
    matrices = [part for part in model.layers[0] if part.ndim == 2]
    rows = {size: np.ones((max(contexts), size)) for size in (64, 172)}
    cached = np.ones((max(contexts), model.kv_heads, model.head_size, len(contexts)))
    queries = np.ones((max(contexts), model.kv_heads, 2, model.head_size))
    for position, count in enumerate(contexts, start=1):
        seen = cached[:count, ..., :position]
        for _ in layers:
            for matrix in matrices:
                product(rows[len(matrix)][:count], matrix)
            scores = queries[:count] @ seen
            scores @ seen.swapaxes(2, 3)
        product(rows[64][:count], model.unembedding)


def fastest(*ways: Callable[[], object]) -> list[np.ndarray]:
    """Return the least seconds, on the clock and of the processor, of each way, called in turn.

    All is done by one thread: on an idle machine the two are the same.
    """
    times = np.empty((REPEATS, len(ways), 2))
    for row in times:
        for way, cell in zip(ways, row, strict=True):
            start = time.perf_counter(), time.process_time()
            way()
            cell[:] = time.perf_counter() - start[0], time.process_time() - start[1]
    return list(times.min(axis=0))


if __name__ == "__main__":
    main()
