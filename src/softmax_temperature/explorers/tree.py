"""The texts of all seeds and temperatures as the tree that they are, and what is told of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..chain import SamplerChain
from ..checks import Floats, short
from ..core import softmax
from ..model.story import StoryModel
from ..sampling import temper

# So many of the likeliest tokens are told of each place.
LIKELIEST = 5


class Written(NamedTuple):
    """The texts of all seeds and temperatures, as a tree whose place 0 is the prompt."""

    prompt: str
    prompt_ids: list[int]
    tokens: NDArray[np.uint16]
    parents: NDArray[np.intp]
    # Of each token at temperature 1: its surprise in tenths of a bit, its probability in
    # hundredths, and the likeliest tokens after it with theirs.
    bits: NDArray[np.uint16]
    own: NDArray[np.uint8]
    likeliest: NDArray[np.uint16]
    chances: NDArray[np.uint8]
    # Of each text, a row a seed: its last place, how many tokens it begins with like that of
    # temperature 1, and what is said of it.
    ends: NDArray[np.intp]
    forks: NDArray[np.intp]
    sentences: NDArray[np.str_]

    def path_to(self, end: int) -> NDArray[np.intp]:
        """Return the places of a text."""
        path = []
        while end:
            path.append(end)
            end = self.parents[end]
        return np.array(path[::-1], np.intp)

    def ids(self, path: NDArray[np.intp]) -> list[int]:
        """Return the tokens of a text, with those of the prompt."""
        return [*self.prompt_ids, *self.tokens[path].tolist()]


def write(
    model: StoryModel,
    prompt: str,
    stops: NDArray[np.float64],
    length: int,
    seeds: tuple[int, ...],
    chain: SamplerChain | None,
) -> Written:
    """Write the texts of all seeds and temperatures, and of temperature 1 for comparison."""
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a string, got {short(prompt)}")
    ids = model.encode(prompt)
    if len(ids) + length > model.context:
        raise ValueError(
            f"prompt must have at most {model.context - length} tokens, so that {length} more fit, "
            f"got {len(ids)}: shorten it, or write less with length="
        )
    tree = _grow(model, ids, [*stops.tolist(), 1.0], length, seeds, chain)
    bits = 0.0 - np.log2(tree.nodes.chances)
    ends, forks = tree.ends[:, :-1], tree.forks[:, :-1]
    sums = np.stack([bits, np.arange(len(bits)) > 0])
    for place, parent in enumerate(tree.nodes.parents.tolist()):
        if place:
            sums[:, place] += sums[:, parent]
    total, lengths = sums[:, ends]
    # What is told of a place's likeliest tokens stands at the place that they follow.
    likeliest, chances = np.zeros((2, len(bits), LIKELIEST))
    likeliest[tree.nodes.parents[1:]] = tree.nodes.likeliest[1:]
    chances[tree.nodes.parents[1:]] = tree.nodes.likeliest_chances[1:]
    return Written(
        prompt,
        ids,
        tree.nodes.tokens.astype(np.uint16),
        tree.nodes.parents,
        np.rint(10 * bits).astype(np.uint16),
        np.rint(100 * tree.nodes.chances).astype(np.uint8),
        likeliest.astype(np.uint16),
        np.rint(100 * chances).astype(np.uint8),
        ends,
        forks,
        _sentences(stops, lengths.astype(int), forks, total / lengths),
    )


class _Nodes(NamedTuple):
    """Places of a tree: token and parent, its probability, and the likeliest beside it."""

    tokens: NDArray[np.intp]
    parents: NDArray[np.intp]
    chances: Floats
    likeliest: NDArray[np.intp]
    likeliest_chances: Floats


class _Tree(NamedTuple):
    """All places, the prompt's first, and of each text its end and where it leaves the last one."""

    nodes: _Nodes
    ends: NDArray[np.intp]
    forks: NDArray[np.intp]


def _grow(
    model: StoryModel,
    ids: list[int],
    temperatures: list[float],
    length: int,
    seeds: tuple[int, ...],
    chain: SamplerChain | None,
) -> _Tree:
    """Let the model write, and keep what it writes as a tree."""
    none, nobody = np.zeros(1, np.intp), np.zeros((1, LIKELIEST), np.intp)
    layers = [_Nodes(none, none, np.ones(1), nobody, np.zeros((1, LIKELIEST)))]
    shape = len(seeds), len(temperatures)
    ends, forks, together = np.zeros(shape, np.intp), np.zeros(shape, np.intp), np.ones(shape, bool)
    before, count = 0, 1
    cut = temper if chain is None else lambda logits, stops: chain.at(stops)(logits)
    for step in model.grow(ids, temperatures, length, seeds, cut):
        probabilities = softmax(step.logits)
        likeliest = np.argsort(-probabilities, axis=-1, kind="stable")[:, :LIKELIEST]
        layer = _Nodes(
            step.tokens,
            before + step.parents,
            probabilities[step.contexts, step.tokens],
            likeliest[step.contexts],
            np.take_along_axis(probabilities, likeliest, -1)[step.contexts],
        )
        layers.append(layer)
        living = step.places >= 0
        together &= step.places == step.places[:, -1:]
        forks += together & living
        ends = np.where(living, count + step.places, ends)
        before, count = count, count + len(step.tokens)
    return _Tree(_Nodes(*map(np.concatenate, zip(*layers, strict=True))), ends, forks)


def _sentences(
    stops: NDArray[np.float64],
    lengths: NDArray[np.intp],
    forks: NDArray[np.intp],
    surprises: NDArray[np.float64],
) -> NDArray[np.str_]:
    """Say of each text how far it goes with that of temperature 1, and how surprising it is."""
    texts = []
    rows = (np.tile(stops, len(lengths)), lengths.ravel(), forks.ravel(), surprises.ravel())
    for stop, length, fork, surprise in zip(*rows, strict=True):
        if stop == 1:
            way = "This is the text that those at other temperatures are compared with."
        elif fork == length:
            way = "This is the text of T = 1."
        elif fork == 0:
            way = "Its first token is another one than at T = 1 already."
        else:
            way = (
                f"It is the text of T = 1 for {fork} of {length} tokens, and goes another way then."
            )
        texts.append(f"{way}\nA token comes as a surprise of {surprise:.1f} bits on average.")
    return np.array(texts).reshape(lengths.shape)
