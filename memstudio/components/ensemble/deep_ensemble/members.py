"""Copies of one graph with stacked weights: each with its own gradient, all computed at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from memstudio.components.runtime import Associative, Batch, Draws, Graph, LossChange, Model, storing

Tensors = dict[str, Tensor]


class DeepEnsemble(Model):
    """`members` graphs trained apart. Every parameter and buffer has a leading (members,) axis.

    make: member index -> a fresh graph with that member's weights.
    """

    def __init__(self, *, members: int, own_batches: bool, combination: str, make: Callable[[int], Graph], draws: Draws) -> None:
        self.members = members
        self.draws = tuple(draws.member(k) if own_batches else draws for k in range(members))
        self.combination = combination
        graphs = [make(k) for k in range(members)]
        # The first graph lends its structure; its own weights stand aside while the members' are put in their place.
        self._graph = graphs[0]
        self._trained = {
            name: nn.Parameter(torch.stack([graph.get_parameter(name).detach() for graph in graphs]))
            for name, parameter in self._graph.named_parameters()
            if parameter.requires_grad
        }
        self._kept = _stacked_rest(graphs)
        self._whole = _Whole(self._graph)
        self._inner = {name: f"graph.{name}" for name in (*self._trained, *self._kept)}
        # One member gains nothing by vectorising, and computed plainly it is the single network bit for bit.
        self._together = members > 1 and not any(_apart(module) for module in self._graph.modules())

    def parameters(self) -> dict[str, nn.Parameter]:
        """Trained parameters (members, ...) by name (`node.name`), each once."""
        return dict(self._trained)

    @property
    def stacked(self) -> bool:
        """Always: whatever reduces over parameters must reduce per member."""
        return True

    def _loss(self, trained: Tensors, kept: Tensors, batch: dict[str, Any]) -> Tensor:
        loss: Tensor = functional_call(self._whole, self._named(trained, kept), kwargs={"batch": batch})
        return loss

    def _to_learn(self, trained: Tensors, kept: Tensors, batch: dict[str, Any], change: LossChange | None) -> Tensor:
        """The loss that is differentiated: changed, and with what the graph adds to it."""
        given = {"batch": batch, "change": change, "learning": True}
        loss: Tensor = functional_call(self._whole, self._named(trained, kept), kwargs=given)
        return loss

    def _scores(self, trained: Tensors, kept: Tensors, inputs: Tensor) -> Tensor:
        scores: Tensor = functional_call(self._whole, self._named(trained, kept), kwargs={"inputs": inputs})
        return scores

    def _named(self, trained: Tensors, kept: Tensors) -> Tensors:
        return {self._inner[name]: tensor for name, tensor in (*trained.items(), *kept.items())}

    def _over_members(self, function: Callable[..., Any], own: bool) -> Callable[..., Any]:
        """`function` of (trained, kept, batch) for every member; own: whether the batch has a member axis too."""
        if self._together:
            mapped: Callable[..., Any] = vmap(function, in_dims=(0, 0, 0 if own else None), randomness="different")
            return mapped

        def one_after_the_other(trained: Tensors, kept: Tensors, batch: Any) -> Any:
            members = range(self.members)
            answers = [function(_of(k, trained), _of(k, kept), _of(k, batch) if own else batch) for k in members]
            return _stacked(answers)

        return one_after_the_other

    def backward(self, batch: Batch, change: LossChange | None = None) -> Tensor:
        """Fills `.grad` (members, ...) of every parameter; the losses (members,), detached."""
        loss = partial(self._to_learn, change=change)
        one = grad_and_value(loss) if self._together else partial(_gradients, loss)
        gradients, losses = self._over_members(one, batch.members is not None)(self._detached(), self._kept, _tensors(batch))
        for name, parameter in self._trained.items():
            parameter.grad = gradients[name]
        result: Tensor = losses.detach()
        return result

    @torch.no_grad()
    def losses(self, batch: Batch) -> Tensor:
        """The loss of each member (members,)."""
        losses: Tensor = self._over_members(self._loss, batch.members is not None)(self._detached(), self._kept, _tensors(batch))
        return losses

    @torch.no_grad()
    def scores(self, inputs: Tensor) -> Tensor:
        """(members, batch, ..., classes) of inputs that all members share."""
        scores: Tensor = self._over_members(self._scores, own=False)(self._detached(), self._kept, inputs)
        return scores

    def probabilities(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Class probabilities (batch, ..., classes) of scores (members, batch, ..., classes)."""
        readout = self._graph.readout
        if self.combination == "scores":
            return readout.probabilities(scores.mean(dim=0), allowed)
        return readout.probabilities(scores, allowed).mean(dim=0)

    @torch.no_grad()
    def member(self, index: int) -> Graph:
        """One member as a graph with a copy of its weights. IndexError when there is no such member."""
        if not 0 <= index < self.members:
            raise IndexError(f"There is no member {index}; this ensemble has {self.members}, counted from 0.")
        graph = copy.deepcopy(self._graph)
        mine = {**self._trained, **self._kept}
        for name, tensor in (*graph.named_parameters(), *graph.named_buffers()):
            tensor.copy_(mine[name][index])
        return graph

    def memories(self) -> list[Associative]:
        """The associative memory of each member (the last, where it has several), its buffers views into the stacked ones."""
        found = [(name, module) for name, module in self._graph.named_modules() if isinstance(module, Associative)]
        return [self._memory(*found[-1], member) for member in range(self.members)] if found else []

    def _memory(self, name: str, memory: Associative, member: int) -> Associative:
        own = copy.deepcopy(memory)
        for buffer, _ in memory.named_buffers():
            own.register_buffer(buffer, self._kept[f"{name}.{buffer}"][member])
        return own

    @torch.no_grad()
    def store(self, inputs: Tensor) -> None:
        """Every member's associative memories write down what reaches them. Raises Refusal where there is none."""
        trained = self._detached()
        with storing(self._graph):
            # One after the other: what is written in place goes into views of the stacked buffers.
            for member in range(self.members):
                self._scores(_of(member, trained), _of(member, self._kept), inputs)

    def train(self, mode: bool) -> None:
        """Training (dropout on, a draw of its own for each member) or evaluation."""
        self._graph.train(mode)

    def state(self) -> dict[str, Tensor]:
        """All parameters and buffers (members, ...) by name; the live tensors, not copies."""
        return {**self._detached(), **self._kept}

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what `state` gave. ValueError where names or shapes differ."""
        mine = self.state()
        if set(mine) != set(state):
            odd = sorted(set(mine) ^ set(state))
            raise ValueError(f"These weights are of another model: {odd[0]} stands on one side only.")
        for name, tensor in mine.items():
            if tensor.shape != state[name].shape:
                raise ValueError(f"These weights are of another model: {name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}.")
        for name, tensor in mine.items():
            tensor.copy_(state[name])

    def _detached(self) -> Tensors:
        return {name: parameter.detach() for name, parameter in self._trained.items()}


def _gradients(loss: Callable[..., Tensor], trained: Tensors, kept: Tensors, batch: dict[str, Any]) -> tuple[Tensors, Tensor]:
    """One member's gradients and loss by plain autograd: torch.func keeps fused kernels from being used."""
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in trained.items()}
    found = loss(leaves, kept, batch)
    gradients = torch.autograd.grad(found, list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, gradients, strict=True)), found.detach()


