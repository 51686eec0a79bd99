"""The math, against mpmath with 60 digits, hand-worked fractions and the article's figures."""

import copy
import math
import pickle
import tracemalloc
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softmax_temperature import (
    TokenTable,
    entropy,
    load_example,
    perplexity,
    softmax,
)
from softmax_temperature.checks import as_count, short
from softmax_temperature.core import entropies, likeliest, sweep
from tests.helpers import ARTICLE, AT_HALF

EPS = 2.0**-52
mpmath.mp.dps = 60
logit_lists = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=64)
temperatures = st.floats(1e-300, 1e300)
usual_temperatures = st.floats(0.01, 100)


def exact_softmax(logits, temperature):
    """Softmax by its definition, in numbers long enough for any shift not to matter."""
    exponents = [mpmath.mpf(x) / mpmath.mpf(temperature) for x in logits]
    top = max(exponents)
    weights = [mpmath.exp(x - top) for x in exponents]
    total = mpmath.fsum(weights)
    return [weight / total for weight in weights]


@given(logit_lists, temperatures)
@example([1e4, -1e4], 1e-300)
@example([1e4, -1e4], 1e300)
@example([1000.0, 1000.0, 999.0], 1.0)
@example([5.0, 2.2, 2.0, 4.5, 3.0, 2.7], 0.3)
def test_softmax_is_as_exact_as_float64_allows(logits, temperature):
    for p, exact in zip(softmax(logits, temperature), exact_softmax(logits, temperature)):
        assert not math.isnan(p)
        if exact >= mpmath.mpf(np.finfo(np.float64).tiny):
            bound = 4 * (1 - mpmath.log(exact)) * EPS
            assert abs(mpmath.mpf(float(p)) - exact) <= bound * exact
        else:
            assert p <= np.finfo(np.float64).tiny


@given(logit_lists, usual_temperatures)
def test_softmax_is_exact_at_usual_temperatures(logits, temperature):
    exact = exact_softmax(logits, temperature)
    for p, q in zip(softmax(logits, temperature), exact):
        if q >= mpmath.mpf(np.finfo(np.float64).tiny):
            assert abs(mpmath.mpf(float(p)) - q) <= 4 * (1 - mpmath.log(q)) * EPS * q


@given(logit_lists, temperatures)
def test_probabilities_sum_to_1(logits, temperature):
    assert abs(math.fsum(softmax(logits, temperature)) - 1) <= 4 * EPS


@given(logit_lists, usual_temperatures, st.integers(-1000, 1000))
def test_shifting_all_logits_changes_nothing(logits, temperature, shift):
    logits = np.round(logits)
    np.testing.assert_array_equal(
        softmax(logits + shift, temperature), softmax(logits, temperature)
    )


@given(logit_lists, usual_temperatures)
def test_temperature_divides_the_logits(logits, temperature):
    expected = softmax(np.asarray(logits) / temperature)
    np.testing.assert_allclose(softmax(logits, temperature), expected, rtol=1e-9, atol=1e-300)


@given(logit_lists, st.tuples(usual_temperatures, usual_temperatures))
def test_lower_temperature_never_lowers_the_top_probability(logits, pair):
    low, high = sorted(pair)
    assert softmax(logits, low).max() >= softmax(logits, high).max() * (1 - 8 * EPS)


@given(logit_lists, st.tuples(usual_temperatures, usual_temperatures))
def test_higher_temperature_never_lowers_the_entropy(logits, pair):
    low, high = sorted(pair)
    assert entropy(softmax(logits, low)) <= entropy(softmax(logits, high)) + 1e-9


@given(logit_lists, temperatures)
def test_temperature_never_changes_the_ranking(logits, temperature):
    probabilities = softmax(logits, temperature)[np.argsort(logits, kind="stable")]
    assert (np.diff(probabilities) >= 0).all()


