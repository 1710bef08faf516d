"""How a cell of the table of runs is drawn: state as a chip, a star, a group with its mean and spread, text that ends in … if too long."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from memstudio.desktop import fonts, icons, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.lengths import px
from memstudio.desktop.runs.columns import Column
from memstudio.desktop.runs.grouped import average_text, group_words
from memstudio.desktop.runs.model import RunsModel
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import STATES, count

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.grouping import GroupRow

HEIGHT = 34
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


_SELECTED, _HOVERED, _FOCUSED = (
    flag.value for flag in (QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver, QStyle.StateFlag.State_HasFocus)
)


@cache
def _colour(hex_: str) -> QColor:
    return QColor(hex_)


def chip_colours(kind: str, t: Tokens) -> tuple[str, str]:
    """Ink and ground of a chip."""
    return {
        "chip-good": (t.good, t.good_background),
        "chip-careful": (t.careful, t.careful_background),
        "chip-bad": (t.bad, t.bad_background),
        "chip-accent": (t.accent, t.accent_background),
    }.get(kind, (t.dim, t.chip_background))


class RunsDelegate(QStyledItemDelegate):
    """Draws every cell by hand: 10,000 rows scroll as smoothly as ten. span(): where the name of a group is written, left and width."""

    def __init__(self, model: RunsModel, span: Callable[[], tuple[int, int]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._span = model, span
        theme.themed.connect(self._themed)
        self._themed(theme.current())

    def _themed(self, tokens: Tokens) -> None:
        self._body, self._small = fonts.sans(), fonts.sans(looks.TYPE_AXIS)
        self._strong = fonts.semibold(looks.TYPE_AXIS)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, px(HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t, area = theme.current(), QRectF(option.rect)
        # as a whole number: an enum of Python's for every cell costs more than drawing it
        state = option.state.value
        selected = bool(state & _SELECTED)
        line, column = self._model.line(index.row()), self._model.column(index.column())
        if line is None or column is None:
            return
        rest = t.panel if isinstance(line, str) else t.background
        ground = t.accent_background if selected else t.hover if state & _HOVERED else rest
        painter.fillRect(area, _colour(ground))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), _colour(t.faint))
        if isinstance(line, str):
            row = self._model.run(index.row())
            if row is not None:
                self._run(painter, area, column, row, selected, t)
            else:
                self._model.look_again()
        else:
            self._group(painter, area, column, line, index.row(), t)
        if state & _FOCUSED:
            painter.setPen(QPen(_colour(t.accent), 1))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -1.5))

    def _run(self, painter: QPainter, area: QRectF, column: Column, row: RunRow, selected: bool, t: Tokens) -> None:
        text = self._model.text(row, column)
        if column.kind == "state":
            painter.setFont(self._small)
            _chip(painter, area, text, STATES.get(row.state, ("", "chip"))[1], t, selected)
        elif column.kind == "star":
            self._marks(painter, area, row, t)
        else:
            self._words(painter, area, text, column, t.text if column.id == "title" or column.kind == "number" else t.dim)

    def _marks(self, painter: QPainter, area: QRectF, row: RunRow, t: Tokens) -> None:
        """A star, a B for the baseline, or both."""
        middle = area.center()
        if row.starred:
            at = QPoint(int(middle.x()) - (14 if row.baseline else 7), int(middle.y()) - 7)
            painter.drawPixmap(at, icons.pixmap("star-on", t.careful, 14, painter.device().devicePixelRatio()))
        if row.baseline:
            painter.setFont(self._strong)
            painter.setPen(_colour(t.accent))
            painter.drawText(area.adjusted(14, 0, 0, 0) if row.starred else area, int(Qt.AlignmentFlag.AlignCenter), "B")

    def _words(self, painter: QPainter, area: QRectF, text: str, column: Column, ink: str) -> None:
        painter.setFont(self._body)
        painter.setPen(_colour(ink))
        inside = area.adjusted(10, 0, -10, 0)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(inside, _RIGHT if column.kind == "number" else _LEFT, shown)

    def _label(self, painter: QPainter, area: QRectF, group: GroupRow, t: Tokens) -> None:
        """This cell's piece of the group's name, which goes over the columns that say nothing of groups."""
        left, wide = self._span()
        if left <= area.left() < left + wide:
            painter.save()
            painter.setClipRect(area)
            name, runs = group_words(group, self._model.by), count(group.n, "run")
            inside = QRectF(left + 10, area.top(), wide - 20, area.height())
            painter.setFont(self._body)
            measure = painter.fontMetrics()
            room = int(inside.width()) - measure.horizontalAdvance(f"   {runs}")
            shown = measure.elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.setPen(_colour(t.text))
            painter.drawText(inside, _LEFT, shown)
            painter.setPen(_colour(t.dim))
            painter.drawText(inside.adjusted(measure.horizontalAdvance(f"{shown}   "), 0, 0, 0), _LEFT, runs)
            painter.restore()

    def _group(self, painter: QPainter, area: QRectF, column: Column, group: GroupRow, at: int, t: Tokens) -> None:
        if column.kind == "star":
            icon = icons.pixmap("chevron" if self._model.is_open(at) else "chevron-right", t.dim, 14, painter.device().devicePixelRatio())
            painter.drawPixmap(QPoint(int(area.center().x()) - 7, int(area.center().y()) - 7), icon)
            return
        self._label(painter, area, group, t)
        average = group.measures.get(column.id)
        if average is None:
            return
        text = average_text(average)
        mean, _, spread = text.partition(" ± ")
        if not spread:
            self._words(painter, area, text, column, t.text)
            return
        painter.setFont(self._body)
        inside = area.adjusted(10, 0, -10, 0)
        wide = painter.fontMetrics().horizontalAdvance(f" ± {spread}")
        painter.setPen(_colour(t.dim))
        painter.drawText(inside, _RIGHT, f"± {spread}")
        painter.setPen(_colour(t.text))
        painter.drawText(inside.adjusted(0, 0, -wide, 0), _RIGHT, mean)


def _chip(painter: QPainter, area: QRectF, text: str, kind: str, t: Tokens, selected: bool) -> None:
    ink, ground = chip_colours(kind, t)
    if selected and kind in ("chip", "chip-accent"):
        ground = t.panel
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    wide = min(painter.fontMetrics().horizontalAdvance(text) + 16, area.width() - 12)
    pill = QRectF(area.left() + 8, area.center().y() - px(9), wide, px(18))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_colour(ground))
    painter.drawRoundedRect(pill, px(9), px(9))
    painter.setPen(_colour(ink))
    painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)
    painter.restore()
