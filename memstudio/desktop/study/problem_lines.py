"""What checking found, where it belongs: a line for each problem, with what mends it as a link."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.session import Session
from memstudio.experiment.problems import Problem

#: lines in one place; the list of problems has all
MOST = 3


class ProblemLines(QWidget):
    """Hidden while there is nothing wrong. Errors are red; a warning is said quietly."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.problems: tuple[Problem, ...] = ()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)
        self.hide()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Shows these instead of those before; the same ones keep their lines."""
        same = _words(problems) == _words(self.problems)
        self.problems = tuple(problems)
        if same:
            return
        while (item := self._box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        shown = _first_of_each(problems)
        for at in shown:
            problem = problems[at]
            self._box.addWidget(label(problem.reason, "error" if problem.severity == "error" else "small", wrap=True))
            for which, mend in enumerate(problem.mends):
                self._box.addWidget(button(mend.title, partial(self._mend, at, which), "link"), 0, Qt.AlignmentFlag.AlignLeft)
        if len(problems) > len(shown):
            self._box.addWidget(label(f"and {len(problems) - len(shown):,} more, listed under Problems", "small", wrap=True))
        self.setVisible(bool(problems))

    def say(self, sentence: str) -> None:
        """Shows one refusal."""
        self.show_problems([Problem(None, None, None, sentence)] if sentence else [])

    @property
    def text(self) -> str:
        """The reasons, one a line."""
        return "\n".join(problem.reason for problem in self.problems)

    def _mend(self, at: int, which: int) -> None:
        mend = self.problems[at].mends[which]
        self.session.edit(mend.title, mend.edit)


def _first_of_each(problems: Sequence[Problem]) -> list[int]:
    """The places of the few that are shown: of those with the same mends (a value that fits in no cell, say) the first."""
    seen: set[object] = set()
    found: list[int] = []
    for at, problem in enumerate(problems):
        key = tuple(mend.title for mend in problem.mends) or problem.reason
        if key not in seen and len(found) < MOST:
            seen.add(key)
            found.append(at)
    return found


def _words(problems: Sequence[Problem]) -> list[object]:
    """What is shown of problems; their mends are other functions each time they are found."""
    return [(one.reason, one.severity, [mend.title for mend in one.mends]) for one in problems]