@given(logit_lists)
def test_zero_is_the_limit_from_above(logits):
    ties = logits.count(max(logits))
    expected = [1 / ties if x == max(logits) else 0 for x in logits]
    assert softmax(logits, 0).tolist() == expected
    gaps = [max(logits) - x for x in logits if x != max(logits)]
    if not gaps or min(gaps) > 1e-290:
        np.testing.assert_array_equal(softmax(logits, 1e-300), expected)


@given(logit_lists)
def test_infinity_is_the_uniform_limit(logits):
    expected = np.full(len(logits), 1 / len(logits))
    np.testing.assert_array_equal(softmax(logits, np.inf), expected)
    np.testing.assert_array_equal(softmax(logits, 1e300), expected)


@given(logit_lists, st.sampled_from([0, 0.5, 1, np.inf]))
def test_masked_tokens_get_0_and_change_nothing_else(logits, temperature):
    masked = softmax([-np.inf, *logits, -np.inf], temperature)
    assert masked[0] == masked[-1] == 0
    np.testing.assert_allclose(masked[1:-1], softmax(logits, temperature), rtol=1e-14)


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3), elements=st.floats(-50, 50)),
    st.data(),
)
def test_a_batch_equals_its_rows(logits, data):
    axis = data.draw(st.integers(-logits.ndim, logits.ndim - 1))
    before = logits.copy()
    batch = softmax(logits, 0.7, axis=axis)
    rows = np.apply_along_axis(softmax, axis, logits, 0.7)
    np.testing.assert_array_equal(batch, rows)
    np.testing.assert_array_equal(logits, before)
    bits = entropy(batch, axis=axis)
    np.testing.assert_allclose(bits, np.apply_along_axis(entropy, axis, rows), atol=1e-14)


@given(hnp.arrays(np.float32, st.integers(1, 64), elements=st.floats(-100, 100, width=32)))
def test_float32_stays_float32(logits):
    for temperature in (0, 1e-300, 0.7, 1, 1e300, np.inf):
        probabilities = softmax(logits, temperature)
        assert probabilities.dtype == np.float32
        wide = softmax(logits.astype(np.float64), temperature)
        np.testing.assert_allclose(probabilities, wide, rtol=2e-5, atol=1e-37)


@pytest.mark.skipif(
    np.finfo(np.longdouble).max <= np.finfo(np.float64).max, reason="long doubles are float64 here"
)
@pytest.mark.parametrize("number", ["1e4000", "-1e4000"])
def test_a_long_double_beyond_float64_is_not_infinite(number):
    logits = np.array([0, np.longdouble(number)])
    with pytest.raises(ValueError, match=r"logits must fit into float64, got -?1e\+4000: scale"):
        softmax(logits)
    assert softmax(np.array([0, -np.inf], np.longdouble)).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", [int, np.int8, np.uint8, np.float16, np.longdouble, object])
def test_other_numbers_compute_in_float64(dtype):
    logits = np.array([3, 1, 2], dtype=dtype)
    if dtype is object:
        with pytest.raises(TypeError, match="logits must be real numbers"):
            softmax(logits)
    else:
        assert softmax(logits).dtype == np.float64


def test_settings_of_numpy_for_errors_do_not_matter():
    with np.errstate(all="raise"):
        assert softmax([1e4, -1e4, -np.inf], 1e-300).tolist() == [1, 0, 0]
        assert softmax(np.float32([90, -90]), 0.1).tolist() == [1, 0]


def test_ties_share_by_hand_worked_fractions():
    log2, log3 = math.log(2), math.log(3)
    np.testing.assert_allclose(softmax([0, log2, log3]), [1 / 6, 2 / 6, 3 / 6], rtol=4 * EPS)
    np.testing.assert_allclose(softmax([0, log2, log3], 0.5), [1 / 14, 4 / 14, 9 / 14], rtol=1e-15)
    assert softmax([7, 7, 1, 7], 0).tolist() == [1 / 3, 1 / 3, 0, 1 / 3]


