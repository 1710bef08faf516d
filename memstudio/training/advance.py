"""What follows from the runs that have ended: the next trials of a tuned study, its choices, what is given up. Taken by workers.

Every decision is a pure function of the study's document and of runs that have ended, and becomes true in one transaction of the
library, or not at all: two workers may decide at once, and one may be killed at any point. Nothing here reads a measure of test.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from memstudio.experiment.cells import Cell
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.hopeless import hopeless_cells
from memstudio.experiment.migrations import update
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import chosen, trials
from memstudio.experiment.tuning import Tried, choose, proposals, settings
from memstudio.experiment.wording import counted
from memstudio.library.trials import USED_UP

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.trials import TunedCell

logger = logging.getLogger(__name__)

#: Of a budget in minutes, trials get this much at most: what was chosen is to be reported too.
FOR_TRIALS = 0.5
#: What this process has already logged: study and sentence.
_told: set[tuple[str, str]] = set()


def advance(library: Library, catalogue: Callable[[], Catalogue], study: str | None = None) -> bool:
    """Decides what can be decided about open studies (or one of them); whether anything changed in the library.

    A study that cannot be decided about is left as it is, with the reason in the log.
    """
    changed = False
    for uid in library.open_studies():
        if study is not None and not uid.startswith(study):
            continue
        try:
            changed = _study(library, catalogue, uid) or changed
        except Refusal as refusal:
            if (uid, str(refusal)) not in _told:  # a worker that waits asks again every second
                _told.add((uid, str(refusal)))
                logger.error("study %s stays as it is: %s", uid, refusal)
    return changed


def _study(library: Library, catalogue: Callable[[], Catalogue], uid: str) -> bool:
    document = library.study_document(uid)
    changed = _budget(library, document, uid)
    for tuned in library.tuning(uid):
        if tuned.chosen is None and tuned.settled:
            known = catalogue()
            cell = Cell(tuned.label, tuned.label, dict(tuned.sets))
            changed = _cell(library, update(document, known), known, uid, cell, tuned) or changed
    return _hopeless(library, document, uid) or changed


def _cell(library: Library, document: Document, catalogue: Catalogue, study: str, cell: Cell, tuned: TunedCell) -> bool:
    """The next trials of a cell whose trials have all ended, or its choice."""
    ended = [Tried(dict(trial.sets), trial.value) for trial in tuned.trials]
    out_of_time = any(trial.out_of_time for trial in tuned.trials)
    points = [] if out_of_time else proposals(document, catalogue, cell, ended)
    if points:
        logger.info("study %s, cell %r: %s more", study, cell.label, counted(len(points), "trial"))
        return library.add_trials(study, cell.label, len(ended), trials(document, catalogue, cell, points))
    best = choose(settings(document), ended)
    if best is None:
        return False
    why = choice_words(document, cell, tuned, best)
    sets = {at: value for at, value in ended[best].sets.items() if at not in cell.sets}
    logger.info("study %s, cell %r: %s", study, cell.label, why)
    return library.add_chosen(study, cell.label, sets, chosen(document, catalogue, cell, sets), why)


def choice_words(document: Document, cell: Cell, tuned: TunedCell, best: int) -> str:
    """`Chosen on validation: rate 0.003, loss[split=validation] 0.31, the lowest of 16 trials.`"""
    how = settings(document)
    trial = tuned.trials[best]
    label = trial.label.removeprefix(f"{cell.label}, ") if cell.label else trial.label
    having = sum(one.value is not None for one in tuned.trials)
    short = f" ({having:,} of {len(tuned.trials):,} measured it)" if having < len(tuned.trials) else ""
    return f"Chosen on validation: {label}, {how.by} {trial.value:.4g}, the {how.better} of {counted(len(tuned.trials), 'trial')}{short}."


def _budget(library: Library, document: Document, study: str) -> bool:
    """Stops what waits of a study whose minutes are used up; of its trials, when their part is."""
    minutes = document.run.minutes
    if minutes is None:
        return False
    used, by_trials = library.minutes_used(study)
    if used >= minutes:
        why = f"The {minutes:g} minutes of its study {USED_UP}"
        of_trials, reported = library.give_up(study, why, trials_only=True), library.give_up(study, why)
        return bool(of_trials or reported)
    if by_trials >= FOR_TRIALS * minutes:
        why = f"Trials may take half of the {minutes:g} minutes of their study, and these {USED_UP}"
        return bool(library.give_up(study, why, trials_only=True))
    return False


def _hopeless(library: Library, document: Document, study: str) -> bool:
    """Stops what waits of cells that have fallen behind."""
    rule = document.run.hopeless
    if rule is None:
        return False
    found = hopeless_cells(rule, library.values_by_cell(study, rule.measure))
    stopped = [library.give_up(study, why, cell=cell) for cell, why in found.items()]
    return any(stopped)
