"""Hashed attention step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, sigmoid, unit


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): item by item, head by head, query by query."""
    sizes = (values["rounds"], values["heads"], values["key_width"], values["directions"])
    directions = torch.randn(*sizes, generator=torch.Generator().manual_seed(values["draw"])).to(x.dtype)
    query, key, value = (in_heads(mapped(weights, f"{name}.map", x), values["heads"]) for name in ("query", "key", "value"))
    score = scores(weights, query, key)
    out = []
    for b in range(x.shape[0]):
        rows = []
        for t in range(x.shape[1]):
            heads = []
            for h in range(values["heads"]):
                here = codes(query[b, t, h], directions[:, h])
                same = [
                    i
                    for i in range(t + 1)
                    if any(one == other for one, other in zip(codes(key[b, i, h], directions[:, h]), here, strict=True))
                ]
                best = sorted(range(t + 1), key=lambda i: (-float(score[b, i, h].detach()), i))[: values["selected"]]
                seen = sorted({*same[-values["bucket_keys"] :], *best})
                matches = []
                for i in seen:
                    straight = score[b, i, h] - score[b, i, h].detach() if i in best else 0.0
                    matches.append((query[b, t, h] * key[b, i, h]).sum() / values["key_width"] ** 0.5 + straight)
                powers = torch.stack(matches).exp()
                shares = powers / powers.sum()
                heads.append(sum((s * value[b, i, h] for s, i in zip(shares, seen, strict=True)), torch.zeros_like(value[b, t, h])))
            rows.append(torch.cat(heads))
        out.append(torch.stack(rows))
    return mapped(weights, "output.map", torch.stack(out))


def codes(x: Tensor, directions: Tensor) -> list[int]:
    """The bucket of one vector in each round: the direction, or (counted after them) the opposite one, that it reaches furthest along."""
    found = []
    for matrix in directions:
        along = (x.detach() @ matrix).tolist()
        reach = along + [-a for a in along]
        found.append(reach.index(max(reach)))
    return found


def scores(weights: Mapping[str, Tensor], query: Tensor, key: Tensor) -> Tensor:
    """u of every key (batch, time, heads)."""
    asked = torch.stack([query.detach()[:, : i + 1].sum(1) for i in range(query.shape[1])], 1)
    y = torch.cat([key.detach(), unit(asked)], -1)
    for name in ("first", "second"):
        y = mapped(weights, f"scorer.{name}", y)
        y = torch.where(y > 0, y, 0)
    return mapped(weights, "scorer.last", y)[..., 0]


def ranking_loss(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """λ times the mean binary cross-entropy over pairs of keys of an item and head."""
    query, key = (in_heads(mapped(weights, f"{name}.map", x), values["heads"]) for name in ("query", "key"))
    score, found = scores(weights, query, key), []
    time = x.shape[1]
    for b in range(x.shape[0]):
        for h in range(values["heads"]):
            wanted = [float(sum(sigmoid((query[b, t, h] * key[b, i, h]).sum().detach()) for t in range(i, time))) for i in range(time)]
            for i in range(time):
                for j in range(time):
                    p = sigmoid(score[b, i, h] - score[b, j, h])
                    y = 0.5 if wanted[i] == wanted[j] else float(wanted[i] > wanted[j])
                    found.append(-y * p.log() - (1 - y) * (1 - p).log())
    total: Tensor = torch.stack(found).mean()
    return total * float(values["ranking"])
