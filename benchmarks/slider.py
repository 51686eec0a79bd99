"""Measure our slider side by side with one that draws a fresh figure for each temperature.

Run by hand, it takes about three minutes: ``python -m benchmarks.slider``
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
from jupyter_client.manager import start_new_kernel
from playwright.sync_api import Browser, Page, WebSocket

from tests.lab import chromium, jupyterlab, run_all

REPEATS, PRESSES, DRAG_SECONDS = 1, 10, 3
# The figure drawn anew is slow: fewer changes, scaled to as many.
CHANGES = {"ours": 10_000, "article": 200}
OURS = """
from softmax_temperature import TemperatureExplorer, load_example

widget = TemperatureExplorer(load_example("wonderful-day"))
widget
"""
ARTICLE = """
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

tokens = ["day", "space", "furniture", "experience", "problem", "challenge"]
logits = np.array([5.0, 2.2, 2.0, 4.5, 3.0, 2.7])

def softmax(logits, temperature):
    weights = np.exp(logits / max(temperature, 1e-10) - np.max(logits / max(temperature, 1e-10)))
    return weights / weights.sum()

def plot(temperature):
    table = pd.DataFrame({"token": tokens, "probability": softmax(logits, temperature)})
    plt.figure(figsize=(10, 6))
    ax = sns.barplot(x="token", y="probability", data=table)
    for position, probability in enumerate(table["probability"]):
        ax.annotate(f"{probability:.2f}", (position, probability), ha="center", va="bottom")
    plt.title(f"Softmax Probabilities at Temperature = {temperature:.2f}")
    plt.xlabel("Token")
    plt.ylabel("Probability")
    plt.xticks(rotation=45)
    plt.show()

slider = widgets.FloatSlider(min=0, max=2, step=0.01, value=1)
widget = widgets.interactive(plot, temperature=slider)
widget
"""
CODE = {"ours": OURS, "article": ARTICLE}
# Runs in the kernel: moves the slider as a program would, and counts what is left behind.
MOVE = """
for stop in range({count}):
    widget.children[0].value = stop % 201 / 100
"""
MEMORY = """
import gc
import matplotlib.pyplot as plt
import psutil

gc.collect()
print([len(plt.get_fignums()), psutil.Process().memory_info().rss])
"""
# Runs in the page. A chart counts from the first frame that shows it: the heading of our chart,
# the loaded picture of the other.
PROBE = """
function chart() {
  const image = document.querySelector(".widget-output img");
  if (image) return image.complete && image.naturalWidth ? image.src : undefined;
  return document.querySelector(".softmax-temperature [id$='-title']")?.textContent.trim();
}

function value() {
  return document.querySelector(".widget-readout")?.textContent;
}

// Settles as soon as the frame with the chart that follows the next key is painted.
function timeKey() {
  const before = chart();
  return new Promise((resolve) => {
    const start = (event) => {
      const look = () => {
        const now = chart();
        if (!now || now === before) requestAnimationFrame(look);
        else setTimeout(() => resolve(performance.now() - event.timeStamp));
      };
      requestAnimationFrame(look);
    };
    addEventListener("keydown", start, { capture: true, once: true });
  });
}

// Counts the pointer's moves, the slider's and the chart's from now on.
function watch() {
  const counts = { pointer: 0, slider: 0, charts: 0 };
  let [lastValue, lastChart] = [value(), chart()];
  addEventListener("mousemove", () => {
    counts.pointer += 1;
    if (value() !== lastValue) counts.slider += 1;
    lastValue = value();
  });
  const look = () => {
    const now = chart();
    if (now && now !== lastChart) counts.charts += 1;
    lastChart = now ?? lastChart;
    requestAnimationFrame(look);
  };
  look();
  return counts;
}

window.probe = { chart, timeKey, watch };
"""


def main() -> None:
    """Take turns, so that a busy machine slows both down, and print the medians."""
    figures: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in CODE}
    with tempfile.TemporaryDirectory() as folder:
        for way, code in CODE.items():
            nbformat.write(notebook(code), Path(folder, f"{way}.ipynb"))
        with jupyterlab(Path(folder)) as address, chromium() as browser:
            for way in CODE:
                measure_page(browser, address, way)  # fills the caches, and is not counted
            for _ in range(REPEATS):
                for way in CODE:
                    for name, values in measure_page(browser, address, way).items():
                        figures[way][name] += values
    print_table(figures["ours"], figures["article"])


def notebook(*cells: str) -> Any:
    """Make a notebook of code cells."""
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


def measure_page(browser: Browser, address: str, way: str) -> dict[str, list[float]]:
    """Run a notebook in a fresh kernel, then press keys and drag."""
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    page.set_default_timeout(60_000)
    page.add_init_script(PROBE)
    sent = watch_messages(page)
    run_all(page, address, f"{way}.ipynb")
    start = time.perf_counter()
    page.wait_for_function("document.querySelector('.noUi-handle')?.offsetWidth && probe.chart()")
    ready = time.perf_counter() - start
    page.wait_for_timeout(1_000)
    keys = [press_key(page) for _ in range(PRESSES)]
    sent.clear()
    drag = {name: [value] for name, value in drag_slider(page).items()}
    messages = [len(sent) / drag["slider"][0]]
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    return {"ready": [ready], "key": keys, "messages": messages, **drag}


def watch_messages(page: Page) -> list[str]:
    """Return a list that grows by each change of a widget that the page sends to the kernel."""
    sent: list[str] = []

    def note(payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode(errors="replace")
        if '"method":"update"' in text:
            sent.append(text)

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)

    page.on("websocket", listen)
    return sent


def press_key(page: Page) -> float:
    """Return the milliseconds from a key press to the frame with the new chart."""
    page.locator(".noUi-handle").focus()
    page.evaluate("window.painted = probe.timeKey(), undefined")
    page.keyboard.press("ArrowRight")
    milliseconds: float = page.evaluate("window.painted")
    page.wait_for_timeout(300)
    return milliseconds


def drag_slider(page: Page) -> dict[str, float]:
    """Drag the handle to and fro, twice the length of the slider in three seconds."""
    box = page.locator(".noUi-base").bounding_box()
    handle = page.locator(".noUi-handle").bounding_box()
    assert box and handle
    left, y = box["x"], handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.evaluate("window.counts = probe.watch(), undefined")
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < DRAG_SECONDS:
        turn = 2 * math.pi * elapsed / DRAG_SECONDS
        page.mouse.move(left + box["width"] * (0.5 + 0.5 * math.sin(turn)), y)
    page.mouse.up()
    page.wait_for_timeout(500)
    counts: dict[str, float] = page.evaluate("window.counts")
    return counts


def measure_kernel(way: str) -> dict[str, list[float]]:
    """Move the slider from Python in a kernel without a browser, after a warm-up."""
    manager, client = start_new_kernel(kernel_name="python3", stderr=DEVNULL)

    def run(code: str) -> str:
        printed: list[str] = []

        def note(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = client.execute_interactive(code, timeout=60, output_hook=note)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    try:
        run(CODE[way])
        for _ in range(1 + CHANGES[way] // 100):
            ...
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return {"open": [open_figures], "growth": [growth]}


def print_table(ours: dict[str, list[float]], article: dict[str, list[float]]) -> None:
    print(ours, article)


if __name__ == "__main__":
    main()
