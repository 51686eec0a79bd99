"""A sampler's settings as engines write them: read into a chain, and written for another engine.

In pages ``browser/engine/configs.js`` does the same.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from .chain import OFF, PRESETS, SamplerChain
from .checks import as_temperature, short
from .phrases import phrase
from .sampling import TRUNCATIONS

# What engines call a step besides its name here; a hyphen counts as an underscore.
_OTHER_NAMES = {
    "temp": "temperature",
    "typical": "typical_p",
    "typ_p": "typical_p",
    "top_nsigma": "top_n_sigma",
}
_FLAGS = {"temperature": "temp", "typical_p": "typical", "top_n_sigma": "top-nsigma"}
_SAMPLERS = {"typical_p": "typ_p"}
# As engines read them: no 1_000, which Python's int takes, and no other digits.
_NUMBER = re.compile(
    r"[-+]?(?:(\d+)|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?|nan)", re.ASCII | re.IGNORECASE
)


class ReadConfig(NamedTuple):
    """What an engine makes of a text, and what of the text is not in the chain."""

    chain: SamplerChain
    notes: list[str]


class WrittenConfig(NamedTuple):
    """What to give to an engine, and what of the chain it does not carry over."""

    text: str
    notes: list[str]


def read_config(text: str, engine: str) -> ReadConfig:
    """Return the chain that an engine runs when it is given these settings.

    What the text leaves out has the engine's default, so that the same text can be different chains
    in two engines.

    Parameters
    ----------
    text : str
        A JSON object, such as a request or a ``generation_config.json``, or flags of a command
        line.
    engine : {"huggingface", "llama.cpp", "vllm"}
        Whose settings they are. Orders and defaults are those of `SamplerChain.preset`.

    Returns
    -------
    ReadConfig
        The `chain`, and `notes`: what is not in it, a sentence each.

    Raises
    ------
    TypeError, ValueError
        If `text` is not a string, has nothing in it, or is neither of the two forms; if there is no
        such engine; if a value is refused.

    Notes
    -----
    Which name is which step; where a cell is empty, the engine has no such step:

    ==================  ===================  ============================  ===============
    step                Hugging Face [1]_    llama.cpp [2]_                vLLM [3]_
    ==================  ===================  ============================  ===============
    ``temperature``     ``temperature``      ``--temp``, ``temperature``   ``temperature``
    ``top_k``           ``top_k``            ``--top-k``, ``top_k``        ``top_k``
    ``top_p``           ``top_p``            ``--top-p``, ``top_p``        ``top_p``
    ``min_p``           ``min_p``            ``--min-p``, ``min_p``        ``min_p``
    ``typical_p``       ``typical_p``        ``--typical``, ``typical_p``
    ``top_n_sigma``                          ``--top-nsigma``,
                                             ``top_n_sigma``
    ``epsilon_cutoff``  ``epsilon_cutoff``
    ``eta_cutoff``      ``eta_cutoff``
    the order           fixed                ``--samplers``, ``samplers``  fixed
    ==================  ===================  ============================  ===============

    Hugging Face draws only if ``do_sample`` is true. Without it the chain is a temperature of 0.

    References
    ----------
    .. [1] huggingface/transformers, ``GenerationConfig`` in ``generation/configuration_utils.py``,
       5.24 of November 2026.
    .. [2] ggml-org/llama.cpp, "Sampling params" in ``tools/server/README.md``, read in November
       2026.
    .. [3] vllm-project/vllm, ``SamplingParams`` in ``vllm/sampling_params.py``, 0.24 of mid-2026.

    Examples
    --------
    >>> read_config('{"temperature": 0.7, "top_p": 0.9}', "vllm").chain
    SamplerChain([('temperature', 0.7), ('top_p', 0.9)])
    >>> read_config("--temp 0.7 --top-p 0.9", "llama.cpp").chain
    SamplerChain([('top_k', 40), ('top_p', 0.9), ('min_p', 0.05), ('temperature', 0.7)])
    >>> read_config('{"temperature": 0.7, "seed": 3}', "vllm").notes
    ['Left out, since it is neither a temperature nor a cut: seed.']
    """
    _check_engine(engine)
    given = _settings(text)
    order = PRESETS[engine]
    values: dict[str, Any] = {}
    foreign, others = [], []
    for name, value in given.items():
        if name in order:
            if value is not None:
                # One number: a row of them is no setting.
                values[name] = as_temperature(value) if name == "temperature" else value
        elif name in TRUNCATIONS:
            foreign.append(name)
        elif (name, engine) not in (("do_sample", "huggingface"), ("samplers", "llama.cpp")):
            others.append(name)
    notes = [phrase("step_left_out", engine=engine, name=name) for name in foreign]
    if others:
        left_out = "name_left_out" if len(others) == 1 else "names_left_out"
        notes.append(phrase(left_out, names=", ".join(others)))
    chain = SamplerChain.preset(engine, **values)
    if engine == "huggingface" and given.get("do_sample") is not True:
        chain = SamplerChain([("temperature", 0.0)])
        notes.insert(0, phrase("without_do_sample"))
    if engine == "llama.cpp" and "samplers" in given:
        steps = dict(chain)
        named = _in_order(given["samplers"])
        chain = SamplerChain((name, steps[name]) for name in named if name in steps)
    return ReadConfig(chain, notes + _bounds(dict(chain).get("temperature", 1.0), engine))


def write_config(chain: SamplerChain, engine: str) -> WrittenConfig:
    """Return the settings that make an engine run a chain, as far as it can.

    What the engine cuts by default and the chain does not is switched off. An engine that takes the
    temperature first gets, for min-p p before a temperature T, min-p p^(1/T), which cuts at the
    same token.

    Parameters
    ----------
    chain : SamplerChain
        The steps, each once at most.
    engine : {"huggingface", "llama.cpp", "vllm"}
        For whom: see `read_config`. For llama.cpp these are flags, for the others a JSON object.

    Returns
    -------
    WrittenConfig
        The `text`, and `notes`: what does not carry over, a sentence each.

    Raises
    ------
    TypeError, ValueError
        If `chain` is not a SamplerChain, has a step twice, or a temperature that is infinite or
        differs from row to row; if there is no such engine.

    Examples
    --------
    >>> chain = SamplerChain([("temperature", 0.7), ("top_p", 0.9)])
    >>> write_config(chain, "huggingface").text
    '{"do_sample": true, "temperature": 0.7, "top_k": 0, "top_p": 0.9}'
    >>> write_config(chain, "llama.cpp").text
    '--top-p 0.9 --temp 0.7 --samplers "temperature;top_p"'
    >>> last = SamplerChain([("top_p", 0.9), ("temperature", 0.7)])
    >>> write_config(last, "vllm").notes
    ['Not in this order: vllm takes temperature → top_p, and so can keep other tokens.']
    """
    _check_engine(engine)
    given = _steps_once(chain)
    order = PRESETS[engine]
    notes = [
        phrase("step_left_out", engine=engine, name=name) for name in given if name not in order
    ]
    wanted = [name for name in given if name in order]
    if "temperature" not in given:
        # Some engine has another default.
        given["temperature"] = 1.0
        wanted.append("temperature")
    if engine == "huggingface" and given["temperature"] == 0:
        return WrittenConfig('{"do_sample": false}', notes)
    if engine != "llama.cpp" and given["temperature"] > 0 and "min_p" in wanted:
        notes += _heat_min_p(given, wanted)
    run = [name for name in order if name in wanted]
    # A temperature of 1 can stand anywhere.
    idle = {"temperature"} if given["temperature"] == 1 else set()
    in_order = [n for n in wanted if n not in idle] == [n for n in run if n not in idle]
    values = {name: given[name] for name in run}
    if in_order or engine != "llama.cpp":
        # What its list of samplers does not have is off there.
        on = [name for name in OFF if order.get(name) is not None]
        off = {name: OFF[name][0] for name in on}
        values = {name: (off | values)[name] for name in order if name in off | values}
    if engine == "llama.cpp":
        flags = [f"--{_FLAGS.get(name, name.replace('_', '-'))} {values[name]}" for name in values]
        if not in_order:
            flags.append(f'--samplers "{";".join(_SAMPLERS.get(name, name) for name in wanted)}"')
        return WrittenConfig(" ".join(flags), notes)
    if not in_order:
        # These keep the likeliest, by ranks and by a gap: in any order the same ones stay.
        same = set(wanted) <= {"temperature", "top_k", "min_p"}
        outcome = "other_order_same_tokens" if same else "other_order"
        notes.append(phrase(outcome, engine=engine, steps=" → ".join(run)))
    sampled = {"do_sample": True} if engine == "huggingface" else {}
    text = json.dumps(sampled | values)
    return WrittenConfig(text, notes + _bounds(given["temperature"], engine))


def _heat_min_p(given: dict[str, Any], wanted: list[str]) -> list[str]:
    """Change a min-p that comes before the temperature into the one that fits after it."""
    p, temperature = given["min_p"], given["temperature"]
    if temperature == 1 or wanted.index("min_p") > wanted.index("temperature"):
        return []
    # A gap of ln(1/p) between two logits is one of ln(1/p) / T after the temperature.
    given["min_p"] = float(f"{p ** (1 / temperature):.6g}")
    heated = f"{given['min_p']:g}"
    return [phrase("heated_min_p", heated=heated, p=f"{p:g}", temperature=f"{temperature:g}")]


def _check_engine(engine: str) -> None:
    if not isinstance(engine, str) or engine not in PRESETS:
        raise ValueError(f"engine must be one of {', '.join(PRESETS)}, got {short(engine)}")


def _settings(text: str) -> dict[str, Any]:
    """Return names, those of steps as they are here, and values."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {short(text)}: use json.dumps for a dict")
    if text.lstrip().startswith("{"):
        try:
            pairs = json.loads(text)
        except ValueError as problem:
            raise ValueError(phrase("not_json", text=short(text), problem=f"{problem}")) from None
    else:
        pairs = _flags(text)
    if not pairs:
        example = """'{"top_p": 0.9}' or '--top-p 0.9'"""
        raise ValueError(phrase("no_settings", text=short(text), example=example))
    names = [_named(name) for name in pairs]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(phrase("given_twice", name=twice[0], text=short(text, 200)))
    return dict(zip(names, pairs.values(), strict=True))


