"""The explorer as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def page(picture: dict[str, Any], start: int, stops: Sequence[float]) -> str:
    """Return a page that shows a picture, with a slider over the stops, of which one is first."""
    data = picture | {"shares": base64.b64encode(picture["shares"]).decode()}
    # Escaped, no token can end the element that holds the data.
    signs = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
    script = "".join(_read(name) for name in ("explorer.js", "page.js"))
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    temperature, caption = picture["texts"][start][:2]
    parts = {
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "caption": caption.replace("\n", " "),
        "first": f"{stops[0]:.12g}",
        "last": f"{stops[-1]:.12g}",
        "step": f"{picture['step']:.12g}",
        "value": f"{stops[start]:.12g}",
        "temperature": temperature,
    }
    whole = {
        "style": _read("explorer.css") + _read("page.css"),
        "data": json.dumps(data, separators=(",", ":")).translate(signs),
        "script": script,
    }
    parts = {name: escape(text) for name, text in parts.items()} | whole
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def replace_file(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, whole or not at all."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a path, got {path!r}: leave it out to get the text")
    target = Path(path).resolve()
    if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
        raise OSError(f"path must be a file that can be written, got {os.fspath(path)!r}")
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OSError(f"path {os.fspath(path)!r} cannot be written: {error}") from error


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
