"""Notebooks as pages in which every explorer is live: nbconvert's exporter ``live``."""

from __future__ import annotations

import base64
import copy
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import jinja2
from bs4 import BeautifulSoup, Tag
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.exporters.html import HTMLExporter
from nbconvert.preprocessors.execute import ExecutePreprocessor
from nbconvert.utils.exceptions import ConversionException
from nbformat import NotebookNode, ValidationError, from_dict
from PIL import Image
from traitlets import default

from ..checks import short
from ..explorers.base import NARROW
from ..explorers.data import names_in_addresses
from ..explorers.page import as_script, fill, to_base64, without_repeats
from .embedded import embedded
from .foreign import harmless, needs
from .formulas import latex_html, markdown_html
from .saved import AGAIN, SavedWidgets, as_printed

_WIDGET = "application/vnd.jupyter.widget-view+json"
_STATES = "application/vnd.jupyter.widget-state+json"
# What a page can show of an output, the best first.
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_FORMS = ("text/html", "text/markdown", "text/latex", *_PICTURES)
# The data of explorers take no part in what is done to a page's elements.
_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.S)
_FRONT_MATTER = re.compile(r"\s*---\s*\n.*\n---\s*$", re.S)
_HELD = re.compile(r'<template data-held="(\d+)"></template>')
_STYLES = (
    "explorer.css",
    "chart.css",
    "ranks.css",
    "configs.css",
    "tints.css",
    "text.css",
    "answer.css",
    "question.css",
    "prediction.css",
    "page.css",
    "notebook.css",
)


class NotebookError(ConversionException):
    """A notebook that cannot become a page, with the cell that is the reason."""


