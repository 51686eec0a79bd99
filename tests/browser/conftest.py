"""What browser tests with a kernel share."""

import pytest

from tests.helpers import need, write_notebook


@pytest.fixture
def run_cells(browser, lab, notebooks):
    """Run cells in a notebook of their own, and wait until so many of something are shown."""
    from tests.browser.test_notebook import KERNEL, catch_up, open_notebook

    pages = []

    def run(*cells, shows, count):
        name = f"cells-{len(list(notebooks.glob('cells-*.ipynb')))}"
        write_notebook(notebooks / f"{name}.ipynb", *cells)
        page = open_notebook(browser, lab, name)
        need("playwright.sync_api").expect(page.locator(shows)).to_have_count(count)
        catch_up(page)
        pages.append(page)
        return page

    yield run
    for page in pages:
        assert page.problems == []
        page.evaluate(f"void {KERNEL.replace('.kernel', '?.kernel')}?.shutdown()")
        page.close()
