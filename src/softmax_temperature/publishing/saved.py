"""The widgets that an executed notebook has saved, as HTML: explorers and questions stay live."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from html import escape
from itertools import groupby
from typing import Any

from ..explorers.base import script
from ..explorers.challenge import Challenge
from ..explorers.data import Stops, nearest_stop
from ..explorers.page import KINDS, with_data
from ..explorers.prediction import Prediction
from ..explorers.question import Question

Outputs = list[dict[str, Any]]
Clean = Callable[[str], str]

AGAIN = "use jupyter nbconvert --execute --to live"

_LENGTH = re.compile(r"\d*\.?\d+(px|em|rem|ch|%|vw)")
_ID = "IPY_MODEL_"
_TEXTS = ("LabelModel", "HTMLModel", "HTMLMathModel")
_BOXES = ("BoxModel", "HBoxModel", "VBoxModel", "GridBoxModel")
_PAGES = ("AccordionModel", "TabModel", "StackModel")
_STANDARD = ("@jupyter-widgets/controls", "@jupyter-widgets/base", "@jupyter-widgets/output")


class SavedWidgets:
    """The states of a notebook's widgets, by their ids.

    Parameters
    ----------
    saved : mapping of str to mapping
        What ``metadata.widgets`` of the notebook has, each model with its state and its buffers.
    """

    def __init__(self, saved: Mapping[str, Any]) -> None:
        self._states = {name: _with_buffers(model) for name, model in saved.items()}
        self._twins = self._linked()
        # Numbers for groups of sliders: ids differ from run to run, and a page should not.
        self._links: dict[str, int] = {}
        goals = [state for state in self._states.values() if "_goal" in state]
        bodies = [str(state["_body"]).removeprefix(_ID) for state in goals]
        self._challenged = {body: number for number, body in enumerate(dict.fromkeys(bodies))}

    def html(self, name: str, clean: Clean) -> tuple[str, Outputs]:
        """Return a widget as HTML, with places for the outputs in it, and these in their order.

        What a notebook has written as HTML itself goes through `clean`.

        Raises
        ------
        ValueError
            If the widget is not saved, or was saved by another version of this package.
        NotImplementedError
            If it cannot be shown without scripts of its own.
        """
        if name not in self._states:
            raise ValueError(
                f"shows a widget whose state is not saved: {AGAIN}, or save it with its widgets"
            )
        state = self._states[name]
        model = state.get("_model_name", "")
        if not self._is_no_explorer(name):
            return self._explorer(state, clean)
        if "_asked" in state:
            _check_version(state, Question._esm)
            shown = {"asked": state["_asked"], "answered": state.get("answered")}
            return with_data("softmax-temperature-question", shown), []
        if "_curve" in state:
            _check_version(state, Prediction._esm)
            shown = {"curve": state["_curve"], "drawn": state.get("drawn")}
            return with_data("softmax-temperature-prediction", shown), []
        if "_goal" in state:
            _check_version(state, Challenge._esm)
            (body,) = _ids([state["_body"]])
            shown = {"goal": state["_goal"], "of": self._challenged[body]}
            return with_data("softmax-temperature-challenge", shown), []
        if model in _BOXES:
            return self._box(
                model, [self.html(child, clean) for child in _ids(state.get("children", ()))]
            )
        if model in _PAGES:
            titles = [*state.get("titles", ()), *[""] * len(state.get("children", ()))]
            children = [self.html(child, clean) for child in _ids(state.get("children", ()))]
            named = [
                (f"<p><b>{escape(title)}</b></p>{text}" if title else text, outputs)
                for title, (text, outputs) in zip(titles, children)
            ]
            return self._box(model, named)
        if model == "OutputModel":
            outputs = as_printed(state.get("outputs", ()))
            return f'<template data-outputs="{len(outputs)}"></template>', outputs
        if state.get("_model_module") not in _STANDARD:
            raise NotImplementedError(f"a widget of {state.get('_model_module', 'its own')}")
        return _plain(model, state, clean), []

    def _box(self, model: str, children: list[tuple[str, Outputs]]) -> tuple[str, Outputs]:
        across = " across" if model == "HBoxModel" else ""
        texts = "".join(text for text, _ in children)
        return f'<div class="box{across}">{texts}</div>', [
            output for _, outputs in children for output in outputs
        ]

    def _explorer(self, state: Mapping[str, Any], clean: Clean) -> tuple[str, Outputs]:
        body = self._body(state)
        view = self._states[body]
        data: dict[str, Any] = view["data"]
        if data["kind"] not in KINDS:
            raise ValueError(_VERSION)
        _check_version(view, script(data["kind"]))
        (slider,) = _ids([view["slider"]])
        parts = {name: 0 for name in self._states if self._is_head(name, body)}
        parts |= {slider: 1, body: 2}
        places, outputs = "", []
        # A slider stays in sight as long as what follows it, and no other explorer, is.
        for own, names in groupby(_ids(state.get("children", ())), self._is_no_explorer):
            children = [
                self._part(child, parts, clean) if own else self.html(child, clean)
                for child in names
            ]
            text, shown_in_it = self._box("VBoxModel", children)
            places += text
            outputs += shown_in_it
        first = self._state_at(slider, view["state"], data["stops"])
        shown = {**data, "state": first, "link": self._link(slider)}
        if self._challenged:
            # All have it, so that one can be said to be like another.
            shown["own"] = self._challenged.get(body)
        if shared := view.get("shared"):
            (name,) = _ids([shared])
            shown["model"] = self._states[name]["data"]
        width = self._states.get(_ids([state.get("layout")])[0], {}).get("max_width")
        style = f' style="max-width: {width}"' if _LENGTH.fullmatch(width or "") else ""
        inside = f"<div{style}>{places}</div>"
        return with_data("softmax-temperature-explorer", shown, inside), outputs

    def _body(self, state: Mapping[str, Any]) -> str:
        """Return the view that has the data of an explorer, wherever it stands in it."""
        for child in _ids(state.get("children", ())):
            inner = self._states.get(child, {})
            if inner.get("data"):
                return child
            if inner.get("body"):
                return str(inner["body"]).removeprefix(_ID)
        raise ValueError(f"shows an explorer that is not saved with all its parts: {AGAIN}")

    def _is_head(self, name: str, body: str) -> bool:
        return self._states[name].get("body") == _ID + body

    def _is_no_explorer(self, name: str) -> bool:
        classes = self._states.get(name, {}).get("_dom_classes", ())
        return "softmax-temperature-explorer" not in classes

    def _part(self, name: str, parts: Mapping[str, int], clean: Clean) -> tuple[str, Outputs]:
        """Return a place for what the page's script makes, or another widget, as it is."""
        if name in parts:
            return f'<div data-part="{parts[name]}"></div>', []
        state = self._states.get(name, {})
        if state.get("_model_name") in _BOXES and not state.get("_dom_classes"):
            children = [
                self._part(child, parts, clean) for child in _ids(state.get("children", ()))
            ]
            return self._box(state["_model_name"], children)
        return self.html(name, clean)

    def _state_at(self, slider: str, state: dict[str, Any], stops: Stops) -> Any:
        """Return the state that was left: a slider that was dragged or set has told only itself."""
        # A notebook's menu does not save a value of 0.
        value = self._states.get(slider, {}).get("value", 0.0)
        here, there = (nearest_stop(stops, float(T)) for T in (value, state["T"]))
        first, step = stops["first"], stops["step"]
        # Without the rounding of steps, as the script has its stops.
        return state if here == there else state | {"T": float(f"{first + step * here:.12g}")}

    def _link(self, slider: str) -> int:
        return self._links.setdefault(self._twins.get(slider, slider), len(self._links))

    def _linked(self) -> dict[str, str]:
        """Return for each linked slider one that stands for its group."""
        twins: dict[str, str] = {}
        for state in self._states.values():
            if state.get("_model_name") in ("LinkModel", "DirectionalLinkModel"):
                ends = [state["source"], state["target"]]
                first, second = (twins.get(name, name) for name in _ids(end[0] for end in ends))
                if all(end[1] in ("value", "index") for end in ends):
                    members = {name for name, group in twins.items() if group == second}
                    twins |= dict.fromkeys(members | {first, second}, first)
        return twins


