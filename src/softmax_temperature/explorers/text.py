"""The text that a language model writes, following a temperature slider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import ipywidgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from ..chain import SamplerChain
from ..checks import as_count, as_temperature, short
from ..core import TokenTable
from ..drawing.stories import pieces_of, step_of
from ..model.language import LanguageModel
from ..model.recorded import RecordedModel
from ..model.story import StoryModel
from ..model.texts import texts_of
from ..words import comparison, comparison_beside, in_text
from .base import STOPS, Explorer, View, as_stops, script, styles
from .data import State, TextData, Told, held, model_data, stops_of
from .page import SURPRISING, as_html, underlined
from .steps import TEMPERATURE, Steps, chain_of, knobs_below, steps_of
from .teller import Teller

_SEEDS = (0, 1, 2, 3, 4)
# Of a larger model each text takes its time.
_FEWER_STOPS = np.arange(41) / 20
# A tab and a line break are text.
_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f]")


class _Text(View):
    """The text, or what stands above the slider."""

    _esm = script("text")
    _css = styles("text")
    # What Python has written of a model that is not in the page: `data.py` types it.
    told: Any = traitlets.Dict().tag(sync=True)


class _Model(ipywidgets.Widget):
    """A language model, which a notebook's explorers share."""

    data: Any = traitlets.Dict().tag(sync=True)


