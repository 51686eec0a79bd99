"""Tell nbval what not to compare: HTML and SVG, whose plain text beside them is compared."""


def pytest_collectstart(collector):
    """Skip renderings that hold random ids, in the notebooks that nbval replays."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "image/svg+xml")