class LiveExporter(HTMLExporter):
    """Write a notebook as one page, with its explorers and questions live in it.

    The page needs no kernel and no network, and its policy forbids every request. Controls that
    need Python are shown disabled. What explorers show comes from the state that an execution
    leaves in the notebook: ``jupyter nbconvert --execute --to live NOTEBOOK`` is the usual command.

    Raises
    ------
    NotebookError
        If a cell fails, was not executed, or has an output that would be lost. The message names
        the notebook and the cell.
    """

    export_from_notebook = "Live page"

    @default("default_preprocessors")
    def _with_both_layouts(self) -> list[Any]:
        usual: Any = HTMLExporter.class_traits()["default_preprocessors"].default()
        return [_Execute if name.endswith(".ExecutePreprocessor") else name for name in usual]

    @default("optimistic_validation")
    def _once(self) -> bool:
        # After each step it takes as long as all else: nbformat before 5.11 compiles its schema
        # every time.
        return True

    @default("template_name")
    def _base(self) -> str:
        return "base"

    @default("template_file")
    def _own_template(self) -> str:
        return "cells.html.j2"

    @default("extra_loaders")
    def _own_loader(self) -> list[Any]:
        return [jinja2.PackageLoader("softmax_temperature", "browser")]

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Add filters for formulas and for HTML to those of nbconvert."""
        yield from super().default_filters()
        yield "latex_html", self.latex_html
        yield "harmless_html", self.harmless_html

    @jinja2.pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return Markdown as HTML, with its formulas as MathML."""
        html, not_drawn = markdown_html(source, **self.lexer_options)
        return self._with_formulas(context, html, not_drawn)

    @jinja2.pass_context
    def latex_html(self, context: Any, source: str) -> str:
        """Return LaTeX as HTML, with its formulas as MathML."""
        return self._with_formulas(context, *latex_html(source))

    @jinja2.pass_context
    def harmless_html(self, context: Any, source: str) -> str:
        """Return HTML with what a page may have."""
        return self._harmless(source, context["cell"], context["resources"])

    def _with_formulas(self, context: Any, html: str, not_drawn: list[str]) -> str:
        cell, resources = context["cell"], context["resources"]
        for tex in not_drawn:
            self._warn(resources, cell, f"has a formula that is shown as text: {short(tex)}")
        return self._harmless(html, cell, resources)

    def _harmless(self, html: str, cell: Any, resources: Any) -> str:
        folder = resources["metadata"].get("path", "")
        try:
            return harmless(
                html,
                embedded=lambda address: embedded(address, folder, cell.get("attachments", {})),
                warn=lambda problem: self._warn(resources, cell, problem),
                scope=resources["lesson"]["scopes"].__next__,
            )
        except ValueError as error:
            raise NotebookError(_message(resources, cell, str(error))) from error

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return a notebook as a page, and in its resources a ``lesson`` for an index of pages.

        Of `resources`, ``course`` can have a title, what stands above and below the text, and the
        names of all pages.
        """
        nb, resources = copy.deepcopy(nb), resources or {"metadata": {"name": "notebook"}}
        for number, cell in enumerate(nb.cells, 1):
            cell.metadata["number"] = number
        try:
            html, resources = super().from_notebook_node(nb, resources, **kw)
        except NotebookError:
            raise
        except ValidationError as error:
            raise NotebookError(_invalid(error, nb, resources)) from error
        except Exception as error:
            # What is wrong with a file, or with what another program has put into it, has no end.
            problem = f"cannot become a page: {type(error).__name__}: {error}"
            raise NotebookError(_message(resources, None, problem)) from error
        soup = BeautifulSoup(html, "html.parser")
        _move_outputs(soup)
        contents = _contents(soup)
        self._lead_somewhere(soup, nb, resources)
        lesson, course = resources["lesson"], resources.get("course", {})
        lesson["title"] = title_of(nb) or resources["metadata"]["name"]
        lesson["sentence"] = _first_sentence(soup)
        lesson["sections"] = {_plain_text(found): found["id"] for found in _headings(soup)}
        lesson["asked"] = _asked(soup, lesson["data"])
        images = len(soup.select("p.output > img"))
        lesson["minutes"] = _minutes(nb, lesson["data"], images)
        names = [lesson["title"], course.get("title", "")]
        text = notebook_page(
            title=" · ".join(filter(None, names)),
            description=lesson["sentence"],
            contents=contents,
            body=_with_data(str(soup), lesson["data"]),
            top=course.get("top", ""),
            bottom=course.get("bottom", ""),
            language=self.language_code,
            generator=course.get("generator", "softmax-temperature"),
        )
        return text, resources

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        self.register_preprocessor(self._show_widgets)

    def _show_widgets(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Leave of each output what a page can show, and of a widget its HTML."""
        saved = SavedWidgets(nb.metadata.get("widgets", {}).get(_STATES, {}).get("state", {}))
        resources["lesson"] = {
            "data": [],
            "explorer": "",
            "picture": "",
            "stills": set(),
            "warnings": [],
        }
        resources["lesson"]["scopes"] = itertools.count(1)
        if nb.cells and nb.cells[0].cell_type == "raw" and _FRONT_MATTER.match(nb.cells[0].source):
            # What another tool is told, as Quarto and Jupytext write it.
            nb.cells[0].source = ""
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            clean = partial(self._harmless, cell=cell, resources=resources)
            skipped = "skip-execution" in cell.metadata.get("tags", ())
            if cell.source.strip() and cell.execution_count is None and not skipped:
                problem = f"was not executed: {AGAIN}"
                raise NotebookError(_message(resources, cell, problem))
            waiting, cell.outputs = as_printed(cell.outputs), []
            while waiting:
                output = waiting.pop(0)
                cell.outputs.append(output)
                if "data" in output:
                    try:
                        inner = _show(output, saved, resources["lesson"], clean)
                        waiting[:0] = map(from_dict, inner)
                    except ValueError as error:
                        raise NotebookError(_message(resources, cell, str(error))) from error
        return nb, resources

    def _lead_somewhere(self, soup: BeautifulSoup, nb: Any, resources: Any) -> None:
        """Let links between notebooks lead to their pages, and tables have room of their own."""

        def warn(element: Tag, problem: str) -> None:
            place = element.find_parent(id=re.compile("^cell-"))
            cell = nb.cells[int(str(place["id"]).removeprefix("cell-")) - 1] if place else None
            self._warn(resources, cell, problem)

        pages = resources.get("course", {}).get("pages")
        places, entries = _places(soup), _entries(resources["lesson"]["data"])
        for link in soup.select("a[href]"):
            parts = urlsplit(str(link["href"]))
            if parts.scheme or parts.netloc:
                continue
            if not parts.path:
                place = unquote(parts.fragment)
                names = {part.partition("=")[0].upper() for part in place.split("&")}
                if place in ("", "top") or names & entries or soup.find(id=place):
                    continue
                if heading := places.get(_letters(place)):
                    link["href"] = f"#{quote(heading)}"
                else:
                    warn(link, f"links to {short(f'#{place}')}, which is nowhere on the page")
                continue
            if parts.path.endswith(".ipynb"):
                path = f"{parts.path.removesuffix('.ipynb')}.html"
                # The pages of a course are in one folder.
                path = path if pages is None else path.rpartition("/")[2]
                parts = parts._replace(path=path)
                link["href"] = urlunsplit(parts)
            if pages is not None and unquote(parts.path) not in pages:
                warn(link, f"links to {short(parts.path)}, which is no page of the course")
        for table in soup.select("table"):
            table.wrap(soup.new_tag("div", attrs={"class": "table"}))
            for corner in table.find_all("th"):
                if not corner.get_text().strip():
                    corner.name = "td"

    def _warn(self, resources: Any, cell: Any, problem: str) -> None:
        message = _message(resources, cell, problem)
        if message not in resources["lesson"]["warnings"]:
            self.log.warning("%s", message)
            resources["lesson"]["warnings"].append(message)