def as_printed(outputs: Sequence[Any]) -> Outputs:
    """Return outputs with what was printed as a terminal shows it, in one piece."""
    joined: Outputs = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(copy.deepcopy(output))
    for output in joined:
        if output["output_type"] == "stream":
            output["text"] = "\n".join(map(_last_state, output["text"].split("\n")))
    # A line that is left empty shows nothing.
    return [
        output for output in joined if output["output_type"] != "stream" or output["text"].strip()
    ]


def _last_state(line: str) -> str:
    """Return a line as it was left, where it was written over."""
    while "\b" in line.lstrip("\b"):
        line = re.sub("[^\b]\b", "", line.lstrip("\b"), count=1)
    shown = ""
    for state in line.lstrip("\b").split("\r"):
        # What a code colours has no length to compare.
        shown = (state or shown) if "\x1b" in line else state + shown[len(state) :]
    return shown


_VERSION = f"was executed with another version of softmax_temperature: {AGAIN}"


def _check_version(state: Mapping[str, Any], now: str) -> None:
    # Data and scripts belong together: the page has those of now.
    if state.get("_esm") != now:
        raise ValueError(_VERSION)


def _ids(references: Any) -> list[str]:
    return [str(reference).removeprefix(_ID) for reference in references]


def _with_buffers(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's state with its buffers in their places, as the base64 that they are in."""
    # What a notebook's menu has saved has no defaults, and no names, in it.
    names = {f"_{key}": model[key] for key in ("model_name", "model_module") if key in model}
    state: dict[str, Any] = names | copy.deepcopy(dict(model["state"]))
    for buffer in model.get("buffers", ()):
        place: Any = state
        *path, last = buffer["path"]
        # One that has no place is left from an earlier state.
        with suppress(KeyError, IndexError, TypeError):
            for step in path:
                place = place[step]
            place[last] = buffer["data"]
    return state


def _plain(model: str, state: Mapping[str, Any], clean: Clean) -> str:
    """Return what one of Jupyter's own controls shows: without Python it can't be used."""
    name = escape(state.get("description", ""))
    value = state.get("value")
    if model in _TEXTS:
        text = escape(value or "") if model == "LabelModel" else clean(value or "")
        return f"<div>{name} {text}</div>"
    if model == "ImageModel":
        kind = escape(state.get("format", "png"))
        return f'<img src="data:image/{kind};base64,{escape(value or "")}" alt="{name}">'
    if model == "ButtonModel":
        return ""
    if "_options_labels" in state:
        index = state.get("index") or 0
        labels = state["_options_labels"]
        chosen = [labels[i] for i in (index if isinstance(index, (list, tuple)) else [index])]
        value = ", ".join(map(str, chosen))
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    text = "" if value is None or model == "PasswordModel" else escape(f"{value}")
    return f"<div>{name} <b>{text}</b></div>" if name or text else ""
