"""Texts in real browsers: as a page, and in JupyterLab, where a kernel runs."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from softmax_temperature import TextExplorer, load_story_model
from tests.helpers import go_to, need, write_notebook
from tools.lab import run_all

Axe = need("axe_playwright_python.sync_playwright").Axe
expect = need("playwright.sync_api").expect

MODEL = load_story_model()
FIVE = (0, 0.5, 1, 1.37, 2)
CELLS = [
    """
from softmax_temperature import TextExplorer, load_story_model
explorer = TextExplorer(load_story_model(), "The dragon", length=20, seeds=[0, 1])
explorer""",
]


@pytest.fixture(scope="module")
def whole():
    """Write the texts that the explorer shows by default."""
    return TextExplorer(MODEL)


@pytest.fixture(autouse=True)
def first_dice(whole):
    whole.seed, whole.temperature = 0, 1


def tokens(page):
    """Read each token's text, how surprising it is said to be, and where the fork is marked."""
    return page.evaluate(
        """() => [...document.querySelectorAll("[role=option]")].map((token) => [
            token.textContent, Number(token.className.match(/level-(\\d)/)[1]),
            token.classList.contains("fork")])"""
    )


def check_text(page, explorer, temperature):
    explorer.temperature = temperature
    go_to(page, temperature)
    seen = tokens(page)
    prompt = page.locator(".prompt").text_content()
    assert prompt + "".join(text for text, _, _ in seen) == explorer.text
    path = explorer._path()
    bits = explorer._written.bits[path] / 10
    assert [level for _, level, _ in seen] == np.searchsorted([1, 2, 4, 8], bits, "right").tolist()
    fork = explorer._written.forks[explorer._dice, explorer._position]
    assert [i for i, (_, _, here) in enumerate(seen) if here] == [fork] * int(fork < len(seen))
    assert page.locator(".sentences p").text_content() == explorer._caption()


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_the_text_is_pythons_at_five_temperatures_and_with_all_dice(open_explorer, whole):
    page = open_explorer(whole)
    for seed in (0, 1, 2, 3, 4, 0):
        whole.seed = seed
        for temperature in FIVE:
            check_text(page, whole, temperature)
        page.get_by_role("button", name="Other dice", exact=True).click()


def test_bytes_become_the_characters_that_python_makes_of_them(open_explorer):
    explorer = TextExplorer(MODEL, "🦊 日本", [1, 50, 99], length=400, seeds=[1, 10, 40])
    page = open_explorer(explorer)
    for seed in (1, 10, 40):
        explorer.seed = seed
        for temperature in (1, 50, 99):
            explorer.temperature = temperature
            go_to(page, temperature)
            seen = "".join(text for text, _, _ in tokens(page)).removesuffix("■ end of the story")
            assert seen == explorer.text.removeprefix("🦊 日本")
        # One of two bytes and one of three, which are no tokens of their own.
        assert {1: "", 10: "ڄ", 40: "⫯"}[seed] in seen
        page.get_by_role("button", name="Other dice").click()


def test_a_token_that_cannot_be_seen_has_a_name(open_explorer, whole):
    page = open_explorer(whole)
    for temperature in (0, 0.8, 1.2):
        whole.temperature = temperature
        go_to(page, temperature)
        options = page.locator("[role=option]")
        names = options.evaluate_all("tokens => tokens.map((token) => token.ariaLabel)")
        shown = [MODEL.tokens[token] for token in whole._written.tokens[whole._path()]]
        blank = {" ": "·", "\n": "↵"}
        assert names == [blank.get(text, text if not text.strip() else None) for text in shown]
        assert any(names)


def test_every_stop_has_its_own_text(open_explorer, whole):
    page = open_explorer(whole)
    seen = page.evaluate(
        """() => {
            const slider = document.querySelector("input");
            const texts = [];
            for (let stop = 0; stop <= 200; stop++) {
                slider.value = stop / 100;
                slider.dispatchEvent(new Event("input"));
                texts.push(document.querySelector("[role=listbox]").textContent);
            }
            return texts;
        }"""
    )
    assert seen == MODEL.write("", np.arange(201) / 100, 80, 0)


