"""The map of stories: every text that the same dice write, from the lowest temperature upwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from string import punctuation
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.ticker import FixedLocator
from numpy.typing import ArrayLike

from ..chain import SamplerChain
from ..checks import as_count, as_temperatures, short
from ..model.language import LanguageModel, SamplingStep
from ..model.texts import texts_of
from ..phrases import phrase
from ..sampling import temper
from ..words import first_of_words, in_text
from .bars import REFERENCE, as_axes, style_axes
from .colours import TINTS, ink_on, tint_of
from .maps import LINE, name_lengths

_STOPS = np.arange(201) / 100
# A column is at most so wide, in points; where not all can be, the later are the narrower.
_WIDEST = 30.0
# Between the edge of a cell and its text, in points.
PAD = 2.0


class Cell(NamedTuple):
    """A token at a position, in texts of neighbouring temperatures that are the same up to it."""

    position: int
    # The stops of the temperatures, both included.
    first: int
    last: int


class Word(NamedTuple):
    """A word, or what of it stands in cells side by side that have the same temperatures."""

    # That of its first token.
    cell: Cell
    # The position of its last token.
    end: int


class Name(NamedTuple):
    """What is written on a word: along it, or upwards where its cells are too narrow."""

    word: Word
    text: str
    upwards: bool


def story_map(
    model: LanguageModel,
    prompt: str = "",
    temperatures: ArrayLike = _STOPS,
    *,
    length: int = 40,
    seed: int = 0,
    chain: SamplerChain | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw all texts that the same dice write, from the lowest temperature to the highest.

    Each height is a temperature: along it stands its text, a token a column. Where texts of
    neighbouring temperatures begin alike they share their cells, so that the map shows at which
    temperatures the text changes, and from which token on. The bluer a cell, the more surprising is
    its token at temperature 1, if nothing is cut. White lines part words. A word stands on its
    cells where it fits, along them or upwards. Later columns are the narrower, where not all have
    room for a word.

    Parameters
    ----------
    model : LanguageModel
        The model.
    prompt : str, default ""
        How all texts begin.
    temperatures : array_like, shape (n_temperatures,), optional
        Two or more finite temperatures that rise; by default 0 to 2 in steps of 0.01.
    length : int, default 40
        The largest number of new tokens.
    seed : int, default 0
        The seed of the dice.
    chain : SamplerChain, optional
        What is cut, with one temperature among its steps, in whose place that of the map stands.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If `model` is no LanguageModel, `temperatures` are no such numbers, or another argument is
        refused as by `LanguageModel.grow`.

    Notes
    -----
    At each position the token is drawn for which :math:`x_i / T + g_i` is the largest, with the
    same noise g at all temperatures. **Every text is then there in one interval of T, and the
    intervals of longer beginnings lie within those of shorter ones**, if of the tokens after a
    text those that are kept (a) are the likeliest ones, however many, and (b) are never fewer at a
    higher temperature.

    *Proof.* Say that i is drawn at :math:`T_1` and at :math:`T_3`, and j at :math:`T_2` between
    them. By (b), i is kept at :math:`T_2`, since it is at :math:`T_1`, and j is kept at
    :math:`T_3`, since it is at :math:`T_2`. So :math:`d(T) = (x_j - x_i) / T + g_j - g_i` is above
    0 at :math:`T_2`, where j is drawn though i could be, and below 0 at :math:`T_3`, where it is
    the other way round. As d is a straight line in 1/T, it rises with 1/T: :math:`x_j > x_i`, and
    d is above 0 at :math:`T_1`, too. By (a), j is kept there, since i is, which is less likely. So
    i is not drawn at :math:`T_1`: a contradiction. Hence a token has one interval after a given
    text; and by induction a text has one, the intersection of its tokens' intervals.

    Temperature alone, top-k, top-nσ, top-p, min-p and eta keep such tokens, before the temperature
    or behind it; so does every cut before the temperature, since among the tokens that are always
    kept the proof needs neither (a) nor (b). Not so epsilon and typical behind it. Of logits 2, 1.8
    and twenty of 1, with noise 0, 1.5 and -1, an epsilon of 0.06 lets the first be drawn, from
    T = 0.14 on the second, and from T = 2.54 on the first again, where all others are cut. A
    typical of 0.3 lets the first of the logits 0.2, 0.1 and 1.1 be drawn on both sides of the
    second, with noise 0, 2.5 and -0.9. There the map shows a text in more than one place.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from softmax_temperature import load_story_model
    >>> ax = story_map(load_story_model(), "The cat", [0, 1, 2], length=4, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['and', 'a', 'the', 'kind', 'bo', 'cat']
    """
    stops = _check_stops(temperatures)
    count = as_count(length, "length", 1)
    step = step_of(chain)
    check_model(model)
    ids = model.encode_prompt(prompt, count)
    ax = as_axes(ax)
    (texts,) = texts_of(model, ids, stops, count, [seed], step)
    rows = [text.tokens for text in texts]
    pieces = [pieces_of(model, row, prompt) for row in rows]
    points = 72 / ax.figure.dpi
    across, up = ax.bbox.width * points, ax.bbox.height * points
    edges = column_edges(count, across, _WIDEST)
    heights = _heights(stops)
    cells = cells_of(rows)
    words = words_in(cells, rows, pieces)
    by_tint: dict[str, list[list[tuple[float, float]]]] = {tint: [] for tint in TINTS}
    for cell in cells:
        left, right = edges[cell.position], edges[cell.position + 1]
        low, high = heights[cell.first], heights[cell.last + 1]
        tint = tint_of(texts[cell.first].bits[cell.position])
        by_tint[tint].append([(left, low), (left, high), (right, high), (right, low)])
    for tint, boxes in by_tint.items():
        ax.add_collection(
            PolyCollection(boxes, facecolor=tint, edgecolor=tint, linewidth=0.4), autolim=False
        )
    # Words have gaps between them, and not their tokens.
    gaps = [
        [(edges[end + 1], heights[cell.first]), (edges[end + 1], heights[cell.last + 1])]
        for cell, end in words
    ]
    ax.add_collection(LineCollection(gaps, color="white", linewidth=0.8), autolim=False)
    changes = [
        [
            (edges[cell.position], heights[cell.first]),
            (edges[cell.position + 1], heights[cell.first]),
        ]
        for cell in cells
        if cell.first
    ]
    ax.add_collection(LineCollection(changes, color=REFERENCE, linewidth=0.5), autolim=False)
    scale = up / (heights[-1] - heights[0])
    room = [(high - low) * scale for low, high in pairwise(heights)]
    for ((position, first, last), end), name, upwards in names_in(
        words, rows, pieces, edges, room, _length_of, LINE
    ):
        text = ax.text(
            (edges[position] + edges[end + 1]) / 2 if upwards else edges[position] + PAD,
            (heights[first] + heights[last + 1]) / 2,
            name,
            color=ink_on(tint_of(texts[first].bits[position])),
            ha="center" if upwards else "left",
            va="center" if upwards else "center_baseline",
            rotation=90 if upwards else 0,
            fontsize="small",
        )
        text.set_parse_math(False)
    ax.set(xlim=(0, across), ylim=(heights[0], heights[-1]), ylabel=phrase("temperature"))
    shown = in_text(prompt)
    ax.set_xlabel(phrase("token_after", prompt=shown) if shown else phrase("token_of_text"))
    marks = column_marks(edges)
    ax.xaxis.set_major_locator(FixedLocator([(edges[i - 1] + edges[i]) / 2 for i in marks]))
    ax.set_xticklabels([f"{mark}" for mark in marks])
    style_axes(ax)
    return ax


