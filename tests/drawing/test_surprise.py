"""What a cut costs in openness, against roots and entropies of mpmath."""

import mpmath
import numpy as np
import pytest
from matplotlib.figure import Figure

from softmax_temperature import SamplerChain, TokenTable, load_example, surprise_chart

SIX = load_example("wonderful-day")
WARM = ("temperature", 1.5)
CUTS = {
    "min-p 0.3": SamplerChain([WARM, ("min_p", 0.3)]),
    "top-p 0.8": SamplerChain([WARM, ("top_p", 0.8)]),
    "last": SamplerChain([("top_k", 3), WARM]),
}


def exact(logits, temperature):
    weights = [mpmath.exp(mpmath.mpf(logit) / temperature) for logit in logits]
    return [weight / mpmath.fsum(weights) for weight in weights]


def openness(shares):
    return mpmath.exp(-mpmath.fsum(share * mpmath.log(share) for share in shares if share > 0))


def test_each_gap_ends_on_temperature_alone_at_the_same_surprise():
    ax = surprise_chart(SIX, CUTS, ax=Figure().subplots())
    logits = SIX.logits.tolist()
    bits = [-mpmath.log(share, 2) for share in exact(logits, 1)]

    def surprise(shares):
        return mpmath.fsum(share * bit for share, bit in zip(shares, bits, strict=True))

    curve, *marks = ax.lines
    gaps, dots = marks[::2], marks[1::2]
    for text, chain, gap, dot in zip(ax.texts, CUTS.values(), gaps, dots, strict=True):
        ((x,), (y,)) = dot.get_data()
        shares = chain.probabilities(logits).tolist()
        assert x == pytest.approx(float(surprise(shares)))
        assert y == pytest.approx(float(openness(shares)))
        same = mpmath.findroot(
            lambda temperature, x=x: surprise(exact(logits, temperature)) - x, (0.5, 2)
        )
        top = float(openness(exact(logits, same)))
        assert gap.get_ydata() == pytest.approx([y, top], rel=1e-6)
        assert text.get_text().endswith(f": {100 * y / top:.0f} % as open")
        assert y < top
        assert np.interp(x, *curve.get_data()) == pytest.approx(top, rel=0.01)


def test_temperature_alone_is_on_the_curve():
    table = TokenTable(["a", "b", "c", "d"], [2.0, 1.0, 0.0, -np.inf])
    ax = surprise_chart(table, {"warm": SamplerChain([WARM])}, ax=Figure().subplots())
    assert ax.texts[0].get_text() == "warm: 100 % as open"


def test_wrong_chains_are_refused():
    with pytest.raises(TypeError, match="chains must map names to chains, got 1"):
        surprise_chart(SIX, 1)
