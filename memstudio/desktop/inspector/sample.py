"""A sample of a task as it will be trained on: tokens in cells, pictures, a table or text; the next item, another part, another split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop import theme
from memstudio.desktop.canvas.ink import Ink, ink
from memstudio.desktop.inspector.fields import combo
from memstudio.desktop.inspector.sample_items import Browsed, Cell, Table, browsed, cells_of, table_of, text_of
from memstudio.desktop.labels import button, label

#: what a person reads for each split
SPLITS = (("test", "Test"), ("validation", "Validation"))
#: higher than this, cells scroll in a window of their own
HIGHEST = 264
#: families whose colours roles take in turn, where none is theirs
_TURN = ("task", "sequence", "lookup", "associative", "learner", "store")
_OWN = {"key": "task", "value": "sequence", "question": "ensemble"}

Ask = Callable[[dict[str, Any]], None]


class SampleView(QWidget):
    """A caption, what there is to see, and a key to the roles. ask: called with {"split", "part", "item"} when another item is wanted."""

    def __init__(self, ask: Ask | None = None) -> None:
        super().__init__()
        self._ask = ask
        self._at: Browsed | None = None
        self.cells = Cells()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameStyle(0)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.cells)
        self.area.setAccessibleName("Items of the task")
        self.cells.setProperty("kind", "clear")
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName("Rows of the task")
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels([])
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text of the task")
        self.text.setFixedHeight(160)
        self.text.setTabChangesFocus(True)
        self.key = Key()
        self.caption = label(kind="small", wrap=True)
        self.state = label(kind="dim", wrap=True)
        self.state.setAccessibleName("State of the sample")
        self.working = QProgressBar()
        self.working.setRange(0, 0)
        self.working.setTextVisible(False)
        self.working.setAccessibleName("The sample is being made")
        self.again = button("Try again", self._retry, "", "Ask for the sample once more")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._head())
        for widget in (self.working, self.state, self.again, self.area, self.table, self.text, self.key, self.caption):
            layout.addWidget(widget)
            widget.hide()
        layout.setAlignment(self.again, Qt.AlignmentFlag.AlignLeft)
        theme.themed.connect(self._repaint)

    def _head(self) -> QVBoxLayout:
        """Which item: split, part, and one back or on."""
        self.title = label("Sample", "section")
        self.split = combo(list(SPLITS))
        self.split.setAccessibleName("Split")
        self.part = combo([])
        self.part.setAccessibleName("Part of the split")
        self.back = button("‹", partial(self._step, -1), "", "The item before", "Previous item")
        self.on = button("›", partial(self._step, 1), "", "The next item", "Next item")
        self.which = label(kind="small")
        for one in (self.back, self.on):
            one.setFixedWidth(30)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(6)
        second.setSpacing(6)
        first.addWidget(self.title, 1)
        first.addWidget(self.which)
        first.addWidget(self.back)
        first.addWidget(self.on)
        second.addWidget(self.split, 1)
        second.addWidget(self.part, 1)
        for chooser in (self.split, self.part):
            chooser.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            chooser.activated.connect(self._chosen)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(first)
        column.addLayout(second)
        self._show_where(None)
        return column

    # ------------------------------------------------------------------------------------------ states

    def show_working(self) -> None:
        """The process is at work; what is shown already stays."""
        self.show()
        self.working.show()
        first = not any(one.isVisibleTo(self) for one in (self.area, self.table, self.text))
        self._say("Making a sample of this task…" if first else "")
        self.again.hide()

    def show_failure(self, sentence: str) -> None:
        """Why there is none."""
        self.working.hide()
        for widget in (self.area, self.table, self.text, self.key, self.caption):
            widget.hide()
        self._show_where(None)
        self._say(f"No sample: {sentence}")
        self.again.setVisible(self._ask is not None)
        self.show()

    def _say(self, words: str) -> None:
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def show_sample(self, sample: Mapping[str, Any]) -> None:
        """Shows a sample as the task gave it; one of an unknown kind shows nothing."""
        caption, cells = cells_of(sample)
        table, text = table_of(sample), text_of(sample)
        if table is not None:
            caption = f"{len(table.rows)} rows, {len(table.columns) - 1} columns"
        self.working.hide()
        self.again.hide()
        self._say("")
        self.caption.setText(caption)
        self.caption.setVisible(bool(caption))
        self.cells.show_cells(cells)
        self.key.show_roles(self.cells.roles)
        self.area.setVisible(bool(cells))
        self._fit()
        self._show_table(table)
        self.text.setPlainText(text)
        self.text.setVisible(bool(text))
        self.setVisible(bool(cells) or table is not None or bool(text))
        self.cells.setAccessibleName(f"{caption}: {'; '.join(cell.said for cell in cells[:16])}{'; …' if len(cells) > 16 else ''}")
        self._show_where(browsed(sample))

    def _show_table(self, table: Table | None) -> None:
        self.table.setVisible(table is not None)
        if table is None:
            return
        self.table.setColumnCount(len(table.columns))
        self.table.setRowCount(len(table.rows))
        self.table.setHorizontalHeaderLabels(list(table.columns))
        self.table.verticalHeader().hide()
        for row, values in enumerate(table.rows):
            for column, value in enumerate(values):
                self.table.setItem(row, column, QTableWidgetItem(value))
        self.table.resizeColumnsToContents()
        self.table.setFixedHeight(min(HIGHEST, 34 + 30 * len(table.rows)))

    def _show_where(self, at: Browsed | None) -> None:
        """Which item of how many; the choosers where there is something to choose."""
        self._at = at
        for widget in (self.which, self.back, self.on, self.split):
            widget.setVisible(at is not None)
        self.part.setVisible(at is not None and len(at.parts) > 1)
        if at is None:
            return
        last = min(at.item + at.step, at.number)
        shown = f"{at.item + 1:,}" if at.step == 1 else f"{at.item + 1:,}–{last:,}"
        self.which.setText("some of each" if at.overview else f"{shown} of {at.number:,}")
        self.which.setAccessibleName("Some of each kind" if at.overview else f"Item {shown} of {at.number:,}")
        self.back.setEnabled(at.item > 0)
        self.on.setEnabled(at.overview or at.item + at.step < at.number)
        with QSignalBlocker(self.split), QSignalBlocker(self.part):
            self.split.setCurrentIndex(self.split.findData(at.split))
            if [self.part.itemText(row) for row in range(self.part.count())] != [name for name, _ in at.parts]:
                self.part.clear()
                for number, (name, _) in enumerate(at.parts):
                    self.part.addItem(name, number)
            self.part.setCurrentIndex(at.part)

    # ------------------------------------------------------------------------------------------ asking

    def _step(self, by: int) -> None:
        if self._at is not None and self._ask is not None:
            item = 0 if self._at.overview else min(max(0, self._at.item + by * self._at.step), self._at.number - 1)
            self._ask({"split": self._at.split, "part": self._at.part, "item": item})

    def _chosen(self, _: int) -> None:
        if self._at is not None and self._ask is not None:
            split = self.split.currentData()
            part = self.part.currentData() if split == self._at.split else 0
            self._ask({"split": split, "part": part or 0, "item": 0})

    def _retry(self) -> None:
        if self._ask is not None:
            self._ask({})

    # ------------------------------------------------------------------------------------------ drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the cells are, up to a height from which they scroll."""
        self.area.setFixedHeight(max(1, min(HIGHEST, self.cells.height_for(self.width()))))
        scrolls = self.cells.height_for(self.width()) > HIGHEST
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.NoFocus)

    def _repaint(self) -> None:
        self.cells.update()
        self.key.update()


