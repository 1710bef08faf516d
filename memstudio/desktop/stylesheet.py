"""The style sheet of a theme. Widgets say what they are through the property `kind` (`widget.setProperty("kind", "card")`).

Labels: title (22), heading (15), strong (13 semibold), dim (13), small (12), axis (11), section (12 semibold, dim),
panel-title (12 semibold), formula, mono, mono-dim, mono-good, mono-careful, error.
Chips (QLabel): chip, chip-good, chip-careful, chip-bad, chip-accent.  Frames: card, panel, bar, line, message, field.
Buttons: (none), primary, quiet, danger, filter (checkable), rail (checkable), mark (checkable), tag, link.
Others (QLineEdit, QComboBox ...) as they are.
"""

from __future__ import annotations

from memstudio.desktop import tokens as looks
from memstudio.desktop.lengths import px
from memstudio.desktop.tokens import Tokens


def style_sheet(t: Tokens) -> str:
    """The whole style sheet for one theme, with type and controls as large as lengths.scale() says."""
    return "\n".join((_base(t), _labels(t), _frames(t), _buttons(t), _fields(t), _lists(t), _bars(t)))


def _side(t: Tokens) -> str:
    return "dark" if t.dark else "light"


def _base(t: Tokens) -> str:
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog, QWidget[kind="page"] {{ background: {t.background}; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: {t.border}px solid {t.line}; padding: 4px 6px;
    font-size: {px(looks.TYPE_SMALL)}px; }}
QAbstractScrollArea {{ background: transparent; border: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget[kind="clear"] {{ background: transparent; }}
"""


def _labels(t: Tokens) -> str:
    chips = {
        "chip": (t.dim, t.chip_background),
        "chip-good": (t.good, t.good_background),
        "chip-careful": (t.careful, t.careful_background),
        "chip-bad": (t.bad, t.bad_background),
        "chip-accent": (t.accent, t.accent_background),
    }
    rules = [
        f'QLabel[kind="{name}"] {{ color: {ink}; background: {ground}; border-radius: {px(16) // 2 + 1}px; padding: 1px 8px; '
        f"min-height: {px(16)}px; max-height: {px(16)}px; font-size: {px(looks.TYPE_AXIS)}px; }}"
        for name, (ink, ground) in chips.items()
    ]
    return f"""
QLabel {{ background: transparent; }}
QLabel[kind="title"] {{ font-size: {px(looks.TYPE_TITLE)}px; font-weight: 600; letter-spacing: -0.4px; }}
QLabel[kind="heading"] {{ font-size: {px(looks.TYPE_HEADING)}px; font-weight: 600; }}
QLabel[kind="strong"] {{ font-weight: 600; }}
QLabel[kind="panel-title"] {{ font-size: {px(looks.TYPE_SMALL)}px; font-weight: 600; }}
QLabel[kind="section"] {{ font-size: {px(looks.TYPE_SMALL)}px; font-weight: 600; color: {t.dim}; }}
QLabel[kind="dim"] {{ color: {t.dim}; }}
QLabel[kind="small"] {{ color: {t.dim}; font-size: {px(looks.TYPE_SMALL)}px; }}
QLabel[kind="axis"] {{ color: {t.dim}; font-size: {px(looks.TYPE_AXIS)}px; }}
QLabel[kind="error"] {{ color: {t.bad}; }}
QLabel[kind="pointer"] {{ background: {t.raised}; color: {t.text}; border: {t.border}px solid {t.line};
    border-radius: {looks.RADIUS_CONTROL}px;
    padding: 6px 8px; font-size: {px(looks.TYPE_SMALL)}px; }}
QTextBrowser[kind="sheet"] {{ background: transparent; border: none; padding: 0; }}
QLabel[kind="equation"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; background: {t.chip_background};
    border-radius: {looks.RADIUS_CONTROL}px; padding: 7px 10px; }}
QLabel[kind="formula"] {{ font-size: {px(looks.TYPE_BODY + 1)}px; }}
QLabel[kind="formula-small"] {{ font-size: {px(looks.TYPE_AXIS)}px; }}
QLabel[kind="mono"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; }}
QLabel[kind="mono-dim"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; color: {t.dim}; }}
QLabel[kind="mono-good"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; color: {t.good}; }}
QLabel[kind="mono-careful"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; color: {t.careful}; }}
QPlainTextEdit[kind="mono"], QTextEdit[kind="mono"] {{ font-family: "{looks.MONO}"; font-size: {px(looks.TYPE_MONO)}px; }}
""" + "\n".join(rules)


def _frames(t: Tokens) -> str:
    return f"""
