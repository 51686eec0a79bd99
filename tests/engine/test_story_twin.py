"""The browser's model writes what Python's writes: tokens, logits, draws and whole texts.

The same inputs go to both sides, to the bit; the scripts run in the node that Playwright brings,
joined as a page has them.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from softmax_temperature import SamplerChain, load_story_model, temper
from softmax_temperature.drawing.stories import cells_of
from softmax_temperature.explorers.data import held
from softmax_temperature.explorers.scripts import join_scripts
from softmax_temperature.explorers.steps import chain_of, steps_of
from softmax_temperature.explorers.text import _check_prompt
from softmax_temperature.model import story
from softmax_temperature.model.texts import texts_of
from tests.engine.test_twins import pack, some_logits, some_step, some_temperature, unpack
from tests.engine.test_words_twin import SIGNS
from tests.model.test_story import GREEDY, UNSEEN

MODEL = load_story_model()
STOPS = {"first": 0, "step": 0.01, "count": 201}
BESIDE = [0.005, 1.999, 2.5, 100, 1e-9, 1e300, np.inf]
# What people type, and what nobody does.
ODD = ["", " ", "  a  ", "🦊", "日本", "é\u0301", "\ufeff", "a\ufeffb", "\x00\x7f", "\r\n\t", "<s>"]
ODD += ["</s><unk>", "<0xE4>", "\\xe4", "👨\u200d👩\u200d👧", "\U0010ffff", "\u2028", "Lily’s 🌙"]
PROMPTS = [
    "",
    "The dragon",
    "🦊 said",
    "日本の昔話",
    "Lily’s mom said, \"Don't",
    "Once upon a time, there was a little girl who",
    "a\tb\n\nc",
    "WHY?! 3.14",
    "crème brûlée",
    "<b>&amp;</b> $x$ \\",
]
ENDING = "And they all lived happily ever after. The end"
CHAINS = [
    [("temperature", 1), ("top_k", 5)],
    [("top_p", 0.9), ("temperature", 1)],
    [("temperature", 1), ("min_p", 0.1), ("typical_p", 0.9)],
]


def asking(run_node, place):
    """Return what gives the scripts' answers to jobs, all from one run."""
    script = place / "story.mjs"
    entry = Path(__file__).with_name("story.mjs").read_text(encoding="utf-8")
    script.write_text(join_scripts(entry), encoding="utf-8")
    files = [story._DATA / "stories260K.bin", story._DATA / "tok512.bin"]

    def ask(*jobs):
        given, taken = place / "jobs.json", place / "answers.json"
        given.write_text(json.dumps(jobs), encoding="utf-8")
        run_node(script, *files, given, taken)
        return json.loads(taken.read_text(encoding="utf-8"))

    return ask


@pytest.fixture(scope="module")
def answers(run_node, tmp_path_factory):
    return asking(run_node, tmp_path_factory.mktemp("story"))


def write_job(prompt, seed, length, steps=(("temperature", None),)):
    beside = [held(T) for T in BESIDE]
    return {
        "job": "write",
        **{"prompt": prompt, "seed": f"{seed}", "length": length, "steps": [*steps]},
        **{"stops": STOPS, "beside": beside},
    }


def assert_texts(seen, prompt, seed, length):
    stops = [*(np.arange(201) / 100), *BESIDE]
    for stop, ours, theirs in zip(
        stops, seen, MODEL.write(prompt, stops, length, seed), strict=True
    ):
        assert ours == theirs, f"{prompt!r}, seed {seed}, T = {stop}"


def some_texts(rng, count):
    words = ["the", "Once", "upon", "Lily", "’s", "'t", ".", ",", "\n", '"', "mom", "1", "xyz"]
    for _ in range(count):
        kind = rng.integers(3)
        if kind == 0:
            yield " ".join(rng.choice(words, rng.integers(1, 12)))
        elif kind == 1:
            yield "".join(rng.choice([*words, " ", "  ", *ODD], rng.integers(1, 12)))
        else:
            yield "".join(SIGNS[i] for i in rng.integers(len(SIGNS), size=rng.integers(1, 9)))


def test_texts_become_the_tokens_and_pieces_that_python_makes_of_them(answers, many):
    rng = np.random.default_rng(21)
    texts = [*ODD, *PROMPTS, *UNSEEN, GREEDY, *SIGNS[::7], *some_texts(rng, many(4_000))]
    tokens, rows = answers({"job": "tokens"}, {"job": "texts", "texts": texts})
    assert tuple(tokens) == MODEL.tokens
    for text, row in zip(texts, rows, strict=True):
        ids = MODEL.encode(text)
        assert row == [ids, MODEL.pieces(ids), text], f"{text!r}"


