"""Causal softmax attention with a growing state: every key and value it has seen, or those of a window and its sinks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from memstudio.components.sequence.attention.ops import attend, retained, turned, visible
from memstudio.components.sequence.cell import Readable, State, first_item, in_heads, position_of

EPSILON = 1e-6
#: With a window, so many positions at most are compared at once: longer pieces are cut, which changes the speed only.
PIECE = 128
#: A learned α stays this far from 1 and 2, where its gradient would vanish.
ALPHA_EDGE = 0.01
#: and starts around a value that is so far from them.
START_EDGE = 0.05


class Heads(nn.Module):
    """A linear map into heads, optionally scaled to root mean square 1 with a learned scale, optionally turned by position.

    projections: "separate" (a map a head), "add" or "multiply": one map for all heads, to which each adds its own embedding e,
    or which it multiplies by 1 + e (Xue & Aletras 2023).
    """

    def __init__(self, *, width: int, heads: int, head_width: int, norm: bool, rotary: bool, projections: str = "separate") -> None:
        super().__init__()
        self.heads, self.rotary, self.projections = heads, rotary, projections
        shared = projections != "separate"
        self.map = nn.Linear(width, head_width if shared else heads * head_width, bias=False)
        self.scale = nn.Parameter(torch.ones(head_width)) if norm else None
        self.embedding = nn.Parameter(torch.randn(heads, head_width)) if shared else None

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, head width)."""
        if self.embedding is None:
            y = in_heads(self.map(x), self.heads)
        elif self.projections == "add":
            y = self.map(x)[..., None, :] + self.embedding.to(x.dtype)
        else:
            y = self.map(x)[..., None, :] * (1.0 + self.embedding.to(x.dtype))
        if self.scale is not None:
            exact = y if y.dtype == torch.float64 else y.float()
            y = (exact * torch.rsqrt(exact.square().mean(-1, keepdim=True) + EPSILON)).to(y.dtype) * self.scale
        return turned(y, position) if self.rotary else y


class Query(Heads):
    """The heads' queries, and a learned α of entmax a head where that is wanted: α = 1 + σ(a), kept from 1 and 2.

    alpha: around which a starts, with a normal spread of 1 as in Correia et al. 2019, or None for no learned α.
    """

    def __init__(self, *, width: int, heads: int, head_width: int, norm: bool, rotary: bool, projections: str, alpha: float | None) -> None:
        super().__init__(width=width, heads=heads, head_width=head_width, norm=norm, rotary=rotary, projections=projections)
        start = None if alpha is None else min(max(alpha - 1.0, START_EDGE), 1.0 - START_EDGE)
        self.sharpness = None if start is None else nn.Parameter(torch.randn(heads) + math.log(start / (1.0 - start)))

    def alpha(self) -> Tensor | None:
        """α of each head (heads,), or None where it is not learned."""
        if self.sharpness is None:
            return None
        free = self.sharpness if self.sharpness.dtype == torch.float64 else self.sharpness.float()
        return 1.0 + free.sigmoid().clamp(ALPHA_EDGE, 1.0 - ALPHA_EDGE)


