"""All lessons as they are saved, in a browser and without a kernel."""

import nbformat
import pytest

from tests.helpers import NOTEBOOKS, need

HTMLExporter = need("nbconvert").HTMLExporter


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
