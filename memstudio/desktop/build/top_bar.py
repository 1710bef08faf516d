"""The line above the canvas: what is open and whether it is saved, what a run comes to or how far it is, Undo, Problems, Run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.build import planned
from memstudio.desktop.build.estimate import Estimate
from memstudio.desktop.going import Going, overall
from memstudio.desktop.labels import Elided, button, label, set_kind
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.study.saying import count_text
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count, duration, tr
from memstudio.experiment.document import Document
from memstudio.experiment.edit_names import title_of
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.problems import Problem


class TopBar(QFrame):
    """`run_wanted`, `problems_wanted`, `card_wanted`, `edits_wanted`, and `undo` of the session are its buttons.

    refusal: why nothing can be run from here whatever is open, or nothing.
    """

    run_wanted = Signal()
    problems_wanted = Signal(bool)
    card_wanted = Signal()
    edits_wanted = Signal()

    def __init__(self, session: Session, estimate: Estimate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.estimate = session, estimate
        self._starting = False
        self._going: tuple[Going, ...] = ()
        self.refusal = ""
        self.setProperty("kind", "bar")
        self.setAccessibleName(tr("Experiment"))
        lengths.fix(self, height=48)
        self.title = Elided("", "heading")
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.state = label(kind="dim")
        self.plan = Elided("", "dim")
        self.plan.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.plan.setAccessibleName(tr("What a run comes to"))
        self._buttons()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self.title, 0)
        row.addWidget(self.state)
        row.addStretch(1)
        for widget in (self.plan, self.undo, self.undo_more, self.problems, self.more, self.run):
            row.addWidget(widget)
        session.file_changed.connect(self._show_file)
        session.document_changed.connect(self._show_file)
        session.facts_changed.connect(self._show_facts)
        estimate.changed.connect(self._guessed)
        theme.themed.connect(self._tint)
        self._tint(theme.current())
        self._show_file()
        self._show_facts(session.facts)

    def _buttons(self) -> None:
        self.undo: QPushButton = button("Undo", self.session.undo)
        tip = "Edits to go back or forward to (Ctrl+Alt+Z)"
        self.undo_more: QPushButton = button("", self.edits_wanted.emit, "", tip, "Edits to go back or forward to")
        self.problems: QPushButton = button("Problems 0", self._problems)
        self.problems.setCheckable(True)
        self.run: QPushButton = button("Run", self.run_wanted.emit, "primary")
        tip = "What Run does: runs, time, device, workers (Shift+F5)"
        self.more: QPushButton = button("", self.card_wanted.emit, "", tip, "What Run does")
        for each in (self.undo_more, self.more):
            each.setFixedWidth(30)

    def _tint(self, tokens: Tokens) -> None:
        for each in (self.undo_more, self.more):
            each.setIcon(icons.icon("chevron", tokens))

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
        self.undo_more.setEnabled(session.history.can_undo or session.history.can_redo)

    def _show_facts(self, facts: Facts) -> None:
        runs, some = facts.count.all, bool(facts.document.nodes)
        guess = self.estimate.guess()
        will = f"{count_text(facts.count)}. {guess.sentence}" if some else ""
        blocked = self._blocked(facts)
        if self._going:
            self.plan.say(going_text(self._going))
        else:
            device = planned.device_text(facts.document.run.device)
            self.plan.say(blocked_text(facts) if facts.errors and some else planned.plan_text(runs, guess.seconds, device) if some else "")
        self.plan.setToolTip("\n".join(f"{one.title}: {one.text}" for one in self._going) or blocked or will)
        self.problems.setText(f"Problems {len(facts.problems)}")
        errors, warnings = len(facts.errors), len(facts.problems) - len(facts.errors)
        self.problems.setAccessibleName(f"Problems: {count(errors, 'error')}, {count(warnings, 'warning')}")
        # An empty canvas is a beginning, not a mistake.
        set_kind(self.problems, "danger" if facts.errors and some else "")
        if not self._starting:
            self.run.setText(tr("Run study" if runs > 1 else "Run"))
            self.run.setEnabled(not blocked)
            self.run.setToolTip(blocked or f"{will} (F5)")
            self.run.setAccessibleDescription(blocked or will)

    def _blocked(self, facts: Facts) -> str:
        """Why Run cannot be pressed, or nothing."""
        if self.refusal:
            return self.refusal
        if not facts.document.nodes:
            return "There is nothing to run yet. Add components, or open a study of the gallery."
        if not facts.errors:
            return ""
        return refused_text(facts.document, facts.errors, self.session.catalogue)

    def _problems(self) -> None:
        self.problems_wanted.emit(self.problems.isChecked())

    def refuse(self, sentence: str) -> None:
        """Nothing can be run from here, and why; an empty sentence lets it run."""
        self.refusal = sentence
        self._show_facts(self.session.facts)

    def show_going(self, going: Sequence[Going]) -> None:
        """Shows how far what runs is, instead of what a run comes to."""
        if tuple(going) != self._going:
            self._going = tuple(going)
            self._show_facts(self.session.facts)

    def set_starting(self, starting: bool) -> None:
        """Shows that Run was pressed and the runs are being queued."""
        self._starting = starting
        self.run.setEnabled(not starting)
        if starting:
            self.run.setText(tr("Starting…"))
        else:
            self._show_facts(self.session.facts)


def refused_text(document: Document, errors: Sequence[Problem], catalogue: Catalogue) -> str:
    """Which problem keeps it from running, with its component where the problem itself does not name it, and how many more there are."""
    first = errors[0]
    node = document.by_id.get(first.node or "")
    title = title_of(node, catalogue) if node is not None else ""
    where = f"{title}: " if title and title.lower() not in first.reason.lower() else ""
    more = f" ({count(len(errors) - 1, 'more problem')}.)" if len(errors) > 1 else ""
    return f"It cannot run before this is mended: {where}{first.reason}{more}"


def blocked_text(facts: Facts) -> str:
    """`1 problem stops it`, `3 problems stop it`."""
    number = len(facts.errors)
    return f"{count(number, 'problem')} {'stops' if number == 1 else 'stop'} it"


def going_text(going: Sequence[Going]) -> str:
    """`38 of 90 runs · 3 min 40 s left · CPU, 2 workers, 1.4 GB`; of several studies together."""
    load = next((one.load.text for one in going if one.load.text), "")
    if len(going) == 1:
        return " · ".join(part for part in (going[0].text, load) if part)
    left, _ = overall(going)
    times = [one.left for one in going if one.left is not None and not one.waiting]
    longest = f"{duration(round(max(times), -1) if max(times) > 60 else max(times))} left at least" if times else "waiting for a worker"
    return " · ".join(part for part in (f"{count(left, 'run')} in {len(going)} experiments", longest, load) if part)
