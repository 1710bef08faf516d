"""flash-linear-attention's kernel of the gated delta rule, where it exists: on CUDA, for half precision, outside of vmap.

It takes the place of `ops.chunkwise`: keys and values meet in half precision there, sums in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor

#: the widest key that the kernel takes
WIDEST = 256


@cache
def installed() -> Callable[..., Any] | None:
    """The kernel's function, or None where the package (extra `kernels`) is not installed or cannot be imported here."""
    try:
        from fla.ops.gated_delta_rule import chunk_gated_delta_rule
    except Exception:  # it looks for a GPU and for Triton when it is imported, and says so in many ways
        return None
    found: Callable[..., Any] = chunk_gated_delta_rule
    return found


def on_gpu(tensor: Tensor) -> bool:
    """Whether a tensor lies on a CUDA device."""
    return tensor.is_cuda


def takes(key: Tensor, value: Tensor) -> bool:
    """Whether the kernel can work on these: on CUDA, in half precision, with keys that are not too wide, each tensor one of its own."""
    half = value.dtype in (torch.bfloat16, torch.float16)
    fits = half and on_gpu(value) and key.shape[-1] <= WIDEST and not is_functorch_wrapped_tensor(value)
    return fits and installed() is not None


def run(query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
    """As `ops.gated_delta_rule`; the kernel has one batch axis, states of (key, value), and would scale queries if it were let."""
    kernel = installed()
    assert kernel is not None
    lead, half = value.shape[:-3], value.dtype

    def flat(part: Tensor, axes: int, dtype: torch.dtype) -> Tensor:
        return part.to(dtype).reshape(-1, *part.shape[-axes:]).contiguous()

    answers, last = kernel(
        q=flat(query, 3, half),
        k=flat(key, 3, half),
        v=flat(value, 3, half),
        g=flat(log_decay, 2, torch.float32),
        beta=flat(strength, 2, torch.float32),
        scale=1.0,
        initial_state=None if state is None else flat(state, 3, torch.float32).mT.contiguous(),
        output_final_state=True,
    )
    return answers.reshape(*lead, *answers.shape[1:]), last.mT.reshape(*lead, *last.mT.shape[1:])
