"""What was seen of a study whose cells were matched: its rule names cells as they were before."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from memstudio import library
from memstudio.cli.claims import _over_cells, seen
from memstudio.components.catalogue import catalogue
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Claim, Match, Side, Statement
from memstudio.experiment.matching import solve
from memstudio.experiment.studies import plan
from memstudio.library.rows import CurveAt, CurveAxis
from tests.training.deciding import end_all, study_document

MEMORY = Axis(
    name="memory",
    cases=[
        Case(label="attention", set={"mem1.component": "sequence.attention"}),
        Case(label="delta", set={"mem1.component": "sequence.deltanet"}),
    ],
    match=Match(what="parameters", width="mem1.value_width", to="attention"),
)


def test_a_rule_names_matched_cells_without_their_widths(tmp_path: Path) -> None:
    above = Statement(
        says="delta is better",
        relation="above",
        left=Side(measure="accuracy", cell="delta"),
        right=Side(measure="accuracy", cell="attention"),
    )
    claim = Claim(says="It is better.", rule=[above])
    document = study_document(MEMORY, replicates=3).model_copy(update={"claim": claim})
    solved = solve(document, catalogue())
    assert check(solved, catalogue()) == check(document, catalogue()) == []
    with library.open(tmp_path / "library") as lib:
        study = lib.submit(solved, plan(solved, catalogue())).study
        assert study is not None
        end_all(lib, lambda row: {"accuracy": 0.5 + 0.4 * row.cell.startswith("delta") + 0.01 * row.seed})
        rows = lib.runs(study=study)
        assert {row.cell for row in rows} == {"attention", f"delta (value width {rows[1].sets['mem1.value_width']})"}
        assert seen(lib, "matched", document, rows, 60.0)["verdict"] == "shown"


def test_seeds_that_asked_different_things_are_laid_side_by_side() -> None:
    """A seed whose data have no fifth occurrence leaves that place to the others; the places come in order."""
    occurrence = (CurveAxis("occurrence", (2.0, 4.0)), CurveAxis("occurrence", (2.0, 4.0, 8.0)))
    short = CurveAt("recall_by_occurrence", 9, np.array([[0.1, 0.3], [0.5, 0.5]]), occurrence[:1], rows=("recall", "chance"))
    long = CurveAt("recall_by_occurrence", 9, np.array([[0.3, 0.5, 0.9], [0.5, 0.5, 0.5]]), occurrence[1:], rows=("recall", "chance"))
    found = _over_cells({"one": [short, long], "two": [short]})
    assert found["axes"][0]["values"] == [2.0, 4.0, 8.0]
    assert found["rows"] == ["recall", "chance"]
    assert found["cells"]["one"]["mean"][0] == [0.2, 0.4, 0.9]
    assert np.isnan(found["cells"]["one"]["low"][0][2])
    assert np.isnan(found["cells"]["two"]["mean"][0][2])
