"""The axes of a study as parameters of its runs: the case of each axis, by the axis's name."""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
from collections.abc import Mapping
from typing import Any

#: What stands before an axis's name among a run's parameters: no address of a node begins so.
PREFIX = "axis."
#: A document that spans more cells is none that was run as a study (experiment.studies.MOST_RUNS).
MOST_CELLS = 10_000
#: What documents say of their cells, by the document's sha256; the latest so many.
_KEPT = 16
_read: dict[str, Mapping[str, Mapping[str, str]]] = {}


def cases_of(document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """For each cell's label the case of each axis: {"linear, 16": {"memory": "linear", "load": "16"}}.

    document: a study's, as JSON. Labels are there with and without the cases of tuned axes, which choose between cells and do not
    name them. Nothing for a document of more cells than a study may have.
    """
    axes = [(str(axis.get("name", "")), _labels(axis), bool(axis.get("tuned"))) for axis in _axes(document)]
    found: dict[str, dict[str, str]] = {}
    for some in (axes, [axis for axis in axes if not axis[2]]):
        if not some or math.prod(len(cases) for _, cases, _ in some) > MOST_CELLS:
            continue
        names = [name for name, _, _ in some]
        for chosen in itertools.product(*(cases for _, cases, _ in some)):
            cases = dict(zip(names, chosen, strict=True))
            found[", ".join(chosen)] = cases
            found[_with_solution(document, cases)] = cases
    return found


def _with_solution(document: Mapping[str, Any], cases: Mapping[str, str]) -> str:
    """A cell's label with the width that matching has found for it, as experiment.cells writes it: `linear (key width 24), 16`."""
    plain, said = ", ".join(cases.values()), dict(cases)
    for axis in _axes(document):
        match, name = axis.get("match"), str(axis.get("name", ""))
        solved = match.get("solved") if isinstance(match, Mapping) else None
        one = solved.get(plain) if isinstance(solved, Mapping) else None
        if isinstance(match, Mapping) and isinstance(one, Mapping) and name in said and said[name] != match.get("to"):
            width = str(match.get("width", "")).rpartition(".")[2].replace("_", " ")
            said[name] = f"{said[name]} ({width} {one.get('value')})"
    return ", ".join(said.values())


def cases_of_study(conn: sqlite3.Connection, study: int) -> Mapping[str, Mapping[str, str]]:
    """For each cell's label of a study the case of each axis; read once a document."""
    (sha,) = conn.execute("SELECT document FROM study WHERE id = ?", (study,)).fetchone()
    if sha not in _read:
        (text,) = conn.execute("SELECT json FROM document WHERE sha256 = ?", (sha,)).fetchone()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):  # it cannot be read as a document either, and says so there
            document = None
        if len(_read) >= _KEPT:
            _read.pop(next(iter(_read)), None)
        _read[sha] = cases_of(document) if isinstance(document, Mapping) else {}
    return _read[sha]


def _axes(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    run = document.get("run")
    vary = run.get("vary") if isinstance(run, Mapping) else None
    return [axis for axis in vary if isinstance(axis, Mapping)] if isinstance(vary, list) else []


def _labels(axis: Mapping[str, Any]) -> list[str]:
    """The labels of an axis's cases; those of the shorthand as experiment.document writes them out."""
    cases = axis.get("cases")
    if isinstance(cases, list):
        return [str(case.get("label", "")) for case in cases if isinstance(case, Mapping)]
    name = str(axis.get("set") or "").rpartition(".")[2].replace("_", " ")
    values = axis.get("values")
    return [f"{name} {value}" for value in values] if isinstance(values, list) else []


def axis_rows(cases: Mapping[str, str]) -> list[tuple[str, str, float | None]]:
    """(key, text, number) under which the cases of a run's axes are found; `16` and `heads 16` by that number too."""
    return [(PREFIX + name, label, _number(label)) for name, label in cases.items()]


def _number(label: str) -> float | None:
    try:
        found = float(label.rpartition(" ")[2])
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def name_axes(conn: sqlite3.Connection) -> None:
    """Gives every run of every study the cases of its axes as parameters, inside the caller's transaction; what is there stays."""
    for (study,) in conn.execute("SELECT id FROM study").fetchall():
        cells = conn.execute("SELECT label, id FROM cell WHERE study = ?", (study,)).fetchall()
        cases = cases_of_study(conn, study)
        for label, cell in cells:
            for key, words, number in axis_rows(cases.get(label, {})):
                conn.execute(
                    "INSERT INTO param(run, key, text, num) SELECT id, ?, ?, ? FROM run WHERE cell = ? ON CONFLICT DO NOTHING",
                    (key, words, number, cell),
                )
