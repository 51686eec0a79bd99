"""Pages of notebooks that somebody hostile has written: nothing leaves, and all stays live."""

import nbformat
import pytest

from softmax_temperature import Question
from tests.helpers import heading, need, six
from tools.course import executed

expect = need("playwright.sync_api").expect
LiveExporter = need("nbconvert.exporters").get_exporter("live")

pytestmark = pytest.mark.engines("chromium", "firefox")

LEAVE = '<meta http-equiv="refresh" content="0; url=https://example.org/left">'
# Where a parser that is no browser's sees a comment, a text or a style.
WAYS = {
    "an empty comment": f"<!-->{LEAVE}",
    "an empty comment with a hyphen": f"<!--->{LEAVE}",
    "a comment that ends with a bang": f"<!-- x --!>{LEAVE} -->",
    "CDATA": f"<![CDATA[ > {LEAVE} ]]>",
    "noscript": f"<noscript><!-- </noscript>{LEAVE} -->",
    "an attribute in noscript": f"<noscript><p title='</noscript>{LEAVE}'>",
    "textarea": f"<textarea><!-- </textarea>{LEAVE} -->",
    "title": f"<title><!-- </title>{LEAVE} -->",
    "xmp": f"<xmp><!-- </xmp>{LEAVE} -->",
    "iframe": f"<iframe src='https://example.org'><!-- </iframe>{LEAVE} -->",
    "noembed": f"<noembed><!-- </noembed>{LEAVE} -->",
    "style in svg": f"<svg><style><a title='</style>{LEAVE}'></style></svg>",
    "style in math": f"<math><style><a title='</style>{LEAVE}'></style></math>",
    "math and mglyph": f"<math><mtext><table><mglyph><style><!--</style><a title='--&gt;{LEAVE}'>",
    "template": f"<template>{LEAVE}</template>{LEAVE}",
    "an attribute": f"<p title='{LEAVE}'>x</p>",
    "a style": f"<style>p {{content: '</style>{LEAVE}'}}</style>",
    "as it is": LEAVE,
}


def save(nb, path):
    text, resources = LiveExporter().from_notebook_node(
        nb, {"metadata": {"name": "lesson", "path": str(path.parent)}}
    )
    path.write_text(text, encoding="utf-8")
    return resources["lesson"]["warnings"]


@pytest.mark.parametrize("source", ["Markdown", "raw", "output", "widget"])
def test_no_notebook_makes_its_page_leave(open_file, tmp_path, source):
    """Whatever a browser takes for an element, the page has one instruction, its policy."""
    cells = []
    for html in WAYS.values():
        if source == "Markdown":
            cells += [html, f"Words {html} in a line"]
        elif source == "raw":
            cells.append(html)
        else:
            cells.append({"text/html": html, "image/png": "iVBORw0KGgo=", "text/plain": "x"})
    if source == "widget":
        import ipywidgets

        cells = [ipywidgets.HTML(html) for html in WAYS.values()]
    nb = executed(*cells, six())
    if source == "raw":
        for cell in nb.cells[:-1]:
            cell.cell_type = "raw"
    path = tmp_path / "page.html"
    save(nb, path)
    page = open_file(path)
    page.wait_for_selector(".softmax-temperature svg")
    assert page.url == path.as_uri()
    assert page.locator("meta[http-equiv]").count() == 1
    assert page.locator("script[type=module]").count() == 1
    assert page.locator("main :is(iframe, object, embed, link, base, form, template)").count() == 0


CLOBBERING = """
<img name="querySelectorAll" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" alt="">
<form name="getElementById"><input name="addEventListener"></form>
<a id="main" name="createElement">a</a> <p id="slider-T">x</p>
<div class="softmax-temperature-explorer">no explorer</div>
<div class="softmax-temperature-question">no question</div>
<nav class="contents"><details><summary>x</summary><a href="#main">none</a></details></nav>
<p class="slider bar">still there</p>
"""


