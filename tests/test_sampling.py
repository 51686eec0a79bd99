"""Truncation and draws, against the engines' own cases, definitions, sums and chance."""

import copy
import math
import pickle
import re
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from softmax_temperature import (
    SamplerChain,
    TemperatureExplorer,
    TokenTable,
    epsilon_cutoff,
    eta_cutoff,
    gumbel_draws,
    load_example,
    min_p,
    perplexity,
    temper,
    top_k,
    top_n_sigma,
    top_p,
    typical_p,
)
from softmax_temperature import softmax as package_softmax
from softmax_temperature.chain import masked_logits
from softmax_temperature.sampling import dice, landings
from tests.helpers import LOGITS, RANKED, six, softmax

STOPS = [0, 0.1, 0.5, 1, 1.5, 2, 100, math.inf]
SIX = load_example("wonderful-day")
FUNCTIONS = {
    "temperature": temper,
    "top_k": top_k,
    "top_p": top_p,
    "min_p": min_p,
    "typical_p": typical_p,
    "top_n_sigma": top_n_sigma,
    "epsilon_cutoff": epsilon_cutoff,
    "eta_cutoff": eta_cutoff,
}


@given(
    st.lists(st.one_of(st.floats(-50, 50), st.just(-math.inf)), min_size=1, max_size=30),
    st.floats(0, 1, exclude_max=True),
)
def test_a_number_that_stays_never_goes_back_to_a_likelier_token(logits, number):
    if max(logits) == -math.inf:
        return
    ranks = landings(np.array(logits), STOPS, np.array([number]))[:, 0]
    ordered = sorted(logits, reverse=True)
    for temperature, rank in zip(STOPS, ranks, strict=True):
        # No draw lands on what is impossible.
        assert ordered[rank] == ordered[0] if temperature == 0 else ordered[rank] > -math.inf
    # Rounding may take a number that lies on a cut to either side.
    ends = [np.cumsum(softmax(ordered, temperature)) for temperature in (0.5, 1, 1.5, 2, 100)]
    if all(abs(row - number).min() > 1e-12 for row in ends):
        assert (np.diff(ranks[2:7]) >= 0).all()


def test_the_first_number_is_78_hundredths():
    assert round(dice(21, 20)[0], 2) == 0.78
    assert landings(np.array(RANKED), [0.5, 1, 2], dice(21, 1)).T.tolist() == [[1, 1, 3]]


def test_a_number_of_almost_1_lands_on_the_last_token_that_is_possible():
    logits = np.array([0.0, -1.0, -math.inf])
    almost = np.nextafter(1, 0)
    assert landings(logits, [0, 1, math.inf], np.array([almost])).tolist() == [[0], [1], [1]]


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_a_hundred_thousand_draws_pass_a_chi_square_test(temperature):
    drawn = six(value=temperature).draw(100_000)
    tokens = ["day", "experience", "problem", "challenge", "space", "furniture"]
    expected = [100_000 * p for p in softmax(RANKED, temperature)]
    counts = [drawn.count(token) for token in tokens]
    assert sum(counts) == 100_000
    statistic = sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
    # The 99.9th percentile of chi-square with 5 degrees of freedom.
    assert statistic < 20.515


def test_draws_go_on_and_begin_again_with_the_same_seed():
    explorer, other = six(), six()
    first = [explorer.draw() for _ in range(20)]
    assert first[0] == ["experience"]
    # There is no end of dice: these are others.
    more = [explorer.draw() for _ in range(20)]
    assert more != first
    explorer.clear()
    assert [explorer.draw() for _ in range(40)] == first + more
    hundreds = [tuple(explorer.draw(100)) for _ in range(6)]
    assert len(set(hundreds)) == 6
    explorer.clear()
    assert [tuple(explorer.draw(100)) for _ in range(6)] == hundreds
    assert tuple(other.draw(100)) == hundreds[0]
    # Another number of draws begins with its own first batch.
    assert len(other.draw(99)) == 99
    assert tuple(other.draw(100)) == hundreds[0]
    other.seed = 3
    assert other.seed == 3
    assert tuple(other.draw(100)) != hundreds[0]
    assert tuple(six(seed=3).draw(100)) == tuple(six(seed=3).draw(100))


def test_many_draws_are_sent_by_their_number_and_batch_and_counted_in_the_picture():
    explorer = six()
    for n, batch in [(100, 0), (100, 1), (101, 0), (100, 0), (100_000, 0)]:
        drawn = explorer.draw(n)
        state = explorer._body.state
        assert (state["draws"], state["batch"]) == (n, batch)
        marks = explorer._moment(explorer._bars()).marks
        tokens = ["day", "experience", "problem", "challenge", "space", "furniture"]
        assert marks.tolist() == [drawn.count(token) / n for token in tokens]


def test_draws_that_land_on_no_bar_of_their_own_are_counted_together():
    explorer = six(top=2)
    drawn = explorer.draw(1_000)
    shares = [drawn.count("day") / 1_000, drawn.count("experience") / 1_000]
    marks = explorer._moment(explorer._bars()).marks
    assert marks.tolist() == pytest.approx([*shares, 1 - sum(shares)])


@pytest.mark.parametrize("n", [2, 30, 100])
def test_how_lucky_draws_were_is_told_by_standard_deviations(n):
    explorer = six()
    verdicts = set()
    for temperature in np.arange(0, 201, 5) / 100:
        explorer.temperature = temperature
        explorer.draw(n)
        batch = explorer._body.state["batch"] + 1
        p = softmax(RANKED, temperature)[0]
        # The leading token lies first on the strip.
        count = int((np.random.default_rng([21, n, batch]).random(n) < p).sum())
        spread = math.sqrt(n * p * (1 - p))
        deviation = round((count - n * p) / spread, 1) if spread > 1e-9 else 0
        far = "far " * (abs(deviation) >= 2) + ("more" if deviation > 0 else "fewer") + " than"
        verdict = "about as many as" if abs(deviation) < 1 else far
        told = f"◇ Of these {n} draws {count} were “day”: {verdict} expected."
        assert explorer._caption().split("\n")[2:] == [told]
        verdicts.add(verdict)
    assert len(verdicts) > 2


