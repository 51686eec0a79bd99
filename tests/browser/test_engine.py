"""The engine gives what Python gives in browsers as in node: a sample of the jobs of its twins."""

import re
from pathlib import Path

import numpy as np
import pytest

from softmax_temperature import load_example
from softmax_temperature.explorers.scripts import join_scripts, read_browser
from tests.engine import test_twins as twins
from tests.helpers import need

need("playwright.sync_api")

pytestmark = pytest.mark.engines("chromium", "firefox", "webkit")

MODULES = ["checks", "numbers", "peaks", "cuts", "dice"]
PACKERS = """
const unpack = (text) =>
    new Float64Array(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
const pack = (numbers) => {
    let text = "";
    for (const byte of new Uint8Array(Float64Array.from(numbers).buffer))
        text += String.fromCharCode(byte);
    return btoa(text);
};
"""


def engine_script():
    """Return the engine's modules in one, as pages have them, with the jobs of the twins."""
    lines, names = [], []
    for module in MODULES:
        path = f"engine/{module}.js"
        found = re.findall(r"^export (?:function|const) (\w+)", read_browser(path), re.M)
        lines.append(f'import {{ {", ".join(found)} }} from "./{path}";\n')
        names += found
    jobs = (Path(twins.__file__).parent / "jobs.mjs").read_text(encoding="utf-8")
    # A scope of their own for what has the names of the engine's.
    work = f"{PACKERS}{jobs.replace('export function', 'function')}"
    return join_scripts(
        f"{''.join(lines)}const engine = {{ {', '.join(names)} }};\n"
        f"{{\n{work}\nconst JOBS = jobsOf(engine, {{ pack, unpack }});\n"
        "window.answersOf = (all) => all.map(({ job, ...given }) => JOBS[job](given));\n}\n"
    )


@pytest.fixture
def answers(open_file, tmp_path):
    """Give the engine's answers to jobs, as `twins` has them from node."""
    path = tmp_path / "engine.html"
    script = f'<script type="module">{engine_script()}</script>'
    path.write_text(f"<html><head></head><body>{script}</body></html>", encoding="utf-8")
    page = open_file(path)
    return lambda jobs: page.evaluate("(jobs) => answersOf(jobs)", jobs)


def test_numbers_cuts_and_choices_are_those_of_python(answers):
    inputs = list(twins.some_inputs(300, 3, seed=21))
    twins.assert_twins(answers([twins.job_of(*given) for given in inputs]), inputs)


def test_a_real_vocabulary_has_the_same_numbers_cuts_and_choices(answers):
    table = load_example("gpt2-spaceship")
    chains = [[("temperature", 0.7), step] for step in twins.USUAL]
    numbers = np.random.default_rng(20).random(20)
    inputs = [(table.logits.astype(float), [1.0, 0.0, np.inf, 0.125, 1.3], chains, numbers, 20)]
    twins.assert_twins(answers([twins.job_of(*given) for given in inputs]), inputs)


def test_random_numbers_are_those_of_numpy(answers):
    seeds = [0, 21, 2**32 - 1, 2**200 + 12_345]
    jobs = [{"job": "random", "seed": f"{seed}", "count": 1_000} for seed in seeds]
    jobs.append({"job": "random", "seed": ["21", "100", "3"], "count": 1_000})
    for seed, answer in zip([*seeds, [21, 100, 3]], answers(jobs), strict=True):
        uniform = np.random.default_rng(seed).random(1_000)
        np.testing.assert_array_equal(twins.unpack(answer["uniform"]), uniform, f"seed {seed}")
        gumbel = np.random.default_rng(seed).gumbel(size=1_000)
        far = abs(twins.unpack(answer["gumbel"]) - gumbel) / np.maximum(1, abs(gumbel))
        assert far.max() <= 2e-15, f"seed {seed}: {far.max()}"


def test_numbers_are_written_as_python_writes_them(answers):
    numbers = [*10.0 ** np.random.default_rng(20).uniform(-320, 308, 1_000), 5e-324, 0.125, 2.5]
    jobs = [
        {"job": "general", "numbers": twins.pack(numbers), "digits": digits} for digits in (3, 12)
    ]
    for digits, answer in zip((3, 12), answers(jobs), strict=True):
        assert answer == [f"{number:.{digits}g}" for number in numbers]
