"""Verdicts on goals: Python's and the scripts' are the same in thousands of states."""

import json

import numpy as np
import pytest

from softmax_temperature import (
    SamplerExplorer,
    TemperatureExplorer,
    TextExplorer,
    TokenTable,
    load_story_model,
)
from softmax_temperature.explorers import challenge
from softmax_temperature.explorers.page import to_base64
from tests.engine.test_rules_twin import some_steps

ENTRY = """
import { readFileSync } from "node:fs";
import { verdictOf } from "./challenge.js";
import { tableKind } from "./explorer.js";
import { samplerKind } from "./sampler.js";
const kinds = { temperature: tableKind, sampler: samplerKind };
const jobs = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const { data, states, goals } of jobs) {
  const core = await kinds[data.kind].coreOf(data, states[0]);
  answers.push(states.map((state) => {
    core.store.receive(state);
    return goals.map((goal) => verdictOf(goal, core));
  }));
}
console.log(JSON.stringify(answers));
"""
TEXT = """
import { readFileSync } from "node:fs";
import { verdictOf } from "./challenge.js";
const { text, goals } = JSON.parse(readFileSync(0, "utf8"));
const core = { frame: () => ({ pieces: text }) };
console.log(JSON.stringify(goals.map((goal) => verdictOf(goal, core))));
"""
TOKENS = [" tea", " coffee", "lava", " milk", "\n", "wine"]


@pytest.fixture(autouse=True)
def plain_pictures(monkeypatch):
    """Draw nothing: goals are about numbers."""
    monkeypatch.setattr("softmax_temperature.explorers.bars.layout", lambda _: {})


def tables(rng):
    return [
        TokenTable(TOKENS, [5.0, 4.5, 1.0, 3.0, -np.inf, 3.0], "A cup of"),
        TokenTable(TOKENS[::-1], rng.normal(0, 2, 6), "A glass of"),
        TokenTable(TOKENS[1:], rng.normal(0, 2, 5).astype(np.float32)),
    ]


def some_state(rng, kind):
    warm = rng.choice([0.0, 0.01, 1.0, 1.7, np.inf, rng.uniform(0, 3)])
    state = {"T": float(warm) if np.isfinite(warm) else "inf", "table": int(rng.integers(3))}
    if rng.random() < 0.2:
        logits = rng.normal(0, 2, 6).tolist()
        state |= {"table": 0, "tokens": ["a", *TOKENS[:5]], "logits": logits}
    if kind == "sampler":
        return state | {"steps": [tuple(step) for step in some_steps(rng)]}
    state["seed"] = f"{rng.integers(1000)}"
    drawn = [{}, {"dice": int(rng.integers(9))}, {"place": round(rng.random(), 4)}]
    drawn.append({"draws": int(rng.choice([2, 10, 100])), "batch": int(rng.integers(3))})
    return state | drawn[rng.integers(4)]


def goals_of(explorer, kind):
    asked = [("beats", ("lava", " milk")), ("beats", (" coffee", "wine"))]
    asked += [("probability", ("lava", 0.01, 0.1)), ("probability", (" coffee", 0.2, 0.4))]
    asked += [("kept", 2), ("kept", 5)] if kind == "sampler" else []
    asked += [] if kind == "sampler" else [("lands_on", "lava"), ("lands_on", " coffee")]
    return [challenge._goal_of(explorer, name, value) for name, value in asked]


def test_a_goal_is_reached_in_the_same_states_on_both_sides(answers_of):
    rng = np.random.default_rng(25)
    jobs, expected = [], []
    for kind, make in (("temperature", TemperatureExplorer), ("sampler", SamplerExplorer)):
        explorer = make(tables(rng))
        goals, first = goals_of(explorer, kind), explorer._state
        states, verdicts = [], []
        for _ in range(700):
            state = first | some_state(rng, kind)
            explorer._set(**state)
            explorer.temperature = float(state["T"])
            states.append(explorer._state)
            verdicts.append([challenge._is_reached(explorer, goal) for goal in goals])
        data = explorer._data(False)
        jobs.append(json.loads(json.dumps([data, states, goals], default=to_base64)))
        expected.append(verdicts)
        # Each is reached in some states, and not in others.
        assert (np.mean(verdicts, axis=0) > 0.02).all()
        assert (np.mean(verdicts, axis=0) < 0.9).all()
    keys = ("data", "states", "goals")
    answers = answers_of(ENTRY, [dict(zip(keys, job, strict=True)) for job in jobs])
    for kind, said in zip(expected, answers, strict=True):
        got = [[verdict["isReached"] for verdict in state] for state in said]
        assert got == kind
        assert all(verdict["now"].endswith(".") for state in said for verdict in state)


def test_what_a_text_has_is_the_same_on_both_sides(answers_of):
    explorer = TextExplorer(load_story_model(), "The dragon", [0, 1, 2], 0, length=8)
    pieces = explorer._pieces(explorer._written())
    letters = [" was very", "dragon", "small.", "e had", "Small", "was  very"]
    goals = [challenge._goal_of(explorer, "writes", text) for text in letters]
    said = answers_of(TEXT, {"text": pieces, "goals": goals})
    expected = [text in " was very small. He had" for text in letters]
    assert [challenge._is_reached(explorer, goal) for goal in goals] == expected
    assert [verdict["isReached"] for verdict in said] == expected


def test_a_goal_by_hand(answers_of):
    """Of softmax([2, 1, 0]) at T = 1 the largest is 1 / (1 + e⁻¹ + e⁻²) = 0.665."""
    explorer = TemperatureExplorer(TokenTable(["a", "b", "c"], [2, 1, 0]))
    for low, high, reached in [(0.66, 0.67, True), (0.67, 0.7, False), (0.6, 0.66, False)]:
        goal = challenge._goal_of(explorer, "probability", ("a", low, high))
        assert challenge._is_reached(explorer, goal) == reached
    # The first number of the seed 21 is 0.78, beyond 0.665 and within 0.665 + 0.245.
    explorer.draw()
    for token, reached in [("a", False), ("b", True), ("c", False)]:
        goal = challenge._goal_of(explorer, "lands_on", token)
        assert challenge._is_reached(explorer, goal) == reached
