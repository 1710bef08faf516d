"""What became of the claim of a study, by the rule that was written before its runs."""

from __future__ import annotations

from dataclasses import dataclass

from memstudio.experiment.document import Claim
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.verdicts import Judged, judge
from memstudio.library.comparison import Comparison


@dataclass(frozen=True)
class Verdict:
    """What became of a claim. judged: its statements; why: a sentence where it could not be judged."""

    verdict: str
    judged: tuple[Judged, ...]
    why: str = ""


def judged(comparison: Comparison, claim: Claim) -> Verdict:
    """The verdict on a claim from the runs that were compared, by the rule that was written before them."""
    measures = {
        label: {name: {seed: value for (seed, _), value in values.items()} for name, values in of_group.items()}
        for label, of_group in zip((one.runs[0].cell for one in comparison.groups), comparison.values, strict=True)
    }
    try:
        found = judge(claim, measures)
    except Refusal as refusal:
        return Verdict("", (), str(refusal))
    return Verdict(found.verdict, found.statements)
