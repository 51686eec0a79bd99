"""The explorer as one HTML file: what a browser makes of it offline."""

import math
import socket
from html import escape

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, TokenTable, load_example
from softmax_temperature.words import in_text
from tests.helpers import (
    FIRST_NUMBER,
    NASTY,
    RANKED,
    axe_faults,
    becomes,
    check_instrument,
    contrasts,
    cut_off,
    decades,
    go_to,
    gpt2_shares,
    heading,
    instrument,
    pause,
    resize,
    settle,
    six,
    softmax,
)

pytestmark = pytest.mark.engines("chromium", "firefox", "webkit")
# What is ours alone: tests/browser/test_engine.py holds the numbers themselves in each engine.
in_one = pytest.mark.engines("chromium")
in_playwright = pytest.mark.engines("chromium", "firefox")


SLIDER, FIELD = ".slider input[type=range]", ".slider input[type=text]"
# All stops of the slider in one engine, and some of them in the others.
STOPS = list(range(201))
SOME_STOPS = [0, 50, 100, 137, 200]

MEASURE = """(stops) => {
    const slider = document.querySelector(".slider input");
    const root = document.querySelector(".softmax-temperature svg");
    // Without the bars' edges, which some browsers count.
    for (const bar of root.querySelectorAll("[id*='-bar-'] path")) bar.style.stroke = "none";
    const box = (id) => root.querySelector(`[id$="-${id}"]`).getBoundingClientRect();
    const frame = root.querySelector("[id$='-axes-bars'] > [id*='-patch_'] path");
    const axis = frame.getBoundingClientRect();
    const rows = stops.map((stop) => {
        slider.value = stop / 100;
        slider.dispatchEvent(new Event("input"));
        const count = root.querySelectorAll("[id*='-bar-']").length;
        return {
            value: slider.value,
            heights: Array.from({length: count}, (_, i) => box(`bar-${i}`).height / axis.height),
            widths: Array.from({length: count}, (_, i) => box(`bar-${i}`).width / axis.width),
            title: root.querySelector("title").textContent,
            caption: document.querySelector(".softmax-temperature p").textContent,
            readout: document.querySelector(".slider [type=text]").value,
            spoken: slider.getAttribute("aria-valuetext"),
        };
    });
    return [axis.height, axis.width, rows];
}"""


def measure(page, stops):
    """Read what the bars show at these hundredths: height and width of the axis, and all rows."""
    height, width, rows = page.evaluate(MEASURE, stops)
    return height, width, dict(zip(stops, rows, strict=True))


@pytest.fixture
def stops(engine):
    """Give the stops to go to in this engine."""
    return STOPS if engine == "chromium" else SOME_STOPS


@in_one
def test_the_page_of_an_explorer_that_was_displayed_works(open_explorer):
    """It was dead once: run all, then export, is the usual order."""
    explorer = six()
    explorer.temperature = 0.5
    explorer._repr_mimebundle_()
    height, _, rows = measure(open_explorer(explorer), SOME_STOPS)
    for stop, row in rows.items():
        assert row["heights"] == pytest.approx(softmax(RANKED, stop / 100), abs=1 / height)


def test_the_hatching_of_the_last_bar_is_not_scaled(open_explorer):
    """Firefox draws a hatching anew for each scale, for up to two seconds."""
    page = open_explorer(TemperatureExplorer(load_example("gpt2-spaceship"), top=20))
    hatch = "document.querySelector('.softmax-temperature pattern').outerHTML"
    before = page.evaluate(hatch)
    page.locator(SLIDER).press("End")
    assert page.evaluate(hatch) == before
    assert "transform" not in before.lower()
    bars = page.locator(".softmax-temperature svg [id*='-bar-']")
    assert bars.count() == 21
    # What turns a bar's points into pixels is the same along and across.
    matrices = bars.evaluate_all(
        """bars => bars.map((bar) => {
            const { a, b, c, d } = bar.querySelector("path").getScreenCTM();
            return [a - d, b, c];
        })"""
    )
    assert all(abs(number) < 1e-6 for matrix in matrices for number in matrix)


