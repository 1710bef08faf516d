"""The line above the canvas: what is open and whether it is saved, what a run comes to, Undo, Problems, Run."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.build import planned
from memstudio.desktop.build.estimate import Estimate
from memstudio.desktop.labels import Elided, button, label, set_kind
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.study.saying import count_text
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr


class TopBar(QFrame):
    """`run_wanted`, `problems_wanted`, `redo` and `undo` of the session are its buttons."""

    run_wanted = Signal()
    problems_wanted = Signal(bool)
    card_wanted = Signal()

    def __init__(self, session: Session, estimate: Estimate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.estimate = session, estimate
        self._starting = False
        self.setProperty("kind", "bar")
        self.setAccessibleName(tr("Experiment"))
        lengths.fix(self, height=48)
        self.title = Elided("", "heading")
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.state = label(kind="dim")
        self.plan = label(kind="dim")
        self.plan.setAccessibleName(tr("What a run comes to"))
        self.undo: QPushButton = button("Undo", session.undo)
        self.problems: QPushButton = button("Problems 0", self._problems)
        self.problems.setCheckable(True)
        self.run: QPushButton = button("Run", self.run_wanted.emit, "primary", "Run it on this machine (F5)")
        self.more: QPushButton = button(
            "", self.card_wanted.emit, "", "What Run does: runs, time, device, workers (Shift+F5)", "What Run does"
        )
        lengths.fix(self.more, width=30)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self.title, 0)
        row.addWidget(self.state)
        row.addStretch(1)
        for widget in (self.plan, self.undo, self.problems, self.more, self.run):
            row.addWidget(widget)
        session.file_changed.connect(self._show_file)
        session.document_changed.connect(self._show_file)
        session.facts_changed.connect(self._show_facts)
        estimate.changed.connect(self._guessed)
        theme.themed.connect(self._tint)
        self._tint(theme.current())
        self._show_file()
        self._show_facts(session.facts)

    def _tint(self, tokens: Tokens) -> None:
        self.more.setIcon(icons.icon("chevron", tokens))

    def _guessed(self) -> None:
        self._show_facts(self.session.facts)

    def _show_file(self) -> None:
        session = self.session
        self.title.say(session.document.title or "Untitled experiment")
        self.state.setText(tr("saved" if session.saved and session.path is not None else "edited" if not session.saved else ""))
        self.state.setToolTip(str(session.path) if session.path is not None else "It has no file yet; Save gives it one.")
        self.undo.setEnabled(session.history.can_undo)
        name = session.history.undo_name
        self.undo.setToolTip(f"Take back: {name} (Ctrl+Z)" if name else "Nothing to take back")
        self.undo.setAccessibleName(f"Undo {name}".strip())

    def _show_facts(self, facts: Facts) -> None:
        runs, some = facts.count.all, bool(facts.document.nodes)
        guess = self.estimate.guess()
        self.plan.setText(planned.plan_text(runs, guess.seconds, planned.device_text(facts.document.run.device)) if some else "")
        self.plan.setToolTip(f"{count_text(facts.count)}. {guess.sentence}" if some else "")
        self.problems.setText(f"Problems {len(facts.problems)}")
        self.problems.setAccessibleName(f"Problems: {len(facts.errors)} errors, {len(facts.problems) - len(facts.errors)} warnings")
        # An empty canvas is a beginning, not a mistake.
        set_kind(self.problems, "danger" if facts.errors and facts.document.nodes else "")
        if not self._starting:
            self.run.setText(tr("Run study" if runs > 1 else "Run"))
            self.run.setEnabled(bool(facts.document.nodes))

    def _problems(self) -> None:
        self.problems_wanted.emit(self.problems.isChecked())

    def set_starting(self, starting: bool) -> None:
        """Shows that Run was pressed and the runs are being queued."""
        self._starting = starting
        self.run.setEnabled(not starting)
        if starting:
            self.run.setText(tr("Starting…"))
        else:
            self._show_facts(self.session.facts)
