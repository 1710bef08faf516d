"""Several things selected: what they are, the parameters they have in common, and what can be done with them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.summary import shown, title_of
from memstudio.desktop.inspector.form import field_for
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.session import Session
from memstudio.desktop.words import count
from memstudio.experiment import together
from memstudio.experiment.document import Document


class SeveralPage(QWidget):
    """Rows set all nodes at once; `mixed` stands where they differ."""

    def __init__(self, session: Session, ids: Sequence[str]) -> None:
        super().__init__()
        self.session = session
        document = session.document
        self.nodes = [id for id in ids if id in document.by_id]
        self.rows: dict[str, Row] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 16)
        layout.setSpacing(12)
        self.heading = label(_heading(document, ids), "heading", wrap=True)
        layout.addWidget(self.heading)
        kinds = Counter(title_of(document.by_id[id].component, session.catalogue) for id in self.nodes)
        self.kinds = label(", ".join(f"{number:,} × {title}" if number > 1 else title for title, number in kinds.items()), "dim", wrap=True)
        self.kinds.setVisible(bool(self.nodes))
        layout.addWidget(self.kinds)
        layout.addLayout(self._deeds())
        if len(self.nodes) > 1:
            layout.addWidget(line())
            self._add_rows(layout)
        layout.addStretch(1)
        self.show_document(document)

    def _deeds(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, (words, tip, call) in enumerate(
            (
                ("Group", "Put them into one frame, which folds", doing.group),
                ("Arrange", "Put them in rows and columns along their wires", doing.tidy),
                ("Duplicate", "The same again beside them", doing.duplicate),
                ("Delete", "Take them off the canvas", doing.delete),
            )
        ):
            grid.addWidget(button(words, partial(call, self.session), "", tip), place // 2, place % 2)
        return grid

    def _add_rows(self, layout: QVBoxLayout) -> None:
        found = together.common(self.session.document, self.nodes, self.session.catalogue)
        words = "In common" if found else "They have no parameter in common."
        layout.addWidget(label(words, "section" if found else "dim", wrap=True))
        for one in found:
            first, *others = one.addresses
            field = field_for(one.parameter, self.session, self.nodes[0])
            row = Row(self.session, one.parameter, first, one.default, field, others)
            self.rows[one.parameter.name] = row
            layout.addWidget(row)

    def show_document(self, document: Document) -> None:
        """Shows what all have, `mixed` where they differ; rows that apply to no node are hidden."""
        catalogue = self.session.catalogue
        if any(id not in document.by_id for id in self.nodes):
            return
        full = [
            {**catalogue.entry(node.component).defaults(), **node.values}
            for node in (document.by_id[id] for id in self.nodes)
            if node.component in catalogue
        ]
        for row in self.rows.values():
            row.show_value(together.value(document, row.addresses, catalogue))
            row.setVisible(any(shown(row.parameter, values) for values in full))

    def focus_first(self) -> None:
        """Takes the keyboard to the first editor."""
        first = next((row.first for row in self.rows.values() if row.isVisibleTo(self)), self)
        first.setFocus(Qt.FocusReason.OtherFocusReason)


def _heading(document: Document, ids: Sequence[str]) -> str:
    """`3 components`, `2 components and 1 note`."""
    nodes = sum(id in document.by_id for id in ids)
    notes = sum(any(note.id == id for note in document.notes) for id in ids)
    groups = len(ids) - nodes - notes
    parts = [count(n, one) for n, one in ((nodes, "component"), (notes, "note"), (groups, "group")) if n]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
