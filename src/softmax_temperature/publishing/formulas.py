"""Markdown as HTML whose formulas are MathML, which browsers draw without a script."""

from __future__ import annotations

import re
from html import escape
from typing import Any, ClassVar
from urllib.parse import unquote

from nbconvert.filters.markdown_mistune import (
    IPythonRenderer,
    MarkdownWithMath,
    MathInlineParser,
)

from .mathml import mathml

# The formulas of an output of LaTeX, each with its body, and what is not in line.
_IN_LATEX = re.compile(
    r"(?<!\\)\$\$(?P<dollars>.+?)(?<!\\)\$\$|\\\[(?P<brackets>.+?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.*?\\end\{(?P=name)\})"
    r"|(?<!\\)\$(?P<dollar>.+?)(?<!\\)\$|\\\((?P<parentheses>.+?)\\\)",
    re.DOTALL,
)


# A formula in a line ends where its braces do, so that it can hold text with formulas.
_BRACES = r"\{(?:[^{}\\]|\\.)*\}"
for _ in range(3):
    _BRACES = rf"\{{(?:[^{{}}\\]|\\.|{_BRACES})*\}}"
_BALANCED = rf"(?<![$\\])\$(?P<math_balanced>(?:[^$\\{{}}]|\\.|{_BRACES})+?)\$(?!\$)"
_TABLE = re.compile(r"(?m)^[ ]{0,3}\|?[ ]*:?-+:?[ ]*(\|[ ]*:?-+:?[ ]*)*\|?[ ]*$")
# Upright lines of a formula that would end a table's cell, alone and with a backslash.
_LINES = {"\\|": "\ue011", "|": "\ue010"}


def markdown_html(source: str, **options: Any) -> tuple[str, list[str]]:
    """Return Markdown as HTML, and the formulas that are left as text in it."""
    renderer = _Renderer(escape=False, exclude_anchor_links=True, **options)
    if _TABLE.search(source):
        source = re.sub(rf"(?s){_BALANCED}", _without_lines, source)
    html = MarkdownWithMath(renderer=renderer, inline=_Inline(hard_wrap=False)).render(source)
    return _with_lines(html), renderer.not_drawn


def _without_lines(formula: re.Match[str]) -> str:
    text = formula[0]
    if "\n" not in text:
        for line, mark in _LINES.items():
            text = text.replace(line, mark)
    return text


def _with_lines(text: str) -> str:
    for line, mark in _LINES.items():
        text = text.replace(mark, line)
    return text


class _Inline(MathInlineParser):
    """Find formulas in a line by their braces first."""

    SPECIFICATION: ClassVar[dict[str, str]] = {
        **MathInlineParser.SPECIFICATION,
        "balanced_math": f"(?s:{_BALANCED})",
    }
    # Behind the first, which stands on its own between double dollar signs.
    DEFAULT_RULES: ClassVar[tuple[str, ...]] = (
        *list(MathInlineParser.DEFAULT_RULES)[:1],
        "balanced_math",
        *list(MathInlineParser.DEFAULT_RULES)[1:],
    )

    def parse_balanced_math(self, found: re.Match[str], state: Any) -> int:
        """Keep a formula as it is."""
        state.append_token({"type": "inline_math", "raw": found.group("math_balanced")})
        return found.end()


def latex_html(source: str) -> tuple[str, list[str]]:
    """Return an output of LaTeX as HTML, text and formulas, and those that are left as text."""
    parts, not_drawn, end = [], [], 0
    alone = _IN_LATEX.fullmatch(source.strip())
    for found in [alone] if alone else _IN_LATEX.finditer(source):
        if not alone:
            parts.append(escape(source[end : found.start()]))
        end = found.end()
        tex = next(filter(None, found.group("dollars", "brackets", "environment", *_IN_LINE)))
        in_line = any(found.group(*_IN_LINE)) and not alone
        drawn = mathml(tex, "inline" if in_line else "block")
        if not drawn:
            not_drawn.append(tex)
        parts.append(drawn or f"<code>{escape(tex)}</code>")
    if not alone:
        parts.append(escape(source[end:]))
    return f"<div>{''.join(parts)}</div>", not_drawn


_IN_LINE = ("dollar", "parentheses")


class _Renderer(IPythonRenderer):
    """Draw formulas, and keep those that cannot be drawn."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.not_drawn: list[str] = []

    def block_math(self, body: str) -> str:
        """Draw what stands between double dollar signs."""
        return self._draw(body, "block")

    def inline_math(self, body: str) -> str:
        """Draw what stands between dollar signs."""
        return self._draw(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        r"""Draw what stands between \begin and \end."""
        return self._draw(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Name a picture; what is shown of it is found once all HTML of the cell is."""
        shown = f' title="{escape(title)}"' if title else ""
        return f'<img src="{escape(unquote(url))}" alt="{escape(text)}"{shown}>'

    def _draw(self, tex: str, display: str) -> str:
        tex = _with_lines(tex)
        if drawn := mathml(tex, display):
            return drawn
        self.not_drawn.append(tex)
        return f"<code>{escape(tex)}</code>"
