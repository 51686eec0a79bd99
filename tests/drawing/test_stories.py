"""The map of stories against the model's own texts, and the theorem that says when it nests."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from softmax_temperature import SamplerChain, load_story_model, story_map
from softmax_temperature.drawing.colours import SURPRISE, TINTS
from softmax_temperature.drawing.stories import Cell, cells_of, column_edges
from softmax_temperature.model.texts import texts_of
from softmax_temperature.sampling import temper
from tests.helpers import contrast, softmax

MODEL = load_story_model()
PROMPT = "Once upon a time, there was a little"
STOPS = np.arange(0, 201, 5) / 100
ONE = ("temperature", 1.0)
# What keeps the likeliest tokens, and never fewer of them at a higher temperature.
NESTING = [
    [ONE],
    [ONE, ("top_k", 5)],
    [ONE, ("top_p", 0.8)],
    [ONE, ("min_p", 0.1)],
    [ONE, ("top_n_sigma", 1.0)],
    [ONE, ("eta_cutoff", 0.02)],
    [ONE, ("eta_cutoff", 0.3)],
    [ONE, ("top_k", 8), ("top_p", 0.9), ("min_p", 0.02)],
    [("eta_cutoff", 0.02), ONE],
    [("epsilon_cutoff", 0.03), ONE],
    [("typical_p", 0.5), ONE],
    [("top_p", 0.8), ("typical_p", 0.7), ONE],
]


def drawn(size=(8, 4), **options):
    return story_map(MODEL, PROMPT, STOPS, **{"length": 12} | options, ax=Figure(size).subplots())


def winners(chain, logits, noise, stops):
    """Return the token that is drawn at each temperature."""
    rows = SamplerChain(chain).at(stops)(np.broadcast_to(logits, (len(stops), len(logits))))
    return (rows + noise).argmax(axis=1)


def runs_of(values):
    """Return the value of each run of equal ones."""
    return values[np.append(True, values[1:] != values[:-1])].tolist()


def boxes(ax):
    """Return the boxes of cells, left, low, right and high, with their tint."""
    found = []
    for collection in ax.collections[: len(TINTS)]:
        for path in collection.get_paths():
            (left, low), (right, high) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            found.append((left, low, right, high, to_hex(collection.get_facecolor()[0])))
    return found


def test_a_cell_stands_where_texts_begin_alike_and_nowhere_else():
    ax = drawn()
    texts = MODEL.write(PROMPT, STOPS, 12, 0)
    cells = boxes(ax)
    edges = np.linspace(0, 12, 13) * ax.get_xlim()[1] / 12
    for length in range(1, 13):
        begun = MODEL.write(PROMPT, STOPS, length, 0)
        middle = (edges[length - 1] + edges[length]) / 2
        column = [cell for cell in cells if cell[0] < middle < cell[2]]
        own = [next(i for i, c in enumerate(column) if c[1] < stop < c[3]) for stop in STOPS]
        same = [one == other for one, other in pairwise(begun)]
        assert same == [one == other for one, other in pairwise(own)]
    assert len(set(texts)) > 5


def test_a_tint_is_the_surprise_of_its_token_at_1():
    ax = drawn(length=3)
    cells = boxes(ax)
    ids = MODEL.encode(PROMPT)
    for stop in STOPS:
        (text,) = MODEL.write(PROMPT, [stop], 3, 0)
        tokens = texts_of(MODEL, ids, [stop], 3, [0], temper)[0][0].tokens
        assert MODEL.decode([*ids, *tokens]) == text
        for position, token in enumerate(tokens):
            shares = softmax(MODEL.logits([*ids, *tokens[:position]]).tolist(), 1)
            level = np.searchsorted(SURPRISE, -np.log2(shares[token]), "right")
            x = (position + 0.5) * ax.get_xlim()[1] / 3
            (own,) = (c for c in cells if c[0] < x < c[2] and c[1] < stop < c[3])
            assert own[4] == TINTS[level]


@pytest.mark.parametrize(("size", "length"), [((12, 6), 26), ((8, 4), 40), ((4, 3), 80)])
def test_words_stand_within_their_cells_and_can_be_read(size, length):
    ax = drawn(size, length=length)
    assert ax.texts
    found = []
    for text in ax.texts:
        box = text.get_window_extent().transformed(ax.transData.inverted())
        middle = (box.y0 + box.y1) / 2
        under = [c for c in boxes(ax) if c[0] < box.x1 and box.x0 < c[2] and c[1] < middle < c[3]]
        for _, low, _, high, tint in under:
            assert low <= box.y0
            assert box.y1 <= high
            assert contrast(to_rgb(text.get_color()), to_rgb(tint)) >= 4.5
        assert min(c[0] for c in under) <= box.x0
        assert box.x1 <= max(c[2] for c in under)
        found.append(text.get_window_extent())
    assert not any(a.overlaps(b) for i, a in enumerate(found) for b in found[:i])


def test_texts_that_are_not_written_yet_have_no_cells_and_end_those_beside_them():
    assert cells_of([[1, 2], [], [1, 2], [1, 3]]) == [
        *[Cell(0, 0, 0), Cell(0, 2, 3)],
        *[Cell(1, 0, 0), Cell(1, 2, 2), Cell(1, 3, 3)],
    ]
    # A text that ends does not end what goes on.
    assert cells_of([[1], [1, 2]]) == [Cell(0, 0, 1), Cell(1, 1, 1)]


def test_columns_are_even_where_there_is_room_and_else_the_first_is_the_widest():
    assert column_edges(4, 400, 100) == [0, 100, 200, 300, 400]
    assert column_edges(4, 600, 100) == [0, 150, 300, 450, 600]
    widths = np.diff(column_edges(80, 700, 30))
    assert widths.sum() == pytest.approx(700)
    assert widths[0] == pytest.approx(30)
    assert (np.diff(widths) < 0).all()


@pytest.mark.parametrize("chain", NESTING, ids=str)
def test_each_token_is_drawn_in_one_interval_of_temperatures(chain):
    rng = np.random.default_rng(23)
    stops = np.geomspace(0.02, 50, 400)
    for _ in range(60):
        count = rng.integers(2, 40)
        logits = rng.choice([rng.normal(0, 3, count), rng.integers(-4, 4, count).astype(float)])
        runs = runs_of(winners(chain, logits, rng.gumbel(size=count), stops))
        assert len(runs) == len(set(runs)), f"{logits.tolist()}"


def test_a_text_is_there_in_one_interval_of_temperatures():
    ids = MODEL.encode("The dragon")
    chain = SamplerChain([ONE, ("min_p", 0.05)])
    step = lambda logits, stops: chain.at(stops)(logits)  # noqa: E731
    for cut in (temper, step):
        for row in texts_of(MODEL, ids, np.arange(201) / 100, 30, [3, 4], cut):
            tokens = [text.tokens for text in row]
            for length in range(1, 31):
                begun = [tuple(text[:length]) for text in tokens]
                changes = 1 + sum(one != other for one, other in pairwise(begun))
                assert changes == len(set(begun))


@pytest.mark.parametrize(
    ("chain", "logits", "noise", "drawn_at"),
    [
        (
            [ONE, ("epsilon_cutoff", 0.06)],
            [2, 1.8, *[1] * 20],
            [0, 1.5, *[-1] * 20],
            [(0.13, 0), (0.15, 1), (2.53, 1), (2.55, 0)],
        ),
        (
            [ONE, ("typical_p", 0.3)],
            [0.2, 0.1, 1.1],
            [0, 2.5, -0.9],
            [(0.5, 2), (1.5, 0), (2, 1), (4, 0)],
        ),
    ],
)
def test_behind_the_temperature_epsilon_and_typical_need_not_nest(chain, logits, noise, drawn_at):
    stops = np.arange(2, 500) / 100
    tokens = winners(chain, np.array(logits, float), np.array(noise), stops)
    for stop, token in drawn_at:
        assert tokens[np.argmin(abs(stops - stop))] == token
    runs = runs_of(tokens)
    assert len(runs) > len(set(runs))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": 3}, TypeError, "model must be a language model, got 3"),
        ({"temperatures": [1]}, ValueError, "temperatures must be two or more finite numbers"),
        ({"temperatures": [1, 0]}, ValueError, "that rise, got"),
        ({"length": 0}, ValueError, "length must be"),
        ({"prompt": 4}, TypeError, "prompt must be a string"),
        ({"chain": "min_p"}, TypeError, "chain must be a SamplerChain, got 'min_p'"),
        ({"chain": SamplerChain([("top_k", 3)])}, ValueError, "a chain must have one step"),
        ({"ax": 3}, TypeError, "ax must be one matplotlib Axes"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    given = {"model": MODEL, "temperatures": [0, 1], "ax": Figure().subplots()} | change
    with pytest.raises(error, match=words):
        story_map(**given)
