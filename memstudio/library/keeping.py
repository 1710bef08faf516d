"""What people keep of runs and about them: notes, tags, stars, baselines, saved views, the trash; and how large all of it is."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library import purging, sizing, views
from memstudio.library.connection import transaction
from memstudio.library.handle import Handle, Runs, all_in_words
from memstudio.library.purging import Purged
from memstudio.library.runs import find_run, find_study
from memstudio.library.searching import reindex
from memstudio.library.series import key_of, name_of
from memstudio.library.sizing import Size
from memstudio.library.views import View

#: A longer tag is a note.
LONGEST_TAG = 100
_THESE = "IN (SELECT value FROM json_each(?))"


@all_in_words
class Keeping(Handle):
    """Every change is one transaction: of all the runs that are named, or of none."""

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._refuse_readonly()
        with transaction(self._conn, full=True):
            yield self._conn

    # ------------------------------------------------------------------------------------------ notes, stars, tags

    def set_note(self, run: str, note: str) -> None:
        """Writes a run's note."""
        with self._changing() as conn:
            id = self._run(run)
            conn.execute("UPDATE run SET note = ? WHERE id = ?", (note, id))
            reindex(conn, [id])

    def set_star(self, runs: Runs, starred: bool) -> None:
        """Gives runs their star, or takes it."""
        with self._changing() as conn:
            conn.execute(f"UPDATE run SET starred = ? WHERE id {_THESE}", (int(starred), json.dumps(self._runs(runs))))

    def set_tags(self, runs: Runs, tags: Iterable[str]) -> None:
        """Gives runs exactly these tags."""
        wanted = _tags(tags)
        with self._changing() as conn:
            ids = self._runs(runs)
            conn.execute(f"DELETE FROM tag WHERE run {_THESE}", (json.dumps(ids),))
            self._tag(ids, wanted)

    def add_tags(self, runs: Runs, tags: Iterable[str]) -> None:
        """Gives runs these tags too."""
        wanted = _tags(tags)
        with self._changing():
            self._tag(self._runs(runs), wanted)

    def _tag(self, ids: list[int], tags: list[str]) -> None:
        rows = [(run, tag) for run in ids for tag in tags]
        self._conn.executemany("INSERT INTO tag(run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
        reindex(self._conn, ids)

    def remove_tags(self, runs: Runs, tags: Iterable[str]) -> None:
        """Takes these tags from runs; those they do not have are no error."""
        wanted = _tags(tags)
        with self._changing() as conn:
            ids = self._runs(runs)
            conn.execute(f"DELETE FROM tag WHERE run {_THESE} AND tag {_THESE}", (json.dumps(ids), json.dumps(wanted)))
            reindex(conn, ids)

    def tags(self, run: str) -> list[str]:
        """A run's tags, in alphabetical order."""
        return [row[0] for row in self._conn.execute("SELECT tag FROM tag WHERE run = ? ORDER BY tag", (self._run(run),))]

    def all_tags(self) -> dict[str, int]:
        """Every tag, in alphabetical order, with the number of runs (not in the trash) that have it."""
        sql = "SELECT t.tag, count(*) FROM tag t JOIN run r ON r.id = t.run WHERE r.trashed IS NULL GROUP BY t.tag ORDER BY t.tag"
        return dict(self._conn.execute(sql).fetchall())

    def mark(
        self,
        runs: Runs,
        studies: Runs = (),
        *,
        star: bool | None = None,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        note: str | None = None,
    ) -> None:
        """Several such changes to runs (and stars and notes to studies) at once; None leaves a thing as it is."""
        added, removed = _tags(add_tags), _tags(remove_tags)
        with self._changing() as conn:
            ids = self._runs(runs)
            whole = [self._study(study) for study in ([studies] if isinstance(studies, str) else studies)]
            for table, some in (("run", json.dumps(ids)), ("study", json.dumps(whole))):
                if star is not None:
                    conn.execute(f"UPDATE {table} SET starred = ? WHERE id {_THESE}", (int(star), some))
                if note is not None:
                    conn.execute(f"UPDATE {table} SET note = ? WHERE id {_THESE}", (note, some))
            conn.execute(f"DELETE FROM tag WHERE run {_THESE} AND tag {_THESE}", (json.dumps(ids), json.dumps(removed)))
            self._tag(ids, added)

    # ------------------------------------------------------------------------------------------ studies, baselines

    def set_study_note(self, study: str, note: str) -> None:
        """Writes a study's note."""
        self._change_study(study, "note", note)

    def set_study_star(self, study: str, starred: bool) -> None:
        """Gives a study its star, or takes it."""
        self._change_study(study, "starred", int(starred))

    def set_study_title(self, study: str, title: str) -> None:
        """Calls a study, and its runs, something else. Raises Refusal for an empty title."""
        if not title.strip():
            raise Refusal("A study needs a title.")
        with self._changing() as conn:
            id = self._study(study)
            conn.execute("UPDATE study SET title = ? WHERE id = ?", (title.strip(), id))
            runs = [row[0] for row in conn.execute("SELECT r.id FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = ?", (id,))]
            conn.execute(f"UPDATE run SET title = ? WHERE id {_THESE}", (title.strip(), json.dumps(runs)))
            reindex(conn, runs)

    def set_baseline_cell(self, study: str, cell: str | None) -> None:
        """Makes a cell (its label) what the others of its study are compared with; None: none is. Raises Refusal for an unknown one."""
        with self._changing() as conn:
            id = self._study(study)
            labels = [row[0] for row in conn.execute("SELECT label FROM cell WHERE study = ? ORDER BY position", (id,))]
            if cell is not None and cell not in labels:
                raise Refusal(f"The study has no cell {cell!r:.80}{nearest(cell, labels)}.")
            conn.execute("UPDATE study SET baseline = ? WHERE id = ?", (cell, id))

    def set_baseline(self, run: str | None) -> None:
        """Makes a run the one that others are compared with, in place of the one before; None: none is."""
        with self._changing() as conn:
            id = None if run is None else self._run(run)
            conn.execute("UPDATE run SET baseline = 0 WHERE baseline != 0")
            conn.execute("UPDATE run SET baseline = 1 WHERE id = ?", (id,))

    def baseline(self) -> str | None:
        """The uid of the run that others are compared with; None where there is none, or it is in the trash."""
        row = self._conn.execute("SELECT uid FROM run WHERE baseline != 0 AND trashed IS NULL").fetchone()
        return row[0] if row else None

    def _change_study(self, study: str, column: str, value: str | int) -> None:
        with self._changing() as conn:
            conn.execute(f"UPDATE study SET {column} = ? WHERE id = ?", (value, self._study(study)))

    # ------------------------------------------------------------------------------------------ views and settings

    def views(self) -> dict[str, View]:
        """The saved views by name, in alphabetical order."""
        return views.views(self._conn)

    def view(self, name: str) -> View:
        """One saved view."""
        return views.find_view(self._conn, name)

    def set_view(self, name: str, view: View) -> None:
        """Saves a view, in place of one of that name."""
        with self._changing() as conn:
            views.keep_view(conn, name, view)

    def remove_view(self, name: str) -> None:
        """Removes a saved view; an unknown name is no error."""
        with self._changing() as conn:
            conn.execute("DELETE FROM view WHERE name = ?", (name,))

    def setting(self, key: str, default: str = "") -> str:
        """A setting of this library, as `queue.paused`."""
        row = self._conn.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set_setting(self, key: str, value: str) -> None:
        """Stores a setting of this library."""
        with self._changing() as conn:
            conn.execute("INSERT OR REPLACE INTO setting(key, value) VALUES (?, ?)", (key, value))

    # ------------------------------------------------------------------------------------------ the trash

    def find(self, names: Runs) -> tuple[list[str], list[str]]:
        """The uids of the runs and of the studies that are named, each by its uid or the beginning of it."""
        runs, studies = self._runs_and_studies(names)
        return self._uids("run", runs), self._uids("study", studies)

    def _uids(self, table: str, ids: Iterable[int]) -> list[str]:
        return [self._conn.execute(f"SELECT uid FROM {table} WHERE id = ?", (id,)).fetchone()[0] for id in ids]

    def trash(self, names: Runs) -> list[str]:
        """Puts runs, and studies with all of their runs, into the trash; the uids of the runs that were not there. Nothing is deleted."""
        with self._changing() as conn:
            return purging.trash(conn, *self._runs_and_studies(names))

    def restore(self, names: Runs) -> list[str]:
        """Takes runs and studies out of the trash; the uids of the runs that were there."""
        with self._changing() as conn:
            return purging.restore(conn, *self._runs_and_studies(names))

    def purge(self, names: Runs | None = None) -> Purged:
        """Removes runs and studies that are in the trash (None: all that is there) for good, with files that nobody else names."""
        self._refuse_readonly()
        runs: list[int] | None = None
        if names is not None:
            runs, studies = self._runs_and_studies(names)
            sql = f"SELECT r.id FROM run r JOIN cell c ON c.id = r.cell WHERE c.study {_THESE}"
            runs += [row[0] for row in self._conn.execute(sql, (json.dumps(studies),))]
        return purging.purge(self._conn, self.folder, runs)

    def _runs_and_studies(self, names: Runs) -> tuple[list[int], list[int]]:
        """The ids of the runs and of the studies that are named. Raises Refusal for what is neither."""
        runs, studies = [], []
        for name in [names] if isinstance(names, str) else names:
            try:
                runs.append(find_run(self._conn, name))
            except Refusal as refusal:
                try:
                    studies.append(find_study(self._conn, name))
                except Refusal:
                    raise refusal from None
        return list(dict.fromkeys(runs)), list(dict.fromkeys(studies))

    def size(self) -> Size:
        """How large the library is, by kind, and what could be given back."""
        return sizing.size(self._conn, self.folder, self.path)

    # ------------------------------------------------------------------------------------------ said and computed later

    def event(self, run: str, kind: str, text: str, *, step: int | None = None, level: str = "info", data: Any = None) -> None:
        """Notes that something happened to a run, without holding it. level: info, warning or error; data: JSON values.

        With a step it goes when the run goes back before that step; what is no result of the run (an export) has none.
        """
        words = None if data is None else json.dumps(data, ensure_ascii=False)
        with self._changing() as conn:
            conn.execute(
                "INSERT INTO event(run, t, step, level, kind, text, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._run(run), time.time(), step, level, kind, text, words),
            )

    def set_derived(self, run: str, values: Mapping[str, float], version: int) -> None:
        """Keeps measures of a run that were computed from its raw outcomes after it ended, by this version of the computation.

        Raises ValueError for a name that is no measure's.
        """
        with self._changing() as conn:
            rows = [(self._run(run), name_of(*key_of(name)), float(value), version, time.time()) for name, value in values.items()]
            conn.executemany("INSERT OR REPLACE INTO derived(run, name, value, version, computed) VALUES (?, ?, ?, ?, ?)", rows)

    def derived_version(self, run: str, name: str) -> int | None:
        """By which version of the computation a measure of a run was computed later; None where it was not."""
        row = self._conn.execute("SELECT version FROM derived WHERE run = ? AND name = ?", (self._run(run), name)).fetchone()
        return int(row[0]) if row else None


def _tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept, each once. Raises Refusal for one that is empty or as long as a note."""
    found = list(dict.fromkeys(" ".join(tag.split()) for tag in tags))
    for tag in found:
        if not tag or len(tag) > LONGEST_TAG:
            raise Refusal(f"A tag has 1 to {LONGEST_TAG} letters, not {len(tag)}; longer things go into the note.")
    return found
