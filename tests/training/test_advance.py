"""Decisions about studies: by validation alone, the same whoever takes them, once, all of it or nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Case, Document, Hopeless, Tuned
from memstudio.experiment.tuning import SEEDS_APART
from memstudio.ground.machine import this_process
from memstudio.library import Lease, Library, RunRow, RunWriter
from memstudio.library import open as open_library
from memstudio.training import worker
from memstudio.training.advance import advance
from tests.training.deciding import ACCURACY, HEADS, LOSS, RATE, end_all, end_next, ranged, study_document, submitted


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def rate_of(row: RunRow) -> float:
    return float(row.sets["learn.rate"])


def is_trial(row: RunRow) -> bool:
    return row.seed >= SEEDS_APART


def best_in_the_middle(row: RunRow) -> dict[str, float]:
    """0.01 is best on validation, 0.001 on test."""
    return {LOSS: abs(rate_of(row) - 0.01), ACCURACY: 1.0 - rate_of(row)}


def test_a_study_is_tuned_and_then_reported(library: Library) -> None:
    study = submitted(library, study_document(RATE, HEADS))
    assert library.runs(study=study) == []
    # cells take turns, so that minutes that run out leave none of them without a trial
    assert [row.cell for row in library.trials(study)][:3] == ["heads 1, rate 0.001", "heads 2, rate 0.001", "heads 1, rate 0.01"]
    assert [trial.label for trial in library.tuning(study)[0].trials] == ["heads 1, rate 0.001", "heads 1, rate 0.01", "heads 1, rate 0.1"]
    assert {row.title for row in library.trials(study)} == {"Tiny recall (trials)"}
    assert [one.uid for one in library.studies()] == [study]
    assert [cell.why for cell in library.tuning(study)] == ["0 of 3 trials have ended, so nothing is chosen yet."] * 2
    runs = end_all(library, best_in_the_middle)
    assert [is_trial(row) for row in runs] == [True] * 6 + [False] * 4
    reported = library.runs(study=study)
    assert [(row.cell, row.sets, row.seed) for row in runs[6:]] == [
        ("heads 1", {"mem1.heads": 1, "learn.rate": 0.01}, 0),
        ("heads 2", {"mem1.heads": 2, "learn.rate": 0.01}, 0),
        ("heads 1", {"mem1.heads": 1, "learn.rate": 0.01}, 1),
        ("heads 2", {"mem1.heads": 2, "learn.rate": 0.01}, 1),
    ]
    assert {library.document(row.uid).node("learn").values["rate"] for row in reported} == {0.01}
    first = library.tuning(study)[0]
    assert (first.runs, first.chosen, first.by) == (2, {"learn.rate": 0.01}, LOSS)
    assert first.why == "Chosen on validation: rate 0.01, loss[split=validation] 0, the lowest of 3 trials."
    assert library.open_studies() == []
    assert not advance(library, catalogue)


def test_validation_chooses_where_test_would_choose_otherwise(library: Library) -> None:
    """The guard: what is best on test is never what is chosen, and nothing changes with what test says."""
    chosen = []
    for sign in (1.0, -1.0):

        def measured(row: RunRow, sign: float = sign) -> dict[str, float]:
            # names of test that anyone might choose by, each best at another rate than validation
            test = sign * rate_of(row)
            return {LOSS: abs(rate_of(row) - 0.01), "loss": test, ACCURACY: -test, "loss[split=train]": test, "recall": -test}

        study = submitted(library, study_document(RATE))
        end_all(library, measured)
        (cell,) = library.tuning(study)
        chosen.append(cell.chosen)
    assert chosen == [{"learn.rate": 0.01}] * 2


def test_a_choice_by_a_measure_of_test_is_never_made(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even of a document that came past every check, from another program say."""
    study = submitted(library, study_document(RATE))
    bad = study_document(RATE.model_copy(update={"tuned": Tuned(by="loss")}))
    while end_next(library, lambda row: {LOSS: rate_of(row), "loss": rate_of(row)}):
        pass
    monkeypatch.setattr(Library, "study_document", lambda self, study: bad)
    assert not advance(library, catalogue)
    assert library.runs(study=study) == []


@pytest.mark.parametrize("method", ["random", "optuna"])
def test_whoever_decides_finds_the_same(tmp_path: Path, method: str) -> None:
    if method == "optuna":
        pytest.importorskip("optuna")
    seen = []
    for name in ("one", "two"):
        with open_library(tmp_path / name) as library:
            study = submitted(library, study_document(ranged(method, 10), HEADS, replicates=1))

            def measured(row: RunRow) -> dict[str, float]:
                return {LOSS: abs(rate_of(row) - 0.02) + 0.01 * int(row.sets["mem1.heads"])}

            if name == "two":  # the runs of a round end in another order
                library.move([row.uid for row in reversed(library.queue())][:3], library.queue()[0].uid)
            end_all(library, measured)
            trials = [(cell.label, [(trial.label, trial.value) for trial in cell.trials]) for cell in library.tuning(study)]
            seen.append((trials, {row.cell: row.sets for row in library.runs(study=study)}))
    assert seen[0] == seen[1]
    assert [len(trials) for _, trials in seen[0][0]] == [10, 10]


