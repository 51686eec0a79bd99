"""An explorer and its kernel in JupyterLab: what each tells the other, and what works without."""

import json
import re

import numpy as np
import pytest

from tests.browser.test_notebook import KERNEL, catch_up
from tests.helpers import comes_to_be, need, shown, softmax, type_temperature
from tools.lab import explorer

expect = need("playwright.sync_api").expect

IMPORTS = """
import ipywidgets, json
import numpy as np
from softmax_temperature import *
table = load_example("wonderful-day")
"""
# The article's logits in the order of likelihood, and what stands at each.
TOKENS = ["day", "experience", "problem", "challenge", "space", "furniture"]
RANKED = [5.0, 4.5, 3.0, 2.7, 2.2, 2.0]


@pytest.fixture
def open_cells(run_cells):
    """Run cells in a notebook of their own, and wait until explorers are shown."""
    # A sampler has two pictures one above another.
    pictures = ".softmax-temperature .picture:has(svg)"
    return lambda *cells, count=1: run_cells(IMPORTS, *cells, shows=pictures, count=count)


def run(page, code):
    """Run code in the kernel without waiting for a cell, and return what it prints."""
    printed = page.evaluate(
        f"""async (code) => {{
            let printed = "";
            const run = {KERNEL}.requestExecute({{ code }});
            run.onIOPub = ({{ content }}) => (printed += content.text ?? content.evalue ?? "");
            await run.done;
            return printed;
        }}""",
        code,
    )
    catch_up(page)
    return printed


def hears(page, expression, expected):
    """Wait until Python gives this: a change is told when it has come to rest."""
    code = f"print(json.dumps({expression}), end='')"
    asked = f"""async (code) => {{
        let printed = "";
        const run = {KERNEL}.requestExecute({{ code }});
        run.onIOPub = ({{ content }}) => (printed += content.text ?? content.evalue ?? "");
        await run.done;
        return printed;
    }}"""
    comes_to_be(lambda: page.evaluate(asked, code), json.dumps(expected))


def head(view):
    return view.locator(".softmax-temperature-head")


def title(view):
    return view.locator(".softmax-temperature svg title")


def press(view, name):
    view.get_by_role("button", name=name, exact=True).click()


def fill(view, name, text):
    field = view.get_by_role("textbox", name=name, exact=True)
    field.fill(text)
    field.press("Enter")


def heights(view):
    seen = shown(view)
    return pytest.approx([height / seen["axis"] for height in seen["heights"]], abs=0.005)


def test_what_code_sets_is_shown(open_cells):
    page = open_cells("explorer = TemperatureExplorer(table)\nexplorer")
    view = explorer(page)
    drawn = head(view).locator("b")
    run(page, "explorer.temperature = 0.123")
    expect(title(view)).to_have_text(re.compile(r"^T = 0\.123: "))
    assert shown(view)["readout"] == "0.123"
    run(page, "explorer.temperature = float('inf')")
    assert softmax(RANKED, 1e300) == heights(view)
    run(page, "explorer.temperature = 1; explorer.seed = 22")
    expect(view.get_by_role("textbox", name="Seed")).to_have_value("22")
    word = run(page, "print(*explorer.draw(), end='')")
    shares = np.cumsum(softmax(RANKED, 1))
    number = np.random.default_rng(22).random()
    assert word == TOKENS[np.searchsorted(shares, number, "right")]
    expect(drawn).to_have_text(word)
    many = run(page, "print(*explorer.draw(1000), end='')").split()
    expect(view.locator(".sentences p")).to_contain_text(
        f"Of these 1,000 draws {many.count('day')} were “day”"
    )
    run(page, "explorer.clear()")
    expect(drawn).to_have_class("empty")
    run(page, "explorer.table = TokenTable(['one', 'two'], [0, 2], 'Say ')")
    expect(head(view).locator("span").first).to_have_text("Say ")
    assert softmax([2, 0], 1) == heights(view)
    assert view.locator(".softmax-temperature svg text", has_text="two").count() > 0
    run(page, "explorer.table = table")
    assert softmax(RANKED, 1) == heights(view)


