"""Explorers under a finger: what it meets is large enough, and it can scroll everywhere."""

import pytest

from softmax_temperature import SamplerChain, SamplerExplorer, TemperatureExplorer, load_example

SMALL = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# What a finger can meet, and how large it is.
TARGETS = """() => [...document.querySelectorAll(`.softmax-temperature-explorer :is(
        button, input, select, summary, [role=slider], .grip)`)]
    .filter((element) => element.checkVisibility() && !element.closest("details:not([open]) table"))
    .map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return [`${element.localName} ${element.className} ${element.textContent}`, width, height];
    })"""


def sampler(example, **options):
    chain = SamplerChain([("min_p", 0.05), ("temperature", 1.0), ("top_k", 40)])
    explorer = SamplerExplorer(load_example(example), "min_p", 0.05, **options)
    explorer.chain = chain
    return explorer


EXPLORERS = {
    "all parts": lambda: TemperatureExplorer(
        load_example("wonderful-day"), parts=("bars", "dice", "logits", "map", "curves")
    ),
    "few tokens cut": lambda: sampler("wonderful-day"),
    "many tokens cut": lambda: sampler("gpt2-spaceship", top=10),
}


@pytest.mark.parametrize("name", EXPLORERS)
def test_targets_are_large_and_nothing_takes_what_scrolls_the_page(open_explorer, name):
    page = open_explorer(EXPLORERS[name](), **SMALL)
    targets = page.evaluate(TARGETS)
    assert len(targets) > 5
    small = [target for target in targets if min(target[1:]) < 43.9]
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # All but the handle of a level line and those of a sampler's steps let a finger scroll.
    taking = page.evaluate(
        """() => [...document.querySelectorAll("*")]
            .filter((element) =>
                !/auto|pan-y|manipulation/.test(getComputedStyle(element).touchAction))
            .map((element) => element.className)"""
    )
    assert set(taking) <= {"grip", "handle"}


def test_a_level_line_is_dragged_at_its_handle_only(open_explorer):
    page = open_explorer(sampler("gpt2-spaceship", top=10), **SMALL)
    press = """([name, by]) => {
        const hold = document.querySelector(".hold[aria-label^='min-p']");
        const target = name === "grip" ? hold.querySelector(".grip") : hold;
        const { left, top, height } = target.getBoundingClientRect();
        const at = (type, y) => target.dispatchEvent(new PointerEvent(type, { bubbles: true,
            pointerId: 1, pointerType: "touch", clientX: left + 5,
            clientY: top + height / 2 + y }));
        Element.prototype.setPointerCapture = () => {};
        at("pointerdown", 0);
        at("pointermove", by);
        at("pointerup", by);
    }"""
    page.evaluate(press, ["line", -40])
    told = page.locator(".hold[aria-label^='min-p']").get_attribute("aria-valuenow")
    assert told == "0.05"
    page.evaluate(press, ["grip", -40])
    told = page.locator(".hold[aria-label^='min-p']").get_attribute("aria-valuenow")
    assert float(told) > 0.1


def test_in_a_readers_own_colours_everything_is_told_by_lines_too(open_explorer):
    options = {"forced_colors": "active", "color_scheme": "dark"}
    page = open_explorer(EXPLORERS["all parts"](), "#constant=100", **options)
    colours = """() => {
        const of = (css) => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = css;
            const { color } = getComputedStyle(probe);
            probe.remove();
            return color;
        };
        const texts = [...document.querySelectorAll(
            "svg :is([id*=tick_], [id*=-label-], .sticknames, [id$=-title]) text")];
        return [of("CanvasText"), [...new Set(texts.map((text) => getComputedStyle(text).fill))]];
    }"""
    ink, fills = page.evaluate(colours)
    assert fills == [ink]
    pressed = page.locator("button[aria-pressed=true]")
    assert pressed.evaluate("e => getComputedStyle(e).borderTopWidth") == "3px"
    page = open_explorer(EXPLORERS["many tokens cut"](), **options)
    bar = page.locator(".steps .left").last.evaluate("e => getComputedStyle(e).backgroundImage")
    assert "gradient" in bar
