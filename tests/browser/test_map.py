"""The map of draws on a page: areas, names, the point that is both T and dice, and its words."""

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, TokenTable, load_example
from softmax_temperature.drawing.maps import areas_of
from tests.helpers import RANKED, RANKED_TOKENS, comes_to, go_to, gpt2_logits, need, softmax, write

expect = need("playwright.sync_api").expect
everywhere = pytest.mark.engines("chromium", "firefox", "webkit")

STOPS = np.arange(201) / 100
# Reads the map as shares of its axes: borders of areas at every T, names, and what moves.
READ = """() => {
    const root = document.querySelector(".softmax-temperature svg");
    const find = (id) => root.querySelector(`[id$="-${id}"]`);
    const frame = find("axes-map").querySelector("[id*='-patch_'] path").getBBox();
    const share = ([x, y]) => [(x - frame.x) / frame.width, 1 - (y - frame.y) / frame.height];
    const shown = (id) => find(id).style.display !== "none";
    const moved = (id) => find(id).getAttribute("transform")?.match(/-?[\\d.]+/g).map(Number);
    const numbers = [...Array(40).keys()].filter((i) => find(`area-${i}`));
    return {
        areas: numbers.map((i) => find(`area-${i}`).getAttribute("d").match(/-?[\\d.]+ -?[\\d.]+/g)
            .map((pair) => share(pair.split(" ").map(Number)))),
        fills: numbers.map((i) => getComputedStyle(find(`area-${i}`)).fill),
        names: [...root.querySelectorAll("[id*='-areaname-']")].map((text) => text.textContent),
        across: shown("map-cursor") ? (moved("map-cursor")[0] - frame.x) / frame.width : null,
        level: shown("map-level") ? 1 - (moved("map-level")[1] - frame.y) / frame.height : null,
        point: shown("map-point") ? share(moved("map-point")) : null,
        dots: shown("map-dots") ? [...find("map-dots").children].map((dot) =>
            1 - (dot.getAttribute("cy") - frame.y) / frame.height) : [],
        pixel: 1 / frame.height,
        word: document.querySelector(".softmax-temperature-head b").textContent.trim(),
        spoken: document.querySelector(".pad").getAttribute("aria-valuetext"),
    };
}"""


def pad(page):
    return page.locator(".pad")


def spot(page, across, up):
    """Return where on the screen a place of the map is."""
    box = pad(page).bounding_box()
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]


@everywhere
def test_areas_names_point_and_dots_are_pythons(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("wonderful-day")))
    seen = page.evaluate(READ)
    ends = np.array([np.cumsum([0, *softmax(RANKED, stop)]) for stop in STOPS])
    assert len(seen["areas"]) == 6
    for number, points in enumerate(seen["areas"]):
        points = np.array(points)
        assert len(points) == 2 * len(STOPS)
        np.testing.assert_allclose(points[:201, 0], STOPS / 2, atol=1e-3)
        np.testing.assert_allclose(points[:201, 1], ends[:, number], atol=seen["pixel"])
        np.testing.assert_allclose(points[:200:-1, 1], ends[:, number + 1], atol=seen["pixel"])
    assert seen["names"][:2] == ["day", "experience"]
    assert len(set(seen["fills"])) == 6
    assert seen["point"] is seen["level"] is None
    page.get_by_role("button", name="Draw", exact=True).click()
    first = np.random.default_rng(21).random()
    for temperature in (0, 0.5, 0.9, 1.37, 2):
        go_to(page, temperature)
        seen = page.evaluate(READ)
        assert seen["across"] == pytest.approx(temperature / 2, abs=1e-4)
        assert seen["level"] == pytest.approx(first, abs=1e-4)
        assert seen["point"] == pytest.approx([temperature / 2, first], abs=1e-4)
        rank = np.searchsorted(np.cumsum(softmax(RANKED, temperature)), first, side="right")
        assert seen["word"] == RANKED_TOKENS[rank]
        assert seen["spoken"].endswith(f"dice: {first:.2f}: {RANKED_TOKENS[rank]}")
    page.get_by_role("button", name="Draw 100", exact=True).click()
    seen = page.evaluate(READ)
    numbers = np.random.default_rng([21, 100, 1]).random(100)
    assert seen["dots"] == pytest.approx(numbers.tolist(), abs=1e-3)
    assert seen["point"] is None


