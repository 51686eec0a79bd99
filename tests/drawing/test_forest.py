"""The forest against the model's own texts: a row a text, a cell a token."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from softmax_temperature import SamplerChain, forest_chart, load_story_model
from softmax_temperature.drawing.colours import SURPRISE, TINTS
from tests.helpers import softmax

MODEL = load_story_model()
ENDING = "And they all lived happily ever after. The end"


@pytest.fixture(autouse=True)
def no_figures_stay():
    yield
    plt.close("all")


def test_a_row_is_a_text_of_its_own_dice_and_a_cell_the_surprise_of_its_token():
    cut = SamplerChain([("temperature", 1.5), ("top_k", 2)])
    figure = forest_chart(MODEL, ENDING, [0.0, 1.5, cut], n=4, length=6, seed=3)
    assert [ax.get_title().split("\n")[0] for ax in figure.axes] == [
        "T = 0.00",
        "T = 1.50",
        "T = 1.50, top-k 2",
    ]
    ids = MODEL.encode(ENDING)
    for ax, stop in zip(figure.axes[:2], (0, 1.5), strict=True):
        (image,) = ax.images
        cells = np.asarray(image.get_array())
        assert cells.shape == (4, 6, 4)
        bits = []
        for row, seed in zip(cells, range(3, 7), strict=True):
            tokens = [int(step.tokens[0]) for step in MODEL.grow(ids, [stop], 6, [seed])]
            for position, cell in enumerate(row):
                if position >= len(tokens):
                    assert cell[3] == 0
                    continue
                shares = softmax(MODEL.logits([*ids, *tokens[:position]]).tolist(), 1)
                bits.append(-np.log2(shares[tokens[position]]))
                level = np.searchsorted(SURPRISE, bits[-1], "right")
                assert tuple(cell) == to_rgba(TINTS[level])
        assert ax.get_title().endswith(f"\n{np.mean(bits):.1f} bits a token")


def test_a_cut_of_all_but_the_likeliest_makes_every_row_the_same():
    chain = SamplerChain([("top_k", 1), ("temperature", 2.0)])
    figure = forest_chart(MODEL, "The cat", [chain], n=5, length=8)
    cells = np.asarray(figure.axes[0].images[0].get_array())
    assert (cells == cells[0]).all()


def test_texts_of_the_picture_overlap_nowhere():
    settings = [0.7, 1.0, SamplerChain([("temperature", 1.5), ("min_p", 0.1)])]
    figure = forest_chart(MODEL, "Once upon a time, there was a little", settings, n=3, length=80)
    figure.canvas.draw()
    texts = [
        text
        for ax in figure.axes
        for text in [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels()]
        # A mark beyond the axis is not drawn.
        if text.get_text() not in ("", "0", "100")
    ]
    texts += [*figure.legends[0].get_texts(), figure.legends[0].get_title()]
    boxes = [text.get_window_extent() for text in texts]
    pairs = [(i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes[:i]) if a.overlaps(b)]
    assert [(texts[i].get_text(), texts[j].get_text()) for i, j in pairs] == []
    width, height = figure.canvas.get_width_height()
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for b in boxes)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": 3}, TypeError, "model must be a language model, got 3"),
        ({"settings": []}, ValueError, "settings must be one or more, got none"),
        ({"settings": 1.0}, TypeError, r"settings must be a list of temperatures or chains, got 1"),
        ({"settings": [-1]}, ValueError, r"settings\[0\] must not be negative"),
        ({"settings": [1, "hot"]}, TypeError, r"settings\[1\] must be"),
        (
            {"settings": [SamplerChain([("top_k", 3)])]},
            ValueError,
            r"settings\[0\] must have one temperature",
        ),
        ({"n": 0}, ValueError, "n must be"),
        ({"length": 0}, ValueError, "length must be"),
        ({"prompt": 4}, TypeError, "prompt must be a string"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        forest_chart(**{"model": MODEL, "prompt": "", "settings": [1]} | change)
