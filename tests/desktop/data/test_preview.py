"""The preview of own data through the real window: dropped, looked at, chosen, added, undone; refused, stopped, found again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from memstudio.desktop.data.panel import DataPanel
from memstudio.desktop.window import Window
from memstudio.experiment.data import finding
from memstudio.ground.paths import resources

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def places() -> Iterator[None]:
    before = (finding.places.document, finding.places.library)
    yield
    finding.places.document, finding.places.library = before


def drop(window: Window, file: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    window.dropEvent(QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier))


def shown(qtbot: QtBot, window: Window, name: str) -> DataPanel:
    """The preview of a file, once the whole of it has been looked over."""
    panel = window.panels.data
    qtbot.waitUntil(lambda: panel.looked is not None and panel.looked.whole and panel.looked.path.name == name, timeout=10_000)
    return panel


def own(folder: Path, name: str) -> Path:
    return Path(shutil.copy(resources() / "samples" / name, folder / name))


def pick(panel: DataPanel, name: str, value: str) -> None:
    box = panel.choices.editors[name]
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_a_dropped_table_is_previewed_and_becomes_a_task_in_one_edit(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    drop(window, own(tmp_path, "plants.csv"))
    qtbot.waitUntil(lambda: window.page_name == "build", timeout=10_000)
    panel = shown(qtbot, window, "plants.csv")
    assert panel.isVisible()
    assert "240 rows, 7 columns" in panel.facts.text()
    assert panel.columns.rowCount() == 7
    texts = [panel.columns.data(panel.columns.index(4, place)) for place in range(5)]
    assert texts == ["soil", "words", "clay, sand, wet", "–", "3"]
    assert panel.rows.data(panel.rows.index(0, 0)) == "4.97"
    assert panel.reasons["target"] == "“plant” has 3 different values."
    assert "9 features from 6 columns, 3 classes" in panel.outcome.text()
    before = window.session.document
    qtbot.mouseClick(panel.add, LEFT)
    (node,) = window.session.document.nodes
    assert (node.component, node.values["target"]) == ("task.own_rows", "plant")
    assert len(node.values["file"]["sha256"]) == 64
    assert not panel.isVisible()
    assert window.session.selected == (node.id,)
    window.session.undo()
    assert window.session.document == before


def test_what_is_chosen_stands_in_the_document(qtbot: QtBot, window: Window) -> None:
    window.panels.show_sample("plants.csv")
    panel = shown(qtbot, window, "plants.csv")
    first = panel.columns_view.visualRect(panel.columns.index(0, 0))
    qtbot.mouseClick(panel.columns_view.viewport(), LEFT, pos=first.topLeft() + QPoint(18, first.height() // 2))
    assert panel.values["inputs"] == "width_cm, thickness_mm, teeth, soil, garden"
    pick(panel, "split", "order")
    assert panel.choices.editors["split_by"].isVisible()
    panel.choices.editors["held_out"].setValue(10)  # type: ignore[union-attr]
    qtbot.mouseClick(panel.add, LEFT)
    values = window.session.document.nodes[0].values
    assert values["inputs"] == "width_cm, thickness_mm, teeth, soil, garden"
    assert (values["target"], values["split"], values["held_out"]) == ("plant", "order", 10)


def test_a_column_of_experiences_makes_a_stream_of_them(qtbot: QtBot, window: Window) -> None:
    window.panels.show_sample("plants.csv")
    panel = shown(qtbot, window, "plants.csv")
    assert not panel.choices.editors["scenario"].isVisible()
    pick(panel, "experiences", "garden")
    assert "2 experiences" in panel.outcome.text()
    assert panel.choices.editors["scenario"].isVisible()


def test_what_does_not_fit_is_said_and_cannot_be_added(qtbot: QtBot, window: Window) -> None:
    window.panels.show_sample("plants.csv")
    panel = shown(qtbot, window, "plants.csv")
    pick(panel, "target", "length_cm")
    assert "readouts answer with classes" in panel.outcome.text()
    assert not panel.add.isEnabled()
    panel.choices.editors["bins"].setValue(3)  # type: ignore[union-attr]
    assert "3 classes" in panel.outcome.text()
    assert panel.add.isEnabled()


def test_images_and_tokens_are_shown_as_such(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    window.panels.show_sample("digits.npz")
    panel = shown(qtbot, window, "digits.npz")
    assert panel.items.isVisible()
    assert len(panel.items.cells._cells) == 10
    assert panel.items.cells._cells[0].pixels is not None
    file = tmp_path / "t.npz"
    draw = np.random.default_rng(0)
    np.savez(file, tokens=draw.integers(0, 5, (20, 6)), label=np.arange(20) % 2)
    panel.show_file(file)
    shown(qtbot, window, "t.npz")
    assert (panel.kind, panel.items_title.text()) == ("sequences", "First sequence")
    assert panel.columns.rowCount() == 2, "the columns of an array of tokens are no columns of a table"


def test_a_file_that_cannot_be_read_says_why_in_the_panel(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("a,b\n1,2\n3\n")
    drop(window, file)
    panel = window.panels.data
    qtbot.waitUntil(lambda: "Line 3 of bad.csv" in panel.outcome.text(), timeout=10_000)
    assert not panel.add.isEnabled()
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_a_large_file_shows_its_beginning_and_reading_it_can_be_stopped(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_text("x,label\n" + "1.5,a\n2.5,b\n" * 300_000)
    drop(window, file)
    panel = window.panels.data
    qtbot.waitUntil(lambda: panel.looked is not None, timeout=10_000)
    assert panel.looked is not None
    assert not panel.looked.whole
    assert "So far" in panel.outcome.text()
    assert not panel.add.isEnabled()
    assert panel.stop.isVisible()
    qtbot.waitUntil(lambda: panel.bar.value() > 0, timeout=10_000)
    qtbot.mouseClick(panel.stop, LEFT)
    assert "stopped" in panel.outcome.text()
    assert not panel.stop.isVisible()


def test_a_copy_is_kept_and_the_file_found_there_when_it_is_gone(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = own(tmp_path, "digits.npz")
    drop(window, file)
    qtbot.waitUntil(lambda: "data" in window.panels.__dict__, timeout=10_000)
    panel = shown(qtbot, window, "digits.npz")
    panel.keep.setChecked(True)
    qtbot.mouseClick(panel.add, LEFT)
    qtbot.waitUntil(lambda: bool(window.session.document.nodes), timeout=10_000)
    sha = window.session.document.nodes[0].values["file"]["sha256"]
    assert (window.folder / "data" / f"{sha}.npz").is_file()
    file.unlink()
    window.session.edit("Title", lambda document: document.model_copy(update={"title": "again"}))
    qtbot.waitUntil(lambda: window.session.settled, timeout=10_000)
    assert not [p for p in window.session.facts.problems if p.parameter == "file"]


def test_a_changed_file_is_a_problem_that_one_click_mends(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    file = own(tmp_path, "plants.csv")
    drop(window, file)
    qtbot.waitUntil(lambda: "data" in window.panels.__dict__, timeout=10_000)
    qtbot.mouseClick(shown(qtbot, window, "plants.csv").add, LEFT)
    file.write_text(file.read_text() + "4.0,2.0,0.3,20,wet,north,alder\n")
    window.session.edit("Title", lambda document: document.model_copy(update={"title": "again"}))
    qtbot.waitUntil(lambda: any("not the file" in p.reason for p in window.session.facts.problems), timeout=10_000)
    window.build.show_problems(True)
    row = next(row for row in window.build.problems.rows if "not the file" in row.problem.reason)
    assert [mend.text() for mend in row.mends] == ["Take it as it is now", "Choose the file"]
    qtbot.mouseClick(row.mends[0], LEFT)
    qtbot.waitUntil(lambda: window.session.document.nodes[0].values["file"]["seen"]["rows"] == 241, timeout=10_000)
    qtbot.waitUntil(lambda: not any(p.parameter == "file" for p in window.session.facts.problems), timeout=10_000)
    window.session.undo()
    assert window.session.document.nodes[0].values["file"]["seen"]["rows"] == 240


def test_own_data_take_the_place_of_the_only_task(qtbot: QtBot, window: Window) -> None:
    window.open_item(window.gallery[0])
    window.panels.show_sample("walks.csv")
    panel = shown(qtbot, window, "walks.csv")
    assert panel.add.text().startswith("Put in the place of ")
    qtbot.mouseClick(panel.add, LEFT)
    document = window.session.document
    task = next(node for node in document.nodes if node.component == "task.own_sequences")
    assert [wire for wire in document.wires if wire.start == f"{task.id}.tokens"]
    window.session.undo()
    assert all(node.component != "task.own_sequences" for node in window.session.document.nodes)


def test_home_offers_the_sample_files(qtbot: QtBot, window: Window) -> None:
    rows = window.home.side.samples_box.findChildren(type(window.home.side.samples_box._column.itemAt(0).widget()))
    assert [row.title.text() for row in rows] == ["plants.csv", "digits.npz", "walks.csv"]
    qtbot.keyClick(rows[0], Qt.Key.Key_Return)
    assert shown(qtbot, window, "plants.csv").isVisible()


def test_no_index_of_the_tables_is_editable(qtbot: QtBot, window: Window) -> None:
    window.panels.show_sample("digits.npz")
    panel = shown(qtbot, window, "digits.npz")
    assert not panel.columns.flags(panel.columns.index(0, 0)) & Qt.ItemFlag.ItemIsUserCheckable
    assert panel.columns.rowCount(panel.columns.index(0, 0)) == 0