def _flags(text: str) -> dict[str, Any]:
    """Return the flags of a command line. What stands before the first is the command."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as problem:
        raise ValueError(phrase("not_flags", text=short(text), problem=f"{problem}")) from None
    pairs: dict[str, Any] = {}
    name = ""
    for word in words:
        if word.startswith("-") and not isinstance(_value(word), int | float):
            name, _, value = word.lstrip("-").partition("=")
            pairs[name] = _value(value) if value else None
        elif name:
            pairs[name] = _value(word)
    return pairs


def _value(word: str) -> Any:
    """Return the number that a word is, or the word."""
    number = _NUMBER.fullmatch(word)
    if not number:
        return word
    return int(word) if number[1] else float(word)


def _named(name: str) -> str:
    name = name.replace("-", "_")
    return _OTHER_NAMES.get(name, name)


def _in_order(samplers: Any) -> list[str]:
    """Return the steps that llama.cpp's list of samplers has, in its order."""
    names = samplers.split(";") if isinstance(samplers, str) else samplers
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        example = '"top_k;top_p;temperature"'
        raise ValueError(phrase("no_samplers", value=short(samplers), example=example))
    return [_named(name) for name in names]


def _steps_once(chain: SamplerChain) -> dict[str, Any]:
    if not isinstance(chain, SamplerChain):
        raise TypeError(
            f"chain must be a SamplerChain, got {short(chain)}: make one with SamplerChain(steps)"
        )
    steps = dict(chain)
    if len(steps) < len(chain):
        raise ValueError(phrase("step_twice", chain=short(chain, 200)))
    temperature = steps.get("temperature", 1.0)
    if isinstance(temperature, tuple) or temperature == np.inf:
        raise ValueError(phrase("no_finite_temperature", chain=short(chain, 200)))
    return steps


def _bounds(temperature: float, engine: str) -> list[str]:
    """Say what an engine makes of a temperature that it does not take as it is."""
    if engine != "vllm" or temperature == 0 or 0.01 <= temperature <= 2:
        return []
    if temperature > 2:
        return [phrase("vllm_refuses", temperature=f"{temperature:g}")]
    return [phrase("vllm_raises", temperature=f"{temperature:g}")]
