"""Predictions without a browser: what is refused, what the script gets, and what is not told."""

import gc
import weakref

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from softmax_temperature import Prediction, TokenTable, load_example
from tests.helpers import RANKED, RANKED_TOKENS, softmax

TABLE = load_example("wonderful-day")


def test_the_browser_gets_the_true_curve_and_one_point_of_it():
    for token in RANKED_TOKENS:
        curve = Prediction(TABLE, token)._curve
        place = RANKED_TOKENS.index(token)
        expected = [softmax(RANKED, T)[place] for T in np.linspace(0, 2, 101)]
        assert curve["shares"] == pytest.approx(expected, abs=1e-12)
        assert curve["given"] == pytest.approx(softmax(RANKED, 1)[place])
    assert Prediction(TABLE, "day", temperatures=(0.1, 0.9))._curve["given"] is None
    # Float32 logits are widened first, and masked ones have nothing.
    table = TokenTable(["a", "b", "c"], np.array([1, 0, -np.inf], np.float32))
    shares = Prediction(table, "b", temperatures=(1, 3))._curve["shares"]
    assert shares[0] == pytest.approx(1 / (1 + np.e))


def test_no_output_tells_the_curve():
    prediction = Prediction(TABLE, "experience", "Where is <i>it</i>?")
    data, metadata = prediction._repr_mimebundle_()
    shown = {name: data[name] for name in data if "widget" not in name}
    assert repr(prediction) == shown["text/plain"] == "Prediction: Where is <i>it</i>?"
    assert set(shown) == {"text/plain", "image/png"}
    assert metadata["image/png"]["alt"] == "Where is <i>it</i>?"
    prediction.drawn = [0, 0.1, 0.2, 0.3, 0.4]
    after, _ = prediction._repr_mimebundle_()
    assert {name: after[name] for name in shown} == shown


def test_what_was_drawn_can_be_set():
    prediction = Prediction(TABLE, "day")
    assert prediction.drawn is None
    prediction.set_state({"drawn": [1, 0.8, 0.5, 0.4, 0.3]})
    assert prediction.drawn == [1, 0.8, 0.5, 0.4, 0.3]
    for wrong in ([0.5], [0, 0, 0, 0, 2], [0, 0, 0, 0, "x"]):
        with pytest.raises(ValueError, match="drawn must be 5 probabilities, got"):
            prediction.drawn = wrong
    prediction.drawn = None
    assert prediction.drawn is None


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("x", "day"), {}, TypeError, "TokenTable"),
        ((TABLE, 3), {}, TypeError, "token must be a string, got 3"),
        ((TABLE, "dey"), {}, ValueError, "token must be one of the table's, got 'dey': use one of"),
        ((TokenTable(["a", "b"], [0, -np.inf]), "b"), {}, ValueError, "can be drawn, got 'b'"),
        ((TABLE, "day", ""), {}, ValueError, "text must not be blank, got ''"),
        ((TABLE, "day"), {"temperatures": (0, 1, 2)}, ValueError, "two finite ones that rise, got"),
        ((TABLE, "day"), {"temperatures": (2, 0)}, ValueError, "two finite ones that rise, got"),
        ((TABLE, "day"), {"temperatures": (0, np.inf)}, ValueError, "two finite ones that rise"),
    ],
)
def test_bad_predictions_are_refused(arguments, options, error, words):
    before = len(_instances)
    with pytest.raises(error, match=words):
        Prediction(*arguments, **options)
    assert len(_instances) == before


def test_a_closed_prediction_is_freed():
    prediction = Prediction(TABLE, "day")
    gone = weakref.ref(prediction)
    prediction.close()
    del prediction
    gc.collect()
    assert gone() is None
