"""The scale of tints for surprise, against the mixing that a page's styles ask for."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from softmax_temperature.drawing.colours import SURPRISE, TINTS, ink_on, tint_of
from softmax_temperature.explorers.scripts import read_browser
from tests.helpers import contrast

# B. Ottosson, "A perceptual color space for image processing", 2020.
TO_LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def oklab(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return TO_LAB @ np.cbrt(TO_LMS @ np.array(linear))


def test_tints_are_those_that_a_page_mixes():
    shares = re.findall(r"--tint: (\d+)%;", read_browser("tints.css"))
    assert len(shares) == len(TINTS)
    for share, tint in zip(shares, TINTS, strict=True):
        mixed = oklab("white") + int(share) / 100 * (oklab("#0173b2") - oklab("white"))
        assert oklab(tint) == pytest.approx(mixed, abs=0.003)


def test_a_tint_begins_at_its_level_and_a_text_on_it_can_be_read():
    assert [tint_of(bits) for bits in (0, *SURPRISE)] == list(TINTS)
    assert [tint_of(bits - 1e-9) for bits in SURPRISE] == list(TINTS[:-1])
    for tint in TINTS:
        assert contrast(to_rgb(ink_on(tint)), to_rgb(tint)) >= 4.5
