"""What readers read: token labels, temperatures, probabilities, and the sentences of a chart."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import TypedDict
from unicodedata import bidirectional, category, east_asian_width

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Floats, as_temperature
from .core import TokenTable, check_table, entropies, likeliest, possible, sweep
from .phrases import phrase, rounded, twelve_digits

# Most probabilities of a larger table are below 0.01: they are told in percent.
_MOST_TOKENS_WITHOUT_PERCENT = 100
_JOINER = re.compile(r"(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])")
_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥"}
_SIGNS_IN_TEXT = _SIGNS | {" ": " "}
# What may have to be written in another way. In ASCII that is white space and what cannot be seen,
# and where glyphs are asked for, everything.
_ANY, _NOT_PLAIN = re.compile("(?s:.)"), re.compile("[^!-~]")


class Leading(TypedDict):
    """Which tokens lead: how many, whether they are all of the table, whether one is certain.

    Named are up to three, by labels that are isolated where they are written from right to left.
    """

    count: int
    all: bool
    certain: bool
    names: list[str]


class Facts(TypedDict):
    """What the sentences of a table need to know of it, beside shares and entropies.

    Which tokens lead at temperature 0, between, and at infinity, and a sentence about tokens that
    are not listed, where there are any.
    """

    cold: Leading
    warm: Leading
    hot: Leading
    unseen: str


def describe(table: TokenTable, temperature: float = 1.0) -> str:
    """Say what the chart shows: how often the top token is drawn, and how open the choice is.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    temperature : float, default 1.0
        As for `softmax`.

    Returns
    -------
    str
        Two sentences, a line each: of how many draws the top token would get how many, and the
        effective number of choices (perplexity), both beside temperature 1. Where a table has an
        `unseen_mass`, one more says what that means.

    Examples
    --------
    >>> print(describe(TokenTable(["day", "problem"], [5.0, 3.0]), temperature=0.5))
    At temperature 0.50, of 100 draws about 98 would be “day” (88 at T = 1).
    The choice is as uncertain as a fair one among 1.09 tokens (perplexity; 1.44 at T = 1).
    """
    check_table(table)
    stops = [as_temperature(temperature)]
    logits = table.logits.astype(np.float64)
    shares = sweep(logits, [*stops, 1.0], likeliest(logits, 1)).shares[:, 0]
    bits = entropies(logits, [*stops, 1.0])
    (text,) = sentences(table, stops, shares[:1], bits[:1], at_1=(shares[1], bits[1]))
    (number,) = temperature_texts(stops)
    return phrase("at_temperature", temperature=number, sentence=text[0].lower() + text[1:])


def sentences(
    table: TokenTable,
    temperatures: Sequence[float],
    leading_shares: Floats,
    bits: Floats | None,
    *,
    at_1: tuple[float, float],
) -> list[str]:
    """Return what `describe` says of each temperature, from numbers that are there already.

    These are the share of a leading token and the entropy, and both `at_1`, at temperature 1.
    Without entropies nothing is said of how open the choice is. The logits decide who leads and
    what is certain, since different ones can have one probability as floats.
    """
    facts = leaders(table)
    return [
        _sentences_at(
            facts,
            temperature,
            float(leading_shares[row]),
            at_1[0],
            None if bits is None else float(bits[row]),
            at_1[1],
        )
        for row, temperature in enumerate(temperatures)
    ]


def heading(facts: Facts, temperature: float, number: str, word: str, share: str) -> str:
    """Say which token leads at a temperature, given both as numbers are written, and its name.

    Examples
    --------
    >>> table = TokenTable(["day", "problem"], [5.0, 3.0])
    >>> heading(leaders(table), 2.0, "2.00", "day", "0.73")
    'T = 2.00: day leads with 0.73'
    """
    leading = _leading_at(facts, temperature)
    if leading["certain"]:
        return phrase("one_is_certain", temperature=number, word=_isolate(word))
    count = rounded(leading["count"], 0, True)
    name = "one_leads" if leading["count"] == 1 else "several_lead"
    return phrase(name, temperature=number, word=_isolate(word), count=count, share=share)


def leaders(table: TokenTable) -> Facts:
    """Find out what `sentences` says of a table beside its numbers: which tokens lead.

    Examples
    --------
    >>> leaders(TokenTable(["a", "b", "c"], [2, 2, 1]))["cold"]
    {'count': 2, 'all': False, 'certain': False, 'names': ['a', 'b']}
    """
    # Between the limits, as at 0, the largest logits lead; at infinity all possible tokens do.
    leading, chances = (possible(table.logits, temperature) for temperature in (0, np.inf))
    return {
        "cold": _leading(table, leading, leading),
        "warm": _leading(table, leading, chances),
        "hot": _leading(table, chances, chances),
        "unseen": _unseen(table),
    }


def what_is_kept(
    kept: int,
    total: int,
    mass: float,
    at_1: bool,
    entropy: float,
    entropy_before: float,
    whole: bool = False,
) -> str:
    """Say how many tokens a cut keeps, what probability they had, and how open the choice is.

    That probability is the one that the cut went by: that of the temperature in question, or that
    of temperature 1, where the cut comes before it. It is whole where nothing that is cut had any.

    Examples
    --------
    >>> print(what_is_kept(2, 6, 0.815, False, 0.957, 1.76))
    Kept: 2 of 6 tokens, which had 81.50 % of the probability before the cut.
    The choice is as uncertain as a fair one among 1.94 tokens (perplexity; 3.4 if nothing is cut).
    """
    everything = kept == total
    can_be_one = everything or whole
    share = probability_text(mass, percent=True, can_be_zero=False, can_be_one=can_be_one)
    gaps = {"kept": rounded(kept, 0, True), "total": rounded(total, 0, True), "share": share}
    now, uncut = ("1" if bits == 0 else _choice_count(bits) for bits in (entropy, entropy_before))
    first = phrase("all_kept" if everything else "kept_at_1" if at_1 else "kept", **gaps)
    return f"{first}\n{phrase('choice_beside_uncut', choices=_in_tokens(now), uncut=uncut)}"


def comparison(temperature: float, fork: int, length: int, bits: float) -> str:
    """Say how far a text goes with that of temperature 1, and how surprising its tokens are.

    Examples
    --------
    >>> print(comparison(0.7, 14, 80, 1.53))
    It is the text of T = 1 for 14 of 80 tokens, and goes another way then.
    A token comes as a surprise of 1.5 bits on average.
    """
    if temperature == 1:
        way = phrase("text_of_1")
    elif fork == length:
        way = phrase("same_as_at_1")
    elif fork == 0:
        way = phrase("other_at_once")
    else:
        way = phrase("other_after", fork=f"{fork}", length=f"{length}")
    return f"{way}\n{phrase('mean_surprise', bits=rounded(bits, 1))}"


def of_reply(bits: float, others: int, total: int, unknown: int) -> str:
    """Say how surprising a reply's tokens were, and how many were not the likeliest.

    Of all tokens that have a logprob: the mean surprise, the number of others than the likeliest,
    their number; and how many tokens have none.

    Examples
    --------
    >>> print(of_reply(0.62, 12, 80, 0))
    A token came as a surprise of 0.6 bits on average: as if drawn from a fair choice among 1.54
    tokens each time (perplexity). 12 of 80 tokens were not the likeliest of their places.
    """
    choices = "1" if bits == 0 else _choice_count(bits)
    name = ("all_likeliest", "one_not_likeliest")[others] if others < 2 else "not_likeliest"
    said = [
        phrase("reply_surprise", bits=rounded(bits, 1), choices=_in_tokens(choices)),
        phrase(name, count=rounded(others, 0, True), total=rounded(total, 0, True)),
    ]
    if unknown:
        name = "without_logprob_one" if unknown == 1 else "without_logprob"
        said.append(phrase(name, count=rounded(unknown, 0, True)))
    return " ".join(said)


def drawn_anew(number: str, expected: float, total: int, listed: bool) -> str:
    """Say how many of a reply's tokens would come again, at a temperature as it is written.

    Examples
    --------
    >>> print(drawn_anew("0.70", 71.6, 80, False))
    If each place were drawn again at T = 0.70, after the same text, about 72 of these 80 tokens
    would come again.
    """
    return phrase(
        "drawn_anew_listed" if listed else "drawn_anew",
        temperature=number,
        count=phrase("about", count=rounded(expected, 0, True)),
        total=rounded(total, 0, True),
    )


def comparison_beside(fork: int, length: int, differing: int, bits: float) -> str:
    """Say how a text A stands to a text B that is held beside it.

    Examples
    --------
    >>> print(comparison_beside(14, 80, 60, 1.53))
    A and B part at token 15, and differ in 60 of 80 places.
    A token comes as a surprise of 1.5 bits on average.
    """
    way = phrase("same_as_b")
    if differing:
        way = phrase("other_than_b", place=f"{fork + 1}", length=f"{length}", count=f"{differing}")
    return f"{way}\n{phrase('mean_surprise', bits=rounded(bits, 1))}"


def first_of_words(pieces: Sequence[str]) -> list[int]:
    """Return for each piece of a text the place of the first of its word.

    Where letters, marks, digits or apostrophes meet, a word goes on; and so it does at the bytes of
    a character that has begun, which are empty pieces.

    Examples
    --------
    >>> first_of_words([" c", "r", "è", "", "m", "e", "’", "s", " tale", "."])
    [0, 0, 0, 0, 0, 0, 0, 0, 8, 9]
    """
    first, end, places = 0, "", []
    for place, piece in enumerate(pieces):
        if piece and not (_is_of_word(end) and _is_of_word(piece[0])):
            first = place
        places.append(first)
        end = piece[-1:] or end
    return places


def _is_of_word(character: str) -> bool:
    return character in ("’", "'") or (character != "" and category(character)[0] in "LMN")


def luck(n: int, count: int, share: float, name: str) -> str:
    """Say whether a token was drawn as often as expected, of so many draws, by its probability.

    That is within a standard deviation, within two, or farther from it.

    Examples
    --------
    >>> luck(100, 65, 0.512, "day")
    '◇ Of these 100 draws 65 were “day”: far more than expected.'
    """
    spread = math.sqrt(n * share * (1 - share))
    deviation = float(rounded((count - n * share) / spread, 1)) if spread > 0 else 0.0
    some, many = ("fewer", "far_fewer") if deviation < 0 else ("more", "far_more")
    far = abs(deviation)
    return phrase(
        "luck",
        n=rounded(n, 0, True),
        count=rounded(count, 0, True),
        word=phrase("quoted", word=_isolate(name)),
        verdict=phrase("as_expected" if far < 1 else some if far < 2 else many),
    )


def which_word(names: Sequence[str], starts: Sequence[float]) -> str:
    """Say which words the same luck chooses, and from which temperature on each.

    Examples
    --------
    >>> which_word(["day", "space"], [0, 1.25])
    'With this luck it is “day” from T = 0 on, “space” from 1.25 on.'
    """
    first, *later = names
    if not later:
        return phrase("luck_always", word=first)
    changes = [
        phrase("luck_change", word=name, temperature=rounded(start, 2))
        for name, start in zip(later, starts[1:], strict=True)
    ]
    return phrase("luck_changes", word=first, changes=", ".join(changes))


def many_draws(counts: Sequence[int], names: Sequence[str]) -> str:
    """Name the three tokens that were drawn most often, tied ones in their order.

    Examples
    --------
    >>> many_draws([54, 3, 31, 8, 0], ["day", "challenge", "experience", "problem", "space"])
    'day × 54, experience × 31, problem × 8, …'
    """
    drawn = sorted((i for i, count in enumerate(counts) if count), key=lambda i: -counts[i])
    words = ", ".join(
        phrase("word_times_count", word=names[i], count=rounded(counts[i], 0, True))
        for i in drawn[:3]
    )
    return phrase("and_other_words", words=words) if len(drawn) > 3 else words


def in_percent(table: TokenTable) -> bool:
    """Return whether the probabilities of a table are told in percent."""
    return len(table.tokens) > _MOST_TOKENS_WITHOUT_PERCENT


def temperature_texts(temperatures: Sequence[float]) -> list[str]:
    """Return temperatures with two decimals, or with as many more as they need.

    Temperatures that stand in a row have enough decimals to be told from their neighbours.

    Examples
    --------
    >>> temperature_texts([0.1 + 0.2, 0.125, 123456.789, 1e-300, float("inf")])
    ['0.30', '0.125', '123456.789', '1e-300', '∞']
    >>> temperature_texts([1.0, 1.0000001, 1.0000002])
    ['1.00', '1.0000001', '1.0000002']
    """
    gaps = np.diff(np.unique(np.asarray(temperatures, np.float64)))
    gap = gaps.min(initial=np.inf)
    return [temperature_text(temperature, gap) for temperature in temperatures]


def probability_text(value: float, *, percent: bool, can_be_zero: bool, can_be_one: bool) -> str:
    """Return a probability with two decimals, in which only 0 is 0.00 and only 1 is 1.00."""
    text, unit = (rounded(100 * value, 2), " %") if percent else (rounded(value, 2), "")
    if text == "0.00" and not can_be_zero:
        return f"<0.01{unit}"
    if text == ("100.00" if percent else "1.00") and not can_be_one:
        return ">99.99 %" if percent else ">0.99"
    return text + unit


def is_certain(chances: ArrayLike) -> bool:
    """Return whether only one of all tokens, or of all bars, has a chance: that one reads 1.00.

    The bar of all others is one bar: where all tokens beside it are cut, one of the others is
    certain to come, however many they are.
    """
    return bool(np.count_nonzero(chances) == 1)


def token_labels(
    tokens: Sequence[str], glyphs: Set[int] | None = None, longest: int = 24
) -> list[str]:
    r"""Return a label for each token that shows white space and keeps different tokens different.

    A space becomes ·, a newline ↵, a tab ⇥; other invisible characters, and those that are not
    among the `glyphs` (code points), an escape such as ``\x00``. Labels that take more
    than `longest` columns lose their middle.
    Where two labels would be the same, the position is added.

    Examples
    --------
    >>> token_labels([" planet", "\n", "·planet", "planet", ""])
    ['·planet #0', '↵', '·planet #2', 'planet', '(empty)']
    """
    labels = [_visible(token, glyphs, longest) for token in tokens]
    counts = Counter(labels)
    return [
        f"{label} #{position}" if counts[label] > 1 else label
        for position, label in enumerate(labels)
    ]


def in_text(text: str, longest: int = 40) -> str:
    """Return a token or a prompt as it stands in a sentence: with spaces, and signs for others."""
    return _visible(text, None, longest, _SIGNS_IN_TEXT) if text else ""


def columns(text: str) -> int:
    """Count the columns that a text takes: Chinese characters and emoji take two."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _leading(table: TokenTable, leading: NDArray[np.bool_], chances: NDArray[np.bool_]) -> Leading:
    places = np.flatnonzero(leading)
    labels = token_labels([table.tokens[place] for place in places[:3]])
    return {
        "count": len(places),
        "all": len(places) == len(table.tokens),
        "certain": is_certain(chances),
        "names": [_isolate(label) for label in labels],
    }