@in_one
def test_no_two_parts_have_the_same_id(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("gpt2-spaceship"), top=20))
    ids = page.locator("[id]").evaluate_all("parts => parts.map((part) => part.id)")
    assert len(ids) > 50
    assert len(ids) == len(set(ids))
    # What a part refers to is there: its hatching, and the shape of a mark.
    named = page.evaluate(
        """[...document.querySelectorAll(".softmax-temperature svg *")].flatMap((part) =>
            [...part.attributes].flatMap(({ localName, value }) => localName === "href"
                ? [value.slice(1)] : [...value.matchAll(/url\\(#([^)]*)\\)/g)].map((m) => m[1])))"""
    )
    assert len(named) > 50
    assert any("url" in style for style in styles_of(page))
    assert set(named) <= set(ids)


def styles_of(page):
    return page.locator(".softmax-temperature svg [style]").evaluate_all(
        "parts => parts.map((part) => part.getAttribute('style'))"
    )


def test_numbers_stand_at_their_bars_and_nowhere_else(open_explorer):
    """Once they stood on the outline, which readers took for the bar."""
    page = open_explorer(six())
    for temperature in (0, 0.5, 1, 1.4, 2):
        go_to(page, temperature)
        frame, boxes = page.evaluate(
            """() => {
                const root = document.querySelector(".softmax-temperature svg");
                const box = (id) => {
                    const { top, bottom } = root.querySelector(id).getBoundingClientRect();
                    return [top, bottom];
                };
                const frame = box("[id$='-axes-bars'] > [id*='-patch_'] path");
                const texts = [0, 1, 2, 3, 4, 5].map((i) => box(`[id$='-label-${i}'] text`));
                return [frame, texts];
            }"""
        )
        height = frame[1] - frame[0]
        gaps = []
        for p, (_, bottom) in zip(softmax(RANKED, temperature), boxes, strict=True):
            gaps.append(frame[1] - height * p - bottom)
        # The same gap for all, from the bar's end to the box of the text.
        assert np.ptp(gaps) < 1.5, (temperature, gaps)


def test_names_beside_dots_stand_where_there_is_room(open_explorer):
    page = open_explorer(six())
    for temperature, side in ((0.5, 1), (1.5, -1), (2, -1)):
        go_to(page, temperature)
        cursor, names = page.evaluate(
            """() => {
                const root = document.querySelector(".softmax-temperature svg");
                const ends = (part) => {
                    const { left, right } = part.getBoundingClientRect();
                    return [left, right];
                };
                const names = root.querySelectorAll("[id*='-dotname-'] text");
                return [ends(root.querySelector("[id$='-cursor'] path")), [...names].map(ends)];
            }"""
        )
        assert len(names) == 6
        for left, right in names:
            assert left > cursor[1] if side > 0 else right < cursor[0]


def test_the_bars_equal_pythons_softmax_at_all_201_stops(open_explorer, stops):
    height, _, rows = measure(open_explorer(six()), stops)
    for stop, row in rows.items():
        text = f"{stop / 100:.2f}"
        assert row["heights"] == pytest.approx(softmax(RANKED, stop / 100), abs=1 / height)
        assert row["title"] == heading(stop / 100)
        assert row["readout"] == row["spoken"] == text
        assert row["caption"].startswith(("Of 100 draws ", "Every draw would be “day”"))


def test_gpt2s_bars_equal_pythons_softmax_at_all_201_stops(open_explorer, stops):
    explorer = TemperatureExplorer(load_example("gpt2-spaceship"), top=20)
    _, width, rows = measure(open_explorer(explorer), stops)
    for stop, row in rows.items():
        assert row["widths"] == pytest.approx(decades(gpt2_shares(stop / 100)), abs=1 / width)


def typed(page):
    """Read the number beside the slider."""
    return page.locator(FIELD).evaluate("field => field.value")


def temperature(page):
    return page.evaluate(
        "[document.querySelector('.slider input').value,"
        " document.querySelector('.softmax-temperature svg title').textContent]"
    )


def at(value):
    return [f"{value:g}", heading(value)]


