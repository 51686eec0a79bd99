"""Formulas of LaTeX as MathML Core, which browsers draw, or nothing where they would not."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A command draws what it says only if somebody has looked: any other is named instead. Those that
# stand for one character need no look, since Unicode's table of them is what is drawn.
_COMMANDS = _words(r"""
    begin end left middle right big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr
    bigm Bigm biggm Biggm frac dfrac tfrac cfrac binom dbinom tbinom sqrt over choose
    overset underset stackrel substack overbrace underbrace overline underline
    overrightarrow overleftarrow xrightarrow xleftarrow
    hat bar vec tilde dot ddot check breve acute grave mathring widehat widetilde
    text textrm textbf textit texttt textsf textnormal textup mbox emph
    mathrm mathbf mathit mathbb mathcal mathscr mathfrak mathsf mathtt mathnormal
    boldsymbol bm rm bf it sf tt cal
    cancel bcancel xcancel boxed fbox phantom hphantom vphantom color textcolor
    operatorname limits nolimits displaystyle textstyle scriptstyle
    lim sup inf max min argmax argmin det gcd liminf limsup Pr sim
    arccos arcsin arctan cos cosh cot coth csc deg dim exp hom ker ln lg log sec sin sinh tan tanh
    quad qquad enspace thinspace bmod pmod mod space nobreakspace bra ket braket
    , ; : ! > \ { } | % $ & # _
    """) | {" ", "\n"}
_ENVIRONMENTS = _words(
    "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases split align* equation*"
)
# What stands for what latex2mathml knows.
_SYNONYMS = {
    r"(?<!\\)((?:\\\\)*)%.*": r"\1",
    r"\{aligned\}|\{gathered\}": "{split}",
    r"\{(align|equation)\}": r"{\1*}",
    r"\{gather\*?\}": "{matrix}",
    r"\{(?:alignat|alignedat)\*?\}\s*\{\d+\}": "{align*}",
    r"(\\end)\{(?:alignat|alignedat)\*?\}": r"\1{align*}",
    r"\\begin\{eqnarray\*?\}": r"\\begin{array}{rcl}",
    r"\\end\{eqnarray\*?\}": r"\\end{array}",
    r"\\(arg)(?![A-Za-z])": r"\\operatorname{\1}",
    r"\\operatornamewithlimits(?![A-Za-z])": r"\\operatorname*",
    r"\\(?:nonumber|notag)(?![A-Za-z])|\\label\{[^}]*\}": "",
    # How far apart lines are is no part of what they say.
    r"\\\\\*?\s*\[\s*-?[\d.]+\s*[a-z]+\s*\]": r"\\\\",
    r"\\not\s*=": r"\\neq ",
    r"\\not\s*\\in(?![A-Za-z])": r"\\notin ",
    r"\\tag\*\s*\{": r"\\qquad\\text{",
    r"\\tag\s*\{([^{}$]*)\}": r"\\qquad\\text{(\1)}",
    # In Unicode's table this is a name of ⋿.
    r"\\mathsf\s*\{\s*E\s*\}": r"\\mathsf{{E}}",
    # Alone, a letter would not stay upright.
    r"\\mathrm\s*\{\s*(\w)\s*\}|\\mathrm\s+(\w)": r"{\\rm \1\2}",
}
_TEXT = re.compile(r"\\(text(?:rm|bf|it|tt|sf|normal|up)?|mbox|emph)\s*\{")
_OPERATOR = re.compile(r"\\operatorname(\*?)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_ARRAY = re.compile(r"\\begin\{array\}\s*(?:\[[tbc]\])?\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
# Marks that no formula has: of lines between rows, of the columns of arrays, and of names.
_RULE, _COLUMNS, _NAMES = "\ue001", 0xE100, 0xE800
_PRIVATE = re.compile("[\ue000-\uf8ff]")

_CHILDREN = dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2)
_CHILDREN |= {"msubsup": 3, "munderover": 3}
_ELEMENTS = frozenset(_CHILDREN) | _words(
    "math mrow mi mn mo mtext mspace msqrt mtable mtr mtd mstyle mpadded mphantom"
)
_ATTRIBUTES = _words(
    "display displaystyle scriptlevel mathcolor stretchy largeop movablelimits fence form accent "
    "linethickness lspace rspace minsize maxsize width height depth voffset style"
)
_LENGTHS = _words("linethickness lspace rspace minsize maxsize width height depth")
_LENGTH = re.compile(r"-?(\d+\.?\d*|\.\d+)(em|ex|px|pt|mm|cm|in)|0")
_COLOR = re.compile(r"[A-Za-z]+|#[0-9A-Fa-f]{3,8}")
_SPACES = {
    f"{sign}{name}mathspace": f"{minus}{sixths / 18:.4g}em"
    for sign, minus in (("", ""), ("negative", "-"))
    for name, sixths in (("thin", 3), ("medium", 4), ("thick", 5))
}
_BELOW = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_WITH_LIMITS = frozenset(("lim", "max", "min", "sup", "inf"))
_FUNCTIONS = _words(
    "arccos arcsin arctan cos cosh cot coth csc deg dim exp hom ker ln lg log sec sin sinh tan tanh"
)
# Relations and arrows, and brackets, of which latex2mathml takes many for letters.
_SIGNS = ("Sm", "Ps", "Pe")
_STROKE = "transparent calc(50% - .04em), currentColor 0 calc(50% + .04em), transparent 0)"
_ENCLOSURES = {
    "box": "outline: .06em solid; outline-offset: .15em; margin: .25em",
    "updiagonalstrike": f"background: linear-gradient(to bottom right, {_STROKE}",
    "downdiagonalstrike": f"background: linear-gradient(to top right, {_STROKE}",
}
# How Unicode calls the letters of a mathematical alphabet, and how a style sheet says it of others.
_ALPHABETS = {
    "bold": ("BOLD", "font-weight: bold"),
    "italic": ("ITALIC", "font-style: italic"),
    "bold-italic": ("BOLD ITALIC", "font-weight: bold"),
    "double-struck": ("DOUBLE-STRUCK", ""),
    "script": ("SCRIPT", ""),
    "fraktur": ("FRAKTUR", ""),
    "sans-serif": ("SANS-SERIF", "font-family: sans-serif"),
    "monospace": ("MONOSPACE", "font-family: monospace"),
}


class _NotDrawnError(Exception):
    """A formula that a browser would draw as something else."""


def mathml(tex: str, display: str) -> str:
    r"""Return a formula as MathML, or nothing where a part of it would not be drawn as written.

    Parameters
    ----------
    tex : str
        The formula, without dollar signs.
    display : {"inline", "block"}
        Whether it stands in a line, or on its own.

    Examples
    --------
    >>> mathml("p_i", "inline")
    '<math display="inline" alttext="p_i"><mrow><msub><mi>p</mi><mi>i</mi></msub></mrow></math>'
    >>> mathml(r"\mathbf{x}", "inline")
    '<math display="inline" alttext="\\mathbf{x}"><mrow><mi>𝐱</mi></mrow></math>'
    >>> mathml(r"\unknown{x}", "inline")
    ''
    """
    # Not above: Jupyter's menu of exporters loads this module where no formula is drawn.
    from latex2mathml.converter import convert

    columns: list[str] = []
    names: list[tuple[str, str]] = []
    try:
        known = _as_known(tex, columns, names)
        root = fromstring(convert(known, display=display))
        for element in root.iter():
            element.tag = element.tag.removeprefix(_NAMESPACE)
        _to_core(root, columns, names)
    except (_NotDrawnError, ParseError):
        return ""
    except Exception:
        # What latex2mathml finds wrong with a formula shows in many ways.
        return ""
    root.set("alttext", " ".join(tex.split()))
    return tostring(root, "unicode")


def _as_known(tex: str, columns: list[str], names: list[tuple[str, str]]) -> str:
    """Return a formula in the commands that are drawn, with marks for what they don't say."""

    def operator(found: re.Match[str]) -> str:
        names.append((_operator_name(found[2]), found[1]))
        return chr(_NAMES + len(names) - 1)

    if _PRIVATE.search(tex):
        raise _NotDrawnError
    for name, known in _SYNONYMS.items():
        tex = re.sub(name, known, tex)
    tex = _without_math_in_text(tex)
    tex = _OPERATOR.sub(operator, tex)
    tex = re.sub(r"\\hline(?![A-Za-z])", _RULE, tex)

    def array(found: re.Match[str]) -> str:
        spec = re.sub(r"\s", "", found[1])
        if not re.fullmatch("[lcr|]+", spec):
            raise _NotDrawnError
        columns.append(spec)
        return f"\\begin{{array}}{{{spec.replace('|', '')}}}{chr(_COLUMNS + len(columns) - 1)}"

    tex = _ARRAY.sub(array, tex)
    for name in re.findall(r"\\(?:begin|end)\s*\{([^{}]*)\}", tex):
        if name not in _ENVIRONMENTS:
            raise _NotDrawnError
    for name in re.findall(r"\\([A-Za-z]+|.)", tex, re.DOTALL):
        if name not in _COMMANDS and not _is_symbol(name):
            raise _NotDrawnError
    return tex


