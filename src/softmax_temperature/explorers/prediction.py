"""A curve that a reader draws before the true one is laid over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from ..checks import as_temperatures, short
from ..core import TokenTable, check_table, likeliest, softmax
from ..drawing.colours import colour_of
from ..drawing.drawn import drawn_layouts, drawn_still
from ..phrases import phrase
from ..words import in_text
from .page import to_base64
from .question import Asking, check_text
from .scripts import join_scripts, read_browser

# So many points make a curve, and every 25th has a handle.
_POINTS = 101
_HANDLES = 5


class Prediction(Asking):
    """Let a reader draw a token's probability against T before the true curve is shown.

    The line is drawn by pointer, or by five handles that arrow keys move. Of the true curve one
    point is given, that of temperature 1. What is shown then is the area between both curves, how
    far they are apart on average, and where most.

    Parameters
    ----------
    table : TokenTable
        The tokens and their logits.
    token : str
        Whose probability is drawn.
    text : str, optional
        What is asked; by default how the token's probability changes with the temperature.
    temperatures : pair of float, default (0, 2)
        From which temperature to which.

    Attributes
    ----------
    drawn : list of float or None
        What was drawn at five temperatures, evenly spaced; None before the true curve is shown.

    Raises
    ------
    TypeError
        If `table` is no TokenTable, `token` or `text` is not a string, or a temperature is not a
        real number.
    ValueError
        If the table has no such token, or it cannot be drawn; if `text` is blank; if `temperatures`
        are not two finite ones that rise; if, later, `drawn` is set to what are not five
        probabilities.

    Examples
    --------
    >>> from softmax_temperature import load_example
    >>> prediction = Prediction(load_example("wonderful-day"), "experience")
    >>> prediction
    Prediction: How does the probability of “experience” change with the temperature? Draw it.
    >>> prediction.drawn is None
    True
    """

    # As text: a path would be watched, and would keep each one alive for good.
    _esm = join_scripts(
        'import { prediction } from "./prediction.js";\nexport default prediction;\n'
    )
    _css = "".join(map(read_browser, ("question.css", "chart.css", "prediction.css")))
    _curve: Any = traitlets.Dict().tag(sync=True)
    drawn: Any = traitlets.List(default_value=None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        table: TokenTable,
        token: str,
        text: str | None = None,
        *,
        temperatures: tuple[float, float] = (0.0, 2.0),
    ) -> None:
        check_table(table)
        if not isinstance(token, str):
            raise TypeError(f"token must be a string, got {short(token)}")
        if token not in table.tokens:
            raise ValueError(
                f"token must be one of the table's, got {short(token)}: use one of "
                f"{short(list(table.tokens))}"
            )
        place = table.tokens.index(token)
        logits = table.logits.astype(np.float64)
        if logits[place] == -np.inf:
            raise ValueError(f"token must be one that can be drawn, got {short(token)}")
        word = phrase("quoted", word=in_text(token).strip() or token)
        text = phrase("draw_the_curve", word=word) if text is None else text
        check_text(text, "text")
        first, last = _check_ends(temperatures)
        stops = np.linspace(first, last, _POINTS)
        shares = [float(softmax(logits, T)[place]) for T in stops.tolist()]
        given = float(softmax(logits)[place]) if first <= 1 <= last else None
        rank = int(likeliest(logits, len(logits)).tolist().index(place))
        of_listed = "probability_of_listed" if table.unseen_mass else "probability"
        self._frame: Any = (f"{phrase(of_listed)}: {word}", (first, last), given)
        curve = {
            "text": text,
            "first": first,
            "last": last,
            "shares": shares,
            "given": given,
            "colour": colour_of(rank),
            "layouts": drawn_layouts(*self._frame),
        }
        super().__init__(_curve=curve)

    def __repr__(self) -> str:
        """Give the text."""
        return f"Prediction: {self._curve['text']}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say what the picture shows, too."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data, metadata | {"image/png": {"alt": self._curve["text"]}}

    def _still(self) -> dict[str, str]:
        return {"image/png": to_base64(drawn_still(self._curve["text"], *self._frame))}

    @traitlets.validate("drawn")
    def _check_drawn(self, proposal: Any) -> Any:
        drawn = proposal["value"]
        if drawn is None:
            return None
        if len(drawn) != _HANDLES or not all(
            isinstance(share, (int, float)) and 0 <= share <= 1 for share in drawn
        ):
            raise ValueError(f"drawn must be {_HANDLES} probabilities, got {short(drawn)}")
        return [float(share) for share in drawn]


def _check_ends(temperatures: Any) -> tuple[float, float]:
    ends = as_temperatures(temperatures).tolist()
    if len(ends) != 2 or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise ValueError(
            f"temperatures must be two finite ones that rise, got {short(ends)}: use (0, 2)"
        )
    return float(ends[0]), float(ends[1])
