"""Explorers as an HTML page that needs no other file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import short
from ..words import first_of_words
from .scripts import join_scripts, read_browser

# What there is of explorers: where the script of each stands, the name that it exports, and styles.
KINDS = {
    "temperature": ("explorer.js", "tableKind", ("explorer.css", "chart.css")),
    "sampler": (
        "sampler.js",
        "samplerKind",
        ("explorer.css", "chart.css", "ranks.css", "configs.css"),
    ),
    "text": ("text.js", "textKind", ("explorer.css", "tints.css", "text.css")),
    "answer": ("answer.js", "answerKind", ("explorer.css", "tints.css", "text.css", "answer.css")),
}


def page(data: dict[str, Any], heading: str, title: str, note: str, caption: str) -> str:
    """Return a page that shows an explorer, given what its JavaScript needs and its first state."""
    kind = data["kind"]
    file, name, styles = KINDS[kind]
    return fill(
        "page.html",
        script=f'import {{ startPage }} from "./page.js";\nimport {{ {name} }} from "./{file}";\n'
        f"startPage({{ {kind}: {name} }});\n",
        styles=(*styles, "page.css"),
        name=escape(heading + title),
        heading=escape(heading),
        note=escape(note),
        caption=escape(caption.replace("\n", " ")),
        explorer=with_data("softmax-temperature-explorer", data),
    )


def fill(template: str, script: str, styles: Sequence[str], **parts: str) -> str:
    """Return a page with one copy of its scripts and styles, which runs and loads nothing else."""
    script = join_scripts(script)
    digest = to_base64(hashlib.sha256(f"\n{script}".encode()).digest())
    parts |= {
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'",
        # What styles say to those who change them, no page needs, nor how they are set out.
        "style": re.sub(
            r"/\*.*?\*/\s*|(?<=[{};,:])\s+", "", "".join(map(read_browser, styles)), flags=re.S
        ),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], read_browser(template))


# A still text has no colours: words with so many bits of surprise are underlined.
SURPRISING = 4


def underlined(pieces: Sequence[str], bits: Any, fork: int = -1) -> str:
    """Return a text as HTML, its surprising words underlined; `fork` is the piece to be marked."""
    words = first_of_words(pieces)
    parts = []
    for _, places in groupby(range(len(pieces)), words.__getitem__):
        word = list(places)
        text = "".join(
            ("<b>[≠ T = 1]</b> " if i == fork else "") + as_html(pieces[i]) for i in word
        )
        parts.append(f"<u>{text}</u>" if np.nansum(bits[word]) >= SURPRISING else text)
    return "".join(parts)


def with_data(name: str, data: Any, inside: str = "") -> str:
    """Return an element, by the name of its class, that holds data for the page's script."""
    return f'<div class="{name}">{as_script(data)}{inside}</div>'


def as_script(data: Any) -> str:
    """Return the element that holds data."""
    plain = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=to_base64)
    # Escaped where it could begin a tag of a script or a comment, no token can end the element.
    escaped = re.sub("<(?=[/!sS])", r"\\u003c", plain)
    return f'<script type="application/json">{escaped}</script>'


def without_repeats(explorers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the data of a page's explorers, each without what an earlier one, ``like``, has."""
    kept: list[dict[str, Any]] = []
    for number, data in enumerate(explorers):
        ways = [data]
        for like, earlier in enumerate(explorers[:number]):
            # Else it would get what it does not have itself.
            if earlier.keys() <= data.keys():
                repeated = {key for key in earlier if earlier[key] == data[key]}
                own = {key: data[key] for key in data if key not in repeated}
                ways.append(own | {"like": like})
        kept.append(min(ways, key=lambda way: len(json.dumps(way, default=to_base64))))
    return _with_packed_once(kept)


def _with_packed_once(explorers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let a table say where on the page its words or logits are, if an earlier one has the same."""
    seen: dict[Any, list[Any]] = {}
    kept = []
    for number, data in enumerate(explorers):
        tables = [dict(table) for table in data.get("tables", ())]
        for place, table in enumerate(tables):
            for name in ("words", "logits"):
                if isinstance(table.get(name), dict):
                    where = seen.setdefault(table[name]["bytes"], [number, place, name])
                    if where != [number, place, name]:
                        table[name] = {"like": where}
        kept.append(data | {"tables": tables} if tables else data)
    return kept


def as_html(text: str) -> str:
    """Return text that a page shows as it is."""
    # A dollar sign alone in an element does not begin a formula.
    return escape(text).replace("$", "<span>$</span>").replace("\n", "<br>")


def to_base64(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def replace_file(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, whole or not at all."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {short(path)}: leave it out to get the text")
    try:
        target = Path(path).expanduser().resolve()
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise OSError("it is not a file, or is write-protected")
        # A folder of its own, in which nobody else writes, on the disk of the target.
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
            beside = Path(folder, "page")
            beside.write_text(text, encoding="utf-8", newline="\n")
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"path {short(os.fspath(path), 200)} cannot be written: {reason}") from error
