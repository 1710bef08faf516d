"""The inspector: the page of what is selected, made anew only when something else is selected."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.inspector.asking import Inspecting
from memstudio.desktop.inspector.document_page import EXPERIMENT, STUDY, DocumentPage
from memstudio.desktop.inspector.facts_panel import FactsPanel, known_of
from memstudio.desktop.inspector.form import NestedForm
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.inspector.several_page import SeveralPage
from memstudio.desktop.labels import button, label
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue


class Inspector(QFrame):
    """Shows one node, a group, a note, several things, or (nothing selected) the document."""

    def __init__(self, session: Session, inspecting: Inspecting | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.inspecting = session, inspecting
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Inspector"))
        self.page: QWidget | None = None
        self._shown: tuple[str, ...] | None = None
        self._which, self._estimate = EXPERIMENT, ""
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameStyle(0)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # pages come and go inside of a sheet that stays: taking a widget out of its area styles everything on it once more
        self.sheet = QWidget()
        self.sheet.setProperty("kind", "clear")
        self._pages = QVBoxLayout(self.sheet)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self.area.setWidget(self.sheet)
        self.facts = FactsPanel()
        self.foot = QFrame()
        self.foot.setProperty("kind", "foot")
        foot = QVBoxLayout(self.foot)
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addWidget(self.facts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.foot)
        session.document_changed.connect(self._follow)
        session.facts_changed.connect(self._facts)
        session.selection_changed.connect(self._select)
        session.study_asked.connect(self.show_study)
        session.catalogue_changed.connect(self._show_anew)
        self._follow(session.document)

    def _select(self, selected: tuple[str, ...]) -> None:
        self._follow(self.session.document)

    def _show_anew(self, catalogue: Catalogue) -> None:
        self._shown = None
        self._follow(self.session.document)

    def _follow(self, document: Document) -> None:
        key = self._key(document)
        if key != self._shown or self.page is None:
            self._shown = key
            self._show_page(self._page(document, key))
        elif isinstance(self.page, NodePage | DocumentPage | MarkPage | SeveralPage):
            self.page.show_document(document)

    def _key(self, document: Document) -> tuple[str, ...]:
        """What decides which page is shown: the kind of selection, and of a node its component."""
        selected = self.session.selected
        things = [id for id in selected if ">" not in id]
        if len(things) > 1:
            # another component at one of them is another page: what they have in common may be something else
            of = document.by_id
            return ("several", *(f"{id} {of[id].component}" if id in of else id for id in things))
        if not things:
            return ("wire", *selected) if selected else ("document",)
        nodes = document.by_id
        return ("node", things[0], nodes[things[0]].component) if things[0] in nodes else ("mark", things[0])

    def _page(self, document: Document, key: tuple[str, ...]) -> QWidget:
        match key[0]:
            case "node":
                return NodePage(self.session, document.by_id[key[1]], self.inspecting)
            case "mark":
                return MarkPage(self.session, key[1])
            case "several":
                return SeveralPage(self.session, [part.partition(" ")[0] for part in key[1:]])
            case "wire":
                return WirePage(self.session, list(key[1:]))
        return self._document_page()

    def _document_page(self) -> DocumentPage:
        made = DocumentPage(self.session, self._which)
        made.turned.connect(self._turned)
        made.show_estimate(self._estimate)
        return made

    def _turned(self, which: str) -> None:
        """The side that was looked at last is shown again, when nothing is selected again."""
        self._which = which

    def show_study(self) -> None:
        """Shows the study of the experiment, and takes the keyboard there."""
        self._which = STUDY
        self.session.select([])
        if isinstance(self.page, DocumentPage):
            self.page.turn(STUDY)
            self.page.focus_first()

    def show_estimate(self, words: str) -> None:
        """How long all runs take, for the study's page."""
        self._estimate = words
        if isinstance(self.page, DocumentPage):
            self.page.show_estimate(words)

    def _show_page(self, page: QWidget) -> None:
        focus = self.window().focusWidget()
        had_focus = focus is not None and self.isAncestorOf(focus)
        page.setProperty("kind", "clear")
        if isinstance(self.page, NodePage | DocumentPage):
            self.page.slices.stop()
        if self.page is not None:
            self._pages.removeWidget(self.page)
            self.page.hide()
            self.page.deleteLater()
        self.page = page
        self._pages.addWidget(page)
        page.show()
        self.area.verticalScrollBar().setValue(0)
        self._show_foot(self.session.facts)
        if had_focus:
            # The page was changed from the keyboard (another component was chosen, say): it stays here.
            self.focus_first()

    def _facts(self, facts: Facts) -> None:
        if isinstance(self.page, NodePage | DocumentPage):
            self.page.show_facts(facts)
        self._show_foot(facts)

    def _show_foot(self, facts: Facts) -> None:
        """What is known of the node before running stays in sight however long its form is."""
        node = self.page.node_id if isinstance(self.page, NodePage) else ""
        known = known_of(node, facts.inferred) if node else []
        of = self.session.document.by_id[node].uid if node in self.session.document.by_id else ""
        self.facts.show_known(of, known)
        self.foot.setVisible(bool(known))

    def go_to_part(self, address: str) -> None:
        """Takes the keyboard to the form of a component inside the node that is shown: `mem1.inner`, `learn.strategies.0`."""
        if isinstance(self.page, NodePage):
            self.page.finish()
        form = next((one for one in self.area.findChildren(NestedForm) if one.address == address), None)
        if form is not None:
            form.first.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(form, 0, 12)

    def focus_first(self) -> None:
        """Takes the keyboard to the first editor of the page."""
        if isinstance(self.page, NodePage | DocumentPage | MarkPage | SeveralPage):
            self.page.focus_first()
        elif self.page is not None:
            self.page.setFocus(Qt.FocusReason.OtherFocusReason)


