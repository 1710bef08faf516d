"""The frame of one live panel: its title, what it shows, the menu of its axes and of saving it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QContextMenuEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import Elided, label, set_kind
from memstudio.desktop.live.seen import Option
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr

#: what a panel can be saved as: ending -> what the menu says
SAVED_AS = {"csv": "Save data as CSV…", "svg": "Save figure as SVG…", "pdf": "Save figure as PDF…", "png": "Save figure as PNG…"}
#: what it can be copied as
COPIED_AS = {"image": "Copy as image", "csv": "Copy data"}
#: what can be done with the place of a docked panel
DEEDS = {
    "left": "Move left",
    "right": "Move right",
    "up": "Move to the row above",
    "down": "Move to the row below",
    "wider": "Make wider",
    "narrower": "Make narrower",
    "close": "Close this panel",
}
#: the share of all steps that each point of a line is the mean of; the lines as they are stay faint behind
SMOOTHED = {"": "None", "0.01": "Means of 1 % of all steps", "0.03": "Means of 3 % of all steps", "0.1": "Means of 10 % of all steps"}
#: a panel narrower than this has short notes beside its title; so many pixels of a title are always seen
WIDE_NOTE, LONGEST_TITLE = 340, 92
#: longest text of a chooser, in letters
LONGEST = 26
#: a chooser is never narrower, in pixels
NARROW = 64


def plain(text: str) -> str:
    """Text as a button or menu shows it letter by letter: an & would underline the next one."""
    return text.replace("&", "&&")


class Chooser(QToolButton):
    """A small quiet button that says what is shown, and a menu of what else can be. chosen(str): an option's id."""

    chosen = Signal(str)

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self._options: tuple[Option, ...] = ()
        self._now = ""
        self.setProperty("kind", "chooser")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._menu = QMenu(self)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._triggered)
        self.setMenu(self._menu)

    @property
    def now(self) -> str:
        """The id of what is shown."""
        return self._now

    def minimumSizeHint(self) -> QSize:
        # in a narrow panel its text is shortened
        return QSize(min(NARROW, self.sizeHint().width()), self.sizeHint().height())

    def show_options(self, options: Sequence[Option], now: str) -> None:
        """Offers these; with fewer than two it only says what is shown, without a menu."""
        if (tuple(options), now) == (self._options, self._now):
            return
        if tuple(options) != self._options:
            self._options = tuple(options)
            for action in self._group.actions():
                self._group.removeAction(action)
                self._menu.removeAction(action)
                action.deleteLater()
            self.fill(options)
        self._now = now
        title = next((one.title for one in options if one.id == now), "")
        for action in self._group.actions():
            action.setChecked(action.data() == now)
        self.setText(plain(title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…") + (" ▾" if len(options) > 1 else ""))
        self.setToolTip(title if len(title) > LONGEST else "")
        self.setAccessibleName(f"{self._what}: {title}")
        self.setEnabled(len(options) > 1)

    def fill(self, options: Sequence[Option]) -> None:
        """Puts the options into the menu."""
        for one in options:
            action = self._group.addAction(QAction(plain(one.title), self, checkable=True))
            action.setData(one.id)
            self._menu.addAction(action)

    def _triggered(self, action: QAction) -> None:
        self.chosen.emit(str(action.data()))


class PanelFrame(QFrame):
    """A panel: heads above, a body below. chooser: one of its own kind; saved_as: what it can be saved as.

    docked: it can be moved, resized, closed and copied, by its menu and (its heads dragged) by mouse; smooths: its lines can be smoothed;
    maps: it offers a heat map over training.

    chosen(str): another thing is to be shown; save_wanted(str): csv, svg, pdf or png; alone_wanted(bool): this panel only;
    axes_changed(): log axes were switched; whole_wanted(): the zoom is to be taken back; deed(str): one of DEEDS;
    copy_wanted(str): image or csv; smoothing(str): a share of all steps; map_wanted(); carried(point), dropped(point): of the screen,
    while its heads are dragged.
    """

    chosen = Signal(str)
    save_wanted = Signal(str)
    alone_wanted = Signal(bool)
    axes_changed = Signal()
    whole_wanted = Signal()
    deed = Signal(str)
    copy_wanted = Signal(str)
    smoothing = Signal(str)
    map_wanted = Signal()
    carried = Signal(object)
    dropped = Signal(object)

    def __init__(
        self,
        id: str,
        title: str,
        body: QWidget,
        axes: Sequence[str] = ("x", "y"),
        parent: QWidget | None = None,
        *,
        chooser: Chooser | None = None,
        saved_as: Sequence[str] = tuple(SAVED_AS),
        docked: bool = False,
        zooms: bool = False,
        smooths: bool = False,
        maps: bool = False,
    ) -> None:
        super().__init__(parent)
        self.id = id
        self.body = body
        self.docked = docked
        self._pressed: QPoint | None = None
        self._carries = False
        self._notes = ("", "")
        self.title = Elided(title, "panel-title")
        self.note = label("", "axis")
        self.note.hide()
        self.choosers = QWidget()
        self.choosers.hide()
        self.chooser = chooser or Chooser(title)
        self.chooser.chosen.connect(self.chosen)
        self.second = Chooser(f"{title} of")
        self.second.hide()
        self.menu_button = QToolButton()
        self.menu_button.setProperty("kind", "chooser")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        lengths.fix_icon(self.menu_button, 14)
        self._menu = QMenu(self)
        self.log = {axis: QAction(f"Logarithmic {axis} axis", self, checkable=True) for axis in axes}
        self.whole = QAction("Show all of it again", self)
        self.alone = QAction("Show this panel alone", self, checkable=True)
        self.saves = {kind: QAction(SAVED_AS[kind], self) for kind in saved_as}
        self.deeds = {name: QAction(words, self) for name, words in DEEDS.items()} if docked else {}
        self.copies = {kind: QAction(words, self) for kind, words in COPIED_AS.items()} if docked else {}
        self.smooths = {share: QAction(words, self, checkable=True) for share, words in SMOOTHED.items()} if smooths else {}
        self.map = QAction("Heat map over training", self) if maps else None
        self._zooms = zooms or bool(self.log)
        self._fill_menu()
        self._lay_out()
        self.set_title(title)
        self._retint(theme.current())
        theme.themed.connect(self._retint)

    def _fill_menu(self) -> None:
        for action in self.log.values():
            action.toggled.connect(self._axes_toggled)
            self._menu.addAction(action)
        if self._zooms:
            self.whole.setEnabled(False)
            self.whole.triggered.connect(self._whole)
            self._menu.addAction(self.whole)
        if self.smooths:
            self._fill_smoothing(self._menu.addMenu("Smoothing"))
        if self.map is not None:
            self.map.triggered.connect(self._map)
            self._menu.addAction(self.map)
        self._menu.addSeparator()
        self.alone.toggled.connect(self.alone_wanted)
        self._menu.addAction(self.alone)
        if self.deeds:
            self._fill_deeds(self._menu.addMenu("Move and resize"))
        self._menu.addSeparator()
        for kind, action in self.copies.items():
            action.triggered.connect(partial(self._copy, kind))
            self._menu.addAction(action)
        for kind, action in self.saves.items():
            action.triggered.connect(partial(self._save, kind))
            self._menu.addAction(action)
        self.menu_button.setMenu(self._menu)

    def _fill_smoothing(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        for share, action in self.smooths.items():
            action.triggered.connect(partial(self._smooth, share))
            group.addAction(action)
            menu.addAction(action)
        self.smooths[""].setChecked(True)

    def _fill_deeds(self, menu: QMenu) -> None:
        for name, action in self.deeds.items():
            action.triggered.connect(partial(self._deed, name))
            (self._menu if name == "close" else menu).addAction(action)

    def _lay_out(self) -> None:
        heads = QHBoxLayout()
        heads.setContentsMargins(8, 0, 4, 0)
        heads.setSpacing(4)
        for widget, stretch in ((self.title, 1), (self.note, 0), (self.chooser, 0), (self.menu_button, 0)):
            heads.addWidget(widget, stretch)
        self._heads = heads
        self._below = below = QHBoxLayout(self.choosers)
        below.setContentsMargins(0, 0, 4, 0)
        below.setSpacing(2)
        below.addWidget(self.second)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(heads)
        column.addWidget(self.choosers)
        column.addWidget(self.body, 1)
        if self.docked:
            self.title.setCursor(Qt.CursorShape.OpenHandCursor)

    def buttons(self) -> tuple[QToolButton, ...]:
        """The controls above the body, as one reads them: in a line of their own the choosers come after the menu."""
        if self.choosers.isHidden():
            return (self.chooser, self.menu_button)
        return (self.menu_button, self.second, self.chooser)

    def set_title(self, title: str) -> None:
        """Names the panel."""
        if self.title.whole != title or not self.menu_button.accessibleName():
            self.title.say(title)
            # the choosers beside it give way before the name of the panel does
            self.title.setMinimumWidth(min(self.title.sizeHint().width(), LONGEST_TITLE))
            self.setAccessibleName(title)
            self.body.setAccessibleName(title)
            what = "axes, place and saving" if self.docked else "axes and saving"
            self.menu_button.setAccessibleName(f"{title}: {what}")
            self.menu_button.setToolTip(tr(what.capitalize()))

    def show_second(self, options: Sequence[Option], now: str) -> None:
        """A second chooser, in a line of its own with the first, so that the title keeps its room; without a choice it is hidden."""
        self.second.show_options(options, now)
        self.second.setVisible(len(options) > 1)
        if self.choosers.isHidden():
            self._below.insertWidget(1, self.chooser)
            self.choosers.show()

    def set_note(self, text: str, short: str = "") -> None:
        """A few dim words beside the title (another stored step than the others'), or none; short: in a narrow panel."""
        self._notes = (text, short or text)
        self._fit_note()

    def _fit_note(self) -> None:
        said = self._notes[0] if self.width() >= WIDE_NOTE else self._notes[1]
        self.note.setText(said)
        self.note.setToolTip(self._notes[0] if said != self._notes[0] else "")
        self.note.setAccessibleName(self._notes[0])
        self.note.setVisible(bool(said))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_note()

    @property
    def log_axes(self) -> tuple[bool, bool]:
        """Whether the x and the y axis are to be logarithmic."""
        return tuple(axis in self.log and self.log[axis].isChecked() for axis in ("x", "y"))  # type: ignore[return-value]

    def set_log(self, axis: str, on: bool) -> None:
        """Switches an axis without telling."""
        if axis in self.log and self.log[axis].isChecked() != on:
            self.log[axis].blockSignals(True)
            self.log[axis].setChecked(on)
            self.log[axis].blockSignals(False)

    def show_alone(self, alone: bool) -> None:
        """Says whether this panel is the only one, without telling."""
        self.alone.blockSignals(True)
        self.alone.setChecked(alone)
        self.alone.blockSignals(False)
        self.alone.setText(tr("Show all panels" if alone else "Show this panel alone"))

    def set_zoomed(self, zoomed: bool) -> None:
        """Whether there is a zoom that can be taken back."""
        self.whole.setEnabled(zoomed)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu.popup(event.globalPos())

    # ------------------------------------------------------------------------------------------ carried by its heads

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self.docked and event.button() == Qt.MouseButton.LeftButton and at.y() < self._heads.geometry().bottom():
            self._pressed = at
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        far = (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if self._carries or far:
            self._carries = True
            self.title.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.carried.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        carried, self._carries, self._pressed = self._carries, False, None
        if carried:
            self.title.setCursor(Qt.CursorShape.OpenHandCursor)
            self.dropped.emit(event.globalPosition().toPoint())

    def _axes_toggled(self, on: bool) -> None:
        self.axes_changed.emit()

    def _whole(self, checked: bool = False) -> None:
        self.whole_wanted.emit()

    def _save(self, kind: str, checked: bool = False) -> None:
        self.save_wanted.emit(kind)

    def _copy(self, kind: str, checked: bool = False) -> None:
        self.copy_wanted.emit(kind)

    def _deed(self, name: str, checked: bool = False) -> None:
        self.deed.emit(name)

    def _smooth(self, share: str, checked: bool = False) -> None:
        self.smoothing.emit(share)

    def _map(self, checked: bool = False) -> None:
        self.map_wanted.emit()

    def _retint(self, t: Tokens) -> None:
        set_kind(self.menu_button, "chooser")
        self.menu_button.setIcon(icons.icon("more", t))
