"""Capacity of a sequence memory: the largest load it still recalls."""

from __future__ import annotations

from memstudio.components.probe.family import SHARED, TRAINED, classes_only
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import WholeList


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if inputs.targets is not None and not inputs.targets.numbers and "load" not in inputs.targets.labels:
        return "It reads a capacity off recall by load; this task has no loads."
    return classes_only(values, inputs)


COMPONENTS = (
    Component(
        id="probe.load_capacity",
        title="Capacity by load",
        summary="The largest load (pairs to keep in mind) at which at least 95 % of the questions are answered rightly.",
        explanation=(
            "Recall is measured at each load the task tests. Capacity is the load at which recall first falls below the criterion, on "
            "a straight line between the two loads around it (in pairs, not in their logarithm). recalled95: 95 % of all questions of "
            "that load are answered rightly; other criteria can be asked for, and give the curve of capacity by criterion.\n\n"
            "Where every load meets the criterion, capacity is the largest load tested, and so a lower bound: it then equals "
            "largest_load, which is kept beside it. Where even the smallest load misses it, capacity is 0, whatever smaller loads "
            "would show. Where recall rises again later the first fall counts.\n\n"
            "It says what this trained model recalls of this task, which training limits as well as the memory, and it is as fine as "
            "the loads lie close. Loads beyond those trained count where the task tests them. On few items a recall near the "
            "criterion falls to either side by chance; at the end all items are used."
        ),
        takes=(TRAINED,),
        parameters=(
            *SHARED,
            WholeList(
                name="criteria",
                title="Criteria",
                default=(50, 95),
                low=1,
                high=100,
                unit="% recalled",
                longest=8,
                meaning="Which shares of questions must be answered rightly; each gives a capacity of its own.",
            ),
        ),
        equations=(
            Equation("Recall at load n", "R(n) = right answers / questions, of items with n pairs"),
            Equation("Capacity", "C = nᵢ + (nᵢ₊₁ − nᵢ) · (R(nᵢ) − 0.95) / (R(nᵢ) − R(nᵢ₊₁)),  i + 1 the first with R < 0.95"),
        ),
        sources=(
            Source(
                "Arora, Eyuboglu, Timalsina, Johnson, Poli, Zou, Rudra, Ré",
                2023,
                "Zoology: Measuring and improving recall in efficient language models",
                "ICLR 2024",
            ),
        ),
        implementation="memstudio.components.probe.load_capacity.measure:LoadCapacity",
        reference="memstudio.components.probe.load_capacity.reference:capacity",
        refuse=_refuse,
        tiny={"every": 1, "items": 8},
        synonyms=("capacity", "recalled95", "largest load", "how many pairs", "MQAR", "associative recall"),
    ),
)