def _without_math_in_text(tex: str) -> str:
    r"""Return ``\text{a $x$}`` as ``{\text{a }{x}}``."""
    done = ""
    while found := _TEXT.search(tex):
        depth, end = 1, found.end()
        while depth:
            if end == len(tex):
                raise _NotDrawnError
            depth += {"{": 1, "}": -1}.get(tex[end], 0) if tex[end - 1] != "\\" else 0
            end += 1
        parts = re.split(r"(?<!\\)\$", tex[found.end() : end - 1])
        if len(parts) % 2 == 0:
            raise _NotDrawnError
        inside = "".join(
            f"{{{_without_math_in_text(part)}}}" if number % 2 else f"\\{found[1]}{{{part}}}"
            for number, part in enumerate(parts)
            if part
        )
        done += tex[: found.start()] + (f"{{{inside}}}" if len(parts) > 1 else inside)
        tex = tex[end:]
    if re.search(r"(?<!\\)\$", tex):
        raise _NotDrawnError
    return done + tex


def _operator_name(tex: str) -> str:
    """Return the name of an operator with its spaces."""
    name = re.sub(r"\\(?:mathrm|text|rm)\s*\{([^{}]*)\}", r"\1", tex)
    name = re.sub(r"\\[,;:]", "\u2009", re.sub(r"\s+", "", re.sub(r"\\ |~", "\u00a0", name)))
    if not name or re.search(r"[\\{}_^&$]", name):
        raise _NotDrawnError
    return name


