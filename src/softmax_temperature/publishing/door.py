"""The front door: a page of five minutes without code, which leads into the course."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import webbrowser
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..core import TokenTable, softmax
from ..drawing.bars import OTHERS
from ..drawing.colours import PALETTE, WORDS
from ..drawing.maps import areas_of
from ..drawing.picture import house_style, png_of
from ..drawing.stories import pieces_of, story_map
from ..draws import dice, landings
from ..examples import load_answer_example, load_example
from ..explorers.answer import AnswerExplorer
from ..explorers.base import Explorer
from ..explorers.data import stops_of
from ..explorers.page import as_html, fill, replace_file, to_base64, with_data
from ..explorers.temperature import TemperatureExplorer
from ..explorers.text import TextExplorer
from ..heat import heat_capacity
from ..model.recorded import RecordedModel, load_text_example
from ..model.story import load_story_model
from ..model.texts import texts_of
from ..sampling import temper
from ..words import in_text

_STYLES = ("explorer.css", "chart.css", "tints.css", "text.css", "page.css", "door.css")


class Lesson(NamedTuple):
    """What the door shows of a lesson: an address leads to its page, where there is one."""

    title: str
    sentence: str
    # As HTML.
    picture: str
    address: str = ""


def door(
    lessons: Sequence[Lesson] = (),
    generator: str = "softmax-temperature",
    beside: Mapping[str, str] | None = None,
) -> str:
    """Return the front door as a page that needs no other file.

    Parameters
    ----------
    lessons : sequence of Lesson, optional
        The lessons, with addresses where they are pages; by default those of the course, without.
    generator : str, optional
        What writes the page.
    beside : mapping of str to str, optional
        Pages that are no lessons: their addresses, and what they are called.
    """
    bars = TemperatureExplorer(load_example("wonderful-day"))
    # On the map there is a point to grab from the start.
    bars.draw()
    story = TextExplorer(load_story_model(), "The dragon", value=0.7, length=60)
    example = load_text_example("wonderful")
    return fill(
        "door.html",
        script='import "./door.js";\n',
        styles=_STYLES,
        generator=escape(generator),
        opening=_opening(example),
        bars=_explorer(bars),
        story=_explorer(story),
        questions=_questions(),
        lessons="".join(map(_card, lessons or course_lessons().values())),
        notice=as_html(example.notice()),
        where="" if any(lesson.address for lesson in lessons) else _WHERE,
        beside=links_to(beside or {}),
    )


def links_to(pages: Mapping[str, str]) -> str:
    """Return links to pages that are no lessons."""
    links = "".join(f'<li><a href="{page}">{escape(name)}</a></li>' for page, name in pages.items())
    return f'<ul class="beside">{links}</ul>' if links else ""


# The temperature of the first text.
_OPENING = 0.5
_WHERE = "<p>The lessons are notebooks, and come with the source of this package.</p>"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the front door to a file, or open it in a browser."""
    parser = argparse.ArgumentParser(
        prog="softmax-temperature",
        description="Open the front door: what temperature does to a language model, in a page "
        "that needs no network.",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write the page to a file, and do not open it"
    )
    options = parser.parse_args(arguments)
    path = options.output or _temporary()
    try:
        replace_file(path, door())
    except OSError as error:
        sys.exit(str(error))
    where = Path(path).resolve()
    if options.output is None and webbrowser.open(where.as_uri()):
        print(f"{where} is open in your browser.")
    else:
        print(f"{where}: open it in a browser.")


def _temporary() -> str:
    file, path = tempfile.mkstemp(prefix="softmax-temperature-", suffix=".html")
    os.close(file)
    return path


def course_lessons() -> Mapping[str, Lesson]:
    """Return the lessons of the course by the names of their notebooks."""
    table, gpt2 = load_example("wonderful-day"), load_example("gpt2-spaceship")
    return {
        "01-temperature": Lesson(
            "Drag the temperature and watch a text rewrite itself",
            "Some words gain from heat and then lose by it again. Find out where they turn.",
            _map(table),
        ),
        "02-real-model": Lesson(
            "Turn the temperature of a real model",
            "GPT-2 chooses among 50,257 tokens. See what a chart of the top 50 hides.",
            _ranks(gpt2, [0.5, 1.0, 2.0]),
        ),
        "03-text": Lesson(
            "Let the temperature write a story",
            "Write with the same dice at every temperature, and read the temperature off a text.",
            _stories(),
        ),
        "04-sampling": Lesson(
            "Cut the tail before you draw",
            "The same min-p keeps 14 tokens or 3,967. It depends on where the temperature comes.",
            _ranks(gpt2, [1.0], kept=0.9),
        ),
        "05-your-model": Lesson(
            "Open an answer and look for the temperature in it",
            "A model says who was first on the moon. See where it doubted, and what else it had.",
            _answer(),
        ),
        "06-why": Lesson(
            "Ask why it is called temperature, and why it is leaving",
            "From T = 0.9 to 1, GPT-2's choice opens threefold. Physics has a name for that.",
            _humps([load_example("gpt2-artificial-intelligence"), gpt2]),
        ),
    }


