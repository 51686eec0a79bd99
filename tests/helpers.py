"""What several test modules share: figures, tables, notebooks, and what a browser shows."""

import math
import os
import subprocess
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from textwrap import dedent
from time import monotonic, sleep

import nbformat
import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, load_example
from softmax_temperature.words import in_text

NOTEBOOKS = {
    path.stem: path for path in sorted(Path(__file__).parents[1].glob("notebooks/*.ipynb"))
}
LOGITS = [5.0, 2.2, 2.0, 4.5, 3.0, 2.7]
RANKED = sorted(LOGITS, reverse=True)
RANKED_TOKENS = ["day", "experience", "problem", "challenge", "space", "furniture"]
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


def run(*command, **options):
    """Run a program, and return what it prints."""
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=600, **options
    ).stdout


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


def write_notebook(path, *cells):
    """Write a notebook of code cells, without outputs."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(dedent(source).strip()) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)


ALL_BUT_MAP = ("bars", "dice", "curves")


def six(parts=ALL_BUT_MAP, **options):
    return TemperatureExplorer(load_example("wonderful-day"), parts=parts, **options)


def softmax(logits, temperature):
    if temperature == 0:
        return [float(x == max(logits)) for x in logits]
    weights = [math.exp((x - max(logits)) / temperature) for x in logits]
    return [weight / math.fsum(weights) for weight in weights]


@cache
def gpt2_logits():
    """Read the logits that were recorded, the largest first."""
    with np.load(str(files("softmax_temperature") / "data/gpt2/logits.npz")) as recorded:
        return np.sort(recorded["spaceship"].astype(float))[::-1]


def gpt2_shares(temperature, top=20):
    """Work out the largest probabilities and the sum of all others from the recorded logits."""
    logits = gpt2_logits()
    if temperature == 0:
        return [1.0] + [0.0] * top
    weights = np.exp((logits - logits[0]) / temperature)
    return [*(weights[:top] / weights.sum()), weights[top:].sum() / weights.sum()]


def decades(shares):
    """Return where shares end on a logarithmic axis from 0.01 to 100 %, as shares of its length."""
    return [max(math.log10(share) + 4, 0) / 4 if share > 0 else 0 for share in shares]


def heading(temperature, text=None):
    """Return the title of six tokens: T, and which of them leads."""
    text = f"{temperature:.2f}" if text is None else text
    share = softmax(RANKED, temperature)[0]
    if temperature == 0:
        return f"T = {text}: always day"
    if temperature == math.inf:
        return f"T = {text}: 6 tokens lead with 0.17 each"
    return f"T = {text}: day leads with {'>0.99' if share >= 0.995 else f'{share:.2f}'}"


def pause(page):
    """Stop the clock before a page is loaded, so that its timers run only when a test says so."""
    page.clock.install(time=0)
    page.clock.pause_at(1)


def go_to(page, temperature):
    """Move the slider of an exported page."""
    page.evaluate(
        """value => {
            const slider = document.querySelector(".slider input");
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
        }""",
        temperature,
    )


def type_temperature(view, temperature):
    """Write over the number beside the slider, and press Enter.

    All at once: JupyterLab takes the focus when it has run its last cell, and what is typed then
    goes elsewhere.
    """
    view.locator(".widget-readout").last.evaluate(
        """(readout, text) => {
            readout.focus();
            readout.textContent = text;
            const enter = { key: "Enter", bubbles: true, cancelable: true };
            readout.dispatchEvent(new KeyboardEvent("keydown", enter));
        }""",
        f"{temperature}",
    )


def shown(view):
    """Read what the browser painted: heights of the bars as a share of the axis, and all texts."""
    return view.evaluate(
        """element => {
            const root = element.querySelector(".softmax-temperature svg");
            // Without the bars' edges, which some browsers count.
            const edged = [...root.querySelectorAll("[id*='-bar-'] path")];
            const edges = edged.map((bar) => bar.style.stroke);
            for (const bar of edged) bar.style.stroke = "none";
            const box = (id) => root.querySelector(`[id$="-${id}"]`)?.getBoundingClientRect();
            const text = (id) => root.querySelector(`[id$="-${id}"] text`)?.textContent;
            const numbers = [...Array(99).keys()].filter((i) => box(`bar-${i}`));
            const last = (name) => [...element.querySelectorAll(name)].at(-1);
            const track = last(".noUi-base").getBoundingClientRect();
            const handle = last(".noUi-handle").getBoundingClientRect();
            const axis = root.querySelector("[id$='-axes-bars'] > [id*='-patch_'] path");
            const frame = axis.getBoundingClientRect();
            const seen = {
                title: text("title"),
                caption: element.querySelector(".softmax-temperature p").textContent,
                axis: axis.getBoundingClientRect().height,
                across: axis.getBoundingClientRect().width,
                heights: numbers.map((i) => box(`bar-${i}`).height),
                widths: numbers.map((i) => box(`bar-${i}`).width),
                lefts: numbers.map((i) => box(`bar-${i}`).left),
                beyond: numbers.map((i) => box(`label-${i}`).left - frame.left),
                fills: numbers.map((i) => getComputedStyle(
                    root.querySelector(`[id$="-bar-${i}"] path`)).fill),
                hatch: root.querySelector("pattern rect")?.getAttribute("fill"),
                feet: numbers.map((i) => box(`bar-${i}`).bottom),
                above: numbers.map((i) => frame.bottom - box(`label-${i}`).bottom),
                labels: numbers.map((i) => text(`label-${i}`)),
                name: root.querySelector("title").textContent,
                description: root.querySelector("desc").textContent,
                role: root.getAttribute("role"),
                handle: (handle.left + handle.width / 2 - track.left) / track.width,
                readout: last(".widget-readout").textContent,
            };
            edged.forEach((bar, i) => (bar.style.stroke = edges[i]));
            return seen;
        }"""
    )


def check(view, temperature):
    """Compare what is shown with the softmax by its definition, to a pixel and a label's digits."""
    seen = shown(view)
    expected = softmax(RANKED, temperature)
    assert seen["title"] == heading(temperature)
    assert seen["readout"] == f"{temperature:.2f}"
    assert 2 * seen["handle"] == pytest.approx(temperature, abs=0.005)
    assert seen["axis"] > 100
    for height, above, label, p in zip(seen["heights"], seen["above"], seen["labels"], expected):
        assert height == pytest.approx(p * seen["axis"], abs=1)
        # The number stands at its bar, wherever the outline is.
        assert -1 < above - p * seen["axis"] < 12
        if 0 < p < 0.005:
            assert label == "<0.01"
        else:
            assert float(label) == pytest.approx(p, abs=0.00501)
    # Firefox has no place for what has no height.
    feet = [foot for foot, height in zip(seen["feet"], seen["heights"]) if height]
    assert max(feet) - min(feet) < 1
    assert (seen["name"], seen["role"]) == (seen["title"], "img")
    assert seen["description"] == seen["caption"]
    draws = "Every draw" if temperature == 0 else f"Of 100 draws about {100 * expected[0]:.0f}"
    assert seen["caption"].startswith((f"{draws} would be “day”", "Of 100 draws more than 99"))
    return seen


