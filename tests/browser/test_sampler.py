"""What a sampler cuts, in real browsers: as a page, and in JupyterLab, where a kernel runs."""

import math

import numpy as np
import pytest

from softmax_temperature import SamplerChain, SamplerExplorer, load_example, read_config
from tests.helpers import axe_faults, check_state, choose, resize, slide, write

everywhere = pytest.mark.engines("chromium", "firefox", "webkit")

MAIN = "main"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
TEMPERATURE = ".slider input[type=range]"
CELLS = [
    """
from softmax_temperature import SamplerExplorer, load_example
explorer = SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8, value=1.5)
explorer""",
]


def sampler(*args, **options):
    return SamplerExplorer(load_example("wonderful-day"), *args, **options)


def knob(name):
    return f".steps input[type=range][aria-label='{name}']"


def field(name):
    return f".steps [aria-label='{name}, its value']"


def handle(name):
    return f".steps [aria-label='{name}: move with the arrow keys']"


def names(page):
    """Read the steps from the first to the last."""
    return page.locator(".steps .name").all_text_contents()


def address(page):
    return page.evaluate("location.hash")


def check_left(page, explorer):
    """Compare what is left after each cut with the chain's own steps."""
    read = page.locator(".steps .left").all_text_contents()
    logits = explorer.table.logits
    expected, steps = [], []
    for name, value in explorer._state["steps"]:
        if name == "temperature":
            steps.append((name, explorer.temperature))
            expected.append("")
            continue
        if value is not None:
            steps.append((name, value))
        expected.append(f"{np.isfinite(SamplerChain(steps)(logits)).sum()} left")
    assert read == expected


def check_sampler(page, explorer):
    check_state(page.locator(MAIN), explorer)
    check_left(page, explorer)


SETTINGS = [(0, 0.5), (0.5, 0.8), (1, 0.9), (1.5, 0.8), (2, None)]


@everywhere
@pytest.mark.parametrize("order", ["first", "last"])
def test_both_sliders_move_the_bars_of_a_page(open_explorer, order):
    explorer = sampler("top_p", 0.8, order, value=1.5)
    page = open_explorer(explorer)
    check_sampler(page, explorer)
    for temperature, value in SETTINGS:
        explorer.temperature, explorer.knob = temperature, value
        slide(page, TEMPERATURE, temperature)
        # Stops from 0.05 to 0.95, and off.
        slide(page, knob("top-p"), 19 if value is None else round(value * 20) - 1)
        check_sampler(page, explorer)


# A range input takes the arrow keys, and each method's usual place of "off".
KEYS = {
    "top_k": ("top-k", "ArrowLeft", 3),
    "min_p": ("min-p", "ArrowRight", 0.05),
    "typical_p": ("typical-p", "ArrowLeft", 0.85),
    "top_n_sigma": ("top-nσ", "ArrowLeft", 5),
    "epsilon_cutoff": ("epsilon", "ArrowRight", 0.001),
}


@everywhere
@pytest.mark.parametrize("method", KEYS)
def test_the_keys_move_both_sliders_and_the_address_keeps_them(open_explorer, method):
    name, key, value = KEYS[method]
    explorer = sampler(method, value=1)
    page = open_explorer(explorer, paused=True)
    page.locator(TEMPERATURE).press("ArrowRight")
    explorer.temperature = 1.05
    for _ in range(3):
        page.locator(knob(name)).press(key)
    explorer.knob = value
    check_sampler(page, explorer)
    page.clock.run_for(300)
    assert address(page) == f"#T=1.05&{method.replace('_', '-')}={value:g}"
    assert page.locator(knob(name)).get_attribute("aria-valuetext") == f"{value:g}"


def test_a_knob_takes_any_number_that_its_method_takes(open_explorer):
    explorer = sampler("top_p", 0.8)
    page = open_explorer(explorer)
    for text, value in {"0.92": 0.92, "0,333": 0.333, "1e-4": 1e-4, "off": None, "1": None}.items():
        write(page, field("top-p"), text)
        explorer.knob = value
        check_sampler(page, explorer)
        shown = page.locator(field("top-p")).evaluate("field => field.value")
        assert shown == ("off" if value is None else f"{value:g}")


REFUSED = {
    "top_p": ["0", "-0.5", "1.01", "much", "nan", "∞"],
    "min_p": ["-0.1", "2"],
    "typical_p": ["0", "1.5"],
    "top_k": ["2.5", "-2", "x"],
    "top_n_sigma": ["-2", "-0.5", "inf"],
    "epsilon_cutoff": ["-1e-4", "1.5"],
    "eta_cutoff": ["-1", "7"],
}


