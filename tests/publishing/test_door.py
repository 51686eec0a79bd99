"""The front door without a browser: what is in the page, and the command that writes it."""

import json
import math
import re

import pytest

from softmax_temperature import load_example
from softmax_temperature.publishing import door as module
from tests.helpers import LOGITS, NOTEBOOKS, RANKED, RANKED_TOKENS, need

BeautifulSoup = need("bs4").BeautifulSoup


@pytest.fixture(scope="module")
def text():
    return module.door()


@pytest.fixture(scope="module")
def page(text):
    return BeautifulSoup(text, "html.parser")


def data_of(page, name):
    return [
        json.loads(found.string) for found in page.select(f".softmax-temperature-{name} > script")
    ]


def test_the_page_is_small_and_has_its_model_once(text, page):
    assert len(text.encode()) <= 2_200_000
    assert [data.get("kind") for data in data_of(page, "explorer")].count(None) == 0
    assert sum("model" in data for data in data_of(page, "explorer")) == 1


def test_it_asks_for_nothing_and_no_link_is_dead(page):
    assert "default-src 'none'" in page.select_one("meta[http-equiv]")["content"]
    for element in page.select("[src], [href]"):
        address = element.get("src") or element["href"]
        inside = address in ("#2.T=0.5", "#2.T=2") or (
            address[0] == "#" and page.find(id=address[1:])
        )
        assert address.startswith("data:") or inside
    assert "come with the source" in page.select_one("#lessons").get_text()


def test_it_is_read_in_five_minutes(page):
    read = page.select(":is(h1, h2, .prose, .sentences-to-keep li)")
    assert len(" ".join(found.get_text() for found in read).split()) <= 300


def test_without_scripts_it_shows_stills_and_gives_no_answer_away(page):
    opening, bars, story = page.select(".softmax-temperature-explorer > noscript")
    assert opening.get_text().startswith("It was a wonderful day at the beach with my friends")
    assert opening.img["src"].startswith("data:image/png;base64,")
    assert "The dragon" in story.get_text()
    assert bars.img["src"].startswith("data:image/png;base64,")
    assert "Of 100 draws about 51 would be “day”" in bars.img["alt"]
    (asked,) = data_of(page, "bits")
    told = page.select_one("#bits").noscript.get_text()
    for doubt in asked:
        assert doubt["text"] in told
        assert doubt["why"] not in told


def share(logits, logit, temperature):
    weights = [math.exp((other - logit) / temperature) for other in logits]
    return 1 / math.fsum(weights)


def test_what_the_questions_say_is_so(page):
    (asked,) = data_of(page, "bits")
    gains, dice, vocabulary = asked
    before, after = (share(LOGITS, 4.5, T) for T in (1, 2))
    assert f"has {before:.2f}." in gains["text"]
    assert f"{after:.2f}" in gains["why"]
    assert gains["answers"][gains["right"]] == "It loses"
    assert after < before
    # The dice that README names.
    assert "the dice 0.78 say “experience”" in dice["text"]
    ends = [math.fsum(share(LOGITS, other, 2) for other in RANKED[: i + 1]) for i in range(6)]
    rank = next(i for i, end in enumerate(ends) if end > 0.781)
    assert f"“{RANKED_TOKENS[rank]}”" in dice["why"]
    assert rank > RANKED_TOKENS.index("experience")
    assert dice["answers"][dice["right"]] == "A rarer word"
    logits = sorted(load_example("gpt2-spaceship").logits.astype(float).tolist(), reverse=True)
    weights = [math.exp(logit - logits[0]) for logit in logits]
    whole, held, count = math.fsum(weights), 0.0, 0
    while held < 0.9 * whole:
        held += weights[count]
        count += 1
    assert f"{count:,}" in vocabulary["why"]
    assert vocabulary["answers"][vocabulary["right"]] == "More than 1,000"
    assert count > 1000


def test_there_is_a_card_for_each_lesson_by_its_own_title():
    titles = {
        name: re.search(
            r"^# (.+)$", "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"]), re.M
        )[1]
        for name, path in NOTEBOOKS.items()
    }
    assert {name: card.title for name, card in module.course_lessons().items()} == titles


def test_lessons_with_pages_are_links():
    card = module.Lesson("One & two", "Read <this>.", "<svg></svg>", "a%20b.html")
    page = BeautifulSoup(module.door([card], generator="a site"), "html.parser")
    (link,) = page.select(".lessons a")
    assert (link["href"], link.b.get_text()) == ("a%20b.html", "One & two")
    assert link.span.get_text() == "Read <this>."
    assert page.select_one("meta[name=generator]")["content"] == "a site"
    assert "come with the source" not in page.get_text()


def test_the_command_opens_the_page_or_says_where_it_is(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(module, "door", lambda: "<!doctype html>")
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    opened = []
    for there in (True, False):
        monkeypatch.setattr(
            module.webbrowser, "open", lambda url, there=there: opened.append(url) or there
        )
        module.main([])
    pages = sorted(tmp_path.glob("softmax-temperature-*.html"))
    assert sorted(opened) == sorted(path.resolve().as_uri() for path in pages)
    assert [path.read_text() for path in pages] == ["<!doctype html>"] * 2
    first, second = capsys.readouterr().out.splitlines()
    module.main(["--output", str(tmp_path / "own.html")])
    assert len(opened) == 2
    assert re.fullmatch(r".+\.html is open in your browser\.", first)
    assert re.fullmatch(r".+\.html: open it in a browser\.", second)


def test_a_file_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "door", lambda: "<!doctype html>")
    with pytest.raises(
        SystemExit, match=r"path '.*not.there.door\.html' cannot be written: No such"
    ):
        module.main(["--output", str(tmp_path / "not" / "there" / "door.html")])