def test_the_same_dice_land_on_rarer_tokens_at_a_higher_temperature():
    explorer = six(value=0)
    words = []
    for temperature in (0, 0.5, 2):
        explorer.temperature = temperature
        explorer.clear()
        words += explorer.draw()
    assert words == ["day", "experience", "challenge"]


def test_the_tail_of_a_vocabulary_is_met_by_name():
    explorer = TemperatureExplorer(load_example("gpt2-spaceship"), top=10, value=2)
    names = {name for _ in range(12) for name in explorer.draw()}
    assert len(names) > 8
    assert names <= set(explorer.table.tokens)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda explorer: explorer.draw(0), ValueError, "n must be at least 1, got 0"),
        (
            lambda explorer: explorer.draw(100_001),
            ValueError,
            r"n must be at most 100,000, got 100,001: SamplerChain\(\[...\]\).draw takes more",
        ),
        (lambda explorer: explorer.draw(2.0), TypeError, "n must be a whole number, got 2.0"),
        (lambda explorer: explorer.draw(True), TypeError, "n must be a whole number, got True"),
        (lambda explorer: six(seed=1.5), TypeError, "seed must be a whole number, got 1.5"),
        (lambda explorer: six(seed=-1), ValueError, "seed must be at least 0, got -1"),
        (
            lambda explorer: setattr(explorer, "seed", "a"),
            TypeError,
            "seed must be a whole number",
        ),
        (lambda explorer: six(parts="bars"), TypeError, "parts must be a tuple of names, got 'ba"),
        (lambda explorer: six(parts=("dice",)), ValueError, 'parts must have "bars", got'),
        (
            lambda explorer: six(parts=("bars", "pie")),
            ValueError,
            "parts must be among bars, dice, logits, map, curves, constant, got 'pie'",
        ),
        (
            lambda explorer: TokenTable(["a"], [1], prompt=3),
            TypeError,
            "prompt must be a string, got 3",
        ),
    ],
)
def test_bad_draws_seeds_parts_and_prompts_are_refused(change, error, words):
    explorer = six()
    explorer.draw()
    with pytest.raises(error, match=words):
        change(explorer)
    other = six()
    other.draw()
    assert explorer.draw() == other.draw()
    assert (explorer.seed, explorer.temperature) == (21, 1.0)


CASES = [
    # Probabilities, a step, and the probabilities after it: ggml-org/llama.cpp,
    # tests/test-sampling.cpp, main().
    ([0.1, 0.2, 0.3, 0.4], "temperature", 1, [0.1, 0.2, 0.3, 0.4]),
    ([0.1, 0.2, 0.3, 0.4], "temperature", 0, [0, 0, 0, 1]),
    ([0.1, 0.2, 0.3, 0.4], "top_k", 1, [0, 0, 0, 1]),
    ([0.1, 0.2, 0.3, 0.4], "top_k", 3, [0, 0.22222, 0.33333, 0.44444]),
    ([0.1, 0.2, 0.3, 0.4], "top_k", 4, [0.1, 0.2, 0.3, 0.4]),
    ([0.1, 0.2, 0.3, 0.4], "top_p", 0.7, [0, 0, 0.428571, 0.571429]),
    ([0.1, 0.2, 0.3, 0.4], "top_p", 0.8, [0, 0.22222, 0.33333, 0.44444]),
    ([0.1, 0.2, 0.3, 0.4], "top_p", 1, [0.1, 0.2, 0.3, 0.4]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.24, [0.1, 0.2, 0.3, 0.4]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.26, [0, 2 / 9, 3 / 9, 4 / 9]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.49, [0, 2 / 9, 3 / 9, 4 / 9]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.51, [0, 0, 3 / 7, 4 / 7]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.74, [0, 0, 3 / 7, 4 / 7]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 0.76, [0, 0, 0, 1]),
    ([0.1, 0.2, 0.3, 0.4], "min_p", 1, [0, 0, 0, 1]),
    ([0.97, 0.01, 0.01, 0.01], "typical_p", 0.5, [1, 0, 0, 0]),
    ([0.4, 0.2, 0.2, 0.2], "typical_p", 0.5, [0, 1 / 3, 1 / 3, 1 / 3]),
    ([0.1, 0.2, 0.3, 0.4], "top_n_sigma", 1, [0, 0, 0.428571, 0.571429]),
    ([0.1, 0.2, 0.3, 0.4], "top_n_sigma", 3, [0.1, 0.2, 0.3, 0.4]),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("before", "name", "value", "after"), CASES)
def test_published_cases_of_an_engine(before, name, value, after, dtype):
    logits = np.log(np.array(before, dtype))
    masked = FUNCTIONS[name](logits, value)
    assert masked.dtype == dtype
    np.testing.assert_allclose(package_softmax(masked), after, atol=1e-5)
    chain = SamplerChain([(name, value)])
    np.testing.assert_allclose(chain.probabilities(logits), after, atol=1e-5)


