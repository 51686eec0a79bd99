"""Scripts write every number, label and sentence as Python does, letter for letter.

Both sides get the same inputs, to the bit; words.js runs in the node that Playwright brings.
"""

import json
import re
import shutil
import struct
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from unicodedata import category, normalize

import numpy as np
import pytest

from softmax_temperature import TokenTable, words
from softmax_temperature.phrases import rounded
from tests.helpers import NASTY, ODD_TOKENS

PACKAGE = files("softmax_temperature")
MANY = 10_000
# What people type: most alphabets, Hebrew and Arabic, Chinese, Japanese and Korean, signs, emoji.
BLOCKS = [
    (0x20, 0x700),
    (0x900, 0xE80),
    (0x1100, 0x1200),
    (0x1E00, 0x2630),
    (0x2638, 0x268A),
    (0x2690, 0x4DC0),
    (0x4E00, 0xA4D0),
    (0xA960, 0xA980),
    (0xAC00, 0xD7B0),
    (0xF900, 0x10000),
    (0x1F300, 0x1F650),
    (0x1F680, 0x1F700),
    (0x1F900, 0x1FA00),
    (0x20000, 0x20100),
]
NAMES = [
    *ODD_TOKENS,
    *NASTY,
    *["day", " day", "·day", "·day #0", "\r\n", "\\", "a\u200db", "می\u200cروم", "مرحبا", "١٢٣"],
    *[
        "日" * 12,
        "日" * 13,
        "Ａ" * 13,
        "👨\u200d👩\u200d👧",
        "x" * 24,
        "x" * 25,
        "é" * 41,
        "\ue000",
    ],
    *[
        "ab" * 500 + "\x00" * 30,
        "日\u200d" * 30,
        "e\u0301" * 20,
        "🇩🇪" * 9,
        "\udc80",
        "한국어",
        "ｶﾅ",
    ],
]

# Of every script, and each of them assigned: the tables of a browser can be newer than Python's.
SIGNS = [chr(code) for start, end in BLOCKS for code in range(start, end)]
SIGNS = [sign for sign in SIGNS if category(sign) != "Cn"]
# Odd names and plain ones, side by side.
TOKENS = list(dict.fromkeys(name for i in range(1_200) for name in (*NAMES[i : i + 1], str(i))))


@pytest.fixture(scope="module")
def answers(run_node, tmp_path_factory):
    """Give what words.js returns for calls: a function's name and what it is given."""
    place = tmp_path_factory.mktemp("words")
    shutil.copytree(str(PACKAGE / "browser" / "engine"), place / "engine")
    shutil.copy(Path(__file__).with_name("words.mjs"), place)
    (place / "package.json").write_text('{"type": "module"}')
    phrases = (PACKAGE / "phrases" / "en.json").read_text(encoding="utf-8")
    (place / "phrases.js").write_text(f"export const PHRASES = {phrases};", encoding="utf-8")

    def ask(calls):
        given, taken = place / "calls.json", place / "answers.json"
        given.write_text(json.dumps([as_bits(call) for call in calls]))
        run_node(place / "words.mjs", given, taken)
        return json.loads(taken.read_text(encoding="utf-8"))

    return ask


def as_bits(value):
    """Replace each float by its bits."""
    if isinstance(value, float):
        return {"bits": struct.pack(">d", value).hex()}
    if isinstance(value, dict):
        return {name: as_bits(part) for name, part in value.items()}
    return [as_bits(part) for part in value] if isinstance(value, list | tuple) else value


def assert_same(answers, calls, expected):
    for call, ours, theirs in zip(calls, answers(calls), expected, strict=True):
        assert ours == theirs, f"{call}"


def some_numbers(rng, count):
    """Return numbers of all sizes, many of them halfway between two that can be written."""
    for kind in rng.integers(8, size=count).tolist():
        if kind == 0:
            yield float(rng.integers(-(10**6), 10**6) / 2.0 ** rng.integers(0, 6))
        elif kind == 1:
            yield float(rng.integers(-(10**4), 10**4) / 2 / 10.0 ** rng.integers(0, 5))
        elif kind == 2:
            # Halfway at the 12th digit.
            yield float(rng.integers(10**11, 10**12) * 10 + 5) * 2.0 ** int(rng.integers(0, 3))
        elif kind == 3:
            yield float(10.0 ** rng.uniform(-323, 308) * rng.choice([-1, 1]))
        elif kind == 4:
            yield float(rng.choice([0.0, -0.0, 1.0, 99.5, 999.5, 0.995, 99.995, 0.004999999999999]))
        elif kind == 5:
            # A little beside what is halfway, within 12 digits or beyond.
            half = float(rng.integers(0, 2_000) / 200)
            yield half * (1 + float(10.0 ** rng.uniform(-16, -9) * rng.choice([-1, 1])))
        else:
            yield float(rng.uniform(-1, 1) * 10.0 ** rng.integers(0, 7))


