"""Cards in as many columns as fit, row after row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from memstudio.desktop import theme
from memstudio.desktop.lengths import px

GAP = 16


class Grid(QWidget):
    """Places children of one height in columns between a narrowest and a widest width; hidden ones leave no hole."""

    def __init__(self, narrowest: int, widest: int, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._narrowest, self._widest, self._height = narrowest, widest, height
        self._cards: list[QWidget] = []
        theme.themed.connect(self._themed)
        self.setProperty("kind", "clear")

    def show_cards(self, cards: Sequence[QWidget]) -> None:
        """Shows these instead of those before, which are deleted."""
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self._cards = list(cards)
        for before, card in zip([None, *self._cards], self._cards, strict=False):
            card.setParent(self)
            card.show()
            if before is not None:
                QWidget.setTabOrder(before, card)
        self.arrange()

    @property
    def cards(self) -> list[QWidget]:
        """All cards, hidden ones too."""
        return list(self._cards)

    def columns(self, width: int) -> int:
        """How many columns fit into a width."""
        return max(1, (width + GAP) // (self._narrowest + GAP))

    def arrange(self) -> None:
        """Places the cards that are not hidden."""
        high = px(self._height)
        shown = [card for card in self._cards if not card.isHidden()]
        columns = self.columns(self.width())
        wide = min(self._widest, (self.width() - GAP * (columns - 1)) // columns)
        for place, card in enumerate(shown):
            row, column = divmod(place, columns)
            card.setGeometry(QRect(column * (wide + GAP), row * (high + GAP), wide, high))
        rows = -(-len(shown) // columns)
        self.setMinimumHeight(max(0, rows * (high + GAP) - GAP))

    def _themed(self, tokens: object) -> None:
        self.arrange()

    def sizeHint(self) -> QSize:
        return QSize(self._narrowest, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()
