"""Settings of engines, against requests and flags as their makers write them."""

import json
import shlex

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import SamplerChain, load_example, read_config, write_config

ENGINES = ["huggingface", "llama.cpp", "vllm"]
SPACESHIP = load_example("gpt2-spaceship")
USUAL = SamplerChain([("temperature", 0.7), ("top_p", 0.9)])


def kept(chain):
    return int((chain(SPACESHIP.logits) > -float("inf")).sum())


def test_one_text_is_three_chains():
    text = '{"do_sample": true, "temperature": 0.7, "top_p": 0.9}'
    chains = {engine: read_config(text, engine).chain for engine in ENGINES}
    assert list(chains["huggingface"]) == [("temperature", 0.7), ("top_k", 50), ("top_p", 0.9)]
    assert list(chains["vllm"]) == [("temperature", 0.7), ("top_p", 0.9)]
    cuts = [("top_k", 40), ("top_p", 0.9), ("min_p", 0.05)]
    assert list(chains["llama.cpp"]) == [*cuts, ("temperature", 0.7)]
    assert [kept(chain) for chain in chains.values()] == [13, 14, 76]


def test_without_do_sample_hugging_face_is_greedy():
    for text in ('{"temperature": 0.7}', '{"temperature": 0.7, "do_sample": false}'):
        read = read_config(text, "huggingface")
        assert list(read.chain) == [("temperature", 0)]
        assert read.notes == ["Without do_sample true, generate takes the likeliest token: greedy."]


@pytest.mark.parametrize(
    "text",
    [
        "--temp 0.7 --top-k 0 --top-p 0.9 --min-p 0",
        "llama-cli -m x.gguf --temperature=0.7 --top_k 0 \\\n --top-p .9 --min-p 0.0 --mlock",
        '{"temperature": 0.7, "top_k": -1, "top_p": 0.9, "min_p": 0, "typical_p": 1}',
        '--samplers "top_p;temperature" --temp 0.7 --top-p 0.9',
        '{"samplers": ["dry", "top_p", "xtc", "temperature"], "top_p": 0.9, "temperature": 0.7}',
    ],
)
def test_llama_cpps_flags_and_requests_are_read(text):
    chain = read_config(text, "llama.cpp").chain
    assert chain == SamplerChain([("top_p", 0.9), ("temperature", 0.7)])


def test_what_is_no_step_is_named():
    read = read_config("-m x.gguf --seed -1 --repeat-penalty 1.1 --top-nsigma 1 -ngl 99", "vllm")
    assert read.chain == SamplerChain([("temperature", 1)])
    assert read.notes == [
        "Left out, since vllm has no such step: top_n_sigma.",
        "Left out, since they are neither a temperature nor a cut: m, seed, repeat_penalty, ngl.",
    ]
    # A setting without a value is the engine's own.
    assert read_config('{"top_k": null, "top_p": 0.5}', "llama.cpp").notes == []
    assert read_config('{"temperature": 3}', "vllm").notes == [
        "vllm refuses a temperature above 2, such as 3."
    ]
    assert read_config('{"temperature": 0.001}', "vllm").notes == [
        "vllm raises a temperature of 0.001 to 0.01."
    ]


def test_defaults_that_a_chain_does_not_have_are_switched_off():
    on = '{"do_sample": true, "temperature": 0.7, "top_k": 0, "top_p": 0.9}'
    assert write_config(USUAL, "huggingface") == (on, [])
    assert write_config(USUAL, "vllm") == ('{"temperature": 0.7, "top_p": 0.9}', [])
    assert write_config(SamplerChain([("top_p", 0.9)]), "llama.cpp") == (
        "--top-k 0 --top-p 0.9 --min-p 0 --temp 1.0",
        [],
    )
    assert write_config(SamplerChain([("temperature", 0)]), "huggingface").text == (
        '{"do_sample": false}'
    )


def test_what_does_not_carry_over_is_said():
    odd = SamplerChain([("typical_p", 0.9), ("temperature", 3), ("eta_cutoff", 0.001)])
    text, notes = write_config(odd, "llama.cpp")
    assert shlex.split(text)[:6] == ["--top-k", "0", "--typical", "0.9", "--top-p", "1"]
    assert notes == ["Left out, since llama.cpp has no such step: eta_cutoff."]
    assert write_config(odd, "vllm").notes == [
        "Left out, since vllm has no such step: typical_p.",
        "Left out, since vllm has no such step: eta_cutoff.",
        "vllm refuses a temperature above 2, such as 3.",
    ]
    # At T = 1 the temperature can stand anywhere.
    last = SamplerChain([("top_k", 5), ("temperature", 1)])
    assert write_config(last, "vllm").notes == []
    two = SamplerChain([("typical_p", 0.9), ("top_k", 5)])
    assert write_config(two, "llama.cpp").text.endswith('--samplers "typ_p;top_k;temperature"')
    assert write_config(two, "huggingface").notes == [
        "Not in this order: huggingface takes temperature → top_k → typical_p, and so can keep "
        "other tokens."
    ]


