"""Which group the others are compared with, when nobody says: the one the library keeps."""

from __future__ import annotations

from memstudio.components.catalogue import catalogue
from memstudio.library import Library
from memstudio.library.baselines import keep_baseline
from memstudio.library.comparison import compare
from tests.library.compared import MEMORY, WIDTH, factorial, recalls, study


def test_a_studys_own_cell(lib: Library) -> None:
    uid = study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3, 0.4), "c": [None]}).study or ""
    made = compare(lib, [uid])
    assert made.baseline == 0
    keep_baseline(lib, [uid], made.by, made.groups[1])
    assert lib.study(uid).baseline == "b"
    assert compare(lib, [uid]).baseline == 1
    assert compare(lib, [uid], baseline="a").baseline == 0
    # what never finished is no baseline
    lib.set_baseline_cell(uid, "c")
    assert compare(lib, [uid]).baseline == 0


def test_a_run_wherever_it_stands(lib: Library) -> None:
    submitted = factorial(lib, [MEMORY, WIDTH], lambda cases, seed: {"recall": 0.1 * seed})
    uid = submitted.study or ""
    made = compare(lib, [uid], by="memory", known=catalogue())
    keep_baseline(lib, [uid], made.by, made.groups[1])
    run = lib.baseline()
    assert run in [row.uid for row in made.groups[1].runs]
    assert compare(lib, [uid], by="memory", known=catalogue()).baseline == 1
    assert (
        compare(lib, list(submitted.runs), by="runs")
        .labels[compare(lib, list(submitted.runs), by="runs").baseline]
        .startswith("delta rule")
    )
    lib.set_baseline(None)
    assert compare(lib, [uid], by="memory", known=catalogue()).baseline == 0
