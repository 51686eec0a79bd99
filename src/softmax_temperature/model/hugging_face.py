"""Language models of the package ``transformers``, for whoever has it and a model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from ..checks import Floats, short
from .byte_pairs import distinct, escaped
from .chat import ChatModel
from .transformer import Ints

# A character of UTF-8 has up to so many bytes, and so many tokens at most.
_LONGEST_CHARACTER = 4


def from_transformers(model: Any, tokenizer: Any) -> ChatModel:
    """Let a language model of the package transformers do what the story model does.

    Nothing is loaded and nothing is copied: the model stays where it is, on a graphics card, too.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        A model that goes on with a text, as ``AutoModelForCausalLM.from_pretrained`` gives it.
    tokenizer : transformers.PreTrainedTokenizerBase
        Its tokenizer, as ``AutoTokenizer.from_pretrained`` gives it.

    Returns
    -------
    ChatModel

    Raises
    ------
    TypeError
        If `model` or `tokenizer` is none of transformers.
    ValueError
        If the model is in training, or does not go on with a text; or if the tokenizer has no token
        that ends a text.

    Examples
    --------
    >>> from transformers import AutoModelForCausalLM, AutoTokenizer  # doctest: +SKIP
    >>> model = AutoModelForCausalLM.from_pretrained("my-model")  # doctest: +SKIP
    >>> tokenizer = AutoTokenizer.from_pretrained("my-model")  # doctest: +SKIP
    >>> from_transformers(model, tokenizer).table("It was a wonderful")  # doctest: +SKIP
    TokenTable(50257 tokens: '!', '"', '#', ...)
    """
    transformers: Any = sys.modules.get("transformers")
    if transformers is None or not isinstance(model, transformers.PreTrainedModel):
        raise TypeError(
            f"model must be a model of transformers, got {short(model)}: use "
            "AutoModelForCausalLM.from_pretrained(...)"
        )
    if not isinstance(tokenizer, transformers.PreTrainedTokenizerBase):
        raise TypeError(
            f"tokenizer must be a tokenizer of transformers, got {short(tokenizer)}: use "
            "AutoTokenizer.from_pretrained(...)"
        )
    config = model.config.get_text_config()
    unembedding = model.get_output_embeddings()
    if unembedding is None or model.config.is_encoder_decoder:
        raise ValueError(
            f"model must go on with a text, got {type(model).__name__}: use "
            "AutoModelForCausalLM.from_pretrained(...)"
        )
    if model.training:
        raise ValueError(
            "model must not be in training, where it leaves out numbers at random: call "
            "model.eval() first"
        )
    end = tokenizer.eos_token_id
    if end is None:
        raise ValueError(
            "tokenizer must have a token that ends a text, got None: set tokenizer.eos_token"
        )
    vocabulary = _Vocabulary(tokenizer, unembedding.weight.shape[0])
    context = getattr(config, "max_position_embeddings", None) or tokenizer.model_max_length
    template = getattr(tokenizer, "chat_template", None)
    write_prompt = template and partial(
        tokenizer.apply_chat_template, tokenize=False, add_generation_prompt=True
    )
    network = _Network(model, getattr(config, "num_attention_heads", 1))
    return ChatModel(network, vocabulary, vocabulary.start, end, int(context), write_prompt or None)


class _Network:
    """Compute with torch what `Transformer` computes with numpy; its vectors are the logits."""

    dtype = np.dtype(np.float32)

    def __init__(self, model: Any, heads: int) -> None:
        self._model, self.heads = model, heads
        self.size = int(model.num_parameters())
        # Its name until transformers 5.
        older = "past_key_values" in signature(model.forward).parameters
        self._cache = "past_key_values" if older else "cache"

    def new_cache(self, texts: int, positions: int) -> dict[str, Any]:
        return {self._cache: None}

    def forward(self, ids: Ints, cache: dict[str, Any], start: int = 0) -> Floats:
        import torch

        with torch.inference_mode():
            tokens = torch.as_tensor(ids, device=self._model.device)
            result = self._model(input_ids=tokens, use_cache=True, **cache)
            cache[self._cache] = getattr(result, self._cache)
            logits: Floats = result.logits.float().cpu().numpy()
            return logits

    def logits(self, x: Floats) -> Floats:
        return x

    def branch(
        self, cache: dict[str, Any], sources: Ints, positions: int
    ) -> tuple[dict[str, Any], Ints]:
        import torch

        with torch.inference_mode():
            rows = torch.as_tensor(sources, device=self._model.device)
            cache[self._cache].reorder_cache(rows)
        return cache, np.arange(len(sources))


class _Vocabulary:
    """Cut and join as a tokenizer of transformers does, and name its tokens."""

    def __init__(self, tokenizer: Any, n_tokens: int) -> None:
        self._tokenizer = tokenizer
        begins = tokenizer("").input_ids
        self.start: int | None = begins[0] if begins else None
        # Of a first token some leave out the space in front: these stand behind another one.
        self._before = tokenizer("a", add_special_tokens=False).input_ids[-1:]
        known = range(min(n_tokens, len(tokenizer)))
        names = self._texts([[*self._before, token] for token in known])
        skipped = len(self._texts([self._before])[0])
        own = tokenizer.convert_ids_to_tokens(list(known))
        # Bytes that are no character on their own all read alike.
        named = [
            escaped(str(raw)) if "\ufffd" in name else name[skipped:]
            for name, raw in zip(names, own, strict=True)
        ]
        # What a model has beyond its vocabulary is never drawn but at a high temperature.
        self.tokens = distinct([*named, *["<unused>"] * (n_tokens - len(known))])

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text).input_ids
        # A chat template has written it already.
        doubled = self.start is not None and ids[:2] == [self.start, self.start]
        return ids[1:] if doubled else ids

    def decode(self, ids: Sequence[int]) -> str:
        return self._texts([ids[ids[:1] == [self.start] :]])[0]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        pieces, first = [""] * len(ids), int(ids[:1] == [self.start])
        while first < len(ids):
            # The text behind some tokens before, of as many tokens as make whole characters.
            before = ids[max(0, first - _LONGEST_CHARACTER) : first]
            skipped = len(self.decode(before))
            for end in range(first + 1, min(len(ids), first + _LONGEST_CHARACTER) + 1):
                text = self.decode([*before, *ids[first:end]])[skipped:]
                if not text.endswith("\ufffd"):
                    break
            pieces[first] = text
            first = end
        return pieces

    def _texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        texts: list[str] = self._tokenizer.batch_decode(
            rows, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return texts
