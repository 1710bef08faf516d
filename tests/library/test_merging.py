"""Merging: everything of a run comes, the same run comes once, whatever is raised nothing has come, the other library is never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.ground.launch import environment
from memstudio.library import Library, View, copying, merging
from memstudio.library.artifacts import Incoming
from tests.library.filled import finished, study
from tests.library.older import RUNS, STUDY, version_1
from tests.library.small import document, planned


def whole(lib: Library, uid: str) -> dict[str, Any]:
    """All that a library says of a run, as values that can be compared."""
    row = lib.run(uid)
    told = {name: value for name, value in row._asdict().items() if name not in ("held", "baseline")}
    return {
        **told,
        "document": lib.document(uid),
        "environment": lib.environment(uid),
        "data": lib.data(uid),
        "parameters": lib._conn.execute(
            "SELECT key, text, num FROM param p JOIN run r ON r.id = p.run WHERE r.uid = ? ORDER BY key", (uid,)
        ).fetchall(),
        "measures": lib.measures(uid),
        "series": {name: (s.steps.tolist(), s.values.tolist()) for name in lib.series_names(uid) for s in [lib.series(uid, name)]},
        "summaries": {name: lib.summary(uid, name) for name in lib.series_names(uid)},
        "curves": {
            name: [(one.step, one.values.tolist(), one.axes, one.kind, one.rows) for one in lib.curves(uid, name)]
            for name in lib.curve_names(uid)
        },
        "events": [(e.time, e.step, e.level, e.kind, e.text, e.data) for e in lib.events(uid)],
        "attempts": lib.attempts(uid),
        "artifacts": {a.name: (a.kind, a.size, a.stage, a.step, a.meta, lib.read_artifact(a.sha256)) for a in lib.artifacts(uid)},
    }


def contents(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def sound(lib: Library) -> None:
    """What must hold of every library: rows and files hang together, every file is what its name says, none is there that nobody knows."""
    assert lib._conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert lib._conn.execute("PRAGMA foreign_key_check").fetchall() == []
    shas = {row[0] for row in lib._conn.execute("SELECT sha256 FROM artifact")}
    for sha in shas:
        lib.read_artifact(sha)
    files = {file.parent.name + file.name for file in (lib.folder / "artifacts").glob("[0-9a-f][0-9a-f]/*")}
    assert files == shas
    waiting = lib.folder / "artifacts" / "incoming"
    assert not waiting.exists() or list(waiting.iterdir()) == []
    assert [one for one in lib.folder.iterdir() if one.name.startswith(".merging-")] == []
    indexed = lib._conn.execute("SELECT (SELECT count(*) FROM run_text), (SELECT count(*) FROM run)").fetchone()
    assert indexed[0] == indexed[1]


def hold_trials(lib: Library, study: str | None, trials: str | None) -> None:
    """Makes one study the trials of another."""
    parent = "(SELECT id FROM study WHERE uid = ?)"
    lib._conn.execute(f"UPDATE study SET kind = 'trials', parent = {parent} WHERE uid = ?", (study, trials))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Library]:
    with library.open(tmp_path / "other") as opened:
        yield opened


def test_everything_of_a_run_comes(lib: Library, other: Library) -> None:
    lib.submit(document(), [planned()])  # so that ids differ
    done = study(other)
    other.mark(done.runs[1], [done.study or ""], star=True, add_tags=["paper"], note="the gate helped")
    other.set_baseline_cell(done.study or "", "attention, heads 1")
    other.set_derived(done.runs[0], {"auroc_ood": 0.75}, version=3)
    other.event(done.runs[0], "exported", "As safetensors.", data={"step": 3})
    (other.folder / "logs").mkdir()
    (other.folder / "logs" / f"{done.runs[0]}.txt").write_text("what was said")
    other.close()
    before = contents(other.folder)
    merged = lib.merge(other.folder)
    assert contents(other.folder) == before
    assert (merged.runs, merged.studies, merged.already, merged.updated, merged.files, merged.missing) == (8, 1, 0, 0, 9, 0)
    assert merged.uids == done.runs
    with library.open(other.folder) as again:
        for uid in done.runs:
            assert whole(lib, uid) == whole(again, uid)
        ours, theirs = lib.study(done.study or ""), again.study(done.study or "")
        assert ours == theirs
        assert lib.study_document(ours.uid) == again.study_document(ours.uid)
    assert lib.derived_version(done.runs[0], "auroc_ood") == 3
    assert [found.row.uid for found in lib.search("gate helped")] == [done.runs[1]]
    assert len(lib.runs(where='memory = "gated delta rule" and recall > 0.55')) == 2
    assert lib.log_file(done.runs[0]).read_text() == "what was said"
    sound(lib)


def test_merging_twice_is_merging_once(lib: Library, other: Library) -> None:
    study(other)
    lib.merge(other.folder)
    before = {row.uid: whole(lib, row.uid) for row in lib.runs()}
    counts = lib._conn.execute("SELECT (SELECT count(*) FROM series), (SELECT count(*) FROM event), (SELECT count(*) FROM cell)").fetchone()
    again = lib.merge(other.folder)
    assert (again.runs, again.studies, again.already, again.updated, again.files) == (0, 0, 8, 0, 0)
    assert {row.uid: whole(lib, row.uid) for row in lib.runs()} == before
    assert (
        counts
        == lib._conn.execute("SELECT (SELECT count(*) FROM series), (SELECT count(*) FROM event), (SELECT count(*) FROM cell)").fetchone()
    )
    sound(lib)


def test_what_had_not_ended_comes_as_stopped_and_can_go_on(lib: Library, other: Library) -> None:
    waiting, running, paused = (other.submit(document(), [planned(seed=i)]).runs[0] for i in range(3))
    finished(other, running, {"loss": 1.0}, state="running")
    other.command(paused, "pause")
    lib.merge(other.folder)
    assert [lib.run(uid).state for uid in (waiting, running, paused)] == ["stopped", "stopped", "paused"]
    assert lib.run(waiting).why == copying.ELSEWHERE
    assert lib.run(paused).why is None
    assert not lib.run(running).held
    assert all(attempt.ended is not None for attempt in lib.attempts(running))
    lib.requeue(waiting)
    assert lib.run(waiting).state == "queued"
    assert other.run(waiting).state == "queued"
    sound(lib)


def test_a_run_that_came_further_there_is_brought_up_to_date(lib: Library, other: Library) -> None:
    (uid,) = other.submit(document(), [planned()]).runs
    lib.merge(other.folder)
    lib.mark(uid, star=True, add_tags=["mine"], note="my note")
    lib.set_baseline(uid)
    finished(other, uid, {"loss": 0.25}, {"model": b"weights"})
    other.mark(uid, add_tags=["theirs"], note="their note")
    merged = lib.merge(other.folder)
    assert (merged.runs, merged.updated, merged.already, merged.uids) == (0, 1, 0, (uid,))
    row = lib.run(uid)
    assert (row.state, row.starred, row.note, row.tags, row.baseline) == ("finished", True, "my note", ("mine", "theirs"), True)
    assert lib.measures(uid)["loss"] == 0.25
    assert [lib.read_artifact(one.sha256) for one in lib.artifacts(uid)] == [b"weights"]
    # and never back again
    with library.open(other.folder.parent / "third") as third:
        third.merge(other.folder)
        third._conn.execute("UPDATE run SET state = 'stopped', step = 1")
        assert lib.merge(third.folder).already == 1
    assert lib.run(uid).state == "finished"
    sound(lib)


def test_a_run_that_somebody_holds_here_stays(lib: Library, other: Library) -> None:
    (uid,) = other.submit(document(), [planned()]).runs
    lib.merge(other.folder)
    finished(other, uid, {"loss": 0.25})
    lib.requeue(uid)
    finished(lib, uid, {"loss": 0.5}, state="running")
    assert lib.merge(other.folder).already == 1
    assert (lib.run(uid).state, lib.run(uid).held, lib.measures(uid)["loss"]) == ("running", True, 0.5)


def test_tags_and_a_missing_note_come_to_runs_that_are_here(lib: Library, other: Library) -> None:
    done = study(other)
    lib.merge(other.folder)
    lib.set_tags(done.runs[0], ["ours"])
    lib.set_note(done.runs[1], "ours")
    other.mark(done.runs[:2], add_tags=["theirs"], note="theirs")
    lib.merge(other.folder)
    assert (lib.run(done.runs[0]).tags, lib.run(done.runs[0]).note) == (("ours", "theirs"), "theirs")
    assert lib.run(done.runs[1]).note == "ours"
    assert {found.row.uid for found in lib.search("theirs")} == set(done.runs[:2])


def test_the_trash_of_the_other_stays_there_and_ours_stays_trash(lib: Library, other: Library) -> None:
    done = study(other)
    lib.merge(other.folder)
    lib.trash(done.runs[:1])
    (alone,) = other.submit(document(), [planned()]).runs
    other.trash(alone)
    assert lib.merge(other.folder).runs == 0
    assert [row.uid for row in lib.runs(trashed=True)] == [done.runs[0]]


def test_a_study_that_grew_there_gets_its_new_cells_and_runs(lib: Library, other: Library) -> None:
    done = study(other)
    uids = set(done.runs)
    other.trash(done.runs[:4])
    assert lib.merge(other.folder).runs == 4
    other.restore(done.runs[:4])
    merged = lib.merge(other.folder)
    assert (merged.runs, merged.studies, merged.already) == (4, 0, 4)
    assert {row.uid for row in lib.runs(study=done.study)} == uids
    assert len(lib.study(done.study or "").cells) == 4
    sound(lib)


def test_trials_come_with_their_study(lib: Library, other: Library) -> None:
    done, trials = study(other), study(other, heads=(2,))
    hold_trials(other, done.study, trials.study)
    lib.merge(other.folder)
    assert [one.uid for one in lib.studies()] == [done.study]
    (held,) = lib.studies(trials_of=done.study)
    assert (held.uid, held.kind, held.parent) == (trials.study, "trials", done.study)


def test_an_older_library_is_merged_and_left_as_it_is(lib: Library, tmp_path: Path) -> None:
    file = version_1(tmp_path / "old")
    before = contents(file.parent)
    merged = lib.merge(file)
    assert (merged.runs, merged.files, merged.missing) == (9, 9, 0)
    assert contents(file.parent) == before
    assert len(lib.runs(study=STUDY, where='memory = "gated delta rule"')) == 4
    assert np.array_equal(lib.series(RUNS[0], "loss[split=train]").values, 1.0 / (1 + np.arange(1201)))
    sound(lib)


def test_one_whose_newest_rows_are_still_in_its_log(lib: Library, other: Library, tmp_path: Path) -> None:
    """As a copied folder of a library whose process was killed: nothing is made beside it."""
    done = study(other)
    shutil.copytree(other.folder, tmp_path / "copied")
    (tmp_path / "copied" / "library.db-shm").unlink()
    assert (tmp_path / "copied" / "library.db-wal").stat().st_size > 0
    before = contents(tmp_path / "copied")
    assert lib.merge(tmp_path / "copied").runs == len(done.runs)
    assert contents(tmp_path / "copied") == before


def test_beside_somebody_who_writes_it(lib: Library, other: Library) -> None:
    """The other library is open and changes between two merges."""
    (one,) = other.submit(document(), [planned()]).runs
    assert lib.merge(other.folder).uids == (one,)
    (two,) = other.submit(document(), [planned(seed=1)]).runs
    assert lib.merge(other.folder).uids == (two,)


def test_views_come_under_free_names(lib: Library, other: Library) -> None:
    other.set_view("best", View(where="recall > 0.9"))
    other.set_view("mine", View(where="seed = 1"))
    lib.set_view("mine", View(where="seed = 2"))
    lib.merge(other.folder)
    assert {name: view.where for name, view in lib.views().items()} == {"best": "recall > 0.9", "mine": "seed = 2"}


def test_files_the_other_lacks_or_that_changed_do_not_come(lib: Library, other: Library) -> None:
    done = study(other)
    lost, changed = (other.artifacts(uid)[0].path for uid in done.runs[:2])
    lost.unlink()
    changed.write_bytes(b"other content")
    merged = lib.merge(other.folder)
    assert (merged.runs, merged.files, merged.missing) == (8, 7, 2)
    assert [one.name for one in lib.artifacts(done.runs[0])] == ["targets"]
    assert lib.measures(done.runs[0]) == other.measures(done.runs[0])
    sound(lib)


@pytest.mark.parametrize("fails", ["progress", "staging", "put", "rows"])
def test_whatever_is_raised_nothing_has_come(lib: Library, other: Library, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    study(other)
    (here,) = lib.submit(document(), [planned()]).runs
    calls = {"n": 0}

    def third(*args: Any, **named: Any) -> Any:
        calls["n"] += 1
        if calls["n"] == 3:
            raise KeyboardInterrupt
        return before(*args, **named)

    if fails == "progress":
        before = lambda done, total, what: None  # noqa: E731
        with pytest.raises(KeyboardInterrupt):
            lib.merge(other.folder, third)
    else:
        owner, name = {
            "staging": (merging, "Incoming"),
            "put": (Incoming, "put"),
            "rows": (merging, "place_of"),
        }[fails]
        before = getattr(owner, name)
        monkeypatch.setattr(owner, name, third)
        with pytest.raises(KeyboardInterrupt):
            lib.merge(other.folder)
        monkeypatch.undo()
    assert [row.uid for row in lib.runs()] == [here]
    assert lib.studies() == []
    lib.sweep()  # what a transaction that did not end put in place is nobody's
    sound(lib)
    assert lib.merge(other.folder).runs == 8
    sound(lib)


KILLED = """
import os, signal, sys
from memstudio import library
from memstudio.library import merging
put = merging._put
def killed(*args):
    put(*args)
    os.kill(os.getpid(), signal.SIGKILL)
