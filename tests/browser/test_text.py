"""Texts in real browsers: as a page, and in JupyterLab, with a kernel and without."""

import math
import re
from bisect import bisect_right
from itertools import pairwise
from unicodedata import normalize

import numpy as np
import pytest

from softmax_temperature import SamplerChain, TextExplorer, load_story_model
from softmax_temperature.words import first_of_words
from tests.browser.test_kernel import hears, run
from tests.browser.test_notebook import KERNEL
from tests.helpers import (
    axe_faults,
    becomes,
    choose,
    comes_to,
    go_to,
    let_rest,
    need,
    softmax,
    type_temperature,
    write,
)

expect = need("playwright.sync_api").expect

MODEL = load_story_model()
FIVE = (0, 0.5, 1, 1.37, 2)
TENTHS = np.linspace(0, 2, 21)
ALL = pytest.mark.engines("chromium", "firefox", "webkit")
PROMPT, DICE, LENGTH = "[aria-label=Prompt]", "[aria-label=Dice]", "[aria-label=Length]"
TEMPERATURE = "[aria-label^='Temperature, any']"
ENDING = "And they all lived happily ever after. The end"


@pytest.fixture(scope="module")
def whole():
    """Make the explorer that there is by default."""
    return TextExplorer(MODEL)


@pytest.fixture(scope="module")
def coarse():
    """Make one with fewer stops: a page writes the texts of all."""
    return TextExplorer(MODEL, temperatures=TENTHS)


@pytest.fixture(scope="module")
def brief():
    """Make one with short texts, too."""
    return TextExplorer(MODEL, temperatures=TENTHS, length=20)


@pytest.fixture(autouse=True)
def as_they_were(whole, coarse, brief):
    whole.length, coarse.length, brief.length = 80, 80, 20
    for explorer in (whole, coarse, brief):
        explorer.seed, explorer.temperature, explorer.prompt = 0, 1, ""
        explorer.chain = None


def settle(page, everywhere=False):
    """Wait until the text is written, or those of all stops."""
    done = "!document.querySelector('.sentences p').textContent.startsWith('Writing')"
    if everywhere:
        done += " && !document.querySelector('.progress').textContent"
    becomes(page, done)


def text_of(page):
    """Return prompt and text as they are shown, without the sign of an end."""
    prompt = page.locator(".prompt").text_content()
    text = "".join(text for text, _, _ in tokens(page))
    return prompt + text.removesuffix("■ end of the story")


def tokens(page):
    """Read each token's text, how surprising it is said to be, and where the fork is marked."""
    return page.evaluate(
        """() => [...document.querySelectorAll("[role=option]")].map((token) => [
            token.textContent, Number(token.className.match(/level-(\\d)/)[1]),
            token.classList.contains("fork")])"""
    )


def check_text(page, explorer):
    """Compare the text, its tints, its fork and its sentence with Python's."""
    settle(page)
    seen, written = tokens(page), explorer._written()
    assert text_of(page) == explorer.text
    assert [text for text, _, _ in seen] == explorer._pieces(written)
    words = np.array(first_of_words(explorer._pieces(written)))
    bits = [written.bits[words == word].sum() for word in words]
    assert [level for _, level, _ in seen] == np.searchsorted([1, 2, 4, 8], bits, "right").tolist()
    fork = [written.fork] * int(written.fork < len(seen))
    assert [i for i, (_, _, here) in enumerate(seen) if here] == fork
    assert page.locator(".sentences p").first.text_content() == explorer._caption()


@ALL
def test_the_text_is_pythons_with_any_dice_prompt_and_length(open_explorer):
    brief = TextExplorer(MODEL, length=20)
    page = open_explorer(brief)
    # After each, texts of 201 stops are written: tests/slow/test_stories.py has more of them.
    for seed in range(2):
        brief.seed = seed
        for temperature in FIVE:
            go_to(page, temperature)
            brief.temperature = temperature
            check_text(page, brief)
        page.get_by_role("button", name="Other dice", exact=True).click()
    brief.seed = 10**30 + 7
    write(page, DICE, f"{brief.seed}")
    check_text(page, brief)
    for prompt, length in [("The dragon", 80), ("🦊 日本’s crème", 30), (ENDING, 100), ("", 1)]:
        write(page, LENGTH, f"{length}")
        write(page, PROMPT, prompt)
        brief.length, brief.prompt = length, prompt
        for temperature in (0, 1, 1.37):
            go_to(page, temperature)
            brief.temperature = temperature
            check_text(page, brief)
    page.get_by_role("button", name="Other dice", exact=True).click()
    assert page.locator(DICE).evaluate("field => field.value") == f"{10**30 + 8}"


