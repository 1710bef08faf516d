"""The corrected associative memory as a layer: features of what is asked and offered, and how answers leave it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.corrected_memory.ops import EPSILON, corrected_memory, features
from memstudio.components.sequence.projections import Output, exact


class Features(nn.Module):
    """φ(W xₜ) of length 1 in each head, φ of DPFP-ν."""

    def __init__(self, *, width: int, heads: int, key_width: int, nu: int) -> None:
        super().__init__()
        self.heads, self.nu = heads, nu
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, 2 ν key)."""
        return features(in_heads(self.map(x), self.heads), self.nu)


class Writer(nn.Module):
    """What a position offers: the features of its key, its value, and its write strength βₜ = σ(W_β xₜ + b)."""

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, nu: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = Features(width=width, heads=heads, key_width=key_width, nu=nu)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.strength = nn.Linear(width, heads)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, features), (batch, time, heads, value), (batch, time, heads)."""
        return self.key(x, position), in_heads(self.value(x), self.heads), exact(self.strength(x)).sigmoid()


class CorrectedMemory(Readable):
    """A matrix and a normaliser a head, both corrected for keys that are written again (Rodkin et al. 2024).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State: matrix (batch, heads, value, features),
    normaliser (batch, heads, features), position. chunk: positions worked on together; changes speed, not numbers.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        features: int,
        delta: bool,
        correction: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.delta, self.correction, self.chunk = delta, correction, chunk
        self.query = Features(width=width, heads=heads, key_width=key_width, nu=features)
        self.writer = Writer(width=width, heads=heads, key_width=key_width, value_width=value_width, nu=features)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, strength = entries
        before = None if state is None else (state["matrix"], state["normaliser"])
        answers, (matrix, normaliser) = corrected_memory(
            queries, key, value, strength, before, write, delta=self.delta, correction=self.correction, chunk=self.chunk
        )
        return answers, {"matrix": matrix, "normaliser": normaliser, "position": position_of(state, key) + key.shape[-3]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        q = exact(queries).movedim(-2, -3)
        found = q @ state["matrix"].to(q.dtype).mT
        covered = q @ state["normaliser"].to(q.dtype)[..., None]
        answers: Tensor = found / (covered + EPSILON)
        return answers.movedim(-3, -2).to(queries.dtype)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head (value, features), then how much of each feature its normaliser holds, as one row."""
        matrices, normalisers = (first_item(state[name]).flatten(0, end) for name, end in (("matrix", -3), ("normaliser", -2)))
        shown = {f"head {index + 1}": matrix for index, matrix in enumerate(matrices)}
        return shown | {f"normaliser of head {index + 1}": row[None] for index, row in enumerate(normalisers)}

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something), covered (length of z)."""
        heads = first_item(state["matrix"]).flatten(0, -3)
        return {
            "state_norm": float(heads.square().sum((-2, -1)).sqrt().mean()),
            "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
            "covered": float(torch.linalg.vector_norm(first_item(state["normaliser"]), dim=-1).mean()),
        }
