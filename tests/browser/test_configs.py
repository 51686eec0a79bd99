"""Settings of engines below a sampler's steps, pasted and copied in a page without Python."""

import pytest

from softmax_temperature import SamplerExplorer, load_example, read_config, write_config
from tests.browser.test_sampler import ADD, TEMPERATURE, check_sampler, field, names
from tests.helpers import axe_faults, choose, resize, slide, write

SUMMARY = ".configs summary"
MENU = ".configs select"
TEXT = ".configs textarea"
MAKERS = ["huggingface", "llama.cpp", "vllm"]


def sampler():
    return SamplerExplorer(load_example("wonderful-day"), "top_p", 0.8, value=1.5)


@pytest.fixture
def opened(open_explorer):
    """Give an explorer and its page, with the settings of an engine unfolded."""

    def open_it(maker="huggingface", **options):
        explorer = sampler()
        page = open_explorer(explorer, **options)
        page.locator(SUMMARY).click()
        page.wait_for_selector(TEXT)
        choose(page, MENU, maker)
        return explorer, page

    return open_it


def text_of(page):
    return page.locator(TEXT).evaluate("field => field.value")


def notes_of(page):
    return page.locator(".configs .notes p").all_text_contents()


def check_settings(page, explorer, maker, read_notes=()):
    """Compare steps, bars, text and notes with Python's."""
    check_sampler(page, explorer)
    text, notes = write_config(explorer.chain, maker)
    assert text_of(page) == text
    assert notes_of(page) == list(dict.fromkeys([*read_notes, *notes]))
    assert page.locator(".configs .problem").text_content() == ""


PASTED = {
    "huggingface": '{"do_sample": true, "temperature": 0.7, "top_k": 4, "seed": 3}',
    "llama.cpp": "llama-cli -m x.gguf \\\n --temp 1.2 --min-p 0.02 --samplers 'min_p;temp'",
    "vllm": '{"temperature": 2.5, "typical_p": 0.9, "min_p": 0.1}',
}


@pytest.mark.engines("chromium", "firefox", "webkit")
@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_pasted_becomes_the_steps_that_python_reads(opened, maker):
    explorer, page = opened(maker)
    check_settings(page, explorer, maker)
    write(page, TEXT, PASTED[maker])
    explorer.chain, notes = read_config(PASTED[maker], maker)
    check_settings(page, explorer, maker, notes)
    # For another engine it is written at once.
    for other in MAKERS:
        choose(page, MENU, other)
        check_settings(page, explorer, other, notes)


def test_the_text_follows_the_steps(opened):
    explorer, page = opened("llama.cpp")
    slide(page, TEMPERATURE, 0.5)
    explorer.temperature = 0.5
    check_settings(page, explorer, "llama.cpp")
    write(page, field("top-p"), "0.9")
    explorer.knob = 0.9
    check_settings(page, explorer, "llama.cpp")
    # What an engine can't be given is said.
    choose(page, ADD, "top-p")
    assert text_of(page) == ""
    (note,) = notes_of(page)
    assert note.startswith("llama.cpp has no settings for these steps: chain must have each step")


def test_a_text_that_is_refused_stays_and_so_do_the_steps(opened):
    explorer, page = opened("vllm")
    before = text_of(page)
    for text, said in {
        '{"top_p": 0.9': "text must be a JSON object, got",
        '{"top_p": 1.5}': "top_p must be above 0 and at most 1, got 1.5",
        "--min-p '0.1": "text must be flags, got",
        "hot": "text must be a JSON object or flags, got 'hot'",
    }.items():
        write(page, TEXT, text)
        assert page.locator(".configs .problem").text_content().startswith(said)
        assert page.locator(TEXT).get_attribute("aria-invalid") == "true"
        assert text_of(page) == text
        check_sampler(page, explorer)
        page.locator(TEXT).press("Escape")
        check_settings(page, explorer, "vllm")
        assert text_of(page) == before
    # vLLM has no list of samplers: it is read again, and taken.
    choose(page, MENU, "llama.cpp")
    twice = "--top-k 3 --samplers 'temp;top_k;temp'"
    write(page, TEXT, twice)
    assert (
        "one temperature, and this text has 2" in page.locator(".configs .problem").text_content()
    )
    check_sampler(page, explorer)
    choose(page, MENU, "vllm")
    explorer.chain, notes = read_config(twice, "vllm")
    check_settings(page, explorer, "vllm", notes)


def test_settings_without_a_temperature_are_drawn_from_at_1(opened):
    explorer, page = opened("llama.cpp")
    write(page, TEXT, "--top-k 2 --samplers top_k")
    assert names(page) == ["top-k", "Temperature"]
    assert notes_of(page) == [
        "No temperature is among its steps: here it stands last, as 1, which changes nothing."
    ]
    explorer._set(steps=[("top_k", 2), ("temperature", None)])
    explorer.temperature = 1
    check_sampler(page, explorer)


def test_keys_alone_copy_and_set_them_and_a_screen_reader_hears_it(open_explorer):
    explorer = sampler()
    page = open_explorer(explorer, paused=True)
    page.locator(".sampler .buttons select").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("v")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Settings of vllm"
    assert text_of(page) == '{"temperature": 1.5, "top_p": 0.8}'
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type('{"temperature": 0.5, "top_a": 1}')
    page.keyboard.press("Enter")
    explorer.chain, notes = read_config('{"temperature": 0.5, "top_a": 1}', "vllm")
    check_settings(page, explorer, "vllm", notes)
    page.clock.run_for(700)
    said = page.locator(".configs [role=status]").text_content()
    assert said == "Left out, since it is neither a temperature nor a cut: top_a."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_click_selects_the_text_and_there_is_no_fault_that_axe_knows(opened, scheme):
    _, page = opened("llama.cpp", color_scheme=scheme)
    page.locator(TEXT).click()
    selected = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert page.locator(TEXT).evaluate(selected) == text_of(page) != ""
    page.locator(TEXT).click()
    assert page.locator(TEXT).evaluate(selected) == ""
    write(page, TEXT, "--top-p 7")
    for width in (1400, 360):
        resize(page, width, 800)
        assert axe_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
