"""The explorer as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tempfile
from decimal import Decimal
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from .checks import short


def page(picture: dict[str, Any], start: int) -> str:
    """Return a page that shows a picture, with a slider that starts at one of its stops."""
    plain = json.dumps(picture, separators=(",", ":"), ensure_ascii=False, default=to_base64)
    # Escaped, no token can end the element that holds the data.
    signs = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
    script = read_static("explorer.js") + read_static("page.js")
    digest = to_base64(hashlib.sha256(f"\n{script}".encode()).digest())
    first, step = (Decimal(f"{picture[name]:.12g}") for name in ("first", "step"))
    prompt = picture["prompt"].strip()
    heading = "How temperature reshapes next-token probabilities"
    parts = {
        "name": f"{heading}: {prompt} ..." if prompt else heading,
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "caption": picture["sentences"][start].replace("\n", " "),
        "first": f"{first}",
        # Counted in steps, so that a step that had to be rounded reaches the last stop, too.
        "last": f"{(first + (len(picture['temperatures']) - 1) * step).normalize():f}",
        "step": f"{step}",
        "value": f"{(first + start * step).normalize():f}",
        "temperature": picture["temperatures"][start],
    }
    whole = {
        "style": read_static("explorer.css") + read_static("page.css"),
        "data": plain.translate(signs),
        "script": script,
    }
    parts = {name: escape(text) for name, text in parts.items()} | whole
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], read_static("page.html"))


def to_base64(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def read_static(name: str) -> str:
    """Return one of the package's scripts, styles and pages."""
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


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
