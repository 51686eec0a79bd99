"""The browser's model writes what Python's writes: ten prompts, five seeds, all temperatures."""

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
