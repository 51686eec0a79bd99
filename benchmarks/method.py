"""Measure another cut and another order in a sampler, beside a bare answer from Python to a menu.

Run by hand, for about half a minute: ``python -m benchmarks.method``
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from tests.helpers import write_notebook
from tools.lab import chromium, run_all, serve

ROUNDS, CUTS = 5, ("min-p", "typical-p")
BARE = """
import ipywidgets
menu = ipywidgets.Dropdown(options=["", "min-p", "typical-p"], description="Method")
answer = ipywidgets.Label("")
menu.observe(lambda change: setattr(answer, "value", change["new"]), "value")
ipywidgets.VBox([menu, answer])
"""
EXPLORER = """
from softmax_temperature import SamplerExplorer, load_example
SamplerExplorer(load_example({name!r}), top={top})
"""
NOTEBOOKS = {
    "a label, answered by Python": BARE,
    "6 tokens": EXPLORER.format(name="wonderful-day", top=None),
    "GPT-2, top 20": EXPLORER.format(name="gpt2-spaceship", top=20),
}
# Milliseconds from a choice to the first frame that names it.
CHOSEN = """(name) => new Promise((resolve) => {
  const menu = document.querySelector(".sampler select, .widget-dropdown select");
  const start = performance.now();
  menu.selectedIndex = [...menu.options].findIndex(({ text }) => text === name);
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  const look = () => requestAnimationFrame(() => {
    const title = document.querySelector(".softmax-temperature svg title");
    const place = title ?? document.querySelector(".widget-label:last-child");
    if (place.textContent.includes(name)) resolve(performance.now() - start);
    else look();
  });
  look();
})"""
# And from a key on the last step's handle to the first frame with the other order.
MOVED = """() => new Promise((resolve) => {
  const title = document.querySelector(".softmax-temperature svg title");
  const before = title.textContent;
  const start = performance.now();
  const handle = [...document.querySelectorAll(".steps .handle")].at(-1);
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
  const look = () => requestAnimationFrame(() =>
    title.textContent === before ? look() : resolve(performance.now() - start));
  look();
})"""
TAKEN_AWAY = """name => [...document.querySelectorAll(".steps li")].find((row) =>
  row.querySelector(".name").textContent === name).querySelector(".away").click()"""


def main() -> None:
    """Print medians, and their ratio to the bare answer."""
    print(
        "| median | another cut → shown, ms | another order → shown, ms | cut / a label's answer |"
        "\n|---|--:|--:|--:|"
    )
    with tempfile.TemporaryDirectory() as folder, serve(folder) as address, chromium() as browser:
        bare = None
        for name, code in NOTEBOOKS.items():
            write_notebook(Path(folder, "method.ipynb"), code)
            page = browser.new_page()
            run_all(page, address, "method.ipynb")
            page.wait_for_selector(".sampler select, .widget-dropdown select")
            if bare is None:
                bare = median([page.evaluate(CHOSEN, cut) for _ in range(ROUNDS) for cut in CUTS])
                print(f"| {name} | {bare:.3g} | | 1 |")
            else:
                cut, order = measure(page)
                print(f"| {name} | {cut:.3g} | {order:.3g} | {cut / bare:.3g} |")
            page.close()


def measure(page: Page) -> tuple[float, float]:
    """Add cuts and move them, after a first time that does not count."""
    page.wait_for_selector(".softmax-temperature svg")
    cuts, orders = [], []
    for _ in range(ROUNDS + 1):
        for name in CUTS:
            cuts.append(page.evaluate(CHOSEN, name))
            orders.append(page.evaluate(MOVED))
            page.evaluate(TAKEN_AWAY, name)
    return median(cuts[len(CUTS) :]), median(orders[len(CUTS) :])


if __name__ == "__main__":
    main()