@ALL
def test_a_temperature_can_lie_between_the_stops_and_beyond_them(open_explorer, brief):
    page = open_explorer(brief)
    for text, temperature in [("0,123", 0.123), ("50", 50), ("∞", math.inf), ("1e-9", 1e-9)]:
        write(page, TEMPERATURE, text)
        brief.temperature = temperature
        check_text(page, brief)


def test_cuts_are_those_of_python(open_explorer, brief):
    page = open_explorer(brief, "#T=1.6")
    page.get_by_text("Cuts: none").click()
    choose(page, "select >> nth=0", "top-k")
    for value in (1, 7):
        write(page, "[aria-label='top-k, its value']", f"{value}")
        brief.chain = SamplerChain([("temperature", 1), ("top_k", value)])
        brief.temperature = 1.6
        check_text(page, brief)
    choose(page, "select >> nth=0", "min-p")
    brief.chain = SamplerChain([("temperature", 1), ("top_k", 7), ("min_p", 0.1)])
    check_text(page, brief)
    # Before the temperature, a cut leaves what it would at 1.
    page.get_by_role("button", name="min-p: move with the arrow keys").press("ArrowUp")
    page.get_by_role("button", name="min-p: move with the arrow keys").press("ArrowUp")
    brief.chain = SamplerChain([("min_p", 0.1), ("temperature", 1), ("top_k", 7)])
    check_text(page, brief)
    comes_to(page, "#min-p=0.1&T=1.6&top-k=7")
    assert page.locator("summary").first.text_content() == (
        "Cuts: min-p = 0.1, then Temperature, then top-k = 7"
    )
    page.get_by_role("button", name="Remove min-p").click()
    page.get_by_role("button", name="Remove top-k").click()
    brief.chain = None
    check_text(page, brief)


@ALL
def test_an_address_says_what_is_written_and_back_goes_back(open_explorer, brief):
    page = open_explorer(brief, "#T=0.8&prompt=The%20dragon&dice=3")
    brief.temperature, brief.prompt, brief.seed = 0.8, "The dragon", 3
    check_text(page, brief)
    comes_to(page, "#prompt=The%20dragon&T=0.8&dice=3")
    write(page, PROMPT, "Lily & “Tom” = 100% #1")
    brief.prompt = "Lily & “Tom” = 100% #1"
    check_text(page, brief)
    address = "#prompt=Lily%20%26%20%E2%80%9CTom%E2%80%9D%20%3D%20100%25%20%231&T=0.8&dice=3"
    comes_to(page, address)
    # What follows sooner is the same step back.
    let_rest(page)
    page.locator("[role=option]").first.click()
    comes_to(page, f"{address}&token=1")
    page.evaluate("history.back()")
    comes_to(page, address)
    page.evaluate("history.back()")
    comes_to(page, "#prompt=The%20dragon&T=0.8&dice=3")
    brief.prompt = "The dragon"
    check_text(page, brief)
    page.evaluate("location.hash = 'length=9&token=4'")
    brief.prompt, brief.seed, brief.temperature, brief.length = "", 0, 1, 9
    check_text(page, brief)
    assert (
        page.locator("[role=option]").evaluate_all(
            "tokens => tokens.findIndex((token) => token.ariaSelected === 'true')"
        )
        == 3
    )


@pytest.mark.parametrize(
    ("fragment", "problem"),
    [
        ("#prompt=a%00b", r"control character \x00"),
        ("#prompt=a%ED%A0%BD", "prompt must be written as an address has them, got “a%ED%A0%BD”"),
        ("#prompt=100%%20sure", "prompt must be written as an address has them"),
        (f"#prompt={'word%20' * 500}", "with 20 new tokens, its first 818 characters fit"),
        ("#length=512", "Length must be a whole number from 1 to 511, got “512”"),
        ("#length=0", "length must be a whole number from 1 to"),
        ("#dice=-1", "Seed must be a whole number of at least 0, got “-1”"),
        ("#top-p=2", "top-p must be"),
    ],
)
def test_what_an_address_cannot_have_is_said_and_left_out(open_explorer, brief, fragment, problem):
    page = open_explorer(brief, f"{fragment}&T=0.5")
    brief.temperature = 0.5
    check_text(page, brief)
    assert problem in page.locator("p.address").text_content()


