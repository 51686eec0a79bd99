"""The one Chromium that all browser tests share."""

import os

import pytest

from tests.helpers import need
from tests.lab import CHROMIUM, chromium


@pytest.fixture(scope="session")
def browser():
    """Start Chromium, or skip where there is none, but not in CI."""
    need("playwright")
    if not CHROMIUM.exists():
        message = "there is no Chromium: apt-get install chromium"
        pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
    with chromium() as started:
        yield started