def _leading_at(facts: Facts, temperature: float) -> Leading:
    return {0: facts["cold"], np.inf: facts["hot"]}.get(temperature, facts["warm"])


def _unseen(table: TokenTable) -> str:
    if not table.unseen_mass:
        return ""
    count = len(table.tokens)
    listed = phrase("listed_many" if count > 1 else "listed_one", count=rounded(count, 0, True))
    mass = probability_text(table.unseen_mass, percent=True, can_be_zero=False, can_be_one=False)
    return phrase("unseen", listed=listed, mass=mass)


def _sentences_at(
    facts: Facts,
    temperature: float,
    share: float,
    share_at_1: float,
    bits: float | None,
    bits_at_1: float,
) -> str:
    warm, leading = facts["warm"], _leading_at(facts, temperature)
    lines = [_of_draws(leading, temperature, share, share_at_1)]
    if bits is not None:
        count = "1" if leading["certain"] else _choice_count(bits)
        then = "1" if warm["certain"] else _choice_count(bits_at_1)
        name = "choice" if temperature == 1 else "choice_beside_1"
        lines.append(phrase(name, choices=_in_tokens(count), at_1=then))
    return "\n".join(filter(None, [*lines, facts["unseen"]]))


def _of_draws(leading: Leading, temperature: float, share: float, share_at_1: float) -> str:
    """Say how many of 100 draws, or of more, each leading token would get."""
    quoted = [phrase("quoted", word=name) for name in leading["names"]]
    if leading["certain"]:
        return phrase("every_draw", word=quoted[0])
    of = next((of for of in (100, 1_000, 10_000) if of * share >= 1), 1_000_000)
    gaps = {"n": rounded(of, 0, True), "count": _draw_count(of, share, "about")}
    count = leading["count"]
    if count > 1:
        words = ", ".join(quoted)
        return phrase(
            "draws_of_all" if leading["all"] else "draws_of_leaders",
            **gaps,
            leaders=rounded(count, 0, True),
            words=phrase("and_other_leaders", words=words) if count > 3 else words,
        )
    # At infinity a leader without equals is certain.
    name = "draws_of_one" if temperature == 1 else "draws_of_one_beside_1"
    return phrase(name, **gaps, word=quoted[0], at_1=_draw_count(of, share_at_1))


