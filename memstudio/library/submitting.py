"""Queuing runs: a study, its cells, its runs, what they set; all in one transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlite_utils

from memstudio.experiment.data.finding import settled
from memstudio.experiment.document import Document
from memstudio.experiment.files import to_text
from memstudio.experiment.parameters import Refusal
from memstudio.library.axes import axis_rows, cases_of_study
from memstudio.library.connection import transaction
from memstudio.library.documents import index_text, keep_document, parameter_row, parameters
from memstudio.library.rows import Submitted

#: Trials of one cell have places from this times the place of the cell on.
TRIALS_APART = 100_000


class Planned(Protocol):
    """What is asked of a planned run (see experiment.studies.PlannedRun)."""

    @property
    def cell(self) -> str: ...
    @property
    def sets(self) -> Mapping[str, Any]: ...
    @property
    def replicate(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def data_seed(self) -> int: ...
    @property
    def document(self) -> Document: ...
    @property
    def trial_of(self) -> str | None: ...
    @property
    def trial_sets(self) -> Mapping[str, Any] | None: ...


def new_uid() -> str:
    """A fresh uid of a run or study: 12 hexadecimal digits."""
    return secrets.token_hex(6)


def submit(db: sqlite_utils.Database, document: Document, runs: Sequence[Planned], title: str | None = None) -> Submitted:
    """Queues runs; more than one make a study of `document`, as do trials of a tuned one. Raises Refusal when there is none."""
    if not runs:
        raise Refusal("There is nothing to run: the study has no runs.")
    if len({planned.document.run.packed for planned in runs}) > 1:
        raise Refusal("Packed runs and others cannot be of one study; set run.packed for the study as a whole.")
    now = time.time()
    name = title or document.title
    study: dict[str, Any] | None = None
    # written out before the transaction: nobody waits for the library meanwhile
    whole, texts = to_text(document), [to_text(settled(planned.document)) for planned in runs]
    with transaction(db.conn, full=True):
        if len(runs) > 1 or runs[0].trial_of is not None:
            study = {"uid": new_uid(), "title": name, "document": keep_document(db.conn, whole), "created": now}
            study["id"] = insert(db, "study", study)
        if study is not None and runs[0].trial_of is not None:
            return Submitted(study["uid"], tuple(_submit_tuned(db, study, runs, texts, now)))
        cells: dict[str, int] = {}
        in_study = study["id"] if study else None
        uids = [submit_one(db, planned, text, in_study, cells, name, now) for planned, text in zip(runs, texts, strict=True)]
    return Submitted(study["uid"] if study else None, tuple(uids))


def submit_one(
    db: sqlite_utils.Database, planned: Planned, text: str, study: int | None, cells: dict[str, int], title: str, now: float
) -> str:
    """Inserts one run, queued at `now`, in the caller's transaction; its uid. cells: ids by label, a new cell is added to them."""
    if planned.cell not in cells and (study is not None or planned.cell or planned.sets):
        sets = json.dumps(dict(planned.sets), ensure_ascii=False)
        cells[planned.cell] = insert(db, "cell", {"study": study, "label": planned.cell, "sets": sets, "position": len(cells)})
    row = {
        "uid": new_uid(),
        "title": title,
        "cell": cells.get(planned.cell),
        "document": keep_document(db.conn, text),
        "seed": planned.seed,
        "data_seed": planned.data_seed,
        "replicate": planned.replicate,
        "state": "queued",
        "queued": now,
        "packed": int(planned.document.run.packed),
    }
    run = insert(db, "run", row)
    values = [(run, key, *parameter_row(value)) for key, value in parameters(planned.document).items()]
    if study is not None:
        values += [(run, *case) for case in axis_rows(cases_of_study(db.conn, study).get(planned.cell, {}))]
    db.conn.executemany("INSERT INTO param(run, key, text, num) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
    db.conn.execute("INSERT INTO event(run, t, level, kind, text) VALUES (?, ?, 'info', 'state', 'Queued')", (run, now))
    index_text(db.conn, run)
    return str(row["uid"])


def insert(db: sqlite_utils.Database, table: str, row: dict[str, Any]) -> int:
    """Inserts a row and returns its id."""
    return int(db.table(table).insert(row).last_rowid or 0)


def _submit_tuned(
    db: sqlite_utils.Database, study: Mapping[str, Any], runs: Sequence[Planned], texts: Sequence[str], now: float
) -> list[str]:
    """Puts the first trials of a study that has just been inserted into the queue, in the caller's transaction; their uids.

    study: its row (id, title, document). Its cells are inserted as well, without runs.
    """
    cells: dict[str, int] = {}
    for planned in runs:
        if planned.trial_of is not None and planned.trial_of not in cells:
            _insert_cell(db, study["id"], planned.trial_of, planned.trial_sets or {}, len(cells))
            cells[planned.trial_of] = len(cells)
    title = f"{study['title']} (trials)"
    row = {"uid": new_uid(), "title": title, "document": study["document"], "created": now}
    trials = insert(db, "study", {**row, "parent": study["id"], "kind": "trials"})
    return insert_trials(db, trials, title, runs, texts, cells, now)


def _insert_cell(db: sqlite_utils.Database, study: int, label: str, sets: Mapping[str, Any], position: int) -> int:
    text = json.dumps(dict(sets), ensure_ascii=False)
    return insert(db, "cell", {"study": study, "label": label, "sets": text, "position": position})


def insert_trials(
    db: sqlite_utils.Database,
    trials: int,
    title: str,
    runs: Sequence[Planned],
    texts: Sequence[str],
    places: Mapping[str, int],
    queued: float,
) -> list[str]:
    """Inserts trials into the study that holds them, in the caller's transaction; their uids. places: of each cell they choose for."""
    cells = {label: int(id) for label, id in db.conn.execute("SELECT label, id FROM cell WHERE study = ?", (trials,))}
    uids = []
    for planned, text in zip(runs, texts, strict=True):
        place = places[planned.trial_of or ""]
        if planned.cell not in cells:
            (tried,) = db.conn.execute(
                "SELECT count(*) FROM cell WHERE study = ? AND position >= ? AND position < ?",
                (trials, place * TRIALS_APART, (place + 1) * TRIALS_APART),
            ).fetchone()
            cells[planned.cell] = _insert_cell(db, trials, planned.cell, planned.sets, place * TRIALS_APART + tried)
        uids.append(submit_one(db, planned, text, trials, cells, title, queued))
    return uids


def count_trials(conn: sqlite3.Connection, trials: int, place: int) -> int:
    """How many trials of a cell (by its place) have been proposed."""
    within = (trials, place * TRIALS_APART, (place + 1) * TRIALS_APART)
    return int(conn.execute("SELECT count(*) FROM cell WHERE study = ? AND position >= ? AND position < ?", within).fetchone()[0])
