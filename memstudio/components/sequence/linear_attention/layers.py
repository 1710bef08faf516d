"""Linear attention as a layer: feature maps, decays, and how answers leave it."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from memstudio.components.sequence.attention.ops import turned
from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.linear_attention.declare import LOW_RANK, TEMPERATURE, feature_count
from memstudio.components.sequence.linear_attention.features import mapped
from memstudio.components.sequence.linear_attention.ops import linear_attention, read
from memstudio.components.sequence.projections import DecayGate, Output, exact, unit


class Features(nn.Module):
    """φ of a linear map in heads, first scaled to length 1 and turned by the position where that is on.

    scale: what plain features (identity) are multiplied by; the other maps take the numbers as they are.
    """

    def __init__(
        self, *, width: int, heads: int, key_width: int, features: str, unit_length: bool, rotary: bool, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.heads, self.features, self.unit_length, self.rotary = heads, features, unit_length, rotary
        self.scale = scale if features == "identity" else 1.0
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, features)."""
        y = in_heads(self.map(x), self.heads)
        if self.unit_length:
            y = unit(y)
        if self.rotary:
            y = turned(y, position)
        return mapped(y, self.features) * self.scale


class HeadRates(nn.Module):
    """log αₕ = log(1 − 2^(−5−h)) of head h = 0, 1, ..., the same at every position (Sun et al. 2023)."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads)."""
        rates = [math.log1p(-(2.0 ** (-5 - head))) for head in range(self.heads)]
        return exact(x).new_tensor(rates).expand(*x.shape[:-1], self.heads)


class ChannelGate(nn.Module):
    """log αₜ = log σ(W₂ W₁ xₜ + b) / 16, one for each feature of a key (Yang et al. 2024): a map of rank 16, as in the paper."""

    def __init__(self, *, width: int, heads: int, features: int) -> None:
        super().__init__()
        self.heads = heads
        self.inner = nn.Linear(width, LOW_RANK, bias=False)
        self.outer = nn.Linear(LOW_RANK, heads * features)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, features), at most 0."""
        return logsigmoid(exact(in_heads(self.outer(self.inner(x)), self.heads))) / TEMPERATURE


class Writer(nn.Module):
    """What a position offers: its key's features, its value, and the log decay where there is one."""

    def __init__(
        self, *, width: int, heads: int, key_width: int, value_width: int, features: str, decay: str, unit_length: bool, rotary: bool
    ) -> None:
        super().__init__()
        self.heads = heads
        self.key = Features(
            width=width,
            heads=heads,
            key_width=key_width,
            features=features,
            unit_length=unit_length,
            rotary=rotary,
            scale=1.0 if unit_length else key_width**-0.5,
        )
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.decay: nn.Module | None = None
        if decay == "fixed":
            self.decay = HeadRates(heads)
        elif decay == "head":
            self.decay = DecayGate(width=width, heads=heads)
        elif decay == "channel":
            self.decay = ChannelGate(width=width, heads=heads, features=feature_count(features, key_width))

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> (batch, time, heads, features), (same, value); the log of a decay, a head or a feature."""
        entries = (self.key(x, position), in_heads(self.value(x), self.heads))
        return entries if self.decay is None else (*entries, self.decay(x))


class LinearAttention(Readable):
    """A matrix a head to which every position adds value times key (Katharopoulos et al. 2020), with decay: retention or gated.

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: matrix (batch, heads, value, features), with the normaliser one row more: the sum of the keys; position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        features: str,
        decay: str,
        normaliser: bool,
        unit_length: bool,
        rotary: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.chunk, self.normaliser = chunk, normaliser
        self.query = Features(width=width, heads=heads, key_width=key_width, features=features, unit_length=unit_length, rotary=rotary)
        self.writer = Writer(
            width=width,
            heads=heads,
            key_width=key_width,
            value_width=value_width,
            features=features,
            decay=decay,
            unit_length=unit_length,
            rotary=rotary,
        )
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value = entries[:2]
        decay = entries[2] if len(entries) > 2 else None
        if write is not None:
            key = key * write[..., None, None].to(key.dtype)
            if decay is not None:
                decay = decay * write.reshape(*write.shape, *[1] * (decay.dim() - write.dim())).to(decay.dtype)
        before = None if state is None else state["matrix"]
        answers, matrix = linear_attention(queries, key, value, decay, before, self.chunk, self.normaliser)
        return answers, {"matrix": matrix, "position": position_of(state, key) + key.shape[-3]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        return read(queries, state["matrix"], self.normaliser)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head (value, feature), and its normaliser as one row."""
        return shown(state["matrix"], self.normaliser)

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something)."""
        return measured(state["matrix"], self.normaliser)


def shown(matrices: Tensor, normaliser: bool) -> dict[str, Tensor]:
    """The pictures of item 0 of (batch, heads, value, features), the last row being the sum of keys where there is a normaliser."""
    found: dict[str, Tensor] = {}
    for index, matrix in enumerate(first_item(matrices).flatten(0, -3)):
        found[f"head {index + 1}"] = matrix[:-1] if normaliser else matrix
        if normaliser:
            found[f"sum of keys of head {index + 1}"] = matrix[-1:]
    return found


def measured(matrices: Tensor, normaliser: bool) -> dict[str, float]:
    """state_norm and effective_rank of item 0 of (batch, heads, value, features), without the sum of keys; means over heads."""
    heads = first_item(matrices).flatten(0, -3)
    heads = heads[:, :-1] if normaliser else heads
    return {
        "state_norm": float(heads.square().sum((-2, -1)).sqrt().mean()),
        "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
    }
