"""What people asked, as the last page of the site tells it: places, sources, days and figures."""

import math
import re
from datetime import date

import numpy as np
import pytest

from softmax_temperature import (
    SamplerChain,
    load_example,
    min_p,
    perplexity,
    softmax,
    temper,
    top_p,
)
from softmax_temperature.publishing.people import load_asked
from tests.helpers import LOGITS, NOTEBOOKS, gpt2_logits
from tests.helpers import softmax as by_definition
from tests.test_claims import ROWS, SECTIONS

ASKED = load_asked()
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def kept(logits):
    return f"{np.isfinite(logits).sum():,}"


def figures():
    """Work out the figures of the answers, by what is asked."""
    six = np.array(LOGITS)
    gpt2 = load_example("gpt2-spaceship").logits
    first, last = ({T: kept(top_p(temper(gpt2, T), 0.9)) for T in (0.7, 2)}, kept(top_p(gpt2, 0.9)))
    vocabulary = f"{len(gpt2_logits()):,}"
    roots = math.fsum(math.sqrt(p) for p in by_definition(LOGITS, 1))
    tiny = 1 / (1 + math.exp(-1e-11 / 1e-10))
    large = load_example("wonderful-day-large").logits
    ratio = (large[0] - large[3]) / (six[0] - six[3])
    return {
        "logprobs of a server": [f"{roots:.2f}"],
        "each run gives me another text": [f"{100 * by_definition(LOGITS, 1)[0]:.0f}", "100"],
        "ends in nan": ["0.0000000001", f"{tiny:.3f}"],
        "making things up": ["0.1", f"{perplexity(softmax(six, 0.1)):.2f}"],
        "stop at 1, or at 2": [f"{1 / 6:.2f}", f"{by_definition(LOGITS, 2)[0]:.2f}"],
        "every model": [f"{ratio:.0f}"],
        "not both": [first[0.7], last, "0.7", "0.9"],
        "likelier half": [vocabulary, last, "0.9"],
        "before or after top-p": [last, first[2], "0.9"],
        "coherent": [kept(SamplerChain.preset("llama.cpp")(gpt2))],
        "min-p help": [kept(min_p(temper(gpt2, 2), 0.1)), vocabulary, "0.1"],
        "divided by a temperature at all": ["0.5"],
        "cosines": ["32,768", f"{1 / (1 + 32_767 * math.exp(-2)):.5f}"],
    }


def test_no_question_is_asked_twice_and_none_has_a_gap():
    assert len({asked.question for asked in ASKED}) == len(ASKED) >= 25
    for asked in ASKED:
        assert all(asked[:6]), asked
        assert asked.question.endswith(("?", ".")), asked
        assert len(asked.answer.split()) <= 50, asked


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.question)
def test_a_lesson_shows_what_is_asked(asked):
    lesson, _, section = asked.where.partition("#")
    assert lesson in NOTEBOOKS
    titles = {re.sub(r"#\d+\. ", "#", place) for place in SECTIONS}
    assert not section or asked.where in titles


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.question)
def test_a_thread_is_named_with_its_days(asked):
    assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", asked.source)
    assert date.fromisoformat(asked.asked) <= date.fromisoformat(asked.read)


def test_figures_of_answers_are_those_that_code_computes():
    computed = figures()
    for asked in ASKED:
        places = [key for key in computed if key in asked.question]
        assert len(places) <= 1
        claims = [row["claim"] for row in ROWS if row["stands"] == f"questions#{asked.question}"]
        text = asked.answer
        for claim in claims:
            # What others say is not computed, but for what stands beside it.
            text = text if places else text.replace(claim, "")
        known = {number for key in places for number in computed[key]}
        said = set(NUMBER.findall(re.sub(r"T = [\d.]+|lesson \d+|GPT-2|top-k 1\b", "", text)))
        said -= {"0", "1"}
        assert said <= known, asked
        assert {number for number in known if number not in asked.answer} == set(), asked
    assert all(any(key in asked.question for asked in ASKED) for key in computed)


def test_what_is_at_a_temperature_is_so():
    # The numbers beside "T =": a tenth of a gap, the same odds at ten times the heat.
    six, large = (load_example(name).logits for name in ("wonderful-day", "wonderful-day-large"))
    odds = [softmax(six, 1)[[0, 3]], softmax(large, 10)[[0, 3]]]
    assert odds[0][0] / odds[0][1] == pytest.approx(odds[1][0] / odds[1][1], rel=1e-12)