def test_what_code_sets_of_a_sampler_is_shown(open_cells):
    page = open_cells("sampler = SamplerExplorer(table, 'top_p', 0.9)\nsampler")
    view = explorer(page)

    def steps():
        return view.locator(".steps .name").all_text_contents()

    assert steps() == ["Temperature", "top-p"]
    run(page, "sampler.knob = 0.618")
    expect(view.get_by_role("textbox", name="top-p, its value")).to_have_value("0.618")
    run(page, "sampler.method = 'min_p'; sampler.order = 'last'")
    assert steps() == ["min-p", "Temperature"]
    run(
        page, "sampler.chain = SamplerChain([('top_k', 3), ('temperature', 0.75), ('min_p', 0.25)])"
    )
    assert steps() == ["top-k", "Temperature", "min-p"]
    expect(title(view)).to_have_text("T = 0.75: 2 of 6 tokens are kept")
    # Of three tokens two have at least a quarter of the largest share.
    first, second = softmax(RANKED[:2], 0.75)
    assert [first, second, 0, 0, 0, 0] == heights(view)
    assert view.get_by_role("alert").all_text_contents() == ["", "", ""]


def test_python_hears_what_a_reader_does_once_it_rests(open_cells):
    page = open_cells(
        "explorer = TemperatureExplorer(table, parts=('bars', 'dice', 'curves'))\nexplorer"
    )
    view = explorer(page)
    # Between the stops, where the slider alone could not tell it.
    type_temperature(view, "0.777")
    hears(page, "[explorer.temperature, explorer.slider.value]", [0.777, 0.78])
    type_temperature(view, "∞")
    hears(page, "[str(explorer.temperature), explorer.slider.value]", ["inf", 2.0])
    view.locator(".noUi-handle").press("ArrowLeft")
    hears(page, "[explorer.temperature, explorer.slider.value]", [1.99, 1.99])
    type_temperature(view, "1")
    press(view, "Draw")
    press(view, "Draw")
    fill(view, "Seed", "123456789012345678901234567890")
    hears(page, "[explorer.seed, explorer._state['dice']]", [123456789012345678901234567890, 1])
    strip = view.locator(".strip")
    strip.focus()
    page.keyboard.press("Home")
    hears(page, "[explorer._state['place'], explorer._caption()[:5]]", [0, "Of 10"])
    page.keyboard.press("End")
    hears(page, "explorer._state['place']", 0.9999)
    press(view, "Draw 100")
    numbers = np.random.default_rng([123456789012345678901234567890, 100, 1]).random(100)
    landed = np.searchsorted(np.cumsum(softmax(RANKED, 1)), numbers, "right")
    days = int((landed == 0).sum())
    hears(page, f"'◇ Of these 100 draws {days} were “day”' in explorer._caption()", True)


def test_words_and_logits_that_a_reader_types_are_pythons_table(open_cells):
    page = open_cells("explorer = TemperatureExplorer(table)\nexplorer")
    view = explorer(page)
    view.get_by_text("Your own words and logits").click()
    fill(view, "Word 1", "night")
    fill(view, "Logit 3", "-∞")
    fill(view, "Logit 2", "5")
    assert softmax([5, 5, 4.5, 3, 2.7, -1e300], 1) == heights(view)
    own = [["night", "space", "furniture", "experience", "problem", "challenge"]]
    hears(page, "[list(explorer.table.tokens)]", own)
    hears(page, "[str(x) for x in explorer.table.logits][:4]", ["5.0", "5.0", "-inf", "4.5"])
    expected = softmax([5, 5, 4.5, 3, 2.7, -1e300], 1)
    assert expected == heights(view)
    seen = run(page, "print(json.dumps(explorer.probabilities.probabilities.tolist()))")
    assert sorted(json.loads(seen), reverse=True) == pytest.approx(expected, abs=1e-12)
    # What Python does next keeps them, and what is refused changes nothing.
    run(page, "explorer.temperature = 0.5")
    fill(view, "Word 2", "night")
    expect(view.get_by_role("alert").filter(has_text="night")).to_have_count(1)
    assert softmax([5, 5, 4.5, 3, 2.7, -1e300], 0.5) == heights(view)
    page.keyboard.press("Escape")
    press(view, "As it was")
    hears(page, "[explorer.table is table]", [True])
    assert softmax(RANKED, 0.5) == heights(view)


