"""What a sampler cuts, in real browsers: as a page, and in JupyterLab, where a kernel runs."""

import numpy as np
import pytest

from softmax_temperature import SamplerExplorer, load_example
from tests.helpers import need, write_notebook
from tools.lab import run_all

Axe = need("axe_playwright_python.sync_playwright").Axe
expect = need("playwright.sync_api").expect

CELLS = [
    """
from softmax_temperature import SamplerExplorer, load_example
explorer = SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8, value=1.5)
explorer""",
]


def sampler(*args, **options):
    return SamplerExplorer(load_example("wonderful-day"), *args, **options)


def measure(page):
    """Read heights of bars and outlines as shares of the axis, labels, title and sentence."""
    return page.evaluate(
        """() => {
            const root = document.querySelector(".softmax-temperature svg");
            const find = (id) => root.querySelector(`[id$="-${id}"]`);
            const frame = root.querySelector("[id$='-axes-bars'] > [id*='-patch_'] path");
            const axis = frame.getBoundingClientRect();
            const numbers = [...Array(99).keys()].filter((i) => find(`bar-${i}`));
            // Without the outline's own line, which some browsers count.
            const share = (id) => find(id).querySelector("path").getBBox().height
                / frame.getBBox().height;
            return {
                bars: numbers.map((i) => share(`bar-${i}`)),
                outlines: numbers.map((i) => share(`outline-${i}`)),
                labels: numbers.map((i) => find(`label-${i}`).textContent.trim()),
                title: root.querySelector("title").textContent,
                caption: document.querySelector(".sentences p").textContent,
                pixel: 1 / axis.height,
            };
        }"""
    )


def check_sampler(page, explorer):
    """Compare what is shown with what the chain draws from."""
    seen = measure(page)
    frame = explorer.probabilities.sort_values("logits", ascending=False, kind="stable")
    assert seen["bars"] == pytest.approx(list(frame["probabilities"]), abs=1.5 * seen["pixel"])
    plain = sorted(explorer.table.probabilities(explorer.temperature), reverse=True)
    assert seen["outlines"] == pytest.approx(plain, abs=1.5 * seen["pixel"])
    cut = ~frame["kept"].to_numpy() & (np.array(plain) > 0)
    assert [label == "cut" for label in seen["labels"]] == cut.tolist()
    for label, share in zip(seen["labels"], frame["probabilities"], strict=True):
        if label[0] not in "c<>":
            assert float(label) == pytest.approx(share, abs=0.00501)
    knob = "off" if explorer.knob is None else f"{explorer.knob:g}"
    name = explorer.knob_slider.description
    assert seen["title"] == f"Probabilities at T = {explorer.temperature:.2f}, {name} = {knob}"
    assert seen["caption"] == explorer._caption()


SETTINGS = [(0, 0.5), (0.5, 0.8), (1, 0.9), (1.5, 0.8), (2, None)]


@pytest.mark.engines("chromium", "firefox", "webkit")
@pytest.mark.parametrize("order", ["first", "last"])
def test_both_sliders_move_the_bars_of_a_page(open_explorer, order):
    explorer = sampler("top_p", 0.8, order, value=1.5)
    page = open_explorer(explorer)
    check_sampler(page, explorer)
    for temperature, knob in SETTINGS:
        explorer.temperature, explorer.knob = temperature, knob
        position = explorer.knob_slider.index
        page.evaluate(
            """(values) => [...document.querySelectorAll("input")].forEach((slider, i) => {
                slider.value = values[i];
                slider.dispatchEvent(new Event("input"));
            })""",
            [temperature, position],
        )
        check_sampler(page, explorer)


