"""Measures thought of later: computed for old runs from the raw outcomes they kept, and kept beside what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.library import Library
from memstudio.library.outcomes import Raw, raw_outcomes, together
from memstudio.measures.calibration import BINS, brier, ece, equal_width, nll, reliability
from memstudio.measures.names import measure_name, split_name
from memstudio.measures.ranks import auroc
from memstudio.measures.selection import aurc, excess_aurc
from memstudio.measures.uncertainty import entropy, mutual_information

#: a measure of one part: NaN where it has nothing to say there (no error to tell from right answers, one member)
Of = Callable[[Raw], float]


@dataclass(frozen=True)
class Later:
    """A measure that can be computed later. version: rises when its numbers change, so that old ones are computed again.

    ensembles: whether it is of ensembles alone.
    """

    name: str
    summary: str
    source: str
    of: Of
    version: int = 1
    ensembles: bool = False


def _confidence(raw: Raw) -> tuple[np.ndarray, np.ndarray]:
    table = raw.probabilities()
    return table.max(axis=1), table.argmax(axis=1) == raw.targets


def _top(raw: Raw, k: int) -> float:
    """Whether the target is among the k most probable classes, the mean; NaN where there are not more than k."""
    table = raw.probabilities()
    if table.shape[1] <= k:
        return math.nan
    mine = table[np.arange(len(raw.targets)), raw.targets]
    return float(((table > mine[:, None]).sum(axis=1) < k).mean())


LATER: Mapping[str, Later] = {
    one.name: one
    for one in (
        Later(
            "auroc_errors",
            "How often a right answer is surer than a wrong one: the area under the ROC curve of confidence.",
            "Hendrycks & Gimpel (2017)",
            lambda raw: auroc(*_confidence(raw)),
        ),
        Later(
            "mce",
            f"The largest gap between confidence and accuracy of a bin, {BINS} bins of equal width.",
            "Naeini et al. (2015)",
            lambda raw: reliability(*_confidence(raw), equal_width(BINS)).maximum,
        ),
        Later(
            "aurc",
            "The area under the risk-coverage curve: the mean share of errors when the least sure answers are left out.",
            "Geifman & El-Yaniv (2017)",
            lambda raw: aurc(*_confidence(raw)),
        ),
        Later(
            "excess_aurc",
            "That area less the area of the best order of the same answers.",
            "Geifman et al. (2019)",
            lambda raw: excess_aurc(*_confidence(raw)),
        ),
        Later(
            "entropy", "How unsure the answers are, the mean entropy in nats.", "Shannon (1948)", lambda raw: entropy(raw.probabilities())
        ),
        Later("top5_accuracy", "How often the right class is among the five most probable.", "", lambda raw: _top(raw, 5)),
        Later(
            "nll[combination=scores]",
            "The NLL of an ensemble when its members' scores are averaged, whatever it averages itself.",
            "Hinton (2002)",
            lambda raw: nll(raw.probabilities("scores"), raw.targets),
            ensembles=True,
        ),
        Later(
            "nll[combination=probabilities]",
            "The NLL of an ensemble when its members' probabilities are averaged, whatever it averages itself.",
            "Lakshminarayanan et al. (2017)",
            lambda raw: nll(raw.probabilities("probabilities"), raw.targets),
            ensembles=True,
        ),
        Later(
            "mutual_information",
            "What the members disagree about: the entropy of the whole less the members' own, in nats.",
            "Houlsby et al. (2011)",
            lambda raw: mutual_information(raw.scores),
            ensembles=True,
        ),
    )
}

#: measures that runs record themselves, recomputed to see that raw outcomes say the same
RECORDED = (
    Later("accuracy", "The share of right answers.", "", lambda raw: float(_confidence(raw)[1].mean())),
    Later("nll", "The mean negative log likelihood.", "", lambda raw: nll(raw.probabilities(), raw.targets)),
    Later("brier", "The Brier score.", "", lambda raw: brier(raw.probabilities(), raw.targets)),
    Later("ece", "The expected calibration error.", "", lambda raw: ece(raw.probabilities(), raw.targets)),
)


@dataclass(frozen=True)
class Computed:
    """values: run -> measure -> value, of what was computed now; skipped: run -> why nothing could be; known: runs that had it all."""

    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    known: tuple[str, ...] = ()


def measured_later(library: Library, run: str, names: Iterable[str] = (), known: Catalogue | None = None) -> dict[str, float]:
    """The measures of a run computed from its raw outcomes: bare over the main parts, and of each part that has labels.

    names: of LATER; all of them without any. Raises Refusal: an unknown name, no raw outcomes, or no classes.
    """
    return _of_stages(library, run, _asked(names), known)


def recomputed(library: Library, run: str, known: Catalogue | None = None) -> dict[str, tuple[float, float]]:
    """Measures that the run recorded, computed again from its raw outcomes: name -> (recorded, computed). Raises Refusal."""
    found = _of_stages(library, run, RECORDED, known)
    recorded = library.measures(run)
    return {name: (recorded[name], value) for name, value in found.items() if name in recorded}


def _of_stages(library: Library, run: str, wanted: Sequence[Later], known: Catalogue | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for stage in raw_outcomes(library, run, known):
        whole = together(stage.parts)
        for raw in [*([whole] if whole is not None else []), *(part for part in stage.parts if part.labels)]:
            for one in wanted:
                if one.ensembles and raw.members < 2:
                    continue
                value = one.of(raw)
                if math.isfinite(value):
                    found[_named(one.name, raw.labels, stage.label)] = value
    return found


def _named(name: str, labels: Mapping[str, str | int | float], stage: str) -> str:
    bare, own = split_name(name)
    return measure_name(bare, {**own, **labels, **({"stage": stage} if stage else {})})


def _asked(names: Iterable[str]) -> list[Later]:
    asked = list(dict.fromkeys(names))
    for name in asked:
        if name not in LATER:
            known = nearest(name, LATER)
            raise Refusal(f"There is no measure {name!r} that can be computed later{known}; `memstudio measures --list` says what can.")
    return [LATER[name] for name in asked or LATER]


def compute_one(library: Library, run: str, names: Sequence[str] = (), known: Catalogue | None = None) -> dict[str, float] | None:
    """Computes what a finished run does not have yet and keeps it in the library; what was computed now, None where it had it all.

    Raises Refusal: it has not finished, kept no raw outcomes, its task has no classes, or the library cannot be written.
    """
    row = library.run(run)
    if row.state != "finished":
        raise Refusal(f"It is {row.state}; measures are computed from the outcomes of finished runs.")
    missing = [one for one in _asked(names) if library.derived_version(row.uid, one.name) != one.version]
    if not missing:
        return None
    found = _of_stages(library, row.uid, missing, known)
    for one in missing:
        own = {name: value for name, value in found.items() if _is_of(name, one.name)}
        if own:
            library.set_derived(row.uid, own, one.version)
    return found


def _is_of(name: str, later: str) -> bool:
    bare, labels = split_name(name)
    base, own = split_name(later)
    return bare == base and all(labels.get(key) == value for key, value in own.items())


def compute(
    library: Library,
    runs: Sequence[str],
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    known: Catalogue | None = None,
) -> Computed:
    """The same for many runs: what cannot be computed for one is said for it, and the others go on. progress: (done, of).

    Raises Refusal where a name is unknown or the library cannot be written.
    """
    _asked(names)
    if library.readonly:
        raise Refusal(f"The library {library.path} is read-only, so nothing can be added to it.")
    values: dict[str, dict[str, float]] = {}
    skipped: dict[str, str] = {}
    had: list[str] = []
    for done, run in enumerate(runs):
        try:
            found = compute_one(library, run, names, known)
            if found is None:
                had.append(run)
            elif found:
                values[run] = found
            else:
                skipped[run] = "There is nothing to measure in its outcomes: these measures are of ensembles, or need errors."
        except Refusal as refusal:
            skipped[run] = str(refusal)
        if progress is not None:
            progress(done + 1, len(runs))
    return Computed(values, skipped, tuple(had))
