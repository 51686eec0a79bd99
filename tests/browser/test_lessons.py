"""Lessons in a real JupyterLab, stepped through as readers do."""

import nbformat
import pytest

from tests.browser.test_notebook import catch_up
from tests.helpers import NOTEBOOKS, becomes, count_explorers

CHARTS = """() => [...document.querySelectorAll(".softmax-temperature-explorer")].map((view) => {
    const { top, bottom } = view.getBoundingClientRect();
    return [view.querySelector("svg title")?.textContent, top >= 0 && bottom <= innerHeight];
})"""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_moves_a_chart_that_is_off_the_screen(browser, open_in_lab, name):
    """Step through a notebook as readers do, cell by cell, on a laptop's screen."""
    with open_in_lab(browser, f"{name}.ipynb", "lab") as page:
        page.set_viewport_size({"width": 1280, "height": 720})
        step_through(page, name)


def step_through(page, name):
    run = "void window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')"
    shown = []
    for cell in nbformat.read(NOTEBOOKS[name], as_version=4).cells:
        page.evaluate(run)
        if cell.cell_type == "code":
            catch_up(page)
        before, shown = shown, page.evaluate(CHARTS)
        for (title, _), (after, on_screen) in zip(before, shown):
            assert after == title or title is None or on_screen, cell.source
    page.wait_for_function(
        f"document.querySelectorAll('.softmax-temperature-explorer').length"
        f" === {count_explorers(NOTEBOOKS[name])}"
    )
    if name == "01-temperature":
        # A picture comes first.
        first = "document.querySelector('.jp-OutputArea-output')"
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
        becomes(page, f"{first}?.getBoundingClientRect().top > 0")
        assert page.evaluate(f"{first}.getBoundingClientRect().top") < 300
