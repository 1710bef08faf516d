"""The menu of what can be written about what is compared: a report, the table, the figures that are shown, for print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from memstudio.desktop.compare.seen import Seen
from memstudio.desktop.live.frame import plain
from memstudio.desktop.reporting import WIDTHS, Kind, What
from memstudio.desktop.words import tr
from memstudio.library.sentences import measure_words

Ask = Callable[[Kind, What], object]


def what(seen: Seen) -> What:
    """What is compared, as the process that writes is asked for it."""
    made = seen.comparison
    return What(
        names=seen.wish.names,
        title=made.title or "comparison",
        by=seen.wish.by or "",
        baseline=made.labels[made.baseline],
        measure=seen.measure,
        step=seen.wish.step,
    )


def figures(seen: Seen) -> list[tuple[str, str]]:
    """(name, title) of the figures that are shown: the study's own, then what each panel shows."""
    measure = study_measure(seen)
    found = [("study", f"{measure_words(measure)}, by what was varied")] if len(seen.comparison.groups) > 1 else []
    for id in ("main", "calibration", "learning"):
        if id in seen.plots:
            found.append((seen.plots[id].chosen.partition(":")[2], seen.plots[id].title))
    if seen.matrices is not None:
        name = seen.matrices.chosen.partition(":")[2]
        title = next((one.title for one in seen.matrices.options if one.id == seen.matrices.chosen), name)
        found += [(name, title), (f"forgetting_curves{name.partition('[')[1]}{name.partition('[')[2]}", "forgetting, task by task")]
    return [(name, f"{title[:1].upper()}{title[1:]}") for name, title in dict(found).items()]


def study_measure(seen: Seen) -> str:
    """The measure that the panel of what was varied shows, else the table's."""
    return seen.study.figure.measure if seen.study is not None else seen.measure


def menu(seen: Seen, ask: Ask, parent: QWidget) -> QMenu:
    """The menu. ask(kind, what): something was chosen."""
    made, about = QMenu(parent), what(seen)
    made.addAction(tr("Report…")).triggered.connect(partial(_call, ask, "report", about))
    made.addAction(tr("Table…")).triggered.connect(partial(_call, ask, "table", replace(about, measure="")))
    for_print = made.addMenu(tr("Figure for print"))
    for name, title in figures(seen):
        widths = for_print.addMenu(plain(title))
        for width, words in WIDTHS.items():
            asked = replace(about, figure=name, width=width, measure=study_measure(seen))
            widths.addAction(f"{words}…").triggered.connect(partial(_call, ask, "figure", asked))
    return made


def _call(ask: Ask, kind: Kind, asked: What, checked: bool = False) -> None:
    ask(kind, asked)
