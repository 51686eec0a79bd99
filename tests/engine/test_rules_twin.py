"""Lines, bands and masses of cuts, and places of labels: Python's and the scripts' are the same."""

import numpy as np
import pytest

from softmax_temperature import SamplerChain, TokenTable
from softmax_temperature.drawing.labels import Label, place_labels
from softmax_temperature.drawing.rules import COLOURS, cuts_of
from softmax_temperature.explorers.scripts import join_scripts

ENTRY = """
import { readFileSync } from "node:fs";
import { runChain } from "./engine/cuts.js";
import { prepare } from "./engine/numbers.js";
import { rulesOf, valueAt, valueBeside } from "./engine/rules.js";
import { placeLabels } from "./views/labels.js";
const jobs = JSON.parse(readFileSync(0, "utf8"));
const number = (text) => Number({ inf: Infinity, "-inf": -Infinity }[text] ?? text);
const text = (value) => (Number.isFinite(value) ? value : `${value}`);
console.log(JSON.stringify({
  rules: jobs.rules.map(({ logits, steps, temperature }) => {
    const T = number(temperature);
    const table = prepare(Float64Array.from(logits, number));
    let row = table;
    const rows = steps.map(([name, value]) => {
      row = runChain(row, [[name, name === "temperature" ? T : value]]);
      return row;
    });
    return rulesOf(table, rows, steps, T).map((rule) => ({
      ...rule,
      before: undefined,
      given: [rule.before.first, rule.before.end],
      levels: rule.levels.map(text),
      dragged: valueAt(rule, rule.end, rule.levels[0] ?? 0),
      beside: [1, -1, 10, -10].map((way) => valueBeside(rule, way)),
    }));
  }),
  places: jobs.places.map((job) => placeLabels(...job)),
}));
"""


@pytest.fixture
def run(answers_of):
    return lambda **jobs: answers_of(ENTRY, {"rules": [], "places": []} | jobs)


def some_steps(rng):
    """Return cuts in any order, and a temperature among them."""
    values = {
        "top_k": lambda: int(rng.integers(1, 60)),
        "top_p": lambda: float(rng.uniform(0.05, 1)),
        "min_p": lambda: float(rng.uniform(0.001, 1)),
        "typical_p": lambda: float(rng.uniform(0.05, 0.99)),
        "top_n_sigma": lambda: float(rng.uniform(0.1, 4)),
        "epsilon_cutoff": lambda: float(10 ** rng.uniform(-4, 0)),
        "eta_cutoff": lambda: float(10 ** rng.uniform(-4, 0)),
    }
    names = rng.choice(list(values), rng.integers(1, 5), replace=False).tolist()
    steps = [[name, values[name]()] for name in names]
    steps.insert(int(rng.integers(len(steps) + 1)), ["temperature", None])
    return steps


def test_rules_are_the_same_on_both_sides_and_dragged_to_where_they_are_they_stay(run):
    rng = np.random.default_rng(22)
    jobs = []
    for _ in range(1500):
        logits = rng.normal(0, rng.choice([0.5, 2, 8]), rng.integers(1, 60))
        if rng.random() < 0.3:
            logits = logits.round()
        if rng.random() < 0.2:
            logits[1:][rng.random(len(logits) - 1) < 0.3] = -np.inf
        temperature = rng.choice([0.0, 0.3, 1.0, 1.7, 10.0, np.inf])
        held = [x if np.isfinite(x) else "-inf" for x in logits.tolist()]
        warm = float(temperature) if np.isfinite(temperature) else "inf"
        jobs.append({"logits": held, "steps": some_steps(rng), "temperature": warm})
    seen = run(rules=jobs)["rules"]
    compared = 0
    for job, rules in zip(jobs, seen, strict=True):
        logits = [float(x) for x in job["logits"]]
        warm = float(job["temperature"])
        steps = [(name, warm if value is None else value) for name, value in job["steps"]]
        table = TokenTable([f"{i}" for i in range(len(logits))], logits)
        expected = cuts_of(SamplerChain(steps), table).rules
        assert [rule["name"] for rule in rules] == [rule.name for rule in expected]
        for got, rule in zip(rules, expected, strict=True):
            case = (job, rule)
            assert (got["first"], got["end"], tuple(got["given"])) == (
                rule.first,
                rule.end,
                rule.given,
            ), case
            assert got["cross"] == rule.cross, case
            levels = [float(level) for level in got["levels"]]
            np.testing.assert_allclose(levels, rule.levels, rtol=1e-8, atol=1e-9)
            if rule.mass is not None:
                assert got["mass"] == pytest.approx(rule.mass, rel=1e-9)
            compared += 1
            # At T = 0 a token that is not among the leaders of all has no place on the curve.
            if got["base"] is not None:
                check_drag(got, rule)
    assert compared > 2000


def check_drag(got, rule):
    """Where its line is already a rule keeps its value, but for digits that one does not drag."""
    dragged, value = got["dragged"], rule.value
    kept = rule.end - rule.first
    if rule.name == "top_k" and kept == value:
        assert dragged == value
    elif rule.name == "top_p":
        near = max(1.001 * (1 - rule.mass) * 0.06, 0.6e-3)
        assert dragged == pytest.approx(min(rule.mass, 0.99999), abs=near)
    elif rule.name in ("min_p", "epsilon_cutoff") and rule.levels[0] <= rule_top(got):
        assert dragged == pytest.approx(value, rel=0.06)
    elif rule.name == "top_n_sigma" and rule_top(got) - rule.levels[0] > 1e-6:
        assert dragged == pytest.approx(value, rel=0.01, abs=0.011)
    elif rule.name == "eta_cutoff" and rule.levels[0] <= rule_top(got):
        assert dragged == pytest.approx(value, rel=0.12)
    up, down, far_up, far_down = got["beside"]
    assert far_down <= down <= value <= up <= far_up or value in (up, down)


def rule_top(got):
    return got["base"] - 1e-9


def test_labels_have_the_same_places_on_both_sides(run):
    rng = np.random.default_rng(23)
    jobs = []
    for _ in range(400):
        labels = rng.uniform((0, 0, 30, 10, 0), (400, 200, 160, 12, 1), (rng.integers(1, 8), 5))
        labels[:, 4] = labels[:, 4].round()
        corners = rng.uniform(0, 300, (rng.integers(8), 2))
        solids = [[x, y, x + 60, y + 60] for x, y in corners.tolist()]
        lines = [[0, y, 400, y] for y in rng.uniform(0, 200, 3).tolist()]
        jobs.append([labels.tolist(), [0, 0, 400, 200], solids, lines])
    seen = run(places=jobs)["places"]
    for (labels, room, solids, lines), places in zip(jobs, seen, strict=True):
        expected = place_labels([Label(*label) for label in labels], room, solids, lines)
        assert [place and tuple(place) for place in places] == expected


def test_both_sides_have_the_same_colours():
    text = join_scripts('import { drawRules } from "./views/ranks.js";\ndrawRules;\n')
    for name, colour in COLOURS.items():
        assert f'{name}: "{colour}"' in text
