"""The front door in a browser: by pointer, by keys, before an audience, and without scripts."""

import math

import pytest

from softmax_temperature import load_story_model
from softmax_temperature.model.recorded import load_text_example
from softmax_temperature.publishing.door import door
from tests.helpers import axe_faults, becomes, comes_to, need

expect = need("playwright.sync_api").expect


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("door") / "door.html"
    path.write_text(door(), encoding="utf-8")
    return path


@pytest.fixture
def open_door(open_file, path):
    def open_it(fragment="", width=1280, height=720, **options):
        size = {"width": width, "height": height}
        page = open_file(path, fragment, viewport=size, **options)
        page.wait_for_selector("html[data-started]", state="attached")
        return page

    return open_it


def shown(page):
    """Return the names of the scenes that are on the screen."""
    return page.locator(".scene").evaluate_all(
        "scenes => scenes.filter((scene) => scene.checkVisibility()).map(({ id }) => id)"
    )


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_the_first_sentence_is_what_was_recorded_at_each_temperature(open_door):
    page = open_door()
    example = load_text_example("wonderful")
    stops = [0, 0.5, 1, 2]
    texts = example.write(example.prompt, stops, length=example.length, seed=example.seed)
    sentence = page.locator("#sentence .large p").first
    for number, text in enumerate(texts, 1):
        button = page.locator(f"#sentence .presets button:nth-child({number})")
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert sentence.text_content() == f"{text} …"
    # From text to text on the map.
    page.locator("#sentence .pad").press("PageDown")
    comes_to(page, "#1.T=1.95")


def test_between_the_stops_the_nearest_recorded_sentence_is_shown(open_door):
    page = open_door()
    example = load_text_example("wonderful")
    sentence, field = (
        page.locator("#sentence .large p").first,
        page.locator("#sentence [type=text]"),
    )
    texts = example.write(example.prompt, [0.6, 2], length=example.length, seed=example.seed)
    field.fill("0.62")
    field.press("Enter")
    comes_to(page, "#1.T=0.6")
    assert sentence.text_content() == f"{texts[0]} …"
    page.evaluate("location.hash = '1.T=inf&1.length=3'")
    expect(sentence).to_have_text(f"{texts[1]} …")


def test_nothing_jumps_where_the_sentence_changes(open_door):
    for width in (1280, 360):
        page = open_door(width=width)
        tops = page.evaluate(
            """() => {
                const [slider] = document.querySelectorAll("#sentence [type=range]");
                return Array.from({ length: 41 }, (_, stop) => {
                    slider.value = stop / 20;
                    slider.dispatchEvent(new Event("input"));
                    return document.querySelector("#word").getBoundingClientRect().top;
                });
            }"""
        )
        assert len(tops) == 41
        assert len(set(tops)) == 1


def test_a_reader_begins_a_story(open_door):
    page = open_door()
    field = page.get_by_role("textbox", name="Prompt")
    field.fill("The fox")
    field.press("Enter")
    (text,) = load_story_model().write("The fox", [0.7], length=60)
    story = page.locator("#story .story p").first
    expect(story).to_have_text(text)
    assert story.is_visible()
    # Nothing else stands there but the button for other dice: the lessons have the rest.
    controls = page.locator("#story :is(button, summary)").filter(visible=True)
    names = [name.strip() for name in controls.all_text_contents()]
    assert names == ["Other dice", "0", "½", "1", "2", "Licence of these data"]


def test_words_of_the_prose_move_the_picture(open_door):
    page = open_door()
    title = page.locator("#word svg title")
    page.get_by_role("link", name="twice as much").press("Enter")
    expect(title).to_have_text("T = 2.00: day leads with 0.34")
    page.get_by_role("link", name="Half of it").click()
    expect(title).to_have_text("T = 0.50: day leads with 0.71")


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_beliefs_are_scored_in_bits_and_end_in_a_perplexity(open_door):
    page = open_door()
    total = page.locator(".total")
    assert total.text_content() == "After the third answer your own perplexity stands here."
    # So far from the middle towards the second answer, by keys, and what that gives the truth.
    for number, (moves, percent) in enumerate([(3, 53), (-2, 52), (-4, 46)], 1):
        slider, button, verdict = (
            page.locator(f".doubt:nth-child({number}) {name}")
            for name in ("input", "button", ".verdict")
        )
        assert verdict.text_content() == ""
        for _ in range(abs(moves)):
            slider.press("ArrowRight" if moves > 0 else "ArrowLeft")
        bits = -math.log2(percent / 100)
        assert f" {percent} % ({bits:.2f} bits if so)" in slider.get_attribute("aria-valuetext")
        # It is said once, and no second try makes it cheaper.
        for _ in range(2):
            button.press("Enter")
            said = verdict.text_content()
            assert said[0] == ("✗" if number == 3 else "✓")
            assert f"You gave that {percent} %, which costs {bits:.2f} bits." in said
            assert slider.evaluate("slider => slider.disabled")
    perplexity = 1 / (0.53 * 0.52 * 0.46) ** (1 / 3)
    assert f"so your perplexity is {perplexity:.2f}:" in total.text_content()
    assert ("too sure" in total.text_content()) == (perplexity > 2)


