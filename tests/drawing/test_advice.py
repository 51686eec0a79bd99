"""The chart of advice: each row of its table is a point, with its words beside it."""

import csv
from importlib.resources import files

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from softmax_temperature import advice_chart

ROWS = list(
    csv.DictReader(
        files("softmax_temperature").joinpath("data/advice.csv").read_text("utf-8").splitlines()
    )
)


@pytest.fixture
def ax():
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    ax = advice_chart(ax=figure.subplots())
    figure.draw_without_rendering()
    return ax


def test_each_row_is_a_point_on_the_line_of_who_says_it(ax):
    lines = [text.get_text() for text in ax.get_yticklabels()]
    points = {tuple(point) for dots in ax.collections for point in dots.get_offsets().tolist()}
    for row in ROWS:
        line = lines.index(f"{row['who']}, {row['year']}")
        assert {(float(row[end]), line) for end in ("low", "high")} <= points
    assert (ax.get_xlim()[0] < 0, ax.get_xlim()[1] > 2) == (True, True)


def test_no_text_covers_another_and_none_leaves_the_chart(ax):
    texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), *ax.get_legend().get_texts()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    width, height = ax.figure.bbox.size
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
        assert not [other for other, rest in boxes[:i] if box.overlaps(rest)], text
