"""The tables that come with the package."""

import pytest

from softmax_temperature import load_example


def test_the_articles_six_candidates():
    table = load_example("wonderful-day")
    assert table.tokens == ("day", "space", "furniture", "experience", "problem", "challenge")
    assert table.logits.tolist() == [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]


def test_the_articles_large_logits():
    table = load_example("wonderful-day-large")
    assert table.tokens == load_example("wonderful-day").tokens
    assert table.logits.tolist() == [40, 4, 2, 35, 25, 15]
    assert table.probabilities().round(4)[0] == 0.9933


@pytest.mark.parametrize("name", ["wonderful-night", "", "../data/wonderful-day", None, 3])
def test_an_unknown_name_lists_the_names_there_are(name):
    with pytest.raises(ValueError, match="must be one of wonderful-day, wonderful-day-large, got"):
        load_example(name)
