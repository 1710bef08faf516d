"""The tables of the library. STRICT and with foreign keys: what does not fit is refused by SQLite itself."""

from __future__ import annotations

#: Stands in the file's header: "MemS". Tells our files from every other SQLite file before SQLite touches them.
APPLICATION_ID = 0x4D656D53

STATES = ("queued", "starting", "running", "paused", "finished", "stopped", "failed", "lost")
VERBS = ("pause", "resume", "stop", "checkpoint")


def _one_of(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


#: What version 1 creates. `chunk` and `tail` are rowid tables with an index: measured 8.4 bytes a point, where rows of 8 kB in a
#: WITHOUT ROWID tree took 9.2, at the same speed.
VERSION_1 = f"""
-- what was asked
CREATE TABLE document(sha256 TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE environment(sha256 TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE study(
  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, document TEXT NOT NULL REFERENCES document(sha256),
  created REAL NOT NULL, note TEXT NOT NULL DEFAULT '', trashed REAL) STRICT;
CREATE TABLE cell(
  id INTEGER PRIMARY KEY, study INTEGER REFERENCES study(id) ON DELETE CASCADE, label TEXT NOT NULL,
  sets TEXT NOT NULL, -- JSON: address -> value
  position INTEGER NOT NULL, UNIQUE(study, label)) STRICT;

-- what ran
CREATE TABLE run(
  id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, cell INTEGER REFERENCES cell(id) ON DELETE SET NULL,
  document TEXT NOT NULL REFERENCES document(sha256), seed INTEGER NOT NULL, data_seed INTEGER NOT NULL,
  replicate INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL CHECK(state IN ({_one_of(STATES)})), priority REAL NOT NULL DEFAULT 0,
  -- the lease: who holds the run; every write of a worker checks held and epoch
  epoch INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  machine TEXT, pid INTEGER, pid_started REAL, boot_id TEXT, heartbeat REAL,
  queued REAL NOT NULL, started REAL, ended REAL, stage TEXT NOT NULL DEFAULT '', step INTEGER NOT NULL DEFAULT 0, steps INTEGER,
  device TEXT, threads INTEGER, data TEXT, -- JSON: node uid -> content hash
  failure TEXT, failed_node TEXT, environment TEXT REFERENCES environment(sha256),
  note TEXT NOT NULL DEFAULT '', starred INTEGER NOT NULL DEFAULT 0, trashed REAL) STRICT;
CREATE INDEX run_queue ON run(state, priority DESC, queued, id);
CREATE INDEX run_list ON run(trashed, queued DESC, id);
CREATE INDEX run_cell ON run(cell);
CREATE INDEX run_document ON run(document);
CREATE TABLE command(
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, verb TEXT NOT NULL CHECK(verb IN ({_one_of(VERBS)})),
  given REAL NOT NULL, done REAL) STRICT;
CREATE INDEX command_open ON command(run, done);
CREATE TABLE attempt(
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, epoch INTEGER NOT NULL, from_step INTEGER NOT NULL DEFAULT 0,
  from_stage TEXT NOT NULL DEFAULT '', started REAL NOT NULL, ended REAL, why TEXT, machine TEXT, pid INTEGER,
  PRIMARY KEY(run, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE param(
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, key TEXT NOT NULL, text TEXT NOT NULL, num REAL,
  PRIMARY KEY(run, key)) STRICT, WITHOUT ROWID;
CREATE INDEX param_key ON param(key, num, text);
CREATE TABLE tag(
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY(run, tag)) STRICT, WITHOUT ROWID;
CREATE INDEX tag_tag ON tag(tag);
CREATE VIRTUAL TABLE run_text USING fts5(title, note, tags, params, tokenize='unicode61'); -- rowid = run.id

-- what was measured
CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE series( -- context: the labels in brackets, `load=16`
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, metric INTEGER NOT NULL REFERENCES metric(id),
  context TEXT NOT NULL DEFAULT '', n INTEGER NOT NULL, first_step INTEGER NOT NULL, last_step INTEGER NOT NULL,
  last_v REAL, min_v REAL, min_step INTEGER, max_v REAL, max_step INTEGER, nan_n INTEGER NOT NULL, UNIQUE(run, metric, context)) STRICT;
CREATE INDEX series_last ON series(metric, context, last_v, run);
-- sealed: 1,000 points each. v: float64 little-endian; steps: int64 little-endian, NULL when they are step0 + i * dstep
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE, step0 INTEGER NOT NULL, n INTEGER NOT NULL,
  dstep INTEGER, steps BLOB, v BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX chunk_of ON chunk(series, step0);
-- not yet sealed: the newest points, in pieces as they were committed
CREATE TABLE tail(
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE, step0 INTEGER NOT NULL, n INTEGER NOT NULL,
  dstep INTEGER, steps BLOB, v BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX tail_of ON tail(series, step0);
CREATE TABLE form(id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT; -- kind, axes and rows that many curves share
CREATE TABLE curve( -- low, high: uint8 stands for low + v / 255 * (high - low), where they are not NULL
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, step INTEGER NOT NULL,
  form INTEGER NOT NULL REFERENCES form(id), shape TEXT NOT NULL, dtype TEXT NOT NULL, low REAL, high REAL, v BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX curve_of ON curve(run, name, step);
CREATE TABLE event(
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, t REAL NOT NULL, step INTEGER, level TEXT NOT NULL,
  kind TEXT NOT NULL, text TEXT NOT NULL, data TEXT) STRICT;
CREATE INDEX event_run ON event(run, t);

-- what was made: files artifacts/ab/cdef... beside the library
CREATE TABLE artifact(sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, created REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE run_artifact(
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, artifact TEXT NOT NULL REFERENCES artifact(sha256),
  kind TEXT NOT NULL, stage TEXT, step INTEGER, meta TEXT, created REAL NOT NULL, PRIMARY KEY(run, name)) STRICT, WITHOUT ROWID;
CREATE INDEX run_artifact_of ON run_artifact(artifact);
"""

#: What version 2 adds: studies of trials, baselines, why a run stopped, saved views, settings, measures computed later.
VERSION_2 = """
ALTER TABLE study ADD COLUMN baseline TEXT; -- the label of a cell
ALTER TABLE study ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN parent INTEGER REFERENCES study(id) ON DELETE SET NULL; -- the study whose tuned axis these trials are for
ALTER TABLE study ADD COLUMN kind TEXT NOT NULL DEFAULT 'study' CHECK(kind IN ('study', 'trials'));
CREATE INDEX study_parent ON study(parent);
ALTER TABLE run ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN why TEXT; -- why it was stopped or never started, in words
ALTER TABLE run ADD COLUMN packed INTEGER NOT NULL DEFAULT 0; -- its replicates were members of one pass
CREATE INDEX run_environment ON run(environment);
CREATE TABLE view(name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID; -- saved views of runs
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID; -- of the library, as queue.paused
CREATE TABLE derived( -- computed later from raw outcomes; version: of the computation
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, value REAL, version INTEGER NOT NULL,
  computed REAL NOT NULL, PRIMARY KEY(run, name)) STRICT, WITHOUT ROWID;
CREATE INDEX derived_name ON derived(name, value, run);
"""