@cache
def _is_symbol(name: str) -> bool:
    from latex2mathml.commands import CONVERSION_MAP
    from latex2mathml.symbols_parser import convert_symbol

    point = convert_symbol(f"\\{name}")
    return bool(
        point
        and f"\\{name}" not in CONVERSION_MAP
        and not unicodedata.category(chr(int(point, 16))).startswith(("M", "C"))
    )


def _to_core(root: Element, columns: list[str], names: list[tuple[str, str]]) -> None:
    """Write in MathML Core what browsers ignore of a formula."""
    for table in root.iter("mtable"):
        _rule(table, columns)
    for element in root.iter():
        if element.tag in ("mi", "mo"):
            _correct(element, names)
    for element in root.iter():
        if element.tag == "menclose":
            _enclose(element)
        text = element.text or ""
        if element.tag == "mtext":
            element.text = text = re.sub(r"\\([%$&_#{} ])", r"\1", text)
        if variant := element.attrib.pop("mathvariant", ""):
            _style_letters(element, variant)
        # A command or a mark that is left over would be shown as it is.
        if "\\" in text or _PRIVATE.search(text):
            raise _NotDrawnError
        if element.tag not in _ELEMENTS or len(element) != _CHILDREN.get(element.tag, len(element)):
            raise _NotDrawnError
        if element.tag in _BELOW and element[0].get("movablelimits") == "true":
            element.tag = _BELOW[element.tag]
        if element.tag in ("mover", "munder"):
            _draw_accent(element)
        for name, value in list(element.attrib.items()):
            if name in element.attrib:
                _keep_attribute(element, name, value)
    for row in list(root.iter()):
        _space_names(row)