@pytest.mark.parametrize(
    ("before", "name", "value", "kept"),
    [
        # What reaches the boundary exactly is kept, however the logarithms were rounded.
        ([0.5, 0.3, 0.2], "top_p", 0.8, 2),
        ([0.5, 0.3, 0.2], "top_p", 0.5, 1),
        ([0.7, 0.1, 0.1, 0.1], "top_p", 0.9, 3),
        ([0.4, 0.3, 0.2, 0.1], "min_p", 0.75, 2),
        ([0.4, 0.3, 0.2, 0.1], "min_p", 0.5, 3),
        ([0.4, 0.3, 0.2, 0.1], "min_p", 0.25, 4),
        ([0.4, 0.3, 0.2, 0.1], "epsilon_cutoff", 0.1, 4),
        ([0.4, 0.3, 0.2, 0.1], "epsilon_cutoff", 0.3, 2),
        # Where no token passes, the leaders stay.
        ([0.4, 0.3, 0.2, 0.1], "epsilon_cutoff", 0.5, 1),
        ([0.35, 0.35, 0.2, 0.1], "epsilon_cutoff", 0.5, 2),
        ([0.25] * 4, "epsilon_cutoff", 1, 4),
        # The entropy is ln 4, and sqrt(0.25) / 4 = 0.125, or sqrt(0.36) / 4 = 0.15.
        ([0.25] * 4, "eta_cutoff", 0.25, 4),
        # Of tied tokens the k largest are all kept, of a nucleus no more than it takes.
        ([0.3, 0.3, 0.3, 0.1], "top_k", 2, 3),
        ([0.3, 0.3, 0.3, 0.1], "top_p", 0.5, 2),
        ([0.25] * 4, "top_p", 0.5, 2),
        # At the same distance from the entropy all are kept.
        ([0.25] * 4, "typical_p", 0.1, 4),
        ([0.4, 0.2, 0.2, 0.2], "typical_p", 0.1, 3),
    ],
)
@pytest.mark.parametrize("offset", [0, 5, -10])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_at_the_boundary(before, name, value, kept, dtype, offset):
    chain = SamplerChain([(name, value)])
    for order in (slice(None), slice(None, None, -1)):
        logits = (np.log(before[order]) + offset).astype(dtype)
        assert (chain.probabilities(logits) > 0).sum() == kept
        # Pictures and draws widen the logits of a table, and keep the same tokens.
        table = TokenTable([str(place) for place in range(len(before))], logits)
        assert np.array_equal(np.isfinite(masked_logits(chain, table)), np.isfinite(chain(logits)))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.data())
def test_exact_boundaries_are_reached_in_float32(counts, data):
    logits = np.log(counts).astype(np.float32)
    falling = sorted(counts, reverse=True)
    place = data.draw(st.integers(0, len(counts) - 1))
    count = counts[place]
    for name, value, kept in (
        ("top_p", sum(falling[: place + 1]) / sum(counts), place + 1),
        ("min_p", count / max(counts), sum(other >= count for other in counts)),
        ("epsilon_cutoff", count / sum(counts), sum(other >= count for other in counts)),
    ):
        assert np.isfinite(FUNCTIONS[name](logits, value)).sum() == (
            len(counts) if value == 1 and name == "top_p" else kept
        )


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_share_in_few_bits_is_the_decimal_number_that_it_is_written_as(dtype):
    logits = np.log([0.5, 0.3, 0.1, 0.1])
    assert np.isfinite(min_p(logits, dtype(0.2))).all()
    assert np.isfinite(top_p(logits, dtype(0.8))).tolist() == [True, True, False, False]
    assert SamplerChain([("min_p", dtype(0.2))]) == SamplerChain([("min_p", 0.2)])


def test_float16_logits_are_the_exact_numbers_that_they_are():
    rounded = np.log([0.6, 0.3, 0.1]).astype(np.float16)
    # As float16, 0.3 is 0.49989 times as likely as 0.6.
    assert 0.4998 < np.exp(float(rounded[1]) - float(rounded[0])) < 0.4999
    assert np.isfinite(min_p(rounded, 0.5)).tolist() == [True, False, False]
    assert np.isfinite(min_p(rounded, 0.4998)).tolist() == [True, True, False]


def test_of_tokens_tied_at_the_edge_of_a_nucleus_the_first_are_kept():
    assert np.isfinite(top_p([0, 1, 0, 0, 1, 0.0], 0.65)).tolist() == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert np.isfinite(top_p(np.zeros((3, 20_000)), 0.25)).sum(axis=-1).tolist() == [5_000] * 3
    assert np.isfinite(top_p(np.zeros(20_000), 0.25))[:5_000].all()


def spaceship():
    return load_example("gpt2-spaceship").logits


def count(chain, logits):
    return int((chain.probabilities(logits) > 0).sum())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_order_decides_how_large_gpt2s_nucleus_is(dtype):
    logits = spaceship().astype(dtype)
    first = SamplerChain([("temperature", 2), ("top_p", 0.9)])
    last = SamplerChain([("top_p", 0.9), ("temperature", 2)])
    assert (count(first, logits), count(last, logits)) == (18_378, 2_323)
    assert perplexity(first.probabilities(logits)) == pytest.approx(10_429.7, abs=0.05)
    assert perplexity(last.probabilities(logits)) == pytest.approx(1_750.1, abs=0.05)


@pytest.mark.parametrize(
    ("name", "value", "temperatures", "first", "last"),
    [
        ("min_p", 0.05, [1, 2, 3], [14, 361, 3_967], [14, 14, 14]),
        ("top_n_sigma", 1, [0.1, 1, 2, 3, 100], [33] * 5, [33] * 5),
        ("epsilon_cutoff", 3e-4, [1, 1.5, 2, 3, 10], [391, 439, 259, 30, 1], [391] * 5),
    ],
)
def test_what_of_gpt2s_tokens_is_kept(name, value, temperatures, first, last):
    kept = [
        [
            count(SamplerChain(steps), spaceship())
            for stop in temperatures
            for steps in [[(name, value), ("temperature", stop)][::way]]
        ]
        for way in (-1, 1)
    ]
    assert kept == [first, last]


def test_llama_cpps_defaults_keep_14_tokens_at_any_temperature():
    for temperature in (0.8, 2, 100):
        chain = SamplerChain.preset("llama.cpp", temperature=temperature)
        assert count(chain, spaceship()) == 14
    steps = dict(SamplerChain.preset("llama.cpp", temperature=2))
    first = SamplerChain([("temperature", steps.pop("temperature")), *steps.items()])
    assert count(first, spaceship()) == 37


def test_typical_sampling_can_cut_the_likeliest_token():
    table = load_example("gpt2-spaceship")
    probabilities = SamplerChain([("temperature", 1.5), ("typical_p", 0.9)]).probabilities(
        table.logits
    )
    leader = table.tokens.index(" planet")
    assert table.logits.argmax() == leader
    assert probabilities[leader] == 0
    assert (probabilities > 0).sum() > 1_000
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_typical_sampling_keeps_what_no_float_tells_apart():
    assert np.isfinite(typical_p(np.array([0.0, -1.0, -3.0, -6.0]) * 1e-306, 0.1)).all()


