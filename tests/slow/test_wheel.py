"""The built wheel, installed into an empty environment."""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.helpers import AT_HALF, run

ROOT = Path(__file__).parents[2]


def test_the_wheel_works_from_an_empty_environment(tmp_path):
    online = run_or_none(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, ROOT], tmp_path
    )
    if online is None and "CI" not in os.environ:
        pytest.skip("pip could not fetch the build backend: no network?")
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    scripts = [path.relative_to(ROOT / "src") for path in ROOT.glob("src/**/*.js")]
    assert len(scripts) > 15
    assert {path.as_posix() for path in scripts} <= set(names)
    files = ("explorer.js", "engine/words.js", "views/picture.js", "page.html", "question.css")
    for name in ("py.typed", "__init__.pyi", "phrases/en.json", *(f"browser/{f}" for f in files)):
        assert f"softmax_temperature/{name}" in names
    data = ("wonderful-day.csv", "gpt2/logits.npz", "openai_logprobs.json", "README.md")
    for name in (*data, "stories260k/stories260K.bin", "stories260k/tok512.bin"):
        assert f"softmax_temperature/data/{name}" in names
    assert wheel.stat().st_size <= 3_500_000
    assert not [name for name in names if re.match(r"tests|notebooks|benchmarks", name)]
    venv.create(tmp_path / "empty")
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]
    run(*pip, "install", "--quiet", "--no-compile", wheel, cwd=tmp_path)
    code = """if True:
        import json
        import softmax_temperature as st
        st.TemperatureExplorer(st.load_example("gpt2-spaceship"), top=20)
        explorer = st.TemperatureExplorer(st.load_example("wonderful-day"), value=0.5)
        assert explorer.to_html().endswith("</html>\\n")
        sampler = st.SamplerExplorer(st.load_example("wonderful-day"), "top_p", 0.83)
        assert "Kept: 3 of 6 tokens" in sampler.to_html()
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
