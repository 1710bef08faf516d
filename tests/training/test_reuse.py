"""Stages taken from an earlier run: the same measures bit for bit, only where all agrees, and always said whose they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment import edits
from memstudio.experiment.document import Document
from memstudio.library import Library
from memstudio.library import open as open_library
from memstudio.training import stage_key as keys
from memstudio.training.program import Program, build
from memstudio.training.stage_key import stage_key
from memstudio.training.train import train
from tests.training.stored import assert_equals, submit
from tests.training.tiny import CPU, calibrated, document_of, recall_document, stream_document, two_stages

Built = Callable[[Document], Program]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Library]:
    """Another empty library, in which nothing can be reused."""
    with open_library(tmp_path / "elsewhere") as opened:
        yield opened


def done(library: Library, document: Document, **run: Any) -> str:
    """The uid of a run of a document, carried out in this process."""
    uid = submit(library, edits.set_run(document, **run))
    assert train(library, uid) == "finished"
    return uid


def taken(library: Library, run: str) -> dict[str, str]:
    """Which stages a run took from which other."""
    return {stage: e.data["run"] for e in library.events(run) if e.kind == "reused" for stage in e.data["stages"]}


def with_probe(document: Document) -> Document:
    """The document with one more probe of the first stage."""
    more = document_of("more", [{"id": "more", "component": "probe.recall", "values": {}}], [("learn.trained", "more.trained")], {})
    return document.model_copy(update={"nodes": [*document.nodes, *more.nodes], "wires": [*document.wires, *more.wires]})


@pytest.mark.parametrize("changes", [{}, {"members": 2, "each": "member"}], ids=["one network", "ensemble"])
def test_a_reused_stage_gives_the_same_bit_for_bit(changes: dict[str, Any], library: Library, elsewhere: Library) -> None:
    first = done(library, calibrated(**changes))
    again = done(library, calibrated(**changes, fits=7), reuse=True)
    assert taken(library, again) == {"learn": first}
    assert taken(library, first) == {}
    whole = done(elsewhere, calibrated(**changes, fits=7))
    assert_equals(library, again, (elsewhere, whole))
    assert library.measures(again)["nll[stage=learn]"] == library.measures(first)["nll[stage=learn]"]
    assert library.run(again).step == 13
    assert library.attempts(again)[0].from_step == 6
    stages = [event.text for event in library.events(again) if event.kind == "stage"]
    assert stages == [event.text for event in elsewhere.events(whole) if event.kind == "stage"]
    (said,) = [event for event in library.events(again) if event.kind == "reused"]
    assert said.text == f"learn was taken from run {first[:8]}, which did the same 6 steps."


def test_a_run_that_ended_there_is_taken_up_under_the_names_of_a_stage(library: Library, elsewhere: Library) -> None:
    first = done(library, recall_document(steps=6))
    assert "recall" in library.measures(first)
    again = done(library, calibrated(), reuse=True)
    assert taken(library, again) == {"learn": first}
    assert_equals(library, again, (elsewhere, done(elsewhere, calibrated())))
    assert {a.name for a in library.artifacts(again)} >= {"checkpoint-end-learn", "checkpoint-end-calibrate", "model", "model-best-learn"}


def test_as_many_stages_as_can_be_are_taken_and_may_be_taken_again(library: Library, elsewhere: Library) -> None:
    more = document_of(
        "more", [{"id": "calibrate", "component": "calibration.temperature", "values": {}}], [("tune.trained", "calibrate.trained")], {}
    )
    base = two_stages()
    three = base.model_copy(update={"nodes": [*base.nodes, *more.nodes], "wires": [*base.wires, *more.wires]})
    one = done(library, recall_document(steps=6))
    two = done(library, base, reuse=True)
    assert taken(library, two) == {"learn": one}
    last = done(library, three, reuse=True)
    assert taken(library, last) == {"learn": two, "tune": two}
    assert "learn and tune were taken from run" in next(e.text for e in library.events(last) if e.kind == "reused")
    assert_equals(library, last, (elsewhere, done(elsewhere, three)))


def test_a_calibration_in_the_middle_is_taken_with_its_temperature(library: Library, elsewhere: Library) -> None:
    base = calibrated(members=2, each="member")

    def tuned(steps: int) -> Document:
        values = {"steps": steps, "batch": 4, "rate": 0.01}
        tune = [{"id": "tune", "component": "learner.gradient_descent", "values": values}]
        more = document_of("more", tune, [("calibrate.trained", "tune.model")], {})
        return base.model_copy(update={"nodes": [*base.nodes, *more.nodes], "wires": [*base.wires, *more.wires]})

    first = done(library, tuned(2))
    again = done(library, tuned(3), reuse=True)
    assert taken(library, again) == {"learn": first, "calibrate": first}
    assert_equals(library, again, (elsewhere, done(elsewhere, tuned(3))))


def test_a_stream_with_replay_is_taken_with_its_task_ends(library: Library, elsewhere: Library) -> None:
    base = stream_document(steps=2)
    more = document_of(
        "more", [{"id": "calibrate", "component": "calibration.temperature", "values": {}}], [("learn.trained", "calibrate.trained")], {}
    )
    both = base.model_copy(update={"nodes": [*base.nodes, *more.nodes], "wires": [*base.wires, *more.wires]})
    first = done(library, base)
    again = done(library, both, reuse=True)
    assert taken(library, again) == {"learn": first}
    whole = done(elsewhere, both)
    assert_equals(library, again, (elsewhere, whole))
    for kind in ("boundary", "stage"):
        texts = [[(e.step, e.text) for e in lib.events(run) if e.kind == kind] for lib, run in ((library, again), (elsewhere, whole))]
        assert texts[0] == texts[1]
    assert "checkpoint-end-learn-3" in {a.name for a in library.artifacts(again)}


@pytest.mark.parametrize("reuse", [None, False])
def test_nothing_is_reused_unless_asked(reuse: bool | None, library: Library) -> None:
    done(library, calibrated())
    assert taken(library, done(library, calibrated(), reuse=reuse)) == {}


def test_nothing_is_taken_from_the_trash_nor_from_a_stage_that_has_not_ended(library: Library) -> None:
    first = done(library, calibrated())
    library.trash(first)
    uid = submit(library, calibrated())
    seen = iter(range(100))
    assert train(library, uid, ending=lambda: next(seen) >= 3) == "paused"
    again = done(library, calibrated(), reuse=True)
    assert taken(library, again) == {}


def test_a_damaged_end_is_passed_over_for_another_and_else_the_stage_is_done(library: Library, elsewhere: Library) -> None:
    whole = (elsewhere, done(elsewhere, calibrated()))
    older, newer = done(library, calibrated()), done(library, recall_document(steps=6))

    def damage(run: str) -> None:
        (end,) = [a for a in library.artifacts(run) if a.name == "checkpoint-end-learn"]
        end.path.write_bytes(end.path.read_bytes()[:-9])

    damage(newer)
    (same,) = {a.sha256 for run in (older, newer) for a in library.artifacts(run) if a.name == "checkpoint-end-learn"}
    assert same, "both ended in the same bits, so they are one file"
    assert taken(library, done(library, calibrated(), reuse=True)) == {}
    again = done(library, calibrated(), reuse=True)
    assert taken(library, again) != {}, "the run before has written it anew"
    assert_equals(library, again, whole)


def test_killed_after_taking_over_it_goes_on_from_there(library: Library, elsewhere: Library) -> None:
    first = done(library, recall_document(steps=6))
    again = submit(library, edits.set_run(calibrated(), reuse=True))
    seen = iter(range(100))
    assert train(library, again, ending=lambda: next(seen) >= 2) == "paused"
    assert library.run(again).step == 8
    library._conn.execute("DELETE FROM run_artifact WHERE name = 'checkpoint-last' AND run = (SELECT id FROM run WHERE uid = ?)", (again,))
    library.requeue(again)
    assert train(library, again) == "finished"
    assert library.attempts(again)[1].from_step == 6
    assert taken(library, again) == {"learn": first}
    assert_equals(library, again, (elsewhere, done(elsewhere, calibrated())))


def key_of(built: Built, document: Document, stage: int = 0) -> str:
    program = built(document)
    return stage_key(program, program.stages[stage])


def test_what_comes_later_or_does_not_matter_does_not_change_the_key(built: Built) -> None:
    key = key_of(built, calibrated())
    assert key_of(built, recall_document(steps=6)) == key
    assert key_of(built, calibrated(fits=9, looks=2)) == key
    moved = calibrated()
    nodes = [node.model_copy(update={"place": (7.0, 8.0), "title": "Mine"}) for node in moved.nodes]
    assert key_of(built, moved.model_copy(update={"title": "Another", "about": "Words", "nodes": nodes})) == key
    assert key_of(built, edits.set_run(calibrated(), reuse=True)) == key
    given = edits.set_value(calibrated(), "learn.optimiser", "adamw", catalogue())
    assert key_of(built, given) == key, "a default that is written down is the same value"
    assert key_of(built, calibrated(), 1) != key


@pytest.mark.parametrize(
    "changed",
    [
        calibrated(steps=7),
        calibrated(run={"seed": 4}),
        calibrated(run={"data_seed": 6}),
        calibrated(run={"threads": 2}),
        calibrated(run={"precision": "bfloat16"}),
        calibrated(run={"deterministic": False}),
        calibrated(run={"keep": {"outcomes_megabytes": 1}}),
        calibrated(task={"test_items": 24}),
        calibrated(every=6),
        calibrated(members=2),
        calibrated(memory="sequence.deltanet"),
        with_probe(calibrated()),
    ],
    ids=["steps", "seed", "data", "threads", "precision", "deterministic", "keep", "task", "probe", "members", "memory", "more probes"],
)
def test_whatever_changes_what_is_done_changes_the_key(changed: Document, built: Built) -> None:
    assert key_of(built, changed) != key_of(built, calibrated())


def test_a_node_of_another_uid_draws_other_numbers(built: Built) -> None:
    nodes = [node.model_copy(update={"uid": "other"}) if node.id == "mem1" else node for node in calibrated().nodes]
    assert key_of(built, calibrated().model_copy(update={"nodes": nodes})) != key_of(built, calibrated())


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (keys, "versions", lambda: {"torch": "9.9.9", "numpy": "1"}),
        (keys, "machine_id", lambda: "another machine"),
        (keys.memstudio, "__version__", "9.9.9"),
    ],
    ids=["torch", "machine", "program"],
)
def test_other_versions_and_machines_change_the_key(
    place: Any, name: str, value: Any, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(built, calibrated())
    monkeypatch.setattr(place, name, value)
    assert key_of(built, calibrated()) != before


def test_a_component_of_another_version_changes_the_key(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(built, calibrated())
    program = build(calibrated(), catalogue(), CPU)
    component = program.inferred.configured["mem1"].entry.component
    monkeypatch.setitem(component.__dict__, "version", component.version + 1)
    assert stage_key(program, program.stages[0]) != before


def test_other_data_change_the_key(built: Built) -> None:
    program = built(calibrated())
    before = stage_key(program, program.stages[0])
    program.data["uid-task"] = "other data"
    assert stage_key(program, program.stages[0]) != before
