"""Attention over a window of sinks and last positions, and a memory into which a position goes when it leaves the window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.attention.layers import Attention
from memstudio.components.sequence.cell import Cell, Readable, State, position_of
from memstudio.experiment.entries import Configured


class CompressedWindow(Cell):
    """y = attention over the window + gate × what a memory of everything before it answers (Fang et al. 2025).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: window (the attention's state), waiting (batch,
    positions in the window, width): features that are still to go into the memory, memory (the inner state), position.
    """

    def __init__(
        self,
        *,
        width: int,
        inner: Configured,
        window: int,
        sinks: int,
        heads: int,
        key_width: int,
        value_width: int,
        rotary: bool,
        gate: bool,
    ) -> None:
        super().__init__()
        self.window, self.sinks = window, sinks
        self.attention = Attention(
            width=width,
            heads=heads,
            key_width=key_width,
            value_width=value_width,
            rotary=rotary,
            query_key_norm=False,
            window=window,
            sinks=sinks,
            weights="softmax",
            alpha=1.5,
            projections="separate",
        )
        cell = inner.build(width=width)
        if not isinstance(cell, Readable):
            raise TypeError(f"{inner.entry.title} declares the trait readable but its implementation is not a Readable.")
        self.cell = cell
        self.gate = nn.Linear(width, 1) if gate else None

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        position, time = position_of(state, x), x.shape[-2]
        y, window = self.attention(x, None if state is None else state["window"])
        waiting = x if state is None else torch.cat([state["waiting"].to(x.dtype), x], -2)
        before = waiting.shape[-2] - time
        # row t of `leaving` is the position that leaves the window when t comes; zeros stand for those before the beginning
        none_yet = x.new_zeros(*x.shape[:-2], self.window - before, x.shape[-1])
        leaving = torch.cat([none_yet, waiting], -2)[..., :time, :]
        left = position - self.window
        gone = torch.arange(time, device=x.device) + left >= self.sinks
        entries = self.cell.writer(leaving, left)
        asked = self.cell.query(x, position)
        answers, memory = self.cell.remember(asked, entries, None if state is None else state["memory"], gone.expand(*x.shape[:-2], time))
        added = self.cell.output(answers, x) * gone[:, None].to(x.dtype)
        if self.gate is not None:
            added = self.gate(x).sigmoid() * added
        after = {"window": window, "waiting": waiting[..., -self.window :, :], "memory": memory, "position": position + time}
        return y + added, after

    def penalty(self, state: State) -> Tensor | None:
        """What the memory adds to the loss."""
        return self.cell.penalty(state["memory"])

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The memory's pictures, then the keys and values in the window."""
        memory = {f"memory, {title}": picture for title, picture in self.cell.pictures(state["memory"]).items()}
        return memory | {f"window, {title}": picture for title, picture in self.attention.pictures(state["window"]).items()}

    def figures(self, state: State) -> dict[str, float]:
        """The memory's figures, and those of the window (window_ before their names)."""
        window = {f"window_{name}": figure for name, figure in self.attention.figures(state["window"]).items()}
        return self.cell.figures(state["memory"]) | window
