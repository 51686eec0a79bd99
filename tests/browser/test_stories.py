"""The map of stories on a page: its cells, its words, its line, and what it says of them."""

import json
from itertools import pairwise

import numpy as np
import pytest

from softmax_temperature import SamplerChain, TextExplorer, load_story_model
from softmax_temperature.drawing.colours import SURPRISE
from softmax_temperature.drawing.stories import cells_of, column_edges, step_of
from softmax_temperature.model.texts import texts_of
from softmax_temperature.sampling import temper
from tests.browser.test_text import check_text, settle
from tests.helpers import axe_faults, becomes, comes_to, contrast, go_to, need

expect = need("playwright.sync_api").expect

MODEL = load_story_model()
PROMPT = "Once upon a time, there was a little"
STOPS = np.arange(201) / 100
LEFT, TOP, HEIGHT = 40, 4, 402
# Reads the boxes of all cells by their tint: left, low, high and right, in pixels.
CELLS = """() => [...document.querySelectorAll(".tints path")].map((path) =>
    [...path.getAttribute("d").matchAll(/M([\\d.]+) ([\\d.]+)V([\\d.]+)H([\\d.]+)V/g)]
        .map((found) => found.slice(1).map(Number)))"""


@pytest.fixture(scope="module")
def explorer():
    return TextExplorer(MODEL, PROMPT, length=40)


@pytest.fixture(scope="module")
def texts():
    return texts_of(MODEL, MODEL.encode(PROMPT), STOPS, 40, [0], temper)[0]


def opened(open_explorer, explorer, fragment="", **options):
    page = open_explorer(explorer, fragment, **options)
    settle(page, everywhere=True)
    return page


def pad(page):
    return page.locator(".stories .pad")


def spot(page, position, temperature):
    """Return where on the screen a token of the map is, at a temperature."""
    box = pad(page).bounding_box()
    edges = column_edges(40, box["width"] - 1, 44)
    across = (edges[position] + edges[position + 1]) / 2
    return box["x"] + across, box["y"] + box["height"] * (1 - (100 * temperature + 0.5) / 201)


def value_text(page):
    return pad(page).get_attribute("aria-valuetext")


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_the_cells_are_those_of_pythons_texts(open_explorer, explorer, texts):
    page = opened(open_explorer, explorer)
    width = page.locator(".stories .picture").evaluate("picture => picture.clientWidth")
    edges = np.add(column_edges(40, width - LEFT - 1, 44), LEFT)
    expected = [[] for _ in range(5)]
    for position, first, last in cells_of([text.tokens for text in texts]):
        level = np.searchsorted(SURPRISE, texts[first].bits[position], "right")
        low, high = (TOP + HEIGHT * (1 - stop / 201) for stop in (first, last + 1))
        expected[level].append([edges[position], low, high, edges[position + 1]])
    for level, boxes in enumerate(page.evaluate(CELLS)):
        assert len(boxes) == len(expected[level])
        # They are drawn word by word, and are expected column by column from below.
        boxes.sort(key=lambda box: (box[0], -box[1]))
        np.testing.assert_allclose(
            np.array(boxes).reshape(-1, 4), np.reshape(expected[level], (-1, 4)), atol=1.1
        )


