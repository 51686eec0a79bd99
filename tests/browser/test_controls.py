"""The controls of an explorer's page: each works without Python, and shows what Python would."""

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, TokenTable, load_example
from tests.helpers import (
    axe_faults,
    check_state,
    choose,
    comes_to,
    cut_off,
    go_to,
    instrument,
    resize,
    six,
    slide,
    softmax,
    state_of,
    write,
)

# In all engines what is theirs to do: pointers, keys, fields. In one what is ours alone.
everywhere = pytest.mark.engines("chromium", "firefox", "webkit")

FIELD = ".slider input[type=text]"
SLIDER = ".slider input[type=range]"
SEED = ".softmax-temperature-head .buttons input"
STRIP = ".softmax-temperature .strip"


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def value_of(page, selector):
    return page.locator(selector).evaluate("field => field.value")


def is_refused(page, selector):
    return page.locator(selector).get_attribute("aria-invalid") == "true"


def problem(page, place):
    """Read what stands beside the fields of a place about what they refuse."""
    return " ".join(page.locator(f"{place} .problem").all_text_contents()).strip()


TYPED = {
    "0.333": 0.333,
    "0,7": 0.7,
    "1e-3": 0.001,
    "7.5": 7.5,
    "+3": 3.0,
    "∞": np.inf,
    "0": 0.0,
    " inf ": np.inf,
    "1234567": 1234567.0,
    "1.005": 1.005,
}


@everywhere
def test_any_temperature_can_be_typed(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    for text, temperature in TYPED.items():
        write(page, FIELD, text)
        explorer.temperature = temperature
        check_state(page.locator("main"), explorer)
        assert value_of(page, FIELD) == explorer._temperature_text
        # The slider stands at the nearest stop, and does not write it back.
        assert float(value_of(page, SLIDER)) == pytest.approx(min(temperature, 2), abs=0.0051)
        assert page.locator(SLIDER).get_attribute("aria-valuetext") == explorer._temperature_text
        assert problem(page, ".slider") == ""
    slide(page, SLIDER, 0.5)
    explorer.temperature = 0.5
    check_state(page.locator("main"), explorer)


def test_a_temperature_that_is_none_is_refused_in_words(open_explorer):
    explorer = six(value=0.7)
    page = open_explorer(explorer)
    for text in ("-1", "−0.5", "much", "", "nan", "1,2,3", "<img src=x>", "0x10"):
        write(page, FIELD, text)
        said = problem(page, ".slider")
        assert "temperature must" in said
        assert text.replace("−", "-") in said
        assert is_refused(page, FIELD)
        check_state(page.locator("main"), explorer)
        assert page.evaluate("location.hash") == ""
        page.locator(FIELD).press("Escape")
        assert (value_of(page, FIELD), problem(page, ".slider")) == ("0.70", "")
        assert not is_refused(page, FIELD)
        write(page, FIELD, text)
        write(page, FIELD, "0.8")
        explorer.temperature = 0.8
        check_state(page.locator("main"), explorer)
        assert problem(page, ".slider") == ""
        # As it was before the next one.
        slide(page, SLIDER, 0.7)
        explorer.temperature = 0.7
        comes_to(page, "")


@everywhere
def test_the_cursor_moves_while_it_is_dragged(open_explorer):
    explorer = six()
    page = open_explorer(explorer, viewport={"width": 1400, "height": 900})
    area = "[id$='-axes-curves'] > [id*='-patch_'] path"
    box = page.locator(f".softmax-temperature svg {area}").first.bounding_box()
    y = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    # Beyond the axis it stays at its end, and so it does above and below it.
    for part, rise in ((0.6, 0), (0.25, 0), (0.9, -100), (1.2, 0), (-0.2, 200), (0.4, 0)):
        page.mouse.move(box["x"] + box["width"] * part, y + rise)
        moved = float(value_of(page, SLIDER))
        assert moved == pytest.approx(2 * min(max(part, 0), 1), abs=0.015)
        explorer.temperature = moved
        seen = instrument(page.locator("main"))
        assert seen["cursor"] == pytest.approx(moved / 2, abs=1.5 * seen["pixel"])
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] / 2, y)
    check_state(page.locator("main"), explorer)


def check_dice(page, explorer, place):
    """Compare where the dice lie and what they land on with a place, on strip and in words."""
    explorer._set(place=place, draws=0, batch=0)
    seen = instrument(page.locator("main"))
    assert seen["dice"] == pytest.approx(place, abs=1.5 * seen["pixel"])
    word = check_state(page.locator("main"), explorer)["word"]
    strip = page.locator(STRIP)
    assert float(strip.get_attribute("aria-valuenow")) == place
    assert strip.get_attribute("aria-valuetext").endswith(f": {word}")