def test_temper_rounds_as_softmax_does_however_low_the_temperature():
    logits = np.random.default_rng(0).uniform(-5e-308, 0, 100)
    for temperature in (6e-309, 1.3e-308, 2e-308, 3e-308):
        tempered = package_softmax(temper(logits, temperature))
        assert tempered.tolist() == package_softmax(logits, temperature).tolist()


def test_six_tokens_with_temperature_first_and_last():
    first = SamplerChain([("temperature", 1.5), ("top_p", 0.8)])
    last = SamplerChain([("top_p", 0.8), ("temperature", 1.5)])
    assert (count(first, LOGITS), count(last, LOGITS)) == (4, 2)


def test_gumbel_draws_follow_the_softmax():
    n = 100_000
    counts = np.bincount(gumbel_draws(RANKED, n), minlength=6)
    expected = n * np.array(softmax(RANKED, 1))
    # The 99.9th percentile of chi-square with 5 degrees of freedom.
    assert ((counts - expected) ** 2 / expected).sum() < 20.515
    masked = gumbel_draws([[0, -math.inf, 1], [-math.inf, -math.inf, 1e300]], 1_000)
    assert set(masked[0]) == {0, 2}
    assert set(masked[1]) == {2}


# Rules by their definitions, with exact sums: which tokens stay, or None too close to tell.


def shares(logits):
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def at_least(values, boundary):
    if any(abs(value / boundary - 1) < 1e-9 for value in values):
        return None
    return [value >= boundary for value in values]


def until(order, p, mass):
    """Return how many of the tokens in an order reach a mass."""
    for count in range(1, len(p) + 1):
        total = math.fsum(p[place] for place in order[:count])
        if abs(total / mass - 1) < 1e-9:
            return None
        if total > mass:
            return count
    return len(p)


def rule(name, logits, value):
    p = shares(logits)
    places = range(len(p))
    entropy = -math.fsum(x * math.log(x) for x in p if x > 0)
    if name == "top_k":
        lowest = sorted(logits)[-min(value, len(p))]
        return [x >= lowest for x in logits]
    if name == "top_p":
        falling = sorted(places, key=lambda i: (-logits[i], i))
        count = until(falling, p, value)
        return count and [place in falling[:count] for place in places]
    if name == "min_p":
        return at_least(p, value * max(p))
    if name == "typical_p":
        far = [abs(-math.log(x) - entropy) if x > 0 else math.inf for x in p]
        near = sorted(places, key=lambda i: far[i])
        if any(0 < far[j] - far[i] < 1e-9 for i, j in pairwise(near)):
            return None
        count = until(near, p, value)
        return count and [x <= far[near[count - 1]] for x in far]
    if name == "top_n_sigma":
        gaps = [max(logits) - x for x in logits]
        sigma = statistics.pstdev(gap for gap in gaps if gap < math.inf)
        close = any(abs(gap - value * sigma) < 1e-9 for gap in gaps)
        return None if close and sigma > 0 else [gap <= value * sigma for gap in gaps]
    lowest = (
        value if name == "epsilon_cutoff" else min(value, math.sqrt(value) * math.exp(-entropy))
    )
    kept, top = at_least(p, lowest), max(logits)
    return kept and [stays or x == top for stays, x in zip(kept, logits)]


share = st.floats(1e-6, 1, exclude_max=True)
KNOBS = {
    "top_k": st.integers(1, 40),
    "top_p": share,
    "min_p": share,
    "typical_p": share,
    "top_n_sigma": st.floats(0.01, 5),
    "epsilon_cutoff": share,
    "eta_cutoff": share,
}
# Eighths are exact in binary, so that a shift by a whole number rounds nothing.
eighths = st.integers(-200, 200).map(lambda whole: whole / 8)
rows_of_logits = st.lists(
    st.one_of(eighths, eighths, st.just(-math.inf)), min_size=1, max_size=30
).filter(lambda logits: max(logits) > -math.inf)
truncations = st.sampled_from(list(KNOBS)).flatmap(
    lambda name: st.tuples(st.just(name), KNOBS[name])
)


# Eighths can sum to 1 like probabilities.
whatever = pytest.mark.filterwarnings("ignore:logits look like probabilities")


@pytest.mark.parametrize("name", list(KNOBS))
@whatever
@given(st.one_of(rows_of_logits, st.lists(st.floats(-30, 30), min_size=1, max_size=30)), st.data())
def test_what_is_kept_is_what_the_rule_says(name, logits, data):
    value = data.draw(KNOBS[name])
    expected = rule(name, logits, value)
    assume(expected is not None)
    masked = FUNCTIONS[name](logits, value)
    kept = [stays and x > -math.inf for stays, x in zip(expected, logits, strict=True)]
    assert (masked > -math.inf).tolist() == kept
    assert masked.tolist() == [x if stays else -math.inf for stays, x in zip(kept, logits)]


@whatever
@given(rows_of_logits, truncations, st.integers(-1000, 1000))
def test_a_shift_of_all_logits_changes_nothing_of_what_is_kept(logits, step, shift):
    name, value = step
    before = np.isfinite(FUNCTIONS[name](logits, value))
    after = np.isfinite(FUNCTIONS[name](np.array(logits) + shift, value))
    assert before.any()
    assert np.array_equal(before, after)
    assert not (before & np.isinf(logits)).any()


@whatever
@given(rows_of_logits, truncations)
def test_masked_tokens_count_for_nothing(logits, step):
    name, value = step
    kept = np.isfinite(FUNCTIONS[name](logits, value)).tolist()
    some_masked = [*logits[:1], *[-math.inf] * 30, *logits[1:]]
    more = np.isfinite(FUNCTIONS[name](some_masked, value)).tolist()
    assert more == [*kept[:1], *[False] * 30, *kept[1:]]


@whatever
@given(rows_of_logits, st.sampled_from(list(KNOBS)), st.data())
def test_a_looser_knob_keeps_all_that_a_tighter_one_keeps(logits, name, data):
    low, high = sorted(data.draw(st.tuples(KNOBS[name], KNOBS[name])))
    if name in ("min_p", "epsilon_cutoff", "eta_cutoff"):
        low, high = high, low
    tight, loose = (np.isfinite(FUNCTIONS[name](logits, value)) for value in (low, high))
    assert not (tight & ~loose).any()


