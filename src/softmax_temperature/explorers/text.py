"""The text that a language model writes, following a temperature slider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from ..chain import SamplerChain
from ..checks import as_count, as_temperature, short
from ..core import TokenTable
from ..model.story import StoryModel
from ..words import in_text, probability_text, token_labels
from .base import STOPS, Explorer, View, as_stops, script, styles
from .data import stops_of
from .page import as_html
from .temperature import TemperatureExplorer
from .tree import Written, write

_SEEDS = (0, 1, 2, 3, 4)
_FIRST_BYTE = 3
_END_TEXT = "■ end of the story"
# A still text has no colours: tokens with so many bits of surprise are bold.
_BOLD = 4


class _Text(View):
    """The text, or the line and the button above the slider."""

    _esm = script("text")
    _css = styles("text")


class TextExplorer(Explorer):
    """Show a text that a language model writes, which follows a temperature slider at once.

    The texts of all temperatures are written beforehand, with the same dice, so that what differs
    between two of them is due to temperature alone. They are kept as the tree that they are.

    Parameters
    ----------
    model : StoryModel
        The model, from `load_story_model`.
    prompt : str, default ""
        How all texts begin.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.01.
    value : float, default 1.0
        The first temperature.
    length : int, default 80
        How many tokens are written at most, a text ends earlier where its story does.
    seeds : sequence of int, default (0, 1, 2, 3, 4)
        Seeds of the dice; a button goes from one to the next.
    chain : SamplerChain, optional
        What is cut before a token is drawn, and when. The slider's temperature takes the place of
        the chain's own.

    Attributes
    ----------
    temperature : float
        The stop at which the slider is. Setting it moves slider and text, to the nearest stop;
        it can be observed like any trait.
    seed : int
        The seed of the dice of the text that is shown. Set it to another one of `seeds`.
    prompt : str
        Set it to write all texts anew, from another beginning.
    chain : SamplerChain or None
        Set it to write all texts anew, with the same dice.
    text : str
        The text that is shown, with the prompt.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError
        If `model` is not a StoryModel, `prompt` not a string, a temperature not a real number, or
        `length` or a seed not a whole number.
    ValueError
        If `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value`
        or, later, `temperature` lies outside them; if prompt and `length` exceed what the model can
        see; if `seeds` are none, or negative, or one is there twice; if, later, `seed` is not
        among them.

    Examples
    --------
    >>> from softmax_temperature import load_story_model
    >>> explorer = TextExplorer(load_story_model(), "The dragon", [0, 1, 2], length=8)
    >>> explorer.temperature = 0
    >>> explorer
    TextExplorer('The dragon', 8 tokens, temperature=0.00)
    >>> explorer.text
    'The dragon was very small. He had'
    """

    # What stands below one another, with what a reader has added.
    children: Any
    # What shows the distribution of a chosen token.
    _below: TemperatureExplorer | None = None
    _place = 0
    _heading = "text_heading"
    _note = "text_note"

    def __init__(
        self,
        model: StoryModel,
        prompt: str = "",
        temperatures: ArrayLike = STOPS,
        value: float = 1.0,
        *,
        length: int = 80,
        seeds: Sequence[int] = _SEEDS,
        chain: SamplerChain | None = None,
    ) -> None:
        if not isinstance(model, StoryModel):
            raise TypeError(
                f"model must be a StoryModel, got {short(model)}: load_story_model() gives one"
            )
        stops = as_stops(temperatures)
        value = _as_stop(value, stops, "value")
        self._model = model
        self._length = as_count(length, "length", 1)
        self._seeds = _check_seeds(seeds)
        self._chain = _check_chain(chain)
        self._written = write(model, prompt, stops, self._length, self._seeds, chain)
        # Which of the seeds' texts is on show, which of its tokens was chosen, and whether new
        # texts are being written.
        state: Any = {"dice": 0, "chosen": -1, "busy": False}
        data = _data_of(self._written, model, stops, self._seeds)
        super().__init__(_Text, data, state, stops, value, 800)
        self._body.observe(self._show_chosen, "state")

    @property
    def prompt(self) -> str:
        """How all texts begin."""
        return self._written.prompt

    @prompt.setter
    def prompt(self, prompt: str) -> None:
        self._renew(prompt, self._chain)

    @property
    def chain(self) -> SamplerChain | None:
        """What is cut before a token is drawn, and when."""
        return self._chain

    @chain.setter
    def chain(self, chain: SamplerChain | None) -> None:
        self._renew(self.prompt, _check_chain(chain))
        self._chain = chain

    @property
    def seed(self) -> int:
        """The seed of the dice of the text that is shown."""
        return self._seeds[self._dice]

    @seed.setter
    def seed(self, seed: int) -> None:
        if seed not in self._seeds:
            raise ValueError(f"seed must be one of {short(list(self._seeds))}, got {short(seed)}")
        self._set(dice=self._seeds.index(seed), chosen=-1)

    @property
    def text(self) -> str:
        """The text that is shown, with the prompt."""
        return self._model.decode(self._written.ids(self._path()))

    def choose(self, position: int) -> TokenTable:
        """Choose a token of the text, as a click on it does, and return what it was drawn from.

        Below the text an explorer shows that distribution, with the text before it as its prompt.

        Parameters
        ----------
        position : int
            The token's place after the prompt, from 0.

        Returns
        -------
        TokenTable
            All tokens that could stand there, with their logits.
        """
        position = as_count(position, "position", 0)
        if position >= len(path := self._path()):
            raise ValueError(
                f"position must be below {len(path)}, the text's number of tokens, got {position}"
            )
        self._set(chosen=position)
        return self._table_at(position)

    def close(self) -> None:
        """Take the explorer off the page and free it, with all that belongs to it.

        Its text and `to_html` still work, and it can be set to other temperatures, seeds and
        prompts. Shown again, it is a line of text.
        """
        if self._below is not None:
            self._below.close()
        super().close()

    def __repr__(self) -> str:
        """Give the prompt, the number of tokens and the current temperature."""
        return (
            f"TextExplorer({short(self.prompt)}, {self._length} tokens, "
            f"temperature={self._temperature_text})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Add the text, for pages that show a saved notebook without a kernel."""
        data: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self._still()}

    def _still(self) -> str:
        """Return what is shown now as HTML without scripts and styles."""
        written, path = self._written, self._path()
        fork = written.forks[self._dice, self._position]
        parts = [f"<b>{as_html(self.prompt)}</b>"]
        for i, (place, text) in enumerate(zip(path, self._pieces(path), strict=True)):
            mark = "<b>[≠ T = 1]</b> " if i == fork else ""
            surprising = written.bits[place] >= 10 * _BOLD
            parts.append(mark + (f"<u>{as_html(text)}</u>" if surprising else as_html(text)))
        return (
            f"<p>Temperature {self._temperature_text}, seed {self.seed}</p>"
            f"<p>{''.join(parts)}</p>"
            f"<p>{as_html(self._caption())} Underlined tokens surprise by {_BOLD} bits or more at "
            "T = 1.</p>"
        )

    def _pieces(self, path: NDArray[np.intp]) -> list[str]:
        """Return what each token adds to the text: of bytes in a row, the first adds them all."""
        tokens = self._written.tokens[path].tolist()
        end, names = self._model.end, self._model.tokens
        texts = [_END_TEXT if token == end else _piece(names[token]) for token in tokens]
        if not self.prompt:
            # The space in front of a first word belongs to no text.
            texts[0] = texts[0].removeprefix(" ")
        runs = re.finditer("B+", "".join("B" if text.startswith("\\x") else "-" for text in texts))
        for run in runs:
            own = self._model.decode(tokens[run.start() : run.end()])
            texts[run.start() : run.end()] = [own, *[""] * (run.end() - run.start() - 1)]
        return texts

    def _renew(self, prompt: str, chain: SamplerChain | None) -> None:
        """Write all texts anew, and say so in the meantime."""
        after = {"chosen": self._state["chosen"]}
        self._set(chosen=-1, busy=True)
        try:
            written = write(self._model, prompt, self._stops, self._length, self._seeds, chain)
            self._body.data = _data_of(written, self._model, self._stops, self._seeds)
            self._written = written
            after = {"chosen": -1}
        finally:
            self._set(**after, busy=False)

    @traitlets.observe("temperature")
    def _show_temperature(self, change: Any = None) -> None:
        # First, since what is set to a temperature shows what is chosen there.
        self._drop_choice()
        super()._show_temperature(change)

    def _drop_choice(self) -> None:
        """Choose nothing any more, where the chosen token is not in the text that is shown."""
        chosen, path = self._state["chosen"], self._path()
        if self._place and self._place != path[chosen : chosen + 1]:
            self._set(chosen=-1)

    def _show_chosen(self, _: Any = None) -> None:
        """Show the distribution of the chosen token below the text, or none."""
        chosen, path = self._state["chosen"], self._path()
        place = int(path[chosen]) if 0 <= chosen < len(path) else 0
        if place == self._place:
            return
        self._place = place
        if self._below is not None:
            self._below.layout.display = None if place else "none"
        if not place:
            return
        table = self._table_at(chosen)
        if self._below is None:
            self._below = TemperatureExplorer(
                table, self._stops, self.temperature, top=10, parts=("bars", "dice")
            )
            self.children = [*self.children, self._below]
        else:
            self._below.table = table
            self._below.temperature = self.temperature

    def _table_at(self, position: int) -> TokenTable:
        written = self._written
        ids = written.ids(self._path()[:position])
        return TokenTable(self._model.tokens, self._model.logits(ids), self._model.decode(ids))

    @property
    def _dice(self) -> int:
        dice: int = self._state["dice"] % len(self._seeds)
        return dice

    def _path(self) -> NDArray[np.intp]:
        return self._written.path_to(self._written.ends[self._dice, self._position])

    def _prompt(self) -> str:
        return in_text(self.prompt)

    def _caption(self) -> str:
        return str(self._written.sentences[self._dice, self._position])

    def _data(self, narrow: bool) -> dict[str, Any]:
        return _data_of(self._written, self._model, self._stops, self._seeds)

    @property
    def _position(self) -> int:
        return int(np.abs(self._stops - self.temperature).argmin())

    @traitlets.validate("temperature")
    def _validate_temperature(self, proposal: Any) -> float:
        return _as_stop(proposal["value"], self._stops, "temperature")


