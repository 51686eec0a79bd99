"""The address of a page keeps what is set, whatever is in it; and what of a page can be damaged."""

import gzip
import json
import re
from urllib.parse import quote

import numpy as np
import pytest

from softmax_temperature import SamplerChain, SamplerExplorer, TemperatureExplorer, load_example
from softmax_temperature.explorers.page import fill, with_data
from tests.helpers import becomes, check_state, comes_to, need, six, slide, state_of, write

need("playwright.sync_api")

pytestmark = pytest.mark.engines("chromium", "firefox", "webkit")
# What is told of many addresses is worked out alike everywhere.
in_one = pytest.mark.engines("chromium")

FIELD = ".slider input[type=text]"
MAIN = "main"


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def address(page):
    return page.evaluate("location.hash")


def told(page):
    """Read what is said of the address."""
    return " ".join(page.locator(".address").all_text_contents()).strip()


def visit(page, fragment):
    """Load the page anew at another address, as whoever opens it there."""
    assert page.evaluate("problems") == []
    # At once, since the page writes its address, too, when what was set has come to rest.
    page.evaluate(
        """(fragment) => {
            delete document.documentElement.dataset.started;
            history.replaceState(null, "", location.href.split("#")[0] + fragment);
            location.reload();
        }""",
        fragment,
    )
    page.wait_for_selector("html[data-started]")


def is_seen(one, other):
    """Tell whether two pages of one size show the same."""
    numbers = ("bars", "outlines", "marks")
    for name in numbers:
        assert one[name] == pytest.approx(other[name], abs=1e-6)
    assert {k: one[k] for k in one if k not in numbers} == {
        k: other[k] for k in other if k not in numbers
    }
    return True


def test_an_address_that_is_on_its_way_is_not_written_over(open_explorer):
    """Whoever went back at once was brought forward again, if what was set came to rest then."""
    page = open_explorer(six(), paused=True)
    click(page, "Draw")
    assert address(page) == "#dice=1"
    # Before the page hears of it.
    page.evaluate("history.replaceState(null, '', '#T=0.5')")
    page.clock.run_for(400)
    assert address(page) == "#T=0.5"


