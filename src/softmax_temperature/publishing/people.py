"""What people asked in public, and the pages of a site that are no lessons."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ..explorers.page import as_html, fill

QUESTIONS = "questions-people-asked.html"


class Asked(NamedTuple):
    """A question, the lesson that answers it, and the thread in which it was asked."""

    question: str
    answer: str
    # A lesson, or a section of it without its number: "01-temperature#Go to the limits".
    where: str
    source: str
    # Days as in 2026-11-30.
    asked: str
    read: str
    # What was taken to be so, where something was.
    mistake: str

    def link(self) -> str:
        """Return a link to the thread, as HTML."""
        _, owner, name, kind, number = urlsplit(self.source).path.split("/")
        words = "pull request" if kind == "pull" else "issue"
        told = f"{owner}/{name}, {words} {number}, {self.asked[:4]}"
        return f'<a href="{escape(self.source)}">{told}</a>'

    def place(self, lessons: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
        """Return a link to the lesson, or to its section, as HTML."""
        stem, _, section = self.where.partition("#")
        name = f"{stem}.html"
        lesson = lessons[names.index(name)]
        for heading, place in lesson["sections"].items():
            if re.sub(r"^\d+\. ", "", heading) == section:
                told = f"lesson {stem[:2]}, {escape(heading)}"
                return f'<a href="{quote(name)}#{quote(place)}">{told}</a>'
        # Somebody's own copy of a lesson may have other sections.
        return f'<a href="{quote(name)}">{escape(lesson["title"])}</a>'


def load_asked() -> list[Asked]:
    """Return what people asked, in the order of the page."""
    return [Asked(*row) for row in rows_of("questions.csv")]


def rows_of(name: str) -> list[list[str]]:
    """Return the rows of one of the package's tables, without the names of its columns."""
    text = files("softmax_temperature").joinpath("data", name).read_text("utf-8")
    return list(csv.reader(text.splitlines()))[1:]


def questions_page(
    lessons: Sequence[Mapping[str, Any]], names: Sequence[str], title: str, generator: str
) -> str:
    """Return the page of what people asked, which can be searched.

    Parameters are those of `teachers_page`.
    """
    found = load_asked()
    items = "".join(
        f"<li><h2>{_with_code(asked.question)}</h2><p>{_with_code(asked.answer)}</p>"
        f'<p class="quiet">Shown in {asked.place(lessons, names)}. '
        f"Asked in {asked.link()}.</p></li>"
        for asked in found
    )
    read = max(date.fromisoformat(asked.read) for asked in found)
    body = (
        '<h1>Questions people asked</h1><p class="intro">All of them were asked in public, and are '
        "told here in our words. Each has a short answer, and the place in the lessons that shows "
        f"it. The threads were last read on {read.day} {read:%B %Y}.</p>"
        '<p class="search" hidden><label>Search <input type="search" autocomplete="off"></label> '
        f'<span role="status"></span></p><ul class="plain people">{items}</ul>'
    )
    return plain_page(
        "Questions people asked",
        "What people asked about temperature, each with a short answer.",
        body,
        title,
        generator,
        script='import { startSearch } from "./people.js";\nstartSearch();\n',
    )


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", as_html(text))


def plain_page(
    name: str, description: str, body: str, title: str, generator: str, script: str = ""
) -> str:
    """Return a page of a site that is to be read, and has no explorer."""
    return fill(
        "notebook.html",
        script=script,
        styles=("page.css", "notebook.css", "people.css"),
        title=escape(f"{name} · {title}"),
        description=escape(description),
        language="en",
        generator=escape(generator),
        body=body,
        contents="",
        unscripted="",
        top=f'<header class="bar"><a href="index.html">{escape(title)}</a></header>',
        bottom="",
    )
