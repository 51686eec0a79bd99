"""Figures of lesson 03 that its prose and its issue name, worked out anew."""

import math

import nbformat
import numpy as np
import pytest

from softmax_temperature import (
    estimate_temperature,
    gumbel_draws,
    load_example,
    load_story_model,
    perplexity,
    temper,
)
from tests.helpers import NOTEBOOKS, softmax
from tests.test_notebooks import minutes

MODEL = load_story_model()
NOTEBOOK = nbformat.read(NOTEBOOKS["03-text"], as_version=4)
CELLS = {cell.id: cell.source for cell in NOTEBOOK.cells}
PROSE = " ".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")


def says(*texts):
    """Check that the prose has these words."""
    prose = " ".join(PROSE.split())
    assert [text for text in texts if text not in prose] == []


@pytest.fixture(scope="module")
def unseen():
    """Return the two stories that the model has never seen, as the lesson has them."""
    names = {}
    for cell in ("fox", "boat"):
        exec(CELLS[cell].split("\n)")[0] + "\n)", names)
    assert all(80 <= len(names[name].split()) <= 100 for name in ("fox", "boat"))
    return {name: names[name] for name in ("fox", "boat")}


@pytest.fixture(scope="module")
def along(unseen):
    """Return the logits along each story, and the tokens that came."""
    found = {}
    for name, text in unseen.items():
        ids = MODEL.encode(text)
        found[name] = MODEL.logits_along(ids)[:-1], np.array(ids[1:])
    found["both"] = tuple(np.concatenate(parts) for parts in zip(*found.values(), strict=True))
    return found


def shares_at(logits, temperature):
    """Return probabilities, worked out in the plainest way."""
    weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    return weights / weights.sum(axis=-1, keepdims=True)


def written(temperature, rounding=np.asarray, seeds=range(16)):
    """Return stories of 120 tokens, or up to their ends."""
    stories = [MODEL.encode("") for _ in seeds]

    def step(logits, stops):
        return temper(rounding(logits), stops)

    for grown in MODEL.grow(MODEL.encode(""), [temperature], 120, seeds, step):
        for story, (place,) in zip(stories, grown.places, strict=True):
            if place >= 0:
                story.append(int(grown.tokens[place]))
    return stories


def greedy_story(rounding):
    """Return a story of 120 tokens, each the first of the largest."""
    ids = MODEL.encode("")
    for _ in range(120):
        ids = [*ids, int(rounding(MODEL.logits(ids)).argmax())]
    return ids[1:]


def words_of(texts):
    letters = "".join(
        sign if sign.isalpha() else " "
        for text in texts
        for sign in MODEL.decode(text).lower() + " "
    )
    return set(letters.split())


def to_bfloat16(logits):
    """Round to 8 binary digits by arithmetic alone."""
    fractions, exponents = np.frexp(np.asarray(logits, np.float32).astype(np.float64))
    return np.ldexp(np.rint(fractions * 256) / 256, exponents)


def test_the_lesson_takes_half_an_hour():
    assert len(NOTEBOOK.cells) <= 50
    assert minutes(NOTEBOOK) <= 30


def test_the_best_temperatures_of_the_unseen_stories(along):
    for name, best, low, high in (("fox", 1.15, 1.05, 1.27), ("boat", 1.07, 0.965, 1.2)):
        logits, came = along[name]
        found = estimate_temperature(logits, came)
        assert found.temperature == pytest.approx(best, abs=0.005)
        assert found.interval == pytest.approx((low, high), abs=0.005)
        # The loss itself is lowest there.
        places = np.arange(len(came))
        grid = np.arange(30, 251) / 100
        losses = [-np.log(shares_at(logits, T)[places, came]).mean() for T in grid]
        assert grid[np.argmin(losses)] == pytest.approx(best)
    at_1 = [
        -np.log(shares_at(logits, 1)[np.arange(len(came)), came]).mean()
        for logits, came in (along["fox"], along["boat"])
    ]
    assert at_1 == pytest.approx([1.629, 1.490], abs=0.0005)
    found = estimate_temperature(*along["both"])
    assert (found.temperature, *found.interval) == pytest.approx((1.11, 1.04, 1.2), abs=0.005)
    says("The fox is predicted best at $T = 1.15$, the boat at 1.07, and both together at 1.11")
    says("from 1.04 to 1.20")