class Writer(nn.Module):
    """What a position offers: its key and its value."""

    def __init__(
        self, *, width: int, heads: int, key_width: int, value_width: int, norm: bool, rotary: bool, projections: str = "separate"
    ) -> None:
        super().__init__()
        self.key = Heads(width=width, heads=heads, head_width=key_width, norm=norm, rotary=rotary, projections=projections)
        self.value = Heads(width=width, heads=heads, head_width=value_width, norm=False, rotary=False, projections=projections)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, key), (batch, time, heads, value)."""
        return self.key(x, position), self.value(x, position)


class Output(nn.Module):
    """W_o of the heads side by side."""

    def __init__(self, *, width: int, heads: int, value_width: int) -> None:
        super().__init__()
        self.map = nn.Linear(heads * value_width, width, bias=False)

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        """Answers (batch, time, heads, value) -> (batch, time, width)."""
        out: Tensor = self.map(answers.flatten(-2))
        return out


class Attention(Readable):
    """Multi-head causal attention (Vaswani et al. 2017), optionally windowed, sparse, of shared projections; see the declaration.

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: k (batch, positions kept, heads, key), v (the same, value), position; kept (batch, positions kept) once a mask was given.
    Without a window every position is kept; with one, the first `sinks` and the last `window`.
    """

    query: Query

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        rotary: bool,
        query_key_norm: bool,
        window: int,
        sinks: int,
        weights: str,
        alpha: float,
        projections: str,
    ) -> None:
        super().__init__()
        self.window, self.sinks, self.weights, self.fixed = window, sinks, weights.removeprefix("learned_"), alpha
        learned = alpha if weights == "learned_entmax" else None
        self.query = Query(
            head_width=key_width, alpha=learned, width=width, heads=heads, norm=query_key_norm, rotary=rotary, projections=projections
        )
        self.writer = Writer(
            key_width=key_width,
            value_width=value_width,
            width=width,
            heads=heads,
            norm=query_key_norm,
            rotary=rotary,
            projections=projections,
        )
        self.output = Output(width=width, heads=heads, value_width=value_width)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        time, size = entries[0].shape[-3], max(PIECE, self.window)
        if not self.window or time <= size:
            return self._remember(queries, entries, state, write)
        answers = []
        for low in range(0, time, size):
            part = slice(low, low + size)
            masked = None if write is None else write[..., part]
            answer, state = self._remember(queries[..., part, :, :], tuple(entry[..., part, :, :] for entry in entries), state, masked)
            answers.append(answer)
        assert state is not None  # there is at least one piece
        return torch.cat(answers, -3), state

    def _remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value = entries
        new, before = key.shape[-3], 0
        kept = write
        if state is not None:
            before = state["k"].shape[-3]
            key, value = torch.cat([state["k"].to(key.dtype), key], -3), torch.cat([state["v"].to(value.dtype), value], -3)
            kept = _joined(state, write, before, new)
        all_seen = before == 0 and kept is None and (not self.window or new <= self.window)
        seen = None if all_seen else visible(before, new, kept, self.window, self.sinks, key.device)
        answers = self._attend(queries, key, value, seen, covered=bool(self.window) and kept is None)
        if self.window:
            (key, value), kept = retained((key, value), kept, self.window, self.sinks)
        after: State = {"k": key, "v": value, "position": position_of(state, key) + new}
        if kept is not None:
            after["kept"] = kept
        return answers, after

    def read(self, queries: Tensor, state: State) -> Tensor:
        """Answers from everything kept. The queries are taken as they are (already turned)."""
        key, value = state["k"], state["v"]
        seen = torch.ones(queries.shape[-3], key.shape[-3], dtype=torch.bool, device=key.device)
        kept = state.get("kept")
        return self._attend(queries, key.to(queries.dtype), value.to(queries.dtype), seen if kept is None else seen & kept[..., None, :])

    def _attend(self, queries: Tensor, key: Tensor, value: Tensor, seen: Tensor | None, covered: bool = False) -> Tensor:
        learned = self.query.alpha()
        return attend(queries, key, value, seen, self.weights, self.fixed if learned is None else learned, covered=covered)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The cached keys of each head (position, key), then its values (position, value)."""
        shown: dict[str, Tensor] = {}
        for name, title in (("k", "keys"), ("v", "values")):
            heads = first_item(state[name]).movedim(-2, -3).flatten(0, -3)
            shown |= {f"{title} of head {index + 1}": head for index, head in enumerate(heads)}
        return shown

    def figures(self, state: State) -> dict[str, float]:
        """cached_keys (positions kept, mean over memories), key_norm and value_norm (mean lengths); with a learned α its mean: alpha."""
        key, value, kept = first_item(state["k"]), first_item(state["v"]), state.get("kept")
        positions = float(key.shape[-3]) if kept is None else float(first_item(kept).sum(-1).mean())
        shown = {"cached_keys": positions, "key_norm": float(key.norm(dim=-1).mean()), "value_norm": float(value.norm(dim=-1).mean())}
        learned = self.query.alpha()
        return shown if learned is None else {**shown, "alpha": float(learned.detach().mean())}


def _joined(state: State, write: Tensor | None, before: int, new: int) -> Tensor | None:
    """The mask of all positions kept, (..., before + new), or None while every position was."""
    kept = state.get("kept")
    if kept is None and write is None:
        return None
    shape = state["k"].shape[:-3]
    old = torch.ones(*shape, before, dtype=torch.bool, device=state["k"].device) if kept is None else kept
    fresh = torch.ones(*shape, new, dtype=torch.bool, device=old.device) if write is None else write
    return torch.cat([old, fresh], -1)
