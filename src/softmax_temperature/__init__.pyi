from .chain import SamplerChain
from .charts import bar_chart, draws_chart, temperature_panels
from .core import TokenTable, entropy, peak_temperature, perplexity, softmax
from .examples import load_example
from .explorer import TemperatureExplorer
from .question import Question
from .sampler_explorer import SamplerExplorer
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
from .story_model import StoryModel, load_story_model
from .text_explorer import TextExplorer
from .words import describe

__all__ = [
    "Question",
    "SamplerChain",
    "SamplerExplorer",
    "StoryModel",
    "TemperatureExplorer",
    "TextExplorer",
    "TokenTable",
    "bar_chart",
    "describe",
    "draws_chart",
    "entropy",
    "epsilon_cutoff",
    "eta_cutoff",
    "gumbel_draws",
    "load_example",
    "load_story_model",
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