def instrument(view):
    """Read what strip, curves, marks and sentence show, as shares of their axes."""
    return view.evaluate(
        """element => {
            const root = element.querySelector(".softmax-temperature svg");
            const find = (id) => root.querySelector(`[id$="-${id}"]`);
            const box = (id) => find(id).getBoundingClientRect();
            const middle = (id) => {
                const { left, right, top, bottom } = box(id);
                return [(left + right) / 2, (top + bottom) / 2];
            };
            const frame = (name) => root.querySelector(
                `[id$='-axes-${name}'] > [id*='-patch_'] path`).getBoundingClientRect();
            const numbers = (name) => [...Array(99).keys()].filter((i) => find(`${name}-${i}`));
            const [strip, curves, bars] = ["strip", "curves", "bars"].map(frame);
            const across = (axis, x) => (x - axis.left) / axis.width;
            const up = (axis, y) => (axis.bottom - y) / axis.height;
            const seen = (id) => find(id).style.display !== "none";
            return {
                cuts: numbers("segment").map((i) => across(strip, box(`segment-${i}`).right)),
                dice: seen("dice-mark") && across(strip, middle("dice-mark")[0]),
                number: find("dice-text").querySelector("text").textContent,
                cursor: across(curves, middle("cursor")[0]),
                dots: numbers("dot").map((i) => middle(`dot-${i}`)).map(([x, y]) =>
                    [across(curves, x), up(curves, y)]),
                marks: numbers("mark").map((i) =>
                    seen(`mark-${i}`) && up(bars, middle(`mark-${i}`)[1])),
                blank: element.querySelector(".softmax-temperature-head b").textContent,
                prompt: element.querySelector(".softmax-temperature-head span").textContent,
                caption: element.querySelector(".softmax-temperature p").textContent,
                pixel: 1 / Math.min(strip.width, curves.height, bars.height),
            };
        }"""
    )


# Which token the first random number lands on, worked out by hand from the article's shares.
FIRST_NUMBER = {0: "day", 0.5: "experience", 1: "experience", 1.37: "problem", 2: "challenge"}


