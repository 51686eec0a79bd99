"""Byte-level vocabularies of chat models, which the package ``tokenizers`` cuts texts with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

# Before pairs are joined, a text is cut into words as GPT-2 does. With these some cut more.
_DIGITS_ALONE = {"gpt-2": False, "smollm": True}

# GPT-2's letter for each byte is itself, or another one where it cannot be seen.
_SEEN = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
_UNSEEN = [byte for byte in range(0x100) if byte not in _SEEN]
_BYTES = {0x100 + place: byte for place, byte in enumerate(_UNSEEN)}


class BytePairs:
    """Cut texts into tokens, and join tokens to texts.

    R. Sennrich, B. Haddow and A. Birch, "Neural machine translation of rare words with subword
    units", 2016. arXiv:1508.07909

    Parameters
    ----------
    tokens : sequence of str
        All tokens, in GPT-2's alphabet, in which each byte is a letter that can be seen.
    merges : sequence of str
        Pairs of tokens that make a token, those first that are joined first.
    signs : iterable of int
        Tokens that stand for themselves, such as ``<|im_end|>``.
    words : str
        How a text is cut into words: ``"gpt-2"`` or ``"smollm"``.
    start : int or None
        The token that begins every text.

    Attributes
    ----------
    tokens : tuple of str
        All tokens as readers see them, each different: bytes that are not UTF-8 on their own are
        escapes, and tokens that read alike have their id behind them.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        merges: Sequence[str],
        signs: Iterable[int],
        words: str,
        start: int | None,
    ) -> None:
        from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

        if words not in _DIGITS_ALONE:
            raise ValueError(
                f"the tokens must be cut like those of {' or '.join(_DIGITS_ALONE)}, got {words!r}"
            )
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        if twice:
            raise ValueError(f"the tokens must be different, got {twice[0]!r} twice")
        self._start, own = start, set(signs)
        try:
            self._bytes = [
                token.encode() if i in own else token.translate(_BYTES).encode("latin-1")
                for i, token in enumerate(tokens)
            ]
        except UnicodeEncodeError as error:
            raise ValueError(
                f"the tokens must be written in GPT-2's alphabet, got {error.object!r}"
            ) from None
        self.tokens = distinct(piece.decode("utf-8", "backslashreplace") for piece in self._bytes)
        pairs: Any = [tuple(merge.split(" ")) for merge in merges]
        vocabulary = {token: i for i, token in enumerate(tokens)}
        try:
            self._tokenizer: Any = Tokenizer(models.BPE(vocabulary, pairs))
        except Exception as error:
            raise ValueError(f"the merges must join tokens to tokens: {error}") from None
        cuts: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False)]
        if _DIGITS_ALONE[words]:
            cuts.insert(0, pre_tokenizers.Digits(individual_digits=True))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts)
        self._tokenizer.add_special_tokens(
            [AddedToken(tokens[i], special=True, normalized=False) for i in sorted(own)]
        )

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, behind the one that begins every text, if there is one."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        # A byte that is no token is left out.
        if b"".join(self._bytes[i] for i in ids) != text.encode():
            known = set(b"".join(piece for piece in self._bytes if len(piece) == 1))
            missing = next(c for c in text if not known.issuperset(c.encode()))
            raise ValueError(f"the vocabulary must have all bytes of a text, and lacks {missing!r}")
        if self._start is not None and ids[:1] != [self._start]:
            ids.insert(0, self._start)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text, with escapes for what is not UTF-8, without the token that begins it."""
        return "".join(self.pieces(ids))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return what each token adds to a text: a character of several bytes is the first's."""
        parts = [self._bytes[i] for i in ids]
        if self._start is not None and ids[:1] == [self._start]:
            parts[0] = b""
        text, ends = b"".join(parts), []
        for end in accumulate(map(len, parts)):
            # Bytes that go on with a character.
            while end < len(text) and 0x80 <= text[end] < 0xC0:
                end += 1
            ends.append(end)
        return [text[a:b].decode("utf-8", "backslashreplace") for a, b in pairwise([0, *ends])]


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return names, with their place behind those that several have in common."""
    several = list(names)
    counts = Counter(several)
    if len(counts) == len(several):
        return tuple(several)
    return distinct(
        f"{name} #{place}" if counts[name] > 1 else name for place, name in enumerate(several)
    )


def escaped(token: str) -> str:
    """Return a token in GPT-2's alphabet as readers see it, and any other as it is."""
    try:
        return token.translate(_BYTES).encode("latin-1").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return token
