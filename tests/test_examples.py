"""The tables that come with the package, against figures that others published or measured."""

import json
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from softmax_temperature import entropy, load_example, perplexity, softmax
from tests.helpers import LOGITS


def test_the_articles_six_candidates():
    table = load_example("wonderful-day")
    assert table.tokens == ("day", "space", "furniture", "experience", "problem", "challenge")
    assert table.logits.tolist() == LOGITS


def test_the_articles_large_logits():
    table = load_example("wonderful-day-large")
    assert table.tokens == load_example("wonderful-day").tokens
    assert table.logits.tolist() == [40, 4, 2, 35, 25, 15]
    assert table.probabilities().round(4)[0] == 0.9933


def test_gpt2s_likeliest_tokens():
    row = load_example("gpt2-spaceship").sweep([1.0], top=4).round(4)
    assert [*row.columns] == [" planet", " surface", " station", " moon", "all other 50,253 tokens"]
    assert row.to_numpy()[0].round(4) == pytest.approx([0.1293, 0.0346, 0.0273, 0.0263, 0.7825])


@pytest.mark.parametrize(
    ("temperature", "top_50", "nucleus"),
    [
        (0.5, 0.9899, 7),
        (0.8, 0.7607, 342),
        (1, 0.4921, 2_323),
        (1.5, 0.1436, 11_488),
        (2, 0.0575, 18_378),
    ],
)
def test_gpt2s_tail(temperature, top_50, nucleus):
    table = load_example("gpt2-spaceship")
    others = table.sweep([temperature], top=50).iloc[0, -1]
    assert 1 - others == pytest.approx(top_50, abs=0.00005)
    mass = np.sort(softmax(table.logits.astype(float), temperature))[::-1].cumsum()
    assert np.searchsorted(mass, 0.9) + 1 == nucleus


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("gpt2-spaceship", 547.855),
        ("gpt2-artificial-intelligence", 105.04),
        ("gpt2-deserted-planet", 892.89),
    ],
)
def test_gpt2s_perplexities(name, choices):
    table = load_example(name)
    assert (len(table.tokens), table.logits.dtype) == (50_257, np.float32)
    assert table.logits.max() < 0
    assert perplexity(table.probabilities()) == pytest.approx(choices, abs=0.006)
    assert perplexity(softmax(table.logits.astype(float))) == pytest.approx(choices, abs=0.006)
    assert entropy(table.probabilities()) == pytest.approx(np.log2(choices), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("wonderful-day", "It was a wonderful day"),
        ("wonderful-day-large", "It was a wonderful day"),
        ("gpt2-spaceship", "As the spaceship was approaching the planet"),
        ("gpt2-deserted-planet", "On the deserted planet they discovered a strange"),
        ("gpt2-artificial-intelligence", "Artificial Intelligence is transforming the way"),
        ("gpt-4o-mini-tv", "My least favorite TV show"),
        ("gpt-4o-mini-tv-show-is", "My least favorite TV show is My"),
    ],
)
def test_prompt_and_likeliest_token_are_joined_to_the_letter(name, sentence):
    table = load_example(name)
    assert table.prompt + table.tokens[int(np.argmax(table.logits))] == sentence


def test_the_docstring_names_gpt2s_prompts():
    text = (files("softmax_temperature") / "data/gpt2/prompts.json").read_text(encoding="utf-8")
    words = " ".join(load_example.__doc__.split())
    for key, prompt in json.loads(text).items():
        assert f'"{prompt}"' in words
        assert f'"gpt2-{key}"' in words


@pytest.mark.parametrize(
    ("name", "tokens", "held"),
    [
        ("gpt-4o-mini-tv", ("show", "My", " show"), 0.9996),
        ("gpt-4o-mini-tv-show-is", ("My", "one", "the"), 0.848),
    ],
)
def test_recorded_answers(name, tokens, held):
    table = load_example(name)
    assert table.tokens == tokens
    assert 1 - table.unseen_mass == pytest.approx(held, abs=0.0005)


@pytest.mark.parametrize(
    "name", ["wonderful-night", "", "../data/wonderful-day", None, 3, np.array(["a", "b"])]
)
def test_an_unknown_name_lists_the_names_there_are(name):
    with pytest.raises(
        ValueError, match=r"must be one of wonderful-day, .*gpt2-spaceship, .*, got"
    ):
        load_example(name)


def test_the_files_are_read_as_utf_8_whatever_the_system_prefers():
    code = """if True:
        import warnings
        from softmax_temperature import examples
        warnings.simplefilter("error", EncodingWarning)
        for name in examples._TOYS + examples._GPT2 + examples._ANSWERS:
            examples.load_example(name)
    """
    subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", code], check=True, timeout=600
    )
