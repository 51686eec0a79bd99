"""Texts at every stop of the slider, on screens of three widths, and long ones."""

from softmax_temperature import TextExplorer, load_story_model
from tests.browser.test_text import MODEL, check_text, settle, text_of
from tests.helpers import go_to, resize


def test_nothing_jumps(open_explorer):
    page = open_explorer(TextExplorer(load_story_model()))
    places = {1400: set(), 768: set(), 360: set()}
    for _ in range(3):
        settle(page, everywhere=True)
        for width, seen in places.items():
            resize(page, width, 800)
            rows = page.evaluate(
                """() => {
                    const slider = document.querySelector(".slider input");
                    const names = [".slider", ".story", ".key", ".details", ".note"];
                    return [...Array(201).keys()].map((stop) => {
                        slider.value = stop / 100;
                        slider.dispatchEvent(new Event("input"));
                        return names.map((name) =>
                            document.querySelector(name).getBoundingClientRect().top);
                    });
                }"""
            )
            seen |= {tuple(row) for row in rows}
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Other dice").click()
    assert {width: len(seen) for width, seen in places.items()} == dict.fromkeys(places, 1)


def test_bytes_become_the_characters_that_python_makes_of_them(open_explorer):
    explorer = TextExplorer(MODEL, "🦊 日本", [1, 50, 99], length=400, seeds=[1, 10, 40])
    page = open_explorer(explorer)
    for seed in (1, 10, 40):
        explorer.seed = seed
        for temperature in (1, 50, 99):
            explorer.temperature = temperature
            go_to(page, temperature)
            check_text(page, explorer)
        # One of two bytes and one of three, which are no tokens of their own.
        assert {1: "", 10: "ڄ", 40: "⫯"}[seed] in text_of(page)
        page.get_by_role("button", name="Other dice").click()