def _correct(element: Element, names: list[tuple[str, str]]) -> None:
    """Tell letters from operators as LaTeX does."""
    text = element.text or ""
    if (element.tag, text) == ("mi", "}"):
        # A brace that is taken for what it ends.
        raise _NotDrawnError
    if len(text) == 1 and 0 <= ord(text) - _NAMES < len(names):
        element.tag = "mo"
        element.text, limits = names[ord(text) - _NAMES]
        if limits:
            element.set("movablelimits", "true")
    elif element.tag == "mo" and text in _WITH_LIMITS:
        element.set("movablelimits", "true")
    elif text == "~" and element.tag == "mi":
        element.tag, element.text = "mo", "∼"
    elif len(text) == 1 and text in "∂∅∞∠":
        element.tag = "mi"
    elif len(text) == 1 and (text == "∇" or "Α" <= text <= "Ω"):
        element.tag = "mi"
        element.attrib.setdefault("mathvariant", "normal")
    elif element.tag == "mi" and len(text) == 1 and unicodedata.category(text) in _SIGNS:
        element.tag = "mo"
        element.set("stretchy", "false")


def _rule(table: Element, columns: list[str]) -> None:
    """Give the cells of a table the lines and the alignment that it asks for."""
    spec, above = "", False
    rows = list(table)
    first = rows[0][0] if rows and len(rows[0]) else None
    mark = first[0].text if first is not None and len(first) else ""
    if first is not None and mark and 0 <= ord(mark[0]) - _COLUMNS < len(columns):
        spec = columns[ord(mark[0]) - _COLUMNS]
        first.remove(first[0])
    narrow = table.attrib.pop("columnspacing", "") != ""
    for name in ("rowspacing", "rowlines", "columnlines"):
        table.attrib.pop(name, None)
    for number, row in enumerate(rows):
        above = False
        while len(row) and len(row[0]) and row[0][0].text == _RULE:
            row[0].remove(row[0][0])
            above = True
        if above and number == len(rows) - 1 and len(row) == 1 and not len(row[0]):
            table.remove(row)
            for cell in rows[number - 1]:
                _style(cell, "border-bottom: .06em solid")
            continue
        for index, cell in enumerate(row):
            align = cell.attrib.pop("columnalign", "")
            lines = re.findall(r"(\|*)[lcr](\|*)(?=[lcr]|$)", spec)
            if above:
                _style(cell, "border-top: .06em solid")
            if lines and index >= len(lines):
                raise _NotDrawnError
            for side, line in zip(("left", "right"), lines[index] if lines else ()):
                if line:
                    kind = "solid" if len(line) == 1 else "double"
                    _style(cell, f"border-{side}: {0.06 if len(line) == 1 else 0.2}em {kind}")
            if align and align != "center":
                # Chromium aligns the content of a cell by its own name alone.
                _style(cell, f"text-align: {align}; text-align: -webkit-{align}")
                if narrow:
                    _style(cell, f"padding-{align}: 0")
    if narrow or spec:
        _style(table, "border-collapse: collapse")


def _enclose(element: Element) -> None:
    for notation in element.attrib.pop("notation", "").split():
        if notation not in _ENCLOSURES:
            raise _NotDrawnError
        if "background" in element.get("style", ""):
            first, both = _ENCLOSURES["updiagonalstrike"], _ENCLOSURES[notation]
            element.set("style", f"{first}, {both.removeprefix('background: ')}")
        else:
            _style(element, _ENCLOSURES[notation])
    # The stroke is a ground, which a printer would leave out.
    if "background" in element.get("style", ""):
        _style(element, "padding: .2em .1em; print-color-adjust: exact")
    element.tag = "mrow"