def some_share(rng):
    kind = rng.integers(5)
    if kind == 0:
        return float(rng.choice([0, 1, 0.5, 0.01, 0.001, 0.0001, 0.995, 0.00005, 0.005, 0.99995]))
    if kind == 1:
        return float(rng.integers(20_001) / 20_000)
    if kind == 2:
        return float(abs(rng.integers(2) - 10.0 ** rng.uniform(-17, 0)))
    return float(10.0 ** rng.uniform(-9, 0)) if kind == 3 else float(rng.random())


def some_bits(rng):
    if rng.random() < 0.1:
        return 0.0
    near = rng.choice([1.0, 1.005, 1.015, 1.995, 9.95, 2.05, 12.5, 13.5, 50_257])
    sizes = [
        rng.random() * 16,
        np.log2(near * (1 + rng.normal() * 1e-4)),
        10.0 ** rng.uniform(-9, 1),
    ]
    return abs(float(rng.choice(sizes)))


def some_temperature(rng):
    if rng.random() < 0.3:
        return float(rng.choice([0, 1, np.inf, 0.1 + 0.2, 1e6, 1e9, 0.125, 1 / 3, 1e-5, 5e-324]))
    if rng.random() < 0.5:
        return float(rng.integers(0, 5_000) / rng.choice([100, 1_000, 128, 3, 1e5, 1e7]))
    return float(10.0 ** rng.uniform(-320, 308)) if rng.random() < 0.5 else float(rng.random() * 4)


def some_table(rng, unseen=True):
    size = int(
        rng.choice([1, 2, 3, 4, 5, 8, 30, 1_200], p=[0.1, 0.2, 0.2, 0.2, 0.1, 0.1, 0.09, 0.01])
    )
    start = rng.integers(len(TOKENS))
    names = (TOKENS + TOKENS)[start : start + size]
    logits = rng.integers(-2, 3, size) + 0.0 if rng.random() < 0.5 else rng.normal(0, 4, size)
    if rng.random() < 0.1:
        logits[:] = 0.5
    masks = rng.random(size) < rng.choice([0, 0, 0.2, 0.9])
    if not masks.all():
        logits[masks] = -np.inf
    some = unseen and np.isfinite(logits).all() and rng.random() < 0.2
    return TokenTable(names, logits, unseen_mass=some_unseen(rng) if some else 0.0)


def some_unseen(rng):
    return float(np.clip(some_share(rng), 1e-9, 1 - 1e-9))


def test_numbers_are_rounded_as_python_rounds_them(answers, many):
    rng = np.random.default_rng(20)
    calls = [
        ("rounded", number, int(rng.integers(5)), bool(rng.integers(2)))
        for number in some_numbers(rng, many(MANY))
    ]
    assert_same(answers, calls, [rounded(*given) for _, *given in calls])


def test_temperatures_are_written_as_python_writes_them(answers, many):
    rng = np.random.default_rng(21)
    gaps = [np.inf, np.inf, 0.01, 1e-3, 1e-7, 1e-12, 2.0**-52]
    calls = [
        ("temperatureText", some_temperature(rng), float(rng.choice(gaps)))
        for _ in range(many(MANY))
    ]
    assert_same(answers, calls, [words.temperature_text(*given) for _, *given in calls])


def test_probabilities_are_written_as_python_writes_them(answers, many):
    rng = np.random.default_rng(22)
    shares = [some_share(rng) for _ in range(many(MANY))]
    flags = rng.integers(2, size=(len(shares), 3)).astype(bool).tolist()
    calls = [
        (
            "probabilityText",
            share,
            dict(zip(("percent", "canBeZero", "canBeOne"), how, strict=True)),
        )
        for share, how in zip(shares, flags, strict=True)
    ]
    expected = [
        words.probability_text(share, percent=percent, can_be_zero=zero, can_be_one=one)
        for share, (percent, zero, one) in zip(shares, flags, strict=True)
    ]
    assert_same(answers, calls, expected)


