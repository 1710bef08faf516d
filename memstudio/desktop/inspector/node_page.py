"""The inspector of one node: what it is, its form, its equation and sources, and what is known of it before running."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from memstudio.desktop import theme
from memstudio.desktop.inspector.asking import Inspecting
from memstudio.desktop.inspector.component_box import ComponentBox
from memstudio.desktop.inspector.fold import Fold
from memstudio.desktop.inspector.form import Form
from memstudio.desktop.inspector.narrowing import MANY, Narrowing
from memstudio.desktop.inspector.sample import SampleView
from memstudio.desktop.inspector.words_panel import EquationsPanel, SourcesPanel
from memstudio.desktop.labels import label, line
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.study.menus import More
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment import edits, together
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Entry
from memstudio.experiment.kinds import Kind

#: from this width on the family's chip stands beside the title
ROOMY = 260


class NodePage(QWidget):
    """One node. Made anew for another node or another component; values are shown in place."""

    def __init__(self, session: Session, node: Node, inspecting: Inspecting | None) -> None:
        super().__init__()
        self.session, self.node_id, self.component = session, node.id, node.component
        self.entry: Entry | None = session.catalogue.entry(node.component) if node.component in session.catalogue else None
        self.inspecting = inspecting
        self.forms: list[Form] = []
        self.sample: SampleView | None = None
        self._asked: tuple[object, ...] | None = None
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(16, 14, 16, 16)
        self.layout_.setSpacing(12)
        self._add_head()
        if self.entry is None:
            self._add_unknown()
        else:
            self._add_form(self.entry)
            self._add_sample(self.entry)
            self._add_words(self.entry)
        self._add_name()
        self.layout_.addStretch(1)
        theme.themed.connect(self._retint)
        self._retint(theme.current())
        self.show_document(session.document)
        self.show_facts(session.facts)

    # ------------------------------------------------------------------------------------------ what stands on it

    def _add_head(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._mark = QLabel()
        self._mark.setFixedSize(9, 9)
        self.title = label(kind="heading", wrap=True)
        mark = QVBoxLayout()
        mark.setContentsMargins(0, 5, 0, 0)
        mark.addWidget(self._mark)
        mark.addStretch(1)
        row.addLayout(mark)
        row.addWidget(self.title, 1)
        if self.entry is not None:
            self._family = label(self.entry.family.id, "chip")
            row.addWidget(self._family, 0, Qt.AlignmentFlag.AlignTop)
            self.more = More("More for this component", self._fill_menu)
            row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self.layout_.addLayout(row)
        self.error = label(kind="error", wrap=True)
        self.error.hide()
        if self.entry is not None:
            self.layout_.addWidget(label(self.entry.summary, "dim", wrap=True))
        self.layout_.addWidget(self.error)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow inspector the title has the line for itself."""
        super().resizeEvent(event)
        if self.entry is not None:
            self._family.setVisible(self.width() >= ROOMY)

    def _add_unknown(self) -> None:
        words = f"{self.component} is not installed here. The node is kept as it is and written back; it cannot run."
        self.layout_.addWidget(label(words, "dim", wrap=True))

    def _add_form(self, entry: Entry) -> None:
        family = [one for one in self.session.catalogue.of_family(entry.family.id) if one.component.alone]
        if len(family) > 1:
            self.box = ComponentBox(self.session, "Component", f"{self.node_id}.component", family)
            self.box.show_component(self.component)
            self.layout_.addWidget(self.box)
        own = Form(self.session, entry, self.node_id, entry.component.parameters)
        self.forms.append(own)
        if own.rows:
            self.layout_.addWidget(own)
        if entry.family.group:
            around = Form(self.session, entry, self.node_id, entry.family.group)
            self.forms.append(around)
            self.around = Fold(entry.family.group_title or f"Around the {entry.family.title.lower()}", around)
            self.layout_.addWidget(self.around)
        if sum(len(form.rows) for form in self.forms) > MANY:
            folds = [(self.forms[-1], self.around)] if entry.family.group else []
            self.narrowing = Narrowing(self.forms, folds)
            self.layout_.insertWidget(self.layout_.indexOf(own if own.rows else self.around), self.narrowing)

    def _fill_menu(self, menu: QMenu) -> None:
        if hasattr(self, "box"):
            menu.addAction(tr("Vary the component…"), self.box.open_vary)
        changed = any(form.is_changed for form in self.forms)
        menu.addAction(tr("Reset all"), self.reset_all).setEnabled(changed)

    def reset_all(self) -> None:
        """Every value as it is by default, in one edit."""
        session, node = self.session, self.node_id
        session.edit("Reset all", lambda document: together.reset_component(document, node, session.catalogue))

    def _add_sample(self, entry: Entry) -> None:
        if self.inspecting is not None and any(port.kind is Kind.STREAM for port in entry.component.gives):
            self.sample = SampleView(self._browse)
            self.sample.hide()
            self.layout_.addWidget(self.sample)

    def _add_words(self, entry: Entry) -> None:
        component = entry.component
        sources = tuple(dict.fromkeys((entry.preset.sources if entry.preset else ()) + component.sources))
        if component.equations or sources:
            self.layout_.addWidget(line())
        if component.equations:
            self.equations = EquationsPanel(component.equations)
            self.layout_.addWidget(self.equations)
        if sources:
            self.sources = SourcesPanel(sources)
            self.layout_.addWidget(self.sources)
        if component.explanation:
            words = label(component.explanation, "dim", wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.layout_.addWidget(Fold("How it works", words))

    def _add_name(self) -> None:
        box = QFrame()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name on the canvas"))
        self.name.setPlaceholderText(self.entry.title if self.entry is not None else self.component)
        self.name.textEdited.connect(self._named)
        self.id = QLineEdit()
        self.id.setAccessibleName(tr("Id in the file"))
        self.id.setToolTip(tr("What the command line and the file call it"))
        self.id.editingFinished.connect(self._renamed)
        self._id_error = label(kind="error", wrap=True)
        self._id_error.hide()
        for words, field in (("Name on the canvas", self.name), ("Id in the file", self.id)):
            layout.addWidget(label(words, "dim"))
            layout.addWidget(field)
        layout.addWidget(self._id_error)
        self.layout_.addWidget(Fold("Name and id", box))

    # ------------------------------------------------------------------------------------------ following the session

    def show_document(self, document: Document) -> None:
        """Shows the node's values."""
        node = document.by_id[self.node_id]
        self.title.setText(node.title or (self.entry.title if self.entry is not None else node.component))
        for form in self.forms:
            form.show_values(node.values)
        if hasattr(self, "narrowing") and self.narrowing.is_on:
            self.narrowing.apply()
        if self.entry is not None and hasattr(self, "box"):
            self.box.show_component(node.component)
        if self.name.text().strip() != node.title:
            self.name.setText(node.title)
        if not self.id.hasFocus():
            self.id.setText(node.id)
        self._ask(document, node)

    def show_facts(self, facts: Facts) -> None:
        """Shows what was inferred, and errors where they belong."""
        if self.node_id not in facts.document.by_id:
            return
        problems = facts.of_node(self.node_id)
        placed: dict[str, str] = {}
        for problem in problems:
            if problem.parameter:
                placed.setdefault(problem.parameter, problem.reason)
        for form in self.forms:
            form.show_problems(placed)
        general = [problem.reason for problem in problems if not problem.parameter]
        self.error.setText("\n".join(general))
        self.error.setVisible(bool(general))

    def _ask(self, document: Document, node: Node) -> None:
        """Asks for a sample of a task; again only when its values, or what seeds it, have changed."""
        if self.sample is None or self.inspecting is None:
            return
        asked = (node.component, node.values, document.run.seed, document.run.data_seed)
        if asked != self._asked:
            self._asked = asked
            self._browse({})

    def _browse(self, item: dict[str, object]) -> None:
        """Asks the process for a sample, or for one item of it; a line says that it is at work."""
        if self.sample is None or self.inspecting is None or self.node_id not in self.session.document.by_id:
            return
        document = self.session.document
        alone = document.model_copy(update={"nodes": [document.by_id[self.node_id]], "wires": [], "groups": [], "notes": [], "claim": None})
        alone = alone.model_copy(update={"run": document.run.model_copy(update={"vary": []})})
        self.sample.show_working()
        self.inspecting.ask("sample", alone, self.node_id, self.sample.show_sample, self._no_sample, item)

    def _no_sample(self, sentence: str) -> None:
        """What the form says already is not said again in the words of the process."""
        wrong = any(problem.severity == "error" for problem in self.session.facts.of_node(self.node_id))
        if self.sample is not None:
            self.sample.show_failure("what is wrong above has to be mended first." if wrong else sentence)

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

    def _retint(self, tokens: Tokens) -> None:
        colour = tokens.family(self.entry.family.id) if self.entry is not None else tokens.dim
        self._mark.setStyleSheet(f"background: {colour}; border-radius: 2px;")

    def focus_first(self) -> None:
        """Takes the keyboard to the first editor."""
        for form in self.forms:
            for row in form.rows.values():
                if row.isVisibleTo(self):
                    row.first.setFocus(Qt.FocusReason.OtherFocusReason)
                    return
        self.setFocus(Qt.FocusReason.OtherFocusReason)
