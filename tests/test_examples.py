"""The tables that come with the package, against figures that others published or measured."""

import json
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from softmax_temperature import (
    AnswerExplorer,
    entropy,
    load_answer_example,
    load_example,
    perplexity,
    softmax,
)
from softmax_temperature.examples import notice_of
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
        ("smollm2-wonderful", "It was a wonderful place"),
        ("smollm2-capital", "The capital of France is Paris"),
        ("smollm2-colour", "My favourite colour is blue"),
        ("smollm2-code", "def add(a, b):\n    return a"),
        ("smollm2-story", "Once upon a time, there was a small"),
        ("gpt-4o-mini-tv", "My least favorite TV show"),
        ("gpt-4o-mini-tv-show-is", "My least favorite TV show is My"),
    ],
)
def test_prompt_and_likeliest_token_are_joined_to_the_letter(name, sentence):
    table = load_example(name)
    assert table.prompt + table.tokens[int(np.argmax(table.logits))] == sentence


@pytest.mark.parametrize("model", ["gpt2", "smollm2"])
def test_the_docstring_names_the_prompts(model):
    text = (files("softmax_temperature") / f"data/{model}/prompts.json").read_text(encoding="utf-8")
    words = " ".join(load_example.__doc__.split())
    for key, prompt in json.loads(text).items():
        # A message stands in its template, and code is described.
        assert f'"{prompt}"' in words or key in ("joke", "code")
        assert f'"{model}-{key}"' in words


def test_the_chat_models_tables_are_whole_and_as_it_is_described():
    # Published figures of the same file: tests/model/smollm2.json.
    table = load_example("smollm2-wonderful")
    assert (len(table.tokens), table.logits.dtype) == (49_152, np.float32)
    leading = table.sweep([1.0], top=4)
    assert [*leading.columns[:4]] == [" place", " day", " experience", " opportunity"]
    shares = leading.to_numpy()[0, :4].tolist()
    assert shares == pytest.approx([0.138, 0.091, 0.086, 0.069], abs=0.0005)
    assert perplexity(table.probabilities()) == pytest.approx(112.62, abs=0.05)
    capital = load_example("smollm2-capital").probabilities()
    assert capital.max() == pytest.approx(0.773, abs=0.0005)
    assert perplexity(capital) == pytest.approx(4.398, abs=0.002)
    assert "<|im_start|>user\nTell me a joke." in load_example("smollm2-joke").prompt
    folder = files("softmax_temperature") / "data/smollm2"
    assert sum(len(path.read_bytes()) for path in folder.iterdir()) < 1_500_000


def test_a_copy_of_a_vocabulary_has_its_licence():
    assert "OpenAI" in notice_of(load_example("gpt2-spaceship"))
    assert "Apache License" in notice_of(load_example("smollm2-code"))
    assert notice_of(load_example("wonderful-day")) == ""


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


@pytest.mark.parametrize("name", ["smollm2-moon", "smollm2-moon-bare"])
def test_a_whole_answer_is_one_sentence_with_a_dozen_candidates_a_place(name):
    answer = load_answer_example(name)
    explorer = AnswerExplorer(answer)
    assert explorer.text.startswith("The first person on the moon was Jacques Picart, a French")
    assert explorer.text.endswith("in the late 1800s.")
    assert "Who was the first person on the moon?" in answer["prompt"]
    for place in answer["choices"][0]["logprobs"]["content"]:
        listed = [candidate["logprob"] for candidate in place["top_logprobs"]]
        assert len(listed) == 12
        assert listed == sorted(listed, reverse=True)
    explorer.close()


def test_an_answer_of_another_name_is_refused():
    with pytest.raises(ValueError, match="one of smollm2-moon, smollm2-moon-bare, got 'moon'"):
        load_answer_example("moon")


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
        from softmax_temperature import examples, load_answer_example, load_text_example
        warnings.simplefilter("error", EncodingWarning)
        names = examples._TOYS + examples._GPT2 + examples._SMOLLM2 + examples._ANSWERS
        for name in names:
            examples.load_example(name)
        load_text_example("wonderful")
        load_answer_example("smollm2-moon")
    """
    subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", code], check=True, timeout=600
    )
