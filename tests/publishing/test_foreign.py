"""What a notebook brings as HTML and files, without a browser: what stays, and what is named."""

import base64
import unicodedata
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from traitlets.config import Config

from tests.helpers import need
from tools.course import executed, notebook

LiveExporter = need("nbconvert.exporters").get_exporter("live")
NotebookError = need("softmax_temperature.publishing.exporter").NotebookError
site_module = need("softmax_temperature.publishing.site")

# One for many, as a site has it: each of its own would read its templates anew.
LIVE = LiveExporter()
GIF = "R0lGODlhAQABAAAAACwAAAAAAQABAAA="


def export(nb, path=""):
    metadata = {"name": "lesson", "path": str(path)}
    text, resources = LIVE.from_notebook_node(nb, {"metadata": metadata})
    return BeautifulSoup(text, "html.parser"), resources["lesson"]["warnings"]


KEPT = [
    "H<sub>2</sub>O, x<sup>2</sup>, <kbd>Shift</kbd>, <b>bold</b>, <u>u</u>",
    '<span style="color:red">red</span> <a href="https://example.org">this page</a>',
    "<details><summary>Question</summary>Answer</details>",
    '<span style="display: none">hidden</span>',
    '<font color="red">x</font> <mark>y</mark> <abbr title="z">z</abbr> <small>s</small>',
    '<div align="center"><em>x</em></div>',
    "<dl><dt>a</dt><dd>b</dd></dl>",
    '<table><tbody><tr><td colspan="2" style="width: 10%">x</td></tr></tbody></table>',
    '<ol start="3" type="a"><li value="4">x</li></ol>',
    '<input checked="" disabled="" type="checkbox"/> <progress max="3" value="1"></progress>',
    '<svg viewbox="0 0 1 1"><defs><lineargradient id="g"></lineargradient></defs>'
    '<path d="M0 0" fill="url(#g)"></path></svg>',
    '<math display="block"><mfrac><mn>1</mn><mn>2</mn></mfrac></math>',
    '<p id="place">x</p><a href="#place">y</a>',
    '<a download="a.csv" href="data:text/csv;base64,YQ==">a</a>',
]


@pytest.mark.parametrize("html", KEPT)
def test_elements_keep_what_they_hold(html):
    """In pieces within a line, as a block, and in an output."""
    soup, warnings = export(executed(f"Text {html}.", {"text/html": html, "text/plain": "x"}))
    plain = str(BeautifulSoup(html, "html.parser")).replace(": ", ":")
    for cell in soup.select(".cell"):
        for table in cell.select(".table"):
            table.unwrap()
        assert plain in str(cell).replace(": ", ":")
    assert warnings == []


def test_elements_hold_the_markdown_between_their_tags():
    source = '<div class="alert alert-info">\n\nA *note* with $x$.\n\n</div>\n\nAfter.'
    soup, _ = export(executed(source))
    box = soup.select_one("#cell-1 .alert")
    assert box.em.get_text() == "note"
    assert box.math
    assert "After" not in box.get_text()


def test_an_element_ends_where_its_cell_does():
    soup, _ = export(executed("<details><summary>a</summary>", "</div></main><b>b", "c"))
    assert [cell.parent.name for cell in soup.select(".cell")] == ["main"] * 3
    assert soup.select_one("#cell-3").b is None


@pytest.mark.parametrize(
    ("html", "named"),
    [
        ("<meta http-equiv='refresh' content='0'>", "<meta>"),
        ("<!--><script>x</script>", "<script>"),
        ("<form>x</form>", "<form>"),
        ("<button>go</button>", "<button>"),
        ("<my-chart>x</my-chart>", "<my-chart>"),
        ("<b onmouseover='x'>b</b>", "onmouseover"),
        ("<a href=' java\nscript:alert(1)'>a</a>", "href"),
        ("<p style='position: fixed'>p</p>", "style that leaves its place"),
        ("<p style='background: image-set(\"a.png\" 1x)'>p</p>", "style that loads a file"),
        ("<style>@font-face {font-family: x}</style>", "<style> with @font-face"),
        ("<style>~ p {color: red}</style>", "<style> for what is not its own"),
        ("<svg><use href='https://example.org/a.svg#b'></use></svg>", "href"),
        ("<video src='film.mp4'></video>", "film.mp4"),
        ("<audio><source src='https://example.org/a.mp3'></audio>", "a.mp3"),
        ("<iframe srcdoc='<p>x</p>'></iframe>", "<iframe>"),
    ],
)
def test_what_is_left_out_is_named_with_its_cell(html, named):
    soup, (warning,) = export(executed("# Title", f"Text\n\n{html}"))
    assert warning.startswith("lesson, cell 2 ('Text') ")
    assert named in warning
    page = str(soup.select_one("#cell-2"))
    for gone in (
        "meta",
        "script",
        "form",
        "button",
        "onmouseover",
        "fixed",
        "font-face",
        "image-set",
    ):
        assert gone not in page


