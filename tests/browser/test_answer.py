"""Whole answers in real browsers: as a page, and in JupyterLab."""

import math

import pytest

from softmax_temperature import AnswerExplorer, load_story_model
from tests.explorers.test_answer import CAPITAL
from tests.helpers import axe_faults, becomes, go_to, need, softmax
from tests.reading.test_replies import chat

expect = need("playwright.sync_api").expect

ALL = pytest.mark.engines("chromium", "firefox", "webkit")
LIST = "[role=listbox]"


@pytest.fixture(scope="module")
def capital():
    return AnswerExplorer(chat(*CAPITAL), prompt="Where? ")


@pytest.fixture(scope="module")
def scored():
    return AnswerExplorer(load_story_model().score("Lily ate the moon. It was very soft."))


def lines(page):
    """Read the list of candidates: name, share at T, probability at 1, and how long the bar is."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".details li:not(.head)")].map((line) => {
            const [name, bar, now, at1] = line.children;
            const width = bar.firstElementChild.getBoundingClientRect().width;
            return [name.textContent, now.textContent, at1.textContent,
                width / bar.getBoundingClientRect().width];
        })"""
    )


def press(page, place):
    """Click a token, in any browser."""
    page.evaluate(f"document.querySelectorAll('[role=option]')[{place}].click()")


def caption(page):
    facts = page.locator(".facts").text_content()
    return f"{facts}\n{page.locator('.sentences p').first.text_content()}"


@ALL
def test_text_tints_and_sentences_are_pythons(open_explorer, scored):
    page = open_explorer(scored)
    options = page.locator("[role=option]")
    assert options.all_text_contents() == [place.text for place in scored._places]
    others = page.evaluate(
        "() => [...document.querySelectorAll('[role=option]')].map("
        "(token) => token.classList.contains('other'))"
    )
    assert others == [place.rank > 1 for place in scored._places]
    for temperature in (0, 0.5, 1.37, 2):
        go_to(page, temperature)
        scored.temperature = temperature
        assert caption(page) == scored._caption()
    scored.temperature = 1


@ALL
def test_a_click_opens_the_candidates_with_what_is_not_listed(open_explorer, capital):
    page = open_explorer(capital)
    press(page, 2)
    for temperature in (0.7, 1, 2):
        go_to(page, temperature)
        shares = softmax([math.log(p) for p in (0.8, 0.1, 0.05)], temperature)
        seen = lines(page)
        assert [line[0] for line in seen] == ["1. ·Canberra", "2. ·Sydney", "3. ·<b>", "not listed"]
        assert [line[1] for line in seen[:3]] == [f"{p:.2f}" for p in shares]
        assert [line[2] for line in seen] == ["0.80", "0.10", "0.05", "0.05"]
        assert [line[3] for line in seen[:3]] == pytest.approx(shares, abs=0.01)
        assert seen[3][1] == "unknown"
    told = page.locator(".details").text_content()
    assert "it was number 2 there, with a probability of 0.10 at T = 1" in told
    assert (
        "At T = 2.00 the bars are shares among the 3 listed tokens. All others have 5.00 %" in told
    )
    press(page, 3)
    told = page.locator(".details").text_content()
    assert "it is not among the 2 likeliest there, and had a probability of 1 in 250" in told


def test_keys_go_from_token_to_token_and_the_address_keeps_the_place(open_explorer, capital):
    page = open_explorer(capital)
    page.locator(LIST).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-selected=true]")).to_have_text(" Sydney")
    assert "“Sydney”, a surprise of 3.3 bits" in page.locator(".aloud").last.text_content()
    becomes(page, "location.hash === '#token=3'")
    assert page.locator(".details .own").text_content().startswith("2. ·Sydney")
    page.keyboard.press("Escape")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.evaluate("location.hash = '#T=0.25&token=1'")
    becomes(page, "document.querySelector('.slider [type=text]').value === '0.25'")
    expect(page.locator("[aria-selected=true]")).to_have_text("It")


def test_the_most_surprising_tokens_are_a_list_to_press(open_explorer, capital):
    page = open_explorer(capital)
    buttons = page.locator(".least button")
    assert buttons.count() == 3
    assert "".join(buttons.first.text_content().split()) == "…ItisSydney.1in250likeliest:!0.50"
    buttons.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[aria-selected=true]")).to_have_text(" Sydney")
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(1)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_answers_are_accessible_and_fit(open_explorer, scored, scheme, width):
    page = open_explorer(scored, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
