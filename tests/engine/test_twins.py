"""The browser's engine gives what Python gives: numbers, orders, cuts, dice, and sentences.

The same inputs go to both sides, to the bit, and the engine runs in the node that Playwright
brings. Logits are float64, as the browser makes of any.
"""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import softmax_temperature
from softmax_temperature import SamplerChain, entropy, load_example, perplexity, softmax
from softmax_temperature.chain import PRESETS, _as_step
from softmax_temperature.checks import short
from softmax_temperature.core import entropies, likeliest, shift, sweep
from softmax_temperature.draws import dice, landings
from softmax_temperature.peaks import peak_temperature
from softmax_temperature.sampling import TRUNCATIONS, keeps, scale, slack_of

ENGINE = Path(softmax_temperature.__file__).parent / "browser" / "engine"
# So many logits, each at so many temperatures and through so many chains.
N_LOGITS, N_EACH = 3_000, 4
USUAL = [
    ("top_k", 4_000),
    ("top_p", 0.9),
    ("min_p", 0.001),
    ("typical_p", 0.9),
    ("top_n_sigma", 3.0),
    ("epsilon_cutoff", 3e-4),
    ("eta_cutoff", 3e-4),
]
GPT2 = ["artificial-intelligence", "spaceship", "deserted-planet"]
# Of what lies so near 0 a float has no 12 digits: it counts units of 5e-324.
SMALLEST = 1e-320


def pack(numbers):
    return base64.b64encode(np.asarray(numbers, "<f8").tobytes()).decode()


def unpack(text):
    return np.frombuffer(base64.b64decode(text), "<f8")


@pytest.fixture(scope="session")
def node(run_node, tmp_path_factory):
    """Give the engine's answers to jobs, all from one run."""

    def answers(jobs):
        place = tmp_path_factory.mktemp("twins")
        given, taken = place / "jobs.json", place / "answers.json"
        given.write_text(json.dumps(jobs), encoding="utf-8")
        script = Path(__file__).with_name("twins.mjs")
        run_node(script, ENGINE, given, taken)
        return json.loads(taken.read_text(encoding="utf-8"))

    return answers


def some_logits(rng):
    """Return logits of one of many kinds, some of them masked."""
    size = int(min(rng.geometric(1 / 40), 600)) if rng.random() < 0.98 else rng.integers(1, 601)
    kind = rng.integers(9)
    if kind == 0:
        logits = rng.uniform(-10_000, 10_000, size)
    elif kind == 1:
        logits = rng.integers(-4, 5, size).astype(float)
    elif kind == 2:
        # Round shares, which meet round knobs.
        shares = rng.multinomial(20, rng.dirichlet(np.ones(min(size, 15)))) / 20
        logits = np.log(shares, out=np.full(len(shares), -np.inf), where=shares > 0)
        size = len(logits)
    elif kind == 3:
        # Neighbours that a temperature can tie.
        logits = rng.normal() * (1 + rng.integers(-3, 4, size) * 2.0**-52)
    elif kind == 4:
        logits = rng.normal(0, 10.0 ** rng.uniform(-8, 4), size)
    elif kind == 5:
        logits = rng.normal(-30, 4, size).astype(np.float32).astype(float)
    else:
        logits = rng.normal(0, 3, size)
    if rng.random() < 0.3:
        logits[rng.random(size) < rng.random()] = -np.inf
    if not np.isfinite(logits).any():
        logits[rng.integers(size)] = rng.normal()
    return logits


def some_temperature(rng):
    kind = rng.integers(8)
    if kind < 3:
        return float([0, 1, np.inf][kind])
    if kind == 3:
        return float(10.0 ** rng.uniform(-323, 308))
    return float(10.0 ** rng.uniform(-4, 4) if kind == 4 else rng.uniform(0, 2))


def some_step(rng):
    name = ["temperature", *TRUNCATIONS][rng.integers(8)]
    if name == "temperature":
        return name, some_temperature(rng)
    if name == "top_k":
        return name, int(rng.integers(1, 60))
    if name == "top_n_sigma":
        return name, float(rng.choice([0.25, 1, 2, rng.uniform(0, 4)]))
    if name in ("epsilon_cutoff", "eta_cutoff"):
        return name, float(rng.choice([3e-4, 0.01, 0.1, 1, 10.0 ** rng.uniform(-6, 0)]))
    return name, float(rng.choice([0.1, 0.5, 0.7, 0.9, 1, 1 - rng.random()]))


