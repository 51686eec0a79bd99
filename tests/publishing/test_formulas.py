"""Formulas of notebooks as MathML: all that the lessons have, and nothing that would be false."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

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
    assert formulas.latex_html(tex) == formulas.mathml("x_1", "block")
    assert formulas.latex_html(r"$\unknown <x>$") == r"<pre>$\unknown &lt;x&gt;$</pre>"


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
