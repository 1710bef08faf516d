"""What was seen of a study whose cells were matched: its rule names cells as they were before."""

from __future__ import annotations

from pathlib import Path

from memstudio import library
from memstudio.cli.claims import seen
from memstudio.components.catalogue import catalogue
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Claim, Match, Side, Statement
from memstudio.experiment.matching import solve
from memstudio.experiment.studies import plan
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
