"""What was asked and where it ran, kept once by the sha256 of its text: documents, environments, parameters of runs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from memstudio.experiment.document import Document
from memstudio.experiment.files import parse
from memstudio.experiment.parameters import Refusal
from memstudio.library import stored_json

#: What of a document's `run` is found as a parameter of the run.
RUN_PARAMETERS = ("seed", "data_seed", "device", "precision", "threads", "deterministic")


def sha256_of(text: str) -> str:
    """The sha256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def keep_document(conn: sqlite3.Connection, text: str) -> str:
    """Stores a document's text (see experiment.files.to_text) unless it is there, and returns its sha256."""
    return _keep(conn, "document", text)


def keep_environment(conn: sqlite3.Connection, environment: Mapping[str, Any]) -> str:
    """Stores an environment (versions, platform, device) unless it is there, and returns its sha256."""
    return _keep(conn, "environment", json.dumps(environment, sort_keys=True, ensure_ascii=False))


def _keep(conn: sqlite3.Connection, table: str, text: str) -> str:
    sha = sha256_of(text)
    conn.execute(f"INSERT INTO {table}(sha256, json) VALUES (?, ?) ON CONFLICT DO NOTHING", (sha, text))
    return sha


def read_document(conn: sqlite3.Connection, sha: str) -> Document:
    """The document of that sha256. Raises Refusal when it is not there or is no document any more."""
    row = conn.execute("SELECT json FROM document WHERE sha256 = ?", (sha,)).fetchone()
    if row is None:
        raise Refusal(f"The library holds no document {sha[:12]}.")
    return parse(row[0], f"document {sha[:12]} of the library")


def read_environment(conn: sqlite3.Connection, sha: str | None) -> dict[str, Any]:
    """The environment of that sha256; empty for a run that has not been begun."""
    row = conn.execute("SELECT json FROM environment WHERE sha256 = ?", (sha,)).fetchone() if sha else None
    return stored_json.mapping(row[0], f"Environment {sha[:12] if sha else ''} of the library") if row else {}


def parameters(document: Document) -> dict[str, Any]:
    """Every value a document gives, by its address: `mem1.component`, `mem1.inner.heads`, `run.seed`."""
    found: dict[str, Any] = {}
    for node in document.nodes:
        found[f"{node.id}.component"] = node.component
        found.update(_flat(node.id, node.values))
    found.update({f"run.{name}": getattr(document.run, name) for name in RUN_PARAMETERS})
    return {address: value for address, value in found.items() if value is not None}


def _flat(address: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield from _flat_one(f"{address}.{name}", value)


def _flat_one(address: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and isinstance(value.get("component"), str):
        yield f"{address}.component", value["component"]
        inner = value.get("values")
        yield from _flat(address, inner if isinstance(inner, Mapping) else {})
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for i, item in enumerate(value):
            yield from _flat_one(f"{address}.{i}", item)
    elif isinstance(value, Mapping) and "seen" in value:
        # what was seen in a file of data stands in the document; a thousand columns are no parameter
        yield address, {name: item for name, item in value.items() if name != "seen"}
    else:
        yield address, value


def parameter_row(value: Any) -> tuple[str, float | None]:
    """(text, number) under which a value is found: numbers and flags by number too."""
    if isinstance(value, str):
        return value, None
    if isinstance(value, bool | int | float):
        return json.dumps(value), float(value)
    return json.dumps(value, ensure_ascii=False), None


def index_text(conn: sqlite3.Connection, run: int) -> None:
    """Brings the full-text row of a run up to date with its title, note, tags and parameters."""
    conn.execute("DELETE FROM run_text WHERE rowid = ?", (run,))
    conn.execute(
        "INSERT INTO run_text(rowid, title, note, tags, params)"
        " SELECT r.id, r.title || coalesce(' ' || c.label, ''), r.note,"
        " coalesce((SELECT group_concat(tag, ' ') FROM tag WHERE run = r.id), ''),"
        " coalesce((SELECT group_concat(key || ' ' || text, ' ') FROM param WHERE run = r.id), '')"
        " FROM run r LEFT JOIN cell c ON c.id = r.cell WHERE r.id = ?",
        (run,),
    )
