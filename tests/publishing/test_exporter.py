"""Notebooks as pages, without a browser: what is live, what is disabled, what is refused."""

import base64
import gc
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import ipywidgets
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from softmax_temperature import (
    Challenge,
    Question,
    SamplerChain,
    SamplerExplorer,
    TemperatureExplorer,
    TextExplorer,
    TokenTable,
    load_example,
    load_story_model,
)
from softmax_temperature.explorers.base import NARROW
from softmax_temperature.explorers.page import without_repeats
from tests.helpers import NASTY, need, six
from tools.course import executed, notebook

exporters = need("nbconvert.exporters")
LiveExporter = exporters.get_exporter("live")
exporter = need("softmax_temperature.publishing.exporter")
foreign = need("softmax_temperature.publishing.foreign")
# One for many, as a site has it: each of its own would read its templates anew.
LIVE = LiveExporter()


@pytest.fixture(autouse=True)
def no_other_widgets(monkeypatch):
    """Let explorers have both layouts, and a notebook the widgets of its own test alone."""
    monkeypatch.setenv(NARROW, "1")
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()
    gc.collect()


def export(nb, **resources):
    metadata = {"name": "lesson", "path": ""}
    return LIVE.from_notebook_node(nb, {"metadata": metadata} | resources)


def page(*shown, **options):
    """Return the page of a notebook that shows these, as elements."""
    return BeautifulSoup(export(executed(*shown, **options))[0], "html.parser")


def data_of(soup, name="explorer"):
    """Return the data of all explorers or questions on a page, as its script reads them."""
    held = [
        json.loads(element.find("script").string)
        for element in soup.select(f".softmax-temperature-{name}")
    ]
    for item in held:
        if "like" in item:
            item |= held[item.pop("like")] | item
        for table in item.get("tables", ()):
            for part in ("words", "logits"):
                if isinstance(table.get(part), dict) and "like" in table[part]:
                    number, place, name = table[part]["like"]
                    table[part] = held[number]["tables"][place][name]
    return held


def exported(explorer):
    """Return the data of the explorer's own page."""
    soup = BeautifulSoup(explorer.to_html(), "html.parser")
    return json.loads(soup.select_one("script[type='application/json']").string)


def without_link(data):
    return {name: value for name, value in data.items() if name != "link"}


def explorers():
    table = load_example("wonderful-day")
    return [
        six(),
        six(parts=("bars",), value=0.3),
        TemperatureExplorer(load_example("gpt2-spaceship"), top=10),
        SamplerExplorer(table, "top_p", 0.8, value=0.5),
        TextExplorer(load_story_model(), "Once", [0, 0.5, 1], length=8),
    ]


@pytest.mark.parametrize("from_menu", [False, True])
def test_a_page_has_what_each_explorers_own_page_has(from_menu):
    shown = explorers()
    shown[0].temperature = 0
    shown[1].temperature = 0.3456
    shown[1].draw(7)
    shown[2].temperature = float("inf")
    shown[3].knob = 0.123
    found = data_of(page(*shown, from_menu=from_menu))
    assert len(found) == 5
    for explorer, data in zip(shown, found):
        assert without_link(data) == exported(explorer)


def test_both_layouts_are_there_after_another_table_or_method():
    explorer, sampler = six(), SamplerExplorer(load_example("wonderful-day"))
    explorer.table = load_example("gpt-4o-mini-tv-show-is")
    sampler.method = "top_k"
    found = data_of(page(explorer, sampler))
    assert [len(data["tables"][0]["layouts"]) for data in found] == [2, 2]


def test_an_explorer_is_where_code_has_left_it():
    explorer = six()
    explorer.seed = 10**30
    explorer.draw(250)
    explorer.draw(250)
    explorer.temperature = 0.375
    (data,) = data_of(page(explorer))
    drawn = {"seed": "1" + 30 * "0", "dice": -1, "place": None, "draws": 250, "batch": 1}
    typed = {"table": 0, "tokens": None, "logits": None}
    assert data["state"] == {"T": 0.375} | drawn | typed


