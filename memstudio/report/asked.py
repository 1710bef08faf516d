"""What a report, figure or table is asked about: runs and studies by name, compared as everywhere else; a single run too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.library.comparison import Comparison, comparison_of
from memstudio.library.groups import By, Gathered, gather
from memstudio.library.library import Library


class NothingFinished(Refusal):
    """None of the runs has finished (what the runs did, not what was typed)."""


@dataclass(frozen=True)
class Asked:
    """comparison: what was asked about, compared; gathered: its runs; document: that of its study, else of its first run."""

    comparison: Comparison
    gathered: Gathered
    document: Document

    @property
    def claimed(self) -> tuple[str, ...]:
        """The measures that the claim of the study speaks of, each once."""
        rule = self.document.claim.rule if self.document.claim is not None else []
        sides = [side for one in rule for side in (one.left, one.right) if not isinstance(side, int | float)]
        return tuple(dict.fromkeys(side.measure for side in sides))

    @property
    def study(self) -> str | None:
        """The one study that was asked about, else None."""
        return self.gathered.studies[0].uid if len(self.gathered.studies) == 1 else None


def ask(library: Library, names: Sequence[str], known: Catalogue, *, by: By | None = None, baseline: str | None = None) -> Asked:
    """Reads what these runs and studies (uids or their beginnings) come to. Raises Refusal: unknown; NothingFinished."""
    found = gathered(library, names)
    alone = len(found.runs) == 1 and not found.studies
    comparison = comparison_of(library, found, by="runs" if alone else by, baseline=baseline, known=known)
    if not any(one.by_seed for one in comparison.groups):
        one_run = "This run has not finished" if len(found.runs) == 1 else "None of these runs has finished"
        raise NothingFinished(f"{one_run}, so there is nothing to report yet; `memstudio runs` says how far it is.")
    studies = found.studies
    of_study = studies[0].uid if len(studies) == 1 and all(row.study == studies[0].uid for row in found.runs) else None
    document = library.study_document(of_study) if of_study is not None else library.document(found.runs[0].uid)
    return Asked(comparison, found, document)


def gathered(library: Library, names: Sequence[str]) -> Gathered:
    """The runs of runs and studies; other than for a comparison one run alone will do."""
    if len(names) == 1:
        try:
            row = library.run(names[0])
        except Refusal:
            return gather(library, names)
        try:
            library.study(names[0])
        except Refusal:
            return Gathered(row.study_title or row.title, (row,), ())
    return gather(library, names)
