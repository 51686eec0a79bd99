"""Formulas of notebooks as MathML: all that the lessons have, and nothing that would be false."""

import re
import string
import unicodedata

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import NOTEBOOKS, need

need("nbconvert.exporters")
formulas = need("softmax_temperature.publishing.formulas")


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\frac{e^{x_i / T}}{\sum_j e^{x_j / T}}", "mfrac"),
        (r"\begin{aligned}a &= b \\ c &= d\end{aligned}", "mtable"),
        (r"\begin{align}a &= b \\ c &= d\end{align}", "mtable"),
        (r"\begin{gather}a = b\end{gather}", "mo"),
        (r"\begin{cases}1 & x > 0 \\ 0 & x < 0\end{cases}", "mtable"),
        (r"\arg\max_i x_i", "munder"),
        (r"\lim_{T \to 0} p_i", "munder"),
        (r"\inf_i x_i", "munder"),
        (r"\displaystyle\sqrt[3]{x} \nonumber", "mroot"),
        (r"\sum_{i=1}^n x_i \label{a}", ["munderover", "msubsup"]),
    ],
)
def test_formulas_become_mathml(tex, expected):
    for display in ("block", "inline"):
        math = BeautifulSoup(formulas.mathml(tex, display), "html.parser")
        assert math.find("math")["display"] == display
        assert math.find(expected)
        assert not re.search(r"[&\\]|\(1\)", math.get_text())


def test_limits_stand_below_where_there_is_room():
    math = BeautifulSoup(formulas.mathml(r"\max_i x_i", "block"), "html.parser")
    (under,) = math.find_all("munder")
    assert [part.get_text() for part in under.find_all(recursive=False)] == ["max", "i"]
    assert under.find("mo", movablelimits="true")
    (sub,) = math.find_all("msub")
    assert sub.get_text() == "xi"


@pytest.mark.parametrize(
    "tex",
    [
        *(r"\unknown x", r"\frac{1", r"\left( x", "a_b_c", "", r"\text{<b>}", r"a \\ b", "a & b"),
        *(r"\frac{a}", r"\overset{a}", r"\underset{a}", "{x_}", r"{\frac{a}}"),
    ],
)
def test_a_formula_that_would_be_false_is_not_drawn(tex):
    assert formulas.mathml(tex, "block") == ""
    if tex:
        html, left = formulas.markdown_html(f"so ${tex}$ is")
        assert left == [tex]
        assert BeautifulSoup(html, "html.parser").code.get_text() == tex


@pytest.mark.parametrize("tex", ["$x_1$", "$$x_1$$", r"\(x_1\)", r"\[x_1\]", " $x_1$\n"])
def test_an_output_of_latex_is_its_formula_or_its_text(tex):
    assert formulas.latex_html(tex) == (f"<div>{formulas.mathml('x_1', 'block')}</div>", [])
    html, left = formulas.latex_html(r"$\unknown <x>$")
    assert BeautifulSoup(html, "html.parser").code.get_text() == r"\unknown <x>"
    assert left == [r"\unknown <x>"]


def test_each_kind_of_formula_in_markdown_is_drawn():
    html, left = formulas.markdown_html(
        "A $x$, $$y$$\n\n$$z$$\n\n\\begin{align}a &= b\\end{align}\n\nand `$c$`."
    )
    assert left == []
    soup = BeautifulSoup(html, "html.parser")
    displays = [(math.get_text(), math["display"]) for math in soup.find_all("math")]
    assert displays[0] == ("x", "inline")
    assert displays[2:] == [("z", "block"), ("a=b", "block")]
    assert soup.code.get_text() == "$c$"


def test_all_formulas_of_the_lessons_are_drawn():
    for path in NOTEBOOKS.values():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                assert formulas.markdown_html(cell.source)[1] == []


def words(text):
    return set(text.split())