def test_a_failed_trial_is_not_chosen_and_keeps_nobody_waiting(library: Library) -> None:
    study = submitted(library, study_document(RATE))
    end_all(library, lambda row: None if is_trial(row) and rate_of(row) == 0.01 else best_in_the_middle(row))
    (cell,) = library.tuning(study)
    assert cell.chosen == {"learn.rate": 0.001}
    assert cell.why.endswith("the lowest of 3 trials (2 of 3 measured it).")


def test_nothing_is_chosen_where_every_trial_failed_until_some_are_retried(library: Library) -> None:
    study = submitted(library, study_document(RATE))
    assert len(end_all(library, lambda row: None)) == 3
    (cell,) = library.tuning(study)
    assert (cell.runs, cell.chosen) == (0, None)
    assert cell.why.startswith("No trial measured what it is chosen by")
    assert library.retry([study]) == [row.uid for row in library.trials(study)]
    end_all(library, best_in_the_middle)
    assert library.tuning(study)[0].chosen == {"learn.rate": 0.01}


def test_seeds_of_a_trial_count_together(library: Library) -> None:
    axis = RATE.model_copy(update={"values": [0.001, 0.1], "tuned": Tuned(seeds=2)})
    study = submitted(library, study_document(axis))
    losses = {(0.001, 0): 0.1, (0.001, 1): 0.9, (0.1, 0): 0.4, (0.1, 1): 0.4}
    end_all(library, lambda row: {LOSS: losses[rate_of(row), row.replicate]})
    (cell,) = library.tuning(study)
    assert [trial.value for trial in cell.trials] == [0.5, 0.4]
    assert cell.chosen == {"learn.rate": 0.1}


def test_what_someone_stopped_is_not_decided_about(library: Library) -> None:
    study = submitted(library, study_document(RATE))
    end_next(library, best_in_the_middle)
    library.stop_study(study)
    assert not advance(library, catalogue)
    assert library.runs(study=study) == []
    library.retry([study])
    end_all(library, best_in_the_middle)
    assert library.tuning(study)[0].chosen == {"learn.rate": 0.01}


def test_a_case_that_sets_nothing_can_be_chosen(library: Library) -> None:
    cases = [Case(label="as it is", set={}), Case(label="fast", set={"learn.rate": 0.1})]
    study = submitted(library, study_document(RATE.model_copy(update={"cases": cases, "set": None, "values": None})))
    end_all(library, lambda row: {LOSS: 0.5 if row.sets else 0.1})
    (cell,) = library.tuning(study)
    assert (cell.chosen, cell.runs) == ({}, 2)
    assert "as it is" in cell.why
    assert not advance(library, catalogue)


def test_purged_results_are_not_run_again(library: Library) -> None:
    study = submitted(library, study_document(RATE))
    end_all(library, best_in_the_middle)
    library._conn.execute(
        "DELETE FROM run WHERE cell IN (SELECT c.id FROM cell c JOIN study s ON s.id = c.study WHERE s.uid = ?)", (study,)
    )
    assert not advance(library, catalogue)
    assert library.queue() == []
    (cell,) = library.tuning(study)
    assert (cell.chosen, cell.runs, cell.why) == ({"learn.rate": 0.01}, 0, "")


def test_purged_trials_are_not_tried_again(library: Library) -> None:
    study = submitted(library, study_document(RATE))
    library.stop_study(study)
    library._conn.execute("DELETE FROM run")
    library._conn.execute("DELETE FROM cell WHERE study != (SELECT id FROM study WHERE uid = ?)", (study,))
    assert not advance(library, catalogue)
    assert library.queue() == []


# ---------------------------------------------------------------------------------------------- all of it or nothing, once


def ready(library: Library, document: Document | None = None) -> str:
    """A study whose trials have ended, and nobody has decided yet."""
    study = submitted(library, study_document(RATE, HEADS) if document is None else document)
    while end_next(library, best_in_the_middle):
        pass
    return study


def test_two_that_decide_at_once_decide_once(library: Library) -> None:
    study = ready(library)
    start = threading.Barrier(4)

    def decide() -> None:
        with open_library(library.folder) as own:
            start.wait()
            for _ in range(3):
                advance(own, catalogue)

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((row.cell, row.seed) for row in library.runs(study=study)) == [
        ("heads 1", 0),
        ("heads 1", 1),
        ("heads 2", 0),
        ("heads 2", 1),
    ]