def test_steps_that_a_reader_arranges_are_pythons_chain(open_cells):
    page = open_cells("sampler = SamplerExplorer(table, 'top_p', 0.9)\nsampler")
    view = explorer(page)
    fill(view, "top-p, its value", "0,92")
    hears(page, "sampler.chain.steps", [["temperature", 1.0], ["top_p", 0.92]])
    view.get_by_role("combobox", name="Add a cut").select_option(label="top-k")
    fill(view, "top-k, its value", "2")
    view.get_by_role("button", name="top-k: move with the arrow keys").press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expected = [["top_k", 2], ["temperature", 1.0], ["top_p", 0.92]]
    hears(page, "sampler.chain.steps", expected)
    hears(page, "[sampler.method, sampler.knob, sampler.order]", ["top_k", 2, "last"])
    two = softmax(RANKED[:2], 1)
    assert [*two, 0, 0, 0, 0] == heights(view)
    kept = "sampler.probabilities.query('kept').tokens.tolist()"
    hears(page, kept, ["day", "experience"])
    fill(view, "top-k, its value", "2.5")
    expect(view.get_by_role("alert").filter(has_text="2.5")).to_have_count(1)
    hears(page, "sampler.chain.steps", expected)
    press(view, "Remove top-k")
    press(view, "Remove top-p")
    hears(page, "sampler.chain.steps", [["temperature", 1.0]])
    assert softmax(RANKED, 1) == heights(view)
    assert run(page, "print(sampler.method, sampler.knob, sampler.order)").count("Error") == 0
    run(page, "sampler.method = 'min_p'; sampler.knob = 0.3")
    assert [*softmax(RANKED[:2], 1), 0, 0, 0, 0] == heights(view)


def use_every_control(page, tables, sampler):
    """Try all that a reader can do, and see that it does something."""
    type_temperature(tables, "0.3")
    assert softmax(RANKED, 0.3) == heights(tables)
    tables.locator(".noUi-handle").press("Home")
    assert heights(tables) == [1, 0, 0, 0, 0, 0]
    type_temperature(tables, "2.5")
    assert softmax(RANKED, 2.5) == heights(tables)
    word = head(tables).locator("b")
    press(tables, "Draw")
    expect(word).to_have_text(re.compile(r"\w"))
    press(tables, "Other dice")
    expect(tables.get_by_role("textbox", name="Seed")).to_have_value("22")
    press(tables, "Draw 100")
    expect(tables.locator(".sentences p")).to_contain_text("◇ Of these 100 draws")
    press(tables, "Clear")
    expect(word).to_have_class("empty")
    # The first key puts the dice in the middle.
    for _ in range(2):
        tables.locator(".strip").press("Home")
    expect(word).to_have_text("day")
    tables.get_by_role("combobox", name="Prompt").select_option(index=1)
    expect(head(tables).locator("span").first).to_have_text("Say ")
    tables.get_by_role("combobox", name="Prompt").select_option(index=0)
    tables.get_by_text("Your own words and logits").click()
    fill(tables, "Logit 1", "9")
    assert softmax([9, *RANKED[1:]], 2.5) == heights(tables)
    fill(sampler, "top-p, its value", "0.5")
    assert heights(sampler) == [1, 0, 0, 0, 0, 0]
    press(sampler, "Remove top-p")
    sampler.get_by_role("combobox", name="Add a cut").select_option(label="top-k")
    fill(sampler, "top-k, its value", "3")
    assert [*softmax(RANKED[:3], 1), 0, 0, 0] == heights(sampler)
    engines = sampler.get_by_role("combobox", name="Steps of an engine")
    engines.select_option(label="llama.cpp")
    assert sampler.locator(".steps li").count() == 4


CONTROLS = """
tables = [table, TokenTable(["one", "two"], [0, 2], "Say ")]
explorer = TemperatureExplorer(tables, parts=("bars", "dice", "curves"))
sampler = SamplerExplorer(table, "top_p", 0.9)
display(explorer, sampler)
"""