class TextExplorer(Explorer):
    """Show a text that a language model writes, which follows a temperature slider at once.

    The texts of all temperatures are written with the same dice, so that what differs between two
    of them is due to temperature alone. A reader can give another prompt, other dice and cuts. The
    story model is in the browser, and writes with a kernel or without. Other models are not: Python
    writes in the background, the text of the current temperature first, and a page has what was
    written before.

    Parameters
    ----------
    model : LanguageModel
        The model, such as `load_story_model`, `load_chat_model`, `load_gguf` and
        `from_transformers` give.
    prompt : str, default ""
        How all texts begin.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.01, and
        of 0.05 where Python writes.
    value : float, default 1.0
        The first temperature.
    length : int, optional
        How many tokens are written at most, a text ends earlier where its story does: by default
        80, and 20 where Python writes.
    seeds : sequence of int, default (0, 1, 2, 3, 4)
        Seeds of the dice; a button goes from one to the next, and on from the last.
    chain : SamplerChain, optional
        What is cut before a token is drawn, and when. The slider's temperature takes the place of
        the chain's own.

    Attributes
    ----------
    temperature : float
        From 0 to infinity, at the slider's stops, between them, or beyond. Setting it moves slider
        and text; it can be observed like any trait.
    seed : int
        The seed of the dice. It can be set to any.
    prompt : str
        How the text begins. It can be set.
    length : int
        The largest number of new tokens. It can be set.
    chain : SamplerChain or None
        What is cut, at the slider's temperature; None is nothing. It can be set.
    beside : tuple of (float, SamplerChain or None), or None
        The temperature and the cuts of a text that is held beside the current one, with the same
        dice: what differs between them is marked. It can be set.
    taken : list of (int, str)
        What was taken in place of what the dice drew: see `take` and `rewind`.
    text : str
        The text that is shown, with the prompt: what the model writes.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError
        If `model` is not a LanguageModel, `prompt` not a string, a temperature not a real number,
        or `length` or a seed not a whole number.
    ValueError
        If `temperatures` are fewer than two, not finite, negative or not evenly spaced; if `value`
        or, later, `temperature` is negative; if prompt and `length` exceed what the model can see;
        if the prompt has control characters; if `seeds` are none, or negative, or one is there
        twice.

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

    _heading = "text_heading"
    _note = "text_note"

    def __init__(
        self,
        model: LanguageModel,
        prompt: str = "",
        temperatures: ArrayLike | None = None,
        value: float = 1.0,
        *,
        length: int | None = None,
        seeds: Sequence[int] = _SEEDS,
        chain: SamplerChain | None = None,
    ) -> None:
        if not isinstance(model, LanguageModel):
            raise TypeError(
                f"model must be a LanguageModel, got {short(model)}: load_story_model() gives one"
            )
        if isinstance(model, RecordedModel):
            prompt = prompt or model.prompt
            seeds = [model.seed] if seeds is _SEEDS else seeds
        is_there = isinstance(model, StoryModel)
        if temperatures is None:
            temperatures = STOPS if is_there else _FEWER_STOPS
        stops = as_stops(temperatures)
        value = as_temperature(value, "value")
        if length is None:
            length = 80 if is_there else 20
        count = as_count(length, "length", 1)
        checked = _check_seeds(seeds)
        steps = _check_steps(chain)
        _check_prompt(model, prompt, count)
        self._model = model
        state: State = {
            "seed": f"{checked[0]}",
            "prompt": prompt,
            "length": count,
            "steps": steps,
            "chosen": -1,
            "taken": [],
            "beside": None,
        }
        first = _write(model, prompt, value, count, checked[0], steps, [])
        self._last: Any = ((prompt, value, count, checked[0], steps, []), first)
        data: TextData = {
            "kind": "text",
            "stops": stops_of(stops),
            "knobs": knobs_below(len(model.tokens)),
            "seeds": [f"{seed}" for seed in checked],
            "text": model.decode(first.ids),
        }
        if isinstance(model, StoryModel):
            super().__init__(_Text, data, state, stops, value, 800, _shared(model))
            return
        data |= {"isTold": True, "tokens": len(model.tokens), "end": model.end}
        if isinstance(model, RecordedModel):
            data["notice"] = model.notice()
        super().__init__(_Text, data, state, stops, value, 800)
        self._teller = Teller(model, stops.tolist(), _check_prompt, self._tell)
        self._note = "told_note"
        self._body.on_msg(self._answer)

    # What writes where the model is not in the page.
    _teller: Teller | None = None

    def _tell(self, told: Told) -> None:
        self._body.told = told

    def _answer(self, _: Any, message: Any, buffers: Any) -> None:
        """Do what the browser asks for."""
        if self._teller is None:
            return
        if "write" in message:
            self._teller.ask(message["write"])
        elif "heard" in message:
            self._teller.heard()
        else:
            self._teller.stop()

    def close(self) -> None:
        """Take the explorer off the page and free it: see `Explorer.close`."""
        if self._teller is not None:
            self._teller.stop()
        super().close()

    @property
    def prompt(self) -> str:
        """How all texts begin."""
        return str(self._state["prompt"])

    @prompt.setter
    def prompt(self, prompt: str) -> None:
        _check_prompt(self._model, prompt, self.length)
        self._set(prompt=prompt, chosen=-1, taken=[])

    @property
    def length(self) -> int:
        """The largest number of new tokens."""
        return int(self._state["length"])

    @length.setter
    def length(self, length: int) -> None:
        count = as_count(length, "length", 1)
        _check_prompt(self._model, self.prompt, count)
        self._set(length=count, chosen=-1)

    @property
    def chain(self) -> SamplerChain | None:
        """What is cut before a token is drawn, and when; None is nothing."""
        chain = chain_of(self._steps, self.temperature)
        return chain if len(chain) > 1 else None

    @chain.setter
    def chain(self, chain: SamplerChain | None) -> None:
        self._set(steps=_check_steps(chain), chosen=-1)

    @property
    def seed(self) -> int:
        """The seed of the dice."""
        return int(self._state["seed"])

    @seed.setter
    def seed(self, seed: int) -> None:
        self._set(seed=f"{as_count(seed, 'seed', 0)}", chosen=-1)

    @property
    def text(self) -> str:
        """The text that is shown, with the prompt."""
        return self._model.decode(self._written().ids)

    def choose(self, position: int) -> TokenTable:
        """Choose a token of the text, as a click on it does, and return what it was drawn from.

        Parameters
        ----------
        position : int
            The token's place after the prompt, from 0.

        Returns
        -------
        TokenTable
            All tokens that could stand there, with their logits, and the text before as its prompt.
        """
        written = self._written()
        position = as_count(position, "position", 0)
        if position >= written.length:
            raise ValueError(
                f"position must be below {written.length}, the text's number of tokens, got "
                f"{position}"
            )
        self._set(chosen=position)
        ids = written.ids[: len(written.ids) - written.length + position]
        return TokenTable(self._model.tokens, self._model.logits(ids), self._model.decode(ids))

    @property
    def beside(self) -> tuple[float, SamplerChain | None] | None:
        """The temperature and the cuts of a text that is held beside the current one, if any."""
        held = self._state["beside"]
        if held is None:
            return None
        temperature = float(held["T"])
        chain = chain_of([(name, value) for name, value in held["steps"]], temperature)
        return temperature, chain if len(chain) > 1 else None

    @beside.setter
    def beside(self, setting: tuple[float, SamplerChain | None] | None) -> None:
        if setting is None:
            self._set(beside=None)
            return
        if not isinstance(setting, tuple) or len(setting) != 2:
            raise TypeError(
                "beside must be a temperature and a chain or None, as in (0.7, None), got "
                f"{short(setting)}"
            )
        temperature = as_temperature(setting[0], "beside[0]")
        self._set(beside={"T": held(temperature), "steps": _check_steps(setting[1])})

    @property
    def taken(self) -> list[tuple[int, str]]:
        """The tokens that a reader has taken, with their places after the prompt, from 0."""
        ends = np.cumsum([len(run) for run in self._taken]) - 1
        return [
            (int(end), self._model.tokens[run[-1]])
            for end, run in zip(ends, self._taken, strict=True)
        ]

    def take(self, position: int, token: str | int) -> None:
        """Take a token instead of the one that was drawn, as the button beside it does.

        The text goes on from there with the same dice, at all temperatures.

        Parameters
        ----------
        position : int
            The token's place after the prompt, from 0.
        token : str or int
            What is to stand there: one of the model's tokens, or its id.

        Examples
        --------
        >>> from softmax_temperature import load_story_model
        >>> explorer = TextExplorer(load_story_model(), "The dragon", value=0, length=8)
        >>> explorer.text
        'The dragon was very small. He had'
        >>> explorer.take(1, " big")
        >>> explorer.text
        'The dragon was big and shiny.'
        >>> explorer.taken
        [(1, ' big')]
        >>> explorer.rewind()
        >>> explorer.text
        'The dragon was very small. He had'
        """
        tokens = self._model.tokens
        if isinstance(token, str):
            if token not in tokens:
                raise ValueError(
                    f"token must be one of the model's, got {short(token)}: a word begins with a "
                    "space"
                )
            number = tokens.index(token)
        else:
            number = as_count(token, "token", 0)
        written = self._written()
        table = self.choose(position)
        if number >= len(tokens) or table.logits[number] == -np.inf:
            raise ValueError(f"token must be one that can stand there, got {short(token)}")
        kept = self._kept(position)
        run = written.new[sum(map(len, kept)) : position]
        self._set(taken=[*kept, [*run, number]], chosen=position)

    def rewind(self, position: int = 0) -> None:
        """Take back the tokens that were taken from a place on: the dice draw there again.

        Parameters
        ----------
        position : int, default 0
            The place after the prompt, from 0.
        """
        self._set(taken=self._kept(as_count(position, "position", 0)), chosen=-1)

    def _kept(self, position: int) -> list[list[int]]:
        """Return what was taken before a place."""
        ends = np.cumsum([len(run) for run in self._taken])
        return [run for run, end in zip(self._taken, ends, strict=True) if end <= position]

    @property
    def _taken(self) -> list[list[int]]:
        return [list(run) for run in self._state["taken"]]

    def __repr__(self) -> str:
        """Give the prompt, the number of tokens and the current temperature."""
        return (
            f"TextExplorer({short(self.prompt)}, {self.length} tokens, "
            f"temperature={self._temperature_text})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Add the text, for pages that show a saved notebook without a kernel."""
        data: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self._still()}

    def _still(self) -> str:
        """Return what is shown now as HTML without scripts and styles."""
        written = self._written()
        text = underlined(self._pieces(written), written.bits, written.fork)
        return (
            f"<p>Temperature {self._temperature_text}, dice {self.seed}</p>"
            f"<p><b>{as_html(self.prompt)}</b>{text}</p>"
            f"<p>{as_html(self._caption())} Underlined words surprise by {SURPRISING} bits or "
            "more at T = 1.</p>"
        )

    def _pieces(self, written: _Written) -> list[str]:
        """Return what each new token adds to the text that is shown."""
        return pieces_of(self._model, written.new, self.prompt)

    @property
    def _steps(self) -> Steps:
        return [(name, value) for name, value in self._state["steps"]]

    def _written(self) -> _Written:
        """Return the text of what is set now, which is written once."""
        asked = (
            *(self.prompt, self.temperature, self.length, self.seed),
            *(self._steps, self._taken),
        )
        if asked != self._last[0]:
            self._last = (asked, _write(self._model, *asked))
        written: _Written = self._last[1]
        return written

    def _text_beside(self) -> list[int]:
        """Return the new tokens of the text that is held beside the current one."""
        setting = self._state["beside"]
        steps = [(name, value) for name, value in setting["steps"]]
        asked = (self.prompt, float(setting["T"]), self.length, self.seed, steps, self._taken)
        return _write(self._model, *asked).new

    def _prompt(self) -> str:
        return in_text(self.prompt)

    def _caption(self) -> str:
        written = self._written()
        if self.beside is not None:
            other = self._text_beside()
            own = written.new
            same = sum(one == two for one, two in zip(own, other))
            begun = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(own, other))))
            bits = float(written.bits.mean())
            return comparison_beside(begun, len(own), len(own) - same, bits)
        return comparison(
            self.temperature, written.fork, written.length, float(written.bits.mean())
        )

    def _data(self, narrow: bool) -> Any:
        return self._body.data | {"text": self.text}

    def _page_data(self) -> Any:
        data = super()._page_data()
        return data if self._teller is None else data | {"told": self._teller.told(self._state)}


