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
    seen = answers(*(twin.write_job(one, seed, 80) | {"job": "map"} for one in prompts))
    assert len(prompts) == 20
    for prompt, cells in zip(prompts, seen, strict=True):
        twin.assert_map(cells, prompt, seed, 80, None, np.arange(201) / 100)
