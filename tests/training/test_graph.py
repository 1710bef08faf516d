"""The value graph: names, blame, streaming in pieces, states, awkward ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from memstudio.experiment.document import Document
from memstudio.training.failures import blamed
from memstudio.training.program import Program
from tests.training.tiny import document_of, recall_document

Built = Callable[[Document], Program]


def test_parameters_are_named_by_node(built: Built) -> None:
    graph = built(recall_document()).stages[0].graph
    names = [name for name, _ in graph.named_parameters()]
    assert {name.split(".")[0] for name in names} == {"embed", "mem1", "classify"}
    assert len(names) == len(set(names)) == len(list(graph.parameters()))
    assert graph.node_of("mem1.layers.0.norm.scale") == "mem1"
    assert graph.readout is graph.module_of("classify")


@pytest.mark.parametrize("pieces", [[12], [5, 7], [1] * 12, [1, 4, 4, 3]])
@pytest.mark.parametrize("memory", ["sequence.gated_deltanet", "sequence.attention"])
def test_feeding_in_pieces_gives_the_same_scores(pieces: list[int], memory: str, built: Built) -> None:
    values = {"heads": 2, "key_width": 4, "value_width": 3}
    stage = built(recall_document(memory=memory, memory_values=values)).stages[0]
    graph = stage.graph.double().eval()
    inputs = stage.stream.batch(0, 3, stage.model.draws[0]).inputs
    whole = graph(inputs)
    state, found, start = None, [], 0
    for size in pieces:
        scores, state = graph.stream(inputs[:, start : start + size], state)
        found.append(scores)
        start += size
    assert torch.allclose(torch.cat(found, 1), whole, atol=1e-12)


def test_states_of_memories_alone(built: Built) -> None:
    stage = built(recall_document()).stages[0]
    inputs = stage.stream.batch(0, 2, stage.model.draws[0]).inputs
    assert list(stage.graph.states(inputs)) == ["mem1"]


@pytest.mark.parametrize("name", ["train", "readout", "forward", "type", "parts", "values", "states"])
def test_any_id_can_name_a_node(name: str, built: Built) -> None:
    document = recall_document(members=2)
    nodes = [node.model_copy(update={"id": name}) if node.id == "mem1" else node for node in document.nodes]
    wires = [
        wire.model_copy(update={"start": wire.start.replace("mem1.", f"{name}."), "end": wire.end.replace("mem1.", f"{name}.")})
        for wire in document.wires
    ]
    program = built(document.model_copy(update={"nodes": nodes, "wires": wires}))
    stage = program.stages[0]
    batch = stage.stream.batch(0, 3, stage.model.draws[0])
    assert torch.isfinite(stage.model.backward(batch)).all()
    assert stage.graph.node_of(next(n for n, _ in stage.graph.named_parameters() if n.startswith(name))) == name


def test_what_goes_wrong_in_a_node_is_blamed_on_it(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = built(recall_document()).stages[0].graph
    monkeypatch.setattr(graph.module_of("mem1"), "forward", lambda x, state=None: 1 / 0)
    with pytest.raises(ZeroDivisionError) as error:
        graph(torch.zeros(1, 12, dtype=torch.int64))
    assert blamed(error.value) == "mem1"


def test_memories_in_series_and_a_nested_memory(built: Built) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "task", "component": "task.associative_recall", "values": {"loads": [1], "vocabulary": 8, "length": 12, "test_items": 4}},
        {"id": "embed", "component": "encoder.token_embedding", "values": {"width": 8}},
        {"id": "first", "component": "sequence.attention", "values": {"heads": 1, "key_width": 4, "value_width": 4}},
        {
            "id": "second",
            "component": "sequence.mixture_of_memories",
            "values": {
                "inner": {"component": "sequence.gated_deltanet", "values": {"heads": 1, "key_width": 3, "value_width": 4, "chunk": 4}},
                "memories": 3,
                "top_k": 2,
            },
        },
        {"id": "classify", "component": "readout.classifier"},
        {"id": "ensemble", "component": "ensemble.deep_ensemble", "values": {"members": 2}},
        {"id": "learn", "component": "learner.gradient_descent", "values": {"steps": 2, "batch": 3}},
    ]
    wires = [
        ("task.tokens", "embed.tokens"),
        ("embed.sequence", "first.sequence"),
        ("first.sequence", "second.sequence"),
        ("second.sequence", "classify.input"),
        ("classify.scores", "ensemble.model"),
        ("ensemble.model", "learn.model"),
    ]
    program = built(document_of("Nested", nodes, wires, {"device": "cpu"}))
    stage = program.stages[0]
    stage.learner.begin(stage.model, stage.stream, torch.device("cpu"))
    assert stage.learner.step(0)["loss"] > 0
    assert set(stage.graph.states(stage.stream.batch(0, 1, stage.model.draws[0]).inputs)) == {"first", "second"}


#: members that meet the same batches, so that losses can be set side by side
MEMBERS = pytest.mark.parametrize("ensemble", [{}, {"members": 2, "own_batches": False}], ids=["one network", "ensemble"])
MIXED = {"inner": {"component": "sequence.gated_deltanet", "values": {"heads": 1, "key_width": 3, "value_width": 4, "chunk": 4}}}


def trained(built: Built, ensemble: dict[str, Any], **memory: Any) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Train losses of three steps of a mixture of memories, and the weights after them."""
    values = {"memory": "sequence.mixture_of_memories", "memory_values": {**MIXED, **memory}}
    stage = built(recall_document(**values, **ensemble)).stages[0]
    stage.learner.begin(stage.model, stage.stream, torch.device("cpu"))
    losses = [stage.learner.step(step)["loss"] for step in range(3)]
    return losses, {name: weight.detach().clone() for name, weight in stage.model.parameters().items()}


