"""Ready-made tables of tokens and logits."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from .checks import short
from .core import TokenTable
from .reading.files import read_csv_text

_DATA = files(__package__) / "data"
_TOYS = ("wonderful-day", "wonderful-day-large")
_GPT2 = ("gpt2-spaceship", "gpt2-deserted-planet", "gpt2-artificial-intelligence")
_SMOLLM2 = (
    *("smollm2-wonderful", "smollm2-capital", "smollm2-colour"),
    *("smollm2-code", "smollm2-story", "smollm2-joke"),
)
_ANSWERS = ("gpt-4o-mini-tv", "gpt-4o-mini-tv-show-is")
_REPLIES = ("smollm2-moon", "smollm2-moon-bare")


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

        ``"smollm2-wonderful"``: all 49,152 logits of a chat model, SmolLM2-135M-Instruct [2]_,
        after "It was a wonderful"; ``"smollm2-capital"``: after "The capital of France is";
        ``"smollm2-colour"``: after "My favourite colour is"; ``"smollm2-code"``: after the first
        line of a function that adds; ``"smollm2-story"``: after "Once upon a time, there was a";
        ``"smollm2-joke"``: the beginning of its answer to "Tell me a joke."

        ``"gpt-4o-mini-tv"``: the three logprobs in a recorded answer of gpt-4o-mini [3]_, which was
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
    .. [2] L. Ben Allal and others, "SmolLM2: when smol goes big", 2025. arXiv:2502.02737; computed
       by `load_chat_model`, rounded to 1/4096.
    .. [3] openai/openai-cookbook, ``examples/Using_logprobs.ipynb``.

    Examples
    --------
    >>> load_example("wonderful-day")
    TokenTable(6 tokens: 'day', 'space', 'furniture', ...)
    """
    names = _TOYS + _GPT2 + _SMOLLM2 + _ANSWERS
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {short(name)}")
    if name in _TOYS:
        text = (_DATA / f"{name}.csv").read_text(encoding="utf-8")
        tokens, logits, _ = read_csv_text(text)
        return TokenTable(tokens, logits, "It was a wonderful ")
    if name in _GPT2 + _SMOLLM2:
        model, _, key = name.partition("-")
        folder = _DATA / model
        prompts = json.loads((folder / "prompts.json").read_text(encoding="utf-8"))
        with (folder / "logits.npz").open("rb") as file, np.load(file) as recorded:
            return TokenTable(_vocabulary(model), recorded[key], prompts[key])
    answers = json.loads((_DATA / "openai_logprobs.json").read_text(encoding="utf-8"))
    answer = answers[_ANSWERS.index(name)]
    # A recorded answer is a new text: its tokens begin without a space.
    return TokenTable.from_logprobs(answer["response"], prompt=f"{answer['prompt']} ")


def load_answer_example(name: str) -> dict[str, Any]:
    """Load a whole answer of a chat model, in the shape in which an API gives it.

    Parameters
    ----------
    name : str
        ``"smollm2-moon"``: what SmolLM2-135M-Instruct [1]_ answers at temperature 1 to "Who was the
        first person on the moon?", with the 12 likeliest tokens of each place;
        ``"smollm2-moon-bare"``: the same reply, with what stands in each place after the bare
        question, without the model's chat template.

    Returns
    -------
    dict
        An answer of Chat Completions, as `AnswerExplorer` and `TokenTable.from_logprobs` read it,
        and the prompt beside it. Of the seeds 0 to 2 it is that whose answer is a whole sentence.

    Raises
    ------
    ValueError
        If there is no such example; the message lists the names there are.

    References
    ----------
    .. [1] L. Ben Allal and others, "SmolLM2: when smol goes big", 2025. arXiv:2502.02737; computed
       by `load_chat_model`, rounded to four digits.

    Examples
    --------
    >>> answer = load_answer_example("smollm2-moon")
    >>> TokenTable.from_logprobs(answer, position=7).to_frame().head(3).round(3)
          tokens  logits  probabilities
    0       Neil  -1.482          0.294
    1      named  -1.490          0.292
    2   actually  -1.888          0.196
    """
    if not isinstance(name, str) or name not in _REPLIES:
        raise ValueError(f"name must be one of {', '.join(_REPLIES)}, got {short(name)}")
    answers = json.loads((_DATA / "smollm2_answers.json").read_text(encoding="utf-8"))
    answer: dict[str, Any] = answers[name.removeprefix("smollm2-")]
    return answer


def notice_of(table: TokenTable) -> str:
    """Return the notice that has to go along with a copy of a table: of a vocabulary, a text.

    Of logits alone nothing is known here, but who copies the vocabulary copies those recorded, too.
    """
    # Reading the vocabulary takes longer than most tables do.
    model = {50_257: "gpt2", 49_152: "smollm2"}.get(len(table.tokens))
    if model is None or table.tokens != _vocabulary(model):
        return ""
    return (_DATA / model / "LICENSE").read_text(encoding="utf-8")


@cache
def _vocabulary(model: str) -> tuple[str, ...]:
    text = (_DATA / model / "vocabulary.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))
