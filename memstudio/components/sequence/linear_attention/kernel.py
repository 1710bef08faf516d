"""The kernels of linear attention on CUDA (see sequence/kernels.py): no decay or one a head, and one a channel of the key.

The normaliser is a sum of many matches, which half precision would spoil: with it ours run.
"""

from __future__ import annotations

from torch import Tensor

from memstudio.components.sequence import kernels

_HEADS = ("simple_gla", "chunk_simple_gla")
_CHANNELS = ("gla", "chunk_gla")


def takes(key: Tensor, value: Tensor, log_decay: Tensor | None) -> bool:
    """Whether the kernel for this decay is there and can work on these."""
    return kernels.fits(key, value) and kernels.installed(*_name(key, log_decay)) is not None


def _name(key: Tensor, log_decay: Tensor | None) -> tuple[str, str]:
    return _CHANNELS if log_decay is not None and log_decay.dim() == key.dim() else _HEADS


def run(query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor | None, state: Tensor | None) -> tuple[Tensor, Tensor]:
    """As `ops.linear_attention` without the normaliser."""
    kernel = kernels.installed(*_name(key, log_decay))
    assert kernel is not None
    gates = {} if log_decay is None else {"g": (log_decay, 3 if log_decay.dim() == key.dim() else 2)}
    return kernels.run(kernel, query, key, value, state, gates)
