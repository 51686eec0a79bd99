"""Notebooks for the tests of the exporter and of the site."""

import ipywidgets
import nbformat
from nbformat import v4

from tests.helpers import NASTY

SPEC = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(*cells):
    """Make a notebook of cells of code, and of Markdown, which begins with ``md:``."""
    made = [
        v4.new_markdown_cell(cell.removeprefix("md:").strip())
        if cell.startswith("md:")
        else v4.new_code_cell(cell)
        for cell in cells
    ]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=made, metadata=SPEC)


def executed(*shown, from_menu=False):
    """Make a notebook as an execution leaves it, whose cells show objects, texts or outputs.

    Of a string it is the Markdown, of a dict the data of an output, of all else what Jupyter shows.
    The state of widgets is as nbclient leaves it, or as JupyterLab's menu saves it.
    """
    cells = []
    for number, item in enumerate(shown, 1):
        if isinstance(item, str):
            cells.append(v4.new_markdown_cell(item))
            continue
        data, metadata = item, {}
        if not isinstance(item, dict):
            data = item._repr_mimebundle_()
            data, metadata = data if isinstance(data, tuple) else (data, {})
        output = v4.new_output("execute_result", data, metadata=metadata, execution_count=number)
        cells.append(v4.new_code_cell(f"show({number})", execution_count=number, outputs=[output]))
    state = ipywidgets.Widget.get_manager_state()
    if from_menu:
        for model in state["state"].values():
            kept = model["state"]
            for name in [name for name in kept if name.startswith(("_model_", "_view_"))]:
                del kept[name]
            if kept.get("value") == 0:
                del kept["value"]
    metadata = SPEC | {"widgets": {"application/vnd.jupyter.widget-state+json": state}}
    made = v4.new_notebook(cells=cells, metadata=metadata)
    # As if it came from a file.
    return nbformat.reads(nbformat.writes(made), as_version=4)


# The name and the cells of a notebook with all that the lessons have not.
MORE = "99-more & more"
_CELLS = [
    "md: # More\n\nLinked sliders, a sampler, a text, and other controls.\n\n## Linked",
    "import ipywidgets\n"
    "import softmax_temperature as st\n\n"
    'table = st.load_example("wonderful-day")\n'
    'one, two = (st.TemperatureExplorer(table, value=0.5, parts=("bars",)) for _ in range(2))\n'
    'ipywidgets.jslink((one.slider, "value"), (two.slider, "value"))\n'
    "one",
    "ipywidgets.HBox([two])",
    "md: ## A sampler",
    'sampler = st.SamplerExplorer(table, "top_p", 0.8)\nsampler',
    "md: ## A text\n\n$$\\sum_i p_i = 1$$",
    'text = st.TextExplorer(st.load_story_model(), "Once upon", [0, 0.5, 1, 1.5, 2], length=20)\n'
    "table_of_third = text.choose(3)\n"
    "text",
    "md: ## Another prompt",
    "prompted = st.TemperatureExplorer(table)\n"
    'prompts = ipywidgets.Dropdown(options=["It was", "They were"], description="Prompt")\n'
    "prompted.children = [prompts, *prompted.children]\n"
    "prompted.draw(100)\n"
    "prompted",
    'st.Question("Is 2 even?", {"yes": True, "no": False}, why="2 = 2 · 1.")',
    "table.to_frame(1)",
    f"tokens = {NASTY!r}\nst.TemperatureExplorer(st.TokenTable(tokens, range(10)), value=0)",
    "md: ## As code left them",
    'tables = [st.load_example("wonderful-day"), st.TokenTable(["one", "two"], [0, 2], "Say ")]\n'
    'left = st.TemperatureExplorer(tables, seed=10**20, parts=("bars", "dice", "constant"))\n'
    "left.temperature = 0.777\n"
    "for _ in range(3):\n    left.draw()\n"
    "left",
    'steps = st.SamplerExplorer(table, "top_p", 0.8)\n'
    'steps.chain = st.SamplerChain([("top_k", 4), ("temperature", 2.345), ("min_p", 0.25)])\n'
    "steps",
]


def more():
    """Return that notebook."""
    return notebook(*_CELLS)
