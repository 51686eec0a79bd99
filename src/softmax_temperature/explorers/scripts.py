"""The scripts of explorers: plain ES modules, joined in import order into one text."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from posixpath import dirname, join, normpath

# The one module that is no file: every sentence that a reader sees.
_PHRASES = "phrases.js"
_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(\.[^"]+)";\n', re.M)
_INDENTS = re.compile(r"^\s+", re.M)
_COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.M | re.S)
# Types within a line.
_CASTS = re.compile(r"/\*\* @type \{[^\n]*?\} \*/ ?")
_NAME = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+|[\[{][^=]*[\]}])", re.M
)


@cache
def join_scripts(entry: str) -> str:
    """Return an entry with all modules that it imports, each once and before those that need it.

    Comments, indents and empty lines are left out, since pages carry this text. All names are in
    one scope then.

    Raises
    ------
    ValueError
        If two modules declare the same name, or import each other.
    """
    texts: dict[str, str] = {}
    _read(entry, "", texts, ())
    if _PHRASES in texts:
        # Of the sentences only those whose names stand in these scripts: a page carries them.
        rest = "".join(text for module, text in texts.items() if module != _PHRASES)
        texts[_PHRASES] = _phrases_for(set(re.findall(r"\w+", rest)))
    owners: dict[str, str] = {}
    for module, text in texts.items():
        for declared in _NAME.findall(text):
            for name in re.findall(r"\w+", declared):
                if name in owners:
                    raise ValueError(
                        f"scripts must declare each name once, got {name} in {owners[name]} and "
                        f"in {module}: rename one of them"
                    )
                owners[name] = module
    joined = "".join(texts.values())
    return _INDENTS.sub("", re.sub(r"^export (?!default )", "", joined, flags=re.M))


def read_browser(name: str) -> str:
    """Return one of the package's scripts, styles and pages."""
    return (files("softmax_temperature") / "browser" / name).read_text(encoding="utf-8")


def _read(text: str, module: str, texts: dict[str, str], above: tuple[str, ...]) -> None:
    """Put what a module imports, and then itself, without its imports, behind what is there."""
    text = _CASTS.sub("", _COMMENTS.sub("", text))
    for path in _IMPORT.findall(text):
        name = normpath(join(dirname(module), path))
        if name in above:
            raise ValueError(
                f"scripts must not import each other, got {' → '.join((*above, name))}"
            )
        if name not in texts:
            _read(_text_of(name), name, texts, (*above, name))
    texts[module] = _IMPORT.sub("", text)


def _text_of(name: str) -> str:
    if name != _PHRASES:
        return read_browser(name)
    return "export const PHRASES = {};\n"


def _phrases_for(names: set[str]) -> str:
    """Return the module of the sentences that scripts with these words in them can name."""
    text = (files("softmax_temperature") / "phrases" / "en.json").read_text(encoding="utf-8")
    phrases = {name: said for name, said in json.loads(text).items() if name in names}
    # In one line, as all that is data.
    said = json.dumps(phrases, ensure_ascii=False, separators=(",", ":"))
    return f"export const PHRASES = {said};\n"