def address(page):
    return page.evaluate("location.hash")


def arrive(page, value):
    """Wait until the page has heard of its new address, and check what it shows then."""
    becomes(page, f"document.querySelector('.slider [type=text]').value === '{value:.2f}'")
    assert temperature(page) == at(value)


def test_the_keyboard_alone_reaches_and_moves_the_slider(open_explorer):
    page = open_explorer(six())
    for button in ("Draw", "Draw 100", "Other dice", "Clear"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == button
    for kind in ("text", "range"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == kind
    page.keyboard.press("ArrowRight")
    assert temperature(page) == at(1.01)
    page.keyboard.press("Home")
    assert temperature(page) == at(0)
    page.keyboard.press("End")
    assert temperature(page) == at(2)


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("size", [(1100, 800), (400, 900)])
def test_strip_dice_curves_and_marks_equal_pythons_softmax(open_explorer, size):
    page = open_explorer(six(), viewport=dict(zip(("width", "height"), size)))
    view = page.locator("main")
    assert instrument(view)["blank"].strip() == ""
    click(page, "Draw")
    for temperature in FIRST_NUMBER:
        go_to(page, temperature)
        check_instrument(view, temperature)
    click(page, "Draw 100")
    for temperature in FIRST_NUMBER:
        go_to(page, temperature)
        check_instrument(view, temperature, hundred=True)
    click(page, "Clear")
    seen = instrument(view)
    assert (seen["blank"].strip(), seen["dice"], seen["marks"]) == ("", False, [False] * 6)
    assert "◇" not in seen["caption"]


WORDS = """(stops) => {
    const slider = document.querySelector(".slider input");
    return stops.map((stop) => {
        slider.value = stop / 100;
        slider.dispatchEvent(new Event("input"));
        return document.querySelector(".softmax-temperature-head b").textContent;
    });
}"""


@in_one
@pytest.mark.parametrize("name", ["wonderful-day", "gpt2-spaceship"])
def test_each_number_lands_on_the_token_that_it_falls_on_at_all_201_stops(
    open_explorer, stops, name
):
    """In order of likelihood every cut moves left as T rises, so that words only get rarer."""
    table = load_example(name)
    page = open_explorer(TemperatureExplorer(table, top=20 if len(table.tokens) > 100 else None))
    logits = table.logits.astype(float)
    order = np.argsort(-logits, kind="stable")
    gaps = logits[order] - logits[order[0]]
    ends = [
        np.cumsum(weights / weights.sum())
        for stop in range(201)
        for weights in [np.exp(gaps / (stop / 100)) if stop else (gaps == 0).astype(float)]
    ]
    for number in np.random.default_rng(21).random(20)[:3]:
        click(page, "Draw")
        ranks = [int(np.searchsorted(row, number, side="right")) for row in ends]
        assert ranks == sorted(ranks)
        expected = [table.tokens[order[ranks[stop]]] for stop in stops]
        assert page.evaluate(WORDS, stops) == [in_text(token) for token in expected]


def test_a_click_in_the_curves_moves_the_temperature(open_explorer):
    page = open_explorer(six())
    box = page.locator(".softmax-temperature svg [id$='-axes-curves'] > [id*='-patch_'] path").first
    frame = box.bounding_box()
    page.mouse.click(frame["x"] + frame["width"] / 4, frame["y"] + frame["height"] / 2)
    assert temperature(page) == at(0.5)
    assert address(page) == "#T=0.5"
    page.mouse.click(frame["x"] + frame["width"] / 4, frame["y"] - 30)
    assert temperature(page) == at(0.5)


def test_draws_are_told_to_those_who_cannot_see_them(open_explorer):
    page = open_explorer(six(), paused=True)
    status = page.locator("[aria-live=polite]")
    click(page, "Draw")
    page.clock.run_for(600)
    told = "Temperature 1.00. It was a wonderful experience. Of 100 draws about 51"
    assert status.text_content().startswith(told)
    click(page, "Draw 100")
    page.clock.run_for(600)
    ends = np.cumsum(softmax(RANKED, 1))
    numbers = np.random.default_rng([21, 100, 1]).random(100)
    day, experience = np.bincount(np.searchsorted(ends, numbers, side="right"))[:2]
    told = f"Temperature 1.00. It was a wonderful day × {day}, experience × {experience}, "
    assert status.text_content().startswith(told)
    assert "◇ Of these 100 draws" in status.text_content()
    rows = page.locator(".told tbody tr").all_text_contents()
    assert rows[0] == f"day0.51{day}"


@in_one
@pytest.mark.parametrize(
    ("parts", "axes"), [(("bars",), ["bars"]), (("bars", "dice"), ["bars", "strip"])]
)
def test_parts_that_are_not_asked_for_are_not_there(open_explorer, parts, axes):
    page = open_explorer(six(parts=parts))
    click(page, "Draw 100")
    click(page, "Draw")
    found = page.locator(".softmax-temperature svg [id*='-axes-']").evaluate_all(
        "axes => axes.map((ax) => ax.id.split('-').at(-1)).sort()"
    )
    assert found == axes
    assert page.locator(".softmax-temperature-head b").text_content() == "experience"
    assert "as uncertain as" not in page.locator(".softmax-temperature p").text_content()


@in_one
def test_without_a_prompt_there_is_no_sentence(open_explorer):
    page = open_explorer(TemperatureExplorer(TokenTable(["a", "b"], [1, 2])))
    assert not page.locator(".softmax-temperature-head p").is_visible()
    click(page, "Draw")
    assert not page.locator(".softmax-temperature-head p").is_visible()


def test_the_mouse_drags_the_slider(open_explorer):
    page = open_explorer(six())
    box = page.locator(SLIDER).bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], y, steps=20)
    assert temperature(page) == at(2)
    page.mouse.move(box["x"], y, steps=20)
    assert temperature(page) == at(0)
    page.mouse.up()


