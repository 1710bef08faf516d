"""What a node is called: on the canvas, and in the file."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from memstudio.desktop.labels import label
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.document import Node


class NameFields(QWidget):
    """The name and the id of one node; a name that is empty is that of its component."""

    def __init__(self, session: Session, node_id: str, component: str) -> None:
        super().__init__()
        self.session, self.node_id = session, node_id
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name on the canvas")
        self.name.setPlaceholderText(component)
        self.name.textEdited.connect(self._named)
        self.id = QLineEdit()
        self.id.setAccessibleName("Id in the file")
        self.id.setToolTip("What the command line and the file call it")
        self.id.editingFinished.connect(self._renamed)
        self._id_error = label(kind="error", wrap=True)
        self._id_error.hide()
        for words, field in (("Name on the canvas", self.name), ("Id in the file", self.id)):
            layout.addWidget(label(words, "dim"))
            layout.addWidget(field)
        layout.addWidget(self._id_error)
        self.show_node(session.document.by_id[node_id])

    def show_node(self, node: Node) -> None:
        """Shows both."""
        if self.name.text().strip() != node.title:
            self.name.setText(node.title)
        if not self.id.hasFocus():
            self.id.setText(node.id)

    def _named(self, title: str) -> None:
        self.session.edit(
            "Name", lambda document: edits.set_node_title(document, self.node_id, title.strip()), merge=("name", self.node_id)
        )

    def _renamed(self) -> None:
        wanted, old = self.id.text().strip(), self.node_id
        if wanted == old:
            self._id_error.hide()
            return
        sentence = edits.problem_of_id(self.session.document, old, wanted)
        self._id_error.setText(sentence or "")
        self._id_error.setVisible(sentence is not None)
        if sentence is None:
            catalogue = self.session.catalogue
            self.session.edit("Change id", lambda document: edits.rename(document, old, wanted, catalogue))
            self.session.select([wanted])
