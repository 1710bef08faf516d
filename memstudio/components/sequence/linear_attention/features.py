"""Feature maps φ of keys and queries: what a linear memory compares in place of the keys themselves."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import elu

from memstudio.components.sequence.projections import exact


def mapped(x: Tensor, name: str) -> Tensor:
    """φ(x) over the last axis, (..., K) -> (..., features), in the type of x but computed in float32 at least.

    identity: x; elu: ELU(x) + 1 (Katharopoulos et al. 2020); relu: max(x, 0); softmax: over the features of each head;
    taylor: φ(q)·φ(k) = 1 + s + s²/2 with s = q·k / √K, the second-order Taylor form of exp(s) (Arora et al. 2024).
    """
    y = exact(x)
    if name == "elu":
        y = elu(y) + 1
    elif name == "relu":
        y = y.relu()
    elif name == "softmax":
        y = y.softmax(-1)
    elif name == "taylor":
        y = degree_two(y * x.shape[-1] ** -0.25)
    return y.to(x.dtype)


def degree_two(x: Tensor) -> Tensor:
    """(..., K) -> (..., 1 + K + K (K + 1) / 2): 1, x, x²/√2 and each product of two features once; φ(q)·φ(k) = 1 + q·k + (q·k)²/2.

    The authors keep both of the products i j and j i, each over √2: the same answers from nearly twice the state.
    """
    width = x.shape[-1]
    one, two = torch.triu_indices(width, width, 1, device=x.device)
    parts = [torch.ones_like(x[..., :1]), x, x.square() * math.sqrt(0.5)]
    if width > 1:
        parts.append(x.index_select(-1, one) * x.index_select(-1, two))
    return torch.cat(parts, -1)
