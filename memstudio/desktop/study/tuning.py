"""The settings of a tuned axis: by which measure on validation, how many trials, with how many seeds."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from memstudio.desktop.inspector import fields
from memstudio.desktop.labels import label
from memstudio.desktop.session import Session
from memstudio.desktop.study.settings import SettingsForm, TextOf, settings_field
from memstudio.experiment import axis_edits
from memstudio.experiment.document import Axis, Tuned
from memstudio.experiment.parameters import Choice, Flag, Parameter, Text, Whole

_TUNED = Flag(name="tuned", title="Tune on validation", default=False, meaning="Choose among its cases instead of reporting each.")
#: measures on validation that every learner records
MEASURES = ("loss[split=validation]", "accuracy[split=validation]", "recall[split=validation]", "nll[split=validation]")
_BY = Text(name="by", title="Measure", default=MEASURES[0], meaning="What decides, on validation; test is read for reporting only.")
_REST: tuple[Parameter, ...] = (
    Choice(name="better", title="Best is", default="lowest", options={"lowest": "lowest", "highest": "highest"}),
    Choice(
        name="method",
        title="Method",
        default="grid",
        options={"grid": "grid", "random": "random", "optuna": "Optuna"},
        meaning="A grid tries every combination; random draws from the range; Optuna learns from the trials before.",
    ),
    Whole(name="trials", title="Trials", default=16, low=1, high=1000, meaning="How many settings are tried for each cell."),
    Whole(name="seeds", title="Seeds a trial", default=1, low=1, high=100, meaning="Seeds of their own, never those that are reported."),
)


class Tuning(QWidget):
    """The form of one axis."""

    def __init__(self, session: Session, axis: Axis) -> None:
        super().__init__()
        self.session, self.axis = session, axis
        of = f"for {axis.name}"
        self.on = fields.FlagField(_TUNED)
        self._head = SettingsForm(session, (self.on,), self._put)
        self.on.check.setAccessibleName(f"Tune {axis.name} on validation")
        self.form = SettingsForm(session, (TextOf(_BY, MEASURES), *map(settings_field, _REST)), self._put, of)
        self.trials = self.form.fields["trials"]
        self.all = label("A grid tries every combination of what is tuned.", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._head, self.form, self.all):
            layout.addWidget(widget)
        self.show_axis(axis)

    def show_axis(self, axis: Axis) -> None:
        """Shows what the document has."""
        self.axis = axis
        self._head.show_values({"tuned": axis.tuned is not None})
        self.form.setVisible(axis.tuned is not None)
        self.all.setVisible(axis.tuned is not None and axis.tuned.method == "grid")
        if axis.tuned is not None:
            self.form.show_values(axis.tuned.model_dump())
            self.trials.setEnabled(axis.tuned.method != "grid")

    def _put(self, name: str, value: Any) -> str | None:
        axis, catalogue = self.axis, self.session.catalogue
        if name == "tuned":
            tuned = self._as_others() if value else None
            words = f"Tune {axis.name}" if value else f"Report {axis.name}"
        else:
            tuned = (axis.tuned or Tuned()).model_copy(update={name: value})
            words = f"Tune {axis.name}"
        return self.session.try_edit(
            words, lambda document: axis_edits.set_tuned(document, axis.name, tuned, catalogue), ("tuned", axis.name, name)
        )

    def _as_others(self) -> Tuned:
        """The settings of what is tuned already: all of it is chosen together."""
        return next((one.tuned for one in self.session.document.run.vary if one.tuned is not None), Tuned())