@pytest.mark.parametrize(
    ("temperature", "figures", "bits"),
    [
        (1.0, ARTICLE, 1.7960),
        (0.5, AT_HALF, 1.0259),
        (2.0, [0.340943, 0.084075, 0.076075, 0.265526, 0.125426, 0.107955], 2.3427),
    ],
)
def test_the_articles_figures(temperature, figures, bits):
    probabilities = load_example("wonderful-day").probabilities(temperature)
    assert probabilities.round(6).tolist() == figures
    assert round(float(entropy(probabilities)), 4) == bits


def test_entropy_by_hand_worked_fractions():
    assert entropy([1.0, 0.0]) == 0
    assert not np.signbit(entropy([1.0, 0.0]))
    assert entropy([0.5, 0.25, 0.125, 0.125]) == float(Fraction(7, 4))
    assert entropy([0.25] * 4, base=4) == 1
    assert perplexity([0.125] * 8) == 8
    assert entropy([1 / 3] * 3, base=math.e) == pytest.approx(math.log(3))


def test_entropy_and_perplexity_are_taken_along_the_axis():
    columns = [[0.5, 1.0, 0.25], [0.5, 0.0, 0.75]]
    thirds = 2 - 0.75 * math.log2(3)
    assert entropy(columns, axis=0) == pytest.approx([1, 0, thirds])
    assert perplexity(columns, axis=0) == pytest.approx([2, 1, 2**thirds])
    assert perplexity(np.transpose(columns)) == pytest.approx([2, 1, 2**thirds])


@given(logit_lists, usual_temperatures)
def test_entropy_against_mpmath(logits, temperature):
    exact = exact_softmax(logits, temperature)
    bits = -mpmath.fsum(p * mpmath.log(p, 2) for p in exact if p > 0)
    probabilities = softmax(logits, temperature)
    assert abs(entropy(probabilities) - bits) < 1e-12
    assert -1e-15 <= entropy(probabilities) <= math.log2(len(logits)) + 1e-12
    assert perplexity(probabilities) == pytest.approx(float(2**bits), rel=1e-12)


@pytest.mark.parametrize(
    ("logits", "error", "words"),
    [
        ([], ValueError, "logits must not be empty"),
        ([[], []], ValueError, "logits must not be empty"),
        (5.0, ValueError, "logits must have at least one dimension, got 5.0"),
        (None, TypeError, "logits must be real numbers, got None"),
        ("text", TypeError, "logits must be real numbers, got 'text'"),
        (["1", "2"], TypeError, "logits must be real numbers"),
        ([1 + 2j], TypeError, "logits must be real numbers"),
        ([True, False], TypeError, "logits must be real numbers"),
        ([1, None], TypeError, "logits must be real numbers"),
        ([[1, 2], [3]], ValueError, "logits must be rectangular"),
        ([1, np.nan], ValueError, "logits must not contain NaN"),
        ([1, np.inf], ValueError, r"logits must not contain \+inf"),
        ([-np.inf, -np.inf], ValueError, "logits must not all be -inf"),
        ([[1, 2], [-np.inf, -np.inf]], ValueError, "logits must not all be -inf"),
        ([[1, 2], [3, np.nan]], ValueError, "logits must not contain NaN"),
        ([[1, 2], [3, np.inf]], ValueError, r"logits must not contain \+inf"),
        ([[1, 2], [1.7e308, -1.7e308]], ValueError, "logits must not span more than"),
        ([1.7e308, -1.7e308], ValueError, "logits must not span more than"),
        (np.ma.array([1, 2], mask=[0, 1]), TypeError, "logits must not be a numpy masked array"),
    ],
)
def test_bad_logits_are_refused(logits, error, words):
    with pytest.raises(error, match=words):
        softmax(logits)


