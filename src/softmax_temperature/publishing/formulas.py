"""Markdown as HTML whose formulas are MathML, which browsers draw without a script."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from xml.etree import ElementTree

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
# What latex2mathml does not know, as what it knows.
_SYNONYMS = {
    r"\{aligned\}": "{split}",
    r"\{(align|gather|equation)\}": r"{\1*}",
    r"\\arg(?![A-Za-z])": r"\\operatorname{arg}",
    r"\\(nonumber|notag|displaystyle)(?![A-Za-z])|\\label\{[^}]*\}": "",
}
_CHILDREN = dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2)
_CHILDREN |= {"msubsup": 3, "munderover": 3}
_WITH_LIMITS = ("lim", "max", "min", "sup", "inf")


def markdown_html(source: str, **options: Any) -> tuple[str, list[str]]:
    """Return Markdown as HTML, and the formulas that are left as text in it."""
    renderer = _Renderer(escape=False, exclude_anchor_links=True, **options)
    return MarkdownWithMath(renderer=renderer).render(source), renderer.not_drawn


def latex_html(tex: str) -> str:
    """Return an output of LaTeX as HTML: its formula, or its text."""
    formula = re.sub(r"^(\$\$?|\\[\[(])|(\$\$?|\\[\])])$", "", tex.strip())
    return mathml(formula, "block") or f"<pre>{escape(tex)}</pre>"


def mathml(tex: str, display: str) -> str:
    r"""Return a formula as MathML, or nothing where a part of it is unknown.

    Parameters
    ----------
    tex : str
        The formula, without dollar signs.
    display : {"inline", "block"}
        Whether it stands in a line, or on its own.

    Examples
    --------
    >>> mathml("p_i", "inline")
    '<math display="inline"><mrow><msub><mi>p</mi><mi>i</mi></msub></mrow></math>'
    >>> mathml(r"\unknown{x}", "inline")
    ''
    """
    # Not above: Jupyter's menu of exporters loads this module where no formula is drawn.
    from latex2mathml.converter import convert

    for name, known in _SYNONYMS.items():
        tex = re.sub(name, known, tex)
    try:
        root = ElementTree.fromstring(convert(tex, display=display))
    except Exception:
        # What is wrong with a formula shows in many ways.
        return ""
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        complete = len(element) == _CHILDREN.get(element.tag, len(element))
        # A line break, a command that is left over, and a brace that is taken for what it ends
        # would be shown as something else.
        wrong = "\\" in (element.text or "") or (element.tag, element.text) == ("mi", "}")
        if not complete or wrong or element.get("linebreak"):
            return ""
        if element.tag == "msub" and element[0].text in _WITH_LIMITS:
            element.tag = "munder"
            element[0].set("movablelimits", "true")
    return ElementTree.tostring(root, "unicode")


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

    def _draw(self, tex: str, display: str) -> str:
        if drawn := mathml(tex, display):
            return drawn
        self.not_drawn.append(tex)
        return f"<code>{escape(tex)}</code>"
