"""A course as a site: notebooks become pages with live explorers, and an index leads to them."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .door import Lesson, course_lessons, door, links_to
from .people import QUESTIONS, load_asked, questions_page
from .teachers import TEACHERS, load_aims, teachers_page

_TITLE = "Softmax with temperature"
_INTRODUCTION = (
    "How temperature reshapes the softmax over a language model's next-token logits: drag the "
    "slider, draw tokens, and see at once what the same dice land on. Nothing needs to be "
    "installed, and every slider in the lessons works."
)
_EXTRA = 'python -m pip install "softmax-temperature[site]"'


def build_site(
    sources: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    title: str = _TITLE,
    introduction: str = _INTRODUCTION,
) -> list[Path]:
    """Execute notebooks, and write them as pages, with an index of them, into a folder.

    With the notebooks of this project the index is its front door, and the last page has what
    people asked. Where a notebook asks something, there is a page for teachers, with the answers.

    Any static host can serve the folder, and it opens from a disk, too. Its pages are replaced
    when all are built, and not before; pages of an earlier site that are no longer part of it are
    removed, and other files are left alone.

    Parameters
    ----------
    sources : sequence of paths
        Notebooks, or folders of notebooks, in the order of the lessons. Those of a folder are in
        the order of their names.
    folder : path
        Where the site is written.
    title, introduction : str, optional
        What stands on the index page, above the first explorer of the course.

    Returns
    -------
    list of Path
        The pages, the index first.

    Raises
    ------
    FileNotFoundError
        If a source is not there, or there is no notebook in it.
    ValueError
        If two notebooks have the same name, or one cannot be read.
    OSError
        If the folder cannot be written.
    softmax_temperature.exporter.NotebookError
        If a notebook cannot become a page; see `LiveExporter`. The old site stays as it is.
    """
    # Not above: without the extra, this says what to install.
    from traitlets.config import Config

    from .exporter import LiveExporter, notebook_page, title_of

    begun = time.monotonic()
    target = _writable(folder)
    paths = _notebooks(sources)
    titles = [title_of(_read(path)) or path.stem for path in paths]
    names = [f"{path.stem}.html" for path in paths]
    exporter = LiveExporter(config=Config({"ExecutePreprocessor": {"enabled": True}}))
    pages: dict[str, str] = {}
    lessons: list[dict[str, Any]] = []
    for number, path in enumerate(paths):
        # A line of its own: a kernel may say something while it starts.
        print(f"[{number + 1}/{len(paths)}] {path.stem}", flush=True)
        start = time.monotonic()
        course = {
            "title": title,
            "top": _above(title, number, len(paths)),
            "bottom": _around(number, names, titles),
            "pages": {"index.html", *names},
            "generator": _GENERATOR,
        }
        text, resources = exporter.from_filename(str(path), {"course": course})
        print(f"  {time.monotonic() - start:.1f} s, {len(text.encode()) // 1000:,} kB", flush=True)
        pages[names[number]] = text
        for warning in resources["lesson"]["warnings"]:
            print(f"  {warning}", file=sys.stderr, flush=True)
        lessons.append(resources["lesson"])
    own = course_lessons()
    is_own = own.keys() <= {path.stem for path in paths}
    beside: dict[str, str] = {}
    if any(lesson["asked"] for lesson in lessons):
        mistakes = [asked for asked in load_asked() if asked.mistake] if is_own else []
        pages[TEACHERS] = teachers_page(
            lessons, names, title, _GENERATOR, mistakes, load_aims() if is_own else {}
        )
        beside[TEACHERS] = "For teachers: the answers, and times"
    if is_own:
        pages[QUESTIONS] = questions_page(lessons, names, title, _GENERATOR)
        beside[QUESTIONS] = "Questions people asked"
        index = door(_cards(own, lessons, names), generator=_GENERATOR, beside=beside)
    else:
        index = notebook_page(
            title=title,
            description=introduction,
            body=_index(title, introduction, lessons, names) + links_to(beside),
            generator=_GENERATOR,
        )
    pages = {"index.html": index} | pages
    _replace(target, pages)
    print(f"{target / 'index.html'}: {len(pages)} pages in {time.monotonic() - begun:.1f} s")
    return [target / name for name in pages]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build a site from the command line."""
    parser = argparse.ArgumentParser(
        prog="softmax-temperature-site",
        description="Write notebooks as a site whose explorers are live without a kernel.",
        epilog="Example: softmax-temperature-site notebooks site",
    )
    parser.add_argument("notebooks", nargs="+", help="notebooks, or folders of notebooks")
    parser.add_argument("folder", help="where the site is written")
    parser.add_argument("--title", default=_TITLE, help="the title of the course")
    parser.add_argument("--introduction", default=_INTRODUCTION, help="what it is about")
    options = parser.parse_args(arguments)
    try:
        from .exporter import NotebookError

        build_site(options.notebooks, options.folder, options.title, options.introduction)
    except ModuleNotFoundError as error:
        sys.exit(f"{str(error.name).partition('.')[0]} is missing: {_EXTRA}")
    except (NotebookError, OSError, ValueError) as error:
        sys.exit(f"The site was not built. {error}")