def test_any_tokens_become_the_text_that_python_makes_of_them(answers, many):
    rng = np.random.default_rng(22)
    rows = [[], [1], [0, 1, 2], [3, 1, 258], *([token] for token in range(512))]
    rows += [rng.integers(512, size=rng.integers(1, 20)).tolist() for _ in range(many(2_000))]
    # Bytes that begin and go on with characters, rightly and wrongly.
    bytes_ = [0x41, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xC3, 0xA9, 0xE0, 0xA0, 0xED, 0xEF, 0xBB, 0xF0]
    bytes_ += [0x9F, 0x98, 0xF4, 0x90, 0xF5, 0xFF]
    rows += [
        (3 + rng.choice(bytes_, rng.integers(1, 9))).tolist() + [400] * int(rng.integers(2))
        for _ in range(many(6_000))
    ]
    (seen,) = answers({"job": "ids", "rows": rows})
    assert seen == [[MODEL.pieces(ids), MODEL.decode(ids)] for ids in rows]


def test_logits_are_those_of_python_at_every_position(answers):
    texts = [
        *PROMPTS,
        *UNSEEN,
        GREEDY,
        "x" * 510,
        "日" * 170,
        "the " * 200,
        "1 2 3",
        "🌙",
        "A",
        "\n",
    ]
    rows = [MODEL.encode(text) for text in texts]
    assert len(rows) == 20
    assert max(map(len, rows)) == 512
    furthest = 0.0
    for ids, answer in zip(rows, answers(*({"job": "logits", "ids": ids} for ids in rows))):
        ours, theirs = unpack(answer).reshape(-1, 512), MODEL.logits_along(ids)
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        possible = np.isfinite(theirs)
        furthest = max(furthest, abs(ours[possible] - theirs[possible]).max())
    print(f"largest difference of a logit: {furthest:.1e}")
    assert 0 < furthest < 1e-9


def test_the_greedy_text_is_the_published_one_to_the_letter(answers):
    job = write_job("", 0, 256) | {"stops": {"first": 0, "step": 1, "count": 2}, "beside": []}
    ((greedy, _),) = answers(job)
    assert greedy == GREEDY


def test_texts_are_those_of_python_at_all_stops_and_beside_them(answers):
    # Of one prompt: tests/slow/test_stories.py has all of them.
    (seen,) = answers(write_job("🦊 said", 3, 60))
    assert_texts(seen, "🦊 said", 3, 60)


def test_stories_end_where_those_of_python_end(answers):
    prompt = ENDING
    (seen,) = answers(write_job(prompt, 0, 60))
    ids = MODEL.encode(prompt)
    ended = [(step.places < 0).any() for step in MODEL.grow(ids, np.arange(201) / 100, 60, [0])]
    assert ended[-1]
    assert_texts(seen, prompt, 0, 60)


@pytest.mark.parametrize("steps", CHAINS, ids=lambda steps: steps[-1][0])
def test_texts_that_a_chain_cuts_are_those_of_python(answers, steps):
    chain = SamplerChain(steps)
    stops = np.arange(0, 201, 8) / 100
    job = write_job("The cat", 2, 40, steps_of(chain)[0])
    (seen,) = answers(job | {"stops": {"first": 0, "step": 0.08, "count": 26}, "beside": ["inf"]})
    ids = MODEL.encode("The cat")
    texts = [list(ids) for _ in seen]
    cut = lambda logits, stops: chain.at(stops)(logits)  # noqa: E731
    for step in MODEL.grow(ids, [*stops, np.inf], 40, [2], cut):
        for text, place in zip(texts, step.places[0].tolist(), strict=True):
            if place >= 0:
                text.append(int(step.tokens[place]))
    assert seen == [MODEL.decode(text) for text in texts]


def test_a_large_seed_has_the_dice_that_numpy_gives_it(answers):
    seed = 2**200 + 12_345
    stops = {"first": 0, "step": 1, "count": 3}
    (seen,) = answers(write_job("The cat", seed, 20) | {"stops": stops, "beside": []})
    assert seen == MODEL.write("The cat", [0, 1, 2], 20, seed)


def test_the_same_token_is_drawn_from_any_logits_through_any_chain(answers, many):
    rng = np.random.default_rng(23)
    given = []
    for number in range(many(3_000)):
        logits, noise = some_logits(rng), rng.gumbel(size=600)
        # Half of them without luck, so that what is tied is drawn in order.
        noise = noise[: len(logits)] * (number % 2)
        steps = [some_step(rng) for _ in range(rng.integers(4))]
        steps = [(name, value) for name, value in steps if name != "temperature"]
        steps.insert(rng.integers(len(steps) + 1), ("temperature", None))
        given.append((logits, noise, some_temperature(rng), steps))
    draws = [
        {"logits": pack(logits), "noise": pack(noise), "T": pack([T]), "steps": steps}
        for logits, noise, T, steps in given
    ]
    (seen,) = answers({"job": "draw", "draws": draws})
    for token, (logits, noise, stop, steps) in zip(seen, given, strict=True):
        chain = chain_of(steps, stop)
        scores = chain(logits) if len(chain) > 1 else temper(logits, stop)
        assert token == np.argmax(scores + noise), f"{logits.tolist()}, T = {stop}, {steps}"


