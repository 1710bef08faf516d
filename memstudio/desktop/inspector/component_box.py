"""Which component stands at an address: a box to swap it, and a button that makes it an axis of the study."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.inspector import axes, fields
from memstudio.desktop.inspector.vary import VaryComponent
from memstudio.desktop.labels import button, label
from memstudio.desktop.session import Session
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.entries import Entry


class ComponentBox(QWidget):
    """Which component stands at an address: a combo box to swap it, and a button that makes it an axis of the study."""

    def __init__(self, session: Session, title: str, address: str, entries: Sequence[Entry], may_vary: bool = True) -> None:
        super().__init__()
        self.session, self.address, self.entries = session, address, entries
        self.combo: QComboBox = fields.combo([(entry.id, entry.title) for entry in entries])
        self.combo.setAccessibleName(title)
        self.combo.setToolTip(tr("Another component in this place; values carry over where they mean the same"))
        for index, entry in enumerate(entries):
            self.combo.setItemData(index, entry.summary, Qt.ItemDataRole.ToolTipRole)
        self.vary = button("Vary…", self.open_vary, "", "Compare several components in this place", f"Vary {title.lower()}")
        self.vary.setVisible(may_vary and len(entries) > 1)
        self.varied = label(kind="small", wrap=True)
        self._form: VaryComponent | None = None
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.combo, 1)
        row.addWidget(self.vary)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addLayout(row)
        self._layout.addWidget(self.varied)
        self.combo.activated.connect(self._swap)
        self.combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_component(self, component: str) -> None:
        """Shows what stands there now, and what it is varied over."""
        fields.show_in(self.combo, component)
        axis = axes.axis_of(self.session.document, self.address)
        self.varied.setVisible(axis is not None)
        if axis is not None:
            self.varied.setText("varied: " + ", ".join(case.label for case in axis.all_cases()))

    def _swap(self, index: int) -> None:
        component = self.combo.itemData(index)
        title = self.combo.itemText(index)
        session = self.session
        done = session.edit(f"Change to {title}", lambda document: edits.set_value(document, self.address, component, session.catalogue))
        if not done:
            self.show_component(self.combo.itemData(index))

    def open_vary(self) -> None:
        """Opens the form that compares several components in this place."""
        if self._form is None:
            self._form = VaryComponent(self.session, self.address, self.entries, self.combo.currentData())
            self._form.finished.connect(self._close)
            self._layout.addWidget(self._form)
        self._form.start()

    def _close(self) -> None:
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
            self._form = None
            self.vary.setFocus(Qt.FocusReason.OtherFocusReason)
