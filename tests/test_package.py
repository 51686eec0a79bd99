"""What is installed: metadata, lazy imports, no sockets."""

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.helpers import run

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_names_the_same_dependencies():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    items = [line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")]
    conda = {item for item in items if item not in ("conda-forge", "pip", "pip:", "-e .[test]")}
    python = f"python{PROJECT['requires-python']}"
    lab = PROJECT["optional-dependencies"]["lab"]
    assert conda == {python, *PROJECT["dependencies"], *lab}
    assert "-e .[test]" in items


def test_the_test_extra_holds_what_readers_install():
    extras = PROJECT["optional-dependencies"]
    assert {*extras["lab"], *extras["app"], *extras["chat"]} <= set(extras["test"])


def test_the_readmes_example_prints_what_it_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code, output = re.search(r"```python\n(.*?)```\s*```text\n(.*?)```", readme, re.S).groups()
    assert run(sys.executable, "-X", "utf8", "-c", code) == output


def test_the_math_does_not_wait_for_the_charts():
    code = """if True:
        import sys
        import softmax_temperature
        assert "pandas" not in sys.modules
        softmax_temperature.softmax([1.0, 2.0])
        heavy = {"matplotlib", "seaborn", "ipywidgets", "anywidget"} & set(sys.modules)
        assert not heavy, heavy
        assert "TemperatureExplorer" in dir(softmax_temperature)
    """
    run(sys.executable, "-c", code)


# The rooms and the modules at the front door, as README.md lists them.
FLOORS = (
    *("checks", "phrases", "reading", "core", "peaks", "heat", "thermometer", "sampling"),
    *("draws", "chain", "configs", "examples", "quiz", "words", "model", "drawing", "explorers"),
    "publishing",
    "__main__",
)


def test_nothing_is_imported_upwards():
    package = ROOT / "src/softmax_temperature"
    for path in package.rglob("*.py"):
        *rooms, name = path.relative_to(package).with_suffix("").parts
        if not rooms and name == "__init__":
            continue
        own = FLOORS.index((rooms or [name])[0])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                inside = node.level <= len(rooms)
                other = rooms[0] if inside else (node.module or "").partition(".")[0]
                assert FLOORS.index(other) <= own, f"{path} imports {other}"
                # Of two on one floor neither is below the other, but within a room.
                assert inside or FLOORS.index(other) < own, f"{path} imports {other}"
