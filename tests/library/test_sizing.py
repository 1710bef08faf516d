"""The size of a library, by kind, and what could be given back."""

from __future__ import annotations

from memstudio.library import Library, ballast
from tests.library.filled import finished, study
from tests.library.small import Queue


def test_every_kind_is_counted_once(lib: Library) -> None:
    done = study(lib)
    (lib.folder / "logs").mkdir()
    lib.log_file(done.runs[0]).write_text("x" * 100)
    (lib.folder / "backups").mkdir()
    (lib.folder / "backups" / "old.db").write_bytes(bytes(5000))
    size = lib.size()
    assert size.kinds["checkpoint"] == sum(len(f"weights {i}") for i in range(8))
    assert size.kinds["targets"] == len(b"targets"), "eight runs name it, and it lies there once"
    assert (size.logs, size.backups, size.kinds["ballast"]) == (100, 5000, ballast.SIZE)
    assert size.artifacts == size.kinds["checkpoint"] + size.kinds["targets"]
    assert size.total == sum(size.kinds.values())
    files = sum(file.stat().st_size for file in lib.folder.rglob("*") if file.is_file())
    assert abs(size.total - files) < 200_000, "the log of the database grows and shrinks meanwhile"
    assert (size.trashed, size.reclaimable) == (0, 0)


def test_what_the_trash_would_give_back(lib: Library, queue: Queue) -> None:
    one, two = queue(2)
    finished(lib, one, {}, {"model": b"m" * 300_000, "targets": b"t" * 1000})
    finished(lib, two, {}, {"targets": b"t" * 1000})
    lib.trash(one)
    size = lib.size()
    assert 300_000 <= size.trashed <= 300_000 + size.database
    assert size.reclaimable >= size.trashed
    lib.purge()
    after = lib.size()
    assert after.trashed == 0
    assert after.artifacts == 1000


def test_files_that_no_run_names_can_be_given_back(lib: Library, queue: Queue) -> None:
    (one,) = queue()
    finished(lib, one, {}, {"model": b"m" * 1000})
    lib._conn.execute("DELETE FROM run_artifact")
    size = lib.size()
    assert (size.artifacts, size.reclaimable, size.trashed) == (1000, 1000, 0)


def test_an_empty_library(lib: Library) -> None:
    size = lib.size()
    assert (size.artifacts, size.logs, size.trashed) == (0, 0, 0)
    assert size.total >= size.database > 0
