from __future__ import annotations

import re
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from memstudio.desktop import fonts, lengths, theme
from memstudio.desktop.colours import contrast
from memstudio.desktop.stylesheet import style_sheet
from memstudio.desktop.tokens import DARK, DARK_CONTRAST, LIGHT, THEMES
from tests.desktop.shell.seen_words import picture, pixels


def test_changing_the_theme_is_told_and_seen(qtbot: QtBot) -> None:
    theme.set_theme("light")
    label = QLabel("text")
    qtbot.addWidget(label)
    with qtbot.waitSignal(theme.themed) as told:
        theme.set_theme("dark")
    assert told.args == [DARK]
    assert theme.current() is DARK
    assert theme.choice() == "dark"
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == DARK.text
    theme.set_theme("light")
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == LIGHT.text


def test_anything_else_means_as_the_system(qtbot: QtBot) -> None:
    theme.set_theme("purple")
    assert theme.choice() == "system"
    assert theme.current() in (LIGHT, DARK)


def test_the_style_sheet_names_only_colours_of_its_tokens() -> None:
    for tokens in (LIGHT, DARK):
        named = set(re.findall("#[0-9A-Fa-f]{6}", style_sheet(tokens)))
        known = {getattr(tokens, f.name) for f in fields(tokens) if isinstance(getattr(tokens, f.name), str)}
        assert named
        assert named <= known
        assert "{t." not in style_sheet(tokens)


def test_the_system_is_followed_while_the_window_runs(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    theme.set_theme("system")
    monkeypatch.setattr(theme, "_system", lambda: DARK_CONTRAST)
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current() is DARK_CONTRAST
    assert theme.choice() == "system"
    theme.set_theme("light")
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current() is LIGHT


def test_the_theme_across_keeps_the_contrast() -> None:
    theme.set_theme("light")
    assert (theme.other(), theme.other(contrast=True)) == ("dark", "light_contrast")
    theme.set_theme("dark_contrast")
    assert (theme.other(), theme.other(contrast=True)) == ("light_contrast", "dark")
    theme.set_theme("light")


def test_parts_that_are_not_seen_are_dressed_when_they_are_shown(qtbot: QtBot) -> None:
    theme.set_theme("light")
    seen, hidden = QLabel("seen"), QLabel("hidden")
    for part in (seen, hidden):
        qtbot.addWidget(part)
        theme.dress(part)
    seen.show()
    theme.set_theme("dark")
    assert QApplication.instance().styleSheet() == ""  # type: ignore[union-attr]
    assert DARK.panel in seen.styleSheet()
    assert DARK.panel not in hidden.styleSheet()
    hidden.show()
    assert DARK.panel in hidden.styleSheet()
    theme.set_theme("light")


def test_type_and_what_holds_it_grow_together(qtbot: QtBot) -> None:
    theme.set_theme("light")
    label, button = QLabel("Recall"), QPushButton("Run")
    for widget in (label, button):
        qtbot.addWidget(widget)
        widget.show()
    lengths.fix(label, 100, 40)
    high = button.sizeHint().height()
    with qtbot.waitSignal(theme.themed):
        theme.set_size(150)
    assert (label.width(), label.height()) == (150, 60)
    assert fonts.sans(12).pixelSize() == 18
    assert QFontInfo(label.font()).pixelSize() == 20
    assert button.sizeHint().height() == round(high * 1.5)
    with lengths.as_drawn():
        assert fonts.sans(12).pixelSize() == 12
    assert (lengths.next_size(150, 1), lengths.next_size(200, 1), lengths.next_size(80, -1), lengths.next_size(117, -1)) == (
        175,
        200,
        80,
        110,
    )
    theme.set_size(1000)
    assert theme.size() == 200
    theme.set_size(100)
    assert label.width() == 100


def test_a_control_is_told_from_others_by_its_focus_mark_in_every_theme(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    row = QHBoxLayout(box)
    made: list[QWidget] = []
    for kind in ("", "primary", "quiet", "danger", "link", "filter", "tag", "mark"):
        one = QPushButton("Run")
        one.setProperty("kind", kind)
        made.append(one)
    made += [QLineEdit(), QCheckBox("Gate"), QSpinBox(), QSlider(Qt.Orientation.Horizontal), QToolButton(), QComboBox()]
    park = QPushButton("elsewhere")
    for widget in (park, *made):
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row.addWidget(widget)
    box.show()
    box.activateWindow()
    qtbot.waitUntil(box.isActiveWindow)
    for name in THEMES:
        theme.set_theme(name)
        QApplication.processEvents()
        for widget in made:
            park.setFocus()
            before = pixels(picture(widget, 1))
            widget.setFocus()
            after = pixels(picture(widget, 1))
            changed = before != after
            pairs = zip(before[changed].tolist(), after[changed].tolist(), strict=True)
            best = sorted((contrast(QColor(a), QColor(b)) for a, b in pairs), reverse=True)[:10]
            assert min(best, default=0) >= 3, (name, type(widget).__name__, widget.property("kind"))
    theme.set_theme("light")
