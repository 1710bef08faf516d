"""What is known of a node before anything runs: the shape it gives, its parameters, its state, its work; lines of a name and a value."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from memstudio.desktop.labels import label
from memstudio.desktop.words import number, products, size
from memstudio.experiment.inference import Inferred
from memstudio.experiment.kinds import Kind


def facts_of(node: str, inferred: Inferred) -> list[tuple[str, str]]:
    """The lines for a node: output, parameters, state, matrix products, what the stream asks; nothing for what is not known."""
    lines: list[tuple[str, str]] = []
    outputs = inferred.outputs.get(node, {})
    value_outputs = [name for name, spec in outputs.items() if spec.kind.is_value]
    for name, spec in outputs.items():
        if spec.kind is Kind.STREAM:
            if spec.targets is not None:
                lines.append(("Targets", f"{spec.targets.size:,} classes, {'each position' if spec.targets.per_position else 'each item'}"))
                if spec.targets.chance is not None:
                    lines.append(("Chance", f"{spec.targets.chance:.2%}".replace(".00%", "%")))
        elif spec.kind.is_value:
            lines.append(("Output" if len(value_outputs) == 1 else f"Output, {name}", spec.text))
            if spec.vocabulary is not None:
                lines.append(("Vocabulary", number(spec.vocabulary)))
    cost = inferred.cost.get(node)
    if cost is not None and (cost.parameters or cost.state_bytes or any(spec.kind.is_value for spec in outputs.values())):
        if cost.parameters:
            lines.append(("Parameters", number(cost.parameters)))
        if cost.state_bytes:
            lines.append(("State", size(cost.state_bytes)))
        if cost.flops:
            lines.append(("Products", f"{products(cost.flops)} an item"))
    return lines


class FactsPanel(QWidget):
    """Two columns: names dim, values plain."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What is known before running")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[str, str]] = []

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is shown now."""
        return self._lines

    def show_lines(self, lines: list[tuple[str, str]]) -> None:
        """Shows these lines; none hides the panel."""
        if lines == self._lines:
            return
        self._lines = lines
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, (name, value) in enumerate(lines):
            self._grid.addWidget(label(name, "dim"), row, 0, Qt.AlignmentFlag.AlignTop)
            shown = label(value, wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            shown.setAccessibleName(f"{name}: {value}")
            self._grid.addWidget(shown, row, 1)
        self.setVisible(bool(lines))
