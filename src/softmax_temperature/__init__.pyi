from .chain import SamplerChain
from .charts import bar_chart, draws_chart, temperature_panels
from .core import TokenTable, entropy, peak_temperature, perplexity, softmax
from .examples import load_example
from .explorer import TemperatureExplorer
from .question import Question
from .sampling import (
    epsilon_cutoff,
    eta_cutoff,
    gumbel_draws,
    min_p,
    temper,
    top_k,
    top_n_sigma,
    top_p,
    typical_p,
)
from .words import describe

__all__ = [
    "Question",
    "SamplerChain",
    "TemperatureExplorer",
    "TokenTable",
    "bar_chart",
    "describe",
    "draws_chart",
    "entropy",
    "epsilon_cutoff",
    "eta_cutoff",
    "gumbel_draws",
    "load_example",
    "min_p",
    "peak_temperature",
    "perplexity",
    "softmax",
    "temper",
    "temperature_panels",
    "top_k",
    "top_n_sigma",
    "top_p",
    "typical_p",
]
