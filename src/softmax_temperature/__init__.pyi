from .chain import SamplerChain
from .configs import read_config, write_config
from .core import TokenTable, entropy, perplexity, softmax
from .drawing.advice import advice_chart
from .drawing.charts import bar_chart, draws_chart, temperature_panels
from .drawing.forest import forest_chart
from .drawing.funnels import funnel_chart
from .drawing.heat import annealing_chart, heat_chart, odds_chart
from .drawing.loops import loop_chart
from .drawing.luck import luck_chart
from .drawing.maps import draw_map
from .drawing.openness import openness_chart
from .drawing.ranks import rank_chart
from .drawing.reliability import reliability_chart
from .drawing.sticks import logit_line
from .drawing.stories import story_map
from .drawing.surprise import surprise_chart
from .drawing.thermometers import thermometer_chart
from .drawing.trees import tree_chart
from .drawing.tries import tries_chart
from .draws import gumbel_draws
from .examples import load_answer_example, load_example
from .explorers.answer import AnswerExplorer
from .explorers.challenge import Challenge
from .explorers.prediction import Prediction
from .explorers.question import Question
from .explorers.sampler import SamplerExplorer
from .explorers.temperature import TemperatureExplorer
from .explorers.text import TextExplorer
from .heat import heat_capacity
from .model.chat import ChatModel, load_chat_model, load_gguf
from .model.hugging_face import from_transformers
from .model.language import LanguageModel
from .model.recorded import ChatOpenness, RecordedModel, load_openness, load_text_example
from .model.scoring import Openness
from .model.story import StoryModel, load_story_model
from .peaks import peak_temperature
from .quiz import Quiz, load_quiz, vote_chance
from .sampling import (
    epsilon_cutoff,
    eta_cutoff,
    min_p,
    temper,
    top_k,
    top_n_sigma,
    top_p,
    typical_p,
)
from .thermometer import estimate_temperature
from .words import describe

__all__ = [
    "AnswerExplorer",
    "Challenge",
    "ChatModel",
    "ChatOpenness",
    "LanguageModel",
    "Openness",
    "Prediction",
    "Question",
    "Quiz",
    "RecordedModel",
    "SamplerChain",
    "SamplerExplorer",
    "StoryModel",
    "TemperatureExplorer",
    "TextExplorer",
    "TokenTable",
    "advice_chart",
    "annealing_chart",
    "bar_chart",
    "describe",
    "draw_map",
    "draws_chart",
    "entropy",
    "epsilon_cutoff",
    "estimate_temperature",
    "eta_cutoff",
    "forest_chart",
    "from_transformers",
    "funnel_chart",
    "gumbel_draws",
    "heat_capacity",
    "heat_chart",
    "load_answer_example",
    "load_chat_model",
    "load_example",
    "load_gguf",
    "load_openness",
    "load_quiz",
    "load_story_model",
    "load_text_example",
    "logit_line",
    "loop_chart",
    "luck_chart",
    "min_p",
    "odds_chart",
    "openness_chart",
    "peak_temperature",
    "perplexity",
    "rank_chart",
    "read_config",
    "reliability_chart",
    "softmax",
    "story_map",
    "surprise_chart",
    "temper",
    "temperature_panels",
    "thermometer_chart",
    "top_k",
    "top_n_sigma",
    "top_p",
    "tree_chart",
    "tries_chart",
    "typical_p",
    "vote_chance",
    "write_config",
]
