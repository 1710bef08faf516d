"""The ELM neuron over whole sequences: branch traces for all positions at once, then the memory one step after another.

The traces fade at one fixed rate, so those of a chunk are one product with a matrix of powers of it. The memory goes through a network
at every step, so it has no form in chunks; the part of the first layer that sees the traces is one product for all positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from memstudio.components.sequence.chunks import in_chunks, without_autocast

#: Tanh of the network's answer, scaled so that ±1 goes to ±1 and its slope there is large (LeCun 1989; the authors' code).
SLOPE, HEIGHT = 2 / 3, 1.7159
#: Positions whose traces are made by one product. Forward and backward on a CPU (batch 4, 1,024 positions, 64 branches): 16 positions
#: 8.4 ms, 32 5.0, 64 3.8, 128 3.9, 256 5.6.
CHUNK = 64

#: weight and bias of each layer of the network, first to last
Layers = Sequence[tuple[Tensor, Tensor]]


def pooled(x: Tensor, strength: Tensor, synapses: int) -> Tensor:
    """Σ relu(w_s) xₜ over the synapses of each branch: x (..., width), strength (width,) -> (..., branches).

    Branches take so many neighbouring synapses each; the last takes what is left.
    """
    sent = strength.relu() * x
    if synapses == 1:
        return sent
    return pad(sent, (0, -x.shape[-1] % synapses)).reshape(*x.shape[:-1], -1, synapses).sum(-1)


def traces(given: Tensor, before: Tensor, kept: float) -> tuple[Tensor, Tensor]:
    """bₜ = κ bₜ₋₁ + givenₜ at every position, and the last: given (..., T, branches), before (..., branches), kept = κ in [0, 1)."""
    time = given.shape[-2]
    size = min(CHUNK, time)
    parts = in_chunks(pad(given, (0, 0, 0, -time % size)), size, -2)
    steps = torch.arange(size, dtype=given.dtype, device=given.device)
    powers = (kept ** (steps[:, None] - steps).clamp(min=0)).tril()
    within = powers @ parts
    fading = (kept ** (steps + 1))[:, None]
    made = []
    for n in range(parts.shape[-3]):
        here = within[..., n, :, :] + fading * before[..., None, :]
        before = here[..., -1, :]
        made.append(here)
    whole = torch.cat(made, -2)[..., :time, :]
    return whole, whole[..., -1, :]


def remembered(traced: Tensor, memory: Tensor, kept: Tensor, written: Tensor, layers: Layers) -> tuple[Tensor, Tensor]:
    """mₜ = κ ⊙ mₜ₋₁ + written ⊙ Δmₜ, Δmₜ = 1.7159 tanh(⅔ MLP([bₜ, κ ⊙ mₜ₋₁])), at every position, and the last.

    traced: bₜ (..., T, branches); memory: (..., M); kept: κ (M,); written: (M,); layers: the first takes branches + M numbers.
    """
    (weight, bias), *middle, (last_weight, last_bias) = layers
    branches = traced.shape[-1]
    # What does not change from step to step is multiplied into the weights: κ, the slope of the tanh, its height.
    from_memory = (weight[:, branches:] * kept).mT
    within = [(each.mT, by) for each, by in middle]
    out, by_out = (SLOPE * last_weight).mT, SLOPE * last_bias
    step = HEIGHT * written
    shown = []
    for now in linear(traced, weight[:, :branches], bias).unbind(-2):
        z = (now + memory @ from_memory).relu()
        for each, by in within:
            z = (z @ each + by).relu()
        memory = torch.addcmul(kept * memory, step, (z @ out + by_out).tanh())
        shown.append(memory)
    return torch.stack(shown, -2), memory


def elm(
    x: Tensor,
    branch: Tensor,
    memory: Tensor,
    strength: Tensor,
    synapses: int,
    synapse_kept: float,
    kept: Tensor,
    written: Tensor,
    layers: Layers,
) -> tuple[Tensor, Tensor, Tensor]:
    """mₜ of every position (..., T, M) in the type of x; the last branch traces (..., branches) and memory (..., M).

    x: (..., T, width); strength: synapses' weights before relu (width,); synapses: of a branch; synapse_kept: what a trace keeps a
    position; the rest as in `remembered`. Computed, and the state given, in float64 for float64 and in float32 otherwise.
    Source: Spieler et al. 2024, and the authors' code.
    """
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    with without_autocast(x.device.type):
        given = pooled(x.to(exact), strength.to(exact), synapses)
        traced, branch = traces(given, branch.to(exact), synapse_kept)
        exactly = [(weight.to(exact), bias.to(exact)) for weight, bias in layers]
        shown, memory = remembered(traced, memory.to(exact), kept.to(exact), written.to(exact), exactly)
    return shown.to(x.dtype), branch, memory