@pytest.mark.parametrize("method", REFUSED)
def test_a_knob_out_of_its_range_is_refused_in_words(open_explorer, method):
    explorer = sampler(method, {"top_k": 3, "top_n_sigma": 1.5}.get(method, 0.25))
    page = open_explorer(explorer)
    name = explorer._state["steps"][1][0]
    name = {"top_n_sigma": "top-nσ", "epsilon_cutoff": "epsilon", "eta_cutoff": "eta"}.get(
        method, method.replace("_", "-")
    )
    before = page.locator(field(name)).evaluate("field => field.value")
    for text in REFUSED[method]:
        write(page, field(name), text)
        said = page.locator(".steps .problem").text_content()
        assert said.startswith(f"{name} must be "), (text, said)
        assert page.locator(field(name)).get_attribute("aria-invalid") == "true"
        check_sampler(page, explorer)
        page.locator(field(name)).press("Escape")
        assert page.locator(".steps .problem").text_content() == ""
        assert page.locator(field(name)).evaluate("field => field.value") == before
    assert address(page) == ""


ADD = ".sampler .buttons label:nth-child(1) select"
ENGINE = ".sampler .buttons label:nth-child(2) select"


@everywhere
def test_cuts_are_added_moved_by_keys_and_removed(open_explorer):
    explorer = sampler("top_p", 0.8, value=1.5)
    page = open_explorer(explorer, paused=True)
    steps = [("temperature", None), ("top_p", 0.8)]

    def check(*expected):
        explorer._set(steps=steps)
        check_sampler(page, explorer)
        assert names(page) == list(expected)

    for name, method, usual in (("min-p", "min_p", 0.1), ("top-k", "top_k", 40)):
        choose(page, ADD, name)
        steps.append((method, usual))
        assert page.locator(ADD).evaluate("menu => menu.selectedIndex") == 0
    check("Temperature", "top-p", "min-p", "top-k")
    write(page, field("top-k"), "3")
    steps[3] = ("top_k", 3)
    check("Temperature", "top-p", "min-p", "top-k")
    page.locator(handle("top-k")).press("ArrowUp")
    steps[2:] = [steps[3], steps[2]]
    check("Temperature", "top-p", "top-k", "min-p")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("top-k: ")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    steps.insert(0, steps.pop(2))
    check("top-k", "Temperature", "top-p", "min-p")
    said = page.locator(".sampler [role=status]")
    assert said.text_content() == "top-k is step 1 of 4."
    # It is heard, and not seen.
    assert said.evaluate("element => element.offsetWidth") == 1
    page.locator(handle("Temperature")).press("ArrowDown")
    page.keyboard.press("ArrowDown")
    steps.append(steps.pop(1))
    check("top-k", "top-p", "min-p", "Temperature")
    page.clock.run_for(300)
    assert address(page) == "#top-k=3&top-p=0.8&min-p=0.1&T=1.5"
    for name in ("top-p", "top-k", "min-p"):
        page.locator(f".steps [aria-label='Remove {name}']").click()
        steps = [step for step in steps if step[0] != name.replace("-", "_")]
        if len(steps) > 1:
            check(*[{"temperature": "Temperature"}.get(s, s.replace("_", "-")) for s, _ in steps])
        # Who has removed it with keys goes on from a place that there is.
        assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.clock.run_for(300)
    assert names(page) == ["Temperature"]
    assert address(page) == "#T=1.5&cuts=none"
    explorer._set(steps=steps)
    check_sampler(page, explorer)
    choose(page, ADD, "top-nσ")
    steps.append(("top_n_sigma", 1))
    check("Temperature", "top-nσ")


@everywhere
def test_the_pointer_drags_a_cut_to_its_place(open_explorer):
    explorer = sampler("top_p", 0.8, value=1.5)
    page = open_explorer(explorer, "#T=1.5&top-p=0.8&min-p=0.2&top-k=4")
    steps = [("temperature", None), ("top_p", 0.8), ("min_p", 0.2), ("top_k", 4)]

    def middle(place):
        return page.evaluate(
            """(place) => {
                const row = document.querySelectorAll(".steps li")[place];
                const { left, top, bottom } = row.getBoundingClientRect();
                return [left + 12, (top + bottom) / 2];
            }""",
            place,
        )

    for start, *places in ((0, 1, 2, 3), (3, 1, 0), (2, 0), (1, 3, 2)):
        page.mouse.move(*middle(start))
        page.mouse.down()
        now = start
        for place in places:
            page.mouse.move(*middle(place))
            steps.insert(place, steps.pop(now))
            now = place
            # It moves while it is dragged.
            explorer._set(steps=steps)
            check_sampler(page, explorer)
        page.mouse.up()
        page.mouse.move(*middle(0))
        check_sampler(page, explorer)


@pytest.mark.parametrize("preset", ["huggingface", "llama.cpp", "vllm"])
def test_the_steps_of_an_engine_are_those_of_its_preset(open_explorer, preset):
    explorer = sampler("top_p", 0.8, value=1.5)
    page = open_explorer(explorer)
    choose(page, ENGINE, preset)
    chain = SamplerChain.preset(preset)
    explorer._set(steps=[(n, None if n == "temperature" else value) for n, value in chain])
    explorer.temperature = dict(chain)["temperature"]
    check_sampler(page, explorer)
    assert explorer.chain == chain
    shown = names(page)
    copied = open_explorer(sampler("top_p", 0.8, value=1.5), address(page))
    check_sampler(copied, explorer)
    assert names(copied) == shown