# What MathML Core has, from its sections 2 and 3.
CORE = words(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mtable mtr mtd mstyle mpadded mphantom"
)
CORE_ATTRIBUTES = words(
    "display alttext displaystyle scriptlevel mathcolor mathbackground mathsize style fence form "
    "largeop lspace maxsize minsize movablelimits rspace stretchy symmetric width height depth "
    "linethickness accent accentunder voffset separator mathvariant"
)
DRAWN = [
    r"\operatorname*{arg\,max}_i x_i",
    r"\cancel{x} + \bcancel{abc} + \xcancel{x + y}",
    r"\boxed{\frac{a}{b}} + \fbox{text}",
    r"\int_0^1 x\,\mathrm{d}x",
    r"{\rm KL}(p\|q)",
    r"\text{a $x$ b, $y_{\text{max}}$ and 50\%}",
    r"\begin{array}{|c||r|} \hline a & b \\ \hline c & d \\ \hline \end{array}",
    r"E = mc^2 \tag{1}",
    r"E = mc^2 \tag*{$\ast$}",
    r"\begin{align} a &= b \tag{2} \\[4pt] &= c \nonumber \end{align}",
    r"\begin{alignat*}{1}\max\quad & 5 x_{1}\\ \text{Subject to} \quad & x \geq 0\\\end{alignat*}",
    r"\mathbf{W}\boldsymbol{\theta}\bm{x}\mathcal{L}\mathbb{R}\mathfrak{g}\mathsf{Ax}\mathtt{x1}",
    r"\overline{abc} + \underline{x} + \bar x + \hat{\mathbf{y}} + \vec v + \underbrace{a}_{n}",
    r"a \xrightarrow[u]{n} b \! c",
    r"x \sim p, \Delta, \nabla f, \partial x, \infty, \langle a, b \rangle",
    r"\textbf{b} \textit{i} \texttt{t} \textcolor{red}{x}",
]


@pytest.mark.parametrize("tex", DRAWN)
@pytest.mark.parametrize("display", ["inline", "block"])
def test_a_formula_has_nothing_that_browsers_ignore(tex, display):
    math = BeautifulSoup(formulas.mathml(tex, display), "html.parser")
    assert math.math["alttext"] == tex
    for element in math.find_all(True):
        assert element.name in CORE
        assert set(element.attrs) <= CORE_ATTRIBUTES
        if "mathvariant" in element.attrs:
            assert (element.name, element["mathvariant"], len(element.text)) == ("mi", "normal", 1)
        for name in ("width", "height", "depth", "lspace", "rspace", "minsize"):
            assert re.fullmatch(r"(\d*\.?\d+(em|ex|px))|0", element.get(name, "0"))
    assert not re.search(r"[\\$&\ue000-\uf8ff]", math.get_text())


ALPHABETS = {
    r"\mathbf": "BOLD",
    r"\mathbb": "DOUBLE-STRUCK",
    r"\mathcal": "SCRIPT",
    r"\mathfrak": "FRAKTUR|BLACK-LETTER",
    r"\mathsf": "SANS-SERIF",
    r"\mathtt": "MONOSPACE",
    r"\boldsymbol": "BOLD ITALIC",
}


@pytest.mark.parametrize("command", ALPHABETS)
def test_each_letter_of_an_alphabet_is_itself(command):
    """Alone in its braces \\mathsf{E} was once ⋿, whose name it is in Unicode's table."""
    for letter in string.ascii_letters:
        math = BeautifulSoup(formulas.mathml(f"{command}{{{letter}}}", "inline"), "html.parser")
        assert unicodedata.normalize("NFKC", math.get_text()) == letter


@given(st.sampled_from(sorted(ALPHABETS)), st.text(string.ascii_letters, min_size=1, max_size=4))
def test_letters_of_an_alphabet_are_unicodes(command, letters):
    """NFKC is what Unicode itself says that each of them stands for."""
    math = BeautifulSoup(formulas.mathml(f"{command}{{{letters}}}", "inline"), "html.parser")
    found = math.get_text()
    assert unicodedata.normalize("NFKC", found) == letters
    for letter in found:
        assert re.search(ALPHABETS[command], unicodedata.name(letter).replace("ℎ", ""))


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\mathrm{d}", "d"),
        (r"\mathrm{KL}", "KL"),
        (r"{\rm KL}", "KL"),
        (r"\Delta\Sigma", "ΔΣ"),
    ],
)
def test_upright_letters_are_upright(tex, text):
    math = BeautifulSoup(formulas.mathml(tex, "inline"), "html.parser")
    assert math.get_text() == text
    assert all(letter["mathvariant"] == "normal" for letter in math.find_all("mi"))


