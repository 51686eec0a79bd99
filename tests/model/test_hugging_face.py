"""Models of transformers: against what transformers itself writes."""

import math

import numpy as np
import pytest

from softmax_temperature import TokenTable, from_transformers

reason = "python -m pip install torch transformers"
torch = pytest.importorskip("torch", reason=reason)
transformers = pytest.importorskip("transformers", reason=reason)
tokenizers = pytest.importorskip("tokenizers")

TEXT = "the cat and the dog and the bird met a bear, the best bear of them all: naïve 🌙"


def tokenizer_of(start=None):
    """Return byte pairs like GPT-2's, learned from one sentence."""
    pairs = tokenizers.ByteLevelBPETokenizer()
    pairs.train_from_iterator([TEXT] * 3, vocab_size=290, special_tokens=["<s>", "</s>"])
    if start is not None:
        pairs._tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pairs._tokenizer, bos_token="<s>", eos_token="</s>"
    )


def llama(**settings):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        **{"vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
        | {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
        | {"initializer_range": 0.5}
        | settings
    )
    return transformers.LlamaForCausalLM(config).eval()


def gpt2():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=64, initializer_range=0.5
    )
    return transformers.GPT2LMHeadModel(config).eval()


@pytest.fixture(scope="module", params=[llama, gpt2])
def pair(request):
    model = request.param()
    return model, from_transformers(model, tokenizer_of())


def test_logits_and_greedy_texts_are_those_of_transformers(pair):
    model, ours = pair
    ids = ours.encode(TEXT)[:20]
    with torch.inference_mode():
        expected = model(torch.tensor([ids])).logits[0].numpy()
        greedy = model.generate(
            torch.tensor([ids]), do_sample=False, max_new_tokens=8, eos_token_id=299, pad_token_id=0
        )[0].tolist()
    np.testing.assert_allclose(ours.logits_along(ids), expected, atol=1e-4)
    np.testing.assert_allclose(ours.logits([ids, ids[:7]]), expected[[19, 6]], atol=1e-4)
    steps = list(ours.grow(ids, [0], 8, [0]))
    assert ids + [int(step.tokens[0]) for step in steps] == greedy
    assert isinstance(ours.table("the cat"), TokenTable)
    assert ours.context == 64


def test_texts_side_by_side_are_what_each_is_alone(pair):
    _, ours = pair
    ids, stops = ours.encode("the cat"), [0, 0.5, 1, 1.5, 2, math.inf]
    together = ours.write("the cat", stops, length=12, seed=5)
    assert together == [ours.write("the cat", [stop], 12, 5)[0] for stop in stops]
    assert len(set(together)) > 3
    # Places of several seeds share a context, too.
    *_, last = ours.grow(ids, stops, 6, [0, 1, 2])
    assert len(last.logits) > 6


def test_tokens_are_named_and_joined(pair):
    _, ours = pair
    assert len(ours.tokens) == len(set(ours.tokens)) == 300
    assert ours.tokens[:2] == ("<s>", "</s>")
    assert {" the", "a", "\\xf0", "\n"} <= set(ours.tokens)
    assert ours.tokens[-1] == "<unused> #299"
    ids = ours.encode(TEXT)
    assert ours.decode(ids) == TEXT
    pieces = ours.pieces(ids)
    assert "".join(pieces) == TEXT
    assert [piece for piece in pieces if piece][-1].endswith("🌙")
    assert (ours.start, ours.end) == (None, 1)
    with pytest.raises(ValueError, match="prompt must not be empty"):
        ours.table("")


def test_a_start_token_begins_every_text_once():
    ours = from_transformers(llama(), tokenizer_of(start="<s>"))
    ids = ours.encode("the cat")
    assert ours.start == ids[0] == 0
    assert ours.encode("<s>the cat") == ids
    assert ours.encode("") == [0]
    assert ours.decode(ids) == "".join(ours.pieces(ids)) == "the cat"


def test_its_chat_template_writes_the_prompt():
    tokenizer = tokenizer_of()
    with pytest.raises(ValueError, match="no chat template"):
        from_transformers(llama(), tokenizer).chat("Hi")
    tokenizer.chat_template = "{% for m in messages %}<s>{{ m.content }}</s>{% endfor %}"
    assert from_transformers(llama(), tokenizer).chat("Hi") == "<s>Hi</s>"


@pytest.mark.parametrize(
    ("model", "tokenizer", "error", "words"),
    [
        (lambda: "gpt2", tokenizer_of, TypeError, "model must be a model of transformers"),
        (llama, lambda: "gpt2", TypeError, "tokenizer must be a tokenizer of transformers"),
        (lambda: llama().train(), tokenizer_of, ValueError, "call model.eval"),
        (lambda: llama().model, tokenizer_of, ValueError, "go on with a text, got LlamaModel"),
        (
            llama,
            lambda: transformers.PreTrainedTokenizerFast(
                tokenizer_object=tokenizer_of().backend_tokenizer
            ),
            ValueError,
            "tokenizer must have a token that ends a text",
        ),
    ],
)
def test_what_is_no_such_model_is_refused(model, tokenizer, error, words):
    with pytest.raises(error, match=words):
        from_transformers(model(), tokenizer())
