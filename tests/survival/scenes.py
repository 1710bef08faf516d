"""Scenes in which a process is killed at a random moment. Each says afterwards that nothing was lost, or raises."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from memstudio import library
from memstudio.experiment.document import Document
from memstudio.export import reading
from memstudio.library import Library
from memstudio.training.devices import settings_kept
from memstudio.training.train import train
from tests.library.older import RUNS, version_1
from tests.survival.forks import Fork, Forks
from tests.training.stored import assert_equals, submit
from tests.training.storing import storing_document
from tests.training.tiny import calibrated, recall_document, stream_document

#: documents of every way of training, of about a second each with a checkpoint a step
DOCUMENTS: dict[str, Callable[[], Document]] = {
    "one network": lambda: recall_document(steps=40),
    "an ensemble": lambda: recall_document(steps=30, members=3),
    "a stream with replay": lambda: stream_document(steps=6),
    "two stages": lambda: calibrated(steps=20, fits=8),
    "one-shot writing": lambda: storing_document(every=1),
}


def sound(folder: Path) -> None:
    """The library's file hangs together."""
    with closing(sqlite3.connect(folder / "library.db")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


class Scenes:
    """The scenes, with the folder they play in and the process that forks."""

    def __init__(self, folder: Path, forks: Forks) -> None:
        self._folder, self._forks = folder, forks
        self._whole: dict[str, tuple[Library, str]] = {}
        self.kills = 0

    def close(self) -> None:
        """Closes the libraries of the uninterrupted runs."""
        for opened, _ in self._whole.values():
            opened.close()

    def _uninterrupted(self, name: str) -> tuple[Library, str]:
        if name not in self._whole:
            opened = library.open(self._folder / "whole" / name.replace(" ", "-"))
            run = submit(opened, DOCUMENTS[name]())
            with settings_kept():
                assert train(opened, run) == "finished"
            self._whole[name] = (opened, run)
        return self._whole[name]

    @contextmanager
    def _place(self, name: str) -> Iterator[Path]:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        yield place
        shutil.rmtree(place, ignore_errors=True)

    def _killed_after(self, fork: Fork, seconds: float) -> bool:
        """Whether it was killed after so long, or had ended by itself."""
        time.sleep(seconds)
        self.kills += 1
        return fork.kill() != 0

    # ------------------------------------------------------------------------------------------ the scenes

    def worker(self, rng: random.Random) -> None:
        """A worker is killed up to four times at random moments; the finished run equals one that was never interrupted."""
        name = rng.choice(list(DOCUMENTS))
        whole = self._uninterrupted(name)
        with self._place("work") as place, library.open(place) as opened:
            run = submit(opened, DOCUMENTS[name]())
            for _ in range(rng.randint(1, 4)):
                fork = self._forks.start("work", folder=str(place), run=run)
                time.sleep(rng.uniform(0.02, 0.9))
                seen = {each: opened.series(run, each).values.tobytes() for each in opened.series_names(run)}
                was_killed = self._killed_after(fork, 0.0)
                sound(place)
                for each, values in seen.items():
                    assert opened.series(run, each).values.tobytes()[: len(values)] == values, f"points of {each} that were seen are lost"
                for file in opened.artifacts(run):
                    opened.read_artifact(file.sha256)
                if not was_killed:
                    break
                lost = opened.mark_lost()
                state = opened.run(run).state
                assert (lost == [run] and state == "lost") or state in ("queued", "finished"), state
                if state == "lost":
                    opened.requeue(run)
                elif state == "finished":
                    break
            if opened.run(run).state != "finished":
                assert self._forks.start("work", folder=str(place), run=run).wait() == 0
            assert opened.run(run).state == "finished"
            assert_equals(opened, run, whole)

    def export(self, rng: random.Random) -> None:
        """An exporter is killed: what is at the place asked for is a whole model, and the next export works."""
        opened, run = self._uninterrupted("one network")
        with self._place("exports") as out:
            out.mkdir()
            self._killed_after(self._forks.start("write_model", folder=str(opened.folder), run=run, out=str(out)), rng.uniform(0.05, 1.2))
            for folder in sorted(out.glob("model-*")):
                reading.load(folder)
            fork = self._forks.start("write_model", folder=str(opened.folder), run=run, out=str(out))
            until = time.monotonic() + 20
            while not (out / "model-2").is_dir():
                assert time.monotonic() < until, "no model is exported any more"
                time.sleep(0.02)
            fork.kill()
        sound(opened.folder)

    def migration(self, rng: random.Random) -> None:
        """A library is killed while it is brought up to date: it is then of one version or the other, with everything in it."""
        with self._place("older") as place:
            version_1(place)
            self._killed_after(self._forks.start("migrate", folder=str(place)), rng.uniform(0.0, 0.06))
            sound(place)
            with library.open(place) as opened:
                found = {row.uid for row in [*opened.runs(), *opened.runs(trashed=True)]}
                assert found == set(RUNS)
                for run in RUNS:
                    for file in opened.artifacts(run):
                        opened.read_artifact(file.sha256)
            sound(place)

    def edits(self, rng: random.Random) -> None:
        """A process that queues and notes is killed: every study has all of its runs, every run its whole note and tags."""
        with self._place("edited") as place:
            with library.open(place):
                pass
            self._killed_after(self._forks.start("edit", folder=str(place)), rng.uniform(0.01, 0.5))
            sound(place)
            with library.open(place) as opened:
                runs = [*opened.runs(), *opened.runs(trashed=True)]
                assert {study.runs for study in opened.studies()} <= {5, 6, 7, 8}, "a study that is not whole"
                assert len(runs) % 8 == 0
                for row in runs:
                    assert len(opened.tags(row.uid)) in (0, 2)
                    opened.document(row.uid)


SCENES: tuple[str, ...] = ("worker", "export", "migration", "edits")