def some_inputs(count, each, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        logits = some_logits(rng)
        # Some are float32 to Python, and wide here.
        narrow = rng.random() < 0.4 and not logits[abs(logits) > 1e30].size
        yield (
            logits.astype(np.float32).astype(float) if narrow else logits,
            [some_temperature(rng) for _ in range(each)],
            [[some_step(rng) for _ in range(rng.integers(5))] for _ in range(each)],
            rng.random(3),
            int(rng.integers(1, 13)) if rng.random() < 0.6 else None,
        )


def job_of(logits, temperatures, chains, numbers, top):
    return {
        "job": "table",
        "logits": pack(logits),
        "type": type_of(logits),
        "temperatures": pack(temperatures),
        "numbers": pack(numbers),
        "chains": [[(name, pack([value])) for name, value in steps] for steps in chains],
        "top": top,
    }


def type_of(logits):
    """Return as which floats a table would have these numbers."""
    with np.errstate(over="ignore"):
        return "f4" if np.array_equal(logits, logits.astype(np.float32)) else "f8"


def python_of(logits, temperatures, chains, numbers, top):
    """Return what the job's answer should be: numbers, bits of entropy, and what must be equal."""
    shown, order = likeliest(logits, top), likeliest(logits, len(logits))
    slack = slack_of(np.zeros(1, f"<{type_of(logits)}"))
    probabilities = softmax(logits, temperatures[0])
    plain = sweep(logits, temperatures, shown)
    near, bits = [probabilities, plain.shares], [entropies(logits, temperatures)]
    same = [order, plain.possible, landings(logits, temperatures, numbers)]
    for steps in chains:
        masked = logits
        for name, value in steps:
            masked = masked.copy()
            if name == "temperature":
                scale(masked, value)
            else:
                masked[~keeps(masked, name, value, slack)] = -np.inf
            same.append(masked)
        cut = sweep(masked, [1.0], shown)
        near += [cut.shares, probabilities[masked > -np.inf].sum()]
        bits.append(entropies(masked, [1.0]))
        drawn = likeliest(masked, len(masked))[landings(masked, [1.0], numbers)[0]]
        same += [cut.possible, drawn]
    return {"near": near, "bits": bits, "same": same}


def assert_twins(answers, inputs):
    """Compare all answers with Python's at once, and name the first input that differs."""
    expected = [python_of(*given) for given in inputs]
    for kind, is_alike in (
        ("near", lambda a, b: abs(a - b) <= 1e-12 * b + SMALLEST),
        ("bits", lambda a, b: abs(a - b) <= 1e-11 * np.maximum(b, 1)),
        ("same", np.equal),
    ):
        ours = [unpack(answer[kind]) for answer in answers]
        theirs = [np.concatenate([np.ravel(part) for part in row[kind]]) for row in expected]
        assert [*map(len, ours)] == [*map(len, theirs)]
        alike = is_alike(np.concatenate(ours), np.concatenate(theirs))
        if not alike.all():
            place = np.searchsorted(np.cumsum([*map(len, ours)]), np.flatnonzero(~alike), "right")
            first = place[0]
            wrong = np.flatnonzero(~is_alike(ours[first], theirs[first]))
            raise AssertionError(
                f"{len(set(place))} inputs differ in what must be {kind}, the first one in "
                f"{ours[first][wrong]} instead of {theirs[first][wrong]} at {wrong}: "
                f"{inputs[first]}"
            )


def test_numbers_cuts_and_choices_are_those_of_python(node, many):
    inputs = list(some_inputs(many(N_LOGITS), N_EACH, seed=20))
    assert_twins(node([job_of(*given) for given in inputs]), inputs)


def test_numbers_at_the_edge_of_a_token_land_on_the_same(node):
    # Of tied tokens each share is the same float on both sides, and so is each edge.
    inputs = [
        (logits, [0.0, np.inf], [[]], np.append(np.arange(n) / n, np.nextafter(1, 0)), None)
        for n in range(1, 60)
        for logits in (np.zeros(n), np.append(np.zeros(n), [-1.0, -np.inf]))
    ]
    assert_twins(node([job_of(*given) for given in inputs]), inputs)


def test_a_real_vocabulary_has_the_same_numbers_cuts_and_choices(node):
    rng = np.random.default_rng(20)
    stops = [1.0, 0.0, np.inf, 0.01, 0.12, 0.125, 0.13, 0.5, 0.7, 1.3, 2.0, 10.0, 1e6]
    tables = [load_example(f"gpt2-{name}").logits.astype(float) for name in GPT2]
    chains = [[("temperature", T), step] for T in (0.7, 1.4) for step in USUAL]
    chains += [[*USUAL, ("temperature", 1.5)], [("temperature", np.inf), ("top_p", 0.9)]]
    chains += [SamplerChain.preset(name).steps for name in PRESETS]
    inputs = [
        (logits, stops, chains[place::3], rng.random(20), top)
        for place, (logits, top) in enumerate(zip(tables, [20, 1, 3]))
    ]
    assert_twins(node([job_of(*given) for given in inputs]), inputs)


def test_entropy_and_perplexity_are_those_of_python(node):
    rng = np.random.default_rng(20)
    rows = [softmax(some_logits(rng), some_temperature(rng)) for _ in range(500)]
    answers = node([{"job": "entropy", "probabilities": pack(row)} for row in rows])
    theirs = np.array([[entropy(row), perplexity(row)] for row in rows])
    np.testing.assert_allclose([unpack(row) for row in answers], theirs, rtol=1e-12, atol=1e-11)


def test_random_numbers_are_those_of_numpy(node):
    seeds = [0, 1, 21, 2**31, 2**32 - 1, 2**32, 2**64 + 21, 2**200 + 12_345]
    seeds, count = [*seeds, [21, 100, 3], [0, 2**96]], 10_000
    texts = [[*map(str, seed)] if isinstance(seed, list) else str(seed) for seed in seeds]
    answers = node([{"job": "random", "seed": text, "count": count} for text in texts])
    for seed, answer in zip(seeds, answers, strict=True):
        uniform = np.random.default_rng(seed).random(count)
        np.testing.assert_array_equal(unpack(answer["uniform"]), uniform, f"seed {seed}")
        gumbel = np.random.default_rng(seed).gumbel(size=count)
        far = abs(unpack(answer["gumbel"]) - gumbel) / np.maximum(1, abs(gumbel))
        assert far.max() <= 2e-15, f"seed {seed}: {far.max()}"


def test_dice_of_each_batch_are_those_of_python(node):
    given = [(0, 20, 0), (21, 20, 0), (21, 100, 1), (21, 100, 3), (2**40, 7, 2)]
    jobs = [
        {"job": "batch", "seed": seed, "count": count, "batch": batch}
        for seed, count, batch in given
    ]
    for answer, throw in zip(node(jobs), given, strict=True):
        np.testing.assert_array_equal(unpack(answer), dice(*throw), f"{throw}")


def test_peaks_are_those_of_python(node):
    rng = np.random.default_rng(20)
    rows = [some_logits(rng) for _ in range(1_000)]
    # At, just above and just below the mean, where little is left of a sum.
    rows += [np.array([1.0, 0.0, -1.0, 3e-16, -3e-16]), np.array([0.1, 0.2, 0.3]), np.zeros(4)]
    rows += [np.array([1e300, -1e300, 0.0]), np.array([5e-324, 0.0, -5e-324, -1e-323])]
    means = [rng.normal(0, 3, size) for size in rng.integers(2, 40, 500)]
    rows += [np.append(row, row.mean()) for row in means]
    places = [[*rng.integers(len(row), size=5).tolist(), len(row) - 1] for row in rows]
    gpt2 = load_example("gpt2-spaceship").logits.astype(float)
    rows, places = [*rows, gpt2], [*places, likeliest(gpt2, 5).tolist()]
    jobs = [
        {"job": "peaks", "logits": pack(row), "positions": place}
        for row, place in zip(rows, places, strict=True)
    ]
    for answer, row, place in zip(node(jobs), rows, places, strict=True):
        theirs, about = peak_temperature(row, place), f"{row}, {place}"
        np.testing.assert_allclose(unpack(answer), theirs, 1e-9, SMALLEST, err_msg=about)


def said(ask, *given, **options):
    """Return what a call gives, or the sentence of its error."""
    try:
        return ask(*given, **options)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def test_knobs_are_refused_with_the_same_sentences(node):
    whole = [0, 1, -1, -(10**16), 10**22]
    numbers = [-0.0, 0.5, 1 + 2e-16, 1.5, 3.7e-5, float("nan"), float("inf"), float("-inf")]
    words = ["abc", "", "it's", 'a "quote"', "x" * 100, "1,5", "\n\t\\\x00\xa0é😀\u2028", None]
    given = [
        (name, value)
        for name in ["temperature", *TRUNCATIONS, "top_q", ""]
        for value in [*whole, *numbers, *words]
        # A script knows no difference between 0 and -0.0 where it counts.
        if (name, str(value)) != ("top_k", "-0.0")
    ]
    jobs = [
        {"job": "step", "name": name}
        | ({"value": value} if value in words else {"number": pack([value])})
        for name, value in given
    ]
    theirs = [said(_as_step, pair) for pair in given]
    assert sum(isinstance(row, str) for row in theirs) > len(given) / 2
    for pair, answer, expected in zip(given, node(jobs), theirs, strict=True):
        if isinstance(expected, tuple):
            # JSON has no infinity.
            expected = [expected[0], None if expected[1] == np.inf else expected[1]]
        assert answer == expected, f"{pair}"


def test_presets_are_those_of_python(node):
    given = [(name, {}) for name in [*PRESETS, "gpt", "toString"]]
    for name, steps in PRESETS.items():
        given += [(name, {step: value}) for step in steps for value in (None, 0, -1, 1, 0.5, 7)]
        given += [(name, {"temperature": 0, "top_p": 0.3}), (name, {"mirostat": 1})]
        given += [(name, {"top_k": "many"}), (name, {"min_p": None, "top_k": 0.5})]
    jobs = [{"job": "preset", "name": name, "values": values} for name, values in given]
    for pair, answer in zip(given, node(jobs), strict=True):
        theirs = said(SamplerChain.preset, pair[0], **pair[1])
        expected = theirs if isinstance(theirs, str) else [[*step] for step in theirs]
        assert answer == expected, f"{pair}"


def test_logits_are_refused_with_the_same_sentences(node):
    rows = [[np.nan, 1], [1, np.inf], [-np.inf, -np.inf], [1e308, -1e308], [-1.5e308, 4e307]]
    rows += [[np.finfo(float).max, -1e292], [1.0, 2.0, -np.inf]]
    answers = node([{"job": "shift", "logits": pack(row)} for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        theirs = said(shift, np.array(row, float))
        assert answer == (theirs if isinstance(theirs, str) else pack(theirs)), f"{row}"


def test_numbers_and_words_are_written_as_python_writes_them(node):
    rng = np.random.default_rng(20)
    numbers = [*10.0 ** rng.uniform(-320, 308, 2_000), *(10.0 ** np.arange(-20, 25)), 5e-324]
    numbers += [*rng.integers(-1_000, 1_000, 100) / 8 + 1e-9, *rng.integers(1, 1_000, 100) / 8]
    numbers += [*(10.0 ** rng.uniform(-6, 18, 2_000)).round(3)]
    words = ["", "'", '"', "'\"", "a\\b", "tab\t", "\x7f\x85\xad", "\ue000", "日本", "\U000e0001"]
    jobs = [{"job": "short", "numbers": pack([*numbers, -0.0, np.inf, np.nan])}]
    texts, *answers = node(jobs + [{"job": "short", "text": word} for word in words])
    assert texts == [short(float(number)) for number in [*numbers, -0.0, np.inf, np.nan]]
    assert answers == [short(word) for word in words]
    digits = [3, 6, 12]
    jobs = [{"job": "general", "numbers": pack(numbers), "digits": count} for count in digits]
    for count, answer in zip(digits, node(jobs), strict=True):
        assert answer == [f"{number:.{count}g}" for number in numbers]
