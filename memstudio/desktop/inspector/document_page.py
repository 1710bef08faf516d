"""The inspector with nothing selected: the document's title, notes and how one run goes, or its study; one beside the other."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.reading_order import in_reading_order
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.slices import Slices
from memstudio.desktop.study.page import StudyPage
from memstudio.desktop.study.saying import RUN_SETTINGS
from memstudio.desktop.study.settings import SettingsForm, settings_field
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Parameter, Real, Whole

#: the settings of a run that stand here; how the seeds go on stands in the study
_RUN = ("device", "precision", "threads", "deterministic")
_SEED = Whole(name="seed", title="Seed", default=0, low=0, high=2**31 - 1, meaning="Decides every random number of the first run.")
_REPLICATES = Whole(
    name="replicates", title="Seeds to run", default=1, low=1, high=1000, meaning="How often everything runs, each time with the next seed."
)
#: what `run.keep` says of raw outcomes; the defaults are those of training
_KEEP: tuple[Parameter, ...] = (
    Real(
        name="outcomes_megabytes",
        title="Outcomes, MB",
        default=20.0,
        low=0.0,
        high=100_000.0,
        unit="MB a run",
        meaning="How much of what the model answered, item by item, a run keeps at most; 0 keeps nothing.",
    ),
    Whole(
        name="outcome_snapshots",
        title="Snapshots",
        default=20,
        low=0,
        high=200,
        meaning="At how many steps along the way such answers are kept.",
    ),
)
EXPERIMENT, STUDY = "experiment", "study"


class DocumentPage(QWidget):
    """The document itself. turned(which): "experiment" or "study" is shown now. The study is made when it is looked at and follows then."""

    turned = Signal(str)

    def __init__(self, session: Session, which: str = EXPERIMENT) -> None:
        super().__init__()
        self.session, self._estimate = session, ""
        self._study: StudyPage | None = None
        self._is_behind = False
        self.slices = Slices(self)
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(12)
        self.tabs: dict[str, QPushButton] = {}
        layout.addLayout(self._tabs())
        self.experiment = _ExperimentPage(session, self.slices)
        layout.addWidget(self.experiment)
        layout.addStretch(1)
        self.slices.done.connect(self._whole)
        self.turn(which)

    @property
    def study(self) -> StudyPage:
        """The page of the study, with what the document has now."""
        if self._study is None:
            self._study = StudyPage(self.session)
            self._study.show_estimate(self._estimate)
            self._layout.insertWidget(self._layout.count() - 1, self._study)
            self._study.setVisible(self.tabs[STUDY].isChecked())
            in_reading_order(self)
        elif self._is_behind:
            self._is_behind = False
            self._study.show_document(self.session.document)
            self._study.show_facts(self.session.facts)
        return self._study

    def _whole(self) -> None:
        in_reading_order(self)

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
        if which == STUDY:
            self.study.show()
        elif self._study is not None:
            self._study.hide()
        self.turned.emit(which)

    def show_document(self, document: Document) -> None:
        """Shows title, notes, settings and study."""
        self.experiment.show_document(document)
        if self.tabs[STUDY].isChecked():
            self.study.show_document(document)
        else:
            self._is_behind = True

    def show_facts(self, facts: Facts) -> None:
        """Shows what follows from the document."""
        if self.tabs[STUDY].isChecked():
            self.study.show_facts(facts)
        else:
            self._is_behind = True

    def show_estimate(self, words: str) -> None:
        """How long all runs take, for the study's page."""
        self._estimate = words
        if self._study is not None:
            self._study.show_estimate(words)

    def focus_first(self) -> None:
        """Takes the keyboard to the first field of what is shown."""
        if self.tabs[STUDY].isChecked():
            self.study.focus_first()
        else:
            self.experiment.title.setFocus(Qt.FocusReason.OtherFocusReason)