def test_a_prompt_is_taken_by_enter_and_given_up_by_escape(open_explorer, brief):
    page = open_explorer(brief)
    field = page.locator(PROMPT)
    field.fill("The cat")
    settle(page, everywhere=True)
    # Nothing is written before it is asked for, and what is typed stays.
    check_text(page, brief)
    assert field.input_value() == "The cat"
    field.press("Escape")
    assert field.input_value() == ""
    field.fill("The cat")
    field.press("Enter")
    brief.prompt = "The cat"
    check_text(page, brief)
    # With Shift, Enter makes a new line, and pasted lines stay.
    field.press("End")
    field.press("Shift+Enter")
    page.keyboard.insert_text("and the\tdog\nsat")
    check_text(page, brief)
    field.press("Enter")
    brief.prompt = "The cat\nand the\tdog\nsat"
    check_text(page, brief)
    # An empty one is one, too.
    field.fill("")
    field.blur()
    brief.prompt = ""
    check_text(page, brief)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("word " * 600, "with 20 new tokens, its first {fitting} characters fit"),
        ("日" * 600, "with 20 new tokens, its first {fitting} characters fit"),
        ("a\x07b", r"must not have the control character \x07"),
        ("a\ud83d", "one half of a surrogate pair"),
    ],
)
def test_a_prompt_that_cannot_be_is_refused_beside_its_field(open_explorer, brief, text, problem):
    page = open_explorer(brief, "#prompt=Lily")
    # While others are written: what is said stays.
    page.locator(PROMPT).evaluate(
        """(field, codes) => {
            field.focus();
            field.value = String.fromCharCode(...codes);
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
        }""",
        [ord(sign) for sign in text],
    )
    fitting = bisect_right(range(len(text)), 492, key=lambda n: len(MODEL.encode(text[:n]))) - 1
    for _ in range(2):
        settle(page, everywhere=True)
        said = page.locator(".prompt-line .problem").text_content()
        assert problem.format(fitting=f"{fitting}") in said
        assert page.locator(PROMPT).get_attribute("aria-invalid") == "true"
        brief.prompt = "Lily"
        check_text(page, brief)
        page.keyboard.press("Tab")
    page.locator(PROMPT).press("Escape")
    assert page.locator(".prompt-line .problem").text_content() == ""
    assert page.locator(PROMPT).input_value() == "Lily"


def test_a_length_beyond_what_the_model_sees_is_refused(open_explorer, coarse):
    page = open_explorer(coarse, "#prompt=The%20cat")
    coarse.prompt = "The cat"
    for text, problem in [
        ("509", "The prompt is too long: with 509 new tokens, its first 5 characters fit"),
        ("512", "Length must be a whole number from 1 to 511, got “512”"),
        ("0", "Length must be at least 1, got 0"),
        ("1.5", "Length must be a whole number, got 1.5"),
        ("many", "Length must be a number, got “many”"),
    ]:
        write(page, LENGTH, text)
        assert problem in page.locator(".buttons .problem").nth(1).text_content()
        check_text(page, coarse)
    assert len(MODEL.encode("The cat")) == 4
    write(page, LENGTH, "508")
    coarse.length = 508
    check_text(page, coarse)


@pytest.mark.parametrize("part", ["weights", "vocabulary"])
@pytest.mark.parametrize("change", ["other", "shorter", "no base64", "gone"])
def test_a_damaged_model_leaves_the_text_that_was_there(open_file, tmp_path, coarse, part, change):
    coarse.prompt, coarse.temperature = "The <b>dragon</b>", 0.5
    path = tmp_path / "page.html"
    start, data, end = re.split(f'(?<="{part}":{{"bytes":")([^"]*)', coarse.to_html(), maxsplit=1)
    middle = len(data) // 2
    if change == "other":
        data = data[:middle] + ("AAAA" if data[middle] != "A" else "BBBB") + data[middle + 4 :]
    else:
        data = {"shorter": data[:middle], "no base64": f"{data[:9]}?{data[10:]}", "gone": ""}[
            change
        ]
    path.write_text(start + data + end, encoding="utf-8")
    page = open_file(path, "#T=1.5&prompt=Lily")
    page.wait_for_selector("[data-started]", state="attached")
    assert page.locator(".prompt-line .problem").text_content() == (
        "The language model in this page is damaged, so that nothing new can be written: write "
        "the page again."
    )
    assert page.locator(".story").text_content() == coarse.text
    assert page.locator(".softmax-temperature-head :enabled").count() == 0
    # It is told to the console, too.
    assert any("damaged" in problem for problem in page.problems)
    page.problems.clear()
    page.evaluate("problems.length = 0")


