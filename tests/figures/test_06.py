"""The figures that notebook 06 states in its prose, and those for which it has no room."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import (
    entropy,
    heat_capacity,
    load_example,
    load_quiz,
    load_story_model,
    perplexity,
    softmax,
)
from softmax_temperature.drawing.heat import VALLEYS, anneal, deepest_valley, hottest

FOX = (
    "Once upon a time, there was a little fox named Finn. He lived in a hole under a big tree. One "
    'morning, he woke up and saw that everything was white. "Mom, who painted the forest?" he '
    'asked. His mom laughed and said, "That is snow, Finn. It fell from the sky while you were '
    'asleep." Finn put one foot on the snow. It was cold and soft. He ran around the tree until '
    "his feet had made a big circle. Then he went home, drank some warm milk and said that he "
    "liked the white forest best."
)
BOAT = (
    "Ben had a red boat. Every day he took it to the pond and let it swim. One day, the wind was "
    'very strong and the boat went far away. Ben was sad. "I want my boat back," he cried. A big '
    'duck heard him. "Do not worry," said the duck. "I can swim fast." The duck swam to the boat '
    "and pushed it back with her nose. Ben was so happy that he gave the duck some of his bread. "
    "From that day on, the boy and the duck were friends."
)
MODEL = load_story_model()
SIX = load_example("wonderful-day")
PROMPTS = [
    load_example(f"gpt2-{name}").logits.astype(float)
    for name in ("artificial-intelligence", "spaceship", "deserted-planet")
]


@pytest.fixture(scope="module")
def quiz():
    return load_quiz()


def along(text):
    """Return the logits after each token of a text but the last, of tokens that can come."""
    logits = MODEL.logits_along(MODEL.encode(text))[:-1]
    return logits[:, np.isfinite(logits[0])]


def with_memory(ids, tokens):
    """Return the logits of a model that sees so many tokens behind the one that begins a text."""
    logits = MODEL.logits([ids[:1] + ids[1 : i + 1][-tokens:] for i in range(len(ids))])
    return logits[:, np.isfinite(logits[0])]


def divergence(logits, temperature):
    """Return KL(p_T ‖ p_1) of each row, in nats."""
    cold, plain = softmax(logits, temperature), softmax(logits)
    return (cold * (np.log(cold) - np.log(plain))).sum(axis=-1)


def test_three_prompts_open_fastest_near_1():
    assert [hottest(logits) for logits in PROMPTS] == [1.01, 0.88, 0.83]
    choices = [[perplexity(softmax(logits, T)) for T in (0.9, 1)] for logits in PROMPTS]
    assert [round(warm / cool, 1) for cool, warm in choices] == [3.2, 2.6, 1.9]
    cold = [perplexity(softmax(PROMPTS[0], T)) for T in (0.3, 0.4)]
    assert cold[1] / cold[0] == pytest.approx(1.05, abs=0.01)
    assert heat_capacity(SIX.logits) == pytest.approx(0.77, abs=0.005)


@given(st.lists(st.floats(-8, 8), min_size=3, max_size=8), st.floats(0.3, 5), st.integers(0, 99))
def test_no_other_choice_with_the_same_mean_logit_is_as_open(logits, temperature, seed):
    x, p = np.array(logits), softmax(logits, temperature)
    # Away along a direction that changes neither the sum nor the mean, and not below 0.
    plane = np.linalg.qr(np.column_stack([np.ones(len(x)), x - x.mean()]))[0]
    way = np.random.default_rng(seed).normal(size=len(x))
    way -= plane @ (plane.T @ way)
    other = p + way * p.min() / max(abs(way).max(), 1e-12) / 2
    assert other @ x == pytest.approx(p @ x, abs=1e-9)
    assert entropy(other) <= entropy(p) + 1e-12


def test_the_temperature_is_the_price_of_a_nat():
    for temperature in (0.5, 1, 2):
        ends = [softmax(SIX.logits, temperature + step) for step in (-1e-4, 1e-4)]
        given_up, nats = -np.diff([p @ SIX.logits for p in ends]), np.diff(entropy(ends))
        assert given_up[0] / (nats[0] * math.log(2)) == pytest.approx(temperature, rel=1e-6)


def test_one_draw_a_token_is_no_draw_of_whole_texts():
    """Two first tokens, and after the first of them two likely ends, after the other only one."""
    first, ends = np.array([0.6, 0.4]), [np.array([0.5, 0.5]), np.array([1.0])]
    assert first.argmax() == 0
    whole = np.concatenate([p * rest for p, rest in zip(first, ends, strict=True)])
    assert whole.argmax() == 2
    squared = whole**2 / (whole**2).sum()
    assert squared[2] == pytest.approx(0.47, abs=0.005)
    assert softmax(np.log(first), 0.5)[1] == pytest.approx(0.31, abs=0.005)


def test_who_only_goes_downhill_seldom_ends_in_the_deepest_valley():
    inside = deepest_valley(VALLEYS)
    assert (len(VALLEYS), len(inside)) == (21, 5)
    assert anneal(VALLEYS, np.full(200, 1e-9))[inside].sum() == pytest.approx(4 / 21)


def test_the_best_temperature_of_the_quiz_moves_with_the_tries(quiz):
    stops = np.arange(0.02, 1.5, 0.02)
    best = [stops[np.argmax([quiz.once(T, k).mean() for T in stops])] for k in (5, 20, 100)]
    assert best == pytest.approx([0.64, 0.88, 1.04])
    cold, warm, vote = quiz.once(0).mean(), quiz.once(1).mean(), quiz.vote(1, 21).mean()
    assert [round(float(p), 2) for p in (cold, warm, vote)] == [0.52, 0.29, 0.5]
    assert quiz.vote(2, 21).mean() == pytest.approx(0.13, abs=0.005)
    assert 0.005 < max(quiz.once(T).mean() for T in stops) - cold < 0.015
    assert (quiz.once(0) == 1).sum() == 67


def test_among_four_answers_a_single_try_loses_less(quiz):
    rivals = -np.sort(-quiz._rivals, axis=1)[:, :3]
    four = np.column_stack([quiz._right, rivals])
    right = [softmax(four, T)[:, 0].mean() for T in (0, 0.5, 1)]
    assert [round(float(p), 2) for p in right] == [0.52, 0.5, 0.44]
    assert [round(float(quiz.once(T).mean()), 2) for T in (0.5, 1)] == [0.48, 0.29]
    assert 2 * math.sqrt(0.25 / 130) == pytest.approx(0.088, abs=0.001)


def test_one_question_has_one_best_temperature_for_any_number_of_tries(quiz):
    stops = np.arange(0.3, 2, 0.01)
    one, five, twenty = (np.array([quiz.once(T, k) for T in stops]) for k in (1, 5, 20))
    for place in range(130):
        tops = {int(chances[:, place].argmax()) for chances in (one, five, twenty)}
        # With many tries it can be certain, to the last digit, at several stops.
        assert len(tops) == 1 or twenty[min(tops), place] > 1 - 1e-12
    place = [question.prompt for question in quiz.questions].index("2 + 2 = ")
    assert quiz.once(0)[place] == 0
    assert stops[one[:, place].argmax()] == pytest.approx(1.17)


@given(
    st.lists(st.floats(-8, 8), min_size=2, max_size=6),
    st.lists(st.floats(0.2, 5), min_size=2, max_size=6),
    st.integers(2, 100),
)
def test_more_tries_never_move_the_best_temperature_of_one_question(logits, stops, tries):
    p = np.array([softmax(logits, T)[0] for T in stops])
    best = p.argmax()
    assert 1 - (1 - p[best]) ** tries >= (1 - (1 - p) ** tries).max() - 1e-15


def test_two_temperatures_differ_by_so_many_nats_a_token():
    both = np.concatenate([along(FOX), along(BOAT)])
    found = [divergence(both, T).mean() for T in (0.7, 0.5)]
    assert found == pytest.approx([0.069, 0.188], abs=0.0005)
    own = []
    for temperature in (0.7, 0.5):
        found = []
        for step in MODEL.grow(MODEL.encode(""), [temperature], 120, range(16)):
            spots = step.places[step.places >= 0]
            rows = step.logits[step.contexts[spots]]
            found.append(divergence(rows[:, np.isfinite(rows[0])], temperature))
        own.append(np.concatenate(found).mean())
    assert own == pytest.approx([0.059, 0.153], abs=0.0005)


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=8), st.floats(0.2, 5))
def test_the_divergence_is_never_negative_and_its_rate_is_the_heat(logits, temperature):
    """Its derivative by T is (1 - 1/T) times the variance over T², so it grows away from 1."""
    row = np.array(logits)
    assert divergence(row, temperature) >= -1e-12
    step = 1e-4 * temperature
    ends = [divergence(row, temperature + d) for d in (-step, step)]
    slope = (ends[1] - ends[0]) / (2 * step)
    expected = (1 / temperature - 1) * -heat_capacity(row, temperature)
    assert slope == pytest.approx(expected, abs=1e-5, rel=1e-5)


def test_texts_drawn_at_another_temperature_stand_for_few():
    logs, apart = np.zeros(64), []
    for step in MODEL.grow(MODEL.encode(""), [0.6], 60, range(64)):
        spots = step.places[:, 0]
        logits, drawn = step.logits[step.contexts[spots]], step.tokens[spots]
        scored, had = (softmax(logits, T)[np.arange(64), drawn] for T in (1, 0.6))
        logs += np.log(scored / had)
        apart.append(divergence(logits[:, np.isfinite(logits[0])], 0.6).mean())
    weights = np.exp(logs)
    assert weights.sum() ** 2 / (weights**2).sum() == pytest.approx(8.6, abs=0.05)
    assert np.mean(apart) == pytest.approx(0.09, abs=0.0005)
    assert math.exp(-60 * 0.09) == pytest.approx(0.0045, abs=0.00005)
    assert np.median(weights) == pytest.approx(0.0042, abs=0.00005)


def test_cold_texts_repeat_themselves():
    counts = []
    for text in MODEL.write(temperatures=(0, 0.5, 1), length=256):
        words = text.split()
        runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
        counts.append((len(runs) - len(set(runs)), len(runs)))
    assert counts == [(12, 116), (3, 128), (0, 122)]


def test_heads_look_at_so_many_tokens():
    scores = MODEL.attention_scores(BOAT)
    found = [perplexity(softmax(scores * f))[..., 1:].mean() for f in (1 / 8, 8**-0.5, 1)]
    assert found == pytest.approx([39.35, 12.57, 3.17], abs=0.01)
    bits = [entropy(softmax(scores * f))[..., 1:].mean() for f in (1 / 8, 8**-0.5, 1)]
    assert bits == pytest.approx([4.54, 2.58, 1.04], abs=0.01)


def test_the_match_of_clip_at_temperature_1():
    share = math.e / (math.e + 32_767 / math.e)
    assert share == pytest.approx(0.00023, abs=0.000005)
    cosines = np.full(32_768, -1.0)
    cosines[0] = 1
    assert softmax(cosines)[0] == pytest.approx(share)
    assert softmax(cosines, 0.01)[0] == pytest.approx(1)


def test_a_teachers_pull_and_its_direction():
    ids = MODEL.encode(BOAT[: BOAT.index(" One day")])
    teacher = MODEL.logits_along(ids)
    teacher, student = teacher[:, np.isfinite(teacher[0])], with_memory(ids, 4)
    assert teacher.shape == (33, 510)
    towards = (student - teacher) - (student - teacher).mean(axis=1, keepdims=True)
    pull = {T: (softmax(student, T) - softmax(teacher, T)) / T for T in (1, 4, 40)}
    length = {T: np.linalg.norm(g, axis=1).mean() for T, g in pull.items()}
    # The mean length at a place; of all places as one vector it is 36.5 times.
    assert length[1] / length[4] == pytest.approx(33, abs=0.5)
    assert np.linalg.norm(pull[1]) / np.linalg.norm(pull[4]) == pytest.approx(36.5, abs=0.05)
    assert all(0.2 < T**2 * size / length[1] <= 1 for T, size in length.items())
    assert length[1] / length[40] == pytest.approx(7700, abs=50)
    cosines = [
        (g * towards).sum() / np.linalg.norm(g) / np.linalg.norm(towards) for g in pull.values()
    ]
    assert cosines == pytest.approx([0.12, 0.41, 0.99], abs=0.005)


def test_the_pull_is_the_gradient_of_the_cross_entropy():
    rng = np.random.default_rng(0)
    student, teacher = rng.normal(size=(2, 6))
    steps = 1e-5 * np.eye(6)

    def loss(logits, temperature):
        given, guessed = softmax(teacher, temperature), softmax(logits, temperature)
        return -(given * np.log(guessed)).sum(axis=-1)

    for temperature in (0.5, 1, 4):
        ends = (loss(student + steps, temperature), loss(student - steps, temperature))
        pull = softmax(student, temperature) - softmax(teacher, temperature)
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-5, pull / temperature, atol=1e-6)


def test_the_chat_model_is_less_sure_than_it_is_right(quiz):
    assert quiz.leading(1).mean() == pytest.approx(0.38, abs=0.005)
    assert quiz.once(0).mean() == pytest.approx(0.52, abs=0.005)
    stops = np.arange(0.3, 2, 0.01)
    assert stops[np.argmin([-np.log(quiz.once(T)).mean() for T in stops])] == pytest.approx(0.71)
    missed = []
    for sure in (quiz.leading(1), quiz.leading(0.71)):
        groups = np.argsort(sure).reshape(5, 26)
        said, came = sure[groups].mean(axis=1), quiz.once(0)[groups].mean(axis=1)
        off = abs(said - came) > 2 * np.sqrt(said * (1 - said) / 26)
        missed.append((came - said)[off])
        rows = groups[off]
    assert [len(gaps) for gaps in missed] == [3, 1]
    assert (missed[0] > 0).all()
    assert missed[1] < 0
    assert sum(quiz.questions[place].kind == "sums" for place in rows[0]) == 12


def test_the_story_model_is_surer_than_it_is_right():
    logits = np.concatenate([along(FOX), along(BOAT)])
    ids = np.concatenate([MODEL.encode(text)[1:] for text in (FOX, BOAT)])
    whole = np.concatenate([MODEL.logits_along(MODEL.encode(text))[:-1] for text in (FOX, BOAT)])
    assert softmax(logits).max(axis=1).mean() == pytest.approx(0.613, abs=0.0005)
    assert (whole.argmax(axis=1) == ids).mean() == pytest.approx(0.551, abs=0.0005)
    places = np.arange(len(ids))
    losses = [-np.log(softmax(whole, T)[places, ids]).mean() for T in (0.9, 1, 1.1, 1.2)]
    assert np.argmin(losses) == 2
    france = load_example("smollm2-capital")
    assert france.probabilities()[france.tokens.index(" the")] == pytest.approx(0.06, abs=0.005)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(BOAT, [0.655, 0.719, 0.803]), (FOX, [0.745, 0.784, 0.846])],
    ids=["boat", "fox"],
)
def test_so_many_guesses_of_a_draft_are_kept(text, expected):
    draft, large = with_memory(MODEL.encode(text), 16)[:-1], along(text)
    kept = [np.minimum(softmax(large, T), softmax(draft, T)).sum(axis=1) for T in (0.25, 1, 2)]
    assert [row.mean() for row in kept] == pytest.approx(expected, abs=0.0005)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.data())
def test_what_is_kept_and_drawn_again_is_a_draw_from_the_large_model(parts, data):
    other = data.draw(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
    p, q = (np.array(row) / np.sum(row) for row in (parts, other))
    kept = q * np.minimum(1, p / q)
    assert kept.sum() == pytest.approx(np.minimum(p, q).sum())
    left = np.maximum(p - q, 0)
    again = left / left.sum() if left.sum() > 1e-12 else left
    np.testing.assert_allclose(kept + (1 - kept.sum()) * again, p, atol=1e-9)


def test_a_power_is_given_back_and_one_louder_word_is_not():
    before = SIX.probabilities()
    squared = before**2 / (before**2).sum()
    np.testing.assert_allclose(softmax(np.log(squared), 2), before, atol=1e-12)
    loud = SIX.logits + 3 * (np.arange(6) == 0)
    after = softmax(loud, 3)
    assert after[[0, 3, 2]] == pytest.approx([0.51, 0.16, 0.07], abs=0.005)
    assert before[[0, 3, 2]] == pytest.approx([0.51, 0.31, 0.03], abs=0.006)
    stops = np.arange(1, 10, 0.01)
    misses = [abs(softmax(loud, T) - before).max() for T in stops]
    assert min(misses) > 0.1


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=8), st.floats(0.1, 9))
def test_a_sharpened_model_is_always_given_back_by_its_power(logits, power):
    shares = softmax(logits)
    sharpened = np.log(softmax(np.array(logits) * power))
    if np.isfinite(sharpened).all():
        np.testing.assert_allclose(softmax(sharpened, power), shares, atol=1e-9)


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=8), st.floats(0.1, 1e6))
def test_what_was_cut_stays_cut_at_every_temperature(logits, temperature):
    assert softmax([*logits, -math.inf], temperature)[-1] == 0
    assert softmax([*logits, -math.inf], math.inf)[-1] == 0