def test_any_temperature_can_be_typed_for_a_sampler(open_explorer):
    explorer = sampler("min_p", 0.1)
    page = open_explorer(explorer)
    for text, temperature in {"0.333": 0.333, "50": 50.0, "∞": math.inf, "0": 0.0}.items():
        write(page, ".slider input[type=text]", text)
        explorer.temperature = temperature
        check_sampler(page, explorer)
    for text in ("-1", "x"):
        write(page, ".slider input[type=text]", text)
        assert "temperature must" in page.locator(".slider .problem").text_content()
        check_sampler(page, explorer)


def test_nothing_in_a_page_of_a_sampler_is_disabled_or_needs_a_kernel(open_explorer):
    page = open_explorer(sampler("min_p", 0.1, "last"))
    controls = page.locator("main :is(button, input, select)")
    assert controls.count() > 10
    disabled = controls.evaluate_all(
        "all => all.filter((control) => control.disabled).map((control) => control.textContent)"
    )
    # Words that are as they were.
    assert disabled == ["As it was"]
    assert "kernel" not in page.locator("body").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_sampler_has_no_fault_that_axe_knows(open_explorer, scheme):
    explorer = sampler("top_p", 0.5)
    page = open_explorer(explorer, color_scheme=scheme)
    choose(page, ADD, "min-p")
    write(page, field("top-p"), "7")
    assert page.locator(".steps .problem").first.is_visible()
    for width in (1400, 1000, 360):
        resize(page, width, 800)
        assert axe_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_screen_reader_hears_both_sliders(open_explorer):
    page = open_explorer(sampler("top_p", 0.8), paused=True)
    page.locator(knob("top-p")).press("ArrowLeft")
    page.clock.run_for(700)
    said = page.locator("[aria-live=polite]").text_content()
    assert said.startswith("Temperature 1.00. top-p 0.75. Kept: 2 of 6 tokens")
    assert "cut" in page.locator(".told").text_content()


def test_every_control_works_in_jupyterlab_with_and_without_its_kernel(run_cells):
    page = run_cells(*CELLS, shows=".softmax-temperature-explorer:has(svg)", count=1)
    page.set_viewport_size({"width": 1280, "height": 900})
    view = page.locator(".softmax-temperature-explorer")
    explorer = sampler("top_p", 0.8, value=1.5)

    def check():
        check_state(view, explorer)
        check_left(page, explorer)

    def use():
        page.locator(".noUi-handle").press("ArrowLeft")
        explorer.temperature = round(explorer.temperature - 0.05, 12)
        check()
        page.locator(knob("top-p")).press("ArrowLeft")
        explorer.knob = round(explorer.knob - 0.05, 12)
        check()
        page.locator(handle("Temperature")).press("ArrowDown")
        explorer.order = "last"
        check()
        page.get_by_label("Steps of an engine").select_option("llama.cpp")
        explorer.chain = SamplerChain.preset("llama.cpp")
        check()
        page.get_by_label("Add a cut").select_option("eta")
        explorer._set(steps=[*explorer._steps, ("eta_cutoff", 3e-4)])
        check()
        write(page, field("eta"), "0.77")
        explorer._set(steps=[*explorer._steps[:-1], ("eta_cutoff", 0.77)])
        check()
        write(page, field("eta"), "-1")
        assert "eta must be" in page.locator(".steps .problem").last.text_content()
        check()
        page.locator(".configs summary").click()
        page.locator(".configs select").select_option("llama.cpp")
        write(page, ".configs textarea", "--temp 0.7 --min-p 0.2")
        explorer.chain = read_config("--temp 0.7 --min-p 0.2", "llama.cpp").chain
        check()

    check()
    assert page.locator(".noUi-handle").count() == 1
    use()
    # A step's keys are its own: a notebook would go to the next cell, or add one.
    settings = page.locator(".configs textarea")
    for control in (page.get_by_label("Add a cut"), page.locator(handle("top-k")), settings):
        control.focus()
        for key in ("b", "m", "a"):
            page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == 1
    page.evaluate(f"{KERNEL}.shutdown()")
    page.locator(".noUi-handle").press("End")
    page.get_by_label("Steps of an engine").select_option("huggingface")
    explorer.chain = SamplerChain.preset("huggingface")
    check()
    page.get_by_label("Add a cut").select_option("top-p")
    explorer._set(steps=[*explorer._steps, ("top_p", 0.9)])
    check()
    write(page, field("top-p"), "0.77")
    explorer._set(steps=[*explorer._steps[:-1], ("top_p", 0.77)])
    check()
