"""The gated delta rule step by step, written as well as it can be: what its form in chunks is measured against."""

from __future__ import annotations

import torch
from torch import Tensor


def step_by_step(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, b: Tensor, state: Tensor | None = None, chunk: int = 1
) -> tuple[Tensor, Tensor]:
    """The gated delta rule as one would write it well without chunks; shapes and answers as of gated_deltanet.ops.chunkwise.

    All batches and heads in one product; positions taken apart once, not indexed in the loop (each index would give back a gradient of
    the whole sequence); key and query asked in one product, since yₜ = Sₜ qₜ = kept qₜ + wroteₜ (kₜ·qₜ).
    """
    lead, (length, width), value = k.shape[:-2], k.shape[-2:], v.shape[-1]
    q, k, v = (part.reshape(-1, length, part.shape[-1]) for part in (q, k, v))
    gates = [part.reshape(-1, length, 1, 1).unbind(1) for part in (g.exp(), b, (k * q).sum(-1))]
    columns = [torch.stack([k, q], -2).unbind(1), k[..., None].unbind(1), v[..., None, :].unbind(1)]
    matrix = k.new_zeros(len(k), width, value) if state is None else state.reshape(-1, value, width).mT
    answers = []
    for alpha, beta, match, asked, key, value_now in zip(*gates, *columns, strict=True):
        kept = alpha * matrix
        found, answer = torch.split(asked @ kept, 1, -2)
        wrote = beta * (value_now - found)
        answers.append(torch.addcmul(answer, match, wrote))
        matrix = torch.baddbmm(kept, key, wrote)
    return torch.cat(answers, -2).reshape(*lead, length, value), matrix.mT.reshape(*lead, value, width)