@everywhere
@pytest.mark.parametrize("width", [1000, 400])
def test_the_pointer_puts_and_drags_the_dice_along_the_strip(open_explorer, width):
    explorer = six(value=1.5)
    page = open_explorer(explorer, viewport={"width": width, "height": 900})
    area = "[id$='-axes-strip'] > [id*='-patch_'] path"
    box = page.locator(f".softmax-temperature svg {area}").first.bounding_box()
    y = box["y"] + box["height"] / 2

    def move(part, rise=0):
        # Within the window: some drivers refuse to leave it.
        x = min(max(box["x"] + box["width"] * part, 1), width - 2)
        page.mouse.move(x, y + rise)
        return (x - box["x"]) / box["width"]

    move(0.2)
    page.mouse.down()
    words = set()
    for part, rise in ((0.3, 0), (0.6, 3), (0.9, 60), (1.1, 0), (-0.1, -30), (0.5, 0)):
        part = move(part, rise)
        place = float(page.locator(STRIP).get_attribute("aria-valuenow"))
        assert place == pytest.approx(min(max(part, 0), 0.9999), abs=1.5 / box["width"])
        check_dice(page, explorer, place)
        words.add(state_of(page.locator("main"))["word"])
    page.mouse.up()
    move(0.9)
    check_dice(page, explorer, place)
    assert len(words) >= 4
    # The same dice land on other words at other temperatures.
    explorer.temperature = 0.2
    slide(page, SLIDER, 0.2)
    check_dice(page, explorer, place)