@pytest.mark.parametrize(
    ("temperature", "error", "words"),
    [
        (-0.5, ValueError, "temperature must not be negative, got -0.5.*For greedy.*use 0"),
        (-np.inf, ValueError, "temperature must not be negative"),
        (np.nan, ValueError, "temperature must not be NaN"),
        ("0.7", TypeError, "temperature must be one real number, got '0.7'"),
        (None, TypeError, "temperature must be one real number"),
        (True, TypeError, "temperature must be one real number"),
        (np.True_, TypeError, "temperature must be one real number, got np.True_"),
        (b"1", TypeError, "temperature must be one real number, got b'1'"),
        (1j, TypeError, "temperature must be one real number"),
        (np.complex128(1), TypeError, "temperature must be one real number"),
        ([1.0], TypeError, "temperature must be one real number"),
        (10**400, TypeError, "temperature must be one real number"),
    ],
)
def test_bad_temperatures_are_refused_everywhere(temperature, error, words):
    table = load_example("wonderful-day")
    for function in (table.probabilities, table.to_frame, lambda t: softmax([1, 2], t)):
        with pytest.raises(error, match=words):
            function(temperature)


def test_zero_is_not_a_tiny_number():
    assert softmax([1.0, 1.0 - 1e-15], 0).tolist() == [1, 0]
    assert softmax([1.0, np.nextafter(1.0, 0)], 1e-10).tolist() != [1, 0]


def test_negative_zero_is_zero():
    assert softmax([1, 2], -0.0).tolist() == [0, 1]


@pytest.mark.parametrize("function", [softmax, entropy, perplexity])
def test_a_bad_axis_is_refused(function):
    with pytest.raises(ValueError, match=r"axis must be from -1 to 0 for .* \(2,\), got 1"):
        function([0.5, 0.5], axis=1)
    for axis in (None, True, 0.0, (0, 1)):
        with pytest.raises(TypeError, match="axis must be one whole number, got"):
            function([0.5, 0.5], axis=axis)


@pytest.mark.parametrize(
    ("probabilities", "error", "words"),
    [
        ([0.5, 0.6], ValueError, r"probabilities must sum to 1, got 1\.1"),
        ([5.0, 2.2], ValueError, r"probabilities must sum to 1, got 7\.2"),
        ([1.5, -0.5], ValueError, r"probabilities must not be negative, got -0\.5"),
        ([1.0001, -0.0001], ValueError, r"probabilities must not be negative, got -0\.0001"),
        ([0.5, 0.5011], ValueError, r"probabilities must sum to 1, got 1\.0011: use softmax first"),
        ([0.5, 0.4989], ValueError, r"probabilities must sum to 1, got 0\.9989: use softmax first"),
        ([[0.5, 0.5], [0.5, 0.6]], ValueError, r"probabilities must sum to 1, got 1\.1"),
        ([[0.5, 0.5], [np.nan, 0.5]], ValueError, "probabilities must sum to 1, got nan"),
        ([[0.5, 0.5], [1.5, -0.5]], ValueError, r"probabilities must not be negative, got -0\.5"),
        ([np.nan, 0.5], ValueError, "probabilities must sum to 1, got nan"),
        ([np.inf, 0.5], ValueError, "probabilities must sum to 1, got inf"),
        ([], ValueError, "probabilities must not be empty"),
        ("even", TypeError, "probabilities must be real numbers"),
        (0.5, ValueError, "probabilities must have at least one dimension"),
    ],
)
def test_bad_probabilities_are_refused(probabilities, error, words):
    for function in (entropy, perplexity):
        with pytest.raises(error, match=words):
            function(probabilities)


@pytest.mark.parametrize("base", [1, 0, -2, np.inf, np.nan])
def test_bad_bases_are_refused(base):
    with pytest.raises(ValueError, match="base must be a finite number above 1"):
        entropy([0.5, 0.5], base=base)


