"""Challenges in a page without a kernel: reached with the slider, and told aloud."""

import pytest

from softmax_temperature import Challenge, SamplerExplorer, TextExplorer, load_story_model
from tests.browser.test_foreign import save
from tests.browser.test_sampler import knob
from tests.helpers import axe_faults, becomes, six, slide
from tools.course import executed

CHALLENGES = ".softmax-temperature-challenge"


@pytest.fixture
def page(open_file, tmp_path):
    bars = six(parts=("bars", "dice"))
    bars.draw()
    cuts = SamplerExplorer(bars.table, "top_p", 0.8)
    text = TextExplorer(load_story_model(), "The dragon", [0, 1, 2], length=8)
    shown = [
        Challenge("Land on “challenge”.", bars, lands_on="challenge"),
        bars,
        Challenge("Keep exactly five.", cuts, kept=5),
        cuts,
        Challenge("Let it be small.", text, writes="small"),
        text,
        Challenge("Give “day” half.", bars, probability=("day", 0.49, 0.5)),
    ]
    assert save(executed(*shown), tmp_path / "page.html") == []
    page = open_file(tmp_path / "page.html", paused=True)
    becomes(page, "document.documentElement.dataset.started")
    return page


def verdicts(page):
    return page.locator(f"{CHALLENGES} .verdict").all_text_contents()


def move(page, number, temperature):
    slide(page, f"#slider-{number}\\.T", temperature)


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_a_goal_is_reached_left_and_reached_again(page):
    bars, cuts, text, half = verdicts(page)
    assert bars == "○ Not yet. The dice land on “experience”."
    assert cuts == "○ Not yet. 2 of 6 tokens are kept."
    assert text == "○ Not yet. The text does not have “small”."
    assert half == "○ Not yet. “day” has 0.51."
    move(page, 1, 2)
    assert verdicts(page)[0] == "✓ Reached! The dice land on “challenge”."
    assert verdicts(page)[1:3] == [cuts, text]
    move(page, 1, 1.05)
    there = "You were there, and have moved on."
    assert verdicts(page)[0] == f"○ {there} The dice land on “experience”."
    assert verdicts(page)[3] == "✓ Reached! “day” has 0.50."
    move(page, 2, 2)
    assert verdicts(page)[1] == "○ Not yet. 4 of 6 tokens are kept."
    slide(page, knob("top-p"), 17)
    assert verdicts(page)[1] == "✓ Reached! 5 of 6 tokens are kept."
    move(page, 3, 0)
    becomes(page, f"document.querySelectorAll('{CHALLENGES} .verdict')[2].textContent[0] === '✓'")
    assert verdicts(page)[2] == "✓ Reached! The text has “small”."


def test_a_verdict_is_told_aloud_when_it_has_come_to_rest(page):
    status = page.locator(f"{CHALLENGES} [role=status]")
    assert set(status.all_text_contents()) == {""}
    for temperature in (1.5, 1.8, 2):
        move(page, 1, temperature)
    page.clock.run_for(700)
    assert status.first.text_content() == "Reached! The dice land on “challenge”."


def test_a_challenge_without_its_explorer_says_so(open_file, tmp_path):
    nb = executed("# Alone", Challenge("Land on “day”.", six(parts=("bars",)), lands_on="day"))
    save(nb, tmp_path / "page.html")
    page = open_file(tmp_path / "page.html")
    page.wait_for_selector("html[data-started]", state="attached")
    assert verdicts(page) == ["Its picture is not shown yet."]
    assert axe_faults(page, CHALLENGES) == []
