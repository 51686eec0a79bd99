from .charts import bar_chart, temperature_panels
from .core import TokenTable, entropy, peak_temperature, perplexity, softmax
from .examples import load_example
from .explorer import TemperatureExplorer
from .question import Question
from .words import describe

__all__ = [
    "Question",
    "TemperatureExplorer",
    "TokenTable",
    "bar_chart",
    "describe",
    "entropy",
    "load_example",
    "peak_temperature",
    "perplexity",
    "softmax",
    "temperature_panels",
]
