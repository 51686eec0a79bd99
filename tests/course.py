"""Notebooks for the tests of the exporter and of the site."""

import ipywidgets
import nbformat
from nbformat import v4

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
