"""Real Jupyter servers and real browsers, for the browser tests and the benchmarks.

Run as a command it takes a picture of a notebook after Run All, top to bottom:
``python -m tools.lab notebooks/01-temperature.ipynb FOLDER``
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

# Where Debian and Ubuntu put what an engine needs, and what brings it. Chromium's shell is tried
# first: without what a window needs it opens a page in a third of the time.
PROGRAMS = {
    "chromium": [[Path("/usr/bin/chromium-headless-shell")], [Path("/usr/bin/chromium")]],
    "firefox": [[Path("/usr/bin/firefox-esr")]],
    "webkit": [
        [
            Path("/usr/bin/WebKitWebDriver"),
            Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"),
            Path("/usr/bin/Xvfb"),
        ]
    ],
}
INSTALL = {
    "chromium": "apt-get install chromium-headless-shell, or playwright install chromium",
    "firefox": "apt-get install firefox-esr",
    "webkit": "apt-get install webkit2gtk-driver xvfb",
}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Logs every look-up and connection beyond this machine, in the server and in its kernels.
AUDIT = """
import os, sys
def audit(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        where = arguments[1] if event == "socket.connect" else arguments[:2]
        host = where[0] if isinstance(where, tuple) else "local"
        host = host.decode() if isinstance(host, bytes) else host
        if host not in ("127.0.0.1", "::1", "localhost", "local", "", "0.0.0.0", None):
            with open(os.environ["SOCKET_LOG"], "a") as log:
                log.write(f"{event} {where}\\n")
sys.addaudithook(audit)
# The grammar of addresses for a check that nothing here asks for: two seconds in each server.
sys.modules["rfc3987_syntax"] = None
"""


SERVER = ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
LAB = ["--allow-root", *SERVER, "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false"}',
    # Whoever opens a notebook next finds it as it was.
    "docmanager-extension/plugin": '{"autosave": false}',
}
OPTIONS = {
    "jupyterlab": [*LAB, "--LabApp.expose_app_in_browser=True"],
    "notebook": [*LAB, "--JupyterNotebookApp.expose_app_in_browser=True"],
    "voila": ["--Voila.ip=127.0.0.1"],
}


@contextmanager
def serve(folder: str | Path, app: str = "jupyterlab") -> Iterator[str]:
    """Serve a folder of notebooks on 127.0.0.1, and give the address."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
        finder.close()
        Path(home, "audit").mkdir()
        Path(home, "audit", "sitecustomize.py").write_text(AUDIT)
        log = Path(home, "sockets.log")
        environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
        # The package comes from where the tests take it.
        paths = [f"{home}/audit", *filter(None, [os.environ.get("PYTHONPATH")])]
        environment |= {"HOME": home, "SOCKET_LOG": str(log)}
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        command = [sys.executable, "-m", app, "--no-browser", f"--port={port}", *OPTIONS[app]]
        for name, setting in SETTINGS.items():
            file = Path(home, f".jupyter/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings")
            file.parent.mkdir(parents=True)
            file.write_text(setting)
        with open(Path(home, "server.log"), "w") as output:
            server = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(3000):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None:
                        break
                    time.sleep(0.1)
            else:
                server.kill()
            if server.poll() is not None:
                raise RuntimeError(Path(home, "server.log").read_text())
            yield address
        finally:
            stop(server)
        if log.exists():
            raise AssertionError(f"sockets were opened beyond this machine:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: by force, where it does not heed a request."""
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=60)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window."""
    # Imported here, so that tests without a browser need no Playwright.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, start(playwright, "chromium") as browser:
        yield browser


def programs_of(playwright: Playwright, engine: str) -> list[Path]:
    """Find what an engine needs: Debian's programs or, for Chromium, Playwright's own, or none."""
    own = [Path(playwright.chromium.executable_path)] if engine == "chromium" else []
    for programs in (*PROGRAMS[engine], own):
        if programs and all(program.exists() for program in programs):
            return programs
    return []


@contextmanager
def start(playwright: Playwright, engine: str, scheme: str = "light") -> Iterator[Browser]:
    """Start a browser that is there without a window, in its light or dark scheme.

    Chromium takes the scheme from each context, the others from their start alone.
    """
    programs = programs_of(playwright, engine)
    if not programs:
        raise RuntimeError(f"there is no {engine}: {INSTALL[engine]}")
    if engine == "webkit":
        from tools.webkit import webkit

        with webkit(*programs[:2], scheme) as browser:
            yield browser
    elif engine == "firefox":
        preferences = {
            # A classic scroll bar would take its width from the page.
            "ui.useOverlayScrollbars": 1,
            # Playwright's own setting does not reach a distribution's Firefox.
            "ui.prefersReducedMotion": 1,
            # No process is started for a page that may come.
            "dom.ipc.processPrelaunch.enabled": False,
            "layout.css.prefers-color-scheme.content-override": 0 if scheme == "dark" else 1,
        }
        with playwright.firefox.launch(
            channel="moz-firefox", executable_path=programs[0], firefox_user_prefs=preferences
        ) as browser:
            yield browser
    else:
        with playwright.chromium.launch(executable_path=programs[0], args=FLAGS) as browser:
            yield browser


def run_all(page: Page, address: str, notebook: str, view: str = "doc/tree") -> None:
    """Open one notebook alone and run its cells; the caller waits for what it wants to see."""
    # The server keeps which side bars are open, for other pages, too.
    page.goto(f"{address}/{view}/{notebook}?reset")
    kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
    page.wait_for_function(f"{kernel}?.status === 'idle'", timeout=240_000)
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")


def explorer(page: Page, number: int = 0) -> Locator:
    """Find the slider and the chart of one explorer on the page."""
    return page.locator(".widget-vbox:has(> * .softmax-temperature, > .softmax-temperature)").nth(
        number
    )


def main(notebook: str, folder: str) -> None:
    """Take pictures of a notebook after Run All, a screen at a time."""
    path = Path(notebook)
    with tempfile.TemporaryDirectory() as copies, serve(copies) as address, chromium() as browser:
        shutil.copy(path, copies)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        run_all(page, address, path.name)
        page.wait_for_selector(".softmax-temperature :is(svg, [role=option])")
        page.wait_for_timeout(5_000)
        panel = page.locator(".jp-WindowedPanel-outer")
        # What comes into view for the first time can make the notebook longer.
        number = top = 0
        while top < panel.evaluate("element => element.scrollHeight"):
            panel.evaluate("(element, top) => element.scrollTo(0, top)", top)
            page.wait_for_timeout(400)
            page.screenshot(path=Path(folder, f"{path.stem}-{number:02}.png"))
            number, top = number + 1, top + 600


if __name__ == "__main__":
    main(*sys.argv[1:])
