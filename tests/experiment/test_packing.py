"""Which documents can be run with their seeds in one pass: each reason, its mend, and what planning says."""

from __future__ import annotations

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Document, Hopeless, Tuned
from memstudio.experiment.packing import alone
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import first, plan
from tests.training.storing import storing_document
from tests.training.tiny import calibrated, recall_document, two_stages


def packed(document: Document, **run: object) -> Document:
    """The document with three seeds in one pass."""
    changes = {"packed": True, "replicates": 3, **run}
    return document.model_copy(update={"run": document.run.model_copy(update=changes)})


HOPELESS = Hopeless(measure="loss[split=validation]")
RATES = Axis(name="rate", set="learn.rate", values=[0.01, 0.001])


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (packed(recall_document(), replicates=1), "there is one seed only"),
        (packed(recall_document(), vary=[RATES.model_copy(update={"tuned": Tuned()})]), "Trials of a tuned axis"),
        (packed(recall_document(), vary=[RATES], hopeless=HOPELESS), "all seeds of a cell end together"),
        (packed(two_stages()), "one stage, and here are 2"),
        (packed(calibrated()), "one stage, and here are 2"),
        (packed(recall_document(members=2)), "is an ensemble"),
        (packed(storing_document()), "which only gradient descent can"),
        (
            packed(recall_document(learner={"strategies": [{"component": "learner.replay", "values": {}}]})),
            "cannot keep several seeds apart",
        ),
    ],
)
def test_what_cannot_be_packed_says_why_and_how_to_mend_it(made: Document, reason: str) -> None:
    found = [one for one in check(made, catalogue()) if one.parameter == "packed"]
    assert len(found) == 1
    assert reason in found[0].reason
    assert found[0].severity == "error"
    mended = found[0].mends[0].edit(made)
    assert found[0].mends[0].title == "Turn packed off"
    assert not mended.run.packed
    assert not [one for one in check(mended, catalogue()) if one.parameter == "packed"]
    with pytest.raises(Refusal, match="turn packed off"):
        plan(made, catalogue())


def test_one_cell_that_cannot_is_enough() -> None:
    replay = {"label": "replay", "set": {"learn.strategies": [{"component": "learner.replay", "values": {}}]}}
    axis = Axis.model_validate({"name": "by", "cases": [{"label": "plain", "set": {"learn.rate": 0.01}}, replay]})
    made = packed(recall_document(), vary=[axis])
    assert any("With 'replay'" in one.reason and "cannot keep several seeds apart" in one.reason for one in check(made, catalogue()))
    with pytest.raises(Refusal, match="cannot keep several seeds apart"):
        plan(made, catalogue())


def test_packed_runs_say_so_and_one_by_itself_is_not() -> None:
    made = packed(recall_document(), vary=[RATES])
    assert not [one for one in check(made, catalogue()) if one.severity == "error"]
    planned = plan(made, catalogue())
    assert len(planned) == 6
    assert all(one.document.run.packed for one in planned)
    assert not first(made, catalogue()).document.run.packed
    assert not alone(planned[0].document).run.packed