@pytest.mark.parametrize("from_menu", [False, True])
@pytest.mark.parametrize("stop", [0.0, 0.57, 1.2])
def test_a_slider_that_alone_was_dragged_tells_the_temperature(from_menu, stop):
    """A page that is saved at once has the slider's value before the state follows it."""
    explorer = six()
    explorer.temperature = 1.234
    nb = executed(explorer, from_menu=from_menu)
    models = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    saved = models[explorer.slider.model_id]["state"]
    saved.pop("value")
    if stop or not from_menu:
        saved["value"] = stop
    (data,) = data_of(BeautifulSoup(export(nb)[0], "html.parser"))
    assert data["state"]["T"] == stop


def test_a_question_is_live_and_shows_no_answer():
    question = Question("Which?", {"this <b>": True, "that": False}, why="So it is.")
    soup = page(question)
    (data,) = data_of(soup, "question")
    assert data["answered"] is None
    assert data["asked"]["choices"] == ["this <b>", "that"]
    assert "So it is." not in soup.find("main").get_text()


def test_linked_sliders_and_two_views_of_one_explorer_move_together():
    a, b, c, d = (six(parts=("bars",)) for _ in range(4))
    ipywidgets.jslink((a.slider, "value"), (b.slider, "value"))
    ipywidgets.jsdlink((b.slider, "value"), (c.slider, "value"))
    found = data_of(page(a, b, c, d, a))
    links = [data["link"] for data in found]
    assert links[0] == links[1] == links[2] == links[4] != links[3]


def test_what_controls_of_python_show_stands_in_their_places():
    explorer = six(parts=("bars",))
    menu = ipywidgets.Dropdown(options=["six", "ten"], value="ten", description="Which")
    text = ipywidgets.Label("A <label>")
    explorer.children = [menu, *explorer.children, text]
    (first,) = page(explorer).select(".softmax-temperature-explorer")
    assert [part["data-part"] for part in first.select("[data-part]")] == ["0", "1", "2"]
    (shown,) = first.find_all("b")
    assert shown.parent.get_text() == "Which ten"
    assert shown.find_next("div")["data-part"] == "0"
    assert first.select("[data-part]")[-1].find_next("div").get_text(strip=True) == "A <label>"


def test_no_control_of_an_explorer_is_dead():
    soup = page(*explorers(), six(parts=("bars", "constant")))
    assert soup.select("main :is(button, input, select, textarea)[disabled]") == []


def test_of_every_control_of_jupyter_the_value_is_shown():
    widgets = ipywidgets
    controls = {
        widgets.Text("a <b>", description="t"): "t|a <b>",
        widgets.IntSlider(3): "3",
        widgets.Button(description="Go"): "",
        widgets.Checkbox(True): "yes",
        widgets.SelectMultiple(options=["a", "b"], value=["a", "b"]): "a, b",
        widgets.FloatRangeSlider(value=(1, 2), max=9): "1.0, 2.0",
        widgets.Password("secret"): "",
    }
    for number, (control, expected) in enumerate(controls.items(), 1):
        shown = page(control).select_one("#cell-1 .output")
        assert (shown.get_text("|", strip=True) if shown else "") == expected, number
        assert "secret" not in str(shown)


def test_nothing_is_shown_that_is_not_there():
    soup = page(ipywidgets.VBox([ipywidgets.HTML(""), ipywidgets.Label("")]), six())
    boxes = soup.select("main .box > div")
    assert [box.get_text(strip=True) for box in boxes[:2]] == ["", ""]
    (explorer,) = soup.select(".softmax-temperature-explorer > div")
    assert explorer.get_text(strip=True) == ""


def test_boxes_and_tabs_show_all_that_they_hold():
    inner = ipywidgets.HTML("<i>old</i>")
    last = ipywidgets.HTML("last")
    tab = ipywidgets.Tab([six(), inner, last], titles=["One & two", "HTML", ""])
    soup = page(ipywidgets.HBox([tab]))
    assert len(data_of(soup)) == 1
    text = soup.find("main").get_text(" ", strip=True)
    assert "One & two" in text
    assert text.endswith("HTML old last")
    # The title of a tab stands above it, and none where there is none.
    titles = [title.get_text() for title in soup.select("main .box p > b")]
    assert titles == ["One & two", "HTML"]
    across = soup.select(".box.across")
    assert len(across) == 1
    assert across[0].select(".box")


