"""Small readable memories whose answers can be written down, and trained things that hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.runtime import Batch, Draws, Outcome, Part, Stream
from memstudio.components.sequence.cell import Readable, State, position_of

WIDTH = 6


class Heads(nn.Module):
    """A linear map into two heads, of length 1 where asked."""

    def __init__(self, out: int, unit: bool) -> None:
        super().__init__()
        self.map, self.unit = nn.Linear(WIDTH, 2 * out, bias=False), unit

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        y: Tensor = self.map(x).unflatten(-1, (2, -1))
        return y / y.norm(dim=-1, keepdim=True) if self.unit else y


class Pairs(nn.Module):
    """A key and a value."""

    def __init__(self, key: int, value: int) -> None:
        super().__init__()
        self.key, self.value = Heads(key, unit=True), Heads(value, unit=False)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        return self.key(x, position), self.value(x, position)


class Join(nn.Module):
    """The heads' answers as they are, cut or filled up to WIDTH."""

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        flat = answers.flatten(-2)
        return torch.cat([flat, flat.new_zeros(*flat.shape[:-1], WIDTH)], -1)[..., :WIDTH]


class Hebb(Readable):
    """S = α S + v kᵀ, answers S q: a linear memory that fades by α a position."""

    def __init__(self, key: int = 8, value: int = 5, alpha: float = 1.0) -> None:
        super().__init__()
        self.query, self.writer, self.output, self.alpha = Heads(key, unit=True), Pairs(key, value), Join(), alpha

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value = entries
        matrix = key.new_zeros(*key.shape[:-3], key.shape[-2], value.shape[-1], key.shape[-1]) if state is None else state["matrix"]
        answers = []
        for t in range(key.shape[-3]):
            matrix = self.alpha * matrix + value[..., t, :, :, None] * key[..., t, :, None, :]
            answers.append((matrix @ queries[..., t, :, :, None]).squeeze(-1))
        return torch.stack(answers, -3), {"matrix": matrix, "position": position_of(state, key) + key.shape[-3]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        return (queries.movedim(-2, -3) @ state["matrix"].mT).movedim(-3, -2)


class Chain(nn.Module):
    """A graph: a node `memory` of several cells one after the other, and a node `end`."""

    def __init__(self, cells: Sequence[nn.Module]) -> None:
        super().__init__()
        self.memory = nn.ModuleList(cells)
        self.end = nn.Linear(WIDTH, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        x = inputs
        for cell in self.memory:
            x, _ = cell(x)
        scores: Tensor = self.end(x)
        return scores


class Numbers(Stream):
    """Two test parts of random sequences (the second the heavier), and none of them for training."""

    chance = 0.5

    def __init__(self, time: int = 20, items: int = 12) -> None:
        self.x = torch.randn(items, time, WIDTH, generator=torch.Generator().manual_seed(1))

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        raise AssertionError("no training here")

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        batches = [Batch(x, torch.zeros(x.shape[:2], dtype=torch.int64)) for x in (self.x, 2 * self.x.flip(0))]
        return [Part({"load": load}, batch) for load, batch in zip((2, 4), batches, strict=True)]

    def fingerprint(self) -> str:
        return "numbers"

    def sample(self) -> dict[str, Any]:
        return {}


class Holding:
    """A trained thing of one member that holds these memories."""

    step, experience = 3, 0

    def __init__(self, cells: Callable[[], Sequence[nn.Module]], time: int = 20) -> None:
        self.stream, self.model = Numbers(time), self
        with torch.random.fork_rng():
            torch.manual_seed(5)
            self.graph = Chain(cells())

    def member(self, index: int) -> nn.Module:
        assert index == 0
        return self.graph

    def outcomes(self, split: str = "test", items: int | None = None, experiences: Any = None) -> Sequence[Outcome]:
        return []

    def states(self, items: int = 1) -> dict[str, Any]:
        return {}

    def facts(self) -> dict[str, float]:
        return {}