def _card(lesson: Lesson) -> str:
    inside = f"{lesson.picture}<b>{escape(lesson.title)}</b><span>{escape(lesson.sentence)}</span>"
    if not lesson.address:
        return f"<li><div>{inside}</div></li>"
    return f'<li><a href="{escape(lesson.address)}">{inside}</a></li>'


def _opening(example: RecordedModel) -> str:
    """Return the recorded texts of a chat model, as `opening.js` takes them."""
    prompt, stops, length = example.prompt, example.temperatures, example.length
    (texts,) = texts_of(example, example.encode(prompt), stops, length, [example.seed], temper)
    rows = [
        (pieces_of(example, text.tokens, prompt), [round(bits, 3) for bits in text.bits])
        for text in texts
    ]
    data = {
        "kind": "opening",
        "stops": stops_of(np.array(stops)),
        "prompt": prompt,
        "texts": rows,
        "state": {"T": _OPENING, "length": length, "chosen": -1, "taken": []},
    }
    with house_style():
        figure = Figure(figsize=(11, 4), layout="constrained")
        FigureCanvasAgg(figure)
        story_map(example, prompt, stops, length=length, seed=example.seed, ax=figure.add_subplot())
        picture = to_base64(png_of(figure))
    said = prompt + "".join(rows[stops.index(_OPENING)][0])
    still = f'<p>{as_html(said)} …</p><img src="data:image/png;base64,{picture}" alt="">'
    return with_data("softmax-temperature-explorer", data, f"<noscript>{still}</noscript>")


def _explorer(explorer: Explorer) -> str:
    """Return an explorer with what it leaves to readers without scripts."""
    bundle: Any = explorer._repr_mimebundle_()
    if isinstance(bundle, tuple):
        data, metadata = (part["image/png"] for part in bundle)
        still = f'<img src="data:image/png;base64,{data}" alt="{escape(metadata["alt"])}">'
    else:
        still = bundle["text/html"]
    shown = explorer._page_data()
    explorer.close()
    return with_data("softmax-temperature-explorer", shown, f"<noscript>{still}</noscript>")


def _questions() -> str:
    """Return three questions with two answers each, whose truth is worked out here."""
    table, gpt2 = load_example("wonderful-day"), load_example("gpt2-spaceship")
    word = table.tokens.index("experience")
    at_1, at_2 = (softmax(table.logits, T)[word] for T in (1.0, 2.0))
    number = dice(21, 1)
    ranks = landings(table.logits, [0.5, 2.0], number)[:, 0].tolist()
    order = np.argsort(-table.logits)
    cold, hot = (table.tokens[order[rank]] for rank in ranks)
    shares = np.sort(softmax(gpt2.logits.astype(float)))[::-1]
    enough = int((shares.cumsum() < 0.9).sum()) + 1
    asked: list[dict[str, Any]] = [
        {
            "text": f"At T = 1, “experience” has {at_1:.2f}. When T rises to 2, does it gain or "
            "lose?",
            "answers": ["It gains", "It loses"],
            "right": int(at_2 < at_1),
            "why": f"It has {at_2:.2f} at T = 2.",
        },
        {
            "text": f"At T = ½ the dice {number[0]:.2f} say “{cold}”. The same dice at T = 2?",
            "answers": ["A rarer word", "A likelier word"],
            "right": int(ranks[1] < ranks[0]),
            "why": f"They say “{hot}”: heat never takes the same dice to a likelier word.",
        },
        {
            "text": f"GPT-2 goes on after “{in_text(gpt2.prompt)}”, at T = 1. How many of its "
            f"{len(gpt2.tokens):,} tokens hold nine tenths of the probability?",
            "answers": ["1,000 at most", "More than 1,000"],
            "right": int(enough > 1000),
            "why": f"It takes {enough:,} of them.",
        },
    ]
    for doubt in asked:
        # No line ends within a formula.
        doubt["text"] = doubt["text"].replace(" = ", "\u00a0=\u00a0")
    unscripted = "".join(
        f"<li>{as_html(doubt['text'])} ({' / '.join(doubt['answers'])})</li>" for doubt in asked
    )
    return with_data(
        "softmax-temperature-bits",
        asked,
        f'<div class="asked"></div><noscript><ol>{unscripted}</ol>'
        "<p>To answer them, and to move the pictures, switch scripts on.</p></noscript>",
    )


