"""Pages at every stop of their sliders."""

import numpy as np
import pytest

from softmax_temperature import TemperatureExplorer, load_example
from tests.browser.test_page import SLIDER, SOME_STOPS, STOPS, typed
from tests.helpers import resize, six


@pytest.mark.parametrize(
    "stops",
    [
        np.linspace(0, 2, 4),
        np.linspace(0, 2, 7),
        np.linspace(0, 2, 20),
        np.linspace(0, 2, 31),
        np.linspace(1 / 3, 20, 60),
        np.array([0.5, 20]),
        np.arange(11) * 1e5,
    ],
)
def test_every_stop_can_be_reached(open_explorer, stops):
    page = open_explorer(TemperatureExplorer(load_example("wonderful-day"), stops, stops[0]))
    texts = []
    for _ in stops:
        texts.append(typed(page))
        page.locator(SLIDER).press("ArrowRight")
    shown = [float(text) for text in texts]
    assert shown == pytest.approx(stops.tolist(), rel=1e-5, abs=0.005)
    assert len(set(texts)) == len(stops)
    page.locator(SLIDER).press("Home")
    assert typed(page) == texts[0]
    page.locator(SLIDER).press("End")
    assert typed(page) == texts[-1]


@pytest.mark.engines("chromium", "firefox", "webkit")
@pytest.mark.parametrize("name", ["six", "gpt2", "answer", "far"])
def test_nothing_jumps_when_the_slider_moves(open_explorer, engine, name):
    explorer = {
        "six": six,
        "gpt2": lambda: TemperatureExplorer(load_example("gpt2-spaceship"), top=20),
        "answer": lambda: TemperatureExplorer(load_example("gpt-4o-mini-tv-show-is")),
        "far": lambda: six(temperatures=np.linspace(0, 20, 61), value=20),
    }[name]()
    page = open_explorer(explorer)
    for width in (1000, 600, 520, 360, 320):
        resize(page, width, 900)
        places = page.evaluate(
            """(stops) => {
                const slider = document.querySelector(".slider input");
                const [low, high] = [Number(slider.min), Number(slider.max)];
                const places = new Set();
                for (const part of stops) {
                    slider.value = low + (high - low) * part / 200;
                    slider.dispatchEvent(new Event("input"));
                    places.add([".slider input", "svg", ".note"].map((name) =>
                        JSON.stringify(document.querySelector(name).getBoundingClientRect()),
                    ).join());
                }
                return [...places];
            }""",
            STOPS if engine == "chromium" else SOME_STOPS,
        )
        assert len(places) == 1, (width, places)