@pytest.mark.parametrize(
    ("tokens", "logits", "error", "words"),
    [
        ([], [], ValueError, "logits must not be empty"),
        (["a", "b"], [1.0], ValueError, r"got 2 tokens and logits of shape \(1,\)"),
        (["a", "b"], [[1.0, 2.0]], ValueError, r"got 2 tokens and logits of shape \(1, 2\)"),
        (["a", "b", "a"], [1, 2, 3], ValueError, "tokens must differ, got 'a' at 0 and 2"),
        (["a", 5], [1, 2], TypeError, "tokens must be strings, got 5 at 1"),
        (["a", None], [1, 2], TypeError, "tokens must be strings, got None at 1"),
        (["a", b"b"], [1, 2], TypeError, "tokens must be strings, got b'b' at 1"),
        ("ab", [1, 2], TypeError, "tokens must be a list of strings, got 'ab'"),
        (b"ab", [1, 2], TypeError, "tokens must be a list of strings, got b'ab'"),
        ({"a", "b"}, [1, 2], TypeError, "tokens must be a list of strings"),
        ({"a": 1, "b": 2}, [1, 2], TypeError, "tokens must be a list of strings"),
        (7, [1, 2], TypeError, "tokens must be a list of strings, got 7"),
        (["a", "b"], [1, np.nan], ValueError, "logits must not contain NaN"),
        (["a", "b"], [1, "2"], TypeError, "logits must be real numbers"),
    ],
)
def test_bad_tables_are_refused(tokens, logits, error, words):
    with pytest.raises(error, match=words):
        TokenTable(tokens, logits)


def test_a_table_cannot_be_changed():
    logits = np.array([1.0, 2.0])
    table = TokenTable(["a", "b"], logits)
    logits[0] = 100
    assert table.logits.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        table.logits[0] = 5
    with pytest.raises(AttributeError):
        table.tokens = ("c", "d")
    with pytest.raises(AttributeError, match="cannot be changed"):
        del table.tokens


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_copy_cannot_be_changed_either(duplicate):
    original = TokenTable(["a", "b"], [-1.0, -2.0], "an ", unseen_mass=0.5)
    table = duplicate(original)
    assert table == original
    with pytest.raises(ValueError, match="read-only"):
        table.logits[0] = 5
    with pytest.raises(AttributeError):
        table.tokens = ("c", "d")
    assert (table.prompt, table.unseen_mass) == ("an ", 0.5)


@pytest.mark.parametrize("prompt", [None, 3, b"text", ["text"], True])
def test_a_prompt_is_a_string(prompt):
    with pytest.raises(TypeError, match=r"prompt must be a string, got .+"):
        TokenTable(["a"], [1.0], prompt)
    assert TokenTable(["a"], [1.0]).prompt == ""


def test_the_logits_of_a_table_can_not_be_made_writeable():
    with pytest.raises(ValueError, match="WRITEABLE"):
        TokenTable(["a", "b"], [1.0, 2.0]).logits.setflags(write=True)


def test_tables_are_equal_if_what_they_hold_is():
    table = TokenTable(["a", "b"], [1.0, 2.0])
    assert table == TokenTable(("a", "b"), np.array([1, 2]))
    assert hash(table) == hash(TokenTable(["a", "b"], [1.0, 2.0]))
    for other in (
        TokenTable(["a", "c"], [1.0, 2.0]),
        TokenTable(["a", "b"], [1.0, 3.0]),
        TokenTable(["a", "b"], [1.0, 2.0], "prompt"),
        TokenTable(["a", "b"], [1.0, 2.0], unseen_mass=0.1),
        "table",
    ):
        assert table != other


@pytest.mark.parametrize("unseen", [-0.1, 1, 2.0, math.nan])
def test_an_unseen_mass_is_a_probability_below_1(unseen):
    with pytest.raises(ValueError, match="unseen_mass must be from 0 to below 1, got"):
        TokenTable(["a"], [1.0], unseen_mass=unseen)
    with pytest.raises(TypeError, match="unseen_mass must be one real number"):
        TokenTable(["a"], [1.0], unseen_mass="much")


