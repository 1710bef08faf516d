"""Several memories of one kind, a router that chooses which of them a position writes to and reads from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, Readable, State
from memstudio.components.sequence.mixture_of_memories.declare import too_many
from memstudio.experiment.entries import Configured
from memstudio.experiment.parameters import Refusal


class MixtureOfMemories(Cell):
    """E memories and a router (Du et al. 2025): each position writes to the k it chooses and reads their weighted sum.

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: memories (the inner state with a memory axis
    after the batch axis), routed (batch, memories): positions each memory was chosen for, wanted (batch, memories): the sum of
    the router's softmax over all memories, position.
    """

    def __init__(self, *, width: int, inner: Configured, memories: int, top_k: int, shared: bool, own_maps: bool, balance: float) -> None:
        super().__init__()
        reason = too_many(top_k, memories)
        if reason:
            raise Refusal(reason)
        cell = inner.build(width=width)
        if not isinstance(cell, Readable):
            raise TypeError(f"{inner.entry.title} declares the trait readable but its implementation is not a Readable.")
        self.memories, self.top_k, self.shared, self.balance = memories, top_k, shared, balance
        self.router = nn.Linear(width, memories, bias=False)
        self.cell = cell
        # The first writer stays in the cell; queries and output are shared by all memories (o = q M, section 3.2 of the paper).
        more = memories + shared - 1 if own_maps else 0
        self.writers = nn.ModuleList(inner.build(width=width).writer for _ in range(more))

    def route(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (batch, memories, time), 0 where not chosen, and which are chosen (the same shape, bool)."""
        return self._choose(self.router(x))

    def _choose(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """As `route`, of the router's scores (batch, time, memories)."""
        best = logits.topk(self.top_k, -1)
        weights = torch.zeros_like(logits).scatter(-1, best.indices, best.values.softmax(-1))
        chosen = torch.zeros_like(logits).scatter(-1, best.indices, torch.ones_like(best.values)) > 0
        return weights.movedim(-1, -2), chosen.movedim(-1, -2)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        inner = None if state is None else state["memories"]
        position = x.new_zeros((), dtype=torch.int64) if state is None else state["position"]
        logits = self.router(x)
        weights, chosen = self._choose(logits)
        exact = torch.promote_types(x.dtype, torch.float32)
        counted = {"routed": chosen.to(exact).sum(-1), "wanted": logits.softmax(-1, dtype=exact).sum(-2)}
        write = chosen
        if self.shared:
            everywhere = torch.ones_like(chosen[..., :1, :])
            weights = torch.cat([weights, everywhere.to(weights.dtype)], -2)
            write = torch.cat([chosen, everywhere], -2)
        count = self.memories + self.shared
        queries = self.cell.query(x, position)
        queries = queries[..., None, :, :, :].expand(*queries.shape[:-3], count, *queries.shape[-3:])
        answers, after = self.cell.remember(queries, self._entries(x, position, count), inner, write)
        mixed = (weights[..., None, None] * answers).sum(-4)
        if state is not None:
            counted = {name: count + state[name] for name, count in counted.items()}
        return self.cell.output(mixed.to(x.dtype), x), {"memories": after, **counted, "position": position + x.shape[-2]}

    def penalty(self, state: State) -> Tensor | None:
        """λ E Σ f P over all positions of the batch: f the share that chose a memory, P the mean of its softmax; None with λ 0.

        f has no gradient; P has, and falls for memories that are chosen more often than others.
        """
        if not self.balance:
            return None
        positions = state["position"] * state["routed"].shape[0]
        chosen, wanted = (state[name].sum(0) / positions for name in ("routed", "wanted"))
        added: Tensor = self.balance * self.memories * (chosen * wanted).sum()
        return added

    def _entries(self, x: Tensor, position: Tensor, count: int) -> tuple[Tensor, ...]:
        """What each memory is offered, with the memory axis just before time: (batch, memories, time, ...)."""
        offered = [writer(x, position) for writer in (self.cell.writer, *self.writers)]
        if len(offered) == 1:
            offered = offered * count
        time_axis = x.dim() - 2
        return tuple(torch.stack(parts, time_axis) for parts in zip(*offered, strict=True))

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The inner pictures of each memory."""
        return {
            f"{self._name(index)}, {title}": picture
            for index in range(self.memories + self.shared)
            for title, picture in self.cell.pictures(_of_memory(state["memories"], index)).items()
        }

    def figures(self, state: State) -> dict[str, float]:
        """The inner figures (means over memories); share_largest and share_smallest: how evenly the router spreads positions."""
        count = self.memories + self.shared
        each = [self.cell.figures(_of_memory(state["memories"], index)) for index in range(count)]
        share = state["routed"][0].detach().double()
        share = share / share.sum().clamp(min=1.0)
        means = {name: sum(figures[name] for figures in each) / count for name in each[0]}
        return {**means, "share_largest": float(share.max()), "share_smallest": float(share.min())}

    def _name(self, index: int) -> str:
        return "shared memory" if index == self.memories else f"memory {index + 1}"


def _of_memory(state: State, index: int) -> State:
    """The state of one memory, without the memory axis."""
    return {name: part if name == "position" else part[:, index] for name, part in state.items()}