def colours(roles: list[str]) -> dict[str, str]:
    """The family whose colour each role takes: keys as tokens, values as memories, questions as what is asked; others in turn."""
    found, free = {}, [family for family in _TURN if family not in {_OWN.get(role) for role in roles}]
    for role in roles:
        if role in _OWN:
            found[role] = _OWN[role]
        elif role and role != "filler" and free:
            found[role] = free.pop(0)
    return found


def letters(roles: list[str]) -> dict[str, str]:
    """A letter or two for each role, different ones, so that no colour is needed to tell them apart; blanks have none."""
    found: dict[str, str] = {}
    for role in roles:
        if not role or role == "filler":
            continue
        short = "?" if role == "question" else next((role[:n] for n in range(1, len(role) + 1) if role[:n] not in found.values()), role)
        found[role] = short
    return found


class Cells(QWidget):
    """Tokens or pictures in rows, as many as the width takes."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: list[str] = []
        self._cells: list[Cell] = []
        self._colours: dict[str, str] = {}
        self._letters: dict[str, str] = {}
        self._laid: tuple[int, list[QRectF]] = (-1, [])
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_cells(self, cells: list[Cell]) -> None:
        """Other cells."""
        self._cells = cells
        self.roles = [] if self._images else list(dict.fromkeys(cell.role for cell in cells if cell.role))
        self._colours, self._letters = colours(self.roles), letters(self.roles)
        self._laid = (-1, [])
        self.setFixedHeight(self.height_for(self.width()))
        self.update()

    @property
    def _images(self) -> bool:
        return any(cell.pixels is not None for cell in self._cells)

    def height_for(self, width: int) -> int:
        """How high the rows are at a width."""
        places = self._places(width)
        return int(places[-1].bottom()) + 1 if places else 0

    def _places(self, width: int) -> list[QRectF]:
        if self._laid[0] == width:
            return self._laid[1]
        images, measure = self._images, QFontMetricsF(ink().small)
        height = 52.0 if images else 22.0
        widths: dict[str, float] = {}
        x = y = 0.0
        places = []
        for cell in self._cells:
            said = cell.text if images else self._text(cell)
            if said not in widths:
                widths[said] = float(measure.horizontalAdvance(said))
            if images and cell.pixels is not None:
                _, wide, high = cell.pixels
                room = max(66.0 if cell.role else 38.0, min(36.0 * wide / high, max(width, 60)))
            else:
                room = max(26.0, widths[said] + 10.0)
            if x + room > max(width, 60) and x > 0:
                x, y = 0.0, y + height + 4
            places.append(QRectF(x, y, min(room, max(width, 60)), height))
            x += room + 4
        self._laid = (width, places)
        return places

    def _text(self, cell: Cell) -> str:
        letter = self._letters.get(cell.role, "")
        return f"{letter} {cell.text}" if letter else cell.text

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.height_for(self.width()))

    def at(self, point: QPoint) -> Cell | None:
        """The cell at a point."""
        places = self._places(self.width())
        return next((cell for cell, box in zip(self._cells, places, strict=True) if box.contains(point.toPointF())), None)

    def event(self, event: QEvent) -> bool:
        """What a cell is, is said where the pointer rests."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.at(event.pos())
            QToolTip.showText(event.globalPos(), cell.said if cell is not None else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        now, seen = ink(), event.rect().toRectF()
        for cell, box in zip(self._cells, self._places(self.width()), strict=True):
            if not box.intersects(seen):
                continue
            if cell.pixels is not None:
                self._image(painter, now, cell, box)
            else:
                self._token(painter, now, cell, box)
        painter.end()

    def _token(self, painter: QPainter, now: Ink, cell: Cell, box: QRectF) -> None:
        family = self._colours.get(cell.role)
        asked = cell.role == "question"
        painter.setPen(QPen(now.family(family) if family else now.line, 2.0 if asked else 1.0))
        painter.setBrush(now.card)
        edge = 1.0 if asked else 0.5
        painter.drawRoundedRect(box.adjusted(edge, edge, -edge, -edge), 4, 4)
        painter.setFont(now.small)
        letter = self._letters.get(cell.role, "")
        inner = box.adjusted(5, 0, -4, 0)
        if letter:
            painter.setPen(now.dim)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, letter)
            inner.adjust(painter.fontMetrics().horizontalAdvance(f"{letter} "), 0, 0, 0)
        painter.setPen(now.dim if cell.role == "filler" else now.text)
        words = painter.fontMetrics().elidedText(cell.text, Qt.TextElideMode.ElideRight, int(inner.width()) + 2)
        where = Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignLeft if letter else Qt.AlignmentFlag.AlignHCenter)
        painter.drawText(inner, where, words)

    def _image(self, painter: QPainter, now: Ink, cell: Cell, box: QRectF) -> None:
        if cell.pixels is None:
            return
        data, width, height = cell.pixels
        image = QImage(data, width, height, width, QImage.Format.Format_Grayscale8)
        wide = min(36.0 * width / height, box.width())
        painter.drawImage(QRectF(box.center().x() - wide / 2, box.top(), wide, 36), image)
        painter.setPen(now.dim)
        painter.setFont(now.tiny)
        words = painter.fontMetrics().elidedText(cell.text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box.adjusted(0, 37, 0, 0), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)


