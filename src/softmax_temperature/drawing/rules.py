"""What the cuts of a sampler are in a picture of probabilities: lines, edges and bands."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..chain import SamplerChain
from ..checks import Floats
from ..core import TokenTable, likeliest
from ..phrases import phrase, rounded
from ..sampling import keeps, scale, slack_of
from ..words import probability_text

# Of seaborn's palette "colorblind", and a pattern each, since a colour alone is no name.
COLOURS = {
    "top_k": "#029e73",
    "top_p": "#0173b2",
    "min_p": "#d55e00",
    "typical_p": "#b0763f",
    "top_n_sigma": "#bd62aa",
    "epsilon_cutoff": "#949494",
    "eta_cutoff": "#8f8000",
}
DASHES: dict[str, tuple[float, ...]] = {
    "top_k": (),
    "top_p": (),
    "min_p": (),
    "typical_p": (6, 2, 1.5, 2),
    "top_n_sigma": (6, 3),
    "epsilon_cutoff": (1.5, 2),
    "eta_cutoff": (4, 1.5),
}


class Rule(NamedTuple):
    """A cut as it is drawn, on the curve of the temperature at its step: that of all tokens.

    Ranks count from 0, and probabilities are natural logarithms.
    """

    name: str
    value: float
    temperature: float
    # From which rank to below which it keeps tokens, and what of them it is given.
    first: int
    end: int
    given: tuple[int, int]
    # Below which rank its line meets the curve.
    cross: int
    # Of a level line one, of a band two, the lower first.
    levels: tuple[float, ...]
    # Of top-p, what it keeps of the probability that it is given.
    mass: float | None

    @property
    def text(self) -> str:
        """What is printed at its line."""
        kept, given = self.end - self.first, self.given[1] - self.given[0]
        gaps = {
            "name": phrase(self.name),
            "value": f"{self.value:g}",
            "kept": rounded(kept, 0, True),
            "given": rounded(given, 0, True),
        }
        if self.mass is None:
            return phrase("rule", **gaps)
        whole = kept == given
        mass = probability_text(self.mass, percent=True, can_be_zero=False, can_be_one=whole)
        return phrase("rule_with_mass", mass=mass, **gaps)


class Cuts(NamedTuple):
    """The rules of a chain, its last temperature, and from which rank to below which it leaves."""

    rules: list[Rule]
    temperature: float
    left: tuple[int, int]
    # How many tokens the cuts leave, and how many there are: a temperature of 0 is no cut.
    kept: int
    total: int


def cuts_of(chain: SamplerChain, table: TokenTable) -> Cuts:
    """Run a chain through a table that is sorted once, and note where each step cuts."""
    logits = table.logits.astype(np.float64)
    slack = slack_of(table.logits)
    order = likeliest(logits, len(logits))
    ranked = logits[order]
    total = int((ranked > -np.inf).sum())
    ranked = ranked[:total]
    values, first, end, kept = ranked.copy(), 0, total, total
    temperature = 1.0
    rules = []
    for name, value in chain:
        row = values[first:end]
        if name == "temperature":
            temperature = 0.0 if 0 in (temperature, value) else temperature * value
            scale(row, value)
            end = first + int((row > -np.inf).sum())
            # What a temperature ties stands in the order of the table.
            some = order[first:end]
            order[first:end] = some[np.lexsort((some, -values[first:end]))]
            continue
        places = np.flatnonzero(keeps(row, name, value, slack))
        given = first, end
        shares = log_shares(ranked, temperature)
        levels = _levels(name, value, row, places, shares[first])
        first, end = first + int(places[0]), first + int(places[-1]) + 1
        kept = end - first
        beyond = given[0] + value if name == "top_k" else end
        if levels:
            beyond = int((shares >= levels[0]).sum())
        cross = end if end < given[1] else min(max(int(beyond), end), total)
        weights = np.exp(row - row[0])
        mass = float(weights[places].sum() / weights.sum()) if name == "top_p" else None
        rules.append(Rule(name, value, temperature, first, end, given, cross, levels, mass))
    return Cuts(rules, temperature, (first, end), kept, total)


def log_shares(ranked: Floats, temperature: float) -> Any:
    """Return the logarithms of probabilities, given unmasked logits, the largest first."""
    gaps = ranked - ranked[0]
    with np.errstate(all="ignore"):
        if temperature in (0, np.inf):
            exponents = np.where((gaps == 0) | (temperature == np.inf), 0.0, -np.inf)
        else:
            exponents = gaps / temperature
        return exponents - np.log(np.exp(exponents).sum())


def title_of(cuts: Cuts, temperature: str) -> str:
    """Say how many tokens are kept at a temperature."""
    gaps = {"temperature": temperature, "total": rounded(cuts.total, 0, True)}
    if cuts.kept == cuts.total:
        return phrase("all_kept_title", **gaps)
    name = "one_kept_title" if cuts.kept == 1 else "kept_title"
    return phrase(name, kept=rounded(cuts.kept, 0, True), **gaps)


def _levels(name: str, value: float, row: Floats, places: Any, base: float) -> tuple[float, ...]:
    """Return how likely a token must be, given a row of logits, the largest first."""
    gaps = row - row[0]
    with np.errstate(under="ignore"):
        weights = np.exp(gaps)
    total = weights.sum()
    expected = float((weights * gaps).sum() / total)
    if name == "typical_p":
        far = float(abs(gaps[places] - expected).max()) if value < 1 else np.inf
        return base + expected - far, base + expected + far
    log_eta = min(np.log(value), np.log(value) / 2 - (np.log(total) - expected))
    distances = {
        "min_p": np.log(value),
        "top_n_sigma": -value * gaps.std(),
        "epsilon_cutoff": np.log(value) + np.log(total),
        "eta_cutoff": log_eta + np.log(total),
    }
    return (base + float(distances[name]),) if name in distances else ()
