"""Memory caching step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def averaged(machines: list[Any], shares: list[Tensor]) -> Any:
    """A machine whose tensors are the weighted averages of those of the given ones; shares (batch,) each."""
    made = copy.copy(machines[-1])
    for name, part in vars(made).items():
        if isinstance(part, Tensor):
            parts = [vars(machine)[name] for machine in machines]
            views = [share.reshape(-1, *[1] * (part.dim() - 1)) for share in shares]
            setattr(made, name, torch.stack([view * one for view, one in zip(views, parts, strict=True)]).sum(0))
    return made


def among_the_best(scores: Tensor, top_k: int) -> Tensor:
    """1 for the running segment (the last) and each item's best cached ones, else 0; scores (segments + 1, batch)."""
    marks = torch.zeros_like(scores)
    for b in range(scores.shape[1]):
        order = scores[:-1, b].argsort(descending=True).tolist()
        for i in [*order[:top_k], len(order)]:
            marks[i, b] = 1
    return marks


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): each segment has its own step machine, and each position asks all of them."""
    inner = values["inner"]
    kind = importlib.import_module(inner.entry.component.reference.partition(":")[0]).Steps
    cell = {name.removeprefix("cell."): weight for name, weight in weights.items() if name.startswith("cell.")}
    kept: list[Any] = []
    means: list[Tensor] = []
    features: list[Tensor] = []
    running, out = kind(inner.values, cell), []
    for t in range(x.shape[1]):
        here = x[:, t]
        if t and t % values["segment"] == 0:
            kept.append(running)
            means.append(torch.stack(features).mean(0))
            running, features = copy.copy(running) if values["carry"] else kind(inner.values, cell), []
        features.append(here)
        running.write(here)
        query, machines = running.ask(here), [*kept, running]
        if values["reading"] == "residual":
            answer = torch.stack([machine.read(query) for machine in machines]).sum(0)
        else:
            asked = here @ weights["connector.weight"].mT
            scores = torch.stack([(asked * mean).sum(-1) for mean in [*means, torch.stack(features).mean(0)]])
            powers = scores.exp()
            if values["reading"] == "sparse":
                powers = powers * among_the_best(scores.detach(), values["top_k"])
            shares = list(powers / powers.sum(0))
            if values["reading"] == "soup":
                answer = averaged(machines, shares).read(query)
            else:
                answer = torch.stack(
                    [share[:, None, None] * machine.read(query) for share, machine in zip(shares, machines, strict=True)]
                ).sum(0)
        out.append(running.out(answer, here))
    return torch.stack(out, 1)
