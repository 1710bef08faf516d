"""Seeds as members of one pass (run.packed): which documents can be run so, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from memstudio.experiment import edits
from memstudio.experiment.cells import tuned_axes
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.inference import Inferred, infer_wired
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend, Problem
from memstudio.experiment.stages import Broken, chain
from memstudio.experiment.wiring import Wiring

#: Trait of a learner that says of each member what it says of a run: only then can members be runs.
PACKS = "packs"


def packing_problems(document: Document, wiring: Wiring, inferred: Inferred) -> Iterator[Problem]:
    """Why the seeds of a document cannot share a pass, with the mend; nothing where they can, or are not to."""
    reason = _why_not(document, wiring, inferred) if document.run.packed else None
    if reason is not None:
        yield Problem(None, None, "packed", reason, (Mend("Turn packed off", partial(edits.set_run, packed=False)),))


def refuse_unpackable(document: Document, catalogue: Catalogue) -> None:
    """Raises Refusal where the seeds of a document are to share a pass and cannot. Of a study, asked of its whole and of each cell."""
    if document.run.packed:
        wiring = Wiring(document, catalogue)
        reason = _why_not(document, wiring, infer_wired(wiring))
        if reason is not None:
            raise Refusal(reason)


def alone(document: Document) -> Document:
    """The document of one run as one that is run by itself: a claim and a shared pass are matters of a study."""
    run = document.run.model_copy(update={"packed": False})
    return document.model_copy(update={"claim": None, "run": run})


def _why_not(document: Document, wiring: Wiring, inferred: Inferred) -> str | None:
    run = document.run
    if run.replicates < 2:
        return "Packed runs are seeds that share a pass, and there is one seed only; take more replicates or turn packed off."
    if tuned_axes(document):
        return "Trials of a tuned axis cannot share a pass; turn packed off, or set the values that were chosen."
    if run.hopeless is not None:
        return (
            "In a pass all seeds of a cell end together, so no cell can be given up after some of them; turn packed off or remove the rule."
        )
    try:
        stages = chain(wiring, inferred)
    except Broken:
        return None  # told at its place
    if len(stages) > 1:
        return f"A pass of several seeds has one stage, and here are {len(stages):,}; turn packed off."
    for stage in stages:
        title = wiring.titles[stage.node]
        if stage.ensembles:
            return f"{wiring.titles[stage.ensembles[0]]} is an ensemble, and the members of a pass are seeds already; turn packed off."
        learner = inferred.configured.get(stage.node)
        if learner is None:
            return None
        if PACKS not in learner.entry.component.traits:
            return f"{title} cannot train several seeds in one pass, which only gradient descent can; turn packed off."
        inside = [one for one in learner.within() if one is not learner]
        if inside:
            return f"{title} has {inside[0].entry.component.title}, which cannot keep several seeds apart; turn packed off."
    return None
