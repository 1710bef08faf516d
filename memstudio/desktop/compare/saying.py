"""The two cards above the plots: the differences in words, and what differs."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from memstudio.desktop.compare.seen import Seen
from memstudio.desktop.labels import Elided, label, set_kind
from memstudio.desktop.words import count
from memstudio.library.sentences import Sentence

#: so many differences are said; the table has them all
MOST = 3


def card(inside: QWidget, name: str) -> QFrame:
    """A card around something that may be taller than the card: then it is scrolled."""
    made = QFrame()
    made.setProperty("kind", "card")
    made.setAccessibleName(name)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setAccessibleName(name)
    inside.setProperty("kind", "clear")
    scroll.setWidget(inside)
    column = QVBoxLayout(made)
    column.setContentsMargins(2, 2, 2, 2)
    column.addWidget(scroll)
    return made


class InWords(QWidget):
    """What the comparison says, as sentences; what matters most in bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.doubt = label("", "small", wrap=True)
        self.doubt.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 11, 14, 11)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addWidget(self.doubt)
        column.addStretch(1)

    def show_seen(self, seen: Seen) -> None:
        """Shows the sentences of the measure that the table shows, and which runs do not count."""
        said, more, doubt = chosen(seen)
        if not said:
            said = [Sentence(((_nothing(seen), False),))]
        self.text.setText("".join(f'<p style="margin: 0 0 4px 0; line-height: 135%">{_rich(one)}</p>' for one in said))
        self.text.setAccessibleName(" ".join(one.text for one in said))
        words = [f"{count(more, 'other difference')} {'is' if more == 1 else 'are'} in the table."] if more else []
        words += [doubt] if doubt else []
        words += [*seen.comparison.notes, *([seen.comparison.advice] if seen.comparison.advice else [])]
        self.doubt.setText(" ".join(words))
        self.doubt.setAccessibleName(" ".join(words))
        self.doubt.setVisible(bool(words))


def chosen(seen: Seen) -> tuple[list[Sentence], int, str]:
    """(sentences, how many differences are left to the table, what the seeds cannot show): of many the highest and the lowest."""
    numbers = [row for row in seen.rows if row.difference is not None]
    said, doubts = seen.sentences[: len(numbers)], seen.sentences[len(numbers) :]
    doubt = " ".join(one.text for one in doubts)
    if len(numbers) <= MOST:
        return list(said), 0, doubt
    ranked = sorted(range(len(numbers)), key=lambda i: _mean(numbers[i].difference), reverse=True)
    kept = [ranked[0], ranked[-1]]
    return [said[i] for i in kept], len(numbers) - len(kept), doubt


def _mean(difference: object) -> float:
    interval = getattr(difference, "interval", None)
    return float(interval.mean) if interval is not None else 0.0


def _nothing(seen: Seen) -> str:
    if not any(row.finished for row in seen.rows):
        return "None of these runs has finished yet; what they measure will stand here."
    if len(seen.rows) == 1:
        return "One group has nothing to be compared with. Its means over seeds stand in the table."
    if sum(row.interval is not None for row in seen.rows) < 2:
        return "Only one of the groups has measured this, so there is no difference to speak of."
    return "The differences of this measure are not finite."


def _rich(sentence: Sentence) -> str:
    return "".join(f"<b>{html.escape(text)}</b>" if strong else html.escape(text) for text, strong in sentence.pieces)


class WhatDiffersView(QWidget):
    """The addresses at which the documents differ, with their values, then whether that is all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 10, 14, 10)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(label("What differs", "panel-title"), 0, 0, 1, 2)
        self._labels: list[tuple[QLabel, Elided]] = []
        self.same = label("", "mono", wrap=True)
        self.denied = label("", "mono", wrap=True)
        self.lines: tuple[tuple[str, str], ...] = ()

    def show_seen(self, seen: Seen) -> None:
        """Shows what differs between the groups."""
        differs = seen.comparison.differs
        self.lines = (*differs.lines, *differs.other_lines)
        own = len(differs.lines)
        while len(self._labels) < len(self.lines):
            name, value = label("", "mono-dim"), Elided("", "mono")
            self._labels.append((name, value))
        for widget in (self.same, self.denied):
            self._grid.removeWidget(widget)
        for place, (name, value) in enumerate(self._labels):
            there = place < len(self.lines)
            if there:
                name.setText(self.lines[place][0])
                set_kind(value, "mono" if place < own else "mono-careful")
                value.say(_values(self.lines[place][1]))
                value.setAccessibleName(f"{self.lines[place][0]}: {self.lines[place][1]}")
                self._grid.addWidget(name, place + 1, 0)
                self._grid.addWidget(value, place + 1, 1)
            name.setVisible(there)
            value.setVisible(there)
        self._say(self.same, differs.same_words, "mono-good" if differs.nothing_else else "mono-dim", len(self.lines) + 1)
        self._say(self.denied, _joined(differs.doubts), "mono-careful", len(self.lines) + 2)
        self._grid.setRowStretch(len(self.lines) + 3, 1)

    def _say(self, widget: QLabel, text: str, kind: str, row: int) -> None:
        widget.setText(text)
        set_kind(widget, kind)
        widget.setVisible(bool(text))
        self._grid.addWidget(widget, row, 0, 1, 2)


def _joined(denials: Sequence[str]) -> str:
    return "; ".join(denials)


def _values(words: str) -> str:
    return words.replace(" to ", " – ") if words.replace(" to ", "").replace(",", "").isdigit() else words
