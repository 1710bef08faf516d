"""Unsaved work: kept within a second, offered on Home where it differs from the disk, restored, looked at, thrown away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from memstudio.desktop import unsaved
from memstudio.desktop.home.unsaved_box import UnsavedRow, below_text
from memstudio.desktop.journalling import Journalling
from memstudio.desktop.session import Session
from memstudio.desktop.unsaved import Left
from memstudio.desktop.window import Window
from memstudio.experiment import edits, files, journal
from tests.desktop.conftest import SessionOf
from tests.desktop.opened import Opener
from tests.documents import recall


def edit(session: Session, title: str) -> None:
    session.edit(f"Title {title}", lambda document: edits.set_title(document, title))


def journals(folder: Path) -> list[Path]:
    return sorted((folder / unsaved.FOLDER).glob("*.journal"))


def rows(window: Window) -> list[UnsavedRow]:
    return window.home.side.unsaved.rows


def test_a_window_leaves_nothing_where_all_is_saved_and_is_offered_where_not(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    first = open_window(folder)
    first.open_item(first.gallery[0])
    edit(first.session, "Once")
    edit(first.session, "Twice")
    first.close()
    second = open_window(folder)
    qtbot.waitUntil(lambda: len(rows(second)) == 1)
    row = rows(second)[0]
    assert row.title.whole == "Twice"
    assert "Title Twice" in row.below.whole
    assert "no file yet" in row.below.whole
    assert second.home.side.unsaved.isVisible()
    row.restore.setFocus()
    QTest.keyClick(row.restore, Qt.Key.Key_Space)
    assert second.page_name == "build"
    assert second.session.document.title == "Twice"
    assert not second.session.saved
    assert not second.home.side.unsaved.isVisibleTo(second.home)
    second.session.undo()
    assert second.session.document.title == "Once"
    second.session.redo()
    second.session.save_as(tmp_path / "now.memx")
    qtbot.waitUntil(lambda: second.session.path is not None)
    second.close()
    assert journals(folder) == []
    third = open_window(folder)
    third.documents.journal._background.close(finish=True)
    assert third.documents.journal.offered == ()


def test_what_was_left_can_be_looked_at_thrown_away_and_taken_back(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    first = open_window(folder)
    first.new()
    edit(first.session, "Sketch")
    first.close()
    second = open_window(folder)
    qtbot.waitUntil(lambda: len(rows(second)) == 1)
    rows(second)[0].look.click()
    assert second.session.document.title == "Sketch"
    assert second.session.saved
    assert len(rows(second)) == 1
    second.show_page("home")
    rows(second)[0].throw.click()
    assert rows(second) == []
    assert second.messages.said is not None
    second.messages._act.click()
    assert len(rows(second)) == 1
    rows(second)[0].throw.click()
    second.close()
    assert journals(folder) == []


def test_what_is_left_behind_by_opening_another_is_offered_and_gone_back_to(qtbot: QtBot, window: Window) -> None:
    window.new()
    edit(window.session, "First")
    history = window.session.history
    window.new()
    assert [left.title for left in window.documents.journal.offered] == ["First"]
    edit(window.session, "Second")
    window.documents.restore(window.documents.journal.offered[0])
    assert window.session.history is history
    assert [left.title for left in window.documents.journal.offered] == ["Second"]


def test_two_windows_on_one_library_do_not_mix(qtbot: QtBot, session_of: SessionOf, tmp_path: Path) -> None:
    both = [Journalling(tmp_path, lambda: True) for _ in range(2)]
    sessions = [session_of(recall()) for _ in both]
    for number, (one, session) in enumerate(zip(both, sessions, strict=True)):
        one.follow(session)
        for edited in range(3):
            edit(session, f"Window {number}, edit {edited}")
        one.write()
    qtbot.waitUntil(lambda: len(journals(tmp_path)) == 2)
    assert unsaved.look(tmp_path) == [], "a journal that a living window holds is offered"
    for one in both:
        one.close()
    found = unsaved.look(tmp_path)
    assert {left.title for left in found} == {"Window 0, edit 2", "Window 1, edit 2"}
    for left in found:
        number = left.title[7]
        assert [entry.name for entry in left.history.entries[1:]] == [f"Title Window {number}, edit {n}" for n in range(3)]


def test_the_file_on_the_disk_decides_whether_anything_is_offered(qtbot: QtBot, session_of: SessionOf, tmp_path: Path) -> None:
    session = session_of(recall())
    one = Journalling(tmp_path, lambda: True)
    one.follow(session)
    file = tmp_path / "x.memx"
    edit(session, "On the disk")
    session.save_as(file)
    qtbot.waitUntil(lambda: session.path == file)
    one.write()
    qtbot.waitUntil(lambda: len(journals(tmp_path)) == 1)
    journal_of = journals(tmp_path)[0]
    kept = journal_of.read_bytes()
    one.close()
    assert journals(tmp_path) == []
    # as after a crash: the journal is there, and the file says the same
    journal_of.write_bytes(kept)
    assert unsaved.look(tmp_path) == []
    assert not journal_of.exists()
    journal_of.write_bytes(kept)
    files.write(edits.set_title(session.document, "Another"), file)
    [left] = unsaved.look(tmp_path)
    assert (left.title, left.path) == ("On the disk", file)
    assert "x.memx" in below_text(left)


def test_a_full_disk_is_said_once_and_editing_goes_on(qtbot: QtBot, session_of: SessionOf, tmp_path: Path) -> None:
    (tmp_path / unsaved.FOLDER).write_text("no folder can be made here")
    session = session_of(recall())
    one = Journalling(tmp_path, lambda: True)
    said: list[str] = []
    one.trouble.connect(said.append)
    one.follow(session)
    edit(session, "A")
    one.write()
    qtbot.waitUntil(lambda: len(said) == 1)
    edit(session, "B")
    one.write()
    tried: list[object] = []
    one._background.do(lambda: True, tried.append)
    qtbot.waitUntil(lambda: bool(tried))
    assert len(said) == 1
    assert said[0].startswith("Edits cannot be kept for a crash")
    (tmp_path / unsaved.FOLDER).unlink()
    one.write()
    qtbot.waitUntil(lambda: len(journals(tmp_path)) == 1)
    one.close()
    assert len(said) == 1
    [left] = unsaved.look(tmp_path)
    assert left.title == "B"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_window_killed_in_mid_edit_loses_at_most_a_second(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "tests.desktop.shell.editing_window", str(tmp_path)]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert window.stdout is not None
    said: list[tuple[float, str]] = []
    begun = None
    for line in window.stdout:
        said.append((time.monotonic(), json.loads(line)))
        begun = begun or said[0][0]
        if said[-1][0] > begun + 1.5:
            break
    window.kill()
    killed = time.monotonic()
    window.communicate(timeout=20)
    [left] = unsaved.look(tmp_path)
    titles = [title for _, title in said]
    must = [title for at, title in said if at < killed - 1.0]
    assert must
    assert titles.index(left.title) >= titles.index(must[-1])
    assert [entry.document.title for entry in left.history.entries[1:]] == titles[: len(left.history.entries) - 1]


def test_a_left_says_what_was_done_last() -> None:
    from memstudio.experiment.document import Document
    from memstudio.experiment.history import History

    history = History(Document(title="X"))
    history.apply("Move 3 components", Document(title="Y"))
    left = Left(history, Path("/a/b/x.memx"), 1_700_000_000.0, Path("/j"), damaged=True)
    assert below_text(left, 1_700_000_000.0).endswith("· Move 3 components · x.memx · partly unreadable")
    assert journal.state_of(history, None).document.title == "Y"
