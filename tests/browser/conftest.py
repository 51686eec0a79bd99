"""What browser tests with a kernel share."""

from contextlib import ExitStack, contextmanager

import pytest

from tests.helpers import let_rest, need, write_notebook

# What the notebook before has made is gone.
RESET = """
import sys
import ipywidgets
ipywidgets.Widget.close_all()
for name in [name for name in sys.modules if name.startswith("softmax_temperature")]:
    del sys.modules[name]
get_ipython().reset()
"""


@pytest.fixture(scope="session")
def open_in_lab(lab):
    """Open a notebook in a page and a kernel of earlier ones: both take long to start."""
    from tests.browser.test_notebook import KERNEL, new_page

    pages = {}

    def start(browser, view):
        page = new_page(browser)
        page.goto(f"{lab}/{view}?reset")
        page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
        return page

    @contextmanager
    def open_it(browser, name, view="doc"):
        page = pages.pop((browser, view), None) or start(browser, view)
        page.problems = []
        page.set_viewport_size({"width": 1100, "height": 1000})
        page.evaluate(
            """path => {
                const kernel = window.warm && { id: window.warm };
                void jupyterapp.commands.execute("docmanager:open", { path, kernel });
            }""",
            name,
        )
        page.wait_for_function(f"{KERNEL.replace('.', '?.')}?.status === 'idle'")
        yield page
        status = page.evaluate(f"{KERNEL.replace('.kernel', '?.kernel')}?.status")
        if status in (None, "dead"):
            # What has changed is told when it has come to rest.
            let_rest(page)
            page.close()
            # The others are JupyterLab's own words about its kernel.
            page.problems = [problem for problem in page.problems if "softmax" in problem]
        elif page.problems:
            # What it can't tell Python any more is no fault of the next one.
            page.close()
        else:
            page.evaluate(
                f"""async (code) => {{
                    window.warm = {KERNEL}.id;
                    await {KERNEL}.requestExecute({{ code, silent: true }}).done;
                    // Closed like a reader's, it would ask whether to save what has changed.
                    jupyterapp.shell.currentWidget.dispose();
                }}""",
                RESET,
            )
            pages[browser, view] = page
        assert page.problems == []

    return open_it


@pytest.fixture
def run_cells(browser, open_in_lab, notebooks):
    """Run cells in a notebook of their own, and wait until so many of something are shown."""
    from tests.browser.test_notebook import catch_up

    with ExitStack() as stack:

        def run(*cells, shows, count):
            name = f"cells-{len(list(notebooks.glob('cells-*.ipynb')))}.ipynb"
            write_notebook(notebooks / name, *cells)
            page = stack.enter_context(open_in_lab(browser, name))
            page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
            need("playwright.sync_api").expect(page.locator(shows)).to_have_count(count)
            catch_up(page)
            return page

        yield run
