"""A memory that takes a gradient step at each position, all gradients of a chunk taken where the chunk began.

Letters: B T H K V are batch, time, heads, key, value; `...` are any leading axes (batch, members, memories). Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad, twice too:
the gradients that the memory takes are written by hand (network.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.test_time_memory.network import Layers, Norm, Trace, ask, plainly, trace
from memstudio.components.sequence.test_time_memory.objectives import pull
from memstudio.components.sequence.test_time_memory.steps import Blend, Gates, Taken, blend, cut, every, outer

#: Under the root of ‖A‖_q, for an accumulator that has faded to nothing.
SIZE_EPSILON = 1e-6


class Rule(NamedTuple):
    """What is minimised and how the memory keeps: names as the options of the declaration."""

    objective: str
    power: float
    retention: str
    retention_power: float


class Entries(NamedTuple):
    """What each position offers: key (..., T, H, K), value (..., T, H, V), the others (..., T, H).

    strength θ, log_keep log α; log_momentum log η, bound δ (huber), threshold γ (elastic) or None; written (..., T) bool or None.
    """

    key: Tensor
    value: Tensor
    strength: Tensor
    log_keep: Tensor
    log_momentum: Tensor | None = None
    bound: Tensor | None = None
    threshold: Tensor | None = None
    written: Tensor | None = None


class Fast(NamedTuple):
    """What changes while reading: accumulators A (without lq and KL the weights themselves), those where the chunk began, surprise S."""

    running: Layers
    began: Layers
    momentum: Layers | None


def learn(
    rule: Rule, norm: Norm | None, query: Tensor, entries: Entries, fast: Fast, cuts: Iterable[tuple[int, int, bool]]
) -> tuple[Tensor, Fast]:
    """Answers (..., T, H, V) in the type of the values, each after its position was written, and what the memory became.

    Sₜ = ηₜ Sₜ₋₁ − θₜ ∇ℓ(W_began; kₜ, vₜ),  Aₜ = αₜ Aₜ₋₁ + Sₜ,  Wₜ = retained(Aₜ),  yₜ = M(Wₜ; qₜ).
    cuts: (start, stop, whether a chunk ends there), as `chunks.pieces` gives them.
    """
    exact = torch.float64 if entries.value.dtype == torch.float64 else torch.float32
    with without_autocast(entries.value.device.type):
        q, k, v = (part.to(exact).movedim(-2, -3) for part in (query, entries.key, entries.value))
        gates = [None if part is None else part.to(exact).movedim(-1, -2) for part in entries[2:7]]
        if entries.written is not None:
            written = entries.written[..., None, :].to(exact)
            strength, log_keep, log_momentum, bound, threshold = gates
            gates = [_masked(part, written) for part in (strength, log_keep, log_momentum)]
            gates += [bound, _masked(threshold, written), written]
        else:
            gates.append(None)
        answers, pieces = [], list(cuts)
        lengths = [stop - start for start, stop, _ in pieces]
        parts = [cut(part, lengths, -2) for part in (q, k, v)] + [cut(part, lengths, -1) for part in gates]
        for (_, _, ends), (query, key, value, *others) in zip(pieces, zip(*parts, strict=True), strict=True):
            answer, fast = _piece(rule, norm, query, key, value, others, fast)
            answers.append(answer)
            if ends:
                fast = fast._replace(began=fast.running)
    return torch.cat(answers, -2).movedim(-3, -2).to(entries.value.dtype), fast


def read(rule: Rule, norm: Norm | None, query: Tensor, running: Layers) -> Tensor:
    """Answers (..., T, H, V) to queries (..., T, H, K) of a memory that stays as it is."""
    with without_autocast(query.device.type):
        weights = retained(rule, running)
        z = query.to(weights[0].dtype).movedim(-2, -3)
        return ask(plainly(weights), len(weights), z, norm).movedim(-3, -2).to(query.dtype)


def retained(rule: Rule, running: Layers) -> Layers:
    """The weights of accumulators: A / ‖A‖_q^(q−2) of each layer (lq), softmax over the inputs of each unit (kl), else A."""
    if rule.retention == "kl":
        return tuple(a.softmax(-1) for a in running)
    if rule.retention == "lq" and rule.retention_power != 2:
        return tuple(a / _size(a, rule.retention_power) ** (rule.retention_power - 2) for a in running)
    return running


def soft(z: Tensor, threshold: Tensor) -> Tensor:
    """sign(z) max(0, |z| − γ)."""
    return z.sign() * (z.abs() - threshold).relu()


def _masked(part: Tensor | None, written: Tensor) -> Tensor | None:
    return None if part is None else part * written


def _size(a: Tensor, power: float) -> Tensor:
    """‖A‖_q of each matrix, (..., 1, 1)."""
    return ((a.square() + 1e-12) ** (power / 2)).sum((-2, -1), keepdim=True).add(SIZE_EPSILON) ** (1 / power)


def _piece(rule: Rule, norm: Norm | None, q: Tensor, k: Tensor, v: Tensor, gates: list[Tensor | None], fast: Fast) -> tuple[Tensor, Fast]:
    """A piece within one chunk; q, k, v (..., H, C, ·), gates (..., H, C) in the order of `Entries`."""
    strength, log_keep, log_momentum, bound, threshold, written = gates
    assert strength is not None
    assert log_keep is not None
    traced = trace(retained(rule, fast.began), k, norm, lambda answer: pull(rule.objective, answer, v, rule.power, bound))
    blended = blend(Gates(log_keep, log_momentum, written))
    ends = None if blended.linger is None else blended.linger[..., -1, :] * strength
    taken = Taken(fast.running, fast.momentum, traced, blended, blended.moved * strength[..., None, :], ends)
    running, momentum = taken.last()
    if rule.retention in ("lq", "kl"):
        made = tuple(_accumulated(taken, layer) for layer in range(len(running)))
        running, weights = tuple(a[..., -1, :, :] for a in made), retained(rule, made)
    elif rule.retention == "elastic":
        assert threshold is not None
        updates = _updates(fast.momentum, traced, blended, strength, written)
        weights = tuple(_thinned(a, u, log_keep.exp(), threshold) for a, u in zip(fast.running, updates, strict=True))
        running = tuple(w[..., -1, :, :] for w in weights)
    else:
        return ask(taken.read, len(running), q, norm), Fast(running, fast.began, momentum)
    answer = ask(lambda layer, z: (weights[layer] @ z[..., None])[..., 0], len(running), q, norm)
    return answer, Fast(running, fast.began, momentum)


def _accumulated(taken: Taken, layer: int) -> Tensor:
    """Aₜ of every position, (..., H, C, out, in): what is divided or exponentiated cannot be added up while reading."""
    made = every(taken.running[layer], taken.blended.kept, -taken.weights, outer(taken.traced, layer))
    if taken.momentum is None or taken.blended.pushed is None:
        return made
    return made + taken.blended.pushed[..., None, None] * taken.momentum[layer][..., None, :, :]


def _updates(momentum: Layers | None, traced: Trace, blended: Blend, strength: Tensor, written: Tensor | None) -> Layers:
    """Sₜ of every position (0 where nothing is written), (..., H, C, out, in) for each layer."""
    updates = []
    for layer in range(len(traced.inputs)):
        gradient = outer(traced, layer)
        if momentum is None or blended.linger is None or blended.lasting is None:
            update = -strength[..., None, None] * gradient
        else:
            update = every(momentum[layer], blended.lasting, -blended.linger * strength[..., None, :], gradient)
        updates.append(update if written is None else update * written[..., None, None])
    return tuple(updates)


def _thinned(start: Tensor, update: Tensor, keep: Tensor, threshold: Tensor) -> Tensor:
    """Wₜ = soft(αₜ Wₜ₋₁ + Sₜ, γₜ) for every position: one after another, because the threshold stands between the sums."""
    weights, made = start, []
    for t in range(update.shape[-3]):
        weights = soft(keep[..., t, None, None] * weights + update[..., t, :, :], threshold[..., t, None, None])
        made.append(weights)
    return torch.stack(made, -3)