QFrame[kind="card"] {{ background: {t.panel}; border: {t.border}px solid {t.line}; border-radius: {looks.RADIUS_CARD}px; }}
QFrame[kind="card"]:focus {{ border: {t.focus}px solid {t.accent}; }}
QFrame[kind="row"] {{ background: transparent; border: none; border-radius: {looks.RADIUS_CARD - 1}px; }}
QFrame[kind="row"]:hover {{ background: {t.hover}; }}
QFrame[kind="row"]:focus {{ border: {t.focus}px solid {t.accent}; }}
QFrame[kind="panel"] {{ background: {t.panel}; border: none; }}
QFrame[kind="rail"] {{ background: {t.panel}; border: none; border-right: {t.border}px solid {t.line}; }}
QFrame[kind="bar"] {{ background: {t.panel}; border: none; border-bottom: {t.border}px solid {t.line}; }}
QFrame[kind="foot"] {{ background: {t.panel}; border: none; border-top: {t.border}px solid {t.line}; }}
QFrame[kind="side"] {{ background: {t.panel}; border: none; border-left: {t.border}px solid {t.line}; }}
QFrame[kind="line"] {{ background: {t.line}; border: none; max-height: {t.border}px; min-height: {t.border}px; }}
QFrame[kind="upright"] {{ background: {t.line}; border: none; max-width: {t.border}px; min-width: {t.border}px; }}
QFrame[kind="field"] {{ background: {t.chip_background}; border: none; border-radius: {looks.RADIUS_CONTROL}px; }}
QFrame[kind="target"] {{ background: {t.accent}; border: none; }}
QFrame[kind="popup"] {{ background: {t.raised}; border: {t.border}px solid {t.line}; border-radius: {looks.RADIUS_CARD}px; }}
QFrame[kind="message"] {{ background: {t.panel}; border: none; border-top: {t.border}px solid {t.line}; }}
QFrame[kind="message"][level="careful"] {{ background: {t.careful_background}; }}
QFrame[kind="message"][level="bad"] {{ background: {t.bad_background}; }}
QFrame[kind="message"][level="careful"] QLabel {{ color: {t.careful}; }}
QFrame[kind="message"][level="bad"] QLabel {{ color: {t.bad}; }}
QSplitter::handle {{ background: {t.line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
"""


def _buttons(t: Tokens) -> str:
    inner = px(looks.CONTROL) - 2 * t.border - 2
    return f"""
QPushButton {{ background: {t.raised}; border: {t.border}px solid {t.line}; border-radius: {looks.RADIUS_CONTROL}px; padding: 1px 12px;
    min-height: {inner}px; max-height: {inner}px; }}
QPushButton, QToolButton {{ icon-size: {px(16)}px; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.chip_background}; }}
QPushButton:focus {{ border: {t.focus}px solid {t.accent}; padding: 0px 11px; }}
QPushButton:disabled {{ color: {t.dim}; background: {t.background}; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border: {t.border}px solid {t.accent}; font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
QPushButton[kind="primary"]:focus {{ border: 6px double {t.on_accent}; padding: 0 7px;
    min-height: {px(looks.CONTROL) - 12}px; max-height: {px(looks.CONTROL) - 12}px; }}
QPushButton[kind="primary"]:disabled {{ background: {t.chip_background}; color: {t.dim}; border-color: {t.line}; }}
QPushButton[kind="danger"] {{ color: {t.bad}; }}
QPushButton[kind="quiet"], QPushButton[kind="link"] {{ background: transparent; border: {t.border}px solid transparent; }}
QPushButton[kind="quiet"]:hover {{ background: {t.hover}; }}
QPushButton[kind="link"] {{ color: {t.accent}; padding: 0 4px; text-align: left; }}
QPushButton[kind="link"]:hover {{ background: {t.accent_background}; }}
QPushButton[kind="quiet"]:focus, QPushButton[kind="link"]:focus {{ border: {t.focus}px solid {t.accent}; }}
QPushButton[kind="filter"]:checked {{ background: {t.accent_background}; color: {t.accent}; border-color: {t.accent_background}; }}
QPushButton[kind="filter"]:checked:focus {{ border: {t.focus}px solid {t.accent}; }}
QPushButton[kind="tag"] {{ background: {t.chip_background}; border: {t.border}px solid transparent; border-radius: {px(18) // 2}px;
    padding: 0 9px;
    min-height: {px(18)}px; max-height: {px(18)}px; font-size: {px(looks.TYPE_AXIS)}px; }}
QPushButton[kind="tag"]:hover {{ background: {t.hover}; border-color: {t.line}; }}
QPushButton[kind="tag"]:focus {{ border: {t.border}px solid {t.accent}; padding: 0 9px; }}
QPushButton[kind="mark"] {{ background: transparent; border: {t.border}px solid transparent; color: {t.dim}; font-weight: 600;
    padding: 0; }}
QPushButton[kind="mark"]:hover {{ background: {t.hover}; }}
QPushButton[kind="mark"]:checked {{ color: {t.accent}; background: {t.accent_background}; }}
QPushButton[kind="mark"]:focus {{ border: {t.focus}px solid {t.accent}; padding: 0; }}
QToolButton {{ background: transparent; border: {t.border}px solid transparent; border-radius: {looks.RADIUS_CONTROL}px; padding: 4px; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:focus {{ border: {t.focus}px solid {t.accent}; padding: 3px; }}
QToolButton[kind="fold"] {{ border: none; padding: 2px 0; font-size: {px(looks.TYPE_SMALL)}px; font-weight: 600; color: {t.dim}; }}
QToolButton[kind="fold"]:hover {{ background: transparent; color: {t.text}; }}
QToolButton[kind="fold"]:focus {{ color: {t.accent}; }}
QToolButton[kind="chooser"] {{ border: none; border-radius: 5px; padding: 3px 4px; font-size: {px(looks.TYPE_AXIS)}px; color: {t.dim}; }}
QToolButton[kind="chooser"]:hover {{ color: {t.text}; }}
QToolButton[kind="chooser"]:disabled {{ background: transparent; }}
QToolButton[kind="chooser"]:focus {{ border: {t.focus}px solid {t.accent}; padding: 1px 2px; }}
QToolButton[kind="more"] {{ padding: 0; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton[kind="rail"] {{ border-radius: 8px; padding: 6px 2px 4px 2px; font-size: {px(10)}px; color: {t.dim}; }}
QToolButton[kind="rail"]:hover {{ background: {t.hover}; }}
QToolButton[kind="rail"]:checked {{ background: {t.accent_background}; color: {t.accent}; font-weight: 600; }}
QToolButton[kind="rail"]:focus {{ border: {t.focus}px solid {t.accent}; padding: 5px 1px 3px 1px; }}
QCheckBox, QRadioButton {{ spacing: 8px; background: transparent; border-radius: 4px; }}
QCheckBox::indicator, QTableView::indicator {{ width: {px(14)}px; height: {px(14)}px;
    border: {t.border}px solid {t.dim}; border-radius: 4px; background: {t.raised}; }}
QCheckBox::indicator:checked, QTableView::indicator:checked {{ background: {t.accent};
    border-color: {t.accent}; image: url(memstudio:check-{_side(t)}.svg); }}
QCheckBox::indicator:indeterminate {{ background: {t.accent_background}; border: {t.border}px solid {t.accent}; }}
QCheckBox:focus, QRadioButton:focus {{ border: {t.border}px solid {t.accent}; }}
QRadioButton::indicator {{ width: {px(14)}px; height: {px(14)}px; border: {t.border}px solid {t.dim};
    border-radius: {px(7) + t.border}px; background: {t.raised}; }}
QRadioButton::indicator:checked {{ width: {px(6)}px; height: {px(6)}px; border: {px(4) + t.border}px solid {t.accent};
    background: {t.on_accent}; }}
"""


def _fields(t: Tokens) -> str:
    inner = px(looks.CONTROL) - 2 * t.border - 2
    handle = px(6) * 2
    fields = "QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox"
    focus = ", ".join(f"{name}:focus" for name in fields.split(", "))
    disabled = ", ".join(f"{name}:disabled" for name in fields.split(", "))
    return f"""
{fields} {{ background: {t.raised}; border: {t.border}px solid {t.line}; border-radius: {looks.RADIUS_CONTROL}px; padding: 1px 8px;
    min-height: {inner}px; max-height: {inner}px; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
{focus} {{ border: {t.focus}px solid {t.accent}; padding: 0px 7px; }}
{disabled} {{ color: {t.dim}; background: {t.background}; }}
QLineEdit[kind="bare"], QLineEdit[kind="bare"]:focus {{ border: none; background: transparent; padding: 1px 16px; }}
QLineEdit[wrong="true"], QSpinBox[wrong="true"], QDoubleSpinBox[wrong="true"] {{ border: {t.border}px solid {t.bad}; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url(memstudio:chevron-{_side(t)}.svg); width: {px(12)}px; height: {px(12)}px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: {t.border}px solid {t.line}; padding: 4px;
    selection-background-color: {t.accent_background}; selection-color: {t.text}; }}
QPlainTextEdit, QTextEdit, QTextBrowser {{ background: {t.raised}; border: {t.border}px solid {t.line};
    border-radius: {looks.RADIUS_CONTROL}px; padding: 4px 6px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus {{ border: {t.focus}px solid {t.accent}; padding: 3px 5px; }}
QPlainTextEdit[kind="note"], QPlainTextEdit[kind="note"]:focus {{ background: {t.canvas}; border: none; border-radius: 0; padding: 0; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.line}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.accent}; }}
QSlider::handle:horizontal {{ width: {handle}px; height: {handle}px; margin: -{handle // 2 - 2}px 0; border-radius: {handle // 2}px;
    background: {t.accent}; border: none; }}
QSlider::handle:horizontal:focus {{ width: {handle - 2}px; height: {handle - 2}px; border: {t.focus}px solid {t.text};
    margin: -{handle // 2 - 3 + t.focus}px 0; border-radius: {handle // 2 - 1 + t.focus}px; }}
"""


def _lists(t: Tokens) -> str:
    return f"""
QListView, QListWidget, QTreeView, QTreeWidget {{ background: transparent; border: {t.focus}px solid transparent;
    border-radius: {looks.RADIUS_CONTROL}px; }}
QListView:focus, QTreeView:focus {{ border-color: {t.accent}; }}
CanvasView {{ border: {t.focus}px solid {t.canvas}; }}
CanvasView:focus {{ border-color: {t.accent}; }}
QListView::item, QTreeView::item {{ padding: 4px 8px; border-radius: {looks.RADIUS_CONTROL}px; }}
QListView::item:hover, QTreeView::item:hover {{ background: {t.hover}; }}
QListView::item:selected, QTreeView::item:selected {{ background: {t.accent_background}; color: {t.text}; }}
QListView::indicator {{ width: {px(14)}px; height: {px(14)}px; border: {t.border}px solid {t.dim}; border-radius: 4px;
    background: {t.raised}; }}
QListView::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url(memstudio:check-{_side(t)}.svg); }}
QListView::item:disabled {{ color: {t.dim}; background: transparent; }}
QTableView {{ background: {t.panel}; border: none; gridline-color: {t.faint}; selection-background-color: {t.accent_background};
    selection-color: {t.text}; alternate-background-color: {t.panel}; }}
QTableView::item {{ padding: 0 8px; border: none; border-bottom: {t.border}px solid {t.faint}; }}
QTableView::item:selected {{ background: {t.accent_background}; color: {t.text}; }}
QTableView:focus {{ border: none; }}
QHeaderView {{ background: {t.panel}; border: none; }}
QHeaderView::section {{ background: {t.panel}; color: {t.dim}; border: none; border-bottom: {t.border}px solid {t.line}; padding: 6px 10px;
    font-size: {px(looks.TYPE_SMALL)}px; font-weight: 600; }}
QHeaderView::section:hover {{ color: {t.text}; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; }}
QMenu {{ background: {t.raised}; border: {t.border}px solid {t.line}; border-radius: {looks.RADIUS_CONTROL}px; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 10px; border-radius: 5px; }}
QMenu::item:selected {{ background: {t.accent_background}; color: {t.text}; }}
QMenu::item:disabled {{ color: {t.dim}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 6px; }}
QMenu::icon {{ padding-left: 8px; }}
"""


def _bars(t: Tokens) -> str:
    return f"""
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {t.line}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:hover {{ background: {t.dim}; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {t.line}; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
"""
