"""The site of the course, opened from its files: what a reader sees, hears and can do."""

import ast
import json
import re
from itertools import pairwise
from urllib.parse import quote

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from softmax_temperature import AnswerExplorer, SamplerExplorer, TextExplorer
from softmax_temperature.explorers.base import Explorer
from softmax_temperature.publishing.people import QUESTIONS
from softmax_temperature.publishing.teachers import TEACHERS
from tests.helpers import NOTEBOOKS, axe_faults, becomes, decades, heading, need
from tools.course import MORE, more

BeautifulSoup = need("bs4").BeautifulSoup
expect = need("playwright.sync_api").expect

PAGES = ["index", *NOTEBOOKS, MORE]
SCREEN = 720
LINKED, SAMPLER, TEXT, PROMPTED, NASTY, LEFT, STEPS = 0, 2, 3, 4, 5, 6, 7


@pytest.fixture
def open_page(open_file, site):
    """Open a page of the site, and fail on any error or request beyond it."""

    def open_it(name, fragment="", **options):
        options = {"viewport": {"width": 1280, "height": 900}} | options
        page = open_file(site / f"{name}.html", fragment, **options)
        page.wait_for_selector("html[data-started]", state="attached")
        return page

    return open_it


def shown_by(nb):
    """Run a notebook's cells here, and return what they show, as they leave it.

    No cell changes an explorer that one above it shows: it could be off the screen.
    """
    shown, names = [], {"display": lambda *objects: shown.extend(objects)}
    with mpl.rc_context(), mpl.rc_context({"backend": "agg"}):
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            above = explorers_in(shown)
            told = [explorer._caption() for explorer in above]
            tree = ast.parse(cell.source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if last:
                shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
            plt.close("all")
            assert [explorer._caption() for explorer in above] == told, cell.source
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


MEASURE = """async ([number, stops]) => {
    const element = document.querySelectorAll(".softmax-temperature-explorer")[number];
    const own = (name) => [...element.querySelectorAll(name)].filter(
        (part) => part.closest(".softmax-temperature-explorer") === element);
    const [slider] = own(".slider input[type=range]");
    const { min, max } = slider;
    const measure = async (stop) => {
        slider.value = Number(min) + (max - min) * stop;
        slider.dispatchEvent(new Event("input"));
        // A text is written a slice of time after another.
        while (own(".sentences p")[0].textContent === "Writing …")
            await new Promise((resolve) => setTimeout(resolve, 20));
        const [story] = own(".story p");
        const root = own(".softmax-temperature svg").find((svg) =>
            svg.querySelector("[id$='-axes-bars']"));
        const seen = { value: slider.valueAsNumber, caption: own(".sentences p")[0].textContent };
        if (story) {
            const copy = story.cloneNode(true);
            copy.querySelector(".end")?.remove();
            return { ...seen, text: copy.textContent };
        }
        // Without the bars' edges, which some browsers count.
        for (const bar of root.querySelectorAll("[id*='-bar-'] path")) bar.style.stroke = "none";
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
    };
    const all = [];
    for (const stop of stops) all.push(await measure(stop));
    return all;
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
            const [input, field] = ["range", "text"].map((type) =>
                line.querySelector(`input[type=${type}]`));
            input.value = input.max;
            input.dispatchEvent(new Event("input"));
            const explorer = line.closest(".softmax-temperature-explorer");
            const title = [...explorer.querySelectorAll("svg title")].find(
                (found) => found.closest(".softmax-temperature-explorer") === explorer
            )?.textContent;
            return [field.value, input.getAttribute("aria-valuetext"), title];
        })"""
    )
    assert len(readouts) > 0
    for readout, spoken, title in readouts:
        assert readout == spoken != ""
        assert title is None or f"T = {readout}" in title
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
            told = explorer._caption()
            if isinstance(explorer, AnswerExplorer):
                # What does not depend on the temperature stands elsewhere.
                assert told.endswith(f"\n{seen['caption']}")
                continue
            assert seen["caption"].startswith(told)
            if isinstance(explorer, TextExplorer):
                assert seen["text"] == explorer.text
                continue
            expected = expected_shares(explorer, len(seen["shares"]))
            is_large = len(explorer.table.logits) > 100
            ends = decades(expected) if is_large else expected
            assert seen["shares"] == pytest.approx(ends, abs=seen["pixel"])
            for label, share in zip(seen["labels"], expected, strict=True):
                check_label(label, share)


