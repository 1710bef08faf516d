"""The palette: everything that can be put on the canvas, found by typing, added by dragging, Enter or a double click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import button, label, search_field
from memstudio.desktop.palette.card import Cards
from memstudio.desktop.palette.entries import ENTRY_ROLE, EntryList, Heading
from memstudio.desktop.palette.kept import Kept
from memstudio.desktop.palette.search import Search
from memstudio.desktop.palette.view import EntryView
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.following import Following


class Palette(QFrame):
    """A search field over a list of components. `chosen(component id)` says that one is to be added.

    `follow(session)`: what cannot follow the selected node is greyed; `kept.remember(...)`: favourites and the like are kept.
    """

    chosen = Signal(str)

    def __init__(self, catalogue: Catalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Palette"))
        self.catalogue = catalogue
        self._search = Search(catalogue)
        self._session: Session | None = None
        self._following: Following | None = None
        self.kept = Kept(self)
        self.rows = EntryList()
        self._make()
        self.cards = Cards(self.list, self.rows, self)
        self._connect()
        self._find("")

    def _make(self) -> None:
        self.field = search_field("Search components")
        self.field.setToolTip(tr("Name, synonym, author, system or a word of an equation"))
        self.fold_button: QPushButton = button("", self._fold_all, "quiet")
        lengths.fix(self.fold_button, width=30)
        lengths.fix_icon(self.fold_button, 16)
        self.list = EntryView(self.rows)
        self.nothing = QWidget()
        self.nothing.setProperty("kind", "clear")
        column = QVBoxLayout(self.nothing)
        column.setContentsMargins(12, 4, 12, 8)
        column.setSpacing(8)
        self.nothing_words = label("", "dim", wrap=True)
        self.instead: QPushButton = button("", self._take_instead, name="Search for what is near")
        self.clear_button: QPushButton = button("Show all components", self.field.clear)
        for widget in (self.nothing_words, self.instead, self.clear_button):
            column.addWidget(widget)
        column.addStretch(1)
        self.nothing.hide()
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 8, 0)
        head.setSpacing(4)
        head.addWidget(self.field, 1)
        head.addWidget(self.fold_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.list, 1)
        self._tint(theme.current())

    def _connect(self) -> None:
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.acted.connect(self._act)
        self.list.doubleClicked.connect(self._double)
        self.list.clicked.connect(self._clicked)
        self.list.starred.connect(self._star)
        self.list.card_asked.connect(self.cards.toggle)
        self.list.left.connect(self._leave_list)
        self.kept.changed.connect(self._refill)
        theme.themed.connect(self._tint)

    def show_catalogue(self, catalogue: Catalogue) -> None:
        """Shows these components from now on; what was typed stays."""
        self.catalogue = catalogue
        self._search = Search(catalogue)
        self._mark(anew=True)
        self._refill()

    def follow(self, session: Session) -> None:
        """Greys what cannot follow the selected node of a session, and counts what is used in it."""
        self._session = session
        self.kept.follow(session)
        session.selection_changed.connect(self._selected)
        session.facts_changed.connect(self._facts)
        self._mark()

    @property
    def shown(self) -> list[Entry]:
        """The entries that are shown now, in order."""
        return [row for row in self.rows.rows if not isinstance(row, Heading)]

    # ------------------------------------------------------------------------------------------ what is shown

    def _find(self, text: str) -> None:
        found = self._search.find(text)
        ranked = bool(text.strip())
        if ranked:
            self.rows.set_entries(found, grouped=False)
        else:
            self.rows.set_entries(found, True, self.kept.folded, self._known(self.kept.favourites), self._known(self.kept.recent))
        self.nothing.setVisible(not found)
        self.list.setVisible(bool(found))
        self.fold_button.setEnabled(not ranked)
        self._say_fold()
        if not found:
            self._say_nothing(text.strip())
        elif ranked:
            self.list.setCurrentIndex(self.rows.index(0))
            self.list.scrollToTop()

    def _known(self, ids: list[str]) -> list[Entry]:
        return [self.catalogue.entry(id) for id in ids if id in self.catalogue]

    def _say_nothing(self, words: str) -> None:
        shown = words if len(words) <= 40 else f"{words[:40]}…"
        self.nothing_words.setText(f"Nothing is called “{shown}”. Search looks at names, synonyms, authors, systems and equations.")
        near = self._search.nearest(words)
        self.instead.setVisible(bool(near))
        self.instead.setText(f"Search for {near}")
        self.instead.setAccessibleName(f"Search for {near}")
        self.instead.setProperty("word", near)

    def _take_instead(self) -> None:
        self.field.setText(str(self.instead.property("word")))
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refill(self) -> None:
        """Fills the list anew; the current row and the place it is scrolled to stay."""
        index, bar = self.list.currentIndex(), self.list.verticalScrollBar()
        row = index.data(ENTRY_ROLE) if index.isValid() else None
        at, scrolled, top = index.row(), bar.value(), self.list.visualRect(index).top()
        self._find(self.field.text())
        self._mark()
        if row is not None:
            same = [
                place
                for place, one in enumerate(self.rows.rows)
                if one.id == row.id and isinstance(one, Heading) == isinstance(row, Heading)
            ]
            if same:
                self.list.setCurrentIndex(self.rows.index(min(same, key=lambda place: abs(place - at))))
        bar.setValue(scrolled)
        if row is not None and 0 <= top < self.list.viewport().height():
            # what is under the hand stays there, though a group above has grown
            bar.setValue(scrolled + self.list.visualRect(self.list.currentIndex()).top() - top)

    # ------------------------------------------------------------------------------------------ what can follow

    def _selected(self, _: object = None) -> None:
        self._mark()

    def _facts(self, _: Facts) -> None:
        self._mark()

    def _mark(self, anew: bool = False) -> None:
        """Greys what cannot follow the one selected node; where none or several are selected, nothing."""
        before, self._following = self._following, self._of_selected()
        same = before is not None and self._following is not None and before.key == self._following.key and not anew
        following = before if same else self._following
        self._following = following
        unfit = [] if following is None else [entry.id for entry in self.catalogue if not following.fits(entry)]
        self.rows.set_marks(self.kept.favourites, unfit, self._why_not)

    def _of_selected(self) -> Following | None:
        session = self._session
        if session is None or len(session.selected) != 1:
            return None
        node = session.document.by_id.get(session.selected[0])
        return None if node is None else Following(node, self.catalogue, session.facts.inferred)

    def _why_not(self, entry: Entry) -> str | None:
        return None if self._following is None else self._following.why_not(entry)

    # ------------------------------------------------------------------------------------------ acting

    def _act(self, index: QModelIndex) -> None:
        row = index.data(ENTRY_ROLE)
        if isinstance(row, Heading):
            self.kept.fold([row.id], row.open)
            self.list.setCurrentIndex(self.rows.index(index.row()))
        elif row is not None:
            self.cards.hide()
            self.kept.use([row.id])
            self.chosen.emit(row.id)

    def _double(self, index: QModelIndex) -> None:
        if isinstance(index.data(ENTRY_ROLE), Entry):
            self._act(index)

    def _clicked(self, index: QModelIndex) -> None:
        if isinstance(index.data(ENTRY_ROLE), Heading):
            self._act(index)

    def _star(self, index: QModelIndex) -> None:
        row = index.data(ENTRY_ROLE)
        if isinstance(row, Entry):
            self.kept.star(row.id)

    def _groups(self) -> list[Heading]:
        return [row for row in self.rows.rows if isinstance(row, Heading)]

    def _fold_all(self) -> None:
        groups = self._groups()
        self.kept.fold([group.id for group in groups], any(group.open for group in groups))
        self.list.scrollToTop()

    def _say_fold(self) -> None:
        groups = self._groups()
        words = "Fold every family" if any(group.open for group in groups) or not groups else "Unfold every family"
        self.fold_button.setAccessibleName(words)
        self.fold_button.setToolTip(words)
        self._tint_fold()

    def _leave_list(self) -> None:
        """Escape: the card goes first, then the keyboard goes back to the field."""
        if self.cards.card is not None:
            self.cards.hide()
        else:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, arrows walk the list and Enter adds what is current there; Alt+S stars it, Ctrl+I says what it is."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._key(event):
            return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key, keys, index = event.key(), event.modifiers(), self.list.currentIndex()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._walk(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._act(index)
            # what is typed next is another search
            self.field.selectAll()
        elif key == Qt.Key.Key_Escape and self.cards.card is not None:
            self.cards.hide()
        elif key == Qt.Key.Key_Escape and self.field.text():
            self.field.clear()
        elif key == Qt.Key.Key_S and keys == Qt.KeyboardModifier.AltModifier and index.isValid():
            self._star(index)
        elif key == Qt.Key.Key_I and keys == Qt.KeyboardModifier.ControlModifier:
            self.cards.toggle()
        else:
            return False
        return True

    def _walk(self, step: int) -> None:
        row = self.list.currentIndex().row() + step
        while 0 <= row < len(self.rows.rows) and isinstance(self.rows.rows[row], Heading):
            row += step
        if 0 <= row < len(self.rows.rows):
            self.list.setCurrentIndex(self.rows.index(row))

    # ------------------------------------------------------------------------------------------ looks

    def _tint(self, tokens: Tokens) -> None:
        self._tint_fold()
        self.list.viewport().update()

    def _tint_fold(self) -> None:
        some_open = any(group.open for group in self._groups())
        self.fold_button.setIcon(icons.icon("fold" if some_open else "unfold", theme.current()))

    def hideEvent(self, event: QHideEvent) -> None:
        self.cards.hide()
        super().hideEvent(event)
