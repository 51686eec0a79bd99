"""A whole answer: how sure a model was of each of its tokens, and what else it could have said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import as_count, as_temperature, short
from ..core import TokenTable, softmax
from ..reading.replies import Place, Reply, read_reply
from ..words import drawn_anew, in_text, of_reply, token_labels
from .base import STOPS, Explorer, View, as_stops, script, styles
from .data import AnswerData, PlaceData, stops_of
from .page import SURPRISING, as_html, underlined


class _Answer(View):
    """The answer, or what stands above the slider."""

    _esm = script("answer")
    _css = styles("answer")


class AnswerExplorer(Explorer):
    """Show a whole answer of a model, each token tinted by how surprising it was.

    A click on a token opens the candidates of its place, with the probability of all that are not
    listed; the slider reshapes those that are. Nothing is asked of a model or a server.

    Parameters
    ----------
    answer : answer of an API, str, bytes or Reply
        Every answer that `TokenTable.from_logprobs` reads, with one position or many; or what
        `model.score(text)` gives of a text of your own.
    temperatures : array_like, shape (n_temperatures,), optional
        The stops of the slider, evenly spaced and rising; by default 0 to 2 in steps of 0.01.
    value : float, default 1.0
        The first temperature.
    choice : int, default 0
        Which choice of an answer that has several.
    prompt : str, default ""
        What was asked: it stands before the answer.

    Attributes
    ----------
    temperature : float
        From 0 to infinity. Setting it moves slider and bars; it can be observed like any trait.
    text : str
        The answer's text.
    bits : ndarray, shape (n_tokens,)
        The surprise of each token at temperature 1, NaN where the answer has no logprob of it.
    perplexity : float
        As how open a fair choice the tokens were on average: 2 to the power of the mean surprise.
    slider : ipywidgets.FloatSlider
        The slider itself, for linking it to other widgets.

    Raises
    ------
    TypeError, ValueError
        If the answer has no logprobs, or not those of a whole reply, or does not say which tokens
        were drawn (the message names what is missing); if a temperature or `prompt` is none.

    Notes
    -----
    The logprobs have to be those from before the temperature, as for `TokenTable.from_logprobs`.
    At other temperatures all shares are among the listed tokens, since of the others nothing is
    known but what they have together, at temperature 1.

    References
    ----------
    S. Gehrmann, H. Strobelt and A. M. Rush, "GLTR: statistical detection and visualization of
    generated text", 2019. arXiv:1906.04043. Its ranks are those that a click shows.

    Examples
    --------
    >>> from softmax_temperature import load_story_model
    >>> explorer = AnswerExplorer(load_story_model().score("Once upon a time, there was a cat."))
    >>> explorer
    AnswerExplorer('Once upon a time, there was a cat.', 11 tokens, temperature=1.00)
    >>> explorer.bits.round(1)[:5]
    array([0.4, 0. , 0. , 0. , 0. ])
    >>> explorer.choose(10).to_frame(0.5).head(2).round(3)
       tokens  logits  probabilities
    0   named  -0.117          0.995
    1       .  -2.859          0.004
    """

    _heading = "reply_heading"
    _note = "reply_note"

    def __init__(
        self,
        answer: Any,
        temperatures: ArrayLike = STOPS,
        value: float = 1.0,
        *,
        choice: int = 0,
        prompt: str = "",
    ) -> None:
        stops = as_stops(temperatures)
        value = as_temperature(value, "value")
        if not isinstance(prompt, str):
            raise TypeError(f"prompt must be a string, got {short(prompt)}")
        reply = answer if isinstance(answer, Reply) else read_reply(answer, choice)
        self._places = reply.places
        self._asked = prompt
        self.bits: NDArray[np.float64] = np.array([place.bits for place in reply.places])
        data: AnswerData = {
            "kind": "answer",
            "stops": stops_of(stops),
            "prompt": prompt,
            "places": [_data_of(place) for place in reply.places],
        }
        super().__init__(_Answer, data, {"chosen": -1}, stops, value, 800)

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(place.text for place in self._places)

    @property
    def perplexity(self) -> float:
        """As how open a fair choice the tokens were on average."""
        return float(np.exp2(_mean(self.bits)))

    def choose(self, position: int) -> TokenTable:
        """Choose a token, as a click on it does, and return the candidates of its place.

        Parameters
        ----------
        position : int
            The token's place in the answer, from 0.

        Returns
        -------
        TokenTable
            The listed tokens with their logprobs, what is not listed as `unseen_mass`, and the
            text before as its prompt.
        """
        position = as_count(position, "position", 0)
        if position >= len(self._places):
            raise ValueError(
                f"position must be below {len(self._places)}, the answer's number of tokens, got "
                f"{position}"
            )
        place = self._places[position]
        if not place.tokens:
            raise ValueError(f"position must be one with candidates, got {position}: it has none")
        self._set(chosen=position)
        before = self._asked + "".join(one.text for one in self._places[:position])
        return TokenTable(place.tokens, place.logprobs, before, unseen_mass=place.unseen)

    def __repr__(self) -> str:
        """Give the beginning, the number of tokens and the current temperature."""
        return (
            f"AnswerExplorer({short(self.text)}, {len(self._places)} tokens, "
            f"temperature={self._temperature_text})"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Add the answer, for pages that show a saved notebook without a kernel."""
        data: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self._still()}

    def _still(self) -> str:
        """Return the answer as HTML without scripts and styles."""
        asked = f"<b>{as_html(self._asked)}</b>" if self._asked else ""
        text = underlined([place.text for place in self._places], self.bits)
        return (
            f"<p>{asked}{text}</p><p>{as_html(self._caption())} Underlined words surprise by "
            f"{SURPRISING} bits or more.</p>"
        )

    def _prompt(self) -> str:
        return in_text(self._asked or self.text)

    def _caption(self) -> str:
        known = [place for place in self._places if place.drawn is not None]
        others = sum(place.drawn != 0 for place in known)
        unknown = len(self._places) - len(known)
        again = [softmax(place.logprobs, self.temperature)[place.drawn] for place in known]
        listed = any(place.unseen for place in known)
        said = of_reply(_mean(self.bits), others, len(known), unknown)
        anew = drawn_anew(self._temperature_text, float(sum(again)), len(known), listed)
        return f"{said}\n{anew}"

    def _data(self, narrow: bool) -> Any:
        return self._body.data


def _mean(bits: NDArray[np.float64]) -> float:
    return float(bits[~np.isnan(bits)].mean())


def _data_of(place: Place) -> PlaceData:
    own = place.text if place.drawn is None else place.tokens[place.drawn]
    (label,) = token_labels([own])
    return {
        "text": place.text,
        "word": in_text(own).strip() or label,
        "names": token_labels(place.tokens),
        "logprobs": list(place.logprobs),
        "drawn": -1 if place.drawn is None else place.drawn,
        "rank": place.rank or 0,
        "total": place.total or 0,
        "unseen": place.unseen,
    }