@pytest.mark.parametrize("maker", ["huggingface", "vllm"])
@pytest.mark.parametrize(("p", "temperature"), [(0.02, 1.2), (0.1, 0.7), (0.05, 1.9)])
def test_a_min_p_before_the_temperature_is_written_as_one_behind_it(maker, p, temperature):
    chain = SamplerChain([("min_p", p), ("top_k", 100), ("temperature", temperature)])
    text, notes = write_config(chain, maker)
    assert "which cuts at the same token" in notes[0]
    assert notes[1].endswith("and so keeps the same tokens.")
    assert len(notes) == 2
    # By hand: the logits at most ln(1/p) below the largest, and no more than 100.
    logits = np.sort(SPACESHIP.logits.astype(float))[::-1]
    near = (logits >= logits[0] + np.log(p)) & (np.arange(logits.size) < 100)
    weights = np.where(near, np.exp((logits - logits[0]) / temperature), 0)
    written = read_config(text, maker).chain.probabilities(SPACESHIP.logits)
    assert np.sort(written)[::-1] == pytest.approx(weights / weights.sum())


def test_a_min_p_that_the_temperature_leaves_alone_is_not_changed():
    after = SamplerChain([("temperature", 1.5), ("min_p", 0.1)])
    assert write_config(after, "vllm") == ('{"temperature": 1.5, "min_p": 0.1}', [])
    for temperature in (0, 1):
        before = SamplerChain([("min_p", 0.1), ("temperature", temperature)])
        assert json.loads(write_config(before, "vllm").text)["min_p"] == 0.1


STEPS = {
    "temperature": st.floats(0.01, 2),
    "top_k": st.integers(1, 100),
    "top_p": st.floats(0.01, 0.99),
    "min_p": st.floats(0.01, 0.99),
    "typical_p": st.floats(0.01, 0.99),
    "top_n_sigma": st.floats(0.1, 5),
    "epsilon_cutoff": st.floats(1e-5, 0.5),
    "eta_cutoff": st.floats(1e-5, 0.5),
}


@given(
    st.permutations(list(STEPS)),
    st.integers(1, 8),
    st.fixed_dictionaries(STEPS),
    st.sampled_from(ENGINES),
)
def test_what_is_written_without_a_note_is_read_back_as_the_same_chain(names, n, values, maker):
    chain = SamplerChain((name, values[name]) for name in names[:n])
    text, notes = write_config(chain, maker)
    read = read_config(text, maker)
    assert read.notes == []
    steps = [step for step in read.chain if step != ("temperature", 1)]
    wanted = [step for step in chain if step != ("temperature", 1)]
    if not notes:
        assert steps == wanted
    else:
        # Nothing but what is noted: no step comes in, and no value changes unless it is said.
        if any(note.startswith("Here min_p") for note in notes):
            heated = float(f"{values['min_p'] ** (1 / values['temperature']):.6g}")
            wanted[wanted.index(("min_p", values["min_p"]))] = ("min_p", heated)
        assert set(steps) <= set(wanted)
        left_out = [note for note in notes if note.startswith("Left out")]
        assert len(steps) == len(wanted) - len(left_out)
    if maker != "llama.cpp":
        json.loads(text)


@pytest.mark.parametrize(
    ("text", "maker", "error", "words"),
    [
        ("--temp 1", "ollama", ValueError, "engine must be one of huggingface, llama.cpp, vllm"),
        ({"temperature": 1}, "vllm", TypeError, "text must be a string, got .*: use json.dumps"),
        ("", "vllm", ValueError, "text must be a JSON object or flags, got ''"),
        ("temperature 0.7", "vllm", ValueError, "text must be a JSON object or flags"),
        ("{'temperature': 1}", "vllm", ValueError, "text must be a JSON object, got .*Expecting"),
        ('--samplers "top_p', "llama.cpp", ValueError, "text must be flags, got .*No closing"),
        ("--temp 1 --temperature 2", "llama.cpp", ValueError, "text must give temperature once"),
        ('{"temperature": [1, 2]}', "vllm", TypeError, "temperature must be one real number, got"),
        ("--top-k 1_000", "llama.cpp", TypeError, "top_k must be a whole number, got '1_000'"),
        ("--temp hot", "llama.cpp", TypeError, "temperature must be .* got 'hot'"),
        ('{"top_p": 1.5}', "vllm", ValueError, "top_p must be above 0 and at most 1, got 1.5"),
        ('{"samplers": 3}', "llama.cpp", ValueError, "samplers must be names, got 3: use"),
    ],
)
def test_a_wrong_text_is_refused(text, maker, error, words):
    with pytest.raises(error, match=words):
        read_config(text, maker)


@pytest.mark.parametrize(
    ("chain", "maker", "error", "words"),
    [
        (USUAL, None, ValueError, "engine must be one of"),
        ([("top_p", 0.9)], "vllm", TypeError, "chain must be a SamplerChain, got .*: make one"),
        (SamplerChain([("top_k", 2), ("top_k", 1)]), "vllm", ValueError, "each step once"),
        (SamplerChain([("temperature", float("inf"))]), "vllm", ValueError, "one finite temp"),
        (SamplerChain([("temperature", (1, 2))]), "vllm", ValueError, "one finite temperature"),
    ],
)
def test_a_chain_that_cannot_be_written_is_refused(chain, maker, error, words):
    with pytest.raises(error, match=words):
        write_config(chain, maker)