def test_a_round_of_trials_is_added_once(library: Library) -> None:
    pytest.importorskip("optuna")
    study = ready(library, study_document(ranged("optuna", 6)))
    with open_library(library.folder) as other:
        before = other.tuning(study)
        assert advance(library, catalogue)
        from memstudio.experiment.cells import cell_cases
        from memstudio.experiment.studies import trials
        from memstudio.experiment.tuning import Tried, proposals

        # the other has read the library before, and comes too late
        document = other.study_document(study)
        (cell,) = cell_cases(document)
        points = proposals(document, catalogue(), cell, [Tried(dict(one.sets), one.value) for one in before[0].trials])
        assert not other.add_trials(study, cell.label, len(before[0].trials), trials(document, catalogue(), cell, points))
    assert [len(one.trials) for one in library.tuning(study)] == [6]


def die_at(folder: Path, statement: int) -> None:
    """Decides, and is killed within the transaction, after so many statements that write."""
    with open_library(folder) as library:
        seen = 0

        def trace(sql: str) -> None:
            nonlocal seen
            if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "COMMIT")):
                seen += 1
                if seen > statement:
                    os._exit(9)

        library._conn.set_trace_callback(trace)
        advance(library, catalogue)


@pytest.mark.parametrize("statement", [0, 1, 3, 10, 40, 75])
def test_killed_in_the_middle_of_a_decision_nothing_is_half_done(library: Library, statement: int) -> None:
    study = ready(library, study_document(RATE))
    code = f"import pathlib, tests.training.test_advance as t; t.die_at(pathlib.Path({str(library.folder)!r}), {statement})"
    ended = subprocess.run([sys.executable, "-c", code], timeout=90, check=False).returncode
    assert ended == 9 or (ended == 0 and statement > 40)
    assert len(library.runs(study=study)) in (0, 2)
    (cell,) = library.tuning(study)
    assert (cell.chosen is None) == (cell.runs == 0)
    assert ("learn.rate" in cell.sets) == (cell.runs == 2)
    conn = sqlite3.connect(library.path)
    assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert conn.execute("PRAGMA foreign_key_check").fetchone() is None
    conn.close()
    # whoever comes next does what is left, and no more
    advance(library, catalogue)
    assert [row.seed for row in library.runs(study=study)] == [0, 1]
    assert library.tuning(study)[0].chosen == {"learn.rate": 0.01}


# ---------------------------------------------------------------------------------------------- what is given up


def test_hopeless_cells_are_given_up_and_nothing_at_work_is(library: Library) -> None:
    heads = HEADS.model_copy(update={"values": [1, 2, 4]})
    rule = Hopeless(measure="accuracy[split=validation]", better="highest", after=2, margin=0.1)
    study = submitted(library, study_document(heads, replicates=5, hopeless=rule))
    good = {1: 0.9, 2: 0.3, 4: 0.85}

    def measured(row: RunRow) -> dict[str, float]:
        # on test the hopeless one is the best
        value = good[row.sets["mem1.heads"]] * (1 + 0.001 * row.seed)
        return {"accuracy[split=validation]": value, "accuracy": 1 - value}

    for _ in range(6):
        end_next(library, measured)
        advance(library, catalogue)
    states = {cell: [row.state for row in library.runs(study=study) if row.cell == cell] for cell in ("heads 1", "heads 2", "heads 4")}
    assert states["heads 2"] == ["finished"] * 2 + ["stopped"] * 3
    assert states["heads 1"] == states["heads 4"] == ["finished"] * 2 + ["queued"] * 3
    stopped = [row for row in library.runs(study=study) if row.state == "stopped"]
    assert all(
        row.why is not None and row.why.startswith("Given up after 2 seeds: accuracy[split=validation] is 0.6 worse") for row in stopped
    )
    # who puts one back means it
    assert library.retry([stopped[0].uid]) == [stopped[0].uid]
    assert not advance(library, catalogue)
    assert len(end_all(library, measured)) == 7


def test_a_run_at_work_goes_on_when_its_cell_is_given_up(library: Library) -> None:
    rule = Hopeless(measure="accuracy[split=validation]", better="highest", after=2)
    study = submitted(library, study_document(HEADS, replicates=4, hopeless=rule))
    value = {1: 0.9, 2: 0.3}
    for _ in range(4):
        end_next(library, lambda row: {"accuracy[split=validation]": value[row.sets["mem1.heads"]] * (1 + 0.001 * row.seed)})
    bad = next(row for row in library.queue() if row.cell == "heads 2")
    lease = library.claim(this_process(), runs=[bad.uid])
    assert lease is not None
    assert advance(library, catalogue)
    assert library.run(bad.uid).state == "starting"
    assert [row.state for row in library.runs(study=study) if row.cell == "heads 2"] == ["finished", "finished", "starting", "stopped"]


