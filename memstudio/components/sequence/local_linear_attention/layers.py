"""Local linear attention as a layer with a growing state: every key and value it has seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Readable, State, first_item, in_heads, position_of
from memstudio.components.sequence.local_linear_attention.ops import local_regression
from memstudio.components.sequence.projections import Output, unit


class Heads(nn.Module):
    """W x in heads, of length 1 if wanted."""

    def __init__(self, *, width: int, heads: int, key_width: int, unit_length: bool) -> None:
        super().__init__()
        self.heads, self.unit_length = heads, unit_length
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, key)."""
        y = in_heads(self.map(x), self.heads)
        return unit(y) if self.unit_length else y


class Writer(nn.Module):
    """What a position offers: its key and its value."""

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, unit_length: bool) -> None:
        super().__init__()
        self.heads = heads
        self.key = Heads(width=width, heads=heads, key_width=key_width, unit_length=unit_length)
        self.value = nn.Linear(width, heads * value_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, key), (batch, time, heads, value)."""
        return self.key(x, position), in_heads(self.value(x), self.heads)


class LocalLinearAttention(Readable):
    """At each query a linear regression weighted towards keys near it (Zuo et al. 2025); without slope: softmax attention.

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: k (batch, positions so far, heads, key), v (the same, value), position; kept (batch, positions) once a mask was given.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        bandwidth: float,
        slope: bool,
        ridge: float,
        unit_length: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.bandwidth, self.ridge, self.chunk = bandwidth, ridge if slope else None, chunk
        self.query = Heads(width=width, heads=heads, key_width=key_width, unit_length=unit_length)
        self.writer = Writer(width=width, heads=heads, key_width=key_width, value_width=value_width, unit_length=unit_length)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value = entries
        new, before = key.shape[-3], 0
        kept = write
        if state is not None:
            before = state["k"].shape[-3]
            old = state.get("kept")
            if old is not None or write is not None:
                lead = key.shape[:-3]
                old = torch.ones(*lead, before, dtype=torch.bool, device=key.device) if old is None else old
                fresh = torch.ones(*lead, new, dtype=torch.bool, device=key.device) if write is None else write
                kept = torch.cat([old, fresh], -1)
            key, value = torch.cat([state["k"].to(key.dtype), key], -3), torch.cat([state["v"].to(value.dtype), value], -3)
        after: State = {"k": key, "v": value, "position": position_of(state, key) + new}
        if kept is not None:
            after["kept"] = kept
        seen = torch.ones(new, before + new, dtype=torch.bool, device=key.device).tril(before)
        seen = seen if kept is None else seen & kept[..., None, :]
        return local_regression(queries, key, value, seen, self.bandwidth, self.ridge, self.chunk, before), after

    def read(self, queries: Tensor, state: State) -> Tensor:
        key, value, kept = state["k"], state["v"], state.get("kept")
        seen = torch.ones(queries.shape[-3], key.shape[-3], dtype=torch.bool, device=key.device)
        seen = seen if kept is None else seen & kept[..., None, :]
        return local_regression(queries, key.to(queries.dtype), value.to(queries.dtype), seen, self.bandwidth, self.ridge, self.chunk)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The kept keys of each head (position, key), then its values (position, value)."""
        shown: dict[str, Tensor] = {}
        for name, title in (("k", "keys"), ("v", "values")):
            for index, head in enumerate(first_item(state[name]).movedim(-2, -3).flatten(0, -3)):
                shown[f"{title} of head {index + 1}"] = head
        return shown

    def figures(self, state: State) -> dict[str, float]:
        """cached_keys (positions kept, mean over memories), key_norm and value_norm (mean lengths)."""
        key, value, kept = first_item(state["k"]), first_item(state["v"]), state.get("kept")
        positions = float(key.shape[-3]) if kept is None else float(first_item(kept).sum(-1).mean())
        return {"cached_keys": positions, "key_norm": float(key.norm(dim=-1).mean()), "value_norm": float(value.norm(dim=-1).mean())}