def check_instrument(view, temperature, hundred=False):
    """Compare strip, dice, cursor, dots, marks and sentence with the softmax by its definition."""
    seen = instrument(view)
    expected = softmax(RANKED, temperature)
    near = 1.5 * seen["pixel"]
    assert seen["cuts"] == pytest.approx(list(accumulate(expected)), abs=near)
    assert seen["cursor"] == pytest.approx(temperature / 2, abs=near)
    for (x, y), p in zip(seen["dots"], expected, strict=True):
        assert x == pytest.approx(temperature / 2, abs=near)
        assert y == pytest.approx(p, abs=near)
    assert seen["prompt"] == "It was a wonderful "
    if hundred:
        # One number and many are not on show at once.
        assert seen["dice"] is False
        numbers = np.random.default_rng([21, 100, 1]).random(100)
        landed = np.searchsorted(np.cumsum(expected), numbers, side="right")
        counts = [int((landed == token).sum()) for token in range(6)]
        assert seen["marks"] == pytest.approx([count / 100 for count in counts], abs=2 * near)
        assert f"◇ Of these 100 draws {counts[0]} were “day”: " in seen["caption"]
        drawn = [(count, -token) for token, count in enumerate(counts) if count]
        most = [(RANKED_TOKENS[-token], count) for count, token in sorted(drawn, reverse=True)[:3]]
        words = ", ".join(f"{token} × {count}" for token, count in most)
        assert seen["blank"] == words + (", …" if len(drawn) > 3 else "")
        spread = math.sqrt(100 * expected[0] * (1 - expected[0]))
        if spread:
            far = round((counts[0] - 100 * expected[0]) / spread, 1)
            words = "far more" if far >= 2 else "more" if far >= 1 else "about as many as"
            words = "far fewer" if far <= -2 else "fewer" if far <= -1 else words
            assert f": {words}{'' if abs(far) < 1 else ' than'} expected" in seen["caption"]
    else:
        assert seen["marks"] == [False] * 6
        assert seen["number"] == "dice: 0.78"
        assert seen["dice"] == pytest.approx(0.781, abs=0.005)
        assert seen["blank"] == FIRST_NUMBER[temperature]


def state_of(view):
    """Read all that an explorer shows of its state: lengths as shares of their axes, and texts."""
    return view.evaluate(
        """element => {
            const root = element.querySelector(".softmax-temperature svg");
            const find = (id) => root.querySelector(`[id$="-${id}"]`);
            const frame = root.querySelector("[id$='-axes-bars'] > [id*='-patch_'] path");
            const axis = frame.getBoundingClientRect();
            const numbers = [...Array(99).keys()].filter((i) => find(`bar-${i}`));
            // Without the outline's own line, which some browsers count.
            const share = (id) => find(id).querySelector("path").getBBox().height
                / frame.getBBox().height;
            const middle = (i) => {
                const { top, bottom } = find(`mark-${i}`).getBoundingClientRect();
                return (axis.bottom - (top + bottom) / 2) / axis.height;
            };
            return {
                bars: numbers.map((i) => share(`bar-${i}`)),
                outlines: numbers.map((i) => share(`outline-${i}`)),
                labels: numbers.map((i) => find(`label-${i}`).textContent.trim()),
                marks: numbers.map((i) =>
                    find(`mark-${i}`).style.display === "none" ? 0 : middle(i)),
                names: [...element.querySelectorAll(".told tbody th")].map((th) => th.textContent),
                title: root.querySelector("title").textContent,
                caption: element.querySelector(".sentences p").textContent,
                word: element.querySelector(".softmax-temperature-head b").textContent.trim(),
                pixel: 1 / axis.height,
            };
        }"""
    )


def check_state(view, explorer):
    """Compare what upright bars show with numpy's softmax, and each text with Python's own."""
    seen = state_of(view)
    frame = explorer.probabilities.sort_values("logits", ascending=False, kind="stable")
    logits = frame["logits"].to_numpy(float)
    near = 1.5 * seen["pixel"]

    def plain(temperature):
        if temperature == np.inf:
            return np.isfinite(logits) / np.isfinite(logits).sum()
        return softmax(logits, temperature)

    shares, at_1 = plain(explorer.temperature), plain(1)
    moment = explorer._moment(explorer._bars())
    if "kept" in frame:
        kept = frame["kept"].to_numpy()
        at_1, shares = shares, list(frame["probabilities"])
        assert [label == "cut" for label in seen["labels"]] == list(~kept & (np.array(at_1) > 0))
    assert seen["bars"] == pytest.approx(list(shares), abs=near)
    assert seen["outlines"] == pytest.approx(list(at_1), abs=near)
    assert seen["labels"] == list(moment.labels)
    assert seen["names"] == explorer._bars().names()
    assert seen["title"] == moment.title
    assert seen["caption"] == explorer._caption()
    marks = np.zeros(len(logits)) if moment.marks is None else moment.marks
    # The middle of a mark is read to a pixel at either side.
    assert seen["marks"] == pytest.approx(list(marks), abs=2 * near)
    if moment.number is not None:
        ends = np.cumsum(shares)
        rank = int(np.searchsorted(ends, moment.number, side="right"))
        assert seen["word"] == in_text(frame["tokens"].iloc[rank]).strip()
    elif moment.marks is None:
        assert seen["word"] == ""
    else:
        first = round(marks[0] * explorer._state["draws"])
        assert f"{in_text(frame['tokens'].iloc[0]).strip()} × {first}" in seen["word"]
    return seen


