"""Attention over what surprised (verbatim), what a fading memory says of the past (summaries), and a window."""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.attention.layers import PIECE, Heads, Output, Writer
from memstudio.components.sequence.attention.ops import attend, taken
from memstudio.components.sequence.cell import Cell, Readable, State, first_item
from memstudio.components.sequence.eidetic_memory.ops import innovation, recent, surprising, told
from memstudio.experiment.entries import Configured


class EideticMemory(Cell):
    """A fading memory, a bank of surprising positions and a window, read by one attention (Zancato et al. 2024, B'MOJO).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: memory (the inner state), recent_k and recent_v
    (positions in the window), told_k and told_v (summary tokens), position; with a bank: bank_k and bank_v, bank_surprise and
    recent_surprise (batch, positions), outputs (batch, order, width) and gram (batch, order + 1, order + 1) of the predictor.
    """

    def __init__(
        self,
        *,
        width: int,
        inner: Configured,
        window: int,
        bank: int,
        order: int,
        summary_chunk: int,
        summaries: int,
        heads: int,
        key_width: int,
        value_width: int,
        rotary: bool,
    ) -> None:
        super().__init__()
        self.window, self.bank, self.order, self.chunk, self.summaries = window, bank, order, summary_chunk, summaries
        self.query = Heads(width=width, heads=heads, head_width=key_width, norm=False, rotary=rotary)
        self.writer = Writer(width=width, heads=heads, key_width=key_width, value_width=value_width, norm=False, rotary=rotary)
        self.output = Output(width=width, heads=heads, value_width=value_width)
        cell = inner.build(width=width)
        if not isinstance(cell, Readable):
            raise TypeError(f"{inner.entry.title} declares the trait readable but its implementation is not a Readable.")
        self.cell = cell

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        answers = []
        for low in range(0, x.shape[-2], PIECE):  # in pieces, so that a long sequence is not compared with all of itself
            y, state = self._piece(x[..., low : low + PIECE, :], state)
            answers.append(y)
        assert state is not None  # there is at least one piece
        return (answers[0] if len(answers) == 1 else torch.cat(answers, -2)), state

    def _piece(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        read, time = 0 if state is None else int(state["position"]), x.shape[-2]
        position = torch.full((), read, dtype=torch.int64, device=x.device)
        faded, memory = self.cell(x, None if state is None else state["memory"])
        after: State = {"memory": memory, "position": position + time}
        key, value = self.writer(x, position)
        summed = [part[:, (-read - 1) % self.chunk :: self.chunk] for part in self.writer(faded, position)]
        surprise = None
        if self.bank:
            surprise, after["outputs"], after["gram"] = innovation(faded, *self._predictor(x, state))
        if state is not None:
            names = ("bank", "recent") if self.bank else ("recent",)
            key, value = (
                torch.cat([*(state[f"{name}_{part}"].to(new.dtype) for name in names), new], 1) for part, new in (("k", key), ("v", value))
            )
            summed = [torch.cat([state[f"told_{name}"].to(part.dtype), part], 1) for name, part in zip("kv", summed, strict=True)]
            if surprise is not None:
                surprise = torch.cat([*(state[f"{name}_surprise"].to(surprise.dtype) for name in names), surprise], 1)
        size = key.shape[1]
        seen = recent(size, time, self.window, x.device)
        left = max(size - self.window, 0)
        if surprise is not None and left:
            banked = surprising(surprise, left, time, self.bank)
            seen = seen | banked
        summaries = told(read, time, summed[0].shape[1], self.chunk, self.summaries, x.device)
        seen = torch.cat([seen, summaries.expand(*seen.shape[:-1], summaries.shape[-1])], -1)
        mixed = attend(self.query(x, position), torch.cat([key, summed[0]], 1), torch.cat([value, summed[1]], 1), seen)
        kept = [part[:, max(part.shape[1] - self.summaries, 0) :] for part in summed]
        after |= {"told_k": kept[0], "told_v": kept[1], "recent_k": key[:, left:], "recent_v": value[:, left:]}
        if surprise is not None:
            order = self._order(surprise, left)
            after |= {"bank_k": taken(key, order), "bank_v": taken(value, order), "bank_surprise": surprise.gather(1, order)}
            after["recent_surprise"] = surprise[:, left:]
        return self.output(mixed, x), after

    def _predictor(self, x: Tensor, state: State | None) -> tuple[Tensor, Tensor]:
        """The last outputs of the fading memory and the sums of their products; zeros before the beginning."""
        if state is not None:
            return state["outputs"], state["gram"]
        exact = torch.promote_types(x.dtype, torch.float32)
        lead = x.shape[:-2]
        return x.new_zeros(*lead, self.order, x.shape[-1], dtype=exact), x.new_zeros(*lead, self.order + 1, self.order + 1, dtype=exact)

    def _order(self, surprise: Tensor, left: int) -> Tensor:
        """The positions that stay in the bank, in their order: (batch, at most bank)."""
        if left <= self.bank:
            return torch.arange(left, device=surprise.device).expand(surprise.shape[0], left)
        stay = surprising(surprise[:, :left], left, 1, self.bank)[:, 0]
        return (~stay).to(torch.int8).argsort(dim=-1, stable=True)[:, : self.bank]

    def penalty(self, state: State) -> Tensor | None:
        """What the fading memory adds to the loss."""
        return self.cell.penalty(state["memory"])

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The fading memory's pictures; keys of the window, the summaries and the bank, heads side by side; innovations in the bank."""
        shown = {f"fading memory, {title}": picture for title, picture in self.cell.pictures(state["memory"]).items()}
        titles = {"recent_k": "keys in the window", "told_k": "keys of summaries", "bank_k": "keys in the bank"}
        shown |= {title: first_item(state[name]).flatten(1) for name, title in titles.items() if name in state}
        if self.bank:
            shown["innovations in the bank"] = first_item(state["bank_surprise"])[None]
        return shown

    def figures(self, state: State) -> dict[str, float]:
        """The fading memory's figures; positions in window and bank, summary tokens; mean innovation in bank and window."""
        figures = {**self.cell.figures(state["memory"]), "window_positions": float(state["recent_k"].shape[1])}
        figures["summary_tokens"] = float(state["told_k"].shape[1])
        if not self.bank:
            return figures
        for name in ("bank", "recent"):
            found = first_item(state[f"{name}_surprise"])
            figures[f"{name}_innovation"] = float(found.mean()) if found.numel() else 0.0
        return {**figures, "bank_positions": float(state["bank_k"].shape[1])}
