"""The columns that a table of runs can have: what varies first, because it tells runs apart."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from memstudio.library.axes import PREFIX as AXIS
from memstudio.library.names import (
    ENVIRONMENT,
    FIELDS,
    TABLES,
    Kind,
    Type,
    Value,
    axis_names,
    environment_names,
    environments_by_value,
    find_name,
    ids_of,
    measure_names,
    parameter_ends,
    parameter_names,
    read_column,
    type_of_ends,
)
from memstudio.library.series import measured, name_of

_KINDS: Sequence[Kind] = ("axis", "parameter", "measure", "run", "environment")


@dataclass(frozen=True)
class Column:
    """Something that runs say. name: as filters, sorting and grouping take it; varies: whether two runs say different things."""

    name: str
    kind: Kind
    type: Type
    varies: bool


def columns(conn: sqlite3.Connection, condition: tuple[str, list[Any]] | None = None) -> list[Column]:
    """Every column that some run has a value for: those that vary first, then by kind, then by name.

    condition: on runs r, as runs.condition_of gives it; then only what those runs say counts. Without it everything is read
    from the ends of indexes, trashed runs included: as quick with 10,000 runs as with ten.
    """
    found = _of_all(conn) if condition is None else _of_some(conn, *condition)
    return sorted(found, key=lambda one: (not one.varies, _KINDS.index(one.kind), one.name))


def _named(conn: sqlite3.Connection, key: str) -> str:
    """The name of an axis: its own, unless something else has that name too."""
    bare = key.removeprefix(AXIS)
    return bare if find_name(conn, bare).kind == "axis" else key


def _of_all(conn: sqlite3.Connection) -> list[Column]:
    found = []
    for key in [*(AXIS + name for name in axis_names(conn)), *parameter_names(conn)]:
        ends = parameter_ends(conn, key)
        if ends is not None:
            axis = key.startswith(AXIS)
            found.append(
                Column(_named(conn, key) if axis else key, "axis" if axis else "parameter", type_of_ends(ends), ends[0] != ends[1])
            )
    varying = {name_of(name, context): _measure_varies(conn, metric, context) for metric, name, context in measured(conn)}
    found += [Column(name, "measure", "number", varying.get(name, True)) for name in measure_names(conn)]
    for name, type in environment_names(conn).items():
        found.append(Column(ENVIRONMENT + name, "environment", type, len(environments_by_value(conn, name)) > 1))
    return found + _fields(conn)


def _fields(conn: sqlite3.Connection) -> list[Column]:
    """What runs themselves say, in one pass over them; tags in another, over those that have any."""
    said = {name: f"nullif({field.sql}, '')" for name, field in FIELDS.items() if name != "tag"}
    ends = conn.execute(f"SELECT {', '.join(f'min({sql}), max({sql})' for sql in said.values())} FROM {TABLES}").fetchone()
    found = [
        Column(name, "run", FIELDS[name].type, low != high)
        for name, low, high in zip(said, ends[::2], ends[1::2], strict=True)
        if low is not None
    ]
    tagged, runs = conn.execute("SELECT count(DISTINCT run), (SELECT count(*) FROM run) FROM tag").fetchone()
    together = "SELECT group_concat(tag, char(31)) AS v FROM (SELECT run, tag FROM tag ORDER BY run, tag) GROUP BY run"
    sets = f"SELECT count(DISTINCT v) FROM ({together})"
    if tagged:
        found.append(Column("tag", "run", FIELDS["tag"].type, tagged < runs or conn.execute(sets).fetchone()[0] > 1))
    return found


def _measure_varies(conn: sqlite3.Connection, metric: int, context: str) -> bool:
    ends = [
        conn.execute(f"SELECT {end}(last_v) FROM series WHERE metric = ? AND context = ?", (metric, context)).fetchone()[0]
        for end in ("min", "max")
    ]
    return bool(ends[0] != ends[1])


def _of_some(conn: sqlite3.Connection, condition: str, values: list[Any]) -> list[Column]:
    ids = [row[0] for row in conn.execute(f"SELECT r.id FROM {TABLES} WHERE {condition}", values)]
    found = []
    for column in _of_all(conn):
        says = read_column(conn, find_name(conn, column.name), ids)
        wanted = [says[run] for run in ids if run in says]
        if any(value not in (None, "") for value in wanted):
            found.append(replace(column, varies=len({_plain(value) for value in wanted}) > 1))
    return found


def _plain(value: Value) -> Value:
    """A value that equals itself: NaN does not."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def values(conn: sqlite3.Connection, uids: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Value]]:
    """What runs (by whole uid) say under each name; a name is missing where a run has no value. Raises Refusal for unknown names."""
    ids = ids_of(conn, uids)
    found: dict[str, dict[str, Value]] = {uid: {} for uid in uids}
    for name in dict.fromkeys(names):
        says = read_column(conn, find_name(conn, name), list(ids))
        for run, uid in ids.items():
            if run in says:
                found[uid][name] = says[run]
    return found
