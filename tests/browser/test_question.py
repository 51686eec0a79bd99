"""Questions in a real browser: pressed, read aloud, and answered without a mouse."""

import pytest

from tests.browser.test_kernel import run
from tests.browser.test_notebook import KERNEL, catch_up, new_page
from tests.helpers import axe_faults, contrast, need, write_notebook
from tools.lab import run_all

expect = need("playwright.sync_api").expect

WHY = "Its peak is at <b>T = $0.90$</b>."
REPLY = "Then <i>p</i> would be $0.31$ at T = 2, too."
CELLS = [
    f"""
from softmax_temperature import Question
choices = {{"gains": False, "stays": False, "loses": True}}
first = Question("Does it gain?", choices, {WHY!r}, {{"stays": {REPLY!r}}})
second = Question("And <i>$day$</i>?", {{"gains": False, "loses": True}})
first""",
    "second",
    "first",
]
QUESTIONS = ".softmax-temperature-question"
# What a reader who presses the wrong keys would do to a notebook.
SHORTCUTS = ["ArrowDown", "ArrowUp", "a", "b", "j", "m", "y", "x", "d", "d", "Escape"]


@pytest.fixture
def page(run_cells):
    return run_cells(*CELLS, shows=f"{QUESTIONS} button", count=8)


@pytest.fixture
def questions(notebooks):
    write_notebook(notebooks / "questions.ipynb", *CELLS)


def view(page, number=0):
    return page.locator(QUESTIONS).nth(number)


def button(view, label):
    return view.get_by_role("button", name=label, exact=True)


def states(view):
    """List what each button says of itself: its sign and label, if pressed, and if dead."""
    return view.locator("button").evaluate_all(
        """buttons => buttons.map((button) => [
            button.textContent, button.ariaPressed === "true", button.ariaDisabled === "true"])"""
    )


def status(view):
    return view.get_by_role("status")


def answered(page, name="first"):
    """Ask the kernel what it has heard, once the browser has sent all it has to say.

    A widget keeps a second change back until the kernel is done with the first.
    """
    catch_up(page)
    return run(page, f"print({name}.answered, end='')")


