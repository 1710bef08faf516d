"""Add-ons: components from the user's own folder, from folders and from packages the user has said yes to; and the list of them.

Nothing of an add-on runs anywhere before its standing is known: the own folder is always on, anything else needs a yes to its
content as it is. Then its declarations are read in a process apart, and only after that in this one.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.components import addons_agreed, addons_found
from memstudio.components.addons_found import FOLDER, INSTALLED, OWN, Found
from memstudio.components.addons_imported import IMPORTER
from memstudio.experiment.declarations import Component
from memstudio.experiment.entries import Catalogue, Origin, Unread, nearest
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.components.addons_judged import Verdict

ON, ASKED, OFF, REFUSED = "on", "asked", "off", "refused"
#: processes that read declarations at a time
TOGETHER = 2
#: a component's id as a declaration writes it, and how much of a declaration is looked through for them
_ID, _MOST_TEXT = re.compile(r"""["']([a-z][a-z_]*\.[a-z][a-z0-9_]*)["']"""), 200_000
#: how the list says where an add-on is from
SOURCES = {OWN: "own folder", FOLDER: "folder", INSTALLED: "installed package"}


@dataclass(frozen=True)
class AddOn:
    """An add-on as the list shows it.

    source: own, folder or installed; place: what a yes or no is said to; folder: where its files are; state: on, asked, off or
    refused, with the reason where it is not on; components: ids of what it declares (empty while it may not be read).
    """

    name: str
    source: str
    place: str
    folder: str
    state: str
    reason: str = ""
    components: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    version: str = ""
    content: str = ""

    @property
    def where(self) -> str:
        """Where it is from, in words."""
        if self.source == INSTALLED:
            package = self.place.removeprefix("installed:").partition("/")[0]
            return f"{SOURCES[INSTALLED]} {package}{' ' + self.version if self.version else ''}"
        return SOURCES[self.source] if self.source == OWN else self.folder

    def as_json(self) -> dict[str, Any]:
        """As `memstudio addons --json` prints it."""
        return {
            "name": self.name,
            "from": self.source,
            "place": self.place,
            "folder": self.folder,
            "state": self.state,
            "reason": self.reason or None,
            "components": list(self.components),
            "version": self.version or None,
            "content": self.content or None,
        }


@dataclass(frozen=True)
class Joined:
    """What came of all add-ons: the list, and the catalogue they have joined. stamp: changes when anything of theirs does.

    whole: whether each was read to its end (not: where reading was given up).
    """

    catalogue: Catalogue
    listed: tuple[AddOn, ...]
    stamp: Any
    whole: bool = True


def found(families: Collection[str]) -> list[Found]:
    """Every add-on there is, whatever was said of it: own ones first, then folders that were spoken of, then installed ones."""
    folders = [answer.place for answer in addons_agreed.answers().values() if not answer.place.startswith("installed:")]
    listed = [*addons_found.own(families)]
    for place in folders:
        listed += addons_found.given(Path(place), families) or [_gone(place)]
    seen: dict[Path, Found] = {}
    for one in [*listed, *addons_found.installed(families)]:
        seen.setdefault(one.folder, one)
    return list(seen.values())


def _gone(place: str) -> Found:
    folder = Path(place)
    return Found(folder.name, FOLDER, place, "", folder, problem=f"There is no add-on in {place} any more; put it back, or forget it.")


def stamp(families: Collection[str]) -> tuple[list[Found], Any]:
    """What there is, and something that differs once any of it does, or what was said of it."""
    there = found(families)
    answers = addons_agreed.answers()
    signs = tuple((one.place, one.inside, one.content, one.problem, addons_agreed.standing(one, answers)[0]) for one in there)
    return there, signs


def join(ours: Catalogue, there: Iterable[Found], signs: Any, again: bool = False) -> Joined:
    """Our catalogue with every add-on that is on. again: what was refused before is read anew."""
    answers = addons_agreed.answers()
    rows: list[AddOn] = []
    readable: list[Found] = []
    for one in there:
        state, reason = addons_agreed.standing(one, answers)
        if state == ON and one.problem is not None:
            state, reason = REFUSED, one.problem
        rows.append(_row(one, state, reason))
        if state == ON:
            readable.append(one)
    verdicts = _verdicts(readable, again)
    components: list[Component] = []
    origins: dict[str, Origin] = {}
    for index, row in enumerate(rows):
        if row.state == ON:
            one = next(r for r in readable if str(r.folder) == row.folder)
            rows[index], more = _taken(one, row, verdicts[one.folder], origins)
            components += more
            origins |= {part.id: Origin(one.name, one.source, one.version, one.content) for part in more}
            origins |= {preset.id: origins[part.id] for part in more for preset in part.presets}
    absent = [Unread(row.name, row.reason, row.state, row.components or _named_in(row.folder)) for row in rows if row.state != ON]
    plain = [entry.component for entry in ours if entry.preset is None]
    whole = all(verdict.read for verdict in verdicts.values())
    return Joined(Catalogue(ours.families.values(), [*plain, *components], absent, origins), tuple(rows), signs, whole)


def _row(one: Found, state: str, reason: str) -> AddOn:
    return AddOn(one.name, one.source, one.place, str(one.folder), state, reason, version=one.version, content=one.content)


def _named_in(folder: str) -> tuple[str, ...]:
    """The ids that a declare.py seems to name: it is only looked at as text, since nothing of it may run."""
    try:
        with (Path(folder) / "declare.py").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_TEXT)
    except OSError:
        return ()
    return tuple(dict.fromkeys(_ID.findall(text)))


