"""Measure the exported page: its size, how soon it can be used, and how fast it follows.

Run by hand, for about three minutes: ``python -m benchmarks.page [page of a site ...]``
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from softmax_temperature import (
    SamplerExplorer,
    TemperatureExplorer,
    TextExplorer,
    load_example,
    load_story_model,
)
from tools.lab import chromium

OPENINGS, CHANGES = 10, 100
_SLIDER, _KNOB = ".slider", ".steps"
# Milliseconds from the start of loading to the frame that first has the chart in it, and from a
# change of the slider to the end of the frame that follows.
OPENED = """() => new Promise((resolve) => {
  const look = () => requestAnimationFrame(() =>
    document.querySelector(".softmax-temperature :is([id$='-title'], [role=option])")
      ?.textContent.trim()
      ? resolve(performance.now()) : look());
  look();
})"""
CHANGED = """([count, which]) => new Promise((resolve) => {
  const slider = document.querySelector(`${which} input[type=range]`);
  const span = slider.max - slider.min;
  const scripts = [];
  const frames = [];
  const change = (number) => {
    if (number === count) return resolve([scripts, frames]);
    requestAnimationFrame(() => {
      const start = performance.now();
      slider.value = Number(slider.min) + ((number * 0.185) % 1) * span;
      slider.dispatchEvent(new Event("input"));
      scripts.push(performance.now() - start);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        frames.push(performance.now() - start);
        change(number + 1);
      };
      port2.postMessage("comes after the frame");
    });
  };
  change(0);
})"""


def main() -> None:
    """Print medians for the pages of all explorers, over six tokens and over GPT-2's."""
    six, gpt2 = load_example("wonderful-day"), load_example("gpt2-spaceship")
    samplers = SamplerExplorer(six), SamplerExplorer(gpt2, top=20)
    # With the slider that is moved.
    explorers = {
        "6 tokens": (TemperatureExplorer(six), _SLIDER),
        "6 tokens, bars alone": (TemperatureExplorer(six, parts=("bars",)), _SLIDER),
        "6 tokens, sampler: temperature": (samplers[0], _SLIDER),
        "6 tokens, sampler: top-p": (samplers[0], _KNOB),
        "GPT-2, top 20": (TemperatureExplorer(gpt2, top=20), _SLIDER),
        "GPT-2, top 20, bars alone": (TemperatureExplorer(gpt2, top=20, parts=("bars",)), _SLIDER),
        "GPT-2, top 20, sampler: temperature": (samplers[1], _SLIDER),
        "GPT-2, top 20, sampler: top-p": (samplers[1], _KNOB),
        "text of 80 tokens, 5 seeds": (TextExplorer(load_story_model()), _SLIDER),
    }
    print(
        "| page | size, KB | open → chart on show, ms | change → bars moved, ms "
        "| change → painted, ms | requests beyond the file |\n|---|--:|--:|--:|--:|--:|"
    )
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, (explorer, which) in explorers.items():
            path = Path(folder, "page.html")
            explorer.to_html(path)
            report(browser, name, path, which)
        for path in map(Path, sys.argv[1:]):
            report(browser, path.name, path.absolute(), _SLIDER)


def report(browser: Browser, name: str, path: Path, which: str) -> None:
    """Print a page's row of the table."""
    figures = measure(browser, path.as_uri(), which)
    cells = [f"{value:.3g}" for value in figures]
    print(f"| {name} | {path.stat().st_size / 1000:,.0f} | {' | '.join(cells)} |")


def measure(browser: Browser, address: str, which: str) -> tuple[float, float, float, int]:
    """Open the page several times, each in a context without a cache, and move a slider."""
    opened, scripts, frames, requests = [], [], [], 0
    for _ in range(OPENINGS):
        context = browser.new_context()
        page = context.new_page()
        seen: list[str] = []
        page.on("request", lambda request, seen=seen: seen.append(request.url))
        page.goto(address, wait_until="commit")
        opened.append(page.evaluate(OPENED))
        script, frame = page.evaluate(CHANGED, [CHANGES, which])
        scripts += script
        frames += frame
        requests += len([url for url in seen if url != address and not url.startswith("data:")])
        context.close()
    return median(opened), median(scripts), median(frames), requests


if __name__ == "__main__":
    main()