def test_a_token_that_cannot_be_seen_has_a_name(open_explorer, coarse):
    page = open_explorer(coarse)
    for temperature in (0, 0.8, 1.2):
        coarse.temperature = temperature
        go_to(page, temperature)
        settle(page)
        options = page.locator("[role=option]")
        names = options.evaluate_all("tokens => tokens.map((token) => token.ariaLabel)")
        shown = [MODEL.tokens[token] for token in coarse._written().new]
        blank = {" ": "·", "\n": "↵"}
        assert names == [blank.get(text, text if not text.strip() else None) for text in shown]
        assert any(names)


def test_every_stop_has_its_own_text(open_explorer, whole):
    page = open_explorer(whole)
    settle(page, everywhere=True)
    seen = page.evaluate(
        """() => {
            const slider = document.querySelector(".slider input");
            const texts = [];
            for (let stop = 0; stop <= 200; stop++) {
                slider.value = stop / 100;
                slider.dispatchEvent(new Event("input"));
                texts.push(document.querySelector("[role=listbox]").textContent);
            }
            return texts;
        }"""
    )
    assert seen == MODEL.write("", np.arange(201) / 100, 80, 0)


def test_a_page_stays_at_hand_while_it_writes(open_explorer, whole):
    """By a clock that goes on by a millisecond whenever it is asked for the time."""
    page = open_explorer(whole)
    settle(page, everywhere=True)
    page.evaluate(
        """() => {
            let [time, asked] = [performance.now(), 0];
            performance.now = () => (asked++, ++time);
            window.slices = [];
            const post = MessagePort.prototype.postMessage;
            MessagePort.prototype.postMessage = function (message) {
                slices.push(asked);
                asked = 0;
                post.call(this, message);
            };
        }"""
    )
    prompt = ("Once upon a time, there was a dragon. " * 9).strip()
    write(page, PROMPT, prompt)
    expect(page.locator(".progress")).not_to_be_empty()
    expect(page.locator(".progress")).to_be_empty()
    slices = page.evaluate("slices")
    # A slice ends after 30 ms: of each time that it asks, one token at most is computed before.
    assert max(slices) <= 32
    assert sum(slices) >= len(MODEL.encode(prompt)) + 80
    whole.prompt = prompt
    check_text(page, whole)


def test_a_new_prompt_stops_the_work_on_the_last(open_explorer, whole):
    page = open_explorer(whole)
    counts = page.evaluate(
        """async () => {
            const field = document.querySelector("[aria-label=Prompt]");
            const progress = document.querySelector(".progress");
            const take = (text) => {
                field.value = text;
                field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
            };
            const counts = [];
            let written = 0;
            for (const text of ["The cat", "The dog", "The dragon"]) {
                take(text);
                counts.push(progress.textContent.match(/\\d+/)?.[0]);
                if (text === "The dragon") break;
                while ((written = progress.textContent.match(/\\d+/)?.[0]) < 3)
                    await new Promise((resolve) => requestAnimationFrame(resolve));
            }
            return counts;
        }"""
    )
    # Nothing of what was written of another counts.
    assert counts == ["0", "0", "0"]
    whole.prompt = "The dragon"
    check_text(page, whole)
    settle(page, everywhere=True)
    for temperature in FIVE:
        go_to(page, temperature)
        whole.temperature = temperature
        check_text(page, whole)


def details(page):
    return page.locator(".details > p").text_content()


def name_of(token):
    """Return a token as a sentence names it."""
    return MODEL.tokens[token].replace("\n", "↵").strip()