def test_who_gives_the_truth_nothing_is_infinitely_surprised(open_door):
    page = open_door()
    for number, key in enumerate(["End", "End", "End"]):
        page.locator(".doubt").nth(number).get_by_role("slider").press(key)
        page.locator(".doubt").nth(number).get_by_role("button").click()
    expect(page.locator(".doubt").nth(1)).to_contain_text("0 %, which costs ∞ bits.")
    expect(page.locator(".doubt").nth(0)).to_contain_text("100 %, which costs 0.00 bits.")
    expect(page.locator(".total")).to_contain_text("your perplexity is ∞")


@pytest.mark.engines("chromium", "firefox", "webkit")
def test_an_audience_sees_one_scene_after_another_and_nothing_else(open_door):
    page = open_door()
    assert len(shown(page)) == 5
    page.locator("a[href='#present']").click()
    becomes(page, "document.documentElement.classList.contains('present')")
    assert shown(page) == ["sentence"]
    for others in ("nav", ".skip", "footer", "#lessons", "#sentence .prose"):
        assert not page.locator(others).first.is_visible()
    # What was pressed does not keep the arrows.
    page.locator("#sentence .presets button:nth-child(4)").click()
    page.locator("#sentence [type=range]").click()
    for key, name in [("ArrowRight", "word"), ("PageDown", "story"), ("ArrowLeft", "word")]:
        page.keyboard.press(key)
        assert shown(page) == [name]
    comes_to(page, "#present=2&1.T=1")
    # What the Tab key has reached is moved by them.
    slider = page.locator("#word [type=range]")
    for _ in range(20):
        page.keyboard.press("Tab")
        if slider.evaluate("slider => slider === document.activeElement"):
            break
    page.keyboard.press("ArrowRight")
    assert page.locator("#word svg title").text_content() == "T = 1.01: day leads with 0.51"
    assert shown(page) == ["word"]
    comes_to(page, "#present=2&1.T=1&2.T=1.01")
    page.keyboard.press("Escape")
    comes_to(page, "#1.T=1&2.T=1.01")
    assert len(shown(page)) == 5


def test_whoever_has_typed_before_an_audience_goes_on_with_the_same_keys(open_door):
    page = open_door("#present=3")
    field = page.locator("#story textarea")
    field.fill("The cat")
    field.press("Enter")
    becomes(page, "document.activeElement === document.body")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == ["word"]
    page.keyboard.press("ArrowRight")
    field.focus()
    page.keyboard.press("PageDown")
    assert shown(page) == ["bits"]


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_each_scene_fits_its_screen(open_door, size):
    page = open_door("#present=3", *size)
    assert shown(page) == ["story"]
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    for number in range(5):
        width, height = page.evaluate(
            "['scrollWidth', 'scrollHeight'].map((name) => document.documentElement[name])"
        )
        assert (width, height) == size, number
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1920, "light")])
def test_it_is_accessible_and_fits_its_screen(open_door, width, scheme):
    page = open_door(width=width, height=900, color_scheme=scheme)
    for doubt in page.locator(".doubt").all():
        doubt.get_by_role("button").click()
    for fragment in ["", *(["#present=4"] if width == 768 else [])]:
        page.evaluate(f"location.hash = '{fragment}'")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert axe_faults(page) == []


def test_without_scripts_it_shows_its_pictures_as_stills(browser, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#word img").evaluate("picture => picture.naturalWidth") > 500
    assert page.locator("#sentence img").evaluate("picture => picture.naturalWidth") > 900
    assert "It was a wonderful day at the beach" in page.locator("#sentence").inner_text()
    assert "does it gain or lose?" in page.locator("#bits").inner_text()
    context.close()
