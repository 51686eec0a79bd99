"""Pictures, sounds and films beside a notebook or attached to its cells, as data in a page."""

from __future__ import annotations

import mimetypes
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from ..checks import short
from ..explorers.page import to_base64

_KINDS = ("image/", "audio/", "video/")
_BEST = ("image/svg+xml", "image/png", "image/jpeg")


def embedded(address: str, folder: str, attachments: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return what an address in a cell names as a ``data:`` address, or None for what is elsewhere.

    Parameters
    ----------
    address : str
        ``attachment:NAME``, or the path of a file in the notebook's folder.
    folder : str
        The notebook's folder.
    attachments : mapping of str to mapping
        What the cell has attached, by name and form.

    Raises
    ------
    ValueError
        If the cell has no such attachment.
    """
    if address.lower().startswith("attachment:"):
        return _attachment(address.partition(":")[2], attachments)
    base = os.path.abspath(folder)
    for name in (address, unquote(address), unquote(address.partition("?")[0])):
        path = os.path.abspath(os.path.join(base, name))
        kind = mimetypes.guess_type(path)[0] or ""
        within = path.startswith(base.rstrip(os.sep) + os.sep) and "\0" not in path
        if within and kind.startswith(_KINDS) and os.path.isfile(path):
            return f"data:{kind};base64,{to_base64(Path(path).read_bytes())}"
    return None


def _attachment(name: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    # A name is written as it is or as an address, and an accent as one sign or as two.
    forms = {_plain(known): bundle for known, bundle in attachments.items()}
    forms |= {_plain(unquote(known)): bundle for known, bundle in attachments.items()} | forms
    bundle = forms.get(_plain(name)) or forms.get(_plain(unquote(name)))
    if not bundle:
        raise ValueError(
            f"shows an attachment that is not there, {short(unquote(name))}: attach it again, or "
            "take the picture out"
        )
    form = next((form for form in _BEST if form in bundle), next(iter(bundle)))
    return f"data:{form};base64,{''.join(bundle[form].split())}"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name)
