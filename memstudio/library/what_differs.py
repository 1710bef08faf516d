"""What differs between the groups that are compared, and whether that is all: the same data, code, versions and device, said or denied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.experiment.wording import counted, join
from memstudio.library.experiments import Differing, differing
from memstudio.library.groups import Group, Reading, Seed
from memstudio.library.library import Library
from memstudio.library.rows import RunRow

_OTHER_SEEDS = "the groups do not have the same seeds"


@dataclass(frozen=True)
class Aspect:
    """Whether something is the same in every run that counts: True, False, or None where that cannot be known; words: why not."""

    name: str
    same: bool | None
    words: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing that the runs that count ran with. values: (what it was in words, in how many runs), the most frequent first."""

    name: str
    values: tuple[tuple[str, int], ...]

    @property
    def same(self) -> bool:
        """Whether it was the same in all of them."""
        return len(self.values) < 2

    @property
    def words(self) -> str:
        """`2.13.0`, or `2.13.0 in 48 runs, 2.12.0 in 1 run`."""
        if self.same:
            return self.values[0][0] if self.values else "not known"
        return ", ".join(f"{words} in {counted(runs, 'run')}" for words, runs in self.values)


@dataclass(frozen=True)
class WhatDiffers:
    """values: addresses at which the groups' documents differ, a value a group; seeds: those of the weights in any group.

    data_seeds: likewise, empty where they are the seeds of the weights; same_seeds: whether every group has the same; facts: what the
    runs that count ran with (data, code, versions, device, machine), one by one.
    """

    values: tuple[Differing, ...]
    seeds: tuple[int, ...]
    data_seeds: tuple[int, ...]
    same_seeds: bool
    aspects: tuple[Aspect, ...]
    facts: tuple[Fact, ...] = ()

    @property
    def other_lines(self) -> tuple[tuple[str, str], ...]:
        """(what, its values in words) of the facts that are not the same in every run."""
        return tuple((fact.name, fact.words) for fact in self.facts if not fact.same)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The denials that no line of `other_lines` says already."""
        told = {"code", "versions", "device"} if self.other_lines else set[str]()
        seeds = () if self.same_seeds else (_OTHER_SEEDS,)
        return (
            *seeds,
            *(aspect.words for aspect in self.aspects if aspect.same is None or (aspect.same is False and aspect.name not in told)),
        )

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """(address, its values in words), the seeds last."""
        data = (("run.data_seed", numbers_words(self.data_seeds)),) if self.data_seeds else ()
        return (*((one.address, one.words) for one in self.values), ("run.seed", numbers_words(self.seeds)), *data)

    @property
    def nothing_else(self) -> bool:
        """Whether it is certain that nothing but these values differs."""
        return self.same_seeds and all(aspect.same for aspect in self.aspects)

    @property
    def same_words(self) -> str:
        """`nothing else: same data, code, versions and device`, or what of it is the same; empty where nothing is."""
        names = [aspect.name for aspect in self.aspects if aspect.same] + ([] if self.nothing_else or not self.same_seeds else ["seeds"])
        return f"{'nothing else: ' if self.nothing_else else ''}same {join(names)}" if names else ""

    @property
    def denials(self) -> tuple[str, ...]:
        """What else differs or is not known, a sentence each."""
        seeds = () if self.same_seeds else (_OTHER_SEEDS,)
        return (*seeds, *(aspect.words for aspect in self.aspects if not aspect.same))


def what_differs(library: Library, groups: Sequence[Group], reading: Reading) -> WhatDiffers:
    """Reads what the groups' documents, data and environments have in common and what not."""
    seeds = [sorted({(row.seed, row.data_seed) for row in one.runs}) for one in groups]
    every = sorted({seed for one in seeds for seed in one})
    those = [one for one in groups if one.by_seed]
    environments = _environments(library, those)
    return WhatDiffers(
        values=differing([reading.of(one.runs[0]) for one in groups]),
        seeds=tuple(sorted({seed for seed, _ in every})),
        data_seeds=() if all(seed == data for seed, data in every) else tuple(sorted({data for _, data in every})),
        same_seeds=all(one == seeds[0] for one in seeds),
        aspects=(_data(library, those), _code(environments), _versions(environments), _device(environments)),
        facts=facts(library, those),
    )


def _data(library: Library, groups: Sequence[Group]) -> Aspect:
    """The same where all groups learned from the same data with the same seed."""
    hashes: dict[tuple[Seed, str], set[tuple[str, ...]]] = {}
    shared: dict[tuple[Seed, str], int] = {}
    for one in groups:
        for place, row in one.by_place.items():
            found = tuple(sorted(library.data(row.uid).values()))
            hashes.setdefault(place, set()).add(found)
            shared[place] = shared.get(place, 0) + 1
    if not hashes or any(not found for those in hashes.values() for found in those):
        return Aspect("data", None, "which data they learned from is not known")
    paired = [those for place, those in hashes.items() if shared[place] > 1]
    if not paired:
        alone = len(groups) == 1 or len({found for those in hashes.values() for found in those}) == 1
        return Aspect("data", True) if alone else Aspect("data", False, "the data differ with the seed")
    return Aspect("data", True) if all(len(those) == 1 for those in paired) else Aspect("data", False, "the data differ")


