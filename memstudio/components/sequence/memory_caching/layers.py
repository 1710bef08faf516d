"""A memory whose state is kept at the end of every segment, and a read over all that were kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, Readable, State, position_of
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.memory_caching.declare import unfit
from memstudio.components.sequence.memory_caching.ops import chosen, each, soup, with_segment
from memstudio.components.sequence.projections import exact
from memstudio.experiment.entries import Configured
from memstudio.experiment.parameters import Refusal


class MemoryCaching(Cell):
    """A readable memory that is cached every `segment` positions (Behrouz et al. 2026); a segment is closed when the next begins.

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: memory (the running inner state), position; cache (the
    inner states of closed segments, a segment axis after the batch axis) once there are any; unless the reading is residual, total
    (batch, width): the sum of the running segment's features, and means (batch, segments, width) of the closed ones.
    """

    def __init__(self, *, width: int, inner: Configured, segment: int, reading: str, top_k: int, carry: bool) -> None:
        super().__init__()
        reason = unfit(inner, reading, carry)
        if reason:
            raise Refusal(reason)
        cell = inner.build(width=width)
        if not isinstance(cell, Readable):
            raise TypeError(f"{inner.entry.title} declares the trait readable but its implementation is not a Readable.")
        self.segment, self.reading, self.top_k, self.carry = segment, reading, top_k, carry
        self.cell = cell
        self.connector = None if reading == "residual" else nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        position, time = position_of(state, x), x.shape[-2]
        queries, entries = self.cell.query(x, position), self.cell.writer(x, position)
        seen: State = {} if state is None else {name: part for name, part in state.items() if name != "position"}
        filled = 0 if state is None else int(state["position"]) % self.segment
        found = []
        for low, high, _ in pieces(state, time, self.segment):
            if filled == 0 and "memory" in seen:
                seen = self._closed(seen)
            within = slice(low, high)
            weights = self._weights(x[:, within], seen, filled)
            answers, seen["memory"] = self._answers(queries[:, within], tuple(part[:, within] for part in entries), seen, weights)
            if self.connector is not None:
                seen["total"] = self._total(x, seen) + exact(x[:, within]).sum(-2)
            found.append(answers)
            filled = 0  # the next piece begins a segment
        return self.cell.output(torch.cat(found, 1).to(x.dtype), x), {**seen, "position": position + time}

    def _closed(self, seen: State) -> State:
        """The state where a segment has ended and none has begun."""
        after: State = {"cache": with_segment(seen.get("cache"), seen["memory"])}
        if self.connector is not None:
            mean = seen["total"][:, None] / self.segment
            after["means"] = torch.cat([seen["means"], mean], 1) if "means" in seen else mean
        return {**after, "memory": seen["memory"]} if self.carry else after

    def _total(self, x: Tensor, seen: State) -> Tensor:
        total: Tensor = seen["total"] if "total" in seen else exact(x).new_zeros(*x.shape[:-2], x.shape[-1])
        return total

    def _weights(self, x: Tensor, seen: State, filled: int) -> Tensor | None:
        """γ of the cached segments and (last) the running one: (batch, time, segments + 1); None where there is nothing to weigh."""
        if self.connector is None or "cache" not in seen:
            return None
        asked, features = exact(self.connector(x)), exact(x)
        counts = torch.arange(filled + 1, filled + x.shape[-2] + 1, device=x.device, dtype=features.dtype)
        so_far = (self._total(x, seen)[:, None] + features.cumsum(-2)) / counts[:, None]
        scores = torch.cat([asked @ seen["means"].to(asked.dtype).mT, (asked * so_far).sum(-1, keepdim=True)], -1)
        if self.reading == "sparse":
            scores = scores.masked_fill(~chosen(scores, self.top_k), -torch.inf)
        return scores.softmax(-1)

    def _answers(self, queries: Tensor, entries: tuple[Tensor, ...], seen: State, weights: Tensor | None) -> tuple[Tensor, State]:
        """Answers (batch, time, heads, value) of a piece of one segment, and the running memory after it."""
        running, cache = seen.get("memory"), seen.get("cache")
        if cache is not None and weights is not None and self.reading == "soup":
            return self._of_soup(queries, entries, running, cache, weights)
        answers, after = self.cell.remember(queries, entries, running, None)
        if cache is None:
            return answers, after
        segments = next(part for part in _tensors(cache) if part.dim()).shape[1]
        cached = self.cell.read(queries[:, None].expand(queries.shape[0], segments, *queries.shape[1:]), cache)
        if weights is None:
            return answers + cached.sum(1), after
        shares = weights.movedim(-1, 1)[..., None, None]  # (batch, segments + 1, time, 1, 1)
        return (shares[:, :-1] * cached).sum(1) + shares[:, -1] * answers, after

    def _of_soup(
        self, queries: Tensor, entries: tuple[Tensor, ...], running: State | None, cache: State, weights: Tensor
    ) -> tuple[Tensor, State]:
        """As `_answers`: each position reads the average of all states. One position at a time, for it needs the state after each."""
        states: list[State] = []
        for t in range(queries.shape[1]):
            here = slice(t, t + 1)
            _, running = self.cell.remember(queries[:, here], tuple(part[:, here] for part in entries), running, None)
            states.append(running)
        answers = self.cell.read(queries[:, :, None], soup(cache, states, weights))
        return answers[:, :, 0], states[-1]

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The inner pictures of each cached segment, then of the running one."""
        kept = self._kept(state)
        return {
            f"{'running segment' if index == len(kept) else f'segment {index + 1}'}, {title}": picture
            for index, each_state in enumerate([*kept, state["memory"]])
            for title, picture in self.cell.pictures(each_state).items()
        }

    def figures(self, state: State) -> dict[str, float]:
        """The inner figures (means over the cached segments and the running one) and cached_segments."""
        kept = self._kept(state)
        found = [self.cell.figures(one) for one in [*kept, state["memory"]]]
        means = {name: sum(figures[name] for figures in found) / len(found) for name in found[0]}
        return {**means, "cached_segments": float(len(kept))}

    def _kept(self, state: State) -> list[State]:
        """The state of each cached segment, without the segment axis."""
        if "cache" not in state:
            return []
        count = next(part for part in _tensors(state["cache"]) if part.dim()).shape[1]
        return [each(lambda part, index=index: part[:, index], [state["cache"]]) for index in range(count)]


def _tensors(state: State) -> list[Tensor]:
    """Every tensor of a state."""
    parts = [_tensors(part) if isinstance(part, dict) else [part] for part in state.values()]
    return [part for inner in parts for part in inner if isinstance(part, Tensor)]
