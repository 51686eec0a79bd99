"""Texts as tokens, by byte-pair encoding, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

# Tokens 0 to 2 are signs, those up to 258 the 256 bytes, and the rest pieces of text.
_FIRST_BYTE, _FIRST_PIECE = 3, 259
START = 1


class Tokenizer:
    """Cut texts into tokens, and join tokens to texts.

    R. Sennrich, B. Haddow and A. Birch, "Neural machine translation of rare words with subword
    units", 2016. arXiv:1508.07909

    Parameters
    ----------
    data : bytes
        The tokens, as in the files of karpathy/llama2.c.

    Attributes
    ----------
    tokens : tuple of str
        All tokens as readers see them, each different.
    """

    def __init__(self, data: bytes) -> None:
        # Of each token a float that rates it, the number of its bytes, and these.
        entries, start = [], 4
        while start < len(data):
            start += 8
            end = start + int.from_bytes(data[start - 4 : start], "little")
            entries.append(data[start:end].decode())
            start = end
        # In the order in which they were learned, the first of them as the best.
        pieces = entries[_FIRST_PIECE:]
        ids = {piece: _FIRST_PIECE + place for place, piece in enumerate(pieces)}
        self._ids = ids
        self._unions = {
            (ids[piece[:cut]], ids[piece[cut:]]): token
            for piece, token in ids.items()
            for cut in range(1, len(piece))
            if piece[:cut] in ids and piece[cut:] in ids
        }
        names = [
            chr(byte) if byte < 128 and chr(byte) not in ids else f"<0x{byte:02X}>"
            for byte in range(256)
        ]
        signs = (entry.strip() for entry in entries[:_FIRST_BYTE])
        self.tokens = (*signs, *names, *pieces)

    def encode(self, text: str) -> list[int]:
        """Return the token that begins a text, and those of the text with a space in front."""
        ids = [START]
        # No token has a space but at its beginning: nothing is joined across it.
        for word in re.findall(" [^ ]*", f" {text}" if text else ""):
            ids += self._join(self._cut(word))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text, with escapes for what is not UTF-8; signs add nothing to it."""
        positions = list(ids)
        text = "".join(self.pieces(positions))
        return text.removeprefix(" ") if positions[:1] == [START] else text

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return what each token adds to a text: a character of several bytes is the first's."""
        pieces = ["" if token < _FIRST_PIECE else self.tokens[token] for token in ids]
        bytes_ = [token - _FIRST_BYTE if token < _FIRST_PIECE else -1 for token in ids]
        place = 0
        while place < len(ids):
            size, byte = 1, bytes_[place]
            if byte >= 0:
                size += (byte >= 0xC2) + (byte >= 0xE0) + (byte >= 0xF0)
                try:
                    pieces[place] = bytes(bytes_[place : place + size]).decode()
                except ValueError:
                    pieces[place], size = f"\\x{byte:02x}", 1
            place += size
        return pieces

    def _cut(self, word: str) -> list[int]:
        """Return the tokens of a word's characters, or of their bytes."""
        ids = []
        for character in word:
            if character in self._ids:
                ids.append(self._ids[character])
            else:
                ids += [_FIRST_BYTE + byte for byte in character.encode()]
        return ids

    def _join(self, ids: list[int]) -> list[int]:
        """Join neighbours to the best token that any make, everywhere, as long as any make one."""
        none = len(self.tokens)
        while True:
            unions = [self._unions.get(pair, none) for pair in pairwise(ids)]
            best = min(unions, default=none)
            if best == none:
                return ids
            unions.append(none)
            joined, place = [], 0
            while place < len(ids):
                meets = unions[place] == best
                joined.append(best if meets else ids[place])
                place += 2 if meets else 1
            ids = joined
