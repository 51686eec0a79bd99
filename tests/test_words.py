"""What readers read: labels, numbers and sentences, against what a reader would say."""

import ast
import json
import math
import re
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softmax_temperature import TokenTable, describe, load_example
from softmax_temperature.core import name_of_others
from softmax_temperature.phrases import phrase, rounded
from softmax_temperature.words import (
    in_text,
    leaders,
    luck,
    many_draws,
    probability_text,
    sentences,
    temperature_texts,
    token_labels,
    what_is_kept,
)
from tests.helpers import softmax

PACKAGE = files("softmax_temperature")


def test_a_token_that_looks_numbered_stays_different():
    # A space in a token is shown as a dot, so that only a number that was added follows a space.
    assert token_labels([" a", "·a", "·a #0"]) == ["·a #0", "·a #1", "·a·#0"]


def test_joiners_stay_only_where_they_shape():
    family = "👨\u200d👩\u200d👧"
    assert token_labels([family, "می\u200cروم"]) == [family, "می\u200cروم"]
    assert token_labels(["a\u200db", "\u200d", "\u200f"]) == ["a\\u200db", "\\u200d", "\\u200f"]


@given(st.lists(st.text(), min_size=1, max_size=30, unique=True))
def test_different_tokens_get_different_labels(tokens):
    labels = token_labels(tokens)
    assert len(set(labels)) == len(labels)
    assert all(re.sub("[\u200c\u200d]", "", label).isprintable() for label in labels)
    assert all(label.strip() for label in labels)
    assert max(map(len, labels)) <= 30


@pytest.mark.parametrize(
    ("temperature", "text"),
    [
        (0, "0.00"),
        (1, "1.00"),
        (0.3, "0.30"),
        (0.1 + 0.2, "0.30"),
        (0.001, "0.001"),
        (1.375, "1.375"),
        (1e-300, "1e-300"),
        (math.inf, "∞"),
        (10, "10.00"),
        (1e300, "1e+300"),
        (123456.789, "123456.789"),
        (1234567.8912345, "1234567.89"),
        (1e6, "1000000.00"),
        (1 / 3, "0.333333"),
        (9e-5, "0.00009"),
    ],
)
def test_temperatures_are_never_rounded_away(temperature, text):
    assert temperature_texts([temperature]) == [text]


@pytest.mark.parametrize(
    ("temperature", "words"),
    [
        (0, "At temperature 0.00, every draw would be “day”.|among 1 token (perplexity; 3.5 at T"),
        (0.01, "of 100 draws more than 99 would be “day” (51 at T = 1).|fewer than 1.01 tokens"),
        (0.5, "0.50, of 100 draws about 71 would be “day” (51 at T = 1).|among 2.0 tokens (perp"),
        (1, "At temperature 1.00, of 100 draws about 51 would be “day”.|3.5 tokens (perplexity)."),
        (2, "of 100 draws about 34 would be “day” (51 at T = 1).|5.1 tokens (perplexity; 3.5 at T"),
        (math.inf, "of 100 draws about 17 would go to each of the 6 tokens.|among 6.0 tokens"),
    ],
)
def test_the_sentence_says_what_a_reader_would(temperature, words):
    text = describe(load_example("wonderful-day"), temperature)
    assert len(text.splitlines()) == 2
    for part in words.split("|"):
        assert part in text


@pytest.mark.parametrize(
    ("logit", "words"),
    [
        (-4, "of 100 draws about 2 "),
        (-5, "of 1,000 draws about 7 "),
        (-7, "of 10,000 draws about 9 "),
        (-10, "of 1,000,000 draws about 45 "),
        (-50, "of 1,000,000 draws fewer than 1 "),
    ],
)
def test_rare_leaders_are_counted_in_more_draws(logit, words):
    table = TokenTable(["a", "b"], [1, 0])
    (text,) = sentences(table, [2.0], np.array([math.exp(logit)]), None, at_1=(0.5, 1))
    assert words in text.lower()


def test_the_sentence_of_a_large_table():
    assert describe(load_example("gpt2-spaceship")) == (
        "At temperature 1.00, of 100 draws about 13 would be “·planet”.\n"
        "The choice is as uncertain as a fair one among 548 tokens (perplexity)."
    )
    assert describe(load_example("gpt2-spaceship"), 2) == (
        "At temperature 2.00, of 1,000 draws about 5 would be “·planet” (129 at T = 1).\n"
        "The choice is as uncertain as a fair one among 15,331 tokens (perplexity; 548 at T = 1)."
    )


def test_names_from_right_to_left_do_not_turn_the_sentence_round():
    table = TokenTable(["שלום", "مرحبا", "a"], [1, 1, 0])
    assert "tokens: “\u2068שלום\u2069”, “\u2068مرحبا\u2069”." in describe(table, 0)