def write(page, selector, text):
    """Write into a field of ours, and press Enter."""
    field = page.locator(selector)
    field.evaluate("(field, text) => { field.focus(); field.value = text; }", text)
    field.press("Enter")


def slide(page, selector, value):
    """Move a slider of a page."""
    page.locator(selector).evaluate(
        """(slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
        }""",
        value,
    )


def choose(page, selector, text):
    """Choose from a menu."""
    page.locator(selector).evaluate(
        """(menu, text) => {
            menu.selectedIndex = [...menu.options].findIndex((option) => option.text === text);
            menu.dispatchEvent(new Event("change"));
        }""",
        text,
    )


def resize(page, width, height):
    """Give the page another size, and wait until it has laid itself out."""
    page.set_viewport_size({"width": width, "height": height})
    settle(page, f"innerWidth === {width}")


def settle(page, condition="true"):
    """Wait for a condition and three frames: sizes are told in the first, and used in the next."""
    becomes(page, condition)
    page.evaluate(
        """async () => {
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        }"""
    )


def becomes(page, condition):
    """Wait for a condition. A page whose clock stands still has neither timers nor frames."""
    until = monotonic() + 60
    while not page.evaluate(condition):
        assert monotonic() < until, condition
        sleep(0.02)


def let_rest(page):
    """Let a page do what it does when nothing has changed for a moment: timers come in order."""
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")


def comes_to(page, address):
    """Wait until the address of a page is this one."""
    comes_to_be(lambda: page.evaluate("location.hash"), address)


def comes_to_be(ask, expected):
    """Ask until the answer is this one: a busy machine takes long, and one that fails a minute."""
    until = monotonic() + 60
    while (answer := ask()) != expected and monotonic() < until:
        sleep(0.02)
    assert answer == expected


def axe_faults(page, within=None):
    """Ask axe what is wrong with a page: the rule, and where, and how to mend it.

    The library's own ``run`` hands over all that is right, too: that took longer than to find it.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(need("axe_playwright_python.sync_playwright").Axe().axe_script)
    return page.evaluate(
        """async (within) => {
            const options = { resultTypes: ["violations"] };
            const { violations } = await axe.run(within ?? document, options);
            return violations.map(({ id, nodes }) => [
                id, ...nodes.flatMap(({ html, failureSummary }) => [html, failureSummary]),
            ]);
        }""",
        within,
    )


def cut_off(view):
    return view.evaluate(
        """element => {
            const svg = element.querySelector(".softmax-temperature svg");
            const outer = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                // WebKit gives a size to what is not displayed.
                if (!box.width || !text.checkVisibility()) return false;
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
            // Names on the strip lie on its segments, and those on the map on its areas.
            const segment = (e) => {
                const id = e.parentNode.id?.replace("-name-", "-segment-");
                if (id?.includes("-segment-")) return root.querySelector(`[id="${id}"] path`);
                // One that is tied has its ground around it.
                if (e.id.includes("-tiedname-")) return e;
                return e.id.includes("-areaname-")
                    ? root.querySelector(`[id="${e.id.replace("name", "")}"]`) : null;
            };
            const texts = [...root.querySelectorAll("text")].map((e) => [e, 4.5]);
            const bars = [...root.querySelectorAll("[id*='-bar-'] path")].map((e) => [e, 3]);
            const hatched = root.querySelector("pattern rect")?.getAttribute("fill");
            return [...texts, ...bars].map(([element, least]) => {
                let css = getComputedStyle(element).fill;
                if (css.startsWith("url")) css = hatched;
                const below = segment(element);
                // A light bar is set off by its edge.
                const edge = least === 3 && getComputedStyle(element).stroke;
                return { what: element.textContent || element.parentNode.id, css, least,
                         paper: below ? colour(getComputedStyle(below)[
                             below === element ? "stroke" : "fill"]) : paper,
                         inks: [css, ...(edge && edge !== "none" ? [edge] : [])].map(colour) };
            });
        }""",
        paper,
    )

    for item in found:
        paper = [part / 255 for part in item["paper"]]
        item["contrast"] = max(
            contrast([part / 255 for part in ink], paper) for ink in item["inks"]
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
