"""What stands around a memory in a model: norm, short convolution, residual, feed-forward, and all that several times over."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from memstudio.components.sequence.cell import Cell, State, position_of

#: Added to the mean square before the root, as usual for RMS norms.
EPSILON = 1e-6


class RmsNorm(nn.Module):
    """x / sqrt(mean(x²)) times a learned scale, over the last axis (Zhang & Sennrich 2019); in float32 for half precision."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        exact = x if x.dtype == torch.float64 else x.float()
        return (exact * torch.rsqrt(exact.square().mean(-1, keepdim=True) + EPSILON)).to(x.dtype) * self.scale


class ShortConvolution(nn.Module):
    """Causal depthwise convolution: yₜ = Σⱼ wⱼ ⊙ xₜ₋ⱼ over the last `taps` positions. State: the last taps − 1 positions.

    A sum of shifted products: on a CPU 2 times as quick as conv1d at these sizes (measured), and it takes a member axis.
    """

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.taps = taps
        self.weight = nn.Parameter(torch.empty(taps, width).uniform_(-1, 1) * taps**-0.5)

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """x (batch, time, width), before (batch, taps − 1, width) or None for zeros; y as x, and the new `before`."""
        reach, time = self.taps - 1, x.shape[-2]
        seen = pad(x, (0, 0, reach, 0)) if before is None else torch.cat([before.to(x.dtype), x], -2)
        y = self.weight[0] * seen[..., reach : reach + time, :]
        for j in range(1, self.taps):
            y = y + self.weight[j] * seen[..., reach - j : reach - j + time, :]
        return y, seen[..., time:, :]


class FeedForward(nn.Module):
    """W₂ gelu(W₁ x), hidden width `multiple` times the width."""

    def __init__(self, width: int, multiple: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, multiple * width, bias=False)
        self.outer = nn.Linear(multiple * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(gelu(self.inner(x)))
        return y


class Layer(nn.Module):
    """One memory with its surroundings: x + cell(conv(norm(x))), then x + feed_forward(norm(x)); each part may be absent."""

    def __init__(self, cell: Cell, *, width: int, norm: bool, residual: bool, convolution: int, feed_forward: int) -> None:
        super().__init__()
        self.residual = residual
        self.norm = RmsNorm(width) if norm else None
        self.convolution = ShortConvolution(width, convolution) if convolution else None
        self.cell = cell
        self.feed_norm = RmsNorm(width) if norm and feed_forward else None
        self.feed_forward = FeedForward(width, feed_forward) if feed_forward else None

    def forward(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        after: State = {}
        y = x if self.norm is None else self.norm(x)
        if self.convolution is not None:
            y, after["convolution"] = self.convolution(y, None if state is None else state["convolution"])
        y, after["cell"] = self.cell(y, None if state is None else state["cell"])
        x = x + y if self.residual else y
        if self.feed_forward is not None:
            y = self.feed_forward(x if self.feed_norm is None else self.feed_norm(x))
            x = x + y if self.residual else y
        return x, after


class Block(Cell):
    """A memory node: `repeat` layers of a bare cell and its surroundings (pre-norm residual, as in Gated DeltaNet).

    cell: makes one bare cell; norm, residual: on or off; convolution: taps, 0 off; feed_forward: multiple of width, 0 off.
    forward(x, state=None) -> (y, state), x and y (batch, time, width).
    """

    def __init__(
        self, *, cell: Callable[[], Cell], width: int, norm: bool, residual: bool, convolution: int, feed_forward: int, repeat: int
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Layer(cell(), width=width, norm=norm, residual=residual, convolution=convolution, feed_forward=feed_forward)
            for _ in range(repeat)
        )

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        after: State = {"position": position_of(state, x) + x.shape[-2], "layers": {}}
        for index, layer in enumerate(self.layers):
            name = str(index)
            x, after["layers"][name] = layer(x, None if state is None else state["layers"][name])
        return x, after

    def penalty(self, state: State) -> Tensor | None:
        """The sum of what the layers' memories add to the loss; None where none adds anything."""
        found = [cell.penalty(state["layers"][str(index)]["cell"]) for index, cell in enumerate(self._cells())]
        added = [one for one in found if one is not None]
        return torch.stack(added).sum() if added else None

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The pictures of each layer's memory; titles name the layer where there is more than one."""
        return {
            (title if len(self.layers) == 1 else f"layer {index + 1}, {title}"): picture
            for index, cell in enumerate(self._cells())
            for title, picture in cell.pictures(state["layers"][str(index)]["cell"]).items()
        }

    def figures(self, state: State) -> dict[str, float]:
        """The figures of each layer's memory; names end in the layer's number where there is more than one."""
        return {
            (name if len(self.layers) == 1 else f"{name}_layer_{index + 1}"): figure
            for index, cell in enumerate(self._cells())
            for name, figure in cell.figures(state["layers"][str(index)]["cell"]).items()
        }

    def _cells(self) -> list[Cell]:
        return [layer.cell for layer in self.layers if isinstance(layer, Layer)]
