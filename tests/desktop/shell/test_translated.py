"""The words of the window pass through tr(): a language that marks each word shows which do not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QObject, QTranslator
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

import memstudio
from memstudio.desktop.actions import TABLE, Actions
from memstudio.desktop.words import CONTEXT, tr
from tests.desktop.filled import fill
from tests.desktop.opened import Opener
from tests.desktop.shell.test_contrast import screenshots

DESKTOP = Path(memstudio.__file__).parent / "desktop"


class Marking(QTranslator):
    """Marks whatever passes: `Run` is shown as `[[Run]]`."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return f"[[{text}]]" if context == CONTEXT else ""

    def isEmpty(self) -> bool:
        return False


@pytest.fixture
def marked(qtbot: QtBot) -> Iterator[None]:
    """Inside, the window speaks the language that marks every word."""
    marking = Marking()
    QCoreApplication.installTranslator(marking)
    yield
    QCoreApplication.removeTranslator(marking)


def constants() -> set[str]:
    """Every constant string of the window's source: what a widget shows of these is the program's own word, no data."""
    found: set[str] = set()
    for file in DESKTOP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(c.isalpha() for c in node.value):
                found.add(" ".join(node.value.split()))
    return found


def shown(root: QWidget) -> Iterator[str]:
    """Words that widgets show, say or hint at."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        yield widget.toolTip()
        yield widget.accessibleName()


def test_a_translation_is_shown(qtbot: QtBot, marked: None) -> None:
    assert tr("Run") == "[[Run]]"
    assert tr("") == ""
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    for row in TABLE:
        action = actions.bind(row.id, QObject)
        assert action.text() == f"[[{row.name}]]"
        assert action.statusTip() == (f"[[{row.tip}]]" if row.tip else "")


@pytest.mark.timeout(120)
def test_most_words_of_the_window_can_be_translated(open_window: Opener, tmp_path: Path, marked: None) -> None:
    fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    shots = screenshots()
    own = constants()
    through: set[str] = set()
    past: set[str] = set()
    for _ in shots.states(window, shots.held(tmp_path / "library")):
        for text in shown(window):
            inner = text.replace("[[", "").replace("]]", "").strip()
            if inner in own:
                (through if "[[" in text else past).add(inner)
    past -= through
    share = len(through) / (len(through) + len(past))
    assert len(through) > 150
    assert share > 0.85, f"{share:.0%} pass; past tr(): {sorted(past)}"