@everywhere
def test_the_point_is_dragged_and_moved_by_keys(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("wonderful-day")))
    page.mouse.move(*spot(page, 0.25, 0.5))
    page.mouse.down()
    for across, up in ((0.4, 0.7), (0.45, 0.78)):
        page.mouse.move(*spot(page, across, up))
        seen = page.evaluate(READ)
        assert seen["point"] == pytest.approx([across, up], abs=0.01)
        temperature = 2 * seen["point"][0]
        rank = np.searchsorted(np.cumsum(softmax(RANKED, temperature)), seen["level"], "right")
        assert seen["word"] == RANKED_TOKENS[rank]
    page.mouse.up()
    page.mouse.move(*spot(page, 0.1, 0.1))
    assert page.evaluate(READ)["point"] == pytest.approx([0.45, 0.78], abs=0.01)
    pad(page).evaluate("element => element.focus()")
    write(page, ".slider input[type=text]", "0.9")
    before = page.evaluate(READ)["point"]
    moves = {
        "ArrowRight": (0.005, 0),
        "ArrowLeft": (-0.005, 0),
        "ArrowUp": (0, 0.01),
        "ArrowDown": (0, -0.01),
        "PageUp": (0, 0.1),
        "PageDown": (0, -0.1),
    }
    for key, (across, up) in moves.items():
        pad(page).press(key)
        now = page.evaluate(READ)["point"]
        assert now == pytest.approx([before[0] + across, before[1] + up], abs=2e-4), key
        before = now
    pad(page).press("Home")
    assert page.evaluate(READ)["across"] == pytest.approx(0, abs=1e-6)
    pad(page).press("End")
    assert page.evaluate(READ)["across"] == pytest.approx(1, abs=1e-6)


def test_the_address_keeps_the_point(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("wonderful-day")), "#T=0.9&place=0.78")
    assert page.evaluate(READ)["point"] == pytest.approx([0.45, 0.78], abs=1e-4)
    pad(page).press("ArrowUp")
    comes_to(page, "#T=0.9&place=0.79")


def test_pointing_says_the_very_token_however_small(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("gpt2-spaceship"), top=10))
    assert page.evaluate(READ)["names"][0] == "·planet"
    tip = page.locator(".pad .tip")
    assert tip.is_hidden()
    for across, up in ((0.2, 0.4), (0.5, 0.95), (0.9, 0.97)):
        page.mouse.move(*spot(page, across, up))
        box = pad(page).bounding_box()
        x, y = spot(page, across, up)
        temperature = round(200 * (x - box["x"]) / box["width"]) / 100
        place = round(1 - (y - box["y"]) / box["height"], 4)
        weights = np.exp((gpt2_logits() - gpt2_logits()[0]) / temperature)
        rank = int(np.searchsorted(np.cumsum(weights) / weights.sum(), place, side="right"))
        share = weights[rank] / weights.sum()
        said = tip.text_content()
        assert f", number {rank + 1:,}: " in said
        if share < 0.01:
            count = int(said.rpartition("1 in ")[2].replace(",", ""))
            assert count == pytest.approx(1 / share, rel=0.051)
        else:
            assert float(said.rpartition(": ")[2].strip("<>")) == pytest.approx(share, abs=0.0051)
    page.mouse.move(1, 1)
    assert tip.is_hidden()


def test_typed_words_have_areas_of_their_own(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("wonderful-day")))
    page.locator(".editor summary").click()
    write(page, ".editor input[aria-label='Word 1']", "fjord")
    write(page, ".editor input[aria-label='Logit 2']", "-inf")
    seen = page.evaluate(READ)
    assert len(seen["areas"]) == 5
    assert "fjord" in seen["names"]
    tops = [np.array(points)[200, 1] for points in seen["areas"]]
    # At T = 2, where the first side ends.
    kept = sorted([5.0, 2.0, 4.5, 3.0, 2.7], reverse=True)
    np.testing.assert_allclose(tops, np.cumsum([0, *softmax(kept, 2)])[:-1], atol=seen["pixel"])


