"""Ready-made tables of tokens and logits."""

from __future__ import annotations

import csv
from importlib.resources import files

from .core import TokenTable

_NAMES = ("wonderful-day", "wonderful-day-large")


def load_example(name: str) -> TokenTable:
    """Load one of the tables that come with the package.

    Parameters
    ----------
    name : str
        ``"wonderful-day"``: six candidates for "It was a wonderful _____", with small logits;
        ``"wonderful-day-large"``: the same tokens, with logits that lie far apart.

    Raises
    ------
    ValueError
        If there is no such example; the message lists the names there are.

    Examples
    --------
    >>> load_example("wonderful-day")
    TokenTable(6 tokens: 'day', 'space', 'furniture', ...)
    """
    if name not in _NAMES:
        raise ValueError(f"name must be one of {', '.join(_NAMES)}, got {name!r}")
    text = (files(__package__) / "data" / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return TokenTable([row["tokens"] for row in rows], [float(row["logits"]) for row in rows])
