"""Light, dark, high contrast or as the system: an own palette on Fusion and one style sheet, both made from the tokens.

A style sheet on the application is matched against every widget there is, seen or not (half a second for a full window). So the
parts of the window wear it themselves (`dress`): those that are seen change at once, the others when they are shown next.
"""

from __future__ import annotations

from typing import Literal, get_args
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from memstudio.desktop import fonts, lengths
from memstudio.desktop import tokens as looks
from memstudio.desktop.stylesheet import style_sheet
from memstudio.desktop.tokens import Tokens

Choice = Literal["system", "light", "dark", "light_contrast", "dark_contrast"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


class _Theme(QObject):
    themed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.tokens = looks.LIGHT
        self.choice: Choice = "system"
        self.follows = False
        self.sheet = ""
        self.parts: WeakKeyDictionary[QWidget, str] = WeakKeyDictionary()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A part that was not seen when the theme changed is dressed as it is shown."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            watched.removeEventFilter(self)
            self.wear(watched)
        return False

    def wear(self, part: QWidget) -> None:
        if self.parts.get(part) != self.sheet:
            self.parts[part] = self.sheet
            part.setStyleSheet(self.sheet)

    def living(self) -> list[QWidget]:
        return [part for part in self.parts if isValid(part)]


_theme = _Theme()

#: Emitted with the new Tokens whenever the colours or the size of type change; what paints itself repaints on it.
themed = _theme.themed


def current() -> Tokens:
    """The tokens of the theme that is shown now."""
    return _theme.tokens


def choice() -> Choice:
    """What was chosen: light, dark, one of high contrast, or system."""
    return _theme.choice


def set_theme(wanted: str) -> Tokens:
    """Shows a theme at once (a name that is none means: as the system) and tells `themed`."""
    _theme.choice = next((each for each in CHOICES if each == wanted), "system")
    _theme.tokens = looks.THEMES[_theme.choice] if _theme.choice != "system" else _system()
    _show()
    return _theme.tokens


def set_size(percent: float) -> None:
    """Makes type, and what holds it, larger or smaller than drawn: 80 to 200 percent; tells `themed`."""
    lengths.set_scale(percent / 100)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setFont(fonts.sans())
        lengths.apply()
    _show()


def size() -> int:
    """The size of type in percent."""
    return round(lengths.scale() * 100)


def _show() -> None:
    application = QApplication.instance()
    if isinstance(application, QApplication):
        _follow_system()
        if not application.property("fusion"):
            application.setStyle("Fusion")
            application.setProperty("fusion", True)
        application.setPalette(palette(_theme.tokens))
        _theme.sheet = style_sheet(_theme.tokens)
        parts = _theme.living()
        for part in parts:
            if part.isVisible():
                _theme.wear(part)
            else:
                part.installEventFilter(_theme)
        wanted = "" if parts else _theme.sheet
        if application.styleSheet() != wanted:
            application.setStyleSheet(wanted)
    _theme.themed.emit(_theme.tokens)


def dress(part: QWidget) -> None:
    """Lets a part of the window (a page, a panel over it, a dialog) wear the style sheet of the theme, now and after each change."""
    application = QApplication.instance()
    if isinstance(application, QApplication) and application.styleSheet():
        application.setStyleSheet("")
    if not _theme.sheet:
        _theme.sheet = style_sheet(_theme.tokens)
    _theme.wear(part)


def other(wanted: Choice | None = None, *, contrast: bool = False) -> Choice:
    """The theme across: dark for light, or (contrast) high contrast for the usual, and back."""
    t = _theme.tokens if wanted is None or wanted == "system" else looks.THEMES[wanted]
    dark, high = (t.dark, not t.high_contrast) if contrast else (not t.dark, t.high_contrast)
    return next(each for each in CHOICES if each != "system" and _is(each, dark, high))


def _is(name: str, dark: bool, high: bool) -> bool:
    t = looks.THEMES[name]
    return t.dark == dark and t.high_contrast == high


def _system() -> Tokens:
    hints = QGuiApplication.styleHints()
    dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
    # from Qt 6.10 on a system says that more contrast is wanted
    asked = getattr(hints, "accessibility", lambda: None)()
    more = getattr(asked, "contrastPreference", lambda: None)()
    high = getattr(more, "name", "") == "HighContrast"
    return next(t for t in looks.THEMES.values() if t.dark == dark and t.high_contrast == high)


def _follow_system() -> None:
    if not _theme.follows:
        _theme.follows = True
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(_system_changed)
        accessibility = getattr(hints, "accessibility", lambda: None)()
        if accessibility is not None and hasattr(accessibility, "contrastPreferenceChanged"):
            accessibility.contrastPreferenceChanged.connect(_system_changed)


def _system_changed() -> None:
    if _theme.choice == "system" and _system() is not _theme.tokens:
        set_theme("system")


def palette(t: Tokens) -> QPalette:
    """The QPalette of a theme, for every role Fusion paints with."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    for each, colour in {
        role.Window: t.background,
        role.WindowText: t.text,
        role.Base: t.panel,
        role.AlternateBase: t.background,
        role.Text: t.text,
        role.PlaceholderText: t.dim,
        role.Button: t.raised,
        role.ButtonText: t.text,
        role.BrightText: t.bad,
        role.ToolTipBase: t.raised,
        role.ToolTipText: t.text,
        role.Highlight: t.accent_background,
        role.HighlightedText: t.text,
        role.Link: t.accent,
        role.LinkVisited: t.accent,
        role.Light: t.raised,
        role.Midlight: t.faint,
        role.Mid: t.line,
        role.Dark: t.line,
        role.Shadow: t.line,
        role.Accent: t.accent,
    }.items():
        made.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(group.Disabled, each, QColor(t.dim))
    return made
