"""What readers read: token labels, temperatures, probabilities, and the sentences of a chart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from unicodedata import bidirectional, east_asian_width

import numpy as np
from numpy.typing import ArrayLike

from .checks import Floats, as_temperature
from .core import TokenTable, check_table, entropies, likeliest, possible, sweep

# What stands at a bar that a sampler leaves nothing of.
CUT = "cut"
TITLE = "Softmax Probabilities at Temperature = "
CURVES_TITLE = "The same shares at every temperature"
PROBABILITY = "Probability"
PROBABILITY_OF_LISTED = "Probability among the listed tokens"
# Most probabilities of a larger table are below 0.01: they are told in percent.
_MOST_TOKENS_WITHOUT_PERCENT = 100
_JOINER = re.compile(r"(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])")
_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥"}


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
    The choice is as uncertain as a fair one among 1.09 words (perplexity; 1.44 at T = 1).
    """
    check_table(table)
    stops = [as_temperature(temperature)]
    logits = table.logits.astype(np.float64)
    shares = sweep(logits, [*stops, 1.0], likeliest(logits, 1)).shares[:, 0]
    bits = entropies(logits, [*stops, 1.0])
    (text,) = sentences(table, stops, shares[:1], bits[:1], at_1=(shares[1], bits[1]))
    (number,) = temperature_texts(stops)
    return f"At temperature {number}, {text[0].lower()}{text[1:]}"


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
    cold, warm, hot = (_Leaders(table, temperature) for temperature in (0, 1, np.inf))
    rest = _unseen(table)
    texts = []
    for position, temperature in enumerate(temperatures):
        leaders = {0: cold, np.inf: hot}.get(temperature, warm)
        lines = [leaders.draws(leading_shares[position], at_1[0], temperature)]
        if bits is not None:
            choices = leaders.choices(bits[position])
            then = warm.choices(at_1[1]).partition(" word")[0]
            beside = "" if temperature == 1 else f"; {then} at T = 1"
            lines.append(_uncertain(choices, beside))
        texts.append("\n".join(lines) + rest)
    return texts


def what_is_kept(
    kept: int, total: int, mass: float, at_1: bool, entropy: float, entropy_before: float
) -> str:
    """Say how many tokens a cut keeps, what probability they had, and how open the choice is.

    That probability is the one that the cut went by: that of the temperature in question, or that
    of temperature 1, where the cut comes before it.

    Examples
    --------
    >>> print(what_is_kept(2, 6, 0.815, False, 0.957, 1.76))
    Kept: 2 of 6 tokens, which had 81.50 % of the probability before the cut.
    The choice is as uncertain as a fair one among 1.94 words (perplexity; 3.4 if nothing is cut).
    """
    share = probability_text(mass, percent=True, can_be_zero=False, can_be_one=kept == total)
    where = "at T = 1, where the cut is made" if at_1 else "before the cut"
    first = f"Kept: {kept:,} of {total:,} tokens, which had {share} of the probability {where}."
    if kept == total:
        first = f"Nothing is cut: all {total:,} tokens are kept."
    choices, before = (
        "1" if bits == 0 else _count(bits) for bits in (float(entropy), float(entropy_before))
    )
    many = "word" if choices == "1" else "words"
    return f"{first}\n{_uncertain(f'{choices} {many}', f'; {before} if nothing is cut')}"


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
    return [_temperature_text(temperature, gap) for temperature in temperatures]


def probability_text(value: float, *, percent: bool, can_be_zero: bool, can_be_one: bool) -> str:
    """Return a probability with two decimals, in which only 0 is 0.00 and only 1 is 1.00."""
    text, unit = (f"{100 * value:.2f}", " %") if percent else (f"{value:.2f}", "")
    if text == "0.00" and not can_be_zero:
        return f"<0.01{unit}"
    if text in ("1.00", "100.00") and value > 0.5 and not can_be_one:
        return f">99.99{unit}" if percent else ">0.99"
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
    return _visible(text, None, longest, _SIGNS | {" ": " "}) if text else ""


def columns(text: str) -> int:
    """Count the columns that a text takes: Chinese characters and emoji take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


class _Leaders:
    """Know which tokens lead at a temperature, and say how often they are drawn."""

    def __init__(self, table: TokenTable, temperature: float) -> None:
        chances = possible(table.logits, temperature)
        # Between the limits, as at 0, the largest logits lead; at infinity all possible ones do.
        positions = np.flatnonzero(chances if temperature == np.inf else possible(table.logits, 0))
        self._count = len(positions)
        self._certain = is_certain(chances)
        names = [
            f"“{_isolate(name)}”" for name in token_labels([table.tokens[i] for i in positions[:3]])
        ]
        if self._count == 1:
            self._would_be = f"would be {names[0]}"
        elif self._count == len(table.tokens):
            self._would_be = f"would go to each of the {self._count:,} tokens"
        else:
            listed = ", ".join(names) + (", ..." if self._count > 3 else "")
            self._would_be = f"would go to each of {self._count:,} leading tokens: {listed}"

    def draws(self, share: float, share_at_1: float, temperature: float) -> str:
        """Say how many of 100 draws, or of more, the top token would get."""
        if self._certain:
            return f"Every draw {self._would_be}."
        of = next((of for of in (100, 1_000, 10_000) if of * share >= 1), 1_000_000)
        about = f"Of {of:,} draws {_about(of, share)} {self._would_be}"
        if temperature in (1, np.inf) or self._count > 1:
            return f"{about}."
        return f"{about} ({_about(of, share_at_1).removeprefix('about ')} at T = 1)."

    def choices(self, bits: float) -> str:
        """Return the effective number of choices, with as many digits as matter."""
        return "1 word" if self._certain else f"{_count(bits)} words"


def _uncertain(choices: str, beside: str) -> str:
    return f"The choice is as uncertain as a fair one among {choices} (perplexity{beside})."


def _count(bits: float) -> str:
    choices = 2**bits
    text = f"{choices:,.{2 if choices < 1.995 else 1 if choices < 9.95 else 0}f}"
    return "fewer than 1.01" if text == "1.00" else text


def _about(of: int, share: float) -> str:
    count = round(of * share)
    if count == of:
        return f"more than {of - 1:,}"
    return f"about {count:,}" if count else "fewer than 1"


def _unseen(table: TokenTable) -> str:
    if not table.unseen_mass:
        return ""
    count = len(table.tokens)
    listed = f"the {count:,} listed tokens" if count > 1 else "the one listed token"
    mass = probability_text(table.unseen_mass, percent=True, can_be_zero=False, can_be_one=False)
    return (
        f"\nAll draws are among {listed}: others have {mass} of the probability at T = 1. "
        "How much they have elsewhere depends on how many they are, which is unknown."
    )


def _temperature_text(temperature: float, gap: float) -> str:
    """Return the shortest text for a temperature that has no other within `gap`."""
    if temperature == np.inf:
        return "∞"
    # A rounding error such as that of 0.1 + 0.2 does not count. A number that has no short text
    # gets six digits, or more where whole ones or neighbours need them.
    error = min(1e-12 * temperature, gap / 100)
    longest = 9 if gap == np.inf else 17
    texts = (f"{temperature:.{digits}g}" for digits in range(1, longest + 1))
    fitting = (text for text in texts if abs(float(text) - temperature) <= error)
    enough = min(max(6, len(f"{temperature:.0f}") + 2), 17)
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
    label = re.sub("(?s:.)", sign, token)
    if columns(label) > longest:
        end = longest // 3
        label = f"{_cut(label, longest - end - 1)}…{_cut(label[::-1], end)[::-1]}"
    return label or "(empty)"


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