def test_the_keys_go_from_token_to_token(open_explorer, coarse):
    page = open_explorer(coarse)
    settle(page)
    names = (
        "Prompt",
        "Other dice",
        "Dice",
        "Length",
        "Hold as B",
        "Cuts: none",
        "slider",
        "number",
    )
    for name in names:
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "document.activeElement.ariaLabel ?? document.activeElement.textContent"
        )
        assert seen == {"slider": "", "number": "Temperature, any number from 0 to ∞"}.get(
            name, name
        )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.role") == "listbox"
    assert details(page).startswith("Point at a token, or go to one")
    names = [name_of(token) for token in coarse._written().new]
    for key, chosen in [
        ("ArrowRight", 0),
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("End", 79),
        ("ArrowRight", 79),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        active = page.evaluate(
            "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
            ".textContent"
        )
        assert active.strip() == names[chosen]
        assert page.locator("[role=option][aria-selected=true]").count() == 1
        assert f"“{names[chosen]}”, a surprise of" in details(page)
    # With another key they are the browser's own.
    for key in ("Control", "Alt", "Meta"):
        page.keyboard.press(f"{key}+ArrowRight")
        assert page.locator("[role=option]").nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    first, second = (
        page.locator("[role=option]").nth(0).bounding_box(),
        page.locator("[role=option][aria-selected=true]").bounding_box(),
    )
    tops = page.locator("[role=option]").evaluate_all(
        "tokens => tokens.map((token) => token.getClientRects()[0].top)"
    )
    lines = [a for a, b in pairwise([*sorted(tops), math.inf]) if b > a + 4]
    assert len(lines) > 3
    assert (first["y"], second["y"]) == pytest.approx(lines[:2], abs=2)
    assert abs(second["x"] - first["x"]) < 30
    page.keyboard.press("ArrowUp")
    assert page.locator("[role=option]").nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    above = page.locator("[role=option][aria-selected=true]").bounding_box()
    assert above["y"] == pytest.approx(lines[-2], abs=2)
    page.keyboard.press("Escape")
    assert page.locator("[role=option][aria-selected=true]").count() == 0
    assert details(page).startswith("Point at a token, or go to one")


def number_of(text):
    """Read a probability, "1 in 2,400" too."""
    if match := re.fullmatch(r"1 in (.+)", text):
        return 1 / float(normalize("NFKC", match[1].replace(",", "").replace(" × 10", "e")))
    return float({"cut": "0", ">0.99": "1", "less than 1 in 10¹⁵": "0"}.get(text, text))


@pytest.mark.parametrize("steps", [None, [("temperature", 1), ("top_k", 3)]])
def test_what_is_told_of_a_token_is_the_models_own(open_explorer, coarse, steps):
    page = open_explorer(coarse, "#T=1.5" + ("&top-k=3" if steps else ""))
    coarse.temperature = 1.5
    coarse.chain = steps and SamplerChain(steps)
    settle(page)
    ids = coarse._written().ids
    rows = MODEL.logits_along(ids)[:-1]
    for i in (4, 5, 30):
        page.locator("[role=option]").nth(i).click()
        own, logits = ids[i + 1], rows[i]
        at_1 = np.array(softmax(logits, 1))
        order = np.argsort(-logits, kind="stable")
        rank = order.tolist().index(own)
        left = [*order[:3]] if steps else [*order[:510]]
        weights = np.where(np.isin(np.arange(512), left), np.exp((logits - logits.max()) / 1.5), 0)
        said = re.fullmatch(
            r"“(.*)”, a surprise of ([\d.]+) bits: of 510 tokens it was number (\d+), with a "
            r"probability of (.*) at T = 1\.",
            details(page),
        )
        assert said[1] == name_of(own)
        assert float(said[2]) == pytest.approx(-np.log2(at_1[own]), abs=0.051)
        assert int(said[3]) == rank + 1
        assert number_of(said[4]) == pytest.approx(at_1[own], rel=0.06, abs=0.0051)
        lines = page.locator(".details li:not(.head)").evaluate_all(
            """lines => lines.map((line) => [
                ...[...line.children].map((part) => part.textContent),
                ...[...line.querySelectorAll(".bar *")].map((bar) => parseFloat(bar.style.width)),
                line.classList.contains("own"),
            ])"""
        )
        expected = [*order[:8], *([own] if rank >= 8 else [])]
        assert len(lines) == len(expected)
        for line, token in zip(lines, expected, strict=True):
            name, _, now, then, button, bar, outline, is_own = line
            assert button == ("" if is_own else "Take it")
            assert name.startswith(f"{order.tolist().index(token) + 1}. ")
            assert is_own == (token == own)
            share = weights[token] / weights.sum()
            assert number_of(now) == pytest.approx(share, rel=0.06, abs=0.0051)
            assert (now == "cut") == (token not in left)
            assert number_of(then) == pytest.approx(at_1[token], rel=0.06, abs=0.0051)
            assert (bar, outline) == pytest.approx((100 * share, 100 * at_1[token]), abs=0.01)
        assert [line[-1] for line in lines].count(True) == 1


@ALL
def test_score_and_luck_say_why_it_is_this_word(open_explorer, coarse):
    page = open_explorer(coarse)
    settle(page)
    page.locator(".luck summary").click()
    ids = MODEL.encode("")
    rng = np.random.default_rng(0)
    luck = np.array([rng.gumbel(size=len(MODEL.tokens)) for _ in range(5)])[4]
    for temperature in (1, 0.6, 0, 2):
        go_to(page, temperature)
        settle(page)
        page.evaluate("document.querySelectorAll('[role=option]')[4].click()")
        coarse.temperature = temperature
        logits = MODEL.logits(coarse._written().ids[: len(ids) + 4])
        gaps = logits - logits.max()
        scores = np.where(gaps == 0, 0, -np.inf) if temperature == 0 else gaps / temperature
        sums = scores + luck
        rows = page.evaluate(
            """() => [...document.querySelectorAll(".scores g")].map((row) => [
                row.className.baseVal === "chosen",
                [...row.querySelectorAll("text")].map((text) => text.textContent)])"""
        )
        ((texts),) = [texts for chosen, texts in rows if chosen]
        assert float(texts[-1].replace("−", "-")) == pytest.approx(sums.max(), abs=0.051)
        option = tokens(page)[4][0]
        assert texts[0] == option.strip() or texts[0].strip("·↵ ") == option.strip()
        shown = [float(t[-1].replace("−", "-")) for _, t in rows if "∞" not in t[-1]]
        assert max(shown) == float(texts[-1].replace("−", "-"))
        assert "With this luck it is" in page.locator("details.luck").text_content()


def test_a_rare_token_is_not_below_a_hundredth_but_one_in_many(open_explorer, coarse):
    page = open_explorer(coarse, "#T=2")
    settle(page)
    coarse.temperature = 2
    rarest = int(coarse._written().bits.argmax())
    page.locator("[role=option]").nth(rarest).click()
    count = 2 ** float(coarse._written().bits[rarest])
    said = re.search(r"a probability of 1 in ([\d,]+) at T = 1", details(page))
    assert int(said[1].replace(",", "")) == pytest.approx(count, rel=0.06)


def test_the_bars_below_a_text_answer_to_the_slider(open_explorer, coarse):
    page = open_explorer(coarse, "#token=2")
    settle(page, everywhere=True)
    for temperature in (0.9, 0):
        go_to(page, temperature)
        widths = (
            page.locator(".details li:not(.head)")
            .first.locator(".bar *")
            .evaluate_all("bars => bars.map((bar) => parseFloat(bar.style.width))")
        )
        logits = MODEL.logits_along(coarse._written().ids)[1]
        shares = [max(softmax(logits, T)) for T in (temperature, 1)]
        assert widths == pytest.approx([100 * share for share in shares], abs=0.01)
    assert widths[0] == 100


def test_resting_on_a_token_tells_and_leaving_it_goes_back(open_explorer, brief):
    page = open_explorer(brief)
    settle(page)
    page.locator("[role=option]").nth(3).click()
    chosen = details(page)
    page.locator("[role=option]").nth(10).hover()
    assert details(page) != chosen
    page.mouse.move(1, 1)
    assert details(page) == chosen
    assert page.locator("[role=option][aria-selected=true]").count() == 1


def test_a_chosen_token_that_leaves_the_text_is_no_longer_chosen(open_explorer, coarse):
    page = open_explorer(coarse)
    settle(page, everywhere=True)
    chosen = page.locator("[role=option][aria-selected=true]")
    coarse.temperature = 2
    fork = coarse._written().fork
    for key in ["ArrowRight"] * fork:
        page.locator("[role=listbox]").press(key)
    go_to(page, 2)
    assert chosen.count() == 1
    page.locator("[role=listbox]").press("ArrowRight")
    assert chosen.count() == 1
    go_to(page, 1)
    assert chosen.count() == 0
    assert details(page).startswith("Point at a token, or go to one")
    # Also where the other text has yet to be written.
    page.locator("[role=option]").nth(60).click()
    write(page, TEMPERATURE, "30")
    settle(page)
    assert chosen.count() == 0
    comes_to(page, "#T=30")


def test_a_token_beyond_the_text_is_not_chosen(open_explorer):
    explorer = TextExplorer(MODEL, ENDING, length=60, value=1.5)
    count = len(explorer._written().new)
    page = open_explorer(explorer, "#token=61")
    settle(page)
    assert page.locator("[role=option][aria-selected=true]").count() == 0
    comes_to(page, "")
    assert page.locator("[role=option]").count() == count


def test_a_screen_reader_hears_what_has_come_to_rest(open_explorer, coarse):
    page = open_explorer(coarse, paused=True)
    settle(page, everywhere=True)
    status = page.locator(".softmax-temperature [role=status]").nth(0)
    assert status.text_content() == ""
    page.locator(".slider input[type=range]").press("ArrowLeft")
    page.clock.run_for(400)
    page.locator(".slider input[type=range]").press("ArrowLeft")
    page.clock.run_for(400)
    assert status.text_content() == ""
    page.clock.run_for(300)
    coarse.temperature = 0.8
    said = status.text_content()
    assert said.startswith(f"Temperature 0.80. {coarse._caption()} Once upon")
    assert said.endswith(coarse.text)
    page.locator("[role=listbox]").press("ArrowRight")
    told = page.locator(".softmax-temperature [role=status]").nth(1).text_content()
    assert "a surprise of" in told
    assert "The likeliest there, and their probabilities at T = 0.80: " in told


@pytest.mark.parametrize("width", [1400, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_text_has_no_fault_that_axe_knows(open_explorer, coarse, scheme, width):
    page = open_explorer(
        coarse,
        "#T=2&top-k=40&prompt=The%20cat",
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    settle(page)
    page.locator("[role=listbox]").press("ArrowRight")
    write(page, LENGTH, "many")
    assert axe_faults(page) == []


def test_a_prompt_with_markup_is_text(open_explorer):
    prompt = "<img src=x onerror=alert(1)> $x$ </script>"
    page = open_explorer(TextExplorer(MODEL, prompt, [0, 1], length=3, seeds=[0]))
    assert page.locator(".prompt").text_content() == prompt
    assert page.locator("img").count() == 0


IMPORTS = """
import ipywidgets, json
from softmax_temperature import *
model = load_story_model()
"""


@pytest.fixture
def open_texts(run_cells):
    """Run cells in a notebook of their own, and wait until its explorers are shown."""
    return lambda *cells, count=1: run_cells(IMPORTS, *cells, shows="[role=listbox]", count=count)


def head_of(page, number=0):
    return page.locator(".softmax-temperature-explorer").nth(number)


def check_notebook(page, explorer, number=0):
    """Compare what an explorer of a notebook shows with Python's."""
    view = head_of(page, number)
    expect(view.locator(".sentences p").first).to_have_text(
        explorer._caption(), use_inner_text=False
    )
    seen = view.locator(".story > p").first.text_content().removesuffix("■ end of the story")
    assert seen == explorer.text


TWO = [
    "explorer = TextExplorer(model, 'The dragon', length=20, seeds=[0, 1])\nexplorer",
    "other = TextExplorer(model, 'The cat', length=20)\nother",
]


def test_in_a_notebook_both_sides_write_the_same(open_texts):
    page = open_texts(*TWO, count=2)
    explorer = TextExplorer(MODEL, "The dragon", length=20, seeds=[0, 1])
    for temperature in (*FIVE, math.inf):
        type_temperature(head_of(page), "∞" if temperature == math.inf else f"{temperature}")
        explorer.temperature = temperature
        check_notebook(page, explorer)
    view = head_of(page)
    view.get_by_role("button", name="Other dice").click()
    explorer.seed = 1
    check_notebook(page, explorer)
    # What a reader types reaches Python, and what Python sets reaches the reader.
    write(page, f"{PROMPT} >> nth=0", "Lily’s 🌙")
    write(page, f"{LENGTH} >> nth=0", "30")
    explorer.prompt, explorer.length = "Lily’s 🌙", 30
    check_notebook(page, explorer)
    hears(page, "[explorer.prompt, explorer.length, explorer.seed]", ["Lily’s 🌙", 30, 1])
    hears(page, "explorer.text", explorer.text)
    # While the browser writes.
    run(
        page,
        "explorer.prompt = 'Once'; explorer.seed = 10**30; explorer.temperature = 1.3\n"
        "explorer.chain = SamplerChain([('temperature', 1), ('min_p', 0.1)])",
    )
    explorer.prompt, explorer.seed, explorer.temperature = "Once", 10**30, 1.3
    explorer.chain = SamplerChain([("temperature", 1), ("min_p", 0.1)])
    check_notebook(page, explorer)
    hears(page, "explorer.text", explorer.text)
    # A token is chosen there, and read here.
    view.locator("[role=option]").nth(2).click()
    hears(page, "explorer._body.state['chosen']", 2)
    # The other one has gone its own way, with the same model.
    other = TextExplorer(MODEL, "The cat", length=20)
    check_notebook(page, other, 1)
    models = (
        "sum(type(widget).__name__ == '_Model' for widget in "
        "ipywidgets.widgets.widget._instances.values())"
    )
    hears(page, models, 1)
    run(page, "explorer.close()")
    expect(page.locator("[role=listbox]")).to_have_count(1)
    write(page, PROMPT, "The owl")
    other.prompt = "The owl"
    check_notebook(page, other)
    hears(page, "[other.prompt, explorer.prompt]", ["The owl", "Once"])
    hears(page, models, 1)


def test_in_a_notebook_a_message_has_temperature_and_chosen_token_at_once(open_texts):
    page = open_texts(TWO[0])
    type_temperature(head_of(page), "0.5")
    page.locator("[role=option]").nth(4).click()
    hears(page, "[explorer.temperature, explorer._body.state['chosen']]", [0.5, 4])
    assert page.locator("[role=option][aria-selected=true]").count() == 1


def test_in_a_notebook_without_a_kernel_all_goes_on(open_texts):
    page = open_texts(TWO[0])
    page.evaluate(f"async () => {{ await {KERNEL}.shutdown(); }}")
    page.wait_for_function(f"!{KERNEL.replace('.kernel', '?.kernel')}")
    explorer = TextExplorer(MODEL, "The owl", length=40, seeds=[1], value=0.3)
    write(page, PROMPT, "The owl")
    write(page, LENGTH, "40")
    page.get_by_role("button", name="Other dice").click()
    type_temperature(head_of(page), "0.3")
    check_notebook(page, explorer)
    page.get_by_text("Cuts: none").click()
    page.get_by_label("Add a cut").select_option("top-k")
    explorer.chain = SamplerChain([("temperature", 1), ("top_k", 40)])
    check_notebook(page, explorer)
    page.locator("[role=option]").nth(2).click()
    assert page.locator("[role=option][aria-selected=true]").count() == 1


def test_in_a_notebook_linked_sliders_and_cells_that_run_again(open_texts):
    page = open_texts(
        *TWO,
        "link = ipywidgets.jslink((explorer.slider, 'value'), (other.slider, 'value'))",
        count=2,
    )
    one = TextExplorer(MODEL, "The dragon", length=20, value=0.5)
    two = TextExplorer(MODEL, "The cat", length=20, value=0.5)
    type_temperature(head_of(page), "0.5")
    check_notebook(page, one)
    check_notebook(page, two, 1)
    hears(page, "[explorer.temperature, other.temperature]", [0.5, 0.5])
    # Beside its code: in the middle of the cell is the map, where a click moves the line.
    page.locator(".jp-CodeCell .jp-InputPrompt").nth(1).click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[role=listbox]")).to_have_count(2)
    fresh = TextExplorer(MODEL, "The dragon", length=20)
    check_notebook(page, fresh)
    write(page, f"{PROMPT} >> nth=0", "The owl")
    fresh.prompt = "The owl"
    check_notebook(page, fresh)
    hears(page, "explorer.prompt", "The owl")


def test_in_a_notebook_keys_in_the_prompt_are_not_the_notebooks(open_texts):
    page = open_texts(TWO[0])
    cells = page.locator(".jp-Cell").count()
    for control in (page.locator(PROMPT), page.locator(LENGTH), page.locator("[role=listbox]")):
        # In command mode, in which a notebook takes letters and arrow keys.
        page.locator(".jp-InputPrompt").first.click()
        control.focus()
        for key in ("ArrowDown", "b", "m", "a", "d", "d", "ArrowRight"):
            page.keyboard.press(key)
        assert control.evaluate("element => element === document.activeElement")
        expect(page.locator(".jp-Cell")).to_have_count(cells)
    assert page.locator(PROMPT).input_value().count("b") == 1
