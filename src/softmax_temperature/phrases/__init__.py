"""Every sentence that a reader sees in an explorer, once: templates for Python and for scripts."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import cache

_TWELVE_DIGITS = Context(prec=12, rounding=ROUND_HALF_UP)
# The largest float has 309 digits before the point.
_ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_EVEN)


def phrase(name: str, /, **gaps: str) -> str:
    """Fill the gaps of a template, one of those that scripts fill, too.

    Examples
    --------
    >>> phrase("tokens", count="3.4")
    '3.4 tokens'
    """
    return _phrases()[name].format(**gaps)


def rounded(value: float, decimals: int, grouped: bool = False) -> str:
    """Write a number with so many decimals, as scripts write it, too, to the last digit.

    It is rounded to 12 significant digits first, halves away from zero, so that a number which
    another order of summation would change writes the same; then halves to the even digit.

    Examples
    --------
    >>> rounded(0.1 + 0.2, 1), rounded(0.125, 2), rounded(1234567.8, 0, grouped=True)
    ('0.3', '0.12', '1,234,568')
    """
    number = twelve_digits(value)
    number = number.quantize(Decimal((0, (1,), -decimals)), context=_ALL_DIGITS)
    return f"{number or abs(number):{',' if grouped else ''}f}"


def twelve_digits(value: float) -> Decimal:
    """Round a number to 12 significant digits, halves away from zero, as scripts can do it, too."""
    return _TWELVE_DIGITS.create_decimal(float(value))


@cache
def _phrases() -> dict[str, str]:
    # Imported here, since what reads files takes longer to import than this module.
    import json
    from importlib.resources import files

    text = (files(__package__) / "en.json").read_text(encoding="utf-8")
    phrases: dict[str, str] = json.loads(text)
    return phrases
