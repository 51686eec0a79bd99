"""What tests share: browsers, servers and node, and how hypothesis chooses its examples.

A test that asks for `browser`, or for a fixture that does, runs in Chromium. To run it in others,
too, name them: ``@pytest.mark.engines("chromium", "firefox", "webkit")``, or ``pytestmark = `` that
for a whole module, where a test's own mark wins. ``pytest --engines=all`` runs it in all of them,
as CI does. The name of the engine is the fixture `engine`.

In Chromium and Firefox `browser` is Playwright's, in WebKit it is `tools.webkit.WebKit`, which has
the same names for what the tests use.
"""

import gc
import os
import pickle
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import cache, partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import sleep

import nbformat
import pytest
from hypothesis import Phase, find, settings, strategies
from ipywidgets.widgets.widget import _instances

from softmax_temperature.drawing.picture import layout, still
from softmax_temperature.explorers import bars
from tests.helpers import NOTEBOOKS, need, pause
from tools import course
from tools.lab import INSTALL, programs_of, serve, start

# No deadline, since a busy machine is no error. In CI the same examples every time, so that a
# failure there can be repeated: CI=true pytest. Where it matters more how soon the tests are done,
# few examples, and no search for the smallest that fails: HYPOTHESIS_PROFILE=quick pytest.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, max_examples=100, database=None
)
settings.register_profile(
    "quick",
    settings.get_profile("ci"),
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
)
default = "ci" if "CI" in os.environ else "local"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", default))

# Told by the page itself, since not every driver hears of them. What the policy forbids is one.
WATCH = """
window.problems = [];
addEventListener("error", ({ message }) => problems.push(message));
addEventListener("unhandledrejection", ({ reason }) => problems.push(`${reason}`));
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    problems.push(`${effectiveDirective} forbids ${blockedURI}`));
"""

# Where it is tested how pictures are drawn, and many of them.
DRAWN_ANEW = [Path(__file__).with_name(name) for name in ("drawing", "slow")]


def pytest_collection_finish():
    """Look for no garbage in what is there before the first test, and look less often.

    To look through all of it again and again took a twentieth of the tests' time.
    """
    # At first hypothesis asks who holds numpy's random numbers: of what is frozen it hears nothing.
    find(strategies.booleans(), bool)
    gc.freeze()
    gc.set_threshold(10_000)


def pytest_generate_tests(metafunc):
    """Run a browser test in each engine that its nearest mark names and that is asked for."""
    if "engine" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("engines")
        asked = metafunc.config.getoption("engines")
        engines = [name for name in (mark.args if mark else ["chromium"]) if asked in (name, "all")]
        metafunc.parametrize("engine", engines, indirect=True)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Give a folder that the processes of one run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def draw_once(shared):
    """Draw each picture once, and give a copy of it: ``draw_once(layout, plan)``."""
    folder = shared / "pictures"
    folder.mkdir(exist_ok=True)

    def draw(function, *plan):
        path = folder / sha256(pickle.dumps((function, plan))).hexdigest()
        if not path.exists():
            whole = path.with_suffix(f".{os.getpid()}")
            whole.write_bytes(pickle.dumps(function(*plan)))
            whole.replace(path)
        return pickle.loads(path.read_bytes())

    return draw


@pytest.fixture(autouse=True)
def widgets():
    """Forget the widgets that a test has made: a notebook that is saved later would hold them."""
    before = set(_instances)
    yield
    for key in set(_instances) - before:
        del _instances[key]
    # The one that all explorers of texts share is made again.
    if text := sys.modules.get("softmax_temperature.explorers.text"):
        text._models.clear()


@pytest.fixture(autouse=True)
def pictures(request, widgets, monkeypatch, draw_once):
    """Let explorers show pictures that were drawn for other tests before."""
    if request.path.parent not in DRAWN_ANEW:
        for function in (layout, still):
            monkeypatch.setattr(bars, function.__name__, partial(draw_once, function))


@pytest.fixture(scope="session")
def run_node():
    """Run a script in the node that Playwright brings: ``run_node(script, *arguments)``.

    Options are for subprocess.run.
    """
    program = Path(need("playwright").__file__).parent / "driver" / "node"
    program = program.with_suffix(".exe") if sys.platform == "win32" else program
    if not program.exists():
        pytest.skip(f"there is no {program}: install playwright from a wheel")
    return lambda *command, **options: subprocess.run(
        [program, "--no-warnings", *command], check=True, timeout=600, **options
    )


@pytest.fixture(scope="session")
def engine(request):
    """Give the name of the engine that the test runs in."""
    return request.param