@given(
    st.lists(st.one_of(st.floats(-1e300, 1e300), st.just(-math.inf)), min_size=1, max_size=40),
    st.one_of(st.just(0.0), st.floats(1e-310, 1e308), usual_temperatures, st.just(math.inf)),
    st.integers(1, 40),
)
@example([0.0, -1e-306, -1e4], 1e-306, 1)
@example([1e300, -1e300, 0.0], 1e300, 1)
# A choice that is almost certain.
@example([0.0, 3.697493946955824e16], 1666668406685812.0, 1)
# A small gap beside a huge one.
@example([5.4e-09, 0.0, 0.0, -3e298], 1.6e-11, 1)
def test_shares_entropy_and_what_is_possible_agree_with_the_softmax(logits, temperature, top):
    if max(logits) == -math.inf:
        return
    values = np.array(logits)
    shown = likeliest(values, top)
    rows = sweep(values, [temperature], shown)
    p = softmax(values, temperature)
    expected = [*p[shown], *([math.fsum(np.delete(p, shown))] if top < len(p) else [])]
    np.testing.assert_allclose(rows.shares[0], expected, rtol=1e-12, atol=1e-300)
    # With so many digits that what a leader lacks to 1 is one of them.
    with mpmath.workdps(400):
        leading = mpmath.mpf(max(logits))
        if 0 < temperature < math.inf:
            weights = [mpmath.exp((x - leading) / temperature) for x in values.tolist()]
        else:
            least = leading if temperature == 0 else -mpmath.inf
            weights = [mpmath.mpf(x >= least and x > -math.inf) for x in values.tolist()]
        chances = [weight / mpmath.fsum(weights) for weight in weights]
        bits = float(mpmath.fsum(-x * mpmath.log(x, 2) for x in chances if x > 0))
    assert entropies(values, [temperature])[0] == pytest.approx(bits, rel=1e-11, abs=1e-290)
    can_be = [x == max(logits) if temperature == 0 else x > -math.inf for x in logits]
    others = np.delete(can_be, shown)
    assert rows.possible[0].tolist() == [
        *np.array(can_be)[shown],
        *([others.any()] if len(others) else []),
    ]


def test_entropy_of_float32_is_summed_in_float64():
    probabilities = softmax(np.zeros(3_000_000, np.float32))
    assert perplexity(probabilities) == pytest.approx(3_000_000, rel=1e-7)


def test_a_column_for_the_rest_never_has_the_name_of_a_token():
    rows = TokenTable(["the other token", "b"], [3, 2]).sweep([1], top=1)
    assert list(rows.columns) == ["the other token", "the other token*"]


def test_a_frame_has_the_articles_columns():
    frame = load_example("wonderful-day").to_frame(2.0)
    assert list(frame.columns) == ["tokens", "logits", "probabilities"]
    assert frame["tokens"].tolist()[0] == "day"
    assert frame["probabilities"].round(6)[0] == 0.340943


@given(st.lists(st.floats(0, 10), min_size=1, max_size=5))
def test_a_sweep_has_a_row_a_temperature(stops):
    table = load_example("wonderful-day")
    rows = table.sweep(stops)
    assert rows.index.tolist() == stops
    assert rows.index.name == "temperature"
    assert tuple(rows.columns) == table.tokens
    for stop, row in zip(stops, rows.to_numpy(), strict=True):
        np.testing.assert_array_equal(row, table.probabilities(stop))


