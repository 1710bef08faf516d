"""What runs can be found, sorted, grouped and listed by: one set of names for all of it, and where each is kept."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.axes import PREFIX as AXIS
from memstudio.library.series import key_of, measured, name_of

Kind = Literal["run", "axis", "parameter", "measure", "environment"]
Type = Literal["text", "number", "flag", "time", "duration"]
Value = str | float | int | bool | None

#: What may stand before the name of something in the environment.
ENVIRONMENT = "environment."
#: Runs with their cells and studies, as every query names them.
TABLES = "run r LEFT JOIN cell c ON c.id = r.cell LEFT JOIN study s ON s.id = c.study"


@dataclass(frozen=True)
class Field:
    """Something that a run itself says. sql: over runs r, cells c and studies s; about: in words."""

    sql: str
    type: Type
    about: str


_TAGS = "(SELECT nullif(group_concat(tag, ', '), '') FROM (SELECT tag FROM tag WHERE run = r.id ORDER BY tag))"
#: What a run itself can be found and sorted by.
FIELDS: Mapping[str, Field] = {
    "run": Field("r.uid", "text", "the run's id"),
    "title": Field("r.title", "text", "what the run is called"),
    "state": Field("r.state", "text", "queued, running, finished ..."),
    "study": Field("coalesce(s.title, '')", "text", "the study it belongs to, by title or id"),
    "cell": Field("coalesce(c.label, '')", "text", "the setting of its study"),
    "seed": Field("r.seed", "number", "the seed of the weights"),
    "data_seed": Field("r.data_seed", "number", "the seed of the data"),
    "replicate": Field("r.replicate", "number", "which repetition of its cell, from 0"),
    "stage": Field("r.stage", "text", "the stage it is in"),
    "step": Field("r.step", "number", "the steps done"),
    "steps": Field("r.steps", "number", "the steps to do"),
    "device": Field("r.device", "text", "cpu, cuda:0 ..."),
    "threads": Field("r.threads", "number", "threads of the processor"),
    "machine": Field("r.machine", "text", "the machine it ran on"),
    "attempts": Field("r.attempts", "number", "how often it was begun"),
    "queued": Field("r.queued", "time", "when it was asked for"),
    "started": Field("r.started", "time", "when it was begun"),
    "ended": Field("r.ended", "time", "when it ended"),
    "took": Field("(coalesce(r.ended, r.heartbeat) - r.started)", "duration", "how long it took"),
    "note": Field("r.note", "text", "its note"),
    "tag": Field(_TAGS, "text", "one of its tags"),
    "starred": Field("r.starred", "flag", "has a star"),
    "baseline": Field("r.baseline", "flag", "is what others are compared with"),
    "packed": Field("r.packed", "flag", "its seeds were members of one pass"),
    "failure": Field("coalesce(r.failure, '')", "text", "why it failed"),
    "failed_node": Field("coalesce(r.failed_node, '')", "text", "the node to blame"),
    "why": Field("coalesce(r.why, '')", "text", "why it was stopped or never started"),
}


@dataclass(frozen=True)
class Name:
    """A name with where it is kept. key: (parameter,), (metric, labels) or (environment's name,); () for a field of the run."""

    name: str
    kind: Kind
    type: Type
    key: tuple[str, ...] = ()


def find_name(conn: sqlite3.Connection, name: str) -> Name:
    """What a name stands for: a field, else a measure, an axis, a parameter, something in the environment.

    While no run has any parameter or measure, every well-formed name is one. Raises Refusal: unknown, with the nearest known.
    """
    if name in FIELDS:
        return Name(name, "run", FIELDS[name].type)
    key = _measure_key(name)
    if key is not None and _is_measured(conn, key):
        return Name(name, "measure", "number", key)
    for kept, kind in ((AXIS + name, "axis"), (name, "axis" if name.startswith(AXIS) else "parameter")):
        if (found := _type_of_parameter(conn, kept)) is not None:
            return Name(name, "axis" if kind == "axis" else "parameter", found, (kept,))
    bare = name.removeprefix(ENVIRONMENT)
    known = environment_names(conn)
    if bare in known:
        return Name(name, "environment", known[bare], (bare,))
    if "." in name.partition("[")[0]:
        parameters = parameter_names(conn)
        if parameters:
            raise Refusal(f"No run has a parameter {name!r}{nearest(name, parameters)}.")
        return Name(name, "parameter", "text", (name,))
    if key is not None and conn.execute("SELECT 1 FROM series LIMIT 1").fetchone() is None:
        return Name(name, "measure", "number", key)
    raise Refusal(f"Runs have no field or measure {name!r}{nearest(name, all_names(conn))}.")


def all_names(conn: sqlite3.Connection) -> list[str]:
    """Every name that can be asked for: fields, axes, parameters, measures, environment."""
    said = (ENVIRONMENT + one for one in environment_names(conn))
    return [*FIELDS, *axis_names(conn), *parameter_names(conn), *measure_names(conn), *said]


# ---------------------------------------------------------------------------------------------- parameters and axes


def _keys(conn: sqlite3.Connection) -> list[str]:
    """The keys of all parameters, from key to key through the index: as quick with 10,000 runs as with ten."""
    rows = conn.execute(
        "WITH RECURSIVE known(key) AS (SELECT min(key) FROM param UNION ALL"
        " SELECT (SELECT min(key) FROM param WHERE key > known.key) FROM known WHERE known.key IS NOT NULL)"
        " SELECT key FROM known WHERE key IS NOT NULL"
    )
    return [row[0] for row in rows]


def parameter_names(conn: sqlite3.Connection) -> list[str]:
    """The addresses of all parameters of all runs, in alphabetical order."""
    return [key for key in _keys(conn) if not key.startswith(AXIS)]


def axis_names(conn: sqlite3.Connection) -> list[str]:
    """The names of all axes of all studies, in alphabetical order."""
    return [key.removeprefix(AXIS) for key in _keys(conn) if key.startswith(AXIS)]


def parameter_ends(conn: sqlite3.Connection, key: str) -> tuple[tuple[float | None, str], tuple[float | None, str]] | None:
    """The first and the last (number, text) of a parameter in the index's order: texts before numbers. None where no run has it."""
    first, last = (
        conn.execute(f"SELECT num, text FROM param WHERE key = ? ORDER BY num {way}, text {way} LIMIT 1", (key,)).fetchone()
        for way in ("ASC", "DESC")
    )
    return None if first is None else (first, last)


def _type_of_parameter(conn: sqlite3.Connection, key: str) -> Type | None:
    ends = parameter_ends(conn, key)
    return None if ends is None else type_of_ends(ends)


def type_of_ends(ends: tuple[tuple[float | None, str], tuple[float | None, str]]) -> Type:
    """The type of a parameter with these ends; where some values are texts all are taken for texts."""
    if any(number is None for number, _ in ends):
        return "text"
    return "flag" if all(text in ("true", "false") for _, text in ends) else "number"


def parameter_value(text: str, number: float | None) -> Value:
    """A parameter's value from its row: numbers and flags as they were written, everything else as text."""
    if number is None:
        return text
    try:
        found = json.loads(text)
    except ValueError:  # the label of an axis's case
        return text
    return found if isinstance(found, bool | int | float) else text


# ---------------------------------------------------------------------------------------------- measures


def _measure_key(name: str) -> tuple[str, str] | None:
    """(metric, labels) of a measure's name; None where the name can be none."""
    try:
        return key_of(name)
    except ValueError:
        return None


def _is_measured(conn: sqlite3.Connection, key: tuple[str, str]) -> bool:
    has = "SELECT 1 FROM series WHERE metric = (SELECT id FROM metric WHERE name = ?) AND context = ? LIMIT 1"
    return conn.execute(has, key).fetchone() is not None or is_derived(conn, name_of(*key))


def is_derived(conn: sqlite3.Connection, name: str) -> bool:
    """Whether some run has this measure by a later computation."""
    return conn.execute("SELECT 1 FROM derived WHERE name = ? LIMIT 1", (name,)).fetchone() is not None


def measure_names(conn: sqlite3.Connection) -> list[str]:
    """The names of all measures of all runs, those computed later included, in alphabetical order."""
    later = conn.execute("SELECT DISTINCT name FROM derived").fetchall()
    return sorted({name_of(name, context) for _, name, context in measured(conn)} | {row[0] for row in later})


# ---------------------------------------------------------------------------------------------- environment


@lru_cache(maxsize=4096)
def _flat_environment(text: str) -> dict[str, Value]:
    """An environment's values by name: `torch` of its packages, `git.commit`, `python`."""
    found: dict[str, Value] = {}

    def add(prefix: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            at = f"{prefix}{name}"
            if isinstance(value, Mapping):
                add("" if at == "packages" else f"{at}.", value)
            elif isinstance(value, str | bool | int | float):
                found.setdefault(at, value)

    try:
        whole = json.loads(text)
    except ValueError:
        return found
    add("", whole if isinstance(whole, Mapping) else {})
    return found


def _environments(conn: sqlite3.Connection) -> dict[str, dict[str, Value]]:
    return {sha: _flat_environment(text) for sha, text in conn.execute("SELECT sha256, json FROM environment")}


def environment_names(conn: sqlite3.Connection) -> dict[str, Type]:
    """The names of all that environments say, with their types, in alphabetical order."""
    found: dict[str, Type] = {}
    for one in _environments(conn).values():
        for name, value in one.items():
            own: Type = "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
            found[name] = own if found.get(name, own) == own else "text"
    return dict(sorted(found.items()))


def environments_by_value(conn: sqlite3.Connection, name: str) -> dict[Value, list[str]]:
    """For each value of something in the environment the environments (by sha256) that say it."""
    found: dict[Value, list[str]] = {}
    for sha, one in _environments(conn).items():
        if name in one:
            found.setdefault(one[name], []).append(sha)
    return found


def environment_sql(conn: sqlite3.Connection, name: str, of: str) -> tuple[str, list[Any]]:
    """An expression for what an environment (its sha256 in column `of`) says, with the values of its marks."""
    parts, values = [], list[Any]()
    for value, shas in environments_by_value(conn, name).items():
        parts.append(f"WHEN {of} IN (SELECT value FROM json_each(?)) THEN ?")
        values += [json.dumps(shas), value]
    return (f"CASE {' '.join(parts)} END", values) if parts else ("NULL", [])


# ---------------------------------------------------------------------------------------------- values

#: From so many runs on a whole column is read, which is quicker than looking each run up.
MANY = 1_000


def read_column(conn: sqlite3.Connection, name: Name, ids: Sequence[int] | None = None) -> dict[int, Value]:
    """The value of a name for each run (by id) that has one; of some runs or of all. NaN stays NaN."""
    some = None if ids is None or len(ids) > MANY else json.dumps(list(ids))
    asked = [] if some is None else [some]

    def of(column: str) -> str:
        return "" if some is None else f" AND {column} IN (SELECT value FROM json_each(?))"

    if name.kind == "run":
        field = FIELDS[name.name]
        rows = conn.execute(f"SELECT r.id, {field.sql} FROM {TABLES} WHERE true{of('r.id')}", asked)
        return {run: bool(value) if field.type == "flag" else value for run, value in rows if value is not None}
    if name.kind in ("parameter", "axis"):
        rows = conn.execute(f"SELECT run, text, num FROM param WHERE key = ?{of('run')}", [*name.key, *asked])
        if name.kind == "axis":
            return {run: text for run, text, _ in rows}
        return {run: parameter_value(text, number) for run, text, number in rows}
    if name.kind == "environment":
        says = _environments(conn)
        rows = conn.execute(f"SELECT r.id, r.environment FROM run r WHERE r.environment IS NOT NULL{of('r.id')}", asked)
        return {run: says[sha][name.key[0]] for run, sha in rows if name.key[0] in says.get(sha, {})}
    found: dict[int, Value] = {}
    if is_derived(conn, name_of(*name.key)):
        found.update(conn.execute(f"SELECT run, value FROM derived WHERE name = ?{of('run')}", [name_of(*name.key), *asked]).fetchall())
    last = f"SELECT run, last_v FROM series WHERE metric = (SELECT id FROM metric WHERE name = ?) AND context = ?{of('run')}"
    found.update(conn.execute(last, [*name.key, *asked]).fetchall())
    return {run: math.nan if value is None else value for run, value in found.items()}


def ids_of(conn: sqlite3.Connection, uids: Iterable[str]) -> dict[int, str]:
    """The uids of runs by their ids, in the order given; unknown ones are left out."""
    rows = conn.execute("SELECT r.id, r.uid FROM json_each(?) j JOIN run r ON r.uid = j.value ORDER BY j.key", (json.dumps(list(uids)),))
    return dict(rows.fetchall())
