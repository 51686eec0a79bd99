"""Record what the chat model says: ``python -m tools.chat_examples``, where it is installed.

It writes the examples of `load_example` that begin with ``smollm2-``, the texts of
`load_text_example`, and what `load_openness` gives, into ``src/softmax_temperature/data/smollm2``,
and the answers of `load_answer_example` beside it.
"""

import json
from pathlib import Path

import numpy as np

from softmax_temperature import load_chat_model, load_example, perplexity, softmax
from softmax_temperature.model.texts import surprises

FOLDER = Path(__file__).parents[1] / "src/softmax_temperature/data/smollm2"
# By their names; those of the second kind are messages.
PROMPTS = {
    "wonderful": "It was a wonderful",
    "capital": "The capital of France is",
    "colour": "My favourite colour is",
    "code": "def add(a, b):\n    return",
    "story": "Once upon a time, there was a",
}
MESSAGES = {"joke": "Tell me a joke."}
GPT2 = ("gpt2-spaceship", "gpt2-deserted-planet", "gpt2-artificial-intelligence")
CAPITAL = "What is the capital of France?"
# Logits are rounded to so many parts of 1: three times as fine as two machines agree.
PARTS = 4_096
# The most readable of the seeds 0 to 7.
SEED = 4
TEMPERATURES = [stop / 20 for stop in range(41)]
LENGTH = 20
# So many candidates are recorded at each place, and the token that was drawn.
LISTED = 20
# A question, and of the seeds 0 to 2 the one whose answer is a sentence to its end.
QUESTION = "Who was the first person on the moon?"
ANSWER_SEED = 1
ANSWER_LENGTH = 38
# As an API lists them.
TOP_LOGPROBS = 12


def main() -> None:
    """Write all files."""
    model = load_chat_model()
    prompts = PROMPTS | {name: model.chat(message) for name, message in MESSAGES.items()}
    logits = {name: model.table(prompt).logits for name, prompt in prompts.items()}
    np.savez_compressed(
        FOLDER / "logits.npz",
        **{
            name: (np.round(row * PARTS) / PARTS).astype(np.float32) for name, row in logits.items()
        },
    )
    write("prompts", prompts)
    write("vocabulary", model.tokens)
    write("wonderful", recording(model, prompts["wonderful"]))
    write("openness", openness(model, prompts["wonderful"]))
    asked = model.chat(QUESTION)
    (text,) = model.write(asked, [1.0], ANSWER_LENGTH, ANSWER_SEED)
    reply = text.removeprefix(asked)
    bare = f"{QUESTION}\n"
    write(
        "../smollm2_answers",
        {"moon": answer(model, asked, reply), "moon-bare": answer(model, bare, reply)},
    )


def recording(model, prompt):
    """Return texts of all temperatures as the tree that they are, with what could be drawn."""
    ids = model.encode(prompt)
    steps = []
    for step in model.grow(ids, TEMPERATURES, LENGTH, [SEED]):
        bits = surprises(step.logits)
        listed = []
        for context, row in enumerate(bits):
            drawn = step.tokens[step.contexts == context]
            likeliest = np.argsort(row, kind="stable")[:LISTED]
            tokens = sorted({*likeliest.tolist(), *drawn.tolist()}, key=lambda token: row[token])
            listed.append([tokens, [round(float(row[token]), 4) for token in tokens]])
        steps.append(
            {
                "tokens": step.tokens.tolist(),
                "contexts": step.contexts.tolist(),
                "parents": step.parents.tolist(),
                "places": step.places[0].tolist(),
                "listed": listed,
                "totals": [
                    total(bits[step.contexts[place]], stop) if place >= 0 else 0
                    for place, stop in zip(step.places[0], TEMPERATURES, strict=True)
                ],
            }
        )
    return {
        "prompt": prompt,
        "ids": ids,
        "end": model.end,
        "seed": SEED,
        "temperatures": TEMPERATURES,
        "steps": steps,
    }


def openness(model, prompt):
    """Return how open the model's choices are, after GPT-2's prompts and along two texts."""
    after = {}
    for name in GPT2:
        table = model.table(load_example(name).prompt)
        rows = [softmax(table.logits.astype(float), stop) for stop in TEMPERATURES]
        after[table.prompt] = [four_digits(perplexity(row)) for row in rows]
    (warm,) = model.write(prompt, [1], LENGTH, SEED)
    asked = model.chat(CAPITAL)
    (cold,) = model.write(asked, [0], LENGTH)
    along = {
        "wonderful": model.openness(warm),
        "capital": model.openness(cold.removeprefix(asked), asked),
    }
    texts = {
        name: [text.pieces, [None if n != n else four_digits(n) for n in text.choices]]
        for name, text in along.items()
    }
    return {"temperatures": TEMPERATURES, "after": after, "along": texts}


def four_digits(count):
    """Round to four digits that count: more are not the same on two machines."""
    return float(f"{count:.4g}")


def answer(model, prompt, reply):
    """Return a reply to a prompt in the shape of Chat Completions."""
    content = []
    for place in model.score(prompt + reply, TOP_LOGPROBS).places[len(model.encode(prompt)) :]:
        pairs = zip(place.tokens, place.logprobs, strict=True)
        listed = [{"token": token, "logprob": round(logprob, 4)} for token, logprob in pairs]
        content.append(listed[place.drawn] | {"top_logprobs": listed[:TOP_LOGPROBS]})
    return {
        "model": "SmolLM2-135M-Instruct",
        "prompt": prompt,
        "choices": [{"index": 0, "logprobs": {"content": content}}],
    }


def total(bits, temperature):
    """Return the logarithm of the sum of all probabilities, each to the power of 1/T."""
    if temperature == 0:
        return 0
    return round(float(np.logaddexp.reduce(-np.log(2) * bits.astype(float) / temperature)), 4)


def write(name, value):
    """Write a file of JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
