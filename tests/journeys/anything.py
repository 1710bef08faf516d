"""Someone who does anything with the real window, in any order: builds, wires, types, undoes, saves, opens, changes the theme."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPushButton, QToolButton, QWidget

from memstudio.desktop.canvas.cards import Plug
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.window import Window
from memstudio.experiment.files import parse, to_text
from tests.desktop.hand import NONE, Hand

TYPED = ("", "0", "4", "-1", "1e999", "nan", "log 1e-4 .. 1e-2, 3", "1, 2, 4", "ø & <b>", "x" * 300, "0.5", "true", "16")
#: more would make every act slow, and a person has seldom more
MOST_NODES = 40
KEYS = tuple(
    getattr(Qt.Key, f"Key_{name}")
    for name in ("Left", "Right", "Up", "Down", "Return", "Escape", "Space", "Tab", "Delete", "F", "W", "F6", "Home", "End", "G", "E")
)
#: actions that open a system dialog, leave the program or need a run
MENUS = ("Edit", "Canvas", "View", "Go", "Run", "Help")
LEFT_OUT = {"app.quit", "file.open", "file.save_as", "file.save", "run.start", "run.queue", "runs.merge"}


class Person:
    """Acts by chance; `done` names every act, so that a failure can be read."""

    def __init__(self, window: Window, chance: random.Random, folder: Path) -> None:
        self.window, self.chance, self.folder = window, chance, folder
        self.done: list[str] = []
        self.hand = Hand(window.build.canvas.view)
        self._deeds: list[tuple[int, Callable[[], None]]] = [
            (12, self.add),
            (12, self.connect),
            (12, self.move),
            (8, self.click),
            (14, self.type),
            (5, self.choose),
            (8, self.undo),
            (6, self.redo),
            (10, self.press_key),
            (12, self.trigger),
            (4, self.press_button),
            (3, self.drop),
            (2, self.wheel),
            (2, self.save),
            (2, self.reopen),
            (1, self.open_study),
            (1, self.new),
            (1, self.theme),
            (3, self.come_back),
        ]

    def act(self) -> None:
        """One act, and everything that follows from it."""
        weights, deeds = zip(*self._deeds, strict=True)
        deed = self.chance.choices(deeds, weights)[0]
        self.done.append(deed.__name__)
        deed()
        QApplication.processEvents()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            self.done.append(f"popup {type(popup).__name__}")
            popup.close()

    # ------------------------------------------------------------------------------------------ building

    def add(self) -> None:
        if len(self.window.session.document.nodes) < MOST_NODES:
            field = self.window.build.palette_.field
            field.setText(self.chance.choice([entry.title for entry in self.window.session.catalogue]))
            QTest.keyClick(field, Qt.Key.Key_Return)
            field.clear()

    def drop(self) -> None:
        if len(self.window.session.document.nodes) < MOST_NODES:
            self.hand.drop(self.chance.choice([entry.id for entry in self.window.session.catalogue]), self._point())

    def connect(self) -> None:
        plugs = self._plugs()
        if plugs:
            items = self.hand.view.items_of.nodes
            first = self.chance.choice(plugs)
            start = items[first.node].place_of(first)
            other = self.chance.choice(plugs)
            end = items[other.node].place_of(other) if self.chance.random() < 0.85 else self._point()
            self.hand.drag(start, end)

    def _plugs(self) -> list[Plug]:
        return [plug for item in self.hand.view.items_of.nodes.values() if item.isVisible() for plug in item.card.plugs]

    def _point(self) -> QPointF:
        box = self.hand.view.items_of.extent().adjusted(-80, -80, 80, 80)
        return QPointF(box.left() + self.chance.random() * box.width(), box.top() + self.chance.random() * box.height())

    def _thing(self) -> QPointF:
        nodes = [id for id, item in self.hand.view.items_of.nodes.items() if item.isVisible()]
        return self.hand.middle(self.chance.choice(nodes)) if nodes and self.chance.random() < 0.8 else self._point()

    def move(self) -> None:
        keys = self.chance.choice((NONE, NONE, NONE, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier))
        self.hand.press(start := self._thing(), keys)
        for step in range(1, 5):
            self.hand.move(start + QPointF(self.chance.uniform(-90, 90), self.chance.uniform(-90, 90)) * step, keys)
        if self.chance.random() < 0.15:
            self.chance.choice((self.undo, self.press_key, self.redo))()
        self.hand.release(self._point() if self.chance.random() < 0.2 else start + QPointF(60, 40), keys)

    def click(self) -> None:
        keys = self.chance.choice((NONE, NONE, Qt.KeyboardModifier.ShiftModifier))
        if self.chance.random() < 0.2:
            self.hand.double_click(self._thing())
        else:
            self.hand.click(self._thing(), keys)

    def wheel(self) -> None:
        self.hand.view.zoom(self.chance.choice((-1, 1)))

    # ------------------------------------------------------------------------------------------ the inspector

    def _shown(self, kind: type) -> list[QWidget]:
        page = self.window.build.inspector
        if isinstance(page.page, NodePage | DocumentPage):
            # a page is made in slices: how far it is must not decide what is done next
            page.page.slices.finish()
        return [one for one in page.findChildren(kind) if one.isVisible() and one.isEnabled()]

    def type(self) -> None:
        lines = [one for one in self._shown(QLineEdit) if isinstance(one, QLineEdit) and not one.isReadOnly()]
        if lines:
            line = self.chance.choice(lines)
            line.setText(text := self.chance.choice(TYPED))
            line.textEdited.emit(text)
            if self.chance.random() < 0.8:
                line.editingFinished.emit()

    def choose(self) -> None:
        boxes = [one for one in self._shown(QComboBox) if isinstance(one, QComboBox) and one.count()]
        if boxes:
            box = self.chance.choice(boxes)
            at = self.chance.randrange(box.count())
            box.setCurrentIndex(at)
            box.activated.emit(at)

    def press_button(self) -> None:
        buttons = [one for one in self._shown(QAbstractButton) if isinstance(one, QAbstractButton) and self._may_press(one)]
        if buttons:
            button = self.chance.choice(buttons)
            self.done.append(f"button {button.text() or button.accessibleName()!r}")
            menu = button.menu() if isinstance(button, QToolButton | QPushButton) else None
            if menu is None:
                button.click()
                return
            # a menu waits for a person where it is opened by its button: what stands in it is chosen straight away
            menu.aboutToShow.emit()
            offered = [one for one in menu.actions() if one.isEnabled() and one.text() and one.menu() is None and "…" not in one.text()]
            if offered:
                self.chance.choice(offered).trigger()

    @staticmethod
    def _may_press(button: QAbstractButton) -> bool:
        """Not what opens the system's own dialog."""
        words = f"{button.text()} {button.accessibleName()}".lower()
        return not any(word in words for word in ("file", "choose", "browse", "find it"))

    # ------------------------------------------------------------------------------------------ everything else

    def undo(self) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 5))):
            self.window.session.undo()

    def redo(self) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 5))):
            self.window.session.redo()

    def press_key(self) -> None:
        key = self.chance.choice(KEYS)
        keys = self.chance.choice((NONE, NONE, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier))
        QTest.keyClick(self.window.build.canvas.view, key, keys)

    def trigger(self) -> None:
        actions = [
            (row, action) for row, action in self.window.actions_.bound() if row.menu in ("Edit", "Canvas", "View", "Go", "Run", "Help")
        ]
        row, action = self.chance.choice([pair for pair in actions if pair[0].id not in LEFT_OUT and pair[1].isEnabled()])
        if row.name.endswith("…") and row.id.startswith("file."):
            return
        self.done.append(row.id)
        action.trigger()

    def save(self) -> None:
        self.window.session.save_as(self.folder / "anything.memx")

    def reopen(self) -> None:
        if (self.folder / "anything.memx").exists():
            self.window.open_file(self.folder / "anything.memx")

    def open_study(self) -> None:
        self.window.open_item(self.chance.choice(self.window.gallery))

    def new(self) -> None:
        self.window.new()

    def theme(self) -> None:
        self.window.actions_["view.theme"].trigger()

    def come_back(self) -> None:
        self.window.show_page("build")


def sound(window: Window) -> None:
    """What must be true of the document after anything: it is written and read the same, wires and groups name what is there."""
    document = window.session.document
    assert parse(to_text(document), "again") == document
    ids = [node.id for node in document.nodes]
    assert len(set(ids)) == len(ids)
    assert len({node.uid for node in document.nodes}) == len(ids)
    for wire in document.wires:
        assert wire.start_node in ids
        assert wire.end_node in ids
    for group in document.groups:
        assert set(group.nodes) <= set(ids)
    shown = window.build.canvas.view.items_of
    assert set(shown.nodes) == set(ids)


def taken_back(window: Window) -> None:
    """Everything undone, and as much done again, is the document as it is; what was taken back before stays so."""
    session = window.session
    last, undone = session.document, 0
    while session.history.can_undo:
        session.undo()
        undone += 1
    QApplication.processEvents()
    for _ in range(undone):
        session.redo()
    assert session.document == last
