"""Measure another method of truncation, beside a bare answer from Python to the same menu.

Run by hand, for about half a minute: ``python -m benchmarks.method``
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from tests.helpers import write_notebook
from tools.lab import chromium, run_all, serve

ROUNDS = 5
BARE = """
import ipywidgets
menu = ipywidgets.Dropdown(options=["top-p", "min-p"], description="Method")
answer = ipywidgets.Label("top-p")
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
# Milliseconds from the choice to the first frame that names it, and until the sliders can be moved.
CHANGED = """(method) => new Promise((resolve) => {
  const menu = document.querySelector(".widget-dropdown select");
  const start = performance.now();
  let shown;
  menu.value = method;
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  const look = () => requestAnimationFrame(() => {
    const title = document.querySelector(".softmax-temperature svg title");
    const place = title ?? document.querySelector(".widget-label:last-child");
    if (place.textContent.includes(method)) shown ??= performance.now() - start;
    if (shown === undefined || document.querySelector(".noUi-target[disabled]")) look();
    else resolve([shown, performance.now() - start]);
  });
  look();
})"""


def main() -> None:
    """Print medians, and their ratios to the bare answer."""
    print(
        "| median | choice → shown, ms | choice → all stops there, ms | shown / a label's answer |"
        "\n|---|--:|--:|--:|"
    )
    with tempfile.TemporaryDirectory() as folder, serve(folder) as address, chromium() as browser:
        bare = None
        for name, code in NOTEBOOKS.items():
            write_notebook(Path(folder, "method.ipynb"), code)
            page = browser.new_page()
            run_all(page, address, "method.ipynb")
            shown, ready = measure(page)
            bare = bare or shown
            print(f"| {name} | {shown:.3g} | {ready:.3g} | {shown / bare:.3g} |")
            page.close()


def measure(page: Page) -> tuple[float, float]:
    """Change the method to and fro, after a first time that does not count."""
    page.wait_for_selector(".widget-dropdown select")
    page.evaluate(CHANGED, "min-p")
    page.evaluate(CHANGED, "top-p")
    times = [page.evaluate(CHANGED, name) for _ in range(ROUNDS) for name in ("min-p", "top-p")]
    shown, ready = zip(*times, strict=True)
    return median(shown), median(ready)


if __name__ == "__main__":
    main()
