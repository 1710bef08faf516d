"""A text as numbers: characters or words, the most frequent of them numbered, the rest unknown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

#: the token of all that is not in the vocabulary
UNKNOWN = 0
#: a word or a row of signs with the space before it, or what is left of white space: together they are the whole text
_WORDS = re.compile(r" ?\w+| ?[^\w\s]+|\s+?(?= ?[^\s])|\s+")


def words(text: str) -> list[str]:
    """The words and signs of a text, each with the space before it; joined they are the text."""
    return _WORDS.findall(text)


@dataclass(frozen=True)
class Pieces:
    """A text in pieces. kind: (pieces,) int64, which of `kinds` each is; kinds: the different pieces."""

    kind: Tensor
    kinds: tuple[str, ...]

    @staticmethod
    def of(text: str, level: str) -> Pieces:
        """The text in characters, or in words; level: "character" or "word"."""
        if level == "character":
            codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
            there = np.flatnonzero(np.bincount(codes)) if codes.size else np.empty(0, dtype=np.int64)
            number = np.zeros(int(there.max(initial=0)) + 1, dtype=np.int64)
            number[there] = np.arange(there.size)
            return Pieces(torch.from_numpy(number[codes]), tuple(chr(code) for code in there))
        found = words(text)
        numbers: dict[str, int] = {}
        kind = [numbers.setdefault(word, len(numbers)) for word in found]
        return Pieces(torch.tensor(kind, dtype=torch.int64), tuple(numbers))


@dataclass(frozen=True)
class Vocabulary:
    """token: (kinds,) int64, the token of each kind of piece; names: the piece of each token, that of the unknown being empty."""

    token: Tensor
    names: tuple[str, ...]

    @staticmethod
    def of(pieces: Pieces, trained: Tensor, size: int) -> Vocabulary:
        """Of the most frequent kinds among `trained` (pieces of the training text), at most size - 1; ties by the piece itself."""
        counts = Counter(dict(enumerate(torch.bincount(trained, minlength=len(pieces.kinds)).tolist())))
        there = sorted((kind for kind in counts if counts[kind]), key=lambda kind: (-counts[kind], pieces.kinds[kind]))
        kept = there[: size - 1]
        token = torch.full((len(pieces.kinds),), UNKNOWN)
        token[torch.tensor(kept, dtype=torch.int64)] = torch.arange(1, len(kept) + 1)
        return Vocabulary(token, ("", *(pieces.kinds[kind] for kind in kept)))
