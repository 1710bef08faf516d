"""The queue: claimed as it is listed, moved, paused, retried, stopped; kept in the library, so that it survives every restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter
from tests.library.small import Queue, document, planned


def order(lib: Library) -> list[str]:
    return [row.uid for row in lib.queue()]


def study(lib: Library, cells: int = 2, seeds: int = 3) -> tuple[str, tuple[str, ...]]:
    runs = [planned(f"cell {c}", seed, seed, heads=c) for seed in range(seeds) for c in range(cells)]
    submitted = lib.submit(document(), runs)
    assert submitted.study is not None
    return submitted.study, submitted.runs


def claimed(lib: Library) -> list[str]:
    """Every queued run, as workers would take them."""
    found = []
    while (lease := lib.claim(this_process())) is not None:
        found.append(lease.run_uid)
    return found


def ended(lib: Library, run: str, state: str) -> None:
    lease = lib.claim(this_process(), runs=[run])
    assert lease is not None
    with RunWriter(lib.folder, lease) as writer:
        writer.start(10, "cpu", 1, {}, {})
        writer.finish(state)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.sets(st.integers(0, 5), min_size=1, max_size=3), st.one_of(st.none(), st.integers(0, 5))), max_size=4))
def test_runs_are_claimed_in_the_order_that_is_shown(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[set[int], int | None]]
) -> None:
    with library.open(tmp_path_factory.mktemp("moved")) as lib:
        uids = [lib.submit(document(), [planned(seed=i)]).runs[0] for i in range(6)]
        expected = list(uids)
        for moved, before in moves:
            chosen = [uids[i] for i in moved]
            lib.move(chosen, None if before is None else uids[before])
            if before is not None and before in moved:
                continue
            rest = [uid for uid in expected if uid not in chosen]
            at = len(rest) if before is None else rest.index(uids[before])
            expected = [*rest[:at], *(uid for uid in expected if uid in chosen), *rest[at:]]
        assert order(lib) == expected
        later = lib.submit(document(), [planned(seed=9)]).runs[0]
        assert order(lib) == [*expected, later]
        assert claimed(lib) == [*expected, later]


def test_the_order_and_the_pause_survive_a_restart(folder: Path) -> None:
    with library.open(folder) as lib:
        uids = [lib.submit(document(), [planned(seed=i)]).runs[0] for i in range(3)]
        lib.move(uids[2], uids[0])
        lib.pause_queue()
    with library.open(folder) as lib:
        assert lib.queue_paused()
        assert order(lib) == [uids[2], uids[0], uids[1]]
        assert lib.claim(this_process()) is None
        assert lib.claim(this_process(), runs=[uids[1]]) is None
        lib.pause_queue(False)
        assert not lib.queue_paused()
        assert claimed(lib) == [uids[2], uids[0], uids[1]]


def test_only_what_waits_can_be_moved(lib: Library, queue: Queue) -> None:
    uids = queue(3)
    assert lib.claim(this_process()) is not None
    with pytest.raises(Refusal, match=f"Run {uids[0][:8]} is starting, so it has no place in the queue any more"):
        lib.move(uids[2], uids[0])
    with pytest.raises(Refusal, match="no place in the queue"):
        lib.move(uids[0], uids[2])
    assert order(lib) == uids[1:]


def test_a_pause_does_not_touch_what_is_at_work(lib: Library, queue: Queue) -> None:
    queue(2)
    lease = lib.claim(this_process())
    assert lease is not None
    lib.pause_queue()
    with RunWriter(lib.folder, lease) as writer:
        writer.start(10, "cpu", 1, {}, {})
        writer.finish("finished")
    assert lib.run(lease.run_uid).state == "finished"
    assert lib.claim(this_process()) is None
    assert len(order(lib)) == 1


def test_failed_lost_and_stopped_runs_are_retried(lib: Library) -> None:
    name, runs = study(lib)
    ended(lib, runs[0], "failed")
    ended(lib, runs[1], "finished")
    lib.command(runs[2], "stop")
    assert lib.retry(name[:6]) == [runs[0], runs[2]]
    assert [lib.run(run).state for run in runs[:3]] == ["queued", "finished", "queued"]
    assert lib.run(runs[0]).failure is None
    assert any(event.kind == "retried" and "it was failed" in event.text for event in lib.events(runs[0]))
    with pytest.raises(Refusal, match="there is nothing to retry"):
        lib.retry([name])
    with pytest.raises(Refusal, match=f"Run {runs[1][:8]} is finished; only failed, lost and stopped runs are retried"):
        lib.retry([runs[1]])
    with pytest.raises(Refusal, match="There is no run or study"):
        lib.retry(["ffff", runs[0]])
    assert lib.retry(lib.stop_study(name)) == [run for run in runs if run != runs[1]]


def test_nothing_is_retried_where_one_of_several_cannot(lib: Library, queue: Queue) -> None:
    failed, waiting = queue(2)
    ended(lib, failed, "failed")
    with pytest.raises(Refusal, match="is queued; only"):
        lib.retry([failed, waiting])
    assert lib.run(failed).state == "failed"


def test_a_whole_study_is_stopped(lib: Library) -> None:
    name, runs = study(lib)
    other = lib.submit(document(), [planned(seed=5)]).runs[0]
    ended(lib, runs[0], "finished")
    at_work = lib.claim(this_process(), runs=[runs[1]])
    assert at_work is not None
    assert lib.stop_study(name) == list(runs[1:])
    assert [lib.run(run).state for run in runs] == ["finished", "starting", *["stopped"] * 4]
    assert lib.run(runs[2]).why == "Its study was stopped."
    assert order(lib) == [other]
    with RunWriter(lib.folder, at_work) as writer:
        assert [verb for _, verb in writer.commands()] == ["stop"]
    assert lib.retry([name]) == list(runs[2:])
    assert lib.run(runs[2]).why is None


def test_a_read_only_library_is_told_nothing(folder: Path, queue: Queue, lib: Library) -> None:
    (run,) = queue()
    with library.open(folder, readonly=True) as reading:
        assert order(reading) == [run]
        for ask in (reading.pause_queue, lambda: reading.move(run), lambda: reading.retry(run), lambda: reading.stop_study("0")):
            with pytest.raises(Refusal, match="read-only"):
                ask()