def picture(address, name):
    nb = executed(f"# A\n\n{address}")
    nb.cells[0].attachments = {name: {"image/gif": GIF}}
    return nb


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("![x](attachment:a%20b.gif)", "a b.gif"),
        ("![x](<attachment:a b.gif>)", "a b.gif"),
        ("![x](attachment:щенок.gif)", "щенок.gif"),
        ("![x](attachment:%D1%89.gif)", "щ.gif"),
        ("![x](attachment:日本.gif)", "日本.gif"),
        (f"![x](attachment:{unicodedata.normalize('NFD', 'é')}.gif)", "é.gif"),
        ("![x](attachment:a%20b.gif)", "a%20b.gif"),
        ("![x](attachment:50%.gif)", "50%.gif"),
        ('<img src="attachment:a b.gif" width="200">', "a b.gif"),
        ('a <img src="attachment:a%20b.gif"> b', "a b.gif"),
        ("![x](attachment:a&b.gif)", "a&b.gif"),
        ("![x](attachment:image(1).gif)", "image(1).gif"),
        ("![x][1]\n\n[1]: attachment:a.gif", "a.gif"),
    ],
)
def test_an_attachment_is_found_by_any_of_its_names(address, name):
    soup, warnings = export(picture(address, name))
    assert soup.select_one("#cell-1 img")["src"] == f"data:image/gif;base64,{GIF}"
    assert warnings == []


@pytest.mark.parametrize(
    "address", ["![x](attachment:gone.gif)", "<img src='attachment:gone.gif'>"]
)
def test_an_attachment_that_is_missing_is_named_and_the_old_site_stays(tmp_path, address):
    nb = notebook(f"md: # A\n\n{address}")
    with pytest.raises(NotebookError, match=r"lesson, cell 1 \('# A'\) shows an .*'gone.gif'"):
        export(nb)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old")
    nbformat.write(nb, tmp_path / "one.ipynb")
    with pytest.raises(SystemExit, match=r"not built. one, cell 1 .*'gone.gif'"):
        site_module.main([str(tmp_path / "one.ipynb"), str(tmp_path / "site")])
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["index.html"]
    assert (tmp_path / "site" / "index.html").read_text() == "old"


@pytest.mark.parametrize(
    "address", ["a%20b.gif", "<a b.gif>", "./a%20b.gif", "x/../a%20b.gif?raw=1"]
)
def test_a_file_beside_the_notebook_is_found_by_any_of_its_names(tmp_path, address):
    (tmp_path / "a b.gif").write_bytes(base64.b64decode(GIF))
    plain = address.strip("<>")
    html = {"text/html": f'<img src="{plain}">', "text/plain": "x"}
    soup, warnings = export(executed(f"![x]({address}) <img src='{plain}'>", html), tmp_path)
    assert [image["src"] for image in soup.select("main img")] == [
        f"data:image/gif;base64,{GIF}"
    ] * 3
    assert warnings == []


def test_no_file_from_elsewhere_and_no_other_kind_of_file_is_put_into_a_page(tmp_path):
    folder = tmp_path / "course"
    folder.mkdir()
    for path in (tmp_path / "a.gif", folder / "secret.txt"):
        path.write_bytes(base64.b64decode(GIF))
    sources = ["../a.gif", str(tmp_path / "a.gif"), "secret.txt", "%2e%2e/a.gif", "a%00.gif"]
    soup, warnings = export(executed("".join(f"<img src='{name}'>" for name in sources)), folder)
    assert soup.select("main img") == []
    assert len(warnings) == len(sources)


def test_data_of_an_output_stay_in_their_attribute():
    break_out = '"><script>x</script><p title="'
    soup, _ = export(executed({"image/gif": break_out}, {"image/png": break_out}))
    assert len(soup.select("main script, main p[title]")) == 0


def test_a_page_has_the_last_state_of_what_was_printed():
    nb = executed({"text/plain": "x"})
    stream = [
        *[("stderr", f"\r{n * 50:3d}%|{'#' * n:<2}|") for n in range(3)],
        ("stderr", "\n"),
        ("stdout", "long line\rshort"),
        ("stdout", "\nabc\b\bX\n"),
        ("stderr", "\n"),
    ]
    nb.cells[0].outputs = [
        nbformat.v4.new_output("stream", name=name, text=text) for name, text in stream
    ]
    soup, _ = export(nb)
    printed = [text.get_text() for text in soup.select("pre.output")]
    assert printed == ["100%|##|\n", "shortline\naX\n"]


