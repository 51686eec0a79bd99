"""Logits on a line in a page: heights, elastics, names, what is pulled, and what is pushed."""

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, load_example
from tests.helpers import LOGITS, RANKED, RANKED_TOKENS, axe_faults, comes_to, go_to, need, softmax

expect = need("playwright.sync_api").expect
everywhere = pytest.mark.engines("chromium", "firefox", "webkit")

# Reads the line in units of its own: gaps across, heights upwards.
READ = """() => {
    const root = document.querySelector(".softmax-temperature svg");
    const find = (id) => root.querySelector(`[id$="-${id}"]`);
    const numbers = (d) => d.match(/-?[\\d.]+/g).map(Number);
    const frame = find("axes-logits").querySelector("[id*='-patch_'] path").getBBox();
    const [low, high] = [-7, 1];
    const x = (px) => low + (high - low) * (px - frame.x) / frame.width;
    const all = (name) => [...find("sticks").querySelectorAll(`.${name}`)].reverse();
    const first = numbers(all("stick")[0].getAttribute("d"));
    const tall = first[1] - first[2];
    const names = [...root.querySelectorAll(".sticknames text")]
        .filter((text) => text.style.display !== "none");
    const box = (element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        return [left, top, right, bottom];
    };
    return {
        elastics: all("elastic").map((path) => {
            const [a, , b] = numbers(path.getAttribute("d"));
            return [x(a), x(b)];
        }),
        knobs: all("knob").map((knob) => x(Number(knob.getAttribute("cx")))),
        heights: all("stick").map((stick) => {
            const [, foot, tip] = numbers(stick.getAttribute("d"));
            return (foot - tip) / tall;
        }),
        colours: all("knob").map((knob) => knob.getAttribute("fill")),
        names: names.map((text) => text.textContent),
        boxes: names.map(box),
        frame: box(find("axes-logits").querySelector("[id*='-patch_'] path")),
        ticks: [...find("axes-logits").querySelectorAll("[id*='xtick_'] text")]
            .map((text) => Number(text.textContent)),
        title: find("sticks-title").textContent.trim(),
        bars: [...root.querySelectorAll("[id*='-label-'] text")].map((text) => text.textContent),
        fills: [...root.querySelectorAll("[id*='-bar-'] path")]
            .map((path) => getComputedStyle(path).fill),
        spoken: document.querySelector(".pull").getAttribute("aria-valuetext"),
    };
}"""


def opened(open_explorer, address="", **options):
    explorer = TemperatureExplorer(load_example("wonderful-day"), parts=("bars", "logits"))
    return open_explorer(explorer, address, **options)


def spot(page, logit, up):
    """Return where on the screen a logit is, on a line that ends at -2 and at 6."""
    box = page.locator(".pull").bounding_box()
    return box["x"] + (logit + 2) / 8 * box["width"], box["y"] + (1 - up) * box["height"]


@everywhere
def test_sticks_are_softmax_and_a_push_moves_none(open_explorer):
    page = opened(open_explorer)
    gaps = np.array(RANKED) - RANKED[0]
    for temperature in (0.5, 1, 1.37, 2):
        go_to(page, temperature)
        seen = page.evaluate(READ)
        heights = np.exp(gaps / temperature)
        np.testing.assert_allclose(seen["heights"], heights, atol=1e-3)
        np.testing.assert_allclose(seen["knobs"], gaps, atol=1e-3)
        expected = np.column_stack((gaps, np.maximum(gaps / temperature, -7)))
        np.testing.assert_allclose(seen["elastics"], expected, atol=1e-3)
        total = heights.sum()
        assert seen["title"] == f"T = {temperature:.2f}: probability = height ÷ sum, {total:.2f}"
        assert seen["names"][0] == "day 1.00"
        assert seen["names"][1] == f"experience {heights[1]:.2f}"
    page.locator(".constant button:first-of-type").click()
    pushed = page.evaluate(READ)
    assert [tick - 100 for tick in pushed["ticks"]] == seen["ticks"]
    for name in ("heights", "names", "title", "bars", "fills"):
        assert pushed[name] == seen[name]
    for name in ("knobs", "elastics"):
        np.testing.assert_allclose(pushed[name], seen[name], atol=1e-3)
    comes_to(page, "#T=2&constant=100")
    page.locator(".constant button:last-of-type").click()
    assert page.evaluate(READ)["ticks"] == seen["ticks"]
    go_to(page, 0)
    assert page.evaluate(READ)["names"] == [
        "day 1.00",
        *(f"◂ {name} 0.00" for name in RANKED_TOKENS[1:]),
    ]


