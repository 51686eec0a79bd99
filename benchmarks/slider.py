"""Measure the slider, over 6 and 50,257 tokens, beside a figure drawn afresh for each temperature.

Run by hand, for about four minutes: ``python -m benchmarks.slider``
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median
from subprocess import DEVNULL
from typing import Any

import nbformat
from jupyter_client.manager import start_new_kernel
from playwright.sync_api import Browser, Page

from tools.lab import chromium, run_all, serve

Figures = dict[str, list[float]]

REPEATS, PRESSES, DRAG_SECONDS = 3, 10, 3
PER_CHANGE = "drag: charts painted per change"
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
    scaled = logits / max(temperature, 1e-10)
    weights = np.exp(scaled - scaled.max())
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
BARS = OURS.replace('-day")', '-day"), parts=("bars",)')
GPT2 = OURS.replace('load_example("wonderful-day")', 'load_example("gpt2-spaceship"), top=20')
CODE = {"ours": OURS, "bars": BARS, "gpt2": GPT2, "article": ARTICLE}
# A fresh figure for each change takes too long for as many.
CHANGES = {"ours": 10_000, "bars": 10_000, "gpt2": 10_000, "article": 200}
MOVE = """
for stop in range(100):
    getattr(widget, "slider", widget.children[0]).value = stop / 50
"""
LEFT_BEHIND = """
import gc
import matplotlib.pyplot as plt
import psutil

gc.collect()
left_behind = [len(plt.get_fignums()), psutil.Process().memory_info().rss]
"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext"
# What is on show: the heading of our chart, or the picture of the other once it has loaded.
PROBE = """
function chart() {
  const picture = document.querySelector(".widget-output img");
  if (picture) return picture.complete && picture.naturalWidth ? picture.src : undefined;
  return document.querySelector(".softmax-temperature [id$='-title']")?.textContent.trim();
}

// Resolves to the milliseconds from the next key press to the frame that first has a new chart,
// and to the moment when that frame has been laid out and painted.
function timeKey() {
  const before = chart();
  return new Promise((resolve, reject) => {
    const start = ({ timeStamp }) => {
      const look = () => {
        const now = chart();
        if (!now || now === before) return requestAnimationFrame(look);
        const { port1, port2 } = new MessageChannel();
        const framed = performance.now() - timeStamp;
        port1.onmessage = () => resolve([framed, performance.now() - timeStamp]);
        port2.postMessage("comes after the frame");
      };
      requestAnimationFrame(look);
    };
    addEventListener("keydown", start, { capture: true, once: true });
    setTimeout(() => reject(new Error("no new chart after a key press")), 30_000);
  });
}

// Counts moves of the pointer, changes of the slider, and frames with a new chart.
function watch() {
  const value = () => document.querySelector(".widget-readout").textContent;
  const counts = { moves: 0, changes: 0, charts: 0 };
  let [lastValue, lastChart] = [value(), chart()];
  addEventListener("mousemove", () => {
    counts.moves += 1;
    counts.changes += value() !== lastValue;
    lastValue = value();
  });
  const look = () => {
    const now = chart() ?? lastChart;
    counts.charts += now !== lastChart;
    lastChart = now;
    requestAnimationFrame(look);
  };
  look();
  return counts;
}

window.probe = { chart, timeKey, watch };
"""


def main() -> None:
    """Take turns, so that a busy machine slows both ways down, and print the medians."""
    figures: dict[str, Figures] = {way: defaultdict(list) for way in CODE}
    with tempfile.TemporaryDirectory() as folder:
        for way, code in CODE.items():
            cells = [nbformat.v4.new_code_cell(code.strip())]
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
            book = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
            nbformat.write(book, Path(folder, f"{way}.ipynb"))
        with serve(Path(folder)) as address, chromium() as browser:
            for way in CODE:
                measure_page(browser, address, way)  # Fills the caches, and is not counted.
            for _ in range(REPEATS):
                for way in CODE:
                    for name, values in measure_page(browser, address, way).items():
                        figures[way][name] += values
    for way in CODE:
        figures[way] |= measure_kernel(way)
    print_table(**figures)