def test_what_bears_a_name_of_the_page_keeps_no_explorer_from_starting(open_file, tmp_path):
    question = Question("Which?", {"this": True, "that": False}, why="So it is.")
    html = {"text/html": CLOBBERING, "text/plain": "x"}
    nb = executed(CLOBBERING, html, "# A\n\n## B\n\n## C", six(), question)
    path = tmp_path / "page.html"
    save(nb, path)
    page = open_file(path)
    page.wait_for_selector(".softmax-temperature svg")
    assert page.locator(".failed").count() == 0
    slider = page.locator("input[type=range]")
    slider.fill("0.5")
    expect(page.locator(".softmax-temperature svg title")).to_have_text(heading(0.5))
    page.get_by_role("button", name="this").click()
    expect(page.get_by_text("Right. So it is.")).to_be_visible()
    assert page.locator("nav.contents").count() == 1
    # In print, too, where Playwright can have it.
    page.emulate_media(media="print")
    assert page.get_by_text("still there").first.is_visible()


def test_an_explorer_that_fails_says_so_in_its_place_and_the_others_live(browser, tmp_path):
    path = tmp_path / "page.html"
    save(executed(six(value=0.5), six(value=1.5)), path)
    text = path.read_text(encoding="utf-8")
    assert text.count('"T":1.5') == 1
    path.write_text(text.replace('"T":1.5', '"T":1.5,,'), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    first, second = page.locator(".softmax-temperature-explorer").all()
    expect(second.locator(".failed")).to_contain_text("This cannot be shown: ")
    expect(first.locator("svg title")).to_have_text(heading(0.5))
    assert page.locator(".failed").count() == 1
    page.close()


STYLE = (
    "<style>td {color: rgb(255, 0, 0)} button {display: none} :not(&) button {display: none}"
    " ~ div button {display: none} div {position: fixed; inset: 0}"
    " @media screen {button, body button {display: none}}</style>"
    "<div style='position: fixed; inset: 0'><table><tr><td>x</td></tr></table></div>"
)


def test_styles_of_an_output_hold_in_it_alone(open_file, tmp_path):
    path = tmp_path / "page.html"
    output = {"text/html": STYLE, "text/plain": "x"}
    warnings = save(executed("| a |\n|---|\n| 1 |", output, six()), path)
    page = open_file(path)
    page.wait_for_selector(".softmax-temperature svg")
    page.get_by_role("button", name="Draw", exact=True).click()
    color = "element => getComputedStyle(element).color"
    own, other = page.locator("#cell-2 td"), page.locator("#cell-1 td")
    assert own.evaluate(color) == "rgb(255, 0, 0)"
    assert other.first.evaluate(color) != "rgb(255, 0, 0)"
    assert any("leaves its place" in warning for warning in warnings)


def test_sound_in_a_page_plays_and_sound_elsewhere_is_named(open_file, tmp_path):
    display = need("IPython.display")
    path = tmp_path / "page.html"
    sound = display.Audio([0.0, 0.5, 0.0, -0.5] * 400, rate=8000)
    output = {"text/html": sound._repr_html_(), "text/plain": "x"}
    warnings = save(
        executed(output, '<audio controls src="https://example.org/a.mp3"></audio>'), path
    )
    page = open_file(path)
    page.wait_for_function("document.querySelector('audio').readyState > 0")
    assert page.locator("audio").evaluate("audio => audio.duration") == pytest.approx(0.2)
    assert page.locator("#cell-2 a").get_attribute("href") == "https://example.org/a.mp3"
    assert len(warnings) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_without_a_ground_can_be_seen_in_the_dark(open_file, tmp_path, scheme):
    path = tmp_path / "page.html"
    save(executed({"image/png": "iVBORw0KGgo=", "text/plain": "x"}), path)
    page = open_file(path, color_scheme=scheme)
    ground = page.locator("main img").evaluate("img => getComputedStyle(img).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "dark" else "rgba(0, 0, 0, 0)")


def test_nothing_is_wider_than_a_narrow_screen_or_cut_off_in_print(open_file, tmp_path, engine):
    path = tmp_path / "page.html"
    word = "https://example.org/" + "x" * 200
    nb = executed(f"# {word}\n\n{word}\n\n- [{word}]({word})", {"text/html": f"<b>{word}</b>"})
    nb.cells.append(nbformat.v4.new_code_cell(f"a = '{word}'", execution_count=2))
    save(nb, path)
    page = open_file(path, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    if engine == "firefox":
        # It is not told to take a screen for paper.
        return
    page.emulate_media(media="print")
    widths = "[...document.querySelectorAll('pre')].map(pre => pre.scrollWidth - pre.clientWidth)"
    assert page.evaluate(widths) == [0] * page.locator("pre").count()