class _Execute(ExecutePreprocessor):
    """Let explorers carry both layouts, and name the cell that fails."""

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> Any:
        """Execute a notebook."""
        before = os.environ.get(NARROW)
        os.environ[NARROW] = "1"
        try:
            return super().preprocess(nb, resources, km)
        except NoSuchKernel as error:
            problem = f"asks for a kernel that is not installed: {error.name}"
            raise NotebookError(_message(resources, None, problem)) from error
        finally:
            del os.environ[NARROW]
            if before is not None:
                os.environ[NARROW] = before

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> Any:
        """Execute a cell."""
        try:
            return super().preprocess_cell(cell, resources, index)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            if isinstance(error, CellExecutionError):
                problem = f"fails with {error.ename}: {error.evalue}"
            else:
                problem = str(error).splitlines()[0]
            raise NotebookError(_message(resources, cell, problem)) from error


def notebook_page(
    title: str,
    description: str,
    body: str,
    contents: str = "",
    top: str = "",
    bottom: str = "",
    language: str = "en",
    generator: str = "softmax-temperature",
) -> str:
    """Return a page whose explorers and questions are live, given its text as HTML."""
    return fill(
        "notebook.html",
        script='import "./notebook.js";\n',
        styles=_STYLES,
        title=escape(title),
        description=escape(description),
        language=escape(language),
        generator=escape(generator),
        body=body,
        contents=contents,
        top=top,
        bottom=bottom,
        unscripted='<noscript><p class="intro">Sliders and questions need JavaScript.</p>'
        "</noscript>",
    )


def title_of(nb: NotebookNode) -> str:
    """Return the first heading of a notebook, as plain text."""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            html, _ = markdown_html(cell.source)
            if heading := BeautifulSoup(html, "html.parser").h1:
                return _plain_text(heading)
    return ""


def _message(resources: Any, cell: Any, problem: str) -> str:
    name = resources["metadata"]["name"]
    if not cell:
        return f"{name} {problem}"
    first = next(iter(cell.source.strip().splitlines()), "")
    return f"{name}, cell {cell.metadata.get('number', '?')} ({short(first)}) {problem}"


