"""Ready-made tables of tokens and logits."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np

from .checks import short
from .core import TokenTable
from .reading.files import read_csv_text

_DATA = files(__package__) / "data"
_TOYS = ("wonderful-day", "wonderful-day-large")
_GPT2 = ("gpt2-spaceship", "gpt2-deserted-planet", "gpt2-artificial-intelligence")
_ANSWERS = ("gpt-4o-mini-tv", "gpt-4o-mini-tv-show-is")


def load_example(name: str) -> TokenTable:
    """Load one of the tables that come with the package, each with its prompt.

    Parameters
    ----------
    name : str
        ``"wonderful-day"``: six candidates for "It was a wonderful _____", with small logits;
        ``"wonderful-day-large"``: the same tokens, with logits that lie far apart.

        ``"gpt2-spaceship"``: all 50,257 logits of GPT-2 small [1]_ after "As the spaceship was
        approaching the"; ``"gpt2-deserted-planet"``: after "On the deserted planet they discovered
        a"; ``"gpt2-artificial-intelligence"``: after "Artificial Intelligence is transforming the".

        ``"gpt-4o-mini-tv"``: the three logprobs in a recorded answer of gpt-4o-mini [2]_, which was
        asked to complete "My least favorite TV"; ``"gpt-4o-mini-tv-show-is"``: the same for "My
        least favorite TV show is".

    Raises
    ------
    ValueError
        If there is no such example; the message lists the names there are.

    References
    ----------
    .. [1] A. Radford and others, "Language models are unsupervised multitask learners", OpenAI,
       2019; logits as recorded in poloclub/transformer-explainer (``data/README.md``).
    .. [2] openai/openai-cookbook, ``examples/Using_logprobs.ipynb``.

    Examples
    --------
    >>> load_example("wonderful-day")
    TokenTable(6 tokens: 'day', 'space', 'furniture', ...)
    """
    names = _TOYS + _GPT2 + _ANSWERS
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {short(name)}")
    if name in _TOYS:
        text = (_DATA / f"{name}.csv").read_text(encoding="utf-8")
        tokens, logits, _ = read_csv_text(text)
        return TokenTable(tokens, logits, "It was a wonderful ")
    if name in _GPT2:
        prompts = json.loads((_DATA / "gpt2" / "prompts.json").read_text(encoding="utf-8"))
        key = name.removeprefix("gpt2-")
        with (_DATA / "gpt2" / "logits.npz").open("rb") as file, np.load(file) as recorded:
            return TokenTable(_vocabulary(), recorded[key], prompts[key])
    answers = json.loads((_DATA / "openai_logprobs.json").read_text(encoding="utf-8"))
    answer = answers[_ANSWERS.index(name)]
    # A recorded answer is a new text: its tokens begin without a space.
    return TokenTable.from_logprobs(answer["response"], prompt=f"{answer['prompt']} ")


def notice_of(table: TokenTable) -> str:
    """Return the notice that has to go along with a copy of a table: of GPT-2's vocabulary, a text.

    Of logits alone nothing is known here, but who copies the vocabulary copies those recorded, too.
    """
    # Reading the vocabulary takes longer than most tables do.
    if len(table.tokens) != 50_257 or table.tokens != _vocabulary():
        return ""
    return (_DATA / "gpt2" / "LICENSE").read_text(encoding="utf-8")


@cache
def _vocabulary() -> tuple[str, ...]:
    text = (_DATA / "gpt2" / "vocabulary.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))
