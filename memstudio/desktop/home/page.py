"""Home: the gallery, what was open lately, and what is still running."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop.going import Going
from memstudio.desktop.home.addons_line import AddOnsLine
from memstudio.desktop.home.card import HEIGHT, NARROWEST, WIDEST, Card
from memstudio.desktop.home.grid import Grid
from memstudio.desktop.home.recent import Recent
from memstudio.desktop.home.side import Side
from memstudio.desktop.home.tour_line import TourLine
from memstudio.desktop.labels import button, label, search_field

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn
    from memstudio.experiment.gallery import GalleryItem

SIDE = 296


class HomePage(QWidget):
    """The first page. It asks for nothing itself: the window gives it the gallery, the recent files, what is going on.

    open_item(GalleryItem), open_file(Path), show_runs(Going), new(), choose_file(), tour(), no_tour(): what was asked for.
    """

    open_item = Signal(object)
    open_file = Signal(object)
    show_runs = Signal(object)
    new = Signal()
    choose_file = Signal()
    tour = Signal()
    no_tour = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._items: tuple[GalleryItem, ...] | None = None
        self._family = ""
        self.cards: list[Card] = []
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 24, 32, 0)
        page.setSpacing(0)
        page.addLayout(self._head())
        page.addSpacing(18)
        self.addons = AddOnsLine()
        page.addWidget(self.addons)
        self._below_addons = QWidget()
        self._below_addons.setFixedHeight(14)
        self._below_addons.hide()
        page.addWidget(self._below_addons)
        self.tour_line = TourLine()
        self.tour_line.take.connect(self.tour)
        self.tour_line.decline.connect(self._decline_tour)
        page.addWidget(self.tour_line)
        self._below_tour = QWidget()
        self._below_tour.setFixedHeight(14)
        self._below_tour.hide()
        page.addWidget(self._below_tour)
        body = QHBoxLayout()
        body.setSpacing(28)
        body.addLayout(self._left(), 1)
        body.addLayout(self._right())
        page.addLayout(body, 1)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("What would you like to remember?", "title"), 1)
        self.open_button = button("Open…", self.choose_file.emit, "", "Open an experiment file (.memx)", "Open an experiment file")
        self.tour_button = button("Take the tour", self.tour.emit, "", "Build and run a first experiment, step by step (Shift+F1)")
        self.new_button = button("New experiment", self.new.emit, "primary", "Start from an empty canvas")
        head.addWidget(self.open_button)
        head.addWidget(self.tour_button)
        head.addWidget(self.new_button)
        return head

    def _left(self) -> QVBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(14)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        left.addLayout(self._chips)
        self.grid = Grid(NARROWEST, WIDEST, HEIGHT)
        self.nothing = label("Reading the studies…", "dim", wrap=True)
        inside = QWidget()
        inside.setProperty("kind", "clear")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 24)
        column.addWidget(self.grid)
        column.addWidget(self.nothing)
        column.addStretch(1)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setWidget(inside)
        left.addWidget(self.scroller, 1)
        return left

    def _right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(16)
        self.search = search_field("Search studies and papers")
        self.search.setFixedWidth(SIDE)
        self.search.textChanged.connect(self._filter)
        right.addWidget(self.search)
        self.side = Side()
        self.side.open_file.connect(self.open_file)
        self.side.show_runs.connect(self.show_runs)
        around = QScrollArea()
        around.setWidgetResizable(True)
        around.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        around.setFixedWidth(SIDE)
        around.setWidget(self.side)
        right.addWidget(around, 1)
        return right

    # ------------------------------------------------------------------------------------------ what is shown

    def show_gallery(self, items: Sequence[GalleryItem]) -> None:
        """Shows these studies; the search and the chosen family stay."""
        self._items = tuple(items)
        self.cards = [Card(item, self.open_item.emit) for item in self._items]
        self.grid.show_cards(self.cards)
        self._show_chips()
        self._filter()

    def show_addons(self, listed: Sequence[AddOn]) -> None:
        """Says which add-on asks to be used or was refused; nothing where none does."""
        self.addons.show_addons(listed)
        self._below_addons.setVisible(self.addons.isVisibleTo(self))

    def offer_tour(self, offered: bool) -> None:
        """Shows the line that offers the tour, or the button alone."""
        self.tour_line.setVisible(offered)
        self._below_tour.setVisible(offered)
        self.tour_button.setVisible(not offered)

    def tour_taken(self, state: str) -> None:
        """The tour was begun: it is no longer offered by a line."""
        self.offer_tour(False)

    def _decline_tour(self) -> None:
        self.offer_tour(False)
        self.tour_button.setFocus()
        self.no_tour.emit()

    def show_no_gallery(self, sentence: str) -> None:
        """Says why there is no gallery."""
        self._items = ()
        self.grid.show_cards([])
        self.nothing.setText(sentence)
        self.nothing.show()

    def show_recent(self, recent: Sequence[Recent]) -> None:
        """Shows the files that were open lately."""
        self.side.show_recent(recent)

    def show_going(self, going: Sequence[Going]) -> None:
        """Shows what is still running."""
        self.side.show_going(going)

    def _show_chips(self) -> None:
        for old in self._group.buttons():
            self._group.removeButton(old)
            old.hide()
            old.deleteLater()
        while self._chips.takeAt(0) is not None:
            pass
        counts = Counter(item.family for item in self._items or ())
        chips = [("", f"All {sum(counts.values())}")] + [(family, family[:1].upper() + family[1:]) for family in counts]
        for family, text in chips:
            chip = button(text, partial(self._choose, family), "filter", name=f"Show {text.lower()}" if family else "Show all studies")
            chip.setCheckable(True)
            chip.setChecked(family == self._family)
            self._group.addButton(chip)
            self._chips.addWidget(chip)
        self._chips.addStretch(1)
        widest = max((QFontMetrics(chip.font()).height() for chip in self._group.buttons()), default=0)
        self.scroller.verticalScrollBar().setSingleStep(max(16, widest * 2))

    @property
    def chips(self) -> list[QPushButton]:
        """The family filters, the first of which shows all."""
        return cast("list[QPushButton]", self._group.buttons())

    def _choose(self, family: str) -> None:
        self._family = family
        self._filter()

    def _filter(self) -> None:
        words = self.search.text()
        shown = 0
        for card in self.cards:
            fits = (not self._family or card.item.family == self._family) and card.matches(words)
            card.setVisible(fits)
            shown += fits
        self.grid.arrange()
        self.nothing.setVisible(not shown and self._items is not None)
        if not shown and self._items is not None:
            self.nothing.setText(
                f"No study has “{words}”. Clear the search, or look in all families." if words else "There are no studies here."
            )
