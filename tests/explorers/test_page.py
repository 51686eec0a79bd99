"""The explorer as one HTML file: what is in it, and how it is written."""

import base64
import hashlib
import html
import json
import math
import os
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, TokenTable, describe, load_example
from softmax_temperature.explorers.page import replace_file, without_repeats
from tests.helpers import LOGITS, NASTY, six


class Reader(HTMLParser):
    """Collect the elements, the text within scripts, and all other text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.texts, self.inside = [], [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data
        else:
            self.texts.append(data)

    def handle_endtag(self, tag):
        self.inside = False

    def __getitem__(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def text():
    """Write one page that several tests read."""
    return six().to_html()


def test_marimo_gets_the_page_in_a_frame():
    explorer = six()
    kind, text = explorer._mime_()
    assert kind == "text/html"
    (source,) = re.findall(r'<iframe srcdoc="([^"]*)" title="[^"]+"', text)
    assert html.unescape(source) == explorer.to_html()


def test_the_page_needs_nothing_but_itself(text):
    page = Reader(text)
    assert page["html"] == [{"lang": "en"}]
    assert {"charset": "utf-8"} in page["meta"]
    assert any(meta.get("name") == "viewport" for meta in page["meta"])
    assert text.count("<title>") == text.count("<h1>") == 1
    sources = [a[name] for _, a in page.elements for name in ("src", "href") if name in a]
    assert sources == ["data:,"]
    # The names of XML's namespaces are no addresses to fetch.
    addresses = set(re.findall(r"https?://[^\\\"'\s]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in text


def test_only_the_pages_own_script_may_run(text):
    page = Reader(text)
    (policy,) = (meta["content"] for meta in page["meta"] if "http-equiv" in meta)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for name in ("default-src", "base-uri", "form-action"):
        assert directives[name] == "'none'"
    data, script = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert json.loads(data)["state"]["T"] == 1


# Those of questions, notebooks and texts.
OTHER_SCRIPTS = {
    *("question", "challenge", "prediction", "notebook", "widget", "sessions", "answer"),
    *("sampler", "steps", "ranks", "rules", "labels", "configs"),
    *("text", "writer", "prompt", "story", "tokenizer", "transformer", "tokens", "tints", "taken"),
    *("stories", "forest", "forester", "luck", "told"),
    *("door", "bits", "opening", "sentence", "people"),
}


def test_data_scripts_and_styles_are_in_it_once_and_no_larger_than_need_be(text):
    page = Reader(text)
    browser = files("softmax_temperature") / "browser"
    names = ("explorer", "chart", "page")
    styles = "".join((browser / f"{name}.css").read_text("utf-8") for name in names)
    styles = re.sub(r"/\*.*?\*/", "", styles, flags=re.S)
    # As they are written, without what sets them out.
    styles = "".join(line.strip() for line in styles.splitlines())
    styles = styles.replace(": ", ":").replace(", ", ",")
    assert f"<style>\n{styles}</style>" in text
    # Each module's functions once: what is joined is tested in test_scripts.py.
    declared = []
    for path in browser.glob("**/*.js"):
        if path.stem not in OTHER_SCRIPTS:
            declared += re.findall(r"^(?:export )?function (\w+)", path.read_text("utf-8"), re.M)
    assert len(declared) > 100
    script = page.scripts[1]
    assert script.startswith("\n")
    assert all(len(re.findall(rf"^function {name}\(", script, re.M)) == 1 for name in declared)
    classes = [a["class"] for tag, a in page.elements if tag == "div"]
    assert classes == ["softmax-temperature-explorer"]
    (data,) = re.findall(r'<script type="application/json">(.*?)</script></div>', text)
    # Neither spaces nor escapes but for what could end the element make it larger.
    parsed = json.loads(data)
    plain = json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)
    assert data == re.sub("<(?=[/!sS])", r"\\u003c", plain)
    assert '"words":["day",' in data


@pytest.mark.parametrize("same", [b"as bytes", "as text"])
def test_a_repeated_part_is_named_where_that_is_shorter(same):
    first = {"a": same * 100, "b": 1}
    second = {"a": same * 100, "b": 2, "c": 3}
    assert without_repeats([first, second]) == [first, {"b": 2, "c": 3, "like": 0}]
    assert without_repeats([{"a": 1}, {"a": 1}]) == [{"a": 1}, {"a": 1}]
    assert without_repeats([second, first]) == [second, first]
    third = second | {"b": 5}
    assert without_repeats([first, second, third])[2] == {"b": 5, "like": 1}


def test_the_page_starts_at_the_explorers_temperature():
    explorer = six(value=0.5)
    explorer.temperature = 0.7
    page = Reader(explorer.to_html())
    data = json.loads(page.scripts[0])
    state = {"T": 0.7, "seed": "21", "dice": -1, "place": None, "draws": 0, "batch": 0}
    assert data["state"] == state | {"table": 0, "tokens": None, "logits": None}
    (description,) = (m["content"] for m in page["meta"] if m.get("name") == "description")
    assert description.startswith("Of 100 draws about 62 would be “day” (51 at T = 1).")


def test_the_page_starts_with_all_that_is_set():
    explorer = six(seed=10**30)
    explorer.draw(12)
    explorer.draw(12)
    typed = {"tokens": list("abcdef"), "logits": [1, 2, 3, 4, 5, "-inf"]}
    explorer._body.state = explorer._state | typed
    # A slider that is dragged tells its own temperature only.
    explorer.slider.set_state({"value": 0.25})
    page = Reader(explorer.to_html())
    state = json.loads(page.scripts[0])["state"]
    set_ = {"T": 0.25, "seed": f"{10**30}", "draws": 12, "batch": 1, "dice": -1, "place": None}
    assert state == set_ | typed | {"table": 0}
    (description,) = (m["content"] for m in page["meta"] if m.get("name") == "description")
    assert "would be “e”" in description
    assert "◇ Of these 12 draws" in description
    explorer.temperature = math.inf
    assert json.loads(Reader(explorer.to_html()).scripts[0])["state"]["T"] == "inf"


@pytest.mark.parametrize(
    "stops", [np.linspace(0, 2, 129), np.linspace(0, 2, 7), np.linspace(1 / 3, 20, 60)]
)
def test_the_sliders_steps_lead_to_every_stop(stops):
    explorer = six(parts=("bars",), temperatures=stops, value=stops[-1])
    data = json.loads(Reader(explorer.to_html()).scripts[0])
    slider = data["stops"]
    places = slider["first"] + np.arange(slider["count"]) * slider["step"]
    np.testing.assert_allclose(places, stops, atol=1e-9)
    assert data["state"]["T"] == stops[-1]


@pytest.fixture(scope="module")
def plain():
    """Read a page whose tokens are plain words."""
    return Reader(TemperatureExplorer(TokenTable(["plain", "other"], [2.0, 1.0])).to_html())


@pytest.mark.parametrize("token", NASTY)
def test_a_token_in_the_sentence_is_text(plain, token):
    explorer = TemperatureExplorer(TokenTable([token, "other"], [2.0, 1.0]))
    page = Reader(explorer.to_html())
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    (description,) = (m["content"] for m in page["meta"] if m.get("name") == "description")
    (sentence,) = {text for text in page.texts if text.startswith("Of 100 draws")}
    assert description == sentence
    said = describe(explorer.table).replace("\n", " ")
    assert said == f"At temperature 1.00, o{sentence[1:]}"


def test_the_numbers_in_the_page_are_pythons(text):
    (table,) = json.loads(Reader(text).scripts[0])["tables"]
    logits = np.frombuffer(base64.b64decode(table["logits"]["bytes"]), "<f8")
    assert (table["logits"]["type"], table["logits"]["gzip"]) == ("f8", False)
    assert logits.tolist() == LOGITS
    assert table["words"] == table["tokens"] == list(load_example("wonderful-day").tokens)


def test_the_page_of_six_tokens_is_small(text):
    assert len(text.encode()) <= 180_000
    assert "MIT licence" not in text


def test_no_token_ends_an_element():
    page = Reader(TemperatureExplorer(TokenTable(NASTY, range(10))).to_html())
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert data["tables"][0]["tokens"] == NASTY
    assert "${x}`" in data["tables"][0]["names"]
    # What a browser's reader of HTML could take for the end of the script, or for a comment in it.
    assert not re.search("<[/!sS]", page.scripts[0])


def test_a_file_is_written_and_replaced(tmp_path, text):
    path = tmp_path / "page.html"
    explorer, other = six(), six(value=2)
    assert explorer.to_html(path) is None
    assert path.read_text(encoding="utf-8") == text
    other.to_html(str(path))
    assert path.read_text(encoding="utf-8") == other.to_html() != text
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]
    link = tmp_path / "link.html"
    link.symlink_to(path)
    explorer.to_html(link)
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == text


def test_a_page_is_the_same_after_the_explorer_was_displayed(text):
    explorer = six()
    explorer._repr_mimebundle_()
    assert explorer.to_html() == text


def test_files_written_side_by_side_do_not_mix(tmp_path):
    def write(thread):
        for number in range(60):
            replace_file(tmp_path / f"{thread}-{number}.html", f"{thread} {number}\n" * 500)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    for thread in range(8):
        for number in range(60):
            text = (tmp_path / f"{thread}-{number}.html").read_text()
            assert text == f"{thread} {number}\n" * 500
    assert len(list(tmp_path.iterdir())) == 8 * 60


def test_a_file_that_was_planted_beside_the_target_is_not_written(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    page = tmp_path / "page"
    page.mkdir()
    for name in (f".{os.getpid()}.tmp", ".tmp", "page", ".page.html"):
        (page / name).symlink_to(precious)
    replace_file(page / "page.html", "text")
    assert precious.read_text() == "mine"
    assert (page / "page.html").read_text() == "text"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_mode_that_the_user_gives_new_files(tmp_path, mask):
    before = os.umask(mask)
    try:
        replace_file(tmp_path / "page.html", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_replaced_file_keeps_its_mode_and_any_name_will_do(tmp_path, monkeypatch, text):
    path, explorer = tmp_path / "page.html", six()
    path.write_text("as it was")
    path.chmod(0o664)
    explorer.to_html(path)
    assert path.stat().st_mode & 0o777 == 0o664
    longest = tmp_path / ("a" * 250 + ".html")
    explorer.to_html(longest)
    monkeypatch.setenv("HOME", str(tmp_path))
    explorer.to_html("~/my #1 page.html")
    assert longest.read_text(encoding="utf-8") == text
    assert (tmp_path / "my #1 page.html").exists()


def test_a_path_that_cannot_be_written_is_an_error_and_loses_nothing(tmp_path, monkeypatch):
    explorer = six(parts=("bars",))
    with pytest.raises(OSError, match=r"path '.*missing/page.html' cannot be written: .*No such"):
        explorer.to_html(tmp_path / "missing" / "page.html")
    with pytest.raises(OSError, match="cannot be written: it is not a file, or is write-protected"):
        explorer.to_html(tmp_path)
    for wrong in (5, b"page.html", True, ["page.html"]):
        with pytest.raises(TypeError, match="path must be a path, got"):
            explorer.to_html(wrong)
    path = tmp_path / "page.html"
    path.write_text("as it was")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="cannot be written: it is not a file, or is write-protected"):
        explorer.to_html(path)
    monkeypatch.undo()
    for name in ("page.html/page.html", "a" * 300, "a\0b", "\ud800.html"):
        with pytest.raises(OSError, match=r"path '.*' cannot be written: .+"):
            explorer.to_html(f"{tmp_path}/{name}")
    loop = tmp_path / "loop.html"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match=r"cannot be written: .*[Ll]oop"):
        explorer.to_html(loop)
    loop.unlink()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(OSError, match=r"cannot be written: .*No space left"):
        explorer.to_html(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "as it was"
