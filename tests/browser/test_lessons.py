"""The lessons in a real JupyterLab, stepped through, and as they are saved."""

import nbformat
import pytest

from tests.browser.test_notebook import catch_up
from tests.helpers import NOTEBOOKS, becomes, count_explorers, need

HTMLExporter = need("nbconvert").HTMLExporter

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
    for cell in nbformat.read(NOTEBOOKS[name], as_version=4).cells:
        before = page.evaluate(CHARTS)
        page.evaluate(run)
        if cell.cell_type == "code":
            catch_up(page)
        for (title, _), (after, on_screen) in zip(before, page.evaluate(CHARTS)):
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


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_saved_notebook_shows_still_pictures_without_a_kernel(browser, tmp_path, path):
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    outputs = [
        output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    pictures = [data for data in outputs if "image/png" in data]
    widgets = [data for data in outputs if "application/vnd.jupyter.widget-view+json" in data]
    assert widgets
    assert all({"image/png", "text/html"} & data.keys() for data in widgets)
    (tmp_path / "saved.html").write_text(HTMLExporter().from_notebook_node(notebook)[0])
    page = browser.new_page()
    # What the page would fetch, a mathematics font among it, is not there.
    page.route("http*://**", lambda route: route.abort())
    page.goto((tmp_path / "saved.html").as_uri())
    sizes = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(sizes) == len(pictures)
    assert min(sizes) > 250
    text = page.locator("main").inner_text()
    assert "T = 1" in text
    page.close()
