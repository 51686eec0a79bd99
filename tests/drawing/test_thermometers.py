"""The thermometer: curves of the loss, and where they are lowest."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import estimate_temperature, load_story_model, thermometer_chart
from tests.helpers import softmax

MODEL = load_story_model()
IDS = MODEL.encode("Once upon a time, there was a cat. The cat saw a big dog.")


def test_a_curve_is_the_loss_and_its_dot_the_estimate():
    ax = thermometer_chart(MODEL, {"a": [IDS], "b": [IDS[:6], IDS[:9]]}, ax=Figure().subplots())
    curve, bar, dot = ax.lines[:3]
    logits = MODEL.logits_along(IDS)[:-1]
    for stop, loss in zip(curve.get_xdata()[::12], curve.get_ydata()[::12], strict=True):
        shares = [softmax(row.tolist(), stop)[token] for row, token in zip(logits, IDS[1:])]
        assert loss == pytest.approx(-np.mean(np.log(shares)))
    found = estimate_temperature(logits, IDS[1:])
    assert dot.get_xdata()[0] == found.temperature
    assert tuple(bar.get_xdata()) == found.interval
    assert dot.get_ydata()[0] <= curve.get_ydata().min()
    # Two texts count token by token.
    both = np.concatenate([MODEL.logits_along(ids)[:-1] for ids in (IDS[:6], IDS[:9])])
    found = estimate_temperature(both, [*IDS[1:6], *IDS[1:9]])
    assert ax.lines[5].get_xdata()[0] == found.temperature
    assert [text.get_text()[:3] for text in ax.texts] == ["a: ", "b: "]


@pytest.mark.parametrize("texts", [[IDS], {}, 3])
def test_what_is_no_text_is_refused(texts):
    with pytest.raises(TypeError, match="texts must map names to texts"):
        thermometer_chart(MODEL, texts)
    with pytest.raises(TypeError, match="model must be"):
        thermometer_chart(3, {"a": [IDS]})
