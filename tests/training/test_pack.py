"""Packs: members equal runs by themselves, nothing leaks, kept and resumed like runs, never mixed with others."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memstudio.components.catalogue import catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.export.choosing import choose
from memstudio.export.rebuilding import rebuilt
from memstudio.ground.launch import start_worker
from memstudio.ground.machine import this_process
from memstudio.library import Library
from memstudio.library import open as open_library
from memstudio.training import checkpoints
from memstudio.training.pack import PackedStream, build_pack, member_of
from memstudio.training.program import build
from memstudio.training.train import carry_out, train
from tests.training.stored import assert_equals
from tests.training.tiny import CPU, TIMES, recall_document

PATIENCE = 90.0


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    with open_library(tmp_path / "library") as opened:
        yield opened


def study(library: Library, packed: bool = True, replicates: int = 3, **changes: Any) -> tuple[str, ...]:
    """The queued runs of a study of the tiny recall document."""
    run = {"replicates": replicates, "packed": packed, **changes.pop("run", {})}
    document = recall_document(**changes, run=run)
    return tuple(library.submit(document, plan(document, catalogue())).runs)


def weights(library: Library, run: str, name: str = "model") -> dict[str, torch.Tensor]:
    artifact = next(one for one in library.artifacts(run) if one.name == name)
    model: dict[str, torch.Tensor] = checkpoints.unpack(library.read_artifact(artifact.sha256))[0]["model"]
    return model


@pytest.mark.parametrize("memory", ["sequence.gated_deltanet", "sequence.lstm"])
def test_members_equal_runs_by_themselves(library: Library, memory: str) -> None:
    own: dict[str, Any] = {} if memory == "sequence.gated_deltanet" else {"memory": memory, "memory_values": {}}
    alone, packed = study(library, packed=False, **own), study(library, **own)
    for run in alone:
        assert train(library, run) == "finished"
    assert train(library, packed[1]) == "finished"
    for one, other in zip(alone, packed, strict=True):
        row = library.run(other)
        assert (row.state, row.packed, library.run(one).packed) == ("finished", True, False)
        assert library.environment(other)["packed"] == 3
        assert row.seed == library.run(one).seed
        assert library.series_names(one) == library.series_names(other)
        for name in ("loss[split=train]", "gradient_norm", "update_ratio", "learning_rate", "loss", "loss[split=validation]"):
            mine, theirs = library.series(other, name), library.series(one, name)
            assert np.array_equal(mine.steps, theirs.steps)
            np.testing.assert_allclose(mine.values, theirs.values, rtol=2e-3, atol=2e-5, err_msg=name)
        for name, value in library.measures(one).items():
            if not name.startswith(TIMES):
                assert library.measures(other)[name] == pytest.approx(value, rel=0.02, abs=0.02), name
        for name, tensor in weights(library, one).items():
            torch.testing.assert_close(weights(library, other)[name], tensor, rtol=2e-3, atol=2e-4)
        assert [a.name for a in library.artifacts(one)] == [a.name for a in library.artifacts(other)]
    outcomes = [one for run in packed for one in library.artifacts(run) if one.name.startswith("outcomes-learn-00000020")]
    data = {str(one.meta["data"]) for one in outcomes}
    assert len(data) == 3, "each member has its own data"
    shared = {a.sha256 for run in packed for a in library.artifacts(run) if a.name == "checkpoint-last"}
    assert len(shared) == 1, "one checkpoint, stored once"


def test_members_do_not_leak() -> None:
    document = recall_document(run={"packed": True})
    losses = []
    for third in (7, 8):
        pack = build_pack(document, [(3, 3), (4, 4), (third, third)], catalogue(), CPU)
        stage = pack.whole.stages[0]
        stage.learner.begin(stage.model, stage.stream, CPU.device)
        steps = [(stage.learner.step(index), stage.learner.of_each())[1] for index in range(5)]
        losses.append(steps)
        for name, parameter in pack.members[2].stages[0].graph.named_parameters():
            assert torch.equal(parameter, stage.model.state()[name][2])
    one, other = losses
    assert [step[:2] for step in one] == [step[:2] for step in other]
    assert one[-1][2] != other[-1][2]


def test_means_of_members_are_what_a_step_says() -> None:
    pack = build_pack(recall_document(run={"packed": True}), [(1, 1), (2, 2)], catalogue(), CPU)
    stage = pack.whole.stages[0]
    stage.learner.begin(stage.model, stage.stream, CPU.device)
    said = stage.learner.step(0)
    for name, value in said.items():
        assert value == pytest.approx(np.mean([one[name] for one in stage.learner.of_each()])), name


def test_a_packed_stream_gives_each_run_its_own_data() -> None:
    programs = [build(recall_document(run={"seed": seed, "data_seed": seed}), catalogue(), CPU) for seed in (1, 2)]
    streams = {program.draws: program.stages[0].stream for program in programs}
    packed = PackedStream(streams)
    for draws, stream in streams.items():
        assert torch.equal(packed.batch(3, 4, draws).inputs, stream.batch(3, 4, draws).inputs)
    with pytest.raises(Refusal, match="data of their own"):
        packed.parts("test")
    packed.load(packed.state())


def test_a_killed_pack_goes_on_exactly(library: Library, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"replicates": 2, "steps": 300, "every": 25, "learner": {"batch": 16, "validate_every": 50}}
    with open_library(tmp_path / "whole") as other:
        whole = study(other, **changes)
        assert train(other, whole[0]) == "finished"
        runs = study(library, **changes)
        worker = start_worker(library.folder)
        until(library, lambda: library.run(runs[0]).step >= 40, "40 steps")
        library.command(runs[1], "checkpoint")
        until(library, lambda: any(a.name == "checkpoint-last" for a in library.artifacts(runs[1])), "a checkpoint")
        time.sleep(random.Random(0).random() * 0.5)
        worker.kill()
        worker.wait()
        assert set(library.mark_lost()) == set(runs)
        library.requeue(runs[0])
        assert {library.run(run).state for run in runs} == {"queued"}, "a pack goes on together"
        assert start_worker(library.folder, runs=[runs[0]]).wait(PATIENCE) == 0
        for run, expected in zip(runs, whole, strict=True):
            row = library.run(run)
            assert (row.state, row.attempts) == ("finished", 2)
            assert (library.attempts(run)[1].from_step or 0) > 0
            assert_equals(library, run, (other, expected))


def test_a_run_of_a_pack_goes_on_alone_as_it_would_have_with_the_others(library: Library, tmp_path: Path) -> None:
    with open_library(tmp_path / "whole") as other:
        whole = study(other)
        assert train(other, whole[0]) == "finished"
        runs = study(library)
        ending = iter([False] * 8)
        lease = library.claim(this_process())
        assert lease is not None
        assert {lease.run_uid, *(one.run_uid for one in lease.others)} == set(runs)
        assert carry_out(library, lease, ending=lambda: next(ending, True)) == "paused"
        assert {library.run(run).step for run in runs} == {8}
        # the others are taken out of the study; their weights go along in the checkpoint
        library.trash([runs[0], runs[2]])
        library.requeue(runs[1])
        assert train(library, runs[1]) == "finished"
        assert [library.run(run).state for run in runs] == ["paused", "finished", "paused"]
        assert_equals(library, runs[1], (other, whole[1]))


def test_runs_of_a_pack_that_stand_at_different_steps_meet_again(library: Library, tmp_path: Path) -> None:
    with open_library(tmp_path / "whole") as other:
        whole = study(other)
        assert train(other, whole[0]) == "finished"
        runs = study(library)
        for left, steps in ((runs, 8), ((runs[1],), 6)):
            if left is not runs:
                library.trash([run for run in runs if run not in left])
                library.requeue(runs[1])
            ending = iter([False] * steps)
            lease = library.claim(this_process(), runs=[runs[1]])
            assert lease is not None
            assert carry_out(library, lease, ending=lambda ending=ending: next(ending, True)) == "paused"  # type: ignore[misc]
        assert [library.run(run).step for run in runs] == [8, 14, 8]
        library.restore([runs[0], runs[2]])
        library.requeue(runs[0])
        assert train(library, runs[0]) == "finished"
        for run, expected in zip(runs, whole, strict=True):
            assert library.run(run).state == "finished"
            assert_equals(library, run, (other, expected))


def test_what_is_asked_of_one_run_holds_for_its_pack(library: Library) -> None:
    runs = study(library, steps=5000, every=1000, learner={"validate_every": 0})
    thread = threading.Thread(target=_train_elsewhere, args=(library.folder, runs[0]))
    thread.start()
    until(library, lambda: library.run(runs[0]).step >= 3, "a few steps")
    library.command(runs[1], "pause")
    until(library, lambda: {library.run(run).state for run in runs} == {"paused"}, "a pause of all")
    library.command(runs[0], "resume")
    until(library, lambda: {library.run(run).state for run in runs} == {"running"}, "all to go on")
    library.command(runs[2], "stop")
    thread.join(PATIENCE)
    assert {library.run(run).state for run in runs} == {"stopped"}
    said = [event.text for event in library.events(runs[0]) if event.kind == "pack"]
    assert any(f"To stop was asked of run {runs[2][:8]}" in text for text in said)


def _train_elsewhere(folder: Path, run: str) -> None:
    with open_library(folder) as library:
        train(library, run)


def test_the_model_of_an_unfinished_run_is_its_own(library: Library) -> None:
    runs = study(library, replicates=2)
    ending = iter([False] * 9)
    lease = library.claim(this_process())
    assert lease is not None
    assert carry_out(library, lease, ending=lambda: next(ending, True)) == "paused"
    found = []
    for run in runs:
        row = library.run(run)
        model = rebuilt(library, choose(library, row, "last"), library.document(run)).stage.model.state()
        artifact = next(one for one in library.artifacts(run) if one.name == "checkpoint-last")
        state, about = checkpoints.unpack(library.read_artifact(artifact.sha256))
        for name, tensor in member_of(state, about["pack"], (row.seed, row.data_seed))["models"]["learn"].items():
            assert torch.equal(model[name], tensor)
        found.append(model["embed.items.weight"] if "embed.items.weight" in model else next(iter(model.values())))
    assert not torch.equal(*found)
    with pytest.raises(Refusal, match="a pack without seed 99"):
        member_of(state, about["pack"], (99, 99))


def test_a_run_that_goes_wrong_ends_its_pack_and_is_named(library: Library) -> None:
    runs = study(
        library, learner={"rate": 10.0, "optimiser": "sgd", "clip": 0.0}, memory_values={"heads": 2, "key_width": 3, "value_width": 4}
    )
    assert train(library, runs[0]) == "failed"
    rows = [library.run(run) for run in runs]
    assert {row.state for row in rows} == {"failed"}
    assert all("went wrong, and all end with it" in (row.failure or "") for row in rows)


def test_packed_runs_and_others_never_share_a_study(library: Library) -> None:
    document = recall_document(run={"replicates": 2, "packed": True})
    planned = plan(document, catalogue())
    assert all(one.document.run.packed for one in planned)
    other = plan(document.model_copy(update={"run": document.run.model_copy(update={"packed": False})}), catalogue())
    with pytest.raises(Refusal, match="cannot be of one study"):
        library.submit(document, [planned[0], other[1]])


def test_cells_are_packs_of_their_own(library: Library) -> None:
    vary = [{"name": "rate", "set": "learn.rate", "values": [0.01, 0.001]}]
    runs = study(library, replicates=2, run={"vary": vary})
    lease = library.claim(this_process())
    assert lease is not None
    assert {library.run(one.run_uid).cell for one in (lease, *lease.others)} == {library.run(lease.run_uid).cell}
    assert len(lease.others) == 1
    assert [library.run(run).state for run in runs].count("queued") == 2


def until(library: Library, met: Any, what: str) -> None:
    """Waits for something to stand in the library."""
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