@pytest.mark.parametrize(
    "text", ["😀" * 300, "é中" * 200, "ab😀 the " * 90, "x" * 520, "a \n" * 400, "word " * 600]
)
def test_as_many_characters_of_a_long_prompt_fit_as_python_says(answers, text):
    lengths = [1, 80, 400, 510, 511]
    seen = answers(*({"job": "check", "prompt": text, "length": length} for length in lengths))
    for length, said in zip(lengths, seen, strict=True):
        with pytest.raises(ValueError, match="characters fit") as caught:
            MODEL.encode_prompt(text, length)
        (fitting,) = re.findall("the first ([\\d,]+) characters", str(caught.value))
        assert said == (
            f"RangeError: The prompt is too long: with {length} new tokens, its first "
            f"{fitting.replace(',', '')} characters fit"
        )


def test_a_length_that_leaves_no_room_for_any_prompt_is_refused_by_itself(answers):
    seen = answers(*({"job": "check", "prompt": "", "length": n} for n in (511, 512, 10**6)))
    assert seen[0] == [1]
    for said, count in zip(seen[1:], (512, 10**6), strict=True):
        assert said == (f"RangeError: Length must be a whole number from 1 to 511, got “{count}”")


def test_the_same_prompts_are_refused(answers):
    signs = [*map(chr, range(0x20)), "\x7f", "\x80", "\x85", "\xa0", "\u2028", "\ufeff", "\ufffe"]
    prompts = [f"a{sign}b" for sign in signs] + ["\ud83d", "a\udc00b", "\udc00\ud83d", "🦊", ""]
    seen = answers(*({"job": "check", "prompt": prompt, "length": 80} for prompt in prompts))
    for prompt, answer in zip(prompts, seen, strict=True):
        try:
            _check_prompt(MODEL, prompt, 80)
            assert answer == MODEL.encode(prompt)
        except ValueError as error:
            name = "one half of a surrogate" if "surrogate" in str(error) else "control character"
            assert name in answer, f"{prompt!r}"


def assert_map(cells, prompt, seed, length, chain, stops, taken=()):
    step = (lambda logits, stops: chain.at(stops)(logits)) if chain else temper
    ids = MODEL.encode(prompt)
    (texts,) = texts_of(MODEL, ids, stops, length, [seed], step, taken)
    expected = cells_of([text.tokens for text in texts])
    assert [tuple(cell[:3]) for cell in cells] == expected, f"{prompt!r}, seed {seed}"
    for position, first, _, token, bits in cells:
        assert token == texts[first].tokens[position]
        assert bits == pytest.approx(texts[first].bits[position], abs=1e-7)


def test_texts_go_on_with_what_is_taken_as_those_of_python(answers):
    stops = {"first": 0, "step": 0.1, "count": 21}
    little, end = MODEL.tokens.index(" little"), [300, 1]
    ways = [[[little]], [[300, little], [400, 401, 402]], [end], [[300] * 30]]
    job = write_job("The cat", 4, 24) | {"stops": stops, "beside": []}
    maps = answers(*(job | {"job": "map", "taken": taken} for taken in ways))
    for cells, taken in zip(maps, ways, strict=True):
        flat = [token for run in taken for token in run]
        assert_map(cells, "The cat", 4, 24, None, np.arange(21) / 10, flat)
    (seen,) = answers(job | {"taken": ways[1]})
    begun = [token for run in ways[1] for token in run]
    assert seen == MODEL.write("The cat", np.arange(21) / 10, 24, 4, begun)


@pytest.mark.parametrize("steps", [[], CHAINS[2]], ids=["uncut", "cut"])
def test_the_map_of_stories_has_the_cells_of_python(answers, steps):
    chain = SamplerChain(steps) if steps else None
    stops = {"first": 0, "step": 0.05, "count": 41}
    given = [(PROMPTS[1], 3, 24), (ENDING, 0, 24), ("", 5, 9)]
    jobs = [
        write_job(*one, steps_of(chain)[0] if chain else [("temperature", None)])
        | {"job": "map", "stops": stops}
        for one in given
    ]
    for cells, one in zip(answers(*jobs), given, strict=True):
        assert_map(cells, *one, chain, np.arange(41) / 20)