def test_the_address_of_the_index_sets_one_of_its_explorers(open_page):
    page = open_page("index", "#2.T=0.5")
    title, word = page.locator("#word svg title"), page.locator("#word b[class='']")
    assert title.text_content() == heading(0.5)
    assert word.text_content() == "experience"
    page.get_by_role("button", name="Draw", exact=True).click()
    assert word.text_content() == "day"


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
    fields = page.locator(".slider input[type=text]")
    return fields.evaluate_all("fields => fields.map((field) => field.value)")


def ranges(page):
    return page.locator(".slider input[type=range]")


def fill(view, name, text):
    field = view.get_by_role("textbox", name=name, exact=True)
    field.fill(text)
    field.press("Enter")


def test_explorers_keep_their_settings_apart_and_the_address_has_each(open_page):
    page = open_page(MORE, paused=True)
    before = readouts(page)
    explorers = page.locator(".softmax-temperature-explorer")
    ranges(page).nth(SAMPLER).press("Home")
    fill(explorers.nth(SAMPLER), "top-p, its value", "0.75")
    ranges(page).nth(TEXT).press("End")
    explorers.nth(PROMPTED).get_by_role("button", name="Draw", exact=True).click()
    after = readouts(page)
    assert after == [*before[:2], "0.00", "2.00", *before[4:]]
    page.clock.run_for(400)
    address = r"#3\.T=0&3\.top-p=0\.75&4\.T=2&5\.dice=1$"
    expect(page).to_have_url(re.compile(address))
    title = explorers.nth(SAMPLER).locator("svg title")
    drawn = explorers.nth(PROMPTED).locator(".softmax-temperature-head b")
    shown = [title.text_content(), drawn.text_content()]
    assert shown[0] == "T = 0.00: 1 of 6 tokens is kept"
    page.reload()
    page.wait_for_selector("html[data-started]", state="attached")
    assert readouts(page) == after
    assert [title.text_content(), drawn.text_content()] == shown
    expect(page).to_have_url(re.compile(address))
    page.go_back()
    expect(title).to_have_text("T = 1.00: 2 of 6 tokens are kept")
    assert readouts(page) == before


def test_a_mistake_in_an_address_is_told_beside_its_own_explorer(open_page):
    page = open_page(MORE, "#1.T=-1&5.dice=x&3.T=0.5&8.top-k=1.5")
    says = page.locator(".softmax-temperature-explorer > .address").all_text_contents()
    told = [number for number, text in enumerate(says) if text]
    assert told == [LINKED, PROMPTED, STEPS]
    assert "-1" in says[LINKED]
    assert "x" in says[PROMPTED]
    assert "1.5" in says[STEPS]
    assert readouts(page)[SAMPLER] == "0.50"


def test_linked_sliders_move_together_when_one_is_moved(open_page):
    page = open_page(MORE)
    titles = page.locator(".softmax-temperature svg title")
    ranges(page).nth(1).press("End")
    assert readouts(page)[:2] == ["2.00", "2.00"]
    assert titles.nth(0).text_content() == titles.nth(1).text_content()
    expect(page).to_have_url(re.compile(r"#1\.T=2&2\.T=2$"))
    page.reload()
    page.wait_for_selector("html[data-started]", state="attached")
    assert readouts(page)[:2] == ["2.00", "2.00"]
    ranges(page).first.press("Home")
    assert readouts(page)[:2] == ["0.00", "0.00"]
    # Between the stops only the one is that was typed in: the sliders stand together.
    name = "Temperature, any number from 0 to ∞"
    fill(page.locator(".softmax-temperature-explorer").first, name, "0.777")
    assert readouts(page)[:2] == ["0.777", "0.78"]


def test_a_link_to_a_section_moves_no_slider(open_page):
    page = open_page(MORE)
    ranges(page).first.press("End")
    after = readouts(page)
    page.locator(".contents a", has_text="A sampler").click()
    expect(page).to_have_url(re.compile("#A-sampler$"))
    heading = page.locator("h2", has_text="A sampler")
    expect(heading).to_be_in_viewport()
    expect(page.locator(".contents a[aria-current]")).to_have_text("A sampler")
    assert readouts(page) == after
    page.go_back()
    expect(page).to_have_url(re.compile(r"#1\.T=2&2\.T=2$"))
    assert readouts(page) == after


def test_the_contents_mark_the_section_that_is_read_however_far_one_jumps(open_page):
    page = open_page("02-real-model")
    marked = page.locator(".contents a[aria-current]")
    headings = page.locator(".contents a").all_text_contents()
    assert len(headings) > 5
    for number in (7, 2, 6, 0, 5):
        page.locator("h2").nth(number).evaluate("heading => heading.scrollIntoView()")
        expect(marked).to_have_text(headings[number])
    page.evaluate("scrollTo(0, 0)")
    expect(marked).to_have_count(0)


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


