"""The inspector with nothing selected: the document's title, notes and how one run goes, or its study; one beside the other."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label, line
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.study.page import StudyPage
from memstudio.desktop.study.saying import RUN_SETTINGS
from memstudio.desktop.study.settings import SettingsForm, settings_field
from memstudio.experiment import edits
from memstudio.experiment.document import Document

#: the settings of a run that stand here; seeds stand in the study
_RUN = ("device", "precision", "threads", "deterministic")
EXPERIMENT, STUDY = "experiment", "study"


class DocumentPage(QWidget):
    """The document itself. turned(which): "experiment" or "study" is shown now."""

    turned = Signal(str)

    def __init__(self, session: Session, which: str = EXPERIMENT) -> None:
        super().__init__()
        self.session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(12)
        self.tabs: dict[str, QPushButton] = {}
        layout.addLayout(self._tabs())
        self.experiment = _ExperimentPage(session)
        self.study = StudyPage(session)
        layout.addWidget(self.experiment)
        layout.addWidget(self.study)
        layout.addStretch(1)
        self.turn(which)

    def _tabs(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        group = QButtonGroup(self)
        group.setExclusive(True)
        for which, words, tip in (
            (EXPERIMENT, "Experiment", "Its title and notes, and how one run goes"),
            (STUDY, "Study", "What is varied, seeds, budgets, and when it ends early"),
        ):
            made = button(words, partial(self.turn, which), "filter", tip)
            made.setCheckable(True)
            group.addButton(made)
            row.addWidget(made)
            self.tabs[which] = made
        row.addStretch(1)
        return row

    def turn(self, which: str) -> None:
        """Shows the experiment or its study."""
        self.tabs[which].setChecked(True)
        self.experiment.setVisible(which == EXPERIMENT)
        self.study.setVisible(which == STUDY)
        self.turned.emit(which)

    def show_document(self, document: Document) -> None:
        """Shows title, notes, settings and study."""
        self.experiment.show_document(document)
        self.study.show_document(document)

    def show_facts(self, facts: Facts) -> None:
        """Shows what follows from the document."""
        self.study.show_facts(facts)

    def focus_first(self) -> None:
        """Takes the keyboard to the first field of what is shown."""
        if self.tabs[STUDY].isChecked():
            self.study.focus_first()
        else:
            self.experiment.title.setFocus(Qt.FocusReason.OtherFocusReason)


class _ExperimentPage(QWidget):
    """Title, notes, and the settings of one run."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.title = QLineEdit()
        self.title.setAccessibleName("Title of the experiment")
        self.title.textEdited.connect(self._titled)
        self.about = QPlainTextEdit()
        self.about.setAccessibleName("Notes on the experiment")
        self.about.setPlaceholderText("What is asked, what is expected")
        self.about.setTabChangesFocus(True)
        self.about.setFixedHeight(112)
        self.about.textChanged.connect(self._described)
        for words, field in (("Title", self.title), ("Notes", self.about)):
            layout.addWidget(label(words, "dim"))
            layout.addWidget(field)
        layout.addWidget(line())
        layout.addWidget(label("Run", "section"))
        self.run = SettingsForm(session, [settings_field(RUN_SETTINGS[name]) for name in _RUN], self._set)
        layout.addWidget(self.run)
        self.show_document(session.document)

    def show_document(self, document: Document) -> None:
        """Shows title, notes and settings."""
        if self.title.text().strip() != document.title:
            self.title.setText(document.title)
        if self.about.toPlainText() != document.about:
            with QSignalBlocker(self.about):
                self.about.setPlainText(document.about)
        self.run.show_values({name: getattr(document.run, name) for name in _RUN})

    def _titled(self, text: str) -> None:
        self.session.edit("Change title", lambda document: edits.set_title(document, text.strip()), merge="title")

    def _described(self) -> None:
        text = self.about.toPlainText()
        self.session.edit("Change notes", lambda document: edits.set_about(document, text), merge="about")

    def _set(self, name: str, value: object) -> str | None:
        return self.session.try_edit(f"Set {name}", lambda document: edits.set_run(document, **{name: value}), merge=("run", name))
