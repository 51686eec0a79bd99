"""The map of draws against numpy: areas, names in them, and what never happens on a level line."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from softmax_temperature import TokenTable, draw_map, load_example
from softmax_temperature.core import TokenTable as Table
from softmax_temperature.drawing.maps import areas_of
from tests.helpers import RANKED, RANKED_TOKENS, contrast, gpt2_logits, softmax

STOPS = np.arange(201) / 100


def drawn(table, size=(6, 4), **options):
    return draw_map(table, ax=Figure(size).subplots(), **options)


def polygons(ax):
    return [band.get_paths()[0].vertices for band in ax.collections]


def test_an_area_lies_between_the_sums_of_the_likelier_tokens():
    ax = drawn(load_example("wonderful-day"))
    ends = np.array([np.cumsum([0, *softmax(RANKED, stop)]) for stop in STOPS])
    assert len(ax.collections) == 6
    for number, points in enumerate(polygons(ax)):
        for low, high, stop in zip(ends[:, number], ends[:, number + 1], STOPS, strict=True):
            own = points[np.isclose(points[:, 0], stop), 1]
            assert own.min() == pytest.approx(low, abs=1e-12)
            assert own.max() == pytest.approx(high, abs=1e-12)


def test_of_a_whole_vocabulary_ranks_share_areas():
    table = load_example("gpt2-spaceship")
    areas = areas_of(table)
    assert areas.edges == [*range(11), 100, 1_000, 10_000, 50_257]
    assert areas.names()[-4:] == [
        "ranks 11–100",
        "ranks 101–1,000",
        "ranks 1,001–10,000",
        "ranks 10,001–50,257",
    ]
    assert areas.names()[0] == "·planet"
    for stop in (0.5, 0.9, 2):
        weights = np.exp((gpt2_logits() - gpt2_logits()[0]) / stop)
        sums = np.cumsum(weights) / weights.sum()
        expected = [0, *sums[np.array(areas.edges[1:]) - 1]]
        np.testing.assert_allclose(areas.ends([stop])[0], expected, atol=1e-12)
    np.testing.assert_array_equal(areas.ends([0])[0], [0.0, *[1.0] * 14])


@pytest.mark.parametrize("seed", range(20))
def test_a_level_line_never_comes_back_to_a_likelier_token(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, rng.integers(2, 30))
    table = Table([f"w{i}" for i in range(len(logits))], logits)
    ends = areas_of(table).ends(np.linspace(0, 5, 300).tolist())
    assert np.diff(ends, axis=0).max() <= 1e-12


def test_names_stand_within_their_areas_where_they_can_be_read():
    for table in (load_example("wonderful-day"), load_example("gpt2-spaceship")):
        ax = drawn(table, (7, 4))
        ends = areas_of(table).ends(STOPS.tolist())
        labels = areas_of(table).names()
        assert ax.texts
        for text in ax.texts:
            # One that is tied to a narrow area stands in the first.
            number = 0 if text.get_ha() == "right" else labels.index(text.get_text())
            box = text.get_window_extent().transformed(ax.transData.inverted())
            inside = (box.x0 <= STOPS) & (box.x1 >= STOPS)
            assert box.y0 >= ends[inside, number].max()
            assert box.y1 <= ends[inside, number + 1].min()
            colour = ax.collections[number].get_facecolor()[0]
            assert contrast(to_rgb(text.get_color()), colour[:3]) >= 4.5
        boxes = [text.get_window_extent() for text in ax.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_masked_and_single_tokens():
    ax = drawn(TokenTable(["a", "b", "c"], [1.0, -np.inf, 0.0]))
    assert [text.get_text() for text in ax.texts] == ["a", "c"]
    assert len(ax.collections) == 2
    ax = drawn(TokenTable(["$x$"], [1.0]))
    assert [text.get_text() for text in ax.texts] == ["$x$"]


def test_the_axes_say_what_they_are():
    ax = drawn(load_example("wonderful-day"), temperatures=[0.5, 1, 4])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Temperature", "Random number")
    assert ax.get_xlim() == (0.5, 4)
    assert ax.get_ylim() == (0, 1)
    assert RANKED_TOKENS[0] in [text.get_text() for text in ax.texts]
    assert to_hex(ax.collections[0].get_facecolor()[0]) == "#d55e00"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: draw_map([1, 2]), TypeError, "table must be a TokenTable"),
        (lambda: drawn(load_example("wonderful-day"), temperatures=[1]), ValueError, "rise, got"),
        (lambda: drawn(load_example("wonderful-day"), temperatures=[1, 1]), ValueError, "rise"),
        (
            lambda: drawn(load_example("wonderful-day"), temperatures=[0, np.inf]),
            ValueError,
            "temperatures must be two or more finite numbers that rise, got",
        ),
        (lambda: drawn(load_example("wonderful-day"), temperatures=[-1, 1]), ValueError, "negat"),
    ],
)
def test_bad_input_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
