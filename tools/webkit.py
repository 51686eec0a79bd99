"""WebKit behind the names that Playwright gives the other engines: as many as the tests use.

Playwright's own WebKit is a build that it downloads. Debian's is driven by WebDriver, which has no
way to run a script before a page's own: here such scripts are written into a copy of the page.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from tests.helpers import need
from tools.lab import stop

webdriver = need("selenium.webdriver")
exceptions = need("selenium.common.exceptions")
waits = need("selenium.webdriver.support.wait")

# How many seconds a driver may be silent: a little longer than a test may take (pyproject.toml).
PATIENCE = 660
# Without it MiniBrowser's tool bar keeps its window wider than a telephone.
SMALL_TOOLS = """* { min-width: 0; min-height: 0; margin: 0; padding: 0; border-width: 0;
    font-size: 1px; -gtk-icon-transform: scale(0.1); }"""
EVALUATE = """
const [argument, done] = arguments;
(async () => {
    const value = (%s);
    return typeof value === "function" ? await value(argument) : await value;
})().then((value) => done({ value }), (error) => done({ error: `${error}` }));
"""
# Stands for Playwright's clock, and stops timers alone.
CLOCK = """{
    const timers = new Map();
    let now = 0, count = 0;
    window.setTimeout = (action, delay = 0) => (timers.set(++count, [now + delay, action]), count);
    window.clearTimeout = (number) => void timers.delete(number);
    window.runFor = (time) => {
        const end = now + time;
        const first = () => [...timers].sort(([, [a]], [, [b]]) => a - b)[0];
        while (timers.size && first()[1][0] <= end) {
            const [number, [due, action]] = first();
            timers.delete(number);
            now = due;
            action();
        }
        now = end;
    };
}"""


@contextmanager
def webkit(driver: Path, mini_browser: Path, scheme: str) -> Iterator[WebKit]:
    """Start Debian's WebKit on a screen that nobody sees, in its light or dark scheme."""
    with TemporaryDirectory() as settings, display() as name:
        Path(settings, "gtk-3.0").mkdir()
        Path(settings, "gtk-3.0", "gtk.css").write_text(SMALL_TOOLS)
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(mini_browser)
        options.set_capability("browserName", "MiniBrowser")
        for argument in ("--automation", *(["--dark-mode"] if scheme == "dark" else [])):
            options.add_argument(argument)
        environment = os.environ | {"DISPLAY": name, "XDG_CONFIG_HOME": settings}
        service = webdriver.WebKitGTKService(str(driver), env=environment)
        with warnings.catch_warnings():
            # Selenium warns of a way in which it starts this driver itself.
            warnings.simplefilter("ignore", DeprecationWarning)
            with patience(PATIENCE):
                started = webdriver.WebKitGTK(options=options, service=service)
        try:
            started.set_script_timeout(60)
            started.set_page_load_timeout(60)
            yield WebKit(started)
        finally:
            started.quit()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let a driver that starts meanwhile be waited for no longer: Selenium takes it from here."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def display() -> Iterator[str]:
    """Start an X server on a number that is free, and give its name."""
    ours, its = os.pipe()
    screen = ["-screen", "0", "1600x1300x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(its), *screen],
        pass_fds=[its],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(its)
    try:
        with open(ours) as told:
            yield f":{told.readline().strip()}"
    finally:
        stop(server)


# Of style sheets' own queries the driver can change nothing.
PREFERENCE = """
const asked = window.matchMedia;
window.matchMedia = (query) =>
    query.includes("prefers-reduced-motion") ? { matches: Boolean("%s" === "True") } : asked(query);
"""


class WebKit:
    """A browser of one window: a context is its size, and a new page takes the last one's place."""

    def __init__(self, driver: Any):
        self.driver = driver

    def new_context(
        self,
        viewport: dict[str, int],
        color_scheme: str = "light",
        reduced_motion: str = "no-preference",
    ) -> WebKit:
        self.viewport, self.reduced_motion = viewport, reduced_motion
        return self

    def new_page(self) -> Page:
        page = Page(self.driver)
        page.add_init_script(PREFERENCE % (self.reduced_motion == "reduce"))
        page.set_viewport_size(self.viewport)
        return page

    def close(self) -> None:
        self.driver.get("about:blank")


class Page:
    def __init__(self, driver: Any):
        self.driver = driver
        self.scripts: list[str] = []
        self.clock, self.keyboard, self.mouse = Clock(self), Keyboard(driver), Mouse(driver)

    def on(self, event: str, handler: object) -> None:
        """Hear of nothing: what goes wrong is told by the page itself."""

    def add_init_script(self, script: str) -> None:
        self.scripts.append(script)

    def goto(self, address: str) -> None:
        """Open a copy of a file that first runs the scripts, and leaves no trace of them."""
        plain, fragment = urldefrag(address)
        file = Path(unquote(urlsplit(plain).path))
        script = ";\n".join([*self.scripts, "document.currentScript.remove()"])
        text = file.read_text(encoding="utf-8")
        assert text.count("<head>") == 1
        copy = file.with_name(f"webkit-{file.name}")
        copy.write_text(text.replace("<head>", f"<head><script>{script}</script>"), "utf-8")
        self.load(lambda: self.driver.get(copy.as_uri() + (f"#{fragment}" if fragment else "")))

    def reload(self) -> None:
        self.load(self.driver.refresh)

    def load(self, navigate: Callable[[], None]) -> None:
        """Leave this document, and wait for the next: on a busy machine the driver does not."""
        self.evaluate("void (window.left = true)")
        navigate()
        self.wait_for_function("!window.left && document.readyState === 'complete'")

    def evaluate(self, expression: str, argument: Any = None) -> Any:
        script = EVALUATE % expression.strip().removesuffix(";")
        answer = self.driver.execute_async_script(script, argument)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def set_viewport_size(self, size: dict[str, int]) -> None:
        tools = self.evaluate("outerHeight - innerHeight")
        self.driver.set_window_size(size["width"], size["height"] + tools)

    def wait_for_selector(self, selector: str, state: str = "attached") -> None:
        # Whether it is visible is not asked.
        self.wait_for_function(f"document.querySelector({selector!r})")

    def wait_for_function(self, expression: str) -> None:
        # Asked again and again, since a promise would be lost with the document that made it.
        wait = waits.WebDriverWait(self.driver, 60, 0.02, [exceptions.WebDriverException])
        wait.until(lambda _: self.evaluate(f"Boolean({expression})"))

    def locator(self, selector: str) -> Locator:
        return Locator(self, f"[...document.querySelectorAll({selector!r})]")

    def get_by_role(self, role: str, name: str, exact: bool) -> Locator:
        assert (role, exact) == ("button", True)
        return Locator(self, f"{self.locator(role).all}.filter((e) => e.textContent === {name!r})")


class Locator:
    def __init__(self, page: Page, elements: str):
        self.page, self.all = page, elements

    @property
    def first(self) -> Locator:
        return Locator(self.page, f"{self.all}.slice(0, 1)")

    def evaluate_all(self, function: str, argument: Any = None) -> Any:
        return self.page.evaluate(f"(argument) => ({function})({self.all}, argument)", argument)

    def evaluate(self, function: str, argument: Any = None) -> Any:
        return self.evaluate_all(
            f"""([element, ...others], argument) => {{
                if (!element || others.length) throw new Error("there must be one element");
                return ({function})(element, argument);
            }}""",
            argument,
        )

    def count(self) -> int:
        return self.evaluate_all("(elements) => elements.length")

    def all_text_contents(self) -> list[str]:
        return self.evaluate_all("(elements) => elements.map((element) => element.textContent)")

    def text_content(self) -> str:
        return self.evaluate("(element) => element.textContent")

    def get_attribute(self, name: str) -> str | None:
        return self.evaluate("(element, name) => element.getAttribute(name)", name)

    def is_visible(self) -> bool:
        return self.evaluate("(element) => element.checkVisibility()")

    def bounding_box(self) -> dict[str, float]:
        return self.evaluate("(element) => element.getBoundingClientRect().toJSON()")

    def click(self) -> None:
        self.page.driver.execute_script(f"return {self.all}[0]").click()

    def press(self, key: str) -> None:
        self.evaluate("(element) => element.focus()")
        self.page.keyboard.press(key)


class Keyboard:
    def __init__(self, driver: Any):
        self.driver = driver

    def press(self, key: str) -> None:
        """Press a key by its name in the DOM: ArrowLeft, End, a."""
        code = getattr(webdriver.Keys, re.sub("(?<=[a-z])(?=[A-Z])", "_", key).upper(), key)
        actions = webdriver.ActionChains(self.driver).w3c_actions
        actions.key_action.key_down(code).key_up(code)
        actions.perform()


class Mouse:
    def __init__(self, driver: Any):
        self.driver = driver
        self.place = (0.0, 0.0)

    def move(self, x: float, y: float, steps: int = 1) -> None:
        for step in range(1, steps + 1):
            part = step / steps
            x0, y0 = self.place
            self.act("move_to_location", round(x0 + (x - x0) * part), round(y0 + (y - y0) * part))
        self.place = (x, y)

    def down(self) -> None:
        self.act("pointer_down")

    def up(self) -> None:
        self.act("pointer_up")

    def click(self, x: float, y: float) -> None:
        self.move(x, y)
        self.act("click")

    def act(self, name: str, *arguments: Any) -> None:
        actions = webdriver.ActionChains(self.driver, duration=0).w3c_actions
        getattr(actions.pointer_action, name)(*arguments)
        actions.perform()


class Clock:
    def __init__(self, page: Page):
        self.page = page

    def install(self, time: int) -> None:
        self.page.add_init_script(CLOCK)

    def pause_at(self, time: int) -> None:
        """Do nothing: the clock stands still from the start."""

    def run_for(self, ticks: int) -> None:
        self.page.evaluate(f"runFor({ticks})")