@everywhere
def test_a_stick_is_pulled_by_pointer_and_keys(open_explorer):
    page = opened(open_explorer, "#T=2")
    colours = page.evaluate(READ)["colours"]
    fills = page.evaluate(READ)["fills"]
    # "challenge" has 2.7, and comes to lead.
    page.mouse.move(*spot(page, 2.7, 0.04))
    page.mouse.down()
    for goal in (4, 5.5):
        page.mouse.move(*spot(page, goal, 0.04))
        seen = page.evaluate(READ)
        logits = sorted([5.0, 2.2, 2.0, 4.5, 3.0, goal], reverse=True)
        np.testing.assert_allclose(seen["knobs"], np.array(logits) - 5, atol=0.03)
        gaps = (np.array(logits) - logits[0]) / 2
        np.testing.assert_allclose(seen["heights"], np.exp(gaps), atol=0.02)
    page.mouse.up()
    assert seen["names"][0] == "challenge 1.00"
    assert seen["colours"] == [colours[i] for i in (3, 0, 1, 2, 4, 5)]
    assert seen["fills"] == [fills[i] for i in (3, 0, 1, 2, 4, 5)]
    # Above, a gap is half as wide at T = 2: pulled by 0.5 there, the logit changes by 1.
    page.mouse.move(*spot(page, 5 + (4.5 - 5.5) / 2, 0.5))
    page.mouse.down()
    page.mouse.move(*spot(page, 4, 0.5))
    page.mouse.up()
    name, _, told = page.evaluate(READ)["spoken"].partition(": logit ")
    pulled = float(told.split(",")[0])
    assert (name, pulled) == ("experience", pytest.approx(3.5, abs=0.04))
    pull = page.locator(".pull")
    pull.press("ArrowDown")
    assert page.evaluate(READ)["spoken"].startswith("problem: logit 3,")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "PageUp", "PageDown"):
        pull.press(key)
    share = softmax([5.5, 5.0, pulled, 3.1, 2.2, 2.0], 2)[3]
    assert page.evaluate(READ)["spoken"] == f"problem: logit 3.1, probability {share:.2f}"
    page.locator(".constant button:last-of-type").click()
    seen = page.evaluate(READ)
    np.testing.assert_allclose(seen["knobs"], np.array(RANKED) - 5, atol=1e-3)
    assert seen["fills"] == fills


def test_the_address_keeps_what_is_pulled(open_explorer):
    page = opened(open_explorer)
    page.locator(".pull").press("ArrowLeft")
    changed = ",".join(f"{logit:g}" for logit in [4.9, *LOGITS[1:]])
    words = "day,space,furniture,experience,problem,challenge"
    comes_to(page, f"#words={words}&logits={changed}")
    page.reload()
    page.wait_for_selector("html[data-started]")
    assert page.evaluate(READ)["spoken"].startswith("day: logit 4.9,")


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_no_name_overlaps_another_or_leaves_the_picture(open_explorer, width):
    page = opened(open_explorer, viewport={"width": width, "height": 800})
    for temperature in (0, 0.2, 0.5, 0.9, 1, 1.5, 2):
        go_to(page, temperature)
        seen = page.evaluate(READ)
        left, top, right, _ = seen["frame"]
        assert len(seen["boxes"]) == 6
        for i, a in enumerate(seen["boxes"]):
            assert left <= a[0] < a[2] <= right
            assert a[1] >= top - 2
            # Letters are lower than their line.
            for b in seen["boxes"][:i]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 3 or b[3] <= a[1] + 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_the_line_is_one_stop(open_explorer, scheme):
    page = opened(open_explorer, "#T=0.5", color_scheme=scheme)
    assert axe_faults(page) == []
    page.get_by_role("button", name="Add 100").focus()
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.className"))
    assert stops.count("pull") == 1
