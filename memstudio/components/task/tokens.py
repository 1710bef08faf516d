"""What tasks of tokens share: sheets that whole batches of items are written on, and the stream that mixes and tests cases."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream, derived_seed

#: the token that stands where nothing is, behind an item that is shorter than the longest too
BLANK = 0
#: what stands in a mark where nothing is asked, or where nothing is known
NOT_KNOWN = -1

#: What makes one kind of item: {"load": 8}. Training mixes cases, a test part has one.
Case = Mapping[str, int]


@dataclass(frozen=True)
class Items:
    """tokens, targets (items, time) int64; mask (items, time) bool: where something is asked; marks: name -> (items, time) int64."""

    tokens: Tensor
    targets: Tensor
    mask: Tensor
    marks: Mapping[str, Tensor]

    def padded(self, length: int) -> Items:
        """The same items with blanks behind them, of which nothing is asked."""

        def pad(t: Tensor, value: int) -> Tensor:
            more = torch.full((t.shape[0], length - t.shape[1]), value, dtype=t.dtype)
            return torch.cat([t, more], 1) if more.shape[1] else t

        marks = {name: pad(mark, NOT_KNOWN) for name, mark in self.marks.items()}
        return Items(pad(self.tokens, BLANK), pad(self.targets, 0), pad(self.mask, 0), marks)


class Sheet:
    """A batch of items in the making: blanks that tokens and questions are written on, at places of any shape (items, ...).

    What is written at `nowhere` (or behind it) is not written: rows with fewer things point what they have not got there.
    """

    def __init__(self, rows: int, time: int, marks: Sequence[str] = ()) -> None:
        self.nowhere = time
        self._tokens = torch.full((rows, time + 1), BLANK)
        self._targets = torch.zeros((rows, time + 1), dtype=torch.int64)
        self._mask = torch.zeros((rows, time + 1), dtype=torch.bool)
        self._marks = {name: torch.full((rows, time + 1), NOT_KNOWN) for name in marks}

    def _put(self, on: Tensor, at: Tensor, what: Tensor | int) -> None:
        at = at.clamp(max=self.nowhere).flatten(1)
        on.scatter_(
            1, at, torch.as_tensor(what, dtype=on.dtype).expand(at.shape) if isinstance(what, int) else what.flatten(1).to(on.dtype)
        )

    def write(self, at: Tensor, tokens: Tensor | int) -> None:
        """Tokens (the shape of `at`, or one for all) at these places."""
        self._put(self._tokens, at, tokens)

    def ask(self, at: Tensor, answers: Tensor, **marks: Tensor) -> None:
        """Answers that are asked at these places, and what is known of each."""
        self._put(self._targets, at, answers)
        self._put(self._mask, at, 1)
        for name, mark in marks.items():
            self._put(self._marks[name], at, mark)

    def items(self) -> Items:
        """What has been written."""
        tokens, targets, mask = (t[:, : self.nowhere].contiguous() for t in (self._tokens, self._targets, self._mask))
        return Items(tokens, targets, mask, {name: mark[:, : self.nowhere].contiguous() for name, mark in self._marks.items()})


def different(rows: int, n: int, of: int, generator: torch.Generator) -> Tensor:
    """(rows, n) int64: n different numbers from 0 to of - 1 in each row, every ordered choice equally likely."""
    return torch.rand(rows, of, generator=generator).topk(n, dim=1).indices


def shuffled(used: Tensor, generator: torch.Generator) -> Tensor:
    """The shape of `used` (bool): the place of each used entry along the last axis in a random order, from 0; unused ones come behind."""
    clock = torch.rand(used.shape, generator=generator).masked_fill(~used, 2.0)
    return clock.argsort(-1).argsort(-1)


def slots_by_power(room: Tensor, slots: int, most: int, power: float, generator: torch.Generator) -> Tensor:
    """(items, most) int64: different slots below `room` (items,), drawn one after the other with P ∝ (slot + 1)^-power.

    Exponential clocks: the slot whose clock of rate p rings first is a draw in proportion to p, the next to ring a draw from
    the rest, so the order of ringing is a draw without replacement. Only the first as many as there is room for are of use.
    """
    slot = torch.arange(slots)
    clock = torch.empty(room.shape[0], slots).exponential_(generator=generator)
    clock = clock * (slot + 1.0) ** power
    clock = torch.where(slot < room[:, None], clock, torch.inf)
    return clock.topk(most, dim=1, largest=False).indices


class TokenStream(Stream):
    """A stream of items that a task makes of cases: training draws a case for each item, each part of a split is one case.

    training, validation, test: the cases; length: tokens of an item with the blanks behind it; rules: what else decides the
    items, for the fingerprint; vocabulary: different tokens.
    """

    #: goes into the seeds, so that two tasks with one seed draw differently
    purpose: str

    def __init__(
        self,
        *,
        training: Sequence[Case],
        test: Sequence[Case],
        validation: Sequence[Case] | None = None,
        length: int,
        vocabulary: int,
        chance: float | None,
        rules: object,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self.chance = chance
        self.vocabulary = vocabulary
        self.length = length
        self._training = {name: torch.tensor([case[name] for case in training]) for name in training[0]}
        self._cases = {"validation": tuple(test if validation is None else validation), "test": tuple(test)}
        self._decided = repr((self.purpose, rules, training, self._cases, length, vocabulary, draws.data_seed, uid))
        self._test_items = test_items
        self._draws = draws
        self._uid = uid
        self._made: dict[str, tuple[Part, ...]] = {}

    @abstractmethod
    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """One item for each row of `cases`: name -> (items,) int64. No loop over items; no longer than `length`."""

    @abstractmethod
    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """What each token of one item is, for the sample: "key", "value", "question", "filler" or another word."""

    def labels(self, case: Case) -> Mapping[str, str | int | float]:
        """What the part of a case is told from others by."""
        return dict(case)

    def is_main(self, case: Case) -> bool:
        """Whether the part of a case counts in the bare measure."""
        return True

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """The items of a step. There is no end of items: which ones come is decided by both seeds and the step."""
        seed = derived_seed(self.purpose, self._draws.data_seed, draws.seed, self._uid, step)
        generator = torch.Generator().manual_seed(seed)
        number = len(next(iter(self._training.values())))
        which = torch.randint(number, (size,), generator=generator)
        items = self.make({name: column[which] for name, column in self._training.items()}, generator).padded(self.length)
        return Batch(items.tokens, items.targets, items.mask)

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part a case; its items do not depend on which other cases there are."""
        if split not in self._made:
            self._made[split] = tuple(self._part(split, case) for case in self._cases[split])
        return self._made[split]

    def _part(self, split: str, case: Case) -> Part:
        name = " ".join(f"{key} {case[key]}" for key in sorted(case))
        generator = self._draws.data_generator(f"{split} items, {name}", self._uid)
        cases = {key: torch.full((self._test_items,), value) for key, value in case.items()}
        items = self.make(cases, generator).padded(self.length)
        return Part(self.labels(case), Batch(items.tokens, items.targets, items.mask, items.marks), self.is_main(case))

    def fingerprint(self) -> str:
        """Of the rules, the data seed and every validation and test item."""
        digest = hashlib.sha256(self._decided.encode())
        for split in ("validation", "test"):
            for part in self.parts(split):
                for tensor in (part.batch.inputs, part.batch.targets, part.batch.mask):
                    assert tensor is not None
                    digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first test item of a few cases: tokens, targets (null where nothing is asked), labels, and what each token is.

        {"kind": "tokens", "vocabulary": n, "items": [{"tokens": [...], "targets": [...], "roles": [...], "labels": {...}}]}
        """
        items = [self._shown("test", part, 0, MOST_TOKENS) for part in range(min(MOST_SHOWN, len(self._cases["test"])))]
        return {"kind": "tokens", "vocabulary": self.vocabulary, "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One item of one case."""
        return self._shown(split, part, index, MOST_OF_ONE)

    def _shown(self, split: str, number: int, index: int, most: int) -> dict[str, Any]:
        case, part = self._cases[split][number], self.parts(split)[number]
        assert part.batch.mask is not None
        tokens, targets, asked = (t[index, :most].tolist() for t in (part.batch.inputs, part.batch.targets, part.batch.mask))
        answers = [target if is_asked else None for target, is_asked in zip(targets, asked, strict=True)]
        roles = ["question" if is_asked else role for role, is_asked in zip(self.roles(tokens, asked, case), asked, strict=True)]
        return {"tokens": tokens, "targets": answers, "roles": roles, "labels": dict(part.labels)}


#: items, and tokens of each, that a sample shows; tokens of an item that is looked at by itself
MOST_SHOWN, MOST_TOKENS, MOST_OF_ONE = 4, 512, 8192
