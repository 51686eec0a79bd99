"""A real language model: against its published text, loops written here, and chance."""

import math
import re
import struct
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import TokenTable
from softmax_temperature.model import language, story
from softmax_temperature.model.story import StoryModel, load_story_model
from softmax_temperature.model.transformer import attention, product, rms_norm, rotate, swiglu
from softmax_temperature.sampling import temper

MODEL = load_story_model()
FOLDER = story._DATA
# karpathy/llama2.c, doc/stories260K.md.
GREEDY = """\
Once upon a time, there was a little girl named Lily. She loved to play outside in the park. \
One day, she saw a big, red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, \
"I want to play with your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom \
said, "Don't worry, Lily. We can help you."""
# Written for this test.
UNSEEN = [
    """Ben and his dad went to the beach. The sun was hot and the water was cold. Ben wanted to make
    a big castle, so he got his bucket and his red shovel. He worked all day. Then a wave came and
    took the castle away. Ben was sad. "Don't cry," said his dad. "We can make a new one." They made
    it together, far from the water. This time the castle was even bigger. Ben put a small flag on
    top and smiled. He was so proud that he told his mom all about it.""",
    """Once there was a little mouse who lived under an old tree. Every night she looked up at the
    moon. "I want to go there," she said. Her friend, the owl, laughed. "The moon is too far. But I
    can take you up to the top of the tree." The mouse was scared, but she said yes. She held on to
    the owl and they flew up, up, up. The moon looked so big and bright! The mouse was happy. "Thank
    you," she said. "This is the best night." From that day on they were good friends.""",
]
UNSEEN = [" ".join(story.split()) for story in UNSEEN]
STOPS = np.arange(201) / 100


