"""The explorer as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from decimal import Decimal
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
    first, step = (Decimal(f"{value:.12g}") for value in (stops[0], picture["step"]))
    parts = {
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "caption": caption.replace("\n", " "),
        "first": f"{first}",
        # Counted in steps, so that a step that had to be rounded reaches the last stop, too.
        "last": f"{(first + (len(stops) - 1) * step).normalize():f}",
        "step": f"{step}",
        "value": f"{(first + start * step).normalize():f}",
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
    try:
        target = Path(path).expanduser().resolve()
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise OSError("it is not a file, or is write-protected")
        beside = target.with_name(f".{os.getpid()}.tmp")
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"path {os.fspath(path)!r} cannot be written: {reason}") from error


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
