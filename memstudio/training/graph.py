"""The value graph of a document as one module: its nodes called in topological order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.runtime import Graph, Readout
from memstudio.experiment.parameters import Refusal
from memstudio.training.devices import autocast
from memstudio.training.failures import at

#: where a node's port takes its value from: (node id, port), or None for the inputs of the batch
Origin = tuple[str, str] | None


@dataclass(frozen=True)
class Part:
    """One node of the graph. ports: for each connected port, in declared order, (takes many, origins).

    gives: names of its value ports; stateful: forward(x, state) -> (y, state).
    """

    id: str
    ports: tuple[tuple[bool, tuple[Origin, ...]], ...]
    gives: tuple[str, ...]
    stateful: bool


class ValueGraph(Graph):
    """The nodes from the stream's inputs to the scores. Parameters are named `node.name`.

    The whole is computed in `precision` where that is lower than float32; scores always leave as float32.
    """

    def __init__(self, parts: Sequence[Part], modules: Mapping[str, nn.Module], output: tuple[str, str], precision: torch.dtype) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.output = output
        self.precision = precision
        self.keys = {part.id: self._key(part.id) for part in parts}
        for part in parts:
            self.add_module(self.keys[part.id], modules[part.id])
        last = modules[output[0]]
        if not isinstance(last, Readout):
            raise Refusal(f"{output[0]} gives the scores of a model, but it is no readout; end the model with one.")
        # past nn.Module's own bookkeeping, so that its weights are not listed twice
        self.__dict__["readout"] = last

    def _key(self, node: str) -> str:
        """The name under which a node's module stands: its id, unless torch uses that name itself."""
        key = node
        while key == "readout" or hasattr(self, key):
            key += "_"
        return key

    def node_of(self, parameter: str) -> str:
        """The node a parameter belongs to, by the parameter's name."""
        key = parameter.partition(".")[0]
        return next((node for node, known in self.keys.items() if known == key), key)

    def module_of(self, node: str) -> nn.Module:
        """The module of a node."""
        return self.get_submodule(self.keys[node])

    def forward(self, inputs: Tensor) -> Tensor:
        """Scores (batch, ..., classes) float32 of inputs as in Batch.inputs."""
        return self.with_penalty(inputs)[0]

    def with_penalty(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Scores as forward gives them, and the sum of what stateful nodes add to the loss (method `penalty` of their state)."""
        values: dict[Origin, Any] = {None: inputs}
        added: Tensor | None = None
        with autocast(inputs.device, self.precision):
            for part in self.parts:
                with at(part.id):
                    given = self._given(part, values)
                    module = self._modules[self.keys[part.id]]
                    assert module is not None
                    result = module(*given)
                    if part.stateful:
                        result, after = result
                        added = _sum(added, module, after)
                    self._keep(part, result, values)
        return _full(values[self.output]), added

    def stream(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Scores of the next piece of a sequence, and the state that the piece after it needs.

        A node outside the stateful families that must carry something on (positions, pooling) has a method
        `stream(*inputs, state) -> (output, state)`.
        """
        values: dict[Origin, Any] = {None: inputs}
        before: dict[str, Any] = state or {}
        after: dict[str, Any] = {}
        with autocast(inputs.device, self.precision):
            for part in self.parts:
                with at(part.id):
                    result, after[part.id] = self._stream_part(part, self._given(part, values), before.get(part.id))
                    self._keep(part, result, values)
        return _full(values[self.output]), after

    def _stream_part(self, part: Part, given: Sequence[Any], state: Any) -> tuple[Any, Any]:
        module = self.module_of(part.id)
        if part.stateful:
            result, after = module(*given, state)
            return result, after
        streaming = getattr(module, "stream", None)
        if streaming is not None:
            result, after = streaming(*given, state)
            return result, after
        return module(*given), None

    def states(self, inputs: Tensor) -> dict[str, Any]:
        """The memory state of each node that has one, or can show one, after these inputs, by node id."""
        _, after = self.stream(inputs)
        shown = [part.id for part in self.parts if part.stateful or hasattr(self.module_of(part.id), "pictures")]
        return {node: after[node] for node in shown}

    def values(self, inputs: Tensor) -> dict[str, Tensor]:
        """What each node gives at its first value port, by node id (for shapes, and for finding what is not finite)."""
        values: dict[Origin, Any] = {None: inputs}
        seen: dict[str, Tensor] = {}
        with autocast(inputs.device, self.precision):
            for part in self.parts:
                with at(part.id):
                    result = self.module_of(part.id)(*self._given(part, values))
                    self._keep(part, result[0] if part.stateful else result, values)
                    seen[part.id] = values[(part.id, part.gives[0])]
        return seen

    def _given(self, part: Part, values: Mapping[Origin, Any]) -> list[Any]:
        return [[values[origin] for origin in origins] if many else values[origins[0]] for many, origins in part.ports]

    def _keep(self, part: Part, result: Any, values: dict[Origin, Any]) -> None:
        if len(part.gives) == 1:
            values[(part.id, part.gives[0])] = result
        else:
            values.update({(part.id, port): result[port] for port in part.gives})


def _sum(added: Tensor | None, module: nn.Module, state: Any) -> Tensor | None:
    """What was added to the loss so far, and what a module adds for its state; None while there is nothing."""
    penalty = getattr(module, "penalty", None)
    own: Tensor | None = None if penalty is None else penalty(state)
    return own if added is None else added if own is None else added + own


def _full(scores: Tensor) -> Tensor:
    """Scores in float32, or as they are where they are finer: losses are never computed in half precision."""
    return scores if scores.dtype == torch.float64 else scores.float()
