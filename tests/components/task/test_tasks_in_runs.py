"""Each task of a sequence at its tiny size through a whole run: a memory is trained on it, and recall is measured by its parts."""

from __future__ import annotations

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Draws, Stream
from memstudio.experiment.entries import Entry
from memstudio.experiment.kinds import Kind
from memstudio.measures.names import measure_name
from tests.training.tiny import MEMORY, document_of, run_whole

SEQUENCES = [
    entry for entry in catalogue().of_family("task") if any(port.kind in (Kind.TOKENS, Kind.SEQUENCE) for port in entry.component.gives)
]


@pytest.mark.parametrize("entry", SEQUENCES, ids=lambda entry: entry.id)
def test_a_memory_is_trained_on_it_and_judged_by_its_parts(entry: Entry) -> None:
    values = {**entry.component.tiny, **(entry.preset.values if entry.preset else {})}
    nodes = [
        {"id": "task", "component": entry.component.id, "values": values},
        {"id": "mem1", "component": "sequence.gated_deltanet", "values": MEMORY},
        {"id": "classify", "component": "readout.classifier"},
        {"id": "learn", "component": "learner.gradient_descent", "values": {"steps": 6, "batch": 4, "validate_every": 3, "rate": 0.01}},
        {"id": "recall", "component": "probe.recall", "values": {"every": 2, "items": 3}},
    ]
    wires = [("mem1.sequence", "classify.input"), ("classify.scores", "learn.model"), ("learn.trained", "recall.trained")]
    port = entry.component.gives[0]
    if port.kind is Kind.TOKENS:
        nodes.append({"id": "embed", "component": "encoder.token_embedding", "values": {"width": 8}})
        wires += [(f"task.{port.name}", "embed.tokens"), ("embed.sequence", "mem1.sequence")]
    else:
        wires.append((f"task.{port.name}", "mem1.sequence"))
    kept = run_whole(document_of("Tiny", nodes, wires, {"seed": 3, "data_seed": 5, "device": "cpu"}))
    assert 0 <= kept.series["recall"][6] <= 1
    made = entry(**values).build(draws=Draws(3, 5), uid="uid-task")
    assert isinstance(made, Stream)
    for part in made.parts("test"):
        assert 6 in kept.series[measure_name("recall", part.labels)]
