"""What a memory that learns while it reads begins with: learned weights of the small network, the same for every sequence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.projections import exact
from memstudio.components.sequence.test_time_memory.network import Layers, Norm
from memstudio.components.sequence.test_time_memory.sizes import sizes


class Start(nn.Module):
    """Weights of each layer, normal with variance 1 / inputs or zeros, and (norm) scale 1 and shift 0 of the layer norm.

    The norm's scale and shift are learned with the rest of the model and do not change while a sequence is read.
    """

    def __init__(self, *, heads: int, inputs: int, outputs: int, depth: int, norm: bool, zeros: bool) -> None:
        super().__init__()
        shapes = sizes(inputs, outputs, depth)
        self.layers = nn.ParameterList(
            torch.zeros(heads, *shape) if zeros else torch.randn(heads, *shape) * shape[-1] ** -0.5 for shape in shapes
        )
        self.scale = nn.Parameter(torch.ones(heads, 1, outputs)) if norm else None
        self.shift = nn.Parameter(torch.zeros(heads, 1, outputs)) if norm else None

    @property
    def norm(self) -> Norm | None:
        """Scale and shift, in float32 or float64."""
        return None if self.scale is None or self.shift is None else Norm(exact(self.scale), exact(self.shift))

    def weights(self, like: Tensor) -> Layers:
        """The weights in float32 or float64 for each of the leading axes of `like` (..., T, H, K): (..., H, out, in)."""
        return tuple(exact(layer).expand(*like.shape[:-3], *layer.shape) for layer in self.layers)
