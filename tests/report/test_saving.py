"""Files for a person: never over another unless told, never half of one, and what goes wrong in a sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.report import saving
from memstudio.report.saving import InTheWay, refuse_what_is_there, save, save_pieces, written_in_place
from tests.small_disk import fill, small_disk


def test_saved_and_saved_again(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    save(place, "one")
    with pytest.raises(InTheWay, match=r"a\.txt is there already; replace it with --force"):
        save(place, "two")
    assert place.read_text() == "one"
    save(place, b"three", force=True)
    assert place.read_text() == "three"
    save_pieces(place, ["fo", "ur"], force=True)
    assert place.read_text() == "four"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_what_is_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(InTheWay, match="is a folder"):
        refuse_what_is_there(tmp_path)
    with pytest.raises(InTheWay, match="There is no folder"):
        refuse_what_is_there(tmp_path / "none" / "a.txt")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "There is no room left on the disk"), (errno.EACCES, "read-only for you"), (errno.EIO, "cannot be written")],
)
def test_what_the_disk_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(*words: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(saving, "write_atomically", refuse)
    monkeypatch.setattr(saving.tempfile, "mkstemp", refuse)
    for deed in (lambda: save(tmp_path / "a", "x"), lambda: save_pieces(tmp_path / "a", ["x"])):
        with pytest.raises(Refusal, match=said) as refused:
            deed()
        assert not isinstance(refused.value, InTheWay)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        save(disk / "a.txt", "before")
        fill(disk)
        for deed in (save, lambda path, data, force: save_pieces(path, [data], force)):
            with pytest.raises(Refusal, match="no room left"):
                deed(disk / "a.txt", "x" * 100_000, True)
        assert (disk / "a.txt").read_text() == "before"
        assert sorted(os.listdir(disk)) == ["a.txt", "filler"]


def test_several_files_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"

    def half() -> None:
        with written_in_place([first, second]) as (one, _):
            one.write_text("half")
            raise KeyError("something else")

    with pytest.raises(KeyError):
        half()
    assert not list(tmp_path.iterdir())
    with written_in_place([first, second]) as (one, other):
        one.write_text("1")
        other.write_text("2")
    assert (first.read_text(), second.read_text()) == ("1", "2")
    assert first.stat().st_mode & 0o777 == (tmp_path / "a").stat().st_mode & 0o777 != 0o600