def test_what_an_output_widget_holds_is_shown():
    """As ipywidgets.interact leaves it: a control above an output."""
    output = ipywidgets.Output()
    explorer = six()
    data = explorer._repr_mimebundle_()[0]
    output.outputs = (
        {"output_type": "stream", "name": "stdout", "text": "in <it>\n"},
        {"output_type": "display_data", "data": data, "metadata": {}},
    )
    soup = page(ipywidgets.VBox([ipywidgets.IntSlider(description="n"), output]))
    assert soup.select_one("pre.output").get_text() == "in <it>\n"
    assert len(data_of(soup)) == 1


def test_tokens_with_markup_stay_text():
    text, _ = export(executed(TemperatureExplorer(TokenTable(NASTY, range(10)), value=0)))
    soup = BeautifulSoup(text, "html.parser")
    assert len(soup.select("script")) == 2
    (data,) = data_of(soup)
    assert "${x}`" in data["tables"][0]["names"]
    assert "alert(1)" not in soup.find("main").get_text()


DATA = st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=50) | st.integers())


@given(st.lists(DATA, max_size=8))
def test_what_explorers_have_in_common_is_on_the_page_once(explorers):
    read = []
    for data in without_repeats(explorers):
        like = data.get("like")
        own = {key: value for key, value in data.items() if key != "like"}
        read.append(own if like is None else read[like] | own)
    assert read == explorers


def test_an_index_can_show_the_first_explorer_of_a_lesson():
    first, second = six(value=0.5), six(value=2)
    asked = Question("?", {"a": True, "b": False})
    _, resources = export(executed("# A", asked, ipywidgets.HTML("x"), first, second, asked))
    shown = BeautifulSoup(resources["lesson"]["explorer"], "html.parser")
    (data,) = data_of(shown)
    assert data["state"]["T"] == 0.5
    _, resources = export(executed("# A", asked))
    assert resources["lesson"]["explorer"] == ""


def test_the_same_explorer_again_adds_little_to_a_page():
    (once, _), (twice, _) = export(executed(six())), export(executed(six(), six()))
    assert len(twice) < len(once) + 5_000


def text_explorers():
    model = load_story_model()
    chain = SamplerChain([("temperature", 1), ("top_k", 40)])
    return [TextExplorer(model, "Once"), TextExplorer(model, "The cat", length=9, chain=chain)]


def test_a_page_has_the_model_once_though_one_text_is_challenged():
    for order in (1, -1):
        challenged, other = text_explorers()
        goal = Challenge("Write of Lily.", challenged, writes="Lily" * 9)
        html, _ = export(executed(*[challenged, other][::order], goal))
        assert (html.count('"weights":'), html.count('"vocabulary":')) == (1, 1)
        shown = data_of(BeautifulSoup(html, "html.parser"))
        # Explorers of other tests that are still there are counted, too.
        (number,) = re.findall(r'"of":(\d+)', html)
        assert [data["own"] for data in shown] == [int(number), None][::order]


def test_a_page_has_the_model_of_its_texts_and_the_models_licence_once():
    one, other = text_explorers()
    html, _ = export(executed(six(), one, "Between.", other, one, six()))
    notice = "stories260K by Andrej Karpathy (karpathy/tinyllamas)"
    assert (html.count('"weights":'), html.count('"vocabulary":'), html.count(notice)) == (1, 1, 1)
    assert "Permission is hereby granted, free of charge" in html
    found = [data for data in data_of(BeautifulSoup(html, "html.parser")) if data["kind"] == "text"]
    assert [without_link(data) for data in found] == [exported(text) for text in (one, other, one)]
    assert one.to_html().count(notice) == 1
    (alone, _) = export(executed(one))
    (both, _) = export(executed(one, other))
    assert len(both) < len(alone) + 10_000
    assert len(one.to_html().encode()) <= 1_700_000
    assert len(alone.encode()) <= 1_700_000


