"""The line on Home about add-ons: one asks to be used, or was refused. Where neither is so there is no line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from memstudio.desktop.labels import Elided, button
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn


class AddOnsLine(QFrame):
    """One line. allow(place), decline(place): the person's answer; settings(): the whole list is to be shown."""

    allow = Signal(str)
    decline = Signal(str)
    settings = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("Add-ons"))
        self._asks: AddOn | None = None
        self.text = Elided(lines=2)
        self.yes = button("Use it", self._allow, tip="Use it as it is now; it is asked about again when its files change")
        self.no = button("Leave it out", self._decline, "quiet", "Do not use it, and do not ask again")
        self.more = button("Show add-ons", self.settings.emit, "link", "The list of add-ons in Settings")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        for one in (self.yes, self.no, self.more):
            row.addWidget(one)
        self.hide()

    def show_addons(self, listed: Sequence[AddOn]) -> None:
        """Shows the first that asks; where none does, what was refused; else nothing."""
        asking = [one for one in listed if one.state == "asked"]
        refused = [one for one in listed if one.state == "refused"]
        self._asks = asking[0] if asking else None
        self.yes.setVisible(bool(asking))
        self.no.setVisible(bool(asking))
        if self._asks is not None:
            self.text.say(_question(self._asks, len(asking) - 1))
            for answer in (self.yes, self.no):
                answer.setAccessibleName(f"{answer.text()}: {self._asks.name}")
        elif len(refused) == 1:
            self.text.say(f"The add-on {refused[0].name} cannot be used. {refused[0].reason}")
        elif refused:
            self.text.say(f"{len(refused)} add-ons cannot be used: {', '.join(one.name for one in refused)}.")
        self.setVisible(bool(asking or refused))

    def _allow(self) -> None:
        if self._asks is not None:
            self.allow.emit(self._asks.place)

    def _decline(self) -> None:
        if self._asks is not None:
            self.decline.emit(self._asks.place)


def _question(one: AddOn, others: int) -> str:
    more = f" {others} more ask." if others > 1 else " One more asks." if others else ""
    changed = "; its files have changed since you said yes" if "changed" in one.reason else ""
    return f"The add-on {one.name} asks to be used{changed}.{more} It is a program, and can do what you can do. It comes from {one.where}."