# Loops that have nothing in common with the package's code but the format of the files.
class Reference:
    """Compute one context at a time, number by number, as the papers write it."""

    def __init__(self):
        data = (FOLDER / "stories260K.bin").read_bytes()
        self.dim, self.hidden, self.layers, self.heads, self.kv, self.n, self.seen = struct.unpack(
            "<7i", data[:28]
        )
        self.size = self.dim // self.heads
        self.numbers = struct.iter_unpack("<f", data[28:])
        self.embedding = self.matrix(self.n, self.dim)
        wide, narrow = self.dim, self.kv * self.size
        every = range(self.layers)
        self.norm_1 = self.matrix(self.layers, wide)
        self.q = [self.matrix(wide, wide) for _ in every]
        self.k = [self.matrix(narrow, wide) for _ in every]
        self.v = [self.matrix(narrow, wide) for _ in every]
        self.o = [self.matrix(wide, wide) for _ in every]
        self.norm_2 = self.matrix(self.layers, wide)
        self.w1 = [self.matrix(self.hidden, wide) for _ in every]
        self.w2 = [self.matrix(wide, self.hidden) for _ in every]
        self.w3 = [self.matrix(self.hidden, wide) for _ in every]
        (self.norm,) = self.matrix(1, wide)
        self.cosines = self.matrix(self.seen, self.size // 2)
        self.sines = self.matrix(self.seen, self.size // 2)
        self.left = len(list(self.numbers))

    def matrix(self, rows, columns):
        return [[next(self.numbers)[0] for _ in range(columns)] for _ in range(rows)]

    def logits(self, ids):
        xs = [self.embedding[token] for token in ids]
        for layer in range(self.layers):
            ys = [self.normed(x, self.norm_1[layer]) for x in xs]
            qs = [self.turned(multiplied(self.q[layer], y), p) for p, y in enumerate(ys)]
            ks = [self.turned(multiplied(self.k[layer], y), p) for p, y in enumerate(ys)]
            vs = [multiplied(self.v[layer], y) for y in ys]
            for place in range(len(xs)):
                found = []
                for head in range(self.heads):
                    own = slice(head * self.size, (head + 1) * self.size)
                    group = head // (self.heads // self.kv)
                    shared = slice(group * self.size, (group + 1) * self.size)
                    weights = [
                        math.exp(dot(qs[place][own], k[shared]) / math.sqrt(self.size))
                        for k in ks[: place + 1]
                    ]
                    for number in range(self.size):
                        column = [v[shared][number] for v in vs[: place + 1]]
                        found.append(dot(weights, column) / sum(weights))
                xs[place] = added(xs[place], multiplied(self.o[layer], found))
            for place, x in enumerate(xs):
                y = self.normed(x, self.norm_2[layer])
                gates, ups = multiplied(self.w1[layer], y), multiplied(self.w3[layer], y)
                opened = [a / (1 + math.exp(-a)) * b for a, b in zip(gates, ups, strict=True)]
                xs[place] = added(x, multiplied(self.w2[layer], opened))
        return multiplied(self.embedding, self.normed(xs[-1], self.norm))

    def normed(self, x, weights):
        root = math.sqrt(dot(x, x) / len(x) + 1e-5)
        return [number / root * weight for number, weight in zip(x, weights, strict=True)]

    def turned(self, x, place):
        result = []
        for pair in range(len(x) // 2):
            angle = place / 10_000 ** (2 * (pair % (self.size // 2)) / self.size)
            a, b = x[2 * pair : 2 * pair + 2]
            result += [a * math.cos(angle) - b * math.sin(angle)]
            result += [a * math.sin(angle) + b * math.cos(angle)]
        return result


def dot(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def multiplied(matrix, x):
    return [dot(row, x) for row in matrix]


def added(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


@pytest.fixture(scope="module")
def reference():
    return Reference()


def ends_often(logits):
    """Let one story in five end at each token."""
    logits = np.array(logits)
    logits[..., 1] = logits.max(axis=-1) - 1
    return logits


def one_by_one(ids, temperature, length, seed, change=np.array):
    """Write a text alone, computing the whole context anew for each token."""
    dice = np.random.default_rng(seed)
    text = list(ids)
    for _ in range(length):
        logits, noise = change(MODEL.logits(text)), dice.gumbel(size=512)
        if temperature == 0:
            scores = np.where(logits == logits.max(), noise, -np.inf)
        elif temperature == math.inf:
            scores = np.where(logits > -np.inf, noise, -np.inf)
        else:
            scores = logits / temperature + noise
        text.append(int(scores.argmax()))
        if text[-1] == 1:
            break
    return text


def grown(ids, temperatures, length, seeds, **options):
    """Return the tokens of each text by seed and temperature, and the steps that wrote them."""
    steps = list(MODEL.grow(ids, temperatures, length, seeds, **options))
    texts = [[list(ids) for _ in temperatures] for _ in seeds]
    for step in steps:
        for row, places in zip(texts, step.places, strict=True):
            for text, place in zip(row, places, strict=True):
                if place >= 0:
                    text.append(int(step.tokens[place]))
    return texts, steps


def log_softmax(logits, temperature=1):
    scaled = np.asarray(logits) / temperature
    return scaled - np.logaddexp.reduce(scaled, axis=-1, keepdims=True)


def surprises(ids, temperature=1):
    """Return the nats of surprise at each token of a text but the first."""
    rows = log_softmax(MODEL.logits_along(ids)[:-1], temperature)
    return -rows[np.arange(len(rows)), ids[1:]]


def test_the_greedy_text_is_the_published_one_to_the_letter():
    assert MODEL.write("", [0], length=256) == [GREEDY]
    assert len(MODEL.encode(GREEDY)) == 257
    texts, steps = grown([1], [0], 256, [3])
    assert (len(steps), MODEL.decode(texts[0][0])) == (256, GREEDY)


@pytest.mark.parametrize(
    "text", ["", "Lily’s 🌙", "Once upon a time, there was a little"], ids=["empty", "odd", "long"]
)
def test_logits_are_those_of_plain_loops(text, reference):
    ids = MODEL.encode(text)
    logits = MODEL.logits(ids)
    expected = np.array(reference.logits(ids))
    assert np.flatnonzero(logits == -np.inf).tolist() == [0, 2]
    expected[[0, 2]] = -np.inf
    np.testing.assert_allclose(logits, expected, rtol=1e-10, atol=1e-10)


def test_attention_scores_are_those_of_plain_loops(reference):
    """Of the first layer number by number; in all layers none sees what comes later."""
    ids = MODEL.encode("The cat sat")
    scores = MODEL.attention_scores("The cat sat")
    assert scores.shape == (5, 8, len(ids), len(ids))
    ys = [reference.normed(reference.embedding[token], reference.norm_1[0]) for token in ids]
    qs = [reference.turned(multiplied(reference.q[0], y), p) for p, y in enumerate(ys)]
    ks = [reference.turned(multiplied(reference.k[0], y), p) for p, y in enumerate(ys)]
    for head in range(8):
        own, shared = slice(8 * head, 8 * head + 8), slice(8 * (head // 2), 8 * (head // 2) + 8)
        for row, q in enumerate(qs):
            expected = [dot(q[own], k[shared]) for k in ks[: row + 1]]
            np.testing.assert_allclose(scores[0, head, row, : row + 1], expected, rtol=1e-9)
            assert (scores[0, head, row, row + 1 :] == -np.inf).all()
    again = MODEL.attention_scores("The cat sat down")[:, :, : len(ids), : len(ids)]
    np.testing.assert_allclose(again, scores, rtol=1e-9, atol=1e-9)


def test_the_whole_file_is_read_and_its_angles_are_the_formulas(reference):
    assert reference.left == 0
    turns = MODEL._network.turns
    np.testing.assert_allclose(turns.real, reference.cosines, atol=1e-4)
    np.testing.assert_allclose(turns.imag, reference.sines, atol=1e-4)
    numbers = [reference.embedding, reference.norm_1, reference.norm_2, reference.norm]
    numbers += [*reference.q, *reference.k, *reference.v, *reference.o]
    numbers += [*reference.w1, *reference.w2, *reference.w3]
    assert (
        repr(MODEL) == f"StoryModel({sum(np.size(part) for part in numbers):,} weights, 512 tokens)"
    )


def test_attention_worked_by_hand():
    # One text of two tokens; two heads of the queries share one of keys and values. Of a head's 4
    # numbers only the first differs from 0, so that each score is half the product of two numbers.
    queries = np.zeros((1, 2, 2, 4))
    queries[0, :, :, 0] = [[5, 7], [2, -2]]
    keys, values = np.zeros((2, 1, 1, 4, 2))
    keys[0, 0, 0] = [0, math.log(3)]
    values[0, 0, 0] = [8, 4]
    mixed = attention(queries, keys, values)[0, :, :, 0]
    # The first token sees itself only. To the second the scores of the two are 0 and ln 3, hence
    # 1/4 and 3/4, in the first head; and 0 and -ln 3 in the second.
    np.testing.assert_allclose(mixed, [[8, 8], [8 / 4 + 4 * 3 / 4, 8 * 3 / 4 + 4 / 4]])


def test_norm_rotation_and_gate_worked_by_hand():
    np.testing.assert_allclose(
        rms_norm(np.array([[3.0, -4.0]]), np.array([1.0, 2.0])),
        [[3 / math.sqrt(12.50001), -8 / math.sqrt(12.50001)]],
    )
    quarter = np.exp(1j * math.pi / 2 * np.array([[0], [1]]))
    turned = rotate(np.array([[[[1.0, 0.0]], [[1.0, 2.0]]]]), quarter)
    np.testing.assert_allclose(turned, [[[[1, 0]], [[-2, 1]]]], atol=1e-15)
    np.testing.assert_allclose(
        swiglu(np.array([0.0, math.log(3)]), np.array([5.0, 8.0])), [0, math.log(3) * 6]
    )


def test_products_in_parts_are_the_product():
    dice = np.random.default_rng(0)
    matrices = dice.normal(size=(2, 172, 64))
    for rows in (1, 20, 47, 48, 200):
        x = dice.normal(size=(2, rows, 172))
        np.testing.assert_allclose(product(x, matrices), x @ matrices, rtol=1e-12, atol=1e-12)


# --- tokens


def merged_one_at_a_time(text):
    """Encode as llama2.c does: the best pair of all, the first of several, again and again."""
    data, start, pieces = (FOLDER / "tok512.bin").read_bytes(), 4, []
    while start < len(data):
        score, length = struct.unpack("<fi", data[start : start + 8])
        pieces.append((data[start + 8 : start + 8 + length], score))
        start += 8 + length
    ids = {piece: token for token, (piece, _) in enumerate(pieces) if token > 258}
    found = [1]
    for character in f" {text}" if text else "":
        utf8 = character.encode()
        found += [ids[utf8]] if utf8 in ids else [3 + byte for byte in utf8]
    while True:
        unions = [ids.get(pieces[a][0] + pieces[b][0]) for a, b in pairwise(found)]
        scores = [-math.inf if token is None else pieces[token][1] for token in unions]
        if max(scores, default=-math.inf) == -math.inf:
            return found
        place = scores.index(max(scores))
        found[place : place + 2] = [unions[place]]


@given(st.text())
def test_any_text_survives_encoding(text):
    ids = MODEL.encode(text)
    assert ids[0] == 1
    assert min(ids[1:], default=3) >= 3
    assert MODEL.decode(ids) == text


@given(st.one_of(st.text("  therysvabhilo", max_size=60), st.text(max_size=20)))
def test_the_best_pair_is_merged_first(text):
    assert MODEL.encode(text) == merged_one_at_a_time(text)


def test_stories_are_encoded_pair_by_pair():
    for text in (UNSEEN[0], GREEDY, "Grüße, 中文! \\xf0 <s> <0x0A> \x00\t\r\n" * 3):
        assert MODEL.encode(text) == merged_one_at_a_time(text)
        assert MODEL.decode(MODEL.encode(text)) == text


def test_tokens_are_different_and_shown_as_they_read():
    assert len(MODEL.tokens) == len(set(MODEL.tokens)) == 512
    assert MODEL.tokens[:3] == ("<unk>", "<s>", "</s>")
    assert MODEL.tokens[3 + 10] == "\n"
    assert MODEL.tokens[3 + 0xE4] == "<0xE4>"
    # Its letter has a token of its own.
    assert MODEL.tokens[3 + ord("a")] == "<0x61>"
    assert {" Once", " Lily", "é", "#", "\t"} <= set(MODEL.tokens)
    for token in range(3, 512):
        name = MODEL.tokens[token]
        assert name == MODEL.decode([token]) or name == f"<0x{token - 3:02X}>"


def test_what_is_not_utf_8_is_shown_as_escapes():
    moon = [3 + byte for byte in "🌙".encode()]
    assert MODEL.decode(moon) == "🌙"
    assert MODEL.decode(moon[:2]) == "\\xf0\\x9f"
    assert MODEL.decode([1, *moon[:2], *MODEL.encode("a")[1:]]) == "\\xf0\\x9f a"


def test_only_the_space_that_encoding_adds_is_taken_off():
    ids = MODEL.encode("  Lily")
    assert MODEL.decode(ids) == "  Lily"
    assert MODEL.decode(ids[1:]) == "   Lily"
    assert MODEL.decode([]) == MODEL.decode([1]) == MODEL.decode([1, 1]) == ""


# --- logits


def test_several_contexts_of_any_lengths_give_what_each_gives_alone(monkeypatch):
    ids = MODEL.encode(GREEDY)
    contexts = [ids[:length] for length in (5, 1, 257, 30, 5, 31)]
    alone = np.array([MODEL.logits(context) for context in contexts])
    assert alone.shape == (6, 512)
    along = MODEL.logits_along(ids)[[len(context) - 1 for context in contexts]]
    np.testing.assert_allclose(along, alone, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(MODEL.logits(contexts), alone, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(MODEL.logits(np.array([ids[:7]] * 3)), [MODEL.logits(ids[:7])] * 3)
    monkeypatch.setattr(language, "_NUMBERS", 20_000)
    np.testing.assert_allclose(MODEL.logits(contexts), alone, rtol=1e-10, atol=1e-10)


def test_a_prompt_gives_a_table_of_all_tokens():
    table = MODEL.table("Once upon a time, there was a")
    assert isinstance(table, TokenTable)
    assert table.tokens == MODEL.tokens
    assert table.prompt == "Once upon a time, there was a"
    assert table.logits.dtype == np.float64
    assert np.array_equal(table.logits, MODEL.logits(MODEL.encode(table.prompt)))
    assert table.tokens[table.logits.argmax()] == " little"
    assert np.flatnonzero(table.probabilities(math.inf) == 0).tolist() == [0, 2]
    assert np.array_equal(MODEL.table().logits, MODEL.logits([1]))


def test_the_model_sees_512_tokens():
    ids = MODEL.encode("a" * 511)
    assert len(ids) == 512
    assert MODEL.logits(ids).shape == MODEL.table("a" * 511).logits.shape == (512,)
    # As far as it can see, and to the end of its last story where that comes first.
    (text,) = MODEL.write("", [0], length=511)
    assert text.startswith(GREEDY)
    (text,) = MODEL.write("a" * 510, [1], length=1)
    assert text.startswith("a" * 510)
    assert len(MODEL.encode(text)) <= 512


# --- draws


# Any logits, also those that look like probabilities.
@pytest.mark.filterwarnings("ignore:logits look like probabilities")
@given(
    st.lists(st.one_of(st.floats(-50, 50), st.just(-math.inf)), min_size=1, max_size=20),
    st.one_of(st.sampled_from([0, math.inf, 5e-324, 1e-300, 1e300]), st.floats(0, 1e300)),
)
def test_a_tempered_logit_is_its_distance_from_the_largest_over_the_temperature(
    logits, temperature
):
    largest = max(logits)
    if largest == -math.inf:
        return
    tempered = temper(logits, temperature)
    assert max(tempered) == 0
    for logit, result in zip(logits, tempered, strict=True):
        # In floats, whose quotient is the nearest float to the true one, or infinite.
        gap = logit - largest
        if logit == -math.inf or temperature == 0:
            assert result == (0 if gap == 0 else -math.inf)
        elif temperature == math.inf:
            assert result == 0
        else:
            exact = mpmath.mpf(gap) / mpmath.mpf(temperature)
            nearest = float(exact) if exact > -(mpmath.mpf(2) ** 1024) else -math.inf
            assert math.isclose(result, nearest, rel_tol=1e-14, abs_tol=1e-300)
    rows = temper([logits, logits], [temperature, 1])
    assert rows.tolist() == [tempered.tolist(), temper(logits, 1).tolist()]


def test_at_the_limits_tempered_logits_are_exact():
    logits = [3, 5, -math.inf, 5]
    assert temper(logits, 0).tolist() == [-math.inf, 0, -math.inf, 0]
    assert temper(logits, math.inf).tolist() == [0, 0, -math.inf, 0]
    assert temper([0, -5e-324], 0).tolist() == [0, -math.inf]


def chi_square(counts, expected):
    return sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))


def test_at_temperature_0_tied_leaders_share():
    def step(rows, temperatures):
        tied = np.full(rows.shape, -1.0)
        tied[:, [300, 400]] = 7
        return temper(tied, temperatures)

    (drawn,) = MODEL.grow([1], [0], 1, range(2000), step=step)
    counts = np.bincount(drawn.tokens[drawn.places[:, 0]])
    assert np.flatnonzero(counts).tolist() == [300, 400]
    # The 99.9th percentile of chi-square with 1 degree of freedom.
    assert chi_square(counts[[300, 400]], [1000, 1000]) < 10.828


def test_at_infinity_the_dice_decide_alone():
    texts, _ = grown(MODEL.encode("Once upon"), [math.inf], 30, [8])
    noise = np.random.default_rng(8).gumbel(size=(30, 512))
    noise[:, [0, 2]] = -np.inf
    assert texts[0][0][3:] == noise.argmax(axis=1).tolist()


# --- many texts at once


@pytest.mark.parametrize(
    ("prompt", "temperatures", "seeds", "length", "change"),
    [
        ("", [0, 0.5, 1, 1.5, 2, math.inf], [0, 7], 40, np.array),
        ("The sun was", [0, 0.5, 1, 2, 4], [3, 1, 0, 2], 20, ends_often),
        ("Lily", [1], [11], 25, np.array),
        ("Lily", [1, 1, 0], [11, 11], 12, np.array),
    ],
    ids=["limits", "ends", "one", "twins"],
)
def test_all_texts_at_once_are_those_written_one_by_one(
    prompt, temperatures, seeds, length, change
):
    def step(rows, stops):
        return temper(change(rows), stops)

    ids = MODEL.encode(prompt)
    texts, _ = grown(ids, temperatures, length, seeds, step=step)
    for seed, row in zip(seeds, texts, strict=True):
        for temperature, text in zip(temperatures, row, strict=True):
            assert text == one_by_one(ids, temperature, length, seed, change)


def test_each_text_is_drawn_at_its_own_temperature():
    met = []

    def step(rows, stops):
        met.extend(stops.tolist())
        return temper(rows, stops)

    list(MODEL.grow([1], [*STOPS, math.inf], 2, [5, 3], step=step))
    assert met == 4 * [*STOPS, math.inf]


@pytest.mark.parametrize("change", [np.array, ends_often], ids=["goes on", "ends"])
def test_steps_are_a_tree_in_which_nothing_is_computed_twice(change):
    def step(rows, stops):
        return temper(change(rows), stops)

    ids = MODEL.encode("The sun was")
    texts, steps = grown(ids, [0, 0.7, 1, 1.3, 2, 4], 16, range(6), step=step)
    before, ended = {0: tuple(ids)}, []
    for number, step in enumerate(steps):
        going_on = {place for place, text in before.items() if text[-1] != 1}
        contexts, now = {}, {}
        for place, (parent, context) in enumerate(zip(step.parents, step.contexts, strict=True)):
            now[place] = (*before[int(parent)], int(step.tokens[place]))
            # A row of logits belongs to one text so far.
            assert contexts.setdefault(int(context), int(parent)) == parent
        assert set(contexts.values()) == going_on
        assert sorted(contexts) == list(range(len(step.logits)))
        assert len(contexts) == len(going_on) == len({before[place] for place in going_on})
        assert (np.diff(step.contexts) >= 0).all()
        assert len(set(now.values())) == len(step.tokens) == len(step.contexts)
        assert set(step.places[step.places >= 0].tolist()) == set(now)
        alone = MODEL.logits([before[contexts[row]] for row in range(len(contexts))])
        np.testing.assert_allclose(step.logits, alone, rtol=1e-10, atol=1e-10)
        for row, places in zip(texts, step.places, strict=True):
            for text, place in zip(row, places.tolist(), strict=True):
                length = len(ids) + number + 1
                assert (place < 0) == (len(text) < length)
                assert place < 0 or now[place] == tuple(text[:length])
        ended.append(np.count_nonzero(step.tokens == 1))
        before = now
    # Texts end while others go on.
    assert (sum(ended[:4]) > 4) == (change is ends_often)


def test_the_tree_is_small_where_texts_begin_the_same():
    steps = list(MODEL.grow([1], STOPS, 100, [0]))
    assert sum(len(step.tokens) for step in steps) < 201 * 100 / 6
    assert len(np.unique(steps[-1].places)) < 70


def test_a_text_does_not_depend_on_what_else_is_asked_for():
    prompt, stops = "The dragon", [0, 0.8, 1, 1.25, 2, math.inf]
    together = MODEL.write(prompt, stops, length=40, seed=4)
    assert [MODEL.write(prompt, [stop], length=40, seed=4)[0] for stop in stops] == together
    many, _ = grown(MODEL.encode(prompt), [*STOPS, math.inf], 40, [9, 4, 1])
    places = [STOPS.tolist().index(stop) for stop in stops[:-1]]
    assert [MODEL.decode(many[1][place]) for place in [*places, -1]] == together
    shorter = MODEL.write(prompt, stops, length=15, seed=4)
    assert all(text.startswith(begun) for text, begun in zip(together, shorter, strict=True))
    assert MODEL.write(prompt, stops, length=40, seed=4) == together
    assert MODEL.write(prompt, stops, length=40, seed=5) != together


# --- bad input


@pytest.mark.parametrize(
    "text", ["😀" * 300, "é中" * 200, "ab😀 the " * 90, "x" * 520, "a \n" * 400]
)
def test_as_many_characters_of_a_long_prompt_fit_as_are_said_to(text):
    with pytest.raises(ValueError, match="of this text the first") as caught:
        MODEL.table(text)
    fitting = int(
        re.search("the first ([\\d,]+) characters", str(caught.value))[1].replace(",", "")
    )
    sizes = [len(MODEL.encode(text[:length])) for length in range(len(text) + 1)]
    assert fitting == max(length for length, size in enumerate(sizes) if size <= 512)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: MODEL.encode(3), TypeError, "text must be a string, got 3"),
        (lambda: MODEL.encode(b"Lily"), TypeError, "text must be a string, got b'Lily'"),
        (
            lambda: MODEL.encode("ab\ud83d"),
            ValueError,
            r"text must be Unicode text, got '\\ud83d' at 2, one half of a surrogate pair",
        ),
        (lambda: MODEL.table(None), TypeError, "prompt must be a string, got None"),
        (lambda: MODEL.write(["Lily"]), TypeError, r"prompt must be a string, got \['Lily'\]"),
        (lambda: MODEL.write("\udc00"), ValueError, "prompt must be Unicode text"),
        (
            lambda: MODEL.table("a" * 600),
            ValueError,
            "prompt must have at most 512 tokens, got 601: of this text the first 511 characters",
        ),
        (
            lambda: MODEL.write("中文" * 100),
            ValueError,
            "prompt must have at most 512 tokens, got 602: of this text the first 170 characters",
        ),
        (
            lambda: MODEL.write("a" * 511),
            ValueError,
            "length must be at most 0, got 100: the model sees 512 tokens, and the prompt has 512",
        ),
        (lambda: MODEL.write(length=0), ValueError, "length must be at least 1, got 0"),
        (lambda: MODEL.write(length=-5), ValueError, "length must be at least 1, got -5"),
        (lambda: MODEL.write(length=2.0), TypeError, "length must be a whole number, got 2.0"),
        (lambda: MODEL.write(length=True), TypeError, "length must be a whole number, got True"),
        (
            lambda: MODEL.write("Lily", length=511),
            ValueError,
            "length must be at most 510, got 511: the model sees 512 tokens, and the prompt has 2",
        ),
        (lambda: MODEL.write(seed=-1), ValueError, "seed must be at least 0, got -1"),
        (lambda: MODEL.write(seed=0.5), TypeError, "seed must be a whole number, got 0.5"),
        (lambda: MODEL.write(temperatures=[]), ValueError, "temperatures must not be empty"),
        (
            lambda: MODEL.write(temperatures=[1, -1]),
            ValueError,
            r"temperatures\[1\] must not be negative, got -1",
        ),
        (
            lambda: MODEL.write(temperatures=math.nan),
            ValueError,
            r"temperatures\[0\] must not be NaN",
        ),
        (lambda: MODEL.write(temperatures="hot"), TypeError, "temperatures must be real numbers"),
        (lambda: MODEL.write(temperatures=None), TypeError, "temperatures must be real numbers"),
        (lambda: MODEL.write(temperatures=[True]), TypeError, "temperatures must be real numbers"),
        (lambda: MODEL.write(temperatures=[[1]]), ValueError, "temperatures must be one-dimens"),
        (
            lambda: MODEL.decode("Lily"),
            TypeError,
            r"ids must be whole numbers, got 'Lily': use enc",
        ),
        (lambda: MODEL.decode([1, 512]), ValueError, "ids must be from 0 to 511, got 512"),
        (lambda: MODEL.decode([-1]), ValueError, "ids must be from 0 to 511, got -1"),
        (lambda: MODEL.decode([1.0]), TypeError, r"ids must be whole numbers, got \[1.0\]"),
        (lambda: MODEL.decode([[1]]), ValueError, r"ids must be one-dimensional, got shape \(1, 1"),
        (lambda: MODEL.decode([[1], [1, 2]]), ValueError, "ids must be rectangular"),
        (lambda: MODEL.decode(None), TypeError, "ids must be whole numbers, got None"),
        (lambda: MODEL.decode(5), ValueError, r"ids must be one-dimensional, got shape \(\)"),
        (lambda: MODEL.logits("Lily"), TypeError, "ids must be whole numbers, got 'Lily': use enc"),
        (lambda: MODEL.logits([]), ValueError, r"ids must begin with token 1, got \[\]"),
        (lambda: MODEL.logits([[1], []]), ValueError, r"ids must begin with token 1, got \[\]"),
        (
            lambda: MODEL.logits([403, 407]),
            ValueError,
            "ids must begin with token 1, got .403, 407",
        ),
        (lambda: MODEL.logits([1] * 513), ValueError, "ids must be at most 512, got 513"),
        (lambda: MODEL.logits([[1, 5], 7]), ValueError, r"ids must be one-dimensional, got shape"),
        (lambda: MODEL.logits(None), TypeError, "ids must be whole numbers, got None"),
        (lambda: MODEL.logits_along([1] * 513), ValueError, "ids must be at most 512, got 513"),
        # Before the first step.
        (lambda: MODEL.grow([5], [1], 5, [0]), ValueError, "ids must begin with token 1, got .5"),
        (lambda: MODEL.grow([1], [1], 512, [0]), ValueError, "length must be at most 511, got 512"),
        (lambda: MODEL.grow([1], [-1], 5, [0]), ValueError, "must not be negative, got -1"),
        (lambda: MODEL.grow([1], 1, 5, [0]), ValueError, "temperatures must have at least one dim"),
        (lambda: MODEL.grow([1], [1], 5, 0), TypeError, "seeds must be a list of whole numbers"),
        (lambda: MODEL.grow([1], [1], 5, "7"), TypeError, "seeds must be a list of whole numbers"),
        (lambda: MODEL.grow([1], [1], 5, []), ValueError, "seeds must not be empty"),
        (lambda: MODEL.grow([1], [1], 5, [0, -1]), ValueError, r"seeds\[1\] must be at least 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda rows, stops: rows[0], r"step must return logits of shape \(1, 512\), got \(512,\)"),
        (lambda rows, stops: np.full_like(rows, -np.inf), "step must leave at least one token"),
        (lambda rows, stops: rows + np.nan, "step must leave at least one token unmasked"),
        (lambda rows, stops: rows + np.inf, "step must leave at least one token unmasked"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_step_that_leaves_nothing_to_draw_is_refused(step, words):
    with pytest.raises(ValueError, match=words):
        next(MODEL.grow([1], [1], 5, [0], step=step))


def test_one_temperature_gives_a_list_of_one_text():
    (text,) = MODEL.write("Lily", 0.5, length=5)
    assert MODEL.write("Lily", [0.5], length=5) == [text]
    assert MODEL.write("Lily", np.float32(0.5), length=5) == [text]


@pytest.mark.parametrize("name", ["stories260K.bin", "tok512.bin"])
def test_a_truncated_or_altered_file_is_refused(name, tmp_path, monkeypatch):
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(story, "_DATA", tmp_path)
    assert StoryModel().tokens == MODEL.tokens
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[:-1])
    with pytest.raises(
        ValueError, match=f"{name} must have {len(data):,} bytes, got {len(data) - 1:,}"
    ):
        StoryModel()
    (tmp_path / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(
        ValueError, match=f"{name} must have the SHA-256 [0-9a-f]+, got [0-9a-f]+: in"
    ):
        StoryModel()


def test_the_model_is_loaded_once():
    assert load_story_model() is MODEL


def test_dice_stay_at_their_positions_behind_tokens_that_are_taken():
    ids = MODEL.encode("The cat")
    drawn = [int(step.tokens[0]) for step in MODEL.grow(ids, [1], 12, [6])]
    for count in (1, 5, 11):
        steps = list(MODEL.grow(ids, [1], 12, [6], taken=drawn[:count]))
        assert [int(step.tokens[0]) for step in steps] == drawn[count:]
    assert MODEL.write("The cat", [1], 12, 6, drawn[:3]) == MODEL.write("The cat", [1], 12, 6)
    for taken in ([5] * 12, [5, 1]):
        with pytest.raises(ValueError, match="taken must be fewer than length, 12, without"):
            MODEL.write("The cat", [1], 12, 6, taken)
    with pytest.raises(TypeError, match="taken must be whole numbers"):
        MODEL.write("The cat", [1], 12, 6, "abc")