def _draw_count(of: int, share: float, about: str | None = None) -> str:
    """Say how many of so many draws a share is, by the phrase `about` where it is not exact."""
    count = rounded(of * share, 0, True)
    if count == rounded(of, 0, True):
        return phrase("more_than", count=rounded(of - 1, 0, True))
    if count == "0":
        return phrase("fewer_than", count="1")
    return phrase(about, count=count) if about else count


def _choice_count(bits: float) -> str:
    """Write the effective number of choices with as many digits as matter."""
    choices = 2 ** float(bits)
    size = twelve_digits(choices)
    decimals = 2 if size < Decimal("1.995") else 1 if size < Decimal("9.95") else 0
    text = rounded(choices, decimals, True)
    return phrase("fewer_than", count="1.01") if text == "1.00" else text


def _in_tokens(count: str) -> str:
    return phrase("token" if count == "1" else "tokens", count=count)


def temperature_text(temperature: float, gap: float) -> str:
    """Return the shortest text for a temperature that has no other within `gap`."""
    if temperature == np.inf:
        return "∞"
    # A rounding error such as that of 0.1 + 0.2 does not count. A number that has no short text
    # gets six digits, or more where whole ones or neighbours need them.
    error = min(1e-12 * temperature, gap / 100)
    longest = 9 if gap == np.inf else 17
    texts = (f"{temperature:.{digits}g}" for digits in range(1, longest + 1))
    fitting = (text for text in texts if abs(float(text) - temperature) <= error)
    enough = min(max(6, len(rounded(temperature, 0)) + 2), 17)
    text = next(fitting, f"{temperature:.{enough}g}")
    decimals = max(2, -int(Decimal(text).as_tuple().exponent))
    return text if decimals > 9 or temperature >= 1e9 else f"{Decimal(text):.{decimals}f}"


