"""Taking over what another run did: all of its stages up to a step, under this run's names, in one transaction."""

from __future__ import annotations

import numpy as np
import pytest

from memstudio.ground.machine import this_process
from memstudio.library import Lease, Library, RunWriter, Superseded
from memstudio.library.reusing import StageEnd
from tests.library.small import document, planned
from tests.library.test_rewinding import curve

KEY = "k" * 64


def claimed(lib: Library, seed: int = 0) -> Lease:
    """A fresh run, held by this process."""
    lib.submit(document(), [planned(seed=seed)])
    lease = lib.claim(this_process())
    assert lease is not None
    return lease


def first_run(lib: Library, last: bool) -> str:
    """A run of two stages, learn to step 1,500 and tune to 1,600; or, where `last`, of learn alone. Its uid."""
    lease = claimed(lib)
    label = "" if last else "[stage=learn]"
    with RunWriter(lib.path, lease) as writer:
        writer.event("stage", "learn begins: 1,500 steps.", 0, data={"stage": "learn"})
        for step in range(1, 1501):
            writer.points(step, {f"loss{label}": step / 7})
            if step % 500 == 0:
                one = curve(step)
                one.name = f"recall_by_load{label}"
                writer.curve(step, one)
                writer.artifact(f"outcomes-learn-{step:08d}", f"{step}".encode(), "outcomes", stage="learn", step=step)
        writer.points(1500, {f"recall[load=4{'' if last else ',stage=learn'}]": 0.5})
        writer.event("device", "The CPU is used.")
        writer.event("stage", "learn has ended.", 1500, data={"stage": "learn"})
        writer.artifact("model-best" if last else "model-best-learn", b"best", "model", stage="learn", step=900)
        meta = {"key": KEY, "last": last}
        writer.artifact("checkpoint-end-learn", b"end", "checkpoint", stage="learn", step=1500, meta=meta)
        if last:
            writer.artifact("model", b"model", "model", stage="learn", step=1500)
        else:
            writer.event("stage", "tune begins: 100 steps.", 1500, data={"stage": "tune"})
            writer.points(1600, {"loss": 1.0, "recall[load=4]": 0.9})
            writer.artifact("model", b"model", "model", stage="tune", step=1600)
        writer.artifact("checkpoint-last", b"last", "checkpoint", stage="learn", step=1500)
    return lease.run_uid


def end_of(lib: Library) -> StageEnd:
    (end,) = lib.stage_ends(KEY)
    return end


@pytest.mark.parametrize("last", [False, True], ids=["before another", "its last"])
def test_what_a_stage_measured_and_made_is_taken_under_its_names_here(lib: Library, last: bool) -> None:
    source = first_run(lib, last)
    end = end_of(lib)
    assert (end.run, end.was_last, end.artifact.step) == (source, last, 1500)
    lease = claimed(lib, 1)
    with RunWriter(lib.path, lease) as writer:
        writer.take_over(end, {"" if last else "learn": "learn"}, "learn was taken.", data={"run": source, "stages": ["learn"]})
        writer.points(1501, {"loss": 3.0})
        with pytest.raises(ValueError, match=r"1,500|1500"):
            writer.points(1499, {"loss[stage=learn]": 3.0})
    uid = lease.run_uid
    assert lib.series_names(uid) == ["loss", "loss[stage=learn]", "recall[load=4,stage=learn]"]
    taken, known = lib.series(uid, "loss[stage=learn]"), lib.series(source, "loss" if last else "loss[stage=learn]")
    assert np.array_equal(taken.steps, known.steps)
    assert np.array_equal(taken.values, known.values)
    assert lib.summary(uid, "loss[stage=learn]") == lib.summary(source, known.name)
    assert lib.curve_names(uid) == ["recall_by_load[stage=learn]"]
    assert [c.values.tolist() for c in lib.curves(uid, "recall_by_load[stage=learn]")] == [[500.0, 2.0], [1000.0, 2.0], [1500.0, 2.0]]
    files = {a.name: a.sha256 for a in lib.artifacts(uid)}
    assert sorted(files) == ["checkpoint-end-learn", "model-best-learn", *(f"outcomes-learn-{s:08d}" for s in (500, 1000, 1500))]
    theirs = {a.name: a.sha256 for a in lib.artifacts(source)}
    assert files["checkpoint-end-learn"] == theirs["checkpoint-end-learn"]
    assert files["model-best-learn"] == theirs["model-best" if last else "model-best-learn"]
    events = [(e.kind, e.text, e.step) for e in lib.events(uid) if e.kind != "state"]
    assert events == [
        ("stage", "learn begins: 1,500 steps.", 0),
        ("stage", "learn has ended.", 1500),
        ("reused", "learn was taken.", 1500),
    ]
    assert [e.time for e in lib.events(uid)] == sorted(e.time for e in lib.events(uid))
    row = lib.run(uid)
    assert (row.step, row.stage) == (1500, "learn")
    assert (lib.attempts(uid)[0].from_step, lib.attempts(uid)[0].from_stage) == (1500, "learn")
    # here it is not the last stage, whatever it was there
    assert [(one.run, one.was_last) for one in lib.stage_ends(KEY)] == [(uid, False), (source, last)]


def test_going_back_to_the_beginning_gives_everything_back(lib: Library) -> None:
    source = first_run(lib, last=True)
    before = lib.measures(source)
    lease = claimed(lib, 1)
    with RunWriter(lib.path, lease) as writer:
        writer.take_over(end_of(lib), {"": "learn"}, "learn was taken.")
        writer.rewind(-1)
    uid = lease.run_uid
    assert lib.series_names(uid) == lib.curve_names(uid) == lib.artifacts(uid) == []
    assert not [e for e in lib.events(uid) if e.kind in ("reused", "stage")]
    assert lib.measures(source) == before
    assert all(one.path.exists() for one in lib.artifacts(source)), "a file that another run names stays"


def test_only_what_has_the_key_and_is_not_in_the_trash_is_found(lib: Library) -> None:
    source = first_run(lib, last=True)
    assert lib.stage_ends("another") == []
    lib._conn.execute("UPDATE run SET held = 0, state = 'finished' WHERE uid = ?", (source,))
    lib.trash(source)
    assert lib.stage_ends(KEY) == []
    lib.restore(source)
    assert [one.run for one in lib.stage_ends(KEY)] == [source]


def test_a_superseded_worker_takes_nothing(lib: Library) -> None:
    first_run(lib, last=True)
    end = end_of(lib)
    lease = claimed(lib, 1)
    with RunWriter(lib.path, lease) as writer:
        lib._conn.execute("UPDATE run SET epoch = epoch + 1 WHERE uid = ?", (lease.run_uid,))
        with pytest.raises(Superseded):
            writer.take_over(end, {"": "learn"}, "learn was taken.")
    assert lib.series_names(lease.run_uid) == []
    assert lib.artifacts(lease.run_uid) == []
