"""What publishing does in processes of its own: kernels run notebooks, and an extra is missing."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from traitlets.config import Config

from softmax_temperature.explorers.base import NARROW
from tests.helpers import need
from tests.publishing.test_exporter import data_of
from tests.publishing.test_site import read, save
from tools.course import notebook

exporter = need("softmax_temperature.publishing.exporter")
site_module = need("softmax_temperature.publishing.site")
build_site = site_module.build_site
EXECUTING = Config({"ExecutePreprocessor": {"enabled": True}})


def test_execution_gives_both_layouts_and_names_a_cell_that_fails(monkeypatch):
    monkeypatch.delenv(NARROW, raising=False)
    nb = notebook(
        "md: # Title",
        "import softmax_temperature as st\n"
        "explorer = st.TemperatureExplorer(st.TokenTable(['a', 'b'], [1, 2]), parts=('bars',))\n"
        "explorer",
        "explorer.temperature = 0.5\nprint(explorer)",
    )
    live = exporter.LiveExporter(config=EXECUTING)
    text, _ = live.from_notebook_node(nb, {"metadata": {"name": "lesson", "path": ""}})
    soup = BeautifulSoup(text, "html.parser")
    (data,) = data_of(soup)
    assert (len(data["tables"][0]["layouts"]), data["state"]["T"]) == (2, 0.5)
    assert soup.select_one("#cell-3 pre.output").get_text().startswith("TemperatureExplorer(2 tok")
    assert NARROW not in os.environ
    nb.cells.append(nbformat.v4.new_code_cell("table = 1\n1 / 0"))
    with pytest.raises(
        exporter.NotebookError, match=r"cell 4 \('table = 1'\) fails with ZeroDivision"
    ):
        live.from_notebook_node(nb, {"metadata": {"name": "lesson", "path": ""}})


def test_a_kernel_that_is_not_there_is_named():
    nb = notebook("1")
    nb.metadata.kernelspec.name = "fortran"
    live = exporter.LiveExporter(config=EXECUTING)
    with pytest.raises(exporter.NotebookError, match=r"lesson asks for a kernel .*fortran"):
        live.from_notebook_node(nb, {"metadata": {"name": "lesson", "path": ""}})


def test_jupyters_menu_offers_live_pages_where_formulas_cannot_be_drawn():
    code = """if True:
        import sys
        sys.modules["latex2mathml"] = None
        from nbconvert.exporters import get_exporter
        print(get_exporter("live").export_from_notebook)
    """
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    assert out.stdout.strip() == "Live page"


def test_a_notebook_that_fails_leaves_the_old_site_whole(tmp_path, capsys):
    folder = save(tmp_path / "a", one="print('old')")
    site = tmp_path / "not" / "there"
    pages = build_site([folder], site)
    assert pages == [site / "index.html", site / "one.html"]
    before = {path.name: path.read_bytes() for path in site.iterdir()}
    assert set(before) == {"index.html", "one.html"}
    assert read(site / "index.html").h1.get_text() == "Softmax with temperature"
    save(folder, one="print('new')", two="table = 1\n1 / 0")
    with pytest.raises(
        exporter.NotebookError, match=r"two, cell 2 \('table = 1'\) fails with ZeroDivis"
    ):
        build_site([folder], site)
    assert {path.name: path.read_bytes() for path in site.iterdir()} == before
    told = capsys.readouterr().out
    assert re.search(r"^\[1/1\] one\n  \d+\.\d s, \d+ kB$", told, re.M)
    assert re.search(r"^.*not/there/index\.html: 2 pages in \d+\.\d s$", told, re.M)
    with pytest.raises(SystemExit, match=r"^The site was not built. two, cell 2"):
        site_module.main([str(folder), str(site)])


def test_where_the_extra_is_missing_the_command_says_what_to_install(tmp_path):
    code = f"""if True:
        import sys
        sys.modules["nbconvert"] = None
        from softmax_temperature.publishing.site import main
        main([{str(save(tmp_path / "a", one="1"))!r}, {str(tmp_path / "site")!r}])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert done.stderr == (
        'nbconvert is missing: python -m pip install "softmax-temperature[site]"\n'
    )


def test_the_command_needs_no_extra(tmp_path):
    extras = ("bs4", "jinja2", "jupyter_client", "nbclient", "nbconvert", "nbformat", "mistune")
    code = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({extras})); "
        "sys.argv = ['softmax-temperature', '--output', 'door.html']; "
        "runpy.run_module('softmax_temperature', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == f"{(tmp_path / 'door.html').resolve()}: open it in a browser.\n"
    assert (tmp_path / "door.html").read_text(encoding="utf-8").endswith("</html>\n")