def test_the_address_keeps_the_temperature(open_explorer):
    page = open_explorer(six(), "#T=0.7", paused=True)
    assert temperature(page) == at(0.7)
    page.locator(SLIDER).press("ArrowRight")
    assert address(page) == "#T=0.71"
    page.clock.run_for(300)
    page.locator(SLIDER).press("End")
    assert address(page) == "#T=2"
    page.clock.run_for(300)
    page.evaluate("history.back()")
    arrive(page, 0.71)
    page.evaluate("history.back()")
    arrive(page, 0.7)
    page.evaluate("history.forward()")
    arrive(page, 0.71)
    page.reload()
    arrive(page, 0.71)


def test_a_burst_of_key_presses_is_one_step_back(open_explorer):
    page = open_explorer(six(), paused=True)
    for _ in range(20):
        page.locator(SLIDER).press("ArrowLeft")
        page.clock.run_for(299)
    page.clock.run_for(1)
    assert address(page) == "#T=0.8"
    page.evaluate("history.back()")
    arrive(page, 1)


def test_no_key_press_is_lost_however_fast_they_come(open_explorer):
    page = open_explorer(six(), "#T=0", paused=True)
    page.evaluate(
        """() => {
            const slider = document.querySelector(".slider input");
            for (let stop = 1; stop <= 30; stop++) {
                slider.value = stop / 100;
                for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name));
            }
        }"""
    )
    page.clock.run_for(300)
    assert temperature(page) == at(0.3)
    assert address(page) == "#T=0.3"
    page.evaluate("history.back()")
    arrive(page, 0)


@in_playwright
@pytest.mark.parametrize("way", ["src", "srcdoc"])
def test_in_a_frame_the_page_leaves_the_history_alone(browser, tmp_path, way):
    text = six().to_html()
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    source = "page.html#T=0.7" if way == "src" else escape(text)
    (tmp_path / "course.html").write_text(f'<h1>Course</h1><iframe {way}="{source}"></iframe>')
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    pause(page)
    page.goto((tmp_path / "course.html").as_uri())
    before = page.evaluate("history.length")
    frame = page.frame_locator("iframe")
    for _ in range(3):
        frame.locator(SLIDER).press("ArrowRight")
        page.clock.run_for(300)
    assert typed(frame) == ("0.73" if way == "src" else "1.03")
    assert not frame.locator(".note").is_visible()
    assert page.evaluate("history.length") == before
    assert problems == []
    page.close()


