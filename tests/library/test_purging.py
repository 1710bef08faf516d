"""The trash, and removing for good: what nobody else names goes, what anybody names stays."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter, purging
from tests.library.filled import finished, study
from tests.library.small import Queue, document, planned
from tests.library.test_merging import sound


def rows(lib: Library, table: str) -> int:
    return int(lib._conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_study_goes_and_comes_back_whole(lib: Library) -> None:
    done = study(lib)
    (alone,) = lib.submit(document(), [planned()]).runs
    assert lib.trash(done.study or "") == list(done.runs)
    assert [row.uid for row in lib.runs()] == [alone]
    assert lib.studies() == []
    assert lib.study(done.study or "").trashed is not None
    assert lib.study(done.study or "").runs == 8
    assert lib.trash(done.study or "") == []
    assert lib.restore(done.study or "") == list(done.runs)
    assert lib.restore(done.study or "") == []
    assert lib.count() == 9
    assert [one.uid for one in lib.studies()] == [done.study]


def test_a_study_is_in_the_trash_when_all_its_runs_are(lib: Library) -> None:
    done = study(lib)
    lib.trash(done.runs[:7])
    (shown,) = lib.studies()
    assert (shown.runs, shown.trashed) == (1, None)
    lib.trash(done.runs[7])
    assert lib.studies() == []
    lib.restore(done.runs[0])
    (shown,) = lib.studies()
    assert shown.runs == 1


def test_trials_go_with_their_study(lib: Library) -> None:
    done, trials = study(lib), study(lib, heads=(2,))
    parent = "(SELECT id FROM study WHERE uid = ?)"
    lib._conn.execute(f"UPDATE study SET kind = 'trials', parent = {parent} WHERE uid = ?", (done.study, trials.study))
    assert set(lib.trash(done.study or "")) == {*done.runs, *trials.runs}
    assert set(lib.restore(done.study or "")) == {*done.runs, *trials.runs}


def test_what_somebody_works_on_is_not_put_away(lib: Library, queue: Queue) -> None:
    one, two = queue(2)
    finished(lib, two, {}, state="running")
    with pytest.raises(Refusal, match=f"Run {two} is being worked on"):
        lib.trash([one, two])
    assert lib.runs(trashed=True) == []


def test_nobody_claims_or_reuses_what_is_in_the_trash(lib: Library, queue: Queue) -> None:
    (uid,) = queue()
    lib.trash(uid)
    assert lib.claim(this_process()) is None
    assert lib.claim(this_process(), runs=[uid]) is None


def test_only_what_is_in_the_trash_can_be_removed(lib: Library) -> None:
    done = study(lib)
    lib.trash(done.runs[0])
    with pytest.raises(Refusal, match="is not in the trash"):
        lib.purge(done.runs[:2])
    assert lib.count(trashed=True) == 1
    with pytest.raises(Refusal, match="There is no run"):
        lib.purge("zz")


def test_what_others_name_stays(lib: Library) -> None:
    done = study(lib)
    (lib.folder / "logs").mkdir()
    log = lib.log_file(done.runs[0])
    log.write_text("x" * 1000)
    shared = lib.artifacts(done.runs[0])[-1]
    own = lib.artifacts(done.runs[0])[0]
    lib.trash(done.runs[0])
    purged = lib.purge()
    assert (purged.runs, purged.studies, purged.files) == (1, 0, 1)
    assert purged.bytes >= 1000 + own.size
    assert (own.path.exists(), shared.path.exists(), log.exists()) == (False, True, False)
    with pytest.raises(Refusal, match="There is no run"):
        lib.run(done.runs[0])
    assert lib.search("heads") != []
    assert all(found.row.uid != done.runs[0] for found in lib.search("heads"))
    sound(lib)


def test_a_whole_study_leaves_nothing_behind(lib: Library) -> None:
    done = study(lib)
    (alone,) = lib.submit(document(), [planned("cell")]).runs
    finished(lib, alone, {"loss": 0.5}, {"targets": b"targets"})
    lib.trash(done.study or "")
    purged = lib.purge(done.study)
    assert (purged.runs, purged.studies, purged.files) == (8, 1, 8)
    for table, left in (("run", 1), ("study", 0), ("cell", 1), ("document", 1), ("environment", 1), ("artifact", 1), ("run_text", 1)):
        assert rows(lib, table) == left, table
    assert rows(lib, "series") == 2
    assert lib.measures(alone)["loss"] == 0.5
    lib.trash(alone)
    assert lib.purge().runs == 1
    for table in ("run", "cell", "document", "environment", "artifact", "series", "tail", "curve", "event", "attempt", "param", "run_text"):
        assert rows(lib, table) == 0, table
    assert lib.purge() == purging.Purged(0, 0, 0, 0)
    sound(lib)


def test_a_study_that_is_only_in_the_trash_by_itself_goes_too(lib: Library) -> None:
    done = study(lib)
    lib.trash(done.runs)
    lib.purge(list(done.runs))
    with pytest.raises(Refusal, match="There is no study"):
        lib.study(done.study or "")


def test_the_file_becomes_smaller(lib: Library, queue: Queue) -> None:
    big, small = queue(2)
    for uid, steps in ((big, 400_000), (small, 10)):
        lease = lib.claim(this_process(), runs=[uid])
        assert lease is not None
        with RunWriter(lib.path, lease) as writer:
            for step in range(steps):
                writer.points(step, {"loss": float(step)})
            writer.state("running")
            writer.finish("finished")
    before = lib.path.stat().st_size
    lib.trash(big)
    purged = lib.purge()
    assert lib.path.stat().st_size < before / 2
    assert purged.bytes > before / 2
    assert len(lib.series(small, "loss")) == 10
    sound(lib)


def test_it_stays_as_large_while_somebody_works(lib: Library, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "worth_shrinking", lambda conn: True)
    one, two = queue(2)
    finished(lib, one, {"loss": 1.0})
    finished(lib, two, {}, state="running")
    assert not purging.shrink(lib._conn)
    lib._conn.execute("UPDATE run SET held = 0")
    with library.open(lib.folder) as other:
        other._conn.execute("BEGIN IMMEDIATE")
        assert not purging.shrink(lib._conn)
        assert lib._conn.execute("PRAGMA busy_timeout").fetchone()[0] > 1000
        other._conn.execute("ROLLBACK")
    assert purging.shrink(lib._conn)


def test_a_worker_whose_run_is_gone_stops(lib: Library, queue: Queue) -> None:
    """A run that is removed while a process believes it holds it: nothing is written any more."""
    from memstudio.library import Superseded

    (uid,) = queue()
    lease = lib.claim(this_process())
    assert lease is not None
    writer = RunWriter(lib.path, lease)
    lib._conn.execute("UPDATE run SET held = 0")
    lib.trash(uid)
    lib.purge()
    with pytest.raises(Superseded):
        writer.event("x", "y")
    writer.close()
    sound(lib)


def test_an_artifact_that_is_named_at_that_moment_stays(lib: Library, queue: Queue) -> None:
    """Two runs with the same file; one is removed while the other is given it."""
    one, two = queue(2)
    finished(lib, one, {}, {"model": b"same"})
    lib.trash(one)
    finished(lib, two, {}, {"model": b"same"})
    assert lib.purge().files == 0
    assert lib.read_artifact(hashlib.sha256(b"same").hexdigest()) == b"same"


def test_files_that_nobody_knows_of_are_swept(lib: Library) -> None:
    study(lib)
    place = lib.folder / "artifacts" / "ab" / ("c" * 62)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"orphan")
    notes = Path(lib.folder / "artifacts" / "notes.txt")
    notes.write_text("somebody's")
    lib.sweep()
    assert not place.exists()
    assert notes.exists()
    sound(lib)


def test_a_full_transaction_or_none(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    done = study(lib)
    lib.trash(done.runs)

    def broken(conn: sqlite3.Connection) -> int:
        raise sqlite3.OperationalError("no")

    monkeypatch.setattr(purging, "_remove_unnamed", broken)
    with pytest.raises(Refusal):
        lib.purge()
    assert lib.count(trashed=True) == 8
    assert [lib.read_artifact(one.sha256) for one in lib.artifacts(done.runs[0])] == [b"weights 0", b"targets"]