class _Written(NamedTuple):
    """A text: its tokens, and how it stands to temperature 1."""

    # With those of the prompt.
    ids: list[int]
    # The surprise of each new token at temperature 1, if nothing is cut.
    bits: Any
    # How many new ones it begins with like the text of temperature 1.
    fork: int

    @property
    def length(self) -> int:
        """The number of new tokens."""
        return len(self.bits)

    @property
    def new(self) -> list[int]:
        """The new tokens."""
        return self.ids[-self.length :]


def _write(
    model: LanguageModel,
    prompt: str,
    temperature: float,
    length: int,
    seed: int,
    steps: Steps,
    taken: list[list[int]],
) -> _Written:
    """Write the text of a temperature, and that of temperature 1 for comparison."""
    ids = model.encode(prompt)
    chain = chain_of(steps, 1.0)
    cut = step_of(chain if len(chain) > 1 else None)
    begun = [token for run in taken for token in run]
    ((text, at_1),) = texts_of(model, ids, [temperature, 1.0], length, [seed], cut, begun)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(text.tokens, at_1.tokens))
    return _Written([*ids, *text.tokens], np.array(text.bits), len(list(same)))


_models: dict[StoryModel, _Model] = {}


def _shared(model: StoryModel) -> _Model:
    """Return the widget that has a model, one for all explorers of a notebook."""
    if model not in _models or _models[model].comm is None:
        _models[model] = _Model(data=model_data(model))
    return _models[model]


def _check_prompt(model: LanguageModel, prompt: Any, length: int) -> None:
    """Check that a model can go on from a prompt for so many tokens."""
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a string, got {short(prompt)}")
    if sign := _CONTROLS.search(prompt):
        raise ValueError(
            f"prompt must not have control characters, got {sign[0]!r} at {sign.start()}: take it "
            "out"
        )
    model.encode_prompt(prompt, length)


def _check_steps(chain: Any) -> Steps:
    return [(TEMPERATURE, None)] if chain is None else steps_of(chain)[0]


def _check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds must be whole numbers, got {short(seeds)}: use (0, 1, 2)")
    checked = tuple(as_count(seed, "a seed of seeds", 0) for seed in seeds)
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"seeds must be one or more, and different, got {short(list(seeds))}")
    return checked