def details(page):
    return page.locator(".details").inner_text()


def test_the_keys_go_from_token_to_token(open_explorer, whole):
    page = open_explorer(whole)
    # The slider and the number beside it have no text of their own.
    for name in ("Other dice", None, None):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == (name or "")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.role") == "listbox"
    assert details(page).startswith("Point at a token, or go to one")
    names = [MODEL.tokens[token] for token in whole._written.tokens[whole._path()]]
    for key, chosen in [
        ("ArrowRight", 0),
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("End", 79),
        ("ArrowRight", 79),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        active = page.evaluate(
            "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
            ".textContent"
        )
        assert active.strip() == names[chosen].strip()
        assert page.locator("[aria-selected=true]").count() == 1
        assert f"“{names[chosen].replace(' ', '·')}”, a surprise of" in details(page)
    # With another key they are the browser's own.
    for key in ("Control", "Alt", "Meta"):
        page.keyboard.press(f"{key}+ArrowRight")
        assert page.locator("[role=option]").nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    first, second = (
        page.locator("[role=option]").nth(0).bounding_box(),
        page.locator("[aria-selected=true]").bounding_box(),
    )
    tops = page.locator("[role=option]").evaluate_all(
        "tokens => tokens.map((token) => token.getClientRects()[0].top)"
    )
    lines = [a for a, b in pairwise([*sorted(tops), math.inf]) if b > a + 4]
    assert len(lines) > 3
    assert (first["y"], second["y"]) == pytest.approx(lines[:2], abs=2)
    assert abs(second["x"] - first["x"]) < 30
    page.keyboard.press("ArrowUp")
    assert page.locator("[role=option]").nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    above = page.locator("[aria-selected=true]").bounding_box()
    assert above["y"] == pytest.approx(lines[-2], abs=2)
    page.keyboard.press("Escape")
    assert page.locator("[aria-selected=true]").count() == 0
    assert details(page).startswith("Point at a token, or go to one")


def test_what_is_told_of_a_token_is_the_models_own(open_explorer, whole):
    page = open_explorer(whole, "#T=1.5")
    whole.temperature = 1.5
    path = whole._path()
    ids = [1, *whole._written.tokens[path].tolist()]
    rows = MODEL.logits_along(ids)[:-1]
    for i in (4, 5, 30):
        page.locator("[role=option]").nth(i).click()
        weights = np.exp(rows[i] - rows[i].max())
        shares = weights / weights.sum()
        said, *five = details(page).splitlines()
        bits = float(re.search(r"surprise of ([\d.]+) bits", said)[1])
        assert bits == pytest.approx(-np.log2(shares[ids[i + 1]]), abs=0.051)
        likeliest = np.argsort(-shares)[:5]
        numbers = [
            text.replace("<", "").replace(">", "") for text in five if re.search(r"\d", text)
        ]
        found = [float(re.search(r"[\d.]+$", text)[0]) for text in numbers]
        np.testing.assert_allclose(found, shares[likeliest].clip(0.01, 0.99), atol=0.0051)


def test_resting_on_a_token_tells_and_leaving_it_goes_back(open_explorer, whole):
    page = open_explorer(whole)
    page.locator("[role=option]").nth(3).click()
    chosen = details(page)
    page.locator("[role=option]").nth(10).hover()
    assert details(page) != chosen
    page.mouse.move(1, 1)
    assert details(page) == chosen
    assert page.locator("[aria-selected=true]").count() == 1


def test_a_chosen_token_that_leaves_the_text_is_no_longer_chosen(open_explorer, whole):
    page = open_explorer(whole)
    chosen = page.locator("[aria-selected=true]")
    fork = int(whole._written.forks[0][whole._stops.tolist().index(2)])
    for key in ["ArrowRight"] * fork:
        page.locator("[role=listbox]").press(key)
    go_to(page, 2)
    assert chosen.count() == 1
    page.locator("[role=listbox]").press("ArrowRight")
    assert chosen.count() == 1
    go_to(page, 1)
    assert chosen.count() == 0
    assert details(page).startswith("Point at a token, or go to one")


def test_a_screen_reader_hears_what_has_come_to_rest(open_explorer, whole):
    page = open_explorer(whole, paused=True)
    status = page.get_by_role("status").nth(0)
    assert status.text_content() == ""
    page.locator(".slider input[type=range]").press("ArrowLeft")
    page.clock.run_for(400)
    page.locator(".slider input[type=range]").press("ArrowLeft")
    page.clock.run_for(400)
    assert status.text_content() == ""
    page.clock.run_for(300)
    whole.temperature = 0.98
    said = status.text_content()
    assert said.startswith(f"Temperature 0.98. {whole._caption()} Once upon")
    assert said.endswith(whole.text)
    page.locator("[role=listbox]").press("ArrowRight")
    assert "a surprise of" in page.get_by_role("status").nth(1).text_content()


@pytest.mark.parametrize("width", [1400, 768, 360])
def test_nothing_jumps(open_explorer, whole, width):
    page = open_explorer(whole, viewport={"width": width, "height": 800})
    places = page.evaluate(
        """() => {
            const slider = document.querySelector("input");
            const places = new Set();
            for (let dice = 0; dice < 5; dice++) {
                for (let stop = 0; stop <= 200; stop++) {
                    slider.value = stop / 100;
                    slider.dispatchEvent(new Event("input"));
                    places.add([".story", ".key", ".details", ".note"].map((name) =>
                        document.querySelector(name).getBoundingClientRect().top).join());
                }
                document.querySelector("button").click();
            }
            return [...places];
        }"""
    )
    assert len(places) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1400, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_text_has_no_fault_that_axe_knows(open_explorer, whole, scheme, width):
    page = open_explorer(
        whole, "#T=2", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page.locator("[role=listbox]").press("ArrowRight")
    results = Axe().run(page)
    assert results.response["violations"] == []


def test_a_prompt_with_markup_is_text(open_explorer):
    prompt = "<img src=x onerror=alert(1)> $x$ </script>"
    page = open_explorer(TextExplorer(MODEL, prompt, [0, 1], length=3, seeds=[0]))
    assert page.locator(".prompt").text_content() == prompt
    assert page.locator("img").count() == 0


def test_a_chosen_token_shows_its_distribution_where_a_kernel_runs(browser, lab, notebooks):
    """In JupyterLab the text is Python's, too, and the buttons and keys of the page work."""
    write_notebook(notebooks / "text.ipynb", *CELLS)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, lab, "text.ipynb")
    expect(page.locator("[role=option]").first).to_be_attached()
    explorer = TextExplorer(MODEL, "The dragon", length=20, seeds=[0, 1])
    for temperature in FIVE:
        readout = page.locator(".widget-readout").first
        readout.fill(f"{temperature:.2f}")
        readout.press("Enter")
        explorer.temperature = temperature
        expect(page.locator(".sentences p").first).to_have_text(
            explorer._caption(), use_inner_text=False
        )
        seen = "".join(text for text, _, _ in tokens(page))
        assert "The dragon" + seen == explorer.text
    page.get_by_role("button", name="Other dice").click()
    explorer.seed = 1
    expect(page.locator("[role=listbox]")).to_have_text(explorer.text.removeprefix("The dragon"))
    page.locator("[role=option]").nth(2).click()
    chart = page.locator(".softmax-temperature svg")
    expect(chart).to_be_visible()
    table = explorer.choose(2)
    expect(page.locator(".softmax-temperature-head .prompt span").last).to_have_text(table.prompt)
    label = chart.locator("[id$='-label-0'] text").text_content()
    top = 100 * max(table.probabilities(2))
    assert label == f"{top:.2f} %"
    # In command mode, in which a notebook takes letters and arrow keys.
    page.locator(".jp-InputPrompt").first.click()
    page.locator("[role=listbox]").focus()
    for key in ("ArrowDown", "b", "m", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.role") == "listbox"
    assert page.locator(".jp-Cell").count() == 1
    page.close()
