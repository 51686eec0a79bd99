"""What readers read: token labels, temperatures, probabilities, and the sentences of a chart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from decimal import Decimal
from typing import Any
from unicodedata import bidirectional, east_asian_width

import numpy as np

from .checks import as_temperature
from .core import TokenTable, likeliest, possible, sweep

TITLE = "Softmax Probabilities at Temperature = "
PROBABILITY = "Probability"
PROBABILITY_OF_LISTED = "Probability among the listed tokens"
# Most probabilities of a larger table are below 0.01: they are told in percent.
_MOST_TOKENS_WITHOUT_PERCENT = 100
_JOINER = re.compile(r"(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f])")
_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥"}


def describe(table: TokenTable, temperature: float = 1.0) -> str:
    """Say what the chart shows: the top token, its probability, and how open the choice is.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    temperature : float, default 1.0
        As for `softmax`.

    Returns
    -------
    str
        Two sentences, a line each, with the entropy in bits and the effective number of choices
        (perplexity). Where a table has an `unseen_mass`, two more say what that means.

    Examples
    --------
    >>> print(describe(TokenTable(["day", "problem"], [5.0, 3.0])))
    At temperature 1.00, “day” is the likeliest next token, with probability 0.88.
    Entropy: 0.53 bits, as open as an even choice among 1.44 tokens.
    """
    check_table(table)
    stops = [as_temperature(temperature)]
    logits = table.logits.astype(np.float64)
    rows = sweep(logits, stops, likeliest(logits, 1), with_entropy=True)
    (text,) = sentences(table, stops, temperature_texts(stops), rows.shares[:, 0], rows.entropy)
    return text


def check_table(table: Any) -> None:
    """Refuse anything that is not a TokenTable."""
    if not isinstance(table, TokenTable):
        raise TypeError(
            f"table must be a TokenTable, got {type(table).__name__}: "
            "make one with TokenTable(tokens, logits)"
        )


def sentences(
    table: TokenTable,
    temperatures: Sequence[float],
    temperature_texts: Sequence[str],
    leading_shares: Iterable[float],
    entropies: Any,
) -> list[str]:
    """Return what `describe` says, a text a temperature, from numbers that are there already.

    The logits decide who leads, since different ones can have one probability as floats.
    """
    masked = table.logits == -np.inf
    leads = {False: _Lead(table, possible(table.logits, 0)), True: _Lead(table, ~masked)}
    certain = {False: masked.sum() == len(masked) - 1, True: leads[False].count == 1}
    rest = _unseen(table)
    texts = []
    for temperature, text, share, bits in zip(
        temperatures, temperature_texts, leading_shares, entropies, strict=True
    ):
        rivals = not certain[temperature == 0]
        label = probability_text(
            share, percent=in_percent(table), can_be_zero=False, can_be_one=not rivals
        )
        openness, choices = f"{bits:.2f} bits", f"{2**bits:,.2f} tokens"
        if rivals and bits < 0.005:
            openness = "<0.01 bits"
        if rivals and choices == "1.00 tokens":
            choices = "fewer than 1.01 tokens"
        texts.append(
            f"At temperature {text}, {leads[temperature == np.inf].says(label)}.\n"
            f"Entropy: {openness}, as open as an even choice among {choices}.{rest}"
        )
    return texts


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
    gap = gaps.min(initial=np.inf, where=gaps > 0)
    return [_temperature_text(temperature, gap) for temperature in temperatures]


def probability_text(value: float, *, percent: bool, can_be_zero: bool, can_be_one: bool) -> str:
    """Return a probability with two decimals, in which only 0 is 0.00 and only 1 is 1.00."""
    text, unit = (f"{100 * value:.2f}", " %") if percent else (f"{value:.2f}", "")
    if text == "0.00" and not can_be_zero:
        return f"<0.01{unit}"
    if text in ("1.00", "100.00") and value > 0.5 and not can_be_one:
        return f">99.99{unit}" if percent else ">0.99"
    return text + unit


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


def columns(text: str) -> int:
    """Count the columns that a text takes: Chinese characters and emoji take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


class _Lead:
    """Know which tokens lead, and say so."""

    def __init__(self, table: TokenTable, leads: np.ndarray[Any, Any]) -> None:
        positions = np.flatnonzero(leads)
        self.count = len(positions)
        self._all = self.count == len(table.tokens)
        first = token_labels([table.tokens[position] for position in positions[:3]])
        self._names = [f"“{_isolate(name)}”" for name in first]

    def says(self, label: str) -> str:
        if self.count == 1:
            return f"{self._names[0]} is the likeliest next token, with probability {label}"
        if self._all:
            return f"all {self.count:,} tokens are equally likely, with probability {label} each"
        names = ", ".join(self._names) + (", ..." if self.count > 3 else "")
        return f"{self.count:,} tokens share the lead, with probability {label} each: {names}"


def _unseen(table: TokenTable) -> str:
    if not table.unseen_mass:
        return ""
    count = len(table.tokens)
    listed = f"{count:,} listed tokens" if count > 1 else "one listed token"
    mass = probability_text(table.unseen_mass, percent=True, can_be_zero=False, can_be_one=False)
    return (
        f"\nAll this is among the {listed} only: at temperature 1, "
        f"others have {mass} of the probability.\n"
        "What they have at other temperatures depends on how many they are, which is unknown."
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


def _visible(token: str, glyphs: Set[int] | None, longest: int) -> str:
    def sign(match: re.Match[str]) -> str:
        character = match[0]
        if character in _SIGNS:
            return _SIGNS[character]
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
