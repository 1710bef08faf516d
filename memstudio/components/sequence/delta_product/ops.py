"""Products of delta rules over whole sequences: each position's steps one after another, worked through in the delta rule's chunks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule


def delta_product(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None = None, chunk: int = 32
) -> tuple[Tensor, Tensor]:
    """Answers and last state of n delta rules a position, the decay before the first, the answer after the last (Siems et al. 2025).

    query: (..., T, H, K); key: (..., T, H, n, K); value: (..., T, H, n, V); log_decay = log α ≤ 0: (..., T, H);
    strength = β in [0, 2]: (..., T, H, n); state: S before the first step (..., H, V, K), None for zeros. Gives answers
    (..., T, H, V) in the type of `value` and the state (..., H, V, K). The chunk, in steps, changes speed, not numbers.
    """
    steps = key.shape[-2]
    k, v = (part.movedim(-2, -3).flatten(-4, -3) for part in (key, value))
    b = strength.movedim(-1, -2).flatten(-3, -2)
    # The decay stands at each position's first step, the query at its last; elsewhere log 1, and answers that nobody takes.
    g = pad(log_decay[..., None, :], (0, 0, 0, steps - 1)).flatten(-3, -2)
    q = pad(query[..., None, :, :], (0, 0, 0, 0, steps - 1, 0)).flatten(-4, -3)
    answers, last = gated_delta_rule(q, k, v, g, b, state, chunk)
    return answers[..., steps - 1 :: steps, :, :], last


def stepwise(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The same step after step, to measure the chunks against. Shapes as in `delta_product`."""
    matrix = value.new_zeros(*value.shape[:-4], *value.shape[-3:-2], value.shape[-1], key.shape[-1]) if state is None else state
    answers = []
    for t in range(query.shape[-3]):
        matrix = log_decay[..., t, :, None, None].exp() * matrix
        for i in range(key.shape[-2]):
            here = key[..., t, :, i, :, None]
            wrong = strength[..., t, :, i, None, None] * (value[..., t, :, i, :, None] - matrix @ here)
            matrix = matrix + wrong @ here.mT
        answers.append((matrix @ query[..., t, :, :, None]).squeeze(-1))
    return torch.stack(answers, -3), matrix