@pytest.mark.parametrize("name", PAGES)
def test_no_control_of_an_explorer_is_dead(open_page, name):
    """But for a button that undoes what is not done yet."""
    page = open_page(name)
    undoing = ".editor button, .constant button:disabled"
    page.evaluate(f"document.querySelectorAll('{undoing}').forEach((own) => own.remove())")
    explorers = page.locator(".softmax-temperature-explorer")
    assert explorers.count() > 0
    assert explorers.locator(":is(:disabled, [aria-disabled=true])").count() == 0


def test_every_control_of_a_sampler_works_on_a_page(open_page):
    sampler = open_page(MORE).locator(".softmax-temperature-explorer").nth(SAMPLER)
    title = sampler.locator("svg title")
    sampler.get_by_role("slider", name="top-p", exact=True).press("Home")
    expect(title).to_have_text("T = 1.00: 1 of 6 tokens is kept")
    fill(sampler, "top-p, its value", "0.7")
    sampler.get_by_role("combobox", name="Add a cut").select_option(label="top-k")
    fill(sampler, "top-k, its value", "3")
    expect(title).to_have_text("T = 1.00: 2 of 6 tokens are kept")
    names = sampler.locator(".steps .name")
    expect(names).to_have_text(["Temperature", "top-p", "top-k"])
    sampler.get_by_role("button", name="top-k: move with the arrow keys").press("ArrowUp")
    expect(names).to_have_text(["Temperature", "top-k", "top-p"])
    sampler.get_by_role("button", name="Remove top-p").click()
    expect(title).to_have_text("T = 1.00: 3 of 6 tokens are kept")
    sampler.get_by_role("combobox", name="Steps of an engine").select_option(label="llama.cpp")
    assert sampler.locator(".steps li").count() == 4


def test_explorers_are_on_a_page_as_code_left_them(open_page):
    page = open_page(MORE)
    explorers = page.locator(".softmax-temperature-explorer")
    left, steps = explorers.nth(LEFT), explorers.nth(STEPS)
    assert readouts(page)[LEFT:] == ["0.777", "2.345"]
    assert ranges(page).nth(LEFT).input_value() == "0.78"
    expect(left.get_by_role("textbox", name="Seed")).to_have_value("1" + 20 * "0")
    logits = np.array([5.0, 4.5, 3.0, 2.7, 2.2, 2.0])
    shares = np.exp(logits / 0.777) / np.exp(logits / 0.777).sum()
    third = np.random.default_rng(10**20).random(3)[2]
    words = ["day", "experience", "problem", "challenge", "space", "furniture"]
    word = words[np.searchsorted(shares.cumsum(), third, "right")]
    expect(left.locator(".softmax-temperature-head b")).to_have_text(word)
    names = steps.locator(".steps .name").all_text_contents()
    assert names == ["top-k", "Temperature", "min-p"]
    assert steps.locator("svg title").text_content() == "T = 2.345: 4 of 6 tokens are kept"
    # What is as it was left is not in the address.
    assert "#" not in page.url


def test_prompts_and_a_constant_need_no_kernel_on_a_page(open_page):
    left = open_page(MORE).locator(".softmax-temperature-explorer").nth(LEFT)
    constant = left.get_by_role("slider", name="Constant")
    before = left.locator(".sentences p").text_content()
    constant.press("End")
    expect(left.locator(".constant .value")).to_contain_text("105")
    assert left.locator(".sentences p").text_content() == before
    left.get_by_role("combobox", name="Prompt").select_option(index=1)
    expect(left.locator(".softmax-temperature-head .prompt span")).to_have_text("Say ")
    expect(left.locator("svg text", has_text="two").first).to_be_visible()


def test_draws_of_the_notebook_and_of_the_reader_are_marked(open_page):
    explorer = open_page(MORE).locator(".softmax-temperature-explorer").nth(PROMPTED)
    caption = explorer.locator(".sentences p")
    assert "◇ Of these 100 draws 49 were “day”" in caption.text_content()
    explorer.get_by_role("button", name="Clear").click()
    assert "◇" not in caption.text_content()


