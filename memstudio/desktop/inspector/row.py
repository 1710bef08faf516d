"""One parameter in the form: its title with a mark when it was changed, its range, its editor, its error, what it is varied over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.canvas.summary import same, value_text
from memstudio.desktop.inspector.axes import axis_of, values_of
from memstudio.desktop.inspector.fields import Field, FlagField
from memstudio.desktop.inspector.typed import range_text, range_words
from memstudio.desktop.inspector.vary import VaryBox
from memstudio.desktop.labels import Elided, label
from memstudio.desktop.session import Session
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment import together
from memstudio.experiment.document import Axis
from memstudio.experiment.parameters import Parameter, Real, Whole
from memstudio.experiment.together import MIXED

#: 1e-08 and 1e+06 read better as 1e-8 and 1e6
_EXPONENT = re.compile(r"e([+-])0*(\d+)")


class Row(QWidget):
    """A parameter's row. address: `mem1.inner.heads`; default: what it is without a value of its own; also: the same of other nodes.

    What is typed and cannot be used stays, with its error, until it is corrected or the document's value changes.
    """

    def __init__(self, session: Session, parameter: Parameter, address: str, default: Any, field: Field, also: Sequence[str] = ()) -> None:
        super().__init__()
        self.session, self.parameter, self.address, self.default, self.field = session, parameter, address, default, field
        self.addresses = (address, *also)
        #: what the document had when it was shown last, and whether something stands in the field that it refused
        self._had: Any = None
        self._kept = False
        self.is_changed = False
        self._title = Elided(parameter.title, "dim")
        self._range = label(_range_of(parameter), "small")
        self._range.setMinimumWidth(1)
        self._more = self._menu_button()
        self._vary: VaryBox | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._head())
        if not isinstance(field, FlagField):
            layout.addWidget(field)
        self._layout, self._below = layout, layout.count()
        field.chosen.connect(self._chosen)
        field.wrong.connect(self._refused)
        field.done.connect(self._done)
        theme.themed.connect(self._retint)
        self._retint(theme.current())

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(6)
        if isinstance(self.field, FlagField):
            head.addWidget(self.field, 1)
        else:
            head.addWidget(self._title, 1)
            head.addWidget(self._range)
        head.addWidget(self._more)
        return head

    # Most rows never show an error, what they are varied over or their menu: those are made when they are first needed.

    @cached_property
    def _error(self) -> QLabel:
        made = label(kind="error", wrap=True)
        made.setAccessibleName(f"Error in {self.parameter.title}")
        self._layout.insertWidget(self._below, made)
        return made

    @cached_property
    def _varied(self) -> QLabel:
        made = label(kind="small", wrap=True)
        self._layout.insertWidget(self._below + ("_error" in self.__dict__), made)
        return made

    @cached_property
    def _menu(self) -> QMenu:
        menu = QMenu(self._more)
        self._vary_action = menu.addAction(tr("Vary…"), self.open_vary)
        self._reset_action = menu.addAction(tr("Reset to default"), self.reset)
        self._vary_action.setVisible(len(self.addresses) == 1)
        menu.aboutToShow.connect(self._say_menu)
        self._more.setMenu(menu)
        return menu

    def _say_menu(self) -> None:
        default = value_text(self.parameter, self.default, self.session.catalogue) if self.default is not MIXED else ""
        self._reset_action.setText(f"Reset to {default}" if default and len(default) <= 40 else "Reset to default")
        self._reset_action.setEnabled(self.is_changed)
        self._vary_action.setText("Edit what is varied…" if self._axis() is not None else "Vary…")

    @property
    def vary_action(self) -> QAction:
        """Opens the form that varies it."""
        self._menu.aboutToShow.emit()
        return self._vary_action

    @property
    def reset_action(self) -> QAction:
        """Brings its default back."""
        self._menu.aboutToShow.emit()
        return self._reset_action

    def _menu_button(self) -> QToolButton:
        more = Dots(self._make_menu)
        more.setAccessibleName(f"More for {self.parameter.title}")
        more.setToolTip(tr("Vary it in a study, or reset it"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setProperty("kind", "more")
        lengths.fix(more, 24, 20)
        lengths.fix_icon(more, 18)
        return more

    def _make_menu(self) -> None:
        self._menu  # noqa: B018

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where title and range do not fit side by side, the unit goes into the range's tip."""
        super().resizeEvent(event)
        full = _range_of(self.parameter)
        room = self.width() - self._title.sizeHint().width() - self._more.width() - 16
        fits = self._range.fontMetrics().horizontalAdvance(full) <= room
        self._range.setText(full if fits else full.removesuffix(self.parameter.unit).strip())

    def _retint(self, tokens: Tokens) -> None:
        self._more.setIcon(icons.icon("more", tokens))

    # ------------------------------------------------------------------------------------------ showing

    def show_value(self, value: Any) -> None:
        """Shows the document's value (or MIXED), whether it differs from the default, and what it is varied over."""
        if not (self._kept and (value is self._had or same(value, self._had))):
            self._kept = False
            if value is MIXED:
                self.field.show_mixed()
            else:
                self.field.show_value(value)
            self._clear_error()
        self._had = value
        self.is_changed = value is MIXED or not same(value, self.default)
        self._say_title()
        self._show_axis()

    def _say_title(self) -> None:
        """The title with its mark; the tip says what it means, its range and its default."""
        mark = f"{self.parameter.title} •" if self.is_changed else self.parameter.title
        if isinstance(self.field, FlagField):
            self.field.check.setText(f"{mark} (mixed)" if self._had is MIXED else mark)
        else:
            self._title.say(mark)
        known = self.default is not MIXED
        default = value_text(self.parameter, self.default, self.session.catalogue) if known else ""
        unit = f" {self.parameter.unit}" if self.parameter.unit and isinstance(self.parameter, Whole | Real) else ""
        if not known:
            state = "Each node has a default of its own."
        elif self.is_changed:
            state = f"Changed; by default {default or 'empty'}{unit}."
        else:
            state = "As by default."
        said = [self.parameter.meaning, range_words(self.parameter), state]
        self.setToolTip("\n".join(part for part in said if part))
        self.field.describe(" ".join(part for part in said if part))

    def _axis(self) -> Axis | None:
        """What varies it, or finds it."""
        if len(self.addresses) > 1:
            return None
        vary = self.session.document.run.vary
        found = axis_of(self.session.document, self.address)
        return found or next((one for one in vary if one.match is not None and one.match.width == self.address), None)

    def _show_axis(self) -> None:
        axis = self._axis()
        if axis is not None:
            texts = [value_text(self.parameter, value, self.session.catalogue) for value in values_of(axis, self.address)]
            self._varied.setText(_varied_text(axis, self.address, texts))
            self._varied.show()
        elif "_varied" in self.__dict__:
            self._varied.hide()

    def show_problem(self, sentence: str | None) -> None:
        """An error found by checking the whole document, shown where it belongs."""
        if self._kept:
            return
        if sentence is None:
            self._clear_error()
        else:
            self._wrong(sentence)

    # ------------------------------------------------------------------------------------------ editing

    def _chosen(self, value: Any) -> None:
        many = f" of {len(self.addresses)}" if len(self.addresses) > 1 else ""
        sentence = self.session.try_edit(
            f"Set {self.parameter.title.lower()}{many}",
            lambda document: together.set_all(document, self.addresses, value, self.session.catalogue),
            merge=("set", *self.addresses),
        )
        if sentence is None:
            self._kept = False
            self._clear_error()
        else:
            self._refused(sentence.removeprefix(f"{self.address}: "))

    def _refused(self, sentence: str) -> None:
        self._kept = True
        self._wrong(sentence)

    def _wrong(self, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.show()
        self.field.mark_wrong(True)

    def _clear_error(self) -> None:
        if "_error" in self.__dict__:
            self._error.hide()
        self.field.mark_wrong(False)

    def _done(self) -> None:
        self.session.history.stop_merging()

    @property
    def first(self) -> QWidget:
        """The widget that takes the keyboard."""
        return self.field.editor

    @property
    def error(self) -> str:
        """The sentence that is shown, or nothing."""
        return self._error.text() if "_error" in self.__dict__ and self._error.isVisibleTo(self) else ""

    def fits(self, words: str, only_changed: bool) -> bool:
        """Whether it is shown when only some rows are: the words are in its title, name, meaning or unit."""
        p = self.parameter
        found = words in f"{p.title} {p.name.replace('_', ' ')} {p.meaning} {p.unit}".lower()
        return found and (self.is_changed or self._kept or not only_changed)

    def reset(self) -> None:
        """The default again."""
        self._kept = False
        name = f"Reset {self.parameter.title.lower()}"
        self.session.edit(name, lambda document: together.reset_all(document, self.addresses, self.session.catalogue))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu.popup(event.globalPos())

    def open_vary(self) -> None:
        """Opens the small form that makes an axis of the study of this parameter; what a budget finds is shown in the study."""
        if any(axis.match is not None and axis.match.width == self.address for axis in self.session.document.run.vary):
            self.session.study_asked.emit()
            return
        if self._vary is None:
            self._vary = VaryBox(self.session, self.parameter, self.address)
            self._vary.finished.connect(self._close_vary)
            self._layout.addWidget(self._vary)
        self._vary.start()

    def _close_vary(self) -> None:
        if self._vary is not None:
            self._vary.hide()
            self._vary.deleteLater()
            self._vary = None
            self._more.setFocus(Qt.FocusReason.OtherFocusReason)


class Dots(QToolButton):
    """Three dots. `make` gives it its menu before it is first pressed, or gets the keyboard."""

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self._make = make

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._make()
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._make()
        super().focusInEvent(event)


def _varied_text(axis: Axis, address: str, texts: list[str]) -> str:
    """What an axis does with a parameter: `varied by memory: 2, 4`, `memory sets it to 4`, `memory finds it, for the same state bytes`."""
    if axis.match is not None and axis.match.width == address:
        return f"{axis.name} finds it, for the same {axis.match.what.replace('_', ' ')}"
    if axis.range is not None:
        return f"tuned by {axis.name}: {range_text(axis.range)}"
    return f"{axis.name} sets it to {texts[0]}" if len(set(texts)) == 1 else f"varied by {axis.name}: {', '.join(texts)}"


def _range_of(parameter: Parameter) -> str:
    text = parameter.range_text.removesuffix(" each") if parameter.type in ("whole", "real", "whole_list") else ""
    text = _EXPONENT.sub(lambda found: f"e{found[1].replace('+', '')}{found[2]}", text)
    return f"{text} {parameter.unit}".strip() if parameter.unit else text
