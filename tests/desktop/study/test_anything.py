"""Whatever is done with the study, in whatever order, with whatever typed: a valid document, no exception, and undo leads back."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.inspector import Inspector
from memstudio.desktop.session import Message
from memstudio.desktop.study.menus import More
from memstudio.desktop.study.page import StudyPage
from memstudio.experiment import addresses, checking
from memstudio.experiment.files import parse, to_text
from tests.desktop.conftest import SessionOf
from tests.documents import study

TYPED = (
    "",
    "4",
    "1, 2, 4",
    "log 1e-4 .. 1e-2, 3",
    "1 .. 3",
    "-1",
    "nan",
    "1e999",
    "x" * 200,
    "2; 4",
    "\N{GREEK SMALL LETTER ALPHA} & <b>",
    "0.5",
)


class Person:
    """Someone who tries everything on the study's page."""

    def __init__(self, page: StudyPage, chance: random.Random) -> None:
        self.page, self.chance = page, chance

    def act(self) -> None:
        deeds: list[Callable[[], None]] = [self.vary, self.type, self.choose, self.open_menu, self.check, self.fold, self.undo]
        self.chance.choice(deeds)()

    def vary(self) -> None:
        session = self.page.session
        if len(session.document.run.vary) < 4:
            self.page.vary(self.chance.choice(addresses.every(session.document, session.catalogue)))

    def type(self) -> None:
        lines = [one for one in self.page.findChildren(QLineEdit) if not one.isReadOnly()]
        line = self.chance.choice(lines)
        line.setText(text := self.chance.choice(TYPED))
        line.textEdited.emit(text)
        line.editingFinished.emit()

    def choose(self) -> None:
        boxes = [one for one in self.page.findChildren(QComboBox) if one.count()]
        if boxes:
            box = self.chance.choice(boxes)
            at = self.chance.randrange(box.count())
            box.setCurrentIndex(at)
            box.activated.emit(at)

    def open_menu(self) -> None:
        more = self.page.findChildren(More)
        if more:
            menu: QMenu = self.chance.choice(more).menu()
            menu.aboutToShow.emit()
            entries = [one for one in menu.actions() if one.text() and one.text() != "Also set" and one.isEnabled()]
            if entries:
                self.chance.choice(entries).trigger()

    def check(self) -> None:
        flags = [*(card.tuning.on.check for card in self.page.cards), self.page.limits.fields["give_up"].editor]
        self.chance.choice(flags).click()  # type: ignore[attr-defined]

    def fold(self) -> None:
        if self.page.cards:
            card = self.chance.choice(self.page.cards)
            card.head.toggle()
            card.shared.head.setChecked(True)

    def undo(self) -> None:
        session = self.page.session
        self.chance.choice((session.undo, session.redo))()


@pytest.mark.parametrize("seed", range(4))
def test_anything_in_any_order(session_of: SessionOf, qtbot: QtBot, seed: int) -> None:
    session = session_of(study())
    first = session.document
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show()
    inspector.show_study()
    assert isinstance(inspector.page, DocumentPage)
    said: list[Message] = []
    session.message.connect(said.append)
    person = Person(inspector.page.study, random.Random(seed))
    for _ in range(60):
        person.act()
        shown = [card.axis for card in inspector.page.study.cards]
        assert shown == session.document.run.vary
    checking.check(session.document, session.catalogue)
    assert parse(to_text(session.document), "again") == session.document
    qtbot.waitUntil(lambda: session.settled, timeout=20_000)
    while session.history.can_undo:
        session.undo()
    assert session.document == first
    assert not [one for one in said if "inside MemStudio" in one.text]
