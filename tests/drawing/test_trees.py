"""Texts as a tree: its branches, their probabilities, and the two ways that stand out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from softmax_temperature import tree_chart
from softmax_temperature.drawing.colours import WORDS, line_of
from softmax_temperature.drawing.trees import branches, chance_text

CATS = [["The cat", " sat", " down"], ["The cat", " sat", " still"], ["The cat", " ran", " away"]]
ODDS = [[1, 0.6, 0.5], [1, 0.6, 0.5], [1, 0.4, 1]]


def chart(texts, probabilities):
    figure = Figure(figsize=(6, 2))
    return tree_chart(texts, probabilities, ax=figure.add_axes((0, 0, 1, 1)))


def test_the_cats_stand_in_a_tree():
    ax = chart(CATS, ODDS)
    said = [text.get_text() for text in ax.texts]
    assert [name for name in said if name[0].isalpha()] == [
        "down",
        "still",
        "sat",
        "ran away",
        "The cat",
    ]
    ends = {text.get_text(): text for text in ax.texts if text.get_weight() == "bold"}
    assert list(ends) == ["0.30", "0.40"]
    # Of the tied ways the first is greedy; the likeliest text is another.
    assert ends["0.40"].get_color() == line_of(WORDS[1])
    (first, *_) = [text for text in ax.texts if text.get_text() == "0.30"]
    assert first.get_color() == line_of(WORDS[0])


def test_no_text_covers_another():
    ax = chart([["a", f" word {i}", " that goes on"] for i in range(5)], [[1, 0.2, 1e-4]] * 5)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i]), i
        assert 0 <= box.x0 < box.x1 <= 600
        assert 0 <= box.y0 < box.y1 <= 200


@given(st.sets(st.tuples(*[st.sampled_from("abc")] * 4), min_size=1, max_size=20))
def test_a_text_has_the_product_of_its_branches(texts):
    ordered = sorted(texts)
    steps = {"a": 0.5, "b": 0.3, "c": 0.2}

    def ends(branch, before, text):
        total, text = before * branch.probability, text + branch.text
        if not branch.ways:
            return {text: total}
        return {k: v for way in branch.ways for k, v in ends(way, total, text).items()}

    found = {}
    for branch in branches([[(piece, steps[piece]) for piece in text] for text in ordered]):
        found |= ends(branch, 1.0, "")
    assert found == pytest.approx({"".join(t): math.prod(steps[p] for p in t) for t in ordered})


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1.00"), (0.01, "0.01"), (0.0099, "1 in 100"), (1 / 89e6, "1 in 89,000,000")],
)
def test_a_small_chance_is_one_in_so_many(value, text):
    assert chance_text(value) == text


@pytest.mark.parametrize(
    ("texts", "probabilities", "error"),
    [
        ([], [], "texts must be one or more"),
        (CATS, ODDS[:2], "texts must be one or more"),
        ([["a"], ["b"]], [[1], [1]], "begin with the same piece"),
        ([["a"], ["a", "b"]], [[1], [1, 1]], "must not end where another goes on"),
        ([["a"], ["a"]], [[1], [1]], "be there twice"),
        ([["a", "b"]], [[1]], "zip"),
    ],
)
def test_bad_input_is_refused(texts, probabilities, error):
    with pytest.raises(ValueError, match=error):
        chart(texts, probabilities)
