"""The site of the course, opened from its files: what a reader sees, hears and can do."""

import ast
import re
from urllib.parse import quote

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from softmax_temperature import SamplerExplorer, TextExplorer
from softmax_temperature.explorers.base import Explorer
from tests.helpers import NOTEBOOKS, need
from tools.course import MORE, more

Axe = need("axe_playwright_python.sync_playwright").Axe
expect = need("playwright.sync_api").expect

PAGES = ["index", *NOTEBOOKS, MORE]
LINKED, SAMPLER, TEXT, BELOW, PROMPTED, NASTY = 0, 2, 3, 4, 5, 6


@pytest.fixture
def open_page(open_file, site):
    """Open a page of the site, and fail on any error or request beyond it."""

    def open_it(name, fragment="", **options):
        options = {"viewport": {"width": 1280, "height": 900}} | options
        return open_file(site / f"{name}.html", fragment, **options)

    return open_it


def shown_by(nb):
    """Run a notebook's cells here, and return what they show, as they leave it."""
    shown, names = [], {"display": lambda *objects: shown.extend(objects)}
    with mpl.rc_context(), mpl.rc_context({"backend": "agg"}):
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            tree = ast.parse(cell.source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if last:
                shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
            plt.close("all")
    return shown


def explorers_in(widgets):
    """Return all explorers among widgets and in their boxes, as they stand on a page."""
    found = []
    for widget in widgets:
        if isinstance(widget, Explorer):
            found.append(widget)
        if isinstance(widget, ipywidgets.Box):
            found += explorers_in(widget.children)
    return found


MEASURE = """([number, stops]) => {
    const element = document.querySelectorAll(".softmax-temperature-explorer")[number];
    const own = (name) => [...element.querySelectorAll(name)].filter(
        (part) => part.closest(".softmax-temperature-explorer") === element);
    const [slider] = own("input[type=range]");
    const { min, max } = slider;
    return stops.map((stop) => {
        slider.value = Number(min) + (max - min) * stop;
        slider.dispatchEvent(new Event("input"));
        const [story] = own(".story p");
        const [root] = own(".softmax-temperature svg");
        const seen = { value: slider.valueAsNumber, caption: own(".sentences p")[0].textContent };
        if (story) {
            const copy = story.cloneNode(true);
            copy.querySelector(".end")?.remove();
            return { ...seen, text: copy.textContent };
        }
        const find = (id) => root.querySelector(`[id$="-${id}"]`);
        const box = (id) => find(id).getBoundingClientRect();
        const axis = root.querySelector("[id$='-axes-bars'] > [id*='-patch_'] path")
            .getBoundingClientRect();
        const numbers = [...Array(99).keys()].filter((i) => find(`bar-${i}`));
        const sizes = numbers.map((i) => box(`bar-${i}`));
        const upright = new Set(sizes.map(({ width }) => Math.round(width))).size === 1;
        return {
            ...seen,
            shares: sizes.map(({ width, height }) =>
                upright ? height / axis.height : width / axis.width),
            pixel: 1 / (upright ? axis.height : axis.width),
            labels: numbers.map((i) => find(`label-${i}`).querySelector("text").textContent),
        };
    });
}"""


def expected_shares(explorer, bars):
    """Work out the bars from the logits, by the softmax's definition."""
    logits = explorer.table.logits.astype(float)
    order = np.argsort(-logits, kind="stable")
    if isinstance(explorer, SamplerExplorer):
        kept = np.asarray(explorer.chain(explorer.table.logits), dtype=float)
        gaps = kept - kept.max()
        weights = np.exp(gaps)
    else:
        gaps, temperature = logits - logits.max(), explorer.temperature
        weights = np.exp(gaps / temperature) if temperature else (gaps == 0).astype(float)
    shares = (weights / weights.sum())[order]
    if bars == len(shares):
        return shares
    return np.append(shares[: bars - 1], shares[bars - 1 :].sum())


def check_label(label, share):
    """Compare a label with the number that it rounds, or bounds."""
    if label == "cut":
        assert share == 0
        return
    sign, number, percent = re.fullmatch(r"([<>]?)(\d+(?:\.(\d+))?)( %)?", label).group(1, 2, 4)
    digits = len(number.partition(".")[2])
    value, scale = float(number), 100 if percent else 1
    if sign:
        assert (share < value / scale) if sign == "<" else (share > value / scale)
        assert 0 < share < 1
    else:
        assert scale * share == pytest.approx(value, abs=0.5001 * 10.0**-digits)


@pytest.mark.engines("chromium", "firefox", "webkit")
@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_in_every_engine(open_page, name):
    page = open_page(name)
    readouts = page.evaluate(
        """() => [...document.querySelectorAll(".slider")].map((line) => {
            const [input, readout] = [line.querySelector("input"), line.querySelector("span")];
            input.value = input.max;
            input.dispatchEvent(new Event("input"));
            const explorer = line.closest(".softmax-temperature-explorer");
            const title = [...explorer.querySelectorAll("svg title")].find(
                (found) => found.closest(".softmax-temperature-explorer") === explorer
            )?.textContent;
            return [readout.textContent, input.ariaValueText, title];
        })"""
    )
    assert len(readouts) > 0
    for readout, spoken, title in readouts:
        assert readout == spoken != ""
        assert title is None or f"= {readout}" in title
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


@pytest.mark.parametrize("name", PAGES[1:])
def test_every_explorer_equals_python_at_five_temperatures(open_page, name):
    nb = more() if name == MORE else nbformat.read(NOTEBOOKS[name], as_version=4)
    explorers = explorers_in(shown_by(nb))
    page = open_page(name)
    assert page.locator(".softmax-temperature-explorer").count() == len(explorers)
    for number, explorer in enumerate(explorers):
        for seen in page.evaluate(MEASURE, [number, [0, 0.25, 0.5, 0.685, 1]]):
            explorer.temperature = seen["value"]
            assert seen["value"] == pytest.approx(explorer.temperature, abs=1e-6)
            assert seen["caption"].startswith(explorer._caption())
            if isinstance(explorer, TextExplorer):
                assert seen["text"] == explorer.text
                continue
            expected = expected_shares(explorer, len(seen["shares"]))
            assert seen["shares"] == pytest.approx(expected, abs=seen["pixel"])
            for label, share in zip(seen["labels"], expected, strict=True):
                check_label(label, share)


def test_the_index_shows_the_first_explorer_of_the_course(open_page):
    page = open_page("index", "#T=0.5")
    title = page.locator(".softmax-temperature svg title")
    assert title.text_content() == "Softmax Probabilities at Temperature = 0.50"
    page.get_by_role("button", name="Draw", exact=True).click()
    assert page.locator(".softmax-temperature-head b").text_content() == "experience"


def test_readers_go_through_the_lessons_and_back(browser, site):
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.locator(".lessons a").first.click()
    for name in [*list(NOTEBOOKS)[1:], MORE]:
        page.locator("a[rel=next]").click()
        page.wait_for_url(f"**/{quote(name)}.html")
    assert page.locator("a[rel=next]").count() == 0
    page.locator("a[rel=prev]").click()
    page.wait_for_url(f"**/{list(NOTEBOOKS)[-1]}.html")
    page.locator("header a").click()
    page.wait_for_url("**/index.html")
    page.close()


def readouts(page):
    return page.locator(".slider span").all_text_contents()


def test_explorers_keep_their_temperatures_apart_and_the_address_has_each(open_page):
    page = open_page(MORE)
    sliders = page.locator(".slider input[type=range]")
    before = readouts(page)
    sampler, knob, text = sliders.nth(2), sliders.nth(3), sliders.nth(4)
    sampler.press("Home")
    knob.press("ArrowLeft")
    text.press("End")
    after = readouts(page)
    assert after == [*before[:2], "0.00", "0.75", "2.00", *before[5:]]
    expect(page).to_have_url(re.compile(r"#3\.T=0&3\.top-p=0\.75&4\.T=2$"))
    page.reload()
    assert readouts(page) == after
    page.go_back()
    expect(page.locator(".slider span").nth(2)).to_have_text("1.00")


def test_linked_sliders_move_together_under_one_name(open_page):
    page = open_page(MORE)
    titles = page.locator(".softmax-temperature svg title")
    page.locator(".slider input").nth(1).press("End")
    assert readouts(page)[:2] == ["2.00", "2.00"]
    assert titles.nth(0).text_content() == titles.nth(1).text_content()
    expect(page).to_have_url(re.compile("#1.T=2$"))
    page.reload()
    assert readouts(page)[:2] == ["2.00", "2.00"]
    page.locator(".slider input").first.press("Home")
    assert readouts(page)[:2] == ["0.00", "0.00"]


def test_a_link_to_a_section_moves_no_slider(open_page):
    page = open_page(MORE)
    page.locator(".slider input").first.press("End")
    after = readouts(page)
    page.locator(".contents a", has_text="A sampler").click()
    expect(page).to_have_url(re.compile("#A-sampler$"))
    heading = page.locator("h2", has_text="A sampler")
    expect(heading).to_be_in_viewport()
    expect(page.locator(".contents a[aria-current]")).to_have_text("A sampler")
    assert readouts(page) == after
    page.go_back()
    expect(page).to_have_url(re.compile("#1.T=2$"))
    assert readouts(page) == after


def test_a_section_in_the_address_is_shown_with_the_explorers_above_it(open_page):
    page = open_page(MORE, "#Another-prompt")
    expect(page.locator("h2", has_text="Another prompt")).to_be_in_viewport()


def test_a_question_is_answered_by_its_reader(open_page):
    page = open_page(MORE)
    question = page.locator(".softmax-temperature-question")
    question.get_by_role("button", name="no").click()
    assert question.get_by_role("status").text_content() == "✗ Not that one."
    question.get_by_role("button", name="yes").press("Enter")
    assert question.get_by_role("status").text_content() == "✓ Right. 2 = 2 · 1."


def test_what_needs_python_is_disabled_and_says_so(open_page):
    page = open_page(MORE)
    explorers = page.locator(".softmax-temperature-explorer")
    menu = explorers.nth(PROMPTED).get_by_role("combobox", name="Prompt needs a kernel")
    expect(menu).to_be_disabled()
    head = explorers.nth(PROMPTED).locator(".softmax-temperature-head")
    assert menu.bounding_box()["y"] < head.bounding_box()["y"]
    assert explorers.nth(SAMPLER).get_by_role("combobox").count() == 2
    expect(explorers.nth(SAMPLER).get_by_role("combobox").first).to_be_disabled()


def test_draws_of_the_notebook_and_of_the_reader_are_marked(open_page):
    explorer = open_page(MORE).locator(".softmax-temperature-explorer").nth(PROMPTED)
    caption = explorer.locator(".sentences p")
    assert "◇ Of these 100 draws 49 were “day”" in caption.text_content()
    explorer.get_by_role("button", name="Clear").click()
    assert "◇" not in caption.text_content()


def test_the_keys_go_through_the_tokens_of_a_text(open_page):
    explorer = open_page(MORE).locator(".softmax-temperature-explorer").nth(TEXT)
    tokens = explorer.get_by_role("listbox")
    tokens.press("Home")
    expect(explorer.get_by_role("option").first).to_have_attribute("aria-selected", "true")


def test_a_screen_reader_hears_of_the_explorer_that_was_moved(open_page):
    page = open_page(MORE)
    page.locator(".slider input").nth(2).press("Home")
    status = page.locator(".softmax-temperature-explorer").nth(SAMPLER).locator("[role=status]")
    expect(status).to_have_text(re.compile(r"^Temperature 0\.00\. top-p 0\.8\. "))
    others = page.locator(".softmax-temperature-explorer").nth(PROMPTED).locator("[role=status]")
    assert others.text_content() == ""


def test_every_explorer_fits_a_narrow_screen(open_page):
    page = open_page(MORE, viewport={"width": 360, "height": 800})
    widths = page.locator(".softmax-temperature svg").evaluate_all(
        "charts => charts.map((chart) => chart.viewBox.baseVal.width)"
    )
    assert len(widths) == 6
    assert max(widths) < 300
    assert page.locator(".contents details").get_attribute("open") is None
    page.locator(".contents summary").click()
    page.locator(".contents a").first.click()
    expect(page.locator(".contents ol")).to_be_hidden()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (360, "dark")])
def test_every_page_is_accessible_and_fits_its_screen(open_page, name, width, scheme):
    page = open_page(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_what_is_wider_than_the_screen_can_be_scrolled_with_keys(open_page):
    page = open_page(MORE, viewport={"width": 360, "height": 800})
    expect(page.locator("#cell-2 pre").first).to_have_attribute("tabindex", "0")
    assert page.locator("#cell-3 pre").first.get_attribute("tabindex") is None


def test_without_javascript_the_lessons_can_be_read(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / f"{MORE}.html").as_uri())
    text = page.locator("main").inner_text()
    assert "Sliders and questions need JavaScript." in text
    assert "Of 100 draws about 71 would be “day”" in text
    assert "Once upon" in text
    assert "Is 2 even?" in text
    context.close()


def test_tokens_with_markup_stay_text_on_a_page(open_page):
    page = open_page(MORE)
    explorer = page.locator(".softmax-temperature-explorer").nth(NASTY)
    names = explorer.locator("svg text").all_text_contents()
    assert {"&amp;", "<!--", "{{data}}", "${x}`"} <= set(names)
