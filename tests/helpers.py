"""What several test modules share: figures, tables, notebooks, and what a browser shows."""

import math
import os
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import nbformat
import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, load_example

NOTEBOOKS = {
    path.stem: path for path in sorted(Path(__file__).parents[1].glob("notebooks/*.ipynb"))
}
LOGITS = [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]
RANKED = sorted(LOGITS, reverse=True)
ARTICLE = [0.512106, 0.031141, 0.025496, 0.310608, 0.069306, 0.051343]
AT_HALF = [0.713051, 0.002637, 0.001767, 0.262317, 0.013060, 0.007167]
ODD_TOKENS = [
    "$x^2$",
    "<b>",
    "&amp;",
    "\"'",
    "a\nb",
    "😀",
    "שלום",
    "x" * 200,
    "日本",
    "\x00",
    "",
    " ",
]
NASTY = [
    "</script><script>alert(1)</script>",
    '"quoted"',
    "it's",
    "&amp;",
    "a\x00b",
    "\u202eright to left\u202c",
    "<!--",
    "{{data}}",
    "\u2028",
    "${x}`",
]


def need(module):
    """Import what only some tests need, or skip them where it is missing, but not in CI."""
    return import_module(module) if "CI" in os.environ else pytest.importorskip(module)


def count_explorers(path):
    """Count the explorers among a notebook's saved outputs."""
    outputs = [
        output.get("data", {})
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
    ]
    return sum(
        "application/vnd.jupyter.widget-view+json" in data and "Explorer(" in data["text/plain"]
        for data in outputs
    )


def six(**options):
    return TemperatureExplorer(load_example("wonderful-day"), **options)


def softmax(logits, temperature):
    if temperature == 0:
        return [float(x == max(logits)) for x in logits]
    weights = [math.exp((x - max(logits)) / temperature) for x in logits]
    return [weight / math.fsum(weights) for weight in weights]


def gpt2_shares(temperature):
    """Work out the 20 largest probabilities and the sum of all others from the recorded logits."""
    with np.load(str(files("softmax_temperature") / "data/gpt2/logits.npz")) as recorded:
        logits = np.sort(recorded["spaceship"].astype(float))[::-1]
    if temperature == 0:
        return [1.0] + [0.0] * 20
    weights = np.exp((logits - logits[0]) / temperature)
    return [*(weights[:20] / weights.sum()), weights[20:].sum() / weights.sum()]


def type_temperature(view, temperature):
    readout = view.locator(".widget-readout").last
    readout.fill(f"{temperature}")
    readout.press("Enter")


def shown(view):
    """Read what the browser painted: heights of the bars as a share of the axis, and all texts."""
    return view.evaluate(
        """element => {
            const root = element.querySelector(".softmax-temperature svg");
            const box = (id) => root.querySelector(`[id$="-${id}"]`)?.getBoundingClientRect();
            const text = (id) => root.querySelector(`[id$="-${id}"] text`)?.textContent;
            const numbers = [...Array(99).keys()].filter((i) => box(`bar-${i}`));
            const last = (name) => [...element.querySelectorAll(name)].at(-1);
            const track = last(".noUi-base").getBoundingClientRect();
            const handle = last(".noUi-handle").getBoundingClientRect();
            const axis = [...root.querySelectorAll("[id*='-axes_'] > [id*='-patch_'] path")][0];
            return {
                title: text("title"),
                caption: element.querySelector(".softmax-temperature p").textContent,
                axis: axis.getBoundingClientRect().height,
                across: axis.getBoundingClientRect().width,
                heights: numbers.map((i) => box(`bar-${i}`).height),
                widths: numbers.map((i) => box(`bar-${i}`).width),
                lefts: numbers.map((i) => box(`bar-${i}`).left),
                spaces: numbers.map((i) => box(`label-${i}`).left - box(`bar-${i}`).right),
                fills: numbers.map((i) => getComputedStyle(
                    root.querySelector(`[id$="-bar-${i}"] path`)).fill),
                hatch: root.querySelector("pattern rect")?.getAttribute("fill"),
                feet: numbers.map((i) => box(`bar-${i}`).bottom),
                gaps: numbers.map((i) => box(`bar-${i}`).top - box(`label-${i}`).bottom),
                labels: numbers.map((i) => text(`label-${i}`)),
                name: root.querySelector("title").textContent,
                description: root.querySelector("desc").textContent,
                role: root.getAttribute("role"),
                handle: (handle.left + handle.width / 2 - track.left) / track.width,
                readout: last(".widget-readout").textContent,
            };
        }"""
    )


def check(view, temperature):
    """Compare what is shown with the softmax by its definition, to a pixel and a label's digits."""
    seen = shown(view)
    expected = softmax(LOGITS, temperature)
    assert seen["title"] == f"Softmax Probabilities at Temperature = {temperature:.2f}"
    assert seen["readout"] == f"{temperature:.2f}"
    assert 2 * seen["handle"] == pytest.approx(temperature, abs=0.005)
    assert seen["axis"] > 100
    for height, gap, label, p in zip(seen["heights"], seen["gaps"], seen["labels"], expected):
        assert height == pytest.approx(p * seen["axis"], abs=1)
        assert -1 < gap < 12
        if 0 < p < 0.005:
            assert label == "<0.01"
        else:
            assert float(label) == pytest.approx(p, abs=0.00501)
    assert max(seen["feet"]) - min(seen["feet"]) < 1
    assert (seen["name"], seen["role"]) == (seen["title"], "img")
    assert seen["description"] == seen["caption"]
    assert f"At temperature {temperature:.2f}, “day” is the likeliest" in seen["caption"]
    return seen


def cut_off(view):
    return view.evaluate(
        """element => {
            const svg = element.querySelector(".softmax-temperature svg");
            const outer = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < outer.left - 1 || box.right > outer.right + 1
                    || box.top < outer.top - 1 || box.bottom > outer.bottom + 1;
            }).map((text) => text.textContent);
        }"""
    )


def contrasts(view, paper):
    """Compare texts and bars of a chart with the paper behind them."""
    found = view.evaluate(
        """(element, paper) => {
            const root = element.querySelector(".softmax-temperature svg");
            const colour = (css) => {
                const context = document.createElement("canvas").getContext("2d");
                context.fillStyle = css;
                context.fillRect(0, 0, 1, 1);
                return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
            };
            const probe = document.body.appendChild(document.createElement("div"));
            probe.style.color = paper;
            paper = colour(getComputedStyle(probe).color);
            probe.remove();
            const texts = [...root.querySelectorAll("text")].map((e) => [e, 4.5]);
            const bars = [...root.querySelectorAll("[id*='-bar-'] path")].map((e) => [e, 3]);
            const hatched = root.querySelector("pattern rect")?.getAttribute("fill");
            return [...texts, ...bars].map(([element, least]) => {
                let css = getComputedStyle(element).fill;
                if (css.startsWith("url")) css = hatched;
                return { what: element.textContent || element.parentNode.id, css, least, paper,
                         ink: colour(css) };
            });
        }""",
        paper,
    )

    for item in found:
        item["contrast"] = contrast(
            [part / 255 for part in item["ink"]], [part / 255 for part in item["paper"]]
        )
    assert len(found) > 20
    return found


def contrast(ink, paper):
    """Compare two colours, each red, green and blue from 0 to 1, as WCAG 2 defines it."""

    def luminance(colour):
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(ink), luminance(paper)))
    return (high + 0.05) / (low + 0.05)
