"""What is known of a node before anything runs: the shape it gives, its parameters, its state, its work, and what an edit changed of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from memstudio.desktop.labels import label
from memstudio.desktop.words import number, products, size, tr
from memstudio.experiment.entries import Configured
from memstudio.experiment.inference import Inferred
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Refusal

#: milliseconds for which the difference that edits made stands beside a value
LINGER = 4000

Fact = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """One line. amount and how: what the text says as a number, and how a difference of it is said; parts: what it is made of."""

    name: str
    text: str
    amount: float | None = None
    how: Callable[[float], str] = number
    parts: str = ""

    @property
    def fact(self) -> Fact:
        """Name and value."""
        return self.name, self.text


def known_of(node: str, inferred: Inferred) -> list[Known]:
    """The lines for a node: output, what the stream asks, parameters, state, matrix products; nothing for what is not known."""
    lines: list[Known] = []
    outputs = inferred.outputs.get(node, {})
    value_outputs = [name for name, spec in outputs.items() if spec.kind.is_value]
    for name, spec in outputs.items():
        lines += _of_output("Output" if len(value_outputs) == 1 else f"Output, {name}", spec)
    cost = inferred.cost.get(node)
    if cost is None:
        return lines
    if cost.parameters:
        lines.append(Known("Parameters", number(cost.parameters), cost.parameters, parts=breakdown(node, inferred)))
    if cost.state_bytes:
        lines.append(Known("State", size(cost.state_bytes), cost.state_bytes, size))
    if cost.flops:
        lines.append(Known("Products", f"{products(cost.flops)} an item", cost.flops, products))
    return lines


def _of_output(title: str, spec: Spec) -> list[Known]:
    if spec.kind.is_value:
        lines = [Known(title, spec.text)]
        return [*lines, Known("Vocabulary", number(spec.vocabulary), spec.vocabulary)] if spec.vocabulary is not None else lines
    if spec.kind is not Kind.STREAM or spec.targets is None:
        return []
    asked = "each position" if spec.targets.per_position else "each item"
    lines = [Known("Targets", f"{spec.targets.size:,} classes, {asked}", spec.targets.size)]
    if spec.targets.chance is not None:
        lines.append(Known("Chance", f"{spec.targets.chance:.2%}".replace(".00%", "%"), 100 * spec.targets.chance, _percent))
    return lines


def _percent(points: float) -> str:
    return f"{points:.2f} points"


def facts_of(node: str, inferred: Inferred) -> list[Fact]:
    """Names and values of the lines for a node."""
    return [line.fact for line in known_of(node, inferred)]


def breakdown(node: str, inferred: Inferred) -> str:
    """What the parameters of a node are made of: `Delta rule inside 9,216 · its own 1,024 · around it 128`; nothing for a plain one."""
    configured, inputs, cost = inferred.configured.get(node), inferred.inputs.get(node), inferred.cost.get(node)
    if configured is None or inputs is None or cost is None:
        return ""
    layers = configured.values.get("repeat", 1)
    layers = layers if isinstance(layers, int) and layers > 0 and cost.parameters % layers == 0 else 1
    try:
        own = configured.entry.component.cost(configured.values, inputs).parameters
        inside = _inside(configured, inputs)
        named = [] if inside else list(configured.entry.component.parts(configured.values, inputs).items())
    except (Refusal, KeyError, ValueError, TypeError, ArithmeticError):
        return ""
    around = cost.parameters // layers - own
    parts = [f"{title} inside {number(amount)}" for title, amount in inside]
    rest = own - sum(amount for _, amount in inside)
    if inside and rest > 0:
        parts.append(f"its own {number(rest)}")
    if len(named) > 1 and sum(amount for _, amount in named) == own:
        parts += [f"{name.replace('_', ' ')} {number(amount)}" for name, amount in named if amount]
    elif not inside and own and (around > 0 or layers > 1):
        parts.append(f"itself {number(own)}")
    if around > 0:
        parts.append(f"around it {number(around)}")
    if layers > 1:
        parts.append(f"in each of {layers} layers")
    return " · ".join(parts) if len(parts) > 1 else ""


def _inside(configured: Configured, inputs: Inputs) -> list[tuple[str, int]]:
    """Title and trained numbers of each component inside, one of each; nothing where together they are more than the whole."""
    found = []
    for value in configured.values.values():
        for inner in value if isinstance(value, list | tuple) else (value,):
            if isinstance(inner, Configured) and (amount := inner.cost(inputs).parameters):
                found.append((inner.entry.title, amount))
    return found


class FactsPanel(QWidget):
    """Two columns: names dim, values plain, and for a moment what the last edits added to a value."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("What is known before running"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._of: object = None
        self._known: list[Known] = []
        self._before: dict[str, float] = {}
        self.values: dict[str, QLabel] = {}
        self.changes: dict[str, QLabel] = {}
        self._parts: dict[str, QLabel] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LINGER)
        self._timer.timeout.connect(self._settle)

    @property
    def lines(self) -> list[Fact]:
        """What is shown now."""
        return [line.fact for line in self._known]

    def show_known(self, of: object, known: Sequence[Known]) -> None:
        """Shows what is known of something; of the same thing as before with the differences. No line hides the panel."""
        known = list(known)
        if of == self._of and known == self._known:
            return
        if of != self._of:
            self._before, self._of = {}, of
            self._timer.stop()
        else:
            self._remember(known)
        if [line.name for line in known] != [line.name for line in self._known]:
            self._make(known)
        self._known = known
        for line in known:
            self._show(line)
        self.setVisible(bool(known))

    def _remember(self, known: Sequence[Known]) -> None:
        """Keeps what changed amounts were before the first of the edits whose differences are still shown."""
        was = {line.name: line.amount for line in self._known}
        for line in known:
            amount = was.get(line.name)
            if amount is not None and line.amount is not None and amount != line.amount:
                self._before.setdefault(line.name, amount)
                self._timer.start()

    def _settle(self) -> None:
        self._before.clear()
        for line in self._known:
            self._show(line)

    def _make(self, known: Sequence[Known]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.values, self.changes, self._parts = {}, {}, {}
        for row, line in enumerate(known):
            self._grid.addWidget(label(line.name, "dim"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self._value(line.name), row, 1)

    def _value(self, name: str) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(8)
        shown, change, parts = label(wrap=True), label(kind="small"), label(kind="axis", wrap=True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(shown, 1)
        row.addWidget(change)
        column.addLayout(row)
        column.addWidget(parts)
        self.values[name], self.changes[name], self._parts[name] = shown, change, parts
        return box

    def _show(self, line: Known) -> None:
        shown, change, parts = self.values[line.name], self.changes[line.name], self._parts[line.name]
        difference = difference_text(line, self._before.get(line.name))
        shown.setText(line.text)
        shown.setAccessibleName(", ".join(part for part in (f"{line.name}: {line.text}", difference, line.parts) if part))
        change.setText(difference)
        change.setVisible(bool(difference))
        parts.setText(line.parts)
        parts.setVisible(bool(line.parts))


def difference_text(line: Known, before: float | None) -> str:
    """`+12,288`, `−1.02 kB`; nothing where it is as it was."""
    if before is None or line.amount is None or line.amount == before:
        return ""
    return f"{'+' if line.amount > before else chr(0x2212)}{line.how(abs(line.amount - before))}"
