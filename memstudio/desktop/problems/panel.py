"""Everything that is in the way of a run, and what is doubtful: where, why, and what mends it by one click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop.canvas.summary import title_of
from memstudio.desktop.labels import button, label
from memstudio.desktop.problems.row import ProblemRow
from memstudio.desktop.session import Facts, Message, Session
from memstudio.desktop.words import count, tr
from memstudio.experiment.checking import Mend, Problem
from memstudio.experiment.document import Document
from memstudio.experiment.mending import Mended, mend_all

#: more lines than this nobody reads; the rest is counted
MOST = 100
#: heights of the heading and of a row; as many rows are always seen
_HEAD, _ROW, _SEEN = 48, 38, 3
#: a place's name takes at most this much, pixels; its tip has it whole
_WIDEST = 200
#: settings of the run that stand on the study's page
_OF_STUDY = ("vary", "hopeless", "minutes", "packed")


class ProblemsPanel(QFrame):
    """The list. go(node), go_field(address), go_study(): a problem's place was asked for; closed: the button was pressed."""

    go = Signal(str)
    go_field = Signal(str)
    go_study = Signal()
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Problems"))
        self.rows: list[ProblemRow] = []
        self._shown: list[tuple[object, ...]] | None = None
        self.heading = label("Problems", "strong")
        self.all_button: QPushButton = button(
            "Mend all", self.mend_all, "", "The first mend of each; what would remove a component is left to you. One Undo takes it back"
        )
        self.all_button.hide()
        self.close_button = button("Close", self.closed.emit, "quiet", "Close the list of problems")
        head = QHBoxLayout()
        head.setContentsMargins(16, 6, 8, 0)
        head.setSpacing(8)
        head.addWidget(self.heading, 1)
        head.addWidget(self.all_button)
        head.addWidget(self.close_button)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.area, 1)
        session.facts_changed.connect(self.show_facts)
        self.show_facts(session.facts)

    # ------------------------------------------------------------------------------------------ what is shown

    def show_facts(self, facts: Facts) -> None:
        """Shows the problems of the document as it is now; the keyboard's place in the list stays."""
        self.setEnabled(True)
        key: list[tuple[object, ...]] = [(p.node, p.reason, p.severity) for p in facts.problems]
        if key == self._shown:
            for row, problem in zip(self.rows, facts.problems, strict=False):
                row.problem = problem
            return
        self._shown = key
        self.heading.setText(_heading(facts))
        mendable = sum(bool(problem.mends) for problem in facts.problems)
        self.all_button.setVisible(mendable > 1)
        focused = next((place for place, row in enumerate(self.rows) if any(one.hasFocus() for one in row.buttons)), None)
        self.area.setWidget(self._listed(facts))
        self.setMinimumHeight(_HEAD + _ROW * max(1, min(_SEEN, len(self.rows))))
        if focused is not None:
            there = self.rows[min(focused, len(self.rows) - 1)].place if self.rows else self.close_button
            there.setFocus(Qt.FocusReason.OtherFocusReason)

    def _listed(self, facts: Facts) -> QWidget:
        content = QWidget()
        content.setProperty("kind", "clear")
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 0, 12, 8)
        column.setSpacing(0)
        self.rows = [ProblemRow(problem, self.title(problem.node), self._go, self.mend) for problem in facts.problems[:MOST]]
        wide = max((row.place.sizeHint().width() for row in self.rows), default=0)
        for row in self.rows:
            row.place.setFixedWidth(min(wide, _WIDEST))
            column.addWidget(row)
            for one in row.buttons:
                one.installEventFilter(self)
        if len(facts.problems) > MOST:
            column.addWidget(label(f"and {len(facts.problems) - MOST:,} more", "dim"))
        if not self.rows:
            column.addWidget(label("Nothing is in the way of a run. Run (F5) starts it.", "dim"))
        column.addStretch(1)
        return content

    def title(self, node: str | None) -> str:
        """What a problem's place is called: a node's title, or the whole experiment."""
        found = self.session.document.by_id.get(node or "")
        if found is None:
            return "The experiment"
        return found.title or title_of(found.component, self.session.catalogue)

    # ------------------------------------------------------------------------------------------ going and mending

    def _go(self, problem: Problem) -> None:
        """To the node, and there to the field that is meant; to the study for what is wrong with an axis."""
        if problem.node is None and problem.parameter in _OF_STUDY:
            self.go_study.emit()
            return
        self.go.emit(problem.node or "")
        if problem.node and problem.parameter:
            self.go_field.emit(f"{problem.node}.{problem.parameter}")

    def mend(self, mend: Mend, problem: Problem) -> None:
        """Does a mend as one edit; one of a file may ask for it first."""
        if mend.asks:
            from memstudio.desktop.data.mending import mend_file

            mend_file(self, self.session, problem, mend)
            return
        self.session.edit(mend.title, mend.edit)

    def mend_all(self) -> None:
        """Mends all that can be mended, away from the window's thread, as one edit."""
        document, catalogue = self.session.document, self.session.catalogue
        self.all_button.setEnabled(False)

        def mended(found: Mended) -> None:
            self._mended(document, found)

        self.session.background.do(lambda: mend_all(document, catalogue), mended, self._not_mended)

    def _mended(self, before: Document, found: Mended) -> None:
        self.all_button.setEnabled(True)
        if self.session.document is not before:
            # edited meanwhile: what is there now is looked at instead
            self.mend_all()
            return
        if not found.mended:
            self._say("None of these can be mended without you: choose a mend, or go there.", "careful")
            return
        self.session.apply(f"Mend {count(found.mended, 'problem')}", found.document)
        rest = f" {count(found.left, 'problem')} left." if found.left else ""
        self._say(f"{count(found.mended, 'problem')} mended.{rest} Undo takes it back.", "info")

    def _not_mended(self, sentence: str) -> None:
        self.all_button.setEnabled(True)
        self._say(sentence, "bad")

    def _say(self, sentence: str, level: str) -> None:
        self.session.message.emit(Message(sentence, level))

    # ------------------------------------------------------------------------------------------ the keyboard

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down go from problem to problem, Left and Right between a problem's place and its mends."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Left: (0, -1)}.get(
                Qt.Key(event.key())
            )
            if step is not None:
                self._walk(watched, *step)
                return True
        return super().eventFilter(watched, event)

    def _walk(self, here: QObject, down: int, across: int) -> None:
        for place, row in enumerate(self.rows):
            if here in row.buttons:
                row = self.rows[max(0, min(len(self.rows) - 1, place + down))]
                at = self.rows[place].buttons.index(here) + across if across or not down else 0
                target = row.buttons[max(0, min(len(row.buttons) - 1, at))]
                target.setFocus(Qt.FocusReason.OtherFocusReason)
                self.area.ensureWidgetVisible(target, 0, 4)
                return


def _heading(facts: Facts) -> str:
    errors = len(facts.errors)
    warnings = len(facts.problems) - errors
    parts = [count(errors, "problem")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    return " and ".join(parts) if parts else "No problems"
