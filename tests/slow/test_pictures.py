"""Pictures of a whole vocabulary, at many temperatures: no text covers another or is cut off."""

import math

import pytest

from softmax_temperature import SamplerChain
from softmax_temperature.drawing.rules import cuts_of
from tests.drawing.test_picture import (
    KINDS,
    test_a_still_shows_its_moment,
    test_no_text_leaves_a_still,
)
from tests.drawing.test_ranks import TABLE, draw, extent, notes, overlapping

# Run here with GPT-2's bars, too.
__all__ = ["test_a_still_shows_its_moment", "test_no_text_leaves_a_still"]

CHAINS = [
    [("top_k", 40), ("top_p", 0.95), ("min_p", 0.05), ("temperature", 0.8)],
    [("temperature", 2.0), ("epsilon_cutoff", 3e-4), ("min_p", 0.05), ("top_n_sigma", 1.0)],
    [("typical_p", 0.5), ("temperature", 0.1), ("eta_cutoff", 3e-4), ("top_k", 1)],
    [
        ("epsilon_cutoff", 1e-5),
        ("top_n_sigma", 2.0),
        ("top_k", 40),
        ("top_p", 0.9),
        ("min_p", 0.05),
        ("temperature", math.inf),
        ("typical_p", 0.9),
    ],
]


@pytest.fixture(scope="module")
def explorer():
    return KINDS["gpt2"]()


@pytest.mark.parametrize("steps", CHAINS)
@pytest.mark.parametrize("temperature", [0, 0.3, 1, 2, 10, math.inf])
@pytest.mark.parametrize("size", [(8, 5), (5, 4)])
def test_no_text_covers_another_and_none_leaves_the_picture(steps, temperature, size):
    ax = draw(steps, temperature, size)
    cuts = cuts_of(SamplerChain([("temperature", temperature), *steps]), TABLE)
    assert notes(ax) == [rule.text for rule in cuts.rules]
    assert overlapping(ax) == []
    outside = ax.figure.bbox
    for text in ax.texts:
        box = extent(text)
        assert outside.x0 <= box.x0 < box.x1 <= outside.x1
        assert box.y1 <= outside.y1
