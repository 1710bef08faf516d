"""The stream of a text: windows of the training text, validation and test as blocks of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream, derived_seed
from memstudio.components.task.text.reading import bundled, read
from memstudio.components.task.text.tokens import UNKNOWN, Pieces, Vocabulary
from memstudio.experiment.parameters import Refusal

#: how unseen characters are shown in a sample
_SHOWN = {" ": "␣", "\n": "⏎", "\t": "⇥"}


@dataclass(frozen=True)
class Blocks:
    """Where a text of `whole` pieces is held out: validation and test as (first, behind last); training is what is left."""

    whole: int
    validation: tuple[int, int]
    test: tuple[int, int]

    @staticmethod
    def drawn(whole: int, validation: int, test: int, generator: torch.Generator) -> Blocks:
        """Side by side at any place, in either order. validation, test: how many pieces they have."""
        start = int(torch.randint(whole - validation - test + 1, (), generator=generator))
        if bool(torch.randint(2, (), generator=generator)):
            middle = start + test
            return Blocks(whole, (middle, middle + validation), (start, middle))
        middle = start + validation
        return Blocks(whole, (start, middle), (middle, middle + test))

    @property
    def training(self) -> tuple[tuple[int, int], ...]:
        """What lies before and behind the held-out blocks, as (first, behind last)."""
        return ((0, min(self.validation[0], self.test[0])), (max(self.validation[1], self.test[1]), self.whole))


class Text(Stream):
    """Next-token prediction. Batches: tokens (batch, length), targets the tokens one further on, all asked.

    Marks of parts: characters, how many a target stands for. Refusal where the text cannot be read or is too short.
    """

    def __init__(
        self,
        *,
        text: str,
        file: Mapping[str, str] | None,
        level: str,
        vocabulary: int,
        length: int,
        validation_share: int,
        test_share: int,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        content = read(file) if text == "file" and file is not None else bundled()
        pieces = Pieces.of(content, level)
        whole = len(pieces.kind)
        blocks = Blocks.drawn(whole, whole * validation_share // 100, whole * test_share // 100, draws.data_generator("blocks", uid))
        starts = [torch.arange(first, max(first, behind - length)) for first, behind in blocks.training]
        self._starts = torch.cat(starts)
        windows = {"validation": _windows(*blocks.validation, length), "test": _windows(*blocks.test, length)}
        if not len(self._starts) or any(not len(found) for found in windows.values()):
            what = {"character": "characters", "word": "words and signs"}[level]
            raise Refusal(
                f"The text has {whole:,} {what}, which is too short for items of {length:,} in training, validation and test; take a "
                "longer text, shorter items or larger shares."
            )
        trained = torch.cat([pieces.kind[first:behind] for first, behind in blocks.training])
        self._vocabulary = Vocabulary.of(pieces, trained, vocabulary)
        self._tokens = self._vocabulary.token[pieces.kind]
        self._characters = torch.tensor([len(kind) for kind in pieces.kinds])[pieces.kind]
        self._windows = {split: _evenly(found, test_items) for split, found in windows.items()}
        self._size = vocabulary
        self._offsets = torch.arange(length)
        decided = (
            level,
            vocabulary,
            length,
            blocks,
            draws.data_seed,
            uid,
            hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest(),
        )
        self._decided = repr(decided)
        self._data_seed, self._uid = draws.data_seed, uid
        self._made: dict[str, tuple[Part, ...]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The characters or words of the tokens; empty for the unknown one."""
        return self._vocabulary.names

    def _batch(self, starts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        at = starts[:, None] + self._offsets
        return self._tokens[at], self._tokens[at + 1], at

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Windows of the training text that begin anywhere; which ones is decided by both seeds and the step."""
        seed = derived_seed("text", self._data_seed, draws.seed, self._uid, step)
        chosen = torch.randint(len(self._starts), (size,), generator=torch.Generator().manual_seed(seed))
        tokens, targets, _ = self._batch(self._starts[chosen])
        return Batch(tokens, targets, torch.ones_like(tokens, dtype=torch.bool))

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part: windows of the held-out block that follow each other."""
        if split not in self._made:
            tokens, targets, at = self._batch(self._windows[split])
            marks = {"characters": self._characters[at + 1]}
            self._made[split] = (Part({}, Batch(tokens, targets, torch.ones_like(tokens, dtype=torch.bool), marks)),)
        return self._made[split]

    def fingerprint(self) -> str:
        """Of the text's content, where it was cut, and every validation and test item."""
        digest = hashlib.sha256(self._decided.encode())
        for split in ("validation", "test"):
            for part in self.parts(split):
                digest.update(part.batch.inputs.numpy().tobytes())
                digest.update(part.batch.targets.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The beginning of the first test items, tokens as the characters or words they are.

        {"kind": "tokens", "vocabulary": n, "items": [{"tokens": ["T", "h"], "targets": ["h", "e"], "roles": [...], "labels": {}}]}
        """
        number = min(2, len(self.parts("test")[0].batch))
        return {"kind": "tokens", "vocabulary": self._size, "items": [self._item("test", 0, row, 256) for row in range(number)]}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One window of the text."""
        return self._item(split, part, index, 8192)

    def _item(self, split: str, part: int, index: int, most: int) -> dict[str, Any]:
        of = self.parts(split)[part]
        tokens, targets = ([self._shown(token) for token in t[index, :most].tolist()] for t in (of.batch.inputs, of.batch.targets))
        return {"tokens": tokens, "targets": targets, "roles": ["question"] * len(tokens), "labels": dict(of.labels)}

    def _shown(self, token: int) -> str:
        name = "�" if token == UNKNOWN else self._vocabulary.names[token]
        return "".join(_SHOWN.get(character, character) for character in name)[:40]


def _windows(first: int, behind: int, length: int) -> Tensor:
    """(windows,): where windows begin that follow each other; each has `length` tokens and one more behind it."""
    return torch.arange(first, max(first, behind - length), length)


def _evenly(windows: Tensor, most: int) -> Tensor:
    """At most so many of the windows, from the first to the last in even steps."""
    if len(windows) <= most:
        return windows
    return windows[torch.arange(most) * len(windows) // most]
