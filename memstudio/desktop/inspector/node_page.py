"""The inspector of one node: what it is, its form, its equation and sources, and what is known of it before running."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSpacerItem, QVBoxLayout, QWidget

from memstudio.desktop import theme
from memstudio.desktop.inspector.asking import Inspecting
from memstudio.desktop.inspector.component_box import ComponentBox
from memstudio.desktop.inspector.fold import Fold
from memstudio.desktop.inspector.form import Form
from memstudio.desktop.inspector.name_fields import NameFields
from memstudio.desktop.inspector.narrowing import MANY, Narrowing
from memstudio.desktop.inspector.sample import SampleView
from memstudio.desktop.inspector.words_panel import EquationsPanel, SourcesPanel
from memstudio.desktop.labels import label, line
from memstudio.desktop.reading_order import in_reading_order
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.slices import Slices
from memstudio.desktop.study.menus import More
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment import together
from memstudio.experiment.declarations import Source
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Entry
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Parameter

#: seconds of making before the page is shown, and pixels that a row and an equation take about
FIRST, ROW, WORDS = 0.005, 56, 32
#: from this width on the family's chip stands beside the title
ROOMY = 260


class NodePage(QWidget):
    """One node. Made anew for another node or another component; values are shown in place.

    Its head and the first rows are there at once, the rest comes in slices (`finish`: now).
    """

    def __init__(self, session: Session, node: Node, inspecting: Inspecting | None) -> None:
        super().__init__()
        self.session, self.node_id, self.component = session, node.id, node.component
        self.entry: Entry | None = session.catalogue.entry(node.component) if node.component in session.catalogue else None
        self.inspecting = inspecting
        self.slices = Slices(self)
        self._forms: list[Form] = []
        self.around: Fold | None = None
        self._sample: SampleView | None = None
        self.name: NameFields | None = None
        self.equations: EquationsPanel | None = None
        self.sources: SourcesPanel | None = None
        self.box: ComponentBox | None = None
        self.narrowing: Narrowing | None = None
        self._asked: tuple[object, ...] | None = None
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(16, 14, 16, 16)
        self.layout_.setSpacing(12)
        self._add_head()
        if self.entry is None:
            self._add_unknown()
            self._add_name()
        else:
            self._add_choices(self.entry)
            parts = (self._add_form, self._add_around, self._add_sample, self._add_equations, self._add_sources, self._add_explanation)
            self.slices.add(partial(part, self.entry) for part in parts)
            self.slices.add([self._add_name])
        self.layout_.addStretch(1)
        self._room = QSpacerItem(0, 0)
        self.layout_.addItem(self._room)
        theme.themed.connect(self._retint)
        self._retint(theme.current())
        self._show_title(session.document.by_id[node.id])
        self._show_error(session.facts)
        self.slices.some(FIRST)
        self._hold_room()
        self.slices.done.connect(self._whole)

    def finish(self) -> None:
        """Makes at once what is not there yet."""
        self.slices.finish()

    @property
    def forms(self) -> list[Form]:
        """Its own form, and that around it."""
        self.finish()
        return self._forms

    @property
    def sample(self) -> SampleView | None:
        """The sample of a task."""
        self.finish()
        return self._sample

    def _hold_room(self) -> None:
        """As long as parts are missing the page is about as long as it will be, so that no scroll bar comes and goes."""
        if self.entry is not None and not self.slices.are_done:
            rows = sum(form.number for form in self._forms)
            self._room.changeSize(0, ROW * rows + WORDS * len(self.entry.component.equations))

    def _whole(self) -> None:
        self._room.changeSize(0, 0)
        self.layout_.invalidate()
        in_reading_order(self)
        if self.narrowing is not None and self.narrowing.is_on:
            self.narrowing.apply()

    def _put(self, widget: QWidget) -> None:
        """The next part, below the others."""
        self.layout_.insertWidget(self.layout_.count() - 2, widget)
        widget.show()

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

    def _add_choices(self, entry: Entry) -> None:
        family = [one for one in self.session.catalogue.of_family(entry.family.id) if one.component.alone]
        if len(family) > 1:
            self.box = ComponentBox(self.session, "Component", f"{self.node_id}.component", family)
            self.box.show_component(self.component)
            self.layout_.addWidget(self.box)
        if len(entry.component.parameters) + len(entry.family.group) > MANY:
            self.narrowing = Narrowing(self._forms, self._folds)
            self.layout_.addWidget(self.narrowing)

    def _folds(self) -> list[tuple[Form, Fold]]:
        return [(self._forms[-1], self.around)] if self.around is not None else []

    def _form(self, entry: Entry, parameters: Sequence[Parameter]) -> Form:
        form = Form(self.session, entry, self.node_id, parameters, self.slices)
        self._forms.append(form)
        form.show_values(self.session.document.by_id[self.node_id].values)
        form.show_problems(self._placed(self.session.facts))
        return form

    def _add_form(self, entry: Entry) -> None:
        form = self._form(entry, entry.component.parameters)
        if form.number:
            self._put(form)

    def _add_around(self, entry: Entry) -> None:
        if entry.family.group:
            title = entry.family.group_title or f"Around the {entry.family.title.lower()}"
            self.around = Fold(title, self._form(entry, entry.family.group))
            self._put(self.around)

    def _fill_menu(self, menu: QMenu) -> None:
        if self.box is not None:
            menu.addAction(tr("Vary the component…"), self.box.open_vary)
        changed = any(form.is_changed for form in self.forms)
        menu.addAction(tr("Reset all"), self.reset_all).setEnabled(changed)

    def reset_all(self) -> None:
        """Every value as it is by default, in one edit."""
        session, node = self.session, self.node_id
        session.edit("Reset all", lambda document: together.reset_component(document, node, session.catalogue))

    def _add_sample(self, entry: Entry) -> None:
        if self.inspecting is not None and any(port.kind is Kind.STREAM for port in entry.component.gives):
            self._sample = SampleView(self._browse)
            self._put(self._sample)
            self._sample.hide()
            self._ask(self.session.document, self.session.document.by_id[self.node_id])

    def _add_equations(self, entry: Entry) -> None:
        if entry.component.equations or _sources(entry):
            self._put(line())
        if entry.component.equations:
            self.equations = EquationsPanel(entry.component.equations, self.slices)
            self._put(self.equations)

    def _add_sources(self, entry: Entry) -> None:
        sources = _sources(entry)
        if sources:
            self.sources = SourcesPanel(sources, self.slices)
            self._put(self.sources)

    def _add_explanation(self, entry: Entry) -> None:
        if entry.component.explanation:
            words = label(entry.component.explanation, "dim", wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._put(Fold("How it works", words))

    def _add_name(self) -> None:
        self.name = NameFields(self.session, self.node_id, self.entry.title if self.entry is not None else self.component)
        fold = Fold("Name and id", self.name)
        if self.entry is None:
            self.layout_.addWidget(fold)
        else:
            self._put(fold)

    # ------------------------------------------------------------------------------------------ following the session

    def show_document(self, document: Document) -> None:
        """Shows the node's values."""
        node = document.by_id[self.node_id]
        self._show_title(node)
        for form in self._forms:
            form.show_values(node.values)
        if self.narrowing is not None and self.narrowing.is_on:
            self.narrowing.apply()
        if self.box is not None:
            self.box.show_component(node.component)
        if self.name is not None:
            self.name.show_node(node)
        self._ask(document, node)

    def _show_title(self, node: Node) -> None:
        self.title.setText(node.title or (self.entry.title if self.entry is not None else node.component))

    def show_facts(self, facts: Facts) -> None:
        """Shows what was inferred, and errors where they belong."""
        if self.node_id not in facts.document.by_id:
            return
        placed = self._placed(facts)
        for form in self._forms:
            form.show_problems(placed)
        self._show_error(facts)

    def _placed(self, facts: Facts) -> dict[str, str]:
        """The first error at each address of the form."""
        placed: dict[str, str] = {}
        if self.node_id in facts.document.by_id:
            for problem in facts.of_node(self.node_id):
                if problem.parameter:
                    placed.setdefault(problem.parameter, problem.reason)
        return placed

    def _show_error(self, facts: Facts) -> None:
        known = facts.of_node(self.node_id) if self.node_id in facts.document.by_id else ()
        general = [problem.reason for problem in known if not problem.parameter]
        self.error.setText("\n".join(general))
        self.error.setVisible(bool(general))

    def _ask(self, document: Document, node: Node) -> None:
        """Asks for a sample of a task; again only when its values, or what seeds it, have changed."""
        if self._sample is None or self.inspecting is None:
            return
        asked = (node.component, node.values, document.run.seed, document.run.data_seed)
        if asked != self._asked:
            self._asked = asked
            self._browse({})

    def _browse(self, item: dict[str, object]) -> None:
        """Asks the process for a sample, or for one item of it; a line says that it is at work."""
        if self._sample is None or self.inspecting is None or self.node_id not in self.session.document.by_id:
            return
        document = self.session.document
        alone = document.model_copy(update={"nodes": [document.by_id[self.node_id]], "wires": [], "groups": [], "notes": [], "claim": None})
        alone = alone.model_copy(update={"run": document.run.model_copy(update={"vary": []})})
        self._sample.show_working()
        self.inspecting.ask("sample", alone, self.node_id, self._sample.show_sample, self._no_sample, item)

    def _no_sample(self, sentence: str) -> None:
        """What the form says already is not said again in the words of the process."""
        wrong = any(problem.severity == "error" for problem in self.session.facts.of_node(self.node_id))
        if self._sample is not None:
            self._sample.show_failure("what is wrong above has to be mended first." if wrong else sentence)

    def _retint(self, tokens: Tokens) -> None:
        colour = tokens.family(self.entry.family.id) if self.entry is not None else tokens.dim
        self._mark.setStyleSheet(f"background: {colour}; border-radius: 2px;")

    def focus_first(self) -> None:
        """Takes the keyboard to the first editor."""
        for form in self._forms:
            for row in form.rows.values():
                if row.isVisibleTo(self):
                    row.first.setFocus(Qt.FocusReason.OtherFocusReason)
                    return
        self.setFocus(Qt.FocusReason.OtherFocusReason)


def _sources(entry: Entry) -> tuple[Source, ...]:
    return tuple(dict.fromkeys((entry.preset.sources if entry.preset else ()) + entry.component.sources))