def test_every_control_works_while_the_kernel_is_busy_and_is_told_then(open_cells):
    page = open_cells(CONTROLS, count=2)
    page.evaluate(
        f"""() => {{
            window.state = "runs";
            const run = {KERNEL}.requestExecute({{ code: "import time; time.sleep(600)" }});
            run.done.then(() => (window.state = "over"));
        }}"""
    )
    tables, sampler = explorer(page, 0), explorer(page, 1)
    use_every_control(page, tables, sampler)
    assert page.evaluate("window.state") == "runs"
    steps = sampler.locator(".steps li").count()
    page.evaluate(f"{KERNEL}.interrupt()")
    page.wait_for_function("window.state === 'over'")
    hears(page, "[explorer.temperature, float(explorer.table.logits[0])]", [2.5, 9.0])
    hears(page, "len(sampler._state['steps'])", steps)
    # Nothing old has come back.
    assert softmax([9, *RANKED[1:]], 2.5) == heights(tables)


def test_every_control_works_when_the_kernel_is_gone(open_cells):
    page = open_cells(CONTROLS, count=2)
    page.evaluate(f"async () => {{ await {KERNEL}.shutdown(); }}")
    page.wait_for_function(f"!{KERNEL.replace('.kernel', '?.kernel')}")
    use_every_control(page, explorer(page, 0), explorer(page, 1))


def test_two_views_of_one_explorer_follow_each_other(open_cells):
    page = open_cells("explorer = TemperatureExplorer(table)\nexplorer", "explorer", count=2)
    first, second = explorer(page, 0), explorer(page, 1)
    press(first, "Draw")
    press(second, "Draw")
    fill(second, "Seed", "28")
    type_temperature(second, "0.4567")
    for view in (first, second):
        assert softmax(RANKED, 0.4567) == heights(view)
        expect(view.get_by_role("textbox", name="Seed")).to_have_value("28")
        assert shown(view)["readout"] == "0.4567"
    drawn = [head(view).locator("b").text_content() for view in (first, second)]
    number = np.random.default_rng(28).random(2)[1]
    expected = TOKENS[np.searchsorted(np.cumsum(softmax(RANKED, 0.4567)), number, "right")]
    assert drawn == [expected, expected]
    hears(page, "[explorer.seed, explorer.temperature]", [28, 0.4567])


def test_a_closed_explorer_leaves_and_the_other_goes_on(open_cells):
    page = open_cells(
        "one, two = (TemperatureExplorer(table) for _ in range(2))\ndisplay(one, two)", count=2
    )
    run(page, "one.close()")
    expect(page.locator(".softmax-temperature svg")).to_have_count(1)
    type_temperature(explorer(page), "0.25")
    assert softmax(RANKED, 0.25) == heights(explorer(page))
    hears(page, "[one.temperature, two.temperature]", [1.0, 0.25])


def test_an_explorer_that_is_shown_again_is_as_it_was_left(open_cells):
    page = open_cells("explorer = TemperatureExplorer(table)\nexplorer", "0")
    type_temperature(explorer(page), "0.777")
    press(explorer(page), "Draw")
    word = head(explorer(page)).locator("b").text_content()
    hears(page, "[explorer.temperature, explorer._state['dice']]", [0.777, 0])
    page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(page.locator(".softmax-temperature")).to_have_count(0)
    cell = page.locator(".jp-CodeCell .cm-content").last
    cell.fill("explorer")
    cell.press("Shift+Enter")
    expect(page.locator(".softmax-temperature svg")).to_have_count(1)
    view = explorer(page)
    assert softmax(RANKED, 0.777) == heights(view)
    expect(head(view).locator("b")).to_have_text(word)
    expect(view.locator(".widget-readout")).to_have_text("0.777")


