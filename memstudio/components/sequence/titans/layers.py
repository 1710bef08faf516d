"""Titans: attention over a segment or window, a long-term memory, and persistent tokens, put together in three ways."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.attention.layers import Attention
from memstudio.components.sequence.attention.ops import attend
from memstudio.components.sequence.cell import Cell, Readable, State, position_of
from memstudio.components.sequence.projections import ANSWER_EPSILON, exact
from memstudio.experiment.entries import Configured

#: What an unfinished segment keeps: keys and values of its memory tokens and of its positions.
PARTS = ("told_k", "told_v", "k", "v")


class Gate(nn.Module):
    """(a ⊙ RMSnorm(y)) ⊙ σ(b ⊙ RMSnorm(m)): what the attention gives, gated by what the memory answers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.Parameter(torch.ones(width))
        self.memory = nn.Parameter(torch.ones(width))

    def forward(self, y: Tensor, answer: Tensor) -> Tensor:
        """Both (batch, time, width)."""
        return self._normed(y) * self.attention * (self._normed(answer) * self.memory).sigmoid()

    def _normed(self, x: Tensor) -> Tensor:
        y = exact(x)
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + ANSWER_EPSILON)).to(x.dtype)


class Titans(Cell):
    """Memory as context, gate or layer (Behrouz et al. 2024, section 4).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: memory (the inner state), position; MAC while a
    segment is unfinished: start (the inner state where it began; absent in the first segment), told_k and told_v (keys and values of
    its memory tokens), k and v (of its positions); MAG and MAL: window (the attention's state, the persistent tokens as its sinks).
    """

    def __init__(
        self,
        *,
        width: int,
        inner: Configured,
        variant: str,
        segment: int,
        persistent: int,
        heads: int,
        key_width: int,
        value_width: int,
        rotary: bool,
    ) -> None:
        super().__init__()
        self.variant, self.segment, self.count = variant, segment, persistent
        self.persistent = nn.Parameter(torch.randn(persistent, width)) if persistent else None
        self.attention = Attention(
            width=width,
            heads=heads,
            key_width=key_width,
            value_width=value_width,
            rotary=rotary,
            query_key_norm=False,
            window=segment,
            sinks=persistent,
            weights="softmax",
            alpha=1.5,
            projections="separate",
        )
        cell = inner.build(width=width)
        if not isinstance(cell, Readable):
            raise TypeError(f"{inner.entry.title} declares the trait readable but its implementation is not a Readable.")
        self.cell = cell
        self.gate = Gate(width) if variant != "MAL" else None

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        if self.variant != "MAC":
            return self._windowed(x, state)
        answers, start, time = [], 0, x.shape[-2]
        while start < time:
            filled = 0 if state is None or "k" not in state else state["k"].shape[-3]
            stop = min(time, start + self.segment - filled)
            y, state = self._in_segment(x[..., start:stop, :], state, filled)
            answers.append(y)
            start = stop
        assert state is not None
        return torch.cat(answers, -2), state

    def _in_segment(self, x: Tensor, state: State | None, filled: int) -> tuple[Tensor, State]:
        """Some positions of one segment, `filled` of which were read before."""
        position, time = position_of(state, x), x.shape[-2]
        running = None if state is None else state["memory"]
        began = running if filled == 0 else (state or {}).get("start")
        told = self.cell.output(self._read(x, position, began), x)
        here = self.count + self.segment + filled
        kept = [*self.attention.writer(told, _at(self.count + filled, x)), *self.attention.writer(x, _at(here, x))]
        if state is not None and filled:
            kept = [torch.cat([state[name].to(part.dtype), part], -3) for name, part in zip(PARTS, kept, strict=True)]
        key, value = ([*self._persistent(x, part), kept[part], kept[part + 2]] for part in (0, 1))
        causal = torch.ones(time, filled + time, dtype=torch.bool, device=x.device).tril(filled)
        seen = torch.cat([causal.new_ones(time, self.count), causal, causal], -1)
        y = self.attention.output(attend(self.attention.query(x, _at(here, x)), torch.cat(key, -3), torch.cat(value, -3), seen), x)
        answers, memory = self.cell.remember(self.cell.query(y, position), self.cell.writer(y, position), running, None)
        assert self.gate is not None
        after: State = {"memory": memory, "position": position + time}
        if filled + time < self.segment:
            after |= dict(zip(PARTS, kept, strict=True))
            if began is not None:
                # what the inner memory did not change must not be the same tensor twice in one state
                after["start"] = _copied(began)
        return self.gate(y, self.cell.output(answers, y)), after

    def _read(self, x: Tensor, position: Tensor, began: State | None) -> Tensor:
        """What a memory answers to x, writing nothing; None: one that has read nothing."""
        asked = self.cell.query(x, position)
        if began is not None:
            return self.cell.read(asked, began)
        nothing = torch.zeros(x.shape[:-1], dtype=torch.bool, device=x.device)
        return self.cell.remember(asked, self.cell.writer(x, position), None, nothing)[0]

    def _persistent(self, x: Tensor, part: int) -> list[Tensor]:
        """Keys (part 0) or values (1) of the persistent tokens for every item: (batch, count, heads, n); an empty list without them."""
        if self.persistent is None:
            return []
        made = self.attention.writer(self.persistent.to(x.dtype)[None], _at(0, x))[part]
        return [made[0].expand(*x.shape[:-2], *made.shape[-3:])]

    def _windowed(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """MAG: window and memory side by side. MAL: the window over what the memory answers."""
        position = position_of(state, x)
        if state is not None:
            answer, memory = self.cell(x, state["memory"])
            window = state["window"]
        else:
            tokens = x.new_zeros(*x.shape[:-2], 0, x.shape[-1])
            if self.persistent is not None:
                tokens = self.persistent.to(x.dtype).expand(*x.shape[:-2], *self.persistent.shape)
            answer, memory = self.cell(torch.cat([tokens, x], -2), None)
            first, answer = answer[..., : self.count, :], answer[..., self.count :, :]
            window = self._first(first if self.variant == "MAL" else tokens)
        seen = answer if self.variant == "MAL" else x
        here = position + self.count
        query, entries = self.attention.query(seen, here), self.attention.writer(seen, here)
        mixed, window = self.attention.remember(query, entries, window, None)
        y = self.attention.output(mixed, seen)
        after = {"memory": memory, "window": window, "position": position + x.shape[-2]}
        return (y if self.gate is None else self.gate(y, answer)), after

    def _first(self, tokens: Tensor) -> State | None:
        """The window's state before the sequence: the persistent tokens, which stay as its sinks."""
        if not self.count:
            return None
        key, value = self.attention.writer(tokens, _at(0, tokens))
        return {"k": key, "v": value, "position": _at(self.count, tokens)}

    def penalty(self, state: State) -> Tensor | None:
        """What the long-term memory adds to the loss."""
        return self.cell.penalty(state["memory"])

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The long-term memory's pictures, and with MAG and MAL the keys and values in the window."""
        shown = {f"memory, {title}": picture for title, picture in self.cell.pictures(state["memory"]).items()}
        if "window" in state:
            shown |= {f"window, {title}": picture for title, picture in self.attention.pictures(state["window"]).items()}
        return shown

    def figures(self, state: State) -> dict[str, float]:
        """The long-term memory's figures; segment_positions or window_positions: what the attention holds beside persistent tokens."""
        figures = self.cell.figures(state["memory"])
        if "window" in state:
            return {**figures, "window_positions": float(state["window"]["k"].shape[-3] - self.count)}
        return {**figures, "segment_positions": float(state["k"].shape[-3] if "k" in state else 0)}


def _at(position: int, like: Tensor) -> Tensor:
    return torch.full((), position, dtype=torch.int64, device=like.device)


def _copied(state: State) -> State:
    """The same state in tensors of its own."""
    return {name: _copied(part) if isinstance(part, dict) else part.clone() for name, part in state.items()}
