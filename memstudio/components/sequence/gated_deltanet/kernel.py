"""The kernel of the gated delta rule on CUDA (see sequence/kernels.py)."""

from __future__ import annotations

from torch import Tensor

from memstudio.components.sequence import kernels

_NAME = ("gated_delta_rule", "chunk_gated_delta_rule")


def takes(key: Tensor, value: Tensor) -> bool:
    """Whether the kernel is there and can work on these."""
    return kernels.fits(key, value) and kernels.installed(*_NAME) is not None


def run(query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
    """As `ops.gated_delta_rule`."""
    kernel = kernels.installed(*_NAME)
    assert kernel is not None
    return kernels.run(kernel, query, key, value, state, {"g": (log_decay, 2), "beta": (strength, 2)})