def test_wide_characters_count_twice_in_the_length_of_a_label():
    assert token_labels(["日" * 12]) == ["日" * 12]
    (label,) = token_labels(["日" * 13])
    assert label == "日" * 7 + "…" + "日" * 4


@pytest.mark.parametrize(
    ("logits", "words"),
    [
        ([0, -9], "as uncertain as a fair one among fewer than 1.01 tokens (perplexity)."),
        ([0, -7.6], "as uncertain as a fair one among fewer than 1.01 tokens (perplexity)."),
        ([0, -7], "as uncertain as a fair one among 1.01 tokens (perplexity)."),
        ([0, -math.inf], "as uncertain as a fair one among 1 token (perplexity)."),
        ([0], "as uncertain as a fair one among 1 token (perplexity)."),
    ],
)
def test_one_effective_choice_is_said_only_where_there_is_no_rival(logits, words):
    assert words in describe(TokenTable(["a", "b"][: len(logits)], logits))


def test_a_token_of_a_million_characters_is_cut_at_once():
    assert token_labels(["ab" * 500_000]) == ["abababababababa…abababab"]
    (label,) = token_labels(["日" * 500_000 + "\x00" * 500_000])
    assert label == "日" * 7 + "…" + "\\x00" * 2


def test_the_sentence_names_tied_tokens():
    table = TokenTable(["a", "b", "c"], [2, 2, 1])
    assert "100 draws about 50 would go to each of 2 leading tokens: “a”, “b”." in describe(
        table, 0
    )


@given(st.floats(0.05, 5))
def test_the_sentence_agrees_with_the_definitions(temperature):
    table = load_example("wonderful-day")
    p = softmax(table.logits.tolist(), temperature)
    bits = -math.fsum(x * math.log2(x) for x in p if x > 0)
    text = describe(table, temperature)
    draws = re.search(r"of 100 draws (about|more than) (\d+) would be “day”", text)
    least, most = (99.5, 100) if draws[1] == "more than" else (int(draws[2]) - 0.5,) * 2
    assert least <= 100 * p[0] + 1e-9
    assert 100 * p[0] <= (most if draws[1] == "more than" else most + 1)
    choices = re.search(r"among (fewer than )?([\d.]+) token", text)
    decimals = len(choices[2].partition(".")[2])
    assert decimals == (2 if 2**bits < 1.995 else 1)
    assert abs(float(choices[2]) - 2**bits) < (0.0101 if choices[1] else 0.501 * 10**-decimals)


@pytest.mark.parametrize(
    ("ties", "words"),
    [
        (2, "to each of 2 leading tokens: “0”, “1”."),
        (3, "to each of 3 leading tokens: “0”, “1”, “2”."),
        (4, "to each of 4 leading tokens: “0”, “1”, “2”, ...."),
        (1_200, "to each of 1,200 leading tokens: “0”, “1”, “2”, ...."),
    ],
)
def test_three_of_the_tokens_that_lead_are_named(ties, words):
    table = TokenTable([str(i) for i in range(ties + 1)], [*np.ones(ties), 0])
    assert words in describe(table, 0.01)


def test_every_token_is_counted_where_all_lead():
    table = TokenTable([str(i) for i in range(1_200)], np.zeros(1_200))
    assert "would go to each of the 1,200 tokens." in describe(table)


def test_fullwidth_letters_take_two_columns():
    assert token_labels(["Ａ" * 12, "Ａ" * 13]) == ["Ａ" * 12, "Ａ" * 7 + "…" + "Ａ" * 4]


@pytest.mark.parametrize("token", ["שלום", "مرحبا", "١٢٣", "a ش"])
def test_what_is_written_from_right_to_left_stays_within_its_quotes(token):
    shown = token.replace(" ", "·")
    assert f"would be “\u2068{shown}\u2069”" in describe(TokenTable([token, "b"], [1, 0]))
    assert "would be “b”" in describe(TokenTable([token, "b"], [0, 1]))


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (1.004, "fewer than 1.01 tokens"),
        (1.006, "1.01 tokens"),
        (1.994, "1.99 tokens"),
        (1.996, "2.0 tokens"),
        (9.94, "9.9 tokens"),
        (9.96, "10 tokens"),
        (1234.5678, "1,235 tokens"),
    ],
)
def test_choices_have_as_many_digits_as_matter(choices, words):
    table = TokenTable(["a", "b"], [1, 0])
    (text,) = sentences(table, [1], np.array([0.7]), np.log2([choices]), at_1=(0.7, 1))
    assert text.endswith(f"\nThe choice is as uncertain as a fair one among {words} (perplexity).")


