"""Texts as a tree: where they part, and what each branch has of the probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes

from ..phrases import phrase, rounded
from .bars import REFERENCE, as_axes
from .colours import WORDS, line_of
from .maps import LINE, name_lengths

# Between the end of a branch and the next ones, in points, and how far below its line its
# probability stands.
_GAP, _BELOW = 34.0, 3.0
_GREEDY, _LIKELIEST = line_of(WORDS[0]), line_of(WORDS[1])


@dataclass
class Branch:
    """What texts have in common from where they part from others, and how it goes on."""

    text: str
    # Of the first step of all that it has, and of all steps together.
    first: float
    probability: float
    ways: list[Branch] = field(default_factory=list)


def tree_chart(
    texts: Sequence[Sequence[str]],
    probabilities: Sequence[Sequence[float]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw texts as a tree that parts where they part, with the probability of each branch.

    The product of the branches is a text's probability, which stands behind it. Two ways stand
    out: that of always taking the likeliest branch, as greedy decoding does, and that to the
    likeliest text.

    Parameters
    ----------
    texts : sequence of sequences of str
        Each text in its pieces. All begin with the same piece, none with all of another, and none
        is there twice.
    probabilities : sequence of sequences of float
        Of each piece, after those before it.
    ax : matplotlib Axes, optional
        Where to draw; by default the current Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that was drawn on.

    Raises
    ------
    TypeError, ValueError
        If there are no texts, one lacks probabilities or ends where another goes on, or they do not
        begin with the same piece.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> texts = [["The cat", " sat", " down"], ["The cat", " sat", " still"], ["The cat", " ran"]]
    >>> ax = tree_chart(texts, [[1, 0.6, 0.5], [1, 0.6, 0.5], [1, 0.4]], ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    ['0.30', '0.30', '0.40']
    """
    if not len(texts) or len(texts) != len(probabilities):
        raise ValueError(
            f"texts must be one or more, each with probabilities, got {len(texts)} and "
            f"{len(probabilities)}"
        )
    paths = [list(zip(text, steps, strict=True)) for text, steps in zip(texts, probabilities)]
    (root, *others) = branches(paths)
    if others:
        raise ValueError(f"texts must begin with the same piece, got {others[0].text!r}, too")
    ax = as_axes(ax)
    across, up = (72 * length / ax.figure.dpi for length in (ax.bbox.width, ax.bbox.height))
    ax.set(xlim=(0, across), ylim=(up, 0))
    ax.axis("off")
    # The last line has its probability below it.
    rows = (up - LINE) / len(paths)
    greedy, likeliest = id(_greedy_leaf(root)), id(max(_leaves(root), key=lambda leaf: leaf[1])[0])
    free = iter(range(len(paths)))

    def draw(branch: Branch, x: float, before: float) -> tuple[float, float, set[int]]:
        """Draw a branch and what follows it: return where it begins, and which ways lead there."""
        total = before * branch.probability
        end = x + name_lengths([branch.text])[0]
        drawn = [draw(way, end + _GAP, total) for way in branch.ways]
        y = (drawn[0][1] + drawn[-1][1]) / 2 if drawn else (next(free) + 0.5) * rows
        leads = set().union(*(ends for *_, ends in drawn)) if drawn else {id(branch)}
        for (start, height, ends), way in zip(drawn, branch.ways, strict=True):
            colour = _colour(ends, greedy, likeliest)
            middle = start - _GAP / 2
            ax.plot(
                [end + 8, middle, middle, start - 4],
                [y, y, height, height],
                color=colour,
                linewidth=1 if colour == REFERENCE else 2,
                zorder=2 if colour == REFERENCE else 3,
                solid_joinstyle="round",
            )
            label = chance_text(way.probability)
            ax.text(start, height + LINE / 2 + _BELOW, label, va="top", fontsize="x-small")
        ax.text(x, y, branch.text, va="center", fontsize="small", parse_math=False)
        if not drawn:
            name = chance_text(total)
            colour = _colour({id(branch)}, greedy, likeliest)
            ink = "black" if colour == REFERENCE else colour
            ax.text(end + 10, y, name, va="center", fontsize="small", fontweight="bold", color=ink)
        return x, y, leads

    draw(root, 4.0, 1.0)
    return ax


def branches(paths: Sequence[Sequence[tuple[str, float]]]) -> list[Branch]:
    """Return the branches with which texts begin, each as long as nothing parts from it.

    Examples
    --------
    >>> [(b.text, b.probability) for b in branches([[("a", 0.5), ("b", 0.5)], [("c", 0.5)]])]
    [('ab', 0.25), ('c', 0.5)]
    """
    found: dict[str, list[Sequence[tuple[str, float]]]] = {}
    for path in paths:
        if not path:
            raise ValueError("texts must not end where another goes on, or be there twice")
        found.setdefault(path[0][0], []).append(path)
    return [_branch(group) for group in found.values()]


def chance_text(value: float) -> str:
    """Return a probability with two decimals, or as one in so many, to two digits.

    Examples
    --------
    >>> chance_text(0.4), chance_text(0.0031), chance_text(2.2596e-6)
    ('0.40', '1 in 320', '1 in 440,000')
    """
    if value >= 0.01:
        return rounded(value, 2)
    return phrase("one_in", count=f"{float(f'{1 / value:.2g}'):,.0f}")


def _branch(group: Sequence[Sequence[tuple[str, float]]]) -> Branch:
    """Join pieces to a branch, up to where texts part."""
    length = 1
    while all(len(path) > length for path in group) and len({path[length] for path in group}) == 1:
        length += 1
    pieces = group[0][:length]
    probability = 1.0
    for _, step in pieces:
        probability *= step
    rests = [path[length:] for path in group]
    ways = branches(rests) if len(group) > 1 else []
    return Branch("".join(text for text, _ in pieces).strip(), pieces[0][1], probability, ways)


def _greedy_leaf(branch: Branch) -> Branch:
    while branch.ways:
        branch = max(branch.ways, key=lambda way: way.first)
    return branch


def _leaves(branch: Branch, before: float = 1.0) -> list[tuple[Branch, float]]:
    """Return the ends of texts, with the probabilities of the texts."""
    total = before * branch.probability
    if not branch.ways:
        return [(branch, total)]
    return [leaf for way in branch.ways for leaf in _leaves(way, total)]


def _colour(leads: set[int], greedy: int, likeliest: int) -> str:
    if likeliest in leads:
        return _LIKELIEST
    return _GREEDY if greedy in leads else REFERENCE