def test_what_another_tool_is_told_is_no_text_of_the_page():
    nb = executed("first", "# Title", "last")
    nb.cells[0] = nbformat.v4.new_raw_cell('---\ntitle: "My course"\nformat: html\n---')
    nb.cells[2] = nbformat.v4.new_raw_cell("--- <b>this</b> stays ---")
    soup, _ = export(nb)
    text = soup.main.get_text()
    assert "My course" not in text
    assert soup.select_one("#cell-3 b").get_text() == "this"


def test_outputs_stand_under_the_titles_of_their_tabs():
    widgets = need("ipywidgets")

    def output(*texts):
        held = widgets.Output()
        held.outputs = tuple(
            {"output_type": "stream", "name": name, "text": text}
            for name, text in zip(("stdout", "stderr"), texts)
        )
        return held

    inner = widgets.Tab([output("four")], titles=["D"])
    nested = widgets.Output()
    nested.outputs = (
        {"output_type": "display_data", "data": inner._repr_mimebundle_(), "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "five"},
    )
    tab = widgets.Tab([output("one", "two"), nested, output("six")], titles=["A", "B", "C"])
    soup, _ = export(executed(widgets.HBox([tab, widgets.HTML("seven")])))
    text = soup.select_one("#cell-1").get_text(" ", strip=True)
    assert text.endswith(" A one two B D four five C six seven")
    assert soup.select("[data-shown], [data-outputs], template") == []


@pytest.mark.parametrize(
    ("link", "heading"),
    [
        ("#1-section", "## 1. Section"),
        ("#1.-Section", "## 1. Section"),
        (r"#The-gap-$\frac{x_i}{T}$", r"## The gap $\frac{x_i}{T}$"),
        ("#größe--more", "## Größe & more"),
        ("#Gr%C3%B6%C3%9Fe-&-more", "## Größe & more"),
        ("#code-softmaxx", "## Code `softmax(x)`"),
        ("#here", '<a name="here"></a>Here'),
        ("#top", "Here"),
    ],
)
def test_a_link_within_a_page_leads_to_what_any_host_calls_it(link, heading):
    soup, warnings = export(executed(f"[it]({link})", heading))
    target = soup.select_one("#cell-1 a")["href"].removeprefix("#")
    assert target == "top" or soup.find(id=unquote(target))
    assert warnings == []


def test_a_link_that_leads_nowhere_is_named():
    _, (warning,) = export(executed("# A\n\n[it](#gone)"))
    assert warning.startswith("lesson, cell 1 ('# A') links to '#gone', which is nowhere")


def test_contents_and_title_have_formulas_or_their_source():
    nb = executed(r"# Pi $\pi$ and $\frac{x_i}{T}$", r"## The gap $\frac{x_i}{T}$", "## B")
    text, resources = LiveExporter().from_notebook_node(
        nb, {"metadata": {"name": "lesson", "path": ""}}
    )
    assert resources["lesson"]["title"] == r"Pi π and \frac{x_i}{T}"
    soup = BeautifulSoup(text, "html.parser")
    assert soup.select_one("nav.contents a mfrac")
    assert len(soup.select("[id='The-gap-\\\\frac{x_i}{T}']")) == 1


def test_a_notebook_with_an_invalid_cell_id_is_named():
    nb = notebook("md: # Title", "1")
    nb.cells[1].id = "not valid!"
    live = LiveExporter(config=Config({"ExecutePreprocessor": {"enabled": True}}))
    with pytest.raises(NotebookError, match=r"lesson, cell 2 \('1'\) is not a valid notebook: .*"):
        live.from_notebook_node(nb, {"metadata": {"name": "lesson", "path": ""}})


def test_whatever_is_wrong_with_a_notebook_its_name_is_said():
    nb = executed("# Title")
    nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"] = {"a": {"b": 1}}
    with pytest.raises(NotebookError, match=r"^lesson cannot become a page: KeyError"):
        export(nb)


def test_pages_are_in_the_order_of_jupyters_list():
    names = ["Intro", "01-first", "appendix", "10-c", "9-b", "_draft", "Élan", "end", "2 b", "2-a"]
    ordered = sorted((site_module.Path(f"{name}.ipynb") for name in names), key=site_module._order)
    assert [path.stem for path in ordered] == [
        *("_draft", "01-first", "2 b", "2-a", "9-b", "10-c", "appendix", "Élan", "end", "Intro"),
    ]
