"""Settings for all tests and notebooks.

Tell nbval what not to compare: HTML and SVG, whose plain text beside them is compared.
"""

import pytest

# Where an assertion of a helper fails, show its values.
pytest.register_assert_rewrite("tests.helpers")


def pytest_collectstart(collector):
    """Skip renderings that hold random ids, in the notebooks that nbval replays."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "image/svg+xml")