def test_all_numbers_are_there_for_those_who_cannot_see_the_bars(open_explorer):
    page = open_explorer(six(value=0.5), paused=True)
    scopes = "heads => heads.map((head) => head.scope)"
    heads = page.locator(".told th")
    assert heads.evaluate_all(scopes) == ["col"] * 3 + ["row"] * 6
    # There are no draws yet.
    cells = page.locator(".told tr > :last-child")
    assert cells.evaluate_all("cells => cells.map((cell) => cell.hidden)") == [True] * 7
    assert page.locator(FIELD).get_attribute("aria-label").startswith("Temperature")
    assert page.locator(SLIDER).get_attribute("aria-valuetext") == "0.50"
    told = page.evaluate(
        """["labelledby", "describedby"].map((name) => document.getElementById(
            document.querySelector(".softmax-temperature svg").getAttribute(`aria-${name}`)
        ).textContent)"""
    )
    caption = page.locator(".softmax-temperature p").text_content()
    assert told == [heading(0.5), caption]
    rows = page.locator(".told tbody tr").all_text_contents()
    assert rows[:4] == ["day0.71", "experience0.26", "problem0.01", "challenge0.01"]
    page.locator(SLIDER).press("End")
    page.clock.run_for(600)
    rows = page.locator(".told tbody tr").all_text_contents()
    assert rows[0] == "day0.34"
    caption = page.locator(".told caption").text_content()
    assert caption == heading(2)


@in_playwright
def test_a_screen_reader_finds_all_numbers(open_explorer):
    page = open_explorer(six(value=0.5))
    assert "day 0.71" in page.locator(".softmax-temperature").aria_snapshot()


