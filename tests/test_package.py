"""What is installed: metadata, the built wheel, lazy imports, no sockets."""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.helpers import AT_HALF

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run(*command, **options):
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=600, **options
    ).stdout


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
    assert {*extras["lab"], *extras["app"]} <= set(extras["test"])


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


def test_nothing_opens_a_socket():
    code = """if True:
        import sys
        import matplotlib
        matplotlib.use("agg")
        import softmax_temperature as st
        def audit(event, arguments):
            if event.startswith("socket.") and event not in ("socket.__new__", "socket.bind"):
                raise RuntimeError(f"{event} {arguments}")
        sys.addaudithook(audit)
        table = st.load_example("wonderful-day")
        st.describe(table)
        st.bar_chart(table)
        st.temperature_panels(table, [0, 1])
        explorer = st.TemperatureExplorer(table)
        explorer.temperature = 0.5
        explorer._repr_mimebundle_()
        explorer.to_html()
        gpt2 = st.load_example("gpt2-spaceship")
        st.TemperatureExplorer(gpt2, top=20)._repr_mimebundle_()
        st.load_example("gpt-4o-mini-tv")
        st.Question("?", {"a": True, "b": False})._repr_mimebundle_()
    """
    run(sys.executable, "-c", code)


def test_the_wheel_works_from_an_empty_environment(tmp_path):
    online = run_or_none(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, ROOT], tmp_path
    )
    if online is None and "CI" not in os.environ:
        pytest.skip("pip could not fetch the build backend: no network?")
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    files = ("explorer.js", "chart.js", "page.html", "question.css", "question.js")
    for name in ("py.typed", "__init__.pyi", *(f"browser/{file}" for file in files)):
        assert f"softmax_temperature/{name}" in names
    data = ("wonderful-day.csv", "gpt2/logits.npz", "openai_logprobs.json", "README.md")
    for name in (*data, "stories260k/stories260K.bin", "stories260k/tok512.bin"):
        assert f"softmax_temperature/data/{name}" in names
    assert wheel.stat().st_size <= 2_700_000
    assert not [name for name in names if re.match(r"tests|notebooks|benchmarks", name)]
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    code = """if True:
        import json
        import softmax_temperature as st
        st.TemperatureExplorer(st.load_example("gpt2-spaceship"), top=20)
        explorer = st.TemperatureExplorer(st.load_example("wonderful-day"), value=0.5)
        assert explorer.to_html().endswith("</html>\\n")
        st.Question("?", {"a": True, "b": False})
        from softmax_temperature.model.story import load_story_model
        assert load_story_model().write("Once upon", 0, length=4) == ["Once upon a time, there"]
        print(json.dumps([st.__file__, explorer.probabilities["probabilities"].tolist()]))
    """
    file, probabilities = json.loads(run(python, "-I", "-c", code, cwd=tmp_path))
    assert Path(file).is_relative_to(tmp_path)
    assert [round(p, 6) for p in probabilities] == AT_HALF


def run_or_none(command, folder):
    try:
        return run(*command, cwd=folder)
    except subprocess.CalledProcessError:
        return None