def step_of(chain: SamplerChain | None) -> SamplingStep:
    """Return what cuts logits at temperatures: nothing, or a chain that has a temperature."""
    if chain is None:
        return temper
    if not isinstance(chain, SamplerChain):
        raise TypeError(
            f"chain must be a SamplerChain, got {short(chain)}: make one with SamplerChain(steps)"
        )
    chain.at(1.0)
    return lambda logits, stops: chain.at(stops)(logits)


def pieces_of(model: LanguageModel, tokens: Sequence[int], prompt: str) -> list[str]:
    """Return what each new token adds to the text that is shown."""
    pieces = model.pieces(tokens)
    if not prompt and pieces:
        # The space in front of a first word belongs to no text.
        pieces[0] = pieces[0].removeprefix(" ")
    if tokens and tokens[-1] == model.end:
        pieces[-1] = phrase("end_of_story")
    return pieces


def cells_of(rows: Sequence[Sequence[int]]) -> list[Cell]:
    """Return the cells of texts: at each position runs of neighbours that begin alike up to it.

    A row is the tokens of a temperature; one that is not written yet has none, and is in no cell.
    The twin of `cellsOf` in `views/stories.js`.
    """
    cells = []
    # Whether a text is so far the same as the next one.
    alike = [True] * (len(rows) - 1) + [False]
    for position in range(max(map(len, rows), default=0)):
        first = 0
        for stop, row in enumerate(rows):
            is_there = position < len(row)
            if alike[stop]:
                after = rows[stop + 1]
                alike[stop] = (
                    is_there and position < len(after) and row[position] == after[position]
                )
            if not alike[stop]:
                if is_there:
                    cells.append(Cell(position, first, stop))
                first = stop + 1
    return cells