def measure_page(browser: Browser, address: str, way: str) -> Figures:
    """Run a notebook in a fresh kernel, then press keys and drag."""
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    page.set_default_timeout(60_000)
    page.add_init_script(PROBE)
    messages = count_messages(page)
    run_all(page, address, f"{way}.ipynb")
    start = time.perf_counter()
    page.wait_for_function("document.querySelector('.noUi-handle')?.offsetWidth && probe.chart()")
    ready = time.perf_counter() - start
    page.wait_for_function(f"{KERNEL}.session.kernel.status === 'idle'")
    page.wait_for_timeout(1_000)
    framed, painted = zip(*(press_key(page) for _ in range(PRESSES)), strict=True)
    messages.clear()
    drag = drag_slider(page)
    page.evaluate(f"void {KERNEL}.shutdown()")
    page.close()
    return {
        "key press → first frame with the new chart, ms": list(framed),
        "key press → that frame painted, ms": list(painted),
        "drag: pointer moves that reached the page, a second": [drag["moves"] / DRAG_SECONDS],
        "drag: changes of the slider, a second": [drag["changes"] / DRAG_SECONDS],
        "drag: charts painted, a second": [drag["charts"] / DRAG_SECONDS],
        PER_CHANGE: [drag["charts"] / drag["changes"]],
        "drag: messages to Python per change": [messages["sent"] / drag["changes"]],
        "drag: updates back from Python per change": [messages["received"] / drag["changes"]],
        "Run All → slider and chart, s": [ready],
    }


def count_messages(page: Page) -> Counter[str]:
    """Count from now on the changes of widgets that the page and the kernel send each other."""
    counts: Counter[str] = Counter()

    def note(direction: str, payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        counts[direction] += b'"method":"update"' in data.replace(b" ", b"")

    def listen(socket: Any) -> None:
        socket.on("framesent", lambda payload: note("sent", payload))
        socket.on("framereceived", lambda payload: note("received", payload))

    page.on("websocket", listen)
    return counts


def press_key(page: Page) -> tuple[float, float]:
    """Press an arrow key, and let everything settle before the next."""
    page.evaluate("void (window.painted = probe.timeKey())")
    page.locator(".noUi-handle").press("ArrowRight")
    framed, painted = page.evaluate("window.painted")
    page.wait_for_timeout(200)
    return framed, painted


def drag_slider(page: Page) -> dict[str, float]:
    """Drag the handle to and fro, as fast as the page takes the pointer's moves."""
    track = page.locator(".noUi-base").bounding_box()
    assert track
    page.locator(".noUi-handle").hover()
    page.mouse.down()
    page.evaluate("void (window.counts = probe.watch())")
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < DRAG_SECONDS:
        swing = math.sin(2 * math.pi * elapsed / DRAG_SECONDS)
        page.mouse.move(track["x"] + track["width"] * (1 + swing) / 2, track["y"])
    page.mouse.up()
    page.wait_for_timeout(500)
    counts: dict[str, float] = page.evaluate("window.counts")
    return counts


def measure_kernel(way: str) -> Figures:
    """Move the slider from code in a kernel without a browser, after a warm-up."""
    manager, client = start_new_kernel(kernel_name="python3", stderr=DEVNULL)

    def run(code: str) -> list[int]:
        reply = client.execute_interactive(
            code + LEFT_BEHIND,
            user_expressions={"left": "left_behind"},
            output_hook=lambda message: None,
            timeout=120,
        )
        left = reply["content"]["user_expressions"]["left"]["data"]["text/plain"]
        return list(map(int, left.strip("[]").split(",")))

    try:
        run(CODE[way])
        _, before = run(MOVE)
        for _ in range(CHANGES[way] // 100):
            figures, after = run(MOVE)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    changes = " / ".join(f"{count:,}" for count in CHANGES.values())
    return {
        f"open pyplot figures after {changes} changes from code": [figures],
        "memory that the kernel gained by them, MB": [(after - before) / 1e6],
    }


def print_table(ours: Figures, bars: Figures, gpt2: Figures, article: Figures) -> None:
    """Print medians in Markdown, and the one figure of which the worst counts."""
    print(
        "| median | 6 tokens | bars alone | 50,257 tokens | a fresh figure each time, 6 tokens "
        "| 6 tokens / bars alone | 50,257 / 6 tokens | 6 tokens / fresh figures |"
        "\n|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    for name in ours:
        values = [median(figures[name]) for figures in (ours, bars, gpt2, article)]
        six, alone, many, fresh = values
        pairs = ((six, alone), (many, six), (six, fresh))
        ratios = [f"{part / whole:.3g}" if whole else "" for part, whole in pairs]
        print("|", name, "|", " | ".join([*(f"{value:.3g}" for value in values), *ratios]), "|")
    fewest = min(ours[PER_CHANGE] + bars[PER_CHANGE] + gpt2[PER_CHANGE])
    print(f"\nOurs, {PER_CHANGE}, the fewest in {3 * REPEATS} drags: {fewest:g}")


if __name__ == "__main__":
    main()