def _apart(module: nn.Module) -> bool:
    """Whether members with this module are computed one after the other.

    torch's recurrent cells are 3.6 times quicker so, and cannot be vectorised at all without gradients; any other module may
    say `members_apart = True` of itself where measuring shows the same.
    """
    return isinstance(module, nn.RNNBase) or bool(getattr(module, "members_apart", False))


def _of(member: int, tree: Any) -> Any:
    """A member's row of every tensor in nested dictionaries; views, so that buffers are updated in place."""
    return {name: _of(member, branch) for name, branch in tree.items()} if isinstance(tree, dict) else tree[member]


def _stacked(trees: list[Any]) -> Any:
    """Members' tensors, in dictionaries and tuples of the same form, along a leading axis."""
    first = trees[0]
    if isinstance(first, dict):
        return {name: _stacked([tree[name] for tree in trees]) for name in first}
    if isinstance(first, tuple):
        return tuple(_stacked(list(branch)) for branch in zip(*trees, strict=True))
    return torch.stack(trees)


class _Whole(nn.Module):
    """A graph and its loss as one module, so that both are computed with the weights put into it."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph

    def forward(
        self,
        batch: dict[str, Any] | None = None,
        inputs: Tensor | None = None,
        change: LossChange | None = None,
        learning: bool = False,
    ) -> Tensor:
        """The loss of a batch, or the scores of inputs; learning: the loss with what the graph adds to it."""
        if batch is None:
            answer: Tensor = self.graph(inputs)
            return answer
        scores, penalty = self.graph.with_penalty(batch["inputs"])
        items = Batch(batch["inputs"], batch["targets"], batch.get("mask"), batch["marks"], allowed=batch.get("allowed"))
        loss = self.graph.readout.loss(scores, items)
        if change is not None:
            loss = change(loss, scores, items)
        return loss if penalty is None or not learning else loss + penalty


def _tensors(batch: Batch) -> dict[str, Any]:
    """The tensors of a batch in a form that vmap takes (it cannot map over None)."""
    tensors: dict[str, Any] = {"inputs": batch.inputs, "targets": batch.targets, "marks": dict(batch.marks)}
    sometimes = {"mask": batch.mask, "allowed": batch.allowed}
    return tensors | {name: tensor for name, tensor in sometimes.items() if tensor is not None}


def _stacked_rest(graphs: list[Graph]) -> Tensors:
    """What is not trained (members, ...): frozen parameters and buffers."""
    frozen = [name for name, parameter in graphs[0].named_parameters() if not parameter.requires_grad]
    rest = {name: torch.stack([graph.get_parameter(name).detach() for graph in graphs]) for name in frozen}
    buffers = [name for name, _ in graphs[0].named_buffers()]
    return rest | {name: torch.stack([graph.get_buffer(name) for graph in graphs]) for name in buffers}
