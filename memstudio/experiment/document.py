"""The document: one experiment as it is written, read and edited. Frozen; every edit makes a new one.

Unknown keys are kept (pydantic `extra="allow"`) and written back; unknown components are kept as they stand.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

FORMAT: Final = "memstudio"
VERSION: Final = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True, allow_inf_nan=False)


class Sparse(_Frozen):
    """Writes only what was given: what it leaves out has the default, today and in every later version."""


def new_uid() -> str:
    """A fresh uid of a node: stays with it through renaming, so draws seeded by it stay too."""
    return secrets.token_hex(6)


class Node(_Frozen):
    """A component in the document. id: what people read and write (`mem1`); uid: what draws are seeded by."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    uid: str = Field(default_factory=new_uid)
    component: str
    version: int = 1
    values: dict[str, Any] = Field(default_factory=dict)
    place: tuple[float, float] = (0.0, 0.0)
    title: str = ""


class Wire(_Frozen):
    """From an output port to an input port, both as `node.port`."""

    start: str = Field(alias="from")
    end: str = Field(alias="to")

    @property
    def start_node(self) -> str:
        return self.start.rpartition(".")[0]

    @property
    def start_port(self) -> str:
        return self.start.rpartition(".")[2]

    @property
    def end_node(self) -> str:
        return self.end.rpartition(".")[0]

    @property
    def end_port(self) -> str:
        return self.end.rpartition(".")[2]


class Group(_Frozen):
    """Nodes that belong together on the canvas, perhaps folded into one."""

    id: str
    title: str = ""
    nodes: list[str] = Field(default_factory=list)
    folded: bool = False


class Note(_Frozen):
    """Text on the canvas."""

    id: str
    text: str = ""
    place: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (220.0, 80.0)


class Solved(_Frozen):
    """What matching found for a cell: the width's value, what the cell then has, and what the case it is matched to has."""

    value: int
    has: float
    wants: float

    @property
    def off(self) -> float:
        """How far it is off, as a share of what is wanted: 0.02 is 2 % more."""
        return self.has / self.wants - 1 if self.wants else 0.0


class Match(_Frozen):
    """A budget that the cases of an axis share; solved before any run.

    width: address of the whole number that is chosen in every case but `to`. solved: by the cell's label without the solution; key:
    says of which document it is the solution (see cells.match_key). Both are written by matching.solve.
    """

    what: Literal["parameters", "state_bytes", "step_time"]
    width: str
    to: str
    solved: dict[str, Solved] = Field(default_factory=dict)
    key: str = ""


class Range(Sparse):
    """What a tuned axis may set, from low to high, both included. points: how many values a grid takes of it."""

    low: float
    high: float
    log: bool = False
    points: int = Field(default=5, ge=2, le=1000)


class Tuned(Sparse):
    """How the cases of an axis are chosen instead of reported: by a measure on validation, over trials with seeds of their own.

    trials: how many settings are tried (random, optuna; a grid tries all); seeds: how many seeds each is tried with.
    """

    by: str = "loss[split=validation]"
    better: Literal["lowest", "highest"] = "lowest"
    method: Literal["grid", "random", "optuna"] = "grid"
    trials: int = Field(default=16, ge=1, le=1000)
    seeds: int = Field(default=1, ge=1, le=100)


class Hopeless(Sparse):
    """When a cell is given up: after so many seeds, where it is worse than the best by more than `margin`, beyond doubt over seeds."""

    measure: str = "loss[split=validation]"
    better: Literal["lowest", "highest"] = "lowest"
    after: int = Field(default=3, ge=2, le=1000)
    margin: float = Field(default=0.0, ge=0)


class Case(_Frozen):
    """One setting of an axis: a label and what it sets."""

    label: str
    set: dict[str, Any] = Field(default_factory=dict)


class Axis(_Frozen):
    """What a study varies. Either cases, or the shorthand `set` + `values`; a tuned axis may give `set` + `range`."""

    name: str
    cases: list[Case] | None = None
    set: str | None = None
    values: list[Any] | None = None
    range: Range | None = None
    match: Match | None = None
    tuned: Tuned | None = None

    @field_validator("tuned", mode="before")
    @classmethod
    def _tuned_or_not(cls, value: Any) -> Any:
        """`true` asks for the defaults, `false` for none."""
        if isinstance(value, bool):
            return {} if value else None
        return value

    def all_cases(self) -> list[Case]:
        """The cases, the shorthand written out (`4 heads` reads `heads 4`); none where a range stands for them."""
        if self.cases is not None:
            return list(self.cases)
        name = (self.set or "").rpartition(".")[2].replace("_", " ")
        return [Case(label=f"{name} {_label_of(value)}", set={self.set or "": value}) for value in self.values or []]


def _label_of(value: Any) -> str:
    """A value in a case's label: `4`, and of a list `2 4 8`."""
    return " ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


class Run(_Frozen):
    """How the experiment is run.

    minutes: after so many minutes of work on a study what still waits of it is stopped; packed: the seeds of a cell as members of one pass.
    """

    seed: int = Field(default=0, ge=0, lt=2**31)
    data_seed: int | None = Field(default=None, ge=0, lt=2**31)
    replicates: int = Field(default=1, ge=1, le=1000)
    device: str = "auto"
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    threads: int = Field(default=1, ge=1, le=256)
    deterministic: bool = True
    reuse: bool | None = None
    keep: dict[str, Any] = Field(default_factory=dict)
    minutes: float | None = Field(default=None, gt=0)
    hopeless: Hopeless | None = None
    packed: bool = False
    vary: list[Axis] = Field(default_factory=list)


class Side(_Frozen):
    """One side of a statement: a measure, of a cell."""

    measure: str
    cell: str | None = None


class Statement(_Frozen):
    """One thing that must be seen: left is above (or below) right by more than `by`, over the seeds.

    It holds when the whole 95 % interval of the paired difference over seeds lies beyond `by`.
    """

    says: str
    left: Side
    relation: Literal["above", "below"] = Field(default="above")
    right: Side | float
    by: float = 0.0


class Claim(_Frozen):
    """What a gallery study's paper says, and the rule, written before the run, that decides whether it is shown.

    shown: every statement holds; partly: some do; not shown: none does.
    """

    says: str
    expect: str = ""
    rule: list[Statement] = Field(default_factory=list)
    minutes: float = 1.0
    systems: list[str] = Field(default_factory=list)
    picture: str = ""


class Document(_Frozen):
    """An experiment. See design section 4; `run` says how it is run, `claim` is there for gallery studies."""

    format: Literal["memstudio"] = FORMAT
    version: int = VERSION
    title: str = "Untitled experiment"
    about: str = ""
    cites: list[str] = Field(default_factory=list)
    nodes: list[Node] = Field(default_factory=list)
    wires: list[Wire] = Field(default_factory=list)
    groups: list[Group] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)
    run: Run = Field(default_factory=Run)
    claim: Claim | None = None

    def node(self, id: str) -> Node:
        """The node of that id. KeyError when there is none."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)

    @property
    def by_id(self) -> Mapping[str, Node]:
        """Every node by its id."""
        return {node.id: node for node in self.nodes}

    def into(self, node: str, port: str | None = None) -> list[Wire]:
        """The wires that end at a node (at one port of it), in document order."""
        return [w for w in self.wires if w.end_node == node and (port is None or w.end_port == port)]

    def out_of(self, node: str, port: str | None = None) -> list[Wire]:
        """The wires that start at a node (at one port of it), in document order."""
        return [w for w in self.wires if w.start_node == node and (port is None or w.start_port == port)]
