"""Challenges and predictions in JupyterLab, with what their kernel hears."""

from tests.browser.test_kernel import run
from tests.helpers import becomes, comes_to_be, need

expect = need("playwright.sync_api").expect

CELLS = [
    """
    import softmax_temperature as st
    table = st.load_example("wonderful-day")
    explorer = st.TemperatureExplorer(table, parts=("bars", "dice"))
    explorer.draw()
    challenge = st.Challenge("Land on “challenge”.", explorer, lands_on="challenge")
    challenge""",
    "explorer",
    'prediction = st.Prediction(table, "experience")\nprediction',
    "prediction",
]
VERDICT = "document.querySelector('.challenge .verdict').textContent"


def comes_to_print(page, code, text):
    """Wait until Python has heard of what was changed."""
    comes_to_be(lambda: run(page, code), text)


def test_a_notebook_challenges_and_lets_draw(run_cells):
    page = run_cells(*CELLS, shows=".prediction svg", count=2)
    page.set_viewport_size({"width": 1280, "height": 1400})
    # Its explorer stands in a later cell.
    becomes(page, f"{VERDICT} === '○ Not yet. The dice land on “experience”.'")
    run(page, "explorer.temperature = 2")
    becomes(page, f"{VERDICT} === '✓ Reached! The dice land on “challenge”.'")
    # With other words the explorer has other data, and the challenge follows them.
    run(page, "explorer.table = st.TokenTable(['space', 'day'], [1, 0])")
    becomes(page, f"{VERDICT}.endsWith('There is no “challenge” now.')")

    first, second = (page.locator(".prediction").nth(number) for number in range(2))
    handle = first.get_by_role("slider").first
    handle.focus()
    for key in ("a", "d", "d", "x", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-valuetext", "0.33 at T = 0.00")
    assert second.get_by_role("status").text_content().startswith("Drag")
    first.get_by_role("button").press("Enter")
    said = first.get_by_role("status").text_content()
    assert said.startswith("On average you are ")
    # Two views of one prediction show the same.
    becomes(page, "document.querySelectorAll('.prediction.shown').length === 2")
    assert second.get_by_role("status").text_content() == said
    comes_to_print(
        page,
        "print([round(p, 2) for p in prediction.drawn], end='')",
        "[0.33, 0.31, 0.31, 0.31, 0.31]",
    )
    run(page, "prediction.drawn = None")
    becomes(page, "document.querySelectorAll('.prediction.shown').length === 0")
    assert page.locator(".jp-Cell").count() == len(CELLS)