def test_a_table_has_the_sentences_that_python_writes(answers, many):
    rng = np.random.default_rng(23)
    calls, expected = [], []
    for _ in range(many(MANY // 4)):
        facts = words.leaders(some_table(rng))
        for _ in range(4):
            given = [some_temperature(rng), some_share(rng), some_share(rng)]
            given += [some_bits(rng) if rng.random() < 0.8 else None, some_bits(rng)]
            calls.append(("sentences", facts, *given))
            expected.append(words._sentences_at(facts, *given))
    assert_same(answers, calls, expected)


def test_typed_words_have_the_leaders_and_labels_that_python_finds(answers, many):
    rng = np.random.default_rng(24)
    tables = [some_table(rng, unseen=False) for _ in range(many(MANY // 4))]
    calls = [("factsOf", list(table.tokens), table.logits.tolist()) for table in tables]
    assert_same(answers, calls, [words.leaders(table) for table in tables])
    calls = [("tokenLabels", list(table.tokens), int(rng.integers(4, 30))) for table in tables]
    assert_same(answers, calls, [words.token_labels(t, longest=n) for _, t, n in calls])


def test_a_cut_has_the_sentences_that_python_writes(answers, many):
    rng = np.random.default_rng(25)
    calls = []
    for _ in range(many(MANY)):
        total = int(10 ** rng.uniform(0, 5))
        kept = total if rng.random() < 0.2 else int(rng.integers(1, total + 1))
        bits = some_bits(rng), some_bits(rng)
        calls.append(("whatIsKept", kept, total, some_share(rng), bool(rng.integers(2)), *bits))
    assert_same(answers, calls, [words.what_is_kept(*given) for _, *given in calls])


def test_draws_have_the_sentences_that_python_writes(answers, many):
    rng = np.random.default_rng(26)
    calls, expected = [], []
    for _ in range(many(MANY)):
        n = int(rng.choice([1, 4, 16, 100, 1_000, 54_321]))
        share = some_share(rng) if rng.random() < 0.5 else 0.5
        spread = 2.5 * np.sqrt(n * share * (1 - share)) + 1
        count = int(np.clip(n * share + rng.normal() * spread, 0, n))
        calls.append(("luck", n, count, share, NAMES[rng.integers(len(NAMES))]))
        expected.append(words.luck(*calls[-1][1:]))
        counts = rng.integers(0, rng.choice([2, 5, 2_000]), rng.integers(1, 9)).tolist()
        names = [NAMES[i] for i in rng.integers(len(NAMES), size=len(counts))]
        calls.append(("manyDraws", counts, names))
        expected.append(words.many_draws(counts, names))
    assert_same(answers, calls, expected)


def test_what_people_type_is_shown_as_python_shows_it(answers, many):
    rng = np.random.default_rng(27)
    assert len(SIGNS) > 50_000
    typed = SIGNS[:: len(SIGNS) // many(len(SIGNS))]
    calls = [("columns", sign) for sign in typed] + [("inText", sign) for sign in typed]
    expected = [words.columns(sign) for sign in typed] + [words.in_text(sign) for sign in typed]
    # Alone in a table each is certain, and isolated if it is written from right to left.
    calls += [("factsOf", [sign], [0.0]) for sign in typed]
    expected += [words.leaders(TokenTable([sign], [0.0])) for sign in typed]
    pool = [*typed[::37], *" \n\t\r\x00\x7f\x85\xad\u200b\u200c\u200d\u2028\ufe0f\U000e0041"] * 2
    for start, end in pairwise(np.sort(rng.integers(len(pool), size=many(MANY // 4))).tolist()):
        text = "".join(rng.permutation(np.array(pool[start:end], object)))
        calls += [("inText", text), ("inText", text, 7), ("tokenLabels", [text, text + " "])]
        expected += [words.in_text(text), words.in_text(text, 7)]
        expected.append(words.token_labels([text, text + " "]))
    calls += [("inText", name) for name in ["", *NAMES]]
    expected += [words.in_text(name) for name in ["", *NAMES]]
    assert_same(answers, calls, expected)


def test_a_text_is_said_to_go_as_far_with_that_of_1_as_python_says(answers, many):
    rng = np.random.default_rng(28)
    calls = []
    for _ in range(many(MANY // 4)):
        length = int(rng.integers(1, 512))
        fork = int(rng.choice([0, length, rng.integers(0, length + 1)]))
        calls.append(("comparison", some_temperature(rng), fork, length, some_bits(rng)))
    assert_same(answers, calls, [words.comparison(*given) for _, *given in calls])
    beside = []
    for _, _, fork, length, bits in calls:
        beside.append(("comparisonBeside", fork, length, int(rng.integers(3)), bits))
    assert_same(answers, beside, [words.comparison_beside(*given) for _, *given in beside])


def test_a_reply_has_the_sentences_that_python_writes(answers, many):
    rng = np.random.default_rng(31)
    calls, expected = [], []
    for _ in range(many(MANY // 20)):
        total = int(rng.integers(1, 3_000))
        given = some_bits(rng), int(rng.integers(min(total, 5) + 1)), total, int(rng.integers(3))
        calls.append(("ofReply", *given))
        expected.append(words.of_reply(*given))
        again = f"{rng.integers(200) / 100:.2f}", float(rng.uniform(0, total)), total
        calls.append(("drawnAnew", *again, bool(rng.integers(2))))
        expected.append(words.drawn_anew(*calls[-1][1:]))
    assert_same(answers, calls, expected)


def test_a_chance_reads_as_two_digits_of_its_inverse(answers, many):
    rng = np.random.default_rng(29)
    shares = [float(10.0 ** rng.uniform(-18, 0)) for _ in range(many(MANY // 4))]
    shares += [1 / n for n in range(2, 3_000)] + [1 / 2_400_000, 1e-15, 0.9e-15, 5e-324]
    calls = [("chanceText", share, False) for share in shares]
    for share, seen in zip(shares, answers(calls), strict=True):
        exact = Decimal(share)
        if exact >= Decimal("0.01") * (1 - Decimal("5e-13")):
            assert seen == words.probability_text(
                share, percent=False, can_be_zero=False, can_be_one=False
            )
        elif share < 1e-15:
            assert seen == "less than 1 in 10¹⁵"
        else:
            (count,) = re.fullmatch(
                r"1 in (\d{1,3}(?:,\d{3}){0,2}|\d\.\d × 10[⁰¹²³⁴-⁹]+)", seen
            ).groups()
            assert ("×" in count) == (1 / exact >= Decimal("0.995e9"))
            count = int(Decimal(normalize("NFKC", count.replace(",", "").replace(" × 10", "e"))))
            # Two digits, then zeros, and none of them could be nearer.
            assert re.fullmatch(r"\d\d?0*", f"{count}")
            unit = 10 ** (len(f"{count}") - 2)
            assert abs(1 / exact - count) <= unit * (Decimal("0.5") + Decimal("1e-9"))
    calls = [("chanceText", 0.0, False), ("chanceText", 1.0, True), ("chanceText", 1.0, False)]
    calls += [("chanceText", 0.01, False), ("chanceText", 0.5, False)]
    assert answers(calls) == ["0", "1.00", ">0.99", "0.01", "0.50"]


def test_pieces_make_the_words_that_python_makes_of_them(answers, many):
    signs = SIGNS[:: len(SIGNS) // many(len(SIGNS))]
    calls = [("firstOfWords", ["a", sign, "b", f" {sign}", f"c{sign}"]) for sign in signs]
    rng = np.random.default_rng(30)
    parts = ["", "", " a", "b", "é", "’", "'", "s", ".", "\n", " ", "1", "²", "_", "日", "\u0301"]
    parts += ["😀", "■ end", "\\xe4", " the", "\u200d", "\u0903", "½", "Ⅷ"]
    for _ in range(many(MANY // 4)):
        calls.append(("firstOfWords", rng.choice(parts, rng.integers(1, 20)).tolist()))
    assert_same(answers, calls, [words.first_of_words(given) for _, given in calls])


def test_a_word_is_letters_marks_digits_and_apostrophes_that_meet():
    def joined(*pieces):
        texts = {}
        for piece, place in zip(pieces, words.first_of_words(pieces)):
            texts[place] = texts.get(place, "") + piece
        return [*texts.values()]

    assert joined(" L", "ily", "’", "s", " c", "r", "è", "", "me", ".") == [
        " Lily’s",
        " crème",
        ".",
    ]
    assert joined(" don", "'t", ' "', "H", "i", "!") == [" don't", ' "', "Hi", "!"]
    # Not by str.isalnum, to which a mark is no letter.
    assert joined("हि", "न्", "दी", " 1", "2", ",", "5") == ["हिन्दी", " 12", ",", "5"]
    assert joined("🦊", "", "", "", "s") == ["🦊", "s"]
    assert joined(" end", ".", "■ end of the story") == [" end", ".", "■ end of the story"]


def test_large_tables_are_told_in_percent_on_both_sides(answers):
    calls = [("inPercent", 100), ("inPercent", 101)]
    tables = [TokenTable([str(i) for i in range(n)], np.zeros(n)) for _, n in calls]
    assert_same(answers, calls, [words.in_percent(table) for table in tables])
