"""Recall by load, by length, by distance, by serial position."""

from __future__ import annotations

from memstudio.components.probe.family import SHARED, TRAINED, classes_only
from memstudio.experiment.declarations import Component, Equation, Source
from memstudio.experiment.parameters import Choice

COMPONENTS = (
    Component(
        id="probe.recall",
        title="Recall",
        summary="How much is given back rightly: in all, by load, length, distance and serial position.",
        explanation=(
            "Recall is the share of queries whose value the model gives back: the most probable class is the right one. A task "
            "that tests with several loads (pairs to be kept in mind) gives recall by load, and one that knows how far back each "
            "pair lies gives recall by distance.\n\n"
            "Every query counts once, so a heavier load, which asks more queries, counts for more in the recall over all. Chance "
            "is what guessing would give.\n\n"
            "A task that says at which place of a list each item stood gives recall by serial position: each place on its own, as "
            "measures where there are at most 16. Other numbers that a task knows of a question (how often its key was bound) give curves "
            "alike, by octaves beyond 16 different ones. Where tests are longer than what was trained, recall by length shows how far it "
            "carries: its row named trained holds those lengths alone that validation has too. Parts that are not main count in the "
            "curve only, not in the recall over all. Two labels at once (the depth of a needle and the length it is hidden in) give "
            "a table.\n\n"
            "Distances are grouped by octaves (1, 2 – 3, 4 – 7, 8 – 15 ...), each named by its smallest distance; the groups do "
            "not depend on the data, so that curves of different steps and runs can be laid over each other.\n\n"
            "On a task without loads, recall is the accuracy on its test items."
        ),
        takes=(TRAINED,),
        parameters=(
            *SHARED,
            Choice(
                name="distances",
                title="Distances",
                default="octaves",
                options={"octaves": "Octaves (1, 2 – 3, 4 – 7 ...)", "each": "Each on its own"},
                meaning="How distances are put into groups; measures are kept for at most 16 groups, the curve for all.",
            ),
        ),
        equations=(
            Equation("Recall", "R = (1 / N) Σᵢ [ argmaxₖ pᵢₖ = yᵢ ]"),
            Equation("Recall at serial position s", "R(s) = Σᵢ [ sᵢ = s ] · [ argmaxₖ pᵢₖ = yᵢ ] / Σᵢ [ sᵢ = s ]"),
            Equation("Recall at distance d", "R(d) = Σᵢ [ 2^⌊log₂ dᵢ⌋ = d ] · [ argmaxₖ pᵢₖ = yᵢ ] / Σᵢ [ 2^⌊log₂ dᵢ⌋ = d ]"),
        ),
        sources=(
            Source(
                "Arora, Eyuboglu, Timalsina, Johnson, Poli, Zou, Rudra, Ré",
                2023,
                "Zoology: Measuring and improving recall in efficient language models",
                "ICLR 2024",
            ),
        ),
        implementation="memstudio.components.probe.recall.measure:Recall",
        reference="memstudio.components.probe.recall.reference:recall",
        refuse=classes_only,
        tiny={"every": 1, "items": 8},
        synonyms=(
            "accuracy",
            "associative recall",
            "MQAR",
            "load",
            "distance",
            "serial position",
            "primacy",
            "recency",
            "length extrapolation",
            "needle",
            "depth",
            "chance",
        ),
    ),
)
