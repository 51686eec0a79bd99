"""The browser's model writes and maps what Python's does: many prompts, five seeds, all stops."""

import numpy as np
import pytest

from tests.engine import test_story_twin as twin


@pytest.fixture(scope="module")
def answers(run_node, tmp_path_factory):
    return twin.asking(run_node, tmp_path_factory.mktemp("stories"))


@pytest.mark.parametrize("seed", range(5))
def test_all_texts_are_those_of_python(answers, seed):
    # One model for all of them: what it has kept of one prompt is no part of another's texts.
    seen = answers(*(twin.write_job(prompt, seed, 40) for prompt in twin.PROMPTS))
    for prompt, texts in zip(twin.PROMPTS, seen, strict=True):
        twin.assert_texts(texts, prompt, seed, 40)


@pytest.mark.parametrize("seed", range(5))
def test_all_maps_are_those_of_python(answers, seed):
    prompts = [
        *twin.PROMPTS,
        *(f"The {word}" for word in ["cat", "dog", "sun", "sea", "man", "toy", "car", "end"]),
    ]
    prompts += [twin.ENDING, "Lily and Tom were"]
    # All 201 stops of one whose texts are not compared above, and of the others 0, 1 and 2: texts
    # of stops that lie far apart have little in common, and are the most to compute.
    whole = len(twin.PROMPTS) + seed
    steps = [1 if number == whole else 100 for number in range(len(prompts))]
    stops = [np.arange(0, 201, step) / 100 for step in steps]
    jobs = [
        twin.write_job(prompt, seed, 80)
        | {"job": "map", "stops": {"first": 0, "step": step / 100, "count": len(at)}}
        for prompt, at, step in zip(prompts, stops, steps, strict=True)
    ]
    assert len(prompts) == 20
    for prompt, at, cells in zip(prompts, stops, answers(*jobs), strict=True):
        twin.assert_map(cells, prompt, seed, 80, None, at)