@pytest.mark.parametrize("width", [1280, 768, 360])
@pytest.mark.parametrize("example", ["wonderful-day", "gpt2-spaceship"])
def test_no_name_overlaps_another_or_leaves_its_area(open_explorer, example, width):
    table = load_example(example)
    options = {"top": 10} if len(table.tokens) > 100 else {}
    page = open_explorer(
        TemperatureExplorer(table, **options), viewport={"width": width, "height": 800}
    )
    boxes, frame = page.evaluate(
        """() => {
            const root = document.querySelector(".softmax-temperature svg");
            const of = (element) => {
                const { left, top, right, bottom } = element.getBoundingClientRect();
                return [left, top, right, bottom];
            };
            const axes = root.querySelector("[id$='-axes-map'] > [id*='-patch_'] path");
            const names = [...root.querySelectorAll("[id*='-areaname-']")];
            return [names.map((text) => [Number(text.id.match(/\\d+$/)[0]), of(text)]), of(axes)];
        }"""
    )
    assert boxes
    left, top, right, bottom = frame
    ends = areas_of(table).ends(STOPS.tolist())
    for number, (x0, y0, x1, y1) in boxes:
        inside = ((x0 - left) / (right - left) <= STOPS / 2) & (
            (x1 - left) / (right - left) >= STOPS / 2
        )
        # Letters are lower than their line.
        low, high = ((bottom - y) / (bottom - top) for y in (y1 - 2, y0 + 2))
        assert low >= ends[inside, number].max() - 1e-6
        assert high <= ends[inside, number + 1].min() + 1e-6
        assert left <= x0 < x1 <= right
    for i, (_, a) in enumerate(boxes):
        for _, b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 2 or b[3] <= a[1] + 2


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_names_of_narrow_areas_are_tied_to_them(open_explorer, width):
    table = load_example("gpt2-spaceship")
    page = open_explorer(
        TemperatureExplorer(table, top=10), viewport={"width": width, "height": 800}
    )
    frame, found = page.evaluate(
        """() => {
            const root = document.querySelector(".softmax-temperature svg");
            const of = (element) => {
                const { left, top, right, bottom } = element.getBoundingClientRect();
                return [left, top, right, bottom];
            };
            const axes = root.querySelector("[id$='-axes-map'] > [id*='-patch_'] path");
            const tied = [...root.querySelectorAll("[id*='-tiedname-']")];
            return [of(axes), tied.map((text) => {
                const [tie, dot] = [text.nextSibling, text.nextSibling.nextSibling];
                return [Number(text.id.match(/\\d+$/)[0]), of(text), of(dot)];
            })];
        }"""
    )
    left, top, right, bottom = frame
    names = {number for number, _, _ in found}
    # In the middle layout the first ones have less room.
    assert names >= set(range(3 if width == 768 else 2, 8))
    ends = areas_of(table).ends(STOPS.tolist())
    for number, (x0, y0, x1, _), dot in found:
        stop = round(200 * ((dot[0] + dot[2]) / 2 - left) / (right - left))
        level = (bottom - (dot[1] + dot[3]) / 2) / (bottom - top)
        assert ends[stop, number] <= level <= ends[stop, number + 1]
        # Its letters stand in the first area.
        reach = int(np.ceil(200 * (x1 - left) / (right - left)))
        assert (bottom - y0 - 2) / (bottom - top) <= ends[reach, 1]
        assert left <= x0
    boxes = [box for _, box, _ in found]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 3 or b[3] <= a[1] + 3


def test_a_table_of_one_token_has_a_map(open_explorer):
    page = open_explorer(TemperatureExplorer(TokenTable(["only"], [3.0])))
    assert page.evaluate(READ)["names"] == ["only"]
    pad(page).press("ArrowUp")
    assert page.evaluate(READ)["word"] == "only"