@pytest.mark.parametrize("width", [1280, 768, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_within_their_cells_and_can_be_read(open_explorer, explorer, width, scheme):
    page = opened(
        open_explorer,
        explorer,
        "#T=0.5",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    names, fills, ink, line = page.evaluate(
        """() => [
            [...document.querySelectorAll(".texts text")].map((text) => {
                // As it stands there, upwards or not.
                const { left, top, width } = text.ownerSVGElement.getBoundingClientRect();
                const scale = text.ownerSVGElement.viewBox.baseVal.width / width;
                const box = text.getBoundingClientRect();
                return [box.left - left, box.top - top, box.right - left, box.bottom - top]
                    .map((edge) => edge * scale);
            }),
            [...document.querySelectorAll(".tints path")].map((path) => {
                const pen = document.createElement("canvas").getContext("2d");
                pen.fillStyle = getComputedStyle(path).fill;
                pen.fillRect(0, 0, 1, 1);
                return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
            }),
            getComputedStyle(document.querySelector(".texts text")).fill,
            document.querySelector(".stories .at").getAttribute("d"),
        ]"""
    )
    assert names
    # Upwards, where a column is narrow and its cell tall.
    assert width < 1280 or any(d - b > 1.2 * (c - a) for a, b, c, d in names)
    boxes = [(*box, level) for level, row in enumerate(page.evaluate(CELLS)) for box in row]
    ink = [float(part) / 255 for part in ink.removeprefix("rgb(").removesuffix(")").split(",")]
    for left, top, right, bottom in names:
        middle = (top + bottom) / 2
        own = [b for b in boxes if b[0] < right and left < b[3] + 1 and b[2] < middle < b[1]]
        assert min(box[0] for box in own) <= left
        assert right <= max(box[3] for box in own) + 1
        for _, low, high, _, level in own:
            assert high <= top + 3
            assert bottom - 3 <= low
            assert contrast(ink, [part / 255 for part in fills[level]]) >= 4.5
    for (a, b, c, d), (e, f, g, h) in pairwise(sorted(names)):
        assert not (a < g and e < c and b < h and f < d)
    # Where the line would cross a word it makes room.
    y = float(line.split("L")[1].split()[1])
    crossed = [box for box in names if box[1] + 3 < y < box[3] - 3]
    assert line.count("M") - 2 == len(crossed)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_line_is_dragged_and_a_cell_is_chosen_where_it_is_pressed(
    open_explorer, explorer, texts
):
    page = opened(open_explorer, explorer)
    page.mouse.move(*spot(page, 3, 1.5))
    page.mouse.down()
    comes_to(page, "#T=1.5&token=4")
    assert page.locator("[aria-selected=true]").text_content() == MODEL.pieces(texts[150].tokens)[3]
    page.mouse.move(*spot(page, 5, 1.33), steps=3)
    page.mouse.up()
    page.mouse.move(*spot(page, 5, 0.2))
    comes_to(page, "#T=1.33&token=4")
    line = page.locator(".stories .at").get_attribute("d")
    y = float(line.split("L")[1].split()[1])
    assert y == pytest.approx(TOP + HEIGHT * (1 - 133.5 / 201), abs=0.1)
    go_to(page, 0.4)
    # A token that the text no longer has is let go.
    comes_to(page, "#T=0.4")


def test_a_finger_drags_the_line_beside_its_axis_and_scrolls_on_the_cells(open_explorer, explorer):
    page = opened(open_explorer, explorer)
    assert [
        page.locator(f".stories {name}").evaluate("part => getComputedStyle(part).touchAction")
        for name in (".pad", ".grip")
    ] == ["pan-y", "none"]
    page.evaluate(
        """() => {
            window.touch = (name, kind, x, y) => {
                const part = document.querySelector(name);
                part.setPointerCapture = () => {};
                const { left, top, height } = part.getBoundingClientRect();
                const place = { clientX: left + x, clientY: top + height * (1 - y) };
                part.dispatchEvent(new PointerEvent(kind,
                    { ...place, pointerType: "touch", pointerId: 7, bubbles: true }));
            };
        }"""
    )
    touch = lambda *given: page.evaluate("given => touch(...given)", [*given])  # noqa: E731
    touch(".grip", "pointerdown", 9, 0.5)
    touch(".grip", "pointermove", 9, 60.5 / 201)
    touch(".grip", "pointerup", 9, 60.5 / 201)
    comes_to(page, "#T=0.6")
    touch(".stories .pad", "pointerdown", 9, 150.5 / 201)
    touch(".stories .pad", "pointermove", 9, 160.5 / 201)
    touch(".stories .pad", "pointercancel", 9, 160.5 / 201)
    assert page.evaluate("document.querySelector('.slider input').value") == "0.6"
    touch(".stories .pad", "click", 9, 160.5 / 201)
    comes_to(page, "#T=1.6&token=1")


def test_pointing_at_a_cell_says_its_text_its_range_and_its_surprise(
    open_explorer, explorer, texts
):
    page = opened(open_explorer, explorer)
    cells = cells_of([text.tokens for text in texts])
    rare = max(cells, key=lambda cell: texts[cell[1]].bits[cell[0]] if cell[2] > cell[1] else 0)
    position, first, last = rare
    page.mouse.move(*spot(page, position, (first + last) / 200))
    told = page.locator(".stories .tip")
    pieces = MODEL.pieces(texts[first].tokens)
    expect(told.locator("b")).to_have_text(pieces[position])
    chance = 2 ** -texts[first].bits[position]
    assert f"T = {first / 100:.2f} to {last / 100:.2f}." in told.text_content()
    (count,) = [
        float(part.replace(",", ""))
        for part in told.text_content().removesuffix(".").split("1 in ")[1:]
    ]
    assert count == pytest.approx(1 / chance, rel=0.05)
    assert "".join(pieces[:position])[-20:] in told.text_content()
    page.mouse.move(0, 0)
    expect(told).to_be_hidden()


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_keys_go_from_cell_to_cell_and_from_change_to_change(open_explorer, explorer, texts):
    page = opened(open_explorer, explorer, "#T=0")
    tokens = [text.tokens for text in texts]
    changes = [stop for stop in range(1, 201) if tokens[stop] != tokens[stop - 1]]
    assert 20 < len(changes) < 200
    for stop in changes[:3]:
        pad(page).press("ArrowUp")
        comes_to(page, f"#T={stop / 100:g}")
    pad(page).press("ArrowDown")
    comes_to(page, f"#T={(changes[2] - 1) / 100:g}")
    pad(page).press("Home")
    comes_to(page, "#T=0")
    pad(page).press("ArrowRight")
    comes_to(page, "#T=0&token=1")
    first = next(stop for stop in range(201) if tokens[stop][0] != tokens[0][0])
    assert value_text(page).startswith(f"T = 0.00: “ {MODEL.pieces(tokens[0])[0].strip()}” after")
    assert f"It is there at T = 0.00 to {(first - 1) / 100:.2f}." in value_text(page)
    assert f"A surprise of {texts[0].bits[0]:.1f} bits." in value_text(page)
    pad(page).press("ArrowUp")
    comes_to(page, f"#T={first / 100:g}")
    # The first token is another one now: what was chosen is not there.
    assert "".join(MODEL.pieces(tokens[first])) in value_text(page)
    pad(page).press("End")
    comes_to(page, "#T=2")
    assert int(float(pad(page).get_attribute("aria-valuenow"))) == 2
    pad(page).press("Tab")
    becomes(page, "!document.activeElement.closest('.stories')")


def test_a_word_stays_where_it_was_written_while_the_map_grows(open_explorer, explorer):
    page = opened(open_explorer, explorer)
    page.evaluate(
        """() => {
            // Each time that it is asked for, the time is a second later: nothing waits.
            let time = performance.now();
            performance.now = () => (time += 1000);
            window.seen = [];
            new MutationObserver(() => {
                seen.push([...document.querySelectorAll(".texts text")]
                    .map((text) => text.outerHTML));
            }).observe(document.querySelector(".texts"), { childList: true });
        }"""
    )
    page.get_by_role("button", name="Other dice").click()
    settle(page, everywhere=True)
    seen = [set(names) for names in page.evaluate("seen")]
    assert len(seen) > 20
    assert not seen[0]
    for before, after in pairwise(seen):
        assert before <= after


def test_a_map_of_few_stops_and_tokens_is_drawn_too(open_explorer):
    page = opened(open_explorer, TextExplorer(MODEL, "The dragon", [0, 1, 2], length=2))
    (rows,) = texts_of(MODEL, MODEL.encode("The dragon"), [0, 1, 2], 2, [0], temper)
    cells = cells_of([text.tokens for text in rows])
    assert sum(map(len, page.evaluate(CELLS))) == len(cells)
    marks = page.locator(".stories .axis text").all_text_contents()
    assert marks == ["1", "2", "0.0", "0.5", "1.0", "1.5", "2.0"]


def take(page, steps, number):
    """Go to a token of the text by keys, then to the button beside a rival, and press it."""
    page.evaluate("document.querySelector('[role=listbox]').focus()")
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
    for _ in range(3 + number):
        page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("Enter")
    return name


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_a_reader_takes_tokens_and_takes_them_back_by_keys_alone(open_explorer):
    explorer = TextExplorer(MODEL, PROMPT, length=20)
    page = opened(open_explorer, explorer, "#T=1.3")
    explorer.temperature = 1.3
    first = explorer.choose(1)
    drawn = explorer._written().new
    likeliest = [int(i) for i in np.argsort(-first.logits, kind="stable")[:8]]
    rivals = [first.tokens[i] for i in likeliest if i != drawn[1]]
    # The map, the forest and then the buttons follow the text.
    name = take(page, 2, 1)
    assert name == f"Take “{rivals[1].replace(' ', '·')}”: the text goes on from there"
    explorer.take(1, rivals[1])
    check_text(page, explorer)
    one = f"{drawn[0]}.{MODEL.tokens.index(rivals[1])}"
    comes_to(page, f"#T=1.3&token=2&taken={one}")
    assert page.locator("[role=option].taken").all_text_contents() == [rivals[1]]
    assert page.evaluate("document.activeElement.role") == "listbox"
    spoken = page.locator(".softmax-temperature [role=status]").all_text_contents()[1]
    assert spoken.startswith("You have taken “")
    # At another temperature it goes on from there, too; and a second one is taken behind it.
    go_to(page, 0.2)
    explorer.temperature = 0.2
    check_text(page, explorer)
    settle(page, everywhere=True)
    third = explorer.choose(4)
    take(page, 3, 0)
    best = [int(i) for i in np.argsort(-third.logits, kind="stable")[:2]]
    explorer.take(4, next(i for i in best if i != explorer._written().new[4]))
    check_text(page, explorer)
    page.locator(".takeable .own button").press("Enter")
    explorer.rewind(4)
    check_text(page, explorer)
    comes_to(page, f"#T=0.2&token=5&taken={one}")


def test_what_is_taken_is_in_the_address_and_a_wrong_one_is_refused(open_explorer):
    explorer = TextExplorer(MODEL, "The dragon", length=20)
    explorer.take(2, " little")
    explorer.take(4, ".")
    runs = ",".join(".".join(map(str, run)) for run in explorer._state["taken"])
    fresh = TextExplorer(MODEL, "The dragon", length=20)
    page = opened(open_explorer, fresh, f"#taken={runs}&token=3")
    check_text(page, explorer)
    assert page.locator("[role=option].taken").all_text_contents() == [" little", "."]
    # What was taken later goes, too.
    page.get_by_role("button", name="Take back “·little”").click()
    check_text(page, fresh)
    comes_to(page, "#token=3")
    page.evaluate("history.back()")
    check_text(page, explorer)
    # Another beginning has nothing of it.
    page.locator("[aria-label=Prompt]").fill("Lily")
    page.locator("[aria-label=Prompt]").press("Enter")
    check_text(page, TextExplorer(MODEL, "Lily", length=20))
    for wrong in ("2", "512", "3.-1", "a", "3..4", "1.5e3"):
        page.evaluate("text => (location.hash = text)", f"taken={wrong}")
        expect(page.locator("p.address")).to_contain_text("taken must be numbers of tokens")


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_a_text_is_held_beside_by_keys_alone_and_all_that_differs_is_marked(open_explorer):
    explorer = TextExplorer(MODEL, PROMPT, length=20)
    page = opened(open_explorer, explorer, "#T=1.3")
    page.get_by_role("button", name="Hold as B", exact=True).press("Enter")
    comes_to(page, "#T=1.3&beside=T:1.3")
    explorer.beside = (1.3, None)
    for temperature in (1.3, 0.3):
        go_to(page, temperature)
        explorer.temperature = temperature
        check_beside(page, explorer)
    page.evaluate("location.hash = 'T=0.9&beside=top-k:40,T:2,min-p:0.1'")
    explorer.temperature = 0.9
    explorer.beside = (2, SamplerChain([("top_k", 40), ("temperature", 1), ("min_p", 0.1)]))
    check_beside(page, explorer)
    assert page.locator(".setting").all_text_contents() == [
        "A: T = 0.90",
        "B, held: top-k 40, T = 2.00, min-p 0.1",
    ]
    page.get_by_role("button", name="Let B go", exact=True).press("Enter")
    explorer.beside = None
    check_text(page, explorer)
    comes_to(page, "#T=0.9")
    for wrong in ("0.7", "T:-1", "top-p:0.5", "T:1,T:2", "T:1,best:3", "T:1,top-p:2"):
        page.evaluate("text => (location.hash = text)", f"beside={wrong}")
        becomes(page, "document.querySelector('p.address').textContent")
        assert page.locator(".setting").count() == 1
        page.evaluate("location.hash = 'T=0.9'")
        says(page, "p.address", "")


def says(page, selector, text):
    """Wait until an element has a text."""
    becomes(
        page, f"document.querySelector({json.dumps(selector)}).textContent === {json.dumps(text)}"
    )


def check_beside(page, explorer):
    """Compare the two texts, and the marks in them, with Python's."""
    settle(page)
    says(page, ".sentences p", explorer._caption())
    own, other = explorer._written().new, explorer._text_beside()
    differing = [i for i in range(20) if own[i] != other[i]]
    for selector, tokens in (("[role=option]", own), (".token", other)):
        parts = page.locator(f".story {selector}")
        assert parts.all_text_contents() == MODEL.pieces(tokens)
        marks, forks, lines = parts.evaluate_all(
            """parts => ["other", "fork"].map((name) => [...parts.keys()].filter((i) =>
                parts[i].classList.contains(name))).concat([parts.map((part) =>
                getComputedStyle(part).textDecorationLine)])"""
        )
        assert marks == differing
        assert forks == differing[:1]
        assert [i for i in range(20) if lines[i] == "overline"] == differing


ROWS = """() => [...document.querySelectorAll(".forest .rows")]
    .filter((rows) => rows.checkVisibility()).map((rows) =>
    [...rows.querySelectorAll("path:not(.pointed)")].map((path) =>
        [...(path.getAttribute("d") ?? "").matchAll(/M(\\d+) (\\d+)/g)]
            .map((found) => found.slice(1).map(Number))))"""


def check_forest(page, explorer, settings):
    """Compare the cells of each panel with Python's texts of 24 dice."""
    ids = MODEL.encode(explorer.prompt)
    expected = []
    for temperature, chain in settings:
        seeds = range(explorer.seed, explorer.seed + 24)
        step = step_of(chain)
        rows = texts_of(MODEL, ids, [temperature], explorer.length, seeds, step)
        cells = [[] for _ in range(5)]
        for row, (text,) in enumerate(rows):
            for position, level in enumerate(np.searchsorted(SURPRISE, text.bits, "right")):
                cells[level].append([position, row])
        expected.append(cells)
    becomes(page, f"JSON.stringify(({ROWS})()) === '{json.dumps(expected, separators=(',', ':'))}'")
    return expected


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_a_forest_has_the_texts_of_python_and_each_row_can_be_read(open_explorer):
    explorer = TextExplorer(MODEL, "And they lived happily ever after.", length=12)
    page = opened(open_explorer, explorer, "#T=1.5&dice=3")
    explorer.seed = 3
    page.locator(".forest summary").press("Enter")
    check_forest(page, explorer, [(1.5, None), (1.0, None)])
    titles = page.locator(".forest .title").all_text_contents()
    assert titles[0].startswith("T = 1.50: ")
    assert titles[1].startswith("T = 1.00: ")
    # With what is held beside in place of T = 1.
    page.get_by_role("button", name="Hold as B", exact=True).press("Enter")
    explorer.chain = SamplerChain([("temperature", 1), ("top_k", 3)])
    page.evaluate("location.hash = 'T=0.7&top-k=3&dice=3&beside=T:1.5'")
    check_forest(
        page, explorer, [(0.7, SamplerChain([("temperature", 0.7), ("top_k", 3)])), (1.5, None)]
    )
    rows = page.locator(".forest .rows").first
    for key, seed in (("ArrowDown", 3), ("ArrowDown", 4), ("End", 26), ("ArrowUp", 25)):
        rows.press(key)
        explorer.seed, explorer.temperature = seed, 0.7
        new = "".join(explorer._pieces(explorer._written())).strip()
        assert rows.get_attribute("aria-valuetext") == f"Dice {seed}: {new}"
        says(page, ".forest .read", f"Dice {seed}: {new}")
    box = rows.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + box["height"] * 4.5 / 24)
    becomes(page, "document.querySelector('.forest .read').textContent.startsWith('Dice 7: ')")
    # Alone, temperature 1 is compared with nothing.
    page.evaluate("location.hash = 'T=1&dice=3'")
    explorer.seed, explorer.chain = 3, None
    check_forest(page, explorer, [(1.0, None)])


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_all_of_it_has_no_fault_that_axe_knows(open_explorer, width, scheme):
    explorer = TextExplorer(MODEL, "The dragon", length=20)
    explorer.take(3, " little")
    explorer.beside = (0.3, None)
    page = opened(
        open_explorer,
        explorer,
        "#T=1.7&token=4",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    page.locator(".forest summary").click()
    settle(page, everywhere=True)
    pad(page).press("ArrowRight")
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
