"""What a declaration says in words and letters: its equations, its sources, how it works; each can be copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.inspector import mathematics
from memstudio.desktop.labels import label, set_kind
from memstudio.desktop.slices import Slices
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment.declarations import Equation, Source
from memstudio.report.citations import entries


class Section(QWidget):
    """A small heading with a button that copies what stands under it."""

    def __init__(self, title: str, copies: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(6)
        self.copy = QToolButton()
        self.copy.setAccessibleName(f"Copy {title.lower()}")
        self.copy.setToolTip(f"Copy {title.lower()}")
        self.copy.setProperty("kind", "more")
        self.copy.setFixedSize(24, 20)
        lengths.fix_icon(self.copy, 14)
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.copy)
        for words, text in copies:
            self.menu.addAction(words, partial(copy_text, text))
        self.copy.setMenu(self.menu)
        head = QHBoxLayout()
        head.addWidget(label(title, "section"), 1)
        head.addWidget(self.copy)
        self.box.addLayout(head)
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def _tint(self, tokens: Tokens) -> None:
        self.copy.setIcon(icons.icon("copy", tokens))


def copy_text(text: str) -> None:
    """Puts text on the clipboard."""
    QGuiApplication.clipboard().setText(text)


class EquationsPanel(Section):
    """The equations of a component, drawn with what is raised and lowered, aligned at their relations."""

    def __init__(self, equations: Sequence[Equation], slices: Slices) -> None:
        title = "Equation" if len(equations) == 1 else "Equations"
        copies = (("Copy as text", _texts(equations)), ("Copy as LaTeX", "\n".join(mathematics.latex(one.text) for one in equations)))
        super().__init__(title, copies)
        panel = QFrame()
        panel.setProperty("kind", "field")
        self._inside = QVBoxLayout(panel)
        self._inside.setContentsMargins(10, 8, 10, 8)
        self._inside.setSpacing(2)
        self.drawn: list[QLabel] = []
        #: what each needs at its full size, where nothing is left to break
        self._needs: list[int] = []
        self.box.addWidget(panel)
        slices.add(partial(self._draw, equation) for equation in equations)

    def _draw(self, equation: Equation) -> None:
        if equation.title:
            if self.drawn:
                self._inside.addSpacing(6)
            title = label(equation.title, "small", wrap=True)
            self._inside.addWidget(title)
            title.show()
        made = label(mathematics.rich(equation.text), "formula", wrap=True)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setAccessibleName(f"{equation.title}: {equation.text}" if equation.title else equation.text)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(partial(self._offer, made, equation))
        made.setMinimumWidth(1)
        self._inside.addWidget(made)
        made.show()
        self.drawn.append(made)
        self._needs.append(made.minimumSizeHint().width())
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """An equation that cannot be broken further is drawn smaller instead of being cut."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 20
        for drawn, needs in zip(self.drawn, self._needs, strict=True):
            set_kind(drawn, "formula" if needs <= room else "formula-small")

    def _offer(self, drawn: QLabel, equation: Equation, at: QPoint) -> None:
        menu = QMenu(drawn)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy this as text"), partial(copy_text, equation.text))
        menu.addAction(tr("Copy this as LaTeX"), partial(copy_text, mathematics.latex(equation.text)))
        menu.popup(drawn.mapToGlobal(at))


def _texts(equations: Sequence[Equation]) -> str:
    return "\n".join(f"{one.title}: {one.text}" if one.title else one.text for one in equations)


class SourcesPanel(Section):
    """The papers a component comes from, and the ids of the published systems that it covers."""

    def __init__(self, sources: Sequence[Source], slices: Slices) -> None:
        copies = (("Copy as text", "\n".join(map(cited, sources))), ("Copy as BibTeX", entries(sources)))
        super().__init__("Source" if len(sources) == 1 else "Sources", copies)
        self.shown: list[QWidget] = []
        slices.add(partial(self._add, source) for source in sources)

    def _add(self, source: Source) -> None:
        self.shown.append(made := _source(source))
        self.box.addWidget(made)
        made.show()


def _source(source: Source) -> QWidget:
    """Who, when and where; the title; the systems."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 4)
    layout.setSpacing(1)
    first = label(" · ".join(part for part in (f"{_people(source)} {source.year}", source.where) if part), wrap=True)
    first.setToolTip(source.authors)
    lines = [first, label(source.title, "small", wrap=True)]
    if source.systems:
        lines.append(label(f"{'System' if len(source.systems) == 1 else 'Systems'} {', '.join(source.systems)}", "axis", wrap=True))
    for one in lines:
        one.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(one)
    made.setAccessibleName(cited(source))
    return made


def authors_of(source: Source) -> list[str]:
    """The authors one by one."""
    return [name for name in (part.strip().removeprefix("and ").strip() for part in re.split(r",|\band\b|&", source.authors)) if name]


def _people(source: Source) -> str:
    names = authors_of(source)
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def cited(source: Source) -> str:
    """`Yang, Kautz, Hatamizadeh (2024). Gated delta networks. ICLR 2025. S036`."""
    parts = (f"{source.authors} ({source.year})", source.title, source.where, " ".join(source.systems))
    return ". ".join(part.rstrip(".") for part in parts if part)
