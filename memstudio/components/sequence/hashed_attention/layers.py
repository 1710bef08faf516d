"""Sparse attention whose keys depend on the content: those of the query's hash bucket, and those a learned scorer selects."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from memstudio.components.sequence.attention.layers import Heads, Output
from memstudio.components.sequence.attention.ops import attend
from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.dynamic_mask_attention.ops import chosen
from memstudio.components.sequence.hashed_attention.ops import bucket, demand, drawn, hashed, ranking
from memstudio.components.sequence.projections import exact, unit


class Scorer(nn.Module):
    """The score of a key: three linear maps with relu between, of the key and the direction of all queries up to it."""

    def __init__(self, key_width: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * key_width, 2 * key_width)
        self.second = nn.Linear(2 * key_width, 2 * key_width)
        self.last = nn.Linear(2 * key_width, 1)

    def forward(self, key: Tensor, asked: Tensor) -> Tensor:
        """key and asked (sum of the queries so far) (..., T, H, K) -> (..., T, H), in float32 or float64."""
        both = torch.cat([key, unit(asked).to(key.dtype)], -1)
        score: Tensor = self.last(relu(self.second(relu(self.first(both)))))
        return exact(score[..., 0])


class HashedAttention(Cell):
    """Attention inside hash buckets and to selected keys (Zhan et al. 2025).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: k, v (batch, positions, heads, ·), buckets (batch,
    positions, heads, rounds) int64, score and wanted (batch, positions, heads): what the scorer says of a key, and how much queries
    wanted it; asked (batch, heads, key): the sum of all queries; position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        directions: int,
        rounds: int,
        bucket_keys: int,
        selected: int,
        ranking: float,
        draw: int,
    ) -> None:
        super().__init__()
        self.bucket_keys, self.selected, self.ranking = bucket_keys, selected, ranking
        # Not a parameter, for it does not learn, nor a buffer, for no state stands in a module: it follows from the number `draw`.
        self.directions = drawn(draw, rounds, heads, key_width, directions)
        plain = partial(Heads, width=width, heads=heads, norm=False, rotary=False)
        self.query, self.key, self.value = plain(head_width=key_width), plain(head_width=key_width), plain(head_width=value_width)
        self.scorer = Scorer(key_width)
        self.output = Output(width=width, heads=heads, value_width=value_width)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        position, time = position_of(state, x), x.shape[-2]
        query, key, value = (part(x, position) for part in (self.query, self.key, self.value))
        asked = exact(query.detach()).cumsum(-3)
        if state is not None:
            asked = asked + state["asked"][..., None, :, :].to(asked.dtype)
        directions = self.directions.to(x.device)
        codes, score = bucket(key, directions), self.scorer(key.detach(), asked)
        after: State = {"k": key, "v": value, "buckets": codes, "score": score}
        if state is not None:
            after = {name: torch.cat([state[name].to(part.dtype), part], 1) for name, part in after.items()}
        wanted = demand(query, after["k"])
        if state is not None:
            wanted = torch.cat([state["wanted"].to(wanted.dtype) + wanted[:, :-time], wanted[:, -time:]], 1)
        picked = chosen(after["score"], time, self.selected, None)
        seen = hashed(bucket(query, directions), after["buckets"], self.bucket_keys) | picked
        # Nothing is added in value; backwards, the scorer learns as if its score were part of the match with a selected key.
        straight = (after["score"] - after["score"].detach()).movedim(-1, -2)[..., None, :] * picked
        y = self.output(attend(query, after["k"], after["v"], seen, bias=straight), x)
        return y, {**after, "wanted": wanted, "asked": asked[..., -1, :, :], "position": position + time}

    def penalty(self, state: State) -> Tensor | None:
        """λ times how badly the scorer orders the keys by how much queries wanted them; None with λ 0."""
        if not self.ranking:
            return None
        return self.ranking * ranking(state["score"], state["wanted"])

    def pictures(self, state: State) -> dict[str, Tensor]:
        """Scores of the keys and how much they were wanted (position, head); the keys of each head (position, key)."""
        shown = {"scores of keys": first_item(state["score"]), "keys wanted by queries": first_item(state["wanted"])}
        return shown | {f"keys of head {index + 1}": head for index, head in enumerate(first_item(state["k"]).movedim(-2, 0))}

    def figures(self, state: State) -> dict[str, float]:
        """cached_keys; buckets_used and largest_bucket (share of the keys), of the first round, means over heads."""
        codes = state["buckets"][0, :, :, 0].cpu()
        count = 2 * self.directions.shape[-1]
        filled = torch.stack([torch.bincount(codes[:, head], minlength=count) for head in range(codes.shape[1])]).double()
        return {
            "cached_keys": float(codes.shape[0]),
            "buckets_used": float((filled > 0).double().sum(-1).mean()),
            "largest_bucket": float((filled.amax(-1) / codes.shape[0]).mean()),
        }