@pytest.mark.parametrize("method", ["top_k", "min_p", "typical_p", "top_n_sigma"])
def test_the_keys_move_both_sliders_and_the_address_keeps_them(open_explorer, method):
    explorer = sampler(method, value=1)
    page = open_explorer(explorer, paused=True)
    first, second = page.locator("input").all()
    first.press("ArrowRight")
    explorer.temperature = 1.05
    way = "ArrowLeft" if explorer.knob_slider.index else "ArrowRight"
    for _ in range(3):
        second.press(way)
    explorer.knob_slider.index += -3 if way == "ArrowLeft" else 3
    check_sampler(page, explorer)
    page.clock.run_for(300)
    knob = f"{explorer.knob:g}"
    name = explorer.knob_slider.description
    address = page.evaluate("decodeURIComponent(location.hash)")
    assert address == f"#T=1.05&{name}={knob}"
    assert second.get_attribute("aria-valuetext") == knob


@pytest.mark.parametrize(
    ("fragment", "temperature", "knob"),
    [
        ("#T=1.5&top-p=0.8", 1.5, 0.8),
        ("#top-p=0.80", 1.0, 0.8),
        ("#TOP-P=off&t=0.5", 0.5, None),
        ("#top-p=0.83", 1.0, None),
        ("#T=7&top-p=", 2.0, None),
    ],
)
def test_an_address_goes_to_stops_that_there_are(open_explorer, fragment, temperature, knob):
    explorer = sampler("top_p")
    page = open_explorer(explorer, fragment)
    explorer.temperature, explorer.knob = temperature, knob
    check_sampler(page, explorer)


def test_what_needs_a_kernel_is_shown_and_disabled(open_explorer):
    page = open_explorer(sampler("min_p", 0.1, "last"))
    menus = page.locator("select")
    assert menus.evaluate_all("menus => menus.map((menu) => [menu.value, menu.disabled])") == [
        ["min-p", True],
        ["temperature last", True],
    ]
    assert "needs a kernel" in page.locator(".menus").inner_text()


@pytest.mark.parametrize("width", [1400, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_sampler_has_no_fault_that_axe_knows(open_explorer, scheme, width):
    explorer = sampler("top_p", 0.5)
    page = open_explorer(explorer, color_scheme=scheme, viewport={"width": width, "height": 800})
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_screen_reader_hears_both_sliders(open_explorer):
    page = open_explorer(sampler("top_p", 0.8), paused=True)
    page.locator("input").nth(1).press("ArrowLeft")
    page.clock.run_for(700)
    said = page.get_by_role("status").text_content()
    assert said.startswith("Temperature 1.00. top-p 0.75. Kept: 2 of 6 tokens")
    assert "cut" in page.locator("table").text_content()


def test_sliders_and_menus_work_in_jupyterlab(browser, lab, notebooks):
    write_notebook(notebooks / "sampler.ipynb", *CELLS)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, lab, "sampler.ipynb")
    page.wait_for_selector(".softmax-temperature svg")
    explorer = sampler("top_p", 0.8, value=1.5)
    check_sampler(page, explorer)
    labels = page.locator(".softmax-temperature-explorer .widget-label")
    room = labels.evaluate_all("all => all.map((label) => label.clientWidth - label.scrollWidth)")
    assert room == [0] * 4, "a label has no room"
    handles = page.locator(".noUi-handle")
    handles.nth(0).press("ArrowLeft")
    explorer.temperature = 1.45
    handles.nth(1).press("ArrowLeft")
    explorer.knob = 0.75
    check_sampler(page, explorer)
    title = page.locator(".softmax-temperature svg title")
    page.get_by_label("Order").select_option("temperature last")
    explorer.order = "last"
    expect(page.locator(".sentences p")).to_have_text(explorer._caption())
    check_sampler(page, explorer)
    page.get_by_label("Method").select_option("min-p")
    explorer.method = "min_p"
    expect(title).to_have_text("Probabilities at T = 1.45, min-p = 0.1")
    check_sampler(page, explorer)
    expect(page.locator(".noUi-target[disabled]")).to_have_count(0)
    handles.nth(1).press("ArrowRight")
    explorer.knob = 0.15
    check_sampler(page, explorer)
    assert handles.nth(1).get_attribute("aria-label") == "min-p"
    # The keys of a menu are its own: a notebook would go to the next cell, or add one.
    menu = page.get_by_label("Method")
    menu.focus()
    for key in ("ArrowDown", "b", "m"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    assert page.locator(".jp-Cell").count() == 1
    page.close()