def test_a_saved_notebook_has_the_model_of_its_texts_once():
    nb = executed(*text_explorers())
    states = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    large = [
        buffer["path"]
        for saved in states.values()
        for buffer in saved.get("buffers", ())
        if len(buffer["data"]) > 2_000
    ]
    assert sorted(large) == [["data", "vocabulary", "bytes"], ["data", "weights", "bytes"]]


class Addresses(HTMLParser):
    """Collect what a page would ask for."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ("a", "script"):
            self.found += [value for name, value in attributes if name in ("src", "href", "data")]
        self.found += [tag for name, _ in attributes if tag == "script" and name == "src"]


EVERYTHING = """# Title

![far](https://example.org/a.png) ![gone](gone.png) <img src="//example.org/b.png">

<script>alert(1)</script><b onclick="alert(2)">bold</b><style>@import "a.css";</style>

<iframe src="https://example.org/film"></iframe><object data="x"></object>
<p style="background: url(https://example.org/c.png)">p</p>
"""


def test_a_page_asks_for_nothing_and_runs_its_own_script_alone():
    text, resources = export(executed(EVERYTHING, *explorers()))
    assert {address[:5] for address in Addresses(text).found} == {"data:"}
    soup = BeautifulSoup(text, "html.parser")
    (script,) = soup.select("script[type=module]")
    digest = base64.b64encode(hashlib.sha256(script.string.encode()).digest()).decode()
    (policy,) = soup.select("meta[http-equiv]")
    assert policy["content"].startswith(
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src "
    )
    assert len(soup.select("head > style")) == 1
    assert not soup.select("[onclick], object, iframe, #cell-1 script, #cell-1 style")
    assert soup.select_one("#cell-1 b").get_text() == "bold"
    assert not soup.select_one("#cell-1 p[style]")
    links = {link["href"]: link.get_text() for link in soup.select("#cell-1 a")}
    assert links["https://example.org/a.png"] == "far"
    assert links["https://example.org/film"] == "https://example.org/film"
    assert "gone" in soup.select_one("#cell-1").get_text()
    warnings = resources["lesson"]["warnings"]
    assert len(warnings) == 9
    assert all(warning.startswith("lesson, cell 1 ('# Title') ") for warning in warnings)


def test_pictures_beside_the_notebook_are_within_the_page(tmp_path):
    (tmp_path / "dot.gif").write_bytes(b"GIF89a")
    nb = executed('![a dot](dot.gif) <img src="dot.gif" alt="">')
    text, resources = LiveExporter().from_notebook_node(
        nb, {"metadata": {"name": "lesson", "path": str(tmp_path)}}
    )
    assert text.count('src="data:image/gif;base64,R0lGODlh"') == 2
    assert resources["lesson"]["warnings"] == []


def test_styles_that_load_nothing_stay():
    html = (
        '<style>td {color: red} p {background: url( "data:image/gif;base64,AA")}</style>'
        '<p style="fill: url(#a)">@import and url(x) are words</p><p onclick>y</p>'
    )
    table = html.replace("<p onclick>y</p>", "")
    soup = page({"text/html": table, "text/plain": "x"})
    rules = soup.select_one(".cell style").get_text()
    assert "td {color: red}" in rules
    assert 'p {background: url( "data:image/gif;base64,AA")}' in rules
    assert soup.select_one(".cell p")["style"] == "fill: url(#a)"
    assert foreign.needs(html) == ["onclick"]
    bad = '<style>@import "a"</style><p style="a: URL( \'b\')"></p><link><embed><meta><base>'
    loads = "that loads a file"
    expected = [f"<style> {loads}", f"style {loads}", "<link>", "<embed>", "<meta>", "<base>"]
    assert foreign.needs(bad) == expected


def test_pictures_attached_to_a_cell_are_within_the_page():
    nb = executed("![a dot](attachment:dot.gif)")
    nb.cells[0].attachments = {"dot.gif": {"image/gif": "R0lGODlh"}}
    text, resources = export(nb)
    assert 'src="data:image/gif;base64,R0lGODlh"' in text
    assert resources["lesson"]["warnings"] == []


LOST = {"text/html": "<script>draw()</script>", "text/plain": "<Figure>"}
FOREIGN = {
    "application/vnd.jupyter.widget-view+json": {"model_id": "foreign"},
    "text/plain": "Map()",
}


def with_foreign_widget(data):
    nb = executed("text", data)
    nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]["foreign"] = {
        "state": {"_model_module": "jupyter-maps", "_model_name": "MapModel"}
    }
    return nb


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (LOST, "<script>"),
        ({"text/html": "<p onclick='f()'>x</p>"}, "onclick"),
        ({"text/html": "<iframe srcdoc='x'></iframe>"}, "<iframe>"),
        ({"application/javascript": "draw()", "text/plain": "<JavaScript>"}, "javascript"),
        ({"application/vnd.vega.v5+json": {}, "text/plain": "<Vega>"}, "vega"),
        (FOREIGN, "jupyter-maps"),
    ],
)
def test_an_output_that_would_be_lost_is_refused_unless_it_has_a_picture(data, named):
    with pytest.raises(exporter.NotebookError, match=r"lesson, cell 2 \('show\(2\)'\)") as caught:
        export(with_foreign_widget(data))
    assert named in str(caught.value)
    text, _ = export(with_foreign_widget(data | {"image/png": "AAAA"}))
    assert 'src="data:image/png;base64,AAAA"' in text


def test_all_that_a_page_can_show_is_shown():
    soup = page(
        {"text/html": "<table border='1'><tr><th></th><th>a</th></tr></table>"},
        {"text/latex": r"$\displaystyle \sum_i x_i$", "text/plain": "Sum"},
        {"text/markdown": "some *words*"},
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain": "x"},
        {"image/gif": "R0lGODlh", "text/plain": "x"},
        {"text/plain": "a <b>"},
    )
    assert soup.select_one(".table > table td").get_text() == ""
    assert soup.select_one("#cell-2 math")["display"] == "block"
    assert soup.select_one("#cell-3 em").get_text() == "words"
    kinds = [image["src"].partition(";")[0] for image in soup.select("main img")]
    assert kinds == ["data:image/svg+xml", "data:image/gif"]
    assert soup.select_one("#cell-6 pre.output").get_text() == "a <b>"


def test_a_notebook_that_was_not_executed_is_refused():
    nb = notebook("md: # Title", "1 + 1")
    words = (
        r"lesson, cell 2 \('1 \+ 1'\) was not executed: use jupyter nbconvert --execute --to live"
    )
    with pytest.raises(exporter.NotebookError, match=words):
        export(nb)


def test_a_widget_without_its_state_is_refused():
    nb = executed("# Title", six())
    del nb.metadata["widgets"]
    with pytest.raises(exporter.NotebookError, match=r"cell 2 .* state is not saved: .*--execute"):
        export(nb)


def test_what_another_version_has_saved_is_refused():
    nb = executed(six())
    models = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    for model in models:
        if "_esm" in model["state"]:
            model["state"]["_esm"] += " "
    with pytest.raises(exporter.NotebookError, match=r"cell 1 .* another version"):
        export(nb)


def test_the_code_of_a_question_is_folded_away():
    nb = executed(Question("Which?", {"a": True, "b": False}))
    nb.cells[0].metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    first, second = BeautifulSoup(export(nb)[0], "html.parser").select("#cell-1 details")
    assert first.get_text(strip=True) == "Codeshow(1)"
    assert second.select(".softmax-temperature-question")


def test_nbconverts_own_options_hold():
    nb = executed(six())
    text, _ = LiveExporter(exclude_input=True).from_notebook_node(nb)
    assert "show(1)" not in text


def test_links_between_notebooks_lead_to_their_pages():
    nb = executed(
        "[a](02-b.ipynb) [b](../x/c%20d.ipynb#2.-Go) [c](https://a.org/n.ipynb) [d](#e)\n\n# E"
    )
    links = [link["href"] for link in BeautifulSoup(export(nb)[0], "html.parser").select("main a")]
    assert links == ["02-b.html", "../x/c%20d.html#2.-Go", "https://a.org/n.ipynb", "#E"]
    course = {"pages": {"02-b.html", "c d.html"}, "title": "T"}
    text, resources = export(nb, course=course)
    links = [link["href"] for link in BeautifulSoup(text, "html.parser").select("main a")]
    assert links[:2] == ["02-b.html", "c%20d.html#2.-Go"]
    assert resources["lesson"]["warnings"] == []
    _, resources = export(nb, course={"pages": set()})
    assert len(resources["lesson"]["warnings"]) == 2


def test_every_heading_can_be_linked_to():
    soup = page("# Title\n\n## A $T$ <b>\n\n## Größe\n\n## Größe\n\n### Same & more\n\n#### Deep")
    headings = soup.select("main :is(h1, h2, h3, h4)")
    names = [heading["id"] for heading in headings]
    assert names == ["Title", "A-T", "Größe", "Größe-3", "Same-&-more", "Deep"]
    contents = soup.select("nav.contents a")
    assert [link.get_text() for link in contents][1:] == ["Größe", "Größe", "Same & more"]
    assert {unquote(link["href"][1:]) for link in contents} <= set(names)


def test_title_and_description_come_from_the_notebook():
    text, resources = export(
        executed("# How *hot* is $T$?\n\nA word, e.g. this, is **drawn**. Then another.", six())
    )
    lesson = resources["lesson"]
    assert lesson["title"] == "How hot is T?"
    assert lesson["sentence"] == "A word, e.g. this, is drawn."
    soup = BeautifulSoup(text, "html.parser")
    assert soup.title.get_text() == "How hot is T?"
    text, _ = export(executed("# How hot?"), course={"title": "Heat"})
    assert BeautifulSoup(text, "html.parser").title.get_text() == "How hot? · Heat"
    assert soup.select_one("meta[name=description]")["content"] == lesson["sentence"]
    text, _ = export(executed("no heading"))
    assert BeautifulSoup(text, "html.parser").title.get_text() == "lesson"


def test_without_javascript_the_sentence_is_there():
    explorer = six(value=0.5)
    text = TextExplorer(load_story_model(), "Once", [0, 1], length=4)
    first, second = page(explorer, text).select(".cell noscript")
    assert first.get_text().startswith("Of 100 draws about 71 would be “day”")
    assert second.get_text().startswith("Temperature 1.00, dice 0")


def test_without_javascript_the_still_picture_is_there():
    explorer = TemperatureExplorer(TokenTable(["<b>", "&"], [1, 0]), value=0.5)
    data, metadata = explorer._repr_mimebundle_()
    (shown,) = page(explorer).select(".cell noscript")
    whole, small = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), float)
        for png in (data["image/png"], shown.img["src"].partition("base64,")[2])
    )
    # The same picture, in fewer colours.
    assert whole.shape == small.shape
    assert np.abs(whole - small).mean() < 2
    assert np.abs(whole - small).max() < 64
    assert len(shown.img["src"]) < len(data["image/png"]) / 2
    # The sentence stands beside the picture, and within it for pages that show the picture alone.
    said = explorer._caption()
    assert "“<b>”" in said
    assert (shown.get_text(), metadata["image/png"]["alt"]) == (said, said)


@pytest.mark.parametrize("tex", [r"\unknown x", r"\text{<b>}"])
def test_a_formula_that_cannot_be_drawn_stays_readable(tex):
    text, resources = export(executed(f"# A\n\n$${tex}$$"))
    soup = BeautifulSoup(text, "html.parser")
    assert soup.select_one("main code").get_text() == tex
    (warning,) = resources["lesson"]["warnings"]
    assert warning.startswith("lesson, cell 1 ('# A') has a formula that is shown as text")