def _show(
    output: Any, saved: SavedWidgets, lesson: dict[str, Any], clean: Callable[[str], str]
) -> list[Any]:
    """Leave of an output the form that a page can show, and return the outputs within it."""
    data = output.data
    picture = next((form for form in _PICTURES if form in data), None)
    # An index shows the richest.
    if picture and len(data[picture]) > len(lesson["picture"]):
        lesson["picture"] = _image(picture, data[picture])
    lost = sorted(data.keys() - {*_FORMS, _WIDGET, "text/plain"})
    if _WIDGET in data:
        try:
            html, inner = saved.html(data[_WIDGET]["model_id"], clean)
        except NotImplementedError as error:
            lost.append(str(error))
        else:
            html += _without_scripts(output, clean, lesson["stills"])
            if not lesson["explorer"] and "softmax-temperature-explorer" in html:
                lesson["explorer"] = html
            output.data = {"text/html": _DATA.sub(lambda match: _hold(match[1], lesson), html)}
            return inner
    forms = [form for form in _FORMS if form in data]
    if "text/html" in forms:
        needed = needs(data["text/html"])
        lost += needed
        if needed:
            forms.remove("text/html")
    if lost and not forms:
        raise ValueError(
            f"shows what no page without a kernel can show: {lost[0]}; give it a picture, too, or "
            "take the cell out"
        )
    form = forms[0] if forms else "text/plain"
    output.data = {form: data.get(form, "")}
    if form == "text/html":
        output.data[form] = clean(data[form])
    if form in _PICTURES[3:]:
        output.data = {"text/html": f"<p>{_image(form, data[form])}</p>"}
    return []


def _move_outputs(soup: BeautifulSoup) -> None:
    """Put outputs to where widgets hold them. They stand behind the widget, in the same order."""
    waiting = soup.select("div[data-shown]")

    def take() -> Tag:
        shown = waiting.pop(0)
        for place in shown.select("template[data-outputs]"):
            for _ in range(int(str(place["data-outputs"]))):
                place.insert_before(take())
            place.decompose()
        return shown

    while waiting:
        take()
    for shown in soup.select("div[data-shown]"):
        shown.unwrap()


def _invalid(error: ValidationError, nb: NotebookNode, resources: Any) -> str:
    """Return what is wrong with a notebook, and with which cell."""
    path = list(error.absolute_path)
    number = path[1] if path[:1] == ["cells"] and len(path) > 1 else None
    cell = nb.cells[number] if isinstance(number, int) and number < len(nb.cells) else None
    reason = str(error.message).splitlines()[0]
    return _message(resources, cell, f"is not a valid notebook: {short(reason, 200)}")


def _hold(data: str, lesson: dict[str, Any]) -> str:
    lesson["data"].append(json.loads(data))
    return f'<template data-held="{len(lesson["data"]) - 1}"></template>'


def _with_data(html: str, data: list[dict[str, Any]]) -> str:
    """Put data into the places where they were held, and what several explorers have once."""
    explorers = iter(without_repeats([item for item in data if "kind" in item]))
    items = [as_script(next(explorers) if "kind" in item else item) for item in data]
    return _HELD.sub(lambda match: items[int(match[1])], html)


def _without_scripts(output: Any, clean: Callable[[str], str], stills: set[str]) -> str:
    """Return what a widget leaves to readers without JavaScript: its picture, or its text.

    A picture that is above already is not shown again.
    """
    form, data = "image/png", output.data
    if form in data:
        said = str(output.get("metadata", {}).get(form, {}).get("alt", ""))
        shown = "" if data[form] in stills else f"<p>{_image(form, _smaller(data[form]))}</p>"
        stills.add(data[form])
        return f"<noscript>{shown}<p>{escape(said)}</p></noscript>"
    return f"<noscript>{clean(data['text/html'])}</noscript>" if "text/html" in data else ""


