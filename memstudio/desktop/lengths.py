"""How large type and what holds it are: one factor for the window, and widgets whose heights follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

#: the sizes that can be chosen, in percent
SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
_WIDE, _HIGH, _LEAST_WIDE, _LEAST_HIGH = "fixed_width", "fixed_height", "least_width", "least_height"
_ICON = "icon_length"


class _Lengths:
    scale = 1.0


def scale() -> float:
    """How many times larger than drawn: 0.8 to 2."""
    return _Lengths.scale


def set_scale(factor: float) -> None:
    """Changes the factor (theme.set_size does it for the window, and tells everyone)."""
    _Lengths.scale = min(max(factor, SIZES[0] / 100), SIZES[-1] / 100)


def px(length: float) -> int:
    """A length of the drawing as whole points of the screen."""
    return round(length * _Lengths.scale)


@contextmanager
def as_drawn() -> Iterator[None]:
    """Inside, nothing is larger than drawn: for pictures that are saved, and for what a view enlarges as a whole."""
    before, _Lengths.scale = _Lengths.scale, 1.0
    try:
        yield
    finally:
        _Lengths.scale = before


def next_size(percent: int, by: int) -> int:
    """The next larger (by 1) or smaller (-1) size; the same where there is none."""
    further = [size for size in SIZES if (size - percent) * by > 0]
    return percent if not further else min(further) if by > 0 else max(further)


def fix(widget: QWidget, width: float | None = None, height: float | None = None) -> None:
    """Fixes a widget's width or height to a length of the drawing, also when the size of type changes later."""
    _remember(widget, _WIDE, width)
    _remember(widget, _HIGH, height)


def fix_icon(button: QAbstractButton, length: float) -> None:
    """The same for the icon of a button."""
    _remember(button, _ICON, length)


def at_least(widget: QWidget, width: float | None = None, height: float | None = None) -> None:
    """The same for the least width or height."""
    _remember(widget, _LEAST_WIDE, width)
    _remember(widget, _LEAST_HIGH, height)


def _remember(widget: QWidget, name: str, length: float | None) -> None:
    if length is not None:
        widget.setProperty(name, float(length))
        _SET[name](widget, px(length))


def _icon(widget: QWidget, length: int) -> None:
    if isinstance(widget, QAbstractButton):
        widget.setIconSize(QSize(length, length))


_SET: dict[str, Callable[[QWidget, int], None]] = {
    _ICON: _icon,
    _WIDE: QWidget.setFixedWidth,
    _HIGH: QWidget.setFixedHeight,
    _LEAST_WIDE: QWidget.setMinimumWidth,
    _LEAST_HIGH: QWidget.setMinimumHeight,
}


def apply() -> None:
    """Gives every widget that has such lengths the ones of now."""
    for widget in QApplication.allWidgets():
        for name, change in _SET.items():
            length = widget.property(name)
            if isinstance(length, float):
                change(widget, px(length))
