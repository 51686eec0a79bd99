"""What lessons, docstrings and answers say of makers, engines and papers is in one table."""

import csv
import inspect
import re
from datetime import date
from functools import reduce
from importlib.resources import files

import nbformat
import pytest

import softmax_temperature
from softmax_temperature.publishing.people import load_asked
from tests.helpers import NOTEBOOKS
from tools.claims import due

COLUMNS = ["claim", "stands", "source", "read on", "look again by"]
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")
# GPT-2 is left out: its logits come with the package, and what is said of them is computed.
MENTION = re.compile(
    r"vLLM|llama\.cpp|Hugging Face|transformers|Ollama|MLX|SGLang|TensorRT-LLM|KoboldCpp"
    r"|text-generation-webui|OpenAI|gpt-\S+|GPT-[^2\W]\S*|Anthropic|Claude|Google|Gemini|DeepSeek"
    r"|Qwen|AWS|Bedrock|Karpathy|Thinking Machines|arXiv:\d{4}\.\d{4,5}|doi:\S+"
    r"|(?:issue|pull request|report) \d+|and others(?=[,\]) ])|\(\d{4}, below\)"
)


def plain(markdown):
    """Return the text that a reader sees: links by their names, and one space between words."""
    return " ".join(LINK.sub(r"\1", markdown).split())


def sections(notebook):
    """Return the Markdown of each section by its title, without code."""
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    _, *parts = re.split(r"^#+ (.*)$", re.sub(r"```.*?```", "", prose, flags=re.S), flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def uncovered(text, claims):
    """Return what a text mentions outside the claims that are quoted from it."""
    spans = [found.span() for claim in claims for found in re.finditer(re.escape(claim), text)]
    return [
        found[0]
        for found in MENTION.finditer(text)
        if not any(start <= found.start() and found.end() <= end for start, end in spans)
    ]


ROWS = list(
    csv.DictReader(
        files("softmax_temperature").joinpath("data/claims.csv").read_text("utf-8").splitlines()
    )
)
SECTIONS = {
    f"{name}#{title}": markdown
    for name, path in NOTEBOOKS.items()
    for title, markdown in sections(nbformat.read(path, as_version=4)).items()
} | {f"questions#{asked.question}": asked.answer for asked in load_asked()}


def test_the_table_has_its_columns_and_no_gap():
    assert all(list(row) == COLUMNS for row in ROWS)
    for row in ROWS:
        # Where no copy of the source was read, the date is left out, and nothing else.
        assert all(row[column].strip() for column in COLUMNS if column != "read on"), row


def test_dates_are_iso_and_what_is_due_first_stands_first():
    due = [date.fromisoformat(row["look again by"]) for row in ROWS]
    assert due == sorted(due)
    for row, again in zip(ROWS, due, strict=True):
        assert not row["read on"] or date.fromisoformat(row["read on"]) < again, row


def test_a_command_lists_what_is_due_the_earliest_first():
    first, last = (date.fromisoformat(ROWS[end]["look again by"]) for end in (0, -1))
    assert len(list(due(ROWS[::-1]))) == len(ROWS)
    lines = list(due(ROWS[::-1], first))
    assert len(lines) == sum(row["look again by"] == f"{first}" for row in ROWS) < len(ROWS)
    assert all(line.startswith(f"{first}  ") for line in lines)
    row = ROWS[-1]
    assert f"{last}  {row['stands']}\n    {row['claim']}\n    {row['source']}" in "\n".join(
        due(ROWS)
    )


def test_no_claim_stands_twice():
    places = [(row["claim"], row["stands"]) for row in ROWS]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['stands']}: {row['claim'][:40]}")
def test_a_claim_is_said_where_it_is_said_to_stand(row):
    place = row["stands"]
    if "#" in place:
        assert row["claim"] in plain(SECTIONS[place])
    else:
        named = reduce(getattr, place.split("."), softmax_temperature)
        assert row["claim"] in " ".join(inspect.getdoc(named).split())


@pytest.mark.parametrize("place", SECTIONS)
def test_what_a_section_says_of_others_is_in_the_table(place):
    rows = [row for row in ROWS if row["stands"] == place]
    assert uncovered(plain(SECTIONS[place]), [row["claim"] for row in rows]) == []
    sources = " ".join(row["source"] for row in rows).split()
    links = {url for _, url in LINK.findall(SECTIONS[place]) if url.startswith("http")}
    assert links <= set(sources)


@pytest.mark.parametrize(
    "text",
    ["vLLM is quick.", "As Meister and others, 2023, say.", "See issue 12 and arXiv:2407.01082."],
)
def test_a_mention_outside_the_table_is_found(text):
    assert uncovered(text, []) != []
    assert uncovered(text, [text]) == []
