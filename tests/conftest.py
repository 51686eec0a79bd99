"""The one Chromium that all browser tests share, and how hypothesis chooses examples."""

import os

import nbformat
import pytest
from hypothesis import settings

from tests import course
from tests.helpers import NOTEBOOKS, need
from tests.lab import CHROMIUM, chromium

# No deadline, since a busy machine is no error. In CI the same examples every time, so that a
# failure there can be repeated: CI=true pytest.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, max_examples=100, database=None
)
settings.load_profile("ci" if "CI" in os.environ else "local")


@pytest.fixture(scope="session")
def browser():
    """Start Chromium, or skip where there is none, but not in CI."""
    # As patient as it takes on a busy machine: what a test waits for ends the wait.
    need("playwright.sync_api").expect.set_options(timeout=60_000)
    if not CHROMIUM.exists():
        message = "there is no Chromium: apt-get install chromium"
        pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site of the course, with a lesson more, and return its folder."""
    folder = tmp_path_factory.mktemp("course")
    nbformat.write(course.more(), folder / f"{course.MORE}.ipynb")
    build_site = need("softmax_temperature.site").build_site
    build_site([*NOTEBOOKS.values(), folder], folder / "site")
    return folder / "site"
