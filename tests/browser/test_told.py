"""Texts of models that are not in the page: in JupyterLab Python writes them, a page has them."""

import pytest

from softmax_temperature import TextExplorer, load_story_model, load_text_example
from softmax_temperature.model.language import LanguageModel
from tests.browser.test_kernel import hears, run
from tests.browser.test_text import DICE, LENGTH, PROMPT, check_text, text_of
from tests.helpers import becomes, go_to, need, type_temperature, write

expect = need("playwright.sync_api").expect
BOTH = pytest.mark.engines("chromium", "firefox")
IMPORTS = """
import json
from softmax_temperature import *
story = load_story_model()
# A model that no page has: the story model without its name.
model = LanguageModel(story._network, story._vocabulary, story.start, story.end, 512)
"""
STORY = load_story_model()
MODEL = LanguageModel(STORY._network, STORY._vocabulary, STORY.start, STORY.end, 512)


@BOTH
def test_a_page_has_what_was_written_and_writes_nothing(open_explorer):
    explorer = TextExplorer(load_text_example("wonderful"), value=0.5)
    page = open_explorer(explorer)
    for temperature in (0.5, 0, 2, 1, 0.85):
        go_to(page, temperature)
        explorer.temperature = temperature
        check_text(page, explorer)
    for field in (PROMPT, DICE, LENGTH):
        expect(page.locator(field)).to_be_disabled()
    expect(page.get_by_text("The model is not in this page, so")).to_be_visible()
    expect(page.get_by_role("button", name="Take")).to_have_count(0)
    expect(page.locator(".stories text").first).to_be_attached()
    page.locator("[role=option]").nth(3).click()
    becomes(page, "document.querySelector('.details p').textContent.includes('of 49,152 tokens')")


def open_told(run_cells, options=""):
    cell = f'explorer = TextExplorer(model, "The cat", value=0.5, length=12{options})\nexplorer'
    page = run_cells(IMPORTS, cell, shows="[role=listbox]", count=1)
    is_there(page)
    return page


def is_there(page):
    """Wait until the texts of all temperatures are shown."""
    becomes(
        page,
        "document.querySelector('.waiting')?.hidden && document.querySelector('.stories text')",
    )


def test_python_writes_what_a_reader_asks_for(run_cells):
    page = open_told(run_cells)
    explorer = TextExplorer(MODEL, "The cat", value=0.5, length=12)
    check_text(page, explorer)
    write(page, PROMPT, "The dragon")
    is_there(page)
    explorer.prompt = "The dragon"
    check_text(page, explorer)
    for temperature in (1.5, 0):
        type_temperature(page.locator(".jp-OutputArea-output").first, temperature)
        explorer.temperature = temperature
        check_text(page, explorer)
    # Between the stops, too, and with what a reader takes.
    type_temperature(page.locator(".jp-OutputArea-output").first, 0.73)
    explorer.temperature = 0.73
    becomes(page, "document.querySelectorAll('[role=option]').length >= 5")
    check_text(page, explorer)
    page.locator("[role=option]").nth(1).click()
    page.get_by_role("button", name="Take").first.click()
    hears(page, "len(explorer.taken)", 1)
    is_there(page)
    assert run(page, "print(explorer.text, end='')") == text_of(page)
    run(page, "explorer.rewind(); explorer.prompt = 'Lily'")
    becomes(page, "document.querySelector('.prompt').textContent === 'Lily'")
    is_there(page)
    explorer.prompt = "Lily"
    check_text(page, explorer)
    explorer.close()


def test_what_cannot_be_written_is_said_and_writing_can_be_stopped(run_cells):
    page = open_told(run_cells)
    write(page, LENGTH, "511")
    expect(page.locator(".sentences p").first).to_contain_text("prompt must have at most 1 tokens")
    write(page, LENGTH, "490")
    page.get_by_role("button", name="Stop writing").click()
    expect(page.locator(".sentences p").first).to_contain_text("Stopped")
    write(page, LENGTH, "5")
    is_there(page)
    becomes(page, "document.querySelectorAll('[role=option]').length === 5")
