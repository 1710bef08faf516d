"""Test-time memories as layers: what is asked, what is offered to the memory, and how answers leave it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, silu, softplus

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.projections import DecayGate, Output, UnitQuery, exact, unit
from memstudio.components.sequence.test_time_memory.network import Layers
from memstudio.components.sequence.test_time_memory.ops import Entries, Fast, Rule, learn, read, retained
from memstudio.components.sequence.test_time_memory.start import Start

#: Where the threshold of elastic retention starts, in step sizes (1 / α of the paper).
THRESHOLD = 0.05
#: Where Huber's bound δ starts, in √(value width): a little below the length of a typical value.
BOUND = 0.25


class Writer(nn.Module):
    """What a position offers: key, value, step, log decay, and (where they are on) log momentum, Huber's bound, elastic threshold.

    kₜ = SiLU(W_k xₜ) of length 1, vₜ = SiLU(W_v xₜ), θₜ = σ(W_θ xₜ + b), log αₜ = −A softplus(W_α xₜ + b) (not forgetting: 0),
    log ηₜ = log σ(W_η xₜ + b), δₜ = softplus(W_δ xₜ + b), γₜ = θₜ exp(r).
    θ starts near 1 / (1 + chunk): all steps of a chunk start from the same place, and larger ones would together go too far.
    """

    def __init__(self, *, width: int, heads: int, head_width: int, objective: str, retention: str, momentum: bool, chunk: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(width, heads * head_width, bias=False)
        self.value = nn.Linear(width, heads * head_width, bias=False)
        self.strength = nn.Linear(width, heads)
        self.decay = None if retention == "none" else DecayGate(width=width, heads=heads)
        self.momentum = nn.Linear(width, heads) if momentum else None
        self.bound = nn.Linear(width, heads) if objective == "huber" else None
        self.log_threshold = nn.Parameter(torch.full((heads,), math.log(THRESHOLD))) if retention == "elastic" else None
        with torch.no_grad():
            self.strength.bias.fill_(-math.log(chunk))
            if self.momentum is not None:
                self.momentum.bias.zero_()
            if self.bound is not None:
                self.bound.bias.fill_(math.log(math.expm1(BOUND * math.sqrt(head_width))))

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> key and value (batch, time, heads, head width), the others (batch, time, heads)."""
        key = unit(in_heads(silu(self.key(x)), self.heads))
        value = in_heads(silu(self.value(x)), self.heads)
        strength = exact(self.strength(x)).sigmoid()
        offered = [key, value, strength, torch.zeros_like(strength) if self.decay is None else self.decay(x)]
        if self.momentum is not None:
            offered.append(logsigmoid(exact(self.momentum(x))))
        if self.bound is not None:
            offered.append(softplus(exact(self.bound(x))))
        if self.log_threshold is not None:
            offered.append(strength * exact(self.log_threshold).exp())
        return tuple(offered)


class NeuralMemory(Readable):
    """A matrix or small network a head that learns while it reads (Behrouz et al. 2024, 2025).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State, each layer l of a head's network being
    (batch, heads, out, in): running_l (what adds up: the weights, or with lq and KL retention what they are made of), began_l
    (the same where the chunk began; chunks of one position need none), momentum_l, and position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        head_width: int,
        depth: int,
        skip: bool,
        objective: str,
        power: float,
        retention: str,
        retention_power: float,
        momentum: bool,
        chunk: int,
        output_norm: bool,
        output_gate: bool,
    ) -> None:
        super().__init__()
        self.chunk, self.depth, self.momentum = chunk, depth, momentum
        self.bounded, self.elastic = objective == "huber", retention == "elastic"
        self.rule = Rule(objective, power, retention, retention_power)
        self.query = UnitQuery(width=width, heads=heads, key_width=head_width)
        self.writer = Writer(
            width=width, heads=heads, head_width=head_width, objective=objective, retention=retention, momentum=momentum, chunk=chunk
        )
        # A plain matrix begins empty; a network of zeros could not learn, nor can zeros be normed.
        empty = depth == 1 and not skip and retention not in ("lq", "kl")
        self.start = Start(heads=heads, inputs=head_width, outputs=head_width, depth=depth, norm=skip, zeros=empty)
        self.output = Output(width=width, heads=heads, value_width=head_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        offered = iter(entries)
        given = Entries(
            key=next(offered),
            value=next(offered),
            strength=next(offered),
            log_keep=next(offered),
            log_momentum=next(offered) if self.momentum else None,
            bound=next(offered) if self.bounded else None,
            threshold=next(offered) if self.elastic else None,
            written=write,
        )
        time = given.key.shape[-3]
        fast = self._begin(given.key) if state is None else self._from(state)
        answers, after = learn(self.rule, self.start.norm, queries, given, fast, pieces(state, time, self.chunk))
        return answers, {**self._to(after), "position": position_of(state, given.key) + time}

    def read(self, queries: Tensor, state: State) -> Tensor:
        return read(self.rule, self.start.norm, queries, self._from(state).running)

    def _begin(self, key: Tensor) -> Fast:
        weights = self.start.weights(key)
        return Fast(weights, weights, tuple(torch.zeros_like(w) for w in weights) if self.momentum else None)

    def _from(self, state: State) -> Fast:
        running, began, momentum = (
            tuple(state[f"{name}_{layer + 1}"] for layer in range(self.depth)) if kept else None
            for name, kept in (("running", True), ("began", self.chunk > 1), ("momentum", self.momentum))
        )
        assert running is not None
        return Fast(running, running if began is None else began, momentum)

    def _to(self, fast: Fast) -> State:
        named: list[tuple[str, Layers | None]] = [("running", fast.running), ("momentum", fast.momentum)]
        if self.chunk > 1:  # where a chunk ends the two are the same, and no checkpoint takes one tensor twice
            named.append(("began", tuple(part.clone() for part in fast.began)))
        return {f"{name}_{i + 1}": part.contiguous() for name, parts in named if parts is not None for i, part in enumerate(parts)}

    def _weights(self, state: State) -> list[Tensor]:
        """Item 0's weights of each layer: (heads, out, in)."""
        running = tuple(first_item(part).flatten(0, -3) for part in self._from(state).running)
        return list(retained(self.rule, running))

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The weights of each head's memory, layer by layer, (out, in)."""
        return {
            f"head {head + 1}" + (f", layer {layer + 1}" if self.depth > 1 else ""): weights
            for layer, of_heads in enumerate(self._weights(state))
            for head, weights in enumerate(of_heads)
        }

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius, of all layers), effective_rank (of the last layer), momentum_norm (of S)."""
        weights = self._weights(state)
        figures = {
            "state_norm": _norm(weights),
            "effective_rank": sum(effective_rank(head) for head in weights[-1]) / len(weights[-1]),
        }
        momentum = self._from(state).momentum
        if momentum is not None:
            figures["momentum_norm"] = _norm([first_item(part).flatten(0, -3) for part in momentum])
        return figures


def _norm(layers: list[Tensor]) -> float:
    """√(sum of squares over all layers), averaged over heads; layers (heads, out, in)."""
    return float(torch.stack([part.square().sum((-2, -1)) for part in layers]).sum(0).sqrt().mean())
