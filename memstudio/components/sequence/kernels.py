"""flash-linear-attention's kernels, where they exist: on CUDA, for half precision, outside of vmap. Elsewhere ours run.

They take the place of the chunked forms: keys and values meet in half precision there, sums in float32. They have one batch axis,
states of (key, value), and scale queries unless they are told not to.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor

#: the widest key that the kernels take
WIDEST = 256


@cache
def installed(module: str, name: str) -> Callable[..., Any] | None:
    """A kernel's function, or None where the package (extra `kernels`) is not installed or cannot be imported here."""
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(f"fla.ops.{module}"), name)
    except Exception:  # it looks for a GPU and for Triton when it is imported, and says so in many ways
        return None
    return found


def on_gpu(tensor: Tensor) -> bool:
    """Whether a tensor lies on a CUDA device."""
    return tensor.is_cuda


def fits(key: Tensor, value: Tensor) -> bool:
    """Whether a kernel can work on these: on CUDA, in half precision, with keys that are not too wide, each tensor one of its own."""
    half = value.dtype in (torch.bfloat16, torch.float16)
    return half and on_gpu(value) and key.shape[-1] <= WIDEST and not is_functorch_wrapped_tensor(value)


def run(
    kernel: Callable[..., Any], query: Tensor, key: Tensor, value: Tensor, state: Tensor | None, gates: dict[str, tuple[Tensor, int]]
) -> tuple[Tensor, Tensor]:
    """Answers (..., T, H, V) in the type of `value` and the last state (..., H, V, K) in float32.

    query, key: (..., T, H, K); value: (..., T, H, V); state: (..., H, V, K) or None; gates: by the kernel's name for each, with how many
    axes it has from time on.
    """
    lead, half = value.shape[:-3], value.dtype

    def flat(part: Tensor, axes: int, dtype: torch.dtype) -> Tensor:
        return part.to(dtype).reshape(-1, *part.shape[-axes:]).contiguous()

    answers, last = kernel(
        q=flat(query, 3, half),
        k=flat(key, 3, half),
        v=flat(value, 3, half),
        **{name: flat(gate, axes, torch.float32) for name, (gate, axes) in gates.items()},
        scale=1.0,
        initial_state=None if state is None else flat(state, 3, torch.float32).mT.contiguous(),
        output_final_state=True,
    )
    return answers.reshape(*lead, *answers.shape[1:]), last.mT.reshape(*lead, *last.mT.shape[1:])