@pytest.fixture(scope="session")
def browsers():
    """Start a browser when it is first asked for: ``browsers("firefox", "dark")``."""
    playwright = need("playwright.sync_api")
    # As patient as it takes on a busy machine: what a test waits for ends the wait.
    playwright.expect.set_options(timeout=60_000)
    with playwright.sync_playwright() as driver, ExitStack() as stack:

        @cache
        def get(engine, scheme="light"):
            if not programs_of(driver, engine):
                message = f"there is no {engine}: {INSTALL[engine]}"
                pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
            return stack.enter_context(start(driver, engine, scheme))

        yield get


@pytest.fixture(scope="session")
def browser(browsers, engine):
    """Start the engine, or skip where there is none, but not in CI."""
    return browsers(engine)


def new_page(context):
    """Open a page that lists what goes wrong in it, and what it asks for."""
    page = context.new_page()
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text))
    page.on("dialog", lambda dialog: page.problems.append("a dialog") or dialog.dismiss())
    page.on("request", lambda request: page.requests.append(request.url))
    page.add_init_script(WATCH)
    return page


def leave(page):
    """Leave a page that others come after."""
    page.goto("about:blank")
    page.emulate_media(media="null")
    page.mouse.move(0, 0)


@pytest.fixture(scope="session")
def kept_page(browsers):
    """Open a page in each scheme, for one test after another: a new one takes long."""
    return cache(
        lambda engine, scheme: new_page(
            browsers(engine, scheme).new_context(color_scheme=scheme, reduced_motion="reduce")
        )
    )


@pytest.fixture
def open_file(browsers, engine, kept_page):
    """Open an HTML file, and fail on any error, breach of its policy, or request beyond it.

    ``open_file(path, "#T=0.7", paused=True, color_scheme="dark")``: paused, its timers run only
    when the test says so, with ``page.clock.run_for``. All else is for Playwright's new_context.
    """
    opened = []

    def check_and_close():
        close, page, path = opened.pop()
        assert page.problems + page.evaluate("problems") == []
        files = {url.partition("#")[0] for url in page.requests if not url.startswith("data:")}
        assert files <= {path.as_uri()}
        close()

    def open_it(path, fragment="", paused=False, color_scheme="light", **options):
        if engine != "chromium" and opened:
            # A new page takes the last one's place.
            check_and_close()
        options = {"viewport": {"width": 1000, "height": 900}} | options
        if engine != "webkit" and not (paused or opened) and list(options) == ["viewport"]:
            page = kept_page(engine, color_scheme)
            page.set_viewport_size(options["viewport"])
            close = partial(leave, page)
        else:
            context = browsers(engine, color_scheme).new_context(
                **{"color_scheme": color_scheme, "reduced_motion": "reduce"} | options
            )
            page, close = new_page(context), context.close
        page.problems, page.requests = [], []
        if paused:
            pause(page)
        page.goto(path.as_uri() + fragment)
        opened.append((close, page, path))
        return page

    yield open_it
    while opened:
        check_and_close()


@pytest.fixture
def open_explorer(open_file, tmp_path):
    """Open an explorer's page from its file: `open_file` says how, and what it checks."""
    numbers = count()

    def open_it(explorer, fragment="", **options):
        path = tmp_path / f"page-{next(numbers)}.html"
        explorer.to_html(path)
        page = open_file(path, fragment, **options)
        page.wait_for_selector(".softmax-temperature :is(svg, [role=option])")
        return page

    return open_it


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """Copy the notebooks into the folder that `jupyter` serves; a test may add its own."""
    folder = tmp_path_factory.mktemp("notebooks")
    for path in NOTEBOOKS.values():
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def jupyter(notebooks):
    """Start a server when it is first asked for, and give its address: ``jupyter("voila")``."""
    with ExitStack() as stack:
        yield cache(lambda app: stack.enter_context(serve(notebooks, app)))


@pytest.fixture(scope="session")
def lab(jupyter):
    """Give the address of the one JupyterLab."""
    return jupyter("jupyterlab")


@pytest.fixture(scope="session")
def site(shared, tmp_path_factory):
    """Give a copy of the course's site, with a lesson more, that one process builds for all."""
    built = shared / "course"
    try:
        built.mkdir()
    except FileExistsError:
        while not (built / "done").exists():
            sleep(0.1)
    else:
        try:
            nbformat.write(course.more(), built / f"{course.MORE}.ipynb")
            build_site = need("softmax_temperature.publishing.site").build_site
            build_site([*NOTEBOOKS.values(), built], built / "site")
        finally:
            (built / "done").touch()
    return shutil.copytree(built / "site", tmp_path_factory.mktemp("course") / "site")
