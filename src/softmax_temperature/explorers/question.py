"""A question whose answer is worked out by the cell that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from ..checks import short
from .page import as_html
from .scripts import join_scripts, read_browser


class Asking(anywidget.AnyWidget):
    """What a reader is asked, on its own. A saved notebook shows its text, and no answer."""

    def close(self) -> None:
        """Take it off the page and free it. Shown again, it is a line of text."""
        self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add what is asked as text, for pages that show a saved notebook without a kernel."""
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle
        # In full: some versions of anywidget cut the text short.
        return data | {"text/plain": repr(self)} | self._still(), metadata or {}

    def _still(self) -> dict[str, str]:
        """Return what is asked in the richest form, without the answer."""
        raise NotImplementedError


class Question(Asking):
    """Ask a question with choices as buttons, and tell nothing before one is pressed.

    Which choice is right is not written down but computed, so that a quiz can't be wrong.

    Parameters
    ----------
    text : str
        The question.
    choices : mapping of str to bool
        What can be answered, and whether it is true. Exactly one is.
    why : str, default ""
        The reason, which is shown with the right choice.
    replies : mapping of str to str, optional
        What is replied to wrong choices: what would then be so, as the cell has worked it out.

    Attributes
    ----------
    answered : str or None
        What was chosen last, in the browser or from code; None before that.

    Raises
    ------
    TypeError
        If `text`, a choice, `why` or a reply is not a string, or a choice is neither true nor
        false.
    ValueError
        If `text`, a choice or a reply is blank, there are fewer than two choices, or not exactly
        one is true; if a reply is to what is no wrong choice; if, later, `answered` is
        set to what is none of the choices.

    Examples
    --------
    >>> from softmax_temperature import softmax
    >>> p1, p2 = (softmax([5.0, 4.5, 3.0], T)[0] for T in (1, 2))
    >>> Question("At T = 2, does the leader gain or lose?", {"gains": p2 > p1, "loses": p2 < p1})
    Question: At T = 2, does the leader gain or lose? (gains / loses)

    A wrong choice has a consequence, which can be worked out, too:

    >>> more = f"Then p would be above {p1:.2f} at T = 2, and the others would share less."
    >>> Question(
    ...     "Does it gain?", {"yes": p2 > p1, "no": p2 < p1}, f"It is {p2:.2f}.", {"yes": more}
    ... )
    Question: Does it gain? (yes / no)
    """

    # As text: a path would be watched, and would keep each question alive for good.
    _esm = join_scripts('import { question } from "./question.js";\nexport default question;\n')
    _css = read_browser("question.css")
    _asked: Any = traitlets.Dict().tag(sync=True)
    answered: Any = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        text: str,
        choices: Mapping[str, bool],
        why: str = "",
        replies: Mapping[str, str] | None = None,
    ) -> None:
        check_text(text, "text")
        answer = _check_choices(choices)
        if not isinstance(why, str):
            raise TypeError(f"why must be a string, got {short(why)}: leave it out to give none")
        checked = _check_replies({} if replies is None else replies, choices, answer)
        asked = {"text": text, "choices": list(choices), "answer": answer, "why": why}
        super().__init__(_asked=asked | {"replies": checked})

    def __repr__(self) -> str:
        """Give the question and its choices, but not the answer."""
        return f"Question: {self._asked['text']} ({' / '.join(self._asked['choices'])})"

    def _still(self) -> dict[str, str]:
        items = "".join(f"<li>{as_html(choice)}</li>" for choice in self._asked["choices"])
        return {"text/html": f"<p>{as_html(self._asked['text'])}</p><ul>{items}</ul>"}

    @traitlets.validate("answered")
    def _check_answered(self, proposal: Any) -> Any:
        choice, choices = proposal["value"], self._asked["choices"]
        if choice is not None and choice not in choices:
            raise ValueError(f"answered must be one of {short(choices)}, got {short(choice)}")
        return choice


def _check_choices(choices: Mapping[str, bool]) -> str:
    """Return the one choice that is true."""
    if not isinstance(choices, Mapping):
        raise TypeError(
            f"choices must map each label to True or False, got {short(choices)}: use a dict"
        )
    for label, value in choices.items():
        check_text(label, "a label of choices")
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"choices must be True or False, got {short(value)} for {short(label)}: compare "
                "two numbers"
            )
    if len(choices) < 2:
        raise ValueError(f"choices must be two or more, got {short(dict(choices))}: add another")
    right = [label for label, value in choices.items() if value]
    if len(right) != 1:
        raise ValueError(
            f"choices must have exactly one that is true, got {len(right)} in "
            f"{short(dict(choices))}: word them so that they exclude each other and leave none out"
        )
    return right[0]


def _check_replies(
    replies: Mapping[str, str], choices: Mapping[str, bool], answer: str
) -> dict[str, str]:
    if not isinstance(replies, Mapping):
        raise TypeError(
            f"replies must map wrong choices to sentences, got {short(replies)}: use a dict"
        )
    for label, reply in replies.items():
        if label not in choices:
            raise ValueError(
                f"replies must be to choices, got one to {short(label)}: use labels of "
                f"{short(list(choices))}"
            )
        if label == answer:
            raise ValueError(
                f"replies must be to wrong choices, got one to {short(label)}, which is right: "
                "say it in why"
            )
        check_text(reply, "a reply of replies")
    return dict(replies)


def check_text(value: Any, name: str) -> None:
    """Check that there is something to read."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {short(value)}")
    if not value.strip():
        raise ValueError(f"{name} must not be blank, got {short(value)}: write what to read")