def _column(page: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(page)
    layout.setContentsMargins(16, 14, 16, 16)
    layout.setSpacing(12)
    return layout


class WirePage(QWidget):
    """A wire: from where to where, what it carries."""

    def __init__(self, session: Session, wires: list[str]) -> None:
        super().__init__()
        layout = _column(self)
        layout.addWidget(label("Wire" if len(wires) == 1 else f"{len(wires)} wires", "heading"))
        for wire in wires:
            start, _, end = wire.partition(">")
            node, _, port = start.rpartition(".")
            spec = session.facts.inferred.outputs.get(node, {}).get(port)
            layout.addWidget(label(f"{start} → {end}", "dim", wrap=True))
            if spec is not None:
                layout.addWidget(label(f"{spec.kind.value} {spec.text}" if spec.shape else spec.kind.value))
        layout.addWidget(button("Delete", partial(doing.delete, session), tip="Take the wire off"))
        layout.addStretch(1)


class MarkPage(QWidget):
    """A note or a group: its words."""

    def __init__(self, session: Session, id: str) -> None:
        super().__init__()
        self.session, self.id = session, id
        layout = _column(self)
        self.is_note = any(note.id == id for note in session.document.notes)
        layout.addWidget(label("Note" if self.is_note else "Group", "heading"))
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("Text of the note"))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(140)
        self.title = QLineEdit()
        self.title.setAccessibleName(tr("Title of the group"))
        layout.addWidget(self.text if self.is_note else self.title)
        (self.title if self.is_note else self.text).hide()
        if not self.is_note:
            layout.addWidget(button("Ungroup", partial(doing.ungroup, session), tip="Take the group apart; its components stay"))
        layout.addStretch(1)
        self.show_document(session.document)
        self.text.textChanged.connect(self._written)
        self.title.textEdited.connect(self._titled)

    def show_document(self, document: Document) -> None:
        """Shows the words."""
        for note in document.notes:
            if note.id == self.id and self.text.toPlainText() != note.text:
                self.text.setPlainText(note.text)
        for group in document.groups:
            if group.id == self.id and self.title.text() != group.title:
                self.title.setText(group.title)

    def _written(self) -> None:
        text = self.text.toPlainText()
        self.session.edit("Write note", lambda document: edits.set_note(document, self.id, text=text), merge=("note", self.id))

    def _titled(self, text: str) -> None:
        self.session.edit("Name group", lambda document: edits.set_group_title(document, self.id, text), merge=("group", self.id))

    def focus_first(self) -> None:
        """Takes the keyboard to the words."""
        (self.text if self.is_note else self.title).setFocus(Qt.FocusReason.OtherFocusReason)
