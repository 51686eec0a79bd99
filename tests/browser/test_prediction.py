"""Predictions in a page without a kernel: drawn by pointer and by keys, and then compared."""

import re

import numpy as np
import pytest

from softmax_temperature import Prediction, load_example
from tests.browser.test_foreign import save
from tests.helpers import RANKED, RANKED_TOKENS, axe_faults, settle, softmax
from tools.course import executed

GRID = np.linspace(0, 2, 101)
TRUE = np.array([softmax(RANKED, T)[RANKED_TOKENS.index("experience")] for T in GRID])
EVERYWHERE = pytest.mark.engines("chromium", "firefox", "webkit")


@pytest.fixture
def page(open_file, tmp_path):
    nb = executed("# Draw", Prediction(load_example("wonderful-day"), "experience"))
    assert save(nb, tmp_path / "page.html") == []
    page = open_file(tmp_path / "page.html")
    settle(page, "document.documentElement.dataset.started")
    return page


def shown(page, kind):
    """Read a curve in the picture, as temperatures and probabilities."""
    path = page.locator(f".prediction path.{kind}").get_attribute("d")
    points = np.array([float(number) for number in re.findall(r"[\d.]+", path or "")]).reshape(
        -1, 2
    )
    if not len(points):
        return points
    edges = page.locator(".prediction .pad").evaluate(
        """pad => {
            const [root, { left, top, width, height }] = [pad.previousSibling, pad.style];
            const { width: across, height: up } = root.viewBox.baseVal;
            const part = (css, length) => (parseFloat(css) / 100) * length;
            return [part(left, across), part(top, up), part(width, across), part(height, up)];
        }"""
    )
    left, top, width, height = edges
    return np.column_stack([2 * (points[:, 0] - left) / width, 1 - (points[:, 1] - top) / height])


def expected(drawn):
    """Say how far a curve is from the true one, worked out with numpy."""
    gaps = np.abs(drawn - TRUE)
    worst = int(gaps.argmax())
    return (
        f"On average you are {gaps.mean():.2f} away. You differ most at T = {GRID[worst]:.2f}: "
        f"you drew {drawn[worst]:.2f}, and it is {TRUE[worst]:.2f}."
    )


def verdict(page):
    return page.locator(".prediction [role=status]").text_content()


def handle(page, temperature):
    return page.locator(f".prediction [aria-label='Your probability at T = {temperature}']")


@EVERYWHERE
def test_the_keyboard_draws_and_the_verdict_is_numpys(page):
    handles = [
        handle(page, temperature) for temperature in ("0.00", "0.50", "1.00", "1.50", "2.00")
    ]
    assert page.locator(".prediction [role=slider]").count() == 5
    button = page.locator(".prediction button")
    # Nothing is told before something is drawn.
    button.press("Enter")
    assert verdict(page).startswith("Drag the line")
    assert shown(page, "truth").size == 0
    handles[0].press("Home")
    for _ in range(3):
        handles[1].press("ArrowDown")
    handles[4].press("PageUp")
    handles[4].press("PageUp")
    at_1 = TRUE[50]
    texts = [handle.get_attribute("aria-valuetext") for handle in handles]
    assert texts[1] == f"{at_1 - 0.03:.2f} at T = 0.50"
    assert texts[4] == f"{at_1 + 0.2:.2f} at T = 2.00"
    drawn = np.interp(GRID, [0, 0.5, 1, 1.5, 2], [0, at_1 - 0.03, at_1, at_1, at_1 + 0.2])
    assert shown(page, "mine")[:, 1] == pytest.approx(drawn, abs=2e-3)
    assert verdict(page) == ""
    button.press("Enter")
    assert verdict(page) == expected(drawn)
    assert shown(page, "truth")[:, 1] == pytest.approx(TRUE, abs=2e-3)
    # What is shown stays.
    handles[0].press("End")
    assert verdict(page) == expected(drawn)
    cells = page.locator(".prediction tbody td").all_text_contents()
    assert cells[6:9] == ["1.00", f"{at_1:.2f}", f"{at_1:.2f}"]


@EVERYWHERE
def test_the_pointer_draws_freely_and_drags_handles(page):
    box = page.locator(".prediction .pad").bounding_box()

    def at(temperature, p):
        return box["x"] + box["width"] * temperature / 2, box["y"] + box["height"] * (1 - p)

    page.mouse.move(*at(0.1, 0.9))
    page.mouse.down()
    page.mouse.move(*at(0.4, 0.6))
    page.mouse.move(*at(0.9, 0.2))
    page.mouse.up()
    curve = shown(page, "mine")[:, 1]
    near = 2 / box["height"]
    assert curve[5] == pytest.approx(0.9, abs=near)
    assert curve[20] == pytest.approx(0.6, abs=near)
    assert curve[45] == pytest.approx(0.2, abs=near)
    assert curve[46:] == pytest.approx(TRUE[50], abs=2e-3)
    # The handle has followed, and drags straight lines to its neighbours.
    spot = handle(page, "2.00").bounding_box()
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    page.mouse.down()
    page.mouse.move(*at(2, 0.1))
    page.mouse.up()
    curve = shown(page, "mine")[:, 1]
    assert curve[100] == pytest.approx(0.1, abs=near)
    assert curve[88] == pytest.approx((curve[75] + curve[100]) / 2, abs=0.01)
    page.locator(".prediction button").click()
    assert verdict(page).startswith("On average you are 0.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_prediction_is_accessible_and_fits_a_narrow_screen(open_file, tmp_path, scheme):
    nb = executed("# Draw", Prediction(load_example("wonderful-day"), "day"))
    save(nb, tmp_path / "page.html")
    page = open_file(
        tmp_path / "page.html", color_scheme=scheme, viewport={"width": 360, "height": 800}
    )
    settle(page, "document.documentElement.dataset.started")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # No paper of another colour lies behind the picture.
    paper = page.locator(".prediction svg").evaluate("svg => getComputedStyle(svg).backgroundColor")
    assert paper == "rgba(0, 0, 0, 0)"
    for is_drawn in (False, True):
        if is_drawn:
            first = page.get_by_role("slider", name="Your probability at T = 0.00")
            first.press("Home")
            first.press("Shift+ArrowUp")
            assert first.get_attribute("aria-valuetext") == "0.10 at T = 0.00"
            page.get_by_role("button", name="Show the true curve").click()
        assert axe_faults(page, ".prediction") == []