def backdate(library: Library, minutes: float, runs: list[str]) -> None:
    """Makes attempts as long as that, one after another."""
    for place, uid in enumerate(runs):
        library._conn.execute(
            "UPDATE attempt SET started = ?, ended = ? WHERE run = (SELECT id FROM run WHERE uid = ?)",
            (60 * minutes * place, 60 * minutes * (place + 1), uid),
        )


def accuracy(row: RunRow) -> Mapping[str, float]:
    return {"accuracy[split=validation]": 0.5}


def test_after_its_minutes_what_waits_of_a_study_is_stopped_and_cells_stay_even(library: Library) -> None:
    study = submitted(library, study_document(HEADS, replicates=3, minutes=10.0))
    done = [end_next(library, accuracy) for _ in range(3)]
    backdate(library, 3.0, [row.uid for row in done if row])
    assert library.minutes_used(study) == (9.0, 0.0)
    assert not advance(library, catalogue)
    fourth = end_next(library, accuracy)
    assert fourth is not None
    backdate(library, 3.0, [row.uid for row in (*done, fourth) if row])
    assert advance(library, catalogue)
    rows = library.runs(study=study)
    assert [(row.cell, row.state) for row in rows] == [
        *((f"heads {n}", "finished") for _ in range(2) for n in (1, 2)),
        ("heads 1", "stopped"),
        ("heads 2", "stopped"),
    ]
    assert rows[-1].why == "The 10 minutes of its study were used up before its turn came."


def test_minutes_in_which_nothing_ran_do_not_count_and_two_at_once_count_once(library: Library) -> None:
    study = submitted(library, study_document(HEADS, replicates=2, minutes=10.0))
    one, two = (end_next(library, accuracy) for _ in range(2))
    assert one is not None
    assert two is not None
    set_times = "UPDATE attempt SET started = ?, ended = ? WHERE run = (SELECT id FROM run WHERE uid = ?)"
    library._conn.execute(set_times, (0.0, 120.0, one.uid))
    library._conn.execute(set_times, (60.0, 180.0, two.uid))
    assert library.minutes_used(study)[0] == 3.0
    library._conn.execute(set_times, (100_000.0, 100_060.0, two.uid))
    assert library.minutes_used(study)[0] == 3.0


def test_trials_leave_time_to_report_what_they_chose(library: Library) -> None:
    study = submitted(library, study_document(RATE, minutes=10.0))
    first, second = (end_next(library, best_in_the_middle) for _ in range(2))
    backdate(library, 3.0, [row.uid for row in (first, second) if row])
    assert advance(library, catalogue)
    assert [row.state for row in library.trials(study)] == ["finished", "finished", "stopped"]
    assert (
        library.trials(study)[2].why
        == "Trials may take half of the 10 minutes of their study, and these were used up before its turn came."
    )
    # the choice is made among those that were tried
    assert [row.sets for row in library.runs(study=study)] == [{"learn.rate": 0.01}] * 2


# ---------------------------------------------------------------------------------------------- the worker around it


def test_a_worker_does_not_wait_for_a_paused_queue_for_ever(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HOLD", 0.2)
    submitted(library, study_document(HEADS))
    library.pause_queue()
    taken: list[str] = []
    worker.Worker(library, lambda library, lease, **_: taken.append(lease.run_uid) or "finished", threading.Event()).work()
    assert taken == []
    assert len(library.queue()) == 4


def test_a_worker_waits_for_trials_that_go_on_elsewhere(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves none of the work that follows to whoever ends the last trial."""
    study = submitted(library, study_document(RATE))
    while len(library.queue()) > 1:
        end_next(library, best_in_the_middle)
    elsewhere = library.claim(this_process())
    assert elsewhere is not None
    looks: list[bool] = []

    def carry_out(library: Library, lease: Lease, **_: object) -> str:
        row = library.run(lease.run_uid)
        with RunWriter(library.folder, lease) as writer:
            writer.start(4, "cpu", 1, {}, {})
            writer.points(4, best_in_the_middle(row))
            writer.finish("finished")
        return "finished"

    def decide(library: Library) -> bool:
        looks.append(True)
        if len(looks) == 3:  # meanwhile the other ends its trial, and is killed before it could decide
            carry_out(library, elsewhere)
        return advance(library, catalogue)

    monkeypatch.setattr(worker, "DECIDE", 0.05)
    worker.Worker(library, carry_out, threading.Event(), decide=decide, study=study).work()
    assert [row.state for row in library.runs(study=study)] == ["finished"] * 2