# Pictures of lessons: no words, and so many units wide and high.
_WIDTH, _HEIGHT = 300, 120
# From cold to hot.
_HEAT = WORDS[1], WORDS[2], WORDS[0]


def _picture(inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f"{inside}</svg>"
    )


def _line(across: Any, down: Any) -> str:
    """Return a path through points whose places are from 0 to 1, the second from the top."""
    points = zip(np.asarray(across) * _WIDTH, np.asarray(down) * _HEIGHT, strict=True)
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _map(table: TokenTable) -> str:
    areas, stops = areas_of(table), np.arange(41) / 20
    ends, across = areas.ends(stops.tolist()), stops / 2
    return _picture(
        "".join(
            f'<path fill="{colour}" d="'
            f'{_line([*across, *across[::-1]], [*(1 - low), *(1 - high[::-1])])}z"/>'
            for low, high, colour in zip(ends.T, ends.T[1:], PALETTE, strict=False)
        )
    )


def _ranks(table: TokenTable, temperatures: Sequence[float], kept: float = 0.0) -> str:
    """Return probability against rank, both logarithmic, and which part of it is kept."""
    ranks = np.unique(np.geomspace(1, len(table.tokens), 60).astype(int))
    across = np.log(ranks) / np.log(len(table.tokens))
    logits = np.sort(table.logits.astype(float))[::-1]
    drawn = ""
    for temperature, colour in zip(temperatures, _HEAT, strict=False):
        shares = softmax(logits, temperature)
        down = 0.05 - np.log10(shares[ranks - 1]) / 9
        if kept:
            inside = shares.cumsum()[ranks - 1] < kept
            end = across[inside][-1]
            area = _line([0, *across[inside], end], [1, *down[inside], 1])
            rest = _line([end, *across[~inside], 1], [1, *down[~inside], 1])
            drawn += f'<path fill="{OTHERS}" fill-opacity="0.5" d="{rest}z"/>'
            drawn += f'<path fill="{colour}" d="{area}z"/>'
            drawn += f'<path class="stroke" stroke="{_HEAT[-1]}" d="{_line([end, end], [0, 1])}"/>'
        else:
            drawn += f'<path class="stroke" stroke="{colour}" d="{_line(across, down)}"/>'
    return _picture(drawn)


def _humps(tables: Sequence[TokenTable]) -> str:
    """Return how fast choices open at each temperature, as hills."""
    stops, drawn = np.linspace(0.3, 2.5, 23), ""
    for table, colour in zip(tables, (_HEAT[2], _HEAT[0]), strict=True):
        logits = table.logits.astype(float)
        speeds = np.array([heat_capacity(logits, stop) for stop in stops.tolist()])
        hill = _line([0, *(stops / 2.5), 1], [1, *(1 - speeds / 13), 1])
        drawn += f'<path fill="{colour}" fill-opacity="0.25" stroke="{colour}" d="{hill}"/>'
    return _picture(drawn)


def _stories() -> str:
    """Return texts as rows of words, the hotter the lower, the more surprising the darker."""
    explorer = TextExplorer(load_story_model(), "Once upon a time", length=30)
    drawn, stops = "", (0.0, 0.5, 1.0, 1.5, 2.0)
    for row, explorer.temperature in enumerate(stops):
        written, x = explorer._written(), 0.0
        for piece, bits in zip(explorer._pieces(written), written.bits, strict=True):
            width = 5.5 * len(piece)
            drawn += _cell(x, row, width, float(bits), _HEAT[0])
            x += width
    explorer.close()
    return _picture(drawn)


def _answer() -> str:
    """Return an answer as words of a paragraph, the more surprising the darker."""
    explorer = AnswerExplorer(load_answer_example("smollm2-moon"))
    drawn, x, row = "", 0.0, 0
    for place, bits in zip(explorer._places, explorer.bits, strict=True):
        width = 8.2 * len(place.text)
        if x + width > _WIDTH:
            x, row = 0.0, row + 1
        drawn += _cell(x, row, width, float(bits), _HEAT[1])
        x += width
    explorer.close()
    return _picture(drawn)


def _cell(x: float, row: int, width: float, bits: float, colour: str) -> str:
    """Return a token in a row of a text."""
    opacity = 0.12 + 0.88 * min(bits / 8, 1)
    return (
        f'<rect x="{x:.1f}" y="{row * 24 + 3}" width="{width - 1:.1f}" height="18" '
        f'fill="{colour}" fill-opacity="{opacity:.2f}"/>'
    )
