"""A drawn curve: how far it is from another, and how it bends."""

import numpy as np
import pytest

ENTRY = """
import { readFileSync } from "node:fs";
import { apartOf, bend } from "./prediction.js";
const { apart, bent } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({
  apart: apart.map((pair) => apartOf(...pair)),
  bent: bent.map((job) => bend(...job)),
}));
"""


def test_curves_are_compared_and_bent_as_numpy_does(answers_of):
    rng = np.random.default_rng(25)
    pairs = [([0.5, 0.5], [0.1, 0.7]), *rng.random((50, 2, 101)).tolist()]
    jobs = []
    for _ in range(50):
        # A handle between its neighbours, and a stroke of the pointer to the left or to the right.
        for places in ([25, 50, 75], rng.choice(101, 2, replace=False).tolist(), [7]):
            points = list(zip(places, rng.random(len(places)).tolist(), strict=True))
            jobs.append((rng.random(101).tolist(), points))
    answers = answers_of(ENTRY, {"apart": pairs, "bent": jobs})
    # |0.5 - 0.1| and |0.5 - 0.7|: 0.4 and 0.2.
    assert answers["apart"][0] == pytest.approx({"mean": 0.3, "most": 0})
    for (drawn, shares), told in zip(pairs, answers["apart"], strict=True):
        gaps = np.abs(np.subtract(drawn, shares))
        assert told == pytest.approx({"mean": gaps.mean(), "most": gaps.argmax()})
    for (curve, points), bent in zip(jobs, answers["bent"], strict=True):
        places, values = zip(*sorted(points), strict=True)
        between = np.arange(places[0], places[-1] + 1)
        expected = np.array(curve)
        expected[between] = np.interp(between, places, values)
        assert bent == pytest.approx(expected.tolist())