merging._put = killed
with library.open(sys.argv[1]) as lib:
    lib.merge(sys.argv[2])
"""


def test_killed_in_the_middle_nothing_has_come(lib: Library, other: Library) -> None:
    study(other)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(lib.folder), str(other.folder)], env=environment(), timeout=100, check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr
    assert lib.runs() == []
    (left,) = lib.folder.glob(".merging-*")
    lib.sweep()
    assert left.exists(), "somebody may be merging at this moment"
    os.utime(left, (0, 0))
    lib.sweep()
    sound(lib)
    assert lib.merge(other.folder).runs == 8
    sound(lib)


def test_what_cannot_be_merged_is_said(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with contextlib.closing(sqlite3.connect(tmp_path / "foreign.db")) as conn:
        conn.execute("CREATE TABLE run(id)")
    library.open(tmp_path / "newer").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "newer" / "library.db")) as conn:
        conn.execute("PRAGMA user_version=99")
    for path, said in (
        (tmp_path / "nowhere", "There is no library"),
        (tmp_path / "folder", "There is no library in"),
        (tmp_path / "notes.txt", "is not a library"),
        (tmp_path / "foreign.db", "another program"),
        (tmp_path / "newer", "newer MemStudio"),
        (lib.folder, "is this library itself"),
        (lib.path, "is this library itself"),
    ):
        with pytest.raises(Refusal, match=said) as caught:
            lib.merge(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE run SET uid = '../../etc/passwd' WHERE id = 1", "a row of run cannot be read"),
        ("UPDATE run SET uid = '' WHERE id = 1", "a row of run cannot be read"),
        ("UPDATE cell SET sets = '{'", "a row of cell cannot be read"),
        ("UPDATE tail SET v = x'00'", "a row of tail cannot be read"),
        ("UPDATE curve SET dtype = '|O8'", "a row of curve cannot be read"),
        ("UPDATE artifact SET size = -1", "a row of artifact cannot be read"),
        ("UPDATE document SET json = '{}'", "is not what its name says"),
        ("DROP TABLE view", "its table view is another"),
        ("ALTER TABLE run ADD COLUMN more TEXT", "its table run is another"),
        ("ALTER TABLE tag RENAME TO old; CREATE VIEW tag AS SELECT * FROM old", "its table tag is another"),
    ],
)
def test_a_library_that_was_tampered_with_is_refused(lib: Library, other: Library, sql: str, said: str) -> None:
    study(other)
    other.close()
    with contextlib.closing(sqlite3.connect(other.path)) as conn:
        conn.executescript(sql)
    with pytest.raises(Refusal, match=said):
        lib.merge(other.folder)
    assert lib.runs() == []
    sound(lib)


def test_damaged_pages_are_refused(lib: Library, other: Library) -> None:
    study(other)
    other.close()
    data = bytearray(other.path.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    other.path.write_bytes(data)
    with pytest.raises(Refusal, match=r"damaged|cannot be"):
        lib.merge(other.folder)
    assert lib.runs() == []


def test_a_read_only_library_takes_nothing(lib: Library, other: Library) -> None:
    study(other)
    with library.open(lib.folder, readonly=True) as shelf, pytest.raises(Refusal, match="read-only"):
        shelf.merge(other.folder)


pairs = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["queued", "stopped", "finished", "failed"]), st.integers(0, 3)), max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs, pairs)
def test_whatever_two_libraries_hold_merging_is_sound_and_idempotent(
    tmp_path_factory: pytest.TempPathFactory, mine: Any, theirs: Any
) -> None:
    """Runs of the same uid in any states on both sides: after merging nobody has gone back, and merging again changes nothing."""
    place = tmp_path_factory.mktemp("pairs")
    with library.open(place / "a") as a, library.open(place / "b") as b:
        for lib, runs in ((a, mine), (b, theirs)):
            for uid, state, step in {uid: (uid, state, step) for uid, state, step in runs}.values():
                (run,) = lib.submit(document(title=f"run {uid}"), [planned(seed=uid)]).runs
                lib._conn.execute("UPDATE run SET uid = ? WHERE uid = ?", (f"{uid:012x}", run))
                if state != "queued":
                    finished(lib, f"{uid:012x}", {"loss": float(step)}, {"model": b"%d" % step}, state=state, points=step + 1)
        before = {row.uid: row for row in a.runs()}
        merged = a.merge(b.folder)
        after = {row.uid: row for row in a.runs()}
        assert set(after) == set(before) | {row.uid for row in b.runs()}
        assert merged.runs + merged.updated + merged.already == b.count()
        for uid, row in before.items():
            assert after[uid].step >= row.step or after[uid].state == "finished"
            assert row.state != "finished" or after[uid] == row
        everything = {uid: whole(a, uid) for uid in after}
        again = a.merge(b.folder)
        assert (again.runs, again.updated) == (0, 0)
        assert {uid: whole(a, uid) for uid in after} == everything
        sound(a)
