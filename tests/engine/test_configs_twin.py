"""Settings of engines: the scripts read and write them as Python does, to the letter."""

import json
import random
import re

from softmax_temperature import SamplerChain, read_config, write_config
from softmax_temperature.checks import short
from softmax_temperature.phrases import phrase

ENTRY = """
import { readFileSync } from "node:fs";
import { readConfig, writeConfig } from "./engine/configs.js";
const told = (act) => {
  try { return act(); } catch (error) { return { error: error.message }; }
};
const numbers = (chain) => chain.map(([name, value]) => [name, value === "inf" ? Infinity : value]);
const texts = (chain) => chain.map(([name, value]) => [name, value === Infinity ? "inf" : value]);
const { toRead, toWrite } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({
  read: toRead.map((given) => told(() => {
    const { chain, notes } = readConfig(...given);
    return { chain: texts(chain), notes };
  })),
  written: toWrite.map(([chain, engine]) => told(() => writeConfig(numbers(chain), engine))),
}));
"""
ENGINES = ["huggingface", "llama.cpp", "vllm"]
NAMES = [
    *("temperature", "temp", "top_k", "top-k", "top_p", "top-p", "min_p", "min-p", "typical"),
    *("typ_p", "typical_p", "typical-p", "top-nsigma", "top_n_sigma", "epsilon_cutoff"),
    *("eta-cutoff", "do_sample", "samplers", "seed", "repeat_penalty", "-", "42", "7", ""),
    *("ngl", "__proto__", "constructor", "number", "übermut", 'a"b', "a\nb", "_top_p", "stop"),
]
NUMBERS = [
    *("0.7", "1", "0", "-1", "40", "40.0", "1e-2", "1E2", ".5", "5.", "+0.9", "-0.5", "-0", "0.0"),
    *("1e400", "1e-400", "1_000", "0x10", "٣", "1e5", "100000000000000000000", "0.1e1", "2", "3.5"),
    *(
        "nan",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "-Infinity",
        "infinite",
        "1.0",
        "-1.0",
        "00.5",
        "0.25",
    ),
    *("0.001", "0.0099", "2.0001", f"{2**70}", "0.30000000000000004", "1e", "--1", "1.2.3"),
]
WORDS = [
    *("true", "false", "null", '"0.5"', '"hot"', "[1, 2.5]", "[]", "{}", '{"a": 1, "1": [null]}'),
    *('"top_k;top_p;temp"', '["top_p", "min_p", "temperature"]', '["typ_p", "top_p", "top_p"]'),
    *('"a\\u00e9\\n\\"b"', "hot", '"x', "'0.9'", '"a\\\\b"', "[1, [2, {}]]", '"dry;xtc"', '""'),
    *("[true]", '"temp;top_k;temp"', '"é\\ud83d\\ude00"', '["top_p", 1]', "\t0.9 ", "'"),
]
SAMPLES = ["true", "True", "false", "1"]


def some_value(rng, name):
    if name == "do_sample":
        return rng.choice(SAMPLES)
    if name == "samplers" or rng.random() < 0.06:
        return rng.choice(WORDS)
    if rng.random() < 0.5:
        return rng.choice(NUMBERS)
    return rng.choice(
        [f"{rng.uniform(0, 1.1)}", f"{rng.uniform(0, 3):.2f}", f"{rng.randint(-2, 99)}"]
    )


def some_settings(rng):
    names = rng.sample(NAMES, rng.randint(0, 5))
    if rng.random() < 0.1:
        names += names[:1]
    return [(name, some_value(rng, name)) for name in names]


def some_json(rng):
    space = rng.choice(["", " ", "\n  "])
    pairs = [f"{json.dumps(name)}{space}:{space}{value}" for name, value in some_settings(rng)]
    return f"{space}{{{f',{space}'.join(pairs)}}}{space}"


def some_flags(rng):
    parts = [rng.choice(["", "llama-cli -m 'my model.gguf'", "vllm serve x", "\ufeff"])]
    for name, value in some_settings(rng):
        dashes = rng.choice(["--", "--", "-", ""])
        quote = rng.choice(["", "", "", "'", '"'])
        joint = rng.choice([" ", "=", "  ", " \\\n ", "\t", "\\ "])
        parts.append(f"{dashes}{name}{joint}{quote}{value}{quote}")
    return rng.choice([" ", "\n", " \\\n"]).join(parts)


def broken(rng, text):
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(text) + 1)
        sign = rng.choice([*"{}[]\",:'\\=-0 ne\n\x00\x85\xa0\x1f"])
        text = text[:place] + rng.choice([sign, ""]) + text[place + rng.randint(0, 1) :]
    return text


def some_text(rng):
    text = rng.choice([some_json, some_flags])(rng)
    return broken(rng, text) if rng.random() < 0.25 else text


def some_chain(rng):
    values = {
        "temperature": lambda: rng.choice([0.0, 1.0, 0.005, 2.5, rng.uniform(0, 3), 1e-310]),
        "top_k": lambda: rng.choice([1, 50, rng.randint(1, 10**6), 2**53]),
        "top_n_sigma": lambda: rng.choice([1.0, 1e-7, rng.uniform(0.1, 5), 1e22]),
    }
    shares = ("top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
    values |= dict.fromkeys(shares, lambda: rng.choice([1.0, 0.5, 1e-5, rng.random() or 1.0]))
    names = rng.sample(sorted(values), rng.randint(0, 8))
    if rng.random() < 0.03:
        names += names[:1]
    chain = [(name, values[name]()) for name in names]
    if rng.random() < 0.03:
        chain.append(("temperature", float("inf")))
    return SamplerChain(chain)


def told(act, *given):
    """Return what a function returns, or its error."""
    try:
        return act(*given)
    except (TypeError, ValueError) as error:
        return {"error": str(error)}


def held(chain):
    return [[name, "inf" if value == float("inf") else value] for name, value in chain]


def floats(chain):
    return [(name, float(value)) for name, value in chain]


def test_settings_are_read_and_written_as_python_reads_and_writes_them(answers_of):
    rng = random.Random(26)
    texts = [(some_text(rng), rng.choice(ENGINES)) for _ in range(12_000)]
    chains = [(some_chain(rng), rng.choice(ENGINES)) for _ in range(6_000)]
    jobs = {"toRead": texts, "toWrite": [(held(chain), engine) for chain, engine in chains]}
    answers = answers_of(ENTRY, jobs)
    refused, taken, noted = set(), 0, set()
    for given, seen in zip(texts, answers["read"], strict=True):
        expected = told(read_config, *given)
        if isinstance(expected, dict):
            problem = expected["error"]
            # Of broken JSON each side has its own words for what is wrong with it.
            ours = phrase("not_json", text=short(given[0]), problem="")
            if problem.startswith(ours):
                assert seen.get("error", "").startswith(ours), given
            else:
                assert seen == expected, given
            refused.add(re.sub(r" (got|give) .*", "", problem))
        else:
            assert seen["notes"] == expected.notes, given
            assert floats(seen["chain"]) == floats(expected.chain), given
            taken += 1
            noted |= {note[:20] for note in expected.notes}
    assert taken > 3_000
    assert len(refused) > 20
    for given, seen in zip(chains, answers["written"], strict=True):
        expected = told(write_config, *given)
        if not isinstance(expected, dict):
            expected = {"text": expected.text, "notes": expected.notes}
            noted |= {note[:20] for note in expected["notes"]}
        assert seen == expected, given
    assert len(noted) == 11
