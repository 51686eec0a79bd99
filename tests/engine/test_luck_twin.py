"""Score and luck in the scripts: the same handovers, rows and sentences as Python's."""

import numpy as np

from softmax_temperature.drawing.luck import rows_of
from softmax_temperature.draws import handovers
from softmax_temperature.words import which_word

ENTRY = """
import { readFileSync } from "node:fs";
import { handovers } from "./engine/dice.js";
import { whichWord } from "./engine/words.js";
import { luckRows } from "./views/luck.js";
const jobs = JSON.parse(readFileSync(0, "utf8"));
const numbers = (list) => Float64Array.from(list, (number) => number ?? -Infinity);
console.log(JSON.stringify(jobs.map(([logits, luck]) => {
  const ways = handovers(numbers(logits), numbers(luck));
  const tokens = ways.map(([token]) => token);
  const names = tokens.map((token) => `w${token}`);
  const starts = ways.map(([, start]) => start);
  return [ways, luckRows(numbers(logits), tokens), whichWord(names, starts)];
})));
"""


def test_handovers_rows_and_sentences_are_those_of_python(answers_of):
    rng = np.random.default_rng(23)
    jobs = []
    for _ in range(3000):
        count = int(rng.integers(1, 40))
        logits = rng.choice([rng.normal(0, 3, count), rng.integers(-3, 4, count).astype(float)])
        logits[1:][rng.random(count - 1) < 0.1] = -np.inf
        jobs.append((logits, rng.gumbel(size=count)))
    given = [
        [[x if np.isfinite(x) else None for x in logits], luck.tolist()] for logits, luck in jobs
    ]
    for (logits, luck), (ways, rows, sentence) in zip(jobs, answers_of(ENTRY, given), strict=True):
        expected = handovers(logits, luck)
        assert [(token, start) for token, start in ways] == expected
        tokens = [token for token, _ in expected]
        assert rows == rows_of(logits, tokens)
        names = [f"w{token}" for token in tokens]
        assert sentence == which_word(names, [start for _, start in expected])
