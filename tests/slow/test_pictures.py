"""Pictures of all kinds at many temperatures: no text covers another or is cut off."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import (
    SamplerChain,
    TokenTable,
    bar_chart,
    load_example,
    temperature_panels,
)
from softmax_temperature.drawing.rules import cuts_of
from tests.drawing.test_charts import labels_overlap
from tests.drawing.test_picture import (
    KINDS,
    test_a_still_shows_its_moment,
    test_no_text_leaves_a_still,
)
from tests.drawing.test_ranks import TABLE, draw, extent, notes, overlapping
from tests.drawing.test_sticks import drawn

# Run here with other bars, too.
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


@pytest.fixture(scope="module", params=["bars", "lying", "gpt2"])
def explorer(request):
    return KINDS[request.param]()


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


def test_labels_of_as_many_upright_bars_as_can_be_do_not_overlap():
    figure = Figure(figsize=(7.6, 4.4), layout="constrained")
    even = TokenTable([str(i) for i in range(12)], np.zeros(12))
    assert not labels_overlap(bar_chart(even, orient="v", ax=figure.subplots()))
    large = TokenTable([str(i) for i in range(101)], np.zeros(101))
    for temperature in (0, 1):
        ax = Figure(figsize=(7.6, 4.4), layout="constrained").subplots()
        assert not labels_overlap(bar_chart(large, temperature, top=8, orient="v", ax=ax))
    for table, top in ((even, 5), (large, 2)):
        for ax in temperature_panels(table, [0, 1, 2], top=top, orient="v").axes:
            assert not labels_overlap(ax)


@pytest.mark.parametrize("temperature", [0, 0.3, 0.5, 1, 2, 10, np.inf])
@pytest.mark.parametrize("count", [6, 30])
def test_no_name_overlaps_another(temperature, count):
    table = load_example("wonderful-day")
    if count > 6:
        table = TokenTable([f"w{i}" for i in range(count)], np.linspace(0, 3, count))
    ax = drawn(table, temperature)
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) >= 6
    # Letters are lower than their box.
    assert not any(
        a.x0 < b.x1 and b.x0 < a.x1 and abs(a.y0 - b.y0) < 0.8 * a.height
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )
    inside = ax.get_window_extent()
    assert all(inside.x0 <= box.x0 and box.y1 <= inside.y1 + 4 for box in boxes)
