"""The figures in the prose of notebook 04, worked out without the package's own cuts."""

import nbformat
import numpy as np
import pytest

from softmax_temperature import SamplerChain, load_example, load_story_model, top_p, typical_p
from softmax_temperature.drawing.stories import step_of
from softmax_temperature.model.texts import texts_of
from tests.helpers import NOTEBOOKS
from tests.test_notebooks import minutes

SPACESHIP = load_example("gpt2-spaceship")
WARM = ("temperature", 1.5)


def shares_of(logits, temperature=1.0):
    weights = np.exp((logits.astype(float) - logits.max()) / temperature)
    return weights / weights.sum()


def nucleus(shares, p):
    return int(np.searchsorted(np.cumsum(np.sort(shares)[::-1]), p)) + 1


def openness(shares):
    return 2 ** -(shares * np.log2(shares, where=shares > 0, out=np.zeros_like(shares))).sum()


def cut_to_nucleus(shares, p):
    order = np.argsort(-shares, kind="stable")
    left = np.zeros_like(shares)
    kept = order[: nucleus(shares, p)]
    left[kept] = shares[kept] / shares[kept].sum()
    return left


def beyond(shares, rank=1_000):
    return shares[np.argsort(-SPACESHIP.logits, kind="stable")[rank:]].sum()


def test_top_p_and_min_p_follow_the_prompt_and_disagree():
    names = ("artificial-intelligence", "spaceship", "deserted-planet")
    rows = [shares_of(load_example(f"gpt2-{name}").logits) for name in names]
    assert [nucleus(row, 0.9) for row in rows] == [778, 2_323, 2_160]
    assert [int((row >= 0.1 * row.max()).sum()) for row in rows] == [2, 11, 36]
    assert [round(openness(row)) for row in rows] == [105, 548, 893]
    model = load_story_model()
    one, other = (shares_of(model.logits(model.encode(text))) for text in ("The", "She was very"))
    assert openness(other) > openness(one)
    assert (nucleus(one, 0.9), nucleus(other, 0.9)) == (27, 23)


def test_the_order_of_temperature_and_cut_decides_what_is_kept():
    cool, plain, hot = (shares_of(SPACESHIP.logits, T) for T in (0.7, 1, 3))
    assert (nucleus(cool, 0.9), nucleus(plain, 0.9)) == (76, 2_323)
    assert [int((row >= 0.05 * row.max()).sum()) for row in (hot, plain)] == [3_967, 14]


def test_llama_cpp_keeps_14_tokens_at_any_temperature():
    chain = SamplerChain.preset("llama.cpp", temperature=100)
    names = ["top_k", "top_p", "min_p", "temperature"]
    assert list(chain) == list(zip(names, [40, 0.95, 0.05, 100], strict=True))
    ranked = np.sort(shares_of(SPACESHIP.logits))[::-1][:40]
    ranked = ranked[: nucleus(ranked / ranked.sum(), 0.95)]
    assert int((ranked >= 0.05 * ranked[0]).sum()) == 14


def test_a_min_p_of_2_hundredths_is_one_of_38_thousandths_behind_the_temperature():
    plain, hot = (shares_of(SPACESHIP.logits, T) for T in (1, 1.2))
    assert f"{0.02 ** (1 / 1.2):.3f}" == "0.038"
    behind = hot >= 0.02 ** (1 / 1.2) * hot.max()
    assert np.array_equal(behind, plain >= 0.02 * plain.max())


def test_each_goal_is_reached_as_the_page_for_teachers_says():
    source = NOTEBOOKS["04-sampling"].read_text(encoding="utf-8")
    assert "Min-p 0.05 or 0.1: anything from 0.04 to 0.12." in source
    model = load_story_model()
    ids = model.encode("Once upon a time")
    for p, is_there in ((0.02, False), (0.04, True), (0.05, True), (0.1, True), (0.12, True)):
        chain = SamplerChain([WARM, ("min_p", p)])
        ((text,),) = texts_of(model, ids, [1.5], 50, [0], step_of(chain))
        assert ("teddy bear" in model.decode([*ids, *text.tokens])) == is_there, p
    assert "Top-p 0.37, or min-p 0.05; top-k 14 says it outright." in source
    plain = shares_of(SPACESHIP.logits)
    assert (nucleus(plain, 0.9), nucleus(plain, 0.37)) == (2_323, 14)
    assert int((plain >= 0.05 * plain.max()).sum()) == 14
    # No token but "experience" (its place is 3) is left, and at most at 0.3.
    assert "Typical-p 0.3, or less" in source
    six = load_example("wonderful-day")
    for p in (0.05, 0.1, 0.2, 0.3):
        assert np.flatnonzero(typical_p(six.logits.astype(float), p) > -np.inf).tolist() == [3]
    assert typical_p(six.logits.astype(float), 0.32)[0] > -np.inf


def test_rescued_texts_read_as_cooler_ones_and_the_cut_leaves_few_rare_tokens():
    assert f"{0.1**1.5:.3f}" == "0.032"
    # Wilson's interval for 12 of 24.
    z = 1.959964
    middle, half = (12 + z**2 / 2) / (24 + z**2), z * np.sqrt(6 + z**2 / 4) / (24 + z**2)
    assert [round(10 * (middle + side * half)) for side in (-1, 1)] == [3, 7]