def test_how_sure_and_how_right_the_model_is(along):
    for name, stop, sure, right in (
        ("fox", 1.15, 0.563, 0.556),
        ("boat", 1.07, 0.591, 0.546),
        ("both", 1, 0.613, 0.551),
    ):
        logits, came = along[name]
        shares = shares_at(logits, stop)
        assert shares.max(axis=1).mean() == pytest.approx(sure, abs=0.0005)
        assert (shares.argmax(axis=1) == came).mean() == pytest.approx(right, abs=0.0005)
    says("0.613 on average, and comes in 0.551")
    assert shares_at(along["both"][0], 1.11).max(axis=1).mean() == pytest.approx(0.577, abs=0.0005)
    says("At $T = 1.11$, on the right, the likeliest token has 0.577 on average")
    assert len(along["both"][1]) == 430
    hit = along["fox"][0].argmax(axis=1) == along["fox"][1]
    assert ((~hit).sum(), len(hit)) == (104, 234)
    says("430 tokens", "104 of the fox's 234 tokens")


def test_the_end_token_against_the_temperature(unseen, along):
    ends = {name: MODEL.logits(MODEL.encode(text)) for name, text in unseen.items()}
    for name, shares in (("boat", (0.967, 0.777, 0.406)), ("fox", (0.028, 0.087, 0.092))):
        found = [softmax(ends[name].tolist(), T)[MODEL.end] for T in (0.5, 1, 2)]
        assert found == pytest.approx(shares, abs=0.0005)
    elsewhere = [shares_at(along["both"][0], T)[:, MODEL.end].mean() for T in (0.5, 1, 2)]
    assert elsewhere == pytest.approx([1.6e-6, 6.7e-5, 6.9e-4], rel=0.03)
    says("1.6 in a million at $T = 0.5$, 67 at 1 and 690 at 2")


def test_was_by_tokens_and_in_texts_of_two():
    ids, was = MODEL.encode("The dragon"), MODEL.tokens.index(" was")
    first = MODEL.logits(ids)
    drawn = np.flatnonzero(first > -np.inf)
    chances = shares_at(first, 1)[drawn, np.newaxis] * shares_at(
        MODEL.logits([[*ids, int(token)] for token in drawn]), 1
    )
    # At T = 1/2 each probability is squared.
    assert (shares_at(first, 1)[was] ** 2 / (shares_at(first, 1) ** 2).sum()) == pytest.approx(
        0.785, abs=0.0005
    )
    squared = chances**2
    assert squared[drawn == was].sum() / squared.sum() == pytest.approx(0.523, abs=0.0005)


def test_the_cats_by_tokens_and_as_texts():
    # By hand: 16/52 and 16/34.
    by_token, as_text = 4 / 13, 8 / 17
    assert softmax([math.log(0.6), math.log(0.4)], 0.5)[1] == pytest.approx(by_token)
    logs = [math.log(p) for p in (0.3, 0.3, 0.4)]
    assert softmax(logs, 0.5)[2] == pytest.approx(as_text)
    # "The cat sat down": 36/52 times a half, and 9/34.
    assert (1 - by_token) / 2 == pytest.approx(0.346, abs=0.0005)
    assert softmax(logs, 0.5)[0] == pytest.approx(0.265, abs=0.0005)
    says("= 0.346", "= 0.265")
    bits = np.log2([0.3, 0.3, 0.4])
    for stop, mean in ((1, "−1.57"), (0.5, "−1.61"), (0, "−1.74")):
        ran = softmax([math.log(0.6), math.log(0.4)], stop)[1] if stop else 0
        shares = np.array([(1 - ran) / 2, (1 - ran) / 2, ran])
        assert f"{shares @ bits:.2f}".replace("-", "−") == mean
        says(mean)


def test_words_of_the_forest():
    names = load_example("gpt2-artificial-intelligence").tokens
    known = {token.strip().lower() for token in names}
    lacked = {}
    for stop, words, percent in ((0, 45, 0), (1, 373, 5), (1.5, 501, 20), (2, 601, 41)):
        texts = written(stop, seeds=range(24 if stop else 1))
        found = words_of(texts)
        lacked[stop] = found - known
        assert len(found) == words
        # All stories but one have 120 tokens.
        ended = [seed for seed, ids in enumerate(texts) if len(ids) < 121]
        assert ended == ([21] if stop == 2 else [])
        assert round(100 * len(lacked[stop]) / words) == percent
    assert "mommy" in lacked[1]
    assert "callerpilwout" in lacked[2]
    says("45 different words; at $T = 1$ they have 373, at $T = 2$ 601")
    says("At $T = 1$ it lacks 5 % of them, “mommy” among these, at 1.5 20 %, and at 2 41 %")
    says("The row at $T = 2$ that stops before the others is a story that ended")


