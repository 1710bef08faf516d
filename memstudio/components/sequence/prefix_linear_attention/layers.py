"""Prefix linear attention as a layer: a prefix read back and forth, then a memory of fixed size."""

from __future__ import annotations

from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, in_heads, position_of
from memstudio.components.sequence.linear_attention.layers import Features, measured, shown
from memstudio.components.sequence.linear_attention.ops import linear_attention
from memstudio.components.sequence.prefix_linear_attention.ops import prefix_linear_attention
from memstudio.components.sequence.projections import Output


class Entries(nn.Module):
    """Keys' features and values of positions: (batch, time, width) -> (batch, time, heads, features), (batch, time, heads, value)."""

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, features: str) -> None:
        super().__init__()
        self.heads = heads
        self.key = Features(width=width, heads=heads, key_width=key_width, features=features, unit_length=False, rotary=False)
        self.value = nn.Linear(width, heads * value_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        return self.key(x, position), in_heads(self.value(x), self.heads)


class PrefixLinearAttention(Cell):
    """Linear attention whose first positions, the prefix, are also read all at once with keys and values of their own (JRT-RNN).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). The prefix is the first `prefix` positions of the first piece,
    or all of it where it is shorter, as in the authors' code: y does not depend on how a sequence is cut as long as its prefix is not.
    State: matrix (batch, heads, value + 1, features), its last row the sum of the keys; position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        prefix: int,
        features: str,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.prefix, self.chunk = prefix, chunk
        self.query = Features(width=width, heads=heads, key_width=key_width, features=features, unit_length=False, rotary=False)
        self.decoder = Entries(width=width, heads=heads, key_width=key_width, value_width=value_width, features=features)
        self.encoder = Entries(width=width, heads=heads, key_width=key_width, value_width=value_width, features=features)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        position = position_of(state, x)
        query = self.query(x, position)
        key, value = self.decoder(x, position)
        if state is None:
            early_key, early_value = self.encoder(x[..., : self.prefix, :], position)
            answers, matrix = prefix_linear_attention(query, key, value, early_key, early_value, self.chunk)
        else:
            answers, matrix = linear_attention(query, key, value, None, state["matrix"], self.chunk, normalise=True)
        return self.output(answers, x), {"matrix": matrix, "position": position + x.shape[-2]}

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head (value, feature), and its normaliser as one row."""
        return shown(state["matrix"], normaliser=True)

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something)."""
        return measured(state["matrix"], normaliser=True)