def _draw_accent(element: Element) -> None:
    """Draw a line over or under what it covers, which no font stretches, and a bar as an accent."""
    accent = element[1]
    if accent.text == "―":
        side = "top" if element.tag == "mover" else "bottom"
        element.remove(accent)
        element.tag = "mrow"
        element.attrib.clear()
        _style(element, f"border-{side}: .06em solid; padding-{side}: .1em")
    elif accent.text == "¯":
        accent.text = "‾"
        accent.set("stretchy", "false")
        element.set("accent", "true")


def _style_letters(element: Element, variant: str) -> None:
    """Write letters as those of a mathematical alphabet."""
    text = element.text or ""
    if variant == "normal":
        if element.tag == "mi" and len(text) == 1:
            element.set("mathvariant", "normal")
        return
    if variant not in _ALPHABETS:
        raise _NotDrawnError
    name, style = _ALPHABETS[variant]
    if element.tag in ("mi", "mn"):
        letters = [_letter(character, name) for character in text]
        if variant == "italic" and element.tag == "mi" and len(text) == 1:
            return
        if all(letters):
            element.text = "".join(letters)
            return
    # LaTeX, too, has no other signs than these.
    elif element.tag == "mo" and variant not in ("bold", "bold-italic"):
        return
    if not style:
        raise _NotDrawnError
    _style(element, style)


@cache
def _letter(character: str, alphabet: str) -> str:
    """Return a letter or digit of a mathematical alphabet, or nothing.

    Examples
    --------
    >>> _letter("x", "BOLD"), _letter("R", "DOUBLE-STRUCK"), _letter("+", "BOLD")
    ('𝐱', 'ℝ', '')
    """
    name = unicodedata.name(character, "")
    name = re.sub(r"^(LATIN|GREEK) |LETTER ", "", name)
    if alphabet == "ITALIC" and character == "h":
        return "ℎ"
    for found in (
        f"MATHEMATICAL {alphabet} {name}",
        f"{alphabet} {name}",
        f"BLACK-LETTER {name}" if alphabet == "FRAKTUR" else "",
    ):
        try:
            letter = unicodedata.lookup(found)
        except KeyError:
            continue
        if unicodedata.normalize("NFKC", letter) == character:
            return letter
    return ""


def _keep_attribute(element: Element, name: str, value: str) -> None:
    """Keep an attribute that browsers know, in words that they know."""
    if name == "mathvariant":
        return
    if name not in _ATTRIBUTES:
        raise _NotDrawnError
    if name in _LENGTHS:
        value = _SPACES.get(value, value)
        if element.tag == "mpadded" and value[0] in "+-":
            # How far an arrow reaches beyond its words.
            element.attrib.clear()
            _style(element, "padding: 0 .4em")
            return
        if not _LENGTH.fullmatch(value):
            raise _NotDrawnError
        element.set(name, value)
        if element.tag == "mspace" and value.startswith("-"):
            del element.attrib[name]
            _style(element, f"margin-left: {value}")
    if name == "voffset":
        del element.attrib[name]
    if name == "mathcolor" and not _COLOR.fullmatch(value):
        raise _NotDrawnError


def _space_names(row: Element) -> None:
    """Set the names of functions apart from what stands beside them."""
    before = None
    for child, after in zip(row, [*row[1:], None]):
        name = child
        while name.tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover"):
            name = name[0]
        text = (name.text or "").replace("\u2009", "").replace("\u2006", "").replace("\u00a0", "")
        operator = name.tag == "mo" and len(text) > 1 and text.isalpha() and text != "mod"
        if row.tag in ("mrow", "mtd", "mstyle", "msqrt", "math") and (
            operator or (name.tag == "mi" and text in _FUNCTIONS)
        ):
            name.tag = "mo"
            name.set("lspace", "0" if before is None or before.tag == "mo" else "0.1667em")
            closed = after is None or (after.tag == "mo" and after.text not in ("|", "‖"))
            name.set("rspace", "0" if closed else "0.1667em")
        before = child


def _style(element: Element, style: str) -> None:
    element.set("style", "; ".join(filter(None, (element.get("style", ""), style))))