def column_edges(count: int, width: float, widest: float) -> list[float]:
    """Return where columns begin and end: all alike, or the first so wide and later ones narrower.

    Position p then begins at width ln(1 + p/c) / ln(1 + count/c). The twin of `columnEdges`.
    """
    if count * widest > width > widest:
        low, high = 1e-6, 1e6
        for _ in range(100):
            middle = np.sqrt(low * high)
            is_wide = width * np.log1p(1 / middle) > widest * np.log1p(count / middle)
            low, high = (middle, high) if is_wide else (low, middle)
        parts = np.log1p(np.arange(count + 1) / low) / np.log1p(count / low)
    else:
        parts = np.arange(count + 1) / count
    edges: list[float] = (width * parts).tolist()
    return edges


def column_marks(edges: Sequence[float]) -> list[int]:
    """Return the columns, from 1, whose numbers have room: the twin of `columnMarks`."""
    count = len(edges) - 1
    marks = [1]
    for mark in (5, 10, 20, 40, 80, 160, 320):
        if mark < count and edges[mark] - edges[marks[-1]] >= 20 <= edges[count] - edges[mark]:
            marks.append(mark)
    return [*marks, count] if count > 1 else marks


def words_in(
    cells: Sequence[Cell], rows: Sequence[Sequence[int]], pieces: Sequence[Sequence[str]]
) -> list[Word]:
    """Return the words of cells: those side by side are joined that have the same temperatures.

    The twin of `wordsIn` in `views/stories.js`.
    """
    by_place = {(cell.position, cell.first): cell for cell in cells}
    first_tokens: dict[int, list[int]] = {}
    words = []
    taken: set[Cell] = set()
    for cell in cells:
        position, first, last = cell
        if cell in taken:
            continue
        if first not in first_tokens:
            first_tokens[first] = first_of_words(pieces[first])
        own, end = first_tokens[first], position
        while True:
            after = by_place.get((end + 1, first))
            if after is None or after.last != last or own[end + 1] != own[position]:
                break
            taken.add(after)
            end += 1
        words.append(Word(cell, end))
    return words


def names_in(
    words: Sequence[Word],
    rows: Sequence[Sequence[int]],
    pieces: Sequence[Sequence[str]],
    edges: Sequence[float],
    room: Sequence[float],
    length_of: Callable[[str], float],
    line: float,
) -> list[Name]:
    """Return the names of words that fit into their cells, along them or upwards.

    `room` is the height of each row. A word whose neighbour is not written yet can grow, and has no
    name so far. The twin of `namesIn` in `views/stories.js`.
    """
    names = []
    for word in words:
        (position, first, last), end = word
        height = sum(room[first : last + 1])
        if height < line:
            continue
        if (first and not rows[first - 1]) or (last + 1 < len(rows) and not rows[last + 1]):
            continue
        text = "".join(pieces[first][position : end + 1]).strip()
        if all(character in punctuation for character in text):
            continue
        width, length = edges[end + 1] - edges[position], length_of(text) + 2 * PAD
        if length <= width:
            names.append(Name(word, text, False))
        elif line <= width and length <= height:
            names.append(Name(word, text, True))
    return names


@cache
def _length_of(text: str) -> float:
    return name_lengths([text])[0]


def _heights(stops: Sequence[float]) -> list[float]:
    """Return where the rows of temperatures begin and end: halfway between them."""
    inner = [(low + high) / 2 for low, high in pairwise(stops)]
    return [2 * stops[0] - inner[0], *inner, 2 * stops[-1] - inner[-1]]


def _check_stops(temperatures: ArrayLike) -> list[float]:
    stops = as_temperatures(temperatures).astype(np.float64)
    if len(stops) < 2 or not np.isfinite(stops).all() or (np.diff(stops) <= 0).any():
        raise ValueError(
            "temperatures must be two or more finite numbers that rise, got "
            f"{short(stops.tolist())}"
        )
    return [float(stop) for stop in stops]


def check_model(model: object) -> None:
    """Check that something is a language model."""
    if not isinstance(model, LanguageModel):
        raise TypeError(
            f"model must be a language model, got {short(model)}: load_story_model() gives one"
        )
