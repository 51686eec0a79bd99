"""The course as a site, without a browser: which pages there are, and what is never lost."""

import json
import re
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.helpers import NOTEBOOKS, need
from tools.course import MORE, notebook

site_module = need("softmax_temperature.publishing.site")
NotebookError = need("softmax_temperature.publishing.exporter").NotebookError
teachers = need("softmax_temperature.publishing.teachers")
teachers_page, load_aims = teachers.teachers_page, teachers.load_aims
load_asked = need("softmax_temperature.publishing.people").load_asked
build_site = site_module.build_site


def save(folder, **notebooks):
    """Write notebooks, each of one cell of code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in notebooks.items():
        nbformat.write(notebook(f"md: # Lesson {name}", code), folder / f"{name}.ipynb")
    return folder


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_the_index_leads_to_every_lesson_with_a_sentence_and_a_picture(site):
    index = read(site / "index.html")
    assert index.title.get_text() == "Softmax with temperature"
    assert len(index.select(".softmax-temperature-explorer")) == 3
    lessons = index.select(".lessons a")
    assert [unquote(link["href"]) for link in lessons] == [
        f"{name}.html" for name in [*NOTEBOOKS, MORE]
    ]
    for link in lessons[: len(NOTEBOOKS)]:
        assert link.svg["aria-hidden"] == "true"
        assert link.b.get_text() == read(site / unquote(link["href"])).h1.get_text()
        assert link.span.get_text().endswith((".", "!", "?"))


def test_the_index_of_other_notebooks_shows_their_first_explorer():
    picture, explorer = '<img src="data:image/png;base64,AA==" alt="">', "<p>an explorer"
    lessons = [
        {"title": "One & two", "sentence": "Read <this>.", "picture": "", "explorer": ""},
        {"title": "Three", "sentence": "Now that.", "picture": picture, "explorer": explorer},
        {"title": "Four", "sentence": "", "picture": "", "explorer": "<p>a second one"},
    ]
    names = ["a b.html", "c.html", "d.html"]
    index = BeautifulSoup(site_module._index("My course", "Why?", lessons, names), "html.parser")
    assert index.h1.get_text() == "My course"
    assert "an explorer" in index.get_text()
    assert "a second one" not in index.get_text()
    links = index.select(".lessons a")
    assert [link["href"] for link in links] == ["a%20b.html", "c.html", "d.html"]
    assert links[0].b.get_text() == "One & two"
    assert links[0].span.get_text() == "Read <this>."
    assert links[1].img["src"].startswith("data:image/png;base64,")


def test_the_index_leads_to_the_answers_and_to_what_people_asked(site):
    links = read(site / "index.html").select(".beside a")
    assert [link["href"] for link in links] == [site_module.TEACHERS, site_module.QUESTIONS]
    for name in (site_module.TEACHERS, site_module.QUESTIONS):
        page = read(site / name)
        assert page.select_one("header a")["href"] == "index.html"
        assert "default-src 'none'" in page.select_one("meta[http-equiv]")["content"]
        # Neither the whole engine nor a model is in them.
        assert (site / name).stat().st_size < 100_000


def asked_on(page):
    """Return what a page asks, in its order, as it is there for the scripts."""
    kinds = [f".softmax-temperature-{kind}" for kind in ("question", "prediction", "challenge")]
    found = page.select(", ".join(f"{kind} > script" for kind in kinds))
    return [json.loads(script.string) for script in found]


def test_teachers_find_the_answer_to_all_that_lessons_ask(site):
    page = read(site / site_module.TEACHERS)
    parts = page.select("section:has(.plain)")
    lessons = [name for name in [*NOTEBOOKS, MORE] if asked_on(read(site / f"{name}.html"))]
    assert [unquote(part.h2.a["href"]) for part in parts] == [f"{name}.html" for name in lessons]
    for part, name in zip(parts, lessons, strict=True):
        asked = asked_on(read(site / f"{name}.html"))
        items = part.select(".plain > li")
        for item, data in zip(items, asked, strict=True):
            text = item.get_text()
            if question := data.get("asked"):
                right, wrong = f"Right: {question['answer']}", question["choices"]
                assert right in text
                assert question["why"] in text
                others = [choice for choice in wrong if choice != question["answer"]]
                assert all(f"Wrong: {choice}" in text for choice in others)
                assert all(reply in text for reply in question["replies"].values())
            assert (data.get("asked") or data.get("goal") or data["curve"])["text"] in text
    (first,) = [part for part in parts if part.h2.a["href"] == "01-temperature.html"]
    told = first.get_text()
    assert "About 30 minutes. 9 questions, 1 curve to draw, 1 goal to reach." in told
    # As sections 6 and 10 of the lesson have it.
    assert "It is highest at T = 0.90, with 0.31." in told
    assert "Reached when the probability of “lava” is from 0.01 to 1." in told
    # exp(-4 / T) is a hundredth of all four cups' terms from there on.
    assert "How: From T = 1.85 to 2." in told


def test_the_page_for_teachers_has_its_contents_and_what_each_lesson_is_for(site):
    page = read(site / site_module.TEACHERS)
    links = page.select("nav[aria-label='On this page'] a")
    assert [link.get_text() for link in links] == [h2.get_text() for h2 in page.select("h2")]
    assert [link["href"] for link in links] == [f"#{h2['id']}" for h2 in page.select("h2")]
    aims = load_aims()
    assert list(aims) == [f"{name}.html" for name in NOTEBOOKS]
    readme = (NOTEBOOKS["01-temperature"].parents[1] / "README.md").read_text(encoding="utf-8")
    for part, aim in zip(page.select("section"), aims.values(), strict=False):
        assert f"Afterwards students can say {aim}." in part.get_text()
        assert f"| {aim} |" in readme


def test_what_people_get_wrong_has_its_sources(site):
    wrong = read(site / site_module.TEACHERS).select("section[aria-labelledby=wrong] li")
    mistakes = [asked for asked in load_asked() if asked.mistake]
    assert len(wrong) == len(mistakes) >= 10
    for item, asked in zip(wrong, mistakes, strict=True):
        assert item.get_text().startswith(asked.mistake)
        assert item.a["href"] == asked.source


def test_each_question_of_people_has_its_answer_its_place_and_its_thread(site):
    items = read(site / site_module.QUESTIONS).select(".people > li")
    for item, asked in zip(items, load_asked(), strict=True):
        told = [asked.question.replace("`", ""), asked.answer.replace("`", "")]
        assert [item.h2.get_text(), item.p.get_text()] == told
        shown, thread = (link["href"] for link in item.select("a"))
        lesson, _, section = asked.where.partition("#")
        assert shown.startswith(f"{lesson}.html")
        assert ("#" in shown) == bool(section)
        assert thread == asked.source


def test_where_a_section_is_gone_its_lesson_is_named():
    lesson = {"title": "One", "sections": {"1. Zoom": "1.-Zoom"}}
    places = [
        load_asked()[0]._replace(where=where).place([lesson], ["01-a.html"])
        for where in ("01-a", "01-a#Gone", "01-a#Zoom")
    ]
    assert places == ['<a href="01-a.html">One</a>'] * 2 + [
        '<a href="01-a.html#1.-Zoom">lesson 01, 1. Zoom</a>'
    ]


def test_goals_are_told_as_they_are_reached():
    goals = [
        {"name": "lands_on", "words": ["day"]},
        {"name": "beats", "words": ["a", "<b>"]},
        {"name": "kept", "kept": 1},
        {"name": "kept", "kept": 3967},
        {"name": "writes", "letters": "sea", "solution": "At T < 1."},
    ]
    lesson = {
        "title": "A & B",
        "minutes": 11.2,
        "sections": {"Go": "Go"},
        "asked": [{"section": "Go", "goal": {"text": "Do.", **goal}} for goal in goals],
    }
    text = teachers_page([lesson], ["a b.html"], "Course", "test")
    page = BeautifulSoup(text, "html.parser")
    assert page.h2.a["href"] == "a%20b.html"
    assert "About 15 minutes. 5 goals to reach." in page.get_text()
    *others, last = page.select(".plain > li")
    assert "About 25 minutes with them." in page.get_text()
    assert last.select("p")[-1].get_text() == "How: At T < 1."
    last.select("p")[-1].decompose()
    assert [item.select("p")[-1].get_text() for item in [*others, last]] == [
        "Reached when the dice land on “day”.",
        "Reached when “a” beats “<b>”.",
        "Reached when exactly 1 token is kept.",
        "Reached when exactly 3,967 tokens are kept.",
        "Reached when the new part of the text has “sea”.",
    ]
    assert page.select_one(".plain a")["href"] == "a%20b.html#Go"
    # Nothing of the course's own stands in another's.
    assert "What people get wrong" not in page.get_text()


def test_lessons_lead_to_each_other(site):
    names = [*NOTEBOOKS, MORE]
    for number, name in enumerate(names):
        page = read(site / f"{name}.html")
        assert page.select_one("header a")["href"] == "index.html"
        assert f"Lesson {number + 1} of {len(names)}" in page.header.get_text()
        links = {link["rel"][0]: unquote(link["href"]) for link in page.select("nav a[rel]")}
        around = {"prev": names[number - 1 : number], "next": names[number + 1 : number + 2]}
        assert links == {rel: f"{found[0]}.html" for rel, found in around.items() if found}


def test_every_link_within_the_site_leads_somewhere(site):
    pages = {path.name: read(path) for path in site.glob("*.html")}
    for page in pages.values():
        for link in page.select("a[href]"):
            path, _, place = link["href"].partition("#")
            if ":" not in path:
                there = pages[unquote(path)] if path else page
                # What a link sets in an explorer is no place.
                number = re.match(r"(?:(\d+)\.)?[\w-]+=", place)
                if number:
                    explorers = there.select(".softmax-temperature-explorer")
                    assert int(number[1] or 1) <= len(explorers), link
                else:
                    assert not place or there.find(id=unquote(place)), link


def test_the_pages_of_the_course_are_small(site):
    assert (site / "01-temperature.html").stat().st_size <= 2_200_000
    # The story model, and GPT-2's logits beside it, make up two thirds of the largest.
    assert all(path.stat().st_size <= 2_650_000 for path in site.glob("*.html"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_pictures_of_a_lesson_have_words_for_those_who_cannot_see_them(site, name):
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    said = [cell.metadata["alt"] for cell in notebook.cells if "alt" in cell.metadata]
    images = read(site / f"{name}.html").select("img[alt]:not([alt=''])")
    assert [" ".join(image["alt"].split()) for image in images] == said


def test_nothing_of_this_machine_is_in_a_page(site):
    for path in site.glob("*.html"):
        found = re.findall(r"/(?:home|root|tmp|work|Users)/\w+", path.read_text(encoding="utf-8"))
        assert found == []


def test_lessons_are_in_the_order_of_their_numbers(tmp_path):
    folder = save(tmp_path / "a", **dict.fromkeys(["10-c", "9-b", "1-a"], "1"))
    more = save(tmp_path / "b", zero="1") / "zero.ipynb"
    (folder / ".ipynb_checkpoints").mkdir()
    found = site_module._notebooks([more, folder, folder / "9-b.ipynb"])
    assert [path.stem for path in found] == ["zero", "1-a", "9-b", "10-c"]


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        (["a", "b"], ValueError, r"one\.ipynb' and .*one\.ipynb' would be one page: rename"),
        (["a", "c"], ValueError, r"one\.ipynb' and .*ONE\.ipynb' would be one page"),
        (["index.ipynb"], ValueError, "would be the index page: give it another name"),
        (["For-Teachers.ipynb"], ValueError, "would be a page of the site's own: give it another"),
        (["page.txt"], ValueError, "page.txt' is not a notebook"),
        (["nowhere"], FileNotFoundError, "nowhere' is not there"),
        (["empty"], FileNotFoundError, "there is no notebook in .*empty"),
        (["broken.ipynb"], ValueError, "broken.ipynb' cannot be read as a notebook"),
    ],
)
def test_sources_that_make_no_site_are_refused_before_anything_runs(
    tmp_path, sources, error, message
):
    for name in ("a", "b"):
        save(tmp_path / name, one="1")
    save(tmp_path / "c", ONE="1")
    save(tmp_path, index="1", **{"For-Teachers": "1"})
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.txt").write_text("text")
    (tmp_path / "broken.ipynb").write_text("{")
    with pytest.raises(error, match=message):
        build_site([tmp_path / source for source in sources], tmp_path / "site")


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("text")
    for folder in (tmp_path / "file", tmp_path / "file" / "site"):
        with pytest.raises(OSError, match=r"folder .*file.* cannot be written"):
            build_site([save(tmp_path / "a", one="1 / 0")], folder)


def test_old_pages_go_and_other_files_stay(tmp_path):
    ours = f'<meta name="generator" content="{site_module._GENERATOR}">'
    (tmp_path / "old.html").write_text(ours)
    (tmp_path / "index.html").write_text(ours)
    (tmp_path / "own.html").write_text("<p>A page by somebody else.")
    (tmp_path / "CNAME").write_text("example.org")
    site_module._replace(tmp_path, {"index.html": "new", "one.html": ours})
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"index.html", "one.html", "own.html", "CNAME"}
    assert (tmp_path / "index.html").read_text() == "new"
