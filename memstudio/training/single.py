"""One network as a model: the case of an ensemble of one, without a member axis in its weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from memstudio.components.runtime import Associative, Batch, Draws, Graph, LossChange, Model, storing


class SingleModel(Model):
    """A graph trained alone. Its scores have a leading member axis of length 1, its weights have none."""

    def __init__(self, graph: Graph, draws: Draws) -> None:
        self.graph = graph
        self.members = 1
        self.draws = (draws,)
        self._parameters = {name: p for name, p in graph.named_parameters() if p.requires_grad}

    def parameters(self) -> dict[str, nn.Parameter]:
        """Trained parameters by name (`node.name`), each once."""
        return dict(self._parameters)

    @torch.no_grad()
    def losses(self, batch: Batch) -> Tensor:
        """The readout's loss (1,)."""
        return self.graph.readout.loss(self.graph(batch.inputs), batch).reshape(1)

    def backward(self, batch: Batch, change: LossChange | None = None) -> Tensor:
        """Fills `.grad` of every parameter, zeros where one was not used; the loss (1,), detached."""
        for parameter in self._parameters.values():
            parameter.grad = None
        scores, penalty = self.graph.with_penalty(batch.inputs)
        loss = self.graph.readout.loss(scores, batch)
        if change is not None:
            loss = change(loss, scores, batch)
        if penalty is not None:
            loss = loss + penalty
        loss.backward()  # type: ignore[no-untyped-call]
        for parameter in self._parameters.values():
            if parameter.grad is None:
                # as the members of an ensemble have it: otherwise weight decay would pass such a parameter by
                parameter.grad = torch.zeros_like(parameter)
        return loss.detach().reshape(1)

    @torch.no_grad()
    def scores(self, inputs: Tensor) -> Tensor:
        """(1, batch, ..., classes)."""
        scores: Tensor = self.graph(inputs)
        return scores.unsqueeze(0)

    def probabilities(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Class probabilities (batch, ..., classes) of scores (1, batch, ..., classes)."""
        return self.graph.readout.probabilities(scores[0], allowed)

    def member(self, index: int) -> Graph:
        """The network, copied. IndexError for any index but 0."""
        if index != 0:
            raise IndexError(f"A single network has only member 0, not {index}.")
        return copy.deepcopy(self.graph)

    def memories(self) -> list[Associative]:
        """The network's associative memory itself, where it has one (the last, where it has several)."""
        return [module for module in self.graph.modules() if isinstance(module, Associative)][-1:]

    @torch.no_grad()
    def store(self, inputs: Tensor) -> None:
        """Every associative memory writes down what reaches it. Raises Refusal where there is none."""
        with storing(self.graph):
            self.graph(inputs)

    def train(self, mode: bool) -> None:
        """Training (dropout on) or evaluation."""
        self.graph.train(mode)

    def state(self) -> dict[str, Tensor]:
        """All parameters and buffers by name; the live tensors, not copies."""
        return dict(self.graph.state_dict())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what `state` gave. ValueError where names or shapes differ."""
        mine = self.graph.state_dict()
        if set(mine) != set(state):
            odd = sorted(set(mine) ^ set(state))
            raise ValueError(f"These weights are of another model: {odd[0]} stands on one side only.")
        for name, tensor in mine.items():
            if tensor.shape != state[name].shape:
                raise ValueError(f"These weights are of another model: {name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}.")
        self.graph.load_state_dict(dict(state))
