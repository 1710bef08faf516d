"""Finds the declare.py of every mechanism folder and makes the catalogue of them; add-ons join it."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from memstudio import components
from memstudio.experiment.declarations import Component, Family
from memstudio.experiment.entries import Catalogue, Entry

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn, Joined


def _folders(package: ModuleType) -> list[str]:
    return [f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__) if found.ispkg]


#: a package beside the families: the contract that implementations meet
CONTRACT = f"{components.__name__}.runtime"


def declared() -> tuple[list[Family], list[Component]]:
    """Our own families (family.py of each family folder) and components (declare.py of each mechanism folder)."""
    families: list[Family] = []
    found: list[Component] = []
    for family_name in _folders(components):
        if family_name == CONTRACT:
            continue
        family_package = importlib.import_module(family_name)
        families.append(importlib.import_module(f"{family_name}.family").FAMILY)
        for mechanism in _folders(family_package):
            found.extend(importlib.import_module(f"{mechanism}.declare").COMPONENTS)
    return families, found


@cache
def ours() -> Catalogue:
    """The catalogue of our own components, read once a process: there at once, whatever add-ons do."""
    return Catalogue(*declared())


_lock = threading.RLock()
_joined: Joined | None = None


def catalogue() -> Catalogue:
    """The catalogue of everything: ours, and the add-ons that are on. The first call of a process reads these (0.3 s and more)."""
    joined = _joined
    return look_again() if joined is None else joined.catalogue


def known() -> Catalogue:
    """What is known without waiting: ours, and the add-ons that have joined already."""
    joined = _joined
    return ours() if joined is None else joined.catalogue


def give_up() -> None:
    """Ends what is being read of add-ons in other processes, for whoever cannot wait for it."""
    from memstudio.components import addons_judged

    addons_judged.give_up()


def addons() -> tuple[AddOn, ...]:
    """Every add-on there is, with its state and the reason for it, as `look_again` has read them; none before."""
    joined = _joined
    return () if joined is None else joined.listed


def look_again(anew: bool = False) -> Catalogue:
    """The catalogue after what has changed of add-ons since it was read: files, answers. anew: refused ones are read again too."""
    from memstudio.components import addons as room

    global _joined
    with _lock:
        there, signs = room.stamp(ours().families)
        if anew or _joined is None or _joined.stamp != signs:
            found = room.join(ours(), there, signs, anew)
            if not found.whole:
                return found.catalogue
            _joined = found
        return _joined.catalogue


def own_folder() -> Path:
    """The user's own folder of add-ons, there or not yet."""
    from memstudio.components import addons_found

    return addons_found.own_folder()


def allow(named: str | Path) -> None:
    """Yes to the add-ons of a folder, or to one of the list by name, as they are now. Raises Refusal where there is none."""
    from memstudio.components import addons as room

    if isinstance(named, Path):
        room.allow_folder(named, ours().families)
    else:
        room.allow(named, ours().families)


def decline(named: str) -> None:
    """No to an add-on of the list, by name or place. Raises Refusal."""
    from memstudio.components import addons as room

    room.decline(named, ours().families)


def forget(named: str) -> str:
    """Takes back what was said of a folder or package; returns its place. Raises Refusal."""
    from memstudio.components import addons as room

    return room.forget(named, ours().families)


def be_safe() -> None:
    """No add-on is used from now on, in this process and in those it starts."""
    from memstudio.components import addons_agreed

    addons_agreed.be_safe()


def is_safe() -> bool:
    """Whether add-ons are left out."""
    from memstudio.components import addons_agreed

    return addons_agreed.is_safe()


def get(id: str) -> Entry:
    """The component or preset of that id; calling it with values gives something that builds."""
    return catalogue().entry(id)