def test_walking_wins_again_after_another_beginning():
    # The column of each token: a token a place.
    walks = []
    for stop in (1.5, 1.95):
        ids = MODEL.encode("")
        for grown in MODEL.grow(ids, [stop], 60, [0]):
            ids = [*ids, int(grown.tokens[grown.places[0, 0]])]
        pieces = MODEL.pieces(ids)
        at = "".join(pieces).index(" walking by")
        lengths = np.cumsum([len(piece) for piece in pieces])
        walks.append((int(np.searchsorted(lengths, at, "right")), ids))
    (first, one), (second, other) = walks
    assert first == second
    assert one[:first] != other[:first]
    says("the same word may win again, as “walking” does in the map at the top")


def test_the_dark_can_be_taken_and_is_written_at_no_temperature():
    prompt = "The little dragon was afraid of"
    ids = MODEL.encode(prompt)
    for token in MODEL.encode(f"{prompt} the dark")[len(ids) :]:
        # The list of rivals has eight.
        assert (MODEL.logits(ids) > MODEL.logits(ids)[token]).sum() < 8
        ids.append(token)
    texts = MODEL.write(prompt, np.arange(201) / 100, length=40)
    assert not any("the dark" in text for text in texts)


def test_how_much_stands_twice_about_france():
    ids = MODEL.encode("The capital of France is")
    stories = {(seed, stop): [*ids] for seed in range(12) for stop in range(3)}
    for grown in MODEL.grow(ids, [0, 0.25, 0.5], 200, range(12)):
        for at, place in np.ndenumerate(grown.places):
            if place >= 0 and grown.tokens[place] != MODEL.end:
                stories[at].append(int(grown.tokens[place]))
    shares = []
    for stop in range(3):
        runs = []
        for seed in range(12):
            words = MODEL.decode(stories[seed, stop]).split()
            four = list(zip(*(words[i:] for i in range(4)), strict=False))
            runs.append(1 - len(set(four)) / len(four))
        shares.append(f"{100 * np.mean(runs):.0f} %")
    assert shares == ["49 %", "13 %", "3 %"]
    says("from 49 % at $T = 0$ to 13 % at a quarter and 3 % at a half", "“ball was not nice.”")


def test_how_rarely_the_ball_would_be_not_nice():
    pieces = MODEL.encode("The ball was not nice.")[1:]
    ids = MODEL.encode(MODEL.write("The capital of France is", 0, length=200)[0])
    shares = shares_at(MODEL.logits_along(ids)[:-1], 1)[np.arange(len(ids) - 1), ids[1:]]
    # Its first token is "The", in any place.
    rest = pieces[1:]
    starts = [at for at in range(len(ids)) if ids[at : at + len(rest)] == rest]
    assert len(starts) == 7
    assert max(shares[at - 1 : at - 1 + len(rest)].prod() for at in starts) < 0.01
    says("less than once in a hundred times", "it does so seven times here")


def test_beams_find_a_text_that_is_so_much_likelier():
    start = len(MODEL.encode("The dragon"))

    def best(width):
        beams = [(0.0, MODEL.encode("The dragon"))]
        for _ in range(20):
            rows = shares_at(MODEL.logits([ids for _, ids in beams]), 1)
            longer = [
                (chance + math.log(row[token]), [*ids, int(token)])
                for (chance, ids), row in zip(beams, rows, strict=True)
                for token in np.argsort(-row)[:width]
            ]
            beams = sorted(longer, key=lambda beam: -beam[0])[:width]
        return beams[0]

    (greedy, _), (two, found), (four, again) = best(1), best(2), best(4)
    assert found == again
    assert round(math.exp(four - greedy)) == 20498
    assert two == four
    assert MODEL.tokens[found[start]] == " li"
    says("about 20,000 times")


def test_rounding_changes_stories_with_the_same_seed():
    fine, rough = written(1, seeds=range(8)), written(1, to_bfloat16, range(8))
    assert sum(one != other for one, other in zip(fine, rough, strict=True)) == 4
    greedy, rounded = greedy_story(np.asarray), greedy_story(to_bfloat16)
    assert greedy[:114] == rounded[:114]
    assert greedy[114] != rounded[114]
    said = [MODEL.decode(story[105:]) for story in (greedy, rounded)]
    assert ["your ball" in said[0], "my ball" in said[1]] == [True, True]
    says("from the 115th token on")


