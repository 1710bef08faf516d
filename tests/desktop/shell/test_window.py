from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from memstudio import library
from memstudio.desktop import theme
from memstudio.desktop.window import Window
from memstudio.experiment import files
from tests.desktop import filled
from tests.desktop.opened import Opener

CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QTextEdit)


def said(window: Window) -> str:
    return window.messages.said.text if window.messages.said else ""


def test_it_opens_on_home(window: Window) -> None:
    assert window.page_name == "home"
    assert window.rail.item("home").isChecked()


@pytest.mark.parametrize(("key", "page"), [("1", "home"), ("2", "build"), ("3", "runs"), (",", "settings")])
def test_pages_are_reached_by_key_and_marked_in_the_rail(qtbot: QtBot, window: Window, key: str, page: str) -> None:
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.page_name == page
    assert window.rail.item(page).isChecked()


def test_the_rail_goes_there_too(qtbot: QtBot, window: Window) -> None:
    qtbot.mouseClick(window.rail.item("runs"), Qt.MouseButton.LeftButton)
    assert window.page_name == "runs"


def test_every_control_of_every_page_has_a_name(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    filled.fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    window.show_page("build")
    window.show_page("settings")
    window.show_page("runs")
    qtbot.waitUntil(lambda: window.runs.details.details is not None, timeout=5000)
    unnamed = [
        f"{type(widget).__name__} in {_place(widget)}"
        for widget in window.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
        and "QComboBox" not in _place(widget)
        and type(widget).__name__ not in ("QHeaderView", "QTableCornerButton")
    ]
    assert not unnamed, "\n".join(unnamed)


def test_nothing_is_cut_off_at_1280_by_800(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    filled.fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    window.resize(1280, 800)
    for page in ("home", "runs", "settings"):
        window.show_page(page)
        if page == "runs":
            qtbot.waitUntil(lambda: window.runs.details.details is not None, timeout=5000)
        qtbot.wait(50)
        assert window.size().width() == 1280
        assert window.size().height() == 800
        shown = [w for w in window.findChildren(QAbstractButton) if w.isVisible() and not _in_scrolled(w)]
        for widget in [*shown, *(w for w in window.findChildren(QLineEdit) if w.isVisible())]:
            if isinstance(widget, QAbstractSlider):
                continue
            right = widget.mapTo(window, QPoint(widget.width(), widget.height()))
            assert right.x() <= 1280, widget.accessibleName()
            assert right.y() <= 800, widget.accessibleName()
            wanted = widget.minimumSizeHint().width() if isinstance(widget, QAbstractButton) else 0
            assert widget.width() >= min(wanted, widget.maximumWidth()), widget.accessibleName()


def _place(widget: QWidget) -> str:
    names, parent = [], widget.parentWidget()
    while parent is not None:
        # the popup of a combo box, also of a kind of our own
        names.append("QComboBox" if isinstance(parent, QComboBox) else type(parent).__name__)
        parent = parent.parentWidget()
    return " in ".join(names)


def _in_scrolled(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if parent.objectName() == "qt_scrollarea_viewport":
            return True
        parent = parent.parentWidget()
    return False


def test_f6_goes_through_the_areas_and_back(qtbot: QtBot, window: Window) -> None:
    window.show_page("runs")
    window.activateWindow()
    window.rail.item("runs").setFocus()
    window.actions_["view.next_area"].trigger()
    assert window.focusWidget() is window.runs.search
    window.actions_["view.previous_area"].trigger()
    assert window.focusWidget() is window.rail.item("runs")


def test_search_goes_to_the_field_of_the_page(window: Window) -> None:
    window.actions_["view.search"].trigger()
    assert window.focusWidget() is window.home.search


def test_a_document_opens_in_build_and_becomes_recent(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = tmp_path / "mine.memx"
    files.write(filled.study().model_copy(update={"title": "Mine"}), file)
    window.open_file(file)
    qtbot.waitUntil(lambda: window.page_name == "build", timeout=10_000)
    assert window.session.path == file
    qtbot.waitUntil(lambda: window.windowTitle().startswith("Mine"))
    assert [r.title for r in window.documents.recent] == ["Mine"]
    qtbot.waitUntil(lambda: window.settings.get("recent") is not None)


def test_what_cannot_be_opened_is_one_line_and_can_be_taken_from_recent(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    bad = tmp_path / "bad.memx"
    bad.write_text('{"format": "memstudio", "version": 1, "nodes": 7}', encoding="utf-8")
    window.documents.keep_recent(())
    window.open_file(bad)
    qtbot.waitUntil(lambda: "bad.memx" in said(window))
    assert window.page_name == "home"
    gone = tmp_path / "gone.memx"
    files.write(filled.study(), gone)
    window.open_file(gone)
    qtbot.waitUntil(lambda: window.page_name == "build", timeout=10_000)
    gone.unlink()
    window.open_file(gone)
    qtbot.waitUntil(lambda: "gone.memx" in said(window))
    window.messages._act.click()
    assert window.documents.recent == ()


def test_a_file_dropped_on_the_window_opens(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = tmp_path / "dropped.memx"
    files.write(filled.study(), file)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    drop = QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(drop)
    qtbot.waitUntil(lambda: window.documents.begun and window.session.path == file, timeout=10_000)


def edit(window: Window, title: str) -> None:
    window.session.apply("Title", window.session.document.model_copy(update={"title": title}))


def test_unsaved_work_can_be_gone_back_to(qtbot: QtBot, window: Window) -> None:
    window.open_item(window.gallery[0])
    edit(window, "My change")
    window.new()
    assert window.session.document.title != "My change"
    assert "My change" in said(window)
    window.messages._act.click()
    assert window.session.document.title == "My change"
    assert not window.session.saved


def test_the_theme_is_kept(qtbot: QtBot, window: Window) -> None:
    window.actions_["view.theme"].trigger()
    assert theme.current().dark
    qtbot.waitUntil(lambda: window.settings.get("theme") == "dark")
    window.actions_["view.theme"].trigger()
    assert not theme.current().dark


def test_a_foreign_library_is_said_and_the_window_still_works(qtbot: QtBot, tmp_path: Path) -> None:
    from memstudio.ground.settings import Settings

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "library.db").write_bytes(b"something else entirely" * 30)
    window = Window(foreign, Settings(tmp_path / "s.json"), workers=False)
    window.show()
    with qtbot.waitSignal(window.reader.unusable, timeout=20_000):
        window.start()
    qtbot.waitUntil(lambda: bool(window.gallery), timeout=20_000)
    assert "not a library" in said(window)
    window.show_page("runs")
    qtbot.waitUntil(lambda: "not a library" in window.runs.empty.text.text())
    window.show_page("settings")
    window.close()
    delete(window)


def test_closing_ends_every_thread(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    before = {thread.ident for thread in threading.enumerate()}
    window = open_window(tmp_path / "library")
    window.show_page("build")
    window.show_page("runs")
    window.close()
    left = [thread.name for thread in threading.enumerate() if thread.ident not in before and thread.is_alive()]
    assert left == []


def test_what_is_going_on_is_shown_in_the_rail_and_on_home(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    assert window.rail.running.isHidden()
    with library.open(tmp_path / "library") as opened:
        submitted = filled.submit(opened, filled.study())
    n = len(submitted.runs)
    qtbot.waitUntil(lambda: not window.rail.running.isHidden(), timeout=5000)
    assert f"{n} runs left" in window.rail.running.accessibleName()
    assert window.home.side.going_box.isVisible()
    window.rail.running.click()
    assert window.queue_panel.isVisible()


def test_the_first_study_runs_while_the_library_holds_no_run(qtbot: QtBot, window: Window) -> None:
    started: list[object] = []
    window.running.started.connect(started.append)
    window.offer_first_study()
    qtbot.waitUntil(lambda: window.page_name == "build", timeout=5000)
    assert window.session.document.title == window.gallery[0].document.title
    qtbot.waitUntil(lambda: bool(started), timeout=20_000)
    assert "queued" in said(window)
    window.messages._act.click()
    assert window.page_name == "runs"


def test_the_first_study_does_not_run_again(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    filled.fill(tmp_path / "library")
    window, asked = open_window(tmp_path / "library"), list[int]()
    window.offer_first_study()
    window.reader.ask(lambda opened: opened.count(), asked.append)
    qtbot.waitUntil(lambda: bool(asked))
    assert window.page_name == "home"


def test_a_mistake_of_ours_becomes_a_line(qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    from memstudio.desktop import app

    before: tuple[Callable[..., object], Callable[..., object]] = (sys.excepthook, threading.excepthook)
    app._catch_exceptions(window)
    try:
        sys.excepthook(ZeroDivisionError, ZeroDivisionError("by zero"), None)
    finally:
        sys.excepthook, threading.excepthook = before
    assert "ZeroDivisionError" in said(window)
    assert window.isVisible()
