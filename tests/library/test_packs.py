"""Packs in the library: claimed together, queued again together, never with runs of another cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.studies import plan
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter, Superseded
from memstudio.library import open as open_library
from memstudio.training.pack_writer import PackWriter, leases_of
from tests.training.tiny import recall_document

VARY = [{"name": "rate", "set": "learn.rate", "values": [0.01, 0.001]}]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    with open_library(tmp_path / "library") as opened:
        yield opened


def queued(library: Library, packed: bool = True) -> tuple[str, ...]:
    """Two cells of three seeds each: cell by cell within each seed."""
    document = recall_document(run={"replicates": 3, "packed": packed, "vary": VARY})
    return tuple(library.submit(document, plan(document, catalogue())).runs)


def claimed(library: Library, *runs: str) -> set[str]:
    lease = library.claim(this_process(), runs=runs)
    return set() if lease is None else {one.run_uid for one in leases_of(lease)}


def test_a_cell_is_claimed_as_a_whole(library: Library) -> None:
    runs = queued(library)
    assert all(library.run(run).packed for run in runs)
    assert claimed(library, runs[2]) == set(runs[0::2])
    assert {library.run(run).state for run in runs[1::2]} == {"queued"}
    assert claimed(library) == set(runs[1::2])
    assert claimed(library) == set()


def test_other_runs_are_claimed_one_by_one(library: Library) -> None:
    runs = queued(library, packed=False)
    assert not any(library.run(run).packed for run in runs)
    assert claimed(library) == {runs[0]}


def test_what_was_stopped_or_trashed_before_is_left_out(library: Library) -> None:
    runs = queued(library)
    library.command(runs[0], "stop")
    library.trash([runs[2]])
    assert claimed(library, *runs[0::2]) == {runs[4]}
    library.requeue(runs[0])
    assert claimed(library, runs[0]) == {runs[0]}


def test_runs_that_ended_alike_are_queued_together(library: Library) -> None:
    runs = queued(library)
    lease = library.claim(this_process(), runs=[runs[0]])
    assert lease is not None
    with PackWriter(library.path, lease) as writer:
        writer.finish("failed", failure="Something.")
    assert {library.run(run).state for run in runs[0::2]} == {"failed"}
    assert set(library.retry([runs[2], runs[4]])) <= set(runs)
    assert {library.run(run).state for run in runs[0::2]} == {"queued"}
    assert claimed(library, runs[4]) == set(runs[0::2])


def test_a_finished_run_is_not_queued_with_the_others(library: Library) -> None:
    runs = queued(library)
    lease = library.claim(this_process(), runs=[runs[0]])
    assert lease is not None
    for one, end in zip(leases_of(lease), ("finished", "stopped", "stopped"), strict=True):
        with RunWriter(library.path, one) as writer:
            writer.finish(end)
    library.command(runs[2], "resume")
    assert [library.run(run).state for run in runs[0::2]] == ["finished", "queued", "queued"]


def test_where_one_run_is_taken_the_others_are_let_go(library: Library) -> None:
    runs = queued(library)
    lease = library.claim(this_process(), runs=[runs[0]])
    assert lease is not None
    with PackWriter(library.path, lease) as writer:
        with RunWriter(library.path, leases_of(lease)[0]) as other:
            other.finish("failed", failure="Something.")
        with pytest.raises(Superseded) as reason:
            writer.event("stage", "It goes on.")
        writer.let_go(reason.value)
    assert [library.run(run).state for run in runs[0::2]] == ["failed", "stopped", "stopped"]
    assert any(event.kind == "pack" for event in library.events(runs[2]))
