"""The chart of tries by its artists."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import load_quiz, tries_chart


@pytest.fixture(scope="module")
def quiz():
    return load_quiz()


def lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_curves_of_all_questions_are_the_quizs(quiz):
    found = lines(tries_chart(quiz, ax=Figure().subplots()))
    assert list(found) == [
        "one try",
        "one of 5 tries",
        "one of 20 tries",
        "one of 100 tries",
        "vote of 21",
    ]
    for name, count in (("one try", 1), ("one of 20 tries", 20)):
        stops, chances = found[name].get_data()
        for stop, chance in zip(stops[::20], chances[::20], strict=True):
            assert chance == pytest.approx(quiz.once(stop, count).mean())
    stops, chances = found["vote of 21"].get_data()
    assert chances[10] == pytest.approx(quiz.vote(stops[10], 21).mean())


def test_of_one_question_all_tops_are_at_one_temperature(quiz):
    place = [question.prompt for question in quiz.questions].index("2 + 2 = ")
    ax = tries_chart(quiz, place, ax=Figure().subplots())
    assert ax.get_title() == "2 + 2 = … 4"
    assert "vote of 21" not in lines(ax)
    tops = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert len(tops) == 4
    assert np.ptp(tops) == 0


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [(130, ValueError, "question must be from 0 to 129"), (1.5, TypeError, "question must be")],
)
def test_a_question_that_is_not_there_is_refused(quiz, question, error, words):
    with pytest.raises(error, match=words):
        tries_chart(quiz, question)
