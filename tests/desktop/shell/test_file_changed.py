"""The open file and other programs: a change is noticed, loading it is an edit, saving never writes over it unasked."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop import stamped
from memstudio.desktop.window import Window
from memstudio.experiment import edits, files
from tests.desktop import filled
from tests.desktop.opened import Opener


@pytest.fixture
def file(window: Window, qtbot: QtBot, tmp_path: Path) -> Path:
    """A file that is open in the window."""
    file = tmp_path / "mine.memx"
    files.write(filled.study(), file)
    window.open_file(file)
    qtbot.waitUntil(lambda: window.documents.begun and window.session.path == file)
    return file


def change(file: Path, title: str) -> None:
    files.write(edits.set_title(files.read(file), title), file)


def looked(window: Window, qtbot: QtBot) -> None:
    window.documents.look_at_file()
    qtbot.waitUntil(lambda: not window.documents._looking)


def said(window: Window) -> str:
    return window.messages.said.text if window.messages.said is not None else ""


def test_a_change_is_noticed_once_and_loading_it_can_be_undone(qtbot: QtBot, window: Window, file: Path) -> None:
    looked(window, qtbot)
    assert said(window) == ""
    change(file, "Theirs")
    looked(window, qtbot)
    assert said(window) == "Another program has changed mine.memx."
    assert not window.session.saved
    before = window.session.document.title
    window.messages._act.click()
    qtbot.waitUntil(lambda: window.session.document.title == "Theirs")
    assert window.session.saved
    window.session.undo()
    assert window.session.document.title == before
    looked(window, qtbot)
    assert "loaded again" in said(window)


def test_a_file_that_was_only_touched_is_not_changed(qtbot: QtBot, window: Window, file: Path) -> None:
    files.write(files.read(file), file)
    looked(window, qtbot)
    assert said(window) == ""
    assert window.session.saved


def test_saving_over_a_changed_file_is_asked_by_a_line(qtbot: QtBot, window: Window, file: Path) -> None:
    change(file, "Theirs")
    window.session.edit("Title", lambda d: edits.set_title(d, "Ours"))
    window.actions_["file.save"].trigger()
    qtbot.waitUntil(lambda: "was not saved" in said(window))
    assert files.read(file).title == "Theirs"
    assert not window.session.saved
    assert [deed[0] for deed in (window.messages.said.action, window.messages.said.other) if deed] == ["Save over it", "Load it"]  # type: ignore[union-attr]
    window.messages._act.click()
    qtbot.waitUntil(lambda: said(window) == "Saved as mine.memx.")
    assert files.read(file).title == "Ours"
    looked(window, qtbot)
    assert said(window) == "Saved as mine.memx."


def test_a_file_that_is_gone_is_said_and_saved_again(qtbot: QtBot, window: Window, file: Path) -> None:
    file.unlink()
    looked(window, qtbot)
    assert "is gone" in said(window)
    window.messages._act.click()
    qtbot.waitUntil(file.exists)
    assert window.session.saved


def test_a_file_that_can_be_read_no_more_is_said(qtbot: QtBot, window: Window, file: Path) -> None:
    file.write_text("{")
    looked(window, qtbot)
    assert "can be read no more" in said(window)
    window.messages._act.click()
    qtbot.waitUntil(lambda: said(window) == "Saved as mine.memx.")
    assert files.read(file).title == window.session.document.title


def test_save_as_where_nothing_can_be_written_is_one_sentence_and_loses_nothing(qtbot: QtBot, window: Window, file: Path) -> None:
    window.session.edit("Title", lambda d: edits.set_title(d, "Ours"))
    window.session.save_as(file / "inside" / "x.memx")
    qtbot.waitUntil(lambda: "cannot be written" in said(window))
    assert window.session.path == file
    assert window.session.document.title == "Ours"
    assert not window.session.saved
    window.actions_["file.save"].trigger()
    qtbot.waitUntil(lambda: said(window) == "Saved as mine.memx.")
    assert files.read(file).title == "Ours"


def test_closing_while_saving_finishes_the_save(qtbot: QtBot, open_window: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window(tmp_path / "library")
    window.new()
    window.session.edit("Title", lambda d: edits.set_title(d, "Ours"))
    may, real = threading.Event(), stamped.written_over

    def slow(*words: object) -> object:
        assert may.wait(10)
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr("memstudio.desktop.session.written_over", slow)
    window.session.save_as(tmp_path / "late.memx")
    threading.Timer(0.1, may.set).start()
    window.close()
    assert files.read(tmp_path / "late.memx").title == "Ours"
    assert list((tmp_path / "library" / "unsaved").glob("*")) == []