@MEMBERS
def test_what_a_memory_adds_to_the_loss_is_learned_from(ensemble: dict[str, Any], built: Built) -> None:
    """Strength 0 is no strength at all, bit for bit; above it the loss is larger by it and the weights go elsewhere."""
    losses, weights = trained(built, ensemble, balance=0.0)
    with pytest.MonkeyPatch.context() as without:
        without.setattr("memstudio.components.sequence.block.Block.penalty", lambda block, state: None)
        losses_without, weights_without = trained(built, ensemble, balance=1.0)
    assert losses == losses_without
    assert all(torch.equal(weight, weights_without[name]) for name, weight in weights.items())
    losses_with, weights_with = trained(built, ensemble, balance=1.0)
    assert losses_with[0] - losses[0] >= 2 - 1e-3  # at least k, where it is even
    assert not torch.equal(weights["mem1.layers.0.cell.router.weight"], weights_with["mem1.layers.0.cell.router.weight"])


@MEMBERS
def test_what_a_memory_adds_to_the_loss_has_its_whole_gradient_and_is_no_part_of_validation(ensemble: dict[str, Any], built: Built) -> None:
    values = {"memory": "sequence.mixture_of_memories", "memory_values": {**MIXED, "balance": 0.5}}
    stage = built(recall_document(**values, **ensemble)).stages[0]
    batch = stage.stream.batch(0, 4, stage.model.draws[0])
    full = stage.model.backward(batch)
    gradients = {name: weight.grad for name, weight in stage.model.parameters().items()}
    for member in range(stage.model.members):
        graph = stage.model.member(member)
        scores, added = graph.with_penalty(batch.inputs)
        loss = graph.readout.loss(scores, batch)
        assert added is not None
        torch.testing.assert_close(stage.model.losses(batch)[member], loss.detach())
        torch.testing.assert_close(full[member], (loss + added).detach())
        (loss + added).backward()
        for name, weight in graph.named_parameters():
            torch.testing.assert_close(gradients[name][member] if ensemble else gradients[name], weight.grad, rtol=1e-4, atol=1e-6)


def test_layers_and_nodes_add_up_what_they_add_to_the_loss(built: Built) -> None:
    values = {"memory": "sequence.mixture_of_memories", "memory_values": {**MIXED, "balance": 0.5, "repeat": 2}}
    stage = built(recall_document(**values)).stages[0]
    inputs = stage.stream.batch(0, 4, stage.model.draws[0]).inputs
    layers = stage.graph.states(inputs)["mem1"]["layers"]
    cells = [layer.cell for layer in stage.graph.module_of("mem1").layers]
    each = [cell.penalty(layers[str(index)]["cell"]).item() for index, cell in enumerate(cells)]
    assert stage.graph.with_penalty(inputs)[1].item() == pytest.approx(sum(each))
    assert built(recall_document()).stages[0].graph.with_penalty(inputs)[1] is None
