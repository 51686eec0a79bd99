"""The funnel of a sampler against counts of its own steps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import SamplerChain, TokenTable, funnel_chart, load_example
from tests.helpers import softmax

SPACESHIP = load_example("gpt2-spaceship")


def test_each_step_has_its_count_and_a_row_is_as_high_as_its_logarithm():
    chain = SamplerChain([("top_k", 40), ("temperature", 2.0), ("top_p", 0.9)])
    ax = funnel_chart(SPACESHIP, {"mine": chain}, ax=Figure().subplots())
    ranked = np.sort(SPACESHIP.logits.astype(float))[::-1]
    nucleus = int(np.searchsorted(np.cumsum(softmax(ranked[:40], 2)), 0.9)) + 1
    bold = [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    assert bold == ["50,257", "40", "40", f"{nucleus}"]
    names = [text.get_text() for text in ax.texts if text.get_weight() != "bold"]
    assert names == ["top-k 40", "T = 2", "top-p 0.9"]
    # The areas lie one behind the other: a level, and then a level and the step to it each time.
    tall = [np.ptp(area.get_paths()[0].vertices[:, 1]) for area in ax.collections]
    levels = np.array([tall[0], *tall[1::2]])
    counts = [50_257, 40, 40, nucleus]
    slope = np.diff(levels)[[0, 2]] / np.diff(np.log(counts))[[0, 2]]
    assert slope[0] == pytest.approx(slope[1])
    assert levels[1] == levels[2]


def test_chains_stand_below_each_other_and_texts_do_not_overlap():
    chains = {name: SamplerChain.preset(name) for name in ("llama.cpp", "huggingface", "vllm")}
    figure, ax = plt.subplots(figsize=(9, 3.4), layout="constrained")
    funnel_chart(SPACESHIP, chains, ax=ax)
    figure.canvas.draw()
    assert [label.get_text() for label in ax.get_yticklabels()] == list(chains)
    boxes = [text.get_window_extent() for text in ax.texts]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
    plt.close(figure)


def test_a_masked_token_is_not_counted_and_one_token_has_no_row_of_nothing():
    table = TokenTable(["a", "b", "c"], [1.0, 0.0, -np.inf])
    ax = funnel_chart(table, {"x": SamplerChain([("top_k", 1)])}, ax=Figure().subplots())
    assert [text.get_text() for text in ax.texts] == ["2", "1", "top-k 1"]
    alone = TokenTable(["a", "b"], [1.0, -np.inf])
    funnel_chart(alone, {"x": SamplerChain([])}, ax=Figure().subplots())


@pytest.mark.parametrize(
    ("chains", "error", "words"),
    [
        ({}, TypeError, "chains must map names to chains, got {}: use a dict"),
        ([SamplerChain([])], TypeError, "chains must map names to chains, got"),
        ({"x": 1}, TypeError, "chains must map names to chains, got 1 for 'x'"),
        (
            {"x": SamplerChain([("temperature", (1, 2))])},
            ValueError,
            "a chain must have one temperature",
        ),
    ],
)
def test_wrong_chains_are_refused(chains, error, words):
    with pytest.raises(error, match=words):
        funnel_chart(SPACESHIP, chains)