# Pages of a site, which a later one may take away.
_GENERATOR = "softmax-temperature-site"


def _writable(folder: str | os.PathLike[str]) -> Path:
    """Return the folder, and find out at once whether a site can be written into it."""
    target = Path(folder).expanduser().resolve()
    try:
        target.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=".", dir=target).cleanup()
    except OSError as error:
        raise OSError(f"folder {str(target)!r} cannot be written: {error.strerror}") from error
    return target


def _notebooks(sources: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the notebooks in their order, each once."""
    found: dict[str, Path] = {}
    for source in map(Path, sources):
        if not source.exists():
            raise FileNotFoundError(f"{str(source)!r} is not there")
        inside = [path for path in source.glob("*.ipynb") if not path.name.startswith(".")]
        for path in sorted(inside, key=_order) if source.is_dir() else [source]:
            if path.suffix != ".ipynb":
                raise ValueError(f"{str(path)!r} is not a notebook: its name must end with .ipynb")
            # Some hosts and disks do not tell capital letters from small ones.
            name = path.stem.lower()
            other = found.setdefault(name, path)
            if f"{name}.html" in ("index.html", TEACHERS, QUESTIONS):
                page = "the index page" if name == "index" else "a page of the site's own"
                raise ValueError(f"{str(path)!r} would be {page}: give it another name")
            if other.resolve() != path.resolve():
                raise ValueError(
                    f"{str(other)!r} and {str(path)!r} would be one page: rename one of them"
                )
    if not found:
        raise FileNotFoundError(f"there is no notebook in {', '.join(map(str, sources))}")
    return list(found.values())


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, nbformat.ValidationError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as a notebook: {error}") from error


def _order(path: Path) -> list[tuple[int, int, str]]:
    """Return what sorts names as Jupyter lists them: signs, numbers by value, letters by base."""
    plain = unicodedata.normalize("NFKD", path.stem).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return [
        (1, int(part), "") if part.isdecimal() else (2 if part[0].isalpha() else 0, 0, part)
        for part in re.findall(r"\d+|[^\W\d_]+|[\W_]+", plain)
    ]


def _replace(target: Path, pages: dict[str, str]) -> None:
    """Put pages in the place of those of an earlier site, when all of them are written."""
    with tempfile.TemporaryDirectory(prefix=".", dir=target) as beside:
        for name, text in pages.items():
            Path(beside, name).write_text(text, encoding="utf-8", newline="\n")
        for name in pages:
            Path(beside, name).replace(target / name)
    for old in target.glob("*.html"):
        with old.open(encoding="utf-8", errors="replace") as file:
            ours = f'<meta name="generator" content="{_GENERATOR}">' in file.read(2000)
        if ours and old.name not in pages:
            old.unlink()


def _above(title: str, number: int, count: int) -> str:
    return (
        f'<header class="bar"><a href="index.html">{escape(title)}</a>'
        f"<span>Lesson {number + 1} of {count}</span></header>"
    )


def _around(number: int, names: Sequence[str], titles: Sequence[str]) -> str:
    """Return links to the lessons before and after."""
    links = [
        f'<a href="{quote(names[other])}" rel="{rel}"><small>{word}</small>'
        f"{escape(titles[other])}</a>"
        for other, rel, word in ((number - 1, "prev", "Previous"), (number + 1, "next", "Next"))
        if 0 <= other < len(names)
    ]
    return f'<nav class="bar end" aria-label="Lessons">{"".join(links)}</nav>'


def _cards(
    own: Mapping[str, Lesson], lessons: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[Lesson]:
    """Return the cards of lessons on the front door: those of the course are written for it."""
    found = [Lesson(lesson["title"], lesson["sentence"], lesson["picture"]) for lesson in lessons]
    return [
        own.get(name.removesuffix(".html"), lesson)._replace(
            title=lesson.title, address=quote(name)
        )
        for lesson, name in zip(found, names, strict=True)
    ]


def _index(
    title: str, introduction: str, lessons: Sequence[dict[str, Any]], names: Sequence[str]
) -> str:
    explorer = next((lesson["explorer"] for lesson in lessons if lesson["explorer"]), "")
    items = "".join(
        f'<li><a href="{quote(name)}">{lesson["picture"]}<b>{escape(lesson["title"])}</b>'
        f"<span>{escape(lesson['sentence'])}</span></a></li>"
        for name, lesson in zip(names, lessons)
    )
    return (
        f'<h1>{escape(title)}</h1><p class="intro">{escape(introduction)}</p>'
        f'{explorer}<h2>Lessons</h2><ul class="lessons">{items}</ul>'
    )


if __name__ == "__main__":
    main()