def test_the_two_leaders_of_gpt2_tie_when_they_are_rounded():
    logits = load_example("gpt2-artificial-intelligence").logits
    leaders = np.sort(logits)[-2:]
    assert leaders == pytest.approx([-101.05, -100.88], abs=0.005)
    says("−100.88 and −101.05", "both become −101")
    assert to_bfloat16(leaders).tolist() == [-101, -101]
    # Numbers of this size are half apart.
    assert to_bfloat16([-100.74, -100.76]).tolist() == [-100.5, -101]


def test_the_order_of_a_sum_matters():
    assert [f"{0.1 + 0.2 + 0.3!r}", f"{0.3 + 0.2 + 0.1!r}"] == ["0.6000000000000001", "0.6"]
    says("0.1 + 0.2 + 0.3 gives 0.6000000000000001, and 0.3 + 0.2 + 0.1 gives 0.6.")


@pytest.mark.parametrize(
    ("logits", "percent"),
    [
        (load_example("gpt2-spaceship").logits, (83, 3.4)),
        (MODEL.table("The dragon").logits, (93, 20.2)),
    ],
    ids=["gpt2", "dragon"],
)
def test_shared_luck_and_own_luck(logits, percent):
    drawn = np.isfinite(logits)
    p, q = shares_at(logits, 1)[drawn], shares_at(logits, 0.9)[drawn]
    own = float((p * q).sum())
    # The probability with which shared noise agrees, token by token.
    ratio = np.log(q) - np.log(p)
    order = np.argsort(ratio)
    before, after = np.cumsum(p[order]), np.cumsum((q[order])[::-1])[::-1]
    below = before - p[order]
    same = float((1 / (before / p[order] + np.append(after[1:], 0) / q[order])).sum())
    assert below[0] == 0
    plain, cooler = gumbel_draws([logits, logits / 0.9], 500)
    counted = (plain == cooler).mean()
    assert counted == pytest.approx(same, abs=3 * math.sqrt(same * (1 - same) / 500))
    other = (plain == gumbel_draws(logits / 0.9, 500, seed=22)).mean()
    assert other == pytest.approx(own, abs=3 * math.sqrt(own * (1 - own) / 500))
    assert (round(100 * counted), round(100 * other, 1)) == percent


def test_three_tokens_and_their_luck():
    table = MODEL.table("The dragon")
    luck = np.random.default_rng(3).gumbel(size=len(table.tokens))
    gaps = table.logits - table.logits.max()
    three = [table.tokens.index(token) for token in (" was", " had", " c")]
    assert gaps[three] == pytest.approx([0, -1.90, -3.57], abs=0.006)
    assert luck[three] == pytest.approx([-1.16, 2.85, 3.83], abs=0.005)
    assert (gaps + luck)[three] == pytest.approx([-1.16, 0.95, 0.26], abs=0.006)
    assert (gaps / 2 + luck)[three[2]] == pytest.approx(2.05, abs=0.005)
    assert [three.index(int((gaps / T + luck).argmax())) for T in (0.4, 1, 2)] == [0, 1, 2]
    # As the chart rounds them.
    sums = [f"{total:.1f}".replace("-", "−") for total in (gaps + luck)[three]]
    assert sums == ["−1.2", "0.9", "0.3"]
    says("from 0 to −1.2, while “had” rises from −1.9 to 0.9", "comes only to 0.3")
    # The Gumbel distribution lies below x in exp(-exp(-x)) of the cases.
    low, high = (math.exp(-math.exp(-x)) for x in (-1.5, 3))
    assert high - low > 0.9
    assert 1 / (1 - high) == pytest.approx(20, abs=1)
    says("mostly between −1.5 and 3 and in one case of twenty above 3")


def test_the_questions_that_look_back():
    dragon = MODEL.table("The dragon")
    for stop, count in ((1, 12), (2, 62)):
        shares = sorted(softmax(dragon.logits.tolist(), stop), reverse=True)
        assert sum(shares[: count - 1]) < 0.9 <= sum(shares[:count])
    for prompt, words in (("Once upon a time, there was a little", 3.0), ("She was very", 23.0)):
        assert perplexity(MODEL.table(prompt).probabilities()) == pytest.approx(words, abs=0.05)
