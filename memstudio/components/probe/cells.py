"""The readable memories of a trained model, and what reaches each of them while the model reads items."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.runtime import Graph, Trained
from memstudio.components.sequence.cell import Readable, State


@dataclass(frozen=True)
class Met:
    """A readable memory. node: its node's id; layer: which memory of the node it is, from 1, 0 where it is the only one;

    x: (items, time, width) what reached it, in the precision of its weights.
    """

    node: str
    layer: int
    cell: Readable
    x: Tensor

    @property
    def title(self) -> str:
        """`layer 2`, or nothing where there is one."""
        return f"layer {self.layer}" if self.layer else ""


@dataclass(frozen=True)
class Offered:
    """What a memory is asked and offered for x.

    queries: (items, time, heads, key and more); keys, values: (items, time, heads, steps, key or value), where a position may write several
    pairs, one a step; rest: what else an entry holds (decay, strength), as it is; several: whether the memory's own entries have that
    axis. A query may hold more than a key does, behind it (the ridge of an exact regression): `more`.
    """

    queries: Tensor
    keys: Tensor
    values: Tensor
    rest: tuple[Tensor, ...]
    several: bool = False

    @property
    def more(self) -> Tensor:
        """What queries hold behind the numbers of a key, (items, time, heads, as many as there are)."""
        return self.queries[..., self.keys.shape[-1] :]

    @property
    def steps(self) -> int:
        """Pairs that a position writes."""
        return self.keys.shape[-2]

    def entries(self, keys: Tensor, values: Tensor, rest: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """An entry of other keys and values, as the memory takes it."""
        return (keys, values, *rest) if self.several else (keys.squeeze(-2), values.squeeze(-2), *rest)


def asking(keys: Tensor, more: Tensor) -> Tensor:
    """Queries (items, time × steps, heads, ...) for keys (items, time, heads, steps, key), each with what queries hold besides there."""
    behind = more.unsqueeze(-2).expand(*keys.shape[:-1], more.shape[-1]).to(keys.dtype)
    return torch.cat([keys, behind], -1).movedim(-2, -3).flatten(1, 2)


def ask(cell: Readable, keys: Tensor, more: Tensor, state: State) -> Tensor:
    """Answers (items, time, heads, steps, value) to keys (items, time, heads, steps, key); more: as in `asking`."""
    items, time, heads, steps, _ = keys.shape
    return cell.read(asking(keys, more), state).reshape(items, time, steps, heads, -1).movedim(2, 3)


@torch.no_grad()
def met(trained: Trained, items: int, positions: int, heaviest: bool = False) -> list[Met]:
    """Every readable memory of the first member that reads test items as a layer does, in the order they are met.

    items: of the first main part (heaviest: the last one) so many at most; positions: so many of each at most. A memory inside a wrapper
    (a mixture of memories) is read by the wrapper in its own way, and is not among them.
    """
    graph = trained.model.member(0)
    if not any(isinstance(module, Readable) for module in graph.modules()):
        return []
    graph.eval()
    inputs = _inputs(trained, items, positions, heaviest)
    if inputs is None:
        return []
    with _heard(graph) as heard:
        graph(inputs.to(next((weight.device for weight in graph.parameters()), inputs.device)))
    nodes = {module: _node(graph, name) for name, module in graph.named_modules() if isinstance(module, Readable) and module in heard}
    found: list[Met] = []
    for cell, x in heard.items():
        same = [other for other, node in nodes.items() if node == nodes[cell]]
        layer = same.index(cell) + 1 if len(same) > 1 else 0
        found.append(Met(nodes[cell], layer, cell, x[:, :positions].to(next(cell.parameters(), x).dtype)))
    return found


def _inputs(trained: Trained, items: int, positions: int, heaviest: bool) -> Tensor | None:
    """The first items of a main test part, cut to their first positions where they are tokens; None where there is no item."""
    parts = [part for part in trained.stream.parts("test") if part.main and len(part.batch)]
    if not parts:
        return None
    inputs = parts[-1 if heaviest else 0].batch.first(items).inputs
    return inputs[:, :positions] if inputs.dim() == 2 and not inputs.is_floating_point() else inputs


def _node(graph: Graph, module: str) -> str:
    named: Any = getattr(graph, "node_of", None)
    return str(named(module)) if named is not None else module.partition(".")[0]


@contextmanager
def _heard(graph: nn.Module) -> Iterator[dict[Readable, Tensor]]:
    """What each readable memory is called with inside the block, the first time."""
    heard: dict[Readable, Tensor] = {}

    def hear(module: nn.Module, given: tuple[Any, ...]) -> None:
        if isinstance(module, Readable) and given and module not in heard:
            heard[module] = given[0].detach()

    hooks = [module.register_forward_pre_hook(hear) for module in graph.modules() if isinstance(module, Readable)]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def offered(cell: Readable, x: Tensor) -> Offered | None:
    """What a memory is asked and offered for x from its beginning, where its entries begin with a key (as queries do) and a value.

    All readable memories of ours write (key, value, ...), some with an axis of steps before the widths; one of an add-on may do
    otherwise: None, as where x has fewer than two positions.
    """
    position = torch.zeros((), dtype=torch.int64, device=x.device)
    queries, entries = cell.query(x, position), cell.writer(x, position)
    if not isinstance(entries, tuple) or len(entries) < 2 or x.shape[1] < 2:
        return None
    keys, values, *rest = entries
    if values.dim() != keys.dim() or values.shape[:-1] != keys.shape[:-1]:
        return None
    several = keys.dim() == queries.dim() + 1
    if not several:
        keys, values = keys.unsqueeze(-2), values.unsqueeze(-2)
    alike = keys.shape[:-2] == queries.shape[:-1] and keys.shape[-1] <= queries.shape[-1]
    return Offered(queries, keys, values, tuple(rest), several) if alike else None