@whatever
@given(rows_of_logits, truncations)
def test_what_is_kept_keeps_its_ratios_and_gets_all_the_mass(logits, step):
    before = package_softmax(logits)
    after = SamplerChain([step]).probabilities(logits)
    kept = after > 0
    np.testing.assert_allclose(after[kept], before[kept] / before[kept].sum(), rtol=1e-12)
    assert after.sum() == pytest.approx(1, abs=1e-12)


@whatever
@given(rows_of_logits, st.sampled_from(["top_k", "min_p", "epsilon_cutoff"]), st.data())
def test_some_truncations_find_nothing_more_to_cut(logits, name, data):
    value = data.draw(KNOBS[name])
    once = FUNCTIONS[name](logits, value)
    assert np.array_equal(FUNCTIONS[name](once, value), once)


@whatever
@given(
    rows_of_logits,
    st.sampled_from([("top_k", 3), ("top_n_sigma", 1.0), ("top_n_sigma", 0.3)]),
    st.sampled_from([0.25, 0.5, 2, 4, 64]),
)
def test_no_temperature_changes_what_top_k_and_top_n_sigma_keep(logits, step, temperature):
    first, last = (
        SamplerChain([("temperature", temperature), step][::way])(logits) for way in (1, -1)
    )
    assert np.array_equal(first, last)


@whatever
@given(st.lists(st.one_of(eighths, st.just(-math.inf)), min_size=1, max_size=30), st.data())
def test_a_tempered_softmax_is_that_of_the_temperature(logits, data):
    assume(max(logits) > -math.inf)
    temperature = data.draw(
        st.sampled_from([0, 5e-324, 1e-300, 1e-40, 0.1, 0.7, 1, 3, 1e39, 1e308])
    )
    for dtype in (np.float32, np.float64):
        row = np.array(logits, dtype)
        tempered = temper(row, temperature)
        assert tempered.dtype == dtype
        assert tempered.max() == 0
        assert np.array_equal(package_softmax(tempered), package_softmax(row, temperature))
        chain = SamplerChain([("temperature", temperature)])
        assert np.array_equal(chain(row), tempered)
        assert np.array_equal(chain.probabilities(row), package_softmax(row, temperature))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_of_temperature_rounds_as_the_softmax_does(dtype):
    logits = np.random.default_rng(1).normal(0, 4, 5_000).astype(dtype)
    for temperature in (0.3, 0.7, 1.9):
        tempered = package_softmax(temper(logits, temperature))
        assert np.array_equal(tempered, package_softmax(logits, temperature))


def test_temperatures_at_their_limits():
    logits = [5.0, 4.5, 5.0, -math.inf]
    for temperature, tempered in [
        (0, [0, -math.inf, 0, -math.inf]),
        (math.inf, [0, 0, 0, -math.inf]),
        (0.5, [0, -1, 0, -math.inf]),
        (5e-324, [0, -math.inf, 0, -math.inf]),
        (1e-300, [0, -0.5e300, 0, -math.inf]),
        (1e300, [0, -0.5e-300, 0, -math.inf]),
    ]:
        np.testing.assert_allclose(temper(logits, temperature), tempered, rtol=1e-15)
        assert not np.signbit([x for x in temper(logits, temperature) if x == 0]).any()
    assert temper(np.float32([0, -1]), 1e-40).tolist() == [0, -math.inf]
    assert temper(np.float32([0, -1e-39]), 1e-40)[1] == pytest.approx(-10, rel=1e-5)


@whatever
@given(st.lists(eighths, min_size=1, max_size=20), st.floats(0.1, 10), st.floats(0.1, 10))
def test_temperatures_multiply(logits, one, other):
    chain = SamplerChain([("temperature", one), ("temperature", other)])
    np.testing.assert_allclose(chain(logits), temper(logits, one * other), rtol=1e-12)