@everywhere
def test_keys_put_and_move_the_dice(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    strip = page.locator(STRIP)
    assert "Nothing is drawn" in strip.get_attribute("aria-valuetext")
    goals = [
        ("ArrowRight", 0.5),
        ("ArrowRight", 0.51),
        ("ArrowUp", 0.52),
        ("ArrowLeft", 0.51),
        ("ArrowDown", 0.5),
        ("PageUp", 0.6),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("End", 0.9999),
        ("ArrowRight", 0.9999),
        ("PageDown", 0.8999),
    ]
    for key, place in goals:
        strip.press(key)
        check_dice(page, explorer, place)
    comes_to(page, "#place=0.8999")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"


@everywhere
def test_each_button_draws_what_python_draws(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    main = page.locator("main")
    check_state(main, explorer)
    for _ in range(3):
        click(page, "Draw")
        explorer.draw()
        check_state(main, explorer)
    for _ in range(3):
        click(page, "Draw 100")
        explorer.draw(100)
        check_state(main, explorer)
    slide(page, SLIDER, 1.7)
    explorer.temperature = 1.7
    check_state(main, explorer)
    # Where single draws were left off, they go on.
    click(page, "Draw")
    explorer.draw()
    check_state(main, explorer)
    click(page, "Clear")
    explorer.clear()
    assert check_state(main, explorer)["word"] == ""
    click(page, "Draw")
    explorer.draw()
    check_state(main, explorer)


@everywhere
def test_other_dice_land_on_other_words_and_any_seed_can_be_typed(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    main = page.locator("main")
    click(page, "Draw")
    words = []
    for seed in (21, 22, 28, 29):
        assert value_of(page, SEED) == f"{seed}"
        explorer.seed = seed
        explorer.draw()
        words.append(check_state(main, explorer)["word"])
        click(page, "Other dice")
    assert len(set(words[:3])) == 3
    for seed in (0, 10**29 + 7, 2**64):
        write(page, SEED, f"{seed}")
        explorer.seed = seed
        explorer.draw()
        check_state(main, explorer)
        click(page, "Draw 100")
        explorer.draw(100)
        check_state(main, explorer)
        click(page, "Clear")
        click(page, "Draw")
    for text in ("-1", "1.5", "abc", "", "9" * 401):
        write(page, SEED, text)
        assert "Seed must be a whole number" in problem(page, ".softmax-temperature-head")
        assert is_refused(page, SEED)
        explorer.clear()
        explorer.draw()
        check_state(main, explorer)
    page.locator(SEED).press("Escape")
    assert value_of(page, SEED) == f"{2**64}"
    assert problem(page, ".softmax-temperature-head") == ""


def test_one_dice_and_many_draws_are_not_on_show_at_once(open_explorer):
    page = open_explorer(six())
    main = page.locator("main")
    click(page, "Draw 100")
    assert sum(state_of(main)["marks"]) == pytest.approx(1, abs=0.05)
    assert instrument(main)["dice"] is False
    for key in ("Home", "Home"):
        page.locator(STRIP).press(key)
    assert state_of(main)["marks"] == [0] * 6
    assert instrument(main)["dice"] == pytest.approx(0, abs=0.005)


@everywhere
def test_a_menu_has_the_prompts_of_several_tables(open_explorer):
    tables = [load_example("wonderful-day"), TokenTable(["tea", "ink"], [1, 2], "A cup of ")]
    tables.append(TokenTable(["a", "b", "c"], [0.5, 0.25, -np.inf]))
    explorer = TemperatureExplorer(tables, value=0.7)
    page = open_explorer(explorer)
    menu = page.locator(".softmax-temperature-head select")
    texts = menu.evaluate("menu => [...menu.options].map((option) => option.text)")
    assert texts == ["It was a wonderful", "A cup of", "(none)"]
    click(page, "Draw")
    for place in (1, 2, 0, 1):
        choose(page, ".softmax-temperature-head select", texts[place])
        explorer._set(table=place, dice=0)
        check_state(page.locator("main"), explorer)
    assert page.locator(".prompt span").text_content() == "A cup of "
    comes_to(page, "#prompt=2&dice=1")


def test_a_constant_on_every_logit_changes_nothing(open_explorer):
    explorer = six(parts=("bars", "dice", "curves", "constant"), value=0.7)
    page = open_explorer(explorer)
    before = state_of(page.locator("main"))
    for constant in (3, 100, 0, 41):
        slide(page, ".constant input", constant)
        told = f"{constant} is added to every logit: the largest is {constant + 5:.1f}."
        assert page.locator(".constant .value").text_content() == told
        seen = state_of(page.locator("main"))
        assert seen["bars"] == pytest.approx(before["bars"], abs=1e-9)
        explorer._set(constant=constant)
        check_state(page.locator("main"), explorer)
    comes_to(page, "#constant=41")


def edit(page, what, number, text):
    write(page, f".editor [aria-label='{what} {number}']", text)


@everywhere
def test_words_and_logits_are_edited_in_place(open_explorer):
    explorer = six(value=0.9)
    page = open_explorer(explorer)
    main = page.locator("main")
    page.locator(".editor summary").click()
    tokens, logits = list(explorer.table.tokens), list(explorer.table.logits)
    changes = [
        ("Logit", 2, "4.75", 4.75),
        ("Word", 3, "日本 & <i>", "日本 & <i>"),
        ("Logit", 1, "-2,5", -2.5),
        ("Logit", 6, "-∞", -np.inf),
        ("Word", 1, "morning", "morning"),
        ("Logit", 4, "4.75", 4.75),
    ]
    for what, number, text, value in changes:
        edit(page, what, number, text)
        (tokens if what == "Word" else logits)[number - 1] = value
        held = ["-inf" if logit == -np.inf else logit for logit in logits]
        explorer._set(tokens=tokens.copy(), logits=held)
        check_state(main, explorer)
    # Strip and curves by the definition.
    order = np.argsort(-np.array(logits), kind="stable")
    ranked = [logits[place] for place in order]
    for temperature in (0.5, 1.6):
        slide(page, SLIDER, temperature)
        explorer.temperature = temperature
        check_state(main, explorer)
        seen, shares = instrument(main), softmax(ranked, temperature)
        near = 1.5 * seen["pixel"]
        # Firefox has no place for what has no length.
        assert seen["cuts"][:5] == pytest.approx(list(np.cumsum(shares))[:5], abs=near)
        assert [y for _, y in seen["dots"]] == pytest.approx(shares, abs=near)
        # Each curve goes through its dot.
        far = page.evaluate(
            """() => {
                const root = document.querySelector(".softmax-temperature svg");
                return [...root.querySelectorAll("[id*='-dot-']")].map((dot, i) => {
                    const box = dot.getBoundingClientRect();
                    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
                    const path = root.querySelector(`[id$='-curve-${i}'] path`);
                    const points = path.getAttribute("d").match(/-?[\\d.]+/g).map(Number);
                    const matrix = path.getScreenCTM();
                    const pairs = points.flatMap((_, k) => k % 2 ? [] : [points.slice(k, k + 2)]);
                    return Math.min(...pairs
                        .map(([a, b]) => new DOMPoint(a, b).matrixTransform(matrix))
                        .map((spot) => Math.hypot(spot.x - x, spot.y - y)));
                });
            }"""
        )
        assert len(far) == 6
        assert max(far) < 2
    click(page, "As it was")
    explorer._set(tokens=None, logits=None)
    check_state(main, explorer)


@pytest.mark.parametrize("width", [1000, 360])
def test_long_and_wide_words_that_are_typed_are_not_cut_off(open_explorer, width):
    page = open_explorer(six(), viewport={"width": width, "height": 800})
    page.locator(".editor summary").click()
    for number, word in enumerate(
        ["Donaudampfschifffahrt", "日本語の長い" * 9, "😀" * 20, "שלום עולם " * 5], 1
    ):
        edit(page, "Word", number, word)
    click(page, "Draw 100")
    assert cut_off(page.locator("main")) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


REFUSED = [
    ("Word", "", "A word must not be empty"),
    ("Word", "   ", "A word must not be empty"),
    ("Word", "day", "“day” is there already"),
    ("Logit", "much", "Logit must be a number, got “much”"),
    ("Logit", "", "Logit must be a number"),
    ("Logit", "∞", "Logit must be a number"),
    ("Logit", "1e999", "logits must not contain +inf"),
]


def test_words_and_logits_that_cannot_be_are_refused_in_words(open_explorer):
    explorer = six()
    page = open_explorer(explorer)
    page.locator(".editor summary").click()
    for what, text, words in REFUSED:
        edit(page, what, 2, text)
        assert words in problem(page, ".editor"), (what, text)
        field = f".editor [aria-label='{what} 2']"
        assert is_refused(page, field)
        check_state(page.locator("main"), explorer)
        page.locator(field).press("Escape")
        assert value_of(page, field) == {"Word": "space", "Logit": "2.2"}[what]
        assert problem(page, ".editor") == ""
    assert page.evaluate("location.hash") == ""
    for number in range(1, 6):
        edit(page, "Logit", number, "-inf")
    logits = ["-inf"] * 5 + [2.7]
    explorer._set(tokens=list(explorer.table.tokens), logits=logits)
    check_state(page.locator("main"), explorer)
    edit(page, "Logit", 6, "-inf")
    assert "logits" in problem(page, ".editor")
    check_state(page.locator("main"), explorer)


def test_tables_that_are_long_or_have_others_are_not_edited(open_explorer):
    page = open_explorer(TemperatureExplorer(load_example("gpt2-spaceship"), top=20))
    assert not page.locator(".editor").is_visible()
    page = open_explorer(TemperatureExplorer(load_example("gpt-4o-mini-tv-show-is")))
    assert not page.locator(".editor").is_visible()


def test_each_control_is_reached_by_keys_and_has_a_name(open_explorer):
    tables = [load_example("wonderful-day"), TokenTable(["tea", "ink"], [1, 2], "A cup of ")]
    page = open_explorer(TemperatureExplorer(tables, parts=("bars", "dice", "curves", "constant")))
    page.locator(".editor summary").click()
    page.locator(".softmax-temperature-head select").focus()
    page.keyboard.press("Shift+Tab")
    found = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => {
                const { activeElement: e } = document;
                if (e === document.body) return null;
                const name = e.ariaLabel ?? e.labels?.[0]?.textContent ?? e.textContent;
                const { outlineStyle, outlineWidth } = getComputedStyle(e);
                return `${name.trim()}${outlineStyle === "none" ? " without a ring" : ""}`;
            }"""
        )
        if name is None or name in found:
            break
        found.append(name)
    assert found[0].startswith("Prompt")
    fields = [f"{what} {number}" for number in range(1, 7) for what in ("Word", "Logit")]
    assert found[1:] == [
        *["Draw", "Draw 100", "Other dice", "Clear", "Seed", "Constant"],
        *["Temperature", "Temperature, any number from 0 to ∞"],
        *["Dice: a random number from 0 to 1", "Bars: one by one with the arrow keys"],
        "Your own words and logits",
        *fields,
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_with_everything_open_and_something_refused(open_explorer, scheme):
    tables = [load_example("wonderful-day"), TokenTable(["tea", "ink"], [1, 2], "A cup of ")]
    explorer = TemperatureExplorer(tables, parts=("bars", "dice", "curves", "constant"))
    page = open_explorer(explorer, "#T=-1", color_scheme=scheme)
    page.locator(".editor summary").click()
    click(page, "Draw 100")
    for field in (FIELD, SEED, ".editor [aria-label='Word 2']", ".editor [aria-label='Logit 1']"):
        write(page, field, "")
        assert is_refused(page, field)
    for width in (1400, 1000, 360):
        resize(page, width, 800)
        assert axe_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_everything_can_be_seen(open_explorer, scheme):
    page = open_explorer(six(), forced_colors="active", color_scheme=scheme)
    click(page, "Draw")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    unseen = page.evaluate(
        """() => {
            const colour = (css) => {
                const context = document.createElement("canvas").getContext("2d");
                context.fillStyle = css;
                context.fillRect(0, 0, 1, 1);
                return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
            };
            const paper = colour(getComputedStyle(document.body).backgroundColor);
            const far = (css) =>
                colour(css).reduce((sum, part, i) => sum + Math.abs(part - paper[i]), 0);
            const texts = [...document.querySelectorAll("svg text")].filter((text) =>
                text.checkVisibility() && !text.closest("[id*='-name-'], [id*='-segment-']"));
            const filled = ":is([id*='-bar-'], [id*='-segment-']) path";
            const bars = [...document.querySelectorAll(filled)];
            const lines = [...document.querySelectorAll("[id*='-curve-'] path")];
            const borders = [...document.querySelectorAll("button, input[type=text]")];
            const mark = [...document.querySelectorAll("[id*='-dice-mark'] use")];
            return [
                ...[...texts, ...bars, ...mark].map((e) => [e, getComputedStyle(e).fill]),
                ...lines.map((e) => [e, getComputedStyle(e).stroke]),
                ...borders.map((e) => [e, getComputedStyle(e).borderTopColor]),
            ].filter(([, css]) => far(css) < 150).map(([e, css]) => `${e.outerHTML} ${css}`);
        }"""
    )
    assert unseen == []


def test_nothing_is_said_while_controls_move_and_once_when_they_rest(open_explorer):
    page = open_explorer(six(), paused=True)
    page.evaluate(
        """() => {
            window.told = [];
            const status = document.querySelector("[aria-live=polite]");
            new MutationObserver(() => told.push(status.textContent))
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for _ in range(5):
        page.locator(STRIP).press("ArrowRight")
        page.clock.run_for(300)
        page.locator(SLIDER).press("ArrowRight")
        page.clock.run_for(300)
    assert page.evaluate("told") == []
    page.clock.run_for(5_000)
    (told,) = page.evaluate("told")
    assert told.startswith("Temperature 1.05. It was a wonderful experience. Of 100 draws about 50")


def test_a_draw_moves_for_a_moment_unless_less_motion_is_asked_for(open_explorer):
    explorer = TemperatureExplorer(load_example("wonderful-day"))
    for preference in ("no-preference", "reduce"):
        page = open_explorer(explorer, "#place=0.5", reduced_motion=preference)
        moving = """name => {
            [...document.querySelectorAll("button")].find((b) => b.textContent === name).click();
            return document.getAnimations().length;
        }"""
        for name in ("Draw", "Draw 100", "Other dice"):
            assert (page.evaluate(moving, name) > 0) is (preference == "no-preference")
        go_to(page, 1.5)
        page.evaluate("document.getAnimations().forEach((motion) => motion.finish())")
        assert page.evaluate(moving, "Clear") == 0
        page.locator(".pad").press("ArrowUp")
        assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("example", ["wonderful-day", "gpt2-spaceship"])
def test_signs_of_draws_stand_on_their_bars_and_cover_no_number(open_explorer, example):
    table = load_example(example)
    options = {"top": 10} if len(table.tokens) > 100 else {}
    page = open_explorer(TemperatureExplorer(table, **options), "#draws=100")
    for temperature in (0, 0.5, 1, 2):
        go_to(page, temperature)
        pairs = page.evaluate(
            """() => [...document.querySelectorAll(".softmax-temperature svg [id*='-mark-']")].map(
                (mark) => {
                    const label = document.getElementById(mark.id.replace("-mark-", "-label-"));
                    const bar = document.getElementById(mark.id.replace("-mark-", "-bar-"));
                    return [mark, label.querySelector("text"), bar.querySelector("path")]
                        .map((element) => {
                            const { left, top, right, bottom } = element.getBoundingClientRect();
                            return [left, top, right, bottom];
                        });
                })"""
        )
        assert len(pairs) == (6 if example == "wonderful-day" else 11)
        across = 0 if example == "wonderful-day" else 1
        for mark, label, bar in pairs:
            middle = (bar[across] + bar[across + 2]) / 2
            assert (mark[across] + mark[across + 2]) / 2 == pytest.approx(middle, abs=1)
            # Digits are lower than their line.
            apart = mark[2] <= label[0] + 1 or label[2] <= mark[0] or label[3] <= mark[1] + 4
            assert apart
