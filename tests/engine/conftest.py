"""What tests of twins share."""

import json

import pytest

from softmax_temperature.explorers.scripts import join_scripts


@pytest.fixture
def answers_of(run_node, tmp_path):
    """Join an entry with the scripts that it imports, and run it: ``answers_of(entry, jobs)``."""

    def answers(entry, jobs):
        script = tmp_path / "job.mjs"
        script.write_text(join_scripts(entry), encoding="utf-8")
        done = run_node(script, input=json.dumps(jobs), capture_output=True, text=True)
        return json.loads(done.stdout)

    return answers


@pytest.fixture(scope="session")
def many(request):
    """Tell how many inputs to take: a fifth, where not the whole of each sweep is asked for."""
    whole = request.config.option.whole
    return lambda count: count if whole else count // 5