def _visible(
    token: str, glyphs: Set[int] | None, longest: int, signs: Mapping[str, str] = _SIGNS
) -> str:
    def sign(match: re.Match[str]) -> str:
        character = match[0]
        if character in signs:
            return signs[character]
        # Joiners between other characters than ASCII shape them, as in many emoji.
        visible = character.isprintable() or _JOINER.match(token, match.start())
        if visible and (glyphs is None or ord(character) in glyphs):
            return character
        return character.encode("unicode_escape").decode()

    # Each character takes at least a column: what lies further inside cannot be seen.
    if len(token) > 2 * longest + 2:
        token = token[: longest + 1] + token[-longest - 1 :]
    label = (_NOT_PLAIN if glyphs is None else _ANY).sub(sign, token)
    if columns(label) > longest:
        end = longest // 3
        label = f"{_cut(label, longest - end - 1)}…{_cut(label[::-1], end)[::-1]}"
    return label or phrase("empty")


def _cut(text: str, most: int) -> str:
    """Return the longest beginning of a text that takes no more columns than that."""
    taken = 0
    for position, character in enumerate(text):
        taken += columns(character)
        if taken > most:
            return text[:position]
    return text


def _isolate(name: str) -> str:
    """Keep a name that is written from right to left from changing the order of a sentence."""
    if any(bidirectional(character) in ("R", "AL", "AN") for character in name):
        return f"\u2068{name}\u2069"
    return name
