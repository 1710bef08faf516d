"""Attention over the most important keys: an importance made from the values biases the matches and chooses who is seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from memstudio.components.sequence.attention.layers import PIECE, Heads, Output
from memstudio.components.sequence.attention.ops import attend
from memstudio.components.sequence.cell import Readable, State, first_item, position_of
from memstudio.components.sequence.dynamic_mask_attention.ops import best, chosen
from memstudio.components.sequence.projections import exact

#: How far from 0 the rates A start (standard deviation), as in the authors' model.
SPREAD = 0.02
#: Largest exponent of the importance: e³⁰ decides every match and still fits into float32. The paper has no such edge.
LARGEST = 30.0


class Writer(nn.Module):
    """What a position offers: key, value, and importance δ = exp(A softplus(W v)) of each head; linear: δ = A softplus(W v)."""

    def __init__(
        self, *, width: int, heads: int, key_width: int, value_width: int, rotary: bool, query_key_norm: bool, importance: str
    ) -> None:
        super().__init__()
        self.importance = importance
        self.key = Heads(width=width, heads=heads, head_width=key_width, norm=query_key_norm, rotary=rotary)
        self.value = Heads(width=width, heads=heads, head_width=value_width, norm=False, rotary=False)
        self.step = nn.Linear(heads * value_width, heads, bias=False)
        self.rate = nn.Parameter(torch.randn(heads) * SPREAD)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, key), (batch, time, heads, value), (batch, time, heads)."""
        value = self.value(x, position)
        weighed = exact(self.rate) * softplus(exact(self.step(value.flatten(-2))))
        return self.key(x, position), value, weighed.clamp(max=LARGEST).exp() if self.importance == "exp" else weighed


class DynamicMaskAttention(Readable):
    """Each head keeps the `keep` most important keys so far and attends to them alone (Shi et al. 2025).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State: k (batch, at most keep, heads, key), v,
    importance (batch, at most keep, heads): those of each head, in their order; position; kept (batch, at most keep) once a mask
    was given.
    """

    def __init__(
        self, *, width: int, heads: int, key_width: int, value_width: int, rotary: bool, query_key_norm: bool, keep: int, importance: str
    ) -> None:
        super().__init__()
        self.keep = keep
        self.query = Heads(width=width, heads=heads, head_width=key_width, norm=query_key_norm, rotary=rotary)
        self.writer = Writer(
            width=width,
            heads=heads,
            key_width=key_width,
            value_width=value_width,
            rotary=rotary,
            query_key_norm=query_key_norm,
            importance=importance,
        )
        self.output = Output(width=width, heads=heads, value_width=value_width)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, importance = entries
        answers = []
        for low in range(0, key.shape[-3], PIECE):
            part = slice(low, low + PIECE)
            offered = (key[..., part, :, :], value[..., part, :, :], importance[..., part, :])
            answer, state = self._remember(queries[..., part, :, :], offered, state, None if write is None else write[..., part])
            answers.append(answer)
        assert state is not None  # there is at least one piece
        return (answers[0] if len(answers) == 1 else torch.cat(answers, -3)), state

    def _remember(
        self, queries: Tensor, entries: tuple[Tensor, Tensor, Tensor], state: State | None, write: Tensor | None
    ) -> tuple[Tensor, State]:
        key, value, importance = entries
        new, kept = key.shape[-3], write
        if state is not None:
            before = state["k"].shape[-3]
            if write is not None or "kept" in state:
                lead = key.shape[:-3]
                old = state["kept"] if "kept" in state else torch.ones(*lead, before, dtype=torch.bool, device=key.device)
                fresh = torch.ones(*lead, new, dtype=torch.bool, device=key.device) if write is None else write
                kept = torch.cat([old, fresh], -1)
            key, value = torch.cat([state["k"].to(key.dtype), key], -3), torch.cat([state["v"].to(value.dtype), value], -3)
            importance = torch.cat([state["importance"].to(importance.dtype), importance], -2)
        seen = chosen(importance, new, self.keep, kept)
        answers = attend(queries, key, value, seen, bias=importance.movedim(-1, -2)[..., None, :])
        if key.shape[-3] > self.keep:
            (key, value, importance), real = best((key, value, importance[..., None]), seen[..., -1, :], self.keep)
            importance = importance[..., 0]
            kept = None if kept is None else real
        after: State = {"k": key, "v": value, "importance": importance, "position": position_of(state, key) + new}
        if kept is not None:
            after["kept"] = kept
        return answers, after

    def read(self, queries: Tensor, state: State) -> Tensor:
        """Answers from the keys that are kept. The queries are taken as they are (already turned)."""
        key, value = state["k"].to(queries.dtype), state["v"].to(queries.dtype)
        seen = torch.ones(queries.shape[-3], key.shape[-3], dtype=torch.bool, device=key.device)
        if "kept" in state:
            seen = seen & state["kept"][..., None, :]
        return attend(queries, key, value, seen, bias=state["importance"].movedim(-1, -2)[..., None, :])

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The importance of the kept keys, (position, head), then the keys of each head (position, key)."""
        real = self._real(state)
        shown = {"importance of kept keys": first_item(state["importance"])[real]}
        heads = first_item(state["k"]).movedim(-2, -3).flatten(0, -3)
        return shown | {f"kept keys of head {index + 1}": head for index, head in enumerate(heads)}

    def figures(self, state: State) -> dict[str, float]:
        """kept_keys (a head, mean over memories), importance (their mean), importance_spread (their standard deviation)."""
        real = self._real(state)
        found = first_item(state["importance"])[real].double()
        count = float(real.double().sum(-1).mean())
        if not found.numel():
            return {"kept_keys": count, "importance": 0.0, "importance_spread": 0.0}
        return {"kept_keys": count, "importance": float(found.mean()), "importance_spread": float(found.std(correction=0))}

    def _real(self, state: State) -> Tensor:
        """Which rows of item 0 are keys: (..., positions) bool."""
        importance = state["importance"][0]
        return state["kept"][0].cpu() if "kept" in state else torch.ones(importance.shape[:-1], dtype=torch.bool)