def _as_stop(value: Any, stops: NDArray[np.float64], name: str) -> float:
    """Return the stop that is nearest to a temperature, since texts are written at stops."""
    number = as_temperature(value, name)
    first, last = stops[[0, -1]].tolist()
    if not first - 1e-9 <= number <= last + 1e-9:
        raise ValueError(
            f"{name} must lie between {first:g} and {last:g}, the ends of the slider, got "
            f"{number:g}: give other temperatures= to go further"
        )
    return float(stops[np.abs(stops - number).argmin()])


def _data_of(
    written: Written, model: StoryModel, stops: NDArray[np.float64], seeds: Sequence[int]
) -> dict[str, Any]:
    """Return what the browser needs."""
    large = "<u2" if len(written.tokens) <= 2**16 else "<u4"
    sentences, said = np.unique(written.sentences, return_inverse=True)
    return {
        "kind": "text",
        "stops": stops_of(stops),
        "prompt": written.prompt,
        "names": token_labels(model.tokens),
        "pieces": [_piece(token) for token in model.tokens],
        "firstByte": _FIRST_BYTE,
        "end": model.end,
        "endText": _END_TEXT,
        "seeds": len(seeds),
        "labels": _PROBABILITIES,
        "sentences": sentences.tolist(),
        "said": said.astype("<u2").tobytes(),
        "tokens": written.tokens.astype("<u2").tobytes(),
        "parents": written.parents.astype(large).tobytes(),
        "ends": written.ends.astype(large).tobytes(),
        "forks": written.forks.astype("<u2").tobytes(),
        "bits": written.bits.tobytes(),
        "own": written.own.tobytes(),
        "likeliest": written.likeliest.tobytes(),
        "chances": written.chances.tobytes(),
    }


def _piece(token: str) -> str:
    """Return what a token adds to a text: one byte may be no character, and is an escape then."""
    if not (byte := re.fullmatch("<0x(..)>", token)):
        return token
    value = int(byte[1], 16)
    return chr(value) if value < 128 else f"\\x{value:02x}"


def _check_chain(chain: Any) -> SamplerChain | None:
    if not (chain is None or isinstance(chain, SamplerChain)):
        raise TypeError(
            f"chain must be a SamplerChain, got {short(chain)}: make one with SamplerChain(steps)"
        )
    if chain is not None and "temperature" not in dict(chain):
        raise ValueError(
            f"chain must have a temperature, got {chain!r}: its place says what is cut before it"
        )
    return chain


def _check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds must be whole numbers, got {short(seeds)}: use (0, 1, 2)")
    checked = tuple(as_count(seed, "a seed of seeds", 0) for seed in seeds)
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"seeds must be one or more, and different, got {short(list(seeds))}")
    return checked


_PROBABILITIES = [
    probability_text(number / 100, percent=False, can_be_zero=False, can_be_one=False)
    for number in range(101)
]