class _ExperimentPage(QWidget):
    """Title, notes, and the settings of one run."""

    def __init__(self, session: Session, slices: Slices) -> None:
        super().__init__()
        self.session, self._slices = session, slices
        self._forms: dict[str, SettingsForm] = {}
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.title = QLineEdit()
        self.title.setAccessibleName(tr("Title of the experiment"))
        self.title.textEdited.connect(self._titled)
        self.about = QPlainTextEdit()
        self.about.setAccessibleName(tr("Notes on the experiment"))
        self.about.setPlaceholderText(tr("What is asked, what is expected"))
        self.about.setTabChangesFocus(True)
        lengths.fix(self.about, height=112)
        self.about.textChanged.connect(self._described)
        self.cites = QPlainTextEdit()
        self.cites.setAccessibleName("Works that it cites, one a line")
        self.cites.setPlaceholderText("Arora et al. 2023, Zoology, arXiv:2312.04927")
        self.cites.setTabChangesFocus(True)
        self.cites.setFixedHeight(84)
        self.cites.textChanged.connect(self._cited)
        for words, field in (("Title", self.title), ("Notes", self.about), ("Cites, one a line", self.cites)):
            layout.addWidget(label(words, "dim"))
            layout.addWidget(field)
        slices.add([self._add_run, self._add_keep])
        self.show_document(session.document)

    @property
    def run(self) -> SettingsForm:
        """The settings of a run."""
        self._slices.finish()
        return self._forms["run"]

    @property
    def keep(self) -> SettingsForm:
        """What is kept of each run."""
        self._slices.finish()
        return self._forms["keep"]

    def _add_run(self) -> None:
        settings = (_SEED, _REPLICATES, *(RUN_SETTINGS[name] for name in _RUN))
        self._add("run", "Run", SettingsForm(self.session, [settings_field(one) for one in settings], self._set))

    def _add_keep(self) -> None:
        self._add("keep", "Kept of each run", SettingsForm(self.session, [settings_field(one) for one in _KEEP], self._set_keep))

    def _add(self, name: str, title: str, form: SettingsForm) -> None:
        self._forms[name] = form
        self._show_settings(self.session.document)
        for widget in (line(), label(title, "section"), form):
            self._layout.addWidget(widget)
            widget.show()

    def show_document(self, document: Document) -> None:
        """Shows title, notes and settings."""
        if self.title.text().strip() != document.title:
            self.title.setText(document.title)
        if self.about.toPlainText() != document.about:
            with QSignalBlocker(self.about):
                self.about.setPlainText(document.about)
        if self._cites() != list(document.cites):
            with QSignalBlocker(self.cites):
                self.cites.setPlainText("\n".join(document.cites))
        self._show_settings(document)

    def _show_settings(self, document: Document) -> None:
        if "run" in self._forms:
            self._forms["run"].show_values({name: getattr(document.run, name) for name in ("seed", "replicates", *_RUN)})
        if "keep" in self._forms:
            self._forms["keep"].show_values({one.name: document.run.keep.get(one.name, one.default) for one in _KEEP})

    def _titled(self, text: str) -> None:
        self.session.edit("Change title", lambda document: edits.set_title(document, text.strip()), merge="title")

    def _described(self) -> None:
        text = self.about.toPlainText()
        self.session.edit("Change notes", lambda document: edits.set_about(document, text), merge="about")

    def _cites(self) -> list[str]:
        return [words for line in self.cites.toPlainText().splitlines() if (words := " ".join(line.split()))]

    def _cited(self) -> None:
        cites = self._cites()
        self.session.edit("Change cites", lambda document: document.model_copy(update={"cites": cites}), merge="cites")

    def _set_keep(self, name: str, value: object) -> str | None:
        return self.session.try_edit(
            f"Set {name.replace('_', ' ')}",
            lambda document: edits.set_run(document, keep={**document.run.keep, name: value}),
            merge=("keep", name),
        )

    def _set(self, name: str, value: object) -> str | None:
        return self.session.try_edit(f"Set {name}", lambda document: edits.set_run(document, **{name: value}), merge=("run", name))