@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(-3, 3).map(float)),
    st.integers(1, 50),
    st.sampled_from([0, 0.01, 0.5, 1, 2, 1e6, math.inf]),
)
def test_the_likeliest_tokens_and_the_rest_sum_to_1(logits, top, temperature):
    table = TokenTable([str(i) for i in range(len(logits))], logits)
    rows = table.sweep([temperature], top=top)
    # Largest first, tied ones in their order: what sorted() does with a key.
    order = sorted(range(len(logits)), key=lambda i: -logits[i])[:top]
    left_out = len(logits) - len(order)
    names = [str(i) for i in order]
    others = ["the other token"] if left_out == 1 else [f"all other {left_out} tokens"]
    assert list(rows.columns) == (names + others if left_out else names)
    exact = softmax(logits, temperature)
    row = rows.to_numpy()[0]
    np.testing.assert_allclose(row[: len(order)], exact[order], rtol=1e-14)
    assert math.fsum(row) == pytest.approx(1, abs=4 * EPS)
    if left_out:
        rest = math.fsum(p for i, p in enumerate(exact) if i not in order)
        assert row[-1] == pytest.approx(rest, rel=1e-13)


def test_a_tiny_rest_keeps_its_digits():
    # 1 minus the largest would be 0.
    rows = TokenTable(["a", "b", "c"], [0.0, -40.0, -41.0]).sweep([1], top=1)
    exact = exact_softmax([0.0, -40.0, -41.0], 1)
    assert rows["all other 2 tokens"].item() == pytest.approx(float(exact[1] + exact[2]), rel=1e-14)