@pytest.mark.parametrize(
    ("share", "draws"),
    [
        (0.99502, "Of 100 draws more than 99 would be “a” (about 50 at T = 1)."),
        (0.99498, "Of 100 draws about 99 would be “a” (about 50 at T = 1)."),
        (0.01, "Of 100 draws about 1 would be “a” (about 50 at T = 1)."),
        (0.0099, "Of 1,000 draws about 10 would be “a” (about 500 at T = 1)."),
        (0.001, "Of 1,000 draws about 1 would be “a” (about 500 at T = 1)."),
        (0.00099, "Of 10,000 draws about 10 would be “a” (about 5,000 at T = 1)."),
        (0.0001, "Of 10,000 draws about 1 would be “a” (about 5,000 at T = 1)."),
        (0.000099, "Of 1,000,000 draws about 99 would be “a” (about 500,000 at T = 1)."),
        (0.00000049, "Of 1,000,000 draws fewer than 1 would be “a” (about 500,000 at T = 1)."),
    ],
)
def test_draws_are_counted_in_as_many_as_show_the_leader(share, draws):
    table = TokenTable(["a", "b"], [1, 0])
    (text,) = sentences(table, [2.0], np.array([share]), None, at_1=(0.5, 1))
    assert text == draws.replace("(about ", "(")


def test_rare_leaders_of_two_temperatures_are_counted_in_the_same_draws():
    table = TokenTable(["a", "b"], [1, 0])
    (text,) = sentences(table, [2.0], np.array([0.5]), None, at_1=(0.999, 1))
    assert text == "Of 100 draws about 50 would be “a” (more than 99 at T = 1)."


@pytest.mark.parametrize("percent", [False, True])
def test_a_share_close_to_0_or_1_never_looks_certain(percent):
    tiny, nearly = ("<0.01 %", ">99.99 %") if percent else ("<0.01", ">0.99")
    zero, one = ("0.00 %", "100.00 %") if percent else ("0.00", "1.00")
    certain = {"percent": percent, "can_be_zero": True, "can_be_one": True}
    open_ = {"percent": percent, "can_be_zero": False, "can_be_one": False}
    for value, text, other in ((1e-9, tiny, zero), (1 - 1e-9, nearly, one)):
        assert probability_text(value, **open_) == text
        assert probability_text(value, **certain) == other
    assert probability_text(0.01, **open_) == ("1.00 %" if percent else "0.01")


def test_white_space_is_shown_by_signs():
    assert token_labels([" ", "\n", "\t", "\r", ""]) == ["·", "↵", "⇥", "\\r", "(empty)"]
    assert in_text(" two\twords\n") == " two⇥words↵"
    assert in_text("") == ""


def test_the_sentence_about_unseen_tokens_is_whole():
    two = TokenTable(["a", "b"], [1, 0], unseen_mass=0.25)
    one = TokenTable(["a"], [1], unseen_mass=1e-6)
    for table, listed, mass in (
        (two, "the 2 listed tokens", "25.00 %"),
        (one, "the one listed token", "<0.01 %"),
    ):
        assert describe(table).splitlines()[2] == (
            f"All draws are among {listed}: others have {mass} of the probability at T = 1. "
            "How much they have elsewhere depends on how many they are, which is unknown."
        )
    assert len(describe(TokenTable(["a", "b"], [1, 0])).splitlines()) == 2


@given(st.floats(-1e15, 1e15) | st.floats(-10, 10), st.integers(0, 4))
@example(1234567890125.0, 2)
@example(0.125, 2)
@example(0.375, 2)
@example(2.675, 2)
def test_a_number_is_rounded_to_12_digits_and_then_to_the_nearest_even_one(value, decimals):
    exact = abs(Fraction(value))
    if exact:
        # The place of the 12th digit.
        digit = Fraction(10) ** (math.floor(math.log10(exact)) - 11)
        digit *= 10 if exact >= digit * 10**12 else Fraction(1, 10) if exact < digit * 10**11 else 1
        exact = math.floor(exact / digit + Fraction(1, 2)) * digit
    # Python's round takes halves to the even digit, and a Fraction has no rounding errors.
    nearest = round(exact * 10**decimals)
    text = rounded(value, decimals)
    assert Fraction(text) * 10**decimals == (nearest if value > 0 else -nearest)
    assert len(text.partition(".")[2]) == decimals
    assert text.startswith("-") == (value < 0 < nearest)
    assert rounded(value, decimals, grouped=True) == f"{Decimal(text):,}"


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        # 100 draws of a half: 50 are expected, with a standard deviation of 5.
        (50, "about as many as expected"),
        (54, "about as many as expected"),
        (46, "about as many as expected"),
        (55, "more than expected"),
        (59, "more than expected"),
        (60, "far more than expected"),
        (45, "fewer than expected"),
        (41, "fewer than expected"),
        (40, "far fewer than expected"),
    ],
)
def test_luck_is_told_by_standard_deviations(count, verdict):
    assert luck(100, count, 0.5, "day") == (f"◇ Of these 100 draws {count} were “day”: {verdict}.")