def _smaller(png: str) -> str:
    """Return a still picture with 256 colours: few readers need it, and all have to load it."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(buffer, "png", optimize=True)
    return to_base64(buffer.getvalue())


def _image(form: str, data: str) -> str:
    if form == "image/svg+xml":
        return f'<img src="data:{form},{quote(data)}" alt="">'
    return f'<img src="data:{form};base64,{escape(data.strip())}" alt="">'


def _entries(data: list[dict[str, Any]]) -> set[str]:
    """Return what links call the settings of explorers: with a number, or of the nearest one."""
    explorers = [item["state"] for item in data if "kind" in item]
    return {
        f"{prefix}{name}".upper()
        for number, state in enumerate(explorers, 1)
        for name in names_in_addresses(state)
        for prefix in ("", f"{number}.")
    }


def _first_sentence(soup: BeautifulSoup) -> str:
    paragraph = soup.select_one(".cell > p")
    text = " ".join(paragraph.get_text().split()) if paragraph else ""
    return re.split(r"(?<=[.!?])\s(?![a-z])", text)[0]


def _asked(soup: BeautifulSoup, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a page asks its reader, each with the heading that it stands under."""
    found, heading = [], ""
    for element in soup.select(".cell :is(h1, h2, h3), template[data-held]"):
        if element.name != "template":
            heading = heading if element.find_parent(class_="output") else _plain_text(element)
        elif "kind" not in (held := data[int(str(element["data-held"]))]):
            found.append({"section": heading, **held})
    return found


# So many words are read in a minute, and a line of code that is not folded in so many seconds. A
# picture takes a minute.
_WORDS, _LINE = 200, 8


def _minutes(nb: NotebookNode, data: list[dict[str, Any]], images: int) -> float:
    """Return how long a lesson takes its reader, without its questions."""
    words = lines = 0
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\$\$.*?\$\$|(?<=\])\([^)\s]*\)", "", cell.source, flags=re.S)
            words += len(re.findall(r"\w[\w'’.,-]*", text))
        elif not cell.metadata.get("jupyter", {}).get("source_hidden"):
            lines += len([line for line in cell.source.splitlines() if line.strip()])
    pictures = images + sum("kind" in item or "curve" in item for item in data)
    return words / _WORDS + lines * _LINE / 60 + pictures


def _contents(soup: BeautifulSoup) -> str:
    """Give each heading an address, and return links to them."""
    others = {str(element["id"]) for element in soup.select("[id]")}
    taken: set[str] = set()
    links = []
    for heading in _headings(soup):
        plain = _plain_text(heading).replace(" ", "-") or "section"
        more = (f"{plain}-{number}" for number in itertools.count(len(taken)))
        name = next(name for name in itertools.chain([plain], more) if name not in taken | others)
        taken.add(name)
        heading["id"] = name
        if heading.name in ("h2", "h3"):
            shown = copy.copy(heading)
            for element in shown.select("a, img"):
                element.unwrap()
            for element in shown.select("[id]"):
                del element["id"]
            inside = shown.decode_contents().strip()
            links.append((heading.name, f'<a href="#{escape(quote(name))}">{inside}</a>'))
    if len(links) < 2:
        return ""
    items = "".join(f'<li class="{level}">{link}</li>' for level, link in links)
    return (
        '<nav class="contents" aria-label="On this page"><details>'
        f"<summary>On this page</summary><ol>{items}</ol></details></nav>"
    )


def _headings(soup: BeautifulSoup) -> list[Tag]:
    """Return the headings of the text, and none of an output."""
    found = soup.select(".cell :is(h1, h2, h3, h4, h5, h6)")
    return [heading for heading in found if not heading.find_parent(class_="output")]


def _plain_text(element: Tag) -> str:
    """Return what an element says, its formulas as they are written where they are no line."""
    shown = copy.copy(element)
    for formula in shown.select("math"):
        if formula.select(_BUILT):
            formula.replace_with(str(formula.get("alttext", "")))
    return shown.get_text().strip()


_BUILT = "msub, msup, msubsup, munder, mover, munderover, mfrac, msqrt, mroot, mtable"


def _places(soup: BeautifulSoup) -> dict[str, str]:
    """Return the headings' addresses by the letters of all that links call them."""
    places: dict[str, str] = {}
    for heading in _headings(soup):
        written = copy.copy(heading)
        for formula in written.select("math"):
            formula.replace_with(str(formula.get("alttext", "")))
        for text in (_plain_text(heading), written.get_text(), heading.get_text()):
            places.setdefault(_letters(text), str(heading["id"]))
    return places


def _letters(text: str) -> str:
    """Return what is common to the addresses that Jupyter and GitHub make of a heading."""
    return re.sub(r"[\W_]", "", text.lower())
