"""Test-time regression as a layer: what is asked, what is offered, and which solver turns the examples so far into an answer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.components.sequence.linear_attention.features import degree_two
from memstudio.components.sequence.linear_attention.layers import HeadRates
from memstudio.components.sequence.linear_attention.ops import linear_attention
from memstudio.components.sequence.linear_attention.ops import read as read_matrix
from memstudio.components.sequence.projections import DecayGate, Output, exact, unit
from memstudio.components.sequence.regression.declare import LEAST_RIDGE, feature_count
from memstudio.components.sequence.regression.ops import least_squares, read


class Inputs(nn.Module):
    """What the regressor is linear in: SiLU(W xₜ) in heads, or all its products up to the second degree, of length 1 if wanted."""

    def __init__(self, *, width: int, heads: int, key_width: int, regressor: str, unit_length: bool) -> None:
        super().__init__()
        self.heads, self.regressor, self.unit_length = heads, regressor, unit_length
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, features)."""
        y = in_heads(silu(self.map(x)), self.heads)
        y = unit(y) if self.unit_length else y
        if self.regressor == "linear":
            return y
        y = degree_two(exact(y))
        return (unit(y) if self.unit_length else y).to(x.dtype)


class Query(nn.Module):
    """The regressor's inputs of the question; for exact solutions the ridge Λ = λ (¼ + softplus(p)) follows them, one a feature.

    Λ starts at λ and never falls below λ / 4: with λ = 1 as in the authors' code of the MesaNet.
    """

    def __init__(self, *, width: int, heads: int, key_width: int, regressor: str, unit_length: bool, ridge: float | None) -> None:
        super().__init__()
        self.ridge = ridge
        self.inputs = Inputs(width=width, heads=heads, key_width=key_width, regressor=regressor, unit_length=unit_length)
        start = math.log(math.expm1(1 - LEAST_RIDGE))
        features = feature_count(regressor, key_width)
        self.excess = None if ridge is None else nn.Parameter(torch.full((heads, features), start))

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, features), or twice as many: the features and the ridge."""
        y: Tensor = self.inputs(x)
        if self.excess is None or self.ridge is None:
            return y
        ridge = self.ridge * (LEAST_RIDGE + softplus(exact(self.excess)))
        return torch.cat([y, ridge.to(y.dtype).expand_as(y)], -1)


class Writer(nn.Module):
    """The example of a position: key, value, strength σ(W_β xₜ) (1 where it is off) and, where examples fade, the log of by how much."""

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        weights: str,
        regressor: str,
        unit_length: bool,
        strength: bool,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.key = Inputs(width=width, heads=heads, key_width=key_width, regressor=regressor, unit_length=unit_length)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.strength = nn.Linear(width, heads, bias=False) if strength else None
        self.decay: nn.Module | None = None
        if weights == "decay":
            self.decay = HeadRates(heads)
        elif weights == "gated":
            self.decay = DecayGate(width=width, heads=heads)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> (batch, time, heads, features), (batch, time, heads, value), and once or twice (batch, time, heads)."""
        key, value = self.key(x), in_heads(silu(self.value(x)), self.heads)
        ones = torch.ones_like(exact(key[..., 0]))
        strength = ones if self.strength is None else exact(self.strength(x)).sigmoid()
        return (key, value, strength) if self.decay is None else (key, value, strength, self.decay(x))


class Regression(Readable):
    """A linear regressor a head, fitted to all pairs of key and value so far and asked at the query (Wang, Shi & Fox 2025).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: matrix (batch, heads, value, features): the regressor, or for exact solutions Σ v kᵀ; then also gram (batch, heads,
    features, features): Σ k kᵀ; position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        weights: str,
        regressor: str,
        solver: str,
        ridge: float,
        unit_length: bool,
        strength: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.solver, self.chunk = solver, chunk
        self.query = Query(
            width=width,
            heads=heads,
            key_width=key_width,
            regressor=regressor,
            unit_length=unit_length,
            ridge=ridge if solver == "least_squares" else None,
        )
        self.writer = Writer(
            width=width,
            heads=heads,
            key_width=key_width,
            value_width=value_width,
            weights=weights,
            regressor=regressor,
            unit_length=unit_length,
            strength=strength,
        )
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, strength = entries[:3]
        decay = entries[3] if len(entries) > 3 else None
        if write is not None:  # a key of 0 is no example
            key = key * write[..., None, None].to(key.dtype)
            decay = None if decay is None else decay * write[..., None].to(decay.dtype)
        position = position_of(state, key) + key.shape[-3]
        before = None if state is None else state["matrix"]
        if self.solver == "least_squares":
            asked, ridge = queries.chunk(2, -1)
            both = None if state is None else (state["matrix"], state["gram"])
            answers, (matrix, gram) = least_squares(asked, key, value, ridge[..., :1, :, :], strength, decay, both, self.chunk)
            return answers, {"matrix": matrix, "gram": gram, "position": position}
        if self.solver == "gradient":
            fade = torch.zeros_like(strength) if decay is None else decay
            answers, matrix = gated_delta_rule(queries, key, value, fade, strength, before, self.chunk)
        else:
            answers, matrix = linear_attention(queries, exact(key) * strength[..., None], value, decay, before, self.chunk)
        return answers, {"matrix": matrix, "position": position}

    def read(self, queries: Tensor, state: State) -> Tensor:
        if self.solver == "least_squares":
            asked, ridge = queries.chunk(2, -1)
            return read(asked, ridge[..., :1, :, :], state["matrix"], state["gram"])
        return read_matrix(queries, state["matrix"], False)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head (value, feature); for exact solutions also its sum of keys times keys (feature, feature)."""
        names = {"matrix": "values times keys of", "gram": "keys times keys of"} if "gram" in state else {"matrix": "regressor of"}
        return {
            f"{title} head {index + 1}": matrix
            for name, title in names.items()
            for index, matrix in enumerate(first_item(state[name]).flatten(0, -3))
        }

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius) and effective_rank of the matrix; for exact solutions key_rank (that of the keys)."""
        shown = {"state_norm": float(first_item(state["matrix"]).square().sum((-2, -1)).sqrt().mean())}
        for name, part in (("effective_rank", "matrix"), ("key_rank", "gram")):
            if part in state:
                heads = first_item(state[part]).flatten(0, -3)
                shown[name] = sum(effective_rank(head) for head in heads) / len(heads)
        return shown