@pytest.mark.parametrize("n_tokens", [1, 7, 512, 20_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", list(KNOBS))
def test_many_rows_are_truncated_as_each_alone(name, dtype, n_tokens):
    generator = np.random.default_rng(0)
    logits = np.round(generator.normal(0, 3, (2, 3, n_tokens)), 2).astype(dtype)
    logits[0, 0, 1:] = -math.inf
    logits[0, 1] = 0
    before = logits.copy()
    value = {"top_k": 50, "top_n_sigma": 2.0, "epsilon_cutoff": 1e-4}.get(name, 0.3)
    masked = FUNCTIONS[name](logits, value)
    assert np.array_equal(logits, before)
    assert (masked.shape, masked.dtype) == (logits.shape, dtype)
    for place in np.ndindex(2, 3):
        assert np.array_equal(FUNCTIONS[name](logits[place], value), masked[place])


@pytest.mark.parametrize("temperature", [0.1, 1, 3, 100, math.inf])
def test_a_long_row_keeps_what_sorting_all_of_it_tells(temperature):
    logits = temper(np.random.default_rng(0).normal(-100, 4, 50_000), temperature)
    probabilities = package_softmax(logits)
    surprises = -np.log(probabilities)
    far = abs(surprises - (probabilities * surprises).sum())
    for order, function in (
        (np.argsort(-logits, kind="stable"), top_p),
        (np.argsort(far, kind="stable"), typical_p),
    ):
        masses = probabilities[order].cumsum()
        for p in (1e-9, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9):
            last = np.searchsorted(masses, p * (1 - 1e-12))
            kept = np.zeros(len(logits), bool)
            kept[order[: last + 1]] = True
            if function is typical_p:
                kept = far <= far[order[last]] + 1e-12
            assert np.array_equal(np.isfinite(function(logits, p)), kept)
    for k in (1, 50, 700, 800, 40_000, 60_000):
        lowest = np.sort(logits)[-min(k, len(logits))]
        assert np.array_equal(np.isfinite(top_k(logits, k)), logits >= lowest)


def test_each_row_can_have_its_own_temperature():
    rows = np.random.default_rng(0).normal(0, 3, (7, 40))
    temperatures = [0, 0.1, 0.5, 1, 2, 1e6, math.inf]
    for steps in ([("temperature", 1), ("top_p", 0.9)], [("min_p", 0.1), ("temperature", 1)]):
        chain = SamplerChain(steps)
        hot = chain.at(temperatures)
        for way in (hot, hot.probabilities):
            many = way(rows)
            for row, temperature, alone in zip(rows, temperatures, many, strict=True):
                one = chain.at(temperature)
                np.testing.assert_allclose(
                    alone, one(row) if way is hot else one.probabilities(row), rtol=1e-14
                )
        assert (
            hot
            == chain.at(np.array(temperatures))
            == eval(repr(hot), {"SamplerChain": SamplerChain})
        )
    stops = np.array([[0.5, 2.0]])
    assert np.array_equal(temper([[[0, -1], [0, -1]]], stops), [[[0, -2], [0, -0.5]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [0, 1e-300, 1, 1e300, math.inf])
def test_no_number_is_too_large_or_small_for_any_step(dtype, temperature):
    wide = [0, -1, -80, -800, -1e5, -1e30, -math.inf]
    with np.errstate(all="raise"):
        for name in KNOBS:
            for value in (1, 7, 60_000) if name == "top_k" else (5e-324, 0.5, 1):
                chain = SamplerChain([("temperature", temperature), (name, value)])
                for logits in (wide, [wide, wide[::-1]], [2e38, -1e38, 0]):
                    probabilities = chain.probabilities(np.array(logits, dtype))
                    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-6)
    assert np.isfinite(top_n_sigma(wide, 1e308)).sum() == 6
    assert np.isfinite(top_n_sigma([-1e307, 0, 1e308], 1)).sum() == 1


def test_a_chain_takes_its_steps_in_order():
    steps = [("top_k", 5), ("temperature", 2.0), ("min_p", 0.2), ("typical_p", 0.9)]
    chain = SamplerChain(steps)
    logits = np.array(LOGITS)
    before, after = logits.copy(), chain.after_each(logits)
    for (name, value), (step, probabilities) in zip(steps, after, strict=True):
        logits = FUNCTIONS[name](logits, value)
        assert step == (name, value)
        np.testing.assert_allclose(probabilities, package_softmax(logits), rtol=1e-14)
    assert np.array_equal(chain.probabilities(LOGITS), after[-1][1])
    np.testing.assert_allclose(chain.probabilities(LOGITS), package_softmax(chain(LOGITS)))
    assert np.array_equal(LOGITS, before)
    # Without a temperature, what is kept is kept as it was.
    assert SamplerChain([("top_k", 2)])(LOGITS).tolist() == top_k(LOGITS, 2).tolist()
    nothing = SamplerChain([])
    given = np.array(LOGITS)
    assert nothing(given).tolist() == LOGITS
    assert not np.shares_memory(nothing(given), given)
    assert np.array_equal(nothing.probabilities(given), package_softmax(given))
    assert given.tolist() == LOGITS


def test_chains_are_values():
    chain = SamplerChain([("temperature", np.float32(0.5)), ("top_k", np.int64(40))])
    same = SamplerChain((("temperature", 0.5), ["top_k", 40]))
    assert chain == same
    assert hash(chain) == hash(same)
    assert chain != SamplerChain([("top_k", 40), ("temperature", 0.5)])
    assert chain != "SamplerChain"
    assert list(chain) == list(chain.steps) == [("temperature", 0.5), ("top_k", 40)]
    assert len(chain) == 2
    assert pickle.loads(pickle.dumps(chain)) == copy.deepcopy(chain) == chain
    assert repr(chain) == "SamplerChain([('temperature', 0.5), ('top_k', 40)])"
    for temperature in (0, 1, 1e-300, math.inf, [1.0], [0.1, math.inf]):
        other = chain.at(temperature)
        assert eval(repr(other), {"SamplerChain": SamplerChain}) == other
    with pytest.raises(AttributeError, match="a SamplerChain cannot be changed: make a new one to"):
        chain.steps = ()
    with pytest.raises(AttributeError, match="cannot be changed"):
        del chain.steps


def test_presets_have_the_orders_and_defaults_of_the_engines():
    every = {
        "huggingface": [
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "typical_p",
            "epsilon_cutoff",
            "eta_cutoff",
        ],
        "llama.cpp": ["top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "temperature"],
        "vllm": ["temperature", "min_p", "top_k", "top_p"],
    }
    defaults = {
        "huggingface": [("temperature", 1.0), ("top_k", 50)],
        "llama.cpp": [("top_k", 40), ("top_p", 0.95), ("min_p", 0.05), ("temperature", 0.8)],
        "vllm": [("temperature", 1.0)],
    }
    for engine, names in every.items():
        assert list(SamplerChain.preset(engine)) == defaults[engine]
        values = {name: 1 if name == "top_k" else 0.5 for name in names}
        assert list(SamplerChain.preset(engine, **values)) == list(values.items())
        off = dict.fromkeys(names)
        assert list(SamplerChain.preset(engine, **off)) == []
    # Of the many tokens of GPT-2, plain sampling in one engine draws from 50.
    assert count(SamplerChain.preset("huggingface"), spaceship()) == 50


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("top_k", [0, -1, None, np.int64(0)]),
        ("top_p", [1, 1.0, None]),
        ("min_p", [0, 0.0, None, np.float32(0)]),
        ("typical_p", [1.0, None]),
        ("top_n_sigma", [-1, -1.0, 0, None]),
        ("epsilon_cutoff", [0, 0.0, None]),
        ("eta_cutoff", [0, 0.0, None]),
    ],
)
def test_what_an_engine_writes_for_off_is_off(name, off):
    for value in off:
        engine = "huggingface" if name.endswith("cutoff") else "llama.cpp"
        chain = SamplerChain.preset(engine, **{name: value})
        assert name not in dict(chain)
        assert SamplerChain([(name, 1), ("top_k", 7)][name == "top_k" :]).replace(name, value) in (
            SamplerChain([("top_k", 7)]),
            SamplerChain([]),
        )
    assert ("temperature", 0.0) in SamplerChain.preset("llama.cpp", temperature=0).steps


@pytest.mark.parametrize(
    "steps",
    [
        [("temperature", 1.5)],
        [("temperature", 1.5), ("top_p", 0.8)],
        [("typical_p", 0.5), ("temperature", 3)],
        [("top_k", 2)],
    ],
)
def test_a_hundred_thousand_draws_of_a_chain_pass_a_chi_square_test(steps):
    table, n, chain = load_example("wonderful-day"), 100_000, SamplerChain(steps)
    drawn = chain.draw(table, n, seed=7)
    assert len(drawn) == n
    probabilities = chain.probabilities(table.logits)
    counts = np.array([drawn.count(token) for token in table.tokens])
    kept = probabilities > 0
    assert not counts[~kept].any()
    expected = n * probabilities[kept]
    # The 99.9th percentiles of chi-square with 1 to 5 degrees of freedom.
    most = [10.828, 13.816, 16.266, 18.467, 20.515][kept.sum() - 2]
    assert ((counts[kept] - expected) ** 2 / expected).sum() < most


def test_the_same_seed_gives_the_same_draws():
    table = load_example("gpt2-spaceship")
    chain = SamplerChain.preset("huggingface")
    drawn = chain.draw(table, 200, seed=3)
    assert chain.draw(table, 200, seed=3) == drawn
    assert chain.draw(table, 200, seed=4) != drawn
    assert chain.draw(table, 20) == chain.draw(table, 20, 21) == chain.draw(table, n=20, seed=21)
    # The same dice as the explorer's: 0.78 is “experience” at T = 1.
    assert SamplerChain([]).draw(load_example("wonderful-day")) == ["experience"]


def test_probabilities_given_for_logits_are_noticed():
    for rows in (
        [0.2, 0.3, 0.5],
        [0.25, 0.25, 0.5, 0],
        [[3, 4, 5.0], [0.333, 0.333, 0.333]],
        np.float32([0.1] * 10),
    ):
        for function in (
            lambda logits: top_p(logits, 0.9),
            lambda logits: temper(logits, 2),
            SamplerChain([("top_k", 1)]),
            SamplerChain([]).probabilities,
            SamplerChain([]).after_each,
            lambda logits: gumbel_draws(logits, 1),
        ):
            with pytest.warns(UserWarning, match=r"give logits, such as np.log\(prob") as noticed:
                function(rows)
            assert [warning.filename for warning in noticed] == [__file__]
    table = TokenTable(["a", "b", "c"], [0.2, 0.3, 0.5])
    with pytest.warns(UserWarning, match="look like probabilities"):
        SamplerChain([]).draw(table, 1)
    # Warnings are errors here.
    for rows in ([0.5, 0.5], [0, 1.0, 0], [0.2, 0.3, 0.6], [-0.2, 0.7, 0.5], [0.2, 0.3, 0.5, 5]):
        top_p(rows, 0.9)
        SamplerChain([("min_p", 0.1)])(rows)


BAD_VALUES = [
    ("top_k", 0, ValueError, "k must be at least 1, got 0: leave the step out to keep all tokens"),
    ("top_k", -1, ValueError, "k must be at least 1, got -1"),
    ("top_k", 2.0, TypeError, "k must be a whole number, got 2.0"),
    ("top_k", True, TypeError, "k must be a whole number, got True"),
    *[
        (name, value, ValueError, f"{word} must be above 0 and at most 1, got {value}")
        for name, word in {
            "top_p": "p",
            "min_p": "p",
            "typical_p": "p",
            "epsilon_cutoff": "epsilon",
            "eta_cutoff": "eta",
        }.items()
        for value in (0, -0.1, 1.5, 90, math.nan)
    ],
    ("top_p", "0.9", TypeError, "p must be one real number, got '0.9'"),
    ("top_p", [0.9], TypeError, r"p must be one real number, got \[0.9\]"),
    ("top_n_sigma", 0, ValueError, "n must be above 0 and finite, got 0"),
    ("top_n_sigma", math.inf, ValueError, "n must be above 0 and finite, got inf"),
    ("top_n_sigma", math.nan, ValueError, "n must be above 0 and finite, got nan"),
    ("temperature", -1, ValueError, "temperature must not be negative, got -1"),
    ("temperature", math.nan, ValueError, "temperature must not be NaN"),
    ("temperature", None, TypeError, "temperature must be one real number, got None"),
    ("temperature", "hot", TypeError, "temperature must be one real number, got 'hot'"),
    ("temperature", [], ValueError, "temperature must not be empty"),
    ("temperature", [[1], [1, 2]], ValueError, "temperature must be rectangular"),
    ("temperature", [1, -2.0], ValueError, "temperature must not be negative, got -2.0"),
    ("temperature", [1, math.nan], ValueError, "temperature must not be NaN"),
]


@pytest.mark.parametrize(("name", "value", "error", "words"), BAD_VALUES)
def test_bad_values_are_refused_by_function_and_chain(name, value, error, words):
    with pytest.raises(error, match=words):
        FUNCTIONS[name]([[5.0, 4.0], [1.0, 2.0]], value)
    # A chain knows the values of all steps by its own names.
    named = re.sub(r"^(k|p|n|epsilon|eta) ", f"{name} ", words)
    with pytest.raises(error, match=named):
        SamplerChain([("top_k", 1), (name, value)])


@pytest.mark.parametrize("name", ["temperature", *KNOBS])
@pytest.mark.parametrize(
    ("logits", "error", "words"),
    [
        ([1.0, math.nan], ValueError, "logits must not contain NaN: drop the token or use -inf"),
        ([1.0, math.inf], ValueError, "logits must not contain [+]inf: use temperature=0"),
        ([-math.inf] * 3, ValueError, "logits must not all be -inf: leave at least one token"),
        ([[1, 2.0], [-math.inf, -math.inf]], ValueError, "logits must not all be -inf"),
        ([], ValueError, "logits must not be empty"),
        (3.0, ValueError, "logits must have at least one dimension"),
        (["a"], TypeError, "logits must be real numbers"),
        ([1j], TypeError, "logits must be real numbers"),
        ([1e308, -1e308], ValueError, "logits must not span more than"),
    ],
)
def test_bad_logits_are_refused_by_every_step(name, logits, error, words):
    value = 1 if name == "top_k" else 0.5
    chain = SamplerChain([(name, value)])
    for function in (
        lambda: FUNCTIONS[name](logits, value),
        lambda: chain(logits),
        lambda: chain.probabilities(logits),
        lambda: chain.after_each(logits),
        lambda: gumbel_draws(logits, 1),
    ):
        with pytest.raises(error, match=words):
            function()


KNOWN = "temperature, top_k, top_p, min_p, typical_p, top_n_sigma, epsilon_cutoff, eta_cutoff"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: SamplerChain([("top-p", 0.9)]), ValueError, f"one of {KNOWN}, got 'top-p'"),
        (lambda: SamplerChain([(["top_p"], 0.9)]), ValueError, f"one of {KNOWN}, got"),
        (lambda: SamplerChain(3), TypeError, "steps must be pairs of a name and a value, got 3"),
        (lambda: SamplerChain("top_p"), TypeError, r"a step must be a pair such as .* got 't'"),
        (lambda: SamplerChain({"top_p": 0.9}), TypeError, "a step must be a pair .* got 'top_p'"),
        (lambda: SamplerChain([("top_p", 0.9, 1)]), TypeError, "a step must be a pair such as"),
        (lambda: SamplerChain([("top_p", None)]), TypeError, "top_p must be one real number"),
        (
            lambda: SamplerChain([("temperature", [[1.0]])]),
            ValueError,
            r"temperature must be one number or a row, got shape \(1, 1\)",
        ),
        (
            lambda: SamplerChain.preset("ollama"),
            ValueError,
            "name must be one of huggingface, llama.cpp, vllm, got 'ollama'",
        ),
        (lambda: SamplerChain.preset(None), ValueError, "name must be one of .* got None"),
        (
            lambda: SamplerChain.preset("vllm", typical_p=0.5),
            ValueError,
            "vllm has no step 'typical_p', but temperature, min_p, top_k, top_p",
        ),
        (lambda: SamplerChain.preset("vllm", top_p=0), ValueError, "top_p must be above 0 and at"),
        (lambda: SamplerChain.preset("vllm", top_k=True), TypeError, "top_k must be a whole num"),
        (lambda: SamplerChain.preset("vllm", min_p=False), TypeError, "min_p must be one real"),
        (
            lambda: SamplerChain([("top_k", 3)]).at(2.0),
            ValueError,
            "a chain must have one step 'temperature' for another value of it, got 0 in Sampler",
        ),
        (
            lambda: SamplerChain([("temperature", 1), ("temperature", 2)]).at(3),
            ValueError,
            "have one step 'temperature' for another value of it, got 2 in .*: make a new chain",
        ),
        (lambda: SamplerChain([("temperature", 1)]).at(-1), ValueError, "must not be negative"),
        (
            lambda: SamplerChain([("temperature", [1, 2])])([1.0, 2.0]),
            ValueError,
            r"temperature must be one number or one a row, got shape \(2,\) for logits of shape",
        ),
        (
            lambda: temper([[1.0, 2.0]], [1, 2, 3]),
            ValueError,
            r"one number or one a row, got shape \(3,\) for logits of shape \(1, 2\)",
        ),
        (lambda: SamplerChain([]).draw([1, 2], 3), TypeError, "table must be a TokenTable, got li"),
        (lambda: SamplerChain([]).draw(SIX, 0), ValueError, "n must be at least 1, got 0"),
        (lambda: SamplerChain([]).draw(SIX, 1, -1), ValueError, "seed must be at least 0, got -1"),
        (lambda: SamplerChain([]).draw(SIX, 1, 0.5), TypeError, "seed must be a whole number"),
        (lambda: gumbel_draws([1.0], 0), ValueError, "n must be at least 1, got 0"),
        (lambda: gumbel_draws([1.0], 1, "a"), TypeError, "seed must be a whole number, got 'a'"),
    ],
)
def test_bad_chains_and_draws_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.filterwarnings("ignore")
def test_a_thousand_random_cases_agree_with_hugging_face():
    """In float64, so that no rounding decides at a boundary; no logits are tied."""
    torch = pytest.importorskip("torch")
    process = pytest.importorskip("transformers.generation.logits_process")
    warpers = {
        "temperature": process.TemperatureLogitsWarper,
        "top_k": process.TopKLogitsWarper,
        "top_p": process.TopPLogitsWarper,
        "min_p": process.MinPLogitsWarper,
        "typical_p": process.TypicalLogitsWarper,
        "epsilon_cutoff": process.EpsilonLogitsWarper,
        "eta_cutoff": process.EtaLogitsWarper,
    }
    # More threads get into each other's way with rows so short.
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    for _ in range(1_000):
        logits = generator.normal(generator.normal(0, 100), generator.uniform(0.1, 8), (3, 120))
        logits[generator.random(logits.shape) < 0.1] = -math.inf
        values = {
            "temperature": generator.uniform(0.05, 5),
            "top_k": int(generator.integers(1, 150)),
            "top_p": generator.uniform(0.01, 1),
            "min_p": generator.uniform(0, 0.8),
            "typical_p": generator.uniform(0.01, 1),
            "epsilon_cutoff": 10 ** generator.uniform(-6, -0.1),
            "eta_cutoff": 10 ** generator.uniform(-6, -0.1),
        }
        theirs = torch.tensor(logits)
        for name, value in values.items():
            alone = warpers[name](value)(None, torch.tensor(logits)).numpy()
            ours = SamplerChain([(name, value)])(logits)
            assert np.array_equal(np.isfinite(ours), np.isfinite(alone)), (name, value)
            np.testing.assert_allclose(package_softmax(ours), package_softmax(alone), atol=1e-12)
            theirs = warpers[name](value)(None, theirs)
        chain = SamplerChain.preset("huggingface", **values)
        np.testing.assert_allclose(
            chain.probabilities(logits), torch.softmax(theirs, -1).numpy(), atol=1e-12
        )