def cells(page):
    return page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            return notebook.widgets.map((cell) => [cell.model.type, cell.model.sharedModel.source]);
        }"""
    )


UNTOUCHED = [["gains", False, False], ["stays", False, False], ["loses", False, False]]


def test_nothing_is_told_before_a_click(page):
    assert view(page).inner_text().split() == ["Does", "it", "gain?", "gains", "stays", "loses"]
    assert states(view(page)) == UNTOUCHED
    assert status(view(page)).text_content() == ""
    assert "Right" not in view(page).inner_html()
    assert "peak" not in view(page).inner_html()
    # But for its label, the true choice is like the others.
    made = (
        view(page)
        .locator("button")
        .evaluate_all("buttons => buttons.map(b => b.outerHTML.replace(b.textContent, ''))")
    )
    assert len(set(made)) == 1
    assert answered(page) == "None"


def test_a_wrong_choice_stays_marked_and_another_may_follow(page):
    first = view(page)
    button(first, "gains").click()
    assert status(first).inner_text() == "✗ Not that one."
    assert states(first) == [["✗ gains", True, True], *UNTOUCHED[1:]]
    assert "peak" not in first.inner_html()
    assert answered(page) == "gains"
    button(first, "gains").click(force=True)
    button(first, "stays").click()
    assert status(first).inner_text() == f"✗ Not that one. {REPLY}"
    wrong = [["✗ gains", True, True], ["✗ stays", True, True]]
    assert states(first) == [*wrong, UNTOUCHED[2]]
    assert answered(page) == "stays"
    button(first, "loses").click()
    assert states(first) == [*wrong, ["✓ loses", True, True]]
    # Markup and formulas are text.
    assert status(first).inner_text() == f"✓ Right. {WHY}"
    assert answered(page) == "loses"


def test_after_the_right_choice_nothing_more_can_be_chosen(page):
    first = view(page)
    button(first, "loses").click()
    assert status(first).inner_text() == f"✓ Right. {WHY}"
    after = [["gains", False, True], ["stays", False, True], ["✓ loses", True, True]]
    assert states(first) == after
    button(first, "gains").click(force=True)
    assert states(first) == after
    assert answered(page) == "loses"


def test_each_verdict_is_told_anew(page):
    first = view(page)
    status(first).evaluate(
        """status => {
            window.told = [];
            new MutationObserver((changes) => changes.forEach(({ addedNodes }) =>
                addedNodes.forEach((node) => told.push(node.textContent))
            )).observe(status, { childList: true });
        }"""
    )
    for choice in ("gains", "stays", "loses"):
        button(first, choice).click()
    told = page.evaluate("told")
    assert told == ["✗ Not that one.", f"✗ Not that one. {REPLY}", f"✓ Right. {WHY}"]


def test_no_button_moves_when_one_is_pressed(page):
    first = view(page)
    boxes = "buttons => buttons.map(b => JSON.stringify(b.getBoundingClientRect()))"
    page.mouse.move(0, 0)
    before = first.locator("button").evaluate_all(boxes)
    height = first.bounding_box()["height"]
    button(first, "gains").press("Enter")
    assert first.locator("button").evaluate_all(boxes) == before
    assert first.bounding_box()["height"] == height


def test_questions_do_not_disturb_each_other(page):
    button(view(page), "gains").click()
    catch_up(page)
    # The third is a second view of the first.
    assert states(view(page, 2)) == states(view(page))
    assert status(view(page, 2)).inner_text() == "✗ Not that one."
    assert states(view(page, 1)) == [UNTOUCHED[0], UNTOUCHED[2]]
    assert answered(page, "second") == "None"
    button(view(page, 1), "loses").click()
    assert view(page, 1).inner_text().startswith("And <i>$day$</i>?")
    assert status(view(page, 1)).inner_text() == "✓ Right."
    assert status(view(page)).inner_text() == "✗ Not that one."
    assert (answered(page), answered(page, "second")) == ("gains", "loses")


def test_code_can_answer_start_again_and_close(page):
    def run(code):
        page.evaluate(f"async code => {{ await {KERNEL}.requestExecute({{ code }}).done; }}", code)
        catch_up(page)

    run("first.answered = 'stays'")
    assert states(view(page)) == [UNTOUCHED[0], ["✗ stays", True, True], UNTOUCHED[2]]
    run("first.answered = None")
    assert states(view(page)) == UNTOUCHED
    assert status(view(page)).inner_text() == ""
    run("first.close()")
    expect(page.locator(QUESTIONS)).to_have_count(1)
    button(view(page), "loses").click()
    assert status(view(page)).inner_text() == "✓ Right."


def answer_by_keyboard(page, first):
    """Go from button to button with Tab, and press them with Space and Enter."""
    button(first, "gains").focus()
    before = cells(page)
    for key in SHORTCUTS:
        page.keyboard.press(key)
    assert cells(page) == before
    expect(button(first, "gains")).to_be_focused()
    assert states(first) == UNTOUCHED
    page.keyboard.press("Space")
    assert status(first).inner_text() == "✗ Not that one."
    expect(button(first, "gains")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert status(first).inner_text() == f"✓ Right. {WHY}"
    expect(button(first, "loses")).to_be_focused()
    assert cells(page) == before
    assert answered(page) == "loses"


def test_the_keyboard_is_enough_and_the_notebook_stays_as_it_is(page):
    answer_by_keyboard(page, view(page))


def test_the_keyboard_is_enough_in_notebook_7(browser, jupyter, questions):
    page = new_page(browser)
    run_all(page, jupyter("notebook"), "questions.ipynb", "notebooks")
    expect(page.locator(f"{QUESTIONS} button")).to_have_count(8)
    answer_by_keyboard(page, view(page))
    page.close()


def test_voila_asks_too(browser, jupyter, questions):
    page = new_page(browser, {"width": 360, "height": 800})
    page.goto(f"{jupyter('voila')}/voila/render/questions.ipynb")
    expect(page.locator(f"{QUESTIONS} button")).to_have_count(8)
    assert states(view(page)) == UNTOUCHED
    button(view(page), "gains").click()
    button(view(page), "loses").click()
    assert status(view(page)).inner_text() == f"✓ Right. {WHY}"
    box = view(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.close()


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_question_is_accessible_in_both_themes(page, theme):
    page.evaluate(
        "theme => void jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    light = "true" if theme.endswith("Light") else "false"
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
    expect(page.get_by_role("group", name="Does it gain?")).to_have_count(2)
    for choice in (None, "gains", "loses"):
        if choice:
            button(view(page), choice).click()
        assert axe_faults(page, QUESTIONS) == []
        for ink, paper in colours(view(page)):
            assert contrast(ink, paper) >= 4.5


def colours(view):
    """List the colours of each text and of what is behind it."""
    found = view.evaluate(
        """element => {
            const context = document.createElement("canvas").getContext("2d");
            const colour = (css) => {
                context.fillStyle = css;
                context.fillRect(0, 0, 1, 1);
                return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((c) => c / 255);
            };
            const behind = (part) => {
                const css = getComputedStyle(part).backgroundColor;
                return css === "rgba(0, 0, 0, 0)" ? behind(part.parentElement) : css;
            };
            return [...element.querySelectorAll("legend, button, p")].map((part) =>
                [colour(getComputedStyle(part).color), colour(behind(part))]);
        }"""
    )
    assert len(found) == 5
    return found