def _verdicts(readable: list[Found], again: bool) -> Mapping[Path, Verdict]:
    if not readable:
        return {}
    # what follows is for those who have add-ons: others do not wait for its import
    from concurrent.futures import ThreadPoolExecutor

    from memstudio.components.addons_judged import Verdicts

    verdicts = Verdicts()
    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="memstudio add-ons") as pool:
        said = list(pool.map(lambda one: verdicts.of(one, again), readable))
    verdicts.keep()
    return {one.folder: verdict for one, verdict in zip(readable, said, strict=True)}


def _taken(one: Found, row: AddOn, verdict: Verdict, taken: Mapping[str, Origin]) -> tuple[AddOn, list[Component]]:
    """An add-on's row and its components, read in this process now that they are known to be sound."""
    ids = tuple(id for part in verdict.components for id in part["ids"])
    row = replace(row, components=ids, titles=tuple(str(part["title"]) for part in verdict.components))
    if verdict.refused is not None:
        return replace(row, state=REFUSED, reason=verdict.refused), []
    clash = next((id for id in ids if id in taken), None)
    if clash is not None:
        sentence = f"The id {clash} is taken by the add-on {taken[clash].name}; remove one of the two, or give it another id."
        return replace(row, state=REFUSED, reason=sentence), []
    try:
        return row, _imported(one)
    except Exception as error:
        sentence = f"declare.py could be read apart, but not here ({type(error).__name__}: {error})."
        return replace(row, state=REFUSED, reason=sentence), []


def _imported(one: Found) -> list[Component]:
    from memstudio.components.addons_rules import in_full

    package = IMPORTER.know(one.key, one.folder, one.files)
    return [in_full(component, package) for component in importlib.import_module(f"{package}.declare").COMPONENTS]


# ------------------------------------------------------------------------------------------ what the user says


def allow_folder(path: Path, families: Collection[str]) -> list[Found]:
    """Yes to the add-ons of a folder as they are now. Raises Refusal where there is none."""
    place = path.expanduser().resolve()
    there = addons_found.given(place, families)
    if not there:
        what = "no add-on in it: a folder with a declare.py is needed" if place.is_dir() else "no such folder"
        raise Refusal(f"{path} cannot be used: there is {what}.")
    broken = next((one.problem for one in there if one.problem), None)
    if broken is not None:
        raise Refusal(broken)
    addons_agreed.say(there, yes=True)
    return there


def allow(named: str, families: Collection[str]) -> list[Found]:
    """Yes to a folder, or to an add-on of the list by name. Raises Refusal where neither is there."""
    there = _named(named, families)
    if not there and (Path(named).expanduser().exists() or "/" in named or "\\" in named):
        return allow_folder(Path(named), families)
    there = there or _unknown(named, families)
    _refuse_own(there)
    addons_agreed.say(there, yes=True)
    return there


def decline(named: str, families: Collection[str]) -> list[Found]:
    """No to an add-on of the list: it is not asked about again."""
    there = _named(named, families) or _unknown(named, families)
    _refuse_own(there)
    addons_agreed.say(there, yes=False)
    return there


def forget(named: str, families: Collection[str]) -> str:
    """Takes back what was said of a folder or package, whether or not it is still there; returns its place. Raises Refusal."""
    said = addons_agreed.answers()
    at = str(Path(named).expanduser().resolve())
    place = next((known for known in (named, at) if known in said), None)
    if place is None:
        there = _named(named, families) or _unknown(named, families)
        _refuse_own(there)
        place = there[0].place
        if place not in said:
            raise Refusal(f"Nothing was ever said of {named}, so there is nothing to forget.")
    addons_agreed.forget(place)
    return place


def _named(named: str, families: Collection[str]) -> list[Found]:
    there = found(families)
    exact = [one for one in there if named in (one.place, str(one.folder))]
    if exact:
        return exact
    same = [one for one in there if one.name == named or one.place.rpartition("/")[2] == named]
    if len({one.place for one in same}) > 1:
        places = ", ".join(sorted({one.place for one in same}))
        raise Refusal(f"More than one add-on is called {named}; say which by its place: {places}.")
    return same


def _unknown(named: str, families: Collection[str]) -> list[Found]:
    names = [one.name for one in found(families)]
    raise Refusal(f"There is no add-on {named}{nearest(named, names)}; `memstudio addons` lists them.")


def _refuse_own(there: Iterable[Found]) -> None:
    if any(one.source == OWN for one in there):
        raise Refusal(f"What lies in {addons_found.own_folder()} is always used; move it elsewhere to leave it out.")