def test_a_screen_reader_is_told_once_after_a_change(open_explorer):
    page = open_explorer(six(), paused=True)
    status = page.locator("[aria-live=polite]")
    page.evaluate(
        """() => {
            window.told = [];
            const status = document.querySelector("[aria-live=polite]");
            new MutationObserver(() => told.push(status.textContent))
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.clock.run_for(10_000)
    assert status.text_content() == ""
    for _ in range(10):
        page.locator(SLIDER).press("ArrowRight")
        page.clock.run_for(599)
    assert page.evaluate("window.told") == []
    page.clock.run_for(1)
    page.clock.run_for(10_000)
    (told,) = page.evaluate("window.told")
    caption = page.locator(".softmax-temperature p").text_content()
    assert told == f"Temperature 1.10. {caption}"
    assert told.startswith("Temperature 1.10. Of 100 draws about 48 would be “day”")


def test_what_is_wrong_with_a_page_is_found(open_file, tmp_path):
    path = tmp_path / "page.html"
    body = "<main><p>x</p><img src='data:,'></main>"
    path.write_text(f"<html lang='en'><head><title>x</title></head><body>{body}</body></html>")
    page = open_file(path)
    ((rule, element, _),) = [fault for fault in axe_faults(page) if fault[0] == "image-alt"]
    assert (rule, element) == ("image-alt", '<img src="data:,">')
    assert [rule for rule, *_ in axe_faults(page, "main")] == ["image-alt"]
    assert axe_faults(page, "p") == []


@pytest.mark.parametrize("orient", ["v", "h"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_nothing_is_cut(open_explorer, scheme, orient):
    if orient == "v":
        explorer = six(("bars", "dice", "logits", "curves"), value=0)
    else:
        explorer = TemperatureExplorer(load_example("gpt2-spaceship"), value=0, top=20)
    size = {"width": 1400, "height": 800}
    page = open_explorer(explorer, viewport=size, color_scheme=scheme)
    for width in (1400, 768, 360):
        resize(page, width, 800)
        assert axe_faults(page) == []
        assert cut_off(page.locator("main")) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for item in contrasts(page.locator("main"), "Canvas"):
            assert item["contrast"] >= item["least"], item
        smallest = page.evaluate(
            """Math.min(...[...document.querySelectorAll("svg text")].map(text => {
                const svg = text.ownerSVGElement;
                const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                return parseFloat(getComputedStyle(text).fontSize) * scale;
            }))"""
        )
        assert smallest >= 9.9


def test_a_narrow_screen_gets_a_chart_of_its_own(open_explorer):
    page = open_explorer(six(), viewport={"width": 360, "height": 700})
    view_box = "document.querySelector('.softmax-temperature svg').viewBox.baseVal.width"
    narrow = page.evaluate(view_box)
    resize(page, 1100, 700)
    assert page.evaluate(view_box) > 500
    assert narrow < 300
    page.locator(SLIDER).press("Home")
    assert temperature(page) == at(0)
    resize(page, 360, 700)
    assert page.evaluate(view_box) < 300
    height, _, rows = measure(page, [50])
    assert rows[50]["heights"] == pytest.approx(softmax(RANKED, 0.5), abs=1 / height)


@in_one
@pytest.mark.parametrize("width", [360, 1100])
def test_no_text_of_lying_bars_overlaps_another_or_the_key(open_explorer, width):
    explorer = TemperatureExplorer(load_example("gpt2-spaceship"), top=20)
    page = open_explorer(explorer, viewport={"width": width, "height": 800})
    texts, overlaps = page.evaluate(
        """() => {
            const root = document.querySelector(".softmax-temperature svg");
            const slider = document.querySelector(".slider input");
            const key = [...root.querySelectorAll("[id*='-legend'] path")];
            const told = new Set();
            let texts;
            for (let stop = 0; stop <= 200; stop += 10) {
                slider.value = stop / 100;
                slider.dispatchEvent(new Event("input"));
                texts = [...root.querySelectorAll("text")].filter((text) => text.checkVisibility());
                const boxes = [...texts, ...key].map((part) => {
                    // A line of text is higher than its letters are.
                    const { left, right, top, bottom } = part.getBoundingClientRect();
                    const spare = part.tagName === "text" ? 0.2 * (bottom - top) : 0;
                    const name = part.textContent.trim() || "a sign of the key";
                    return { name, left, right, top: top + spare, bottom: bottom - spare };
                });
                boxes.slice(0, texts.length).forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
                    const beside = a.right < b.left + 1 || b.right < a.left + 1;
                    if (!beside && a.top < b.bottom && b.top < a.bottom)
                        told.add(`${a.name} and ${b.name} at ${slider.value}`);
                }));
            }
            return [texts.length, [...told]];
        }"""
    )
    assert texts > 50
    assert overlaps == []


def test_the_slider_stays_when_text_is_enlarged(open_explorer):
    page = open_explorer(six(), viewport={"width": 360, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    settle(page)
    assert page.locator(SLIDER).bounding_box()["width"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("orient", ["v", "h"])
def test_wide_characters_are_not_cut_off(open_explorer, orient):
    long = "日本語の長い長い長いトークンですよね本当に長い"
    tokens = [f"{long}{i}" for i in range(9)] + ["😀" * 20, "שלום עולם " * 5, "W" * 50]
    explorer = TemperatureExplorer(TokenTable(tokens, range(12)), orient=orient)
    page = open_explorer(explorer)
    for width in (1400, 768, 521, 519, 360, 320):
        resize(page, width, 800)
        assert cut_off(page.locator("main")) == [], width


def test_the_policy_stops_and_tells_what_is_not_the_pages_own(open_explorer):
    page = open_explorer(six())
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        page.evaluate(
            """(elsewhere) => {
                const added = document.body.appendChild(document.createElement("div"));
                added.innerHTML = `<img src="${elsewhere}/a.png"><p onclick="ran = true"></p>
                    <link rel="stylesheet" href="${elsewhere}/a.css">`;
                added.querySelector("p").click();
                added.appendChild(document.createElement("script")).textContent = "ran = true";
                fetch(elsewhere).catch(() => {});
            }""",
            f"http://127.0.0.1:{elsewhere.getsockname()[1]}",
        )
        becomes(page, "problems.length >= 5")
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    told = page.evaluate("problems.splice(0).map((problem) => problem.split(' forbids ')[0])")
    kinds = ["connect-src", "img-src", "script-src-attr", "script-src-elem", "style-src-elem"]
    assert sorted(told) == kinds
    assert page.evaluate("typeof ran") == "undefined"
    # Drivers tell of the same.
    page.problems.clear()
    page.requests.clear()


def test_nasty_tokens_neither_break_the_page_nor_run(open_explorer):
    page = open_explorer(TemperatureExplorer(TokenTable(NASTY, range(10)), value=0, orient="v"))
    names = page.locator(".softmax-temperature svg text").all_text_contents()
    assert {'"quoted"', "it's", "&amp;", "<!--", "{{data}}", "${x}`", "a\\x00b"} <= set(names)
    assert page.evaluate("document.scripts.length") == 2
    assert "would be “${x}`”" in page.locator(".softmax-temperature p").text_content()
    height, _, rows = measure(page, [100])
    assert rows[100]["heights"] == pytest.approx(softmax(list(range(9, -1, -1)), 1), abs=1 / height)


@in_playwright
def test_without_javascript_the_sentence_is_there(browser, tmp_path):
    six(value=0.5).to_html(tmp_path / "plain.html")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "plain.html").as_uri())
    assert "Of 100 draws about 71 would be “day”" in page.locator("main").inner_text()
    context.close()


def test_other_stops_have_a_slider_of_their_own(open_explorer):
    explorer = TemperatureExplorer(
        load_example("wonderful-day"), temperatures=np.linspace(0.5, 1.5, 9), value=1.25
    )
    page = open_explorer(explorer)
    assert temperature(page)[0] == "1.25"
    page.locator(SLIDER).press("ArrowRight")
    assert temperature(page) == ["1.375", heading(1.375, "1.375")]
    assert math.isclose(float(page.locator(SLIDER).get_attribute("step")), 0.125)


def test_a_bar_tells_what_is_known_of_it_by_pointer_and_by_keys(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("gpt2-spaceship"), top=10, value=2))
    bars = page.locator(".tips")
    tip = page.locator(".tips .tip")
    assert not tip.is_visible()
    area, row = page.evaluate(
        """() => [".tips", "[id$='-bar-2'] path"].map((name) => {
            const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
            return [x, y, width, height];
        })"""
    )
    page.mouse.move(area[0] + area[2] / 2, row[1] + row[3] / 2)
    share, before = gpt2_shares(2)[2], gpt2_shares(1)[2]
    lines = [
        "·station, rank 3 of 50,257",
        f"{share:.2%}, 1 in {float(f'{1 / share:.1e}'):,.0f}".replace("%", " %"),
        f"T = 1: {before:.2%}".replace("%", " %"),
    ]
    assert tip.evaluate("tip => tip.innerText") == "\n".join(lines)
    page.mouse.move(1, 1)
    assert not tip.is_visible()
    # One stop of the Tab key, moved by arrows, its value in words.
    bars.evaluate("bars => bars.focus()")
    page.keyboard.press("End")
    assert bars.get_attribute("aria-valuetext").startswith("all other 50,247 tokens, 97.61 %")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert bars.get_attribute("aria-valuetext") == ", ".join(lines)
    assert (bars.get_attribute("aria-valuenow"), tip.is_visible()) == ("3", True)
    # It follows the temperature, and goes with the focus.
    go_to(page, 1)
    assert (
        tip.evaluate("tip => tip.innerText")
        .splitlines()[1]
        .startswith(f"{before:.2%}".replace("%", " %"))
    )
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_tip_stays_on_a_narrow_screen(open_explorer):
    page = open_explorer(
        TemperatureExplorer(load_example("gpt2-spaceship"), top=10),
        viewport={"width": 360, "height": 700},
    )
    area = page.locator(".tips").bounding_box()
    for part in (0.05, 0.35, 0.49, 0.51, 0.7, 0.95):
        page.mouse.move(area["x"] + part * area["width"], area["y"] + area["height"] / 2)
        box = page.locator(".tips .tip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360
