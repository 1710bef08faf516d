"""Polynomial features of keys and queries: all products of their entries up to a degree, each once."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import combinations_with_replacement

import torch
from torch import Tensor


def features(x: Tensor, coefficients: Tensor | None) -> Tensor:
    """φ(x) = [a₁ x, a₂ x ⊗ x, a₃ x ⊗ x ⊗ x] up to the degree that `coefficients` (degree,) has; None for x itself.

    Of products that are equal (x₁x₂ and x₂x₁) one is kept, times the root of how often it occurs: φ(x)·φ(z) = Σ aᵢ² (x·z)ⁱ as with
    all of them. x (..., K) gives (..., F).
    """
    if coefficients is None:
        return x
    made = [coefficients[0] * x]
    for degree in range(2, len(coefficients) + 1):
        places, often = _monomials(x.shape[-1], degree)
        product = x[..., torch.tensor(places[0], device=x.device)]
        for place in places[1:]:
            product = product * x[..., torch.tensor(place, device=x.device)]
        made.append(coefficients[degree - 1] * product * torch.tensor(often, dtype=x.dtype, device=x.device))
    return torch.cat(made, -1)


@cache
def _monomials(width: int, degree: int) -> tuple[list[list[int]], list[float]]:
    """For each factor the places of x it takes in each product, and the root of how many orderings each product has."""
    products = list(combinations_with_replacement(range(width), degree))
    orderings = [math.factorial(degree) / math.prod(map(math.factorial, Counter(product).values())) for product in products]
    return [list(factor) for factor in zip(*products, strict=True)], [math.sqrt(n) for n in orderings]
