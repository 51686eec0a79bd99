"""Links in prose that move a picture, in a page and in a notebook."""

import nbformat
import pytest

from softmax_temperature import SamplerExplorer, TextExplorer, load_example, load_story_model
from tests.browser.test_foreign import save
from tests.browser.test_notebook import KERNEL, catch_up, new_page
from tests.helpers import becomes, comes_to, comes_to_be, need, six
from tools.course import SPEC, executed
from tools.lab import run_all

expect = need("playwright.sync_api").expect

SENTENCES = ".softmax-temperature .sentences p"
TITLES = "[...document.querySelectorAll('.softmax-temperature svg title')].map(t => t.textContent)"


def links(*pairs):
    return "# Moves\n\n" + " ".join(f"[{text}]({address})" for text, address in pairs)


PROSE = [
    links(("hot", "#T=2"), ("cold dice", "#T=0&dice=3"), ("the other", "#2.T=0.7")),
    links(("between", "#T=0.5"), ("a cut", "#3.top-k=2&T=1.5"), ("a heading", "#Moves")),
    links(("back", "#T=0.9"), ("no number", "#T=warm"), ("own words", "#words=a,b,c,d,e,f")),
    links(("dragons", "#prompt=The%20dragon&dice=3&length=9&T=0"), ("both", "#1.T=0.1&2.T=0.2")),
]


def shown():
    table = load_example("wonderful-day")
    bars = [six(parts=("bars", "dice")) for _ in range(2)]
    text = TextExplorer(load_story_model(), "Once", [0, 1, 2], length=5)
    return [*bars, SamplerExplorer(table, "top_k", 4), text]


@pytest.fixture
def page(open_file, tmp_path):
    one, two, sampler, text = shown()
    nb = executed(PROSE[0], one, PROSE[1], two, sampler, PROSE[2], "Words.", PROSE[3], text)
    assert save(nb, tmp_path / "page.html") == []
    page = open_file(tmp_path / "page.html")
    page.wait_for_selector("html[data-started]", state="attached")
    return page


def titles(page):
    return page.evaluate(TITLES)


def click(page, address):
    """Click a link, and see that the page stays where it is."""
    link = page.locator(f"main a[href='{address}']")
    link.evaluate("link => link.scrollIntoView({ block: 'center', behavior: 'instant' })")
    before = page.evaluate("scrollY")
    link.click()
    assert page.evaluate("scrollY") == before


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_a_link_moves_the_nearest_picture_of_a_page(page):
    said = page.locator(SENTENCES)
    first = said.first.text_content()
    click(page, "#1.T=2")
    assert said.first.text_content() != first
    comes_to(page, "#1.T=2")
    click(page, "#2.T=0.7")
    comes_to(page, "#1.T=2&2.T=0.7")
    # Of two that are as near it is the one that follows.
    click(page, "#2.T=0.5")
    comes_to(page, "#1.T=2&2.T=0.5")
    click(page, "#3.top-k=2&2.T=1.5")
    comes_to(page, "#1.T=2&2.T=1.5&3.T=1&3.top-k=2")
    # It sets what it names, and leaves all else.
    click(page, "#1.T=0&1.dice=3")
    comes_to(page, "#1.T=0&1.dice=3&2.T=1.5&3.T=1&3.top-k=2")
    click(page, "#3.T=0.9")
    becomes(page, "location.hash.includes('3.T=0.9')")
    click(page, "#1.T=0.1&2.T=0.2")
    becomes(page, "location.hash.startsWith('#1.T=0.1&1.dice=3&2.T=0.2&3')")
    page.locator("main a[href*=dragon]").press("Enter")
    end = "4.prompt=The%20dragon&4.T=0&4.dice=3&4.length=9"
    becomes(page, f"location.hash.endsWith('{end}')")
    # Steps back go through what was set.
    page.evaluate("history.back()")
    becomes(page, "!location.hash.includes('dragon')")


def test_what_a_link_asks_for_in_vain_is_told_beside_it(page):
    click(page, "#3.T=warm")
    alert = page.get_by_role("alert").filter(has_text="temperature")
    expect(alert).to_have_count(1)
    assert "warm" in alert.text_content()
    click(page, "#3.T=warm")
    expect(alert).to_have_count(1)
    assert page.evaluate("location.hash") == ""


def test_a_link_says_in_full_what_it_moves_and_others_lead_away(page):
    found = page.locator("main a.moves").evaluate_all("all => all.map(a => a.hash)")
    assert found[:5] == ["#1.T=2", "#1.T=0&1.dice=3", "#2.T=0.7", "#2.T=0.5", "#3.top-k=2&2.T=1.5"]
    page.get_by_role("link", name="a heading").click()
    comes_to(page, "#Moves")
    assert "moves" not in (page.get_by_role("link", name="a heading").get_attribute("class") or "")


CODE = """
import softmax_temperature as st
table = st.load_example("wonderful-day")
one, two = (st.TemperatureExplorer(table, parts=("bars", "dice")) for _ in range(2))
one"""


def write_lesson(path):
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("[early](#T=0.3)"),
        new.new_code_cell(CODE.strip()),
        new.new_markdown_cell("[hot](#T=2&dice=2) [first](#1.T=0.5) [none](#3.T=0.5)"),
        new.new_code_cell("two"),
        new.new_markdown_cell("[after](#T=0.7)"),
    ]
    nbformat.write(new.new_notebook(cells=cells, metadata=SPEC), path)


@pytest.mark.parametrize("app", ["jupyterlab", "notebook"])
def test_a_link_moves_the_nearest_picture_of_a_notebook(browser, jupyter, notebooks, app):
    write_lesson(notebooks / "links.ipynb")
    page = new_page(browser, {"width": 1100, "height": 1000})
    address = jupyter(app)
    run_all(page, address, "links.ipynb", "doc/tree" if app == "jupyterlab" else "notebooks")
    expect(page.locator(".softmax-temperature svg title")).to_have_count(2)

    def told():
        catch_up(page)
        return page.evaluate(
            f"""async () => {{
                let printed = "";
                const code = "print(one.temperature, two.temperature, two._state['dice'], end='')";
                const run = {KERNEL}.requestExecute({{ code }});
                run.onIOPub = ({{ content }}) => (printed += content.text ?? "");
                await run.done;
                return printed;
            }}"""
        )

    def click(name):
        page.get_by_role("link", name=name, exact=True).click()

    place = page.url
    click("hot")
    becomes(page, f"{TITLES}[1].includes('2.00')")
    click("first")
    becomes(page, f"{TITLES}[0].includes('0.50')")
    click("none")
    page.get_by_role("link", name="after", exact=True).press("Enter")
    becomes(page, f"{TITLES}[1].includes('0.70')")
    click("early")
    becomes(page, f"{TITLES}[0].includes('0.30')")
    # In no cell has Enter begun to write.
    assert page.locator(".jp-mod-editMode.jp-Notebook").count() == 0
    assert page.url.partition("#")[0] == place.partition("#")[0]
    # Python hears of a change when it has come to rest.
    comes_to_be(told, "0.3 0.7 1")
    # Notebook 7 has some of its own.
    assert app == "notebook" or page.problems == []
    page.close()