def test_luck_is_told_of_what_is_certain_and_of_many_draws():
    assert luck(2_000, 2_000, 1.0, "a").startswith("◇ Of these 2,000 draws 2,000 were “a”: about")
    assert luck(100, 0, 0.0, "a").endswith("0 were “a”: about as many as expected.")
    # A deviation that is rounded to one decimal is what the sentence goes by.
    assert luck(10_000, 5_048, 0.5, "a").endswith(": more than expected.")
    assert luck(10_000, 5_047, 0.5, "a").endswith(": about as many as expected.")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([54, 3, 31, 8], "a × 54, c × 31, d × 8, …"),
        ([2, 5, 2, 2], "b × 5, a × 2, c × 2, …"),
        ([0, 1_000, 0, 7], "b × 1,000, d × 7"),
        ([0, 0, 1, 0], "c × 1"),
        ([0, 0, 0, 0], ""),
    ],
)
def test_the_three_commonest_draws_are_named(counts, words):
    assert many_draws(counts, "abcd") == words


def test_a_single_token_that_is_kept_is_one_word():
    assert what_is_kept(1, 1_200, 0.25, True, 0.0, 3.0) == (
        "Kept: 1 of 1,200 tokens, which had 25.00 % of the probability at T = 1, where the cut is "
        "made.\nThe choice is as uncertain as a fair one among 1 token (perplexity; 8.0 if nothing "
        "is cut)."
    )
    first, _ = what_is_kept(6, 6, 1.0, False, 2.0, 2.0).splitlines()
    assert first == "Nothing is cut: all 6 tokens are kept."


def test_leaders_are_those_of_each_limit():
    facts = leaders(TokenTable(["a", "שלום", "c", "d"], [1, 1, 0, -math.inf]))
    tied = {"count": 2, "all": False, "certain": False, "names": ["a", "\u2068שלום\u2069"]}
    assert facts["cold"] == facts["warm"] == tied
    assert facts["hot"] == {**tied, "count": 3, "names": [*tied["names"], "c"]}
    assert facts["unseen"] == ""
    one = leaders(TokenTable(["a", "b"], [1, 0]))
    assert [one[name]["certain"] for name in ("cold", "warm", "hot")] == [True, False, False]
    assert [one[name]["all"] for name in ("cold", "warm", "hot")] == [False, False, True]


def test_others_are_named_by_their_number():
    table = TokenTable(["a", "b"], [1, 0])
    listed = TokenTable(["a", "b"], [1, 0], unseen_mass=0.1)
    assert name_of_others(table, 1_234) == "all other 1,234 tokens"
    assert name_of_others(listed, 2, narrow=True) == "all other\n2 listed tokens"
    assert name_of_others(table, 1) == "the other token"
    assert name_of_others(listed, 1) == "the other listed token"


def gaps_of(template):
    return set(re.findall(r"\{(\w+)\}", template))


def sources(kind):
    """Return the text of each module or script of the package."""
    folders = [PACKAGE]
    while folders:
        for path in folders.pop().iterdir():
            if path.is_dir():
                folders.append(path)
            elif path.name.endswith(kind):
                yield path.read_text(encoding="utf-8")


def names_of(node):
    """Return the names that the first argument of a call may be, as far as they are written out."""
    if isinstance(node, ast.IfExp):
        return names_of(node.body) + names_of(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) else []


PHRASES = json.loads((PACKAGE / "phrases" / "en.json").read_text(encoding="utf-8"))


def test_no_phrase_has_the_name_of_another():
    text = (PACKAGE / "phrases" / "en.json").read_text(encoding="utf-8")
    assert len(json.loads(text, object_pairs_hook=list)) == len(PHRASES)


def test_each_phrase_is_used():
    texts = [text for kind in (".py", ".js") for text in sources(kind)]
    named = {name for text in texts for name in re.findall(r'["\n ](\w+)["(:]', text)}
    assert set(PHRASES) <= named


def test_each_phrase_that_is_asked_for_is_there_and_its_gaps_are_filled():
    asked = set()
    for text in sources(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "phrase":
                filled = {keyword.arg for keyword in node.keywords}
                for name in names_of(node.args[0]):
                    asked.add(name)
                    # None stands for the names of a mapping.
                    assert None in filled or gaps_of(PHRASES[name]) <= filled, name
    assert len(asked) > 30
    for text in sources(".js"):
        assert set(re.findall(r'phrase\(\s*"(\w+)"', text)) <= set(PHRASES)


def test_a_gap_that_is_not_filled_is_an_error_and_one_that_is_filled_stays_as_it_is():
    with pytest.raises(KeyError):
        phrase("tokens")
    assert phrase("quoted", word="{count} $& \\1") == "“{count} $& \\1”"