def test_linked_sliders_move_together(open_cells):
    page = open_cells(
        """
        one, two = (TemperatureExplorer(table) for _ in range(2))
        ipywidgets.jslink((one.slider, "value"), (two.slider, "value"))
        display(one, two)
        """,
        count=2,
    )
    first, second = explorer(page, 0), explorer(page, 1)
    type_temperature(first, "0.3")
    assert softmax(RANKED, 0.3) == heights(second)
    hears(page, "[one.temperature, two.temperature]", [0.3, 0.3])
    # Between the stops only the one that was typed in is: the sliders stand together.
    type_temperature(second, "1.777")
    assert softmax(RANKED, 1.78) == heights(first)
    assert softmax(RANKED, 1.777) == heights(second)
    hears(page, "[one.temperature, two.temperature]", [1.78, 1.777])


def test_old_states_do_not_disturb_a_drag(open_cells):
    """Python answers what it hears, late: the answers must not undo what was done meanwhile."""
    page = open_cells(
        """
        import time
        explorer = TemperatureExplorer(table)
        # Each change that is heard is answered with another, after a while.
        def answer(change):
            time.sleep(0.3)
            explorer.draw()
        explorer.observe(answer, "temperature")
        explorer
        """
    )
    view = explorer(page)
    type_temperature(view, "0")
    hears(page, "[explorer.temperature, explorer._state['dice'] >= 0]", [0.0, True])
    handle = view.locator(".noUi-handle").bounding_box()
    track = view.locator(".noUi-base").bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.evaluate(
        """() => {
            window.seen = [];
            const title = document.querySelector(".softmax-temperature svg title");
            const read = () => Number(title.textContent.match(/^T = ([\\d.]+): /)[1]);
            new MutationObserver(() => seen.push(read()))
                .observe(title, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    for part in np.linspace(0.02, 0.9, 12):
        page.mouse.move(track["x"] + track["width"] * part, y, steps=3)
        # Long enough that the slider tells Python of some of it while it is held.
        page.wait_for_timeout(100)
    page.mouse.up()
    last = float(shown(view)["readout"])
    hears(page, "explorer.temperature", last)
    seen = page.evaluate("seen")
    assert len(seen) > 12
    # It was only ever dragged to the right.
    assert seen == sorted(seen)
    assert softmax(RANKED, last) == heights(view)


KEYS = ["ArrowDown", "ArrowUp", "a", "b", "j", "m", "y", "x", "d", "d", "0", "Escape"]


def test_keys_in_fields_and_menus_are_not_the_notebooks(open_cells):
    page = open_cells(CONTROLS, count=2)
    tables, sampler = explorer(page, 0), explorer(page, 1)
    tables.get_by_text("Your own words and logits").click()
    cells = page.locator(".jp-Cell").count()
    for control in [
        tables.get_by_role("textbox", name="Seed"),
        tables.get_by_role("textbox", name="Word 1"),
        tables.get_by_role("textbox", name="Logit 1"),
        tables.locator(".widget-readout"),
        tables.locator(".strip"),
        tables.get_by_text("Your own words and logits"),
        tables.get_by_role("combobox", name="Prompt"),
        sampler.get_by_role("textbox", name="top-p, its value"),
        sampler.get_by_role("slider", name="top-p", exact=True),
        sampler.get_by_role("button", name="top-p: move with the arrow keys"),
        sampler.get_by_role("combobox", name="Add a cut"),
    ]:
        # In command mode, in which a notebook takes them.
        page.locator(".jp-InputPrompt").first.click()
        control.focus()
        for key in KEYS:
            page.keyboard.press(key)
        expect(page.locator(".jp-Cell")).to_have_count(cells)
        assert page.locator(".jp-MarkdownCell, .jp-RawCell").count() == 0
    # A typed word is a word, and the notebook does not run its cell.
    seed = tables.get_by_role("textbox", name="Seed")
    seed.fill("")
    seed.press_sequentially("77")
    seed.press("Shift+Enter")
    expect(page.locator(".jp-Cell")).to_have_count(cells)


def test_several_explorers_have_ids_of_their_own(open_cells):
    page = open_cells(CONTROLS, "explorer", count=3)
    ids = page.evaluate(
        "[...document.querySelectorAll('.softmax-temperature-explorer [id]')].map(e => e.id)"
    )
    assert len(ids) == len(set(ids))
