"""The Omega rule as a layer: what is asked, what is offered to the memory, and how answers leave it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, silu

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.omega.declare import feature_count
from memstudio.components.sequence.omega.ops import Entries, Fast, Recent, learn, read
from memstudio.components.sequence.projections import DecayGate, Output, UnitQuery, exact, unit
from memstudio.components.sequence.test_time_memory.network import Layers
from memstudio.components.sequence.test_time_memory.start import Start


class Writer(nn.Module):
    """What a position offers: key, value, how much it counts, step, log decay, and (with momentum) log momentum.

    kₜ = SiLU(W_k xₜ) of length 1, vₜ = SiLU(W_v xₜ), γₜ = σ(W_γ xₜ), θₜ = σ(W_θ xₜ + b), log αₜ = −A softplus(W_α xₜ + b) (not
    forgetting: 0), log ηₜ = log σ(W_η xₜ). θ starts near 1 / (1 + n), n the steps at one pair that start from the same place:
    chunk times window, or with Muon, whose steps do not grow with the gradient, chunk.
    """

    def __init__(self, *, width: int, heads: int, head_width: int, gate: bool, momentum: bool, together: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(width, heads * head_width, bias=False)
        self.value = nn.Linear(width, heads * head_width, bias=False)
        self.counts = nn.Linear(width, heads, bias=False)
        self.strength = nn.Linear(width, heads)
        self.decay = DecayGate(width=width, heads=heads) if gate else None
        self.momentum = nn.Linear(width, heads, bias=False) if momentum else None
        with torch.no_grad():
            self.strength.bias.fill_(-math.log(together))

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> key and value (batch, time, heads, head width), the others (batch, time, heads)."""
        key = unit(in_heads(silu(self.key(x)), self.heads))
        value = in_heads(silu(self.value(x)), self.heads)
        counts, strength = exact(self.counts(x)).sigmoid(), exact(self.strength(x)).sigmoid()
        offered = [key, value, counts, strength, torch.zeros_like(strength) if self.decay is None else self.decay(x)]
        if self.momentum is not None:
            offered.append(logsigmoid(exact(self.momentum(x))))
        return tuple(offered)


class Features(nn.Module):
    """The coefficients a₁ … a_p of the polynomial features, 1 / i! at the start; none where a key is its own feature (degree 1)."""

    def __init__(self, degree: int) -> None:
        super().__init__()
        start = torch.tensor([1 / math.factorial(i + 1) for i in range(degree)])
        self.coefficients = nn.Parameter(start) if degree > 1 else None


class Omega(Readable):
    """A matrix or small network a head that learns its last positions together while it reads (Behrouz et al. 2025, ATLAS).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State, each layer l of a head's network being
    (batch, heads, out, in): running_l (the weights), began_l (those where the chunk began; chunks of one position need none),
    momentum_l; recent_keys, recent_values (batch, heads, window − 1, head width) and recent_counts; position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        head_width: int,
        depth: int,
        window: int,
        degree: int,
        optimiser: str,
        gate: bool,
        chunk: int,
        output_norm: bool,
        output_gate: bool,
    ) -> None:
        super().__init__()
        self.depth, self.window, self.chunk = depth, window, chunk
        self.muon, self.momentum = optimiser == "muon", optimiser != "gradient"
        self.query = UnitQuery(width=width, heads=heads, key_width=head_width)
        together = chunk if self.muon else chunk * window
        self.writer = Writer(width=width, heads=heads, head_width=head_width, gate=gate, momentum=self.momentum, together=together)
        self.features = Features(degree)
        count = feature_count(head_width, degree)
        self.start = Start(heads=heads, inputs=count, outputs=head_width, depth=depth, norm=False, zeros=depth == 1)
        self.output = Output(width=width, heads=heads, value_width=head_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        given = Entries(*entries)._replace(written=write)
        time = given.key.shape[-3]
        fast = self._begin(given) if state is None else self._from(state)
        answers, after = learn(queries, given, fast, self.window, self.features.coefficients, self.muon, pieces(state, time, self.chunk))
        return answers, {**self._to(after), "position": position_of(state, given.key) + time}

    def read(self, queries: Tensor, state: State) -> Tensor:
        return read(queries, self._from(state).running, self.features.coefficients)

    def _begin(self, given: Entries) -> Fast:
        weights = self.start.weights(given.key)
        momentum = tuple(torch.zeros_like(w) for w in weights) if self.momentum else None
        key, value, counts = exact(given.key).movedim(-2, -3), exact(given.value).movedim(-2, -3), exact(given.counts).movedim(-1, -2)
        before = (*counts.shape[:-1], self.window - 1)
        recent = Recent(key.new_zeros(*before, key.shape[-1]), value.new_zeros(*before, value.shape[-1]), counts.new_zeros(before))
        return Fast(weights, weights, momentum, recent if self.window > 1 else None)

    def _from(self, state: State) -> Fast:
        layers = range(1, self.depth + 1)
        running = tuple(state[f"running_{layer}"] for layer in layers)
        began = tuple(state[f"began_{layer}"] for layer in layers) if self.chunk > 1 else running
        momentum = tuple(state[f"momentum_{layer}"] for layer in layers) if self.momentum else None
        recent = Recent(*(state[f"recent_{name}"] for name in ("keys", "values", "counts"))) if self.window > 1 else None
        return Fast(running, began, momentum, recent)

    def _to(self, fast: Fast) -> State:
        named: list[tuple[str, Layers | None]] = [("running", fast.running), ("momentum", fast.momentum)]
        if self.chunk > 1:  # where a chunk ends the two are the same, and no checkpoint takes one tensor twice
            named.append(("began", tuple(part.clone() for part in fast.began)))
        state = {f"{name}_{i + 1}": part.contiguous() for name, parts in named if parts is not None for i, part in enumerate(parts)}
        if fast.recent is not None:
            state |= {f"recent_{name}": part.contiguous() for name, part in zip(("keys", "values", "counts"), fast.recent, strict=True)}
        return state

    def _weights(self, state: State) -> list[Tensor]:
        """Item 0's weights of each layer: (heads, out, in)."""
        return [first_item(part).flatten(0, -3) for part in self._from(state).running]

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The weights of each head's memory, layer by layer, (out, in); the first layer's columns are features of keys."""
        return {
            f"head {head + 1}" + (f", layer {layer + 1}" if self.depth > 1 else ""): weights
            for layer, of_heads in enumerate(self._weights(state))
            for head, weights in enumerate(of_heads)
        }

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius, of all layers), effective_rank (of the last layer)."""
        weights = self._weights(state)
        return {
            "state_norm": float(torch.stack([part.square().sum((-2, -1)) for part in weights]).sum(0).sqrt().mean()),
            "effective_rank": sum(effective_rank(head) for head in weights[-1]) / len(weights[-1]),
        }
