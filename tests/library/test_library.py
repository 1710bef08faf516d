"""Submitting, listing and finding runs."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from memstudio.experiment.document import Document, Node
from memstudio.experiment.files import to_text
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import PlannedRun
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter
from tests.library.small import Queue, document, planned


def test_a_single_run_has_no_study(lib: Library) -> None:
    done = lib.submit(document(), [planned()])
    assert done.study is None
    row = lib.run(done.runs[0])
    assert (row.title, row.state, row.study, row.cell, row.sets) == ("Who remembers", "queued", None, "", {})
    assert (row.step, row.steps, row.attempts, row.held, row.started) == (0, None, 0, False, None)
    assert lib.studies() == []


def test_a_single_run_of_a_cell_keeps_its_cell(lib: Library) -> None:
    done = lib.submit(document(), [planned("small", heads=2)])
    row = lib.run(done.runs[0])
    assert (row.study, row.cell, row.sets) == (None, "small", {"mem1.heads": 2})


def test_a_study_lists_its_runs_as_planned(lib: Library) -> None:
    runs = [planned(cell, seed, seed, heads=heads) for cell, heads in (("few", 1), ("many", 8)) for seed in range(3)]
    done = lib.submit(document(), runs, title="Heads")
    other = lib.submit(document(), [planned()])
    assert done.study is not None
    rows = lib.runs(study=done.study)
    assert [row.uid for row in rows] == list(done.runs)
    assert [(row.cell, row.seed, row.replicate) for row in rows] == [(run.cell, run.seed, run.replicate) for run in runs]
    assert {row.study_title for row in rows} == {"Heads"}
    study = lib.study(done.study[:8])
    assert (study.title, study.runs, study.states) == ("Heads", 6, {"queued": 6})
    assert [(cell.label, cell.sets) for cell in study.cells] == [("few", {"mem1.heads": 1}), ("many", {"mem1.heads": 8})]
    assert lib.study_document(done.study) == document()
    assert [row.uid for row in lib.runs()] == [*other.runs, *done.runs]


def test_documents_are_kept_once_by_their_text(lib: Library) -> None:
    done = lib.submit(document(heads=2), [planned(seed=seed, heads=2) for seed in range(3)])
    row = lib.run(done.runs[0])
    assert row.document == hashlib.sha256(to_text(document(heads=2)).encode()).hexdigest()
    assert lib._conn.execute("SELECT count(*) FROM document").fetchone() == (1,)
    assert lib.document(done.runs[0]) == document(heads=2)


def test_nothing_to_run_is_refused(lib: Library) -> None:
    with pytest.raises(Refusal, match="nothing to run"):
        lib.submit(document(), [])
    assert lib.studies() == []


def test_parameters_by_address(lib: Library) -> None:
    inner = {"component": "sequence.gated_deltanet", "values": {"heads": 2, "gate": False}}
    doc = Document(
        nodes=[
            Node(id="mem1", component="sequence.mixture_of_memories", values={"inner": inner, "memories": 4}),
            Node(id="task", component="task.associative_recall", values={"loads": [4, 8]}),
            Node(id="learn", component="learner.gradient_descent", values={"strategies": [{"component": "a.b", "values": {"rate": 0.5}}]}),
        ]
    )
    (uid,) = lib.submit(doc, [PlannedRun("", {}, 0, 7, 8, doc)]).runs
    found = lib.parameters(uid)
    assert found["mem1.component"] == "sequence.mixture_of_memories"
    assert found["mem1.inner.component"] == "sequence.gated_deltanet"
    assert (found["mem1.inner.heads"], found["mem1.inner.gate"], found["mem1.memories"]) == (2, False, 4)
    assert found["task.loads"] == [4, 8]
    assert found["learn.strategies.0.rate"] == 0.5
    assert found["run.threads"] == 1
    assert "run.data_seed" not in found
    stored = dict(lib._conn.execute("SELECT key, num FROM param WHERE num IS NOT NULL").fetchall())
    assert (stored["mem1.inner.heads"], stored["mem1.inner.gate"]) == (2.0, 0.0)


def test_a_run_is_found_by_the_beginning_of_its_uid(lib: Library, queue: Queue) -> None:
    uids = queue(40)
    assert lib.run(uids[3]).uid == uids[3]
    assert lib.run(uids[3][:10]).uid == uids[3]
    shared = next(a[0] for a in uids if sum(b[0] == a[0] for b in uids) > 1)
    with pytest.raises(Refusal, match="Several runs begin with"):
        lib.run(shared)
    for unknown in ("", "zz", "%", "0" * 11 + "'", "f" * 13):
        with pytest.raises(Refusal, match="There is no run"):
            lib.run(unknown)
    with pytest.raises(Refusal, match="There is no study"):
        lib.study("abc")


def test_a_whole_uid_is_never_ambiguous(lib: Library, queue: Queue) -> None:
    one, other = queue(2)
    lib._conn.execute("UPDATE run SET uid = 'ab' WHERE uid = ?", (one,))
    lib._conn.execute("UPDATE run SET uid = 'abc' WHERE uid = ?", (other,))
    assert lib.run("ab").uid == "ab"


def test_notes_stars_tags_and_words(lib: Library, queue: Queue) -> None:
    one, two = queue(2, heads=4)
    lib.set_note(one, "the gate helped, surprisingly")
    lib.set_star(two, True)
    lib.set_tags(two, ["paper", "keep me", "paper"])
    assert (lib.run(one).note, lib.run(two).starred) == ("the gate helped, surprisingly", True)
    assert lib.tags(two) == ["keep me", "paper"]
    assert [row.uid for row in lib.runs(text="surpris")] == [one]
    assert [row.uid for row in lib.runs(text="PAPER keep")] == [two]
    assert {row.uid for row in lib.runs(text="mem1.heads")} == {one, two}
    assert {row.uid for row in lib.runs(text="sequence attention")} == {one, two}
    for odd in ('"', "a OR", "NEAR(", "title:", "-", "*"):
        lib.runs(text=odd)
    lib.set_tags(two, [])
    assert lib.runs(text="paper") == []


def test_the_trash_hides_and_gives_back(lib: Library, queue: Queue) -> None:
    one, two = queue(2)
    lib.trash(one)
    assert [row.uid for row in lib.runs()] == [two]
    assert [row.uid for row in lib.runs(trashed=True)] == [one]
    assert lib.run(one).trashed is not None
    lease = lib.claim(this_process())
    assert lease is not None
    assert lease.run_uid == two
    assert lib.claim(this_process()) is None
    with pytest.raises(Refusal, match="stop before"):
        lib.trash(two)
    assert lib.restore(one) == [one]
    assert lib.claim(this_process()) is not None


def test_a_page_at_a_time(lib: Library, queue: Queue) -> None:
    uids = queue(7)
    assert [row.uid for row in lib.runs(limit=3)] == uids[::-1][:3]
    assert [row.uid for row in lib.runs(limit=3, offset=5)] == uids[::-1][5:]


def test_sorting_by_field_parameter_and_measure(lib: Library) -> None:
    uids = []
    for i, (heads, recall) in enumerate([(4, 0.5), (1, 0.9), (2, math.nan), (8, 0.1)]):
        uids += lib.submit(document(title=f"run {i}"), [planned(seed=i, heads=heads)]).runs
        lease = lib.claim(this_process(), runs=uids[-1:])
        assert lease is not None
        with RunWriter(lib.path, lease) as writer:
            writer.points(1, {"recall[load=16]": recall})
            writer.state("running")
            writer.finish("finished")
    uids += lib.submit(document(title="unmeasured"), [planned(seed=9)]).runs
    a, b, nan, d, none = uids
    assert [row.uid for row in lib.runs(sort="seed")] == uids
    assert [row.uid for row in lib.runs(sort="-title")] == [none, d, nan, b, a]
    assert [row.uid for row in lib.runs(sort="mem1.heads")] == [b, nan, a, d, none]
    assert [row.uid for row in lib.runs(sort="-mem1.heads")] == [d, a, nan, b, none]
    assert [row.uid for row in lib.runs(sort="-recall[load=16]")][:3] == [b, a, d]
    assert [row.uid for row in lib.runs(sort="recall[load=16]")][:3] == [d, a, b]
    # a page comes from the index; what has no value follows all the same
    assert [row.uid for row in lib.runs(sort="-recall[load=16]", limit=2)] == [b, a]
    assert [row.uid for row in lib.runs(sort="-recall[load=16]", limit=2, offset=1)] == [a, d]
    assert len(lib.runs(sort="recall[load=16]", limit=4)) == 4
    assert {row.uid for row in lib.runs(sort="recall[load=16]", limit=4, offset=3)} == {nan, none}
    with pytest.raises(Refusal, match=r"did you mean recall\[load=16\]"):
        lib.runs(sort="recall[load=15]")


def test_last_values_of_many_runs_at_once(lib: Library, queue: Queue) -> None:
    uids = queue(3)
    lease = lib.claim(this_process())
    assert lease is not None
    with RunWriter(lib.path, lease) as writer:
        writer.points(1, {"loss": 2.0, "recall[load=4]": 0.25})
        writer.points(2, {"loss": math.inf})
    assert lib.measures(uids[0]) == {"loss": math.inf, "recall[load=4]": 0.25}
    assert lib.measures_of(uids) == {uids[0]: {"loss": math.inf, "recall[load=4]": 0.25}, uids[1]: {}, uids[2]: {}}
    assert lib.measures_of(uids[:1], ["recall[load=4]"]) == {uids[0]: {"recall[load=4]": 0.25}}
    assert lib.measures_of([]) == {}
    assert lib.measure_names() == ["loss", "recall[load=4]"]


def test_the_log_lies_beside_the_library(lib: Library, queue: Queue) -> None:
    (uid,) = queue()
    assert lib.log_file(uid[:9]) == lib.folder / "logs" / f"{uid}.txt"


def test_ten_thousand_runs_use_indexes(lib: Library, queue: Queue) -> None:
    """Not timed: the plans say that no page of runs reads every run."""
    queue()
    plans = {
        "SELECT r.uid FROM run r WHERE r.trashed IS NULL ORDER BY r.queued DESC, r.id LIMIT 100": "run_list",
        "SELECT r.id FROM run r WHERE r.state = 'queued' ORDER BY r.priority DESC, r.queued, r.id LIMIT 1": "run_queue",
        "SELECT x.run FROM series x WHERE x.metric = 1 AND x.context = '' AND x.last_v > 0.9": "series_last",
        "SELECT id FROM command WHERE run = 1 AND done IS NULL": "command_open",
    }
    for sql, index in plans.items():
        plan = " ".join(row[3] for row in lib._conn.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert index in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_numpy_arrays_in_two_lines(tmp_path: Path) -> None:
    """As README shows it."""
    import memstudio.library
    from tests.library.filled import study

    with memstudio.library.open(tmp_path / "runs") as lib:
        study(lib)

    library = memstudio.library.open(tmp_path / "runs")
    losses = {run.uid: library.series(run.uid, "loss[split=train]").values for run in library.runs(where="recall > 0.35", sort="-recall")}

    library.close()
    assert [values.tolist() for values in losses.values()] == [[1.0, 1 / 2, 1 / 3]] * 4
    assert all(isinstance(values, np.ndarray) and values.dtype == np.float64 for values in losses.values())
