"""Hygiene of the notebooks, so that the replay has something to compare and readers to see."""

import json
import re

import nbformat
import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, TokenTable
from tests.helpers import NOTEBOOKS


def problems(notebook):
    """List what is wrong with a notebook."""
    found = []
    if "widgets" in notebook.metadata:
        found.append("saved widget state hides the still pictures: store_widget_state=False")
    if notebook.metadata["kernelspec"]["name"] != "python3":
        found.append(f"kernel is {notebook.metadata['kernelspec']['name']}, not python3")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("not saved after one run from top to bottom")
    if not any(cell.outputs for cell in cells):
        found.append("no saved outputs: the replay would compare nothing")
    for number, cell in enumerate(cells, 1):
        if "execution" in cell.metadata or cell.metadata.get("tags"):
            found.append(f"cell {number} has timing or tags")
        if len(cell.source.splitlines()) > 14:
            found.append(f"cell {number} is long: it belongs in src")
        if re.search(r"sys\.path|^[!%]|to_csv|savefig|;\s*$|/home/|/root/", cell.source, re.M):
            found.append(f"cell {number} writes files, uses magics or ends with a semicolon")
        if number > 1 and re.search(r"^(import|from) ", cell.source, re.M):
            found.append(f"cell {number} imports: the first cell does")
        shows = re.search(
            r"(plt\.show\(\)|print\(.*\)|xplorer|frame\(.*\).*|round\(4\))$", cell.source
        )
        if shows and not cell.outputs:
            found.append(f"cell {number} has no saved output")
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"cell {number} has an error or a warning")
            data = output.get("data", {})
            question = data.get("text/plain", "").startswith("Question: ")
            if question and not cell.metadata.get("jupyter", {}).get("source_hidden"):
                found.append(f"cell {number} shows the answer to its question in its source")
            widget = "application/vnd.jupyter.widget-view+json" in data
            if widget and not {"image/png", "text/html"} & data.keys():
                found.append(f"cell {number} has a widget without a still picture or text")
            if "image/png" in data and not widget and not cell.metadata.get("alt"):
                found.append(f"cell {number} has a picture without words: metadata.alt has them")
            if re.search(r"/(home|root|tmp|work|Users)/", json.dumps(data.get("text/plain", ""))):
                found.append(f"cell {number} shows a path of one machine")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_notebook_is_in_order(path):
    assert problems(nbformat.read(path, as_version=4)) == []


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_notebook_without_outputs_is_refused(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    assert "no saved outputs: the replay would compare nothing" in problems(notebook)


def minutes(notebook):
    """Work out how long a lesson takes: 200 words a minute, code at 8 seconds a line, pictures."""
    words = lines = pictures = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\$\$.*?\$\$|(?<=\])\([^)\s]*\)", "", cell.source, flags=re.S)
            words += len(re.findall(r"\w[\w'’.,-]*", text))
            continue
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
        shown = [output.get("data", {}) for output in cell.outputs]
        # A question belongs to its picture.
        asked = ("Question: ", "Challenge: ")
        pictures += sum(
            bool({"image/png", "application/vnd.jupyter.widget-view+json"} & data.keys())
            and not data["text/plain"].startswith(asked)
            for data in shown
        )
    return words / 200 + lines * 8 / 60 + pictures


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_lesson_takes_half_an_hour(path):
    notebook = nbformat.read(path, as_version=4)
    assert len(notebook.cells) <= 50
    assert minutes(notebook) <= 30


def test_the_recipe_takes_the_logits_of_a_language_model(monkeypatch):
    """Run the lines of notebook 05 on a tiny, randomly initialised model: nothing is downloaded."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    words = {
        word: number for number, word in enumerate(["It", "was", "a", "wonderful", "day", ".", "?"])
    }
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="?"))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="?")
    torch.manual_seed(0)
    # Three rows of logits more than tokens, as in models whose output layer is padded.
    size = {"vocab_size": 10, "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 16}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**size)).eval()
    for name, made in (("AutoTokenizer", tokenizer), ("AutoModelForCausalLM", model)):
        monkeypatch.setattr(
            getattr(transformers, name), "from_pretrained", lambda _, made=made, **options: made
        )
    notebook = nbformat.read(NOTEBOOKS["05-your-model"], as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    (recipe,) = re.findall(r"```python\n(import torch\n.*?)```", prose, re.S)
    names = {"TokenTable": TokenTable, "TemperatureExplorer": TemperatureExplorer}
    exec(recipe, names)
    with torch.no_grad():
        exact = model(torch.tensor([[0, 1, 2, 3]])).logits[0, 3, :7].softmax(-1)
    assert names["table"].tokens == tuple(words)
    np.testing.assert_allclose(names["table"].probabilities(), exact.numpy(), rtol=1e-5)
