"""Texts that go round in circles: what is marked, and the shares beside it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softmax_temperature import load_story_model, loop_chart
from softmax_temperature.drawing.loops import repeated_share, repeated_words

MODEL = load_story_model()
FRANCE = "The capital of France is"


@pytest.fixture(autouse=True)
def no_figures_stay():
    yield
    plt.close("all")


@given(st.lists(st.sampled_from("ab"), max_size=12))
def test_marked_is_each_word_of_four_that_stood_there_before(words):
    text = "".join(words)
    marked = {
        place
        for start in range(len(text) - 3)
        # Runs may overlap, as in "aaaaa".
        if text.find(text[start : start + 4]) < start
        for place in range(start, start + 4)
    }
    assert repeated_words(words) == [place in marked for place in range(len(words))]
    again = sum(text.find(text[start : start + 4]) < start for start in range(len(text) - 3))
    assert repeated_share(words) == pytest.approx(again / max(len(text) - 3, 1))


def test_the_greedy_text_is_written_and_a_dot_is_a_text():
    figure = loop_chart(MODEL, FRANCE, [0, 0.5], n=3, length=90)
    left, right = figure.axes
    greedy = MODEL.write(FRANCE, 0, length=90)[0].split()
    assert [text.get_text() for text in left.texts] == greedy
    assert len(left.patches) == sum(repeated_words(greedy)) > 0
    for place, stop in enumerate((0, 0.5)):
        texts = [MODEL.write(FRANCE, stop, length=90, seed=seed)[0].split() for seed in range(3)]
        shares = [repeated_share(words) for words in texts]
        assert right.lines[place].get_ydata().tolist() == pytest.approx(shares)
        assert right.lines[-1].get_ydata()[place] == pytest.approx(np.mean(shares))


def test_no_word_covers_another():
    figure = loop_chart(MODEL, FRANCE, [0, 1], n=1, length=200)
    figure.draw_without_rendering()
    left, right = figure.axes
    boxes = [text.get_window_extent() for text in (*left.texts, right.title)]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i]), i
    assert max(box.x1 for box in boxes[:-1]) < right.get_window_extent().x0 - 40


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((3,), "model"), ((MODEL, 3), "prompt"), ((MODEL, "", [-1]), "temperature")],
)
def test_bad_input_is_refused(arguments, error):
    with pytest.raises((TypeError, ValueError), match=error):
        loop_chart(*arguments)
    with pytest.raises(ValueError, match="n must be"):
        loop_chart(MODEL, n=0)
