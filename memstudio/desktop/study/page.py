"""The study of the open experiment: how much it is, what it varies, its seeds, and when it may end early."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from memstudio.desktop.canvas.summary import value_text
from memstudio.desktop.inspector import axes, typed
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.study import saying
from memstudio.desktop.study.axis_card import AxisCard, kind_of
from memstudio.desktop.study.budget import solution
from memstudio.desktop.study.menus import clear, fill_places
from memstudio.desktop.study.places import parameter_at, places
from memstudio.desktop.study.problem_lines import ProblemLines
from memstudio.desktop.study.settings import BlankField, SettingsForm, TextOf, settings_field
from memstudio.desktop.study.tuning import MEASURES
from memstudio.desktop.words import tr
from memstudio.experiment import axis_edits, edits, studies
from memstudio.experiment.addresses import COMPONENT, find
from memstudio.experiment.document import Axis, Case, Document, Hopeless
from memstudio.experiment.parameters import Choice, Flag, Parameter, Real, Refusal, Text, Whole, WholeList

_SEEDS = 2**31 - 1
_REPLICATES = Whole(
    name="replicates", title="Seeds", default=1, low=1, high=1000, meaning="How often every cell runs, each time with the next seed."
)
_SEED = Whole(
    name="seed", title="First seed", default=0, low=0, high=_SEEDS, meaning="Decides every random number of the first run of each cell."
)
_DATA_SEED = Whole(
    name="data_seed", title="Data seed", default=0, low=0, high=_SEEDS, meaning="Decides the data alone; without one they have the seed."
)
_MINUTES = Real(
    name="minutes",
    title="Minutes at most",
    default=1.0,
    low=0.01,
    high=1e6,
    unit="minutes",
    meaning="What still waits then is not started.",
)
_GIVE_UP = Flag(
    name="give_up",
    title="Give up hopeless cells",
    default=False,
    meaning="A cell that is worse than the best beyond doubt gets no more seeds.",
)
_HOPELESS: tuple[Parameter, ...] = (
    Text(name="measure", title="Measure", default=MEASURES[0], meaning="What decides, on validation."),
    Choice(name="better", title="Best is", default="lowest", options={"lowest": "lowest", "highest": "highest"}),
    Whole(
        name="after",
        title="After seeds",
        default=3,
        low=2,
        high=1000,
        meaning="No cell is given up before so many of its seeds have finished.",
    ),
    Real(name="margin", title="Worse by", default=0.0, low=0.0, high=1e9, meaning="By how much it must be worse than the best."),
)


class StudyPage(QWidget):
    """Edits what `run` says of the study. `show_estimate` tells it how long all runs take."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.cards: list[AxisCard] = []
        self._solved_for: object = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self.count = label(kind="strong", wrap=True)
        self.count.setAccessibleName(tr("How much the study is"))
        self.estimate = label(kind="dim", wrap=True)
        self.estimate.setAccessibleName(tr("How long it takes"))
        self.problem = ProblemLines(self.session)
        for widget in (self.count, self.estimate, self.problem, line()):
            self._layout.addWidget(widget)
        self._add_axes()
        self._add_seeds()
        self._add_limits()
        self.show_document(session.document)
        self.show_facts(session.facts)

    def _add_axes(self) -> None:
        row = QHBoxLayout()
        row.addWidget(label("Varied", "section"), 1)
        self.add = button(
            "Vary…", self.open_adding, "", "Another axis: a parameter or a component, over several values", "Vary something else"
        )
        row.addWidget(self.add)
        self._layout.addLayout(row)
        self.none = label(
            "Nothing varies yet. Vary a component to compare memories, or a parameter to see what it changes.", "dim", wrap=True
        )
        self._axes = QVBoxLayout()
        self._axes.setSpacing(8)
        self._layout.addWidget(self.none)
        self._layout.addLayout(self._axes)
        self._layout.addWidget(line())

    def _add_seeds(self) -> None:
        self._layout.addWidget(label("Seeds", "section"))
        settings = (settings_field(_REPLICATES), settings_field(_SEED), BlankField(_DATA_SEED, "as the seed"))
        self.seeds = SettingsForm(self.session, settings, self._set_run)
        self._layout.addWidget(self.seeds)
        self._layout.addWidget(line())

    def _add_limits(self) -> None:
        self._layout.addWidget(label("Ends early", "section"))
        self.limits = SettingsForm(self.session, (BlankField(_MINUTES, "never"), settings_field(_GIVE_UP)), self._set_limit)
        by, *rest = _HOPELESS
        self.hopeless = SettingsForm(
            self.session, (TextOf(by, MEASURES), *map(settings_field, rest)), self._set_hopeless, "of hopeless cells"
        )
        self._layout.addWidget(self.limits)
        self._layout.addWidget(self.hopeless)
        self.ending = ProblemLines(self.session)
        self._layout.addWidget(self.ending)

    # ------------------------------------------------------------------------------------------ following the session

    def show_document(self, document: Document) -> None:
        """Shows axes and settings; cards are made anew only where their widgets change."""
        vary, place = document.run.vary, self._place()
        if self._stay(vary):
            for at, (card, axis) in enumerate(zip(self.cards, vary, strict=True)):
                card.show_axis(axis, at)
        else:
            self._make_cards(vary)
        self._go_back(place)
        self.none.setVisible(not vary)
        run = document.run
        self.seeds.show_values({"replicates": run.replicates, "seed": run.seed, "data_seed": run.data_seed})
        self.limits.show_values({"minutes": run.minutes, "give_up": run.hopeless is not None})
        self.hopeless.setVisible(run.hopeless is not None)
        if run.hopeless is not None:
            self.hopeless.show_values(run.hopeless.model_dump())
        self.count.setText(saying.count_text(studies.count(document)))

    def _stay(self, vary: list[Axis]) -> bool:
        """Whether the cards there are can show these axes: the same ones in the same order, one at most under another name."""
        shown = [card.axis for card in self.cards]
        if [kind_of(axis) for axis in shown] != [kind_of(axis) for axis in vary]:
            return False
        return sum(one.name != other.name for one, other in zip(shown, vary, strict=True)) <= 1

    def _make_cards(self, vary: list[Axis]) -> None:
        """Cards of axes that stay are kept, with what is open in them."""
        old = {card.axis.name: card for card in self.cards}
        kept = []
        for at, axis in enumerate(vary):
            card = old.get(axis.name)
            if card is not None and kind_of(card.axis) == kind_of(axis):
                del old[axis.name]
                card.show_axis(axis, at)
            else:
                card = AxisCard(self.session, axis, at, card is not None and card.is_open)
            kept.append(card)
        for card in old.values():
            self._axes.removeWidget(card)
            card.hide()
            card.deleteLater()
        for at, card in enumerate(kept):
            self._axes.insertWidget(at, card)
            card.show()
        self.cards = kept

    def _place(self) -> tuple[QWidget, AxisCard, str] | None:
        """Where the keyboard is: the control, its card, and its name."""
        focus = self.window().focusWidget()
        card = next((card for card in self.cards if focus is not None and card.isAncestorOf(focus)), None)
        return (focus, card, focus.accessibleName()) if card is not None and focus is not None else None

    def _go_back(self, place: tuple[QWidget, AxisCard, str] | None) -> None:
        """Takes the keyboard back to the control of that name, if the one it was in was made anew or has gone."""
        if place is None or self.window().focusWidget() is place[0]:
            return
        card = next((card for card in self.cards if card is place[1] or card.axis.name == place[1].axis.name), None)
        inside = (
            []
            if card is None
            else [one for one in card.findChildren(QWidget) if one.accessibleName() == place[2] and one.isVisibleTo(card)]
        )
        target = inside[-1] if inside else card.head if card is not None else self.add
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_facts(self, facts: Facts) -> None:
        """Says how many runs it comes to, and what is wrong, where it is wrong."""
        if facts.document is not self.session.document:
            return
        problems = [one for one in facts.problems if one.node is None and one.parameter == "vary"]
        for card in self.cards:
            mine = [one for one in problems if repr(card.axis.name) in one.reason]
            problems = [one for one in problems if one not in mine]
            card.problem.show_problems(mine)
        self.problem.show_problems(problems)
        self.ending.show_problems(
            [one for one in facts.problems if one.node is None and one.parameter in ("minutes", "hopeless", "packed")]
        )
        self._solve(facts)

    def _solve(self, facts: Facts) -> None:
        """Asks in the background what a matched budget comes to, when something has changed that it may depend on."""
        document, catalogue = facts.document, self.session.catalogue
        if not any(axis.match is not None for axis in document.run.vary) or self._solved_for is document:
            return
        self._solved_for = document
        self.session.background.do(lambda: (document, *solution(document, catalogue)), self._solved)

    def _solved(self, answer: tuple[Document, tuple[str, ...], str]) -> None:
        document, found, refused = answer
        if document is self.session.document:
            for card in (card for card in self.cards if card.axis.match is not None):
                card.budget.show_solution(found, "" if card.problem.problems else refused)

    def show_estimate(self, words: str) -> None:
        """`about 12 min, as 8 earlier runs took`."""
        self.estimate.setText(words)
        self.estimate.setVisible(bool(words))

    # ------------------------------------------------------------------------------------------ editing

    def _set_run(self, name: str, value: Any) -> str | None:
        return self.session.try_edit(
            f"Set {name.replace('_', ' ')}", lambda document: edits.set_run(document, **{name: value}), ("run", name)
        )

    def _set_limit(self, name: str, value: Any) -> str | None:
        if name == "minutes":
            return self._set_run(name, value)
        words = "Give up hopeless cells" if value else "Finish every cell"
        return self.session.try_edit(words, lambda document: edits.set_run(document, hopeless=Hopeless() if value else None))

    def _set_hopeless(self, name: str, value: Any) -> str | None:
        wanted = (self.session.document.run.hopeless or Hopeless()).model_copy(update={name: value})
        return self.session.try_edit("Set hopeless cells", lambda document: edits.set_run(document, hopeless=wanted), ("hopeless", name))

    def open_adding(self) -> None:
        """A menu of everything that can be varied, node by node."""
        menu = QMenu(self)
        menu.setAccessibleName(tr("What to vary"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        document, catalogue = self.session.document, self.session.catalogue
        taken = {address for axis in document.run.vary for case in axis.all_cases() for address in case.set}
        taken |= {axis.set for axis in document.run.vary if axis.set is not None}
        clear(menu)
        fill_places(menu, places(document, catalogue), self.vary, taken)
        if menu.isEmpty():
            menu.addAction(tr("Put components on the canvas first")).setEnabled(False)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def vary(self, address: str) -> None:
        """Makes an axis of an address, with a few values or cases to begin with, and opens it."""
        session = self.session
        sentence = session.try_edit("Vary", lambda document: started(document, address, session))
        if sentence is not None:
            self.problem.say(sentence)
            return
        axis = axes.axis_of(session.document, address)
        card = next((card for card in self.cards if axis is not None and card.axis.name == axis.name), None)
        if card is not None:
            card.open()

    def focus_first(self) -> None:
        """Takes the keyboard to the first axis, or to the button that makes one."""
        (self.cards[0].head if self.cards else self.add).setFocus(Qt.FocusReason.OtherFocusReason)


def started(document: Document, address: str, session: Session) -> Document:
    """The document with a new axis over an address: values around the present one, all options, or the component there. Raises Refusal."""
    catalogue = session.catalogue
    parameter = parameter_at(document, address, catalogue)
    if parameter is None:
        found = find(document, address, catalogue)
        if not address.endswith(f".{COMPONENT}") or found.entry is None:
            raise Refusal(f"{address} leads nowhere in this experiment.")
        name = axes.free_name(document, found.entry.family.title.lower().removesuffix("s"), address)
        return edits.set_axis(document, Axis(name=name, cases=[Case(label=found.entry.title, set={address: found.value})]))
    if address.startswith("run."):
        value = getattr(document.run, parameter.name)
        cases = [Case(label=saying.set_text(document, Case(label=""), address, value, catalogue), set={address: value})]
        return edits.set_axis(document, Axis(name=axes.free_name(document, parameter.title.lower(), address), cases=cases))
    value = find(document, address, catalogue).value
    value = list(value) if isinstance(value, tuple) else value
    if isinstance(parameter, Choice | Flag):
        values: list[Any] = list(parameter.options) if isinstance(parameter, Choice) else [False, True]
        return axes.with_values(document, parameter, address, values, catalogue)
    if isinstance(parameter, Whole | Real | WholeList):
        return axes.with_values(document, parameter, address, typed.suggested(parameter, value), catalogue)
    name = axes.free_name(document, parameter.title[:1].lower() + parameter.title[1:], address)
    label_ = axis_edits.free_label([], value_text(parameter, value, catalogue) or "as it is")
    return edits.set_axis(document, Axis(name=name, cases=[Case(label=label_, set={address: value})]))
