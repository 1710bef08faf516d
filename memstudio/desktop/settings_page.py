"""Settings: how the window looks, where the library is, what this program is."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

from PySide6 import __version__ as pyside
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

import memstudio
from memstudio.desktop import limits
from memstudio.desktop.addons_section import AddOnsSection
from memstudio.desktop.appearance import Appearance
from memstudio.desktop.labels import button, label
from memstudio.desktop.settings_sections import LibrarySection, RunningSection
from memstudio.ground.settings import Settings


class SettingsPage(QWidget):
    """A small page of what can be set. report_asked(): a problem is to be reported."""

    report_asked = Signal()

    def __init__(self, settings: Settings, folder: Path, keys: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings, self._folder = settings, folder
        inside = QWidget()
        inside.setProperty("kind", "clear")
        inside.setMaximumWidth(760)
        column = QVBoxLayout(inside)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(16)
        column.addWidget(label("Settings", "title"))
        column.addWidget(self._looks())
        column.addWidget(self._library())
        column.addWidget(self._running())
        column.addWidget(self._addons())
        column.addWidget(self._about(keys))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(scroll)

    def _looks(self) -> QFrame:
        self.appearance = Appearance()
        row = QHBoxLayout()
        row.addWidget(self.appearance)
        return _section("Appearance", "Colours, as the system has them or your own choice, and how large text is.", row)

    def _library(self) -> QFrame:
        self.library = LibrarySection(self._folder)
        row = QHBoxLayout()
        row.addWidget(self.library)
        return _section("Library", "Every run is kept here: one SQLite file and a folder of what the runs made.", row)

    def _running(self) -> QFrame:
        self.running = RunningSection(limits.read(self._settings.get(limits.SETTING)))
        row = QHBoxLayout()
        row.addWidget(self.running)
        return _section("Running", "How runs that this window starts are run. Those that go already stay as they are.", row)

    def _addons(self) -> QFrame:
        from memstudio.components.catalogue import own_folder

        own = own_folder()
        self.addons = AddOnsSection(own)
        column = QVBoxLayout()
        column.addWidget(self.addons)
        said = (
            f"Components that do not come with the program. Those in {own} are always used, others once you say yes. "
            "An add-on is a program: it can do what you can do."
        )
        return _section("Add-ons", said, column)

    def _about(self, keys: Callable[[], object]) -> QFrame:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for name, value in (
            ("MemStudio", getattr(memstudio, "__version__", "")),
            ("Python", platform.python_version()),
            ("PySide6", pyside),
            ("Type", "Inter and JetBrains Mono, under the SIL Open Font License 1.1"),
        ):
            form.addRow(label(name, "dim"), label(value, wrap=True))
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(form)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(button("Keyboard…", keys, tip="Every key and what it does", name="Show the keyboard help"))
        tip = "Collect what helps to find it; you see all of it before you save it"
        row.addWidget(button("Report a problem…", self.report_asked.emit, tip=tip))
        row.addStretch(1)
        column.addLayout(row)
        return _section("About", "", column)


def _section(title: str, below: str, content: QVBoxLayout | QHBoxLayout) -> QFrame:
    card = QFrame()
    card.setProperty("kind", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(18, 14, 18, 16)
    column.setSpacing(4)
    column.addWidget(label(title, "strong"))
    if below:
        column.addWidget(label(below, "dim", wrap=True))
    column.addSpacing(8)
    column.addLayout(content)
    return card