def test_a_sweep_takes_no_memory_for_each_temperature():
    logits = np.random.default_rng(0).normal(-90, 4, 262_144)
    table = TokenTable([str(i) for i in range(len(logits))], logits)
    tracemalloc.start()
    rows = table.sweep(np.arange(201) / 100, top=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 6 * logits.nbytes
    assert rows.shape == (201, 21)


@pytest.mark.parametrize(
    ("top", "error", "words"),
    [
        (0, ValueError, "top must be at least 1, got 0: leave it out to keep all tokens$"),
        (-3, ValueError, "top must be at least 1, got -3"),
        (2.0, TypeError, r"top must be a whole number, got 2\.0"),
        (True, TypeError, "top must be a whole number, got True"),
        (np.True_, TypeError, "top must be a whole number, got np.True_"),
        ("20", TypeError, "top must be a whole number, got '20'"),
    ],
)
def test_a_bad_top_is_refused(top, error, words):
    with pytest.raises(error, match=words):
        load_example("wonderful-day").sweep([1], top=top)


def test_a_sweep_refuses_bad_temperatures():
    table = load_example("wonderful-day")
    with pytest.raises(ValueError, match=r"temperatures\[1\] must not be negative, got -1"):
        table.sweep([1, -1])
    with pytest.raises(ValueError, match="temperatures must be one-dimensional"):
        table.sweep([[1, 2]])
    with pytest.raises(ValueError, match="temperatures must not be empty"):
        table.sweep([])


def test_bfloat16_is_converted_or_answered_with_advice():
    class Tensor:
        def __array__(self, *_args, **_options):
            raise TypeError("Got unsupported ScalarType BFloat16")

    with pytest.raises(TypeError, match=r"BFloat16\): use tensor.float\(\).cpu\(\)"):
        softmax(Tensor())
    ml_dtypes = pytest.importorskip("ml_dtypes")
    logits = np.array([1, 2, 4], ml_dtypes.bfloat16)
    assert softmax(logits).dtype == np.float32
    np.testing.assert_array_equal(softmax(logits), softmax(np.float32([1, 2, 4])))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sweep_has_the_precision_of_the_logits(dtype):
    table = TokenTable(["a", "b", "c"], np.array([2, 1, 0], dtype))
    for top in (None, 1):
        assert set(table.sweep([0, 1, math.inf], top=top).dtypes) == {np.dtype(dtype)}


@pytest.mark.parametrize("temperature", [1e-46, 3e38, 1e39, 1e300])
def test_float32_has_no_room_for_these_temperatures_and_is_right(temperature):
    for logits in ([3e38, 0.0], [-3e38, 0.0], [2e-38, 0.0], [1e-45, 0.0]):
        values = np.float32(logits)
        exact = exact_softmax(values.tolist(), temperature)
        np.testing.assert_allclose(softmax(values, temperature), np.float64(exact), rtol=2e-6)


def test_probabilities_may_be_rounded_to_three_digits():
    assert entropy([0.5, 0.5009]) == pytest.approx(1, abs=2e-3)
    assert entropy([0.333, 0.333, 0.333]) == pytest.approx(math.log2(3), abs=2e-3)


class Name(str):
    """Stand in for the strings of other packages, such as numpy's."""

    __slots__ = ("note",)


def test_a_table_keeps_plain_strings():
    table = TokenTable([Name("a"), np.str_("b")], [1, 2], Name("an "))
    assert [type(text) for text in (*table.tokens, table.prompt)] == [str, str, str]
    assert (table.tokens, table.prompt) == (("a", "b"), "an ")


def test_numpys_whole_numbers_count_as_such():
    table = load_example("wonderful-day")
    for two in (np.int64(2), np.uint8(2)):
        assert table.sweep([1], top=two).equals(table.sweep([1], top=2))


@given(st.text(max_size=200), st.integers(6, 90))
def test_a_value_in_a_message_is_whole_or_keeps_its_ends(text, longest):
    shown = short(text, longest)
    if len(repr(text)) <= longest:
        assert shown == repr(text)
    else:
        # Most of it from the start, and a sixth from the end.
        end = longest // 6
        assert shown == f"{repr(text)[: longest - end]}...{repr(text)[len(repr(text)) - end :]}"


def test_a_message_shows_60_characters_of_a_value():
    with pytest.raises(TypeError) as caught:
        softmax([1, 2], "x" * 100)
    assert str(caught.value) == f"temperature must be one real number, got '{'x' * 49}...{'x' * 9}'"


def test_a_count_is_refused_without_advice_that_nobody_gave():
    with pytest.raises(ValueError, match=r"^n must be at least 1, got 0$"):
        as_count(0, "n", 1)


@pytest.mark.parametrize(("count", "words"), [(3, "'a', 'b', 'c')"), (4, "'a', 'b', 'c', ...)")])
def test_a_table_shows_its_first_three_tokens(count, words):
    table = TokenTable(list("abcd")[:count], range(count))
    assert repr(table) == f"TokenTable({count} tokens: {words}"


def test_a_table_has_no_prompt_and_temperature_1_where_none_is_given(tmp_path):
    frame = TokenTable(["a", "b"], [-1.0, -2.0], "an ").to_frame()
    assert frame["probabilities"].tolist() == softmax([-1.0, -2.0]).tolist()
    frame.to_csv(tmp_path / "table.csv", index=False)
    for table in (
        TokenTable.from_frame(frame),
        TokenTable.from_csv(tmp_path / "table.csv"),
        TokenTable.from_logprobs({"a": -1.0, "b": -2.0}),
    ):
        assert table.prompt == ""
        assert table.probabilities().tolist() == softmax([-1.0, -2.0]).tolist()
    assert TokenTable.from_frame(frame, "an ").prompt == "an "
    assert TokenTable.from_csv(tmp_path / "table.csv", "an ").prompt == "an "


@pytest.mark.parametrize(
    ("count", "unseen", "name"),
    [
        (1_235, 0.0, "all other 1,234 tokens"),
        (1_235, 0.1, "all other 1,234 listed tokens"),
        (3, 0.1, "all other 2 listed tokens"),
        (2, 0.0, "the other token"),
        (2, 0.1, "the other listed token"),
    ],
)
def test_the_column_of_the_rest_counts_its_tokens(count, unseen, name):
    table = TokenTable([str(i) for i in range(count)], range(count), unseen_mass=unseen)
    assert table.sweep([1], top=1).columns[-1] == name