class Key(QWidget):
    """What the letters and colours of cells mean, in words."""

    def __init__(self) -> None:
        super().__init__()
        self._roles: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_roles(self, roles: list[str]) -> None:
        """Other roles; none hides it."""
        self._roles = roles
        short = letters(roles)
        self.setAccessibleName("; ".join(f"{short[role]}: {_word(role)}" if role in short else _word(role) for role in roles))
        self.setVisible(bool(roles))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        places = self._places()
        self.setFixedHeight(int(places[-1].bottom()) if places else 1)

    def _said(self, role: str) -> str:
        short = letters(self._roles).get(role)
        return f"{short}  {_word(role)}" if short else _word(role)

    def _places(self) -> list[QRectF]:
        x = y = 0.0
        places = []
        for role in self._roles:
            width = 18.0 + self.fontMetrics().horizontalAdvance(self._said(role))
            if x + width > max(self.width(), 60) and x > 0:
                x, y = 0.0, y + 18
            places.append(QRectF(x, y, width, 18))
            x += width + 10
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        now, families = ink(), colours(self._roles)
        painter.setFont(now.tiny)
        for role, box in zip(self._roles, self._places(), strict=True):
            colour: QColor = now.family(families[role]) if role in families else now.line
            painter.setPen(QPen(colour, 2.0 if role == "question" else 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box.left() + 1, box.top() + 4, 9, 9), 2, 2)
            painter.setPen(now.dim)
            painter.drawText(box.adjusted(15, 0, 10, 0), Qt.AlignmentFlag.AlignVCenter, self._said(role))
        painter.end()


def _word(role: str) -> str:
    return {"filler": "blank", "question": "question → answer"}.get(role, role)
