"""Finds the declare.py of every mechanism folder and makes the catalogue of them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from memstudio import components
from memstudio.experiment.declarations import Component, Family
from memstudio.experiment.entries import Catalogue, Entry


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
def catalogue() -> Catalogue:
    """The catalogue of everything found, read once a process."""
    return Catalogue(*declared())


def get(id: str) -> Entry:
    """The component or preset of that id; calling it with values gives something that builds."""
    return catalogue().entry(id)
