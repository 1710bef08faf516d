"""What the user has said of add-ons: yes or no, to which folder or package, and to which content of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from memstudio.components.addons_found import FOLDER, OWN, Found
from memstudio.ground.settings import Settings

#: the setting that keeps the answers
SETTING = "addons"
#: the same for this call and the processes it starts, where the settings cannot be written
FOR_THIS_CALL = "MEMSTUDIO_ADDONS"
#: set: no add-on is used, in this process and those it starts
SAFE = "MEMSTUDIO_SAFE"


@dataclass(frozen=True)
class Answer:
    """What was said of a place (a folder's path or `installed:PACKAGE/NAME`); contents: sha256 of each add-on in it, as it was then."""

    place: str
    yes: bool
    contents: Mapping[str, str]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"place": self.place, "yes": self.yes, "contents": dict(self.contents)}


def answers() -> dict[str, Answer]:
    """The answers by place; what is damaged counts as never said."""
    kept = Settings().get(SETTING)
    try:
        here = json.loads(os.environ.get(FOR_THIS_CALL, "[]"))
    except ValueError:
        here = []
    found = [*_read(kept), *_read(here)]
    return {answer.place: answer for answer in found}


def _read(kept: Any) -> Iterable[Answer]:
    for one in kept if isinstance(kept, list) else ():
        if isinstance(one, dict) and isinstance(one.get("place"), str) and isinstance(one.get("contents"), dict):
            contents = {str(name): str(sha) for name, sha in one["contents"].items()}
            yield Answer(one["place"], one.get("yes") is True, contents)


def say(found: Iterable[Found], yes: bool) -> None:
    """Keeps an answer to these add-ons as they are now; it holds for their place from then on."""
    known = answers()
    for one in found:
        before = known.get(one.place)
        contents = dict(before.contents) if before is not None and before.yes == yes else {}
        known[one.place] = Answer(one.place, yes, contents | {one.inside: one.content})
    _keep(known)


def forget(place: str) -> None:
    """Nothing was ever said of that place."""
    _keep({name: answer for name, answer in answers().items() if name != place})


def _keep(known: Mapping[str, Answer]) -> None:
    written = [known[place].written() for place in sorted(known)]
    Settings().set(SETTING, written)
    if Settings().get(SETTING, []) == written:
        os.environ.pop(FOR_THIS_CALL, None)
    else:
        os.environ[FOR_THIS_CALL] = json.dumps(written)


def is_safe() -> bool:
    """Whether this call leaves all add-ons out (`--safe`)."""
    return bool(os.environ.get(SAFE))


def be_safe() -> None:
    """From now on, in this process and in those it starts, no add-on is used."""
    os.environ[SAFE] = "1"


def standing(found: Found, known: Mapping[str, Answer]) -> tuple[str, str]:
    """Whether an add-on may be read ("on"), and if not its state ("off" or "asked") with the reason."""
    if is_safe():
        return "off", "The program was started with --safe, which leaves all add-ons out."
    if found.source == OWN:
        return "on", ""
    answer = known.get(found.place)
    whose = "this folder" if found.source == FOLDER else "this package"
    if answer is None:
        return "asked", f"You have not said yet whether {whose} may be used."
    if not answer.yes:
        return "off", f"You said no to {whose}."
    if found.inside not in answer.contents:
        return "asked", f"It was not in {whose} when you said yes."
    if answer.contents[found.inside] != found.content:
        return "asked", "Its files have changed since you said yes."
    return "on", ""