def test_the_keys_go_through_the_tokens_of_a_text(open_page):
    explorer = open_page(MORE).locator(".softmax-temperature-explorer").nth(TEXT)
    tokens = explorer.get_by_role("listbox")
    # The page's own bars are no style of those beside the rivals.
    assert explorer.locator(".details .bar").first.bounding_box()["height"] < 18
    options = explorer.locator("[role=option]")
    expect(options).to_have_count(20)
    tokens.press("Home")
    expect(options.first).to_have_attribute("aria-selected", "true")


def test_a_screen_reader_hears_of_the_explorer_that_was_moved(open_page):
    page = open_page(MORE)
    ranges(page).nth(SAMPLER).press("Home")
    explorers = page.locator(".softmax-temperature-explorer")
    status = explorers.nth(SAMPLER).locator(".softmax-temperature [role=status]")
    expect(status).to_have_text(re.compile(r"^Temperature 0\.00\. top-p 0\.8\. "))
    others = explorers.nth(PROMPTED).locator("[role=status]")
    assert set(others.all_text_contents()) == {""}


def test_every_explorer_fits_a_narrow_screen(open_page):
    page = open_page(MORE, viewport={"width": 360, "height": 800})
    widths = page.locator(".softmax-temperature :is(.pictures, .ranks) svg").evaluate_all(
        "charts => charts.map((chart) => chart.viewBox.baseVal.width)"
    )
    # A sampler has two, bars and what cuts them.
    assert len(widths) == 9
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
    assert axe_faults(page) == []


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [(QUESTIONS, 1400, "light"), (TEACHERS, 360, "dark")]
)
def test_pages_beside_the_lessons_are_accessible_and_fit(open_file, site, name, width, scheme):
    page = open_file(site / name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe_faults(page) == []


def test_what_people_asked_can_be_searched(open_file, site):
    page = open_file(site / QUESTIONS, viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    field, items = page.get_by_role("searchbox", name="Search"), page.locator(".people li")
    field.fill("TOP-P  llama.cpp")
    shown = items.filter(visible=True)
    expect(page.get_by_role("status")).to_have_text(re.compile(rf"^\d+ of {items.count()}$"))
    assert 0 < shown.count() < 5
    for text in shown.all_text_contents():
        assert "top-p" in text
        assert "llama.cpp" in text
    field.fill("no such words")
    expect(page.get_by_role("status")).to_have_text(f"0 of {items.count()}")
    field.fill("")
    assert shown.count() == items.count() >= 25


def test_without_javascript_what_people_asked_is_a_list(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / QUESTIONS).as_uri())
    assert page.locator(".people li").filter(visible=True).count() >= 25
    assert page.get_by_role("searchbox").count() == 0
    context.close()


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
    sizes = page.locator("main noscript img").evaluate_all("all => all.map((i) => i.naturalWidth)")
    assert len(sizes) == 6
    assert min(sizes) > 250
    assert "Once upon" in text
    assert "Is 2 even?" in text
    context.close()


def test_tokens_with_markup_stay_text_on_a_page(open_page):
    page = open_page(MORE)
    explorer = page.locator(".softmax-temperature-explorer").nth(NASTY)
    names = explorer.locator("svg text").all_text_contents()
    assert {"&amp;", "<!--", "{{data}}", "${x}`"} <= set(names)


# Every word with its place, and whose question it is in; what is heard and not seen, too.
READ = r"""() => {
    const own = [...document.querySelectorAll("main .softmax-temperature-question")].filter(
        (el) => !el.matches(".softmax-temperature-challenge, .softmax-temperature-prediction"));
    const place = (box) => [box.top + scrollY, box.bottom + scrollY];
    const words = [];
    const read = (text, element, box) => {
        const question = own.indexOf(element.closest(".softmax-temperature-question"));
        for (const word of text.split(/\s+/).filter(Boolean))
            words.push([word, question, ...place(box)]);
    };
    const range = new Range();
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        const picture = element.closest("svg");
        if (element.matches("script, noscript, details:not([open])")) continue;
        const frame = picture?.getBoundingClientRect();
        if (element.matches("title, desc")) read(node.data, picture, frame);
        if (!element.checkVisibility()) continue;
        for (const { index, 0: { length }, 0: word } of node.data.matchAll(/\S+/g)) {
            range.setStart(node, index);
            range.setEnd(node, index + length);
            read(word, element, range.getBoundingClientRect());
        }
    }
    for (const image of document.querySelectorAll("main img"))
        read(image.alt, image, image.getBoundingClientRect());
    const places = (elements) => [...elements].map((el) => place(el.getBoundingClientRect()));
    const all = (names) => places(document.querySelectorAll(`main :is(${names})`));
    return {
        words,
        questions: places(own),
        verdicts: own.map((el) => el.querySelector("[role=status]").textContent),
        told: places(own.map((el) => el.querySelector("[role=status] > :last-child") ?? el)),
        headings: all("h1, h2, h3"),
        looks: all(".softmax-temperature-explorer, .softmax-temperature-question, img"),
        height: document.documentElement.scrollHeight,
    };
}"""


def words_of(text):
    return re.findall(r"\d[\d.,]*\d|\w+", text.lower())


def rows_of(text, shortest=1):
    """Return all rows of five words, or the whole text where it is a shorter one."""
    words = words_of(text)
    length = min(5, len(words))
    rows = {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}
    return rows if length >= shortest else set()


# A number that stands everywhere is no answer: how many tokens GPT-2 and SmolLM2 know.
KNOWN = {"50,257", "49,152"}


def figures_of(text):
    """Return the numbers of three significant digits and more, which do not stand everywhere."""
    words = set(words_of(text)) - KNOWN
    return {word for word in words if len(re.sub(r"\D", "", word).strip("0")) >= 3}


def in_sight(seen, asked):
    """Return for each question what a screen that shows it says of its answer outside of it."""
    found = []
    for number, (question, (top, bottom)) in enumerate(zip(asked, seen["questions"], strict=True)):
        text, choices, why = (question[name] for name in ("text", "choices", "why"))
        told = rows_of(why) | rows_of(question["answer"], shortest=5)
        told -= rows_of(text)
        told |= figures_of(why) - figures_of(" ".join([text, *choices]))
        around = " ".join(
            word
            for word, inside, above, below in seen["words"]
            if inside != number and below > bottom - SCREEN and above < top + SCREEN
        )
        around = f" {' '.join(words_of(around))} "
        found.append({words for words in told if f" {words} " in around})
    return found


def bare_screens(seen):
    """Return the share of screens with nothing to look at or to answer."""
    tops = range(0, int(seen["height"]), SCREEN)
    shown = [
        # A whole one, or a good part of it.
        any(min(b, top + SCREEN) - max(a, top) >= min(b - a, 100) for a, b in seen["looks"])
        for top in tops
    ]
    return shown.count(False) / len(tops)


@pytest.fixture
def open_lesson(open_page, site):
    """Open a lesson as a laptop shows it, when its texts are written, with what it asks."""

    def open_it(name):
        page = open_page(name, viewport={"width": 1280, "height": SCREEN})
        for number in range(page.locator(".softmax-temperature-explorer").count()):
            # A text is written when it comes into sight.
            explorer = f"document.querySelectorAll('.softmax-temperature-explorer')[{number}]"
            page.evaluate(f"{explorer}.scrollIntoView()")
            told = f"{explorer}.querySelector('.sentences p')?.textContent"
            becomes(page, f"{told} !== 'Writing …'")
        soup = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        data = soup.select(".softmax-temperature-question > script")
        return page, [json.loads(script.string)["asked"] for script in data]

    return open_it


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_lesson_asks_before_it_answers_and_is_seldom_without_a_picture(open_lesson, name):
    page, asked = open_lesson(name)
    seen = page.evaluate(READ)
    assert 0 < bare_screens(seen) <= 1 / 3
    assert len(asked) >= 5
    assert seen["verdicts"] == [""] * len(asked)
    assert in_sight(seen, asked) == [set()] * len(asked)
    page.evaluate(
        """(answers) => {
            for (const button of document.querySelectorAll(".softmax-temperature-question button"))
                if (answers.includes(button.lastChild.textContent)) button.click();
        }""",
        [question["answer"] for question in asked],
    )
    seen = page.evaluate(READ)
    assert seen["verdicts"] == [f"✓ Right. {question['why']}".strip() for question in asked]
    for (top, bottom), (first, last) in zip(seen["questions"], seen["told"], strict=True):
        assert top < first < last <= bottom
        # Below the heading of its question, and above the next one.
        below = [above for above, _ in seen["headings"]]
        assert any(one < top and last < next_one for one, next_one in pairwise([*below, 1e9]))


def test_an_answer_in_sight_is_found(open_lesson):
    page, asked = open_lesson("01-temperature")
    page.evaluate(
        """(answers) => {
            const cells = [...document.querySelectorAll(".cell")];
            for (const { text, why } of answers) {
                const cell = cells.find(({ innerText }) => innerText.includes(text));
                cell.after(Object.assign(document.createElement("p"), { textContent: why }));
            }
        }""",
        asked,
    )
    assert all(in_sight(page.evaluate(READ), asked))
