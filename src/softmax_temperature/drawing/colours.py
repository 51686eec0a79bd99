"""One colour a word, by its rank, in all pictures of an explorer, and one scale of surprise."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex, to_rgb

# The likeliest have those of seaborn's palette "colorblind", in an order in which neighbours
# differ, and all that follow have greys.
WORDS = (
    "#d55e00",
    "#0173b2",
    "#de8f05",
    "#029e73",
    "#cc78bc",
    "#56b4e9",
    "#ca9161",
    "#ece133",
    "#949494",
    "#fbafe4",
)
_BRIGHTEST_LINE = 0.295
_GREYS = ("#5a5a5a", "#808080", "#a6a6a6", "#c8c8c8", "#e4e4e4")
PALETTE = [*WORDS, *_GREYS]
# Where the next tint of surprise begins, in bits, and the tints themselves: blue mixed into white
# by 5, 14, 32, 54 and 78 %, as `tints.css` mixes it into a page's own paper.
SURPRISE = (1, 2, 4, 8)
TINTS = ("#f4f8fb", "#e0ebf5", "#b8d2e8", "#87b3d7", "#5092c4")


def colour_of(rank: int) -> str:
    """Return the colour of a word, by how many are likelier."""
    return WORDS[rank] if rank < len(WORDS) else "#808080"


def tint_of(bits: float) -> str:
    """Return the tint of a token's surprise: the twin of `levelOf` in `views/tints.js`."""
    return TINTS[sum(bits >= level for level in SURPRISE)]


def edge_of(colour: str) -> str:
    """Return a darker colour, which sets a light one off from white paper."""
    red, green, blue = (0.55 * part for part in to_rgb(colour))
    return to_hex((red, green, blue))


def line_of(colour: str) -> str:
    """Return a colour for lines, which has a contrast of 3 to white paper and to a dark page."""
    while luminance(colour) > _BRIGHTEST_LINE:
        red, green, blue = (0.97 * part for part in to_rgb(colour))
        colour = to_hex((red, green, blue))
    return colour


def ink_on(colour: str) -> str:
    """Return the colour of a text on a ground: black or white, whichever can be read."""
    # Black that stays so on a dark page, too: #010101 is written out.
    return "#010101" if luminance(colour) > 0.18 else "white"


def luminance(colour: str) -> float:
    """Return how bright a colour is, from 0 to 1, as WCAG 2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))