def test_limits_of_an_operator_with_a_star_stand_below():
    math = BeautifulSoup(formulas.mathml(r"\operatorname*{arg\,max}_i x", "block"), "html.parser")
    name, below = math.munder.find_all(recursive=False)
    assert (name.get_text(), below.get_text()) == ("arg\u2009max", "i")
    math = BeautifulSoup(formulas.mathml(r"\operatorname{arg\,max}_i x", "block"), "html.parser")
    assert math.munder is None


def test_arrays_have_the_lines_that_they_ask_for():
    tex = r"\begin{array}{|l||r|} \hline a & b \\ c & d \\ \hline \end{array}"
    cells = BeautifulSoup(formulas.mathml(tex, "block"), "html.parser").find_all("mtd")
    sides = [sorted(re.findall(r"border-(\w+): [\d.]+em (\w+)", cell["style"])) for cell in cells]
    left, right, top, bottom = ((side, "solid") for side in ("left", "right", "top", "bottom"))
    double = ("right", "double")
    assert sides == [
        [left, double, top],
        [right, top],
        [bottom, left, double],
        [bottom, right],
    ]
    aligned = [re.search(r"text-align: (\w+)", cell["style"])[1] for cell in cells]
    assert aligned == ["left", "right"] * 2


@pytest.mark.parametrize(
    "tex",
    [
        *(r"\raise 2pt x", r"\def\a{b}\a", r"\href{https://a.org}{y}", r"\color{red!50}x"),
        *(r"\begin{array}{c@{}c}a&b\end{array}", r"\begin{array}{*{2}{c}}a&b\end{array}"),
        *(r"a \hline b", r"\begin{multline}a\end{multline}", r"\rule{1em}{1em}", r"\llap{x}"),
        *(r"\eqref{a}", r"\not\subset", r"\text{a $x}", r"\mathcal{é}", r"\sideset{a}{b}\sum"),
        *(r"\mathchoice{a}{b}{c}{d}", r"\unicode{65}", r"\cline{1-2}", r"\class{a}{b}", "\ue001"),
    ],
)
def test_what_nobody_has_looked_at_is_named(tex):
    assert formulas.mathml(tex, "block") == ""
    assert formulas.latex_html(f"$${tex}$$")[1] == [tex]


def test_text_and_formulas_of_an_output_are_told_apart():
    html, left = formulas.latex_html(r"Text <b> with $x^2$, $$y$$ and \(z\), \unknown and $\oops$")
    soup = BeautifulSoup(html, "html.parser")
    assert [math["display"] for math in soup.find_all("math")] == ["inline", "block", "inline"]
    assert soup.get_text() == r"Text <b> with x2, y and z, \unknown and \oops"
    assert left == [r"\oops"]


def test_a_formula_ends_where_its_braces_do():
    html, left = formulas.markdown_html(r"If $\text{a $x$ b}$ costs \$5 and $y$, `$c$` $5 {$6")
    soup = BeautifulSoup(html, "html.parser")
    assert [math["alttext"] for math in soup.find_all("math")] == [r"\text{a $x$ b}", "y"]
    assert left == ["5 {"]


def test_a_line_in_a_formula_ends_no_cell_of_a_table():
    html, left = formulas.markdown_html("| a | b |\n|---|---|\n| $|x|$ | $p \\| q$ |\n| 1 | 2 |")
    cells = BeautifulSoup(html, "html.parser").select("tbody tr:first-child td")
    assert [cell.get_text() for cell in cells] == ["|x|", "p‖q"]
    assert left == []
