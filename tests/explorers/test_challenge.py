"""Challenges without a browser: what is refused, and what is not told."""

import gc
import weakref

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from softmax_temperature import (
    Challenge,
    SamplerExplorer,
    TextExplorer,
    TokenTable,
    load_story_model,
)
from tests.helpers import six

TEXT = "Find a <b>T</b> at which “experience” has $p$ = 0.31."


def bars(**options):
    return six(parts=("bars", "dice"), **options)


def sampler():
    return SamplerExplorer(six()._pictures.tables[0], "top_p", 0.8)


def story():
    return TextExplorer(load_story_model(), "The dragon", [0, 1, 2], length=8)


def test_a_saved_notebook_has_the_text_and_no_verdict():
    explorer = bars(value=0.2)
    challenge = Challenge(TEXT, explorer, probability=("experience", 0.31, 0.32))

    def shown():
        data, _ = challenge._repr_mimebundle_()
        return {name: data[name] for name in data if "widget" not in name}

    first = shown()
    assert first["text/plain"] == repr(challenge) == f"Challenge: {TEXT}"
    assert first["text/html"] == (
        "<p>Find a &lt;b&gt;T&lt;/b&gt; at which “experience” has <span>$</span>p<span>$</span>"
        " = 0.31.</p>"
    )
    # Its share is e^4.5 / (e^5 + e^4.5 + ...) = 0.3106 at T = 1.
    explorer.temperature = 1
    assert challenge.reached
    assert shown() == first


def test_a_probability_tells_teachers_at_which_stops_it_is_met():
    def stops(*bounds):
        return Challenge("?", bars(value=0.2), probability=("day", *bounds))._goal["stops"]

    logits = np.array(six()._pictures.tables[0].logits)

    def share(temperature):
        weights = np.exp(logits / temperature)
        return weights[0] / weights.sum()

    first, last = stops(0.4, 0.45)
    assert share(first - 0.01) > 0.45 >= share(first)
    assert share(last) >= 0.4 > share(last + 0.01)
    # Between two stops, where none has it.
    middle = share(1.205)
    assert stops(middle - 1e-6, middle + 1e-6) == [1.2, 1.21]


def test_each_goal_follows_what_is_set_from_code():
    explorer = bars()
    more = Challenge("?", explorer, beats=("experience", "day"))
    lands = Challenge("?", explorer, lands_on="challenge")
    assert not more.reached
    explorer.draw()
    explorer.temperature = 2
    assert lands.reached
    assert not more.reached
    explorer.table = TokenTable(["day", "experience"], [0, 1])
    assert more.reached
    assert not lands.reached
    cuts = sampler()
    kept = Challenge("?", cuts, kept=4)
    cuts.knob = 0.9
    assert kept.reached
    text = story()
    writes = Challenge("?", text, writes="was very small")
    text.temperature = 0
    assert writes.reached


TOKENS = "use one of .*day"


@pytest.mark.parametrize(
    ("explorer", "goal", "error", "words"),
    [
        (bars, {}, ValueError, "TemperatureExplorer must have one goal among lands_on, beats, pro"),
        (bars, {"lands_on": "day", "beats": ("a", "b")}, ValueError, "got lands_on, beats"),
        (bars, {"kept": 3}, ValueError, "one goal among lands_on, beats, probability, got kept"),
        (
            story,
            {"kept": 3},
            ValueError,
            "TextExplorer must have one goal among writes, got kept",
        ),
        (bars, {"lands_on": "dey"}, ValueError, f"lands_on must name tokens .*'dey': {TOKENS}"),
        (bars, {"lands_on": 3}, TypeError, "lands_on must name tokens, got 3"),
        (bars, {"beats": "day"}, TypeError, "beats must be a tuple, got 'day'"),
        (bars, {"beats": ("day", "day")}, ValueError, "beats must be two tokens, got"),
        (bars, {"beats": ("day", "tea")}, ValueError, "beats must name tokens .*'tea'"),
        (bars, {"beats": ("day", "problem")}, ValueError, "must not be reached already, got beats"),
        (bars, {"probability": ("day", 0.5)}, ValueError, "must be a token and two bounds, got"),
        (bars, {"probability": ("day", 0.5, 0.4)}, ValueError, "bounds that rise from 0 to 1"),
        (bars, {"probability": ("day", 0.5, "x")}, TypeError, "a bound of probability must be"),
        (bars, {"probability": ("day", 0, 0.1)}, ValueError, "a temperature of the slider gives"),
        (bars, {"probability": ("day", 0.4, 0.6)}, ValueError, "must not be reached already"),
        (sampler, {"kept": 0}, ValueError, "kept must be at least 1, got 0"),
        (sampler, {"kept": 7}, ValueError, "kept must be at most 6, the number of tokens, got 7"),
        (sampler, {"kept": 2}, ValueError, "must not be reached already, got kept=2: begin"),
        (story, {"writes": " "}, ValueError, "writes must not be blank, got ' '"),
        (story, {"writes": "a"}, ValueError, "must not be reached already, got writes='a'"),
    ],
)
def test_goals_that_cannot_be_are_refused(explorer, goal, error, words):
    made = explorer()
    before = len(_instances)
    with pytest.raises(error, match=words):
        Challenge("?", made, **goal)
    assert len(_instances) == before


def test_a_challenge_needs_a_text_an_explorer_and_a_token_that_can_be_drawn():
    with pytest.raises(TypeError, match="explorer must be an explorer, got 'x': make one with"):
        Challenge("?", "x", kept=3)
    with pytest.raises(ValueError, match="text must not be blank, got ''"):
        Challenge("", bars(), lands_on="day")
    with pytest.raises(TypeError, match=r"solution must be a string, got 0\.9"):
        Challenge("?", sampler(), kept=4, solution=0.9)
    masked = SamplerExplorer(TokenTable(["a", "b"], [0, -np.inf]))
    with pytest.raises(ValueError, match="beats must name tokens that can be drawn, got 'b'"):
        Challenge("?", masked, beats=("b", "a"))


def test_a_closed_challenge_is_freed_and_leaves_its_explorer():
    explorer = bars()
    challenge = Challenge("?", explorer, lands_on="day")
    challenge._repr_mimebundle_()
    gone = weakref.ref(challenge)
    challenge.close()
    assert explorer._body.comm is not None
    del challenge
    gc.collect()
    assert gone() is None
