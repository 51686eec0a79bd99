"""Score and luck: who is the word at which temperature, and the chart that shows why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure

from softmax_temperature import TokenTable, load_example, load_story_model, luck_chart
from softmax_temperature.drawing.luck import rows_of
from softmax_temperature.draws import handovers

SIX = load_example("wonderful-day")
numbers = hnp.arrays(float, st.integers(1, 12), elements=st.integers(-20, 20).map(lambda n: n / 4))


def chart(table, temperature, seed):
    return luck_chart(table, temperature, seed=seed, ax=Figure(figsize=(8, 4)).subplots())


@given(numbers, st.integers(0, 2**32))
def test_the_word_is_the_largest_sum_between_any_two_handovers(logits, seed):
    luck = np.random.default_rng(seed).gumbel(size=len(logits))
    found = handovers(logits, luck)
    starts = [start for _, start in found]
    assert starts == sorted(starts)
    assert starts[0] == 0
    for (token, start), end in zip(found, [*starts[1:], 2 * starts[-1] + 10], strict=True):
        middle = (start + end) / 2
        if middle > 0 and end - start > 1e-9 * end:
            assert (logits / middle + luck).argmax() == token
    # Nobody comes back, and who comes later is rarer and luckier.
    tokens = [token for token, _ in found]
    assert len(set(tokens)) == len(tokens)
    assert (np.diff(logits[tokens]) <= 0).all()
    assert (np.diff(luck[tokens]) > 0).all()


def test_a_masked_token_never_is_the_word():
    assert handovers(np.array([1.0, -np.inf]), np.array([0.0, 9.0])) == [(0, 0.0)]
    assert rows_of(np.array([1.0, -np.inf, 2.0]), [2]) == [2, 0]


@pytest.mark.parametrize("temperature", [0, 0.3, 1, 2, np.inf])
def test_bars_are_scores_and_the_dashed_line_is_the_largest_sum(temperature):
    ax = chart(SIX, temperature, 4)
    luck = np.random.default_rng(4).gumbel(size=6)
    gaps = SIX.logits - 5
    scores = np.where(gaps == 0, 0, -np.inf) if temperature == 0 else gaps / temperature
    order = np.argsort(-SIX.logits)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, np.maximum(scores[order], -8) + 8, atol=1e-12)
    (line,) = ax.lines
    assert line.get_xdata()[0] == pytest.approx((scores + luck).max())
    bold = [label.get_text() for label in ax.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == [SIX.tokens[(scores + luck).argmax()]]


@pytest.mark.parametrize("temperature", [0, 0.7, 1.5])
def test_it_is_the_first_token_that_a_model_writes_with_these_dice(temperature):
    model = load_story_model()
    for seed in range(5):
        ax = chart(model.table("The dragon"), temperature, seed)
        (bold,) = [text for text in ax.get_yticklabels() if text.get_weight() == "bold"]
        (written,) = model.write("The dragon", [temperature], length=1, seed=seed)
        assert bold.get_text().replace("·", " ") == written.removeprefix("The dragon")


def test_no_text_covers_another():
    figure = Figure(figsize=(8, 4), layout="constrained")
    ax = luck_chart(load_story_model().table("The dragon"), 1, seed=3, ax=figure.subplots())
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_yticklabels(), ax.title)]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i] if box.width and other.width), i


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((3,), "table must be"), ((SIX, -1), "temperature"), ((SIX, 1), "seed must be")],
)
def test_bad_input_is_refused(arguments, error):
    with pytest.raises((TypeError, ValueError), match=error):
        luck_chart(*arguments, seed=-1)


def test_one_token_is_always_the_word():
    ax = chart(TokenTable(["a"], [1]), 1, 0)
    assert "at every temperature" in ax.get_xlabel()