def test_a_copied_address_shows_the_same(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    write(page, FIELD, "0.7321")
    click(page, "Other dice")
    for _ in range(2):
        click(page, "Draw")
    comes_to(page, "#T=0.7321&seed=22&dice=3")
    explorer.temperature, explorer.seed = 0.7321, 22
    for _ in range(3):
        explorer.draw()
    seen = check_state(page.locator(MAIN), explorer)
    copied = open_explorer(six(), "#T=0.7321&seed=22&dice=3")
    assert is_seen(state_of(copied.locator(MAIN)), seen)
    assert address(copied) == "#T=0.7321&seed=22&dice=3"


SHARED = [
    ("#T=inf", {"T": "inf"}),
    ("#T=0", {"T": 0.0}),
    ("#dice=3", {"dice": 2}),
    ("#T=1.3&seed=123456789012345678901234567890&dice=1", {"T": 1.3, "dice": 0}),
    ("#place=0.9999", {"place": 0.9999}),
    ("#draws=100", {"draws": 100}),
    ("#T=0.5&draws=100.2", {"T": 0.5, "draws": 100, "batch": 1}),
    ("#draws=7", {"draws": 7}),
]


@in_one
def test_an_address_shows_what_python_shows(open_explorer):
    page = open_explorer(six())
    for fragment, state in SHARED:
        visit(page, fragment)
        explorer = six()
        if "seed=" in fragment:
            explorer.seed = int(re.search(r"seed=(\d+)", fragment)[1])
        explorer._set(**state)
        explorer.temperature = float(state.get("T", 1))
        explorer._set(**{name: state[name] for name in state if name != "T"})
        check_state(page.locator(MAIN), explorer)
        assert address(page) == fragment
        assert told(page) == ""


def test_an_address_keeps_own_words_and_logits(open_explorer):
    explorer = six()
    tokens = ["a,b", "50%", "日本", "<b>", "& you", "#="]
    logits = [1.5, -2.0, "-inf", 3.0, 0.0, 1e-3]
    page = open_explorer(explorer)
    page.locator(".editor summary").click()
    for i, (token, logit) in enumerate(zip(tokens, logits, strict=True), 1):
        write(page, f".editor [aria-label='Word {i}']", token)
        write(page, f".editor [aria-label='Logit {i}']", str(logit))
    words = ",".join(quote(token, safe="!'()*~") for token in tokens)
    comes_to(page, f"#words={words}&logits=1.5,-2,-inf,3,0,0.001")
    explorer._set(tokens=tokens, logits=logits)
    check_state(page.locator(MAIN), explorer)
    copied = open_explorer(six(), address(page))
    check_state(copied.locator(MAIN), explorer)


def test_back_and_forward_bring_back_all_that_was_set(open_explorer):
    explorer = six()
    page = open_explorer(explorer, paused=True)
    seen = [state_of(page.locator(MAIN))]
    addresses = [address(page)]
    for act in (
        lambda: click(page, "Draw"),
        lambda: slide(page, ".slider input[type=range]", 1.6),
        lambda: click(page, "Draw 100"),
    ):
        act()
        page.clock.run_for(400)
        seen.append(state_of(page.locator(MAIN)))
        addresses.append(address(page))
    assert addresses == ["", "#dice=1", "#T=1.6&dice=1", "#T=1.6&dice=1&draws=100"]

    def go(way, place):
        page.evaluate(f"history.{way}()")
        title = json.dumps(seen[place]["caption"])
        becomes(page, f"document.querySelector('.sentences p').textContent === {title}")
        is_seen(state_of(page.locator(MAIN)), seen[place])
        assert address(page) == addresses[place]

    for place in (2, 1, 0):
        go("back", place)
    for place in (1, 2, 3):
        go("forward", place)


LONG = "9" * 10_000
# What is wrong of each, in words, and what of it is right and shown.
MADE_BY_HAND = [
    ("#T=-1&dice=x", ["temperature must not be negative", "dice must be a whole number"], {}),
    ("#T=much", ["temperature must be a number, got “much”"], {}),
    ("#T=", ["temperature must be a number, got “”"], {}),
    ("#T=NaN", ["temperature must be a number"], {}),
    ("#T=0.5&dice=0", ["dice must be a whole number from 1"], {"T": 0.5}),
    ("#T=0.5&dice=1e9", ["dice must be"], {"T": 0.5}),
    ("#T=0.5&dice=100001", ["dice must be a whole number from 1 to 100000"], {"T": 0.5}),
    ("#draws=1000000", ["draws must be"], {}),
    ("#draws=100.0", ["draws must be"], {}),
    ("#seed=-3&dice=2", ["Seed must be a whole number"], {"dice": 1}),
    (f"#seed={LONG}", ["too long"], {}),
    (f"#T={LONG}", ["too long"], {}),
    (f"#words={'a,' * 5000}", ["too long"], {}),
    ("#place=1", ["place must be from 0 to below 1"], {}),
    ("#place=-0.1&T=0.5", ["place must be"], {"T": 0.5}),
    ("#prompt=2", ["prompt must be a whole number from 1 to 1"], {}),
    ("#T=<img src=x onerror=alert(1)>", ["temperature must be a number", "<img src=x"], {}),
    ("#T=%3Cscript%3Ealert(1)%3C/script%3E", ["temperature must be a number"], {}),
    (f"#T={'much' * 500}", ["temperature must be a number, got “muchmuch"], {}),
    ("#T=%E0%A4%A", ["temperature must be a number"], {}),
    ("#words=%E0%A4%A,b,c,d,e,f", ["words must be", "%E0%A4%A"], {}),
    ("#words=a,b", ["words and logits must be 6 each"], {}),
    ("#words=a,a,c,d,e,f", ["“a” is there already"], {}),
    ("#words=a,,c,d,e,f", ["A word must not be empty"], {}),
    ("#logits=1,2,3,4,5,much", ["logits must be a number, got “much”"], {}),
    ("#logits=-inf,-inf,-inf,-inf,-inf,-inf", ["logits must"], {}),
    ("#__proto__=1&constructor=2&T=0.5", [], {"T": 0.5}),
    ("#T=0.5&T=0.6", [], {"T": 0.6}),
    ("#t=0,70", [], {"T": 0.7}),
    ("#constant=5&T=0.5", [], {"T": 0.5}),
    ("#top-p=0.5&T=0.5", [], {"T": 0.5}),
    ("#%E0%A4%A=1&T=0.5", [], {"T": 0.5}),
]


@in_one
def test_what_is_wrong_with_an_address_is_told_and_changes_nothing(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    for fragment, problems, state in MADE_BY_HAND:
        visit(page, fragment)
        said = told(page)
        for words in problems:
            assert words in said, fragment[:99]
        assert bool(said) == bool(problems), fragment[:99]
        assert len(said) < 400
        explorer.temperature = state.get("T", 1)
        explorer._set(dice=state.get("dice", -1))
        check_state(page.locator(MAIN), explorer)
        assert page.locator("main img").count() == 0
        kept = [f"{name}={state[name] + (name == 'dice')}" for name in state]
        assert address(page) == (f"#{'&'.join(kept)}" if kept else "")
        # What is set next takes the complaint away.
        slide(page, ".slider input[type=range]", 1.3)
        explorer.temperature = 1.3
        check_state(page.locator(MAIN), explorer)
        assert told(page) == ""


@in_one
def test_a_place_on_the_page_is_no_state(open_explorer):
    explorer = six(value=0.6)
    page = open_explorer(explorer)
    for fragment in ("#top", "#T", "#&&&=", "#", "#note=5"):
        visit(page, fragment)
        check_state(page.locator(MAIN), explorer)


def two(path, first, second, change=lambda data: None):
    """Write a page of two explorers, the first one's data changed."""
    data = [explorer._data(True) | {"state": explorer._state} for explorer in (first, second)]
    page = fill(
        "page.html",
        script='import { startPage } from "./page.js";\n'
        'import { tableKind } from "./explorer.js";\nimport { samplerKind } from "./sampler.js";\n'
        "startPage({ temperature: tableKind, sampler: samplerKind });\n",
        styles=("explorer.css", "chart.css", "ranks.css", "page.css"),
        name="Two",
        heading="Two",
        note="",
        caption="",
        explorer='<section id="one">{}</section><section id="two">{}</section>'.format(
            *(with_data("softmax-temperature-explorer", change(one) or one) for one in data)
        ),
    )
    path.write_text(page, encoding="utf-8")
    return path


def wait_until_started(page):
    page.wait_for_selector("html[data-started]")


def test_on_a_page_of_several_each_has_its_prefix(open_file, tmp_path):
    one, other = six(), six()
    path = two(tmp_path / "two.html", one, other)
    page = open_file(path, "#2.T=0.4&1.dice=2&T=3")
    wait_until_started(page)
    one.draw()
    one.draw()
    other.temperature = 0.4
    check_state(page.locator("#one"), one)
    check_state(page.locator("#two"), other)
    assert address(page) == "#1.dice=2&2.T=0.4"
    slide(page, "#one .slider input[type=range]", 1.9)
    one.temperature = 1.9
    check_state(page.locator("#one"), one)
    check_state(page.locator("#two"), other)
    comes_to(page, "#1.T=1.9&1.dice=2&2.T=0.4")


def cut_picture(data, share):
    for layout in data["tables"][0]["layouts"]:
        layout["svg"] = layout["svg"][: int(len(layout["svg"]) * share)]


def change_logits(data, change):
    logits = data["tables"][0]["logits"]
    data["tables"][0]["logits"] = logits | {"bytes": change(logits["bytes"])}


def garble(data):
    change_logits(data, lambda _: "no base64!")


# In each of them something is missing or wrong, so that nothing right could be shown.
DAMAGES = {
    "no end of the picture": lambda data: cut_picture(data, 1 - 1e-4),
    "half a picture": lambda data: cut_picture(data, 0.5),
    "no picture": lambda data: cut_picture(data, 0),
    "fewer logits": lambda data: change_logits(data, lambda packed: packed[:-8]),
    "part of a logit": lambda data: change_logits(data, lambda packed: packed[:-3]),
    "no logits": lambda data: change_logits(data, lambda packed: b""),
    "no base64": garble,
    "not a number": lambda data: change_logits(
        data, lambda packed: np.full(len(packed) // 8, np.nan).tobytes()
    ),
    "no words": lambda data: data["tables"][0].update(words=[]),
    "no table": lambda data: data.update(tables=[]),
    "another kind": lambda data: data.update(kind="unknown"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_of_damaged_data_a_sentence_tells_and_other_explorers_go_on(open_file, tmp_path, damage):
    broken, sound = six(), six(value=0.7)

    def change(data):
        if data["state"]["T"] == 1:
            data["tables"] = [dict(table) for table in data["tables"]]
            table = data["tables"][0]
            table["layouts"] = [dict(layout) for layout in table["layouts"]]
            DAMAGES[damage](data)

    page = open_file(two(tmp_path / "two.html", broken, sound, change))
    wait_until_started(page)
    alerts = page.locator("#one [role=alert]").all_text_contents()
    said = " ".join(alerts).strip()
    assert said.startswith(("This cannot be shown: ", "The picture is damaged")), said
    assert len(said) < 300
    assert "undefined" not in said
    assert page.locator("#one svg").count() == 0
    check_state(page.locator("#two"), sound)
    slide(page, "#two .slider input[type=range]", 1.4)
    sound.temperature = 1.4
    check_state(page.locator("#two"), sound)
    # The page itself was told, too.
    page.evaluate("void problems.splice(0)")
    page.problems.clear()


@pytest.mark.parametrize("damage", ["cut", "changed", "no gzip"])
def test_of_damaged_gzip_a_sentence_tells(open_file, tmp_path, damage):
    explorer = TemperatureExplorer(load_example("gpt2-spaceship"), top=20)

    def change(data):
        if data["state"]["T"] == 1:
            packed = data["tables"][0]["logits"]["bytes"]
            assert gzip.decompress(packed)
            middle = len(packed) // 2
            changed = {
                "cut": packed[:middle],
                "changed": packed[:middle] + bytes(99) + packed[middle + 99 :],
                "no gzip": bytes(200) + packed,
            }[damage]
            data["tables"] = [data["tables"][0] | {}]
            change_logits(data, lambda _: changed)

    page = open_file(two(tmp_path / "two.html", explorer, six(value=0.7), change))
    wait_until_started(page)
    said = " ".join(page.locator("#one [role=alert]").all_text_contents()).strip()
    assert said.startswith("This cannot be shown: ")
    assert page.locator("#one svg").count() == 0
    check_state(page.locator("#two"), six(value=0.7))
    page.evaluate("void problems.splice(0)")
    page.problems.clear()


SAMPLERS = [
    ("#T=0.7&top-p=0.92", [("temperature", None), ("top_p", 0.92)], 0.7, []),
    ("#top-p=0.92&T=0.7", [("top_p", 0.92), ("temperature", None)], 0.7, []),
    (
        "#top-k=3&T=1.2345&min-p=0.0625",
        [("top_k", 3), ("temperature", None), ("min_p", 0.0625)],
        1.2345,
        [],
    ),
    ("#T=0.5", [("temperature", None), ("top_p", 0.8)], 0.5, []),
    ("#TOP-P=off&t=0.5", [("top_p", None), ("temperature", None)], 0.5, []),
    ("#top_p=0.6", [("temperature", None), ("top_p", 0.6)], 1.0, []),
    (
        "#T=0.5&top-p=7",
        [("temperature", None), ("top_p", 0.8)],
        0.5,
        ["top-p must be above 0 and at most 1, got 7"],
    ),
    (
        "#T=0.5&top-k=2.5",
        [("temperature", None), ("top_p", 0.8)],
        0.5,
        ["top-k must be a whole number"],
    ),
    ("#min-p=", [("temperature", None), ("top_p", 0.8)], 1.0, ["min-p must be a number"]),
]


@in_one
def test_an_address_has_the_steps_of_a_sampler_in_their_order(open_explorer):
    explorer = SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8)
    page = open_explorer(explorer)
    for fragment, steps, temperature, problems in SAMPLERS:
        visit(page, fragment)
        said = told(page)
        for words in problems:
            assert words in said, fragment
        assert bool(said) == bool(problems), fragment
        explorer._set(steps=steps)
        explorer.temperature = temperature
        check_state(page.locator(MAIN), explorer)
        values = [(name, temperature if name == "temperature" else value) for name, value in steps]
        assert explorer.chain == SamplerChain(step for step in values if step[1] is not None)
