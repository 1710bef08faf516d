"""Every probe of sequences in a small experiment that a real worker runs: its series and curves stand in the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from memstudio.experiment.document import Document
from memstudio.ground.launch import start_worker
from memstudio.ground.log import tail
from memstudio.library import Library
from memstudio.library import open as open_library
from tests.training.stored import submit
from tests.training.tiny import MEMORY, document_of

PROBES: dict[str, dict[str, Any]] = {
    "probe.recall": {"every": 3, "items": 8},
    "probe.load_capacity": {"every": 3, "items": 8},
    "probe.perplexity": {"every": 3, "items": 8},
    "probe.retrieval": {"every": 3, "largest": 8},
    "probe.memory_state": {"every": 3, "positions": 8},
}


def document(task: str, values: dict[str, Any], probes: dict[str, dict[str, Any]], **memory: Any) -> Document:
    """A task, one memory node and probes, six steps long."""
    nodes: list[dict[str, Any]] = [
        {"id": "task", "component": task, "values": values},
        {"id": "embed", "component": "encoder.token_embedding", "values": {"width": 8}},
        {"id": "mem1", "component": "sequence.gated_deltanet", "values": {**MEMORY, **memory}},
        {"id": "classify", "component": "readout.classifier"},
        {"id": "learn", "component": "learner.gradient_descent", "values": {"steps": 6, "batch": 4, "validate_every": 0}},
    ]
    nodes += [{"id": f"look{n}", "component": probe, "values": own} for n, (probe, own) in enumerate(probes.items())]
    wires = [("task.tokens", "embed.tokens"), ("embed.sequence", "mem1.sequence"), ("mem1.sequence", "classify.input")]
    wires += [("classify.scores", "learn.model"), *(("learn.trained", f"look{n}.trained") for n in range(len(probes)))]
    return document_of(task, nodes, wires, {"seed": 1, "device": "cpu"})


COPYING = document("task.copying", {"loads": [2, 3], "symbols": 6, "delay": 2, "test_items": 16}, PROBES, repeat=2)
NEEDLE = document(
    "task.needle",
    {"lengths": [5, 7], "test_lengths": [5, 9], "depths": [0, 100], "vocabulary": 16, "test_items": 8},
    {name: PROBES[name] for name in ("probe.recall", "probe.perplexity")},
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, str, str]]:
    """The library, and the runs of copying and of the needle, run to their ends by one worker."""
    with open_library(tmp_path_factory.mktemp("probes") / "library") as library:
        runs = [submit(library, one) for one in (COPYING, NEEDLE)]
        worker = start_worker(library.folder, runs=runs, detached=False)
        try:
            assert worker.wait(timeout=100) == 0
        finally:
            worker.kill()
            worker.wait()
        said = "\n".join(tail(library.folder / "logs" / "worker.txt"))
        assert [library.run(run).state for run in runs] == ["finished", "finished"], said
        yield library, runs[0], runs[1]


def test_series_of_each_are_stored_at_every_look(ran: tuple[Library, str, str]) -> None:
    library, copying, _ = ran
    expected = {
        "recall",
        "recall[load=2]",
        "recall[serial_position=1]",
        "recall[distance=2]",
        "capacity[criterion=recalled50]",
        "capacity[criterion=recalled95]",
        "largest_load",
        "bits_per_token",
        "perplexity",
        "perplexity[load=3]",
        "readable_memories",
        "retrieval_capacity[keys=items,layer=1,node=mem1]",
        "retrieval_capacity_theory[keys=random,layer=2,node=mem1]",
        "own_value_found_layer_1[node=mem1]",
        "other_values_found_layer_2[node=mem1]",
    }
    assert expected <= set(library.series_names(copying))
    for name in expected:
        series = library.series(copying, name)
        assert series.steps.tolist() == [0, 3, 6], name
        assert np.isfinite(series.values).all(), name
    values = library.measures(copying)
    assert values["perplexity"] == pytest.approx(2 ** values["bits_per_token"])
    assert values["bits_per_token"] == pytest.approx(values["loss"] / np.log(2), rel=1e-5), "the readout's own loss, in bits"
    assert values["largest_load"] == 3
    assert values["readable_memories"] == 2


def test_curves_of_each_are_stored_in_their_forms(ran: tuple[Library, str, str]) -> None:
    library, copying, needle = ran
    lines = {
        "recall_by_load",
        "recall_by_distance",
        "recall_by_serial_position",
        "capacity_by_criterion",
        "bits_per_token_by_position",
        "bits_per_token_by_load",
        *(f"retrieval_snr_db_by_pairs[keys={keys},layer={layer},node=mem1]" for keys in ("random", "items") for layer in (1, 2)),
    }
    titles = ("found by each key", "left of each position", "touched by each read")
    pictures = {f"state[node=mem1,picture=layer {layer} {title}]" for layer in (1, 2) for title in titles}
    assert lines | pictures <= set(library.curve_names(copying))
    for name in lines | pictures:
        curve = library.curve_at(copying, name, 6)
        assert curve.kind == ("line" if name in lines else "picture")
        assert curve.step == 6
        assert np.isfinite(curve.values).all()
    recall = library.curve_at(needle, "recall_by_length", 6)
    assert recall.rows == ("recall", "chance", "trained")
    assert np.isnan(recall.values[2]).tolist() == [False, True], "5 was trained, 9 was not"
    table = library.curve_at(needle, "recall_by_depth_and_length", 6)
    assert table.kind == "matrix"
    assert [axis.name for axis in table.axes] == ["depth", "length"]
    assert table.values.mean() == pytest.approx(np.mean(recall.values[0]))