def test_where_a_story_has_few_choices_heat_and_cut_make_up_for_each_other():
    model = load_story_model()
    chain = SamplerChain([WARM, ("min_p", 0.1)])
    texts = [model.grow(model.encode("Once upon a time"), [1.0], 80, [seed]) for seed in range(4)]
    rows = [place.logits[0] for text in texts for place in text]
    open_among, plain, cut, cool = [], [], [], []
    for row in rows:
        shares = shares_of(row)
        bits = -np.log2(np.maximum(shares, 1e-300))
        open_among.append(openness(shares))
        for sums, q in (
            (plain, shares),
            (cut, chain.probabilities(row)),
            (cool, shares_of(row, 0.713)),
        ):
            sums.append(q @ bits)
    # Most places have less than three choices, and there as elsewhere it is far from 0.713.
    assert np.median(open_among) < 3
    few = np.array(open_among) < 12
    plain, cut, cool = (np.array(sums)[few].mean() for sums in (plain, cut, cool))
    assert abs(cut - plain) < 0.1 < plain - cool


def test_the_penalty_ends_the_loop_after_its_first_sentence():
    model = load_story_model()

    def write(penalty, constant, length=80):
        ids = list(model.encode("The"))
        for _ in range(length):
            logits = model.logits(ids).astype(float) + constant
            for token in set(ids):
                logits[token] *= penalty if logits[token] < 0 else 1 / penalty
            ids.append(int(logits.argmax()))
        return model.decode(ids)

    loop, cured, moved = write(1, 0), write(1.2, 0), write(1.2, 100)
    assert loop.count("The ball was very happy.") >= 6
    first = "There was a big, red ball."
    assert all(text.startswith(first) for text in (loop, cured, moved))
    assert "The ball" not in cured
    assert cured != moved


def test_three_samplers_surprise_alike_and_differ_in_openness_and_risk():
    plain = shares_of(SPACESHIP.logits)
    bits = -np.log2(plain)
    hot = shares_of(SPACESHIP.logits, 1.5)
    cut = np.where(hot >= 0.1 * hot.max(), hot, 0)
    cut /= cut.sum()
    assert cut @ bits == pytest.approx(5.45, abs=0.005)
    alone = shares_of(SPACESHIP.logits, 0.713)
    by_p = cut_to_nucleus(plain, 0.48)
    both = cut_to_nucleus(shares_of(SPACESHIP.logits, 0.8), 0.86)
    for row in (alone, by_p, both):
        assert row @ bits == pytest.approx(5.45, abs=0.05)
    assert [round(openness(row)) for row in (cut, alone, by_p, both)] == [17, 28, 21, 26]
    assert [round(100 * beyond(row), 1) for row in (cut, alone, by_p, both)] == [0, 1.8, 0, 0]
    assert round(1 - (1 - beyond(alone)) ** 500, 4) == 0.9999


def test_of_equally_surprising_stories_half_have_an_odd_token_and_with_a_cut_none():
    model = load_story_model()
    ids = model.encode("Once upon a time")
    cut = SamplerChain([WARM, ("min_p", 0.1)])
    for temperature, chain, strays in ((0.98, None, 12), (1.5, cut, 0)):
        texts = texts_of(model, ids, [temperature], 80, range(24), step_of(chain))
        rows = [np.array(text.bits) for (text,) in texts]
        assert round(np.concatenate(rows).mean(), 1) == 1.7
        assert sum((row > np.log2(1_000)).any() for row in rows) == strays


def test_the_penalty_takes_planet_from_13_hundredths_to_one_in_a_billion():
    logits = SPACESHIP.logits.astype(float)
    place = logits.argmax()
    assert logits[place] == pytest.approx(-92.9, abs=0.05)
    punished = logits.copy()
    punished[place] *= 1.2
    assert shares_of(SPACESHIP.logits)[place] == pytest.approx(0.13, abs=0.005)
    assert f"{shares_of(punished)[place]:.0e}" == "1e-09"


def test_typical_sampling_drops_the_likeliest():
    six = shares_of(load_example("wonderful-day").logits)
    bits = -np.log2(six)
    assert [round(x, 2) for x in (six @ bits, bits[3], bits[0])] == [1.8, 1.69, 0.97]
    ranked = np.sort(SPACESHIP.logits.astype(float))[::-1]
    stays = typical_p(ranked / 1.5, 0.9) > -np.inf
    assert stays.sum() == 19_830
    assert int(stays.argmax()) == 9


def test_what_is_left_of_four_tokens():
    four = np.log([0.4, 0.3, 0.2, 0.1])
    assert round(0.4 / 0.7, 2) == round(shares_of(top_p(four, 0.7))[0], 2) == 0.57
    assert round(0.4 / 0.9, 2) == 0.44


def test_the_lesson_takes_half_an_hour():
    notebook = nbformat.read(NOTEBOOKS["04-sampling"], as_version=4)
    assert len(notebook.cells) <= 50
    assert minutes(notebook) <= 30
