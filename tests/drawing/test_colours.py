"""Colours of words and rules: what is drawn as a line can be seen on white and on dark paper."""

import pytest
from matplotlib.colors import to_rgb

from softmax_temperature.drawing.bars import OTHERS, REFERENCE
from softmax_temperature.drawing.colours import PALETTE, WORDS, ink_on, line_of
from softmax_temperature.drawing.rules import COLOURS
from tests.helpers import contrast


def contrast_of(ink, paper):
    return contrast(to_rgb(ink), to_rgb(paper))


PAPERS = ("#ffffff", "#121212", "#111111")


@pytest.mark.parametrize("paper", PAPERS)
def test_lines_have_a_contrast_of_three(paper):
    assert all(contrast_of(colour, paper) >= 3 for colour in COLOURS.values())
    assert all(contrast_of(line_of(colour), paper) >= 3 for colour in WORDS)
    assert contrast_of(OTHERS, paper) >= 3
    assert contrast_of(REFERENCE, paper) >= 3


def test_names_can_be_read_on_every_word_and_lines_keep_what_can_be_seen():
    assert all(contrast_of(ink_on(colour), colour) >= 4.5 for colour in PALETTE)
    assert line_of("#0173b2") == "#0173b2"
    assert len({line_of(colour) for colour in WORDS}) == len(WORDS)
    assert len(set(COLOURS.values())) == len(COLOURS)
