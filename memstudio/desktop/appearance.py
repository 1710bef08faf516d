"""How the window looks, to be chosen in Settings: the theme and the size of type."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from memstudio.desktop import lengths, theme
from memstudio.desktop.labels import button, label
from memstudio.desktop.words import tr

THEMES: dict[str, str] = {
    "system": "As the system",
    "light": "Light",
    "dark": "Dark",
    "light_contrast": "Light, high contrast",
    "dark_contrast": "Dark, high contrast",
}


class Appearance(QWidget):
    """theme_chosen(name): one of theme.CHOICES; size_chosen(percent): one of lengths.SIZES."""

    theme_chosen = Signal(str)
    size_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(self._themes())
        column.addLayout(self._sizes())
        theme.themed.connect(self._themed)
        self._themed(theme.current())

    def _themes(self) -> QVBoxLayout:
        """What is usual above, high contrast below."""
        rows = QVBoxLayout()
        rows.setSpacing(8)
        for names in (("system", "light", "dark"), ("light_contrast", "dark_contrast")):
            row = QHBoxLayout()
            row.setSpacing(8)
            for choice in names:
                one = button(THEMES[choice], partial(self.theme_chosen.emit, choice), "filter", name=f"Theme: {THEMES[choice].lower()}")
                one.setCheckable(True)
                one.setObjectName(choice)
                self._choices.addButton(one)
                row.addWidget(one)
            row.addStretch(1)
            rows.addLayout(row)
        return rows

    def _sizes(self) -> QHBoxLayout:
        self.said = label("", "dim")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(lengths.SIZES) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(tr("Size of text"))
        self.slider.setToolTip(tr("Type and controls from 80 to 200 percent"))
        # the window is laid out anew at each size: not while the handle is still held
        self.slider.setTracking(False)
        self.slider.valueChanged.connect(self._chosen)
        lengths.fix(self.slider, width=200)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(label("Size of text"))
        row.addWidget(self.slider)
        row.addWidget(self.said)
        row.addStretch(1)
        return row

    def _chosen(self, place: int) -> None:
        if lengths.SIZES[place] != theme.size():
            self.size_chosen.emit(lengths.SIZES[place])

    def _themed(self, tokens: object) -> None:
        for one in self._choices.buttons():
            one.setChecked(one.objectName() == theme.choice())
        self.slider.blockSignals(True)
        self.slider.setValue(min(range(len(lengths.SIZES)), key=lambda i: abs(lengths.SIZES[i] - theme.size())))
        self.slider.blockSignals(False)
        self.said.setText(f"{theme.size()} %")
        self.slider.setAccessibleDescription(f"{theme.size()} percent")
