"""The page for teachers: the answers that lessons work out, times, and what people get wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from ..explorers.page import as_html
from .people import Asked, plain_page, rows_of

TEACHERS = "for-teachers.html"


def teachers_page(
    lessons: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    title: str,
    generator: str,
    mistakes: Sequence[Asked] = (),
    aims: Mapping[str, str] | None = None,
) -> str:
    """Return the page that has the answer to all that lessons ask.

    Parameters
    ----------
    lessons : sequence of mapping
        What the exporter tells of each page, in their order.
    names : sequence of str
        The files of the pages.
    title : str
        That of the course.
    generator : str
        What writes the page.
    mistakes : sequence of Asked, optional
        What others took to be so, each with where they said it.
    aims : mapping of str to str, optional
        What a reader of a page can say afterwards, by its file.
    """
    parts, links = "", []
    for number, (lesson, name) in enumerate(zip(lessons, names, strict=True), 1):
        links.append((f"lesson-{number}", lesson["title"]))
        parts += _lesson(lesson, quote(name), links[-1][0], (aims or {}).get(name, ""))
    wrong = ""
    if mistakes:
        links.append(("wrong", _WRONG))
        items = "".join(
            f"<li>{as_html(asked.mistake)} ({asked.link()}; {asked.place(lessons, names)})</li>"
            for asked in mistakes
        )
        wrong = (
            f'<section aria-labelledby="wrong"><h2 id="wrong">{_WRONG}</h2>'
            "<p>Nobody has yet counted what readers of these lessons get wrong. Each of these "
            "mistakes stands in a public thread of people who build with language models, and the "
            "lesson beside it clears it up. Beyond them there are the wrong choices above, and "
            "what the lessons reply.</p>"
            f"<ul>{items}</ul></section>"
        )
    body = (
        '<h1>For teachers</h1><p class="intro">The answer to all that the lessons ask. Right '
        "choices and numbers are those that the lessons work out themselves, when this page is "
        "made. The times are those of a reader who reads 200 words a minute and spends a minute on "
        "each picture and two on each question or goal.</p>"
        f"{_contents(links)}{parts}{wrong}"
    )
    return plain_page(
        "For teachers", "The answers to the questions of all lessons.", body, title, generator
    )


# A question or a goal takes so many minutes, with some talk. A curve is among the pictures.
_TALK = 2
_WRONG = "What people get wrong"
_KINDS = (
    ("asked", "question", "questions"),
    ("curve", "curve to draw", "curves to draw"),
    ("goal", "goal to reach", "goals to reach"),
)


def load_aims() -> dict[str, str]:
    """Return what a reader of each lesson of the course can say afterwards, by its page."""
    return {f"{lesson}.html": aim for lesson, aim in rows_of("aims.csv")}


def _contents(links: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{place}">{escape(text)}</a></li>' for place, text in links)
    return f'<nav aria-label="On this page"><ul>{items}</ul></nav>'


def _lesson(lesson: Mapping[str, Any], name: str, place: str, aim: str) -> str:
    asked = lesson["asked"]
    counts = []
    for kind, one, many in _KINDS:
        if count := sum(kind in item for item in asked):
            counts.append(f"{count} {one if count == 1 else many}")
    talk = _TALK * sum("curve" not in item for item in asked)
    reading, whole = (5 * math.ceil((lesson["minutes"] + more) / 5) for more in (0, talk))
    said = [f"About {reading} minutes", ", ".join(counts) or "Nothing is asked"]
    if talk:
        said.append(f"About {whole} minutes with them")
    goal = f"<p>Afterwards students can say {as_html(aim)}.</p>" if aim else ""
    items = "".join(_item(item, lesson["sections"], name) for item in asked)
    answers = f'<ul class="plain">{items}</ul>' if items else ""
    return (
        f'<section aria-label="{escape(lesson["title"])}">'
        f'<h2 id="{place}"><a href="{name}">{escape(lesson["title"])}</a></h2>'
        f'<p class="quiet">{". ".join(said)}.</p>{goal}{answers}</section>'
    )


def _item(item: Mapping[str, Any], sections: Mapping[str, str], name: str) -> str:
    place = ""
    if item["section"] in sections:
        address = f"{name}#{quote(sections[item['section']])}"
        place = f'<p class="quiet"><a href="{address}">{escape(item["section"])}</a></p>'
    text, answers = _answers(item)
    told = "".join(f"<p>{answer}</p>" for answer in answers)
    return f"<li>{place}<p><b>{as_html(text)}</b></p>{told}</li>"


def _answers(item: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return what is asked, and what is right and wrong about it, as HTML."""
    if "goal" in item:
        goal = item["goal"]
        ways = [f"<b>How:</b> {as_html(way)}" for way in _ways(goal)]
        return goal["text"], [f"Reached when {as_html(_goal(goal))}.", *ways]
    if "curve" in item:
        return item["curve"]["text"], [as_html(_curve(item["curve"]))]
    asked = item["asked"]
    right = f"<b>Right:</b> {as_html(_sentence(asked['answer']))} {as_html(asked['why'])}"
    wrong = [
        f"<b>Wrong:</b> {as_html(_sentence(choice))} {as_html(asked['replies'].get(choice, ''))}"
        for choice in asked["choices"]
        if choice != asked["answer"]
    ]
    return asked["text"], [answer.strip() for answer in (right, *wrong)]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _goal(goal: Mapping[str, Any]) -> str:
    words = [f"“{word}”" for word in goal.get("words", ())]
    if goal["name"] == "lands_on":
        return f"the dice land on {words[0]}"
    if goal["name"] == "beats":
        return f"{words[0]} beats {words[1]}"
    if goal["name"] == "kept":
        count = goal["kept"]
        return f"exactly {count:,} token{' is' if count == 1 else 's are'} kept"
    if goal["name"] == "writes":
        return f"the new part of the text has “{goal['letters']}”"
    return f"the probability of {words[0]} is from {goal['low']:g} to {goal['high']:g}"


def _ways(goal: Mapping[str, Any]) -> list[str]:
    """Return how a goal is reached, as far as that is known."""
    if "solution" in goal:
        return [goal["solution"]]
    if "stops" not in goal:
        return []
    first, last = goal["stops"]
    return [f"At T = {first:g}." if first == last else f"From T = {first:g} to {last:g}."]


def _curve(curve: Mapping[str, Any]) -> str:
    shares, first, last = curve["shares"], curve["first"], curve["last"]
    top = max(range(len(shares)), key=shares.__getitem__)
    at = first + (last - first) * top / (len(shares) - 1)
    return (
        f"The true curve begins with {shares[0]:.2f} at T = {first:g} and ends with "
        f"{shares[-1]:.2f} at T = {last:g}. It is highest at T = {at:.2f}, with {shares[top]:.2f}."
    )