#: what a run ran with besides versions, as it is called
_COMPUTED = {
    "device": "device",
    "cpu": "processor",
    "cuda": "CUDA",
    "platform": "system",
    "precision": "precision",
    "threads": "threads",
    "deterministic": "deterministic",
    "cores": "cores",
}


def facts(library: Library, groups: Sequence[Group]) -> tuple[Fact, ...]:
    """Everything that may explain a difference besides what the documents say, counted over the runs that count."""
    rows = [row for one in groups for row in one.finished]
    environments = {row.environment: library.environment(row.uid) for row in {row.environment: row for row in rows}.values()}
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name, words in _facts_of(row, environments[row.environment]).items():
            found.setdefault(name, Counter())[words] += 1
    made = [Fact(name, tuple(counts.most_common())) for name, counts in found.items() if counts.keys() != {""}]
    return (*_data_facts(library, groups), *(Fact(one.name, tuple((words or "not known", n) for words, n in one.values)) for one in made))


def _facts_of(row: RunRow, environment: Mapping[str, Any]) -> dict[str, str]:
    """What one run ran with, in words by name; "" where it is not known."""
    git = environment.get("git") or {}
    commit = str(git.get("commit", ""))[:7]
    code = " ".join(part for part in (str(environment.get("memstudio", "")), commit, "with changes" if git.get("dirty") else "") if part)
    components = environment.get("components") or {}
    return {
        "code": code,
        "Python": str(environment.get("python", "")),
        **{str(name): str(version) for name, version in (environment.get("packages") or {}).items()},
        **{f"component {name}": f"version {version}" for name, version in components.items()},
        **{words: _words(environment.get(name)) for name, words in _COMPUTED.items()},
        "machine": (row.machine or "")[:8],
        "members in one pass": "yes" if row.packed else "no",
    }


def _words(value: Any) -> str:
    return "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _data_facts(library: Library, groups: Sequence[Group]) -> list[Fact]:
    """The data of each seed, by the beginning of their hash, where runs of one seed (and setting) learned from different data."""
    by_place: dict[tuple[Seed, str], Counter[str]] = {}
    for one in groups:
        for place, row in one.by_place.items():
            words = ", ".join(sorted(sha[:8] for sha in library.data(row.uid).values()))
            by_place.setdefault(place, Counter())[words] += 1
    return [
        Fact(
            f"data of seed {data_seed:,}{f', {block}' if block else ''}",
            tuple((words or "not known", n) for words, n in counts.most_common()),
        )
        for ((_, data_seed), block), counts in by_place.items()
        if len(counts) > 1
    ]


def _environments(library: Library, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Each environment that a run that counts had, once."""
    rows = {row.environment: row for one in groups for row in one.finished}
    return [library.environment(row.uid) for row in rows.values()]


def _code(environments: Sequence[Mapping[str, Any]]) -> Aspect:
    def revision(environment: Mapping[str, Any]) -> str:
        git = environment.get("git") or {}
        commit = str(git.get("commit", ""))[:7]
        return " ".join(part for part in (str(environment.get("memstudio", "")), commit) if part)

    changed = any((environment.get("git") or {}).get("dirty") for environment in environments)
    return _aspect("code", environments, revision, "the code had changes that were not committed" if changed else "")


def _versions(environments: Sequence[Mapping[str, Any]]) -> Aspect:
    """Python, packages, and the components that more than one of them has."""
    found: dict[str, dict[str, None]] = {}
    for environment in environments:
        packages = {"Python": environment.get("python"), **(environment.get("packages") or {}), **(environment.get("components") or {})}
        for name, version in packages.items():
            found.setdefault(name, {})[str(version)] = None
    if not any(environment.get("python") for environment in environments):
        return Aspect("versions", None, "with which versions they ran is not known")
    others = [f"{name} {' and '.join(versions)}" for name, versions in found.items() if len(versions) > 1]
    return Aspect("versions", False, f"versions differ: {', '.join(others)}") if others else Aspect("versions", True)


def _device(environments: Sequence[Mapping[str, Any]]) -> Aspect:
    def device(environment: Mapping[str, Any]) -> str:
        return " ".join(str(environment[key]) for key in ("device", "cpu", "cuda", "platform") if environment.get(key))

    return _aspect("device", environments, device)


def _aspect(name: str, environments: Sequence[Mapping[str, Any]], of: Callable[[Mapping[str, Any]], str], doubt: str = "") -> Aspect:
    found = list(dict.fromkeys(of(environment) for environment in environments))
    if not all(found) or not found:
        return Aspect(name, None, f"the {name} of some is not known" if any(found) else f"the {name} is not known")
    if len(found) > 1:
        return Aspect(name, False, f"{name} differs: {', '.join(found)}")
    return Aspect(name, None, doubt) if doubt else Aspect(name, True)


def numbers_words(numbers: Sequence[int]) -> str:
    """`0 to 4`, `0, 2, 7`."""
    rising = sorted(numbers)
    if len(rising) > 2 and rising == list(range(rising[0], rising[-1] + 1)):
        return f"{rising[0]:,} to {rising[-1]:,}"
    return ", ".join(f"{one:,}" for one in rising)
