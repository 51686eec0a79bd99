"""Many explorers, one after the other and at once: they leave each other and the user alone."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib as mpl
import pytest

from tests.helpers import run, six


def chart(explorer):
    return explorer.children[2]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much it is")
def test_twenty_explorers_made_and_closed_leave_nothing():
    code = """if True:
        import gc, re
        import matplotlib.figure, ipywidgets
        import softmax_temperature as st
        from ipywidgets.widgets.widget import _instances
        table = st.load_example("wonderful-day")
        def make(count):
            for _ in range(count):
                explorer = st.TemperatureExplorer(table)
                explorer._repr_mimebundle_()
                explorer.close()
        def peak():
            # In kB, its own: that of `resource` is at least what its parent had.
            with open("/proc/self/status") as status:
                return int(re.search(r"VmHWM:\\s*(\\d+)", status.read())[1])
        make(8)  # The first ones fill what is kept for all.
        before = len(_instances), peak()
        make(20)
        gc.collect()
        kinds = (matplotlib.figure.Figure, st.TemperatureExplorer)
        assert not [left for left in gc.get_objects() if isinstance(left, kinds)]
        after = len(_instances), peak()
        assert after[0] == before[0], _instances
        assert after[1] - before[1] < 5_000, (before, after)
    """
    run(sys.executable, "-c", code)


def test_threads_that_build_explorers_leave_the_users_settings_alone():
    before = dict(mpl.rcParams)
    expected = chart(six()).data
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(lambda: chart(six()).data) for _ in range(24)]
        assert all(done.result() == expected for done in made)
    assert dict(mpl.rcParams) == before


def test_no_output_depends_on_what_was_drawn_before():
    """A still picture once moved the bars of the figure that was exported after it."""
    fresh = {name: six(orient=name) for name in ("v", "h")}
    pages = {name: explorer.to_html() for name, explorer in fresh.items()}
    stills = {name: explorer._repr_mimebundle_() for name, explorer in fresh.items()}
    for name in ("v", "h"):
        explorer = six(orient=name)
        before = chart(explorer).data
        explorer.temperature = 0.3
        explorer._repr_mimebundle_()
        chart(explorer).narrow = True
        explorer.to_html()
        explorer.temperature = 1.0
        (table,) = chart(explorer).data["tables"]
        assert len(table["layouts"]) == 2
        assert table["layouts"][0] == before["tables"][0]["layouts"][0]
        assert without_ids(explorer._repr_mimebundle_()) == without_ids(stills[name])
        assert explorer.to_html() == pages[name]
        chart(explorer).narrow = False
        assert chart(explorer).data == before


def without_ids(bundle):
    data, metadata = bundle
    return {name: part for name, part in data.items() if "widget" not in name}, metadata


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
        explorer.draw(1000)
        st.SamplerExplorer([table, table], "top_k", 3).to_html()
        gpt2 = st.load_example("gpt2-spaceship")
        st.TemperatureExplorer(gpt2, top=20)._repr_mimebundle_()
        st.load_example("gpt-4o-mini-tv")
        st.Question("?", {"a": True, "b": False})._repr_mimebundle_()
    """
    run(sys.executable, "-c", code)
