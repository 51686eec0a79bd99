"""The notebook in a real JupyterLab and Chromium: what readers see equals Python's softmax."""

import math
import re

import pytest

from tests.helpers import (
    FIRST_NUMBER,
    RANKED,
    axe_faults,
    check,
    check_instrument,
    contrasts,
    cut_off,
    decades,
    gpt2_shares,
    heading,
    need,
    shown,
    softmax,
    type_temperature,
    write_notebook,
)
from tools.lab import explorer, run_all

expect = need("playwright.sync_api").expect

in_firefox_too = pytest.mark.engines("chromium", "firefox")

# What the page sends to its server, since Firefox does not tell Playwright.
SENT = """
window.sent = [];
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
    sent.push(typeof data === "string" ? data : new TextDecoder().decode(data));
    send.call(this, data);
};
"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
ODD = """
from softmax_temperature import TemperatureExplorer, TokenTable
tokens = ["$x^2$", "<b>bold</b>", "&amp;", "quote\\"'", "a\\nb", "😀", "שלום", "x" * 200, "日本"]
explorer = TemperatureExplorer(TokenTable(tokens, range(9)), orient="v")
explorer
"""


# Six tokens in two explorers and one with all parts but the map, GPT-2 in one and one with a
# constant: a notebook of their own, so that lessons can change.
INSTRUMENT = """
from softmax_temperature import TemperatureExplorer, load_example
six, gpt2 = load_example("wonderful-day"), load_example("gpt2-spaceship")
TemperatureExplorer(six, parts=("bars",))
---
TemperatureExplorer(six, value=2, parts=("bars",))
---
TemperatureExplorer(six, parts=("bars", "dice", "curves"))
---
TemperatureExplorer(gpt2, top=10, parts=("bars", "dice"))
---
TemperatureExplorer(gpt2, top=5, parts=("bars", "constant"))
"""
WHOLE, GPT2, CONSTANT, ALL = 2, 3, 4, 5


@pytest.fixture(scope="module", autouse=True)
def written(notebooks):
    write_notebook(notebooks / "instrument.ipynb", *INSTRUMENT.split("---"))


def new_page(browser, viewport=None):
    # What moves for a moment is not where it is yet.
    page = browser.new_page(
        viewport=viewport or {"width": 1100, "height": 1000}, reduced_motion="reduce"
    )
    page.set_default_timeout(240_000)
    page.problems = []
    page.add_init_script(SENT)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: message.type == "error" and page.problems.append(message.text),
    )
    page.on("request", lambda request: check_address(page, request.url))
    return page


def open_notebook(browser, lab, name):
    page = new_page(browser)
    run_all(page, lab, f"{name}.ipynb")
    return page


def open_instrument(browser, lab):
    """Open the explorers, and wait until all of them are shown and all cells have run."""
    page = open_notebook(browser, lab, "instrument")
    wait_for_explorers(page, ALL)
    catch_up(page)
    assert page.locator(".jp-WindowedPanel-outer").count() == 1
    return page


def catch_up(page):
    """Wait until the kernel has done all it was asked, and the browser has heard and painted it."""
    page.evaluate(
        f"""async () => {{
            await {KERNEL}.requestExecute({{ code: "", silent: true }}).done;
            const frame = () => new Promise(requestAnimationFrame);
            await frame();
            await frame();
        }}"""
    )


def wait_for_explorers(page, count):
    page.wait_for_function(
        "count => document.querySelectorAll('.softmax-temperature svg').length === count",
        arg=count,
    )


@pytest.fixture
def odd(run_cells):
    return run_cells(ODD, "explorer", shows=".softmax-temperature svg", count=2)


def check_address(page, url):
    if not re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:", url):
        page.problems.append(f"request beyond this machine: {url}")


@pytest.fixture(scope="module")
def page(browser, lab):
    page = open_instrument(browser, lab)
    explorer(page).scroll_into_view_if_needed()
    yield page
    assert page.problems == []
    page.close()


def check_whole_instrument(page):
    """Draw, move the slider, and compare each part with Python."""
    view = explorer(page, WHOLE)
    view.scroll_into_view_if_needed()
    view.locator(".softmax-temperature-head button").first.wait_for()
    view.get_by_role("button", name="Draw", exact=True).click()
    for temperature in FIRST_NUMBER:
        type_temperature(view, temperature)
        check(view, temperature)
        check_instrument(view, temperature)
    view.get_by_role("button", name="Draw 100").click()
    for temperature in FIRST_NUMBER:
        type_temperature(view, temperature)
        check_instrument(view, temperature, hundred=True)
    view.get_by_role("button", name="Clear").click()
    expect(view.locator(".softmax-temperature-head b")).to_have_class("empty")


@in_firefox_too
def test_strip_dice_curves_and_marks_equal_pythons_softmax(page):
    check_whole_instrument(page)


@in_firefox_too
def test_a_click_in_the_curves_moves_the_slider(page):
    view = explorer(page, WHOLE)
    view.scroll_into_view_if_needed()
    curves = view.locator(".softmax-temperature svg [id$='-axes-curves'] > [id*='-patch_'] path")
    box = curves.first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    check(view, 0.5)


@in_firefox_too
@pytest.mark.parametrize("number", [0, 1, WHOLE])
def test_the_whole_instrument_fits_a_laptops_screen(page, number):
    view = explorer(page, number)
    view.scroll_into_view_if_needed()
    assert view.bounding_box()["height"] <= 520


@in_firefox_too
@pytest.mark.parametrize("temperature", [0, 0.1, 0.5, 1, 1.37, 2])
def test_bars_and_labels_equal_pythons_softmax(page, temperature):
    view = explorer(page)
    type_temperature(view, temperature)
    check(view, temperature)


@in_firefox_too
def test_letters_and_arrow_keys_on_a_button_are_not_the_notebooks(page):
    button = explorer(page).get_by_role("button", name="Draw", exact=True)
    cells = page.locator(".jp-Cell").count()
    # In command mode, in which a notebook takes them.
    page.locator(".jp-InputPrompt").first.click()
    button.focus()
    for key in ("ArrowDown", "b", "m", "y"):
        page.keyboard.press(key)
    expect(button).to_be_focused()
    assert page.locator(".jp-Cell").count() == cells


def test_arrow_keys_move_the_bars(page):
    view = explorer(page)
    type_temperature(view, 1)
    view.locator(".noUi-handle").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    check(view, 1.03)
    page.keyboard.press("ArrowLeft")
    check(view, 1.02)
    page.keyboard.press("Home")
    check(view, 0)
    page.keyboard.press("End")
    check(view, 2)


@in_firefox_too
def test_every_move_of_a_drag_is_painted_with_no_word_from_python(page):
    view = explorer(page)
    type_temperature(view, 0)
    catch_up(page)
    view.locator(".noUi-handle").hover(trial=True)
    page.evaluate(
        """() => {
            window.moves = [];
            document.addEventListener("pointermove", () => {
                const root = document.querySelector(".softmax-temperature svg");
                const value = () => document.querySelector(".widget-readout").textContent;
                const heading = () => root.querySelector("title").textContent;
                // Bubbling ends here, after the slider's own handler has run.
                window.moves.push([value(), heading()]);
            });
        }"""
    )
    # Its status says no more than that it answers: messages of widgets can pass a long cell.
    page.evaluate(
        f"""() => {{
            const run = {KERNEL}.requestExecute({{ code: "import time; time.sleep(600)" }});
            window.state = "waits";
            run.onIOPub = ({{ header }}) => {{
                if (header.msg_type === "execute_input") window.state = "runs";
            }};
            run.done.finally(() => (window.state = "over"));
        }}"""
    )
    page.wait_for_function("window.state === 'runs'")
    page.evaluate("sent.length = 0")
    # Where they are by now: until the kernel runs, a page can still move.
    handle = view.locator(".noUi-handle").bounding_box()
    track = view.locator(".noUi-target").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, y, steps=60)
    moves = page.evaluate("window.moves")
    page.mouse.up()
    assert page.evaluate("window.state") == "runs"
    assert len({value for value, _ in moves}) > 40
    for value, title in moves:
        assert title == heading(float(value), value)
    check(view, float(shown(view)["readout"]))
    page.evaluate(f"{KERNEL}.interrupt()")
    page.wait_for_function("window.state === 'over'")
    catch_up(page)
    sent = page.evaluate("sent.filter((message) => message.includes('comm_msg')).length")
    assert 0 < sent <= len(moves)


@in_firefox_too
def test_a_typed_temperature_may_lie_between_stops_or_beyond_them(page):
    view = explorer(page)
    # What is typed, what it is, how it reads, and where the slider stands: at the nearest stop.
    for typed, temperature, text, stop in [
        ("1.377", 1.377, "1.377", 1.38),
        ("7.5", 7.5, "7.50", 2),
        ("1e-3", 0.001, "0.001", 0),
        ("inf", math.inf, "∞", 2),
        ("∞", math.inf, "∞", 2),
    ]:
        type_temperature(view, 1)
        type_temperature(view, typed)
        seen = shown(view)
        assert seen["title"] == heading(temperature, text)
        assert (seen["readout"], 2 * seen["handle"]) == (text, pytest.approx(stop, abs=0.005))
        expected = softmax(RANKED, temperature)
        heights = [height / seen["axis"] for height in seen["heights"]]
        assert heights == pytest.approx(expected, abs=1 / seen["axis"])
        assert view.locator(".noUi-handle").get_attribute("aria-valuetext") == text


@in_firefox_too
def test_a_temperature_that_is_none_is_refused_in_words_beside_it(page):
    view = explorer(page)
    readout, problem = view.locator(".widget-readout"), view.locator(".softmax-temperature-problem")
    type_temperature(view, 0.4)
    for typed in ("-1", "warm", "nan", "1,2,3", "<b>x</b>", ""):
        type_temperature(view, typed)
        expect(problem).to_contain_text(typed or "temperature")
        expect(readout).to_have_text("0.40")
        check(view, 0.4)
    readout.fill("9")
    readout.press("Escape")
    check(view, 0.4)
    type_temperature(view, 0.5)
    expect(problem).to_have_text("")
    check(view, 0.5)


@in_firefox_too
def test_the_slider_has_marks_at_0_1_and_2(page):
    places = explorer(page).evaluate(
        """element => {
            const { left, width } = element.querySelector(".noUi-base").getBoundingClientRect();
            return [...element.querySelectorAll(".noUi-base .mark")].map((mark) =>
                (mark.getBoundingClientRect().left - left) / width);
        }"""
    )
    assert places == pytest.approx([0, 0.5, 1], abs=0.005)


@in_firefox_too
@pytest.mark.parametrize(("typed", "temperature"), [("0,7", 0.7), (" 1,25 ", 1.25)])
def test_a_decimal_comma_is_taken(page, typed, temperature):
    view = explorer(page)
    type_temperature(view, 1)
    type_temperature(view, typed)
    check(view, temperature)


@in_firefox_too
def test_explorers_do_not_disturb_each_other(page):
    first, second = explorer(page, 0), explorer(page, 1)
    second.scroll_into_view_if_needed()
    before = shown(second)
    first.scroll_into_view_if_needed()
    type_temperature(first, 0.2)
    check(first, 0.2)
    second.scroll_into_view_if_needed()
    assert shown(second)["heights"] == pytest.approx(before["heights"], abs=0.1)
    assert shown(second)["labels"] == before["labels"]
    ids = page.evaluate(
        "[...document.querySelectorAll('.softmax-temperature [id]')].map(e => e.id)"
    )
    assert len(ids) == len(set(ids))


@in_firefox_too
def test_the_slider_is_as_wide_as_the_chart_and_its_name_is_whole(page):
    view = explorer(page)
    view.scroll_into_view_if_needed()
    slider = view.locator(".widget-slider").bounding_box()
    chart = view.locator(".softmax-temperature svg").bounding_box()
    assert slider["width"] == pytest.approx(chart["width"], abs=8)
    label = view.locator(".widget-label").first
    assert label.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert label.text_content() == "Temperature"


@in_firefox_too
def test_no_text_is_cut_off(page):
    assert cut_off(explorer(page)) == []


def test_any_token_is_text_in_two_views_of_one_explorer(odd):
    first, second = explorer(odd, 0), explorer(odd, 1)
    texts = first.locator(".softmax-temperature svg text").all_text_contents()
    expected = {"$x^2$", "<b>bold</b>", "&amp;", "quote\"'", "a↵b", "😀", "שלום", "日本"}
    assert expected <= set(texts)
    assert any(text.startswith("xxx") and "…" in text for text in texts)
    assert odd.locator(".softmax-temperature b").count() == 0
    type_temperature(first, 0)
    for view in (first, second):
        view.scroll_into_view_if_needed()
        assert shown(view)["labels"] == ["1.00"] + ["0.00"] * 8
        assert shown(view)["heights"][0] == pytest.approx(shown(view)["axis"], abs=1)


def test_setting_the_temperature_from_code_moves_slider_and_bars(odd):
    cell = odd.locator(".jp-CodeCell .cm-content").last
    cell.fill("explorer.temperature = 0.25; print(explorer.slider.value)")
    cell.press("Shift+Enter")
    odd.wait_for_function(
        "document.querySelector('.softmax-temperature svg title')"
        ".textContent.startsWith('T = 0.25: ')"
    )
    seen = shown(explorer(odd))
    assert seen["readout"] == "0.25"
    assert 2 * seen["handle"] == pytest.approx(0.25, abs=0.005)
    expected = softmax(list(range(8, -1, -1)), 0.25)
    for height, p in zip(seen["heights"], expected):
        assert height == pytest.approx(p * seen["axis"], abs=1)


def check_gpt2(view, temperature):
    seen = shown(view)
    leads = "always ·planet" if temperature == 0 else f"·planet leads with {seen['labels'][0]}"
    assert seen["title"] == f"T = {temperature:.2f}: {leads}"
    assert seen["readout"] == f"{temperature:.2f}"
    assert len(seen["widths"]) == 11
    rows = zip(
        seen["widths"],
        seen["beyond"],
        seen["labels"],
        gpt2_shares(temperature, 10),
        decades(gpt2_shares(temperature, 10)),
        strict=True,
    )
    for width, beyond, label, p, end in rows:
        assert width == pytest.approx(end * seen["across"], abs=1)
        # The number stands at its bar.
        assert -1 < beyond - end * seen["across"] < 12
        if label == "<0.01 %":
            assert 0 < p < 0.00005
        elif label == ">99.99 %":
            assert 0.99995 < p < 1
        else:
            assert float(label.removesuffix(" %")) == pytest.approx(100 * p, abs=0.00501)
    assert max(seen["lefts"]) - min(seen["lefts"]) < 1
    assert seen["description"] == seen["caption"]
    assert "would be “·planet”" in seen["caption"]
    return seen


@pytest.mark.parametrize("temperature", [0, 0.1, 0.5, 1, 1.37, 2])
def test_the_bars_of_gpt2_equal_pythons_softmax(page, temperature):
    view = explorer(page, GPT2)
    view.scroll_into_view_if_needed()
    type_temperature(view, temperature)
    check_gpt2(view, temperature)


def test_dragging_the_slider_of_gpt2_moves_its_bars(page):
    view = explorer(page, GPT2)
    type_temperature(view, 0)
    view.locator(".noUi-target").scroll_into_view_if_needed()
    handle = view.locator(".noUi-handle").bounding_box()
    track = view.locator(".noUi-target").bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    temperatures = []
    for part in (0.1, 0.25, 0.5, 0.7, 0.99, 0.4):
        page.mouse.move(track["x"] + track["width"] * part, y, steps=10)
        temperatures.append(float(shown(view)["readout"]))
        check_gpt2(view, temperatures[-1])
    page.mouse.up()
    assert len(set(temperatures)) == 6
    assert max(temperatures) > 1.9


def test_all_other_tokens_have_a_hatched_bar_of_their_own(page):
    view = explorer(page, GPT2)
    seen = shown(view)
    assert "url(" in seen["fills"][-1]
    assert not any("url(" in fill for fill in seen["fills"][:-1])
    assert seen["hatch"] == "#949494"
    names = view.locator(".softmax-temperature svg text").all_text_contents()
    assert {"·planet", "all other 50,247 tokens"} <= set(names)


def test_a_constant_on_every_logit_moves_no_bar(page):
    view = explorer(page, CONSTANT)
    view.scroll_into_view_if_needed()
    before = shown(view)
    constant = view.locator(".constant")
    assert "0 is added to every logit: the largest is -92.9." in constant.text_content()
    constant.locator("input").press("End")
    expect(constant).to_contain_text("100 is added to every logit: the largest is 7.1.")
    after = shown(view)
    assert after["widths"] == pytest.approx(before["widths"], abs=0.01)
    assert (after["labels"], after["caption"]) == (before["labels"], before["caption"])


def test_no_text_of_gpt2_is_cut_off(page):
    assert cut_off(explorer(page, GPT2)) == []


def test_another_table_is_drawn_on_the_page(odd):
    cell = odd.locator(".jp-CodeCell .cm-content").last
    odd.evaluate(
        """() => {
            window.observing = new Set();
            window.ResizeObserver = class extends ResizeObserver {
                observe(el) {
                    if (el.matches(".softmax-temperature")) observing.add(this);
                    super.observe(el);
                }
                disconnect() {
                    observing.delete(this);
                    super.disconnect();
                }
            };
        }"""
    )
    cell.fill(
        "explorer.table = TokenTable(['a', 'b'], [1, 2]);"
        "explorer.temperature = 0; explorer.table = TokenTable(['one', 'two'], [1, 2])"
    )
    cell.press("Shift+Enter")
    odd.wait_for_function(
        "document.querySelector('.softmax-temperature p').textContent.includes('two')"
    )
    # What is no longer shown is no longer followed.
    assert odd.evaluate("observing.size") == 1
    seen = shown(explorer(odd))
    assert seen["labels"] == ["1.00", "0.00"]
    assert seen["heights"][0] == pytest.approx(seen["axis"], abs=1)
    type_temperature(explorer(odd), 1)
    assert shown(explorer(odd))["labels"] == ["0.73", "0.27"]
    title = odd.evaluate_handle("document.querySelector('.softmax-temperature svg title')")
    odd.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(odd.locator(".softmax-temperature")).to_have_count(0)
    odd.evaluate(
        f"async code => {{ await {KERNEL}.requestExecute({{ code }}).done; }}",
        "explorer.temperature = 2",
    )
    catch_up(odd)
    assert odd.evaluate("observing.size") == 0
    assert title.evaluate("title => title.textContent").startswith("T = 1.00: ")


@pytest.mark.parametrize("app", ["notebook", "voila"])
def test_other_front_ends_show_the_same(browser, jupyter, app):
    address = jupyter(app)
    page = new_page(browser)
    if app == "notebook":
        run_all(page, address, "instrument.ipynb", "notebooks")
    else:
        page.goto(f"{address}/voila/render/instrument.ipynb")
    wait_for_explorers(page, ALL)
    view = explorer(page)
    view.scroll_into_view_if_needed()
    for temperature in (0, 0.5, 1.37, 2):
        type_temperature(view, temperature)
        check(view, temperature)
    view.locator(".noUi-handle").press("ArrowLeft")
    check(view, 1.99)
    page.keyboard.press("Home")
    check(view, 0)
    assert cut_off(view) == []
    check_whole_instrument(page)
    # Both log errors of their own, and Voilà's template asks for icons from elsewhere.
    assert not [problem for problem in page.problems if "softmax" in problem]
    page.close()


def test_a_narrow_screen_gets_a_chart_of_its_own(browser, jupyter, notebooks):
    write_notebook(
        notebooks / "app.ipynb",
        """
        from softmax_temperature import TemperatureExplorer, load_example
        TemperatureExplorer(load_example("wonderful-day"))
        """,
    )
    page = new_page(browser, viewport={"width": 360, "height": 800})
    page.goto(f"{jupyter('voila')}/voila/render/app.ipynb")
    view_box = "document.querySelector('.softmax-temperature svg')?.viewBox.baseVal.width"
    page.wait_for_function(f"{view_box} < 300")
    view = explorer(page)
    for temperature in (0, 0.5):
        type_temperature(view, temperature)
        check(view, temperature)
        assert cut_off(view) == []
    box = view.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.close()


@in_firefox_too
def test_a_screen_reader_learns_what_the_slider_says(page):
    view = explorer(page)
    handle = view.locator(".noUi-handle")
    for text in ("0.70", "0.75"):
        type_temperature(view, float(text))
        page.wait_for_function(
            "text => document.querySelector('.noUi-handle').ariaValueText === text", arg=text
        )
    assert handle.get_attribute("aria-label") == "Temperature"
    status = view.locator("[aria-live=polite]")
    expect(status).to_have_text(re.compile("^Temperature 0.75. "))
    assert status.text_content().endswith(shown(view)["caption"])
    view.evaluate(
        """element => {
            window.told = [];
            const status = element.querySelector("[aria-live=polite]");
            const tell = () => told.push(status.textContent);
            // This comes after the slider's own handler.
            element.querySelector(".noUi-handle").addEventListener("keydown", tell);
            new MutationObserver(tell).observe(status, { childList: true });
        }"""
    )
    handle.press("ArrowRight")
    expect(status).to_have_text(re.compile("^Temperature 0.76. "))
    at_the_press, later = page.evaluate("window.told")
    assert at_the_press.startswith("Temperature 0.75. ")
    assert later.endswith(shown(view)["caption"])
    assert handle.get_attribute("aria-valuetext") == "0.76"


@in_firefox_too
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_the_explorer_is_accessible_in_both_themes(page, theme):
    page.evaluate(
        "theme => void jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    light = "true" if theme.endswith("Light") else "false"
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
    view = explorer(page)
    view.scroll_into_view_if_needed()
    assert axe_faults(page, ".softmax-temperature-explorer") == []
    paper = view.evaluate("e => getComputedStyle(e.closest('.jp-Notebook')).backgroundColor")
    for item in contrasts(view, paper):
        assert item["contrast"] >= item["least"], item


def test_motion_is_reduced_where_the_reader_asks_for_it(page):
    view = explorer(page)
    seconds = "e => getComputedStyle(e).transitionDuration"
    page.emulate_media(reduced_motion="no-preference")
    view.locator(".noUi-target").evaluate("e => e.classList.add('noUi-state-tap')")
    assert view.locator(".noUi-connect, .noUi-origin").first.evaluate(seconds) != "0s"
    page.emulate_media(reduced_motion="reduce")
    assert view.locator(".noUi-connect, .noUi-origin").first.evaluate(seconds) == "0s"
    view.locator(".noUi-target").evaluate("e => e.classList.remove('noUi-state-tap')")
