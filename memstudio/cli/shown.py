"""One run as data: what `memstudio show RUN --json` prints."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow


def shown(library: Library, row: RunRow) -> dict[str, Any]:
    """(run, title, state, study, cell, seed, data_seed, document, step, steps, stage, device, threads, attempts, started, ended,
    measures, series, artifacts, environment, failure, failed_node, packed: trained in one pass with other seeds, why: it was stopped or
    never started, reused: the run that each stage was taken from, silent: seconds that its worker has not been heard of, where that is
    too long)."""
    from memstudio.experiment.files import to_text

    return {
        "run": row.uid,
        "title": row.title,
        "state": row.state,
        "silent": row.silent(time.time()),
        "study": row.study,
        "cell": row.cell,
        "seed": row.seed,
        "data_seed": row.data_seed,
        "document": json.loads(to_text(library.document(row.uid))),
        "step": row.step,
        "steps": row.steps,
        "stage": row.stage,
        "device": row.device,
        "threads": row.threads,
        "attempts": row.attempts,
        "packed": row.packed,
        "started": row.started,
        "ended": row.ended,
        "measures": library.measures(row.uid),
        "series": library.series_names(row.uid),
        "artifacts": [_artifact(one) for one in library.artifacts(row.uid)],
        "environment": library.environment(row.uid),
        "failure": row.failure,
        "failed_node": row.failed_node,
        "why": row.why,
        "reused": reused(library, row),
    }


def reused(library: Library, row: RunRow) -> dict[str, str]:
    """The stages (by node) that a run did not do itself, and the run each was taken from."""
    taken = [event.data for event in library.events(row.uid) if event.kind == "reused" and event.data]
    return {stage: data["run"] for data in taken for stage in data["stages"]}


def _artifact(one: Any) -> dict[str, Any]:
    return {"name": one.name, "kind": one.kind, "sha256": one.sha256, "size": one.size, "step": one.step}
