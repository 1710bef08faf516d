"""Products of delta rules as a layer: what is asked, what is offered to the memory at each step, and how answers leave it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.delta_product.ops import delta_product
from memstudio.components.sequence.projections import DecayGate, Output, UnitQuery, exact, unit


class Writer(nn.Module):
    """What a position offers: a key, a value and a strength for each of its n steps, and one log decay.

    kₜ,ᵢ = SiLU(Wⁱ_k xₜ) of length 1, vₜ,ᵢ = SiLU(Wⁱ_v xₜ), βₜ,ᵢ = σ(Wⁱ_β xₜ), doubled where eigenvalues may be negative.
    """

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, steps: int, negative: bool, gate: bool) -> None:
        super().__init__()
        self.heads, self.steps, self.most = heads, steps, 2.0 if negative else 1.0
        self.key = nn.Linear(width, heads * steps * key_width, bias=False)
        self.value = nn.Linear(width, heads * steps * value_width, bias=False)
        self.strength = nn.Linear(width, heads * steps, bias=False)
        self.decay = DecayGate(width=width, heads=heads) if gate else None

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, n, key), (…, heads, n, value), (…, heads), (…, heads, n)."""
        key = unit(self._in_steps(silu(self.key(x))))
        value = self._in_steps(silu(self.value(x)))
        strength = self.most * in_heads(exact(self.strength(x)), self.heads).sigmoid()
        decay = torch.zeros_like(strength[..., 0]) if self.decay is None else self.decay(x)
        return key, value, decay, strength

    def _in_steps(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.heads, self.steps, -1)


class DeltaProduct(Readable):
    """A matrix memory a head, written by n delta rules a position (Siems et al. 2025); n = 1 without reflections: the (gated) delta rule.

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: matrix (batch, heads, value, key), position. chunk: steps worked on together; changes speed, not numbers.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        steps: int,
        negative: bool,
        gate: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.chunk = chunk
        self.query = UnitQuery(width=width, heads=heads, key_width=key_width)
        self.writer = Writer(
            width=width, heads=heads, key_width=key_width, value_width=value_width, steps=steps, negative=negative, gate=gate
        )
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, log_decay, strength = entries
        if write is not None:
            log_decay = log_decay * write[..., None].to(log_decay.dtype)
            strength = strength * write[..., None, None].to(strength.dtype)
        before = None if state is None else state["matrix"]
        answers, matrix = delta_product(queries, key, value, log_decay, strength, before, self.chunk)
        return answers, {"matrix": matrix, "position": position_of(state, key) + key.shape[-4]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        matrix: Tensor = state["matrix"]
        return (queries.movedim(-2, -3) @ matrix.to(queries.dtype).mT).movedim(-3, -2)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head, (value, key)."""
        return {f"head {index + 1}": matrix for index, matrix in enumerate(first_item(state["matrix"]).flatten(0, -3))}

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something)."""
        heads = first_item(state["matrix"]).flatten(0, -3)
        return {
            "state_norm": float(heads.square().sum((-2, -1)).sqrt().mean()),
            "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
        }
